"""Top-k Scorer: how often the right class is among the most probable ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import polars as pl

from nodes.base import Job, Port, Spec, Specs, Value, Values, setting
from nodes.kit.drawing import title_setting
from nodes.kit.scoring.probabilities import ProbabilityNode
from nodes.values.figure import Figure, FigureSpec, Line, LinesFigure
from nodes.values.table import Table, TableSpec


class TopKScorer(ProbabilityNode):
    """Count how often the actual class is the most probable one, among the two most probable ones, the three, and so on.

    With many classes, or classes that even people confuse, this says how near a miss is. Of equal probabilities the first class
    wins, as in the Class Extractor. Rows without a class or a probability are left out with a warning. KNIME has no such node.

    Example: of Fashion-MNIST choose `label` and the network's output: it is right in 91 % of the rows, and in 98 % the right
    class is among its first two.
    """

    id = "scoring.top_k_scorer"
    title = "Top-k Scorer"
    shelf = "Scoring"
    icon = "mdi6.podium"
    keywords = ("top-k accuracy", "top 5", "TopKCategoricalAccuracy", "rank", "near miss")
    input_ports = (Port("table", "table", "Table", "Actual classes and probabilities."),)
    output_ports = (
        Port("statistics", "table", "Statistics", "A row for each number of classes."),
        Port("figure", "figure", "Figure", "The shares as a curve."),
    )

    most: int = setting(5, "Up to", "Among how many classes at most; no more than there are.", ge=1, le=1000)
    drawing_title: str = title_setting()

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise a table and a figure."""
        self.check(specs.table())
        return {"statistics": TableSpec(_schema()), "figure": FigureSpec("lines")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Find the rank of the actual class in every row."""
        import numpy as np

        scored = self.scored(values.table(), job)
        order = np.argsort(-scored.probabilities, axis=1, kind="stable")
        rank = (order == scored.actual[:, None]).argmax(axis=1)
        rows = len(rank)
        if not rows:
            job.warn("There are no rows to score.")
        counts = [int((rank < k).sum()) for k in range(1, min(self.most, len(scored.classes)) + 1)]
        told = [(k, n / rows if rows else None, n, rows) for k, n in enumerate(counts, 1)]
        shares = [float("nan") if share is None else share for _, share, *_ in told]
        line = Line("actual class is among them", [float(k) for k, *_ in told], shares, style="points")
        figure = LinesFigure(
            self.drawing_title or "Top-k accuracy", [line], "most probable classes", end_values=False, y_label="share of rows"
        )
        return {"statistics": Table.of(pl.DataFrame(told, schema=_schema(), orient="row")), "figure": figure}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the curve."""
        return (cast(Figure, outputs["figure"]),)


def _schema() -> pl.Schema:
    return pl.Schema({"k": pl.Int64, "accuracy": pl.Float64, "correct": pl.Int64, "rows": pl.Int64})
