"""Which dtype can hold the cells of two columns that are to become one. It knows dtypes only, no tables and no nodes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nodes.values.table import COLUMN_KINDS, leaf_dtype

if TYPE_CHECKING:
    import polars as pl


def common_dtype(first: pl.DataType, second: pl.DataType) -> pl.DataType | None:
    """The narrowest dtype that holds the cells of both; None where there is none that means the same.

    Numbers become the wider number, categories the union of their categories in order, text and categories text; arrays
    must agree in shape. Numbers never become text, nor booleans numbers.
    """
    import polars as pl

    if first == second or isinstance(second, pl.Null):
        return first
    if isinstance(first, pl.Null):
        return second
    if first.is_nested() or second.is_nested():
        return _common_collection(first, second)
    if first.is_numeric() and second.is_numeric():
        return _common_number(first, second)
    if isinstance(first, pl.Enum) and isinstance(second, pl.Enum):
        return pl.Enum(union([*first.categories], [*second.categories]))
    return pl.String() if COLUMN_KINDS["category"](first) and COLUMN_KINDS["category"](second) else None


def union(*groups: Iterable[str]) -> tuple[str, ...]:
    """The names of all groups, each once, in the order of their first appearance."""
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _common_number(first: pl.DataType, second: pl.DataType) -> pl.DataType:
    """Polars's own supertype, which it tells by the schema of a concatenation."""
    import polars as pl

    empty = [pl.DataFrame(schema={"number": dtype}) for dtype in (first, second)]
    return pl.concat(empty, how="vertical_relaxed").schema["number"]


def _common_collection(first: pl.DataType, second: pl.DataType) -> pl.DataType | None:
    import polars as pl

    leaf = common_dtype(leaf_dtype(first), leaf_dtype(second))
    if leaf is None:
        return None
    if isinstance(first, pl.Array) and isinstance(second, pl.Array) and first.shape == second.shape:
        return pl.Array(leaf, first.shape)
    if first == pl.List(leaf_dtype(first)) and second == pl.List(leaf_dtype(second)):
        return pl.List(leaf)
    return None
