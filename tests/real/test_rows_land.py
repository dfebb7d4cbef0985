"""Rows that are put on a grid, into classes or beside a key: each lands, or is left out by a rule that is read and counted.

A table of awkward rows goes through every node that maps rows so; what comes out is counted against plain Python.
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from nodes.learning.x_partitioner import XPartitioner
from nodes.tables.counting import Crosstab, ValueCounter
from nodes.tables.duplicate_row_filter import DuplicateRowFilter
from nodes.tables.joiner import Joiner, JoinKey
from nodes.tables.moving_window import MovingWindow
from nodes.tables.numeric_binner import NumericBinner
from nodes.tables.one_to_many import OneToMany
from nodes.tables.partitioning import Partitioning
from nodes.tables.pivot import Pivot
from nodes.tables.value_lookup import ValueLookup
from nodes.values.table import Table
from tests import sampling
from tests.support import RecordingJob, run

KEYS: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "text": (pl.String, st.sampled_from(["", " ", "a", "A", "ä", "a.", "null", "?"])),
    "category": (pl.Enum(["x", "y", "unused", "z"]), st.sampled_from(["x", "y", "z"])),
    "growing": (pl.Categorical, st.sampled_from(["x", "y", "z"])),
    "Int8": (pl.Int8, st.sampled_from([-128, -1, 0, 1, 127])),
    "UInt64": (pl.UInt64, st.sampled_from([0, 1, 2**53, 2**53 + 1, 2**64 - 1])),
    "boolean": (pl.Boolean, st.booleans()),
}
NUMBER = st.none() | st.sampled_from([0.0, -0.0, 0.1, 1.0, 2.0, math.nan, math.inf, -math.inf]) | st.floats(-5, 5)


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    """`key`, of one of the types and often missing; `number`; `row`, the row's number."""
    dtype, cells = KEYS[draw(st.sampled_from(sorted(KEYS)))]
    rows = draw(st.lists(st.tuples(st.none() | cells, NUMBER), max_size=25))
    return pl.DataFrame(
        {
            "key": pl.Series([k for k, _ in rows], dtype=dtype),
            "number": pl.Series([n for _, n in rows], dtype=pl.Float64),
            "row": pl.Series(range(len(rows)), dtype=pl.Int64),
        }
    )


def gives(node: Any, **inputs: pl.DataFrame) -> tuple[dict[str, pl.DataFrame], str]:
    """The tables that a node gives, and all that it said of rows."""
    job = RecordingJob(folder=None)  # type: ignore[arg-type]
    made = run(node, {port: Table.of(frame) for port, frame in inputs.items()}, job=job)
    return {port: v.frame() for port, v in made.items() if isinstance(v, Table)}, "\n".join([*job.warnings, *job.logs])


