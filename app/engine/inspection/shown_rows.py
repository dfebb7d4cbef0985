"""Which rows of a stored table are looked at, and in which order: sorted by a column, or only those with certain values.

Every question about a table says so in the same way (`app.engine.messages.tables.RowsShown`), so that what is scrolled,
searched, copied and exported is the same. Row numbers are computed once and kept with the outputs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec.structs import astuple

from app.engine.inspection.base import StoredOutputs
from app.engine.inspection.conditions import condition
from app.engine.messages.tables import RowsShown, TableResultQuestion
from nodes.base import NodeError
from nodes.values.table import Table

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

KEPT = 6
"""How many orders of rows are kept with a node's outputs: 4 MB each for a million rows."""


@dataclass(frozen=True)
class ShownRows:
    """A table as it is looked at.

    Attributes:
        table: The whole table.
        rows: The numbers of the rows that are shown, in their order; None means all, as they are.
    """

    table: Table
    rows: NDArray[Any] | None = None

    @property
    def height(self) -> int:
        """How many rows are shown."""
        return self.table.height if self.rows is None else len(self.rows)

    def range(self, start: int, stop: int) -> Table:
        """The shown rows from `start` to before `stop`; fewer at the end."""
        start, stop = max(start, 0), min(stop, self.height)
        if self.rows is None:
            return self.table.slice(start, max(stop - start, 0))
        return self.table.take(self.rows[start : max(stop, start)])

    def whole(self) -> Table:
        """All that is shown."""
        return self.table if self.rows is None else self.table.take(self.rows)

    def number(self, position: int) -> int:
        """The number, in the stored table, of the row shown at a position."""
        return position if self.rows is None else int(self.rows[position])


def require_column(table: Table, column: str) -> None:
    """Raise NodeError, with the nearest name, where the table has no such column. An empty name is one like others."""
    if column not in table.schema:
        table.spec.require(column)


def shown_rows(outputs: StoredOutputs, asked: TableResultQuestion[Any]) -> ShownRows:
    """Return the rows that a question is about, in their order.

    Raises:
        NodeError: If a column is not there, or cannot be sorted by.
    """
    table = outputs.table(asked.port)
    sort, where, filters = asked.shown.sort, asked.shown.where, asked.shown.filters
    if sort is None and not where and not filters:
        return ShownRows(table)
    orders: dict[str, NDArray[Any]] = outputs.cache.setdefault("orders", {})
    name = json.dumps([asked.port, sort and [sort.column, sort.descending], dict(where), [list(astuple(f)) for f in filters]])
    rows = orders.get(name)
    if rows is None:
        rows = _row_numbers(table, asked.shown)
        for oldest in list(orders)[: max(0, len(orders) + 1 - KEPT)]:
            orders.pop(oldest, None)
        orders[name] = rows
    return ShownRows(table, rows)


def is_sortable(dtype: pl.DataType) -> bool:
    """Whether the cells of a column have an order that a person would expect."""
    import polars as pl

    return not isinstance(dtype, pl.Array | pl.List | pl.Struct | pl.Object | pl.Binary)


def _row_numbers(table: Table, shown: RowsShown) -> NDArray[Any]:
    import numpy as np
    import polars as pl

    sort, where, filters = shown.sort, shown.where, shown.filters
    columns = [*([sort.column] if sort else []), *where, *(asked.column for asked in filters)]
    for column in columns:
        require_column(table, column)
    if sort and not is_sortable(table.schema[sort.column]):
        raise NodeError(f"Rows cannot be put in order by column '{sort.column}'.", "Sort by another column.")
    places = {column: f"c{n}" for n, column in enumerate(dict.fromkeys(columns))}  # polars takes names like `^a$` for patterns
    frame = table.select(list(places)).rename(places).frame()
    rows: NDArray[Any] | None = None
    if where or filters:
        wanted = [_has(table, column, value, pl.col(places[column])) for column, value in where.items()]
        wanted += [condition(table, asked, pl.col(places[asked.column])) for asked in filters]
        rows = frame.select(pl.all_horizontal(wanted).arg_true()).to_series().to_numpy()
        frame = frame[rows]
    if sort:
        key = pl.col(places[sort.column])
        if table.schema[sort.column].is_float():
            key = key.fill_nan(None)
        order = pl.arg_sort_by(key, descending=sort.descending, nulls_last=True, maintain_order=True)
        sorted_rows = frame.select(order).to_series().to_numpy()
        rows = sorted_rows if rows is None else rows[sorted_rows]
    assert rows is not None
    return rows.astype(np.uint32 if table.height < 2**32 else np.int64, copy=False)


def _has(table: Table, column: str, value: Any, cells: pl.Expr) -> pl.Expr:
    """Whether the cells of a column, which `cells` gives, have a value."""
    import polars as pl

    dtype = table.schema[column]
    if value is None:
        return cells.is_null()
    names = table.classes.get(column)
    if isinstance(value, str) and names and dtype.is_integer():
        return cells.eq(names.index(value)) if value in names else pl.repeat(value=False, n=pl.len())
    if isinstance(value, str) or isinstance(dtype, pl.Enum | pl.Categorical):
        cells = cells.cast(pl.String)
        value = str(value)
    return cells.eq(value).fill_null(value=False)
