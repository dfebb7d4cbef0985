"""Messages with buttons for what can be done, and a bar of them above what they are about; nobody has to answer them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.editor.colors import mixed
from app.editor.look import look
from app.editor.plain_label import PlainLabel

Severity = Literal["info", "warning", "error"]
Button = tuple[str, Callable[[], object]]
ICONS = {"info": "mdi6.information-outline", "warning": "mdi6.alert-outline", "error": "mdi6.alert-circle-outline"}
_SEEN_MS = {"info": 8000, "warning": 15_000}
"""How long a message stays that asks nothing; an error stays, and in a bar a warning, too."""
_MOST = 4


def severity_color(severity: Severity) -> str:
    """Return the colour that says how grave something is."""
    colors = look().colors
    return {"info": colors.accent, "warning": colors.ready, "error": colors.wrong}[severity]


class MessageBar(QWidget):
    """What there is to say now: a line for each message. Empty, it takes no room."""

    dismissed = Signal(str)
    """The message with this key is gone, by a button, the cross, or because it was replaced or is old."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Messages")
        self._messages: dict[str, Message] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self.hide()

    @property
    def messages(self) -> Sequence[Message]:
        """The messages that are shown, from above."""
        return tuple(self._messages.values())

    def show_message(self, text: str, *, severity: Severity = "info", buttons: Sequence[Button] = (), key: str = "") -> None:
        """Say something.

        Args:
            text: What there is to say, as a sentence or two.
            severity: How it looks. Information without buttons goes by itself after a while.
            buttons: (text, what to do) from the left, the recommended one first. A press also takes the message away.
            key: A later message with the same key takes this one's place.
        """
        self.dismiss(key)
        while len(self._messages) >= _MOST:
            self.dismiss(next(iter(self._messages)))
        message = Message(text, buttons, severity)
        message.closed.connect(partial(self._close, message))
        self._messages[key] = message
        self._layout.addWidget(message)
        self.show()

    def dismiss(self, key: str = "") -> None:
        """Take the message with this key away, if there is one."""
        message = self._messages.pop(key, None)
        if message is None:
            return
        message.hide()
        message.deleteLater()
        self.setVisible(bool(self._messages))
        self.dismissed.emit(key)

    def _close(self, message: Message) -> None:
        for key, shown in tuple(self._messages.items()):
            if shown is message:
                self.dismiss(key)


class Message(QFrame):
    """One line: icon, text, buttons, cross. As a toast it is a card, with the buttons below the text.

    Args:
        text: What there is to say.
        buttons: (text, what to do).
        severity: How it looks.
        toast: Whether it is a card.
    """

    closed = Signal()
    """It was closed, by a button or the cross, or is old."""

    def __init__(self, text: str, buttons: Sequence[Button], severity: Severity, *, toast: bool = False) -> None:
        super().__init__()
        self.setObjectName("message")
        self.setAccessibleName(f"{severity}: {text}")
        self._toast = toast
        self._severity: Severity = severity
        self._icon = PlainLabel()
        self.text = PlainLabel(text)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        readable = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        self.text.setTextInteractionFlags(readable)
        self.text.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 7, 8, 7)
        layout.setSpacing(10)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self.text, 1)
        self.buttons = [self._button(title, call, recommended=number == 0) for number, (title, call) in enumerate(buttons)]
        below = QHBoxLayout()
        for button in self.buttons:
            (below if toast else layout).addWidget(button)
        if toast and self.buttons:
            below.insertStretch(0, 1)
            layout.removeWidget(self.text)
            column = QVBoxLayout()
            column.addWidget(self.text)
            column.addLayout(below)
            layout.addLayout(column, 1)
        self.cross = QToolButton()
        self.cross.setToolTip("Close")
        self.cross.setAccessibleName("Close the message")
        self.cross.clicked.connect(self.closed)
        layout.addWidget(self.cross)
        self.stays = bool(buttons) or severity == "error" or (severity == "warning" and not toast)
        self._timer = QTimer(self, singleShot=True, interval=_SEEN_MS.get(severity, 0))
        self._timer.timeout.connect(self._on_time)
        if not self.stays:
            self._timer.start()
        look().changed.connect(self._redraw)
        self._redraw()

    def _on_time(self) -> None:
        """Go, unless somebody is reading it: the mouse is on it, or the focus."""
        focus = self.window().focusWidget()
        if self.underMouse() or (focus is not None and self.isAncestorOf(focus)):
            self._timer.start()
        else:
            self.closed.emit()

    def _button(self, title: str, call: Callable[[], object], *, recommended: bool) -> QPushButton:
        button = QPushButton(title)
        button.setProperty("role", "primary" if recommended else "")
        button.clicked.connect(self.closed)
        button.clicked.connect(partial(_press, call))
        return button

    def _redraw(self) -> None:
        colors = look().colors
        color = severity_color(self._severity)
        ground, line = mixed(color, colors.panel, 0.12), mixed(color, colors.panel, 0.4)
        edge = (
            f"border: 1px solid {line}; border-radius: 9px;" if self._toast else f"border: none; border-bottom: 1px solid {line};"
        )
        self.setStyleSheet(f"QFrame#message {{ background: {ground}; {edge} }}")
        self._icon.setPixmap(look().icon(ICONS[self._severity], color).pixmap(20, 20))
        self.cross.setIcon(look().icon("mdi6.close", colors.muted))


def _press(call: Callable[[], object], _checked: bool = False) -> None:
    """Do what a button is for, without the argument of Qt's signal."""
    call()
