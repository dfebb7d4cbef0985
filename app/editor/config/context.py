"""NodeContext: what is around a node while it is configured: its inputs, the workflow's variables and folder.

It knows neither Qt nor the document nor the engine. `DialogContext` (dialog_context.py) tells controls when it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.document.model import Variable
from app.document.variables import Scalar
from app.engine.messages.questions import OfferedColumn, SpecOutline


@dataclass
class NodeContext:
    """What is around a node.

    Attributes:
        inputs: Input port -> what the engine says of it.
        variables: The workflow's variables by name.
        values: Their values.
        folder: That of the workflow's file.
        table_port: The input port that settings mean whose columns are of no port by name.
    """

    inputs: Mapping[str, SpecOutline] = field(default_factory=dict)
    variables: Mapping[str, Variable] = field(default_factory=dict)
    values: Mapping[str, Scalar] = field(default_factory=dict)
    folder: Path = field(default_factory=Path.cwd)
    table_port: str = "table"

    def columns_at(self, port: str) -> list[OfferedColumn] | None:
        """Return the columns of the table at an input port (of all, where the port grows); None where they are not known.

        Args:
            port: Its name; empty: `table_port`.
        """
        tables = [spec.table for name, spec in self.inputs.items() if _is_port(name, port or self.table_port)]
        known = [table for table in tables if table is not None]
        if not known:
            return None
        found: dict[str, OfferedColumn] = {}
        for table in known:
            for column in table.columns:
                found.setdefault(column.name, column)
        return list(found.values())

    def offered_at(self, port: str, offers: str) -> list[OfferedColumn] | None:
        """Return what the network at an input port offers (`nodes.base.Layers`); None where it is not known."""
        networks = [spec.network for name, spec in self.inputs.items() if _is_port(name, port)]
        known = [network.offers.get(offers, ()) for network in networks if network is not None]
        if not known:
            return None
        kind = "tensor" if offers == "tensors" else "layer"
        found = {name: OfferedColumn(name=name, dtype=about, kinds=(kind,)) for some in known for name, about in some}
        return list(found.values())


def _is_port(name: str, port: str) -> bool:
    stem, _, number = name.rpartition("_")
    return name == port or (stem == port and number.isdecimal())
