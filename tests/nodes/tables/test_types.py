"""Nodes that turn columns into columns of another type."""

from __future__ import annotations

import datetime
import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.base import NodeError
from nodes.tables.datetime_to_string import DateTimeToString
from nodes.tables.double_to_integer import DoubleToInteger
from nodes.tables.number_rounder import NumberRounder
from nodes.tables.number_to_string import NumberToString
from nodes.tables.string_to_datetime import StringToDateTime
from nodes.tables.string_to_number import StringToNumber
from nodes.tables.type_converter import ColumnTypeConverter
from nodes.values import table as tables
from nodes.values.table import Table
from tests.support import configure, run


def one(values: list[object], dtype: object = None) -> dict[str, Table]:
    return {"table": Table.of(pl.DataFrame({"a": pl.Series(values, dtype=dtype, strict=False)}))}


def cells(node: object, values: list[object], dtype: object = None) -> list[object]:
    return run(node, one(values, dtype))["table"].frame()["a"].to_list()  # type: ignore[arg-type]


@settings(max_examples=30)
@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False))))
def test_a_number_as_text_reads_as_the_same_number(numbers):
    texts = cells(NumberToString(columns=["a"]), numbers, pl.Float64)

    assert cells(StringToNumber(columns=["a"]), texts, pl.String) == numbers


@pytest.mark.parametrize(
    ("settings", "text", "number"),
    [
        ({}, " 1.5 ", 1.5),
        ({}, "-1e3", -1000.0),
        ({}, "", None),
        ({}, None, None),
        ({"dtype": "Int8"}, "-128", -128),
        ({"decimal": ",", "thousands": "."}, "1.234,5", 1234.5),
        ({"decimal": ","}, "0,25", 0.25),
        ({"thousands": "'"}, "12'345", 12345.0),
    ],
)
def test_text_is_read_as_a_number(settings, text, number):
    assert cells(StringToNumber(columns=["a"], **settings), [text], pl.String) == [number]


@pytest.mark.parametrize(
    ("settings", "text"),
    [({}, "one"), ({"dtype": "Int64"}, "1.5"), ({"dtype": "UInt8"}, "256"), ({"decimal": ","}, "1.5"), ({}, "1,5")],
)
def test_what_is_no_number_stops_the_node_or_is_missing(settings, text):
    with pytest.raises(NodeError, match="row 2 of column 'a'") as caught:
        cells(StringToNumber(columns=["a"], **settings), ["1", text], pl.String)
    assert caught.value.setting == "if_invalid"

    assert cells(StringToNumber(columns=["a"], if_invalid="missing", **settings), ["1", text], pl.String) == [1, None]


def test_the_row_at_fault_is_counted_over_the_pieces_of_a_long_table(monkeypatch):
    monkeypatch.setattr(tables, "BATCH_BYTES", 64)
    monkeypatch.setattr("nodes.kit.tables.elementwise.BATCH_BYTES", 64)

    with pytest.raises(NodeError, match="'x' in row 100 "):
        cells(StringToNumber(columns=["a"]), ["1"] * 99 + ["x"], pl.String)


def test_results_stand_beside_the_columns_where_a_suffix_is_given():
    source = one(["1", "2"])

    out = run(StringToNumber(columns=["a"], suffix=" (n)"), source)["table"]

    assert out.frame().to_dict(as_series=False) == {"a": ["1", "2"], "a (n)": [1.0, 2.0]}
    assert out.parts[0].frame is source["table"].parts[0].frame, "nothing is copied"


HALVES = [-2.5, -1.5, -0.4, 0.5, 1.5, 2.7]


@pytest.mark.parametrize(
    ("mode", "whole"),
    [
        ("half_to_even", [-2, -2, 0, 0, 2, 3]),
        ("half_away_from_zero", [-3, -2, 0, 1, 2, 3]),
        ("truncate", [-2, -1, 0, 0, 1, 2]),
        ("floor", [-3, -2, -1, 0, 1, 2]),
        ("ceil", [-2, -1, 0, 1, 2, 3]),
    ],
)
def test_rounding(mode, whole):
    assert cells(DoubleToInteger(columns=["a"], mode=mode), HALVES) == whole
    hundredths = cells(NumberRounder(columns=["a"], mode=mode, decimals=2), [n / 100 for n in HALVES])
    assert hundredths == pytest.approx([n / 100 for n in whole])


@pytest.mark.parametrize("number", [math.nan, math.inf, -1.0, 300.0])
def test_what_a_whole_number_type_cannot_hold(number):
    with pytest.raises(NodeError, match="cannot become a whole number"):
        cells(DoubleToInteger(columns=["a"], dtype="UInt8"), [number])
    assert cells(DoubleToInteger(columns=["a"], dtype="UInt8", if_invalid="missing"), [number, 255.0]) == [None, 255]


