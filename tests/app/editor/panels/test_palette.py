"""The command palette over a window."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.editor.panels.palette import CommandPalette, PaletteEntry, type_entry
from tests.catalog import CATALOG


class Window(QWidget):
    """A window with a palette, and a list of what was run."""

    def __init__(self) -> None:
        super().__init__()
        self.resize(900, 600)
        self.other = QLineEdit(self)
        self.done: list[str] = []
        self.asked = 0
        self.palette_ = CommandPalette(self)
        self.palette_.add_provider(self.entries)

    def entries(self) -> Iterator[PaletteEntry]:
        self.asked += 1
        yield PaletteEntry("Action", "Run all", lambda: self.done.append("run"), shortcut="Shift+F7", hint="Run every node.")
        yield PaletteEntry("Setting", "Kernel size", lambda: self.done.append("kernel"), "Convolution 2D")
        yield PaletteEntry("Recent file", "fashion.workflow.json", lambda: self.done.append("file"))
        for node_class in CATALOG.values():
            yield type_entry(node_class, lambda node=node_class: self.done.append(node.id))


@pytest.fixture
def window(qtbot: QtBot) -> Window:
    widget = Window()
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def test_it_opens_centred_on_top_with_the_cursor_in_it(window: Window) -> None:
    window.palette_.open()
    assert QApplication.focusWidget() is window.palette_.field
    place = window.palette_.geometry()
    assert abs(place.center().x() - window.rect().center().x()) <= 1
    assert place.top() < 10
    assert window.rect().contains(place)


def test_it_finds_any_kind_and_runs_it(window: Window, qtbot: QtBot) -> None:
    for typed, expected in (("run al", "run"), ("kernal", "kernel"), ("fashion", "file"), ("maxpool2d", "keras.max_pooling_2d")):
        window.palette_.open()
        qtbot.keyClicks(window.palette_.field, typed)
        qtbot.keyClick(window.palette_.field, Qt.Key.Key_Return)
        assert window.done[-1] == expected
        assert not window.palette_.isVisible()
    assert window.asked == 4


def test_rows_tell_kind_and_shortcut(window: Window) -> None:
    window.palette_.open()
    first, second = window.palette_.list.rows.rows[:2]
    assert (first.trailing, first.keys, first.tip) == ("Action", "Shift+F7", "Run every node.")
    assert (second.trailing, second.detail) == ("Setting", "Convolution 2D")


def test_escape_and_a_click_elsewhere_close_it(window: Window, qtbot: QtBot) -> None:
    window.palette_.open("dense")
    with qtbot.waitSignal(window.palette_.closed):
        qtbot.keyClick(window.palette_.field, Qt.Key.Key_Escape)
    window.palette_.open()
    with qtbot.waitSignal(window.palette_.closed):
        window.other.setFocus()
    assert not window.done


def test_nothing_found_says_so(window: Window, qtbot: QtBot) -> None:
    window.palette_.open()
    qtbot.keyClicks(window.palette_.field, "qqxyzzy")
    assert not window.palette_.list.isVisible()
    qtbot.keyClick(window.palette_.field, Qt.Key.Key_Return)
    assert window.palette_.isVisible()


def test_it_follows_the_size_of_the_window(window: Window) -> None:
    window.palette_.open()
    window.resize(500, 300)
    QApplication.processEvents()
    assert window.rect().contains(window.palette_.geometry())
