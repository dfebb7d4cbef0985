"""Tables turned round, and measured: Transpose, Extract Table Dimension."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import reduce

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.cells import as_text
from nodes.kit.tables.dtypes import cast_exactly, common_dtype
from nodes.values.table import Table, TableSpec

PLAIN = ("number", "category", "boolean", "time")


class Transpose(Node):
    """Turn a table round: columns become rows, rows become columns.

    All columns must have a type in common, or everything becomes text. The rows' new columns are named after a column, or by
    their numbers. It is for small tables: their columns are known only when they have run.

    Example: after Statistics, with `column` as names, a table with a column for each column and a row for each figure.
    """

    id = "tables.transpose"
    title = "Transpose"
    shelf = "Tables / Aggregate"
    icon = "mdi6.rotate-3d-variant"
    keywords = ("Table Transposer", "turn", "swap rows and columns", "rotate", "pivot")
    input_ports = (Port("table", "table", "Table", "The table to turn."),)
    output_ports = (Port("table", "table", "Transposed table", "A row for each column."),)

    names: str | None = setting(
        None,
        "Column names from",
        "The column whose cells name the new columns; empty: Row0, Row1, ...",
        columns=Columns("table", PLAIN),
    )
    header: str | None = setting(
        "column", "Column for names", "The name of the column with the old columns' names; empty: there is none.", min_length=1
    )
    as_text: bool = setting(False, "Make everything text", "Where columns have no type in common; else that is an error.")
    max_columns: int = setting(10_000, "Maximum number of columns", "More rows are an error.", ge=1, advanced=True)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Not known: a column for each row."""
        table = specs.table()
        if self.names is not None:
            table.require(self.names, *PLAIN, setting="names")
        self._dtype(table)
        if table.rows is not None:
            self._check(table.rows)
        return {"table": None}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Turns it."""
        table = values.table()
        self._check(table.height)
        dtype = self._dtype(table.spec)
        old = [c for c in table.columns if c != self.names]
        named = [f"Row{i}" for i in range(table.height)]
        if self.names is not None:
            cells = table.frame([self.names])
            text = cells.select(as_text(pl.col(self.names), cells.schema[self.names])).to_series()
            named = ["?" if name is None else name for name in text]
        twice = [name for name, count in Counter(named).items() if count > 1]
        if twice or (self.header in named):
            message = f"Two columns would be named '{next(iter(twice), self.header)}'."
            raise NodeError(message, "Choose other names.", setting="names")
        text_wanted = isinstance(dtype, pl.String)
        frame = table.frame(old)
        plain = frame.select(as_text(pl.col(c), d) if text_wanted else pl.col(c) for c, d in frame.schema.items())
        columns = [cast_exactly(column, dtype).to_list() for column in plain]
        made: dict[str, pl.Series] = {}
        if self.header:
            made[self.header] = pl.Series(old, dtype=pl.String)
        for i, name in enumerate(named):
            job.check_cancelled()
            made[name] = pl.Series([cells[i] for cells in columns], dtype=dtype)
        return {"table": Table.of(pl.DataFrame(made) if made else pl.DataFrame(height=len(old)))}

    def _check(self, rows: int) -> None:
        if rows > self.max_columns:
            message = f"There would be {rows} columns."
            raise NodeError(message, "Allow more, or take fewer rows (Table Cropper).", setting="max_columns")

    def _dtype(self, table: TableSpec) -> pl.DataType:
        """The type of all new columns.

        Raises:
            NodeError: If there is none.
        """
        columns = {c: d for c, d in table.schema.items() if c != self.names}
        plain = set(table.columns_of(*PLAIN))
        common: pl.DataType | None = None
        if columns:
            common = reduce(lambda a, b: None if a is None else common_dtype(a, b), columns.values())  # type: ignore[arg-type, return-value]
        if not columns or self.as_text or common is None:
            if columns and not self.as_text:
                raise NodeError("The columns have no type in common.", "Make everything text.", setting="as_text")
            odd = next((c for c in columns if c not in plain), None)
            if odd is not None:
                raise NodeError(f"Column '{odd}' cannot become text.", "Leave it out (Column Filter).", setting="as_text")
            return pl.String()
        return common


class ExtractTableDimension(Node):
    """Tell how many rows and columns a table has, as a table of one row.

    Example: after a Row Filter, to note how many rows were kept.
    """

    id = "tables.extract_table_dimension"
    title = "Extract Table Dimension"
    shelf = "Tables / Statistics"
    icon = "mdi6.ruler-square"
    keywords = ("shape", "size", "number of rows", "number of columns", "row count", "height", "width")
    input_ports = (Port("table", "table", "Table", "The table to measure."),)
    output_ports = (Port("dimension", "table", "Dimension", "Number of rows and of columns."),)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Two numbers."""
        return {"dimension": TableSpec(pl.Schema({"rows": pl.Int64(), "columns": pl.Int64()}), 1)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Counts."""
        table = values.table()
        return {"dimension": Table.of(pl.DataFrame({"rows": [table.height], "columns": [len(table.columns)]}))}
