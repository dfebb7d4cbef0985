"""Variable binding: the chip that a setting shows whose value is a variable's, and the dialog for a new variable."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Literal, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.document.model import Variable
from app.editor.config.control import mark
from app.editor.config.widgets import IconButton
from app.editor.look import look
from app.editor.plain_label import PlainLabel
from app.editor.visible_text import plain_tip

VARIABLE_ICON = "mdi6.variable"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}")
VariableType = Literal["text", "integer", "number", "boolean", "path"]


class BoundChip(QFrame):
    """Shows in a control's place that its value is a variable's."""

    unbind = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "bound")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._icon = PlainLabel()
        self.name = PlainLabel()
        self.name.setProperty("role", "heading")
        self.held = PlainLabel()
        self.held.setProperty("role", "muted")
        self.held.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.remove = IconButton("mdi6.link-off", "Unbind", size=14)
        self.remove.clicked.connect(self.unbind)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 4, 2)
        layout.setSpacing(6)
        layout.addWidget(self._icon)
        layout.addWidget(self.name)
        layout.addWidget(self.held, 1)
        layout.addWidget(self.remove)
        look().changed.connect(self._draw)
        self._draw()

    def show_variable(self, label: str, name: str, held: str) -> None:
        """Show which variable it is, what it holds and where that comes from; empty: there is no such variable."""
        self.name.setText(name)
        held = held or "does not exist"
        self.held.setText(held)
        self.held.setToolTip(plain_tip(held))
        self.setToolTip(plain_tip(f"The variable '{name}' {held}"))
        self.setAccessibleName(f"{label}: variable {name} {held}")

    def _draw(self) -> None:
        self._icon.setPixmap(look().icon(VARIABLE_ICON, look().colors.accent).pixmap(16, 16))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """Return a variable name that is not in use, made of what is wanted."""
    stem = re.sub(r"\W", "_", wanted, flags=re.ASCII).strip("_") or "value"
    stem = stem if NAME.fullmatch(stem) else f"_{stem}"
    used, name, number = set(taken), stem, 2
    while name in used:
        name, number = f"{stem}_{number}", number + 1
    return name


class NewVariable(QDialog):
    """Asks for the name of a new variable.

    Args:
        kind: The variable's type.
        value: Its value.
        suggested: The name to begin with.
        taken: Names that are in use.
    """

    made = Signal(object)
    """The Variable."""

    def __init__(self, kind: str, value: Any, suggested: str, taken: Iterable[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New variable")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._kind = cast(VariableType, kind)
        self._value = value
        self._taken = set(taken)
        self.name = QLineEdit(suggested)
        self.name.setAccessibleName("Name of the variable")
        self.name.selectAll()
        self.name.textChanged.connect(self._check)
        self.problem = PlainLabel()
        self.problem.setProperty("role", "error")
        self.problem.setWordWrap(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel | QDialogButtonBox.StandardButton.Ok)
        self.create_button = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.create_button.setText("Create")
        self.create_button.setProperty("role", "primary")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        shown = PlainLabel(f"{_text(value)}   ({kind})")
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(10)
        form.addRow("Name", self.name)
        form.addRow("Value", shown)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 18, 18, 14)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addWidget(self.problem)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(320)
        self._check()

    def accept(self) -> None:
        """Hand over the variable."""
        if self._problem():
            return
        self.made.emit(Variable(name=self.name.text(), type=self._kind, value=self._value))
        super().accept()

    def _problem(self) -> str:
        name = self.name.text()
        if not NAME.fullmatch(name):
            return "A name is made of letters, digits and _, and begins with no digit."
        return f"There is a variable '{name}' already." if name in self._taken else ""

    def _check(self) -> None:
        problem = self._problem()
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.create_button.setEnabled(not problem)
        mark(self.name, bool(problem))
