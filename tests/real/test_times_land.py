"""Timestamp Alignment over changes of summer time: every row lands on the point of the grid that is before it."""

from __future__ import annotations

import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from nodes.base import NodeError
from nodes.tables.timestamp_alignment import TimestampAlignment
from nodes.values.table import Table
from tests import sampling
from tests.support import RecordingJob, run

ZONES = (
    "Europe/Berlin", "Europe/London", "America/New_York", "America/Sao_Paulo", "America/Havana", "America/St_Johns",
    "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia", "Asia/Kolkata", "Asia/Tehran", "Asia/Beirut", "Asia/Kathmandu",
    "Africa/Cairo", "Africa/Casablanca", "Antarctica/Troll", "Atlantic/Azores", "UTC",
)  # fmt: skip
YEARS = (2011, 2014, 2018, 2023)
HOURS = {"millisecond": 1 / 3_600_000, "second": 1 / 3600, "minute": 1 / 60, "hour": 1}


@cache
def changes(zone: str) -> list[datetime.datetime]:
    """The hours (UTC) in which the zone's clock was changed in these years; the middle of a year where none was."""
    clock, hour = ZoneInfo(zone), datetime.timedelta(hours=1)
    found = []
    for year in YEARS:
        start = datetime.datetime(year, 1, 1, tzinfo=datetime.UTC)
        ahead = [(start + n * hour).astimezone(clock).utcoffset() for n in range(366 * 24)]
        found += [start + n * hour for n in range(1, len(ahead)) if ahead[n] != ahead[n - 1]]
    return found or [datetime.datetime(2018, 7, 1, tzinfo=datetime.UTC)]


def landed(frame: pl.DataFrame, **options: Any) -> pl.DataFrame:
    job = RecordingJob(folder=None)  # type: ignore[arg-type]
    node = TimestampAlignment(column="at", several="sum", **options)
    return run(node, {"table": Table.of(frame)}, job=job)["table"].frame()


def half_hours(zone: str, day: datetime.datetime) -> pl.DataFrame:
    """48 rows, one each half hour from the zone's midnight on."""
    first = pl.Series([day]).dt.replace_time_zone(zone).dt.convert_time_zone("UTC")[0]
    times = pl.Series("at", [first + n * datetime.timedelta(minutes=30) for n in range(48)]).dt.convert_time_zone(zone)
    return pl.DataFrame({"at": times, "x": [1.0] * 48})


@pytest.mark.parametrize(
    ("day", "clocks"),
    [
        (datetime.datetime(2024, 3, 31), [0, *range(3, 24, 2)]),
        (datetime.datetime(2024, 10, 27), [0, 2, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21]),
    ],
)
def test_two_hours_over_the_change_in_berlin(day: datetime.datetime, clocks: list[int]) -> None:
    """48 half hours are 24 hours whatever the clock shows: 12 points with 4 rows each."""
    made = landed(half_hours("Europe/Berlin", day), unit="hour", period=2)
    assert made["x"].to_list() == [4.0] * 12
    shown = made["at"].dt.hour().to_list()
    assert shown == clocks


@pytest.mark.parametrize(
    ("day", "hours"), [(datetime.datetime(2024, 3, 30), (24, 23)), (datetime.datetime(2024, 10, 26), (24, 25))]
)
def test_a_day_has_the_hours_that_it_has(day: datetime.datetime, hours: tuple[int, int]) -> None:
    times = pl.datetime_range(day, day + datetime.timedelta(days=3), "1h", time_zone="Europe/Berlin", closed="left", eager=True)
    made = landed(pl.DataFrame({"at": times, "x": [1.0] * len(times)}), unit="day")
    assert made["x"].to_list() == [*map(float, hours), 24.0]
    assert made["at"].dt.hour().to_list() == [0, 0, 0]


def test_a_midnight_that_summer_time_left_out_and_a_day_that_a_zone_left_out() -> None:
    """In Sao Paulo 4.11.2018 began at 1 o'clock; Samoa had no 30.12.2011."""
    brazil = half_hours("America/Sao_Paulo", datetime.datetime(2018, 11, 3, 12))
    made = landed(brazil, unit="day")
    assert made["at"].dt.to_string("%d %H:%M").to_list() == ["03 00:00", "04 01:00"]
    assert made["x"].to_list() == [24.0, 24.0]
    samoa = half_hours("Pacific/Apia", datetime.datetime(2011, 12, 29, 12))
    made = landed(samoa, unit="day", fill="previous")
    assert made["at"].dt.day().to_list() == [29, 31]
    assert made["x"].to_list() == [24.0, 24.0]


