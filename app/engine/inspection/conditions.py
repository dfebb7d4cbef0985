"""What cells a person looks for: filters of columns, and texts that are searched, as conditions that polars computes.

What is typed is read as the column's kind wants it, or refused in words; it is never taken for something else.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from app.engine.messages.tables import CellCondition
from nodes.base import NodeError
from nodes.values.table import Table

if TYPE_CHECKING:
    import polars as pl

A_DAY = dt.timedelta(days=1)
EXAMPLES = {"date": "2024-12-31", "time": "18:30", "datetime": "2024-12-31 18:30", "number": "3.5"}


def condition(table: Table, asked: CellCondition, cells: pl.Expr) -> pl.Expr:
    """Return whether the cells of a column, which `cells` gives, pass a filter; missing ones pass only where they are asked for.

    Raises:
        NodeError: If what was typed is not of the column's kind, or the column cannot be filtered that way.
    """
    import polars as pl

    if asked.kind in ("missing", "present"):
        return cells.is_null() if asked.kind == "missing" else cells.is_not_null()
    if asked.kind == "contains":
        found = contains(table, asked.column, asked.text, cells)
        if found is None and not can_contain(table, asked.column):
            raise NodeError(f"Column '{asked.column}' has no texts to look into.", "Filter it for missing cells instead.")
    elif asked.kind == "equals":
        found = _equals(table, asked, cells)
    else:
        found = _between(table, asked, cells)
    return pl.repeat(value=False, n=pl.len()) if found is None else found.fill_null(value=False)


def can_contain(table: Table, column: str) -> bool:
    """Return whether cells of a column are said in one line, so that a text can be looked for in them."""
    import polars as pl

    kinds = pl.String | pl.Enum | pl.Categorical | pl.Boolean | pl.Date | pl.Datetime | pl.Time
    return table.schema[column].is_numeric() or isinstance(table.schema[column], kinds)


def contains(table: Table, column: str, text: str, cells: pl.Expr) -> pl.Expr | None:
    """Return whether cells contain a text, whatever its case; None where none of them can."""
    import polars as pl

    dtype, names = table.schema[column], table.classes.get(column)
    pattern = f"(?i){pl.escape_regex(text)}"
    numeric = set(text) <= set("0123456789.+-eE") or text.lower() in ("nan", "inf", "-inf")
    if names and dtype.is_integer():
        fitting = [n for n, name in enumerate(names) if text.lower() in name.lower()]
        return cells.is_in(fitting) if fitting else None
    if isinstance(dtype, pl.String):
        return cells.str.contains(pattern)
    if isinstance(dtype, pl.Enum):
        fitting_names = [name for name in dtype.categories if text.lower() in name.lower()]
        return cells.is_in(pl.Series(fitting_names, dtype=dtype).implode()) if fitting_names else None
    if (dtype.is_numeric() and numeric) or isinstance(dtype, pl.Boolean | pl.Categorical | pl.Date | pl.Datetime | pl.Time):
        return cells.cast(pl.String).str.contains(pattern)
    return None


def _equals(table: Table, asked: CellCondition, cells: pl.Expr) -> pl.Expr | None:
    import polars as pl

    dtype, names, text = table.schema[asked.column], table.classes.get(asked.column), asked.text
    if names and dtype.is_integer():
        return cells.eq(names.index(text)) if text in names else None
    if isinstance(dtype, pl.String | pl.Enum | pl.Categorical):
        return cells.cast(pl.String).eq(text)
    if isinstance(dtype, pl.Boolean):
        if text.strip().lower() not in ("true", "false"):
            raise NodeError(f"'{text}' is neither true nor false.", "Write true or false.")
        return cells.eq(text.strip().lower() == "true")
    low, behind = _stretch(asked, dtype, text)
    if dtype.is_float():
        is_number = low == low  # noqa: PLR0124 - what is not itself is no number
        return cells.eq(pl.lit(low).cast(dtype)) & cells.is_not_nan() if is_number else cells.is_nan()
    return cells.eq(low) if behind is None else (cells >= low) & (cells < behind)


def _between(table: Table, asked: CellCondition, cells: pl.Expr) -> pl.Expr:
    """Both bounds count; an empty one is none. A day as the upper bound is that whole day."""
    dtype = table.schema[asked.column]
    found = cells.is_not_null()
    if dtype.is_float():
        found &= cells.is_not_nan()  # polars takes it for greater than every number
    if asked.low.strip():
        found &= cells >= _stretch(asked, dtype, asked.low)[0]
    if asked.high.strip():
        high, behind = _stretch(asked, dtype, asked.high)
        found &= cells <= high if behind is None else cells < behind
    return found


def _stretch(asked: CellCondition, dtype: pl.DataType, text: str) -> tuple[Any, Any]:
    """Return what a person typed as a value of a column's kind; of a day among points of time its beginning, and its end."""
    import polars as pl

    text = text.strip()
    kind = (
        "date"
        if isinstance(dtype, pl.Date)
        else "time"
        if isinstance(dtype, pl.Time)
        else "datetime"
        if isinstance(dtype, pl.Datetime)
        else "number"
    )
    if kind == "number" and not dtype.is_numeric():
        remedy = "Filter it for a text or for missing cells instead." if not dtype.is_nested() else "Filter it for missing cells."
        raise NodeError(f"Column '{asked.column}' has no numbers and no points of time.", remedy)
    try:
        if kind == "date":
            return dt.date.fromisoformat(text), None
        if kind == "time":
            return dt.time.fromisoformat(text), None
        if isinstance(dtype, pl.Datetime):
            moment = dt.datetime.fromisoformat(text)
            behind = moment + A_DAY if len(text) <= len("2024-12-31") else None
            return _at(moment, dtype), None if behind is None else _at(behind, dtype)
        return _number(text), None
    except (ValueError, OverflowError):
        what = {"date": "day", "time": "time of day", "datetime": "point of time", "number": "number"}[kind]
        raise NodeError(f"'{text}' is no {what}.", f"Write one such as {EXAMPLES[kind]}.") from None


def _at(moment: dt.datetime, dtype: pl.Datetime) -> Any:
    """Return a point of time as the column has it: a clock without a zone is read as one in the column's."""
    import polars as pl

    if moment.tzinfo is not None:
        if dtype.time_zone is None:
            raise ValueError(moment)
        return pl.lit(moment)
    zone = dtype.time_zone
    return pl.lit(moment).dt.replace_time_zone(zone, ambiguous="earliest") if zone else pl.lit(moment)


def _number(text: str) -> int | float:
    plain = text.replace("\u202f", "").replace("\u00a0", "")  # as large numbers are grouped on the screen
    try:
        return int(plain)
    except ValueError:
        return float(plain)
