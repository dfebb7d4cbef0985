"""Column Type Converter: columns become columns of another type."""

from __future__ import annotations

from typing import Literal

import polars as pl

from nodes.base import Columns, setting
from nodes.kit.tables.elementwise import ElementwiseColumns, refuse_new_missing

KINDS = ("number", "boolean", "category")
Target = Literal[
    "Boolean", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64", "String"
]  # fmt: skip


class ColumnTypeConverter(ElementwiseColumns):
    """Turn columns into columns of another type, such as Float64 into Float32, or true and false into 1 and 0.

    Numbers with decimals lose them where the type has none (Double to Integer rounds as you say); a number is true where it
    is not 0; text is read as String to Number reads it with its defaults, and as true where it says `true`, `false` where it
    says `false`. Categories count as their text. What the type cannot hold stops the node or becomes missing.

    Example: make `pixel` a Float32: half the memory of the Float64 that a CSV Reader gives, and what networks compute
    with.
    """

    id = "tables.type_converter"
    title = "Column Type Converter"
    icon = "mdi6.swap-horizontal"
    keywords = ("Column Auto Type Cast", "Boolean to Number", "cast", "astype", "dtype", "convert type", "float32")
    accepts = KINDS

    columns: list[str] = setting([], "Columns", "The columns to convert.", columns=Columns("table", KINDS))
    dtype: Target = setting("Float32", "Type", "The type to convert to.")
    if_invalid: Literal["fail", "missing"] = setting(
        "fail",
        "If it does not fit",
        "What to do with a cell that the type cannot hold.",
        choices={"fail": "Stop with an error.", "missing": "Make the cell missing."},
    )

    def converted(self, cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """The cell in the new type; missing where the type cannot hold it."""
        if dtype.is_numeric() or isinstance(dtype, pl.Boolean):
            return cell.cast(getattr(pl, self.dtype), strict=False)
        text = cell.cast(pl.String)
        if self.dtype == "Boolean":
            return text.str.strip_chars().str.to_lowercase().replace_strict({"true": True, "false": False}, default=None)
        return text if self.dtype == "String" else text.str.strip_chars().cast(getattr(pl, self.dtype), strict=False)

    def check(self, before: pl.DataFrame, after: pl.DataFrame, start: int) -> None:
        """Every cell must fit."""
        if self.if_invalid == "fail":
            refuse_new_missing(before, after, self.targets, start, f"of type {self.dtype}")
