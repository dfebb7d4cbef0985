"""Normalizer: columns of numbers are brought to one scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl
from pydantic import FiniteFloat

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.blocks import column_blocks
from nodes.kit.tables.scaling import Model, Scaling, model_schema, model_table, scaled_dtype
from nodes.values.table import Table, TableSpec


class Normalizer(Node):
    """Bring columns of numbers to one scale, such as 0 to 1, and keep the model, so that other data get the same one.

    Wire the model to a Normalizer (Apply) for test data: they must be scaled by what was learned from the training data, not
    anew. A Denormalizer undoes it. Missing cells stay missing; NaN and infinite ones do not count for the model. A column in
    which all numbers are equal becomes the smallest value (min-max) or 0. Whole numbers become Float64. (Images have a
    Normalizer of their own.)

    Example: bring `age` and `income` to 0 … 1 on the training rows, and give the model to a Normalizer (Apply) for the
    test rows.
    """

    id = "tables.normalizer"
    title = "Normalizer"
    shelf = "Tables / Columns"
    icon = "mdi6.chart-bell-curve-cumulative"
    keywords = (
        "scale", "standardize", "min-max", "z-score", "MinMaxScaler", "StandardScaler", "RobustScaler", "rescale",
        "min max scaling",
    )  # fmt: skip
    input_ports = (Port("table", "table", "Table", "The table to scale."),)
    output_ports = (
        Port("table", "table", "Normalized table", "The table with the scaled columns."),
        Port("model", "table", "Model", "One row per column: number x scale + offset is what it became."),
    )

    columns: list[str] = setting(
        [], "Columns", "The columns to scale; empty: all columns of numbers.", columns=Columns("table", ("number",))
    )
    method: Literal["min-max", "z-score", "decimal scaling", "robust"] = setting(
        "min-max",
        "Method",
        "How the columns are scaled.",
        choices={
            "min-max": "The smallest number becomes the minimum, the largest the maximum.",
            "z-score": "The mean becomes 0, the standard deviation (n - 1, as in KNIME; scikit-learn takes n) 1.",
            "decimal scaling": "Divided by the power of ten that brings all numbers between -1 and 1.",
            "robust": "The median becomes 0, the distance between the quartiles 1: outliers do not matter.",
        },
    )
    minimum: FiniteFloat = setting(0.0, "Minimum", "What the smallest number becomes.", shown_if={"method": "min-max"})
    maximum: FiniteFloat = setting(1.0, "Maximum", "What the largest number becomes.", shown_if={"method": "min-max"})

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The same columns, as numbers with decimals."""
        table = specs.table()
        for column in self.columns:
            table.require(column, "number", setting="columns")
        if self.method == "min-max" and self.minimum >= self.maximum:
            raise NodeError("The minimum is not less than the maximum.", "Enter a larger maximum.", setting="maximum")
        columns = self._columns(table)
        if not columns:
            table.require(None, "number", setting="columns")
        scaled = table.with_columns({c: scaled_dtype(table.schema[c]) for c in columns})
        return {"table": scaled, "model": TableSpec(model_schema(), len(columns))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Looks through the columns once for the model, and once more to scale them."""
        table = values.table()
        columns = self._columns(table.spec)
        fits = {"robust": self._by_quantiles, "z-score": self._by_moments}
        model = fits.get(self.method, self._by_range)(table, columns, job)
        scaled = Scaling(model=model).execute(values, job)
        return {"table": scaled["table"], "model": model_table(model)}

    def _columns(self, table: TableSpec) -> list[str]:
        return list(dict.fromkeys(self.columns)) or table.columns_of("number")

    def _by_quantiles(self, table: Table, columns: Sequence[str], job: Job) -> Model:
        """The scale of each column from its quartiles, which need the whole column at once."""
        model: dict[str, tuple[float, float]] = {}
        for block in column_blocks(columns, table.height):
            job.check_cancelled()
            finite = _finite(table.frame(block))
            quartiles = [finite.quantile(share, "linear").row(0) for share in (0.25, 0.5, 0.75)]
            for column, *figures in zip(block, *quartiles, strict=True):
                lower, median, upper = (figure or 0.0 for figure in figures)
                model[column] = _moved(1 / ((upper - lower) or 1.0), median, 0.0)
        return model

    def _by_range(self, table: Table, columns: Sequence[str], job: Job) -> Model:
        """The scale of each column from its smallest and its largest number."""
        lows, highs = [], []
        for piece in table.batches(columns):
            job.check_cancelled()
            finite = _finite(piece)
            lows.append(finite.min())
            highs.append(finite.max())
        ends = zip(columns, pl.concat(lows).min().row(0), pl.concat(highs).max().row(0), strict=True)
        return {column: self._of_range(low or 0.0, high or 0.0) for column, low, high in ends}

    def _of_range(self, low: float, high: float) -> tuple[float, float]:
        if self.method == "min-max":
            # Halves, since the span of the largest numbers is infinite.
            half = high / 2 - low / 2
            return _moved((self.maximum / 2 - self.minimum / 2) / half if half else 1.0, low, self.minimum)
        largest = max(abs(low), abs(high))
        return _moved(10.0 ** -max(0, math.floor(math.log10(largest)) + 1) if largest > 1 else 1.0, 0.0, 0.0)

    def _by_moments(self, table: Table, columns: Sequence[str], job: Job) -> Model:
        """The scale of each column from its mean and its standard deviation.

        A second walk finds the deviations, since a difference of large sums would lose the digits that matter.
        """
        sums, counts, lows, highs = [], [], [], []
        for piece in table.batches(columns):
            job.check_cancelled()
            finite = _finite(piece)
            sums.append(finite.sum())
            counts.append(finite.count().cast(pl.Int64))
            lows.append(finite.min())
            highs.append(finite.max())
        numbers = pl.concat(counts).sum().row(0)
        totals = zip(pl.concat(sums).sum().row(0), numbers, strict=True)
        means = [(total or 0.0) / max(number, 1) for total, number in totals]
        ends = list(zip(pl.concat(lows).min().row(0), pl.concat(highs).max().row(0), strict=True))
        # Ten times 0.1 has the mean 0.09999999999999999: equal numbers are their own mean, and have no spread.
        means = [low if low == high and low is not None else mean for mean, (low, high) in zip(means, ends, strict=True)]
        squares = []
        for piece in table.batches(columns):
            job.check_cancelled()
            moved = (((pl.col(column) - mean) ** 2).sum() for column, mean in zip(columns, means, strict=True))
            squares.append(_finite(piece).select(moved))
        spreads = zip(columns, means, numbers, pl.concat(squares).sum().row(0), strict=True)
        return {
            column: _moved(1 / (math.sqrt(square / max(number - 1, 1)) or 1.0), mean, 0.0)
            for column, mean, number, square in spreads
        }


def _finite(frame: pl.DataFrame) -> pl.DataFrame:
    """Numbers as Float64; what is NaN or infinite is missing."""
    numbers = {column: pl.col(column).cast(pl.Float64) for column in frame.columns}
    return frame.select(**{column: pl.when(number.is_finite()).then(number) for column, number in numbers.items()})


def _moved(scale: float, centre: float, target: float) -> tuple[float, float]:
    """Scale and offset that bring `centre` to `target`; a scale that is none becomes 1."""
    if not math.isfinite(scale) or not scale:
        scale = 1.0
    return scale, target - centre * scale
