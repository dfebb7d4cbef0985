"""Cells that a person types in: text, numbers, dates, as columns of a chosen type."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Literal

import polars as pl

from nodes.base import NodeError

CellType = Literal[
    "String", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64", "Boolean",
    "Date", "Time", "Datetime", "Enum",
]  # fmt: skip
Cell = bool | int | float | str | None
TRUTHS = {"true": True, "false": False, "1": True, "0": False}


def typed_cell(value: Cell, dtype: CellType, setting: str) -> pl.Series:
    """Return a series of the one value.

    Raises:
        NodeError: If the value is none of this type.
    """
    return typed_cells([value], dtype, setting)


def typed_cells(values: Sequence[Cell], dtype: CellType, setting: str) -> pl.Series:
    """Return the values as a series of a type; empty text is missing, except in a column of text.

    Raises:
        NodeError: If a value is none of this type.
    """
    cells = []
    for number, value in enumerate(values, 1):
        try:
            cells.append(None if value is None or (value == "" and dtype != "String") else _parsed(value, dtype))
        except (ValueError, KeyError) as error:
            where = f"'{value}' (value {number})" if len(values) > 1 else f"'{value}'"
            raise NodeError(
                f"{where} is no value of type {dtype}.", "Enter another value, or choose another type.", setting=setting
            ) from error
    chosen: Any = pl.Enum(list(dict.fromkeys(c for c in cells if c is not None))) if dtype == "Enum" else getattr(pl, dtype)
    too_large = NodeError(f"A value is too large for the type {dtype}.", "Choose a larger type.", setting=setting)
    try:
        made = pl.Series(cells, dtype=chosen)
    except (pl.exceptions.PolarsError, OverflowError, TypeError) as error:
        raise too_large from error
    if dtype == "Float32" and bool((made.is_infinite() & pl.Series(cells, dtype=pl.Float64).is_finite()).any()):
        raise too_large
    return made


def as_text(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return cells of a plain column (number, text, category, boolean, date or time) as text."""
    return cell.dt.to_string("iso") if isinstance(dtype, pl.Duration) else cell.cast(pl.String)


def moment(text: str, dtype: pl.Datetime) -> pl.Expr:
    """Return a point in time as a column of a type has it: where that has a time zone, a text without one means the time there.

    Raises:
        ValueError: If the text is none, or there was no such time, or were two, in the time zone.
    """
    told = datetime.datetime.fromisoformat(text.strip())
    zone = dtype.time_zone
    if zone is None:
        return pl.lit(told.replace(tzinfo=None))
    if told.tzinfo is not None:
        universal = told.astimezone(datetime.UTC).replace(tzinfo=None)
        return pl.lit(universal).dt.replace_time_zone("UTC").dt.convert_time_zone(zone).cast(dtype)
    there = pl.lit(told).dt.replace_time_zone(zone).cast(dtype)
    try:
        pl.select(there)
    except pl.exceptions.ComputeError as error:
        raise ValueError(text) from error
    return there


def _parsed(value: Cell, dtype: CellType) -> Any:
    """The value as Python has it; ValueError or KeyError if it is none of this type."""
    text = str(value).strip()
    if dtype in ("String", "Enum"):
        return str(value)
    if dtype == "Boolean":
        return TRUTHS[text.lower()]
    if dtype in ("Date", "Time", "Datetime"):
        kind: Any = {"Date": datetime.date, "Time": datetime.time, "Datetime": datetime.datetime}[dtype]
        return kind.fromisoformat(text).replace(**({} if dtype == "Date" else {"tzinfo": None}))
    if dtype.startswith("Float"):
        return float(text) if not isinstance(value, bool) else float(value)
    if isinstance(value, float) and value == int(value):
        return int(value)
    return int(value) if isinstance(value, bool) else int(text)
