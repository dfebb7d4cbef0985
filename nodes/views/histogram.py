"""Histogram: how many values lie where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.drawing import (
    MOST_GROUPS,
    group_names,
    group_setting,
    groups_in_order,
    label_setting,
    numbers,
    title_setting,
)
from nodes.values.figure import Figure, FigureSpec, HistogramFigure
from nodes.values.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Histogram(Node):
    """Count how many values lie in each of some bins of equal width, and draw it.

    Several columns, or the groups of one, lie behind each other over the same bins. The table is walked through twice, piece by
    piece, so it may be larger than memory. Missing, infinite and NaN values are not counted.

    Example: choose the column `confidence` after a Class Extractor and group by whether the prediction is right: mistakes made
    with confidence stand at the right end.
    """

    id = "views.histogram"
    title = "Histogram"
    shelf = "Views"
    icon = "mdi6.chart-histogram"
    keywords = ("distribution", "bins", "frequency", "density", "draw", "Histogram (JavaScript)")
    input_ports = (Port("table", "table", "Table", "The values to count."),)
    output_ports = (Port("figure", "figure", "Figure", "The drawing."),)

    columns: list[str] = setting(
        [], "Columns", "The columns of numbers to count.", columns=Columns("table", ("number", "boolean"))
    )
    group_column: str | None = group_setting("Counts the rows of every group by themselves; needs a single column.")
    bins: int = setting(30, "Bins", "How many bins there are.", ge=1, le=1000)
    minimum: float | None = setting(
        None, "From", "Where the first bin begins; smaller values are not counted. Empty: the least value.", advanced=True
    )
    maximum: float | None = setting(
        None, "To", "Where the last bin ends; greater values are not counted. Empty: the greatest value.", advanced=True
    )
    height: Literal["count", "share", "density"] = setting(
        "count",
        "Height",
        "What the height of a bin says.",
        choices={
            "count": "How many values are in it.",
            "share": "What part of the series' values is in it.",
            "density": "The share per unit of x, so that the area is 1.",
        },
    )
    log: bool = setting(False, "Logarithmic", "The heights by powers of ten, so that rare values show.", group="Drawing")
    drawing_title: str = title_setting()
    x_label: str = label_setting("X", "the column's name")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise a histogram."""
        table = specs.table()
        if not self.columns:
            table.require(None, "number", "boolean", setting="columns")
        for column in self.columns:
            table.require(column, "number", "boolean", setting="columns")
        if self.group_column is not None:
            table.require(self.group_column, "category", "integer", "boolean", setting="group_column")
            if len(self._columns) > 1:
                raise NodeError(
                    "Groups can be counted of one column only.", "Choose one column, or no group column.", setting="group_column"
                )
        if len(self._columns) > MOST_GROUPS:
            raise NodeError(f"More than {MOST_GROUPS} columns cannot be told apart.", "Choose fewer.", setting="columns")
        if self.minimum is not None and self.maximum is not None and self.minimum >= self.maximum:
            raise NodeError("The bins end before they begin.", "Make 'To' greater than 'From'.", setting="maximum")
        return {"figure": FigureSpec("histogram")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Find the range, then count."""
        import numpy as np

        table = values.table()
        edges = self._edges(table, job)
        counts: dict[str, NDArray[Any]] = {name: np.zeros(self.bins) for name in self._series(table, job)}
        for name, part in self._parts(table, job):
            if name in counts:
                counts[name] += np.histogram(part, edges)[0]
        heights = {name: self._heights(series, edges).tolist() for name, series in counts.items()}
        label = self.x_label or ", ".join(self._columns)
        y_label = {"count": "rows", "share": "share of rows", "density": "density"}[self.height]
        return {"figure": HistogramFigure(self.drawing_title or label, edges.tolist(), heights, label, y_label, self.log)}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the drawing."""
        return (cast(Figure, outputs["figure"]),)

    @property
    def _columns(self) -> list[str]:
        return list(dict.fromkeys(self.columns))

    def _series(self, table: Table, job: Job) -> list[str]:
        if self.group_column is None:
            return self._columns
        named = group_names(table.spec, self.group_column, table.frame([self.group_column])[self.group_column])
        return groups_in_order(table.spec, self.group_column, named, job)

    def _parts(self, table: Table, job: Job) -> Iterator[tuple[str, NDArray[Any]]]:
        """The finite values of every series, piece by piece."""
        import numpy as np

        read = [*self._columns, *([self.group_column] if self.group_column else [])]
        for batch in table.batches(list(dict.fromkeys(read))):
            job.check_cancelled()
            if self.group_column is None:
                parts = [(column, numbers(batch[column])) for column in self._columns]
            else:
                named = group_names(table.spec, self.group_column, batch[self.group_column])
                values = numbers(batch[self._columns[0]])
                parts = [(name, values[(named == name).to_numpy()]) for name in named.drop_nulls().unique().to_list()]
            for name, values in parts:
                yield name, values[np.isfinite(values)]

    def _edges(self, table: Table, job: Job) -> NDArray[Any]:
        """The bins' edges (bins + 1)."""
        import numpy as np

        low, high = self.minimum, self.maximum
        if low is None or high is None:
            found = [(part.min(), part.max()) for _, part in self._parts(table, job) if len(part)]
            least, greatest = (min(f[0] for f in found), max(f[1] for f in found)) if found else (0.0, 1.0)
            low = float(least) if low is None else low
            high = float(greatest) if high is None else high
            if high <= low:  # one value only, or a limit beyond all values
                low, high = (
                    (low, low + 1)
                    if self.minimum is not None
                    else (high - 1, high)
                    if self.maximum is not None
                    else (low - 0.5, low + 0.5)
                )
        return np.linspace(low, high, self.bins + 1)

    def _heights(self, counts: NDArray[Any], edges: NDArray[Any]) -> NDArray[Any]:
        import numpy as np

        if self.height == "count":
            return counts
        share: NDArray[Any] = counts / (counts.sum() or 1)
        return share if self.height == "share" else share / np.diff(edges)
