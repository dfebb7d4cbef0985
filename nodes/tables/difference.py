"""Difference: how much each row differs from an earlier one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.elementwise import chosen, computed_schema, refuse_existing
from nodes.kit.tables.exact import spans_that_wrapped
from nodes.kit.tables.naming import frame_of
from nodes.values.table import Table, TableSpec

KINDS = ("number", "time")


class Difference(Node):
    """Tell by how much each row differs from the row before it, or from one some rows before.

    The first rows have none before them: their difference is missing. Dates and times give durations. The order of the rows
    counts: put a Sorter before. Differences of whole numbers are whole numbers of 64 bits (Int64), and one that does not fit is
    an error; those of all other numbers are Float64.

    Example: choose `price`, with steps of 1: each row tells by how much the price has changed since the row before.
    """

    id = "tables.difference"
    title = "Difference"
    shelf = "Tables / Columns"
    icon = "mdi6.delta"
    keywords = ("diff", "change", "percent change", "growth", "time series", "Date&Time Difference", "returns", "derivative")
    input_ports = (Port("table", "table", "Table", "The table with the series."),)
    output_ports = (Port("table", "table", "Table", "The table with the differences."),)

    columns: list[str] = setting([], "Columns", "The columns to compare row by row.", columns=Columns("table", KINDS))
    n: int = setting(1, "Rows before", "The row to compare with: 1 is the row before.", ge=1, le=2**31)
    method: Literal["difference", "percent", "logarithm"] = setting(
        "difference",
        "Method",
        "How the change is measured; dates and times know only the difference.",
        choices={
            "difference": "This cell less the earlier one.",
            "percent": "The difference in percent of the earlier cell.",
            "logarithm": "The natural logarithm of this cell divided by the earlier one.",
        },
    )
    suffix: str | None = setting(
        " (difference)", "Append suffix", "The differences stand in new columns with this suffix; empty replaces.", min_length=1
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The table with a column of differences for each column."""
        table = specs.table()
        kinds = KINDS if self.method == "difference" else ("number",)
        for column in chosen(table, self.columns, *kinds):
            if self.suffix:
                refuse_existing(table, column + self.suffix, "suffix")
        made = computed_schema(table, self._expressions(table))
        return {"table": table.with_columns({c: _narrow(d) for c, d in made.items()})}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Works piece by piece, looking back at the last rows of the piece before."""
        table = values.table()
        return {"table": table.with_columns(job.stream(self._pieces(table, job)))}

    def _expressions(self, table: TableSpec) -> dict[str, pl.Expr]:
        made: dict[str, pl.Expr] = {}
        for column in dict.fromkeys(self.columns):
            dtype = table.schema[column]
            cell = pl.col(column)
            if dtype.is_integer():
                # Differences of UInt8 are no UInt8, and those of large numbers may be no Int64.
                large = pl.Int128 if self.method == "difference" else pl.Float64
                cell = cell.cast(large if type(dtype).__name__.endswith(("64", "128")) else pl.Int64)
            elif isinstance(dtype, pl.Time):
                cell = cell.cast(pl.Duration("ns"))
            elif dtype.is_numeric():
                cell = cell.cast(pl.Float64)
            elif isinstance(dtype, pl.Date):
                cell = cell.cast(pl.Datetime("us"))
            earlier = cell.shift(self.n)
            match self.method:
                case "difference":
                    change = cell - earlier
                case "percent":
                    change = (cell - earlier) * 100.0 / earlier
                case "logarithm":
                    change = (cell.cast(pl.Float64) / earlier.cast(pl.Float64)).log()
            made[column + (self.suffix or "")] = change
        return made

    def _fitting(self, changes: pl.Series, cells: pl.Series, start: int) -> pl.Series:
        """The differences in their type.

        Raises:
            NodeError: If one does not fit.
        """
        made = changes.cast(_narrow(changes.dtype), strict=False)
        wrong = changes.is_not_null() & made.is_null()
        if cells.dtype.is_temporal():
            wrapped = spans_that_wrapped(cells, cells.shift(self.n), made, "-")
            wrong = wrong if wrapped is None else wrapped
        if wrong.any():
            row = int(wrong.arg_max() or 0)
            raise NodeError(
                f"In row {start + row + 1} the difference of '{cells.name}' does not fit into 64 bits: "
                f"{cells[row]} less {cells[row - self.n]}.",
                "Make numbers with decimals of the column (Column Type Converter), or points in time of a coarser unit.",
                setting="columns",
            )
        return made

    def _pieces(self, table: Table, job: Job) -> Iterator[pl.DataFrame]:
        made = self._expressions(table.spec)
        columns = list(dict.fromkeys(self.columns))
        names = {column + (self.suffix or ""): column for column in columns}
        step = table.rows_per_batch(columns)
        for start in range(0, max(table.height, 1), step):
            job.check_cancelled()
            before = min(self.n, start)
            piece = table.slice(start - before, before + step).frame(columns)
            changes = piece.select(**made)
            yield frame_of(self._fitting(changes[name], piece[c], start - before) for name, c in names.items()).slice(before)
            job.progress(start / max(table.height, 1))


def _narrow(dtype: pl.DataType) -> pl.DataType:
    """Int64 for whole numbers, else the type itself."""
    return pl.Int64() if dtype.is_integer() else dtype
