"""The cells of a sheet as a person sees them, column by column: raw values out of calamine, and one type for each column.

A workbook has a type for every cell, not for a column: where they differ, a column is one of texts, each written with all its
digits, and it is said why.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import polars as pl

from nodes.kit.tables.reading.conversion import text_as
from nodes.kit.tables.reading.misfits import Misfits
from nodes.wording import counted

_AT_ONCE = 8192
_EXACT = 2**53
_ZERO_DAYS = (datetime.date(1899, 12, 30), datetime.date(1899, 12, 31), datetime.date(1904, 1, 1))
"""The days that a time of day without one has, by how the workbook counts days."""
_MIDNIGHT = datetime.time()
Kind = str
"""`number`, `text`, `truth`, `day`, `moment`, `clock` or `span`."""
_KINDS: dict[type, Kind] = {
    float: "number", int: "number", str: "text", bool: "truth", datetime.date: "day", datetime.datetime: "moment",
    datetime.time: "clock", datetime.timedelta: "span",
}  # fmt: skip
_WORDS = {"number": "numbers", "text": "texts", "truth": "true or false", "day": "days", "moment": "days with a time",
          "clock": "times", "span": "durations"}  # fmt: skip
_TYPES: dict[frozenset[Kind], pl.DataType] = {
    frozenset({"number"}): pl.Float64(), frozenset({"number", "truth"}): pl.Float64(), frozenset({"truth"}): pl.Boolean(),
    frozenset({"text"}): pl.String(), frozenset({"day"}): pl.Date(), frozenset({"moment"}): pl.Datetime("ms"),
    frozenset({"day", "moment"}): pl.Datetime("ms"), frozenset({"clock"}): pl.Time(), frozenset({"span"}): pl.Duration("ms"),
    frozenset({"clock", "span"}): pl.Duration("ms"), frozenset(): pl.Null(),
}  # fmt: skip


@dataclass
class SheetColumn:
    """One column of a sheet.

    Attributes:
        pieces: Its cells, piece by piece: of one kind as a series, else as they are; missing ones are None.
        kinds: How many cells there are of each kind.
        example: A cell of each kind, as text.
    """

    pieces: list[pl.Series | list[Any]] = field(default_factory=list)
    kinds: dict[Kind, int] = field(default_factory=dict)
    example: dict[Kind, str] = field(default_factory=dict)

    def add(self, cells: Sequence[Any]) -> None:
        """Append cells; an empty text is a missing one."""
        kept: list[Any] = [None if cell == "" else cell for cell in cells]
        if any(isinstance(cell, datetime.date) for cell in kept):
            kept = [_clock_or_day(cell) for cell in kept]
        kinds: dict[Kind, int] = {}
        for found, count in Counter(map(type, kept)).items():
            if found is not type(None):
                kinds[_KINDS[found]] = kinds.get(_KINDS[found], 0) + count
        for kind, count in kinds.items():
            self.kinds[kind] = self.kinds.get(kind, 0) + count
            if kind not in self.example:
                self.example[kind] = as_seen(next(c for c in kept if c is not None and _KINDS[type(c)] == kind))
        only = _TYPES[frozenset(kinds)] if len(kinds) == 1 else None
        self.pieces.append(kept if only is None else pl.Series(kept, dtype=only, strict=False))

    @property
    def dtype(self) -> pl.DataType:
        """The type that holds all cells as they are; text where there is none."""
        return _TYPES.get(frozenset(self.kinds), pl.String())

    def cells(self) -> list[Any]:
        """All cells, as they are."""
        return [cell for piece in self.pieces for cell in piece]

    def found(self, name: str) -> pl.Series:
        """Return the cells with the type that was found: whole numbers are such, and other kinds side by side are texts."""
        dtype = self.dtype
        if len(self.kinds) == 1:
            made = [piece if isinstance(piece, pl.Series) else pl.Series(piece, dtype=dtype) for piece in self.pieces]
            cells = pl.concat(made).alias(name)
        else:
            seen: Callable[[Any], Any] = _CONVERTED.get(str(dtype), as_seen)
            cells = pl.Series(name, [None if c is None else seen(c) for c in self.cells()], dtype=dtype, strict=False)
        if dtype == pl.Float64 and ((cells.round() == cells) & (cells.abs() < _EXACT)).all():
            return cells.cast(pl.Int64)
        return cells

    def remark(self, name: str) -> str:
        """Return why a column is one of texts, or of numbers, though not all of its cells are; empty where they are."""
        kinds = frozenset(self.kinds)
        if kinds == {"number", "truth"}:
            return f"'{name}' as numbers, with {counted(self.kinds['truth'], 'cell')} of true or false as 1 or 0"
        if len(kinds) < 2 or kinds in _TYPES:
            return ""
        rare = min(self.kinds, key=lambda kind: self.kinds[kind])
        rest = " and ".join(_WORDS[kind] for kind in self.kinds if kind != rare)
        share = f"{counted(self.kinds[rare], 'cell')} of {_WORDS[rare]} among {rest}"
        return f"'{name}' as text because of {share} ('{self.example[rare][:24]}')"

    def asked(self, name: str, dtype: pl.DataType, misfits: Misfits, rows: pl.Series) -> pl.Series:
        """Return the cells as a type that a person asked for.

        Args:
            name: The column's.
            dtype: The type.
            misfits: Where it is told what does not fit.
            rows: The number of each cell's row in the sheet, from 1.

        Raises:
            NodeError: If a cell does not fit, and that is an error.
        """
        cells = self.cells()
        texts = pl.Series(name, [None if c is None else as_seen(c) for c in cells], dtype=pl.String)
        if dtype == pl.String:
            return texts
        direct: list[Any] = [None if c is None else _direct(c, dtype) for c in cells]
        made = pl.Series(name, direct, dtype=dtype, strict=False)
        others = [n for n, cell in enumerate(cells) if isinstance(cell, str) and direct[n] is None]
        if others and not isinstance(dtype, pl.Duration):
            read = texts.gather(others).to_frame().select(text_as(pl.col(name), dtype).alias(name))[name]
            made = made.scatter(others, read)
        wrong = (made.is_null() & texts.is_not_null()).arg_true()
        if wrong.len():
            listed = [(int(rows[n]), str(texts[n])) for n in wrong[:5].to_list()]
            hint = ""
            if dtype.is_integer() and isinstance(cells[wrong[0]], float):
                hint = f"Set the type of column '{name}' to Float64."
            misfits.add(name, listed, wrong.len(), dtype, hint)
        return made


def _clock_or_day(cell: Any) -> Any:
    """A moment on one of the days from which workbooks count is a time of day; one at midnight is a day."""
    if isinstance(cell, datetime.datetime):
        if cell.date() in _ZERO_DAYS[:2]:
            return cell.time()
        return cell.date() if cell.time() == _MIDNIGHT else cell
    return _MIDNIGHT if isinstance(cell, datetime.date) and cell in _ZERO_DAYS[:2] else cell


def as_seen(cell: Any) -> str:
    """Return a cell as text: numbers with all their digits and no point without need, days with a time, spans as h:mm:ss."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
    if isinstance(cell, datetime.timedelta):
        return _span(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ")
    return f"{cell.isoformat()} 00:00:00" if isinstance(cell, datetime.date) else str(cell)


def heading(cell: Any) -> str:
    """Return a cell as the name of a column."""
    return cell.isoformat() if isinstance(cell, datetime.date) and not isinstance(cell, datetime.datetime) else as_seen(cell)


def _span(cell: datetime.timedelta) -> str:
    """As Excel shows [h]:mm:ss."""
    whole, part = divmod(abs(cell), datetime.timedelta(seconds=1))
    rest = f".{part.microseconds:06}".rstrip("0") if part else ""
    return f"{'-' if cell < datetime.timedelta() else ''}{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}{rest}"


def _midnight(cell: Any) -> Any:
    is_day = isinstance(cell, datetime.date) and not isinstance(cell, datetime.datetime)
    return datetime.datetime.combine(cell, _MIDNIGHT) if is_day else cell


def _as_span(cell: Any) -> Any:
    if isinstance(cell, datetime.time):
        return datetime.timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second, microseconds=cell.microsecond)
    return cell


