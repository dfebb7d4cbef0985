"""Moving Window, Timestamp Alignment, Moving Aggregation: what numpy and polars give by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.base import NodeError
from nodes.tables.moving_aggregation import MovingAggregation
from nodes.tables.moving_window import MovingWindow
from nodes.tables.timestamp_alignment import TimestampAlignment
from nodes.values.table import Table
from tests.support import RecordingJob, configure, run

SERIES = pl.DataFrame({"x": np.arange(12.0), "y": np.arange(12.0) * 10, "t": [f"t{i}" for i in range(12)]})


@given(
    rows=st.integers(0, 30), steps=st.integers(1, 6), horizon=st.integers(1, 4), ahead=st.integers(1, 3),
    stride=st.integers(1, 5), rate=st.integers(1, 3),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_windows_are_those_that_a_loop_cuts(rows: int, steps: int, horizon: int, ahead: int, stride: int, rate: int):
    frame = pl.DataFrame({"x": np.arange(rows, dtype=float), "y": np.arange(rows) * 10, "t": np.arange(rows)})
    node = MovingWindow(
        columns=["x", "y"],
        targets=["y"],
        steps=steps,
        horizon=horizon,
        target_steps=ahead,
        stride=stride,
        sampling_rate=rate,
        keep=["t"],
    )
    made = run(node, {"table": Table.of(frame)})["windows"].frame()
    wanted = []
    for start in range(0, rows, stride):
        inside = [start + i * rate for i in range(steps)]
        after = [inside[-1] + horizon + i for i in range(ahead)]
        if after[-1] < rows:
            wanted.append((inside[-1], [[float(r), 10.0 * r] for r in inside], [10.0 * r for r in after]))
    assert made["t"].to_list() == [w[0] for w in wanted]
    assert made["window"].to_list() == [w[1] for w in wanted]
    assert made.columns[2] == (f"y(+{horizon})" if ahead == 1 else f"y(+{horizon}..{horizon + ahead - 1})")
    assert [c if ahead > 1 else [c] for c in made[:, 2].to_list()] == [w[2] for w in wanted]


def test_windows_stay_within_their_group():
    frame = pl.DataFrame({"g": ["a", "b"] * 4, "x": range(8)})
    made = run(MovingWindow(columns=["x"], steps=3, group_column="g"), {"table": Table.of(frame)})["windows"].frame()
    assert made.rows() == [
        ("a", [[0.0], [2.0], [4.0]]),
        ("a", [[2.0], [4.0], [6.0]]),
        ("b", [[1.0], [3.0], [5.0]]),
        ("b", [[3.0], [5.0], [7.0]]),
    ]


def test_windows_with_missing_cells_are_skipped_or_refused():
    frame = Table.of(pl.DataFrame({"x": [0.0, 1.0, None, 3.0, 4.0, float("nan"), 6.0]}))
    made = run(MovingWindow(columns=["x"], steps=2), {"table": frame})["windows"].frame()
    assert made["window"].to_list() == [[[0.0], [1.0]], [[3.0], [4.0]]]
    with pytest.raises(NodeError, match="begins in row 2"):
        run(MovingWindow(columns=["x"], steps=2, missing="fail"), {"table": frame})


def test_alignment_is_that_of_polars():
    times = [
        datetime(2025, 1, 1, 0, 10),
        datetime(2025, 1, 1, 0, 50),
        datetime(2025, 1, 1, 3, 0),
        None,
        datetime(2025, 1, 1, 1, 5),
    ]
    table = Table.of(pl.DataFrame({"at": times, "x": [1.0, 3.0, 9.0, 99.0, 5.0], "s": ["a", "b", "c", "?", "d"]}))
    hours = [datetime(2025, 1, 1, h) for h in range(4)]

    plain = run(TimestampAlignment(column="at"), {"table": table})["table"].frame()
    assert plain.rows() == list(zip(hours, [1.0, 5.0, None, 9.0], ["a", "d", None, "c"], strict=True))
    line = run(TimestampAlignment(column="at", several="mean", fill="linear"), {"table": table})["table"].frame()
    assert line["x"].to_list() == [2.0, 5.0, 7.0, 9.0]
    assert line["s"].to_list() == ["a", "d", "d", "c"]
    after = run(TimestampAlignment(column="at", several="last", fill="next"), {"table": table})["table"].frame()
    assert after["x"].to_list() == [3.0, 5.0, 9.0, 9.0]


def test_alignment_of_days_by_group():
    frame = pl.DataFrame({"g": ["a", "b", "a"], "d": [date(2025, 1, 1), date(2025, 1, 5), date(2025, 3, 2)], "n": [1, 2, 3]})
    node = TimestampAlignment(column="d", unit="month", group_column="g", fill="previous")
    made = run(node, {"table": Table.of(frame)})["table"].frame()
    months = [date(2025, m, 1) for m in (1, 2, 3)]
    assert made.rows() == [("a", months[0], 1), ("a", months[1], 1), ("a", months[2], 3), ("b", months[0], 2)]
    with pytest.raises(NodeError, match="no such unit"):
        configure(TimestampAlignment(column="d", unit="hour"), {"table": Table.of(frame)})


@pytest.mark.parametrize("method", ["mean", "sum", "min", "max", "median", "std", "var"])
def test_moving_aggregation_is_that_of_polars(method: str):
    x = pl.Series("x", [1.0, 4.0, None, 2.0, 8.0, 5.0])
    table = Table.of(x.to_frame())

    def made(**options: object) -> list[float | None]:
        node = MovingAggregation(columns=["x"], method=method, **options)
        return run(node, {"table": table})["table"].frame()[f"{method}(x)"].to_list()

    assert made(window_size=3, min_samples=2) == getattr(x, f"rolling_{method}")(3, min_samples=2).to_list()
    assert made(window_size=3) == getattr(x, f"rolling_{method}")(3).to_list()
    forward = getattr(x.reverse(), f"rolling_{method}")(2, min_samples=1).reverse()
    assert made(window_size=2, min_samples=1, window="forward") == forward.to_list()
    grown = [getattr(x[: i + 1], method)() for i in range(6)]
    wanted = [None if g is None else pytest.approx(g) for g in grown]
    assert [
        None if m is None else m for m in made(window="cumulative", min_samples=2 if method in ("std", "var") else None)
    ] == wanted


def test_moving_aggregation_by_group_and_exponential():
    frame = pl.DataFrame({"g": ["a", "b"] * 3, "x": [1, 10, 2, 20, 3, 30]})
    node = MovingAggregation(columns=["x"], window_size=2, group_column="g", method="sum")
    assert run(node, {"table": Table.of(frame)})["table"].frame()["sum(x)"].to_list() == [None, None, 3.0, 30.0, 5.0, 50.0]
    ewm = MovingAggregation(columns=["x"], window_size=3, method="ewm")
    assert run(ewm, {"table": Table.of(frame)})["table"].frame()["ewm(x)"].to_list() == frame["x"].ewm_mean(span=3).to_list()


ZONES = [
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia",
    "Africa/Cairo", "Asia/Kathmandu", "UTC", "Antarctica/Troll", "America/St_Johns",
]  # fmt: skip
CHANGES = [
    datetime(2024, 3, 30), datetime(2024, 10, 26), datetime(2024, 4, 6), datetime(2018, 11, 3), datetime(2011, 12, 29),
    datetime(2024, 4, 25), datetime(2024, 11, 2),
]  # fmt: skip


@given(
    zone=st.sampled_from(ZONES),
    start=st.sampled_from(CHANGES),
    unit=st.sampled_from(["minute", "hour", "day", "week", "month"]),
    period=st.integers(1, 7),
    minutes=st.sampled_from([13, 30, 60, 95, 24 * 60]),
    time_unit=st.sampled_from(["ms", "us", "ns"]),
)
@settings(max_examples=60)
def test_every_row_lands_on_the_grid(zone: str, start: datetime, unit: Any, period: int, minutes: int, time_unit: Any) -> None:
    """Over the changes of summer time, and over days that a zone has left out; the grid is regular, and goes up."""
    times = pl.datetime_range(
        start, start + timedelta(days=3), timedelta(minutes=minutes), time_unit=time_unit, time_zone="UTC", eager=True
    )
    frame = pl.DataFrame({"at": times.dt.convert_time_zone(zone), "n": pl.repeat(1, len(times), eager=True)})
    if unit == "minute":
        period *= 11
    node = TimestampAlignment(column="at", unit=unit, period=period, several="sum")
    made = run(node, {"table": Table.of(frame)})["table"].frame()
    assert made["n"].sum() == frame.height
    at = made["at"].cast(pl.Datetime("us", zone))
    assert (
        at.diff().drop_nulls().dt.total_microseconds().min() is None or at.diff().drop_nulls().dt.total_microseconds().min() > 0
    )
    assert at[0] <= frame["at"][0]
    if unit in ("minute", "hour"):
        assert at.diff().drop_nulls().n_unique() <= 1
    # A row stands at the last point that is not after it.
    places = at.dt.timestamp("us").search_sorted(frame["at"].dt.timestamp("us"), side="right") - 1
    counts = np.bincount(places.to_numpy(), minlength=made.height)
    assert counts.tolist() == made["n"].fill_null(0).cast(pl.Int64).to_list()


def test_two_hours_over_the_begin_of_summer_time_in_berlin() -> None:
    """48 half hours stay 48; and the clock jumps with the grid."""
    times = pl.datetime_range(datetime(2024, 3, 30, 23), datetime(2024, 3, 31, 22, 30), "30m", time_zone="UTC", eager=True)
    frame = pl.DataFrame({"at": times.dt.convert_time_zone("Europe/Berlin"), "n": [1] * 48})
    made = run(TimestampAlignment(column="at", period=2, several="sum"), {"table": Table.of(frame)})["table"].frame()
    assert made["n"].sum() == 48
    assert made["at"].dt.strftime("%H:%M").to_list()[:4] == ["00:00", "03:00", "05:00", "07:00"]
    days = run(TimestampAlignment(column="at", unit="day", several="sum"), {"table": Table.of(frame)})["table"].frame()
    assert days["n"].to_list() == [46, 2]


def test_rows_without_a_time_are_counted_and_a_grid_that_is_too_fine_is_refused() -> None:
    job = RecordingJob(Path.cwd())
    frame = pl.DataFrame({"at": [datetime(2024, 1, 1), None, datetime(2124, 1, 1)]})
    run(TimestampAlignment(column="at", unit="year"), {"table": Table.of(frame)}, job=job)
    assert job.warnings == ["1 row without a time is left out."]
    with pytest.raises(NodeError, match="more than 50\u202f000\u202f000 points"):
        run(TimestampAlignment(column="at", unit="millisecond"), {"table": Table.of(frame)})