def test_significant_digits_and_whole_numbers():
    assert cells(NumberRounder(columns=["a"], to="significant digits", digits=2), [123.0, 0.01234]) == [120.0, 0.012]
    assert cells(NumberRounder(columns=["a"], decimals=0), [2**53 + 1], pl.Int64) == [2**53 + 1]


@pytest.mark.parametrize(
    ("dtype", "values", "given", "out"),
    [
        ("Float32", [1, 2], pl.Int64, [1.0, 2.0]),
        ("UInt8", [True, False, None], pl.Boolean, [1, 0, None]),
        ("Boolean", [" True", "false"], pl.String, [True, False]),
        ("Boolean", [0, 2], pl.Int8, [False, True]),
        ("Int16", ["b", "b"], pl.Enum(["b"]), None),
        ("String", ["b", "c"], pl.Enum(["b", "c"]), ["b", "c"]),
        ("Int8", [200], pl.Int64, None),
    ],
)
def test_other_types(dtype, values, given, out):
    node = ColumnTypeConverter(columns=["a"], dtype=dtype)
    if out is None:
        with pytest.raises(NodeError, match="cannot become"):
            cells(node, values, given)
    else:
        assert cells(node, values, given) == out


@pytest.mark.parametrize(
    ("dtype", "format", "text", "value"),
    [
        ("date", None, "2025-12-31", datetime.date(2025, 12, 31)),
        ("date", "%d.%m.%y", "31.12.25", datetime.date(2025, 12, 31)),
        ("time", None, "23:59", datetime.time(23, 59)),
        ("datetime", None, "2025-12-31 23:59", datetime.datetime(2025, 12, 31, 23, 59)),
        ("datetime", None, "2025-12-31T23:59:30.5", datetime.datetime(2025, 12, 31, 23, 59, 30, 500_000)),
        ("datetime", "%Y/%m/%d %H:%M", "2025/12/31 07:00", datetime.datetime(2025, 12, 31, 7)),
        ("date", None, "31.12.2025", None),
    ],
)
def test_dates_are_read(dtype, format, text, value):
    node = StringToDateTime(columns=["a"], dtype=dtype, format=format, if_invalid="missing")

    assert cells(node, [text, None], pl.String) == [value, None]
    if value is None:
        with pytest.raises(NodeError, match=f"cannot become a {dtype}"):
            cells(node.model_copy(update={"if_invalid": "fail"}), [text], pl.String)


@settings(max_examples=30)
@given(st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2200, 1, 1)))
def test_a_date_as_text_reads_as_the_same_date(when):
    for format in (None, "%d.%m.%Y %H:%M:%S%.6f"):
        texts = cells(DateTimeToString(columns=["a"], format=format), [when])
        assert cells(StringToDateTime(columns=["a"], format=format), texts) == [when]


def test_a_format_that_is_none_is_found_before_running():
    for node, table in (
        (StringToDateTime(columns=["a"], format="%Q"), one(["x"])),
        (StringToDateTime(columns=["a"], dtype="time", format="%Y"), one(["x"])),
        (StringToDateTime(columns=["a"], dtype="time", format="%I %p"), one(["x"])),
        (StringToDateTime(columns=["a"], format="%Y/%m/%d %H"), one(["x"])),
        (DateTimeToString(columns=["a"], format="%H"), one([datetime.date(2025, 1, 1)])),
        (DateTimeToString(columns=["a"], format="%H"), one([datetime.timedelta(1)])),
    ):
        with pytest.raises(NodeError, match="format") as caught:
            configure(node, table)
        assert caught.value.setting == "format"


@settings(max_examples=40)
@given(st.lists(st.decimals(-1000, 1000, places=2), min_size=1), st.sampled_from(["floor", "ceil", "truncate"]))
def test_a_number_that_has_so_many_decimals_stays(numbers, mode):
    cells = [float(n) for n in numbers]  # 0.29 * 100 is 28.999999999999996
    made = run(NumberRounder(columns=["x"], mode=mode), {"table": Table.of(pl.DataFrame({"x": cells}))})["table"].frame()

    assert made["x"].to_list() == cells


@settings(max_examples=40)
@given(st.floats(-1e12, 1e12), st.integers(1, 4))
def test_rounding_down_and_up(number, decimals):
    rounded = {
        mode: run(
            NumberRounder(columns=["x"], mode=mode, decimals=decimals), {"table": Table.of(pl.DataFrame({"x": [number]}))}
        )["table"].frame().item()
        for mode in ("floor", "ceil", "truncate")
    }  # fmt: skip
    assert rounded["floor"] <= number <= rounded["ceil"]
    assert rounded["ceil"] - rounded["floor"] <= 1.01 * 10.0**-decimals + abs(number) * 1e-15
    assert rounded["truncate"] == (rounded["ceil"] if number < 0 else rounded["floor"])