def check_every_row(frame: pl.DataFrame, parts: int) -> None:
    names = [None if k is None else str(k).lower() if isinstance(k, bool) else str(k) for k in frame["key"]]
    keys = Counter(names)
    missing, rows = frame["key"].null_count(), frame.height

    # Pivot: every row is in one cell, or its pivot cell is missing and that is said.
    made, said = gives(Pivot(on="key"), table=frame)
    assert sum(n or 0 for cells in made["table"].rows() for n in cells) + missing == rows
    assert ("left out" in said) == bool(missing)
    # With text, "?" may be a value itself.
    if "?" not in frame["key"].cast(pl.String).drop_nulls():
        made, said = gives(Pivot(on="key", missing_column=True), table=frame)
        assert {k: n for k, n in made["table"].row(0, named=True).items() if n} == {
            "?" if k is None else k: n for k, n in keys.items()
        }
        assert "left out" not in said

    # Counting.
    made, _ = gives(ValueCounter(column="key", missing=True), table=frame)
    assert made["counts"]["count"].sum() == rows
    made, said = gives(ValueCounter(column="key"), table=frame)
    assert made["counts"]["count"].sum() == rows - missing
    assert ("left out" in said) == bool(missing)
    made, said = gives(Crosstab(rows="key", columns="row"), table=frame)
    assert made["cells"]["count"].sum() == rows - missing

    # Classes as columns: a row has a 1 in one of them, or its cell is missing.
    made, _ = gives(OneToMany(columns=["key"]), table=frame)
    encoded = made["table"].drop("key", "number", "row")
    ones = encoded.select(pl.sum_horizontal(pl.all())).to_series() if encoded.width else pl.Series([0] * rows)
    assert ones.to_list() == [0 if k is None else 1 for k in frame["key"]]

    # Bins: every number lies in one, whatever the edges; NaN and missing cells have none.
    for options in (
        {"method": "manual", "edges": [-1.0, 0.0, 0.1]},
        {"bins": parts},
        {"bins": parts, "method": "equal frequency"},
    ):
        made, _ = gives(NumericBinner(columns=["number"], **options), table=frame)
        lies = [n is not None and not math.isnan(n) for n in frame["number"]]
        assert made["table"]["number (binned)"].is_not_null().to_list() == lies

    # Joins: every row of both tables comes out with its partners, or among those without.
    other = frame.select("key", pl.col("row").alias("other")).reverse().head(parts * 2)
    for how in ("inner", "left", "right", "full"):
        made, said = gives(Joiner(how=how, on=[JoinKey(left="key", right="key")]), left=frame, right=other)
        partners = Counter(k for k in other["key"] if k is not None)
        pairs = sum(partners[k] for k in frame["key"] if k is not None)
        lone = sum(not partners[k] for k in frame["key"])
        there = set(frame["key"].drop_nulls())
        lone_right = sum(k not in there for k in other["key"])
        assert (made["left_unmatched"].height, made["right_unmatched"].height) == (lone, lone_right)
        assert made["table"].height == pairs + lone * (how in ("left", "full")) + lone_right * (how in ("right", "full"))
        assert "Without a partner" in said

    # Look-ups: every row stays, and those that found nothing are counted.
    dictionary = other.unique("key", keep="first", maintain_order=True)
    made, said = gives(ValueLookup(column="key", key="key", found_column="found"), table=frame, dictionary=dictionary)
    found = [k is not None and k in set(dictionary["key"].drop_nulls()) for k in frame["key"]]
    assert made["table"]["row"].to_list() == list(range(rows))
    assert [f for f, k in zip(made["table"]["found"], frame["key"], strict=True) if k is not None] == [
        f for f, k in zip(found, frame["key"], strict=True) if k is not None
    ]
    assert ("found nothing" in said) == (not made["table"]["found"].all())

    # Parts: every row is in one.
    for sampled in ("random", "linear", "stratified", "first rows"):
        node = Partitioning(sampling=sampled, group_column="key", percent=37.5, seed=1, if_empty="empty tables")
        made, _ = gives(node, table=frame)
        assert sorted([*made["first"]["row"], *made["second"]["row"]]) == list(range(rows))
    biggest = max(keys.values(), default=0)
    for sampled in ("random", "linear", "stratified"):
        if rows >= parts and (sampled != "stratified" or biggest >= parts):
            made, _ = gives(XPartitioner(validations=parts, sampling=sampled, class_column="key", seed=1), table=frame)
            assert set(made["folds"]["fold"]) == set(range(parts))
            assert sorted([*made["train"]["row"], *made["test"]["row"]]) == list(range(rows))

    # Windows of a group: each that fits comes out, or holds a missing cell and is counted.
    made, said = gives(MovingWindow(columns=["number"], steps=2, group_column="key", keep=["row"]), table=frame)
    series: dict[str, list[float | None]] = {}
    for key, number in zip(frame["key"].cast(pl.String), frame["number"], strict=True):
        series.setdefault(repr(key), []).append(number)
    windows = [w for cells in series.values() for w in pairwise(cells)]
    whole = [w for w in windows if all(n is not None and math.isfinite(n) for n in w)]
    assert made["windows"].height == len(whole)
    assert ("left out" in said) == (len(whole) < len(windows))

    # Duplicates: one row of each kind goes on, and the others are counted.
    made, said = gives(DuplicateRowFilter(subset=["key"]), table=frame)
    assert made["table"].height == len({repr(k) for k in frame["key"]})
    assert ("of others" in said) == (made["table"].height < rows)


@seed(sampling.seed())
@settings(max_examples=25)
@given(tables(), st.integers(2, 4))
def test_every_row_lands_or_is_counted(frame: pl.DataFrame, parts: int) -> None:
    check_every_row(frame, parts)


@pytest.mark.exhaustive
@settings(max_examples=600)
@given(tables(), st.integers(2, 4))
def test_every_row_lands_or_is_counted_in_many_tables(frame: pl.DataFrame, parts: int) -> None:
    check_every_row(frame, parts)
