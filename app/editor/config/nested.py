"""Controls with settings inside: what may be switched off, one of several alternatives, a group, and lists of such."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.editor.config.control import Control, mark
from app.editor.config.declaration import Alternative, Declared, Group, Maybe, OneOf, Series, Shape, accepts
from app.editor.config.form import Form
from app.editor.config.row import INDENT, Row
from app.editor.config.simple import NOTHING
from app.editor.config.surroundings import Surroundings
from app.editor.config.widgets import IconButton, QuietComboBox, Switch
from app.editor.look import look


class Indented(QFrame):
    """A place for settings of a setting: a line at the left says where they belong."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "nested")
        self.inside = QVBoxLayout(self)
        self.inside.setContentsMargins(INDENT - 2, 2, 0, 2)
        self.inside.setSpacing(6)


class MaybeControl(Control):
    """A value that may be left empty: a switch says whether there is one.

    Args:
        shape: The value.
        inner: Edits it.
    """

    def __init__(self, shape: Maybe, inner: Control, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shape = shape
        self.inner = inner
        self.wide = inner.wide
        self.switch = Switch()
        self.switch.clicked.connect(self._switched)
        inner.changed.connect(self.changed)
        self._below = inner.below()
        if self.wide:
            column = QVBoxLayout(self)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(4)
            column.addWidget(self.switch)
            column.addWidget(inner)
        else:
            line = QHBoxLayout(self)
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(6)
            line.addWidget(
                self.switch, 0, Qt.AlignmentFlag.AlignTop if inner.sizeHint().height() > 60 else Qt.AlignmentFlag.AlignVCenter
            )
            line.addWidget(inner, 1)
        self.setFocusProxy(self.switch)

    def value(self) -> Any:
        """The value, or None."""
        return self.inner.value() if self.switch.isChecked() else None

    def set_value(self, value: Any) -> None:
        """Show a value, or that there is none."""
        self.switch.setChecked(value is not None)
        self.inner.set_value(value)
        self._show()

    def set_name(self, name: str) -> None:
        """Name switch and value."""
        super().set_name(name)
        self.switch.setAccessibleName(f"{name}: use")
        self.inner.set_name(name)

    def set_invalid(self, invalid: bool) -> None:
        """Mark the value."""
        self.inner.set_invalid(invalid)

    def complaint(self) -> str:
        """That of the value, where there is one."""
        return self.inner.complaint() if self.switch.isChecked() else ""

    def child(self, part: str) -> Row | Control | None:
        """What is inside the value."""
        return self.inner.child(part) if self.switch.isChecked() else None

    def rows(self) -> Iterator[Row]:
        """Those of the value."""
        return self.inner.rows() if self.switch.isChecked() else iter(())

    def below(self) -> QWidget | None:
        """That of the value."""
        return self._below

    def _show(self) -> None:
        used = self.switch.isChecked()
        self.inner.setEnabled(used)
        if self._below is not None:
            self._below.setVisible(used)

    def _switched(self) -> None:
        from app.editor.config.factory import blank

        if self.switch.isChecked() and not isinstance(self.inner, GroupControl) and self.inner.value() in (None, "", []):
            self.inner.set_value(blank(self._shape.inner))
        self._show()
        if self.switch.isChecked():
            self.inner.first().setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()


class GroupControl(Control):
    """Settings of its own, below.

    Args:
        model: Their class.
        surroundings: What is around the node.
        without: Those that are chosen elsewhere.
        depth: How many groups it is inside of.
        name: What the accessible names inside begin with.
    """

    def __init__(
        self,
        model: type[BaseModel],
        surroundings: Surroundings,
        parent: QWidget | None = None,
        *,
        without: tuple[str, ...] = (),
        depth: int = 0,
        name: str = "",
    ) -> None:
        super().__init__(parent)
        self.model = model
        self._frame = Indented(self)
        self._form = Form(model, surroundings, self, without=without, depth=depth + 1, context=name)
        self._form.changed.connect(self.changed)
        for page in self._form.pages.values():
            self._frame.inside.addWidget(page)
        self.setFixedHeight(0)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to set."""
        return self._form.is_empty

    def value(self) -> Any:
        """The settings that are not default."""
        return self._form.values()

    def set_value(self, value: Any) -> None:
        """Show settings."""
        self._form.load(value if isinstance(value, dict) else {})

    def child(self, part: str) -> Row | Control | None:
        """The row of a setting."""
        return self._form.child(part)

    def rows(self) -> Iterator[Row]:
        """The rows of all settings."""
        return iter(self._form.all_rows.values())

    def below(self) -> QWidget | None:
        """The rows."""
        return self._frame

    def first(self) -> QWidget:
        """What gets the focus in the first row."""
        for row in self._form.all_rows.values():
            if row.control is not None and not row.isHidden():
                return row.control.first()
        return self


class OneOfControl(Control):
    """One of several alternatives: a combo box, and what is to be said about the chosen one below it.

    Args:
        shape: The alternatives.
        surroundings: What is around the node.
        optional: Whether nothing may be chosen.
        depth: How many groups it is inside of.
        name: What the accessible names inside begin with.
    """

    def __init__(
        self,
        shape: OneOf,
        surroundings: Surroundings,
        parent: QWidget | None = None,
        *,
        optional: bool = False,
        depth: int = 0,
        name: str = "",
    ) -> None:
        super().__init__(parent)
        self._alternatives: list[Alternative | None] = [None, *shape.alternatives] if optional else list(shape.alternatives)
        self._surroundings = surroundings
        self._depth = depth
        self._given_name = name
        self._controls: dict[int, Control] = {}
        self._at = -1
        self._foreign: Any = None
        self.combo = QuietComboBox()
        for alternative in self._alternatives:
            self.combo.addItem(NOTHING if alternative is None else alternative.title)
            tip = "" if alternative is None else alternative.help
            self.combo.setItemData(self.combo.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.combo.setPlaceholderText("Choose …")
        self.combo.activated.connect(self._chosen)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(5)
        self._column.addWidget(self.combo)
        self._below = QWidget(self)
        self._below_layout = QVBoxLayout(self._below)
        self._below_layout.setContentsMargins(0, 0, 0, 0)
        self.setFocusProxy(self.combo)

    @property
    def chosen(self) -> Alternative | None:
        """The alternative in use."""
        return self._alternatives[self._at] if self._at >= 0 else None

    @property
    def value_control(self) -> Control | None:
        """What edits the alternative in use."""
        return self._controls.get(self._at)

    @property
    def help(self) -> str:
        """The sentence about the alternative in use."""
        return self.chosen.help if self.chosen is not None else ""

    def value(self) -> Any:
        """The chosen alternative's value, with the field that tells it apart."""
        if self._at < 0:
            return self._foreign
        chosen = self.chosen
        if chosen is None:
            return None
        inner = self._controls[self._at].value()
        if chosen.tag is None:
            return inner
        name, tag = chosen.tag
        return {name: tag} | {k: v for k, v in inner.items() if k != name}

    def set_value(self, value: Any) -> None:
        """Choose the alternative that the value is of."""
        for control in self._controls.values():
            self._drop(control)
        self._controls = {}
        self._foreign = value
        self._at = next(
            (
                n
                for n, a in enumerate(self._alternatives)
                if (value is None if a is None else value is not None and accepts(a, value))
            ),
            -1,
        )
        if self._at < 0 and isinstance(value, str):  # what was typed for a number, say
            self._at = next((n for n, a in enumerate(self._alternatives) if a is not None and not isinstance(a.shape, Group)), -1)
        self.combo.setCurrentIndex(self._at)
        if self._at >= 0 and self._alternatives[self._at] is not None:
            self._control(self._at).set_value(value)
        self._show()

    def set_name(self, name: str) -> None:
        """Name the combo box, and what is below it."""
        super().set_name(name)
        self._given_name = name
        self.combo.setAccessibleName(name)
        for control in self._controls.values():
            control.set_name(f"{name}: value")

    def set_invalid(self, invalid: bool) -> None:
        """Mark the value, or the combo box where there is none."""
        control = self._controls.get(self._at)
        plain = control is not None and not isinstance(control, GroupControl)
        mark(self.combo, invalid and not plain)
        if control is not None:
            control.set_invalid(invalid)

    def complaint(self) -> str:
        """That of the alternative in use."""
        control = self._controls.get(self._at)
        return control.complaint() if control is not None else ""

    def child(self, part: str) -> Row | Control | None:
        """What is inside the alternative in use."""
        control = self._controls.get(self._at)
        return control.child(part) if control is not None else None

    def rows(self) -> Iterator[Row]:
        """Those of the alternative in use."""
        control = self._controls.get(self._at)
        return control.rows() if control is not None else iter(())

    def below(self) -> QWidget | None:
        """The settings of the alternative in use."""
        return self._below

    def choose(self, index: int) -> None:
        """Use another alternative, as if it had been picked in the combo box."""
        self.combo.setCurrentIndex(index)
        self._chosen(index)

    def _chosen(self, index: int) -> None:
        if index == self._at:
            return
        from app.editor.config.factory import blank

        self._at = index
        alternative = self._alternatives[index]
        if alternative is not None and index not in self._controls:
            self._control(index).set_value(blank(alternative.shape, alternative.tag))
        self._show()
        self.changed.emit()

    def _control(self, index: int) -> Control:
        from app.editor.config.factory import control_for

        alternative = self._alternatives[index]
        assert alternative is not None
        shape = alternative.shape
        if isinstance(shape, Group):
            without = (alternative.tag[0],) if alternative.tag else ()
            made: Control = GroupControl(
                shape.model, self._surroundings, without=without, depth=self._depth, name=self._given_name
            )
        else:
            made = control_for(shape, None, self._surroundings, self._depth, self._given_name)
        made.set_name(f"{self._given_name}: value")
        made.changed.connect(self.changed)
        self._controls[index] = made
        if isinstance(made, GroupControl):
            made.hide()
            made.setParent(self)
        else:
            self._column.addWidget(made)
        below = made.below()
        if below is not None:
            self._below_layout.addWidget(below)
        return made

    def _show(self) -> None:
        anything = False
        for index, control in self._controls.items():
            used = index == self._at
            group = isinstance(control, GroupControl)
            if not group:
                control.setVisible(used)
            below = control.below()
            if below is not None:
                shown = used and not (isinstance(control, GroupControl) and control.is_empty)
                below.setVisible(shown)
                anything = anything or shown
        self._below.setVisible(anything)
        self.combo.setToolTip(self.help)

    def _drop(self, control: Control) -> None:
        below = control.below()
        for widget in (control, below):
            if widget is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()


# ----------------------------------------------------------------------------------------------------------------- lists


class Card(QFrame):
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
        self.title = QLabel()
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
        surroundings: What is around the node.
        depth: How many groups it is inside of.
        name: What the accessible names inside begin with.
    """

    wide = True

    def __init__(
        self,
        shape: Series,
        declared: Declared | None,
        surroundings: Surroundings,
        parent: QWidget | None = None,
        *,
        depth: int = 0,
        name: str = "",
    ) -> None:
        super().__init__(parent)
        self._shape: Shape = shape.item
        self._surroundings = surroundings
        self._depth = depth
        self._given_name = name
        self._title = _element_title(shape.item, declared)
        self.cards: list[Card] = []
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
        """The values in order."""
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
        """The first card's that has one."""
        return next((found for card in self.cards if (found := card.control.complaint())), "")

    def child(self, part: str) -> Row | Control | None:
        """The card of a number."""
        return self.cards[int(part)].control if part.isdecimal() and int(part) < len(self.cards) else None

    def rows(self) -> Iterator[Row]:
        """Those of all cards."""
        for card in self.cards:
            yield from card.control.rows()

    def first(self) -> QWidget:
        """The first card's first control, or the button that adds one."""
        return self.cards[0].control.first() if self.cards else self.add

    def _append(self, item: Any) -> Card:
        from app.editor.config.factory import control_for

        control = control_for(self._shape, None, self._surroundings, self._depth, f"{self._given_name} {len(self.cards) + 1}")
        card = Card(control)
        card.edited.connect(self.changed)
        card.moved.connect(self._moved)
        card.removed.connect(self._removed)
        self.cards.append(card)
        self._lines.addWidget(card)
        control.set_value(item)
        return card

    def _add_clicked(self) -> None:
        from app.editor.config.factory import blank

        self._other = None
        card = self._append(blank(self._shape))
        self._number()
        card.control.first().setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def _moved(self, card: object, by: int) -> None:
        assert isinstance(card, Card)
        at = self.cards.index(card)
        to = at + by
        if 0 <= to < len(self.cards):
            self.cards.insert(to, self.cards.pop(at))
            self._lines.removeWidget(card)
            self._lines.insertWidget(to, card)
            self._number()
            self.changed.emit()

    def _removed(self, card: object) -> None:
        assert isinstance(card, Card)
        self.cards.remove(card)
        self._drop(card)
        self._number()
        self.add.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def _drop(self, card: Card) -> None:
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
    """What one element is called: by the class of a group, else by the setting's label in the singular."""
    if isinstance(shape, Group):
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", shape.model.__name__)
        return words.capitalize()
    label = declared.label if declared else "Value"
    return label[:-1] if label.endswith("s") else label
