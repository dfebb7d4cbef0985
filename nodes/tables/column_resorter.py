"""Column Resorter: the columns of a table in another order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.values.table import TableSpec


class ColumnResorter(Node):
    """Put the columns of a table in another order.

    Some columns come first, some last, each in the order of its list; all others, new ones too, stand between them, as they
    were or sorted by name. Nothing is copied.

    Example: name `label` as first: it comes before all other columns, which stay in their order.
    """

    id = "tables.column_resorter"
    title = "Column Resorter"
    shelf = "Tables / Columns"
    icon = "mdi6.swap-horizontal-bold"
    keywords = ("reorder columns", "sort columns", "move column", "column order")
    input_ports = (Port("table", "table", "Table", "The table whose columns are moved."),)
    output_ports = (Port("table", "table", "Table", "The table with the columns in their new order."),)

    first: list[str] = setting([], "First", "Columns to put at the beginning, in this order.", columns=Columns())
    others: Literal["as they are", "ascending", "descending"] = setting(
        "as they are",
        "All others",
        "The order of the columns in neither list.",
        choices={"as they are": "Their old order.", "ascending": "By name, A to Z.", "descending": "By name, Z to A."},
    )
    last: list[str] = setting([], "Last", "Columns to put at the end, in this order.", columns=Columns())

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The same columns in their new order."""
        table = specs.table()
        for name in ("first", "last"):
            for column in getattr(self, name):
                table.require(column, setting=name)
        both = [c for c in self.last if c in self.first]
        if both:
            raise NodeError(f"Column '{both[0]}' is in both lists.", "Take it out of one of them.", setting="last")
        return {"table": table.with_schema({c: table.schema[c] for c in self._order(table)})}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Moves the columns; no data are touched."""
        table = values.table()
        return {"table": table.select(self._order(table.spec))}

    def _order(self, table: TableSpec) -> list[str]:
        others = [c for c in table.schema if c not in self.first and c not in self.last]
        if self.others != "as they are":
            others.sort(reverse=self.others == "descending")
        return list(dict.fromkeys([*self.first, *others, *self.last]))
