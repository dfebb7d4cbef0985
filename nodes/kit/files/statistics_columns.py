"""Columns of files of SPSS, Stata and SAS: what their formats say of dates and times, and what their value labels become.

The programs keep dates and times as numbers: days, seconds or milliseconds since a day of their own. They are converted here, to
the day or the millisecond, and not by way of decimal numbers of seconds since 1970.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import polars as pl

from nodes.kit.probing.statistics_files import Kind

Labels = Literal["text", "categories", "numbers"]
Meaning = Literal[
    "number", "whole", "float32", "text", "days", "seconds", "day seconds", "span", "milliseconds", "weeks", "months"
]

_SPSS_DAYS = ("DATE", "ADATE", "EDATE", "JDATE", "SDATE", "QYR", "MOYR", "WKYR")
_SPSS_TIMES = ("DATETIME", "YMDHMS")
_SPANS = ("TIME", "DTIME", "MTIME", "HHMM", "TOD", "TIMEAMPM", "MMSS", "HOUR", "E8601TM", "IS8601TM", "B8601TM")
_SAS_DAYS = re.compile(
    r"(DATE|DAY|MONTH|MONNAME|YEAR|QTRR?|WEEKDAY|DOWNAME|WEEKDATE|WEEKDATX|WORDDATE|WORDDATX|JULIAN|MONYY|YYMON|YYQ[A-Z]?|YYMM[A-Z]?|MMYY[A-Z]?|NLDATE"
    r"|(DDMMYY|MMDDYY|YYMMDD)[BCDNPS]?|(E8601|IS8601|B8601)DA)$"
)
_SAS_TIMES = re.compile(r"(DATETIME|DATEAMPM|MDYAMPM|DTDATE|NLDATM|(E8601|IS8601|B8601)D[TN])$")
_STATA = re.compile(r"%-?\d*(t[cCdwmqhyb]|d)")
_STATA_MEANINGS: Mapping[str, tuple[Meaning, int]] = {
    "d": ("days", 1), "td": ("days", 1), "tc": ("milliseconds", 1), "tw": ("weeks", 1), "tm": ("months", 1), "tq": ("months", 3),
    "th": ("months", 6),
}  # fmt: skip
_SPSS_DAY = date(1582, 10, 14)
_OTHERS_DAY = date(1960, 1, 1)
_UNIX_DAY = date(1970, 1, 1)
_MS_A_DAY = 86_400_000
_FARTHEST_DAY = 3_000_000
"""Days farther from 1970 than this are behind the year 9999, which no program shows."""


@dataclass(frozen=True)
class StatisticsColumn:
    """A column, as the file describes it.

    Attributes:
        name: In the file.
        label: The sentence that describes it; empty: none.
        meaning: What its cells are.
        kind: Of the file, which tells from which day is counted.
        months: How many one step of a column of months has (quarters: 3).
        labels: Value -> its label.
    """

    name: str
    label: str
    meaning: Meaning
    kind: Kind
    months: int = 1
    labels: Mapping[float | str, str] = field(default_factory=dict)

    def dtype(self, labels: Labels) -> pl.DataType:
        """Return the type of the column, where value labels become what they become."""
        if self.labels and labels != "numbers":
            return pl.Enum(self.categories()) if labels == "categories" else pl.String()
        types: dict[str, pl.DataType] = {
            "number": pl.Float64(), "whole": pl.Int64(), "float32": pl.Float32(), "text": pl.String(),
            "seconds": pl.Datetime("ms"), "milliseconds": pl.Datetime("ms"), "span": pl.Duration("ms"),
        }  # fmt: skip
        return types.get(self.meaning, pl.Date())

    def categories(self) -> list[str]:
        """Return the labels in the order of their values."""
        values = sorted(self.labels, key=lambda value: (isinstance(value, str), value))
        return list(dict.fromkeys(self.labels[value] for value in values))

    def cells(self, given: list[Any], labels: Labels, name: str) -> tuple[pl.Series, pl.Series]:
        """Return cells as they were read, and as they become; a value without a label is missing among categories only.

        Args:
            given: As pyreadstat gives them.
            labels: What labels become.
            name: What the column is called.
        """
        whole = self.meaning == "whole"
        raw = pl.Series(name, given, dtype=pl.String() if self.meaning == "text" else pl.Int64() if whole else pl.Float64())
        if self.labels and labels != "numbers":
            return raw, self._labelled(raw, labels)
        return raw, raw.to_frame().select(self._converted(pl.col(name)).alias(name))[name]

    def without_label(self, raw: pl.Series) -> int:
        """Return how many cells have a value without a label."""
        return int((raw.is_not_null() & ~raw.is_in(self._values(raw))).sum())

    def _values(self, raw: pl.Series) -> pl.Series:
        return pl.Series(list(self.labels), dtype=raw.dtype, strict=False)

    def _labelled(self, raw: pl.Series, labels: Labels) -> pl.Series:
        named = raw.replace_strict(self._values(raw), list(self.labels.values()), default=None, return_dtype=pl.String())
        if labels == "categories":
            return named.cast(pl.Enum(self.categories()))
        return named.to_frame().select(pl.coalesce(pl.col(raw.name), _as_text(raw)))[raw.name]

    def _converted(self, cells: pl.Expr) -> pl.Expr:
        if self.meaning == "float32":
            return cells.cast(pl.Float32())
        if self.meaning == "span":
            return _whole(cells * 1000).cast(pl.Duration("ms"))
        if self.meaning in ("weeks", "months"):
            return self._of_calendar(_whole(cells))
        return self._since_first_day(cells) if self.meaning not in ("number", "whole", "text") else cells

    def _since_first_day(self, cells: pl.Expr) -> pl.Expr:
        """Numbers of days, seconds or milliseconds as what they are."""
        start = ((_SPSS_DAY if self.kind in ("sav", "por") else _OTHERS_DAY) - _UNIX_DAY).days
        if self.meaning in ("seconds", "milliseconds"):
            moments = _whole(cells * (1000 if self.meaning == "seconds" else 1)) + start * _MS_A_DAY
            return _near(moments, _MS_A_DAY).cast(pl.Datetime("ms"))
        days = (cells / 86_400 if self.meaning == "day seconds" else cells).floor().cast(pl.Int64, strict=False) + start
        return _near(days, 1).cast(pl.Int32).cast(pl.Date)

    def _of_calendar(self, number: pl.Expr) -> pl.Expr:
        """Numbers of weeks or months since 1960 as the day with which they begin."""
        if self.meaning == "weeks":
            # Stata's weeks begin on the first of January; the 52nd has the rest of the year.
            return pl.date(_year(1960 + number.floordiv(52)), 1, 1) + pl.duration(days=7 * (number % 52))
        number = number * self.months
        return pl.date(_year(1960 + number.floordiv(12)), number % 12 + 1, 1)


def _whole(cells: pl.Expr) -> pl.Expr:
    return cells.round().cast(pl.Int64, strict=False)


def _near(numbers: pl.Expr, a_day: int) -> pl.Expr:
    """Numbers since 1970 that are not farther from it than dates go."""
    return pl.when(numbers.abs() <= _FARTHEST_DAY * a_day).then(numbers)


def _year(years: pl.Expr) -> pl.Expr:
    return pl.when(years.is_between(1, 9999)).then(years).cast(pl.Int32)


def _as_text(cells: pl.Series) -> pl.Series:
    """Numbers as text, whole ones without a point."""
    if cells.dtype == pl.String:
        return cells
    whole = cells.cast(pl.Int64, strict=False)
    kept = whole.cast(cells.dtype) == cells
    return whole.cast(pl.String).set(~kept, None).fill_null(cells.cast(pl.String))


def columns_of(meta: Any, kind: Kind, *, user_missing: bool) -> list[StatisticsColumn]:
    """Return the columns that a file describes.

    Args:
        meta: As pyreadstat gives it.
        kind: Of the file.
        user_missing: Whether values that stand for missing ones stay values; else their labels do not count.
    """
    found = []
    for name, label in zip(meta.column_names, meta.column_labels, strict=True):
        written = meta.original_variable_types.get(name) or ""
        meaning, months = _meaning(kind, meta.readstat_variable_types.get(name, "double"), written)
        labels = {_value(v): str(text) for v, text in meta.variable_value_labels.get(name, {}).items() if text}
        if not user_missing:
            ranges = meta.missing_ranges.get(name, [])
            labels = {v: text for v, text in labels.items() if not any(_within(v, r) for r in ranges)}
        # A letter stands for one of the special missing values of Stata and SAS.
        plain = {v: text for v, text in labels.items() if isinstance(v, str) == (meaning == "text")}
        labelled = plain if meaning in ("number", "whole", "float32", "text") else {}
        found.append(StatisticsColumn(name, label or "", meaning, kind, months, labelled))
    return found


def _value(value: Any) -> float | str:
    return value if isinstance(value, str) else float(value)


def _within(value: float | str, bounds: Mapping[str, Any]) -> bool:
    low, high = bounds["lo"], bounds["hi"]
    return isinstance(value, str) == isinstance(low, str) and bool(low <= value <= high)


def _meaning(kind: Kind, stored: str, written: str) -> tuple[Meaning, int]:
    """What the cells of a column are, and how many months a step has."""
    if stored == "string":
        return "text", 1
    if kind == "dta":
        found = _STATA.match(written)
        number: Meaning = "float32" if stored == "float" else "whole" if stored.startswith("int") else "number"
        return _STATA_MEANINGS.get(found[1] if found is not None else "", (number, 1))
    name = written.upper().split(".")[0].rstrip("0123456789")
    if name in _SPANS:
        return "span", 1
    return (_of_spss(name) if kind in ("sav", "por") else _of_sas(name)), 1


def _of_spss(name: str) -> Meaning:
    return "day seconds" if name in _SPSS_DAYS else "seconds" if name in _SPSS_TIMES else "number"


def _of_sas(name: str) -> Meaning:
    if _SAS_TIMES.match(name):
        return "day seconds" if name == "DTDATE" else "seconds"
    return "days" if _SAS_DAYS.match(name) else "number"
