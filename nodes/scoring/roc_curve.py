"""ROC Curve: how many of a class are found at the price of how many false alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nodes.base import Job, Port, Value, Values, setting
from nodes.kit.scoring.probabilities import Ranked
from nodes.kit.scoring.threshold_curves import (
    FIGURE_PORT,
    POINTS_PORT,
    ThresholdCurve,
    ThresholdCurveNode,
    most_points_setting,
)
from nodes.values.figure import Line


class RocCurve(ThresholdCurveNode):
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
    icon = "mdi6.chart-bell-curve-cumulative"
    keywords = ("AUC", "receiver operating characteristic", "threshold", "true positive rate", "ROC Curve (JavaScript)")
    output_ports = (
        Port("areas", "table", "Area under curve", "A row per class, or per model, and the means."),
        POINTS_PORT,
        FIGURE_PORT,
    )
    measures = ("area under curve",)
    axes = ("false positive rate", "true positive rate")
    drawing = ("ROC curve", "AUC")

    show_chance: bool = setting(True, "Line of chance", "What guessing would give.", group="Drawing")
    most_points: int = most_points_setting()

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Give a curve per class."""
        chance = [Line("chance", [0, 1], [0, 1], style="faint", hue=6)] if self.show_chance else []
        return self.draw(values, job, self.most_points, chance)

    def threshold_curve(self, ranked: Ranked, job: Job) -> ThresholdCurve | None:
        """Return true against false positives; None where there are no rows of the class, or only those."""
        from sklearn.metrics import auc, roc_curve

        hit = ranked.hit
        if hit.all() or not hit.any():
            there_are = "There are only" if len(hit) and hit.all() else "There are no"
            job.warn(f"{there_are} rows of class '{ranked.name}': it has no curve.")
            return None
        false, true, threshold = roc_curve(hit, ranked.given)
        return ThresholdCurve((float(auc(false, true)),), threshold, false, true)

    def summary(self, areas: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Return the means of several classes' areas, plain and weighted by the classes' rows."""
        if len(areas) < 2 or self.several_models:
            return []
        known = [(area, rows) for _, area, rows in areas if area is not None]
        macro = sum(area for area, _ in known) / len(known) if known else None
        weighted = sum(area * rows for area, rows in known) / sum(rows for _, rows in known) if known else None
        total = sum(rows for *_, rows in areas)
        return [("macro average", macro, total), ("weighted average", weighted, total)]
