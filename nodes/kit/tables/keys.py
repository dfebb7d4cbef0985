"""When two cells are the same key: what joins, look-ups and reference filters compare, whatever the types of the columns.

Numbers agree by their exact values: 9007199254740993 is not 9007199254740992.0, and 2 is 2.0. NaN agrees with NaN, 0.0 with -0.0.
"""

from __future__ import annotations

import polars as pl

from nodes.kit.tables import exact
from nodes.kit.tables.cells import as_text
from nodes.kit.tables.dtypes import common_dtype
from nodes.values.table import COLUMN_KINDS


def key_dtype(first: pl.DataType, second: pl.DataType) -> pl.DataType | None:
    """Return the type in which the cells of two columns are compared; None where they cannot be."""
    if COLUMN_KINDS["category"](first) and COLUMN_KINDS["category"](second):
        return first if first == second and not isinstance(first, pl.Categorical) else pl.String()
    if first == second or not (first.is_numeric() and second.is_numeric()):
        return common_dtype(first, second)
    if first.is_integer() != second.is_integer():
        return pl.Int128()
    if first.is_integer():
        return exact.exact_common([first, second])
    if isinstance(first, pl.Decimal) and isinstance(second, pl.Decimal):
        return pl.String()
    return pl.Float64()


def keyed(cell: pl.Expr, dtype: pl.DataType, key: pl.DataType) -> pl.Expr:
    """Return cells as they are compared.

    Args:
        cell: The cells.
        dtype: Their type.
        key: The type in which they are compared (`key_dtype`).
    """
    if isinstance(key, pl.String) and isinstance(dtype, pl.Decimal):
        # As text without the last zeros: no type holds all digits of both.
        text = cell.cast(pl.String)
        return text.str.strip_chars_end("0").str.strip_chars_end(".") if dtype.scale else text
    if isinstance(key, pl.String):
        return as_text(cell, dtype)
    if key != pl.Int128 or dtype.is_integer():
        return cell.cast(key)
    # A number with decimals is a whole one, or none that a whole number could agree with: then its bits tell it from others.
    number = cell.cast(pl.Float64)
    if isinstance(dtype, pl.Decimal):
        # By its digits: as Float64 it would lose those beyond 2**53.
        whole = cell.cast(pl.String).str.replace(r"\.0*$", "").cast(pl.Int128, strict=False)
        is_whole = whole.is_not_null()
    else:
        whole = pl.when(number.abs() < float(exact.WIDE)).then(number).cast(pl.Int128, strict=False)
        is_whole = whole.cast(pl.Float64) == number
    other = number.hash().cast(pl.Int128) + pl.lit(exact.WIDE, dtype=pl.Int128)
    made = pl.when(is_whole).then(whole).otherwise(other)
    return pl.when(cell.is_not_null()).then(made)


def coarse(first: pl.DataType, second: pl.DataType) -> bool:
    """Return whether one column has the few digits of Float32 and the other more: 0.1 is another number there."""
    return pl.Float32 in (first, second) and any(d == pl.Float64 or isinstance(d, pl.Decimal) for d in (first, second))


def warned(first: str, second: str) -> str:
    """Return what to say where `coarse` columns are compared."""
    return (
        f"Of '{first}' and '{second}' one is Float32, which holds 7 digits: 0.1 there is 0.10000000149 and agrees with no 0.1 of "
        "the other column. Make Float32 of both (Column Type Converter) if they should agree."
    )
