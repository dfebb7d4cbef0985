"""What was wrong once, with the right value."""

from __future__ import annotations

import math
import operator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from app.engine.inspection.statistics import _of_numbers
from nodes.base import NodeError
from nodes.tables.column_parts import ColumnMerger
from nodes.tables.concatenate import ConcatenateTables
from nodes.tables.difference import Difference
from nodes.tables.joiner import Joiner
from nodes.tables.linear_correlation import LinearCorrelation
from nodes.tables.math_formula import MathFormula
from nodes.tables.missing_value import MissingValue
from nodes.tables.normalizer import Normalizer
from nodes.tables.row_filter import RowFilter
from nodes.tables.rule_based_row_filter import RuleBasedRowFilter
from nodes.tables.rule_engine import RuleEngine
from nodes.tables.string_manipulation import StringManipulation
from nodes.tables.value_lookup import ValueLookup
from nodes.values.table import Table
from tests.support import configure, run

LARGE = 2**53 + 1
FRAME = pl.DataFrame(
    {
        "at": [datetime(2023, 7, 9, 23, 59), None],
        "n": pl.Series([3, None], dtype=pl.Int8),
        "big": [LARGE, None],
        "u": pl.Series([2**64 - 1, None], dtype=pl.UInt64),
        "single": pl.Series([0.1, None], dtype=pl.Float32),
        "text": ["a-b-c", None],
        "none": pl.Series([None, None], dtype=pl.Int64),
    }
)


def first(expression: str, frame: pl.DataFrame = FRAME) -> Any:
    return run(MathFormula(expression=expression), {"table": Table.of(frame)})["table"].frame()["new column"][0]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("EXTRACT(HOUR FROM at) * 60 + EXTRACT(MINUTE FROM at)", 1439),
        ("EXTRACT(MONTH FROM at) * 50", 350),
        ("EXTRACT(YEAR FROM at) * 10000 + EXTRACT(MONTH FROM at) * 100 + EXTRACT(DAY FROM at)", 20230709),
        ("1.0 / 1000000", 1e-6), ("1.0 / 100000000", 1e-8), ("n * 1.0 / 0", math.inf), ("n * 50", 150), ("-n // 2", -1),
        ("big = 9007199254740992.0", False), ("big > 9007199254740992.0", True), ("big IN (9007199254740992.0)", False),
        ("single = 0.1", True), ("single IN (0.1, 0.5)", True), ("u = 18446744073709551615", True),
        ("CASE WHEN n > 5 THEN big * big ELSE 0 END", 0), ("n > 5 AND big * big > 1", False), ("SUM(none)", None),
        ("STRPOS(text, 'b')", 3), ("STRPOS(text, '.')", 0), ("GREATEST(none, n)", 3), ("LEAST(n, none)", 3), ("ABS(-n)", 3),
        ("SUM(n) OVER (PARTITION BY text)", 3), ("POW(n, 2)", 9.0),
        ("u IN (18446744073709551615)", True), ("big IN (9007199254740992, 0.5)", False),
        ("big IN (9007199254740993, 0.5)", True),
        ("big * 1.0 IN (9007199254740993)", False), ("SUM(18446744073709551615) - SUM(18446744073709551614)", 2),
        ("SUM(7) OVER (PARTITION BY text)", 7), ("u - 18446744073709551615", 0), ("SUM(1.5)", 3.0),
        ("-9223372036854775808", -(2**63)),
    ],
)  # fmt: skip
def test_a_formula_is_right(expression, value):
    assert first(expression) == value


@pytest.mark.parametrize(
    "expression", ["big * big", "u + 0", "u", "SUM(u)", "9223372036854775807 + 1", "ABS(-9223372036854775807 - 1)"]
)
def test_what_64_bits_do_not_hold_is_said(expression):
    with pytest.raises(NodeError, match=r"Row 1 cannot be computed: .*64 bits") as caught:
        first(expression)
    assert "1.0 * x" in caught.value.remedy


LONG = 1234567890123456789012345678901234567


