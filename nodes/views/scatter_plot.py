"""Scatter Plot: a point for every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from nodes.base import Columns, Job, Node, Port, Spec, Specs, Value, Values, setting
from nodes.kit.drawing import (
    group_names,
    groups_in_order,
    label_setting,
    most_rows_setting,
    numbers,
    spread_rows,
    title_setting,
)
from nodes.values.figure import Figure, FigureSpec, Points, PointsFigure
from nodes.values.table import COLUMN_KINDS


class ScatterPlot(Node):
    """Draw a point for every row, at the place that two columns give, in the colour of a third.

    Colours of classes tell groups apart; colours of numbers go from orange over violet to blue. Rows without one of the two
    numbers are not drawn.

    Example: after PCA with two dimensions, draw the first against the second with the class as colour column: clouds that lie
    apart can be told apart.
    """

    id = "views.scatter_plot"
    title = "Scatter Plot"
    shelf = "Views"
    icon = "mdi6.chart-scatter-plot"
    keywords = ("points", "x y plot", "embedding", "dots", "draw", "Scatter Plot (JavaScript)")
    input_ports = (Port("table", "table", "Table", "A row for every point."),)
    output_ports = (Port("figure", "figure", "Figure", "The drawing."),)

    x_column: str | None = setting(None, "X column", "The place across.", columns=Columns("table", ("number", "time")))
    y_column: str | None = setting(None, "Y column", "The place upwards.", columns=Columns("table", ("number", "time")))
    color_column: str | None = setting(
        None,
        "Color column",
        "Classes get a colour each, numbers a shade; empty: all points look the same.",
        columns=Columns("table", ("category", "number", "boolean")),
    )
    square: bool = setting(False, "Same scale", "Both axes have one scale, so that distances are true.", group="Drawing")
    diagonal: bool = setting(False, "Diagonal", "The line on which both numbers are equal.", group="Drawing")
    log_x: bool = setting(False, "Logarithmic x", "The x axis by powers of ten.", group="Drawing")
    log_y: bool = setting(False, "Logarithmic y", "The y axis by powers of ten.", group="Drawing")
    drawing_title: str = title_setting()
    x_label: str = label_setting("X", "the x column's name")
    y_label: str = label_setting("Y", "the y column's name")
    most_rows: int = most_rows_setting(10_000, "points")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise a figure of points."""
        table = specs.table()
        for name in ("x_column", "y_column"):
            table.require(getattr(self, name), "number", "time", setting=name)
        if self.color_column is not None:
            table.require(self.color_column, "category", "number", "boolean", setting="color_column")
        return {"figure": FigureSpec("points")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Read the columns, and sort the points by colour."""
        import numpy as np

        table = values.table()
        assert self.x_column and self.y_column
        asked = [self.x_column, self.y_column, *([self.color_column] if self.color_column else [])]
        frame = spread_rows(table, asked, self.most_rows)
        x, y = numbers(frame[self.x_column]), numbers(frame[self.y_column])
        known = np.isfinite(x) & np.isfinite(y)
        if not known.all():
            job.warn(f"{int((~known).sum())} row(s) without one of the two numbers are not drawn.")
        points: list[Points] = []
        shade_label = ""
        if self.color_column is None:
            points.append(Points("", x[known].tolist(), y[known].tolist()))
        elif COLUMN_KINDS["number"](frame.schema[self.color_column]) and table.spec.class_names(self.color_column) is None:
            shade = numbers(frame[self.color_column])
            known &= np.isfinite(shade)
            points.append(Points("", x[known].tolist(), y[known].tolist(), shade[known].tolist()))
            shade_label = self.color_column
        else:
            named = group_names(table.spec, self.color_column, frame[self.color_column])
            for name in groups_in_order(table.spec, self.color_column, named, job):
                rows = known & (named == name).fill_null(False).to_numpy()
                points.append(Points(name, x[rows].tolist(), y[rows].tolist()))
        x_label, y_label = self.x_label or self.x_column, self.y_label or self.y_column
        figure = PointsFigure(
            self.drawing_title or f"{self.y_column} over {self.x_column}",
            points,
            x_label,
            y_label,
            self.square,
            self.diagonal,
            shade_label,
            self.log_x,
            self.log_y,
        )
        return {"figure": figure}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the drawing."""
        return (cast(Figure, outputs["figure"]),)
