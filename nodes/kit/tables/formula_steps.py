"""The steps that a formula is computed by: their results, and where and why there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from typing import Any

import polars as pl

from nodes.kit.tables import exact

DECIMAL_ALIKE = (pl.Float32, pl.Float16, pl.Decimal)
"""Types whose cells look different as Float64: 0.1 of Float32 is 0.10000000149."""


@dataclass(frozen=True)
class Fault:
    """Where a step could not be computed, and why.

    Attributes:
        cells: Mask of the rows; one cell stands for all rows.
        why: What is wrong in a row of that number (0 for all rows).
        remedy: What to do.
    """

    cells: pl.Series
    why: Callable[[int], str]
    remedy: str = "Whole numbers hold 64 bits: write 1.0 * x to compute with decimals."


@dataclass(frozen=True)
class StepResult:
    """What a step gave.

    Attributes:
        cells: A cell per row, or one for all; numbers are Int64, Int128 or Float64.
        faults: Where it could not be computed; the cells are missing there.
        raw: The same as the table has it, if it is a column of the table, or as the text has it, if that spells the value.
        is_literal: Whether the text spells the value itself.
    """

    cells: pl.Series
    faults: tuple[Fault, ...] = ()
    raw: pl.Series | None = None
    is_literal: bool = False

    @property
    def is_number(self) -> bool:
        """Whether it can be reckoned with."""
        return self.cells.dtype.is_numeric() or isinstance(self.cells.dtype, pl.Boolean | pl.Null)

    @property
    def text(self) -> pl.Series:
        """The cells as text shows them: Float32 and Decimal as they are in the table."""
        return self.raw if self.raw is not None and self.raw.dtype in DECIMAL_ALIKE and not self.is_literal else self.cells

    @property
    def digits(self) -> exact.Digits | None:
        """The cells with all of their digits, if these are countable: of whole numbers and Decimals."""
        return exact.Digits.of(self.raw if self.raw is not None and isinstance(self.raw.dtype, pl.Decimal) else self.cells)


class Unfit(Exception):
    """An aggregate rests on cells that could not be computed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__("a step could not be computed")
        self.fault = fault


def first_fault(made: StepResult) -> Fault | None:
    """Return the fault of the first row that could not be computed; None if there is none."""
    faults = [fault for fault in made.faults if fault.cells.any()]
    return min(faults, key=lambda fault: int(fault.cells.arg_max() or 0)) if faults else None


def narrowed(made: StepResult) -> StepResult:
    """Return the outcome with whole numbers as Int64; where they do not fit is a fault."""
    cells = made.cells
    if cells.dtype.is_integer() and cells.dtype != pl.Int64:
        fitting = cells.cast(pl.Int64, strict=False)
        if fitting.null_count() > cells.null_count():
            fault = Fault(cells.is_not_null() & fitting.is_null(), lambda row: f"{cell_at(cells, row)} is beyond 64 bits")
            return replace(made, cells=fitting, faults=(*made.faults, fault))
        return replace(made, cells=fitting)
    return made


def either(condition: StepResult, yes: StepResult, no: StepResult) -> StepResult:
    """Return `yes` where the condition is true, else `no`; only the faults of what is taken count."""
    taken = condition.cells.fill_null(False)
    cells = by_expression(lambda c, y, n: pl.when(c).then(y).otherwise(n), taken, *in_common([yes.cells, no.cells]))
    faults = [*condition.faults]
    faults += [replace(fault, cells=both(fault.cells, taken)) for fault in yes.faults]
    faults += [replace(fault, cells=both(fault.cells, ~taken)) for fault in no.faults]
    return StepResult(cells, tuple(faults))


# ---------------------------------------------------------------------------------------------------------------- one step


def computed_with(a: StepResult, b: StepResult, sign: str) -> StepResult:
    """Return sum, difference, product, quotient or remainder of numbers; true is 1, false 0."""
    x, y = _number(a.cells), _number(b.cells)
    faults = (*a.faults, *b.faults)
    wrong: pl.Series | None = None
    if sign == "/":
        made = x.cast(pl.Float64) / y.cast(pl.Float64)
    elif sign == "//":
        made, wrong = exact.quotient(x, y)
    elif sign == "%":
        made = exact.remainder(x, y)
    elif x.dtype.is_float() or y.dtype.is_float():
        made = exact.SUMS[sign](x.cast(pl.Float64), y.cast(pl.Float64))  # type: ignore[index]
    else:
        made, wrong = exact.reckoned(x, y, sign)  # type: ignore[arg-type]
    if wrong is not None and wrong.any():
        faults += (Fault(wrong, lambda row: f"{cell_at(x, row)} {sign} {cell_at(y, row)} is no whole number of 64 bits"),)
    return StepResult(made, faults)


