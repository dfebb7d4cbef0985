"""What a view of results asks about: one output of one node, in one state, and perhaps only some of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.editor.asking import Asks
from app.engine.messages.tables import CellCondition, RowsShown, SortOrder


@dataclass(frozen=True)
class ResultSource:
    """A stored output.

    Attributes:
        asks: Who answers.
        document: The document's id.
        node: The node's id.
        port: Its output port.
        key: The key of the result: another key is another content.
        where: Only rows whose cells have these values (column -> value); empty for all.
        filters: Only rows that pass all of these; another choice of rows of the same output.
    """

    asks: Asks = field(repr=False)
    document: str
    node: str
    port: str
    key: str
    where: Mapping[str, Any] = field(default_factory=dict)
    filters: tuple[CellCondition, ...] = ()

    def rows(self, sort: SortOrder | None = None) -> RowsShown:
        """Return which of its rows are looked at, as questions say it."""
        return RowsShown(sort=sort, where=self.where, filters=self.filters)

    def is_same_output(self, other: ResultSource | None) -> bool:
        """Return whether both are the same output of the same node, whatever it holds at the moment."""
        mine = (self.document, self.node, self.port, self.where)
        return other is not None and mine == (other.document, other.node, other.port, other.where)
