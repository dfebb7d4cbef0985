"""Which dtype can hold the cells of two columns that are to become one. It knows dtypes only, no tables and no nodes."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from nodes.errors import NodeError
from nodes.values.table import COLUMN_KINDS, leaf_dtype


def common_dtype(first: pl.DataType, second: pl.DataType) -> pl.DataType | None:
    """Return the narrowest dtype that holds the cells of both; None where there is none that means the same.

    Numbers become the wider number, categories the union of their categories in order, text and categories text; points in
    time get the zone of the first; arrays must agree in shape. Numbers never become text, nor booleans numbers, and a time
    without a zone is no moment that one with a zone could be compared with.
    """
    if first == second or pl.Null in (first, second):
        return second if first == pl.Null else first
    if first.is_nested() or second.is_nested():
        return _common_collection(first, second)
    if first.is_numeric() and second.is_numeric():
        return _common_number(first, second)
    if isinstance(first, pl.Enum) and isinstance(second, pl.Enum):
        return pl.Enum(union([*first.categories], [*second.categories]))
    if first.is_temporal() and second.is_temporal():
        return _common_time(first, second)
    return pl.String() if COLUMN_KINDS["category"](first) and COLUMN_KINDS["category"](second) else None


def cast_exactly(cells: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Return numbers in a type that they have in common with others.

    Raises:
        NodeError: If a whole number has more digits than the type holds.
    """
    made = cells.cast(dtype, strict=not cells.dtype.is_integer())
    if cells.dtype not in (pl.Int64, pl.UInt64, pl.Int128, pl.UInt128) or not dtype.is_numeric() or dtype == cells.dtype:
        return made
    back = made.cast(pl.Int128, strict=False) if dtype.is_float() else made
    wrong = (back.is_null() | (back.cast(pl.Int128) != cells.cast(pl.Int128, strict=False))) & cells.is_not_null()
    if wrong.any():
        row = int(wrong.arg_max() or 0)
        raise NodeError(
            f"{cells[row]} in column '{cells.name}' does not fit into {dtype}, the type that the columns have in common.",
            "Convert one of the columns first (Column Type Converter), or make text of both.",
        )
    return made


def zone(dtype: pl.DataType) -> str:
    """Return what a message adds to a point in time's type: ` in the zone UTC`, or that it has none; nothing for other types."""
    if not isinstance(dtype, pl.Datetime):
        return ""
    return f" in the zone {dtype.time_zone}" if dtype.time_zone else " without a time zone"


def union(*groups: Iterable[str]) -> tuple[str, ...]:
    """Return the names of all groups, each once, in the order of their first appearance."""
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _common_time(first: pl.DataType, second: pl.DataType) -> pl.DataType | None:
    """Of points in time, or durations. The coarser unit, as in polars: the finer cannot hold the year 9999."""
    units = ("ms", "us", "ns")
    if isinstance(first, pl.Duration) and isinstance(second, pl.Duration):
        return pl.Duration(min(first.time_unit, second.time_unit, key=units.index))
    if isinstance(first, pl.Datetime) and isinstance(second, pl.Datetime) and bool(first.time_zone) == bool(second.time_zone):
        return pl.Datetime(min(first.time_unit, second.time_unit, key=units.index), first.time_zone)
    return None


def _common_number(first: pl.DataType, second: pl.DataType) -> pl.DataType:
    """Polars's own supertype, which it tells by the schema of a concatenation."""
    if {first, second} == {pl.Int64(), pl.UInt64()}:
        return pl.Int64()  # polars takes Float64, which holds neither; `cast_exactly` refuses cells beyond
    empty = [pl.DataFrame(schema={"number": dtype}) for dtype in (first, second)]
    return pl.concat(empty, how="vertical_relaxed").schema["number"]


def _common_collection(first: pl.DataType, second: pl.DataType) -> pl.DataType | None:
    leaf = common_dtype(leaf_dtype(first), leaf_dtype(second))
    if leaf is None:
        return None
    if isinstance(first, pl.Array) and isinstance(second, pl.Array) and first.shape == second.shape:
        return pl.Array(leaf, first.shape)
    if first == pl.List(leaf_dtype(first)) and second == pl.List(leaf_dtype(second)):
        return pl.List(leaf)
    return None
