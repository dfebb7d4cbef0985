"""Scorer: the confusion matrix of a classification, and the measures that follow from it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import polars as pl

from nodes.base import Columns, Job, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.lookalikes import lookalike_warning
from nodes.kit.scoring.class_cells import CLASS_KINDS, compared_names, named_cells
from nodes.kit.scoring.confusion import (
    COUNTS,
    MACRO,
    MEASURES,
    MORE_MEASURES,
    OVERALL,
    OVERALL_MEASURES,
    RIGHT,
    SUMMARY_ROWS,
    WEIGHTED,
    WRONG,
    ClassComparison,
)
from nodes.kit.scoring.likely_columns import likely_actual, likely_prediction, tell_likely
from nodes.kit.scoring.missing import without_missing
from nodes.kit.tables.dtypes import union
from nodes.values.figure import BarsFigure, Figure, FigureSpec, HeatMapFigure
from nodes.values.table import Table, TableSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_CLASSES = 1000
"""More different values than that are no classes; their matrix would be unreadable and huge."""


class Scorer(ClassComparison):
    """Compare predicted with actual classes: confusion matrix, accuracy, Cohen's kappa, recall, precision and F-measure.

    Classes are compared by their names: a category column, text, true and false, or class numbers whose names are known. Class
    numbers without names can be compared with each other. Classes that occur in one column only count too, and so do categories
    that occur in none; where classes look like one of the other column (`>50K.` and `>50K`), or the columns have none in
    common, a warning says so.

    The statistics have one row per class and three more: the mean over the classes, the mean weighted by how often a
    class actually occurs, and the overall figures. What is not defined, such as the precision of a class that was never
    predicted, is missing, and left out of the means. A class's own accuracy and error rate count every row: whether it was
    rightly said to be of the class, or not to be. Micro averages of precision, recall and F-measure are the accuracy.

    Where no columns are chosen, the column `prediction` is compared with the only other one of the same classes, or with the
    one that it is named after; the dialog says which were taken. (KNIME takes the last two columns.) What KNIME exports as flow
    variables (accuracy, error, numbers of correct and wrong rows, kappa) stands in the row Overall.

    Example: choose `label` and the `prediction` of a Class Extractor: the row `Shirt`, column `T-shirt/top` of the matrix
    says how many shirts were taken for T-shirts.
    """

    id = "scoring.scorer"
    title = "Scorer"
    shelf = "Scoring"
    icon = "mdi6.bullseye-arrow"
    keywords = (
        "Scorer (JavaScript)", "confusion matrix", "accuracy", "kappa", "precision", "recall", "F1", "evaluate", "error rate",
    )  # fmt: skip
    input_ports = (Port("table", "table", "Table", "The table with actual and predicted classes."),)
    output_ports = (
        Port("confusion", "table", "Confusion matrix", "Rows are the actual, columns the predicted classes."),
        Port("statistics", "table", "Accuracy statistics", "Measures per class, their means, and the overall figures."),
        Port("figure", "figure", "Confusion matrix as a figure", "The confusion matrix as a heat map."),
    )

    actual_column: str | None = setting(
        None,
        "First column (actual)",
        "The true classes: the rows of the matrix; empty: the only column with the classes of the predictions.",
        columns=Columns("table", CLASS_KINDS),
    )
    predicted_column: str | None = setting(
        None,
        "Second column (predicted)",
        "The predicted classes: the columns of the matrix; empty: the column `prediction`.",
        columns=Columns("table", CLASS_KINDS),
    )
    sorting: Literal["insertion order", "lexical", "numeric"] = setting(
        "insertion order",
        "Sorting",
        "The order of the classes.",
        choices={
            "insertion order": "That of the categories; where there are none, that of their first appearance.",
            "lexical": "By their letters.",
            "numeric": "By their value; the classes must be numbers.",
        },
    )
    reverse: bool = setting(False, "Reverse order", "Begin with the last class.")
    missing: Literal["ignore", "fail"] = setting(
        "ignore",
        "Missing values",
        "What to do with rows in which one of the two is missing.",
        choices={"ignore": "Leave them out, with a warning.", "fail": "Stop with an error."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the schemas; the matrix's only where the classes of both columns are known."""
        columns = self._columns(specs.table())
        chosen = {"actual_column": self.actual_column, "predicted_column": self.predicted_column}
        tell_likely(specs, chosen, {"actual_column": columns.actual, "predicted_column": columns.predicted})
        classes = None
        if columns.actual_names is not None and columns.predicted_names is not None:
            classes = self._sorted(union(columns.actual_names, columns.predicted_names))
            warning = lookalike_warning(columns.actual_names, columns.predicted_names)
            if warning is not None:
                specs.warn(warning, "predicted_column")
        return {
            "confusion": None if classes is None else TableSpec(_confusion_schema(classes), len(classes)),
            "statistics": TableSpec(_statistics_schema(), None if classes is None else len(classes) + len(SUMMARY_ROWS)),
            "figure": FigureSpec("heat map"),
        }

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Count, and work out the measures."""
        table = values.table()
        columns = self._columns(table.spec)
        pairs = self.pairs(table)
        job.check_cancelled()
        pairs = without_missing(pairs, "class", self.missing, job)
        warning = lookalike_warning(*(pairs[column].unique(maintain_order=True) for column in ("actual", "predicted")))
        if warning is not None:
            job.warn(warning)
        known = [
            pairs[column].unique(maintain_order=True).to_list() if names is None else names
            for column, names in (("actual", columns.actual_names), ("predicted", columns.predicted_names))
        ]
        classes = self._sorted(union(*known))
        counts = _count(pairs, classes)
        schema = _confusion_schema(classes)
        label, *_ = schema
        return {
            "confusion": Table.of(pl.DataFrame([pl.Series(label, classes, dtype=pl.String), *_count_columns(classes, counts)])),
            "statistics": Table.of(_statistics(classes, counts)),
            "figure": HeatMapFigure(
                "Confusion matrix", counts.astype(float).tolist(), classes, classes, "Actual class", "Predicted class"
            ),
        }

    def pairs(self, table: Table) -> pl.DataFrame:
        """Return the names of the classes in every row: String columns `actual` and `predicted`, null where one is missing.

        Raises:
            NodeError: If the two columns cannot be compared.
        """
        columns = self._columns(table.spec)
        frame = table.frame([columns.actual, columns.predicted])
        return pl.DataFrame(
            {
                "actual": named_cells(frame[columns.actual], columns.actual_names),
                "predicted": named_cells(frame[columns.predicted], columns.predicted_names),
            }
        )

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the confusion matrix, and the F-measure of every class."""
        statistics = cast(Table, outputs["statistics"]).frame(["class", "F-measure"])
        per_class = statistics.head(statistics.height - len(SUMMARY_ROWS))
        measures = [math.nan if value is None else value for value in per_class["F-measure"]]
        bars = BarsFigure("F-measure per class", per_class["class"].to_list(), {"F-measure": measures}, "F-measure")
        return (cast(HeatMapFigure, outputs["figure"]), bars)

    def _columns(self, table: TableSpec) -> _Compared:
        """The two columns and how their cells are named.

        Raises:
            NodeError: If they are not two columns that can be compared.
        """
        predicted = self.predicted_column or likely_prediction(table, CLASS_KINDS)
        actual = self.actual_column or likely_actual(table, predicted, CLASS_KINDS)
        names = compared_names(table, actual, predicted)
        assert actual and predicted
        return _Compared(actual, predicted, *names)

    def _sorted(self, classes: Sequence[str]) -> list[str]:
        """The classes in the order of the matrix.

        Raises:
            NodeError: If there are too many, or are to be sorted as numbers and are none.
        """
        if len(classes) > MAX_CLASSES:
            raise NodeError(
                f"The two columns hold {len(classes)} different values; at most {MAX_CLASSES} classes can be scored.",
                "Choose columns of classes; for numbers there is the Numeric Scorer.",
                setting="actual_column",
            )
        ordered = list(classes)
        if self.sorting == "lexical":
            ordered.sort()
        elif self.sorting == "numeric":
            try:
                ordered.sort(key=float)
            except ValueError as error:
                raise NodeError(
                    f"The classes cannot be sorted as numbers: {error}.", "Choose another sorting.", setting="sorting"
                ) from error
        return ordered[::-1] if self.reverse else ordered


