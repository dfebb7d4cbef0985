"""Surroundings: what the controls of one node know of the world outside: its inputs, the workflow's variables and folder.

Controls ask here and listen to `changed`; they know neither the document nor the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.document.model import Variable
from app.document.variables import Scalar


@dataclass(frozen=True)
class Column:
    """A column of the table at an input.

    Attributes:
        name: As the table calls it.
        dtype: Its type, in words.
        kinds: What a setting may ask for and this column is (`nodes.values.table.COLUMN_KINDS`).
    """

    name: str
    dtype: str = ""
    kinds: tuple[str, ...] = ()


class Surroundings(QObject):
    """What is around a node while it is configured."""

    changed = Signal()
    """The inputs, the variables or the folder are others now."""
    advanced_changed = Signal()
    """`advanced` is another now."""
    focused = Signal(object)
    """A setting (its row) has the focus now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.inputs: Mapping[str, Any] = {}
        self.variables: Mapping[str, Variable] = {}
        self.values: Mapping[str, Scalar] = {}
        self.folder = Path.cwd()
        self.table_port = "table"
        """The input that settings mean whose columns are of no port by name."""
        self.advanced = False
        self.add_variable: Callable[[Variable], None] = lambda _: None
        """Adds a variable to the workflow."""

    def show_advanced(self, shown: bool) -> None:
        """Show the advanced settings, or only those that were changed."""
        if shown != self.advanced:
            self.advanced = shown
            self.advanced_changed.emit()

    def columns_at(self, port: str) -> list[Column] | None:
        """Return the columns at an input port (empty: `table_port`) whose tables, where it grows, are taken together; None
        where they are not known.
        """
        tables = [entry.get("table") for name, entry in self.inputs.items() if _is_port(name, port or self.table_port)]
        known = [table for table in tables if table]
        if not known:
            return None
        found: dict[str, Column] = {}
        for table in known:
            for column in table.get("columns", ()):
                entry = Column(str(column["name"]), str(column.get("dtype", "")), tuple(column.get("kinds", ())))
                found.setdefault(entry.name, entry)
        return list(found.values())

    def offered_at(self, port: str, offers: str) -> list[Column] | None:
        """What the network at an input port offers (`nodes.base.Layers`); None where it is not known."""
        networks = [entry.get("network") for name, entry in self.inputs.items() if _is_port(name, port)]
        known = [network["offers"].get(offers, ()) for network in networks if network and "offers" in network]
        if not known:
            return None
        kind = "tensor" if offers == "tensors" else "layer"
        return list({str(name): Column(str(name), str(about), (kind,)) for some in known for name, about in some}.values())


def _is_port(name: str, port: str) -> bool:
    stem, _, number = name.rpartition("_")
    return name == port or (stem == port and number.isdecimal())
