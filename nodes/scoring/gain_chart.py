"""Gain Chart: how much of a class is found by looking at the most probable rows first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, cast

import polars as pl

from nodes.base import Job, Port, Spec, Specs, Value, Values, setting
from nodes.kit.scoring.probabilities import CurveNode, thinned
from nodes.values.figure import Figure, FigureSpec, Line, LinesFigure
from nodes.values.table import Table, TableSpec


class GainChart(CurveNode):
    """Draw what share of a class is among the rows with the highest probabilities: cumulative gain, or lift.

    The lift is how many times more of the class are found than by looking at rows at random. Of rows with equal probability,
    the class is taken to be spread evenly among them.

    Example: of 10 000 letters that can be sent, the chart says how many answers the 1 000 most promising ones will bring.
    """

    id = "scoring.gain_chart"
    title = "Lift Chart"
    shelf = "Scoring"
    icon = "mdi6.chart-areaspline"
    keywords = ("cumulative gain", "lift", "Enrichment Plotter", "Lift Chart", "campaign", "top rows")
    input_ports = (Port("table", "table", "Table", "Actual classes and probabilities."),)
    output_ports = (
        Port("points", "table", "Points", "Share of rows, share of the class found, lift."),
        Port("figure", "figure", "Figure", "The curves."),
    )

    chart: Literal["gain", "lift"] = setting(
        "gain",
        "Chart",
        "What is drawn.",
        group="Drawing",
        choices={"gain": "The share of the class that is found.", "lift": "How many times more than by chance."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise a table and a figure."""
        self.check(specs.table())
        return {"points": TableSpec(_schema()), "figure": FigureSpec("lines")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Rank the rows."""
        import numpy as np

        points, lines = [], []
        for ranked in self.curves(values.table(), job):
            name, hit = ranked.name, ranked.hit
            if not hit.any():
                job.warn(f"There are no rows of class '{name}': it has no curve.")
                continue
            # Hits and rows of every probability, the highest first.
            _, group, rows = np.unique(-ranked.given, return_inverse=True, return_counts=True)
            hits = np.bincount(group, weights=hit)
            seen = np.append(0, np.cumsum(rows)) / len(hit)
            found = np.append(0, np.cumsum(hits)) / hits.sum()
            kept = thinned(len(seen))
            seen, found = seen[kept], found[kept]
            lift = np.divide(found, seen, out=np.full(len(seen), np.nan), where=seen > 0)
            columns = {"class": [name] * len(kept), "share of rows": seen, "gain": found, "lift": lift}
            points.append(pl.DataFrame(columns, schema=_schema()))
            drawn = found if self.chart == "gain" else lift
            lines.append(Line(name, seen.tolist(), drawn.tolist()))
        chance = [0, 1] if self.chart == "gain" else [1, 1]
        title, label, limits = (
            ("Lift", "lift", None) if self.chart == "lift" else ("Cumulative gain", "share of the class", [0, 1.01])
        )
        title, drawn_lines = self.titled(title, lines, job)
        drawn_lines.append(Line("chance", [0, 1], chance, style="faint", hue=6))
        figure = LinesFigure(
            title,
            drawn_lines,
            "share of rows, the most probable first",
            x_range=[0, 1],
            y_range=limits,
            end_values=False,
            y_label=label,
        )
        return {
            "points": Table.of(pl.concat(points) if points else pl.DataFrame(schema=_schema())),
            "figure": figure,
        }

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the curves."""
        return (cast(Figure, outputs["figure"]),)


def _schema() -> pl.Schema:
    return pl.Schema({"class": pl.String, **dict.fromkeys(("share of rows", "gain", "lift"), pl.Float64)})
