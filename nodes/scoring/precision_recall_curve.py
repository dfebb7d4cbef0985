"""Precision-Recall Curve: how many of a class are found, and how many of those that are taken for it are."""

from __future__ import annotations

from collections.abc import Mapping

from nodes.base import Job, Port, Value, Values
from nodes.kit.scoring.probabilities import Ranked
from nodes.kit.scoring.threshold_curves import (
    FIGURE_PORT,
    POINTS_PORT,
    ThresholdCurve,
    ThresholdCurveNode,
    most_points_setting,
)


class PrecisionRecallCurve(ThresholdCurveNode):
    """Draw for every threshold what share of a class is found, against what share of the finds is right.

    The average precision is the area under the steps of the curve; that of guessing is the share of the class. The threshold
    with the best F-measure is given for each class: where a decision needs one, take it from here rather than 0.5.

    Example: choose the rare class `defect` as the positive class, and read off how much precision it costs to find nine in ten.
    """

    id = "scoring.precision_recall_curve"
    title = "Precision-Recall Curve"
    icon = "mdi6.chart-line-variant"
    keywords = ("average precision", "PR curve", "recall", "threshold", "F1", "rare class", "imbalanced")
    output_ports = (
        Port("areas", "table", "Average precision", "A row per class: average precision, best threshold."),
        POINTS_PORT,
        FIGURE_PORT,
    )
    measures = ("average precision", "best threshold", "F-measure there")
    axes = ("recall", "precision")
    drawing = ("Precision and recall", "AP")

    most_points: int = most_points_setting()

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Give a curve per class."""
        return self.draw(values, job, self.most_points)

    def threshold_curve(self, ranked: Ranked, job: Job) -> ThresholdCurve | None:
        """Return precision against recall, with the threshold of the best F-measure; None where the class has no rows."""
        import numpy as np
        from sklearn.metrics import average_precision_score, precision_recall_curve

        if not ranked.hit.any():
            job.warn(f"There are no rows of class '{ranked.name}': it has no curve.")
            return None
        precision, recall, threshold = precision_recall_curve(ranked.hit, ranked.given)
        measure = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
        best = int(measure[:-1].argmax())
        area = float(average_precision_score(ranked.hit, ranked.given))
        at = np.append(threshold, np.inf)  # the last point is that of finding nothing
        return ThresholdCurve((area, float(threshold[best]), float(measure[best])), at, recall, precision)
