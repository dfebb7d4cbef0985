"""SQLite's loose types: whatever stands in a column, and wherever it begins, comes out as it is, or is told."""

import sqlite3
from contextlib import closing

import polars as pl
import pytest

from nodes.base import NodeError
from nodes.readers import database
from nodes.readers.database import DatabaseReader
from tests.real.readers.conftest import Read


@pytest.fixture
def sqlite_read(tmp_path):
    def read(cells, declared="", **settings):
        (tmp_path / "t.sqlite").unlink(missing_ok=True)
        with closing(sqlite3.connect(tmp_path / "t.sqlite")) as made:
            made.execute(f"CREATE TABLE t (a {declared}, n INTEGER)")
            made.executemany("INSERT INTO t VALUES (?, ?)", [(cell, n) for n, cell in enumerate(cells)])
            made.commit()
        return Read(DatabaseReader(kind="sqlite", path="t.sqlite", table="t", **settings), tmp_path)

    return read


MIXTURES = [
    ([1, 2, None], pl.Int64, [1, 2, None]),
    ([1, 2.5, None], pl.Float64, [1.0, 2.5, None]),
    ([1, "x", 2.5], pl.String, ["1", "x", "2.5"]),
    ([0.1, 2**53 + 1], pl.String, ["0.1", "9007199254740993"]),
    ([b"\xff", "x", 1], pl.Binary, [b"\xff", b"x", b"1"]),
    (["", 1], pl.String, ["", "1"]),
    ([None, None], pl.Binary, [None, None]),  # as SQLite has columns without a declared type
]


@pytest.mark.parametrize(("cells", "dtype", "expected"), MIXTURES)
@pytest.mark.parametrize("before", [0, 3000])
def test_kinds_side_by_side_wherever_they_begin(sqlite_read, cells, dtype, expected, before):
    for first in (None, cells[0]):
        made = sqlite_read([first] * before + cells)
        assert made.frame.schema["a"] == dtype
        assert made.frame["a"].to_list()[before:] == expected
        assert made.frame["n"].to_list() == list(range(before + len(cells)))
    several = len({type(c) for c in cells} - {type(None)}) > 1 and dtype != pl.Float64
    assert bool(made.told) == several


LATE = [([1] * 50, "x", "which is no Int64"), ([1] * 50, 2.5, "which is no Int64"), ([1.5] * 50, "x", "which is no Float64"),
        ([1.5] * 50, 2**53 + 1, "which is no Float64"), (["x"] * 50, b"\xff", "which is no String")]  # fmt: skip


@pytest.mark.parametrize(("cells", "late", "words"), LATE)
def test_what_begins_after_the_rows_looked_at_is_told(sqlite_read, monkeypatch, cells, late, words):
    monkeypatch.setattr(database, "_MOST_LOOKED_AT", 1)
    with pytest.raises(NodeError, match=rf"Row 51 of the result has .* in column 'a', {words}"):
        sqlite_read([*cells, late, cells[0], late], scanned_rows=10)
    made = sqlite_read([*cells, late, cells[0], late], scanned_rows=10, on_misfit="missing")
    assert made.frame["a"].to_list() == [*cells, None, cells[0], None]
    (warning,) = made.warned
    assert "2 cells do not fit" in warning
    assert "row 51" in warning
    assert "row 53" in warning


def test_numbers_that_decimals_hold_stay_numbers(sqlite_read):
    assert sqlite_read([0.5, 2**60, -(2**53)]).frame["a"].to_list() == [0.5, 2.0**60, -(2.0**53)]
    assert sqlite_read([-(2**63), 2**63 - 1]).frame["a"].to_list() == [-(2**63), 2**63 - 1]


def test_rows_keep_the_order_of_the_query(sqlite_read, tmp_path):
    sqlite_read([3, 1, "x", 2])
    node = DatabaseReader(kind="sqlite", path="t.sqlite", source="query", query="SELECT n, a, a AS n FROM t ORDER BY t.n DESC")
    made = Read(node, tmp_path)
    assert made.frame.to_series(0).to_list() == [3, 2, 1, 0]
    assert len(set(made.frame.columns)) == 3
    limited = Read(node.model_copy(update={"limit": 2}), tmp_path)
    assert limited.frame.to_series(0).to_list() == [3, 2]


def test_many_columns(tmp_path):
    with closing(sqlite3.connect(tmp_path / "t.sqlite")) as made:
        made.execute(f"CREATE TABLE t ({', '.join(f'a{n}' for n in range(1500))})")
        made.execute(f"INSERT INTO t VALUES ({', '.join(map(str, range(1500)))})")
        made.commit()
    assert Read(DatabaseReader(kind="sqlite", path="t.sqlite", table="t"), tmp_path).rows() == [tuple(range(1500))]
