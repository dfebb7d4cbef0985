"""Columns of texts whose types are found from the first rows: the steps behind names, for formats of rows of texts."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from nodes.kit.tables.reading.conversion import plain_number, text_as, trimmed
from nodes.kit.tables.reading.dates import DateRules, form_of
from nodes.kit.tables.reading.guessing import Codes, guess, in_one_line
from nodes.kit.tables.reading.misfits import Misfits


@dataclass(frozen=True)
class TextRules:
    """What a person says of cells.

    Attributes:
        missing: Words that stand for a missing cell.
        codes: Whether numbers that would lose something (leading zeros) stay text.
        dates: How dates are understood.
        find_dates: Whether columns of dates are looked for.
        decimal_comma: Whether 1,5 is a number.
        asked: Column -> the type that it is given.
    """

    missing: Sequence[str] = ()
    codes: Codes = "text"
    dates: DateRules = field(default_factory=DateRules)
    find_dates: bool = False
    decimal_comma: bool = False
    asked: Mapping[str, pl.DataType] = field(default_factory=dict)


class TextColumns:
    """The columns of a file, from its first rows.

    Args:
        sample: The first rows as texts, by the names of the columns.
        rules: What a person says of them.

    Attributes:
        types: Column -> its type.
        remark: What is worth saying of the guesses, in one line, and the setting that changes it; None: nothing.
    """

    def __init__(self, sample: pl.DataFrame, rules: TextRules) -> None:
        self.rules = rules
        bare = sample.select(trimmed(pl.col(c), rules.missing).alias(c) for c in sample.columns)
        found = guess(self._plain(bare), self._numbers(bare), codes=rules.codes, dates=rules.dates if rules.find_dates else None)
        self.types: dict[str, pl.DataType] = {**found.types, **{c: d for c, d in rules.asked.items() if c in found.types}}
        self._forms = dict(found.forms)
        for column, dtype in rules.asked.items():
            if column in found.types and isinstance(dtype, pl.Date | pl.Time | pl.Datetime):
                self._forms[column] = form_of(dtype, bare[column], rules.dates)
        kept = [r for r in found.remarks if r.column not in rules.asked]
        line = in_one_line(kept, {c: d for c, d in found.types.items() if c not in rules.asked})
        self.remark = (line, kept[0].setting) if line else None

    def cells(self, texts: pl.DataFrame, columns: Sequence[str], misfits: Misfits, first_row: int) -> pl.DataFrame:
        """Return rows of texts as cells of the columns' types.

        Args:
            texts: As they were read.
            columns: Those that are wanted.
            misfits: Where it is told what does not fit.
            first_row: The number of the first row, from 1.
        """
        bare = texts.select(trimmed(pl.col(c), self.rules.missing).alias(c) for c in columns)
        made = bare.select(self._typed(c).alias(c) for c in columns)
        for column in columns:
            misfits.check(bare[column], made[column], first_row)
        return made

    def _typed(self, column: str) -> pl.Expr:
        dtype = self.types[column]
        if dtype == pl.String:
            return pl.col(column)
        cells = plain_number(pl.col(column), decimal_comma=self.rules.decimal_comma) if dtype.is_numeric() else pl.col(column)
        return text_as(cells, dtype, self._forms.get(column))

    def _plain(self, bare: pl.DataFrame) -> pl.DataFrame:
        if not self.rules.decimal_comma:
            return bare
        return bare.select(plain_number(pl.col(c), decimal_comma=True).alias(c) for c in bare.columns)

    def _numbers(self, bare: pl.DataFrame) -> dict[str, pl.DataType]:
        """What polars finds in the texts; a column without any value is one of texts."""
        if not bare.height or not bare.width:
            return dict.fromkeys(bare.columns, pl.String())
        buffer = io.BytesIO(bare.write_csv(separator="\t", include_header=False).encode())
        found = pl.scan_csv(
            buffer, separator="\t", has_header=False, infer_schema_length=None, decimal_comma=self.rules.decimal_comma
        ).collect_schema()
        types = zip(bare.columns, found.dtypes(), strict=True)
        return {c: pl.String() if d == pl.Null or not bare[c].count() else d for c, d in types}
