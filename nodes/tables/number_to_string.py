"""Number to String: numbers become text."""

from __future__ import annotations

import polars as pl

from nodes.base import Columns, setting
from nodes.kit.tables.elementwise import ElementwiseColumns

KINDS = ("number", "boolean")


class NumberToString(ElementwiseColumns):
    """Turn numbers, and true and false, into text.

    Every number is written so that reading it gives the same number again; true and false become `true` and `false`. To
    have fewer digits, put a Number Rounder before. Missing cells stay missing.

    Example: turn the class numbers 0 … 9 into text, so that they count as categories.
    """

    id = "tables.number_to_string"
    title = "Number to String"
    icon = "mdi6.format-text"
    keywords = ("Boolean to String", "cast", "convert type", "to text", "format", "astype")
    accepts = KINDS

    columns: list[str] = setting([], "Columns", "The numbers to turn into text.", columns=Columns("table", KINDS))

    def converted(self, cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """The number as text."""
        return cell.cast(pl.String)