def comparison_of(a: StepResult, b: StepResult, op: str) -> StepResult:
    """Return a comparison of numbers by value, Decimals by all digits; Float32 meets a written number in Float32."""
    x, y = _met(a, b), _met(b, a)
    digits, others = a.digits, b.digits
    by_digits = digits is not None and others is not None and digits.decimals + others.decimals > 0

    def compared(op: str) -> pl.Series:
        return digits.compared(others, op) if by_digits and digits and others else exact.compared(x, y, op)

    faults = (*a.faults, *b.faults)
    if op not in exact.COMPARISONS:
        same = compared("Eq").fill_null(False) | (x.is_null() & y.is_null())
        return StepResult(same if op == "EqValidity" else ~same, faults)
    return StepResult(compared(op), faults)


def _met(a: StepResult, other: StepResult) -> pl.Series:
    """The cells as they are compared with the others."""
    cells = _number(a.cells)
    if a.is_literal and other.raw is not None and other.raw.dtype == pl.Float32:
        return cells.cast(pl.Float32).cast(pl.Float64)
    return cells


def looked_among(part: StepResult, among: StepResult) -> tuple[StepResult, StepResult]:
    """Return cells of numbers and a list of values as they are looked for in it; Decimals by all digits."""
    listed = among.cells
    if not isinstance(listed.dtype, pl.List) or len(listed) != 1 or not _inner(listed).is_numeric():
        return part, among
    if _inner(listed) == part.cells.dtype == pl.Int64:
        return part, among
    single = part.raw is not None and part.raw.dtype == pl.Float32
    values = listed.explode().to_list()
    digits = part.digits
    if digits is not None and digits.decimals:
        part = replace(part, cells=digits.cells, raw=None)
        values = [None if value is None else shifted(value, digits.decimals) for value in values]
    found = (_as_looked_for(value, part.cells.dtype, single=single) for value in values)
    fitting = pl.Series([value for value, fits in found if fits], dtype=part.cells.dtype)
    return part, StepResult(fitting.implode(), among.faults)


def shifted(value: float | Decimal, places: int) -> Decimal:
    """Return a number with the point moved to the right, as it is written: 0.1 and 2 give 10."""
    return Decimal(str(value)).scaleb(places, Context(prec=500, Emax=9999, Emin=-9999))


def _as_looked_for(value: Any, dtype: pl.DataType, *, single: bool) -> tuple[Any, bool]:
    """A number of a list in the type of the cells, and whether a cell of that type can be equal to it."""
    if value is None:
        return None, True
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value)
    if not dtype.is_float():
        if not math.isfinite(value) or value != int(value):
            return None, False
        low, high = exact.INT64 if dtype == pl.Int64 else (-exact.WIDE, exact.WIDE)
        return int(value), low <= int(value) <= high
    real = float(value)
    if single:
        return pl.Series([real]).cast(pl.Float32).cast(pl.Float64)[0], True
    return real, not isinstance(value, int) or real == value


def undecided(faults: Sequence[Fault], other: StepResult, decisive: bool) -> list[Fault]:
    """Return the faults of one side of AND or OR where the other side, itself without a fault, does not decide alone.

    Args:
        faults: Those of the one side.
        other: The other side.
        decisive: What decides: true of OR, false of AND.
    """
    decided = (other.cells == decisive).fill_null(False)
    for fault in other.faults:
        decided = both(decided, ~fault.cells)
    return [replace(fault, cells=both(fault.cells, ~decided)) for fault in faults]


