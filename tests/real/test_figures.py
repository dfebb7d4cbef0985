"""Sums, figures and keys of awkward columns against DuckDB, scipy and exact arithmetic.

Every case is drawn from its number alone: the test's name tells the seed.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from scipy import stats

from nodes.base import NodeError
from nodes.tables.chosen_rows import ReferenceRowFilter
from nodes.tables.difference import Difference
from nodes.tables.duplicate_row_filter import DuplicateRowFilter
from nodes.tables.group_by import GroupBy
from nodes.tables.joiner import Joiner
from nodes.tables.moving_aggregation import MovingAggregation
from nodes.tables.pivot import Pivot
from nodes.tables.statistics import Statistics
from nodes.tables.value_lookup import ValueLookup
from nodes.values.table import Table
from tests.sampling import mostly_exhaustive
from tests.support import run

LOW, HIGH = -(2**63), 2**63 - 1
BITS = {pl.Int8: (-128, 127), pl.Int16: (-(2**15), 2**15 - 1), pl.Int32: (-(2**31), 2**31 - 1), pl.Int64: (-(2**63), 2**63 - 1),
        pl.UInt8: (0, 255), pl.UInt16: (0, 2**16 - 1), pl.UInt32: (0, 2**32 - 1), pl.UInt64: (0, 2**64 - 1)}  # fmt: skip
NUMBERS = [*BITS, pl.Float32, pl.Float64, pl.Boolean, pl.Decimal(12, 2)]


def column(draw: random.Random, dtype: Any, rows: int) -> pl.Series:
    """Awkward cells: ends of the type, zeros, many alike, missing, NaN."""
    kind = draw.choice(["small", "all", "ends", "alike", "missing"])
    cells = []
    for _ in range(rows):
        if kind == "missing" or draw.random() < 0.2:
            cells.append(None)
        elif dtype in BITS:
            low, high = BITS[dtype]
            small = draw.randint(max(low, -5), 5)
            cells.append({"small": small, "all": draw.randint(low, high), "ends": draw.choice([low, high, 0, 1])}.get(kind, 3))
        elif dtype == pl.Boolean:
            cells.append(draw.random() < 0.5)
        elif isinstance(dtype, pl.Decimal):
            cells.append(Decimal(draw.randint(-(10**9), 10**9)) / 100)
        else:
            cells.append(
                math.nan if draw.random() < 0.1 else 0.1 if kind == "alike" else draw.uniform(-1, 1) * 10 ** draw.randint(-3, 6)
            )
    return pl.Series("x", cells, dtype=dtype)


def exact(cells: pl.Series) -> list[Fraction]:
    """The cells that count, as fractions."""
    there = cells.drop_nulls()
    there = there.drop_nans() if there.dtype.is_float() else there
    return [Fraction(cell) for cell in there.to_list()]


def by_hand(method: str, values: list[Fraction]) -> Any:
    """A figure in exact arithmetic, or by scipy; None where there is none."""
    n = len(values)
    real = np.array([float(v) for v in values])
    if n < {"std": 2, "var": 2, "skew": 3, "kurtosis": 4}.get(method, 1):
        return None
    match method:
        case "sum":
            return sum(values)
        case "product":
            return math.prod(values)
        case "range":
            return max(values) - min(values)
        case "mean":
            return sum(values) / n
        case "sum of squares":
            return sum(v * v for v in values)
        case "var" | "std":
            mean = sum(values) / n
            square = sum((v - mean) ** 2 for v in values) / (n - 1)
            return square if method == "var" else math.sqrt(square)
    if len(set(values)) == 1:
        return 0.0
    return float((stats.skew if method == "skew" else stats.kurtosis)(real, bias=False))


METHODS = ("sum", "product", "range", "mean", "var", "std", "skew", "kurtosis", "sum of squares")


@pytest.mark.parametrize("seed", mostly_exhaustive(range(400), 15, "figures"))
def test_figures_of_groups_are_exact_or_refused(seed):
    draw = random.Random(seed)
    rows = draw.randint(1, 12)
    dtype = draw.choice(NUMBERS)
    method = draw.choice(METHODS[:1] + METHODS[3:4] if dtype == pl.Boolean else METHODS)
    cells = column(draw, dtype, rows)
    frame = pl.DataFrame({"g": pl.Series([draw.choice([1, 2, None]) for _ in range(rows)], dtype=pl.Int8), "x": cells})
    groups = {key: exact(frame.filter(pl.col("g").eq_missing(key))["x"]) for key in dict.fromkeys(frame["g"].to_list())}
    expected = {key: by_hand(method, values) for key, values in groups.items()}
    whole = method in ("sum", "product", "range") and (dtype in BITS or dtype == pl.Boolean)
    beyond = whole and any(value is not None and not LOW <= value <= HIGH for value in expected.values())
    node = GroupBy(keys=["g"], aggregations=[{"column": "x", "method": method, "new_name": "y"}])
    if beyond:
        with pytest.raises(NodeError, match="does not fit into 64 bits"):
            run(node, {"table": Table.of(frame)})
        return

    made = run(node, {"table": Table.of(frame)})["table"].frame()

    assert made["y"].dtype == (pl.Int64 if whole else pl.Float64)
    for key, cell in made.rows():
        close(cell, expected[key], groups[key], whole=whole, product=method == "product", rough=method in ("skew", "kurtosis"))
    if method in ("sum", "product", "mean"):
        category = frame.with_columns(pl.col("g").fill_null(0) == 1)
        crossed = run(Pivot(on="g", aggregations=[{"column": "x", "method": method}]), {"table": Table.of(category)})
        one = by_hand(method, exact(frame.filter(pl.col("g") == 1)["x"]))
        close(crossed["table"].frame()["true"].item(), one, groups.get(1, []), whole=whole, product=method == "product")


def close(cell: Any, wanted: Any, values: Sequence[Fraction], *, whole: bool, product: bool = False, rough: bool = False) -> None:
    """A whole number is the same; another one is as near as the sizes of what it is made of allow."""
    if wanted is None or whole:
        assert cell == wanted, (cell, wanted)
        return
    size = abs(float(wanted)) if product else float(sum(abs(v) for v in values)) + float(sum(v * v for v in values))
    assert cell == pytest.approx(float(wanted), rel=1e-6 if rough else 1e-12, abs=(1e-6 if rough else 1e-14) * max(size, 1e-300))


@pytest.mark.parametrize("seed", mostly_exhaustive(range(200), 8, "databases"))
def test_figures_are_those_of_a_database(seed):
    draw = random.Random(f"duckdb {seed}")
    rows = draw.randint(1, 40)
    frame = pl.DataFrame({"g": [draw.randint(0, 3) for _ in range(rows)]}).with_columns(
        column(draw, draw.choice([*BITS, pl.Decimal(12, 2)]), rows)
    )
    source = frame.to_arrow()
    names = {"sum": "sum", "mean": "avg", "var": "var_samp", "median": "median", "skew": "skewness", "min": "min", "max": "max"}
    figures = ", ".join(f"{sql}(x::DOUBLE) AS {ours}" for ours, sql in names.items())
    with duckdb.connect() as database:
        database.register("source", source)
        theirs = {row[0]: row[1:] for row in database.execute(f"SELECT g, {figures} FROM source GROUP BY g").fetchall()}
    node = GroupBy(keys=["g"], aggregations=[{"column": "x", "method": method} for method in names])
    try:
        ours = run(node, {"table": Table.of(frame)})["table"].frame()
    except NodeError as error:
        assert "does not fit" in error.message
        assert any(abs(row[0] or 0) > 2.0**62 for row in theirs.values())
        return
    for row in ours.iter_rows():
        for method, cell, other in zip(names, row[1:], theirs[row[0]], strict=True):
            if other is None or math.isnan(other):
                assert cell in (None, 0.0), method
            else:
                assert float(cell) == pytest.approx(other, rel=1e-6, abs=1e-6), method


# ------------------------------------------------------------------------------------------------------------- series


@pytest.mark.parametrize("seed", mostly_exhaustive(range(200), 8, "series"))
def test_windows_and_differences_are_exact_or_refused(seed):
    draw = random.Random(f"series {seed}")
    rows, size = draw.randint(1, 12), draw.randint(1, 4)
    dtype = draw.choice([*BITS, pl.Float32, pl.Float64])
    cells = column(draw, dtype, rows)
    frame = pl.DataFrame([cells])
    method = draw.choice(["sum", "min", "max", "mean", "var"])
    node = MovingAggregation(columns=["x"], method=method, window_size=size, min_samples=1)
    ends = {"min": min, "max": max}
    expected = []
    for row in range(rows):
        values = exact(cells[max(0, row - size + 1) : row + 1])
        expected.append(None if not values else ends[method](values) if method in ends else by_hand(method, values))
    whole = dtype in BITS and method in ("sum", "min", "max")
    refused(node, frame, f"{method}(x)", expected, whole, [float(v) for v in exact(cells)])
    steps = [None if a is None or b is None else b - a for a, b in zip([None, *cells], [*cells], strict=False)]
    exactly = [None if s is None or math.isnan(s) else Fraction(s) for s in steps]
    if not (cells.dtype.is_float() and cells.is_nan().any()):
        refused(Difference(columns=["x"]), frame, "x (difference)", exactly, dtype in BITS, [float(v) for v in exact(cells)])


def refused(node: Any, frame: pl.DataFrame, name: str, expected: list[Any], whole: bool, sizes: list[float]) -> None:
    """The node gives what is expected, or refuses what does not fit."""
    if whole and any(value is not None and not LOW <= value <= HIGH for value in expected):
        with pytest.raises(NodeError, match="does not fit into 64 bits"):
            run(node, {"table": Table.of(frame)})
        return
    made = run(node, {"table": Table.of(frame)})["table"].frame()[name]
    assert made.dtype == (pl.Int64 if whole else pl.Float64)
    scale = max((abs(v) for v in sizes), default=0.0)
    for cell, value in zip(made, expected, strict=True):
        if value is None or whole:
            assert cell == value
        else:
            assert cell == pytest.approx(float(value), rel=1e-9, abs=1e-12 * max(scale, scale**2))


# --------------------------------------------------------------------------------------------------------------- keys

KEYS = [
    0,
    1,
    -1,
    2,
    127,
    2**24 + 1,
    2**53,
    2**53 + 1,
    -(2**53) - 1,
    2**63 - 1,
    2**63,
    2**64 - 1,
    0.5,
    0.1,
    -0.0,
    2.0**53,
    2.0**63,
]


def keys(draw: random.Random) -> pl.Series:
    """A column of keys of any type of number, with missing cells and NaN where it can have them."""
    dtype = draw.choice([*BITS, pl.Float32, pl.Float64, pl.Decimal(20, 1)])
    cells: list[Any] = [None] if draw.random() < 0.7 else []
    for key in draw.sample(KEYS, 9):
        if dtype in BITS and key == int(key) and BITS[dtype][0] <= key <= BITS[dtype][1]:
            cells.append(int(key))
        elif dtype in (pl.Float32, pl.Float64):
            cells.append(float(key))
        elif isinstance(dtype, pl.Decimal) and (key == int(key) or key in (0.5, 0.1)) and abs(key) < 10**18:
            cells.append(Decimal(str(key)))
    if dtype in (pl.Float32, pl.Float64):
        cells.append(math.nan)
    draw.shuffle(cells)
    return pl.Series("k", cells, dtype=dtype)


def meant(cells: pl.Series, other: pl.Series) -> list[Any]:
    """What each cell is as a key: its exact value, as Float64 where it meets decimals; NaN is one key, missing is none."""
    rounded = isinstance(cells.dtype, pl.Decimal) and other.dtype.is_float()
    values = [float(cell) if rounded and cell is not None else cell for cell in cells.to_list()]
    return [None if v is None else "NaN" if isinstance(v, float) and math.isnan(v) else Fraction(v) for v in values]


@pytest.mark.parametrize("seed", mostly_exhaustive(range(400), 15, "keys"))
def test_keys_agree_by_their_exact_values(seed):
    draw = random.Random(f"keys {seed}")
    left, right = keys(draw), keys(draw)
    a, b = meant(left, right), meant(right, left)
    first = Table.of(left.to_frame().with_row_index("i"))
    second = Table.of(right.to_frame().with_row_index("j"))
    wanted = sorted((i, j) for i, x in enumerate(a) for j, y in enumerate(b) if x is not None and x == y)

    joined = run(Joiner(on=[{"left": "k", "right": "k"}]), {"left": first, "right": second})["table"].frame()
    assert sorted(joined.select("i", "j").rows()) == wanted, (left, right)
    agreeing = run(Joiner(on=[{"left": "k", "right": "k"}], nulls_equal=True, how="semi"), {"left": first, "right": second})
    missing = [i for i, x in enumerate(a) if x is None and None in b]
    assert sorted(agreeing["table"].frame()["i"].to_list()) == sorted({i for i, _ in wanted} | set(missing))

    kept = run(ReferenceRowFilter(column="k", reference="k"), {"table": first, "reference": second})
    assert kept["table"].frame()["i"].to_list() == sorted({i for i, _ in wanted})
    found = run(ValueLookup(column="k", key="k", values=["j"]), {"table": first, "dictionary": second})["table"].frame()["j"]
    assert found.to_list() == [next((j for i2, j in wanted if i2 == i), None) for i in range(len(a))]


@pytest.mark.parametrize("seed", mostly_exhaustive(range(100), 6, "groups"))
def test_groups_and_duplicates_know_missing_and_nan(seed):
    draw = random.Random(f"groups {seed}")
    cells = keys(draw)
    cells = cells.append(cells).alias("k")
    counts = Counter(meant(cells, cells))
    frame = pl.DataFrame([cells])
    groups = run(
        GroupBy(keys=["k"], aggregations=[{"column": "k", "method": "len", "new_name": "n"}]), {"table": Table.of(frame)}
    )
    made = groups["table"].frame()
    assert dict(zip(meant(made["k"], cells), made["n"], strict=True)) == counts
    for columns in (frame, frame.with_columns(pl.lit(1).alias("other"))):
        once = run(DuplicateRowFilter(subset=columns.columns), {"table": Table.of(columns)})["table"].frame()["k"]
        assert Counter(meant(once, cells)) == dict.fromkeys(counts, 1)


def test_statistics_are_of_samples():
    frame = pl.DataFrame({"x": pl.Series([1, 2, 4, 9], dtype=pl.Int8), "c": pl.Series([0.1] * 4, dtype=pl.Float32)})
    made = run(Statistics(), {"table": Table.of(frame)})["statistics"].frame()
    assert made["skewness"].to_list() == [pytest.approx(stats.skew([1, 2, 4, 9], bias=False)), 0.0]
    assert made["kurtosis"].to_list() == [pytest.approx(stats.kurtosis([1, 2, 4, 9], bias=False)), 0.0]
    assert made["sum"].to_list() == [16.0, pytest.approx(4 * float(np.float32(0.1)), rel=1e-15)]
