"""The ways to round a number, for the nodes that round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import polars as pl

Rounding = Literal["half_to_even", "half_away_from_zero", "truncate", "floor", "ceil"]
ROUNDINGS = {
    "half_to_even": "To the nearest; a half to the even neighbour: 2.5 becomes 2, 3.5 becomes 4.",
    "half_away_from_zero": "To the nearest; a half away from zero: 2.5 becomes 3, -2.5 becomes -3.",
    "truncate": "Towards zero: 2.7 becomes 2, -2.7 becomes -2.",
    "floor": "Down: 2.7 becomes 2, -2.7 becomes -3.",
    "ceil": "Up: 2.2 becomes 3, -2.2 becomes -2.",
}
"""A sentence of help for each."""


def rounded(cell: pl.Expr, decimals: int, mode: Rounding) -> pl.Expr:
    """Numbers rounded to so many decimals."""
    if mode in ("half_to_even", "half_away_from_zero"):
        return cell.round(decimals, mode=mode)
    if mode == "truncate":
        return cell.truncate(decimals)
    scaled = cell * 10**decimals if decimals else cell
    whole = scaled.floor() if mode == "floor" else scaled.ceil()
    return whole / 10**decimals if decimals else whole
