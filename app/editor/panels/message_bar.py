"""Messages above the canvas, with buttons for what can be done; nobody has to answer them."""

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
_ICONS = {"info": "mdi6.information-outline", "warning": "mdi6.alert-outline", "error": "mdi6.alert-circle-outline"}
_SEEN_MS = 8000
"""How long a message stays that asks nothing."""
_MOST = 4


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
    """One line: icon, text, buttons, cross."""

    closed = Signal()
    """It was closed, by a button or the cross, or is old."""

    def __init__(self, text: str, buttons: Sequence[Button], severity: Severity) -> None:
        super().__init__()
        self.setObjectName("message")
        self._severity: Severity = severity
        self._icon = PlainLabel()
        self.text = PlainLabel(text)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 7, 8, 7)
        layout.setSpacing(10)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self.text, 1)
        self.buttons = [self._button(title, call, recommended=number == 0) for number, (title, call) in enumerate(buttons)]
        for button in self.buttons:
            layout.addWidget(button)
        self.cross = QToolButton()
        self.cross.setToolTip("Close")
        self.cross.setAccessibleName("Close the message")
        self.cross.clicked.connect(self.closed)
        layout.addWidget(self.cross)
        if severity == "info" and not buttons:
            timer = QTimer(self)
            timer.setSingleShot(True)
            timer.timeout.connect(self.closed)
            timer.start(_SEEN_MS)
        look().changed.connect(self._redraw)
        self._redraw()

    def _button(self, title: str, call: Callable[[], object], *, recommended: bool) -> QPushButton:
        button = QPushButton(title)
        button.setProperty("role", "primary" if recommended else "")
        button.clicked.connect(self.closed)
        button.clicked.connect(partial(_press, call))
        return button

    def _redraw(self) -> None:
        colors = look().colors
        color = {"info": colors.accent, "warning": colors.ready, "error": colors.wrong}[self._severity]
        ground, line = mixed(color, colors.panel, 0.12), mixed(color, colors.panel, 0.4)
        self.setStyleSheet(f"QFrame#message {{ background: {ground}; border: none; border-bottom: 1px solid {line}; }}")
        self._icon.setPixmap(look().icon(_ICONS[self._severity], color).pixmap(20, 20))
        self.cross.setIcon(look().icon("mdi6.close", colors.muted))


def _press(call: Callable[[], object], _checked: bool = False) -> None:
    """Do what a button is for, without the argument of Qt's signal."""
    call()
