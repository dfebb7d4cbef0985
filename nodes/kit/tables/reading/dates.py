"""Dates and times written as text: what a column holds, in which order day and month stand, and the cells as polars has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

DateOrder = Literal["automatic", "day first", "month first"]

_CLOCK = r"(\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)"
_ZONE = r"(Z|[+-]\d{2}:?\d{2})?"
_YEAR_FIRST = r"(\d{4})([-/.])(\d{1,2})[-/.](\d{1,2})"
_YEAR_LAST = r"(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}|\d{2})"
_BEHIND = rf"(?:(?:T|\s+){_CLOCK}\s*{_ZONE})?"
_PATTERNS = {"year first": rf"^\s*{_YEAR_FIRST}{_BEHIND}\s*$", "year last": rf"^\s*{_YEAR_LAST}{_BEHIND}\s*$"}
_TIME = rf"^\s*{_CLOCK}\s*$"
_SAME_MARKS = r"\d([-/.])\d{1,2}([-/.])\d"


@dataclass(frozen=True)
class DateRules:
    """How dates are to be understood.

    Attributes:
        order: Whether the day or the month comes first where the year comes last; automatic: as the cells tell.
        pivot: Years of two digits from this one on are of the 20th century, those below of the 21st; None: they are no dates.
    """

    order: DateOrder = "automatic"
    pivot: int | None = None


@dataclass(frozen=True)
class DateForm:
    """How the dates of one column are written.

    Attributes:
        dtype: Date, Time, or Datetime (in UTC where the texts tell a zone).
        layout: `year first`, `year last`, or `time`.
        day_first: Whether the day comes before the month, where the year is last.
        pivot: As in `DateRules`.
        ambiguous: An example where the cells do not tell which comes first.
    """

    dtype: pl.DataType
    layout: Literal["year first", "year last", "time"]
    day_first: bool = True
    pivot: int | None = None
    ambiguous: str = ""


@dataclass(frozen=True)
class NoDates:
    """Why cells that look like dates are none.

    Attributes:
        reason: `two digits` (of the year), or `both orders`.
        example: A cell.
    """

    reason: Literal["two digits", "both orders"]
    example: str


def date_form(cells: pl.Series, rules: DateRules) -> DateForm | NoDates | None:
    """Return how dates or times are written in all of some texts.

    Args:
        cells: Texts; missing ones do not count.
        rules: What the person chose.

    Returns:
        None where they are neither dates nor times, or there are none; `NoDates` where they only seem so.
    """
    cells = cells.drop_nulls()
    if not cells.len():
        return None
    if cells.str.contains(_TIME).all():
        return DateForm(pl.Time(), "time")
    for layout, pattern in _PATTERNS.items():
        if cells.str.contains(pattern).all():
            parts = cells.str.extract_groups(pattern).struct
            zoned, timed = parts.field("6"), parts.field("5")
            if not _same_marks(cells) or 0 < zoned.null_count() < zoned.len():
                return None
            zone = "UTC" if zoned.null_count() == 0 else None
            dtype: pl.DataType = pl.Date() if timed.null_count() == timed.len() else pl.Datetime("us", zone)
            if layout == "year first":
                return DateForm(dtype, "year first")
            return _year_last(cells, dtype, rules)
    return None


def _same_marks(cells: pl.Series) -> bool:
    """Whether the same mark stands at both places of every date."""
    marks = cells.str.extract_groups(_SAME_MARKS).struct
    return bool((marks.field("1") == marks.field("2")).all())


def _year_last(cells: pl.Series, dtype: pl.DataType, rules: DateRules) -> DateForm | NoDates:
    """The form of dates such as 3.4.2021: the numbers above 12 tell what is a day."""
    parts = cells.str.extract_groups(_PATTERNS["year last"]).struct
    first, second, year = (parts.field(group) for group in ("1", "3", "4"))
    short = (year.str.len_bytes() == 2).arg_max()
    if rules.pivot is None and short is not None and len(year[short]) == 2:
        return NoDates("two digits", cells[short])
    days = {"day first": first.cast(pl.Int64) > 12, "month first": second.cast(pl.Int64) > 12}
    day_first, month_first = (bool(days[order].any()) for order in ("day first", "month first"))
    ambiguous = ""
    if rules.order != "automatic":
        chosen = rules.order == "day first"
    elif day_first and month_first:
        late = days["month first" if days["day first"][0] else "day first"].arg_max()
        return NoDates("both orders", cells[late or 0])
    else:
        chosen = not month_first
        # A dot between the numbers is written where the day comes first.
        telling = day_first or month_first or bool(cells.str.contains(r"\d\.\d").all())
        ambiguous = "" if telling else cells[0]
    return DateForm(dtype, "year last", chosen, rules.pivot, ambiguous)


def form_of(dtype: pl.DataType, cells: pl.Series, rules: DateRules) -> DateForm:
    """Return how dates of a type that a person asked for are written, as some of the cells tell.

    Args:
        dtype: Date, Time or Datetime.
        cells: Some of the column's texts, which need not fit.
        rules: What the person chose.
    """
    cells = cells.drop_nulls()
    if isinstance(dtype, pl.Time):
        return DateForm(dtype, "time")
    last = cells.filter(cells.str.contains(_PATTERNS["year last"]))
    if not last.len() or last.len() * 2 < cells.len():
        return DateForm(dtype, "year first", pivot=rules.pivot)
    found = date_form(last, DateRules(rules.order, rules.pivot if rules.pivot is not None else 0))
    if not isinstance(found, DateForm):
        return DateForm(dtype, "year last", True, rules.pivot)
    return DateForm(dtype, "year last", found.day_first, rules.pivot, found.ambiguous)


def as_dates(cells: pl.Expr, form: DateForm) -> pl.Expr:
    """Return texts as dates or times of a form; missing where a text is none."""
    if form.layout == "time":
        short = cells.str.strip_chars().str.replace(",", ".", literal=True)
        whole = pl.when(short.str.count_matches(":", literal=True) == 1).then(short + ":00").otherwise(short)
        return whole.str.to_time("%H:%M:%S%.f", strict=False)
    groups = cells.str.extract_groups(_PATTERNS[form.layout])
    parts = groups.struct
    year, month, day = _numbers(groups, form)
    written = year + "-" + month + "-" + day
    if isinstance(form.dtype, pl.Date):
        # A day with a clock is none; one at midnight loses nothing.
        midnight = parts.field("5").is_null() | parts.field("5").str.contains(r"^0?0:00(:00([.,]0+)?)?$")
        return pl.when(midnight).then(written).str.to_date("%Y-%m-%d", strict=False)
    clock = parts.field("5").fill_null("0:00").str.replace(",", ".", literal=True)
    clock = pl.when(clock.str.count_matches(":", literal=True) == 1).then(clock + ":00").otherwise(clock)
    moment = written + "T" + clock
    assert isinstance(form.dtype, pl.Datetime)
    if form.dtype.time_zone is None:
        naive = pl.when(parts.field("6").is_null()).then(moment)
        return naive.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit=form.dtype.time_unit)
    zone = parts.field("6").str.replace("Z", "+00:00", literal=True)
    told = (moment + zone).str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%z", strict=False, time_unit=form.dtype.time_unit, time_zone="UTC"
    )
    return told.dt.convert_time_zone(form.dtype.time_zone)


def _numbers(groups: pl.Expr, form: DateForm) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Year, month and day as texts; the year missing where it has two digits and there is no pivot."""
    parts = groups.struct
    if form.layout == "year first":
        return parts.field("1"), parts.field("3"), parts.field("4")
    year, first, second = (parts.field(n) for n in ("4", "1", "3"))
    short = year.str.len_bytes() == 2
    if form.pivot is None:
        full: pl.Expr = pl.when(~short).then(year)
    else:
        century = pl.when(year.cast(pl.Int64, strict=False) >= form.pivot).then(pl.lit("19")).otherwise(pl.lit("20"))
        full = pl.when(short).then(century + year).otherwise(year)
    return (full, second, first) if form.day_first else (full, first, second)
