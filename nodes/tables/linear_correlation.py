"""Linear Correlation: how strongly columns go together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.values.figure import Figure, HeatMapFigure
from nodes.values.table import Table, TableSpec

KINDS = ("number", "boolean", "category")
NUMERIC = ("number", "boolean")


class LinearCorrelation(Node):
    """Measure how strongly each two columns go together, from -1 (opposite) over 0 (not at all) to 1 (the same).

    Two columns of numbers, or of true and false, are compared by Pearson's or Spearman's coefficient; two columns of text or
    categories by Cramér's V (0 to 1, without its sign; Bergsma's correction is not made, as in KNIME). A number and a
    category cannot be compared: that cell is missing, as it is where a column is constant. For each pair, rows in which one
    of the two cells is missing (or NaN) are left out.

    The p-value is the chance of a coefficient at least as far from 0 if the columns did not depend on each other: by the t
    distribution for Pearson and Spearman, by chi-squared for Cramér's V, as scipy has it.

    Example: all four measures of the iris table give a heat map in which the two of the petals stand out.
    """

    id = "tables.linear_correlation"
    title = "Linear Correlation"
    shelf = "Tables / Statistics"
    icon = "mdi6.grid"
    keywords = (
        "Rank Correlation",
        "p-value",
        "Kendall",
        "corr",
        "Pearson",
        "Spearman",
        "Cramér's V",
        "heat map",
        "correlation matrix",
    )
    input_ports = (Port("table", "table", "Table", "The columns to compare."),)
    output_ports = (
        Port("matrix", "table", "Correlation matrix", "One row and one column per compared column."),
        Port("pairs", "table", "Pairs", "One row per pair: coefficient, number of rows, and p-value."),
    )

    columns: list[str] = setting(
        [], "Columns", "The columns to compare; empty: all with numbers or true and false.", columns=Columns("table", KINDS)
    )
    method: Literal["pearson", "spearman", "kendall"] = setting(
        "pearson",
        "Coefficient",
        "How numbers are compared.",
        choices={
            "pearson": "By a straight line.",
            "spearman": "By rank: any rising curve gives 1.",
            "kendall": "By pairs of rows that are in one order (tau-b).",
        },
    )
    max_values: int = setting(
        50, "Maximum number of categories", "Columns with more different values are not compared.", ge=2, advanced=True
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """A square matrix, and half as many pairs."""
        table = specs.table()
        for column in self.columns:
            table.require(column, *KINDS, setting="columns")
        columns = self._columns(table)
        if not columns:
            raise NodeError("The table has no columns of numbers.", "Choose columns to compare.", setting="columns")
        if "column" in columns:
            raise NodeError("A column must not be named 'column' here.", "Rename it (Column Renamer).", setting="columns")
        matrix = pl.Schema({"column": pl.String(), **dict.fromkeys(columns, pl.Float64())})
        count = len(columns)
        return {"matrix": TableSpec(matrix, count), "pairs": TableSpec(_pair_schema(), count * (count - 1) // 2)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Compares pair by pair."""
        table = values.table()
        columns = self._columns(table.spec)
        frame = table.frame(columns)
        numeric = set(table.spec.columns_of(*NUMERIC))
        cells: dict[tuple[str, str], float | None] = {(c, c): self._compare(frame, c, c, numeric)[0] for c in columns}
        rows: list[tuple[str, str, float | None, int, float | None]] = []
        pairs = list(combinations(columns, 2))
        for number, (first, second) in enumerate(pairs):
            job.check_cancelled()
            job.progress(number / len(pairs), f"{first}, {second}")
            coefficient, count, chance = self._compare(frame, first, second, numeric)
            cells[first, second] = cells[second, first] = coefficient
            rows.append((first, second, coefficient, count, chance))
        matrix = {"column": columns, **{c: [cells[r, c] for r in columns] for c in columns}}
        schema = {"column": pl.String(), **dict.fromkeys(columns, pl.Float64())}
        return {
            "matrix": Table.of(pl.DataFrame(matrix, schema=schema)),
            "pairs": Table.of(pl.DataFrame(rows, schema=_pair_schema(), orient="row")),
        }

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The matrix as a heat map."""
        matrix = outputs.table("matrix").frame()
        names = matrix["column"].to_list()
        rows = [[math.nan if v is None else float(v) for v in row[1:]] for row in matrix.iter_rows()]
        return (HeatMapFigure("Correlation", rows, names, names),) if names else ()

    def _columns(self, table: TableSpec) -> list[str]:
        return list(dict.fromkeys(self.columns)) or table.columns_of(*NUMERIC)

    def _compare(self, frame: pl.DataFrame, first: str, second: str, numeric: set[str]) -> tuple[float | None, int, float | None]:
        """The coefficient, None where there is none, the number of rows that count, and the p-value."""
        pair = frame.select(pl.col(first).alias("a"), pl.col(second).alias("b"))
        if first in numeric and second in numeric:
            numbers = pair.select(pl.all().cast(pl.Float64).fill_nan(None)).drop_nulls()
            if numbers.height < 2:
                return None, numbers.height, None
            return self._of_numbers(numbers)
        pair = pair.drop_nulls()
        if first in numeric or second in numeric:
            return None, pair.height, None
        coefficient, chance = _cramers_v(pair, self.max_values)
        return coefficient, pair.height, chance

    def _of_numbers(self, numbers: pl.DataFrame) -> tuple[float | None, int, float | None]:
        """As `_compare`, for two columns of numbers, none of which is missing."""
        from scipy import stats

        count = numbers.height
        if any(numbers[c].min() == numbers[c].max() for c in ("a", "b")):
            return None, count, None  # whatever the rounding of the mean: 0.1 ten times has no spread
        if self.method == "kendall":
            a, b = (numbers[c].to_numpy() for c in ("a", "b"))
            made = stats.kendalltau(a, b)
            return float(made.statistic), count, float(made.pvalue)
        found = numbers.select(pl.corr("a", "b", method=self.method)).item()
        if found is None or math.isnan(found):
            return None, count, None
        found = max(-1.0, min(1.0, found))
        free = count - 2
        if not free:
            return found, count, 1.0
        t = math.inf if abs(found) == 1 else abs(found) * math.sqrt(free / (1 - found * found))
        return found, count, float(2 * stats.t.sf(t, free))


def _cramers_v(pair: pl.DataFrame, most: int) -> tuple[float | None, float | None]:
    """Cramér's V and its p-value, None where a column has only one value, or too many.

    V is sqrt(chi² / (n · (min(rows, columns) - 1))) of the cross table.
    """
    import numpy as np
    from scipy import stats

    codes = [pair[c].cast(pl.String).rank("dense").to_numpy().astype(np.int64) - 1 for c in ("a", "b")]
    if not pair.height:
        return None, None
    rows, columns = (int(code.max()) + 1 for code in codes)
    if min(rows, columns) < 2 or max(rows, columns) > most:
        return None, None
    observed = np.bincount(codes[0] * columns + codes[1], minlength=rows * columns).reshape(rows, columns)
    expected = observed.sum(1, keepdims=True) * observed.sum(0, keepdims=True) / pair.height
    chi2 = float(((observed - expected) ** 2 / expected).sum())
    chance = float(stats.chi2.sf(chi2, (rows - 1) * (columns - 1)))
    return math.sqrt(min(1.0, chi2 / (pair.height * (min(rows, columns) - 1)))), chance


def _pair_schema() -> pl.Schema:
    return pl.Schema(
        {"first": pl.String(), "second": pl.String(), "correlation": pl.Float64(), "rows": pl.Int64(), "p-value": pl.Float64()}
    )
