"""The control for a script: a field for Python that can grow into a window of its own."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.editor.code.edit import CodeEdit
from app.editor.config.control import Control, mark
from app.editor.config.widgets import IconButton
from app.editor.plain_label import PlainLabel

LEAST_LINES, MOST_LINES = 8, 22
"""The field is as high as its text, within these."""


class CodeControl(Control):
    """A text in Python.

    Args:
        title: What the large window is called.
        optional: Whether an empty text means none at all.
    """

    wide = True

    def __init__(self, title: str = "Script", parent: QWidget | None = None, *, optional: bool = False) -> None:
        super().__init__(parent)
        self._title = title
        self._optional = optional
        self._quiet = False
        self.edit = CodeEdit()
        self.edit.textChanged.connect(self._typed)
        self.edit.looked.connect(self._say)
        self.window_button = IconButton("mdi6.open-in-new", "Open in a large window (Ctrl+Shift+E)")
        self.window_button.setShortcut("Ctrl+Shift+E")
        self.window_button.clicked.connect(self.open_window)
        self.said = PlainLabel()
        self.said.setProperty("role", "small")
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        below = QHBoxLayout()
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(self.said, 1)
        below.addWidget(self.window_button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.edit)
        layout.addLayout(below)
        self.setFocusProxy(self.edit)
        self._fit()

    def value(self) -> Any:
        """Return the text; None where it is empty and may be."""
        return self.edit.toPlainText() or (None if self._optional else "")

    def set_value(self, value: Any) -> None:
        """Show a text."""
        self._quiet = True
        self.edit.setPlainText("" if value is None else str(value))
        self._quiet = False
        self._fit()

    def set_name(self, name: str) -> None:
        """Name the field."""
        super().set_name(name)
        self.edit.setAccessibleName(name)

    def set_invalid(self, invalid: bool) -> None:
        """Mark the field."""
        mark(self.edit, invalid)

    def open_window(self) -> None:
        """Edit the script in a large window."""
        window = CodeWindow(self._title, self.edit.toPlainText(), self.window())
        cursor = window.edit.textCursor()
        cursor.setPosition(self.edit.textCursor().position())
        window.edit.setTextCursor(cursor)
        window.chosen.connect(self._take)
        window.open()

    def _take(self, text: str) -> None:
        """Show what was typed in the large window; one step back in this field's undo."""
        if text != self.edit.toPlainText():
            cursor = self.edit.textCursor()
            cursor.select(cursor.SelectionType.Document)
            cursor.insertText(text)
        self.edit.setFocus()

    def _typed(self) -> None:
        self._fit()
        if not self._quiet:
            self.changed.emit()

    def _fit(self) -> None:
        lines = min(max(self.edit.blockCount() + 1, LEAST_LINES), MOST_LINES)
        self.edit.setFixedHeight(lines * self.edit.fontMetrics().lineSpacing() + 30)

    def _say(self) -> None:
        self.said.setText("" if self.edit.mistake else "Tab indents · Ctrl+/ comments · Ctrl+Enter applies")


class CodeWindow(QDialog):
    """A script with room around it.

    Args:
        title: What the window is called.
        source: The script.
    """

    chosen = Signal(str)
    """The text is to be taken over."""

    def __init__(self, title: str, source: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._source = source
        self.edit = CodeEdit()
        self.edit.setAccessibleName(title)
        self.edit.looked.connect(self._say)
        self.said = PlainLabel()
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setAutoDefault(False)
        self.cancel_button.clicked.connect(self.reject)
        self.ok_button = QPushButton("Use this text")
        self.ok_button.setProperty("role", "primary")
        self.ok_button.setAutoDefault(False)
        self.ok_button.setToolTip("Take it over into the dialog (Ctrl+Enter)")
        self.ok_button.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.said, 1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.ok_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 14)
        layout.setSpacing(12)
        layout.addWidget(self.edit, 1)
        layout.addLayout(buttons)
        self.edit.setPlainText(source)
        self.resize(980, 720)
        self.edit.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter takes the text over; Esc asks first where that would lose something."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.accept()
        elif event.key() == Qt.Key.Key_Escape and self.edit.toPlainText() != self._source:
            self.said.setText("The text was changed: use it, or press Cancel to lose the change.")
            self.said.setProperty("role", "error")
            self.said.style().polish(self.said)
        elif event.key() == Qt.Key.Key_Escape:
            self.reject()

    def accept(self) -> None:
        """Hand over the text."""
        self.chosen.emit(self.edit.toPlainText())
        super().accept()

    def _say(self) -> None:
        mistake = self.edit.mistake
        self.said.setText(f"Line {mistake.line}: {mistake.message}" if mistake else "Tab indents · Ctrl+/ comments")
        self.said.setProperty("role", "error" if mistake else "small")
        self.said.style().polish(self.said)
