"""Classifier Comparison: several models that classified the same rows, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.lookalikes import lookalike_warning
from nodes.kit.scoring.class_cells import CLASS_KINDS, compared_names, named_cells
from nodes.values.figure import BarsFigure, Figure, FigureSpec
from nodes.values.table import Table, TableSpec
from nodes.wording import left_out

MEASURES = ("accuracy", "balanced accuracy", "macro F-measure", "Cohen's kappa")


class ClassifierComparison(Node):
    """Set several models side by side that predicted the same rows: accuracy and how sure it is, F-measure, kappa.

    Each input is a table with the actual and the predicted classes, such as a Class Extractor gives. The 95 % interval says
    how far the accuracy may be off because the rows are a sample (Wilson, 1927). Where the rows are the same ones in the same
    order, each model is compared with the first one: how many rows only one of the two got right, and the probability of
    such a difference if both were equally good (McNemar's exact test).

    Rows without a predicted class count as wrong; those without an actual one are left out, with a warning. A class that is
    predicted but never occurs has the F-measure 0 in the mean; one that does neither does not count.

    Example: connect the test rows as predicted by a multilayer perceptron and by a random forest, and call them so: if the
    p-value is 0.4, the difference of one percent is no reason to prefer either.
    """

    id = "scoring.classifier_comparison"
    title = "Classifier Comparison"
    shelf = "Scoring"
    icon = "mdi6.compare"
    keywords = ("compare networks", "model comparison", "McNemar", "confidence interval", "side by side", "benchmark")
    input_ports = (Port("table", "table", "Predictions", "Rows with actual and predicted classes, of one model.", grows=True),)
    output_ports = (
        Port("comparison", "table", "Comparison", "A row per model."),
        Port("figure", "figure", "Figure", "The measures as bars."),
    )

    actual_column: str | None = setting(
        None, "Class column", "The actual classes, in all tables.", columns=Columns("table", CLASS_KINDS)
    )
    predicted_column: str | None = setting(
        None,
        "Predicted column",
        "The predicted classes, in all tables.",
        columns=Columns("table", CLASS_KINDS),
    )
    names: list[str] = setting(
        [], "Names", "What the models are called, in the order of the inputs; empty: model 1, model 2, ..."
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise a row per input."""
        tables = cast("list[TableSpec]", specs.all("table"))
        for place, table in enumerate(tables, 1):
            try:
                actual, predicted = compared_names(table, self.actual_column, self.predicted_column)
            except NodeError as error:
                raise NodeError(f"Input {place}: {error.message}", error.remedy, setting=error.setting) from error
            warning = lookalike_warning(actual, predicted) if actual and predicted else None
            if warning is not None:
                specs.warn(f"Input {place}: {warning}", "predicted_column")
        if len(set(self._names(len(tables)))) < len(tables):
            raise NodeError("Two models have the same name.", "Give each a name of its own.", setting="names")
        return {"comparison": TableSpec(_schema(), len(tables)), "figure": FigureSpec("bars")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Score each, and compare it with the first."""
        from sklearn.metrics import cohen_kappa_score, f1_score

        tables = cast("list[Table]", values.all("table"))
        pairs = [self._pairs(table) for table in tables]
        same = all(pair["actual"].equals(pairs[0]["actual"]) for pair in pairs)
        if not same:
            job.warn("The tables do not hold the same rows in the same order: the models are not compared row by row.")
        rows: list[dict[str, object]] = []
        for name, pair in zip(self._names(len(tables)), pairs, strict=True):
            job.check_cancelled()
            known = pair.drop_nulls("actual")
            if known.height < pair.height:
                job.warn(f"{name}: {left_out(pair.height - known.height, 'without an actual class')}")
            warning = lookalike_warning(known["actual"].unique(), known["predicted"].drop_nulls().unique())
            if warning is not None:
                job.warn(f"{name}: {warning}")
            classes = sorted({*known["actual"], *known["predicted"].drop_nulls()})
            codes = known.cast(pl.Enum(classes)).select(pl.all().to_physical().cast(pl.Int64).fill_null(-1))
            actual, predicted = codes["actual"].to_list(), codes["predicted"].to_list()
            right = int((known["actual"] == known["predicted"]).fill_null(False).sum())
            row: dict[str, object] = {"model": name, "rows": len(actual)}
            if actual:
                low, high = _interval(right, len(actual))
                row |= {
                    "accuracy": right / len(actual),
                    "accuracy from": low,
                    "accuracy to": high,
                    "balanced accuracy": _mean_recall(actual, predicted),
                    "macro F-measure": float(
                        f1_score(actual, predicted, labels=range(len(classes)), average="macro", zero_division=0)
                    ),
                    "Cohen's kappa": float(cohen_kappa_score(actual, predicted)) if len({*actual, *predicted}) > 1 else None,
                }
            if same and rows:
                row |= _against(pairs[0], pair)
            rows.append(row)
        frame = pl.DataFrame(rows, schema=_schema())
        series = {measure: [float("nan") if v is None else v for v in frame[measure]] for measure in MEASURES}
        figure = BarsFigure("Comparison", frame["model"].to_list(), series, "from 0 to 1")
        return {"comparison": Table.of(frame), "figure": figure}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the measures as bars."""
        return (cast(Figure, outputs["figure"]),)

    def _names(self, count: int) -> list[str]:
        return [self.names[n] if n < len(self.names) and self.names[n] else f"model {n + 1}" for n in range(count)]

    def _pairs(self, table: Table) -> pl.DataFrame:
        assert self.actual_column and self.predicted_column
        frame = table.frame([self.actual_column, self.predicted_column])
        actual, predicted = compared_names(table.spec, self.actual_column, self.predicted_column)
        return pl.DataFrame(
            {
                "actual": named_cells(frame[self.actual_column], actual),
                "predicted": named_cells(frame[self.predicted_column], predicted),
            }
        )


def _schema() -> pl.Schema:
    figures = ("accuracy", "accuracy from", "accuracy to", *MEASURES[1:])
    return pl.Schema(
        {
            "model": pl.String,
            "rows": pl.Int64,
            **dict.fromkeys(figures, pl.Float64),
            "only this right": pl.Int64,
            "only first right": pl.Int64,
            "p-value": pl.Float64,
        }
    )


def _interval(right: int, rows: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927)."""
    from scipy.stats import binomtest

    interval = binomtest(right, rows).proportion_ci(0.95, "wilson")
    return float(interval.low), float(interval.high)


def _mean_recall(actual: list[int], predicted: list[int]) -> float:
    """The mean recall of the classes that are there."""
    hits: dict[int, list[bool]] = {}
    for truth, guess in zip(actual, predicted, strict=True):
        hits.setdefault(truth, []).append(truth == guess)
    return sum(sum(h) / len(h) for h in hits.values()) / len(hits)


def _against(first: pl.DataFrame, other: pl.DataFrame) -> dict[str, object]:
    """How a model differs from the first one on the same rows (McNemar, 1947)."""
    from scipy.stats import binomtest

    known = first["actual"].is_not_null()
    right_first = (first["actual"] == first["predicted"]).fill_null(False).filter(known)
    right_other = (other["actual"] == other["predicted"]).fill_null(False).filter(known)
    gained, lost = int((right_other & ~right_first).sum()), int((right_first & ~right_other).sum())
    p_value = float(binomtest(gained, gained + lost, 0.5).pvalue) if gained + lost else 1.0
    return {"only this right": gained, "only first right": lost, "p-value": p_value}
