"""Curves over all thresholds of a probability: what the ROC Curve and the Precision-Recall Curve share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

import polars as pl

from nodes.base import Job, Port, Spec, Specs, Value, Values, setting
from nodes.kit.scoring.probabilities import MOST_POINTS, CurveNode, Ranked, in_order, thinned
from nodes.values.figure import Figure, FigureSpec, Line, LinesFigure
from nodes.values.table import Table, TableSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

POINTS_PORT = Port("points", "table", "Points", "The points of the curves, with their thresholds.")
FIGURE_PORT = Port("figure", "figure", "Figure", "The curves.")


@dataclass(frozen=True)
class ThresholdCurve:
    """The curve of one class, or of one model.

    Attributes:
        measures: What the table of areas says of it, in the order of `ThresholdCurveNode.measures`: first the area.
        threshold: The threshold of each point (points), Float64.
        x: Where the points are, across (points), Float64.
        y: Likewise, up.
    """

    measures: tuple[float, ...]
    threshold: NDArray[Any]
    x: NDArray[Any]
    y: NDArray[Any]


class ThresholdCurveNode(CurveNode):
    """A node that draws a curve over all thresholds, and tells the area beneath it."""

    shelf = "Scoring"
    input_ports = (Port("table", "table", "Table", "Actual classes and probabilities."),)
    measures: ClassVar[tuple[str, ...]]
    """The columns of the table of areas between the class and its rows; the area is the first."""
    axes: ClassVar[tuple[str, str]]
    """What is drawn across and up; the table of points calls its columns so."""
    drawing: ClassVar[tuple[str, str]]
    """What stands above the drawing where nothing was entered, and the area in short."""

    @abstractmethod
    def threshold_curve(self, ranked: Ranked, job: Job) -> ThresholdCurve | None:
        """Return the curve; None, with a warning, where there is none."""

    def summary(self, areas: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Return rows that follow those of the classes in the table of areas."""
        return []

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise two tables and a figure."""
        self.check(specs.table())
        return {
            "areas": TableSpec(self._areas_schema()),
            "points": TableSpec(self._points_schema()),
            "figure": FigureSpec("lines"),
        }

    def draw(self, values: Values, job: Job, most_points: int, guides: Sequence[Line] = ()) -> Mapping[str, Value]:
        """Return what the node gives: a curve per class, or per model.

        Args:
            values: The values at the inputs.
            job: Told of classes without a curve.
            most_points: So many points of a curve are put out and drawn at most.
            guides: Lines that are drawn beside the curves.
        """
        areas: list[tuple[Any, ...]] = []
        points, lines = [], []
        for ranked in self.curves(values.table(), job):
            name, rows = ranked.name, int(ranked.hit.sum())
            curve = self.threshold_curve(ranked, job)
            if curve is None:
                areas.append((name, *[None] * len(self.measures), rows))
                continue
            areas.append((name, *curve.measures, rows))
            kept = thinned(len(curve.x), most_points)
            x, y = curve.x[kept], curve.y[kept]
            columns = {"class": [name] * len(kept), "threshold": curve.threshold[kept], self.axes[0]: x, self.axes[1]: y}
            points.append(pl.DataFrame(columns, schema=self._points_schema()))
            area = curve.measures[0]
            lines.append((area, Line(f"{name} ({self.drawing[1]} {area:.3f})", x.tolist(), y.tolist())))
        title, drawn = self.titled(self.drawing[0], in_order(lines), job)
        figure = LinesFigure(
            title,
            [*drawn, *guides],
            self.axes[0],
            x_range=[0, 1],
            y_range=[0, 1.01],
            end_values=False,
            y_label=self.axes[1],
        )
        return {
            "areas": Table.of(pl.DataFrame(areas + self.summary(areas), schema=self._areas_schema(), orient="row")),
            "points": Table.of(pl.concat(points) if points else pl.DataFrame(schema=self._points_schema())),
            "figure": figure,
        }

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the curves."""
        return (cast(Figure, outputs["figure"]),)

    def _areas_schema(self) -> pl.Schema:
        return pl.Schema({"class": pl.String, **dict.fromkeys(self.measures, pl.Float64), "rows": pl.Int64})

    def _points_schema(self) -> pl.Schema:
        return pl.Schema({"class": pl.String, **dict.fromkeys(("threshold", *self.axes), pl.Float64)})


def most_points_setting() -> Any:
    """Declare how many points of a curve are put out."""
    return setting(
        MOST_POINTS,
        "Most points",
        "So many of a curve are put out and drawn at most.",
        ge=2,
        le=1_000_000,
        group="Drawing",
        advanced=True,
    )
