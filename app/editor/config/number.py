"""Numbers: a field with steps that leaves scientific notation as it was typed, a pair of buttons for it, and seeds."""

from __future__ import annotations

import math
import random
from decimal import Decimal, InvalidOperation
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from app.editor.config.control import Control, mark
from app.editor.config.widgets import IconButton
from app.editor.locale import typed
from nodes.declaration.shapes import Number
from nodes.wording import numerals, written

LARGEST_SEED = 2**31 - 1


def read_number(text: str, whole: bool) -> Any:
    """Return a number as it was typed, with the point or the decimal sign of the locale; the text itself where it is none."""
    plain = typed(text)
    try:
        if whole:
            return int(plain)
        number = float(plain)
    except ValueError:
        return _written_otherwise(plain, plain if "?" in plain else text)
    return number if math.isfinite(number) else text


def _written_otherwise(plain: str, text: str) -> Any:
    """Return a whole number written as 1e3 or 2.0, a fraction where none is wanted (for the class to refuse), or the text."""
    try:
        number = float(plain)
    except ValueError:
        return text
    if not math.isfinite(number):
        return text
    return int(number) if number.is_integer() else number


def number_text(value: Any) -> str:
    """Return a number as a field shows it: short, with the decimal sign of the locale, scientific where Python has it so."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    return written(_plain(value))


def _plain(value: float) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)


def apart(*, whole: bool) -> str:
    """Return a pattern of what may stand between numbers that are typed into one field: a decimal comma does not."""
    return r"[\s,;xX×*]+" if whole or numerals().decimal != "," else r"[\s;xX×*]+"


class NumberField(QLineEdit):
    """A line for a number, with steps by arrow keys, wheel (when it has the focus) and small buttons.

    Anything may be typed: what is wrong is said below the field, and nothing is taken away.

    Args:
        shape: What kind of number, and its bounds.
        buttons: Whether to show the step buttons.
    """

    edited = Signal()
    """The text is another now."""

    def __init__(self, shape: Number, parent: QWidget | None = None, *, buttons: bool = True) -> None:
        super().__init__(parent)
        self.shape = shape
        self._quiet = False
        self._buttons: list[IconButton] = []
        self.textChanged.connect(self._text_changed)
        if buttons:
            self.setTextMargins(0, 0, 18, 0)
            for icon, tip, steps in (("mdi6.chevron-up", "More (Up)", 1), ("mdi6.chevron-down", "Less (Down)", -1)):
                button = IconButton(icon, tip, self, size=12)
                button.setProperty("role", "step")
                button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
                button.setCursor(Qt.CursorShape.ArrowCursor)
                button.setAutoRepeat(True)
                button.setProperty("steps", steps)
                button.clicked.connect(self._step)
                self._buttons.append(button)

    def number(self) -> Any:
        """Return what is entered: a number, or the text where it is none."""
        return read_number(self.text(), self.shape.whole)

    def set_number(self, value: Any) -> None:
        """Show a number, without a signal."""
        self._quiet = True
        self.setText(number_text(value))
        self.setCursorPosition(0)
        self._quiet = False

    def step(self, steps: int) -> None:
        """Go up or down: by one, or by one in the first digit that matters (0.001 -> 0.002), within the bounds."""
        number = self.number()
        value = Decimal(_plain(number)) if isinstance(number, int | float) else Decimal(0)
        for _ in range(abs(steps)):
            value = self._next(value, 1 if steps > 0 else -1)
        self.selectAll()
        self.insert(number_text(int(value) if self.shape.whole else float(value)))  # unlike setText, it can be undone
        self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows step by one, Page Up and Page Down by ten."""
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}.get(Qt.Key(event.key()))
        if steps is None or event.modifiers() & Qt.KeyboardModifier.AltModifier:
            super().keyPressEvent(event)
        else:
            self.step(steps)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step only with the focus, so that scrolling the page changes nothing."""
        if self.hasFocus() and event.angleDelta().y():
            self.step(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the step buttons at the right end."""
        super().resizeEvent(event)
        for row, button in enumerate(self._buttons):
            half = (self.height() - 6) // 2
            button.setGeometry(self.width() - 22, 3 + row * half, 18, half)

    def changeEvent(self, event: QEvent) -> None:
        """Hide the step buttons where it is switched off."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            for button in self._buttons:
                button.setVisible(self.isEnabled())

    def minimumSizeHint(self) -> QSize:
        """Return room for a few digits."""
        return QSize(40, super().minimumSizeHint().height())

    def _next(self, value: Decimal, direction: int) -> Decimal:
        step = Decimal(1) if self.shape.whole else _step(value, direction)
        following = value + step * direction
        shape = self.shape
        if shape.least is not None:
            following = max(following, Decimal(str(shape.least)))
        if shape.most is not None:
            following = min(following, Decimal(str(shape.most)))
        out = (shape.above is not None and following <= Decimal(str(shape.above))) or (
            shape.below is not None and following >= Decimal(str(shape.below))
        )
        return value if out else following

    def _step(self) -> None:
        button = self.sender()
        if button is not None:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.step(int(button.property("steps")))

    def _text_changed(self) -> None:
        if not self._quiet:
            self.edited.emit()


def _step(value: Decimal, direction: int) -> Decimal:
    """Return one in the first digit of a fraction; downwards from a power of ten, one in the digit after it. At most 1."""
    if value == 0:
        return Decimal("0.1")
    try:
        exponent = value.copy_abs().adjusted()
    except InvalidOperation:
        return Decimal(1)
    towards_zero = (value > 0) == (direction < 0)
    if towards_zero and value.copy_abs() == Decimal(1).scaleb(exponent):
        exponent -= 1
    return min(Decimal(1).scaleb(exponent), Decimal(1)) if abs(value) < 10 else Decimal(1).scaleb(max(exponent - 1, 0))


class NumberControl(Control):
    """A number; a seed has a button that draws a new one.

    Args:
        shape: What kind of number.
        seed: Whether it starts random numbers.
    """

    def __init__(self, shape: Number, parent: QWidget | None = None, *, seed: bool = False) -> None:
        super().__init__(parent)
        self.field = NumberField(shape)
        self.field.edited.connect(self.changed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.field, 1)
        if seed:
            self.dice = IconButton("mdi6.dice-5-outline", "New seed")
            self.dice.clicked.connect(self._draw_seed)
            layout.addWidget(self.dice)
        self.setFocusProxy(self.field)

    def value(self) -> Any:
        """Return a number, or what was typed instead."""
        return self.field.number()

    def set_value(self, value: Any) -> None:
        """Show it; nothing for None."""
        self.field.set_number(value)

    def set_name(self, name: str) -> None:
        """Name the field."""
        super().set_name(name)
        self.field.setAccessibleName(name)

    def set_invalid(self, invalid: bool) -> None:
        """Mark the field."""
        mark(self.field, invalid)

    def _draw_seed(self) -> None:
        shape = self.field.shape
        most = LARGEST_SEED if shape.most is None else min(int(shape.most), LARGEST_SEED)
        self.field.setText(str(random.randint(int(shape.least or 0), most)))
