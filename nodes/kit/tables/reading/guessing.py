"""What the texts of a column are: numbers, dates, or texts, and why one that looks like numbers is better kept as text.

polars finds the types; what is here takes back what would lose something: the zeros of a ZIP code, the plus of a telephone
number, digits beyond those that a decimal number has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from nodes.kit.tables.reading.dates import DateForm, DateRules, NoDates, as_dates, date_form
from nodes.wording import counted

Codes = Literal["text", "numbers"]

LEADING_ZEROS = r"^[+-]?0\d"
_PLUS = r"^\+\d"
_POWER = r"^\d+[eE]\d+$"
_NUMBER = r"^\s*[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?\s*$"
_DIGITS_OF_DECIMALS = 2**53
"""Larger whole numbers are not exact among decimal ones."""
_FEW_WORDS = 3
"""So many different words among numbers are probably words for missing cells; more are the column's texts."""
_MOSTLY = 0.5
_NAMED = 4
"""How many columns a note names."""


@dataclass(frozen=True)
class Remark:
    """What is worth saying of one column.

    Attributes:
        column: Its name.
        became: What it is read as: `text`, `dates`, ...
        reason: Why, as the end of a sentence: `because of leading zeros ('007')`.
        setting: The setting that changes it.
    """

    column: str
    became: str
    reason: str
    setting: str


@dataclass
class Guesses:
    """What was found of all columns.

    Attributes:
        types: Column -> its type, in the order of the columns.
        forms: Columns of dates -> how they are written.
        remarks: What is worth saying.
    """

    types: dict[str, pl.DataType] = field(default_factory=dict)
    forms: dict[str, DateForm] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    def add(self, column: str, became: str, reason: str, setting: str) -> None:
        """Note something about a column."""
        self.remarks.append(Remark(column, became, reason, setting))


def guess(
    sample: pl.DataFrame, types: Mapping[str, pl.DataType], *, codes: Codes = "text", dates: DateRules | None = None
) -> Guesses:
    """Return what columns of texts are, from the types that polars finds in the same texts.

    Args:
        sample: The first rows as texts; numbers have a point.
        types: What polars makes of the columns; columns that are not in the sample keep it.
        codes: Whether numbers that lose something as numbers stay text.
        dates: How dates are understood; None: they stay text.
    """
    found = Guesses(dict(types))
    for column in sample.columns:
        cells, dtype = sample[column].drop_nulls(), types[column]
        if not cells.len():
            continue
        if dtype.is_numeric():
            reason = code_reason(cells, dtype)
            if reason and codes == "text":
                found.types[column] = pl.String()
                found.add(column, "text", reason, "codes")
            elif reason:
                found.add(column, "numbers", f"in spite of {reason.removeprefix('because of ')}", "codes")
        elif dtype == pl.String:
            if dates is not None and _as_dates(found, column, cells, dates):
                continue
            _remark_on_words(found, column, cells)
    return found


def code_reason(cells: pl.Series, dtype: pl.DataType) -> str:
    """Return why texts that read as numbers would lose something as numbers; empty where they would not.

    Args:
        cells: Texts, none missing, all of them numbers.
        dtype: The numbers' type.
    """
    zeros = cells.filter(cells.str.contains(LEADING_ZEROS))
    if zeros.len():
        return f"because of leading zeros ('{zeros[0]}')"
    if dtype.is_float():
        powers = cells.filter(cells.str.contains(_POWER))
        # Programs that write the number 1e5 write 1.5 or 1e-5 as well.
        if powers.len() and not cells.str.contains(r"[.]|[eE][+-]").any():
            return f"because of an e between digits ('{powers[0]}')"
        digits = cells.filter(cells.str.contains(r"^[+-]?\d{16,}$")).cast(pl.Int128, strict=False).drop_nulls()
        long = digits.filter(digits.abs() > _DIGITS_OF_DECIMALS)
        if long.len():
            return f"because of more digits than decimal numbers have ('{long[0]}')"
        exact = cells.filter(cells.str.contains(r"^[+-]?[1-9]\d{16,}\.\d*[1-9]"))
        if exact.len():
            return f"because of more digits than decimal numbers have ('{exact[0]}')"
    return ""


def _as_dates(found: Guesses, column: str, cells: pl.Series, rules: DateRules) -> bool:
    """Whether a column of texts is one of dates; it is then noted as such."""
    form = date_form(cells, rules)
    if form is None:
        return False
    if isinstance(form, NoDates):
        if form.reason == "two digits":
            found.add(column, "text", f"because its years have two digits ('{form.example}')", "century_pivot")
        else:
            found.add(column, "text", f"because days and months change places ('{form.example}')", "date_order")
        return True
    made = cells.to_frame("cells").select(as_dates(pl.col("cells"), form).alias("cells"))["cells"]
    if made.has_nulls():
        wrong = cells[made.is_null().arg_max() or 0]
        found.add(column, "text", f"because '{wrong}' is no date", "parse_dates")
        return True
    found.types[column], found.forms[column] = form.dtype, form
    if form.ambiguous:
        first, other = ("day", "month") if form.day_first else ("month", "day")
        found.add(column, "dates", f"with the {first} first, though '{form.ambiguous}' may have the {other} first", "date_order")
    return True


def _remark_on_words(found: Guesses, column: str, cells: pl.Series) -> None:
    """Say of texts that are mostly numbers what keeps them from being numbers."""
    numbers = cells.str.contains(_NUMBER)
    words = cells.filter(~numbers)
    if words.len() > _MOSTLY * cells.len():
        return
    if not words.len():
        blank = cells.filter(cells.str.contains(r"^\s|\s$"))
        if blank.len():
            found.add(column, "text", f"because of blanks around numbers ('{blank[0]}')", "trim")
        elif (plus := cells.filter(cells.str.contains(_PLUS))).len():
            found.add(column, "text", f"because of a plus sign ('{plus[0]}')", "column_types")
        elif cells.str.contains(r"^[+-]?\d+,\d+$").any():
            found.add(column, "text", f"because of decimal commas ('{cells[0]}')", "decimal_comma")
        return
    different = words.unique(maintain_order=True)
    if different.len() <= _FEW_WORDS:
        listed = ", ".join(f"'{_short(word)}'" for word in different)
        found.add(column, "text", f"because of {listed} in {counted(words.len(), 'cell')}", "null_values")


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:23]}…"


def in_one_line(remarks: Sequence[Remark], types: Mapping[str, pl.DataType]) -> str:
    """Return the remarks in one line, after how many columns are numbers and dates; empty without remarks."""
    if not remarks:
        return ""
    numbers = sum(dtype.is_numeric() for dtype in types.values())
    dates = sum(dtype.is_temporal() for dtype in types.values())
    parts = [f"{counted(number, 'column')} as {what}" for number, what in ((numbers, "numbers"), (dates, "dates")) if number]
    parts += [f"'{_short(r.column)}' as {r.became} {r.reason}" for r in remarks[:_NAMED]]
    if len(remarks) > _NAMED:
        parts.append(f"{len(remarks) - _NAMED} more like them")
    return f"Read are {', '.join(parts)}."
