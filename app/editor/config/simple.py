"""Controls for single values that are no numbers: a switch, a choice, a line of text, several lines, text or number, and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPlainTextEdit, QWidget

from app.editor.config.control import Control, mark
from app.editor.config.widgets import IconButton, QuietComboBox, Switch
from app.editor.text_window import HINT, OpensLarge, TextWindow
from nodes.declaration.declared import same

NOTHING = "none"
LEAST_LINES, MOST_LINES = 3, 12


class SwitchControl(Control):
    """Yes or no."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.switch = Switch()
        self.switch.clicked.connect(self._clicked)
        self._other: Any = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 3, 0, 3)
        layout.addWidget(self.switch)
        layout.addStretch()
        self.setFocusProxy(self.switch)

    def value(self) -> Any:
        """True or false; what a file holds instead, until it is switched."""
        return self.switch.isChecked() if self._other is None else self._other

    def set_value(self, value: Any) -> None:
        """Show it; what is neither true nor false is off."""
        self._other = None if isinstance(value, bool) or value is None else value
        self.switch.setChecked(value is True)

    def set_name(self, name: str) -> None:
        """Name the switch."""
        super().set_name(name)
        self.switch.setAccessibleName(name)

    def _clicked(self) -> None:
        self._other = None
        self.changed.emit()


class ChoiceControl(Control):
    """One of a few values. A value that is not offered (any more) is shown beside them.

    Args:
        options: The values.
        help: Value -> a sentence about it.
        optional: Whether nothing may be chosen.
    """

    def __init__(
        self,
        options: tuple[Any, ...],
        help: Mapping[str, str] | None = None,
        parent: QWidget | None = None,
        *,
        optional: bool = False,
    ) -> None:
        super().__init__(parent)
        self.combo = QuietComboBox()
        if optional:
            self.combo.addItem(NOTHING, None)
        for option in options:
            self.combo.addItem(str(option), option)
            tip = (help or {}).get(str(option), "")
            self.combo.setItemData(self.combo.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.combo.setPlaceholderText("Choose …")
        self._offered = self.combo.count()
        self.combo.activated.connect(self._chosen)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.combo)
        self.setFocusProxy(self.combo)

    def value(self) -> Any:
        """Return the chosen value; None where nothing is."""
        return self.combo.currentData()

    def set_value(self, value: Any) -> None:
        """Choose a value, offered or not."""
        while self.combo.count() > self._offered:
            self.combo.removeItem(self._offered)
        for index in range(self._offered):
            if same(self.combo.itemData(index), value):
                self.combo.setCurrentIndex(index)
                return
        if value is None:
            self.combo.setCurrentIndex(-1)
            return
        self.combo.addItem(f"{value} (not offered)", value)
        self.combo.setCurrentIndex(self._offered)

    def set_name(self, name: str) -> None:
        """Name the combo box."""
        super().set_name(name)
        self.combo.setAccessibleName(name)

    def set_invalid(self, invalid: bool) -> None:
        """Mark the combo box."""
        mark(self.combo, invalid)

    def _chosen(self) -> None:
        self.changed.emit()


