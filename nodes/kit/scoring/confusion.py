"""What a confusion matrix is told by: the names of its measures, and the few figures that sum it up."""

from __future__ import annotations

import math
from abc import abstractmethod

import polars as pl

from nodes.base import Node
from nodes.values.table import Table

COUNTS = ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives")
MEASURES = ("Recall", "Precision", "Sensitivity", "Specificity", "F-measure")
OVERALL_MEASURES = ("Accuracy", "Cohen's kappa")
MORE_MEASURES = ("Balanced accuracy", "Error rate", "False negative rate")
"""As KNIME's Scorer (JavaScript) has them."""
RIGHT, WRONG = "Correct", "Wrong"
MACRO, WEIGHTED, OVERALL = "Macro average", "Weighted average", "Overall"
SUMMARY_ROWS = (MACRO, WEIGHTED, OVERALL)


class ClassComparison(Node):
    """A node whose result is a confusion matrix, and which can say what each row of its table counted as."""

    @abstractmethod
    def pairs(self, table: Table) -> pl.DataFrame:
        """Return the names of the classes in every row: String columns `actual` and `predicted`, null where one is missing.

        Raises:
            NodeError: If the two columns cannot be compared.
        """


def headline(statistics: Table) -> dict[str, float]:
    """Return the overall figures of a Scorer's `statistics`: accuracy, error (1 - accuracy), correct, wrong (rows), kappa.

    NaN where a figure is not defined, as all but the counts are without rows.
    """
    frame = statistics.frame()
    classes, overall = frame.head(frame.height - len(SUMMARY_ROWS)), frame.row(-1, named=True)
    accuracy, kappa = (math.nan if overall[m] is None else float(overall[m]) for m in OVERALL_MEASURES)
    return {
        "accuracy": accuracy,
        "error": 1 - accuracy,
        "correct": float(classes["TruePositives"].sum()),
        "wrong": float(classes["FalseNegatives"].sum()),
        "kappa": kappa,
    }
