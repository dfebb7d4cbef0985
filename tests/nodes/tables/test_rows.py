"""Nodes that sort, thin out and draw rows."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.base import NodeError
from nodes.tables.bootstrap_sampling import BootstrapSampling
from nodes.tables.duplicate_row_filter import DuplicateRowFilter
from nodes.tables.equal_size_sampling import EqualSizeSampling
from nodes.tables.partitioning import Partitioning
from nodes.tables.row_sampling import RowSampling
from nodes.tables.sorter import Sorter
from nodes.values.table import Table
from tests.support import RecordingJob, configure, run

ROWS = st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 3)), st.one_of(st.none(), st.sampled_from("abC"))), max_size=30)


def table(rows: list[tuple[object, ...]]) -> Table:
    frame = pl.DataFrame(rows, schema={"n": pl.Int64, "s": pl.String}, orient="row")
    return Table.of(frame.with_row_index("i").with_columns(pl.col("i").cast(pl.Int64)))


def numbers(made: Table) -> list[int]:
    return made.frame()["i"].to_list()


# ------------------------------------------------------------------------------------------------------------------- sorter


@settings(max_examples=30)
@given(ROWS, st.booleans(), st.booleans(), st.sampled_from(["first", "last"]), st.sampled_from(["first", "last"]))
def test_rows_are_sorted_as_polars_sorts_them_and_equal_ones_keep_their_order(rows, n_down, s_down, n_missing, s_missing):
    source = table(rows)
    keys = [
        {"column": "s", "order": "descending" if s_down else "ascending", "missing": s_missing},
        {"column": "n", "order": "descending" if n_down else "ascending", "missing": n_missing},
    ]

    made = run(Sorter(by=keys), {"table": source})["table"]

    by_hand = source.frame().sort(
        ["s", "n"], descending=[s_down, n_down], nulls_last=[s_missing == "last", n_missing == "last"], maintain_order=True
    )
    assert made.frame().equals(by_hand)
    assert made.parts[0].frame is source.parts[0].frame


def sorted_by(values: list[object], dtype: object = None, **key: object) -> list[object]:
    source = Table.of(pl.DataFrame({"a": pl.Series(values, dtype=dtype)}))
    return run(Sorter(by=[{"column": "a", **key}]), {"table": source})["table"].frame()["a"].to_list()


def test_text_numbers_categories_and_nan():
    assert sorted_by(["img10", "img2", "Img1"]) == ["Img1", "img10", "img2"]
    assert sorted_by(["img10", "img2", "Img1"], natural=True, ignore_case=True) == ["Img1", "img2", "img10"]
    assert sorted_by(["b", "a"], pl.Enum(["b", "a"]), order="descending") == ["a", "b"]
    assert sorted_by([2.0, math.nan, 1.0], order="descending")[:2] == [2.0, 1.0]
    assert math.isnan(sorted_by([2.0, math.nan, 1.0], missing="first")[0])


def test_a_sorter_needs_a_column_that_has_an_order():
    with pytest.raises(NodeError, match="no column to sort by"):
        configure(Sorter(), {"table": table([])})
    with pytest.raises(NodeError, match="of type List") as caught:
        configure(Sorter(by=[{"column": "l"}]), {"table": Table.of(pl.DataFrame({"l": [[1]]}))})
    assert caught.value.setting == "by.0.column"


# --------------------------------------------------------------------------------------------------------------- duplicates


@settings(max_examples=30)
@given(ROWS, st.sampled_from(["first", "last", "none"]), st.sampled_from([["n"], ["n", "s"]]))
def test_one_row_of_each_stays_as_in_polars(rows, keep, subset):
    source = table(rows)

    made = run(DuplicateRowFilter(subset=subset, keep=keep), {"table": source})["table"]

    assert numbers(made) == source.frame().unique(subset, keep=keep, maintain_order=True)["i"].to_list()


@settings(max_examples=30)
@given(ROWS, st.sampled_from(["min", "max"]))
def test_the_row_with_the_smallest_or_largest_value_is_chosen(rows, keep):
    made = run(DuplicateRowFilter(subset=["s"], keep=keep, by="n"), {"table": table(rows)})["table"]

    expected = []
    for text in {s for _, s in rows}:
        mine = [(n, i) for i, (n, s) in enumerate(rows) if s == text]
        there = [(n, i) for n, i in mine if n is not None]
        best = (min if keep == "min" else max)([n for n, _ in there]) if there else None
        expected.append(next(i for n, i in mine if n == best))
    assert numbers(made) == sorted(expected)


def test_duplicates_can_be_marked():
    source = table([(1, "a"), (2, "b"), (1, "a"), (None, None), (None, None)])

    made = run(DuplicateRowFilter(subset=["n", "s"], output="mark"), {"table": source})["table"].frame()

    assert made["duplicate"].to_list() == ["chosen", "unique", "duplicate", "chosen", "duplicate"]
    assert made["duplicate of"].to_list() == [None, None, 1, None, 4]


# ----------------------------------------------------------------------------------------------------------------- sampling


@settings(max_examples=30)
@given(st.integers(1, 100), st.floats(0, 100), st.sampled_from(["random", "linear", "first rows"]), st.integers(0, 9))
def test_a_sample_is_the_first_part_of_a_partitioning(height, percent, sampling, seed):
    source = Table.of(pl.DataFrame({"i": range(height)}))
    settings = {"percent": percent, "sampling": sampling, "seed": seed}

    made = run(RowSampling(**settings), {"table": source})["table"]

    assert numbers(made) == numbers(run(Partitioning(**settings), {"table": source})["first"])


def test_samples_of_a_number_of_rows():
    source = table([(i % 3, "a") for i in range(9)])
    job = RecordingJob(None)  # type: ignore[arg-type]

    stratified = run(RowSampling(size="absolute", rows=3, sampling="stratified", group_column="n"), {"table": source})["table"]
    everything = run(RowSampling(size="absolute", rows=10), {"table": source}, job=job)["table"]

    assert sorted(stratified.frame()["n"]) == [0, 1, 2]
    assert everything.height == 9
    assert job.warnings
    with pytest.raises(NodeError, match="no rows"):
        configure(RowSampling(), {"table": table([])})
    assert run(RowSampling(if_empty="empty table"), {"table": table([])})["table"].height == 0


@settings(max_examples=30)
@given(st.integers(0, 60), st.floats(0, 300), st.integers(0, 99))
def test_bootstrap_draws_so_many_rows_and_the_rest_was_never_drawn(height, percent, seed):
    source = Table.of(pl.DataFrame({"i": pl.Series(range(height), dtype=pl.Int64)}))
    node = BootstrapSampling(percent=percent, seed=seed)

    made = run(node, {"table": source})
    counted = run(node.model_copy(update={"count_column": "times"}), {"table": source})["sample"].frame()

    drawn = numbers(made["sample"])
    assert len(drawn) == (int(height * percent / 100 + 0.5) if height else 0)
    assert drawn == sorted(drawn)
    assert sorted(set(drawn) | set(numbers(made["rest"]))) == list(range(height))
    assert not set(drawn) & set(numbers(made["rest"]))
    assert dict(counted.rows()) == Counter(drawn)


def test_about_37_percent_are_out_of_the_bag():
    source = Table.of(pl.DataFrame({"i": range(10_000)}))

    assert run(BootstrapSampling(), {"table": source})["rest"].height == pytest.approx(3679, abs=150)
    assert not BootstrapSampling(seed=None).reproducible


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["a", "b", None]), min_size=1), st.sampled_from(["exact", "oversample"]), st.integers(0, 9))
def test_classes_become_equal(labels, method, seed):
    source = Table.of(pl.DataFrame({"i": range(len(labels)), "y": pl.Series(labels, dtype=pl.String)}))

    made = run(EqualSizeSampling(class_column="y", method=method, seed=seed), {"table": source})["table"].frame()

    sizes = Counter(labels)
    target = min(sizes.values()) if method == "exact" else max(sizes.values())
    assert Counter(made["y"].to_list()) == dict.fromkeys(sizes, target)
    once = Counter(made["i"].to_list()).values()
    assert set(once) == {1} if method == "exact" else set(range(len(labels))) == set(made["i"].to_list())


def test_approximately_equal_classes():
    source = Table.of(pl.DataFrame({"y": ["a"] * 9000 + ["b"] * 1000}))

    made = run(EqualSizeSampling(class_column="y", method="approximate"), {"table": source})["table"].frame()

    counts = dict(made["y"].value_counts().rows())
    assert counts["b"] == 1000
    assert counts["a"] == pytest.approx(1000, abs=150)
    assert counts["a"] != 1000
    assert np.all(made["y"].to_numpy()[-1000:] == "b")
