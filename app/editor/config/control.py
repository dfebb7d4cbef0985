"""Control: what edits one value in the config dialog. Every kind of value has a class of its own, in the modules beside this one.

A control holds JSON, as a workflow file would; what cannot be read as the right type it hands over as it was typed, and
the node class says what is wrong with it. It knows nothing of nodes, documents or engines. Controls with controls inside
are given a `MakesControls`, so that none of them knows which others there are.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, Protocol

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QLineEdit, QWidget

from app.editor.config.dialog_context import DialogContext
from app.editor.look import look
from nodes.declaration.declared import Declared
from nodes.declaration.shapes import Shape

FIELD_HEIGHT = 32
SIGN_NAME = "problem"
"""What the sign in a line is called that is seen while its value is wrong."""


class SettingPlace(Protocol):
    """What can be asked for the part of a setting's dotted name that comes next: a setting's row, or a control."""

    def child(self, part: str) -> SettingPlace | None:
        """Return what edits that part; None where it has no editor of its own."""


class InnerRow(SettingPlace, Protocol):
    """A setting inside a control, as the control sees it (`app.editor.config.row.SettingRow`)."""

    def rows(self) -> Iterator[InnerRow]:
        """Yield this row and all that are inside it."""

    def complaint(self) -> str:
        """Return why what is entered is no value at all; empty where it is one."""

    def show_problem(self, message: str, *, warning: bool = False) -> None:
        """Say what is wrong with the setting."""


class Control(QWidget):
    """Edits one value."""

    changed = Signal()
    """The person changed the value; setting it does not emit."""

    wide = False
    """Whether it stands below its label and takes the whole width."""

    @abstractmethod
    def value(self) -> Any:
        """Return what is entered, as JSON."""

    @abstractmethod
    def set_value(self, value: Any) -> None:
        """Show a value (None: nothing), of whatever type a file holds."""

    def set_name(self, name: str) -> None:
        """Give what has the focus its accessible name."""
        self.setAccessibleName(name)

    def set_invalid(self, invalid: bool) -> None:
        """Draw it as wrong, or as right."""

    def complaint(self) -> str:
        """Return why what is entered is no value at all; empty where it is one."""
        return ""

    def child(self, part: str) -> SettingPlace | None:
        """Return what edits the part of the value that a setting's dotted form calls `part`."""
        return None

    def rows(self) -> Iterator[InnerRow]:
        """Yield the settings inside it, where it has some."""
        return iter(())

    def below(self) -> QWidget | None:
        """Return what stands below it, indented and over the whole width."""
        return None

    def first(self) -> QWidget:
        """Return what gets the focus."""
        return self.focusProxy() or self

    def explained(self) -> tuple[str, str] | None:
        """Return what is chosen and a sentence about it, where that explains more than the setting's own help."""
        return None


class MakesControls(Protocol):
    """Makes a control for every shape (`app.editor.config.factory.ControlFactory`)."""

    @property
    def context(self) -> DialogContext:
        """What the controls share."""

    def make(self, shape: Shape, declared: Declared | None = None, depth: int = 0, name: str = "") -> Control:
        """Return a new control.

        Args:
            shape: What it edits.
            declared: The setting, where the control is for a whole one.
            depth: How many groups it is inside of.
            name: What the accessible names of settings inside begin with.
        """


def mark(widget: QWidget, invalid: bool) -> None:
    """Draw a field with a red border, and a line with a sign before its text; or as ever."""
    if bool(widget.property("invalid")) != invalid:
        widget.setProperty("invalid", invalid)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        if isinstance(widget, QLineEdit):
            _show_sign(widget, invalid)


def _show_sign(line: QLineEdit, shown: bool) -> None:
    """Show, or take away, a sign before the text of a line, for those who do not see red."""
    found = line.findChildren(QAction, SIGN_NAME)
    sign = found[0] if found else line.addAction(QIcon(), QLineEdit.ActionPosition.LeadingPosition)
    sign.setObjectName(SIGN_NAME)
    sign.setText("There is a problem")
    sign.setIcon(look().icon("mdi6.alert-circle-outline", look().colors.wrong))
    sign.setVisible(shown)


def reference_text(value: Any) -> str:
    """Return an element of a list as text: a reference to a variable as `${name}`."""
    if isinstance(value, dict) and set(value) == {"variable"}:
        return f"${{{value['variable']}}}"
    return str(value)
