"""Cells that are easily got wrong: time zones, large whole numbers, missing groups, references to groups of a pattern."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from nodes.base import Node, NodeError
from nodes.tables.column_renamer_regex import ColumnRenamerRegex
from nodes.tables.concatenate import ConcatenateTables
from nodes.tables.difference import Difference
from nodes.tables.joiner import Joiner
from nodes.tables.many_to_one import ManyToOne
from nodes.tables.pivot import Pivot
from nodes.tables.string_to_datetime import StringToDateTime
from nodes.tables.text_parts import StringReplacer
from nodes.tables.timestamp_alignment import TimestampAlignment
from nodes.values.table import Table
from tests.support import configure, run

NOON = datetime(2024, 1, 1, 12)


def made(node: Node, **columns: Any) -> pl.DataFrame:
    frame: pl.DataFrame = run(node, {"table": Table.of(pl.DataFrame(columns))})["table"].frame()
    return frame


def moment(zone: str | None, unit: Any = "us") -> Table:
    """Noon in UTC, as a column of a zone; without one, noon."""
    times = pl.Series("at", [NOON]).dt.cast_time_unit(unit)
    return Table.of((times.dt.replace_time_zone("UTC").dt.convert_time_zone(zone) if zone else times).to_frame())


def test_moments_of_different_zones_agree_and_can_stand_below_each_other():
    berlin, utc = moment("Europe/Berlin", "ms"), moment("UTC")

    joined = run(Joiner(on=[{"left": "at", "right": "at"}]), {"left": berlin, "right": utc})["table"].frame()
    assert joined["at"].to_list() == [NOON.replace(tzinfo=UTC)]

    below = run(ConcatenateTables(), {"table_1": berlin, "table_2": utc})["table"].frame()["at"]
    assert below.dtype == pl.Datetime("ms", "Europe/Berlin")
    assert below.to_list() == [NOON.replace(tzinfo=UTC)] * 2


def test_durations_of_different_units_can_stand_below_each_other():
    spans = [Table.of(pl.DataFrame({"d": pl.Series([timedelta(days=1)], dtype=pl.Duration(unit))})) for unit in ("ns", "us")]

    assert (
        run(ConcatenateTables(), {"table_1": spans[0], "table_2": spans[1]})["table"].frame()["d"].to_list()
        == [timedelta(days=1)] * 2
    )


def test_a_time_without_a_zone_is_no_moment():
    with pytest.raises(NodeError, match="in the zone UTC, but right column 'at' is of type Datetime without a time zone"):
        configure(Joiner(on=[{"left": "at", "right": "at"}]), {"left": moment("UTC"), "right": moment(None)})
    with pytest.raises(NodeError, match="without a time zone in table 1, but of type Datetime in the zone UTC in table 2"):
        configure(ConcatenateTables(), {"table_1": moment(None), "table_2": moment("UTC")})


def test_a_full_join_of_keys_alone():
    left, right = Table.of(pl.DataFrame({"k": [1, 2]})), Table.of(pl.DataFrame({"a": [1, 2], "b": [1, 3]}))
    node = Joiner(on=[{"left": "k", "right": "a"}, {"left": "k", "right": "b"}], how="full")

    assert run(node, {"left": left, "right": right})["table"].frame().to_dict(as_series=False) == {"k": [1, 2, 2]}


def test_categories_of_different_orders_agree_by_name():
    left = Table.of(pl.DataFrame({"k": pl.Series(["a", "b", None], dtype=pl.Enum(["a", "b"])), "x": [1, 2, 3]}))
    right = Table.of(pl.DataFrame({"k": pl.Series(["b", None, "c"], dtype=pl.Enum(["c", "b"])), "y": [4, 5, 6]}))

    joined = run(Joiner(on=[{"left": "k", "right": "k"}], how="full"), {"left": left, "right": right})["table"].frame()

    assert joined.rows() == [("a", 1, None), ("b", 2, 4), (None, 3, None), (None, None, 5), ("c", None, 6)]
    assert joined.schema["k"] == pl.Enum(["a", "b", "c"])


def test_the_largest_of_large_whole_numbers():
    node = ManyToOne(columns=["a", "b"], method="maximum")

    assert made(node, a=[2**53, 3], b=[2**53 + 1, 1])["Condensed Column"].to_list() == ["b", "a"]


def test_differences_of_large_whole_numbers():
    large = pl.Series([2**63 + 5, 3, 2**63 + 5], dtype=pl.UInt64)
    with pytest.raises(NodeError, match="does not fit into 64 bits"):
        made(Difference(columns=["x"]), x=[2**63 - 1, -5])
    with pytest.raises(NodeError, match="does not fit into 64 bits"):
        made(Difference(columns=["x"]), x=large)
    assert made(Difference(columns=["x"], suffix=None), x=large.head(1).append(large.head(1)))["x"].to_list() == [None, 0]
    assert made(Difference(columns=["x"], suffix=None, method="percent"), x=large)["x"][1] == pytest.approx(-100)


def test_a_series_whose_group_is_missing_is_aligned_too():
    days = [date(2024, 1, day) for day in (1, 3, 1, 3)]
    node = TimestampAlignment(column="at", unit="day", group_column="g", fill="previous")

    aligned = made(node, at=days, g=["a", "a", None, None], x=[1, 2, 3, 4])

    assert aligned["at"].to_list() == [date(2024, 1, day) for day in (1, 2, 3)] * 2
    assert aligned.select("g", "x").rows() == [("a", 1), ("a", 1), ("a", 2), (None, 3), (None, 3), (None, 4)]


def test_a_letter_after_the_number_of_a_group():
    replacer = StringReplacer(columns=["t"], kind="regex", pattern="([a-z])", replacement="$1_$1x")
    renamer = ColumnRenamerRegex(pattern="^(.+)$", replacement="$1_new")

    assert made(replacer, t=["ab", None])["t"].to_list() == ["a_axb_bx", None]
    assert made(renamer, t=["a"], u=[1]).columns == ["t_new", "u_new"]


def test_dates_become_columns_of_a_pivot():
    days = [date(2024, 2, 1), date(2024, 1, 1), date(2024, 2, 1)]

    assert made(Pivot(index=["g"], on="day"), g=["a", "a", "a"], day=days).rows(named=True) == [
        {"g": "a", "2024-01-01": 1, "2024-02-01": 2}
    ]
    spans = [timedelta(days=10), timedelta(days=9)]
    assert made(Pivot(index=["g"], on="span"), g=["a", "a"], span=spans).columns == ["g", "P9D", "P10D"]


def test_text_with_a_distance_from_utc():
    node = StringToDateTime(columns=["t"], format="%Y-%m-%dT%H:%M%z", if_invalid="missing")

    at = made(node, t=["2024-01-01T13:00+0100", "2024-01-01T12:00+00:00", "2024-01-01T12:00", None])["t"]

    assert at.dtype == pl.Datetime("us", "UTC")
    assert at.to_list() == [NOON.replace(tzinfo=UTC), NOON.replace(tzinfo=UTC), None, None]
