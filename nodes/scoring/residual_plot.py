"""Residual Plot: predicted against actual numbers, and where the errors are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.drawing import most_rows_setting, numbers, spread_rows
from nodes.values.figure import Figure, FigureSpec, HistogramFigure, Points, PointsFigure


class ResidualPlot(Node):
    """Draw predicted numbers against the actual ones, the errors over the predictions, and how the errors are spread.

    A perfect prediction lies on the diagonal. Errors that bend or widen with the prediction say that the model misses something;
    errors should lie evenly around 0.

    Example: after an LSTM has forecast a series, wire the Executor's table to it with `temperature` and the prediction.
    """

    id = "scoring.residual_plot"
    title = "Residual Plot"
    shelf = "Scoring"
    icon = "mdi6.chart-scatter-plot-hexbin"
    keywords = ("numeric scorer plot", "predicted against actual", "errors", "regression", "residuals")
    input_ports = (Port("table", "table", "Table", "Actual and predicted numbers."),)
    output_ports = (
        Port("predictions", "figure", "Predictions", "Predicted against actual numbers."),
        Port("residuals", "figure", "Residuals", "Errors over the predictions."),
        Port("distribution", "figure", "Distribution", "How the errors are spread."),
    )

    actual_column: str | None = setting(None, "Reference column", "The true numbers.", columns=Columns("table", ("number",)))
    predicted_column: str | None = setting(
        None, "Predicted column", "The predicted numbers.", columns=Columns("table", ("number",))
    )
    bins: int = setting(40, "Bins", "Of the distribution of errors.", ge=1, le=1000, group="Drawing")
    most_rows: int = most_rows_setting(5000, "points")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise three figures."""
        table = specs.table()
        for name in ("actual_column", "predicted_column"):
            table.require(getattr(self, name), "number", setting=name)
        if self.actual_column == self.predicted_column:
            raise NodeError(
                f"Column '{self.actual_column}' is compared with itself.", "Choose two columns.", setting="predicted_column"
            )
        return {
            "predictions": FigureSpec("points"),
            "residuals": FigureSpec("points"),
            "distribution": FigureSpec("histogram"),
        }

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Read both columns."""
        import numpy as np

        assert self.actual_column and self.predicted_column
        frame = spread_rows(values.table(), [self.actual_column, self.predicted_column], self.most_rows)
        actual, predicted = numbers(frame[self.actual_column]), numbers(frame[self.predicted_column])
        known = np.isfinite(actual) & np.isfinite(predicted)
        if not known.all():
            job.warn(f"{int((~known).sum())} row(s) without one of the two numbers are not drawn.")
        actual, predicted = actual[known], predicted[known]
        errors = predicted - actual
        counts, edges = np.histogram(errors, self.bins)
        x, y = f"actual {self.actual_column}", f"predicted {self.predicted_column}"
        return {
            "predictions": PointsFigure(
                "Predicted against actual", [Points("", actual.tolist(), predicted.tolist())], x, y, diagonal=True
            ),
            "residuals": PointsFigure("Errors", [Points("", predicted.tolist(), errors.tolist())], y, "predicted − actual"),
            "distribution": HistogramFigure(
                "Distribution of errors",
                edges.tolist(),
                {"errors": counts.tolist()} if len(errors) else {},
                "predicted − actual",
                "rows",
            ),
        }

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show all three."""
        return tuple(cast(Figure, outputs[port.name]) for port in self.output_ports)
