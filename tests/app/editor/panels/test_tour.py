"""The first tour over a window in which one can go on working."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.editor.panels.tour import Tour, beside, first_steps


class Window(QWidget):
    """A window with three things to look at, and what was done in it."""

    def __init__(self) -> None:
        super().__init__()
        self.resize(900, 600)
        self.buttons = [QPushButton(name, self) for name in ("add", "configure", "run")]
        self.done = [False, False, False]
        for number, button in enumerate(self.buttons):
            button.setGeometry(20 + 200 * number, 40, 120, 40)
            button.clicked.connect(lambda _=False, n=number: self.done.__setitem__(n, True))
        targets = [lambda n=n: self.buttons[n] for n in range(3)]
        self.tour = Tour(self, first_steps(targets, [lambda n=n: self.done[n] for n in range(3)]))


@pytest.fixture
def window(qtbot: QtBot) -> Window:
    widget = Window()
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    widget.tour.start()
    yield widget
    widget.tour.leave()


def test_each_step_ends_when_the_person_has_done_it(window: Window, qtbot: QtBot) -> None:
    for number in range(2):
        assert window.tour.number == number
        with qtbot.waitSignal(window.tour.stepped, timeout=3000):
            qtbot.mouseClick(window.buttons[number], Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(window.tour.ended, timeout=3000) as ended:
        qtbot.mouseClick(window.buttons[2], Qt.MouseButton.LeftButton)
    assert ended.args == [True]
    assert not window.tour.card.isVisible()
    assert not window.tour._timer.isActive()


def test_next_leads_through(window: Window, qtbot: QtBot) -> None:
    for _ in range(2):
        qtbot.mouseClick(window.tour.card.next_button, Qt.MouseButton.LeftButton)
    assert window.tour.card.next_button.text() == "Done"
    with qtbot.waitSignal(window.tour.ended) as ended:
        qtbot.mouseClick(window.tour.card.next_button, Qt.MouseButton.LeftButton)
    assert ended.args == [True]


def test_escape_leaves_wherever_the_focus_is(window: Window, qtbot: QtBot) -> None:
    window.buttons[1].setFocus()
    with qtbot.waitSignal(window.tour.ended) as ended:
        qtbot.keyClick(window.buttons[1], Qt.Key.Key_Escape)
    assert ended.args == [False]
    assert not window.tour.active


def test_the_spotlight_is_on_the_target_and_the_card_beside_it(window: Window) -> None:
    target = window.buttons[0].geometry()
    assert window.tour._shade._target == target
    assert not window.tour.card.geometry().intersects(target)
    assert window.childAt(target.center()) is window.buttons[0]  # the mouse goes through the shade


def test_a_deleted_tour_leaves_nothing_in_the_window(window: Window, qtbot: QtBot) -> None:
    count = len(window.children())
    other = Tour(window, first_steps([lambda: None] * 3, [lambda: False] * 3))
    other.start()
    other.leave()
    other.deleteLater()
    del other
    qtbot.waitUntil(lambda: len(window.children()) == count)


def test_a_target_that_is_not_there_is_left_out(window: Window, qtbot: QtBot) -> None:
    window.buttons[0].hide()
    window.tour._look()
    assert window.tour._shade._target is None
    assert window.tour.card.geometry().center() == window.rect().center()


@given(
    st.integers(-200, 1200), st.integers(-200, 900), st.integers(1, 1500), st.integers(1, 900), st.integers(380, 1600),
    st.integers(300, 1000),
)  # fmt: skip
def test_the_card_is_always_inside_the_window(
    x: int, y: int, width: int, height: int, window_width: int, window_height: int
) -> None:
    room = QRect(0, 0, window_width, window_height)
    assert room.contains(beside(QRect(x, y, width, height), 180, room))
