"""Expressions of the grammar over columns of every type, with what they are in exact arithmetic: Python's ints and fractions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl
from hypothesis import strategies as st

INT64 = range(-(2**63), 2**63)
WIDE = 2**126
EPSILON = Fraction(1, 2**52)
SMALLEST = Fraction(1, 2**1000)


class DoesNotFit(Exception):
    """A whole number is beyond its bits: the node has to say so."""


class Undetermined(Exception):
    """Rounding decides, or the result is infinite or NaN: nothing is claimed."""


@dataclass(frozen=True)
class Real:
    """A number with decimals: its exact value, and how far from it Float64 may be."""

    exact: Fraction
    error: Fraction = Fraction(0)


@dataclass(frozen=True)
class Term:
    """A part of an expression.

    Attributes:
        text: How it is written.
        kind: What Layerloom computes it in: int (Int64), wide (Int128), real (Float64) or bool.
        at: What it is in a row: None, bool, int or Real.
        single: Whether it is a column of Float32.
        literal: Whether it is a written number.
        decimal: Whether all of its digits are known: a column of Decimal, or a written number.
    """

    text: str
    kind: str
    at: Callable[[int], Any]
    single: bool = False
    literal: bool = False
    decimal: bool = False


WHOLE: Mapping[str, tuple[pl.DataType, int, int]] = {
    "i8": (pl.Int8(), -(2**7), 2**7 - 1),
    "i16": (pl.Int16(), -(2**15), 2**15 - 1),
    "i32": (pl.Int32(), -(2**31), 2**31 - 1),
    "i64": (pl.Int64(), -(2**63), 2**63 - 1),
    "u8": (pl.UInt8(), 0, 2**8 - 1),
    "u16": (pl.UInt16(), 0, 2**16 - 1),
    "u32": (pl.UInt32(), 0, 2**32 - 1),
    "u64": (pl.UInt64(), 0, 2**64 - 1),
}
DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))
MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))


def _often_small(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(max(low, -9), 9) | st.integers(low, high) | st.sampled_from([low, high])


CELLS: Mapping[str, tuple[pl.DataType, st.SearchStrategy[Any]]] = {
    **{name: (dtype, _often_small(low, high)) for name, (dtype, low, high) in WHOLE.items()},
    "f32": (
        pl.Float32(),
        st.sampled_from([float(np.float32(0.1)), 0.5, 1.5])
        | st.floats(-1e6, 1e6, width=32).map(lambda x: x if abs(x) > 1e-9 else 0.0),
    ),
    "f64": (pl.Float64(), st.integers(-(10**6), 10**6).map(lambda n: n / 10) | st.sampled_from([2.0**53, 1e15 + 0.5, 0.1])),
    "flag": (pl.Boolean(), st.booleans()),
    "price": (pl.Decimal(12, 2), st.integers(-(10**9), 10**9).map(lambda n: Decimal(n) / 100) | st.just(Decimal("0.10"))),
    "day": (pl.Date(), DAYS),
    "at": (pl.Datetime("us"), MOMENTS),
}
PARTS = {"YEAR": "year", "MONTH": "month", "DAY": "day", "HOUR": "hour", "MINUTE": "minute", "SECOND": "second"}


@st.composite
def tables(draw: st.DrawFn) -> tuple[pl.DataFrame, Mapping[str, Sequence[Any]]]:
    """Return a table with a column of each type, and its cells as Python has them."""
    height = draw(st.integers(1, 5))
    cells = {
        name: draw(st.lists(st.none() | strategy | strategy, min_size=height, max_size=height))
        for name, (_, strategy) in CELLS.items()
    }
    return pl.DataFrame({name: pl.Series(cells[name], dtype=CELLS[name][0]) for name in cells}), cells


# ----------------------------------------------------------------------------------------------------------- leaves


def column(name: str, cells: Sequence[Any]) -> Term:
    """Return a column of numbers or truths."""
    if name == "flag":
        return Term(name, "bool", lambda i: cells[i])
    if name in WHOLE:
        return Term(name, "wide" if name == "u64" else "int", lambda i: cells[i])
    if name == "price":
        return Term(name, "real", lambda i: None if cells[i] is None else real(Fraction(cells[i])), decimal=True)
    return Term(name, "real", lambda i: None if cells[i] is None else Real(Fraction(cells[i])), single=name == "f32")


def part(name: str, field: str, cells: Sequence[Any]) -> Term:
    """Return a part of a date or time."""
    return Term(f"EXTRACT({field} FROM {name})", "int", lambda i: None if cells[i] is None else getattr(cells[i], PARTS[field]))


def number(text: str) -> Term:
    """Return a written number that is not negative."""
    if "." in text:
        return Term(text, "real", lambda i: real(Fraction(text)), literal=True, decimal=True)
    return Term(text, "int" if int(text) in INT64 else "wide", lambda i: int(text), literal=True)


# ------------------------------------------------------------------------------------------------------- arithmetic


def real(exact: Fraction, error: Fraction = Fraction(0)) -> Real:
    """Return a number as Float64 holds it: what is not exact is rounded once."""
    if abs(exact) > Fraction(10) ** 300:
        raise Undetermined
    if error or Fraction(float(exact)) != exact:
        error += abs(exact) * EPSILON + SMALLEST
    return Real(exact, error)


def as_real(value: Any) -> Real:
    """Return a number with decimals."""
    return value if isinstance(value, Real) else real(Fraction(int(value)))


def fitting(value: int, kind: str) -> int:
    """Return a whole number that its bits hold."""
    if (kind == "int" and value not in INT64) or abs(value) >= WIDE:
        raise DoesNotFit
    return value


def together(*terms: Term) -> str:
    """Return what several terms are computed in."""
    kinds = {term.kind for term in terms}
    return "real" if "real" in kinds else "wide" if "wide" in kinds else "int"


def _truncated(exact: Fraction) -> int:
    return math.trunc(exact)


def _reckoned(op: str, a: Any, b: Any, kind: str) -> Any:
    if kind == "int" or kind == "wide":
        x, y = int(a), int(b)
        match op:
            case "+" | "-" | "*":
                return fitting({"+": x + y, "-": x - y, "*": x * y}[op], kind)
            case "//":
                return None if y == 0 else fitting(_truncated(Fraction(x, y)), "int")
            case "%":
                return None if y == 0 else x - y * _truncated(Fraction(x, y))
    x, y = as_real(a), as_real(b)
    match op:
        case "+":
            return real(x.exact + y.exact, x.error + y.error)
        case "-":
            return real(x.exact - y.exact, x.error + y.error)
        case "*":
            return real(x.exact * y.exact, abs(x.exact) * y.error + abs(y.exact) * x.error + x.error * y.error)
        case "/":
            if abs(y.exact) <= y.error:
                raise Undetermined
            quotient = x.exact / y.exact
            return real(quotient, (x.error + abs(quotient) * y.error) / (abs(y.exact) - y.error))
    if y.error and abs(y.exact) <= y.error:
        raise Undetermined
    if y.exact == 0:
        if op == "//":
            return None
        raise Undetermined  # NaN
    if x.error or y.error:
        raise Undetermined
    quotient = x.exact / y.exact
    if op == "%":
        return real(x.exact - y.exact * _truncated(quotient))
    if Fraction(float(quotient)) != quotient and abs(quotient - round(quotient)) <= abs(quotient) * EPSILON * 2:
        raise Undetermined
    return fitting(_truncated(Fraction(float(quotient))), "int")


def reckoned(op: str, a: Term, b: Term) -> Term:
    """Return a sum, difference, product, quotient or remainder; true is 1."""
    kind = together(a, b)
    made = "real" if op == "/" else "int" if op == "//" else kind
    inner = "real" if op == "/" else kind

    def at(i: int) -> Any:
        x, y = a.at(i), b.at(i)
        return None if x is None or y is None else _reckoned(op, x, y, inner)

    return Term(f"({a.text} {op} {b.text})", made, at)


def negative(a: Term) -> Term:
    """Return the negative number, which SQL reads as 0 less it."""
    made = reckoned("-", number("0"), a)
    return Term(f"(- {a.text})", made.kind, made.at)


def absolute(a: Term) -> Term:
    """Return the size of a number."""

    def at(i: int) -> Any:
        x = a.at(i)
        if x is None:
            return None
        return Real(abs(x.exact), x.error) if isinstance(x, Real) else fitting(abs(x), "int")

    return Term(f"ABS({a.text})", "real" if a.kind == "real" else "int", at)


def _as_kind(value: Any, kind: str) -> Any:
    return as_real(value) if kind == "real" and value is not None else value


def first_there(a: Term, b: Term) -> Term:
    """Return COALESCE."""
    kind = together(a, b)

    def at(i: int) -> Any:
        x, y = a.at(i), b.at(i)
        return _as_kind(y if x is None else x, kind)

    return Term(f"COALESCE({a.text}, {b.text})", kind, at)


def extreme(name: str, a: Term, b: Term) -> Term:
    """Return GREATEST or LEAST, which leave missing cells out."""
    kind = together(a, b)

    def at(i: int) -> Any:
        values = [_as_kind(value, kind) for value in (a.at(i), b.at(i)) if value is not None]
        if not values:
            return None
        if kind != "real":
            return max(values) if name == "GREATEST" else min(values)
        pick = max if name == "GREATEST" else min
        return Real(pick(v.exact for v in values), max(v.error for v in values))

    return Term(f"{name}({a.text}, {b.text})", kind, at)


def case(condition: Term, a: Term, b: Term) -> Term:
    """Return CASE: only the branch that is taken counts."""
    kind = together(a, b)

    def at(i: int) -> Any:
        return _as_kind((a if condition.at(i) else b).at(i), kind)

    return Term(f"CASE WHEN {condition.text} THEN {a.text} ELSE {b.text} END", kind, at)


# ------------------------------------------------------------------------------------------------------- conditions


def _met(value: Any, term: Term, other: Term) -> Real:
    """A number as it is compared: a written one in Float32 with a column of Float32."""
    if term.literal and other.single:
        return Real(Fraction(float(np.float32(float(as_real(value).exact)))))
    return value if isinstance(value, Real) else Real(Fraction(int(value)))


def compared(op: str, a: Term, b: Term) -> Term:
    """Return a comparison by exact values."""

    def at(i: int) -> bool | None:
        x, y = a.at(i), b.at(i)
        if x is None or y is None:
            return None
        p, q = _met(x, a, b), _met(y, b, a)
        if all(term.decimal or term.kind in ("int", "wide") for term in (a, b)):
            p, q = Real(p.exact), Real(q.exact)
        if abs(p.exact - q.exact) <= p.error + q.error and (p.error or q.error):
            raise Undetermined
        less, same = p.exact < q.exact, p.exact == q.exact
        told = {"<": less, "<=": less or same, "=": same, "<>": not same, ">": not less and not same, ">=": not less}
        return told[op]

    return Term(f"({a.text} {op} {b.text})", "bool", at)


def among(a: Term, values: Sequence[Term]) -> Term:
    """Return IN, with written numbers; polars reads a list with decimals, or with numbers beyond 64 bits, as decimals."""
    tests = [compared("=", a, value) for value in values]

    def at(i: int) -> bool | None:
        told = [test.at(i) for test in tests]
        return None if None in told else any(told)

    return Term(f"({a.text} IN ({', '.join(v.text for v in values)}))", "bool", at)


def _known(term: Term, i: int) -> Any:
    try:
        return term.at(i)
    except DoesNotFit as error:
        return error


def joined(op: str, a: Term, b: Term) -> Term:
    """Return AND or OR: what one side decides needs no other."""
    decisive = op == "OR"

    def at(i: int) -> bool | None:
        sides = [_known(a, i), _known(b, i)]
        if decisive in [side for side in sides if isinstance(side, bool)]:
            return decisive
        for side in sides:
            if isinstance(side, DoesNotFit):
                raise side
        return None if None in sides else not decisive

    return Term(f"({a.text} {op} {b.text})", "bool", at)


def opposite(a: Term) -> Term:
    """Return NOT."""

    def at(i: int) -> bool | None:
        x = a.at(i)
        return None if x is None else not x

    return Term(f"(NOT {a.text})", "bool", at)


def is_missing(a: Term) -> Term:
    """Return IS NULL."""
    return Term(f"({a.text} IS NULL)", "bool", lambda i: a.at(i) is None)


# ------------------------------------------------------------------------------------------------------- whole columns


def figure(name: str, a: Term, height: int, keys: Sequence[Any] | None = None) -> Term:
    """Return a figure of the whole column, or of the rows with the same key: what one row cannot tell, none can.

    Args:
        name: The function.
        a: What it is of.
        height: The number of rows.
        keys: The cells of `flag`, if rows with the same one belong together.
    """
    kind = {"COUNT": "int", "AVG": "real", "SUM": "real" if a.kind == "real" else "wide"}.get(name, a.kind)

    def at(i: int) -> Any:
        cells = [a.at(row) for row in range(height)]
        values = [cell for row, cell in enumerate(cells) if cell is not None and (keys is None or keys[row] == keys[i])]
        if name == "COUNT":
            return len(values)
        if not values:
            return None
        if name in ("MIN", "MAX") and a.kind != "real":
            return min(values) if name == "MIN" else max(values)
        if name in ("MIN", "MAX"):
            return Real((min if name == "MIN" else max)(v.exact for v in values), max(v.error for v in values))
        if name == "SUM" and a.kind != "real":
            return fitting(sum(values), "wide")
        reals = [as_real(value) for value in values]
        size = sum((abs(v.exact) for v in reals), Fraction(0))
        if size > Fraction(10) ** 300:
            raise Undetermined
        error = sum((v.error for v in reals), Fraction(0)) + size * EPSILON * len(reals)
        total = sum((v.exact for v in reals), Fraction(0))
        return Real(total, error) if name == "SUM" else Real(total / len(reals), error)

    return Term(f"{name}({a.text})" + (" OVER (PARTITION BY flag)" if keys is not None else ""), kind, at)


# ------------------------------------------------------------------------------------------------------------ drawing

NUMBERS = [
    "0",
    "1",
    "2",
    "7",
    "60",
    "127",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "1234567890123456789012345678901234567",
    "0.1",
    "1.5",
    "2.50",
]


@st.composite
def numbers(draw: st.DrawFn, cells: Mapping[str, Sequence[Any]], depth: int, figures: bool = True) -> Term:
    """Return a term that is a number (or a truth as one, in a sum)."""
    kinds = ["column", "column", "literal", "part"] + ["op", "op", "op", "neg", "abs", "coalesce", "extreme", "case"] * (
        depth > 0
    )
    kind = draw(st.sampled_from(kinds + ["figure"] * (depth > 0 and figures)))
    inner = numbers(cells, depth - 1, figures)
    match kind:
        case "column":
            name = draw(st.sampled_from([*WHOLE, "f32", "f64", "price"]))
            return column(name, cells[name])
        case "literal":
            return number(draw(st.sampled_from(NUMBERS)))
        case "part":
            name = draw(st.sampled_from(["day", "at"]))
            return part(name, draw(st.sampled_from(list(PARTS)[: 3 if name == "day" else 6])), cells[name])
        case "op":
            op = draw(st.sampled_from(["+", "-", "*", "/", "//", "%"]))
            sides = [draw(inner), draw(inner | st.just(column("flag", cells["flag"])))]
            return reckoned(op, *sides)
        case "neg":
            return negative(draw(inner))
        case "abs":
            return absolute(draw(inner))
        case "coalesce":
            return first_there(draw(inner), draw(inner))
        case "extreme":
            return extreme(draw(st.sampled_from(["GREATEST", "LEAST"])), draw(inner), draw(inner))
        case "case":
            return case(draw(conditions(cells, depth - 1, figures)), draw(inner), draw(inner))
    name = draw(st.sampled_from(["SUM", "MIN", "MAX", "COUNT", "AVG"]))
    keys = cells["flag"] if draw(st.booleans()) else None
    return figure(name, draw(numbers(cells, depth - 1, False)), len(cells["i8"]), keys)


@st.composite
def conditions(draw: st.DrawFn, cells: Mapping[str, Sequence[Any]], depth: int, figures: bool = True) -> Term:
    """Return a term that is true or false."""
    kind = draw(st.sampled_from(["compare", "compare", "flag", "in"] + ["join", "not", "missing"] * (depth > 0)))
    inner = numbers(cells, max(depth - 1, 0), figures)
    match kind:
        case "compare":
            return compared(draw(st.sampled_from(["<", "<=", "=", "<>", ">", ">="])), draw(inner), draw(inner))
        case "flag":
            return column("flag", cells["flag"])
        case "in":
            picked = draw(st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3, unique=True))
            return among(draw(inner), [number(text) for text in picked])
        case "join":
            return joined(draw(st.sampled_from(["AND", "OR"])), draw(conditions(cells, depth - 1, figures)),
                          draw(conditions(cells, depth - 1, figures)))  # fmt: skip
        case "not":
            return opposite(draw(conditions(cells, depth - 1, figures)))
    return is_missing(draw(inner))


@st.composite
def expressions(draw: st.DrawFn) -> tuple[pl.DataFrame, Term]:
    """Return a table and an expression over it."""
    frame, cells = draw(tables())
    return frame, draw(numbers(cells, 3) | conditions(cells, 3))