@pytest.mark.parametrize(
    "expression",
    [
        "18446744073709551615", "SUM(18446744073709551615)", "SUM(9223372036854775807)", "SUM(9223372036854775807) OVER ()",
        "SUM(6223372036854775807) OVER (PARTITION BY n - n)", "ABS(9223372036854775808)", f"COALESCE({LONG}, n)",
        f"SUM(n - n + {LONG}) * 0", f"SUM({LONG}) * 0", f"n - n + SUM({LONG}) OVER (PARTITION BY n) * 0",
    ],
)  # fmt: skip
def test_whole_numbers_beyond_64_bits_never_become_decimals_or_wrap(expression):
    frame = pl.DataFrame({"n": [1] * 200})
    with pytest.raises(NodeError, match="cannot be computed"):
        first(expression, frame)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("99999999999999999999999999999999999999", "at most 37 digits"), ("u < " + "9" * 40, "at most 37 digits"),
        ("u IN (99999999999999999999999999999999999999, 1)", "at most 37 digits"), ("1." + "1" * 40, "at most 37 digits"),
        ("big IN (9007199254740993, 1e3)", "9007199254740993 becomes 9007199254740992"),
        ("SUM(n - AVG(n)) OVER (PARTITION BY text)", "cannot stand within another one that has OVER"),
    ],
)  # fmt: skip
def test_written_numbers_that_would_be_rounded_are_refused(expression, words):
    with pytest.raises(NodeError, match=words):
        configure(RuleEngine(rules=[{"condition": f"({expression}) IS NULL", "outcome": "1"}]), {"table": Table.of(FRAME)})


def test_only_a_side_that_could_be_computed_decides_a_condition():
    frame = pl.DataFrame({"n": [None, 2**62]})
    both = "(n * n IS NOT NULL) AND (4 * n IS NOT NULL)"  # false in the first row, and nothing in the second
    with pytest.raises(NodeError, match="Row 2"):
        run(RuleBasedRowFilter(condition=both), {"table": Table.of(frame)})
    assert run(RuleBasedRowFilter(condition=f"n < 0 AND {both}"), {"table": Table.of(frame)})["true"].height == 0


def test_a_row_is_named_whatever_the_piece_it_is_in(monkeypatch):
    monkeypatch.setattr("nodes.values.table.BATCH_BYTES", 16)
    monkeypatch.setattr("nodes.kit.tables.elementwise.BATCH_BYTES", 16)
    frame = pl.DataFrame({"n": [1] * 6 + [2**62]})
    for node in (
        MathFormula(expression="n * 4"),
        RuleEngine(rules=[{"condition": "n > 1", "outcome": "n * 4"}]),
        RuleBasedRowFilter(condition="n * 4 > 1"),
    ):
        with pytest.raises(NodeError, match="Row 7 cannot be computed"):
            run(node, {"table": Table.of(frame)})


def test_text_is_what_the_help_says():
    def made(expression: str) -> list[str | None]:
        node = StringManipulation(expression=expression, column="new")
        return run(node, {"table": Table.of(FRAME)})["table"].frame()["new"].to_list()

    assert made("REGEXP_REPLACE(text, '-', '')") == ["abc", None]
    assert made("REGEXP_REPLACE(text, '([a-z])-', '$1+')") == ["a+b+c", None]
    assert made("REGEXP_REPLACE(text, '-', '$')") == ["a$b$c", None]
    assert made("CONCAT(text, '!')") == ["a-b-c!", "!"]
    assert made("text || '!'") == ["a-b-c!", None]
    assert made("STRPOS(text, 'c')") == ["5", None]
    assert made("single") == made("CAST(single AS VARCHAR)") == ["0.1", None]