class TextControl(Control):
    """A line of text.

    Args:
        longest: How many characters it may have.
        optional: Whether an empty line means no text at all.
        line: The line to use, where it is one with abilities of its own.
        offers: Texts to choose from; others can be typed.
    """

    def __init__(
        self,
        longest: int | None = None,
        parent: QWidget | None = None,
        *,
        optional: bool = False,
        line: QLineEdit | None = None,
        offers: Sequence[str] = (),
    ) -> None:
        super().__init__(parent)
        self.line = line or QLineEdit()
        self._optional = optional
        self._other: Any = None
        if optional:
            self.line.setPlaceholderText(NOTHING)
        if longest == 1:
            self.line.setMaximumWidth(64)
        self.line.textEdited.connect(self._typed)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._layout.addWidget(self.line, 1)
        self.offer: IconButton | None = None
        if offers:
            self.offer = IconButton("mdi6.chevron-down", "Choose")
            self.offer.clicked.connect(lambda: self.menu(offers).popup(self.line.mapToGlobal(self.line.rect().bottomLeft())))
            self._layout.addWidget(self.offer)
        if longest == 1:
            self._layout.addStretch()
        self.setFocusProxy(self.line)

    def menu(self, offers: Sequence[str]) -> QMenu:
        """Return a new menu of the texts to choose from."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text in offers:
            menu.addAction(text)
        menu.triggered.connect(lambda action: self._chosen(action.text()))
        return menu

    def _chosen(self, text: str) -> None:
        self.line.setText(text)
        self._typed()

    def value(self) -> Any:
        """Return the text; None where it is empty and may be."""
        if self._other is not None:
            return self._other
        return self.line.text() or (None if self._optional else "")

    def set_value(self, value: Any) -> None:
        """Show a text; what is none is shown as JSON, and kept until it is edited."""
        self._other = None if value is None or isinstance(value, str) else value
        self.line.setText("" if value is None else value if isinstance(value, str) else json.dumps(value))
        self.line.setCursorPosition(0)

    def set_name(self, name: str) -> None:
        """Name the line."""
        super().set_name(name)
        self.line.setAccessibleName(name)
        if self.offer is not None:
            self.offer.setAccessibleName(f"{name}: choose")

    def set_invalid(self, invalid: bool) -> None:
        """Mark the line."""
        mark(self.line, invalid)

    def _typed(self) -> None:
        self._other = None
        self.changed.emit()


class ScalarControl(TextControl):
    """A text or a number: what looks like a number is one, unless it stands in quotes.

    Args:
        flags: Whether `true` and `false` are no texts either.
        optional: Whether an empty line means no value at all.
    """

    def __init__(self, parent: QWidget | None = None, *, flags: bool = False, optional: bool = False) -> None:
        super().__init__(None, parent, optional=optional)
        self._flags = flags

    def value(self) -> Any:
        """Return a number, a text, or None."""
        if self._other is not None:
            return self._other
        text = self.line.text()
        if not text:
            return None if self._optional else ""
        return _json(text) if self._reads_otherwise(text) else text

    def set_value(self, value: Any) -> None:
        """Show it, a text that looks like a number in quotes."""
        super().set_value(
            json.dumps(value, ensure_ascii=False) if isinstance(value, str) and self._reads_otherwise(value) else value
        )
        if isinstance(value, int | float) and (self._flags or not isinstance(value, bool)):
            self._other = None

    def _reads_otherwise(self, text: str) -> bool:
        """Return whether a text would be read as a number, true or false, or as a text in quotes."""
        read = _json(text)
        return isinstance(read, str | int | float) and (self._flags or not isinstance(read, bool))


def _json(text: str) -> Any:
    """Return what a text is as JSON; None where it is none."""
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except ValueError:
        return None


class PlainTextEdit(QPlainTextEdit):
    """Several lines; Tab goes on to the next field, and Ctrl+Enter is the dialog's."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        """Be as high as the text, within limits; a paragraph that goes over several lines counts as so many."""
        lines = min(max(round(self.document().size().height()), LEAST_LINES), MOST_LINES)
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 20)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave Ctrl+Enter to the dialog."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
        else:
            super().keyPressEvent(event)


class LinesControl(Control):
    """A text of several lines, which can be edited in a large window.

    Args:
        title: What the large window is called.
        optional: Whether an empty text means none at all.
    """

    wide = True

    def __init__(self, title: str = "Text", parent: QWidget | None = None, *, optional: bool = False) -> None:
        super().__init__(parent)
        self._title = title
        self._optional = optional
        self.edit = PlainTextEdit()
        self.window_button = IconButton("mdi6.open-in-new", HINT)
        self.window_button.clicked.connect(self.open_window)
        OpensLarge(self.edit, self.open_window)
        self.edit.textChanged.connect(self._typed)
        self._quiet = False
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.edit, 1)
        layout.addWidget(self.window_button, 0, Qt.AlignmentFlag.AlignTop)
        self.setFocusProxy(self.edit)

    def value(self) -> Any:
        """Return the text; None where it is empty and may be."""
        return self.edit.toPlainText() or (None if self._optional else "")

    def set_value(self, value: Any) -> None:
        """Show a text."""
        self._show("" if value is None else str(value))

    def set_name(self, name: str) -> None:
        """Name the field."""
        super().set_name(name)
        self.edit.setAccessibleName(name)
        self.window_button.setAccessibleName(f"{name}: open in a large window")

    def set_invalid(self, invalid: bool) -> None:
        """Mark the field."""
        mark(self.edit, invalid)

    def open_window(self) -> None:
        """Edit the text in a large window."""
        window = TextWindow(self._title, self.edit.toPlainText(), self.window())
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

    def _show(self, text: str) -> None:
        self._quiet = True
        self.edit.setPlainText(text)
        self._quiet = False

    def _typed(self) -> None:
        if not self._quiet:
            self.changed.emit()


class JsonControl(LinesControl):
    """Any value, as JSON: for what has no control of its own."""

    def value(self) -> Any:
        """Return the value; the text where it is no JSON."""
        try:
            return json.loads(self.edit.toPlainText() or "null")
        except ValueError:
            return self.edit.toPlainText()

    def set_value(self, value: Any) -> None:
        """Show it as JSON."""
        self._show(json.dumps(value, indent=2, ensure_ascii=False))

    def complaint(self) -> str:
        """Return where it is no JSON."""
        try:
            json.loads(self.edit.toPlainText() or "null")
        except ValueError as error:
            return f"This is no JSON: {error}. Texts stand in double quotes, lists in [ ], named values in {{ }}."
        return ""
