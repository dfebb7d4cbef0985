"""Partitioning: every row goes to exactly one of two tables."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base import NodeError
from nodes.tables.partitioning import Partitioning
from nodes.values.table import Table
from tests.support import RecordingJob, configure, run


def rows(n: int) -> Table:
    return Table.of(pl.DataFrame({"i": range(n)}, schema={"i": pl.Int64}))


def split(node: Partitioning, table: Table) -> tuple[list[int], list[int]]:
    out = run(node, {"table": table})
    return out["first"].frame()["i"].to_list(), out["second"].frame()["i"].to_list()


@given(
    n=st.integers(1, 200),
    percent=st.floats(0, 100),
    sampling=st.sampled_from(["random", "linear", "first rows"]),
    seed=st.integers(0, 2**63 - 1),
)
def test_every_row_is_in_one_table_in_its_old_order_and_the_size_is_exact(n, percent, sampling, seed):
    first, second = split(Partitioning(percent=percent, sampling=sampling, seed=seed), rows(n))

    assert len(first) == int(n * percent / 100 + 0.5)
    assert first == sorted(first)
    assert second == sorted(second)
    assert sorted(first + second) == list(range(n))


@given(labels=st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=120), percent=st.floats(0, 100))
def test_stratified_keeps_every_share_to_within_a_row_and_the_total_exact(labels, percent):
    table = Table.of(pl.DataFrame({"i": range(len(labels)), "y": pl.Series(labels, dtype=pl.String)}))

    first, second = split(Partitioning(percent=percent, sampling="stratified", group_column="y"), table)

    assert len(first) == int(len(labels) * percent / 100 + 0.5)
    assert sorted(first + second) == list(range(len(labels)))
    taken = Counter(labels[i] for i in first)
    for label, count in Counter(labels).items():
        assert abs(taken[label] - len(first) * count / len(labels)) < 1


def test_stratified_chooses_by_lot_among_equal_claims():
    table = Table.of(pl.DataFrame({"i": range(10), "y": range(10)}))
    node = Partitioning(size="absolute", rows=5, sampling="stratified", group_column="y")

    chosen = {tuple(split(node.model_copy(update={"seed": seed}), table)[0]) for seed in range(20)}

    assert len(chosen) > 10, "not always the classes that come first"


@pytest.mark.parametrize(("count", "chosen"), [(0, []), (1, [0]), (2, [0, 9]), (4, [0, 3, 6, 9]), (9, None), (10, None)])
def test_linear_takes_even_distances_from_the_first_to_the_last_row(count, chosen):
    first, _ = split(Partitioning(size="absolute", rows=count, sampling="linear"), rows(10))

    assert len(first) == count
    if chosen is None:
        assert (first[0], first[-1]) == (0, 9)
    else:
        assert first == chosen


def test_the_first_rows_are_those_at_the_top():
    assert split(Partitioning(percent=30, sampling="first rows"), rows(10))[0] == [0, 1, 2]


@pytest.mark.parametrize("sampling", ["random", "stratified"])
def test_a_seed_makes_the_choice_repeatable_and_another_seed_another_choice(sampling):
    table = rows(50).with_columns(pl.DataFrame({"y": [0, 1] * 25}))
    node = Partitioning(sampling=sampling, group_column="y", seed=3)

    assert split(node, table) == split(node, table)
    assert split(node, table) != split(node.model_copy(update={"seed": 4}), table)


def test_only_chance_without_a_seed_is_not_reproducible():
    assert Partitioning().reproducible
    assert not Partitioning(seed=None).reproducible
    assert not Partitioning(seed=None, sampling="stratified").reproducible
    assert Partitioning(seed=None, sampling="linear").reproducible
    assert Partitioning(seed=None, sampling="first rows").reproducible


def test_nothing_is_copied():
    table = rows(100)

    out = run(Partitioning(), {"table": table})

    assert out["first"].parts[0].frame is table.parts[0].frame
    assert out["second"].parts[0].frame is table.parts[0].frame


def test_class_names_go_to_both_tables():
    table = Table.of(pl.DataFrame({"y": [0, 1, 1]}), {"y": ("cat", "dog")})

    out = run(Partitioning(), {"table": table})

    assert out["first"].spec.class_names("y") == out["second"].spec.class_names("y") == ("cat", "dog")


def test_an_absolute_size_larger_than_the_table_takes_all_and_says_so(tmp_path):
    job = RecordingJob(tmp_path)

    out = run(Partitioning(size="absolute", rows=7), {"table": rows(3)}, job=job)

    assert (out["first"].height, out["second"].height) == (3, 0)
    assert job.warnings == ["The table has only 3 rows: all are in the first partition."]


@pytest.mark.parametrize("sampling", ["random", "stratified", "linear", "first rows"])
def test_an_empty_table_is_an_error_unless_allowed(sampling):
    node = Partitioning(sampling=sampling, group_column="i")

    with pytest.raises(NodeError, match="no rows") as caught:
        configure(node, {"table": rows(0)})
    assert caught.value.setting == "if_empty"

    allowed = run(node.model_copy(update={"if_empty": "empty tables"}), {"table": rows(0)})
    assert (allowed["first"].height, allowed["second"].height) == (0, 0)


def test_stratified_needs_a_column_of_classes():
    table = Table.of(pl.DataFrame({"x": [0.5]}))

    for column in (None, "x", "nowhere"):
        with pytest.raises(NodeError) as caught:
            configure(Partitioning(sampling="stratified", group_column=column), {"table": table})
        assert caught.value.setting == "group_column"
