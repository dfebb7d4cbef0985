"""NodeContext: what is around a node while it is configured: its inputs, the workflow's variables and folder.

It knows neither Qt nor the document nor the engine. `DialogContext` (dialog_context.py) tells controls when it changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.document.model import Variable
from app.document.variables import Scalar
from app.engine.messages.questions import OfferedColumn, SpecOutline, WiredVariable
from nodes.values.variables import DEFAULTS, in_short


@dataclass
class NodeContext:
    """What is around a node.

    Attributes:
        inputs: Input port -> what the engine says of it.
        variables: The workflow's variables by name.
        wired: The variables that are wired to the node, by name; they hide the workflow's of the same names.
        sources: What the person calls the nodes that these come from.
        values: The values of the workflow's variables.
        folder: That of the workflow's file.
        table_port: The input port that settings mean whose columns are of no port by name.
    """

    inputs: Mapping[str, SpecOutline] = field(default_factory=dict)
    variables: Mapping[str, Variable] = field(default_factory=dict)
    wired: Mapping[str, WiredVariable] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Scalar] = field(default_factory=dict)
    folder: Path = field(default_factory=Path.cwd)
    table_port: str = "table"

    def held(self, name: str) -> str:
        """Return what a setting gets that is bound to a name, and where that comes from; empty if there is no such variable."""
        wired = self.wired.get(name)
        if wired is not None:
            source = self.sources.get(wired.source, wired.source)
            return f"known once {source} has run" if wired.value is None else f"= {in_short(wired.value)} · from {source}"
        variable = self.variables.get(name)
        if variable is None:
            return ""
        text = variable.value if isinstance(variable.value, str) else json.dumps(variable.value)
        return f"= {text} · of the workflow" if self.wired else f"= {text}"

    def fitting(self, fits: Callable[[str, Any], bool]) -> list[str]:
        """Return the names of the variables that a setting can take: first those that are wired, then the workflow's.

        Args:
            fits: Whether it can take one of this type and value.
        """
        wired = [n for n, w in self.wired.items() if fits(w.type, w.value if w.value is not None else DEFAULTS[w.type])]
        return [*wired, *(n for n, v in self.variables.items() if n not in self.wired and fits(v.type, v.value))]

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
