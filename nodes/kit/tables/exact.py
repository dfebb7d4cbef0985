"""Arithmetic on columns that says where it fails: whole numbers of 64 bits, spans of time, and comparisons without rounding.

Polars computes in the types of the columns, wraps where a result does not fit, and rounds whole numbers beyond 2**53 where
they meet numbers with decimals. Here whole numbers are Int64, all other numbers Float64, and what does not fit is missing and
marked. Int128 holds what is between: cells of UInt64, and the results of Int64 before they are known to fit.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

INT64 = (-(2**63), 2**63 - 1)
EXACT = 2**53
"""Up to here Float64 holds every whole number."""
WIDE = 2**126
"""Int128 holds these and their sums; what is larger is taken for too large."""

Sum = Literal["+", "-", "*"]
SUMS: Mapping[Sum, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtEq": operator.le,
    "Gt": operator.gt,
    "GtEq": operator.ge,
}
MICROSECONDS = {"ms": 1e3, "us": 1.0, "ns": 1e-3}
DAY = 86_400e6
"""Microseconds."""


def widened(dtype: pl.DataType) -> pl.DataType:
    """Return the type in which a column of a type is computed with: Int64, Float64, Int128 where Int64 does not hold all of
    its cells, and any other type as it is."""
    if dtype.is_integer():
        return pl.Int128() if dtype in (pl.UInt64, pl.Int128, pl.UInt128) else pl.Int64()
    return pl.Float64() if dtype.is_numeric() else dtype


def reckoned(a: pl.Series, b: pl.Series, sign: Sum) -> tuple[pl.Series, pl.Series | None]:
    """Return a sum, difference or product of whole numbers, and where it does not fit.

    Args:
        a: Int64 or Int128, of the length of `b` or of length 1.
        b: As `a`.
        sign: What is reckoned.

    Returns:
        The result, Int64 if both are, else Int128, missing where it does not fit; and a mask of these cells, None if all fit.
    """
    op = SUMS[sign]
    narrow = a.dtype == b.dtype == pl.Int64
    ends = [op(x, y) for x in _ends(a) for y in _ends(b)]
    if narrow and all(INT64[0] <= end <= INT64[1] for end in ends):
        return op(a, b), None
    made = op(a.cast(pl.Int128), b.cast(pl.Int128))
    if narrow:
        fitting = made.cast(pl.Int64, strict=False)
        return fitting, _lost(made, fitting)
    if all(abs(end) < WIDE for end in ends):
        return made, None
    size = op(a.cast(pl.Float64), b.cast(pl.Float64)).abs()
    kept = made.set(size >= float(WIDE), None)
    return kept, made.is_not_null() & kept.is_null()


def quotient(a: pl.Series, b: pl.Series) -> tuple[pl.Series, pl.Series | None]:
    """Return the whole part of a quotient (towards 0) as Int64, missing where `b` is 0, and where it does not fit.

    Args:
        a: Int64, Int128 or Float64, of the length of `b` or of length 1.
        b: As `a`.
    """
    if a.dtype.is_float() or b.dtype.is_float():
        divisor = b.cast(pl.Float64)
        real = a.cast(pl.Float64) / divisor.set(divisor == 0, None)
        fitting = real.cast(pl.Int64, strict=False)
        return fitting, _lost(real, fitting)
    large, divisor = a.cast(pl.Int128), b.cast(pl.Int128)
    divisor = divisor.set(divisor == 0, None)
    # Polars rounds down: the sizes are divided, and the sign is put back.
    made = (large.abs() // divisor.abs()) * (large.sign() * divisor.sign())
    fitting = made.cast(pl.Int64, strict=False)
    return fitting, _lost(made, fitting)


def remainder(a: pl.Series, b: pl.Series) -> pl.Series:
    """Return what is left of `a` divided by `b`, with the sign of `a` (as in SQL); missing where whole numbers are divided by 0.

    Args:
        a: Int64, Int128 or Float64, of the length of `b` or of length 1.
        b: As `a`.
    """
    if a.dtype.is_float() or b.dtype.is_float():
        import numpy as np

        with np.errstate(all="ignore"):
            real = np.fmod(a.cast(pl.Float64).to_numpy(), b.cast(pl.Float64).to_numpy())
        made = pl.Series(real, dtype=pl.Float64)
        missing = a.is_null() | b.is_null()
        return made.set(missing, None) if missing.any() else made
    large, divisor = a.cast(pl.Int128), b.cast(pl.Int128)
    divisor = divisor.set(divisor == 0, None)
    made = (large.abs() % divisor.abs()) * large.sign()
    return made.cast(pl.Int64) if a.dtype == b.dtype == pl.Int64 else made


def compared(a: pl.Series, b: pl.Series, op: str) -> pl.Series:
    """Return a comparison (`COMPARISONS`) of numbers by their exact values; NaN is equal to itself and above all.

    Args:
        a: Int64, Int128 or Float64, of the length of `b` or of length 1.
        b: As `a`.
        op: What is asked.
    """
    compare = COMPARISONS[op]
    if a.dtype.is_float() == b.dtype.is_float():
        both = pl.Float64 if a.dtype.is_float() else pl.Int64 if a.dtype == b.dtype == pl.Int64 else pl.Int128
        return compare(a.cast(both), b.cast(both))  # type: ignore[no-any-return]
    whole, real = (b, a) if a.dtype.is_float() else (a, b)
    if all(abs(end) <= EXACT for end in _ends(whole)):
        return compare(a.cast(pl.Float64), b.cast(pl.Float64))  # type: ignore[no-any-return]
    order = _order(whole, real)
    return compare(-order if a.dtype.is_float() else order, 0)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Digits:
    """Numbers with a fixed count of decimals, as whole numbers: 1.50 with two decimals is 150.

    Attributes:
        cells: Int128.
        decimals: How many of the last digits stand behind the point.
    """

    cells: pl.Series
    decimals: int

    @classmethod
    def of(cls, cells: pl.Series) -> Digits | None:
        """Return those of whole numbers and of Decimals; None for other numbers."""
        if isinstance(cells.dtype, pl.Decimal):
            return cls(cells.to_physical().cast(pl.Int128), cells.dtype.scale)
        return cls(cells.cast(pl.Int128), 0) if cells.dtype.is_integer() else None

    def compared(self, other: Digits, op: str) -> pl.Series:
        """Return a comparison (`COMPARISONS`) by all digits; of one length, or one is of length 1."""
        more = other.decimals - self.decimals
        if more < 0:
            turned = {"Lt": "Gt", "LtEq": "GtEq", "Gt": "Lt", "GtEq": "LtEq"}
            return other.compared(self, turned.get(op, op))
        # The decimals that the other has beyond are cut off: nothing grows beyond 128 bits.
        step = 10**more
        whole = other.cells // pl.Series([step], dtype=pl.Int128)
        rest = other.cells - whole * pl.Series([step], dtype=pl.Int128) != 0
        if op in ("Eq", "NotEq"):
            same: pl.Series = (self.cells == whole) & ~rest
            missing = self.cells.is_null() | other.cells.is_null()  # false, and no longer missing, beside a rest
            same = same.set(missing, None) if missing.any() else same
            return same if op == "Eq" else ~same
        # a < w + r, with 0 <= r < 1, where a <= w and r > 0, or a < w.
        below, reaching = self.cells < whole, self.cells <= whole
        made = below | (reaching & rest) if op in ("Lt", "GtEq") else reaching
        return made if op in ("Lt", "LtEq") else ~made


def spans_that_wrapped(a: pl.Series, b: pl.Series, made: pl.Series, sign: Sum) -> pl.Series | None:
    """Return where polars has wrapped a sum, difference or product of times and spans of time; None if nowhere.

    The result is told by Float64 too: what is wrong is wrong by half a million years, or by 292 in nanoseconds.
    """
    expected = SUMS[sign](_microseconds(a), _microseconds(b))
    wrong = (expected - _microseconds(made)).abs() > expected.abs() * 1e-6 + DAY
    wrong = wrong.fill_null(False)
    return wrong if wrong.any() else None


def exact_common(dtypes: Iterable[pl.DataType]) -> pl.DataType | None:
    """Return the type in which numbers of different types agree by value, or None: Float64 if one has decimals, else Int64 or
    Int128."""
    kinds = [widened(dtype) for dtype in dtypes]
    if not kinds or not all(kind.is_numeric() for kind in kinds):
        return None
    if any(kind.is_float() for kind in kinds):
        return pl.Float64()
    return pl.Int128() if pl.Int128 in kinds else pl.Int64()


def _ends(cells: pl.Series) -> tuple[int, int]:
    """The smallest and the largest cell; 0 where there is none."""
    low, high = cells.min(), cells.max()
    return int(low or 0), int(high or 0)  # type: ignore[arg-type]


def _lost(before: pl.Series, after: pl.Series) -> pl.Series | None:
    """Where a cell is missing after a cast that was not before."""
    return before.is_not_null() & after.is_null() if after.null_count() > before.null_count() else None


def _order(whole: pl.Series, real: pl.Series) -> pl.Series:
    """-1, 0 or 1 where a whole number is below, equal to or above a number with decimals."""
    height = max(len(whole), len(real)) if min(len(whole), len(real)) else 0
    frame = pl.DataFrame({"i": _long(whole.cast(pl.Int128), height), "f": _long(real, height)})
    i, f = pl.col("i"), pl.col("f")
    part = pl.when(f.abs() < float(WIDE)).then(f).cast(pl.Int128, strict=False)
    # What is left of the real number behind its whole part; 0 from 2**53 on.
    rest = f - part.cast(pl.Float64)
    made = (
        pl.when(f.is_nan() | (f >= float(WIDE))).then(-1)
        .when(f <= -float(WIDE)).then(1)
        .when(i < part).then(-1)
        .when(i > part).then(1)
        .when(rest > 0).then(-1)
        .when(rest < 0).then(1)
        .when(i.is_not_null() & f.is_not_null()).then(0)
    )  # fmt: skip
    return frame.select(pl.when(i.is_not_null() & f.is_not_null()).then(made).cast(pl.Int8).alias("")).to_series()


def _long(cells: pl.Series, height: int) -> pl.Series:
    return cells if len(cells) == height else cells.new_from_index(0, height) if height else cells.clear()


def _microseconds(cells: pl.Series) -> pl.Series:
    """Times and spans of time as numbers, numbers as they are."""
    number = cells.to_physical().cast(pl.Float64)
    match cells.dtype:
        case pl.Date():
            return number * DAY
        case pl.Datetime(time_unit=unit) | pl.Duration(time_unit=unit):
            return number * MICROSECONDS[unit]
        case pl.Time():
            return number * MICROSECONDS["ns"]
    return number
