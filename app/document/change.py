"""A change: one step of editing, as the records that were replaced by others.

Undo is the same change backwards, listeners learn from it exactly what to redraw, and the journal is a list of changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

TableName = Literal["nodes", "connections", "views", "annotations", "variables", "properties"]
TABLES: tuple[TableName, ...] = ("nodes", "connections", "views", "annotations", "variables", "properties")


@dataclass(frozen=True)
class Change:
    """One step of editing.

    Attributes:
        label: What was done, for the menu: "Move 3 nodes".
        records: Table -> key -> (record before, record after); None where there is or was none.
        orders: Table -> (keys before, keys after) for tables that gained or lost records, or whose order is another one.
        merge: Changes with the same merge key that follow each other are one step; None never merges.
        backwards: Whether this is an undo.
        path: Which workflow of the file it concerns: the components that it is in, the outermost first; empty for the outermost.
    """

    label: str
    records: Mapping[TableName, Mapping[str, tuple[Any, Any]]]
    orders: Mapping[TableName, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    merge: str | None = None
    backwards: bool = False
    path: tuple[str, ...] = ()

    def reversed(self) -> Change:
        """Return the change that takes this one back."""
        records = {t: {k: (after, before) for k, (before, after) in e.items()} for t, e in self.records.items()}
        orders = {table: (after, before) for table, (before, after) in self.orders.items()}
        return replace(self, records=records, orders=orders, backwards=not self.backwards)

    def then(self, later: Change, label: str | None = None) -> Change:
        """This change and the next as one."""
        return Change.joined([self, later], label or self.label, later.merge)

    @staticmethod
    def joined(changes: Sequence[Change], label: str, merge: str | None = None) -> Change:
        """Changes of one workflow that follow each other as one."""
        records: dict[TableName, dict[str, tuple[Any, Any]]] = {}
        orders: dict[TableName, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        for change in changes:
            for table, entries in change.records.items():
                mine = records.setdefault(table, {})
                for key, (before, after) in entries.items():
                    mine[key] = (mine[key][0] if key in mine else before, after)
            for table, (first, last) in change.orders.items():
                orders[table] = (orders[table][0] if table in orders else first, last)
        return Change(label, records, orders, merge, path=changes[0].path if changes else ())

    def keys(self, table: TableName) -> Iterable[str]:
        """Return the keys of a table's records that this change replaces."""
        return self.records.get(table, {}).keys()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is different afterwards."""
        replaced = (pair for entries in self.records.values() for pair in entries.values())
        return all(before == after for before, after in (*replaced, *self.orders.values()))
