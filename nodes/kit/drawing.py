"""What the drawing nodes share: which rows are drawn, how they fall into groups, what a number is for a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from nodes.base import Columns, Job, setting
from nodes.values.table import Table, TableSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_GROUPS = 20
"""More groups than this cannot be told apart in a drawing."""


def title_setting() -> Any:
    """Declare what stands above the drawing."""
    return setting("", "Title", "What stands above the drawing; empty: what it shows.", group="Drawing")


def label_setting(axis: str, default: str) -> Any:
    """Declare what stands beside an axis."""
    return setting("", f"{axis} label", f"What stands beside the axis; empty: {default}.", group="Drawing")


def group_setting(help: str) -> Any:
    """Declare a column whose values get a colour each."""
    return setting(None, "Group column", help, columns=Columns("table", ("category", "integer", "boolean")))


def most_rows_setting(default: int, what: str) -> Any:
    """Declare how many rows are drawn."""
    return setting(
        default,
        "Most rows",
        f"Of a longer table so many rows, evenly spread, are drawn: more {what} cannot be told apart.",
        ge=1,
        le=1_000_000,
        group="Drawing",
        advanced=True,
    )


def spread_rows(table: Table, columns: Sequence[str], most: int) -> pl.DataFrame:
    """Return some columns of at most so many rows, evenly spread over the table, the first and the last among them."""
    import numpy as np

    if table.height > most:
        table = table.take(np.linspace(0, table.height - 1, most).round().astype(np.int64))
    return table.frame(list(dict.fromkeys(columns)))


def group_names(table: TableSpec, column: str, values: pl.Series) -> pl.Series:
    """Return what the values of a column of classes are called (String; null stays null)."""
    names = table.class_names(column)
    if values.dtype.is_integer() and names is not None:
        return values.replace_strict(dict(enumerate(names)), default=None, return_dtype=pl.String)
    return values.cast(pl.String)


def groups_in_order(table: TableSpec, column: str, named: pl.Series, job: Job) -> list[str]:
    """Return the groups to draw: in the order of their categories, or as they first appear; of too many, the largest.

    Args:
        table: Where the column is.
        column: Its name.
        named: Its values, as `group_names` gives them.
        job: Told of groups and rows that are left out.
    """
    counts = named.drop_nulls().value_counts(sort=True)
    label = named.name
    largest = counts[label].to_list()[:MOST_GROUPS]
    if counts.height > MOST_GROUPS:
        job.warn(f"Column '{column}' has {counts.height} groups; the {MOST_GROUPS} largest are drawn.")
    if named.null_count():
        job.warn(f"{named.null_count()} row(s) without a value in '{column}' are not drawn.")
    known = table.class_names(column)
    if known is not None:
        return [name for name in known if name in largest]
    return [name for name in named.drop_nulls().unique(maintain_order=True).to_list() if name in largest]


def numbers(values: pl.Series) -> NDArray[Any]:
    """Return a column of numbers, booleans or times as Float64 (rows); what is missing is NaN.

    Times become seconds since 1970, durations seconds.
    """
    import numpy as np

    dtype = values.dtype
    if isinstance(dtype, pl.Date):
        values = values.cast(pl.Datetime("ms"))
        dtype = values.dtype
    if isinstance(dtype, pl.Datetime):
        values = values.dt.epoch("ms").cast(pl.Float64) / 1000
    elif isinstance(dtype, pl.Duration):
        values = values.dt.total_microseconds().cast(pl.Float64) / 1e6
    elif isinstance(dtype, pl.Time):
        values = values.cast(pl.Int64).cast(pl.Float64) / 1e9
    return values.cast(pl.Float64).fill_null(np.nan).to_numpy()
