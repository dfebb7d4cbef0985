"""Date&Time Part Extractor: year, month, weekday, hour, ... as columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import polars as pl

from nodes.base import Columns, NodeError, setting
from nodes.kit.tables.elementwise import Elementwise, refuse_existing
from nodes.values.table import TableSpec

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
Part = Literal[
    "year", "iso year", "quarter", "month", "month name", "week", "day", "day of year", "weekday", "weekday name", "hour",
    "minute", "second", "millisecond", "microsecond",
]  # fmt: skip
OF_DATE: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "year": lambda c: c.dt.year(),
    "iso year": lambda c: c.dt.iso_year(),
    "quarter": lambda c: c.dt.quarter(),
    "month": lambda c: c.dt.month(),
    "month name": lambda c: c.dt.month(),
    "week": lambda c: c.dt.week(),
    "day": lambda c: c.dt.day(),
    "day of year": lambda c: c.dt.ordinal_day(),
    "weekday": lambda c: c.dt.weekday(),
    "weekday name": lambda c: c.dt.weekday(),
}
OF_TIME: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "hour": lambda c: c.dt.hour(),
    "minute": lambda c: c.dt.minute(),
    "second": lambda c: c.dt.second(),
    "millisecond": lambda c: c.dt.millisecond(),
    "microsecond": lambda c: c.dt.microsecond(),
}


class DateTimePartExtractor(Elementwise):
    """Make columns of the parts of a date or time: year, month, weekday, hour, ...

    Weeks and weekdays are those of ISO 8601: Monday is 1, and the first week has the year's first Thursday. Names are
    categories in their order. Fractions of a second are told whole: 12.345678 s has 345 ms and 345678 µs.

    Example: `month name` and `weekday name` of `sold at`, for a Pivot of sales by month and day of the week.
    """

    id = "tables.datetime_part_extractor"
    title = "Date&Time Part Extractor"
    icon = "mdi6.calendar-month-outline"
    keywords = ("Extract Date&Time Fields", "year", "month", "weekday", "hour", "date parts", "day of week", "calendar")

    column: str | None = setting(None, "Column", "A date, a time, or both.", columns=Columns("table", ("time",)))
    parts: list[Part] = setting(["year", "month", "day"], "Parts", "A column is made for each.")
    prefix: str = setting("", "Prefix", "Put before the names of the new columns, such as the column's name and a blank.")

    def new_columns(self, table: TableSpec) -> Mapping[str, pl.Expr]:
        """A column for each part."""
        dtype = table.require(self.column, "time", setting="column")
        if isinstance(dtype, pl.Duration):
            raise NodeError(f"'{self.column}' is a length of time, which has no parts.", "Choose another.", setting="column")
        if not self.parts:
            raise NodeError("No part is chosen.", "Choose some.", setting="parts")
        made: dict[str, pl.Expr] = {}
        for part in dict.fromkeys(self.parts):
            if (part in OF_DATE and isinstance(dtype, pl.Time)) or (part in OF_TIME and isinstance(dtype, pl.Date)):
                kind = "time of day" if isinstance(dtype, pl.Time) else "date"
                raise NodeError(f"A {kind} has no {part}.", "Choose other parts.", setting="parts")
            name = self.prefix + part
            refuse_existing(table, name, "prefix")
            cell = (OF_DATE.get(part) or OF_TIME[part])(pl.col(str(self.column))).cast(pl.Int32)
            if part.endswith("name"):
                names = WEEKDAYS if part == "weekday name" else MONTHS
                cell = cell.replace_strict(list(range(1, len(names) + 1)), list(names), return_dtype=pl.Enum(names))
            made[name] = cell
        return made
