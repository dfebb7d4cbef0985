"""Controls for several values: a fixed number of them side by side (2 × 2), any number as chips, and values by name."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.editor.config.control import Control, MakesControls, mark, reference_text
from app.editor.config.number import NumberField, apart, number_text, read_number
from app.editor.config.simple import ScalarControl
from app.editor.config.values import blank
from app.editor.config.widgets import FlowLayout, IconButton
from app.editor.look import look
from app.editor.plain_label import PlainLabel
from nodes.declaration.shapes import Fixed, Mapped, Maybe, Number, Scalar, Series, Shape

TIMES = "×"
DASH = "–"


class Framed(QFrame):
    """The frame of a field that has fields inside; drawn as one field."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "field")


class FixedControl(Control):
    """A fixed number of numbers in one frame.

    While all are the same, typing into the first one changes them all, so that one value does for both; and `2 x 3`
    typed or pasted into it fills them in order.

    Args:
        shape: The values.
    """

    def __init__(self, shape: Fixed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = all(isinstance(item, Number) and item.whole for item in shape.items)
        self._together = False
        self.fields: list[NumberField] = []
        self._frame = Framed()
        inside = QHBoxLayout(self._frame)
        inside.setContentsMargins(5, 3, 5, 3)
        inside.setSpacing(5)
        for n, item in enumerate(shape.items):
            if n:
                sign = PlainLabel(TIMES if self._whole else DASH)
                sign.setProperty("role", "muted")
                inside.addWidget(sign)
            field = NumberField(item if isinstance(item, Number) else Number(False), buttons=False)
            field.setProperty("role", "inner")
            field.setAlignment(Qt.AlignmentFlag.AlignCenter)
            field.edited.connect(self._first_edited if n == 0 else self._edited)
            self.fields.append(field)
            inside.addWidget(field, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._frame)
        self.setFocusProxy(self.fields[0])

    def value(self) -> Any:
        """Return the numbers as a list; None where nothing is entered."""
        if all(not field.text().strip() for field in self.fields):
            return None
        return [field.number() for field in self.fields]

    def set_value(self, value: Any) -> None:
        """Show a list of numbers; one number stands for all."""
        alone = [value] * len(self.fields) if isinstance(value, int | float) else []
        given = list(value) if isinstance(value, list | tuple) else alone
        for n, field in enumerate(self.fields):
            field.set_number(given[n] if n < len(given) else None)
        self._together = self._whole and len({field.text() for field in self.fields}) == 1

    def set_name(self, name: str) -> None:
        """Name each field with its number."""
        super().set_name(name)
        for n, field in enumerate(self.fields, 1):
            field.setAccessibleName(f"{name}, {n} of {len(self.fields)}")

    def set_invalid(self, invalid: bool) -> None:
        """Mark the frame."""
        mark(self._frame, invalid)

    def _first_edited(self) -> None:
        text = self.fields[0].text()
        parts = [part for part in re.split(apart(whole=self._whole), text) if part]
        if len(parts) == len(self.fields) > 1:
            for part, field in zip(parts, self.fields, strict=True):
                field.set_number(part)
            self._together = False
            self.fields[-1].setFocus()
        elif self._together:
            for field in self.fields[1:]:
                field.set_number(text)
        self.changed.emit()

    def _edited(self) -> None:
        self._together = False
        self.changed.emit()


class NestedFixedControl(Control):
    """Several fixed groups of numbers below each other, such as the padding of each side."""

    def __init__(self, shape: Fixed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        self.parts = [FixedControl(item) for item in shape.items if isinstance(item, Fixed)]
        for part in self.parts:
            part.changed.connect(self.changed)
            layout.addWidget(part)
        self.setFocusProxy(self.parts[0])

    def value(self) -> Any:
        """Return a list of lists."""
        values = [part.value() for part in self.parts]
        return None if all(value is None for value in values) else values

    def set_value(self, value: Any) -> None:
        """Show a list of lists."""
        given = list(value) if isinstance(value, list | tuple) else []
        for n, part in enumerate(self.parts):
            part.set_value(given[n] if n < len(given) else None)

    def set_name(self, name: str) -> None:
        """Name each group with its number."""
        super().set_name(name)
        for n, part in enumerate(self.parts, 1):
            part.set_name(f"{name}, group {n}")

    def set_invalid(self, invalid: bool) -> None:
        """Mark all groups."""
        for part in self.parts:
            part.set_invalid(invalid)


# ----------------------------------------------------------------------------------------------------------------- chips


class Chip(QLineEdit):
    """One value of a list, as wide as its text."""

    left_empty = Signal()
    """Backspace was pressed in it while it was empty."""
    ended = Signal()
    """A comma was typed: the next value follows."""
    moved = Signal(int)
    """Alt+Left (-1) or Alt+Right (1) was pressed."""
    blurred = Signal()
    """The focus went elsewhere."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "chip")
        self.setToolTip("A comma goes on to the next one, Backspace in an empty one removes it, Alt+Left and Alt+Right move it")
        self.textChanged.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        """Return a size as wide as the text."""
        text = self.text() or self.placeholderText()
        return QSize(max(self.fontMetrics().horizontalAdvance(text) + 22, 36), 24)

    def minimumSizeHint(self) -> QSize:
        """Return a size for one digit."""
        return QSize(36, 24)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that make, remove and move chips."""
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if event.key() == Qt.Key.Key_Backspace and not self.text():
            self.left_empty.emit()
        elif event.text() == ",":
            self.ended.emit()
        elif alt and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.moved.emit(-1 if event.key() == Qt.Key.Key_Left else 1)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell that it was left."""
        super().focusOutEvent(event)
        self.blurred.emit()


class ChipsControl(Control):
    """Any number of numbers or texts, each a chip that is edited in place.

    Args:
        shape: What an element is: a number, a text, either, or one of these or nothing.
    """

    def __init__(self, shape: Series, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._optional = isinstance(shape.item, Maybe)
        self._item: Shape = shape.item.inner if isinstance(shape.item, Maybe) else shape.item
        self._frame = Framed()
        self._flow = FlowLayout(self._frame)
        self._flow.setContentsMargins(5, 4, 5, 4)
        self.chips: list[Chip] = []
        self.add = IconButton("mdi6.plus", "Add a value", size=14)
        self.add.setFixedSize(24, 24)
        self.add.clicked.connect(self._add_clicked)
        self._flow.addWidget(self.add)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._frame)
        self._name = ""
        self._scalar = ScalarControl(flags=self._item.flags) if isinstance(self._item, Scalar) else None
        if self._scalar is not None:
            self._scalar.setParent(self)
            self._scalar.hide()

    def value(self) -> Any:
        """Return the values; chips without text are nothing where that is allowed, else left out."""
        return [self._read(chip.text()) for chip in self.chips if chip.text().strip() or self._optional]

    def set_value(self, value: Any) -> None:
        """Show a list."""
        for chip in self.chips:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self.chips = []
        alone = [value] if isinstance(value, int | float) else []  # stands for a list of one
        for item in value if isinstance(value, list | tuple) else alone:
            self._insert(len(self.chips), self._text(item))

    def set_name(self, name: str) -> None:
        """Name each chip with its number."""
        super().set_name(name)
        self._name = name
        self.add.setAccessibleName(f"{name}: add a value")
        for n, chip in enumerate(self.chips, 1):
            chip.setAccessibleName(f"{name}, {n} of {len(self.chips)}")

    def set_invalid(self, invalid: bool) -> None:
        """Mark the frame."""
        mark(self._frame, invalid)

    def first(self) -> QWidget:
        """Return the first chip, or the button that adds one."""
        return self.chips[0] if self.chips else self.add

    def _read(self, text: str) -> Any:
        if self._optional and not text.strip():
            return None
        if isinstance(self._item, Number):
            referred = re.fullmatch(r"\s*\$\{(\w+)\}\s*", text)
            return {"variable": referred[1]} if referred else read_number(text, self._item.whole)
        if self._scalar is not None:
            self._scalar.line.setText(text)
            return self._scalar.value()
        return text

    def _text(self, item: Any) -> str:
        if item is None:
            return ""
        if self._scalar is not None:
            self._scalar.set_value(item)
            return self._scalar.line.text()
        return reference_text(item) if isinstance(item, dict) else number_text(item)

    def _insert(self, index: int, text: str) -> Chip:
        chip = Chip()
        chip.setText(text)
        if self._optional:
            chip.setPlaceholderText("any")
        chip.textEdited.connect(self._typed)
        chip.left_empty.connect(self._remove_sender)
        chip.ended.connect(lambda: self._go_on(self.chips.index(chip)))
        chip.moved.connect(self._move_sender)
        chip.blurred.connect(self._tidy)
        self.chips.insert(index, chip)
        self._flow.insert(index, chip)
        chip.show()
        self.set_name(self._name)
        return chip

    def _at(self) -> int:
        sender = self.sender()
        return next((n for n, chip in enumerate(self.chips) if chip is sender), -1)

    def _add_clicked(self) -> None:
        self._insert(len(self.chips), "").setFocus()
        if self._optional:
            self.changed.emit()

    def _go_on(self, at: int) -> None:
        """Have the next value typed over, or a new one at the end."""
        following = self.chips[at + 1] if at + 1 < len(self.chips) else self._insert(at + 1, "")
        following.setFocus()
        following.selectAll()

    def _typed(self, text: str) -> None:
        at = self._at()
        parts = [
            part.strip()
            for part in re.split(r"[,;]" if not isinstance(self._item, Number) else apart(whole=self._item.whole), text)
        ]
        values = [part for part in parts if part]
        if len(parts) > 1 and values:  # what separates values was typed, or several were pasted
            self.chips[at].setText(values[0])
            for n, part in enumerate(values[1:], at + 1):
                self._insert(n, part).setFocus()
            if not parts[-1]:
                self._go_on(at + len(values) - 1)
        elif len(parts) > 1:
            self.chips[at].clear()  # as in 8 x 8, where the blank has begun this value already
        self.changed.emit()

    def _remove_sender(self) -> None:
        at = self._at()
        self._remove(at)
        (self.chips[max(at - 1, 0)] if self.chips else self.add).setFocus()
        self.changed.emit()

    def _remove(self, at: int) -> None:
        chip = self.chips.pop(at)
        self._flow.removeWidget(chip)
        chip.blurred.disconnect(self._tidy)
        chip.hide()
        chip.deleteLater()
        self.set_name(self._name)

    def _move_sender(self, by: int) -> None:
        at = self._at()
        to = at + by
        if not 0 <= to < len(self.chips):
            return
        chip = self.chips.pop(at)
        self.chips.insert(to, chip)
        self._flow.removeWidget(chip)
        self._flow.insert(to, chip)
        self.set_name(self._name)
        self.changed.emit()

    def _tidy(self) -> None:
        """Remove a chip that is left empty, unless that means something."""
        at = self._at()
        if at >= 0 and not self._optional and not self.chips[at].text().strip():
            self._remove(at)


# ------------------------------------------------------------------------------------------------------------ by name


class NamedEntry(QWidget):
    """A name and its value.

    Args:
        control: Edits the value.
    """

    edited = Signal()
    removed = Signal(object)

    def __init__(self, control: Control, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key = QLineEdit()
        self.key.setPlaceholderText("Name")
        self.control = control
        self.key.textEdited.connect(self.edited)
        control.changed.connect(self.edited)
        remove = IconButton("mdi6.close", "Remove", size=14)
        remove.clicked.connect(self._remove)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addWidget(self.key, 1)
        layout.addWidget(control, 1)
        layout.addWidget(remove)

    def _remove(self) -> None:
        self.removed.emit(self)


class NamedControl(Control):
    """Values by name, a line each.

    Args:
        shape: What the values are.
        controls: Makes what edits a value.
    """

    wide = True

    def __init__(self, shape: Mapped, controls: MakesControls, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shape = shape
        self._controls = controls
        self.entries: list[NamedEntry] = []
        self._name = ""
        self._lines = QVBoxLayout()
        self._lines.setSpacing(5)
        self.add = QPushButton("Add")
        self.add.setProperty("role", "add")
        self.add.setIcon(look().icon("mdi6.plus", look().colors.accent))
        self.add.clicked.connect(self._add_clicked)
        look().changed.connect(self._redraw)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(self._lines)
        layout.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        self.setFocusProxy(self.add)

    def value(self) -> Any:
        """Return the values by name; lines without a name are left out."""
        return {entry.key.text(): entry.control.value() for entry in self.entries if entry.key.text()}

    def set_value(self, value: Any) -> None:
        """Show values by name."""
        for entry in self.entries:
            self._drop(entry)
        self.entries = []
        for key, held in (value if isinstance(value, dict) else {}).items():
            self._append(str(key), held)

    def complaint(self) -> str:
        """Return a name that stands twice, or a value without a name."""
        keys = [entry.key.text() for entry in self.entries]
        twice = next((key for n, key in enumerate(keys) if key and key in keys[:n]), None)
        if twice is not None:
            return f"'{twice}' stands here twice. Remove one of the two."
        return ""

    def set_name(self, name: str) -> None:
        """Name each line with its number."""
        super().set_name(name)
        self._name = name
        self.add.setAccessibleName(f"{name}: add an entry")
        for n, entry in enumerate(self.entries, 1):
            entry.key.setAccessibleName(f"{name}, name {n}")
            entry.control.set_name(f"{name}, value {n}")

    def set_invalid(self, invalid: bool) -> None:
        """Mark all lines."""
        for entry in self.entries:
            mark(entry.key, invalid)
            entry.control.set_invalid(invalid)

    def _append(self, key: str, value: Any) -> NamedEntry:
        entry = NamedEntry(self._controls.make(self._shape.value))
        entry.key.setText(key)
        entry.control.set_value(value)
        entry.edited.connect(self.changed)
        entry.removed.connect(self._removed)
        self.entries.append(entry)
        self._lines.addWidget(entry)
        self.set_name(self._name)
        return entry

    def _add_clicked(self) -> None:
        self._append("", blank(self._shape.value)).key.setFocus()

    def _removed(self, entry: object) -> None:
        assert isinstance(entry, NamedEntry)
        self.entries.remove(entry)
        self._drop(entry)
        self.set_name(self._name)
        self.changed.emit()

    def _drop(self, entry: NamedEntry) -> None:
        self._lines.removeWidget(entry)
        entry.hide()
        entry.deleteLater()

    def _redraw(self) -> None:
        self.add.setIcon(look().icon("mdi6.plus", look().colors.accent))
