"""Constant Value Column: columns with one value in every row."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from pydantic import FiniteFloat

from nodes.base import NodeError, Settings, setting
from nodes.kit.tables.cells import CellType, typed_cell
from nodes.kit.tables.elementwise import Elementwise
from nodes.values.table import TableSpec


class Constant(Settings):
    """One column and the value in all its rows."""

    name: str = setting("constant", "Column", "The new column's name; a column of this name is replaced.", min_length=1)
    dtype: CellType = setting("String", "Type", "The type of the column.")
    value: bool | int | FiniteFloat | str | None = setting(
        None, "Value", "The value, dates as 2025-12-31; empty makes all cells missing."
    )


class ConstantValueColumn(Elementwise):
    """Add columns with one value in every row, or replace columns by such.

    What marks where rows come from: put a column with the name of the folder or the class beside each table before they are
    concatenated. A value of type Enum makes a category column with this one category.

    Example: append `source` = `camera 1` before Concatenate, so that every row says where it came from.
    """

    id = "tables.constant_value_column"
    title = "Constant Value Column Appender"
    icon = "mdi6.pin-outline"
    keywords = (
        "Constant Value Column", "Constant Value Column Filter", "literal", "fixed value", "add column", "label",
        "new column",
    )  # fmt: skip

    constants: list[Constant] = setting([], "Columns", "The columns and their values.")

    def new_columns(self, table: TableSpec) -> Mapping[str, pl.Expr]:
        """A literal of its type for each column."""
        if not self.constants:
            raise NodeError("There is no column to add.", "Add one.", setting="constants")
        computed: dict[str, pl.Expr] = {}
        for i, constant in enumerate(self.constants):
            if constant.name in computed:
                message = f"Column '{constant.name}' is there twice."
                raise NodeError(message, "Choose another name.", setting=f"constants.{i}.name")
            cell = typed_cell(constant.value, constant.dtype, f"constants.{i}.value")
            computed[constant.name] = pl.lit(cell[0], dtype=cell.dtype)
        return computed
