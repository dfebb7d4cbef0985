"""Double to Integer: numbers with decimals become whole numbers."""

from __future__ import annotations

from typing import Literal

import polars as pl

from nodes.base import Columns, setting
from nodes.kit.tables.elementwise import ElementwiseColumns, refuse_new_missing
from nodes.kit.tables.rounding import ROUNDINGS, Rounding, rounded


class DoubleToInteger(ElementwiseColumns):
    """Round numbers to whole numbers, of a whole-number type.

    What the type cannot hold (too large, infinite, NaN) stops the node or becomes missing.

    Example: round 2.6 to 3 in the column `rating`, so that it can be a class number.
    """

    id = "tables.double_to_integer"
    title = "Double to Integer"
    icon = "mdi6.approximately-equal"
    keywords = ("Double To Int", "float to int", "round", "floor", "ceil", "truncate", "cast", "convert type")
    accepts = ("number",)

    columns: list[str] = setting([], "Columns", "The numbers to round.", columns=Columns("table", ("number",)))
    mode: Rounding = setting(
        "half_to_even",
        "Rounding",
        "How decimals are rounded. (KNIME's round is half away from zero; polars's is half to even.)",
        choices=ROUNDINGS,
    )
    dtype: Literal["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"] = setting(
        "Int64", "Type", "The type of the whole numbers (KNIME's integer is Int32, its long Int64)."
    )
    if_invalid: Literal["fail", "missing"] = setting(
        "fail",
        "If it does not fit",
        "What to do with a number that the type cannot hold.",
        choices={"fail": "Stop with an error.", "missing": "Make the cell missing."},
    )

    def converted(self, cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """The whole number; missing where the type cannot hold it."""
        whole = cell if dtype.is_integer() else rounded(cell, 0, self.mode)
        return whole.cast(getattr(pl, self.dtype), strict=False)

    def check(self, before: pl.DataFrame, after: pl.DataFrame, start: int) -> None:
        """Every number must fit."""
        if self.if_invalid == "fail":
            refuse_new_missing(before, after, self.targets, start, f"a whole number ({self.dtype})")
