"""The ways to round a number, for the nodes that round."""

from __future__ import annotations

from typing import Literal

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
    """Return numbers rounded to so many decimals."""
    if mode in ("half_to_even", "half_away_from_zero"):
        return cell.round(decimals, mode=mode)
    if not decimals:
        return {"truncate": cell.truncate, "floor": cell.floor, "ceil": cell.ceil}[mode]()
    # 0.29 * 100 is 28.999999999999996: the neighbours of the nearest number are compared with the cell itself.
    nearest = cell.round(decimals)
    step = 10.0**-decimals
    down = pl.when(nearest > cell).then((nearest - step).round(decimals)).otherwise(nearest)
    up = pl.when(nearest < cell).then((nearest + step).round(decimals)).otherwise(nearest)
    made = pl.when(cell < 0).then(up).otherwise(down) if mode == "truncate" else down if mode == "floor" else up
    # From here on a float has no digits behind those decimals.
    return pl.when(cell.abs() * 10.0**decimals < 2.0**52).then(made).otherwise(cell)