def checked_spans(a: StepResult, b: StepResult, made: StepResult, sign: str) -> StepResult:
    """Return a sum, difference or product of times, unless it has wrapped."""
    if sign not in exact.SUMS or not made.cells.dtype.is_temporal():
        return made
    wrong = exact.spans_that_wrapped(a.cells, b.cells, made.cells, sign)  # type: ignore[arg-type]
    if wrong is None:
        return made
    fault = Fault(
        wrong,
        lambda row: f"{cell_at(a.cells, row)} {sign} {cell_at(b.cells, row)} is more than a span of time can be",
        "Choose another unit of time.",
    )
    return replace(made, faults=(*made.faults, fault))


def narrow_step(made: StepResult, part: StepResult, words: str) -> StepResult:
    """Return a result of Int128 as Int64; where it does not fit is a fault."""
    fitting = narrowed(StepResult(made.cells))
    faults = tuple(
        replace(f, why=lambda row: f"{words.format(cell_at(part.cells, row))} is beyond 64 bits") for f in fitting.faults
    )
    return StepResult(fitting.cells, (*made.faults, *faults))


def sums_that_fit(made: pl.Series, rough: pl.Series) -> StepResult:
    """Return sums of Int128, with a fault where they are too large for it.

    Args:
        made: The sums; too large ones have wrapped.
        rough: The same in Float64.
    """
    lost = (rough.cast(pl.Float64).abs() >= float(exact.WIDE)).fill_null(False)
    if not lost.any():
        return StepResult(made)
    return StepResult(made.set(lost, None), (Fault(lost, lambda row: f"a sum of {cell_at(rough, row):g} is beyond 64 bits"),))


def nanoseconds(cells: pl.Series) -> pl.Series:
    """Return nanoseconds since 1970 as Int128: those of the year 9999 are beyond 64 bits."""
    if isinstance(cells.dtype, pl.Date):
        cells = cells.cast(pl.Datetime("us"))
    scale = {"ms": 10**6, "us": 10**3, "ns": 1}[getattr(cells.dtype, "time_unit", "ns")]
    return exact.reckoned(cells.to_physical().cast(pl.Int128), pl.Series([scale]), "*")[0]


# ------------------------------------------------------------------------------------------------------------------- cells


def _number(cells: pl.Series) -> pl.Series:
    """Truths and missing cells as whole numbers."""
    return cells if cells.dtype.is_numeric() else cells.cast(pl.Int64)


def widened_cells(cells: pl.Series) -> pl.Series:
    """Return cells in the type in which they are computed with."""
    dtype = exact.widened(cells.dtype)
    return cells if dtype == cells.dtype else cells.cast(dtype)


def in_common(cells: Sequence[pl.Series]) -> list[pl.Series]:
    """Return columns of numbers in the type that they have in common; others as they are."""
    numbers = [each.dtype for each in cells if each.dtype.is_numeric()]
    common = exact.exact_common(numbers) if len(set(numbers)) > 1 else None
    return [each.cast(common) if common is not None and each.dtype.is_numeric() else each for each in cells]


def both(a: pl.Series, b: pl.Series) -> pl.Series:
    """Return where both are true."""
    made: pl.Series = a & b
    return made.fill_null(False)


def lengthened(cells: pl.Series, height: int) -> pl.Series:
    """Return one cell for all rows as a cell per row."""
    if len(cells) == height or len(cells) != 1:
        return cells
    return cells.new_from_index(0, height) if height else cells.clear()


def by_expression(made: Callable[..., pl.Expr], *cells: pl.Series) -> pl.Series:
    """Return an expression of columns, each of one length or of a single cell."""
    height = next((len(each) for each in cells if len(each) != 1), 1)
    frame = pl.DataFrame({str(n): lengthened(each, height) for n, each in enumerate(cells)})
    return frame.select(made(*(pl.col(name) for name in frame.columns)).alias("\0")).to_series()


def cell_at(cells: pl.Series, row: int) -> Any:
    """Return the cell of a row."""
    return cells[row if len(cells) > row else 0]


def _inner(cells: pl.Series) -> pl.DataType:
    inner: pl.DataType | type[pl.DataType] = cells.dtype.inner  # type: ignore[attr-defined]
    return inner() if isinstance(inner, type) else inner


def kind_in_words(dtype: pl.DataType) -> str:
    """Return a type, as a message names what something cannot be made."""
    if dtype.is_integer():
        return f"a whole number ({type(dtype).__name__})"
    return "a number" if dtype.is_numeric() else f"{type(dtype).__name__}"
