"""Surroundings: what the controls of one node know of the world outside: its inputs, the workflow's variables and folder.

Controls ask here and listen to `changed`; they know neither the document nor the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.document.model import Variable
from app.document.variables import Scalar
from app.engine.messages.questions import SpecColumn, SpecOutline


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
        self.inputs: Mapping[str, SpecOutline] = {}
        self.variables: Mapping[str, Variable] = {}
        self.values: Mapping[str, Scalar] = {}
        self.folder = Path.cwd()
        self.advanced = False
        self.add_variable: Callable[[Variable], None] = lambda _: None
        """Adds a variable to the workflow."""

    def show_advanced(self, shown: bool) -> None:
        """Show the advanced settings, or only those that were changed."""
        if shown != self.advanced:
            self.advanced = shown
            self.advanced_changed.emit()

    def columns_at(self, port: str) -> list[SpecColumn] | None:
        """The columns of the table at an input port (of all tables, where the port grows); None where they are not known."""
        tables = [spec.table for name, spec in self.inputs.items() if _is_port(name, port)]
        known = [table for table in tables if table is not None]
        if not known:
            return None
        found: dict[str, SpecColumn] = {}
        for table in known:
            for column in table.columns:
                found.setdefault(column.name, column)
        return list(found.values())

    def offered_at(self, port: str, offers: str) -> list[SpecColumn] | None:
        """What the network at an input port offers (`nodes.base.Layers`); None where it is not known."""
        networks = [spec.network for name, spec in self.inputs.items() if _is_port(name, port)]
        known = [network.offers.get(offers, ()) for network in networks if network is not None]
        if not known:
            return None
        kind = "tensor" if offers == "tensors" else "layer"
        named = {name: SpecColumn(name=name, dtype=about, kinds=(kind,)) for some in known for name, about in some}
        return list(named.values())


def _is_port(name: str, port: str) -> bool:
    stem, _, number = name.rpartition("_")
    return name == port or (stem == port and number.isdecimal())
