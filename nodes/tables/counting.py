"""Value Counter and Crosstab: how often values, and pairs of values, occur."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.values.figure import BarsFigure, Figure, HeatMapFigure
from nodes.values.table import Table, TableSpec
from nodes.wording import left_out

COUNTABLE = ("category", "integer", "boolean", "time", "number")
CLASSES = ("category", "integer", "boolean")
MOST_SHOWN = 40


class ValueCounter(Node):
    """Count how often each value of a column occurs.

    A missing cell is a value too, if you say so; else it does not count, not in the percentages either. For a column of a
    category type there is a row for each category.

    Example: the column `label` of training data shows whether all classes are there equally often.
    """

    id = "tables.value_counter"
    title = "Value Counter"
    shelf = "Tables / Aggregate"
    icon = "mdi6.counter"
    keywords = (
        "unique values",
        "distinct",
        "value_counts",
        "frequency",
        "histogram",
        "occurrences",
        "class balance",
        "count",
    )
    input_ports = (Port("table", "table", "Table", "The rows to count."),)
    output_ports = (Port("counts", "table", "Counts", "A row for each value."),)

    column: str | None = setting(None, "Column", "Whose values are counted.", columns=Columns("table", COUNTABLE))
    sort: Literal["count", "value", "first appearance"] = setting(
        "count",
        "Order",
        "In which order values come.",
        choices={
            "count": "The most frequent first.",
            "value": "By value; categories in their own order.",
            "first appearance": "As the rows bring them.",
        },
    )
    missing: bool = setting(False, "Count missing cells", "Whether missing cells have a row too.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Value, count and share."""
        table = specs.table()
        dtype = table.require(self.column, *COUNTABLE, setting="column")
        if self.column in ("count", "percent"):
            raise NodeError("The column must not be named 'count' or 'percent'.", "Rename it first.", setting="column")
        schema = pl.Schema({str(self.column): dtype, "count": pl.Int64(), "percent": pl.Float64()})
        classes = {c: n for c, n in table.classes.items() if c == self.column}
        return {"counts": TableSpec(schema, None, classes)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Counts; only the one column is read."""
        table = values.table()
        column = str(self.column)
        cell = pl.col(column)
        frame = table.frame([column])
        if not self.missing:
            frame = frame.filter(cell.is_not_null())
            if frame.height < table.height:
                job.log(left_out(table.height - frame.height, f"without a value in '{column}'"))
        made = frame.group_by(column, maintain_order=True).agg(pl.len().cast(pl.Int64).alias("count"))
        dtype = frame.schema[column]
        if isinstance(dtype, pl.Enum):
            every = pl.Series(column, dtype.categories, dtype=dtype)
            absent = every.filter(~every.is_in(made[column].drop_nulls().implode()))
            made = pl.concat([made, pl.DataFrame({column: absent, "count": [0] * len(absent)}, schema=made.schema)])
        if self.sort == "count":
            made = made.sort("count", descending=True, maintain_order=True)
        elif self.sort == "value":
            made = made.sort(column, nulls_last=True)
        made = made.with_columns((pl.col("count") * 100.0 / max(frame.height, 1)).alias("percent"))
        return {"counts": Table.of(made, {c: n for c, n in table.classes.items() if c == column})}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """A bar for each value."""
        table = outputs.table("counts")
        frame = table.frame().head(MOST_SHOWN)
        names = table.classes.get(frame.columns[0], ())
        cells = frame[frame.columns[0]].to_list()
        shown = ["?" if c is None else names[c] if isinstance(c, int) and 0 <= c < len(names) else str(c) for c in cells]
        return (BarsFigure(f"Values of {frame.columns[0]}", shown, {"count": frame["count"].cast(float).to_list()}, "count"),)


class Crosstab(Node):
    """Count how often the values of two columns occur together, and test whether they depend on each other.

    The first output has a row for each pair: how many rows, how many would be expected if the columns did not depend on each
    other, and shares of the row, the column and all. The second output has the chi-squared test (without correction), Fisher's
    exact test for two values each, and Cramér's V. Rows with a missing cell are left out, with a warning. The table that is
    wide comes from Pivot.

    Example: after k-Means, `Cluster` and `species` show whether the clusters are the species.
    """

    id = "tables.crosstab"
    title = "Crosstab"
    shelf = "Tables / Statistics"
    icon = "mdi6.border-all-variant"
    keywords = (
        "contingency table", "cross table", "chi-square", "chi2_contingency", "Fisher's exact test", "independence", "crosstab",
    )  # fmt: skip
    input_ports = (Port("table", "table", "Table", "The rows to count."),)
    output_ports = (
        Port("cells", "table", "Cross table", "A row for each pair of values."),
        Port("test", "table", "Test", "One row: whether the columns depend on each other."),
    )

    rows: str | None = setting(None, "Row variable", "The values that are rows.", columns=Columns("table", CLASSES))
    columns: str | None = setting(None, "Column variable", "The values that are columns.", columns=Columns("table", CLASSES))
    max_values: int = setting(1000, "Maximum number of values", "More different ones are an error.", ge=1, advanced=True)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Pairs of values, and the test."""
        table = specs.table()
        table.require(self.rows, *CLASSES, setting="rows")
        table.require(self.columns, *CLASSES, setting="columns")
        if self.rows == self.columns:
            raise NodeError("Both are the same column.", "Choose two columns.", setting="columns")
        return {"cells": TableSpec(_cell_schema()), "test": TableSpec(_test_schema(), 1)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Counts the pairs."""
        import numpy as np

        table = values.table()
        every = table.frame([str(self.rows), str(self.columns)])
        frame = every.drop_nulls()
        if frame.height < every.height:
            job.warn(left_out(every.height - frame.height, "with a missing cell"))
        sides = [self._named(frame[str(c)], table.classes.get(str(c))) for c in (self.rows, self.columns)]
        names = [list(side.dtype.categories) for side in sides]  # type: ignore[attr-defined]
        if max(map(len, names), default=0) > self.max_values:
            message = f"A column has {max(map(len, names))} different values."
            raise NodeError(message, "Choose another one, or allow more.", setting="max_values")
        codes = [side.to_physical().to_numpy().astype(np.int64) for side in sides]
        shape = (len(names[0]), len(names[1]))
        counts = np.bincount(codes[0] * max(shape[1], 1) + codes[1], minlength=shape[0] * shape[1]).reshape(shape)
        present = counts[counts.sum(1) > 0][:, counts.sum(0) > 0]
        total = max(int(counts.sum()), 1)
        expected = counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True) / total

        def share(parts: Any, whole: Any) -> Any:
            return 100 * np.divide(parts, whole, out=np.zeros(shape), where=whole > 0)

        made = pl.DataFrame(
            {
                "row": [r for r in names[0] for _ in names[1]],
                "column": names[1] * len(names[0]),
                "count": counts.ravel(),
                "expected": expected.ravel(),
                "row percent": share(counts, np.broadcast_to(counts.sum(1, keepdims=True), shape)).ravel(),
                "column percent": share(counts, np.broadcast_to(counts.sum(0, keepdims=True), shape)).ravel(),
                "percent": (100 * counts / total).ravel(),
            },
            schema=_cell_schema(),
        )
        return {"cells": Table.of(made), "test": Table.of(pl.DataFrame([_tested(present)], schema=_test_schema()))}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The counts as a heat map."""
        frame = outputs.table("cells").frame()
        rows, columns = (frame[c].unique(maintain_order=True).to_list() for c in ("row", "column"))
        if not rows or len(rows) > MOST_SHOWN or len(columns) > MOST_SHOWN:
            return ()
        counts = frame["count"].cast(float).to_numpy().reshape(len(rows), len(columns)).tolist()
        return (HeatMapFigure("Cross table", counts, rows, columns, str(self.rows), str(self.columns), "sequential"),)

    def _named(self, cells: pl.Series, names: tuple[str, ...] | None) -> pl.Series:
        """The cells as categories, by class names where there are some."""
        if isinstance(cells.dtype, pl.Enum):
            return cells
        if names and cells.dtype.is_integer() and bool(cells.is_between(0, len(names) - 1).all()):
            return pl.Series(names, dtype=pl.String).gather(cells).cast(pl.Enum(names))
        plain = cells if cells.dtype.is_integer() else cells.cast(pl.String)
        return plain.cast(pl.String).cast(pl.Enum(plain.unique().sort().cast(pl.String)))


def _tested(counts: Any) -> dict[str, float | int | None]:
    """The tests of a table of counts, none of whose rows and columns is empty; missing where there is nothing to test."""
    import math

    from scipy.stats import chi2_contingency, fisher_exact

    if min(counts.shape, default=0) < 2:
        return {"rows": int(counts.sum())}
    found = chi2_contingency(counts, correction=False)
    small = counts.shape == (2, 2)
    return {
        "chi-squared": float(found.statistic),
        "degrees of freedom": int(found.dof),
        "p-value": float(found.pvalue),
        "Fisher p-value": float(fisher_exact(counts).pvalue) if small else None,
        "Cramér's V": math.sqrt(float(found.statistic) / (counts.sum() * (min(counts.shape) - 1))),
        "rows": int(counts.sum()),
    }


def _cell_schema() -> pl.Schema:
    floats = dict.fromkeys(("expected", "row percent", "column percent", "percent"), pl.Float64())
    return pl.Schema({"row": pl.String(), "column": pl.String(), "count": pl.Int64(), **floats})


def _test_schema() -> pl.Schema:
    return pl.Schema(
        {
            "chi-squared": pl.Float64(),
            "degrees of freedom": pl.Int64(),
            "p-value": pl.Float64(),
            "Fisher p-value": pl.Float64(),
            "Cramér's V": pl.Float64(),
            "rows": pl.Int64(),
        }
    )
