"""Normalizer: columns of numbers are brought to one scale."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import polars as pl
from pydantic import FiniteFloat

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.scaling import Scaling, model_schema, model_table, scaled_dtype
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
        model: dict[str, tuple[float, float]] = {}
        for column in self._columns(table.spec):
            job.check_cancelled()
            model[column] = self._fit(table, column)
        scaled = Scaling(model=model).execute(values, job)
        return {"table": scaled["table"], "model": model_table(model)}

    def _columns(self, table: TableSpec) -> list[str]:
        return list(dict.fromkeys(self.columns)) or table.columns_of("number")

    def _fit(self, table: Table, column: str) -> tuple[float, float]:
        """Scale and offset of a column."""
        number = pl.col(column).cast(pl.Float64)
        number = number.filter(number.is_finite())
        if self.method == "robust":
            # Quantiles need the whole column at once.
            asked = (number.quantile(share, "linear").alias(str(share)) for share in (0.25, 0.5, 0.75))
            lower, median, upper = (figure or 0.0 for figure in table.frame([column]).select(asked).row(0))
            return _moved(1 / ((upper - lower) or 1.0), median, 0.0)
        pieces = pl.concat(
            piece.select(low=number.min(), high=number.max(), sum=number.sum(), count=number.count())
            for piece in table.batches([column])
        )
        low, high = (float(figure or 0) for figure in pieces.select(pl.col("low").min(), pl.col("high").max()).row(0))
        if self.method == "min-max":
            # Halves, since the span of the largest numbers is infinite.
            half = high / 2 - low / 2
            return _moved((self.maximum / 2 - self.minimum / 2) / half if half else 1.0, low, self.minimum)
        if self.method == "decimal scaling":
            largest = max(abs(low), abs(high))
            return _moved(10.0 ** -max(0, math.floor(math.log10(largest)) + 1) if largest > 1 else 1.0, 0.0, 0.0)
        total, count = (float(figure) for figure in pieces.select("sum", "count").sum().row(0))
        mean = total / max(count, 1)
        # A second walk, since a difference of large sums would lose the digits that matter.
        squares = sum(piece.select(((number - mean) ** 2).sum()).item() for piece in table.batches([column]))
        return _moved(1 / (math.sqrt(squares / max(count - 1, 1)) or 1.0), mean, 0.0)


def _moved(scale: float, centre: float, target: float) -> tuple[float, float]:
    """Scale and offset that bring `centre` to `target`; a scale that is none becomes 1."""
    if not math.isfinite(scale) or not scale:
        scale = 1.0
    return scale, target - centre * scale
