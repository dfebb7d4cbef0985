"""The steps from texts to cells of a type: blanks off, words for missing cells, types."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from nodes.kit.tables.reading.dates import DateForm, as_dates

_TRUTHS = {"true": True, "false": False}


def trimmed(cells: pl.Expr, missing: Sequence[str], *, empty_is_missing: bool = True) -> pl.Expr:
    """Return texts without blanks around them, with words for missing cells as missing.

    Args:
        cells: Texts.
        missing: Words that stand for a missing cell, as they are without blanks around them.
        empty_is_missing: Whether a text of nothing but blanks is missing, too.
    """
    bare = cells.str.strip_chars()
    words = [*missing, *([""] if empty_is_missing else [])]
    return pl.when(bare.is_in(words).not_()).then(bare) if words else bare


def plain_number(cells: pl.Expr, thousands: str = "", *, decimal_comma: bool = False) -> pl.Expr:
    """Return texts of numbers as polars knows numbers: without blanks around, groups of digits and decimal comma."""
    plain = cells.str.strip_chars()
    if thousands:
        plain = plain.str.replace_all(thousands, "", literal=True)
    return plain.str.replace(",", ".", literal=True) if decimal_comma else plain


def text_as(cells: pl.Expr, dtype: pl.DataType, form: DateForm | None = None) -> pl.Expr:
    """Return texts as cells of a type; missing where a text is none of it.

    Args:
        cells: Texts; numbers have a point and nothing around them.
        dtype: Their type.
        form: How dates and times are written; by default the year comes first.
    """
    if isinstance(dtype, pl.Date | pl.Time | pl.Datetime):
        return as_dates(cells, form or DateForm(dtype, "time" if isinstance(dtype, pl.Time) else "year first"))
    if isinstance(dtype, pl.Boolean):
        return cells.str.to_lowercase().replace_strict(_TRUTHS, default=None, return_dtype=pl.Boolean)
    made = cells.cast(dtype, strict=False)
    if dtype.is_float():
        # polars makes infinity of what is too large for the type.
        return pl.when(made.is_infinite().not_() | cells.str.contains(r"(?i)^\s*[+-]?inf")).then(made)
    return made
