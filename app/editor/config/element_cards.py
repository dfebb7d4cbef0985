"""A card for each element of a list whose elements have settings inside: its name, its buttons, and what edits it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.editor.config.control import Control, InnerRow, MakesControls, SettingPlace
from app.editor.config.nested import Indented, OneOfControl
from app.editor.config.values import blank
from app.editor.config.widgets import IconButton
from app.editor.look import look
from app.editor.plain_label import PlainLabel
from nodes.declaration.declared import Declared
from nodes.declaration.shapes import Group, Series, Shape


class ElementCard(QFrame):
    """One element of a list: its name, buttons to move and remove it, and what edits it.

    Args:
        control: Edits the element.
    """

    moved = Signal(object, int)
    removed = Signal(object)
    edited = Signal()

    def __init__(self, control: Control, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "item")
        self.control = control
        control.changed.connect(self.edited)
        self.title = PlainLabel()
        self.title.setProperty("role", "muted")
        self.up = IconButton("mdi6.arrow-up", "Move up", size=14)
        self.down = IconButton("mdi6.arrow-down", "Move down", size=14)
        self.remove = IconButton("mdi6.close", "Remove", size=14)
        self.up.clicked.connect(self._up)
        self.down.clicked.connect(self._down)
        self.remove.clicked.connect(self._remove)
        head = QHBoxLayout()
        head.setSpacing(2)
        chooses = isinstance(control, OneOfControl)
        head.addWidget(control if chooses else self.title, 1)
        if chooses:
            self.title.setParent(self)
            self.title.hide()
        for button in (self.up, self.down, self.remove):
            head.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(9, 6, 6, 8)
        layout.setSpacing(6)
        layout.addLayout(head)
        if not chooses:
            layout.addWidget(control)
        below = control.below()
        if below is not None:
            layout.addWidget(below)
            if isinstance(below, Indented):  # the card shows already what belongs together
                below.setProperty("role", "")
                below.inside.setContentsMargins(0, 0, 3, 0)

    def _up(self) -> None:
        self.moved.emit(self, -1)

    def _down(self) -> None:
        self.moved.emit(self, 1)

    def _remove(self) -> None:
        self.removed.emit(self)


class CardsControl(Control):
    """Any number of values that have settings inside, a card each.

    Args:
        shape: The list.
        declared: The setting that holds it, for its label.
        controls: Makes what edits an element.
        depth: How many groups it is inside of.
        name: What the accessible names inside begin with.
    """

    wide = True

    def __init__(
        self,
        shape: Series,
        declared: Declared | None,
        controls: MakesControls,
        parent: QWidget | None = None,
        *,
        depth: int = 0,
        name: str = "",
    ) -> None:
        super().__init__(parent)
        self._shape: Shape = shape.item
        self._controls = controls
        self._depth = depth
        self._given_name = name
        self._title = _element_title(shape.item, declared)
        self.cards: list[ElementCard] = []
        self._other: Any = None
        self._lines = QVBoxLayout()
        self._lines.setSpacing(7)
        self.add = QPushButton(f"Add {self._title.lower()}")
        self.add.setProperty("role", "add")
        self.add.clicked.connect(self._add_clicked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(self._lines)
        layout.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        look().changed.connect(self._redraw)
        self._redraw()

    def value(self) -> Any:
        """Return the values in order."""
        return [card.control.value() for card in self.cards] if self._other is None else self._other

    def set_value(self, value: Any) -> None:
        """Show a list; what is none stays as it is until something is added."""
        for card in self.cards:
            self._drop(card)
        self.cards = []
        self._other = None if value is None or isinstance(value, list | tuple) else value
        for item in value if isinstance(value, list | tuple) else []:
            self._append(item)
        self._number()

    def set_name(self, name: str) -> None:
        """Name the button; the cards have names of their own."""
        super().set_name(name)
        self._given_name = name
        self.add.setAccessibleName(f"{name}: add")
        self._number()

    def complaint(self) -> str:
        """Return that of the first card that has one."""
        return next((found for card in self.cards if (found := card.control.complaint())), "")

    def child(self, part: str) -> SettingPlace | None:
        """Return the card of a number."""
        return self.cards[int(part)].control if part.isdecimal() and int(part) < len(self.cards) else None

    def rows(self) -> Iterator[InnerRow]:
        """Yield those of all cards."""
        for card in self.cards:
            yield from card.control.rows()

    def first(self) -> QWidget:
        """Return the first card's first control, or the button that adds one."""
        return self.cards[0].control.first() if self.cards else self.add

    def _append(self, item: Any) -> ElementCard:
        control = self._controls.make(self._shape, None, self._depth, f"{self._given_name} {len(self.cards) + 1}")
        card = ElementCard(control)
        card.edited.connect(self.changed)
        card.moved.connect(self._moved)
        card.removed.connect(self._removed)
        self.cards.append(card)
        self._lines.addWidget(card)
        control.set_value(item)
        return card

    def _add_clicked(self) -> None:
        self._other = None
        card = self._append(blank(self._shape))
        self._number()
        card.control.first().setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def _moved(self, card: object, by: int) -> None:
        assert isinstance(card, ElementCard)
        at = self.cards.index(card)
        to = at + by
        if 0 <= to < len(self.cards):
            self.cards.insert(to, self.cards.pop(at))
            self._lines.removeWidget(card)
            self._lines.insertWidget(to, card)
            self._number()
            self.changed.emit()

    def _removed(self, card: object) -> None:
        assert isinstance(card, ElementCard)
        self.cards.remove(card)
        self._drop(card)
        self._number()
        self.add.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def _drop(self, card: ElementCard) -> None:
        self._lines.removeWidget(card)
        card.hide()
        card.deleteLater()

    def _number(self) -> None:
        for n, card in enumerate(self.cards, 1):
            card.title.setText(f"{self._title} {n}" if len(self.cards) > 1 else self._title)
            card.control.set_name(f"{self._given_name} {n}")
            card.up.setVisible(len(self.cards) > 1)
            card.down.setVisible(len(self.cards) > 1)
            card.up.setEnabled(n > 1)
            card.down.setEnabled(n < len(self.cards))
            for button, what in ((card.up, "move up"), (card.down, "move down"), (card.remove, "remove")):
                button.setAccessibleName(f"{self._given_name} {n}: {what}")

    def _redraw(self) -> None:
        self.add.setIcon(look().icon("mdi6.plus", look().colors.accent))


def _element_title(shape: Shape, declared: Declared | None) -> str:
    """Return what one element is called: by the class of a group, else by the setting's label in the singular."""
    if isinstance(shape, Group):
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", shape.model.__name__)
        return words.capitalize()
    label = declared.label if declared else "Value"
    return label[:-1] if label.endswith("s") else label
