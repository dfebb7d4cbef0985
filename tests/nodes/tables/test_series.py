"""Lag Column, Difference and Missing Value: cells that depend on the rows around them."""

from __future__ import annotations

import datetime
import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.base import NodeError
from nodes.tables.difference import Difference
from nodes.tables.lag_column import LagColumn
from nodes.tables.missing_value import MissingValue
from nodes.values import table as tables
from nodes.values.table import Table
from tests.support import configure, run

NUMBERS = st.lists(st.one_of(st.none(), st.integers(0, 255)), max_size=25)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(tables, "BATCH_BYTES", 7)


def series(values: list[object], dtype: object = pl.UInt8) -> Table:
    return Table.of(pl.DataFrame({"a": pl.Series(values, dtype=dtype)}), {"a": ("p", "q")})


# ---------------------------------------------------------------------------------------------------------- lag and difference


@settings(max_examples=40)
@given(NUMBERS, st.integers(1, 3), st.integers(-4, 4), st.booleans())
def test_lags_are_shifts(values, lag, interval, skip):
    if interval == 0:
        with pytest.raises(NodeError):
            configure(LagColumn(column="a", lag=lag, lag_interval=0), {"table": series(values)})
        return
    source = series(values)

    made = run(LagColumn(column="a", lag=lag, lag_interval=interval, skip_initial=skip), {"table": source})["table"]

    shifts = [pl.col("a").shift((i + 1) * interval).alias(f"a({-(i + 1) * interval:+d})") for i in range(lag)]
    by_hand = source.frame().with_columns(shifts)
    reach = lag * interval
    if skip:
        by_hand = by_hand.slice(reach) if reach >= 0 else by_hand.head(max(0, by_hand.height + reach))
    assert made.frame().equals(by_hand)
    assert made.spec.class_names(made.columns[-1]) == ("p", "q")


@settings(max_examples=40)
@given(NUMBERS, st.integers(1, 30), st.sampled_from(["difference", "percent", "logarithm"]))
def test_differences_over_the_pieces_of_a_table(values, n, method):
    made = run(Difference(columns=["a"], n=n, method=method, suffix=None), {"table": series(values)})["table"].frame()["a"]

    number = pl.Series(values, dtype=pl.Int64)
    earlier = number.shift(n)
    by_hand = {
        "difference": number - earlier,
        "percent": (number - earlier) * 100.0 / earlier,
        "logarithm": (number.cast(pl.Float64) / earlier.cast(pl.Float64)).log(),
    }[method]
    assert made.equals(by_hand, null_equal=True) or made.to_list() == pytest.approx(by_hand.to_list(), nan_ok=True)


def test_dates_differ_by_durations():
    days = series([datetime.date(2025, 3, 1), datetime.date(2025, 2, 28)], pl.Date)

    made = run(Difference(columns=["a"]), {"table": days})["table"].frame()

    assert made["a (difference)"].to_list() == [None, datetime.timedelta(-1)]
    with pytest.raises(NodeError, match="not number"):
        configure(Difference(columns=["a"], method="percent"), {"table": days})


# ------------------------------------------------------------------------------------------------------------- missing values


def filled(values: list[object], dtype: object = pl.Float64, **treatment: object) -> list[object]:
    node = MissingValue(treatments=[treatment])  # type: ignore[list-item]
    return run(node, {"table": series(values, dtype)})["table"].frame()["a"].to_list()


GAPS = [None, 1.0, math.nan, None, 4.0, 1.0, None]


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("mean", [2.0, 1.0, 2.0, 2.0, 4.0, 1.0, 2.0]),
        ("median", [1.0, 1.0, 1.0, 1.0, 4.0, 1.0, 1.0]),
        ("mode", [1.0, 1.0, 1.0, 1.0, 4.0, 1.0, 1.0]),
        ("min", [1.0, 1.0, 1.0, 1.0, 4.0, 1.0, 1.0]),
        ("max", [4.0, 1.0, 4.0, 4.0, 4.0, 1.0, 4.0]),
        ("previous", [None, 1.0, 1.0, 1.0, 4.0, 1.0, 1.0]),
        ("next", [1.0, 1.0, 4.0, 4.0, 4.0, 1.0, None]),
        ("linear", [None, 1.0, 2.0, 3.0, 4.0, 1.0, None]),
        ("average", [None, 1.0, 2.5, 2.5, 4.0, 1.0, None]),
        ("moving average", [1.0, 1.0, 1.0, 4.0, 4.0, 1.0, 1.0]),
        ("remove row", [1.0, 4.0, 1.0]),
    ],
)
def test_methods(method, result):
    assert filled(GAPS, method=method) == result
    assert filled(GAPS, method=method, type="number") == result
    assert filled([], method=method) == []


def test_a_fixed_value_in_every_type():
    assert filled([1, None], pl.UInt8, method="fixed", value=255) == [1, 255]
    assert filled([1.0, None], method="fixed", value="0.5") == [1.0, 0.5]
    assert filled(["a", None], pl.String, method="fixed", value="?") == ["a", "?"]
    assert filled(["a", None], pl.Enum(["a", "b"]), method="fixed", value="b") == ["a", "b"]
    assert filled([True, None], pl.Boolean, method="fixed", value=False) == [True, False]
    assert filled([None], pl.Date, method="fixed", value="2025-12-31") == [datetime.date(2025, 12, 31)]


