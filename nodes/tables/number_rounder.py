"""Number Rounder: fewer digits, the same type."""

from __future__ import annotations

from typing import Literal

import polars as pl

from nodes.base import Columns, setting
from nodes.kit.tables.elementwise import ElementwiseColumns
from nodes.kit.tables.rounding import ROUNDINGS, Rounding, rounded


class NumberRounder(ElementwiseColumns):
    """Round numbers to some decimals or to some significant digits.

    The numbers keep their type. Whole numbers stay as they are when rounded to decimals. To get whole numbers of a
    whole-number type, use Double to Integer.

    Example: round `probability` to 2 decimals: 0.97312 becomes 0.97.
    """

    id = "tables.number_rounder"
    title = "Number Rounder"
    icon = "mdi6.decimal"
    keywords = ("Round Double", "decimals", "significant figures", "digits", "precision", "floor", "ceil")
    accepts = ("number",)

    columns: list[str] = setting([], "Columns", "The numbers to round.", columns=Columns("table", ("number",)))
    to: Literal["decimals", "significant digits"] = setting(
        "decimals",
        "Round to",
        "Which digits are counted.",
        choices={"decimals": "Digits after the decimal point.", "significant digits": "Digits from the first that is not 0."},
    )
    decimals: int = setting(2, "Decimals", "Digits after the decimal point.", ge=0, le=15, shown_if={"to": "decimals"})
    digits: int = setting(
        3, "Significant digits", "Digits from the first that is not 0.", ge=1, le=17, shown_if={"to": "significant digits"}
    )
    mode: Rounding = setting(
        "half_to_even", "Rounding", "What happens to the decimals left out.", choices=ROUNDINGS, shown_if={"to": "decimals"}
    )

    def converted(self, cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """The rounded number, in its old type."""
        if self.to == "significant digits":
            return cell.round_sig_figs(self.digits).cast(dtype)
        return cell if dtype.is_integer() else rounded(cell, self.decimals, self.mode).cast(dtype)