@dataclass(frozen=True)
class _Compared:
    """The two columns of a comparison, and the class names of each, where they are known before running."""

    actual: str
    predicted: str
    actual_names: tuple[str, ...] | None
    predicted_names: tuple[str, ...] | None


# --------------------------------------------------------------------------------------------------------------- schemas


def _confusion_schema(classes: Sequence[str]) -> pl.Schema:
    """The name of the actual class (String), then a count (Int64) per predicted class."""
    label = "actual"
    while label in classes:
        label += " class"
    return pl.Schema({label: pl.String(), **{name: pl.Int64() for name in classes}})


def _statistics_schema() -> pl.Schema:
    counts = {name: pl.Int64() for name in COUNTS}
    measures = {name: pl.Float64() for name in (*MEASURES, *OVERALL_MEASURES, *MORE_MEASURES)}
    return pl.Schema({"class": pl.String(), **counts, **measures, RIGHT: pl.Int64(), WRONG: pl.Int64()})


# -------------------------------------------------------------------------------------------------------------- counting


def _count(pairs: pl.DataFrame, classes: Sequence[str]) -> NDArray[Any]:
    """How often each actual class (row) was predicted as each class (column): int64, (classes, classes)."""
    import numpy as np

    numbers = pairs.cast(pl.Enum(classes)).select(pl.all().to_physical().cast(pl.Int64))
    n = len(classes)
    flat = numbers["actual"].to_numpy() * n + numbers["predicted"].to_numpy()
    return np.bincount(flat, minlength=n * n).reshape(n, n)


