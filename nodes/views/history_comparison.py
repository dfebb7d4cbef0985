"""Learning Curve Comparison: several trainings in one drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.drawing import numbers
from nodes.values.figure import Figure, FigureSpec, Line, LinesFigure
from nodes.values.table import Table, TableSpec

STEP = "epoch"


class HistoryComparison(Node):
    """Draw the learning curves of several trainings over each other, a panel for each quantity.

    Example: connect the histories of a network with and one without dropout, choose `loss` and `val_loss`, and call them
    `dropout` and `plain`: the plain one learns faster, and its validation loss turns up earlier.
    """

    id = "views.history_comparison"
    title = "Learning Curve Comparison"
    shelf = "Views"
    icon = "mdi6.chart-multiple"
    keywords = ("histories", "compare trainings", "loss curves", "overfitting", "Learning Monitor")
    input_ports = (Port("history", "table", "History", "A Learner's history.", grows=True),)
    output_ports = (Port("figure", "figure", "Figure", "The drawing."),)

    quantities: list[str] = setting(
        [],
        "Quantities",
        "The columns to draw, each in a panel; where a history lacks one, its line is left out. Empty: loss and validation loss, "
        "or all numbers of the first table.",
        columns=Columns("history", ("number",)),
    )
    names: list[str] = setting(
        [], "Names", "What the trainings are called, in the order of the inputs; empty: training 1, training 2, ..."
    )
    log: bool = setting(False, "Logarithmic", "The values by powers of ten.", group="Drawing")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise a figure of lines."""
        tables = cast("list[TableSpec]", specs.all("history"))
        there = {column for table in tables for column in table.columns_of("number")}
        for quantity in self.quantities:
            if quantity not in there:
                tables[0].require(quantity, "number", setting="quantities")
        if not self._quantities(tables):
            raise NodeError("The first table has no numbers to draw.", "Connect the History output of a Learner.")
        return {"figure": FigureSpec("lines")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Read the curves."""
        import numpy as np

        tables = cast("list[Table]", values.all("history"))
        quantities = self._quantities([table.spec for table in tables])
        there = [set(table.spec.columns_of("number")) for table in tables]
        frames = [table.frame([c for c in (STEP, *quantities) if c in has]) for table, has in zip(tables, there, strict=True)]
        lines = []
        for quantity in quantities:
            for place, (table, has, frame) in enumerate(zip(tables, there, frames, strict=True)):
                if quantity not in has:
                    job.warn(f"The history at input {place + 1} has no '{quantity}'.")
                    continue
                x = numbers(frame[STEP]) if STEP in has else np.arange(1, table.height + 1)
                name = self.names[place] if place < len(self.names) and self.names[place] else f"training {place + 1}"
                y = numbers(frame[quantity])
                lines.append(Line(name, x.tolist(), y.tolist(), quantity, hue=place))
        return {"figure": LinesFigure("Learning curves", lines, STEP, log=self.log)}

    def _quantities(self, tables: Sequence[TableSpec]) -> list[str]:
        if self.quantities:
            return list(dict.fromkeys(self.quantities))
        there = [c for table in tables for c in table.columns_of("number")]
        return [q for q in ("loss", "val_loss") if q in there] or [c for c in tables[0].columns_of("number") if c != STEP]

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the drawing."""
        return (cast(Figure, outputs["figure"]),)
