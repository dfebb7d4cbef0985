"""Messages over the corner of the workflow they are about."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.editor.panels.toasts import EDGE, MessagesDialog, Toasts


@pytest.fixture
def over(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(900, 600)
    widget.show()
    return widget


@pytest.fixture
def toasts(over: QWidget) -> Toasts:
    return Toasts(over)


def texts(toasts: Toasts) -> list[str]:
    return [message.text.text() for message in toasts.messages]


def test_they_lie_in_the_lower_right_corner_also_when_that_moves(over: QWidget, toasts: Toasts) -> None:
    toasts.show_message("The engine stopped.", severity="error")
    for size in ((900, 600), (500, 400)):
        over.resize(*size)
        QApplication.processEvents()
        assert over.rect().bottomRight() - toasts.geometry().bottomRight() == QPoint(EDGE, EDGE)
        assert over.rect().contains(toasts.geometry())


def test_a_long_text_is_seen_whole(over: QWidget, toasts: Toasts) -> None:
    toasts.show_message("A sentence that is rather long, as such sentences are. " * 6, severity="error", buttons=[("Do", print)])
    QApplication.processEvents()
    (message,) = toasts.messages
    assert message.text.height() >= message.text.heightForWidth(message.text.width())
    assert QRect(QPoint(), toasts.size()).contains(message.geometry())


def test_each_is_seen_with_its_workflow_only(toasts: Toasts) -> None:
    toasts.show_message("of one", severity="error", key="a", place="1")
    toasts.show_message("of the other", severity="error", key="a", place="2")
    toasts.show_message("of none", severity="error")
    toasts.show_place("1")
    assert texts(toasts) == ["of one", "of none"]
    toasts.show_place("2")
    assert texts(toasts) == ["of the other", "of none"]
    toasts.forget_place("2")
    assert texts(toasts) == ["of none"]
    toasts.dismiss()
    assert not toasts.isVisible()


def test_errors_and_questions_stay_and_the_rest_goes(toasts: Toasts, qtbot: QtBot) -> None:
    toasts.show_message("error", severity="error", key="1")
    toasts.show_message("question", severity="info", key="2", buttons=[("Yes", lambda: None)])
    toasts.show_message("warning", severity="warning", key="3")
    toasts.show_message("information", key="4")
    assert [message.stays for message in toasts.messages] == [True, True, False, False]
    for message in toasts.messages:
        message._timer.timeout.emit() if not message.stays else None
    assert texts(toasts) == ["error", "question"]
    for n in range(9):
        toasts.show_message(f"{n}", key=f"info {n}")
    assert texts(toasts)[:2] == ["error", "question"], "what passes by does not push away what waits for an answer"


def test_what_is_being_read_does_not_go(toasts: Toasts, over: QWidget, qtbot: QtBot) -> None:
    toasts.show_message("information")
    (message,) = toasts.messages
    over.activateWindow()
    qtbot.waitUntil(over.isActiveWindow)
    message.cross.setFocus()
    message._timer.timeout.emit()
    assert texts(toasts) == ["information"]
    QTest.keyClick(message.cross, Qt.Key.Key_Space)
    assert not toasts.messages


def test_they_can_be_reached_and_read_without_a_mouse(toasts: Toasts) -> None:
    toasts.show_message("It broke.", severity="error", buttons=[("Mend it", lambda: None)])
    (message,) = toasts.messages
    assert message.accessibleName() == "error: It broke."
    assert message.text.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert all(button.focusPolicy() & Qt.FocusPolicy.TabFocus for button in (message.cross, *message.buttons))


def test_the_history_has_what_is_gone(toasts: Toasts, over: QWidget) -> None:
    toasts.show_message("first", key="a", place="1", where="mnist")
    toasts.show_message("second", severity="error", key="b")
    toasts.dismiss("a")
    dialog = MessagesDialog(toasts.history, over)
    rows = [dialog.list.item(row) for row in range(dialog.list.count())]
    assert [row.text().splitlines()[1] for row in rows] == ["second", "first"]
    assert "mnist" in rows[1].text()
    assert rows[0].data(Qt.ItemDataRole.AccessibleTextRole) == "error: second"
