"""Editing a text in place: a title, a note, the text of an annotation."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QToolButton, QWidget

from app.editor.look import look
from app.editor.text_window import HINT, OpensLarge, TextWindow


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
        large: Whether it can be edited in a large window, too.
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
        large: bool = False,
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
        if large:
            self._offer_large(rect)

    def _offer_large(self, rect: QRect) -> None:
        """Put a button into the corner of the field, and listen to the key."""
        button = QToolButton(self.field, toolTip=HINT, accessibleName="Open in a large window")
        button.setObjectName("small")
        button.setIcon(look().icon("mdi6.open-in-new", look().colors.muted))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the field ends when it loses the focus
        button.setCursor(Qt.CursorShape.ArrowCursor)
        side = 21
        button.setGeometry(rect.width() - side - 3, 3, side, side)
        button.clicked.connect(self.open_window)
        button.show()
        OpensLarge(self.field, self.open_window)

    def open_window(self) -> None:
        """Go on in a large window; the field is gone."""
        done, before, text, window = self._done, self._before, self._text(), self.field.window()
        name = self.field.accessibleName()
        self.finish(False)
        if done is None:
            return
        large = TextWindow(name, text, window)
        large.chosen.connect(lambda chosen: done(chosen.strip()) if chosen.strip() != before else None)
        large.open()

    def _text(self) -> str:
        return self.field.text() if isinstance(self.field, QLineEdit) else self.field.toPlainText()

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
        text = self._text()
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
