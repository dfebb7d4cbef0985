"""Controls with settings inside: what may be switched off, one of several alternatives, and a group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.editor.config.control import Control, InnerRow, MakesControls, SettingPlace, mark
from app.editor.config.draft import SettingsDraft
from app.editor.config.form import SettingsForm
from app.editor.config.row import INDENT
from app.editor.config.simple import NOTHING
from app.editor.config.values import blank
from app.editor.config.widgets import QuietComboBox, Switch
from nodes.declaration.shapes import Alternative, Group, Maybe, OneOf, accepts


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
        """Return the value, or None."""
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
        """Return that of the value, where there is one."""
        return self.inner.complaint() if self.switch.isChecked() else ""

    def child(self, part: str) -> SettingPlace | None:
        """Return what is inside the value."""
        return self.inner.child(part) if self.switch.isChecked() else None

    def rows(self) -> Iterator[InnerRow]:
        """Yield those of the value."""
        return self.inner.rows() if self.switch.isChecked() else iter(())

    def below(self) -> QWidget | None:
        """Return that of the value."""
        return self._below

    def _show(self) -> None:
        used = self.switch.isChecked()
        self.inner.setEnabled(used)
        if self._below is not None:
            self._below.setVisible(used)

    def _switched(self) -> None:
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
        controls: Makes the controls inside.
        without: Those that are chosen elsewhere.
        depth: How many groups it is inside of.
        name: What the accessible names inside begin with.
    """

    def __init__(
        self,
        model: type[BaseModel],
        controls: MakesControls,
        parent: QWidget | None = None,
        *,
        without: tuple[str, ...] = (),
        depth: int = 0,
        name: str = "",
    ) -> None:
        super().__init__(parent)
        self.model = model
        self._frame = Indented(self)
        self._draft = SettingsDraft(model, without)
        self._form = SettingsForm(self._draft, controls, self, depth=depth + 1, context=name)
        self._form.changed.connect(self.changed)
        for page in self._form.pages.values():
            self._frame.inside.addWidget(page)
        self.setFixedHeight(0)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to set."""
        return self._form.is_empty

    def value(self) -> Any:
        """Return the settings that are not default."""
        return self._draft.values()

    def set_value(self, value: Any) -> None:
        """Show settings."""
        self._form.load(value if isinstance(value, dict) else {})

    def child(self, part: str) -> SettingPlace | None:
        """Return the row of a setting."""
        return self._form.child(part)

    def rows(self) -> Iterator[InnerRow]:
        """Yield the rows of all settings."""
        return iter(self._form.all_rows.values())

    def below(self) -> QWidget | None:
        """Return the rows."""
        return self._frame

    def first(self) -> QWidget:
        """Return what gets the focus in the first row."""
        for row in self._form.all_rows.values():
            if row.control is not None and not row.isHidden():
                return row.control.first()
        return self


class OneOfControl(Control):
    """One of several alternatives: a combo box, and what is to be said about the chosen one below it.

    Args:
        shape: The alternatives.
        controls: Makes the controls inside.
        optional: Whether nothing may be chosen.
        depth: How many groups it is inside of.
        name: What the accessible names inside begin with.
    """

    def __init__(
        self,
        shape: OneOf,
        controls: MakesControls,
        parent: QWidget | None = None,
        *,
        optional: bool = False,
        depth: int = 0,
        name: str = "",
    ) -> None:
        super().__init__(parent)
        self._alternatives: list[Alternative | None] = [None, *shape.alternatives] if optional else list(shape.alternatives)
        self._controls = controls
        self._depth = depth
        self._given_name = name
        self._made: dict[int, Control] = {}
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
        return self._made.get(self._at)

    @property
    def help(self) -> str:
        """The sentence about the alternative in use."""
        return self.chosen.help if self.chosen is not None else ""

    def explained(self) -> tuple[str, str] | None:
        """Return the alternative in use and the sentence about it."""
        return (self.chosen.title, self.help) if self.chosen is not None and self.help else None

    def value(self) -> Any:
        """Return the chosen alternative's value, with the field that tells it apart."""
        if self._at < 0:
            return self._foreign
        chosen = self.chosen
        if chosen is None:
            return None
        inner = self._made[self._at].value()
        if chosen.tag is None:
            return inner
        name, tag = chosen.tag
        return {name: tag} | {k: v for k, v in inner.items() if k != name}

    def set_value(self, value: Any) -> None:
        """Choose the alternative that the value is of."""
        for control in self._made.values():
            self._drop(control)
        self._made = {}
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
        for control in self._made.values():
            control.set_name(f"{name}: value")

    def set_invalid(self, invalid: bool) -> None:
        """Mark the value, or the combo box where there is none."""
        control = self._made.get(self._at)
        plain = control is not None and not isinstance(control, GroupControl)
        mark(self.combo, invalid and not plain)
        if control is not None:
            control.set_invalid(invalid)

    def complaint(self) -> str:
        """Return that of the alternative in use."""
        control = self._made.get(self._at)
        return control.complaint() if control is not None else ""

    def child(self, part: str) -> SettingPlace | None:
        """Return what is inside the alternative in use."""
        control = self._made.get(self._at)
        return control.child(part) if control is not None else None

    def rows(self) -> Iterator[InnerRow]:
        """Yield those of the alternative in use."""
        control = self._made.get(self._at)
        return control.rows() if control is not None else iter(())

    def below(self) -> QWidget | None:
        """Return the settings of the alternative in use."""
        return self._below

    def choose(self, index: int) -> None:
        """Use another alternative, as if it had been picked in the combo box."""
        self.combo.setCurrentIndex(index)
        self._chosen(index)

    def _chosen(self, index: int) -> None:
        if index == self._at:
            return
        self._at = index
        alternative = self._alternatives[index]
        if alternative is not None and index not in self._made:
            self._control(index).set_value(blank(alternative.shape, alternative.tag))
        self._show()
        self.changed.emit()

    def _control(self, index: int) -> Control:
        alternative = self._alternatives[index]
        assert alternative is not None
        shape = alternative.shape
        if isinstance(shape, Group):
            without = (alternative.tag[0],) if alternative.tag else ()
            made: Control = GroupControl(shape.model, self._controls, without=without, depth=self._depth, name=self._given_name)
        else:
            made = self._controls.make(shape, None, self._depth, self._given_name)
        made.set_name(f"{self._given_name}: value")
        made.changed.connect(self.changed)
        self._made[index] = made
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
        for index, control in self._made.items():
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
