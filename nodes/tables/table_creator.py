"""Table Creator: a small table, typed in by hand."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from pydantic import FiniteFloat

from nodes.base import Job, Node, NodeError, Port, Settings, Spec, Specs, Value, Values, setting
from nodes.kit.tables.cells import CellType, typed_cells
from nodes.values.table import Table


class NewColumn(Settings):
    """One column and its cells."""

    name: str = setting("column", "Name", "The column's name.", min_length=1)
    dtype: CellType = setting("String", "Type", "The type of the cells.")
    values: list[bool | int | FiniteFloat | str | None] = setting(
        [], "Cells", "The cells from top to bottom; an empty one is missing (in a column of text: empty)."
    )


class TableCreator(Node):
    """Make a small table from cells that are typed in.

    Shorter columns are filled up with missing cells. Dates are written as 2025-12-31, times as 23:59, true and false as
    `true` and `false`. A column of type Enum has as its categories the cells that are there, in the order of their first
    appearance. Cells that were copied in a spreadsheet become such a node when they are pasted on the canvas.

    Example: type two columns, `class` and `weight`, with a row per class, and wire them to the Joiner.
    """

    id = "tables.table_creator"
    title = "Table Creator"
    shelf = "Readers"
    icon = "mdi6.table-edit"
    keywords = ("new table", "manual input", "enter data", "DataFrame", "literal table", "type in", "clipboard", "paste")
    output_ports = (Port("table", "table", "Table", "The typed table."),)

    columns: list[NewColumn] = setting([], "Columns", "The columns of the table.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The table itself is that quick to make."""
        return {"table": self._table().spec}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Makes the table."""
        return {"table": self._table()}

    def _table(self) -> Table:
        height = max((len(c.values) for c in self.columns), default=0)
        made: dict[str, pl.Series] = {}
        for i, column in enumerate(self.columns):
            if column.name in made:
                message = f"There are two columns '{column.name}'."
                raise NodeError(message, "Choose another name.", setting=f"columns.{i}.name")
            series = typed_cells(column.values, column.dtype, f"columns.{i}.values")
            made[column.name] = series.extend_constant(None, height - len(series))
        return Table.of(pl.DataFrame(made))
