"""Calibration Curve: whether what gets a probability of 80 % happens in 80 % of the cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, cast

import polars as pl

from nodes.base import Job, Port, Spec, Specs, Value, Values, setting
from nodes.kit.scoring.probabilities import PositiveNode
from nodes.values.figure import Figure, FigureSpec, Line, LinesFigure
from nodes.values.table import Table, TableSpec


class CalibrationCurve(PositiveNode):
    """Compare probabilities with how often they come true: a reliability diagram.

    The rows are put into bins by their probability; a point is a bin: its mean probability, and the share of its rows that are
    of the class. Above the diagonal the model is too timid, below it too sure, as networks often are. With no positive class
    chosen and more than two classes, the probability of the predicted class is looked at: its confidence.

    The expected calibration error is the mean distance from the diagonal, weighted by the rows of the bins (Guo et al., 2017);
    the Brier score is the mean squared distance of all probabilities from the truth.

    Example: score a network trained for 3 and one trained for 30 epochs: the second may be more accurate, and worse calibrated.
    """

    id = "scoring.calibration_curve"
    title = "Calibration Curve"
    shelf = "Scoring"
    icon = "mdi6.scale-balance"
    keywords = ("reliability diagram", "expected calibration error", "ECE", "Brier score", "confidence", "overconfident")
    input_ports = (Port("table", "table", "Table", "Actual classes and probabilities."),)
    output_ports = (
        Port("bins", "table", "Bins", "A row per bin: its mean probability, its share of hits, its rows."),
        Port("statistics", "table", "Statistics", "Expected and maximum calibration error, Brier score."),
        Port("figure", "figure", "Figure", "The curve."),
    )

    bins: int = setting(10, "Bins", "How many bins the probabilities are put into.", ge=2, le=100)
    strategy: Literal["uniform", "quantile"] = setting(
        "uniform",
        "Strategy",
        "How wide the bins are.",
        choices={"uniform": "All equally wide.", "quantile": "So wide that all have equally many rows."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise two tables and a figure."""
        self.check(specs.table())
        return {
            "bins": TableSpec(_bins_schema()),
            "statistics": TableSpec(_statistics_schema(), 3),
            "figure": FigureSpec("lines"),
        }

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Fill the bins."""
        import numpy as np

        scored = self.scored(values.table(), job)
        places = self.positives(scored)
        if len(places) == 1:
            given, hit = scored.probabilities[:, places[0]], scored.actual == places[0]
            brier = float(((given - hit) ** 2).mean()) if len(hit) else None
            what = f"class '{scored.classes[places[0]]}'"
        else:
            predicted = scored.probabilities.argmax(axis=1)
            given, hit = scored.probabilities.max(axis=1, initial=0.0), predicted == scored.actual
            truth = np.eye(len(scored.classes))[scored.actual]
            brier = float(((scored.probabilities - truth) ** 2).sum(axis=1).mean()) if len(hit) else None
            what = "the predicted class"
        edges = np.linspace(0, 1, self.bins + 1)
        if self.strategy == "quantile" and len(given):
            edges = np.quantile(given, edges)
        number = np.clip(np.searchsorted(edges[1:-1], given, side="left"), 0, self.bins - 1)
        rows = [
            (float(edges[n]), float(edges[n + 1]), float(given[inside].mean()), float(hit[inside].mean()), int(inside.sum()))
            for n in range(self.bins)
            if (inside := number == n).any()
        ]
        distances = np.array([abs(row[2] - row[3]) for row in rows])
        weights = np.array([row[4] for row in rows])
        expected = float((distances * weights).sum() / weights.sum()) if rows else None
        statistics = [
            ("expected calibration error", expected),
            ("maximum calibration error", float(distances.max()) if rows else None),
            ("Brier score", brier),
        ]
        lines = [
            Line(what, [row[2] for row in rows], [row[3] for row in rows], style="points"),
            Line("perfect", [0, 1], [0, 1], style="faint", hue=6),
        ]
        title = "Calibration" if expected is None else f"Calibration (expected error {expected:.3f})"
        figure = LinesFigure(
            title, lines, "mean probability", x_range=[0, 1], y_range=[0, 1.01], end_values=False, y_label="share of hits"
        )
        return {
            "bins": Table.of(pl.DataFrame(rows, schema=_bins_schema(), orient="row")),
            "statistics": Table.of(pl.DataFrame(statistics, schema=_statistics_schema(), orient="row")),
            "figure": figure,
        }

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the curve."""
        return (cast(Figure, outputs["figure"]),)


def _bins_schema() -> pl.Schema:
    names = ("from", "to", "mean probability", "share of hits")
    return pl.Schema({**dict.fromkeys(names, pl.Float64), "rows": pl.Int64})


def _statistics_schema() -> pl.Schema:
    return pl.Schema({"statistic": pl.String, "value": pl.Float64})