def test_times_that_no_span_holds_are_said():
    times = pl.DataFrame(
        {"a": pl.Series([-(2**62)], dtype=pl.Datetime("ns")), "b": pl.Series([2**62 + 1], dtype=pl.Datetime("ns"))}
    )
    series = pl.DataFrame({"t": pl.Series([-(2**62) - 1, 2**62 + 1], dtype=pl.Datetime("ns"))})
    frame = pl.DataFrame({"d": [date(9999, 12, 31)], "e": [date(1, 1, 1)]})
    with pytest.raises(NodeError, match="more than a span of time can be"):
        run(RuleBasedRowFilter(condition="b - a > INTERVAL '1 day'"), {"table": Table.of(times)})
    with pytest.raises(NodeError, match="In row 2 the difference of 't' does not fit"):
        run(Difference(columns=["t"]), {"table": Table.of(series)})
    kept = run(RuleBasedRowFilter(condition="d - e > INTERVAL '3650000 days'"), {"table": Table.of(frame)})
    assert kept["true"].height == 1
    moments = pl.DataFrame({"t": [datetime(9999, 12, 31)]})
    assert first("EXTRACT(EPOCH FROM t)", moments) == 253402214400.0
    longer = run(Difference(columns=["d"]), {"table": Table.of(pl.DataFrame({"d": [date(1, 1, 1), date(9999, 12, 31)]}))})
    assert longer["table"].frame()["d (difference)"][1] == timedelta(days=3652058)


def test_equal_numbers_have_no_spread_whatever_the_rounding():
    frame = pl.DataFrame({"x": [0.1] * 10, "y": [float(n) for n in range(10)]})
    scaled = run(Normalizer(columns=["x"], method="z-score"), {"table": Table.of(frame)})
    assert scaled["table"].frame()["x"].to_list() == [0.0] * 10
    for method in ("pearson", "spearman", "kendall"):
        pairs = run(LinearCorrelation(method=method), {"table": Table.of(frame)})["pairs"].frame()
        assert pairs["correlation"].to_list() == [None]


def test_a_line_leaves_no_nan():
    for cells, filled in (
        ([-math.inf, None, math.inf], [-math.inf, None, math.inf]),
        ([1e308, None, -1e308], [1e308, 0.0, -1e308]),
        ([math.inf, None, 1.0], [math.inf, math.inf, 1.0]),
        ([1.0, math.nan, 3.0], [1.0, 2.0, 3.0]),
    ):
        frame = pl.DataFrame({"x": pl.Series(cells, dtype=pl.Float64)})
        for method in ("linear", "average", "mean", "moving average"):
            node = MissingValue(treatments=[{"columns": ["x"], "method": method}])
            made = run(node, {"table": Table.of(frame)})["table"].frame()["x"]
            assert not made.is_nan().any(), method
            if method == "linear":
                assert made.to_list() == filled


def test_float32_is_added_up_in_float64():
    ones = pl.Series("x", [2.0**24, 1.0, 1.0], dtype=pl.Float32)
    assert first("SUM(x)", ones.to_frame()) == 2.0**24 + 2
    assert _of_numbers(ones)["mean"] == (2.0**24 + 2) / 3


def test_no_number_loses_digits_in_a_common_type():
    whole, real = pl.DataFrame({"k": [LARGE]}), pl.DataFrame({"k": [2.0**53]})
    unsigned = pl.DataFrame({"k": pl.Series([2**64 - 1], dtype=pl.UInt64)})
    for other, lost in ((real, LARGE), (unsigned, 2**64 - 1)):
        with pytest.raises(NodeError, match=f"{lost} in column 'k' does not fit into"):
            run(ConcatenateTables(), {"table_1": Table.of(whole), "table_2": Table.of(other)})
    with pytest.raises(NodeError, match=f"{LARGE} in column 'k' does not fit into Float64"):
        run(Joiner(on=[{"left": "k", "right": "k"}], how="full"), {"left": Table.of(whole), "right": Table.of(real)})
    merged = pl.DataFrame({"a": [None, LARGE], "b": [0.5, 1.5]})
    with pytest.raises(NodeError, match=f"{LARGE} in column 'a'"):
        run(ColumnMerger(primary="a", secondary="b"), {"table": Table.of(merged)})


