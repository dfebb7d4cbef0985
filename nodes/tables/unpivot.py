"""Unpivot: columns become rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.dtypes import cast_exactly, common_dtype
from nodes.kit.tables.elementwise import chosen
from nodes.values.table import Table, TableSpec, describe_dtype
from nodes.wording import counted


class Unpivot(Node):
    """Put the cells of several columns below each other: a row for each cell, with the name of its column.

    The retained columns are repeated beside them, without a copy. The rows come column by column: first all cells of the
    first value column, then those of the second. The columns must have a type in common, as for a Concatenate.

    Example: choose `loss` and `val_loss` of a Learner's history, with `epoch` as index: two rows per epoch, with the name
    and the value.
    """

    id = "tables.unpivot"
    title = "Unpivot"
    shelf = "Tables / Aggregate"
    icon = "mdi6.table-arrow-down"
    keywords = ("Unpivoting", "melt", "wide to long", "gather", "stack", "columns to rows")
    input_ports = (Port("table", "table", "Table", "The table with the columns."),)
    output_ports = (Port("table", "table", "Unpivoted table", "One row per cell."),)

    on: list[str] = setting([], "Value columns", "The columns whose cells are put below each other.", columns=Columns())
    index: list[str] = setting([], "Retained columns", "The columns to repeat beside them.", columns=Columns())
    variable_name: str = setting("variable", "Column of names", "What to call the column of column names.", min_length=1)
    value_name: str = setting("value", "Column of values", "What to call the column of cells.", min_length=1)
    skip_missing: bool = setting(False, "Skip missing cells", "Whether a missing cell makes no row.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The retained columns, the names, and the values in the type they have in common."""
        table = specs.table()
        columns = chosen(table, self.on, setting="on")
        for column in self.index:
            table.require(column, setting="index")
        for name, value in (("variable_name", self.variable_name), ("value_name", self.value_name)):
            if value in self.index or (name == "value_name" and value == self.variable_name):
                raise NodeError(f"There is already a column '{value}'.", "Choose another name.", setting=name)
        rows = None if table.rows is None or self.skip_missing else table.rows * len(columns)
        kept = TableSpec(table.schema).with_schema({c: table.schema[c] for c in self._index})
        classes = {c: n for c, n in table.classes.items() if c in self._index}
        return {"table": kept.with_columns(self._schema(table), classes).with_rows(rows)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Writes the cells column by column; the retained columns are shared."""
        import numpy as np

        table = values.table()
        columns = list(dict.fromkeys(self.on))
        made = job.stream(self._pieces(table, columns, job))
        if not self._index:
            self._tell(table, columns, made.height, job)
            return {"table": made}
        kind = np.uint32 if table.height < 2**32 else np.int64
        if not self.skip_missing:
            rows = np.tile(np.arange(table.height, dtype=kind), len(columns))
        else:
            there = [[np.zeros(0, bool), *(p[c].is_not_null().to_numpy() for p in table.batches([c]))] for c in columns]
            rows = np.concatenate([np.flatnonzero(np.concatenate(pieces)).astype(kind) for pieces in there])
        self._tell(table, columns, made.height, job)
        return {"table": table.select(self._index).take(rows).with_columns(made)}

    def _tell(self, table: Table, columns: list[str], made: int, job: Job) -> None:
        """Tell how many cells made no row."""
        skipped = table.height * len(columns) - made
        if skipped:
            job.log(f"{counted(skipped, 'missing cell makes', 'missing cells make')} no row.")

    @property
    def _index(self) -> list[str]:
        return list(dict.fromkeys(self.index))

    def _schema(self, table: TableSpec) -> dict[str, pl.DataType]:
        """The two new columns.

        Raises:
            NodeError: If the value columns have no type in common.
        """
        first, *others = dict.fromkeys(self.on)

        def widened(dtype: pl.DataType, column: str) -> pl.DataType:
            common = common_dtype(dtype, table.schema[column])
            if common is None:
                raise NodeError(
                    f"Column '{first}' is {describe_dtype(table.schema[first])}, but '{column}' is "
                    f"{describe_dtype(table.schema[column])}: one column cannot hold both.",
                    "Choose columns of one kind, or convert them first (Number to String, String to Number).",
                    setting="on",
                )
            return common

        common = reduce(widened, others, table.schema[first])
        return {self.variable_name: pl.Enum([first, *others]), self.value_name: common}

    def _pieces(self, table: Table, columns: list[str], job: Job) -> Iterator[pl.DataFrame]:
        schema = self._schema(table.spec)
        for number, column in enumerate(columns):
            for batch in table.batches([column]):
                job.check_cancelled()
                cells = batch.filter(pl.col(column).is_not_null()) if self.skip_missing else batch
                value = cast_exactly(cells[column], schema[self.value_name]).alias(self.value_name)
                name = pl.lit(column).cast(schema[self.variable_name]).alias(self.variable_name)
                yield value.to_frame().select(name, pl.col(self.value_name))
            job.progress((number + 1) / len(columns), column)
