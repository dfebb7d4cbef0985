"""Precision-Recall Curve: how many of a class are found, and how many of those that are taken for it are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import polars as pl

from nodes.base import Job, Port, Spec, Specs, Value, Values, setting
from nodes.kit.scoring.probabilities import CurveNode, in_order, thinned
from nodes.values.figure import Figure, FigureSpec, Line, LinesFigure
from nodes.values.table import Table, TableSpec


class PrecisionRecallCurve(CurveNode):
    """Draw for every threshold what share of a class is found, against what share of the finds is right.

    The average precision is the area under the steps of the curve; that of guessing is the share of the class. The threshold
    with the best F-measure is given for each class: where a decision needs one, take it from here rather than 0.5.

    Example: choose the rare class `defect` as the positive class, and read off how much precision it costs to find nine in ten.
    """

    id = "scoring.precision_recall_curve"
    title = "Precision-Recall Curve"
    shelf = "Scoring"
    icon = "mdi6.chart-line-variant"
    keywords = ("average precision", "PR curve", "recall", "threshold", "F1", "rare class", "imbalanced")
    input_ports = (Port("table", "table", "Table", "Actual classes and probabilities."),)
    output_ports = (
        Port("areas", "table", "Average precision", "A row per class: average precision, best threshold."),
        Port("points", "table", "Points", "The points of the curves, with their thresholds."),
        Port("figure", "figure", "Figure", "The curves."),
    )

    most_points: int = setting(
        2000,
        "Most points",
        "So many of a curve are put out and drawn at most.",
        ge=2,
        le=1_000_000,
        group="Drawing",
        advanced=True,
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Two tables and a figure."""
        self.check(specs.table())
        return {"areas": TableSpec(_areas_schema()), "points": TableSpec(_points_schema()), "figure": FigureSpec("lines")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """A curve per class."""
        import numpy as np
        from sklearn.metrics import average_precision_score, precision_recall_curve

        areas: list[tuple[object, ...]] = []
        points, lines = [], []
        for ranked in self.curves(values.table(), job):
            name, hit, given = ranked.name, ranked.hit, ranked.given
            if not hit.any():
                job.warn(f"There are no rows of class '{name}': it has no curve.")
                areas.append((name, None, None, None, 0))
                continue
            precision, recall, threshold = precision_recall_curve(hit, given)
            measure = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
            best = int(measure[:-1].argmax())
            area = float(average_precision_score(hit, given))
            areas.append((name, area, float(threshold[best]), float(measure[best]), int(hit.sum())))
            kept = thinned(len(precision), self.most_points)
            at = np.append(threshold, np.inf)[kept]  # the last point is that of finding nothing
            columns = {"class": [name] * len(kept), "threshold": at, "recall": recall[kept], "precision": precision[kept]}
            points.append(pl.DataFrame(columns, schema=_points_schema()))
            lines.append((area, Line(f"{name} (AP {area:.3f})", recall[kept].tolist(), precision[kept].tolist())))
        title, drawn = self.titled("Precision and recall", in_order(lines), job)
        figure = LinesFigure(title, drawn, "recall", x_range=[0, 1], y_range=[0, 1.01], end_values=False, y_label="precision")
        return {
            "areas": Table.of(pl.DataFrame(areas, schema=_areas_schema(), orient="row")),
            "points": Table.of(pl.concat(points) if points else pl.DataFrame(schema=_points_schema())),
            "figure": figure,
        }

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The curves."""
        return (cast(Figure, outputs["figure"]),)


def _areas_schema() -> pl.Schema:
    names = ("average precision", "best threshold", "F-measure there")
    return pl.Schema({"class": pl.String, **dict.fromkeys(names, pl.Float64), "rows": pl.Int64})


def _points_schema() -> pl.Schema:
    return pl.Schema({"class": pl.String, **dict.fromkeys(("threshold", "recall", "precision"), pl.Float64)})
