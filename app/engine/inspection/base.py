"""What an answer is made from, and what it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from app.engine.messages.base import Answer
from app.engine.record import Record
from app.engine.store import Store
from nodes.base import Node, NodeError, Value
from nodes.values.figure import Figure
from nodes.values.network import Network
from nodes.values.table import Table
from nodes.values.variables import Variables


@dataclass
class StoredOutputs:
    """A finished node's outputs, loaded (memory-mapped) when they are looked at first.

    Attributes:
        node: The node with its settings; None where the class is not there any more.
        key: The key of the result.
        record: What is known of the result without its data.
        store: Where it is.
        cache: For answers to keep what is dear to compute (a sort order), by a name of their choice; lives as long as the
            engine holds these outputs.
        inputs: Input port -> the outputs and the port that the result was made from; empty where they are not known or not
            stored any more.
    """

    node: Node | None
    key: str
    record: Record
    store: Store
    cache: dict[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, tuple[StoredOutputs, str]] = field(default_factory=dict)

    @cached_property
    def values(self) -> dict[str, Value]:
        """The values by output port."""
        try:
            return self.store.load(self.key, self.record)
        except (KeyError, OSError) as error:
            raise NodeError("The stored result has disappeared.", "Run the node again.") from error

    def table(self, port: str) -> Table:
        """Return the table at an output port.

        Raises:
            NodeError: If there is none.
        """
        value = self.values.get(port)
        if isinstance(value, Variables):
            value = _as_table(value)
        if not isinstance(value, Table):
            raise NodeError("This output is no table.", "Choose another output.")
        return value

    def network(self, port: str) -> Network:
        """The network at an output port."""
        return cast(Network, self.values[port])

    def figure(self, port: str) -> Figure:
        """The figure at an output port."""
        return cast(Figure, self.values[port])


AnswerMaker = Callable[[StoredOutputs, Any], Answer]
"""(a node's outputs, the question) -> the answer. Raises NodeError for what the person should read."""


def _as_table(variables: Variables) -> Table:
    """Return variables as a person looks at them: a row for each."""
    import polars as pl

    rows = [(name, kind, str(variables.values[name])) for name, kind in variables.types.items()]
    return Table.of(pl.DataFrame(rows, schema={"name": pl.String, "type": pl.String, "value": pl.String}, orient="row"))