_CONVERTED: dict[str, Callable[[Any], Any]] = {
    str(pl.Float64()): float,
    str(pl.Datetime("ms")): _midnight,
    str(pl.Duration("ms")): _as_span,
}


def _direct(cell: Any, dtype: pl.DataType) -> Any:
    """A cell as one of a type that holds it without a change; None where it does not."""
    kind = _KINDS[type(cell)]
    if dtype.is_numeric():
        fits = kind in ("number", "truth") and (not dtype.is_integer() or float(cell).is_integer())
        return (int(cell) if dtype.is_integer() else float(cell)) if fits else None
    if isinstance(dtype, pl.Datetime):
        return _midnight(cell) if kind in ("day", "moment") else None
    if isinstance(dtype, pl.Duration):
        return _as_span(cell) if kind in ("span", "clock") else None
    wanted = {"Boolean": "truth", "Date": "day", "Time": "clock"}.get(str(dtype))
    return cell if kind == wanted else None


def columns_of(rows: Iterable[Sequence[Any]], width: int, chosen: Sequence[int]) -> list[SheetColumn]:
    """Return the columns of some rows.

    Args:
        rows: The cells as calamine gives them.
        width: How many each row has.
        chosen: The places of the columns that are wanted, from 0.
    """
    columns = [SheetColumn() for _ in chosen]
    stream = iter(rows)
    while piece := list(islice(stream, _AT_ONCE)):
        across = list(zip(*piece, strict=True)) if width else []
        for place, column in zip(chosen, columns, strict=True):
            column.add(across[place])
    return columns
