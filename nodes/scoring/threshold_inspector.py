"""Binary Classification Inspector: what each threshold of a probability would mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import polars as pl

from nodes.base import Job, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.drawing import title_setting
from nodes.kit.scoring.probabilities import PositiveNode, thinned
from nodes.values.figure import Figure, FigureSpec, Line, LinesFigure
from nodes.values.table import Table, TableSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

DRAWN = ("precision", "recall", "F-measure", "accuracy")
FIGURES = ("accuracy", "balanced accuracy", "precision", "recall", "specificity", "F-measure", "Matthews correlation")


class BinaryClassificationInspector(PositiveNode):
    """Choose from which probability on a row counts as the positive class, and see what every other threshold would give.

    0.5 is seldom the best choice where one class is rare or one mistake is dearer. The second table has the figures for each
    probability that occurs, of at most so many thresholds, evenly spread, and for the chosen one in its first row; rows with a
    probability equal to the threshold count as positive. Of more than two classes, one is held against the rest. The predictions
    are words: the positive class, and the other one, or `not` and the positive class.

    Example: with the positive class `malignant` and a threshold of 0.2 the recall rises from 93 to 99 %, while the precision
    falls: more healthy people are called back, and fewer ill ones are missed.
    """

    id = "scoring.binary_inspector"
    title = "Binary Classification Inspector"
    shelf = "Scoring"
    icon = "mdi6.tune-variant"
    keywords = ("threshold", "cut-off", "decision", "sensitivity", "specificity", "Matthews correlation coefficient", "MCC")
    input_ports = (Port("table", "table", "Table", "Actual classes and probabilities."),)
    output_ports = (
        Port("table", "table", "Table with predictions", "The table with the prediction at its end."),
        Port("thresholds", "table", "Thresholds", "The figures of the chosen threshold, then of the others, ascending."),
        Port("figure", "figure", "Figure", "The figures over the thresholds."),
    )

    threshold: float = setting(0.5, "Threshold", "From this probability on a row counts as positive.", ge=0, le=1)
    prediction_name: str = setting("prediction", "Prediction column", "The name of the new column.", min_length=1)
    most_points: int = setting(
        1000, "Most thresholds", "So many are put out and drawn at most.", ge=2, le=1_000_000, group="Drawing", advanced=True
    )
    drawing_title: str = title_setting()

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the table with the prediction, where the classes are known; the thresholds; a figure."""
        table = specs.table()
        self.check(table)
        if self.prediction_name in table.schema:
            raise NodeError(
                f"There is already a column '{self.prediction_name}'.", "Choose another name.", setting="prediction_name"
            )
        order = self.order(table)
        made = None
        if order is not None:
            made = table.with_columns({self.prediction_name: pl.Enum(self._words(order.names))})
        return {"table": made, "thresholds": TableSpec(_schema()), "figure": FigureSpec("lines")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Predict, and count for all thresholds at once."""
        import numpy as np

        table = values.table()
        scored = self.scored(table, job)
        words = self._words(scored.classes)
        place = scored.classes.index(words[1])
        hit, given = scored.actual == place, scored.probabilities[:, place]
        frame = table.frame(self._columns)
        all_given = self.matrix(frame, scored.order)[:, place]
        above = pl.Series(np.where(all_given >= self.threshold, words[1], words[0]), dtype=pl.Enum(words))
        prediction = pl.select(pl.when(pl.Series(np.isfinite(all_given))).then(above).alias(self.prediction_name)).to_series()
        steps = np.unique(given)
        steps = steps[thinned(len(steps), self.most_points)] if len(steps) else steps
        told = pl.concat([_figures(hit, given, np.array([self.threshold])), _figures(hit, given, steps)])
        drawn = told.slice(1)
        lines = [
            Line(name, drawn["threshold"].to_list(), drawn[name].fill_null(float("nan")).to_list(), hue=hue)
            for hue, name in enumerate(DRAWN)
        ]
        if drawn.height:
            lines.append(Line("threshold", [self.threshold, self.threshold], [0, 1], style="faint", hue=6))
        figure = LinesFigure(
            self.drawing_title or f"Thresholds for '{words[1]}'",
            lines if drawn.height else [],
            f"probability of '{words[1]}' from which a row counts as that",
            x_range=[0, 1],
            y_range=[0, 1.01],
            end_values=False,
        )
        return {"table": table.with_columns(prediction.to_frame()), "thresholds": Table.of(told), "figure": figure}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the figures over the thresholds."""
        return (cast(Figure, outputs["figure"]),)

    def check(self, table: TableSpec) -> None:
        """Find every mistake that the schema shows. NodeError."""
        super().check(table)
        order = self.order(table)
        if order is not None:
            self._words(order.names)

    def _words(self, names: Sequence[str]) -> list[str]:
        """What the two predictions are called: the rest, the positive class. NodeError if it is not clear which that is."""
        if self.positive_class is None and len(names) > 2:
            raise NodeError(
                f"There are {len(names)} classes, of which one is inspected.",
                f"Choose one of: {', '.join(names[:10])}.",
                setting="positive_class",
            )
        if self.positive_class is not None and self.positive_class not in names:
            raise self._no_class(names)
        positive = self.positive_class or names[-1]
        others = [name for name in names if name != positive]
        return [others[0] if len(others) == 1 else f"not {positive}", positive]


def _figures(hit: NDArray[Any], given: NDArray[Any], thresholds: NDArray[Any]) -> pl.DataFrame:
    """A row per threshold: counts, and what follows from them; what is not defined is missing."""
    import numpy as np

    def above(values: NDArray[Any]) -> NDArray[Any]:
        counted: NDArray[Any] = len(values) - np.searchsorted(np.sort(values), thresholds, side="left")
        return counted.astype(np.float64)

    true, false = above(given[hit]), above(given[~hit])
    missed, rejected = hit.sum() - true, (~hit).sum() - false

    def ratio(part: NDArray[Any], whole: Any) -> NDArray[Any]:
        whole = np.broadcast_to(whole, part.shape)
        made: NDArray[Any] = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
        return made

    recall, specificity = ratio(true, true + missed), ratio(rejected, rejected + false)
    square = np.sqrt((true + false) * (true + missed) * (rejected + false) * (rejected + missed))
    measures = (
        ratio(true + rejected, len(hit)),
        (recall + specificity) / 2,
        ratio(true, true + false),
        recall,
        specificity,
        ratio(2 * true, 2 * true + false + missed),
        ratio(true * rejected - false * missed, square),
    )
    counts = dict(zip(COUNTS, (true, false, rejected, missed), strict=True))
    columns = {"threshold": thresholds.astype(np.float64), **counts, **dict(zip(FIGURES, measures, strict=True))}
    return pl.DataFrame(columns).with_columns(pl.col(FIGURES).fill_nan(None)).cast(dict(_schema()))  # type: ignore[arg-type]


COUNTS = ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives")


def _schema() -> pl.Schema:
    return pl.Schema({"threshold": pl.Float64, **dict.fromkeys(COUNTS, pl.Int64), **dict.fromkeys(FIGURES, pl.Float64)})
