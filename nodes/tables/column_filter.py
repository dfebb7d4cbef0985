"""Column Filter: only some columns of a table go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.patterns import full_match
from nodes.values.table import TableSpec

Kind = Literal["number", "integer", "text", "category", "boolean", "image", "array", "collection", "binary", "time"]


class ColumnFilter(Node):
    """Keep some columns of a table and leave the others out.

    Columns are chosen by hand, by their names' pattern, or by type. By hand, what happens to a column that stands in
    neither list is a setting of its own: so the node goes on doing what was meant when a column is added upstream. The
    columns keep their order, and nothing is copied.

    Example: keep the columns that fit the wildcard `pixel_*`, and leave everything else out, before the pixels become an
    image.
    """

    id = "tables.column_filter"
    title = "Column Filter"
    shelf = "Tables / Columns"
    icon = "mdi6.table-column-remove"
    keywords = ("delete column", "drop column", "select columns", "remove column", "exclude", "include", "keep")
    input_ports = (Port("table", "table", "Table", "The table to take columns from."),)
    output_ports = (Port("table", "table", "Filtered table", "The columns that were kept."),)

    mode: Literal["manual", "wildcard", "regex", "type"] = setting(
        "manual",
        "Choose columns",
        "How the columns to keep are chosen.",
        choices={
            "manual": "From lists.",
            "wildcard": "Names that fit a pattern with * (any text) and ? (one character).",
            "regex": "Names that fit a regular expression from end to end.",
            "type": "By what the columns hold.",
        },
    )
    included: list[str] = setting(
        [], "Included columns", "Columns to keep; each must be there.", columns=Columns(), shown_if={"mode": "manual"}
    )
    excluded: list[str] = setting([], "Excluded columns", "Columns to leave out.", columns=Columns(), shown_if={"mode": "manual"})
    unknown: Literal["include", "exclude"] = setting(
        "include",
        "Any other column",
        "What happens to columns that stand in neither list.",
        choices={"include": "They are kept.", "exclude": "They are left out."},
        shown_if={"mode": "manual"},
    )
    pattern: str = setting(
        "*", "Pattern", "What the names of columns to keep look like.", shown_if={"mode": ["wildcard", "regex"]}
    )
    case_sensitive: bool = setting(
        True, "Case sensitive", "Whether capital and small letters differ.", shown_if={"mode": ["wildcard", "regex"]}
    )
    types: list[Kind] = setting([], "Types", "Kinds of columns to keep.", shown_if={"mode": "type"})

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The columns that are kept."""
        table = specs.table()
        if self.mode == "manual":
            self._check_lists(table, specs)
        kept = self._kept(table)
        if not kept and table.schema:
            specs.warn("No column is kept.")
        return {"table": table.with_schema({c: table.schema[c] for c in kept})}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Chooses the columns; no data are touched."""
        table = values.table()
        return {"table": table.select(self._kept(table.spec))}

    def _check_lists(self, table: TableSpec, specs: Specs) -> None:
        both = [c for c in self.included if c in set(self.excluded)]
        if both:
            raise NodeError(f"Column '{both[0]}' is in both lists.", "Take it out of one of them.", setting="excluded")
        for column in self.included:
            table.require(column, setting="included")
        for column in self.excluded:
            if column not in table.schema:
                specs.warn(f"There is no column '{column}' to leave out.")

    def _kept(self, table: TableSpec) -> list[str]:
        """The columns to keep, in the order of the table."""
        if self.mode == "manual":
            if self.unknown == "include":
                return [c for c in table.schema if c not in set(self.excluded)]
            return [c for c in table.schema if c in set(self.included)]
        if self.mode == "type":
            if not self.types:
                raise NodeError("No type is chosen.", "Choose the kinds of columns to keep.", setting="types")
            return table.columns_of(*self.types)
        expression = full_match(self.pattern, self.mode, case_sensitive=self.case_sensitive, setting="pattern")
        names = pl.Series(list(table.schema), dtype=pl.String)
        return names.filter(names.str.contains(expression)).to_list()
