"""Date&Time to String: dates and times become text."""

from __future__ import annotations

import polars as pl

from nodes.base import Columns, NodeError, setting
from nodes.kit.tables.elementwise import ElementwiseColumns


class DateTimeToString(ElementwiseColumns):
    """Turn dates, times of day, points in time and durations into text.

    The format is written as in String to Date&Time: %d.%m.%Y gives 31.12.2025. Without one, text as in the ISO standard
    comes out.

    Example: with the format `%Y-%m`, 2024-03-15 becomes `2024-03`: a key for GroupBy.
    """

    id = "tables.datetime_to_string"
    title = "Date&Time to String"
    icon = "mdi6.calendar-export"
    keywords = ("format date", "strftime", "timestamp", "date to string", "convert type")
    accepts = ("time",)

    columns: list[str] = setting([], "Columns", "Dates and times to turn into text.", columns=Columns("table", ("time",)))
    format: str | None = setting(
        None, "Format", "How to write them, such as %Y-%m-%d; empty: as in the ISO standard.", min_length=1
    )

    def converted(self, cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """The date as text."""
        if isinstance(dtype, pl.Duration) and self.format is not None:
            raise NodeError("A duration has no format.", "Leave the format empty.", setting="format")
        text = cell.dt.to_string(self.format or "iso")
        try:
            pl.select(text_of_first(dtype, self.format))
        except (pl.exceptions.PolarsError, ValueError) as error:
            raise NodeError(
                f"'{self.format}' is no format for a column of type {dtype.base_type()}.",
                "A date has no hours, a time of day no year.",
                setting="format",
            ) from error
        return text


def text_of_first(dtype: pl.DataType, format: str | None) -> pl.Expr:
    """The first of all dates as text: what shows whether a format suits a type."""
    return pl.lit(0).cast(pl.Int64).cast(dtype).dt.to_string(format or "iso")
