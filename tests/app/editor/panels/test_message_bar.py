"""Messages above the canvas."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.editor.panels.message_bar import MessageBar


@pytest.fixture
def bar(qtbot: QtBot) -> MessageBar:
    widget = MessageBar()
    qtbot.addWidget(widget)
    widget.resize(700, 100)
    return widget


def texts(bar: MessageBar) -> list[str]:
    return [message.text.text() for message in bar.messages]


def test_without_messages_it_takes_no_room(bar: MessageBar) -> None:
    assert bar.isHidden()
    bar.show_message("The engine stopped.", severity="error", key="engine")
    assert bar.isVisible()
    bar.dismiss("engine")
    assert not bar.isVisible()


def test_a_button_does_its_work_once_and_takes_the_message_away(bar: MessageBar, qtbot: QtBot) -> None:
    done: list[str] = []
    bar.show_message(
        "The file was changed by another program.",
        severity="warning",
        buttons=[("Load it", lambda: done.append("load")), ("Keep mine", lambda: done.append("keep"))],
        key="changed",
    )
    load, keep = bar.messages[0].buttons
    assert (load.text(), keep.text()) == ("Load it", "Keep mine")
    with qtbot.waitSignal(bar.dismissed) as gone:
        qtbot.mouseClick(keep, Qt.MouseButton.LeftButton)
    assert gone.args == ["changed"]
    assert done == ["keep"]
    assert not bar.messages


def test_a_button_may_show_the_next_message(bar: MessageBar, qtbot: QtBot) -> None:
    bar.show_message("One", buttons=[("Next", lambda: bar.show_message("Two", key="a", severity="error"))], key="a")
    qtbot.mouseClick(bar.messages[0].buttons[0], Qt.MouseButton.LeftButton)
    assert texts(bar) == ["Two"]


def test_one_key_has_one_message(bar: MessageBar) -> None:
    bar.show_message("Old", key="engine", severity="error")
    bar.show_message("Other", key="file", severity="error")
    bar.show_message("New", key="engine", severity="error")
    assert texts(bar) == ["Other", "New"]


def test_the_cross_closes_only_its_own(bar: MessageBar, qtbot: QtBot) -> None:
    bar.show_message("First", key="1", severity="error")
    bar.show_message("Second", key="2", severity="error")
    qtbot.mouseClick(bar.messages[0].cross, Qt.MouseButton.LeftButton)
    assert texts(bar) == ["Second"]


def test_there_are_never_more_than_a_few(bar: MessageBar) -> None:
    for n in range(9):
        bar.show_message(f"{n}", key=str(n), severity="error")
    assert texts(bar) == ["5", "6", "7", "8"]