def test_whole_numbers_stay_whole_unless_a_mean_is_none():
    source = series([1, 2, None])

    def after(method: str) -> Table:
        return run(MissingValue(treatments=[{"method": method, "columns": ["a"]}]), {"table": source})["table"]  # type: ignore[list-item]

    assert after("mean").frame()["a"].to_list() == [1.0, 2.0, 1.5]
    assert after("mean").spec.class_names("a") is None
    assert after("rounded mean").frame()["a"].to_list() == [1, 2, 2]
    assert after("max").spec.class_names("a") == ("p", "q")
    assert after("previous").schema["a"] == pl.UInt8


def test_a_treatment_that_names_a_column_comes_before_one_of_its_type_and_others_are_left_alone():
    source = Table.of(pl.DataFrame({"a": [1.0, None], "b": [2.0, None], "s": ["x", None], "l": [[1], None]}))
    node = MissingValue(
        treatments=[
            {"type": "number", "method": "mean"},
            {"columns": ["b"], "method": "fixed", "value": 0},
            {"type": "any", "method": "previous"},
        ]
    )

    made = run(node, {"table": source})["table"].frame()

    assert made.to_dict(as_series=False) == {"a": [1.0, 1.0], "b": [2.0, 0.0], "s": ["x", "x"], "l": [[1], [1]]}


def test_test_data_are_filled_with_the_values_of_the_training_data():
    frame = pl.DataFrame({"a": [1.0, 3.0, None], "s": ["x", "x", None], "f": [True, None, True]})
    node = MissingValue(treatments=[{"type": "number", "method": "mean"}, {"type": "any", "method": "mode"}])

    trained = run(node, {"table": Table.of(frame)})
    other = Table.of(pl.DataFrame({"a": [100.0, None], "s": [None, "y"], "f": [None, False]}))
    made = run(node, {"table": other, "values": trained["values"]})["table"].frame()

    assert trained["values"].frame().rows() == [("a", "2.0"), ("s", "x"), ("f", "true")]
    assert made.to_dict(as_series=False) == {"a": [100.0, 2.0], "s": ["x", "y"], "f": [True, False]}


@pytest.mark.parametrize(
    ("treatment", "setting"),
    [
        ({"columns": ["z"], "method": "mean"}, "treatments.0.columns"),
        ({"columns": ["s"], "method": "mean"}, "treatments.0.method"),
        ({"columns": ["x"], "method": "rounded mean"}, "treatments.0.method"),
        ({"columns": ["x"], "method": "fixed"}, "treatments.0.value"),
        ({"columns": ["x"], "method": "fixed", "value": "many"}, "treatments.0.value"),
        ({"type": "number", "method": "fixed", "value": "many"}, "treatments.0.value"),
    ],
)
def test_mistakes_are_found_before_running(treatment, setting):
    with pytest.raises(NodeError) as caught:
        configure(MissingValue(treatments=[treatment]), {"table": Table.of(pl.DataFrame({"x": [1.0], "s": ["a"]}))})
    assert caught.value.setting == setting


SPAN = datetime.timedelta(days=1, microseconds=1)
MOMENTS = pl.Series([datetime.datetime(2024, 7, 1, 12), None]).dt.replace_time_zone("Europe/Berlin")


@pytest.mark.parametrize(
    "cells", [pl.Series([SPAN, None]), MOMENTS, pl.Series([datetime.time(1, 2, 3), None]), pl.Series([True, None])]
)
def test_values_of_every_type_fill_other_tables_with_themselves(cells):
    node, table = MissingValue(treatments=[{"method": "mode"}]), Table.of(pl.DataFrame({"a": cells}))
    filled = run(node, {"table": table})
    again = run(node, {"table": table, "values": filled["values"]})

    assert filled["table"].frame()["a"].to_list() == [cells[0], cells[0]]
    assert again["table"].frame().equals(filled["table"].frame())


def test_a_fixed_time_is_meant_in_the_time_zone_of_the_column():
    node = MissingValue(treatments=[{"method": "fixed", "value": "2024-07-01T12:00", "columns": ["a"]}])
    assert run(node, {"table": Table.of(pl.DataFrame({"a": MOMENTS}))})["table"].frame()["a"].to_list() == [MOMENTS[0]] * 2


@pytest.mark.parametrize("cells", [pl.Series([1, None]), pl.Series([datetime.date(2024, 1, 1), None]), pl.Series([True, None])])
def test_values_that_do_not_fit_are_told(cells):
    values = Table.of(pl.DataFrame({"column": ["a"], "value": ["abc"]}))
    with pytest.raises(NodeError, match="gives 'abc' for column 'a'"):
        run(MissingValue(treatments=[{"method": "mode"}]), {"table": Table.of(pl.DataFrame({"a": cells})), "values": values})


@settings(max_examples=40)
@given(st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1), st.integers(1, 4))
def test_lines_and_neighbours_over_the_pieces_of_a_table(cells, rows):
    frame = pl.DataFrame({"a": cells}, schema={"a": pl.Float64})
    a = pl.col("a")
    by_hand = {
        "previous": a.forward_fill(),
        "next": a.backward_fill(),
        "linear": a.interpolate(),
        "average": a.fill_null((a.forward_fill() + a.backward_fill()) / 2),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "BATCH_BYTES", 8 * rows)
        for method, expression in by_hand.items():
            made = run(MissingValue(treatments=[{"method": method}]), {"table": Table.of(frame)})["table"].frame()["a"]
            wanted = frame.select(expression)["a"]
            assert made.is_null().equals(wanted.is_null())
            assert made.drop_nulls().to_list() == pytest.approx(wanted.drop_nulls().to_list(), rel=1e-9, abs=1e-9)
