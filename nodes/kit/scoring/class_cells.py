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


def compared_names(table: TableSpec, actual: str | None, predicted: str | None) -> tuple[tuple[str, ...] | None, ...]:
    """Return the classes that two columns can hold, actual and predicted, each as `classes_of`, so that their cells compare.

    Two columns of class numbers count the same classes: the names of the one are those of the other.

    Args:
        table: Where both are.
        actual: The column of the node's setting `actual_column`.
        predicted: That of `predicted_column`.

    Raises:
        NodeError: If they are not two columns of classes, or numbers without names are to be compared with names.
    """
    dtypes = {
        name: table.require(column, *CLASS_KINDS, setting=name)
        for name, column in (("actual_column", actual), ("predicted_column", predicted))
    }
    assert actual is not None and predicted is not None
    if actual == predicted:
        raise NodeError(f"Column '{actual}' is compared with itself.", "Choose two columns.", setting="predicted_column")
    names = {"actual_column": classes_of(table, actual), "predicted_column": classes_of(table, predicted)}
    numbers = [name for name, dtype in dtypes.items() if dtype.is_integer()]
    if len(numbers) == 2:
        shared = names["actual_column"] or names["predicted_column"]
        return (names["actual_column"] or shared, names["predicted_column"] or shared)
    for name in numbers:
        if names[name] is None:
            column = actual if name == "actual_column" else predicted
            raise NodeError(
                f"Column '{column}' holds class numbers without names, the other column holds names.",
                "Compare two columns of numbers, or give the numbers names (Number to Category, Class Extractor).",
                setting=name,
            )
    return tuple(names.values())


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
