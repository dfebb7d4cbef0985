"""Rows that are chosen, put together or taken apart: each comes out where it belongs, and what is left out is counted.

A table of awkward rows goes through every node that may leave rows out; what comes out is counted against plain Python.
"""

from __future__ import annotations

import math
from collections import Counter

import polars as pl
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from nodes.tables.bootstrap_sampling import BootstrapSampling
from nodes.tables.category_to_number import CategoryToNumber
from nodes.tables.chosen_rows import ReferenceRowFilter, RowSplitter, TableSplitter, TopKRowFilter
from nodes.tables.column_appender import ColumnAppender
from nodes.tables.concatenate import ConcatenateTables
from nodes.tables.equal_size_sampling import EqualSizeSampling
from nodes.tables.group_by import Aggregation, GroupBy
from nodes.tables.many_to_one import ManyToOne
from nodes.tables.missing_value import MissingValue, Treatment
from nodes.tables.moving_aggregation import MovingAggregation
from nodes.tables.one_to_many import OneToMany
from nodes.tables.row_filter import Criterion
from nodes.tables.rule_based_row_filter import RuleBasedRowFilter
from nodes.tables.sorter import Sorter, SortKey
from nodes.tables.ungroup import SplitCollectionColumn, Ungroup
from nodes.tables.unpivot import Unpivot
from nodes.tables.value_lookup import ValueLookup
from nodes.wording import counted
from tests import sampling
from tests.real.test_rows_land import gives, tables


def is_number(cell: float | None) -> bool:
    return cell is not None and not math.isnan(cell)


def check_chosen(frame: pl.DataFrame, some: int) -> None:
    """Two ports between them have every row once, whatever is missing."""
    rows, numbers = list(range(frame.height)), frame["number"].to_list()
    more = [r for r, n in zip(rows, numbers, strict=True) if is_number(n) and n > 0.1]
    made, _ = gives(RowSplitter(criteria=[Criterion(column="number", operator=">", value=0.1)]), table=frame)
    assert made["matching"]["row"].to_list() == more
    assert made["others"]["row"].to_list() == [r for r in rows if r not in more]
    made, _ = gives(RuleBasedRowFilter(condition="number > 0.1"), table=frame)
    assert sorted([*made["true"]["row"], *made["false"]["row"]]) == rows
    assert set(more) == {r for r in made["true"]["row"] if is_number(numbers[r])}
    made, _ = gives(TableSplitter(criteria=[Criterion(column="number", operator="is missing")]), table=frame)
    assert [*made["upper"]["row"], *made["lower"]["row"]] == rows
    other = frame.select("key").reverse().head(some)
    there = set(other["key"].drop_nulls())
    for mode in ("include", "exclude"):
        made, _ = gives(ReferenceRowFilter(column="key", reference="key", mode=mode), table=frame, reference=other)
        found = [r for r, k in zip(rows, frame["key"], strict=True) if k is not None and k in there]
        kept, others = ("table", "others") if mode == "include" else ("others", "table")
        assert made[kept]["row"].to_list() == found
        assert made[others]["row"].to_list() == [r for r in rows if r not in found]
    made, _ = gives(TopKRowFilter(column="number", k=some), table=frame)
    assert made["table"].height == min(some, sum(map(is_number, numbers)))
    made, _ = gives(Sorter(by=[SortKey(column="key"), SortKey(column="number", order="descending")]), table=frame)
    assert sorted(made["table"]["row"]) == rows
    if rows:
        made, _ = gives(BootstrapSampling(seed=1), table=frame)
        assert set(made["sample"]["row"]) | set(made["rest"]["row"]) == set(rows)
        assert not set(made["sample"]["row"]) & set(made["rest"]["row"])
    sizes = Counter(repr(k) for k in frame["key"])
    for method, size in (("exact", min), ("oversample", max)):
        made, said = gives(EqualSizeSampling(class_column="key", method=method, seed=1), table=frame)
        wanted = size(sizes.values()) if sizes else 0
        assert Counter(repr(k) for k in made["table"]["key"]) == dict.fromkeys(sizes, wanted)
        assert said.startswith(f"{made['table'].height} row")


def check_summed_up(frame: pl.DataFrame) -> None:
    """Groups have every row; what is missing is a group of its own."""
    made, _ = gives(GroupBy(keys=["key"], aggregations=[Aggregation(column="row", method="count")]), table=frame)
    counts = dict(zip(map(repr, made["table"]["key"]), made["table"].to_series(1), strict=True))
    assert counts == Counter(repr(k) for k in frame["key"])
    made, said = gives(MissingValue(treatments=[Treatment(columns=["number"], method="remove row")]), table=frame)
    there = [r for r, n in enumerate(frame["number"]) if is_number(n)]
    assert made["table"]["row"].to_list() == there
    assert ("left out" in said) == (len(there) < frame.height)
    made, _ = gives(MovingAggregation(columns=["row"], group_column="key", window="cumulative", method="sum"), table=frame)
    assert made["table"]["row"].to_list() == list(range(frame.height))


