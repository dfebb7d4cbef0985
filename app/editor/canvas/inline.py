"""Editing a text in place: a title, a note, the text of an annotation."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget


class InlineEditor(QObject):
    """A field over the canvas. Enter or a click elsewhere takes the text, Esc leaves it as it was; then the field is gone.

    Args:
        parent: The viewport it lies on.
        text: What is there.
        rect: Where, in the viewport.
        done: Gets the new text if it is another one.
        lines: Whether it may have several lines; Ctrl+Enter then takes it.
        centered: Whether it is centred.
        name: For screen readers.
    """

    def __init__(
        self,
        parent: QWidget,
        text: str,
        rect: QRect,
        done: Callable[[str], None],
        *,
        lines: bool = False,
        centered: bool = True,
        name: str = "",
    ) -> None:
        super().__init__(parent)
        self._before = text
        self._done: Callable[[str], None] | None = done
        self.field: QLineEdit | QPlainTextEdit
        if lines:
            self.field = QPlainTextEdit(text, parent)
        else:
            self.field = QLineEdit(text, parent)
            if centered:
                self.field.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.field.setAccessibleName(name)
        self.field.setGeometry(rect)
        self.field.installEventFilter(self)
        self.field.show()
        self.field.setFocus()
        self.field.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """End at Enter, Esc, and when the focus is lost."""
        if event.type() is QEvent.Type.FocusOut:
            self.finish(True)
        elif isinstance(event, QKeyEvent) and event.type() in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride):
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            takes = enter and (isinstance(self.field, QLineEdit) or event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            if not takes and event.key() != Qt.Key.Key_Escape:
                return False
            event.accept()
            if event.type() is QEvent.Type.KeyPress:
                self.finish(bool(takes))
            return True
        return False

    def finish(self, take: bool) -> None:
        """End, and take the text or leave it."""
        done, self._done = self._done, None
        if done is None:
            return
        text = self.field.text() if isinstance(self.field, QLineEdit) else self.field.toPlainText()
        self.field.removeEventFilter(self)
        had_focus = self.field.hasFocus()
        parent = self.field.parentWidget()
        self.field.hide()
        self.field.deleteLater()
        self.deleteLater()
        view = parent.parentWidget() if parent is not None else None
        if had_focus and view is not None:
            view.setFocus()
        if take and text.strip() != self._before:
            done(text.strip())
