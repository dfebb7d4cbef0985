"""String to Date&Time: text becomes dates, times, or both."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Literal

import polars as pl

from nodes.base import Columns, NodeError, setting
from nodes.kit.tables.elementwise import ElementwiseColumns, refuse_new_missing
from nodes.values.table import TableSpec

DATE = "%Y-%m-%d"
CLOCKS = ("%H:%M:%S%.f", "%H:%M")
ISO_FORMATS: Mapping[str, tuple[str, ...]] = {
    "date": (DATE,),
    "time": CLOCKS,
    "datetime": tuple(f"{DATE}{between}{clock}" for between in ("T", " ") for clock in CLOCKS),
}
"""What is understood where no format is given."""


class StringToDateTime(ElementwiseColumns):
    """Turn text into dates, times of day, or points in time.

    The format is written as in polars: %Y year, %m month, %d day, %H hour, %M minute, %S second, %.f fraction of a second,
    %y year in two digits, %b month's short name, %p AM or PM, %I hour of twelve, %z the distance from UTC, as +0200 (the
    moments are then in the zone UTC); anything else stands for itself. Without a
    format, text as in the ISO standard is understood: 2025-12-31, 23:59, 2025-12-31T23:59:30. (KNIME writes yyyy-MM-dd;
    polars without a format guesses from the first cell, which two parts of a long table could answer differently.)

    Example: with the format `%d.%m.%Y`, the text `15.03.2024` becomes a date that can be sorted and subtracted.
    """

    id = "tables.string_to_datetime"
    title = "String to Date&Time"
    icon = "mdi6.calendar"
    keywords = ("parse date", "to_datetime", "strptime", "timestamp", "string to date", "convert type", "to_date")
    accepts = ("category",)

    columns: list[str] = setting([], "Columns", "Text to turn into dates.", columns=Columns("table", ("category",)))
    dtype: Literal["date", "time", "datetime"] = setting(
        "datetime",
        "Type",
        "What the text tells.",
        choices={"date": "A day.", "time": "A time of day.", "datetime": "A day and a time of day."},
    )
    format: str | None = setting(
        None, "Format", "How the text is written, such as %d.%m.%Y; empty: as in the ISO standard.", min_length=1
    )
    if_invalid: Literal["fail", "missing"] = setting(
        "fail",
        "If it is no date",
        "What to do with text in another format.",
        choices={"fail": "Stop with an error.", "missing": "Make the cell missing."},
    )

    def new_columns(self, table: TableSpec) -> Mapping[str, pl.Expr]:
        """The dates; the format must be one that polars knows."""
        computed = super().new_columns(table)
        if self.format is not None:
            zone = datetime.UTC if self._has_zone else None
            known = datetime.time(13, 14, 15) if self.dtype == "time" else datetime.datetime(2001, 2, 3, 13, 14, 15, tzinfo=zone)
            try:
                # Reading with a format that is none only gives missing cells; writing with it is an error.
                text = pl.select(pl.lit(known).dt.to_string(self.format))
                again = text.select(self._read(pl.first(), self.format)).item()
            except pl.exceptions.PolarsError:
                again = None
            if again is None:
                raise NodeError(
                    f"'{self.format}' is no format for a {self.dtype}, or does not tell all of it.",
                    "Write it with %Y, %m, %d, %H, %M and %S; a time of day has no date.",
                    setting="format",
                )
        return computed

    def converted(self, cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """The date that a text tells; missing where it tells none."""
        text = cell.cast(pl.String).str.strip_chars()
        formats = [self.format] if self.format is not None else ISO_FORMATS[self.dtype]
        return pl.coalesce([self._read(text, format) for format in formats])

    @property
    def _has_zone(self) -> bool:
        return self.dtype == "datetime" and self.format is not None and re.search(r"%:{0,2}z", self.format) is not None

    def _read(self, text: pl.Expr, format: str) -> pl.Expr:
        match self.dtype:
            case "date":
                return text.str.to_date(format, strict=False)
            case "time":
                return text.str.to_time(format, strict=False)
            case "datetime":
                zone = "UTC" if self._has_zone else None
                return text.str.to_datetime(format, strict=False, time_unit="us", time_zone=zone)

    def check(self, before: pl.DataFrame, after: pl.DataFrame, start: int) -> None:
        """Every text must be a date."""
        if self.if_invalid == "fail":
            refuse_new_missing(before, after, self.targets, start, f"a {self.dtype}")
