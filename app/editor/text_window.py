"""TextWindow: a long text with room around it. Rules, formulas, scripts and notes open in it from the small field they are in."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from app.editor.plain_label import PlainLabel

OPEN_KEY = "Ctrl+Shift+E"
"""The key that opens it, in a field that can be opened in it."""
HINT = f"Open in a large window ({OPEN_KEY})"


class TextWindow(QDialog):
    """A text with room around it.

    Args:
        title: What the window is called.
        text: What there is.
        edit: The field for it; a plain one if not given.
    """

    chosen = Signal(str)
    """The text is to be taken over."""

    def __init__(self, title: str, text: str, parent: QWidget | None = None, *, edit: QPlainTextEdit | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._text = text
        self.text_edit = edit or QPlainTextEdit()
        self.text_edit.setAccessibleName(title)
        self.said = PlainLabel()
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setAutoDefault(False)
        self.cancel_button.clicked.connect(self.reject)
        self.ok_button = QPushButton("Use this text")
        self.ok_button.setProperty("role", "primary")
        self.ok_button.setAutoDefault(False)
        self.ok_button.setToolTip("Take it over (Ctrl+Enter)")
        self.ok_button.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.said, 1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.ok_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 14)
        layout.setSpacing(12)
        layout.addWidget(self.text_edit, 1)
        layout.addLayout(buttons)
        self.text_edit.setPlainText(text)
        self._fit_screen()
        self.text_edit.setFocus()

    def _fit_screen(self) -> None:
        room = self.screen().availableSize()
        self.resize(min(980, room.width() * 9 // 10), min(720, room.height() * 8 // 10))

    def go_to(self, position: int) -> None:
        """Put the cursor there."""
        cursor = self.text_edit.textCursor()
        cursor.setPosition(min(position, len(self.text_edit.toPlainText())))
        self.text_edit.setTextCursor(cursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter takes the text over; Esc asks first where that would lose something."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.accept()
        elif event.key() == Qt.Key.Key_Escape and self.text_edit.toPlainText() != self._text:
            self.say("The text was changed: use it, or press Cancel to lose the change.", "error")
        elif event.key() == Qt.Key.Key_Escape:
            self.reject()

    def accept(self) -> None:
        """Hand over the text."""
        self.chosen.emit(self.text_edit.toPlainText())
        super().accept()

    def say(self, text: str, role: str = "small") -> None:
        """Say something beside the buttons."""
        self.said.setText(text)
        self.said.setProperty("role", role)
        self.said.style().polish(self.said)


class OpensLarge(QObject):
    """Calls what opens the large window when its key is pressed in a field.

    Args:
        field: The field.
        open_window: Opens the window.
    """

    def __init__(self, field: QWidget, open_window: Callable[[], object]) -> None:
        super().__init__(field)
        self._open = open_window
        field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the key from the field."""
        if not isinstance(event, QKeyEvent) or event.type() not in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride):
            return False
        wanted = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        if event.key() != Qt.Key.Key_E or event.modifiers() != wanted:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            self._open()
        return True
