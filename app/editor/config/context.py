"""NodeContext: what is around a node while it is configured: its inputs, the workflow's variables and folder.

It knows neither Qt nor the document nor the engine. `DialogContext` (dialog_context.py) tells controls when it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.document.model import Variable
from app.document.variables import Scalar


@dataclass(frozen=True)
class OfferedColumn:
    """A column of the table at an input, or a layer or tensor of the network there.

    Attributes:
        name: As the table calls it.
        dtype: Its type, in words.
        kinds: What a setting may ask for and this column is (`nodes.values.table.COLUMN_KINDS`).
    """

    name: str
    dtype: str = ""
    kinds: tuple[str, ...] = ()


@dataclass
class NodeContext:
    """What is around a node.

    Attributes:
        inputs: Input port -> what the engine says of it.
        variables: The workflow's variables by name.
        values: Their values.
        folder: That of the workflow's file.
    """

    inputs: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Variable] = field(default_factory=dict)
    values: Mapping[str, Scalar] = field(default_factory=dict)
    folder: Path = field(default_factory=Path.cwd)

    def columns_at(self, port: str) -> list[OfferedColumn] | None:
        """Return the columns of the table at an input port (of all, where the port grows); None where they are not known."""
        tables = [entry.get("table") for name, entry in self.inputs.items() if _is_port(name, port)]
        known = [table for table in tables if table]
        if not known:
            return None
        found: dict[str, OfferedColumn] = {}
        for table in known:
            for column in table.get("columns", ()):
                entry = OfferedColumn(str(column["name"]), str(column.get("dtype", "")), tuple(column.get("kinds", ())))
                found.setdefault(entry.name, entry)
        return list(found.values())

    def offered_at(self, port: str, offers: str) -> list[OfferedColumn] | None:
        """Return what the network at an input port offers (`nodes.base.Layers`); None where it is not known."""
        networks = [entry.get("network") for name, entry in self.inputs.items() if _is_port(name, port)]
        known = [network["offers"].get(offers, ()) for network in networks if network and "offers" in network]
        if not known:
            return None
        kind = "tensor" if offers == "tensors" else "layer"
        found = {str(name): OfferedColumn(str(name), str(about), (kind,)) for some in known for name, about in some}
        return list(found.values())


def _is_port(name: str, port: str) -> bool:
    stem, _, number = name.rpartition("_")
    return name == port or (stem == port and number.isdecimal())
