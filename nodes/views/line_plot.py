"""Line Plot: columns of numbers as lines over another column, or over the rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, cast

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.drawing import (
    group_names,
    group_setting,
    groups_in_order,
    label_setting,
    most_rows_setting,
    numbers,
    spread_rows,
    title_setting,
)
from nodes.values.figure import Figure, FigureSpec, Line, LinesFigure

MOST_LINES = 40


class LinePlot(Node):
    """Draw columns of numbers as lines, over another column or over the rows.

    Missing values leave a gap, unless neighbours are to be connected. The rows are drawn in their order: sort them by the x
    column first (Sorter), unless a path is what you want to see. Over dates and times, the axis counts days from the first one.

    Example: wire the history of a Learner to it, with `epoch` as the x column and `loss` and `val_loss` as lines: where the
    two part, the network begins to learn its training data by heart.
    """

    id = "views.line_plot"
    title = "Line Plot"
    shelf = "Views"
    icon = "mdi6.chart-line"
    keywords = ("line chart", "curve", "time series", "plot", "draw", "Line Plot (JavaScript)")
    input_ports = (Port("table", "table", "Table", "The numbers to draw."),)
    output_ports = (Port("figure", "figure", "Figure", "The drawing."),)

    x_column: str | None = setting(
        None,
        "X column",
        "Where a value stands; empty: the number of its row.",
        columns=Columns("table", ("number", "time")),
    )
    y_columns: list[str] = setting(
        [], "Y columns", "A line for each; empty: all columns of numbers.", columns=Columns("table", ("number", "boolean"))
    )
    group_column: str | None = group_setting("A line of its own for every group; empty: all rows are one line.")
    panels: bool = setting(False, "Panels", "Every column over an axis of its own.", group="Drawing")
    points: bool = setting(False, "Mark the values", "A dot at every value, where there are few.", group="Drawing")
    log_x: bool = setting(False, "Logarithmic x", "The x axis by powers of ten.", group="Drawing")
    log_y: bool = setting(False, "Logarithmic y", "The y axis by powers of ten.", group="Drawing")
    drawing_title: str = title_setting()
    x_label: str = label_setting("X", "the x column's name")
    y_label: str = label_setting("Y", "nothing, as the lines have names")
    missing: Literal["gap", "connect"] = setting(
        "gap",
        "Missing values",
        "What a line does where a value is missing.",
        group="Drawing",
        choices={"gap": "It is interrupted.", "connect": "It goes straight to the next value."},
    )
    y_from: float | None = setting(
        None, "Y from", "Where the value axis begins; empty: as the lines need it.", group="Drawing", allow_inf_nan=False
    )
    y_to: float | None = setting(None, "Y to", "Where it ends.", group="Drawing", allow_inf_nan=False)
    most_rows: int = most_rows_setting(5000, "points")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise a figure of lines."""
        table = specs.table()
        if self.x_column is not None:
            table.require(self.x_column, "number", "time", setting="x_column")
        for column in self.y_columns:
            table.require(column, "number", "boolean", setting="y_columns")
        if self.group_column is not None:
            table.require(self.group_column, "category", "integer", "boolean", setting="group_column")
        if not self._y_columns(table.columns_of("number")):
            raise NodeError("There is no column of numbers to draw.", "Connect a table with numbers.", setting="y_columns")
        if self.y_from is not None and self.y_to is not None and self.y_from >= self.y_to:
            raise NodeError("The value axis ends before it begins.", "Make 'Y to' greater than 'Y from'.", setting="y_to")
        return {"figure": FigureSpec("lines")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Read the columns, and cut them into lines."""
        import numpy as np

        table = values.table()
        columns = self._y_columns(table.spec.columns_of("number"))
        asked = [c for c in (self.x_column, self.group_column) if c is not None]
        frame = spread_rows(table, [*asked, *columns], self.most_rows)
        x_label = self.x_label or self.x_column or "row"
        if self.x_column is None:
            x = np.linspace(0, max(table.height - 1, 0), frame.height).round()
        else:
            x = numbers(frame[self.x_column])
            if frame[self.x_column].dtype.is_temporal():
                x = (x - np.nanmin(x)) / 86400 if np.isfinite(x).any() else x
                x_label = self.x_label or f"{self.x_column}, in days from the first"
        parts: list[tuple[str, np.ndarray]] = [("", np.ones(frame.height, bool))]
        if self.group_column is not None:
            named = group_names(table.spec, self.group_column, frame[self.group_column])
            groups = groups_in_order(table.spec, self.group_column, named, job)
            parts = [(name, (named == name).fill_null(False).to_numpy()) for name in groups]
        lines = []
        for place, column in enumerate(columns):
            y = numbers(frame[column])
            for name, rows in parts:
                known = rows & np.isfinite(x)
                if self.missing == "connect":
                    known &= np.isfinite(y)
                label = (name if self.panels or len(columns) == 1 else f"{column}, {name}") if name else column
                group = column if self.panels else ""
                hue = None if self.panels or len(parts) > 1 else place
                style = "points" if self.points else "line"
                lines.append(Line(label, x[known].tolist(), y[known].tolist(), group, style=style, hue=hue))  # type: ignore[arg-type]
        if len(lines) > MOST_LINES:
            job.warn(f"Of {len(lines)} lines the first {MOST_LINES} are drawn.")
        title = self.drawing_title or ("" if len(columns) > 3 else ", ".join(columns))
        figure = LinesFigure(
            title,
            lines[:MOST_LINES],
            x_label,
            log=self.log_y,
            y_range=self._y_range(lines),
            log_x=self.log_x,
            end_values=False,
            y_label=self.y_label,
        )
        return {"figure": figure}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the drawing."""
        return (cast(Figure, outputs["figure"]),)

    def _y_range(self, lines: Sequence[Line]) -> list[float] | None:
        """Where the axis of values begins and ends, if either was entered; the other end is where the lines end."""
        if self.y_from is None and self.y_to is None:
            return None
        there = [value for line in lines for value in line.y if math.isfinite(value)]
        low = min(there, default=0.0) if self.y_from is None else self.y_from
        high = max(there, default=1.0) if self.y_to is None else self.y_to
        if low < high:
            return [low, high]
        return [low, low + 1] if self.y_from is not None else [high - 1, high]

    def _y_columns(self, number_columns: Sequence[str]) -> list[str]:
        others = (c for c in number_columns if c not in (self.x_column, self.group_column))
        return list(dict.fromkeys(self.y_columns)) or list(others)
