"""Many to One: the name of the column that stands out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl

from nodes.base import Columns, NodeError, setting
from nodes.kit.tables.elementwise import Elementwise, chosen, refuse_existing
from nodes.kit.tables.patterns import full_match
from nodes.values.table import TableSpec


class ManyToOne(Elementwise):
    """Tell for each row which of several columns stands out: the one with a 1, the largest, the smallest, or that fits.

    Undoes One to Many, and turns class probabilities into the likely class. The result is a category column with the column
    names as categories. A row in which all cells are missing, or none stands out, gets a missing cell. Where several columns
    stand out, KNIME stops with an error; here the first one can be taken instead.

    Example: choose the columns `cat`, `dog`, `fox` of probabilities with the method Maximum: the new column says which of
    them is largest.
    """

    id = "tables.many_to_one"
    title = "Many to One"
    icon = "mdi6.call-merge"
    keywords = ("argmax", "from dummies", "one-hot decode", "likely class", "idxmax", "condense")

    columns: list[str] = setting(
        [], "Columns", "The columns to compare.", columns=Columns("table", ("number", "boolean", "category"))
    )
    method: Literal["binary", "maximum", "minimum", "regex"] = setting(
        "binary",
        "Include method",
        "What makes a column stand out.",
        choices={
            "binary": "Its cell is 1, or true.",
            "maximum": "Its cell is the largest.",
            "minimum": "Its cell is the smallest.",
            "regex": "Its cell, as text, fits a pattern from end to end.",
        },
    )
    pattern: str = setting(
        "[^0]*",
        "Include pattern",
        "A regular expression: the column whose cell it fits from end to end is named.",
        shown_if={"method": "regex"},
    )
    if_tie: Literal["fail", "first", "missing"] = setting(
        "fail",
        "If several stand out",
        "What to do with such a row.",
        choices={"fail": "Stop with an error.", "first": "Take the first column.", "missing": "Make the cell missing."},
    )
    new_column: str = setting("Condensed Column", "Appended column", "What to call the new column.", min_length=1)
    keep_original: bool = setting(True, "Keep original columns", "Whether the compared columns go on.")

    def removed(self, table: TableSpec) -> Sequence[str]:
        """The compared columns, if they are not wanted."""
        return () if self.keep_original else self.columns

    def new_columns(self, table: TableSpec) -> Mapping[str, pl.Expr]:
        """The name of the column that stands out."""
        kinds = ("number", "boolean", "category") if self.method == "regex" else ("number", "boolean")
        columns = chosen(table, self.columns, *kinds)
        refuse_existing(table, self.new_column, "new_column", gone=self.removed(table))
        names = pl.Enum(columns)
        first = pl.coalesce([pl.when(hit).then(pl.lit(c)) for c, hit in self._hits(table, columns).items()])
        if self.if_tie == "missing":
            first = pl.when(self._count(table, columns) <= 1).then(first)
        return {self.new_column: first.cast(names)}

    def check(self, before: pl.DataFrame, after: pl.DataFrame, start: int) -> None:
        """No two columns may stand out."""
        if self.if_tie != "fail":
            return
        spec = TableSpec(before.schema)
        counts = before.select(self._count(spec, list(dict.fromkeys(self.columns)))).to_series()
        several = (counts > 1).arg_max() if (counts > 1).any() else None
        if several is not None:
            raise NodeError(
                f"In row {start + several + 1}, {counts[several]} columns stand out.",
                "Take the first one, or choose another method.",
                setting="if_tie",
            )

    def _count(self, table: TableSpec, columns: Sequence[str]) -> pl.Expr:
        return pl.sum_horizontal([hit.cast(pl.UInt32) for hit in self._hits(table, columns).values()])

    def _hits(self, table: TableSpec, columns: Sequence[str]) -> dict[str, pl.Expr]:
        """For each column whether it stands out; never missing."""
        if self.method == "regex":
            expression = full_match(self.pattern, "regex", setting="pattern")
            tests = {c: pl.col(c).cast(pl.String).str.contains(expression) for c in columns}
        else:
            # NaN is no number that could be the largest.
            number = {c: pl.col(c).fill_nan(None) if table.schema[c].is_float() else pl.col(c) for c in columns}
            if self.method == "binary":
                tests = {c: n == (True if isinstance(table.schema[c], pl.Boolean) else 1) for c, n in number.items()}
            else:
                # Floats cannot tell large whole numbers apart.
                whole = all(table.schema[c].is_integer() or isinstance(table.schema[c], pl.Boolean) for c in columns)
                cells = {c: n.cast(pl.Int128 if whole else pl.Float64) for c, n in number.items()}
                best = (pl.max_horizontal if self.method == "maximum" else pl.min_horizontal)(list(cells.values()))
                tests = {c: n == best for c, n in cells.items()}
        return {c: test.fill_null(False) for c, test in tests.items()}
