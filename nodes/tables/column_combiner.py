"""Column Combiner: the cells of several columns become one text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl

from nodes.base import Columns, setting
from nodes.kit.tables.cells import as_text
from nodes.kit.tables.elementwise import Elementwise, chosen, refuse_existing
from nodes.values.table import TableSpec

KINDS = ("number", "category", "boolean", "time")


class ColumnCombiner(Elementwise):
    """Write the cells of several columns into one text, with a separator between them.

    Where a cell contains the separator it can be quoted, as in a CSV file, so that a Cell Splitter finds the cells again.

    Example: combine `first` and `last` with a space into `name`: `Ada` and `Lovelace` become `Ada Lovelace`.
    """

    id = "tables.column_combiner"
    title = "Column Combiner"
    icon = "mdi6.arrow-collapse-horizontal"
    keywords = ("concatenate columns", "concat_str", "join text", "merge columns", "combine", "Column Aggregator")

    columns: list[str] = setting([], "Columns", "The columns to combine, in this order.", columns=Columns("table", KINDS))
    separator: str = setting(",", "Separator", "What stands between two cells.")
    quoting: Literal["never", "necessary", "always"] = setting(
        "never",
        "Quotes",
        "Which cells stand in quotes.",
        choices={
            "never": "None.",
            "necessary": "Those that contain the separator or a quote.",
            "always": "All that are not missing.",
        },
    )
    quote: str = setting(
        '"', "Quote", "The quote; within a cell it is doubled.", min_length=1, max_length=1,
        shown_if={"quoting": ["necessary", "always"]},
    )  # fmt: skip
    missing: str | None = setting(
        "?", "Missing cells", "What is written for a missing cell; empty: one missing cell makes the text missing."
    )
    new_column: str = setting("combined", "New column", "What to call the new column.", min_length=1)
    remove_combined: bool = setting(False, "Remove combined columns", "Whether the combined columns do not go on.")

    def removed(self, table: TableSpec) -> Sequence[str]:
        """The combined columns, if they are not wanted."""
        return self.columns if self.remove_combined else ()

    def new_columns(self, table: TableSpec) -> Mapping[str, pl.Expr]:
        """The text."""
        columns = chosen(table, self.columns, *KINDS)
        refuse_existing(table, self.new_column, "new_column", gone=self.removed(table))
        cells = [self._quoted(as_text(pl.col(c), table.schema[c])) for c in columns]
        if self.missing is not None:
            cells = [cell.fill_null(self.missing) for cell in cells]
        return {self.new_column: pl.concat_str(cells, separator=self.separator)}

    def _quoted(self, cell: pl.Expr) -> pl.Expr:
        if self.quoting == "never":
            return cell
        doubled = cell.str.replace_all(self.quote, self.quote * 2, literal=True)
        quoted = pl.concat_str(pl.lit(self.quote), doubled, pl.lit(self.quote))
        if self.quoting == "always":
            return quoted
        contains = cell.str.contains(self.quote, literal=True)
        if self.separator:
            contains = contains | cell.str.contains(self.separator, literal=True)
        return pl.when(contains).then(quoted).otherwise(cell)
