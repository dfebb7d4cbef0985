"""Bar Chart: a bar for every category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, cast

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.drawing import group_names, group_setting, groups_in_order, label_setting, title_setting
from nodes.values.figure import BarsFigure, Figure, FigureSpec
from nodes.values.table import Table


class BarChart(Node):
    """Draw a bar for every category: how many rows it has, or the sum, mean or another figure of a column.

    Where every category has one row, such as after GroupBy, its number is simply drawn. Several columns, or the groups of a
    second category, stand side by side or on each other. Bars whose names are long lie. There is no pie or donut chart: lengths
    can be compared, angles cannot; the share of a whole shows in stacked bars.

    Example: choose `label` as category and `count` as height to see whether all classes have equally many images.
    """

    id = "views.bar_chart"
    title = "Bar Chart"
    shelf = "Views"
    icon = "mdi6.chart-bar"
    keywords = ("bars", "columns", "pie", "donut", "counts", "categories", "draw", "Bar Chart (JavaScript)")
    input_ports = (Port("table", "table", "Table", "The rows to count."),)
    output_ports = (Port("figure", "figure", "Figure", "The drawing."),)

    category_column: str | None = setting(
        None, "Category column", "A bar for each of its values.", columns=Columns("table", ("category", "integer", "boolean"))
    )
    aggregation: Literal["count", "sum", "mean", "median", "min", "max"] = setting(
        "count",
        "Height",
        "What the height of a bar says.",
        choices={
            "count": "How many rows the category has.",
            "sum": "The sum of the numbers.",
            "mean": "Their mean; of one row, the number itself.",
            "median": "Their median.",
            "min": "The least of them.",
            "max": "The greatest of them.",
        },
    )
    value_columns: list[str] = setting(
        [],
        "Value columns",
        "The numbers; a series of bars for each.",
        columns=Columns("table", ("number",)),
        shown_if={"aggregation": ["sum", "mean", "median", "min", "max"]},
    )
    group_column: str | None = group_setting("A series of bars for every group.")
    order: Literal["category", "height"] = setting(
        "category",
        "Order",
        "The order of the bars.",
        choices={"category": "That of the categories, or of their first appearance.", "height": "The highest first."},
    )
    most_bars: int = setting(30, "Most bars", "Of more categories, those with the most rows are drawn.", ge=1, le=500)
    stacked: bool = setting(False, "Stacked", "Several series stand on each other.", group="Drawing")
    missing_category: bool = setting(False, "Missing category", "A bar for the rows whose category is missing.")
    drawing_title: str = title_setting()
    y_label: str = label_setting("Height", "what it says")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise a figure of bars."""
        table = specs.table()
        table.require(self.category_column, "category", "integer", "boolean", setting="category_column")
        if self.group_column is not None:
            table.require(self.group_column, "category", "integer", "boolean", setting="group_column")
        if self.aggregation != "count":
            if not self.value_columns:
                table.require(None, "number", setting="value_columns")
            for column in self.value_columns:
                table.require(column, "number", setting="value_columns")
            if self.group_column is not None and len(self._values) > 1:
                raise NodeError(
                    "The bars cannot show groups and several columns at once.",
                    "Choose one value column, or no group column.",
                    setting="group_column",
                )
        return {"figure": FigureSpec("bars")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Count, or work the figures out."""
        table = values.table()
        frame = self._rows(table)
        sizes = frame["category"].value_counts(sort=True)
        shown = sizes["category"].to_list()[: self.most_bars]
        if sizes.height > len(shown):
            job.warn(f"Of {sizes.height} categories the {len(shown)} with the most rows are drawn.")
        known = table.spec.class_names(self.category_column or "")
        first = [n for n in (known or frame["category"].unique(maintain_order=True).to_list()) if n in shown]
        names = [*first, *(n for n in shown if n not in first)]
        series: dict[str, list[float]] = {}
        if self.group_column is not None:
            groups = groups_in_order(table.spec, self.group_column, frame["group"], job)
            for group in groups:
                part = frame.filter(pl.col("group") == group)
                series[group] = self._heights(part, names, self._values[0] if self._values else "")
        else:
            for column in self._values or [""]:
                series[column or "rows"] = self._heights(frame, names, column)
        if self.order == "height":
            total = {n: sum(v for s in series.values() if (v := s[i]) == v) for i, n in enumerate(names)}
            places = sorted(range(len(names)), key=lambda i: -total[names[i]])
            names, series = [names[i] for i in places], {k: [s[i] for i in places] for k, s in series.items()}
        what: str = "rows" if self.aggregation == "count" else self.aggregation
        what += f" of {self._values[0]}" if len(self._values) == 1 else ""  # of several, the legend has the names
        title = self.drawing_title or f"{what} by {self.category_column}"
        return {"figure": BarsFigure(title, names, dict(series), self.y_label or what, self.stacked)}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the drawing."""
        return (cast(Figure, outputs["figure"]),)

    @property
    def _values(self) -> list[str]:
        return [] if self.aggregation == "count" else list(dict.fromkeys(self.value_columns))

    def _rows(self, table: Table) -> pl.DataFrame:
        """`category`, `group` (String) and the numbers, as `value.` and their column's name."""
        assert self.category_column
        frame = table.frame(list(dict.fromkeys([self.category_column, *self._values, *filter(None, [self.group_column])])))
        columns = [group_names(table.spec, self.category_column, frame[self.category_column]).alias("category")]
        if self.group_column:
            columns.append(group_names(table.spec, self.group_column, frame[self.group_column]).alias("group"))
        columns += [frame[column].cast(pl.Float64).alias(f"value.{column}") for column in self._values]
        made = pl.DataFrame(columns)
        if self.missing_category:
            return made.with_columns(pl.col("category").fill_null("missing"))
        return made.drop_nulls("category")

    def _heights(self, frame: pl.DataFrame, names: Sequence[str], column: str) -> list[float]:
        """A height per category, in the order of `names`; NaN where there is none, 0 for counts."""
        import math

        if self.aggregation == "count":
            found = dict(frame["category"].value_counts().iter_rows())
            return [float(found.get(name, 0)) for name in names]
        value = pl.col("value").fill_nan(None)
        part = frame.select("category", frame[f"value.{column}"].alias("value"))
        grouped = part.group_by("category").agg(getattr(value, self.aggregation)().alias("height"), value.count().alias("n"))
        heights = {c: h for c, h, n in grouped.iter_rows() if n and h is not None}
        return [float(heights.get(name, math.nan)) for name in names]