def test_float32_meets_what_a_person_writes_and_float64_with_a_warning():
    single = pl.DataFrame({"k": pl.Series([0.1, 0.5], dtype=pl.Float32)})
    double = pl.DataFrame({"k": [0.1, 0.5], "v": [1, 2]})
    kept = run(RowFilter(criteria=[{"column": "k", "operator": "equals", "value": 0.1}]), {"table": Table.of(single)})
    assert kept["table"].height == 1
    listed = run(RowFilter(criteria=[{"column": "k", "operator": "in list", "values": [0.1, 0.5]}]), {"table": Table.of(single)})
    assert listed["table"].height == 2
    found = run(ValueLookup(column="k", key="k"), {"table": Table.of(single), "dictionary": Table.of(double)})
    assert found["table"].frame()["v"].to_list() == [None, 2]


def test_nan_is_next_to_nothing():
    dictionary = pl.DataFrame({"k": [1.0, math.nan], "v": [1, 2]})
    looked = Table.of(pl.DataFrame({"k": [0.5, 1.5, math.nan, None]}))
    for no_match, values in (("next larger", [1, None, None, None]), ("next smaller", [None, 1, None, None])):
        node = ValueLookup(column="k", key="k", no_match=no_match)
        made = run(node, {"table": looked, "dictionary": Table.of(dictionary)})
        assert made["table"].frame()["v"].to_list() == values


def test_what_is_promised_is_known_before_anything_runs():
    table = Table.of(FRAME)
    for expression, dtype in (
        ("n + 1", pl.Int64),
        ("single", pl.Float64),
        ("u", pl.Int64),
        ("n / 1", pl.Float64),
        ("n > 1", pl.Boolean),
    ):
        made = configure(MathFormula(expression=expression), {"table": table})
        assert made["table"].schema["new column"] == dtype


CENTS = ["12345678901234567890.12", "12345678901234567890.13", "-0.10", "0.00", "1.00", None]
PRICES = pl.DataFrame({"d": pl.Series([None if c is None else Decimal(c) for c in CENTS], dtype=pl.Decimal(38, 2))})
WRITTEN = [
    "12345678901234567890.12", "12345678901234567890.125", "12345678901234567890", "-0.1", "-0.105", "0", "1.0",
    "12345678901234567890123456789012345.678", "1",
]  # fmt: skip
SIGNS = {"=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("sign", list(SIGNS))
def test_decimals_are_compared_by_all_digits(sign, written):
    expected = [Decimal(cell) for cell in CENTS if cell is not None and SIGNS[sign](Decimal(cell), Decimal(written))]
    source = {"table": Table.of(PRICES)}
    turned = sign.translate(str.maketrans("<>", "><")) if sign != "<>" else sign
    for rule in (f"d {sign} {written}", f"{written} {turned} d"):
        made = run(RuleBasedRowFilter(condition=rule), source)["true"].frame()["d"].to_list()
        assert made == expected, rule
    name = {"=": "equals", "<>": "not equals nor missing"}.get(sign, sign)
    made = run(RowFilter(criteria=[{"column": "d", "operator": name, "value": written}]), source)["table"]
    assert made.frame()["d"].to_list() == expected


def test_decimals_are_found_in_lists_and_joined_by_all_digits():
    source = {"table": Table.of(PRICES)}
    found = [Decimal(CENTS[1]), Decimal("1")]
    values = ["12345678901234567890.13", 1, "0.001"]
    made = run(RowFilter(criteria=[{"column": "d", "operator": "in list", "values": values}]), source)["table"]
    assert made.frame()["d"].to_list() == found
    made = run(RuleBasedRowFilter(condition="d IN (12345678901234567890.13, 1, 0.001)"), source)["true"]
    assert made.frame()["d"].to_list() == found
    other = pl.DataFrame(
        {"d": pl.Series([Decimal("12345678901234567890.1300"), Decimal(100), Decimal(1)], dtype=pl.Decimal(38, 4))}
    )
    pairs = run(Joiner(on=[{"left": "d", "right": "d"}]), {"left": Table.of(PRICES), "right": Table.of(other)})["table"]
    assert pairs.frame()["d"].to_list() == found
    looked = {"table": Table.of(PRICES), "dictionary": Table.of(other.with_columns(n=pl.Series([7, 8, 9])))}
    assert run(ValueLookup(column="d", key="d"), looked)["table"].frame()["n"].to_list() == [None, 7, None, None, 9, None]
