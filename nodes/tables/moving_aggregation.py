"""Moving Aggregation: the mean, sum, ... of the rows around each row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.elementwise import chosen, refuse_existing
from nodes.kit.tables.naming import frame_of
from nodes.kit.tables.sampling import GROUP_KINDS
from nodes.values.table import Table


class MovingAggregation(Node):
    """Reckon the mean, sum, ... of a window of rows that moves along with each row.

    The window ends at the row (backward), begins there (forward), or has it in its middle (central). Cumulative, it grows from
    the first row on. Missing cells and NaN do not count. Where a window has fewer cells than needed, the result is missing. The
    order of the rows counts. Sums, minima and maxima of whole numbers are whole numbers of 64 bits, and a sum that does not fit
    is an error; all other results are numbers with decimals (Float64). KNIME's Moving Average is here the method mean; its
    exponential average is `ewm`.

    Example: the mean of 7 rows, backward, of `sold` smooths away the days of the week.
    """

    id = "tables.moving_aggregation"
    title = "Moving Aggregation"
    shelf = "Tables / Time Series"
    icon = "mdi6.chart-timeline-variant"
    keywords = (
        "Moving Average", "Moving Aggregator", "rolling_mean", "rolling", "smooth", "cumulative sum", "cumsum",
        "exponential average",
    )  # fmt: skip
    input_ports = (Port("table", "table", "Table", "The series."),)
    output_ports = (Port("table", "table", "Table", "The table with the results at its end."),)

    columns: list[str] = setting([], "Columns", "The numbers to aggregate.", columns=Columns("table", ("number",)))
    method: Literal["mean", "sum", "min", "max", "median", "std", "var", "ewm"] = setting(
        "mean",
        "Method",
        "What is reckoned.",
        choices={
            "mean": "The mean.",
            "sum": "The sum.",
            "min": "The smallest.",
            "max": "The largest.",
            "median": "The middle value.",
            "std": "The standard deviation (n - 1).",
            "var": "The variance (n - 1).",
            "ewm": "The exponentially weighted mean: the window's length is the span, 2 / alpha - 1; backward only.",
        },
    )
    window: Literal["backward", "central", "forward", "cumulative"] = setting(
        "backward",
        "Window",
        "Where the window of a row lies.",
        choices={
            "backward": "It ends at the row.",
            "central": "The row is in its middle.",
            "forward": "It begins at the row.",
            "cumulative": "From the first row to this one.",
        },
    )
    window_size: int = setting(
        7, "Window length", "Rows in a window.", ge=1, le=10**9, shown_if={"window": ["backward", "central", "forward"]}
    )
    min_samples: int | None = setting(
        None, "Cells needed", "For a result; empty: as many as the window has (cumulative and ewm: one).", ge=1
    )
    group_column: str | None = setting(
        None, "Group column", "Rows of different groups are series of their own.", columns=Columns("table", GROUP_KINDS)
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The table with a column for each: Float64, or Int64 for sums and ends of whole numbers."""
        table = specs.table()
        columns = chosen(table, self.columns, "number")
        if self.group_column is not None:
            table.require(self.group_column, *GROUP_KINDS, setting="group_column")
        for column in columns:
            refuse_existing(table, self._name(column), "columns")
        return {"table": table.with_columns({self._name(c): self._dtype(table.schema[c]) for c in columns})}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Reckons on whole columns."""
        table = values.table()
        columns = chosen(table.spec, self.columns, "number")
        read = list(dict.fromkeys([*columns, *([self.group_column] if self.group_column else [])]))
        expressions = [self._moved(self._number(c, table.schema[c]), table.height) for c in columns]
        if self.group_column:
            expressions = [e.over(self.group_column) for e in expressions]
        made = table.frame(read).select(e.alias(self._name(c)) for e, c in zip(expressions, columns, strict=True))
        job.check_cancelled()
        made = frame_of(self._fitting(made[self._name(c)], c, table.schema[c]) for c in columns)
        return {"table": table.with_columns(Table.of(made))}

    def _dtype(self, dtype: pl.DataType) -> pl.DataType:
        """The type of the results of a column."""
        return pl.Int64() if dtype.is_integer() and self.method in ("sum", "min", "max") else pl.Float64()

    def _number(self, column: str, dtype: pl.DataType) -> pl.Expr:
        """The cells as they are computed with."""
        cell = pl.col(column)
        if self._dtype(dtype) == pl.Int64:
            return cell.cast(pl.Int128)
        number = cell.cast(pl.Float64).fill_nan(None)
        if self.method in ("std", "var"):
            # They do not depend on where 0 is; far from it, a moving variance loses digits.
            middle = number.filter(number.is_finite()).mean().fill_null(0.0)
            return number - pl.when(middle.is_finite()).then(middle).otherwise(0.0)
        return number

    def _fitting(self, cells: pl.Series, column: str, dtype: pl.DataType) -> pl.Series:
        """The results in their type.

        Raises:
            NodeError: If a sum does not fit.
        """
        made = cells.cast(self._dtype(dtype), strict=False)
        if made.null_count() > cells.null_count():
            row = int((cells.is_not_null() & made.is_null()).arg_max() or 0)
            raise NodeError(
                f"The {self.method} of '{column}' for row {row + 1} does not fit into 64 bits: {cells[row]}.",
                "Make numbers with decimals of the column first (Column Type Converter).",
                setting="columns",
            )
        return made

    def _name(self, column: str) -> str:
        return f"{self.method}({column})"

    def _moved(self, cell: pl.Expr, height: int) -> pl.Expr:
        if self.method == "ewm":
            forward = self.window == "forward"
            cell = cell.reverse() if forward else cell
            made = cell.ewm_mean(span=self.window_size, min_samples=self.min_samples or 1)
            return made.reverse() if forward else made
        size = max(1, height) if self.window == "cumulative" else self.window_size
        least = self.min_samples or (1 if self.window == "cumulative" else size)
        options: dict[str, Any] = {"window_size": size, "min_samples": min(least, size), "center": self.window == "central"}
        forward = self.window == "forward"
        moved: pl.Expr = getattr(cell.reverse() if forward else cell, f"rolling_{self.method}")(**options)
        return moved.reverse() if forward else moved