def _count_columns(classes: Sequence[str], counts: NDArray[Any]) -> list[pl.Series]:
    return [pl.Series(name, counts[:, i], dtype=pl.Int64) for i, name in enumerate(classes)]


# -------------------------------------------------------------------------------------------------------------- measures


def _statistics(classes: Sequence[str], counts: NDArray[Any]) -> pl.DataFrame:
    """One row per class, then the means and the overall figures."""
    total = int(counts.sum())
    rows: list[dict[str, Any]] = []
    for i, name in enumerate(classes):
        hit = int(counts[i, i])
        false_alarms = int(counts[:, i].sum()) - hit
        missed = int(counts[i].sum()) - hit
        rows.append({"class": name, **_measures(hit, false_alarms, total - hit - false_alarms - missed, missed)})
    support = [row["TruePositives"] + row["FalseNegatives"] for row in rows]
    means = [
        {"class": MACRO, **{m: _mean([row[m] for row in rows], [1] * len(rows)) for m in AVERAGED}},
        {"class": WEIGHTED, **{m: _mean([row[m] for row in rows], support) for m in AVERAGED}},
    ]
    right = int(counts.trace())
    overall = {
        "class": OVERALL,
        "Accuracy": _ratio(right, total),
        "Cohen's kappa": _kappa(counts),
        "Balanced accuracy": means[0]["Recall"],
        "Error rate": _ratio(total - right, total),
        RIGHT: right,
        WRONG: total - right,
    }
    return pl.DataFrame([*rows, *means, overall], schema=_statistics_schema())


AVERAGED = (*MEASURES, "False negative rate")


def _measures(hit: int, false_alarms: int, rejected: int, missed: int) -> dict[str, float | None]:
    """The measures of one class from its true and false positives, true and false negatives."""
    recall = _ratio(hit, hit + missed)
    values = (
        recall,
        _ratio(hit, hit + false_alarms),
        recall,
        _ratio(rejected, rejected + false_alarms),
        _ratio(2 * hit, 2 * hit + false_alarms + missed),
    )
    counted = zip(COUNTS, (hit, false_alarms, rejected, missed), strict=True)
    specificity, total = values[3], hit + false_alarms + rejected + missed
    further = {
        "Accuracy": _ratio(hit + rejected, total),
        "Balanced accuracy": None if recall is None or specificity is None else (recall + specificity) / 2,
        "Error rate": _ratio(false_alarms + missed, total),
        "False negative rate": _ratio(missed, hit + missed),
        RIGHT: hit + rejected,
        WRONG: false_alarms + missed,
    }
    return dict(counted) | dict(zip(MEASURES, values, strict=True)) | further


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(values: Sequence[float | None], weights: Sequence[int]) -> float | None:
    """The weighted mean of the values that are defined."""
    defined = [(value, weight) for value, weight in zip(values, weights, strict=True) if value is not None]
    total = sum(weight for _, weight in defined)
    return sum(value * weight for value, weight in defined) / total if total else None


def _kappa(counts: NDArray[Any]) -> float | None:
    """Cohen's kappa: agreement beyond what chance gives (J. Cohen, 1960); None where chance alone agrees always."""
    total = int(counts.sum())
    observed = int(counts.trace()) * total
    expected = sum(int(row) * int(column) for row, column in zip(counts.sum(axis=1), counts.sum(axis=0), strict=True))
    return (observed - expected) / (total**2 - expected) if total**2 != expected else None
