"""Columns of classes: which classes they can hold, and what the class of a cell is called."""

from __future__ import annotations

import polars as pl

from nodes.base import NodeError
from nodes.values.table import TableSpec

CLASS_KINDS = ("category", "integer", "boolean")
"""Kinds of column that can hold classes."""
TRUTHS = ("false", "true")
"""The classes of a column of true and false."""


def classes_of(table: TableSpec, column: str) -> tuple[str, ...] | None:
    """Return the classes that a column can hold, in their order, where the schema tells them; whether they occur or not."""
    return TRUTHS if isinstance(table.schema.get(column), pl.Boolean) else table.class_names(column)


def named_cells(cells: pl.Series, names: tuple[str, ...] | None) -> pl.Series:
    """Return the cells of a column as class names (String), null where one is missing.

    Args:
        cells: Categories, text, true and false, or class numbers.
        names: What class numbers stand for; None: they are called by themselves.

    Raises:
        NodeError: If a class number has no name.
    """
    if names is None or not cells.dtype.is_integer():
        return cells.cast(pl.String)
    strange = cells.filter(~cells.is_between(0, len(names) - 1))
    if len(strange):
        raise NodeError(
            f"Column '{cells.name}' holds the class number {strange[0]}, but its classes are 0 to {len(names) - 1}.",
            "Check where the column comes from.",
        )
    return pl.Series(cells.name, names, dtype=pl.String).gather(cells.cast(pl.UInt32))


def occurring(cells: pl.Series) -> list[str]:
    """Return the names of the classes that occur in a column, in the order of its own values: 2 before 10."""
    plain = cells.cast(pl.String) if isinstance(cells.dtype, pl.Categorical) else cells
    return plain.drop_nulls().unique().sort().cast(pl.String).to_list()
