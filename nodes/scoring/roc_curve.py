"""ROC Curve: how many of a class are found at the price of how many false alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import polars as pl

from nodes.base import Job, Port, Spec, Specs, Value, Values, setting
from nodes.kit.scoring.probabilities import CurveNode, in_order, thinned
from nodes.values.figure import Figure, FigureSpec, Line, LinesFigure
from nodes.values.table import Table, TableSpec


class RocCurve(CurveNode):
    """Draw for every threshold how many of a class are found, against how many others are taken for it.

    The area under the curve (AUC) is the probability that a row of the class gets a higher probability than another row: 1 is
    perfect, 0.5 is chance. Of more than two classes each is held against the rest, and the mean of their areas is given, plain
    (macro) and weighted by the classes' rows. A class of which there are no rows, or only rows, has no curve.

    Several models can be compared for one class: their columns of probabilities get a curve each. Where the class is rare,
    look at the Precision-Recall Curve too: there, false alarms weigh more.

    Example: after the Executor, choose the true class column and the network's output; the class whose curve is lowest is the
    one that the network confuses most.
    """

    id = "scoring.roc_curve"
    title = "ROC Curve"
    shelf = "Scoring"
    icon = "mdi6.chart-bell-curve-cumulative"
    keywords = ("AUC", "receiver operating characteristic", "threshold", "true positive rate", "ROC Curve (JavaScript)")
    input_ports = (Port("table", "table", "Table", "Actual classes and probabilities."),)
    output_ports = (
        Port("areas", "table", "Area under curve", "A row per class, or per model, and the means."),
        Port("points", "table", "Points", "The points of the curves, with their thresholds."),
        Port("figure", "figure", "Figure", "The curves."),
    )

    show_chance: bool = setting(True, "Line of chance", "What guessing would give.", group="Drawing")
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
        from sklearn.metrics import auc, roc_curve

        areas: list[tuple[str, float | None, int]] = []
        points, lines = [], []
        for ranked in self.curves(values.table(), job):
            name, hit = ranked.name, ranked.hit
            if hit.all() or not hit.any():
                job.warn(f"There {'are only' if len(hit) and hit.all() else 'are no'} rows of class '{name}': it has no curve.")
                areas.append((name, None, int(hit.sum())))
                continue
            false, true, threshold = roc_curve(hit, ranked.given)
            area = float(auc(false, true))
            areas.append((name, area, int(hit.sum())))
            kept = thinned(len(false), self.most_points)
            false, true, threshold = false[kept], true[kept], threshold[kept]
            points.append(
                pl.DataFrame(
                    {
                        "class": [name] * len(kept),
                        "threshold": threshold,
                        "false positive rate": false,
                        "true positive rate": true,
                    },
                    schema=_points_schema(),
                )
            )
            lines.append((area, Line(f"{name} (AUC {area:.3f})", false.tolist(), true.tolist())))
        known = [(area, rows) for _, area, rows in areas if area is not None]
        if len(areas) > 1 and not self.several_models:
            macro = sum(area for area, _ in known) / len(known) if known else None
            weighted = sum(area * rows for area, rows in known) / sum(rows for _, rows in known) if known else None
            total = sum(rows for *_, rows in areas)
            areas += [("macro average", macro, total), ("weighted average", weighted, total)]
        title, drawn = self.titled("ROC curve", in_order(lines), job)
        if self.show_chance:
            drawn.append(Line("chance", [0, 1], [0, 1], style="faint", hue=6))
        figure = LinesFigure(
            title,
            drawn,
            "false positive rate",
            x_range=[0, 1],
            y_range=[0, 1.01],
            end_values=False,
            y_label="true positive rate",
        )
        return {
            "areas": Table.of(pl.DataFrame(areas, schema=_areas_schema(), orient="row")),
            "points": Table.of(pl.concat(points) if points else pl.DataFrame(schema=_points_schema())),
            "figure": figure,
        }

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The curves."""
        return (cast(Figure, outputs["figure"]),)


def _areas_schema() -> pl.Schema:
    return pl.Schema({"class": pl.String, "area under curve": pl.Float64, "rows": pl.Int64})


def _points_schema() -> pl.Schema:
    names = ("threshold", "false positive rate", "true positive rate")
    return pl.Schema({"class": pl.String, **dict.fromkeys(names, pl.Float64)})
