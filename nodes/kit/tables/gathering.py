"""Rows of a table by number, where some numbers are missing: what is not there becomes a row of missing cells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from nodes.wording import done_of

if TYPE_CHECKING:
    from nodes.base import Job
    from nodes.values.table import Table


def taken(table: Table, rows: pl.Series, job: Job) -> Table:
    """Return the rows of these numbers, in this order.

    Args:
        table: Where the rows are.
        rows: Row numbers from 0; a missing one gives a row of missing cells.
        job: What writes the new table. Where no number is missing nothing is written: the data are shared.
    """
    from nodes.values.table import Table

    if not table.columns or not rows.null_count():
        return table.take(rows.to_numpy())
    made = job.stream(_pieces(table, rows, job))
    return Table(made.parts, made.columns, table.classes)


def gathered(table: Table, rows: pl.Series) -> pl.DataFrame:
    """Return the same as `taken`, for a piece that fits into memory."""
    present = rows.is_not_null()
    found = table.take(rows.drop_nulls().to_numpy()).frame()
    if len(found) == len(rows):
        return found
    # A missing row number gathers missing cells.
    places = (present.cum_sum().cast(pl.Int64) - 1).zip_with(present, pl.Series([None], dtype=pl.Int64))
    return found.select(pl.all().gather(places))


def _pieces(table: Table, rows: pl.Series, job: Job) -> Iterator[pl.DataFrame]:
    step = table.rows_per_batch()
    for start in range(0, max(len(rows), 1), step):
        job.check_cancelled()
        job.progress(start / max(len(rows), 1), done_of(start, len(rows)))
        yield gathered(table, rows.slice(start, step))
