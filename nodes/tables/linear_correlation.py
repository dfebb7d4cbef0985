"""Linear Correlation: how strongly columns go together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.naming import frame_of
from nodes.values.figure import Figure, HeatMapFigure
from nodes.values.table import Table, TableSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
        """Compare columns of numbers all at once, where that is exact, and all others pair by pair."""
        import numpy as np

        table = values.table()
        columns = self._columns(table.spec)
        frame = table.frame(columns)
        numeric = set(table.spec.columns_of(*NUMERIC))
        size = len(columns)
        fast = self._at_once(frame.select(c for c in columns if c in numeric))
        where = np.array([number for number, column in enumerate(columns) if column in fast.places], dtype=np.int64)
        square = np.ix_(where, where)
        coefficients, counts, chances = (
            np.full((size, size), math.nan),
            np.zeros((size, size), int),
            np.full((size, size), math.nan),
        )
        coefficients[square], counts[square], chances[square] = fast.coefficients, fast.counts, fast.chances
        alone = np.ones((size, size), dtype=bool)
        alone[square] = fast.is_doubtful
        pairs_alone = np.argwhere(np.triu(alone))
        for number, (one, other) in enumerate(pairs_alone.tolist()):
            job.check_cancelled()
            job.progress(number / len(pairs_alone), f"{columns[one]}, {columns[other]}")
            coefficient, count, chance = self._compare(frame, columns[one], columns[other], numeric)
            coefficients[one, other] = math.nan if coefficient is None else coefficient
            chances[one, other] = math.nan if chance is None else chance
            counts[one, other] = count
        ones, others = np.triu_indices(size, 1)
        whole = np.where(np.tri(size, k=-1, dtype=bool), coefficients.T, coefficients)
        names = pl.Series(columns, dtype=pl.String)
        matrix = frame_of(pl.Series(c, whole[:, place]) for place, c in enumerate(columns)).fill_nan(None)
        pairs = {
            "first": names.gather(ones),
            "second": names.gather(others),
            "correlation": pl.Series(coefficients[ones, others]).fill_nan(None),
            "rows": pl.Series(counts[ones, others]),
            "p-value": pl.Series(chances[ones, others]).fill_nan(None),
        }
        return {
            "matrix": Table.of(matrix.insert_column(0, names.alias("column"))),
            "pairs": Table.of(pl.DataFrame(pairs, schema=_pair_schema())),
        }

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The matrix as a heat map."""
        matrix = outputs.table("matrix").frame()
        names = matrix["column"].to_list()
        rows = matrix.drop("column").cast(pl.Float64).to_numpy().tolist()
        return (HeatMapFigure("Correlation", rows, names, names, shading="diverging"),) if names else ()

    def _columns(self, table: TableSpec) -> list[str]:
        return list(dict.fromkeys(self.columns)) or table.columns_of(*NUMERIC)

    def _at_once(self, frame: pl.DataFrame) -> _AllPairs:
        """Return what matrices tell of columns of numbers; of ranks only those without missing cells, of Kendall's none."""
        import numpy as np

        if not frame.width:
            return _AllPairs.of({}, np.zeros((frame.height, 0)))
        cast = frame.select(pl.all().cast(pl.Float64).fill_nan(None))
        finite = cast.select(pl.all().is_infinite().any().not_().fill_null(True)).row(0)
        whole = cast.null_count().row(0)
        fit = [f and self.method != "kendall" and (self.method == "pearson" or not n) for f, n in zip(finite, whole, strict=True)]
        names = [c for c, fits in zip(cast.columns, fit, strict=True) if fits]
        taken = cast.select(names)
        if self.method == "spearman":
            taken = taken.select(pl.all().rank("average"))
        numbers = taken.to_numpy().reshape(taken.height, len(names))
        return _AllPairs.of({c: n for n, c in enumerate(names)}, numbers.astype(np.float64))

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


@dataclass(frozen=True)
class _AllPairs:
    """Pearson's coefficients of all pairs of some columns.

    Attributes:
        places: Column -> its place in the matrices.
        coefficients: From -1 to 1, NaN where there is none; columns x columns.
        counts: In how many rows both are there.
        chances: The p-values above the diagonal, NaN elsewhere: they take most of the time.
        is_doubtful: Whether a column varies so little in the rows of a pair that rounding would decide: look at that pair alone.
    """

    places: Mapping[str, int]
    coefficients: NDArray[Any]
    counts: NDArray[Any]
    chances: NDArray[Any]
    is_doubtful: NDArray[Any]

    @classmethod
    def of(cls, places: Mapping[str, int], numbers: NDArray[Any]) -> _AllPairs:
        """Return them for rows x columns, with NaN where a cell is missing.

        With X the columns, each less its mean, 0 where missing, and M their masks, sums over the rows that a pair has in
        common are products of matrices: n = M'M, sum x = X'M, sum x² = (X²)'M, sum xy = X'X.
        """
        import numpy as np
        from scipy import special

        there = ~np.isnan(numbers)
        with np.errstate(all="ignore"):
            counts = there.sum(0)
            means = np.where(there, numbers, 0).sum(0) / np.maximum(counts, 1)
            x, mask = np.where(there, numbers - means, 0), there.astype(np.float64)
            if there.all():  # all pairs have all rows in common
                shape = (x.shape[1], x.shape[1])
                n = np.full(shape, float(len(x)))
                sums, squares = (np.broadcast_to(of.sum(0)[:, None], shape) for of in (x, x * x))
            else:
                n = mask.T @ mask
                sums, squares = x.T @ mask, (x * x).T @ mask
            spread = squares - sums * sums / n  # of the one in the rows of both, times n
            together = x.T @ x - sums * sums.T / n
            found = np.clip(together / np.sqrt(spread * spread.T), -1, 1)
            scale = np.maximum(squares, (means * means)[:, None] * n)
            small = ~(spread > 1e-9 * scale)
            doubtful = small | small.T | ~np.isfinite(found)
            np.fill_diagonal(found, np.where(np.diag(doubtful), math.nan, 1.0))
            above = np.triu_indices(len(found), 1)
            free, apart = n[above] - 2, found[above]
            t = np.abs(apart) * np.sqrt(free / (1 - apart * apart))
            chances = np.full(found.shape, math.nan)
            chances[above] = np.where(free > 0, 2 * special.stdtr(free, -t), 1.0)
        return cls(places, found, n.astype(np.int64), chances, doubtful)


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
