"""Measures of a drawn workflow: ports beside the tile, and how wires run."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.document.geometry import LEAST_REACH, MOST_REACH, TILE, goes_back, level, port_offsets, wire_curve, wire_middle

numbers = st.floats(-5000, 5000)
spots = st.tuples(numbers, numbers)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 8])
def test_ports_are_evenly_spread_about_the_middle_of_the_tile(count: int) -> None:
    offsets = port_offsets(count)
    assert sum(offsets) / count == pytest.approx(TILE / 2)
    assert all(0 < offset < TILE for offset in offsets)
    assert len({round(b - a, 6) for a, b in pairwise(offsets)}) <= 1


def test_no_port_has_no_offset_and_many_ports_keep_their_distance() -> None:
    assert port_offsets(0) == ()
    assert port_offsets(20)[1] - port_offsets(20)[0] == 6.5


@given(spots, spots)
def test_a_wire_ends_where_it_should_and_goes_through_its_middle_on_a_level(
    start: tuple[float, float], end: tuple[float, float]
) -> None:
    pieces = wire_curve(start, end)
    assert pieces[-1][-2:] == end
    if goes_back(start, end):
        (_, first), line = pieces[0][-2:], pieces[1]
        assert len(line) == 2
        assert first == line[1] == level(start, end) == wire_middle(start, end)[1]
    else:
        (one,) = pieces
        assert LEAST_REACH <= one[0] - start[0] <= MOST_REACH
        assert one[0] - start[0] == pytest.approx(end[0] - one[2])
        assert (one[1], one[3]) == (start[1], end[1])


def test_a_wire_back_to_the_same_row_runs_below_its_tiles() -> None:
    assert level((300.0, 28.0), (0.0, 28.0)) > 28.0 + TILE / 2
    assert level((300.0, 0.0), (0.0, 400.0)) == 200.0
