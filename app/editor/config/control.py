"""Control: what edits one value in the config dialog. Every kind of value has a class of its own, in the modules beside this one.

A control holds JSON, as a workflow file would; what cannot be read as the right type it hands over as it was typed, and
the node class says what is wrong with it. It knows nothing of nodes, documents or engines.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from app.editor.config.row import Row

FIELD_HEIGHT = 32


class Control(QWidget):
    """Edits one value."""

    changed = Signal()
    """The person changed the value; setting it does not emit."""

    wide = False
    """Whether it stands below its label and takes the whole width."""

    @abstractmethod
    def value(self) -> Any:
        """What is entered, as JSON."""

    @abstractmethod
    def set_value(self, value: Any) -> None:
        """Show a value (None: nothing), of whatever type a file holds."""

    def set_name(self, name: str) -> None:
        """Give what has the focus its accessible name."""
        self.setAccessibleName(name)

    def set_invalid(self, invalid: bool) -> None:
        """Draw it as wrong, or as right."""

    def complaint(self) -> str:
        """Why what is entered is no value at all; empty where it is one."""
        return ""

    def child(self, part: str) -> Row | Control | None:
        """What edits the part of the value that a setting's dotted form calls `part`."""
        return None

    def rows(self) -> Iterator[Row]:
        """The settings inside it, where it has some."""
        return iter(())

    def below(self) -> QWidget | None:
        """What stands below it, indented and over the whole width."""
        return None

    def first(self) -> QWidget:
        """What gets the focus."""
        return self.focusProxy() or self


def mark(widget: QWidget, invalid: bool) -> None:
    """Draw a field with a red border, or as ever."""
    if bool(widget.property("invalid")) != invalid:
        widget.setProperty("invalid", invalid)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def reference_text(value: Any) -> str:
    """An element of a list as text: a reference to a variable as `${name}`."""
    if isinstance(value, dict) and set(value) == {"variable"}:
        return f"${{{value['variable']}}}"
    return str(value)