def check_put_together(frame: pl.DataFrame, some: int) -> None:
    """Tables below and beside each other."""
    other = frame.reverse().head(some).with_columns(pl.lit("x").alias("further"))
    both = {"table_1": frame, "table_2": other}
    made, said = gives(ConcatenateTables(), **both)
    assert made["table"]["row"].to_list() == [*frame["row"], *other["row"]]
    made, said = gives(ConcatenateTables(duplicates="skip", id_columns=["row"], columns="intersection"), **both)
    assert made["table"]["row"].to_list() == frame["row"].to_list()
    assert (f"{counted(other.height, 'row')} with the identifiers" in said) == bool(other.height)
    assert "left out: further." in said
    made, said = gives(ColumnAppender(heights="cut"), **both)
    assert made["table"].height == other.height
    assert ("left out" in said) == (other.height < frame.height)
    made, said = gives(ColumnAppender(heights="fill"), **both)
    assert made["table"]["row"].to_list() == frame["row"].to_list()
    assert made["table"]["row (#1)"].to_list() == [*other["row"], *[None] * (frame.height - other.height)]


def check_taken_apart(frame: pl.DataFrame, some: int) -> None:
    """Cells as rows, and back."""
    for skip in (False, True):
        made, said = gives(Unpivot(on=["number", "row"], index=["key"], skip_missing=skip), table=frame)
        missing = frame["number"].null_count() if skip else 0
        assert made["table"].height == 2 * frame.height - missing
        assert ("no row" in said) == bool(missing)
    lists = frame.with_columns(
        pl.Series("cells", [[] if r % 3 == 0 else None if r % 3 == 1 else [n, r] for r, n in enumerate(frame["number"])],
                  dtype=pl.List(pl.Float64))
    )  # fmt: skip
    made, said = gives(Ungroup(columns=["cells"]), table=lists)
    assert set(made["table"]["row"]) == set(frame["row"])
    assert said == ""
    made, said = gives(Ungroup(columns=["cells"], skip_empty=True, skip_missing=True), table=lists)
    left = {r for r in frame["row"] if r % 3 == 2}
    assert set(made["table"]["row"]) == left
    assert ("left out" in said) == (len(left) < frame.height)
    made, said = gives(SplitCollectionColumn(column="cells", count=1), table=lists)
    assert ("left out" in said) == bool(left)
    assert made["table"]["row"].to_list() == frame["row"].to_list()

    encoded, _ = gives(OneToMany(columns=["key"]), table=frame)
    ones = [c for c in encoded["table"].columns if c not in ("key", "number", "row")]
    if ones:
        node = ManyToOne(columns=ones, keep_original=False, if_tie="fail")
        known = encoded["table"].filter(pl.sum_horizontal(ones) == 1)
        made, _ = gives(node, table=known)
        assert made["table"]["row"].to_list() == [r for r, k in enumerate(frame["key"]) if k is not None]


def check_looked_up(frame: pl.DataFrame, some: int) -> None:
    """The nearest key, and numbers for categories: found by plain search, or missing and counted."""
    keys = sorted({n for n in frame["number"].to_list()[:some] if is_number(n)})
    dictionary = pl.DataFrame({"k": pl.Series(keys, dtype=pl.Float64), "v": pl.Series(range(len(keys)), dtype=pl.Int64)})
    for no_match, near in (
        ("next smaller", lambda n: max((k for k in keys if k <= n), default=None)),
        ("next larger", lambda n: min((k for k in keys if k >= n), default=None)),
    ):
        node = ValueLookup(column="number", key="k", no_match=no_match)
        made, said = gives(node, table=frame, dictionary=dictionary)
        wanted = [None if not is_number(n) or near(n) is None else keys.index(near(n)) for n in frame["number"]]
        assert made["table"]["v"].to_list() == wanted
        assert ("found nothing" in said) == (None in wanted)
    first, _ = gives(CategoryToNumber(columns=["key"]), table=frame.head(some))
    if not first["mapping"].height:  # it knows nothing of the column, and says so
        return
    made, said = gives(CategoryToNumber(columns=["key"]), table=frame, mapping=first["mapping"])
    known = dict(zip(first["mapping"]["category"], first["mapping"]["number"], strict=True))
    names = frame["key"].cast(pl.String).to_list()
    assert made["table"]["key (to number)"].to_list() == [known.get(n) for n in names]
    assert ("does not know" in said) == any(n is not None and n not in known for n in names)


def check_all(frame: pl.DataFrame, some: int) -> None:
    check_chosen(frame, some)
    check_summed_up(frame)
    check_put_together(frame, some)
    check_taken_apart(frame, some)
    check_looked_up(frame, some)


@seed(sampling.seed())
@settings(max_examples=25)
@given(tables(), st.integers(1, 6))
def test_every_row_is_chosen_or_counted(frame: pl.DataFrame, some: int) -> None:
    check_all(frame, some)


@pytest.mark.exhaustive
@settings(max_examples=500)
@given(tables(), st.integers(1, 6))
def test_every_row_is_chosen_or_counted_in_many_tables(frame: pl.DataFrame, some: int) -> None:
    check_all(frame, some)
