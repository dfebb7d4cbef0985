"""Row: one setting in the dialog: its label, its control or the variable it is bound to, and what is wrong with it.

A row holds the stored value until the person changes it, so opening and applying changes nothing. Its control is made when
it is shown first: a node with a hundred settings in tabs opens as fast as one with three.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QEnterEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.document.model import Variable
from app.editor.config.binding import VARIABLE_ICON, BoundChip, NewVariable, bound_name, free_name
from app.editor.config.control import FIELD_HEIGHT, Control
from app.editor.config.declaration import MISSING, Declared, fits_variable, same, variable_type
from app.editor.config.factory import control_for
from app.editor.config.surroundings import Surroundings
from app.editor.config.widgets import IconButton

LABEL_WIDTH = 124
INDENT = 12


class Row(QWidget):
    """One setting.

    Args:
        declared: What the class says of it.
        surroundings: What is around the node.
        depth: How many groups it is inside of.
        context: What its accessible name begins with: the group it is in.
    """

    changed = Signal()

    def __init__(self, declared: Declared, surroundings: Surroundings, depth: int = 0, context: str = "") -> None:
        super().__init__()
        self.declared = declared
        self.level = depth
        self.control: Control | None = None
        self.problem = ""
        self.warning = False
        self._surroundings = surroundings
        self._name = f"{context}: {declared.label}" if context else declared.label
        self._raw: Any = MISSING
        self._loaded: Any = None
        self._touched = False
        self._bound: str | None = None
        self._chip: BoundChip | None = None
        self._below: QWidget | None = None
        self._hovered = False
        self._focused = False
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)

    # -- the value

    def load(self, raw: Any) -> None:
        """Show a stored value; MISSING shows the default. Emits nothing."""
        self._raw = raw
        self._touched = False
        self._bound = bound_name(raw)
        if self.control is not None:
            self._fill_control()
            self._show_binding()

    def raw(self) -> Any:
        """What is to be stored: MISSING where it is the default, and what was stored before where it was not changed."""
        if self._bound is not None:
            return {"variable": self._bound}
        if self.control is None:
            return self._raw
        entered = self.control.value()
        newly_set = self._touched and self.declared.required and self._raw is MISSING
        if same(entered, self._loaded) and not newly_set:
            return self._raw
        if same(entered, self.declared.default):
            return MISSING
        return entered

    def effective(self) -> Any:
        """The value that holds: the stored one, the variable's, or the default."""
        raw = self.raw()
        if raw is MISSING:
            return None if self.declared.required else self.declared.default
        name = bound_name(raw)
        return raw if name is None else self._surroundings.values.get(name)

    @property
    def is_default(self) -> bool:
        """Whether it is as in a new node."""
        return self.raw() is MISSING

    def reset(self) -> None:
        """Make it as in a new node."""
        if not self.is_default:
            self.load_default()
            self.changed.emit()

    def load_default(self) -> None:
        """Show the default, as an edit that is not announced."""
        self.load(MISSING)

    def restore(self, settings: Mapping[str, Any], name: str) -> None:
        """Show what was typed before and not applied, as an edit that is not announced.

        Args:
            settings: A draft; where the setting is not in it, it was set back to its default.
            name: The setting in it.
        """
        self.reveal()
        if name not in settings:
            self.load(MISSING)
            return
        self._bound = bound_name(settings[name])
        if self._bound is None and self.control is not None:
            self.control.set_value(settings[name])
            self._touched = True
        self._show_binding()

    # -- showing

    def reveal(self) -> None:
        """Make the control, if it is not there yet."""
        if self.control is not None:
            return
        declared = self.declared
        self.control = control_for(declared.shape, declared, self._surroundings, self.level, self._name)
        self.control.changed.connect(self._edited)
        self.control.set_name(self._name)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._layout.addLayout(self._grid)
        self._make_label()
        wide = self.control.wide
        if wide:  # lists would take all the room that is left; the row itself must grow with what its message needs
            self.control.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        place = (1, 0, 1, 2) if wide else (0, 1, 1, 1)
        self._grid.addWidget(self.control, *place)
        self._grid.setColumnStretch(1, 1)
        self._message = QLabel()
        self._message.setProperty("role", "error")
        self._message.setWordWrap(True)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._message.hide()
        self._grid.addWidget(self._message, 2, 0 if wide else 1, 1, 2 if wide else 1)
        below = self.control.below()
        if below is not None:
            self._below = QWidget()
            inside = QVBoxLayout(self._below)
            inside.setContentsMargins(0, 0, 0, 0)
            inside.addWidget(below)
            self._layout.addWidget(self._below)
        self._surroundings.changed.connect(self._show_binding)
        self._fill_control()
        self._show_binding()
        self._show_problem()

    def show_problem(self, message: str, *, warning: bool = False) -> None:
        """Say what is wrong with the setting; nothing takes it back."""
        self.problem, self.warning = message, warning
        if self.control is not None:
            self._show_problem()

    def child(self, part: str) -> Row | Control | None:
        """What is inside the setting, by the next part of a dotted name."""
        return self.control.child(part) if self.control is not None and self._bound is None else None

    def rows(self) -> Iterator[Row]:
        """This row and all that are inside it."""
        yield self
        if self.control is not None and self._bound is None:
            for row in self.control.rows():
                yield from row.rows()

    def complaint(self) -> str:
        """Why what is entered is no value at all."""
        return self.control.complaint() if self.control is not None and self._bound is None else ""

    def focus_control(self) -> None:
        """Give the control the focus."""
        self.reveal()
        if self._bound is not None and self._chip is not None:
            self._chip.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self.control is not None:
            self.control.first().setFocus(Qt.FocusReason.OtherFocusReason)

    def show_focus(self, focused: bool) -> None:
        """Make the label bold, and the button for variables visible, while the setting has the focus."""
        if self.control is None:
            return
        font = self.label.font()
        font.setBold(focused)
        self.label.setFont(font)
        self._focused = focused
        self._show_button()

    @property
    def chip_text(self) -> str:
        """What is shown of the variable that it is bound to; empty if it is not."""
        return f"{self._chip.name.text()} {self._chip.held.text()}" if self._bound is not None and self._chip is not None else ""

    # -- variables

    def menu(self) -> QMenu:
        """What can be done with the setting beside changing its value."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        fitting = [v for v in self._surroundings.variables.values() if fits_variable(self.declared.shape, v.type, v.value)]
        for variable in fitting:
            action = menu.addAction(f"{variable.name}  =  {variable.value}")
            action.setData(variable.name)
            action.setToolTip(variable.description)
            action.setCheckable(True)
            action.setChecked(variable.name == self._bound)
        kind = variable_type(self.declared.shape, bool(self.declared.path))
        if not fitting:
            menu.addAction("No variable fits" if kind else "A variable cannot hold such a setting").setEnabled(False)
        menu.addSeparator()
        new = menu.addAction("New variable from this value …")
        new.setData("\0new")
        new.setEnabled(kind is not None and self._bound is None and self._variable_value(kind) is not None)
        unbind = menu.addAction("Unbind")
        unbind.setData("\0unbind")
        unbind.setEnabled(self._bound is not None)
        menu.addSeparator()
        reset = menu.addAction("Reset to default")
        reset.setData("\0reset")
        reset.setEnabled(not self.is_default)
        menu.triggered.connect(self._menu_chosen)
        return menu

    def bind(self, name: str) -> None:
        """Take the value from a variable."""
        self._bound = name
        self._show_binding()
        self.changed.emit()

    def unbind(self) -> None:
        """Take the value that the variable has at this moment, and forget the variable."""
        if self._bound is not None:
            self.reveal()
            self._bound = None
            self._show_binding()
            self.changed.emit()

    # -- events

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show the button for variables."""
        self._hovered = True
        self._show_button()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Hide it again."""
        self._hovered = False
        self._show_button()
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu, wherever the row was pressed."""
        if self.control is not None:
            self.menu().popup(event.globalPos())
            event.accept()

    def open_menu(self) -> None:
        """The menu, below the button."""
        self.menu().popup(self.button.mapToGlobal(QPoint(0, self.button.height())))

    # -- the mechanism

    def _make_label(self) -> None:
        self.label = QLabel(self.declared.label)
        self.label.setProperty("role", "label")
        self.label.setWordWrap(True)
        if self.control is not None:
            self.label.setBuddy(self.control)
        self.label.setToolTip(self.declared.help)
        self.button = IconButton(VARIABLE_ICON, "Use a variable (Ctrl+B)", size=14)
        self.button.setAccessibleName(f"{self._name}: use a variable")
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.clicked.connect(self.open_menu)
        policy = self.button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.button.setSizePolicy(policy)
        self.button.hide()
        cell = QWidget()
        line = QHBoxLayout(cell)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self.label, 1)
        line.addWidget(self.button)
        wide = self.control is not None and self.control.wide
        if wide:
            self._grid.addWidget(cell, 0, 0, 1, 2)
            cell.setMinimumHeight(22)
        else:
            cell.setFixedWidth(max(LABEL_WIDTH - self.level * INDENT, 64))
            cell.setMinimumHeight(FIELD_HEIGHT)
            self._grid.addWidget(cell, 0, 0, Qt.AlignmentFlag.AlignTop)

    def _fill_control(self) -> None:
        control, declared = self.control, self.declared
        if control is None:
            return
        if self._raw is MISSING or self._bound is not None:
            shown = None if declared.required else declared.default
            if self._bound is not None:
                shown = self._surroundings.values.get(self._bound, shown)
        else:
            shown = self._raw
        control.set_value(shown)
        self._loaded = control.value() if self._bound is None else _NEVER

    def _edited(self) -> None:
        self._touched = True
        self.changed.emit()

    def _show_binding(self) -> None:
        if self.control is None:
            return
        bound = self._bound is not None
        if bound and self._chip is None:
            self._chip = BoundChip()
            self._chip.unbind.connect(self.unbind)
            wide = self.control.wide
            self._grid.addWidget(self._chip, 1 if wide else 0, 0 if wide else 1, 1, 2 if wide else 1)
        if self._chip is not None:
            self._chip.setVisible(bound)
            if self._bound is not None:
                self._chip.show_variable(self.declared.label, self._bound, self._surroundings.variables.get(self._bound))
        self.control.setVisible(not bound)
        if self._below is not None:
            self._below.setVisible(not bound)
        self._show_button()

    def _show_button(self) -> None:
        if self.control is not None:
            self.button.setVisible(self._hovered or self._focused or self._bound is not None)

    def _show_problem(self) -> None:
        if self.control is None:
            return
        self._message.setText(self.problem)
        role = "warning" if self.warning else "error"
        if self._message.property("role") != role:
            self._message.setProperty("role", role)
            self._message.style().unpolish(self._message)
            self._message.style().polish(self._message)
        self._message.setVisible(bool(self.problem))
        self.control.set_invalid(bool(self.problem) and not self.warning)

    def _variable_value(self, kind: str) -> Any:
        """The present value as a variable of a type holds it; None where it cannot."""
        value = self.effective()
        wanted: dict[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "boolean": (bool,)}
        right = isinstance(value, wanted.get(kind, (str,))) and (kind == "boolean" or not isinstance(value, bool))
        return value if right else None

    def _menu_chosen(self, action: Any) -> None:
        chosen = action.data()
        if chosen == "\0reset":
            self.reset()
        elif chosen == "\0unbind":
            self.unbind()
        elif chosen == "\0new":
            self._ask_for_variable()
        elif isinstance(chosen, str):
            self.bind(chosen)

    def _ask_for_variable(self) -> None:
        kind = variable_type(self.declared.shape, bool(self.declared.path)) or "text"
        taken = self._surroundings.variables
        dialog = NewVariable(kind, self._variable_value(kind), free_name(self.declared.name, taken), taken, self.window())
        dialog.made.connect(self._variable_made)
        dialog.open()

    def _variable_made(self, variable: object) -> None:
        assert isinstance(variable, Variable)
        self._surroundings.add_variable(variable)
        self.bind(variable.name)


_NEVER = object()
"""Differs from every value."""
