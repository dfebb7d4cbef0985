"""String to Number: text becomes numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl

from nodes.base import Columns, NodeError, setting
from nodes.kit.tables.elementwise import ElementwiseColumns, refuse_new_missing
from nodes.values.table import TableSpec

NumberType = Literal["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64"]


class StringToNumber(ElementwiseColumns):
    """Turn text that spells numbers into numbers.

    Spaces around a number do not count, and text without anything else is missing. What is no number of the type, such as
    `1.5` for a whole number, `300` for a UInt8, or `1.5` where the comma is the decimal separator, stops the node or becomes
    missing. (KNIME makes it missing unless told otherwise; polars, and so this node, stops.)

    Example: with a comma as decimal and a dot as thousands separator, `1.234,5` becomes 1234.5.
    """

    id = "tables.string_to_number"
    title = "String to Number"
    icon = "mdi6.text-recognition"
    keywords = ("parse number", "cast", "convert type", "to float", "to int", "to_numeric", "decimal comma")
    accepts = ("category",)

    columns: list[str] = setting(
        [], "Columns", "Text (or categories) to turn into numbers.", columns=Columns("table", ("category",))
    )
    dtype: NumberType = setting("Float64", "Type", "The type of the numbers; Int and UInt are whole numbers.")
    decimal: str = setting(".", "Decimal separator", "What stands before the decimals.", min_length=1, max_length=1)
    thousands: str | None = setting(
        None, "Thousands separator", "What groups the digits; empty: nothing does.", min_length=1, max_length=1
    )
    if_invalid: Literal["fail", "missing"] = setting(
        "fail",
        "If it is no number",
        "What to do with text that spells no number of the type.",
        choices={"fail": "Stop with an error.", "missing": "Make the cell missing."},
    )

    def new_columns(self, table: TableSpec) -> Mapping[str, pl.Expr]:
        """The numbers; the two separators must differ."""
        if self.decimal == self.thousands:
            raise NodeError("Both separators are the same.", "Choose another thousands separator.", setting="thousands")
        return super().new_columns(table)

    def converted(self, cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """The number that a text spells; missing where it spells none."""
        text = cell.cast(pl.String).str.strip_chars()
        if self.thousands is not None:
            text = text.str.replace_all(self.thousands, "", literal=True)
        if self.decimal != ".":
            text = pl.when(~text.str.contains(".", literal=True)).then(text.str.replace(self.decimal, ".", literal=True))
        return text.cast(getattr(pl, self.dtype), strict=False)

    def check(self, before: pl.DataFrame, after: pl.DataFrame, start: int) -> None:
        """Every text but an empty one must be a number."""
        if self.if_invalid == "fail":
            text = before.select(pl.col(self.columns).cast(pl.String))
            spelled = text.with_columns(pl.when(pl.all().str.strip_chars() != "").then(pl.all()).name.keep())
            refuse_new_missing(spelled, after, self.targets, start, f"a number ({self.dtype})")
