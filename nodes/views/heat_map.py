"""Heat Map: numbers as shades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, cast

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.drawing import group_names, numbers, spread_rows, title_setting
from nodes.values.figure import Figure, FigureSpec, HeatMapFigure

MOST_COLUMNS = 200


class HeatMap(Node):
    """Draw a table of numbers as shades: a row of cells for every row, a cell for every column.

    Up to thirty columns the numbers stand in the cells. Shades around 0 suit correlations and weights, which may be negative.

    Example: wire the correlation table of Linear Correlation to it, with `column` as names of rows and shades around 0.
    """

    id = "views.heat_map"
    title = "Heat Map"
    shelf = "Views"
    icon = "mdi6.grid"
    keywords = ("heatmap", "matrix", "shades", "correlation", "draw", "Heatmap (JavaScript)")
    input_ports = (Port("table", "table", "Table", "The numbers to draw."),)
    output_ports = (Port("figure", "figure", "Figure", "The drawing."),)

    columns: list[str] = setting(
        [], "Columns", "A column of cells for each; empty: all columns of numbers.", columns=Columns("table", ("number",))
    )
    label_column: str | None = setting(
        None,
        "Label column",
        "What the rows are called; empty: their numbers.",
        columns=Columns("table", ("category", "integer", "boolean", "time")),
    )
    shading: Literal["sequential", "diverging"] = setting(
        "sequential",
        "Shades",
        "What the shades stand for.",
        group="Drawing",
        choices={
            "sequential": "From the least to the greatest number.",
            "diverging": "Blue above 0, orange below, nothing at 0.",
        },
    )
    scaled: bool = setting(
        False, "Scale each column", "Every column from its own least to its greatest number.", group="Drawing", advanced=True
    )
    drawing_title: str = title_setting()
    most_rows: int = setting(
        200,
        "Most rows",
        "Of a longer table so many rows, evenly spread, are drawn.",
        ge=1,
        le=2000,
        group="Drawing",
        advanced=True,
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise a heat map."""
        table = specs.table()
        for column in self.columns:
            table.require(column, "number", setting="columns")
        if not self._columns(table.columns_of("number")):
            table.require(None, "number", setting="columns")
        if len(self._columns(table.columns_of("number"))) > MOST_COLUMNS:
            raise NodeError(f"More than {MOST_COLUMNS} columns cannot be drawn.", "Choose some of them.", setting="columns")
        if self.label_column is not None:
            table.require(self.label_column, "category", "integer", "boolean", "time", setting="label_column")
        return {"figure": FigureSpec("heat map")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Read the numbers."""
        import numpy as np

        table = values.table()
        columns = self._columns(table.spec.columns_of("number"))
        frame = spread_rows(table, [*columns, *filter(None, [self.label_column])], self.most_rows)
        if table.height > frame.height:
            job.warn(f"Of {table.height} rows {frame.height} are drawn, evenly spread.")
        cells = np.stack([numbers(frame[column]) for column in columns], axis=1)
        if self.scaled and len(cells):
            finite = np.where(np.isfinite(cells), cells, np.nan)
            some = np.isfinite(finite).any(axis=0)
            low = np.where(some, np.nanmin(np.where(some, finite, 0), axis=0), 0)
            high = np.where(some, np.nanmax(np.where(some, finite, 0), axis=0), 1)
            cells = (cells - low) / np.where(high > low, high - low, 1)
        if self.label_column is None:
            rows = [str(n) for n in np.linspace(0, max(table.height - 1, 0), frame.height).round().astype(int)]
        else:
            label = frame[self.label_column]
            named = label.cast(pl.String) if label.dtype.is_temporal() else group_names(table.spec, self.label_column, label)
            rows = named.fill_null("missing").to_list()
        title = self.drawing_title or "Heat map"
        return {"figure": HeatMapFigure(title, cells.tolist(), rows, columns, self.label_column or "row", shading=self.shading)}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the drawing."""
        return (cast(Figure, outputs["figure"]),)

    def _columns(self, number_columns: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(self.columns)) or [c for c in number_columns if c != self.label_column]
