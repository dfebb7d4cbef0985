"""The popup behind a pulled wire: likely nodes first, keyboard first."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.editor.panels.quick_add import LIKELY, QuickAdd
from tests.catalog import CATALOG

FITTING = [
    "keras.max_pooling_2d", "keras.conv_2d", "keras.flatten", "keras.dropout", "keras.relu", "keras.dense", "keras.add",
    "networks.learner", "keras.average",
]  # fmt: skip


@pytest.fixture
def popup(qtbot: QtBot) -> QuickAdd:
    widget = QuickAdd(CATALOG)
    qtbot.addWidget(widget)
    return widget


def test_likely_ones_come_first_and_the_rest_by_title(popup: QuickAdd) -> None:
    popup.offer(FITTING, QPoint(10, 10), "After Convolution 2D")
    rows = popup.list.rows.rows
    headings = [n for n, row in enumerate(rows) if row.style == "heading"]
    assert headings == [0, LIKELY + 1]
    assert [row.key for row in rows[1 : LIKELY + 1]] == FITTING[:LIKELY]
    assert [row.title for row in rows[LIKELY + 2 :]] == ["Add", "Average", "Keras Network Learner"]
    assert popup.list.current_key == FITTING[0]


def test_enter_takes_the_likeliest(popup: QuickAdd, qtbot: QtBot) -> None:
    popup.offer(FITTING, QPoint(10, 10))
    with qtbot.assertNotEmitted(popup.cancelled), qtbot.waitSignal(popup.chosen) as chosen:
        qtbot.keyClick(popup.field, Qt.Key.Key_Return)
    assert chosen.args == [FITTING[0]]
    assert not popup.isVisible()


def test_arrows_move_while_the_focus_stays_in_the_field(popup: QuickAdd, qtbot: QtBot) -> None:
    popup.offer(FITTING, QPoint(10, 10))
    for _ in range(LIKELY):
        qtbot.keyClick(popup.field, Qt.Key.Key_Down)
    assert popup.list.current_key == "keras.add"  # the heading was skipped
    qtbot.keyClick(popup.field, Qt.Key.Key_Up)
    assert popup.list.current_key == FITTING[LIKELY - 1]


def test_typing_finds_only_among_what_fits(popup: QuickAdd, qtbot: QtBot) -> None:
    popup.offer(FITTING, QPoint(10, 10))
    qtbot.keyClicks(popup.field, "max pool")
    assert [row.key for row in popup.list.rows.rows] == ["keras.max_pooling_2d"]
    qtbot.keyClicks(popup.field, "qqqq")
    assert not popup.list.isVisible()
    with qtbot.assertNotEmitted(popup.chosen):
        qtbot.keyClick(popup.field, Qt.Key.Key_Return)


def test_a_click_chooses(popup: QuickAdd, qtbot: QtBot) -> None:
    popup.offer(FITTING, QPoint(10, 10))
    place = popup.list.visualRect(popup.list.rows.index(2)).center()
    with qtbot.waitSignal(popup.chosen) as chosen:
        qtbot.mouseClick(popup.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen.args == [FITTING[1]]


def test_escape_clears_then_cancels(popup: QuickAdd, qtbot: QtBot) -> None:
    popup.offer(FITTING, QPoint(10, 10))
    qtbot.keyClicks(popup.field, "dense")
    qtbot.keyClick(popup.field, Qt.Key.Key_Escape)
    assert popup.isVisible()
    assert popup.field.text() == ""
    with qtbot.waitSignal(popup.cancelled):
        qtbot.keyClick(popup.field, Qt.Key.Key_Escape)
    assert not popup.isVisible()


def test_it_stays_on_the_screen(popup: QuickAdd) -> None:
    room = QGuiApplication.primaryScreen().availableGeometry()
    popup.offer(FITTING, room.bottomRight())
    assert room.contains(popup.geometry())