def check_that_every_row_lands(
    zone: str, choice: int, unit: str, period: int, step: int, rows: int, start: int, precision: Any
) -> None:
    change = changes(zone)[choice % len(changes(zone))]
    times = [change + datetime.timedelta(minutes=start + step * n) for n in range(rows)]
    at = pl.Series("at", times, dtype=pl.Datetime("us", "UTC")).cast(pl.Datetime(precision, "UTC")).dt.convert_time_zone(zone)
    frame = pl.DataFrame({"at": at, "x": [1.0] * rows}).sample(fraction=1, shuffle=True, seed=0)
    try:
        made = landed(frame, unit=unit, period=period)
    except NodeError as error:
        assert "points" in error.message and unit in ("millisecond", "second")
        return
    points, instants = made["at"].to_physical().to_numpy(), at.to_physical().to_numpy()
    place = np.searchsorted(points, instants, side="right") - 1
    assert (place >= 0).all()
    assert made["x"].fill_null(0).to_list() == np.bincount(place, minlength=len(points)).tolist()
    assert (np.diff(points) > 0).all()
    if unit in HOURS:
        ticks = period * HOURS[unit] * 3600 * {"ms": 10**3, "us": 10**6, "ns": 10**9}[precision]
        assert (np.diff(points) == round(ticks)).all()
    elif len(points):
        clock = made["at"].dt.replace_time_zone(None)
        late = clock.filter(clock.dt.truncate("1d") != clock).dt.time()
        assert all(time <= datetime.time(1) for time in late)  # where there was no midnight


WAYS: dict[str, Any] = {
    "zone": st.sampled_from(ZONES),
    "choice": st.integers(0, 20),
    "step": st.sampled_from([1, 7, 15, 30, 60, 360, 1440]),
    "unit": st.sampled_from(["second", "minute", "hour", "day", "week", "month", "quarter", "year"]),
    "period": st.integers(1, 30),
    "rows": st.integers(1, 120),
    "start": st.integers(-3000, 200),
    "precision": st.sampled_from(["ms", "us", "ns"]),
}


@seed(sampling.seed())
@settings(max_examples=120)
@given(**WAYS)
def test_every_row_lands(**way: Any) -> None:
    check_that_every_row_lands(**way)


@pytest.mark.exhaustive
@pytest.mark.parametrize("zone", ZONES)
def test_every_row_lands_in_every_zone_at_every_change(zone: str) -> None:
    periods = [("minute", 7), ("minute", 90), *(("hour", n) for n in (1, 2, 3, 5, 6, 8, 12, 24)), ("day", 1), ("day", 3)]
    for choice in range(len(changes(zone))):
        for unit, period in [*periods, ("week", 1), ("month", 1)]:
            check_that_every_row_lands(zone, choice, unit, period, 30, 400, -7000, "us")


def test_rows_without_a_time_are_left_out_with_a_warning() -> None:
    frame = pl.DataFrame({"at": [datetime.datetime(2024, 1, 1), None], "x": [1.0, 2.0]})
    job = RecordingJob(folder=None)  # type: ignore[arg-type]
    run(TimestampAlignment(column="at"), {"table": Table.of(frame)}, job=job)
    assert job.warnings == ["1 row without a time is left out."]


def test_a_grid_that_would_not_end_is_refused_before_it_is_made() -> None:
    ends = [datetime.datetime(1900, 1, 1), datetime.datetime(2100, 1, 1)]
    with pytest.raises(NodeError, match="more than 50\u202f000\u202f000 points"):
        landed(pl.DataFrame({"at": ends, "x": [1.0, 2.0]}), unit="millisecond")
    for unit, period in (("year", 1_000_000), ("week", 1_000_000)):
        with pytest.raises(NodeError, match="before all times"):
            landed(pl.DataFrame({"at": ends, "x": [1.0, 2.0]}), unit=unit, period=period)
