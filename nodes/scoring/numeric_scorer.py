"""Numeric Scorer: how far predicted numbers are from the actual ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.scoring.missing import without_missing
from nodes.values.table import Table, TableSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray


class NumericScorer(Node):
    """Compare predicted with actual numbers: R², absolute, squared and percentage errors.

    What is not defined is missing: R² where all actual numbers are the same, the percentage error where one of them is 0,
    adjusted R² where there are not more rows than predictors. NaN counts as missing.

    Example: choose `temperature` as reference and the network's output as prediction: a mean absolute error of 0.8 is 0.8
    degrees.
    """

    id = "scoring.numeric_scorer"
    title = "Numeric Scorer"
    shelf = "Scoring"
    icon = "mdi6.chart-scatter-plot"
    keywords = ("regression", "R2", "MAE", "MSE", "RMSE", "MAPE", "mean absolute error", "evaluate", "error")
    input_ports = (Port("table", "table", "Table", "The table with actual and predicted numbers."),)
    output_ports = (Port("statistics", "table", "Statistics", "One row per statistic."),)

    actual_column: str | None = setting(None, "Reference column", "The true numbers.", columns=Columns("table", ("number",)))
    predicted_column: str | None = setting(
        None, "Predicted column", "The predicted numbers.", columns=Columns("table", ("number",))
    )
    output_name: str = setting("value", "Output column name", "The name of the column of figures.", min_length=1)
    predictors: int = setting(
        0, "Number of predictors", "How many columns the prediction was made from, for the adjusted R².", ge=0, advanced=True
    )
    missing: Literal["ignore", "fail"] = setting(
        "ignore",
        "Missing values",
        "What to do with rows in which one of the two is missing.",
        choices={"ignore": "Leave them out, with a warning.", "fail": "Stop with an error."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise seven rows of a name and a figure."""
        table = specs.table()
        for name in ("actual_column", "predicted_column"):
            table.require(getattr(self, name), "number", setting=name)
        if self.actual_column == self.predicted_column:
            raise NodeError(
                f"Column '{self.actual_column}' is compared with itself.", "Choose two columns.", setting="predicted_column"
            )
        if self.output_name == "statistic":
            raise NodeError("There is already a column 'statistic'.", "Choose another name.", setting="output_name")
        return {"statistics": TableSpec(self._schema(), 7)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Read the two columns and work out the figures in double precision."""
        assert self.actual_column and self.predicted_column
        frame = values.table().frame([self.actual_column, self.predicted_column]).cast(pl.Float64)
        complete = without_missing(frame.with_columns(pl.all().fill_nan(None)), "number", self.missing, job)
        job.check_cancelled()
        figures = _figures(complete[self.actual_column].to_numpy(), complete[self.predicted_column].to_numpy(), self.predictors)
        return {"statistics": Table.of(pl.DataFrame([*figures.items()], schema=self._schema(), orient="row"))}

    def _schema(self) -> pl.Schema:
        return pl.Schema({"statistic": pl.String(), self.output_name: pl.Float64()})


def _figures(actual: NDArray[Any], predicted: NDArray[Any], predictors: int) -> dict[str, float | None]:
    """The statistics by name; None where one is not defined or not finite."""
    import numpy as np

    rows = len(actual)
    with np.errstate(all="ignore"):
        error = predicted - actual
        r2 = None
        if rows and actual.min() != actual.max():
            deviation = actual - actual.mean()
            unit = np.abs(
                deviation
            ).max()  # without it, squares of what is very small would be 0, those of what is very large infinite
            r2 = 1 - float(np.square(error / unit).sum() / np.square(deviation / unit).sum())
        freedom = rows - 1 - predictors
        figures = {
            "R²": r2,
            "Mean absolute error": _mean(np.abs(error)),
            "Mean squared error": _mean(np.square(error)),
            "Root mean squared error": _root_mean_square(error),
            "Mean signed difference": _mean(error),
            "Mean absolute percentage error": _mean(np.abs(error / actual)),
            "Adjusted R²": 1 - (1 - r2) * (rows - 1) / freedom if r2 is not None and freedom > 0 else None,
        }
    return {name: value if value is not None and math.isfinite(value) else None for name, value in figures.items()}


def _root_mean_square(values: NDArray[Any]) -> float | None:
    import numpy as np

    unit = np.abs(values).max() if len(values) else 0.0
    return float(unit * np.sqrt(np.square(values / unit).mean())) if unit else _mean(values)


def _mean(values: NDArray[Any]) -> float | None:
    return float(values.sum() / len(values)) if len(values) else None
