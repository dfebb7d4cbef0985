"""What nodes share that compute columns row by row: the walk over the table, and the promise of what comes out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.values.table import BATCH_BYTES, Table, TableSpec, cell_bytes
from nodes.wording import done_of


class Elementwise(Node):
    """A node that computes columns of every row from other cells of the same row.

    The table is walked through piece by piece: memory stays at one piece, however long the table is. All other columns
    are passed on as they lie.
    """

    shelf = "Tables / Columns"
    input_ports = (Port("table", "table", "Table", "The table to work on."),)
    output_ports = (Port("table", "table", "Table", "The table with the computed columns."),)

    @abstractmethod
    def new_columns(self, table: TableSpec) -> Mapping[str, pl.Expr]:
        """Return what is computed: an expression per new (or replaced) column.

        Raises:
            NodeError: If the settings do not fit the table.
        """

    def removed(self, table: TableSpec) -> Sequence[str]:
        """Return columns that do not go on."""
        return ()

    def new_classes(self, table: TableSpec) -> dict[str, tuple[str, ...]]:
        """Return class names of new columns of class numbers."""
        return {}

    def check(self, before: pl.DataFrame, after: pl.DataFrame, start: int) -> None:
        """Refuse a piece whose results are no good.

        Args:
            before: What was read.
            after: The new columns.
            start: The number, from 0, of the piece's first row.
        """

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the table with the new columns; their types are what polars says of the expressions."""
        table = specs.table()
        computed = computed_schema(table, self.new_columns(table))
        gone = set(self.removed(table))
        kept = table.with_schema({c: d for c, d in table.schema.items() if c not in gone})
        return {"table": kept.with_columns(computed, self.new_classes(table))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Compute the columns piece by piece."""
        table = values.table()
        computed = self.new_columns(table.spec)
        kept = table.drop(self.removed(table.spec))
        if not computed:
            return {"table": kept}
        made = job.stream(self._pieces(table, computed, job))
        return {"table": kept.with_columns(made, self.new_classes(table.spec))}

    def _pieces(self, table: Table, computed: Mapping[str, pl.Expr], job: Job) -> Iterator[pl.DataFrame]:
        schema = computed_schema(table.spec, computed)
        needed = {root for expression in computed.values() for root in expression.meta.root_names()}
        read = [c for c in table.columns if c in needed]
        start = 0
        for batch in table.batches(read, rows=piece_rows((table.schema[c] for c in read), schema.values())):
            job.check_cancelled()
            made = batch.with_columns(**computed).select(schema.names())
            self.check(batch, made, start)
            yield made
            start += batch.height
            job.progress(start / max(table.height, 1), done_of(start, table.height))


class ElementwiseColumns(Elementwise):
    """A node that turns each of some columns into another one, in its place or beside it."""

    accepts: ClassVar[tuple[str, ...]] = ()
    """Kinds of column that it takes, as its setting `columns` declares them."""

    columns: list[str] = setting([], "Columns", "The columns to convert.", columns=Columns())
    suffix: str | None = setting(
        None,
        "Append suffix",
        "The results stand in new columns, named with this suffix; empty replaces the columns.",
        min_length=1,
    )

    @abstractmethod
    def converted(self, cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """Return what a cell of a column of `dtype` becomes."""

    @property
    def targets(self) -> dict[str, str]:
        """Old column -> the column that the result stands in."""
        return {column: column + (self.suffix or "") for column in self.columns}

    def new_columns(self, table: TableSpec) -> Mapping[str, pl.Expr]:
        """Return an expression for each of the columns."""
        chosen(table, self.columns, *self.accepts)
        for column, target in self.targets.items():
            if target != column:
                refuse_existing(table, target, "suffix")
        return {target: self.converted(pl.col(c), table.schema[c]) for c, target in self.targets.items()}


def piece_rows(read: Iterable[pl.DataType], made: Iterable[pl.DataType]) -> int:
    """Return how many rows to work on at a time, so that neither what is read nor what is made takes more than about
    `BATCH_BYTES`."""
    return max(1, BATCH_BYTES // max(sum(map(cell_bytes, read)), sum(map(cell_bytes, made)), 1))


def chosen(table: TableSpec, columns: Sequence[str], *kinds: str, setting: str = "columns") -> list[str]:
    """Return the chosen columns, each once.

    Raises:
        NodeError: If there is none, or one is not there or not of `kinds`.
    """
    if not columns:
        table.require(None, *kinds, setting=setting)
    for column in columns:
        table.require(column, *kinds, setting=setting)
    return list(dict.fromkeys(columns))


def different(table: Table, column: str) -> pl.Series:
    """Return the different values of a column, in the order of their first rows, without missing: integers, and all else as text.

    It is read piece by piece. (As text before it is sorted: a Categorical would be in the order of its hidden codes.)
    """
    dtype = table.schema[column]
    kind = dtype if dtype.is_integer() else pl.String()
    found = pl.Series(column, [], dtype=kind)
    for piece in table.batches([column]):
        found = found.append(piece[column].unique(maintain_order=True).cast(kind)).unique(maintain_order=True)
    return found.drop_nulls()


def refuse_existing(table: TableSpec, column: str, setting: str, gone: Sequence[str] = ()) -> None:
    """Refuse a new column with the name of one that stays.

    Raises:
        NodeError: If it has.
    """
    if column in table.schema and column not in gone:
        raise NodeError(f"There is already a column '{column}'.", "Choose another name.", setting=setting)


def computed_schema(table: TableSpec, computed: Mapping[str, pl.Expr]) -> pl.Schema:
    """Return the dtypes of expressions over a table's columns.

    Raises:
        polars.exceptions.PolarsError: If an expression does not suit the columns.
    """
    return pl.LazyFrame(schema=table.schema).with_columns(**computed).select(list(computed)).collect_schema()


def refuse_new_missing(before: pl.DataFrame, after: pl.DataFrame, targets: Mapping[str, str], start: int, what: str) -> None:
    """Refuse results in which a cell is missing that was not.

    Args:
        before: What was read.
        after: What was made of it.
        targets: Column in `before` -> column in `after`.
        start: The number, from 0, of the first row.
        what: What the cells cannot become.

    Raises:
        NodeError: Naming the first such row, column and cell.
    """
    for column, target in targets.items():
        if after[target].null_count() > before[column].null_count():
            lost = (after[target].is_null() & before[column].is_not_null()).arg_max() or 0
            raise NodeError(
                f"'{before[column][lost]}' in row {start + lost + 1} of column '{column}' cannot become {what}.",
                "Correct it upstream, or make what cannot be converted missing.",
                setting="if_invalid",
            )
