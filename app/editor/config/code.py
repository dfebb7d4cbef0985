"""The control for a script: a field for Python that can grow into a window of its own."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.editor.code.edit import CodeEdit
from app.editor.config.control import Control, mark
from app.editor.config.widgets import IconButton
from app.editor.plain_label import PlainLabel
from app.editor.text_window import HINT, OpensLarge, TextWindow

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
        self.window_button = IconButton("mdi6.open-in-new", HINT)
        self.window_button.clicked.connect(self.open_window)
        OpensLarge(self.edit, self.open_window)
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
        window.go_to(self.edit.textCursor().position())
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


class CodeWindow(TextWindow):
    """A script with room around it.

    Args:
        title: What the window is called.
        source: The script.
    """

    def __init__(self, title: str, source: str, parent: QWidget | None = None) -> None:
        self.edit = CodeEdit()
        super().__init__(title, source, parent, edit=self.edit)
        self.edit.looked.connect(self._say)

    def _say(self) -> None:
        mistake = self.edit.mistake
        if mistake:
            self.say(f"Line {mistake.line}: {mistake.message}", "error")
        else:
            self.say("Tab indents · Ctrl+/ comments")
