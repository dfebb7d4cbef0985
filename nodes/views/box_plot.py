"""Box Plot: how the values of columns, or of groups, are spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.drawing import group_names, group_setting, groups_in_order, label_setting, numbers, title_setting
from nodes.values.figure import Box, BoxesFigure, Figure, FigureSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_OUTLIERS = 300
"""So many of a box, evenly spread over them, are drawn."""


class BoxPlot(Node):
    """Show how values are spread: a box from the first to the third quartile, a line at the median, whiskers, and outliers.

    A whisker reaches to the last value within 1.5 times the box's length (Tukey, 1977); what is beyond is an outlier. Several
    columns stand beside each other, or the groups of one. Missing, infinite and NaN values do not count.

    Example: choose `petal_length` grouped by `species` of the iris data: a box that no other one overlaps can be told apart by
    that measurement alone.
    """

    id = "views.box_plot"
    title = "Box Plot"
    shelf = "Views"
    icon = "mdi6.chart-box-outline"
    keywords = ("box and whisker", "quartiles", "outliers", "spread", "draw", "Box Plot (JavaScript)", "Conditional Box Plot")
    input_ports = (Port("table", "table", "Table", "The values to look at."),)
    output_ports = (Port("figure", "figure", "Figure", "The drawing."),)

    columns: list[str] = setting(
        [], "Columns", "A box for each; empty: all columns of numbers.", columns=Columns("table", ("number",))
    )
    group_column: str | None = group_setting("A box for every group; needs a single column.")
    reach: float = setting(
        1.5, "Whiskers", "How far whiskers reach at most, in lengths of the box.", ge=0, le=100, group="Drawing", advanced=True
    )
    log: bool = setting(False, "Logarithmic", "The values by powers of ten.", group="Drawing")
    drawing_title: str = title_setting()
    y_label: str = label_setting("Value", "the column's name")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise a figure of boxes."""
        table = specs.table()
        for column in self.columns:
            table.require(column, "number", setting="columns")
        columns = self._columns(table.columns_of("number"))
        if not columns:
            table.require(None, "number", setting="columns")
        if self.group_column is not None:
            table.require(self.group_column, "category", "integer", "boolean", setting="group_column")
            if len(columns) > 1:
                raise NodeError(
                    "Groups can be drawn of one column only.", "Choose one column, or no group column.", setting="group_column"
                )
        return {"figure": FigureSpec("boxes")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Work out the quartiles, a column at a time."""
        table = values.table()
        columns = self._columns(table.spec.columns_of("number"))
        boxes = []
        if self.group_column is None:
            for place, column in enumerate(columns):
                job.check_cancelled()
                job.progress(place / len(columns), column)
                boxes += self._box(column, numbers(table.frame([column])[column]))
        else:
            (column,) = columns
            frame = table.frame(list(dict.fromkeys([column, self.group_column])))
            named = group_names(table.spec, self.group_column, frame[self.group_column])
            for name in groups_in_order(table.spec, self.group_column, named, job):
                boxes += self._box(name, numbers(frame[column].filter(named == name)))
        single = columns[0] if len(columns) == 1 else ""
        title = self.drawing_title or (f"{single} by {self.group_column}" if self.group_column else single or "Columns")
        return {"figure": BoxesFigure(title, boxes, self.y_label or single, self.log)}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the drawing."""
        return (cast(Figure, outputs["figure"]),)

    def _columns(self, number_columns: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(self.columns)) or [c for c in number_columns if c != self.group_column]

    def _box(self, name: str, values: NDArray[Any]) -> list[Box]:
        """The box of some values, or none where there are no values."""
        import numpy as np

        values = np.sort(values[np.isfinite(values)])
        if not len(values):
            return []
        first, median, third = np.quantile(values, [0.25, 0.5, 0.75])
        reach = self.reach * (third - first)
        inside = values[(values >= first - reach) & (values <= third + reach)]
        # With few values a quartile may lie between two of them, and no value between quartile and whisker.
        low, high = (min(inside[0], first), max(inside[-1], third)) if len(inside) else (first, third)
        outside = values[(values < low) | (values > high)]
        if len(outside) > MOST_OUTLIERS:
            outside = outside[np.linspace(0, len(outside) - 1, MOST_OUTLIERS).astype(int)]
        return [Box(name, [float(low), float(high)], [float(first), float(median), float(third)], outside.tolist())]
