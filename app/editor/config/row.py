"""SettingRow: one setting in the dialog: its label, its control or the variable it is bound to, and what is wrong with it.

What is entered is the draft's. The control is made when it is shown first: a node with a hundred settings in tabs opens as
fast as one with three.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QEnterEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.document.model import Variable
from app.editor.config.control import FIELD_HEIGHT, Control, InnerRow, MakesControls, SettingPlace
from app.editor.config.draft import SettingDraft
from app.editor.config.values import fits_variable, variable_type
from app.editor.config.variable_binding import VARIABLE_ICON, BoundChip, NewVariable, free_name
from app.editor.config.widgets import IconButton
from app.editor.plain_label import PlainLabel
from app.editor.visible_text import plain_tip
from nodes.declaration.declared import MISSING, same
from nodes.declaration.wording import shown, shown_start

LABEL_WIDTH = 124
INDENT = 12


class SettingRow(QWidget):
    """One setting.

    Args:
        draft: The setting, and what is entered of it.
        controls: Makes its control.
        depth: How many groups it is inside of.
        context: What its accessible name begins with: the group it is in.
    """

    changed = Signal()

    def __init__(self, draft: SettingDraft, controls: MakesControls, depth: int = 0, context: str = "") -> None:
        super().__init__()
        self.draft = draft
        self.declared = draft.declared
        self.level = depth
        self.control: Control | None = None
        self._controls = controls
        self._around = controls.context
        self._name = f"{context}: {self.declared.label}" if context else self.declared.label
        self._chip: BoundChip | None = None
        self._below: QWidget | None = None
        self.guessed = ""
        self._hovered = False
        self._focused = False
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)

    # -- the value

    @property
    def problem(self) -> str:
        """What is wrong with the setting."""
        return self.draft.problem

    def fill(self) -> None:
        """Show what the draft holds. Emits nothing."""
        if self.control is not None:
            self._fill_control()
            self._show_binding()

    def effective(self) -> Any:
        """Return the value that holds: the stored one, the variable's, or the default."""
        return self.draft.effective(self._around.node.values)

    def reset(self) -> None:
        """Make it the default of its kind of node."""
        if not self.draft.is_default:
            self.draft.load(MISSING)
            self.fill()
            self.changed.emit()

    def restart(self) -> None:
        """Make it as in a node that a person adds: the starting value, which is stored."""
        self.draft.load(self.declared.start)
        self.fill()
        self.changed.emit()

    # -- showing

    def reveal(self) -> None:
        """Make the control, if it is not there yet."""
        if self.control is not None:
            return
        declared = self.declared
        self.control = self._controls.make(declared.shape, declared, self.level, self._name)
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
        self._message = PlainLabel()
        self._message.setProperty("role", "error")
        self._message.setWordWrap(True)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._message.hide()
        self._grid.addWidget(self._message, 2, 0 if wide else 1, 1, 2 if wide else 1)
        self._guess = PlainLabel()
        self._guess.setProperty("role", "muted")
        self._guess.setWordWrap(True)
        self._guess.setTextFormat(Qt.TextFormat.PlainText)
        self._guess.hide()
        self._grid.addWidget(self._guess, 3, 0 if wide else 1, 1, 2 if wide else 1)
        below = self.control.below()
        if below is not None:
            self._below = QWidget()
            inside = QVBoxLayout(self._below)
            inside.setContentsMargins(0, 0, 0, 0)
            inside.addWidget(below)
            self._layout.addWidget(self._below)
        self._around.changed.connect(self._show_binding)
        self._fill_control()
        self._show_binding()
        self._show_problem()
        self._show_guess()

    def show_problem(self, message: str, *, warning: bool = False) -> None:
        """Say what is wrong with the setting; nothing takes it back."""
        self.draft.problem, self.draft.warning = message, warning
        if self.control is not None:
            self._show_problem()

    def show_guess(self, taken: str) -> None:
        """Say what the node takes while the setting is empty; nothing takes it back."""
        self.guessed = taken
        if self.control is not None:
            self._show_guess()

    def child(self, part: str) -> SettingPlace | None:
        """Return what is inside the setting, by the next part of a dotted name."""
        return self.control.child(part) if self.control is not None and self.draft.bound is None else None

    def rows(self) -> Iterator[InnerRow]:
        """This row and all that are inside it."""
        yield self
        if self.control is not None and self.draft.bound is None:
            for row in self.control.rows():
                yield from row.rows()

    def complaint(self) -> str:
        """Return why what is entered is no value at all."""
        return self.control.complaint() if self.control is not None and self.draft.bound is None else ""

    def focus_control(self) -> None:
        """Give the control the focus."""
        self.reveal()
        if self.draft.bound is not None and self._chip is not None:
            self._chip.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self.control is not None:
            self.control.first().setFocus(Qt.FocusReason.TabFocusReason)  # what is there is selected, to be typed over

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
        shown = self.draft.bound is not None and self._chip is not None
        return f"{self._chip.name.text()} {self._chip.held.text()}" if shown and self._chip is not None else ""

    # -- variables

    def menu(self) -> QMenu:
        """Return what can be done with the setting beside changing its value."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        around = self._around.node
        fitting = around.fitting(lambda kind, value: fits_variable(self.declared.shape, kind, value))
        for name in fitting:
            action = menu.addAction(f"{name}  {around.held(name).replace('= ', '=  ', 1)}")
            action.setData(name)
            action.setToolTip(plain_tip(around.variables[name].description if name not in around.wired else ""))
            action.setCheckable(True)
            action.setChecked(name == self.draft.bound)
        kind = variable_type(self.declared.shape, bool(self.declared.path))
        if not fitting:
            menu.addAction("No variable fits" if kind else "A variable cannot hold such a setting").setEnabled(False)
        menu.addSeparator()
        new = menu.addAction("New variable from this value …")
        new.setData("\0new")
        new.setEnabled(kind is not None and self.draft.bound is None and self._variable_value(kind) is not None)
        unbind = menu.addAction("Unbind")
        unbind.setData("\0unbind")
        unbind.setEnabled(self.draft.bound is not None)
        menu.addSeparator()
        starts = self.declared.start is not MISSING
        reset = menu.addAction(f"Reset to default ({shown(self.declared.initial)})" if starts else "Reset to default")
        reset.setData("\0reset")
        reset.setEnabled(not self.draft.is_default)
        if starts:
            start = menu.addAction(f"As in a new node ({shown_start(self.declared)})")
            start.setData("\0start")
            start.setEnabled(not same(self.draft.raw(), self.declared.start))
        menu.triggered.connect(self._menu_chosen)
        return menu

    def bind(self, name: str) -> None:
        """Take the value from a variable."""
        self.draft.bind(name)
        self._show_binding()
        self.changed.emit()

    def unbind(self) -> None:
        """Take the value that the variable has at this moment, and forget the variable."""
        if self.draft.bound is not None:
            self.reveal()
            self.draft.unbind(self.control.value() if self.control is not None else None)
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
        """Open the menu, wherever the row was pressed."""
        if self.control is not None:
            self.menu().popup(event.globalPos())
            event.accept()

    def open_menu(self) -> None:
        """Open the menu, below the button."""
        self.menu().popup(self.button.mapToGlobal(QPoint(0, self.button.height())))

    # -- the mechanism

    def _make_label(self) -> None:
        self.label = PlainLabel(self.declared.label)
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
        if self.control is None:
            return
        entered = self.draft.entered
        self.control.set_value(self.draft.loaded(self._around.node.values))
        self.draft.shown_as(self.control.value())
        if entered is not MISSING:
            self.control.set_value(entered)
            self.draft.enter(self.control.value())
        self.draft.unreadable = self._is_unreadable()

    def _is_unreadable(self) -> bool:
        return any(row.complaint() for row in self.rows())

    def _edited(self) -> None:
        if self.control is not None:
            self.draft.enter(self.control.value())
        self.draft.unreadable = self._is_unreadable()
        self.changed.emit()

    def _show_binding(self) -> None:
        if self.control is None:
            return
        bound = self.draft.bound is not None
        if bound and self._chip is None:
            self._chip = BoundChip()
            self._chip.unbind.connect(self.unbind)
            wide = self.control.wide
            self._grid.addWidget(self._chip, 1 if wide else 0, 0 if wide else 1, 1, 2 if wide else 1)
        if self._chip is not None:
            self._chip.setVisible(bound)
            if self.draft.bound is not None:
                self._chip.show_variable(self.declared.label, self.draft.bound, self._around.node.held(self.draft.bound))
        self.control.setVisible(not bound)
        if self._below is not None:
            self._below.setVisible(not bound)
        self._show_button()

    def _show_button(self) -> None:
        if self.control is not None:
            self.button.setVisible(self._hovered or self._focused or self.draft.bound is not None)

    def _show_problem(self) -> None:
        if self.control is None:
            return
        self._message.setText(self.draft.problem)
        role = "warning" if self.draft.warning else "error"
        if self._message.property("role") != role:
            self._message.setProperty("role", role)
            self._message.style().unpolish(self._message)
            self._message.style().polish(self._message)
        self._message.setVisible(bool(self.draft.problem))
        self.control.set_invalid(bool(self.draft.problem) and not self.draft.warning)

    def _show_guess(self) -> None:
        self._guess.setText(f"auto: {self.guessed}")
        self._guess.setVisible(bool(self.guessed) and not self.draft.problem)

    def _variable_value(self, kind: str) -> Any:
        """Return the present value as a variable of a type holds it; None where it cannot."""
        value = self.draft.effective(self._around.node.values)
        wanted: dict[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "boolean": (bool,)}
        right = isinstance(value, wanted.get(kind, (str,))) and (kind == "boolean" or not isinstance(value, bool))
        return value if right else None

    def _menu_chosen(self, action: Any) -> None:
        chosen = action.data()
        if chosen == "\0reset":
            self.reset()
        elif chosen == "\0start":
            self.restart()
        elif chosen == "\0unbind":
            self.unbind()
        elif chosen == "\0new":
            self._ask_for_variable()
        elif isinstance(chosen, str):
            self.bind(chosen)

    def _ask_for_variable(self) -> None:
        kind = variable_type(self.declared.shape, bool(self.declared.path)) or "text"
        taken = self._around.node.variables
        dialog = NewVariable(kind, self._variable_value(kind), free_name(self.declared.name, taken), taken, self.window())
        dialog.made.connect(self._variable_made)
        dialog.open()

    def _variable_made(self, variable: object) -> None:
        assert isinstance(variable, Variable)
        self._around.add_variable(variable)
        self.bind(variable.name)
