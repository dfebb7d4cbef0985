"""Joiner: the same rows as polars's join, without copying what need not be."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.base import NodeError
from nodes.tables.joiner import Joiner
from nodes.values.table import Table
from tests.support import configure, run

KEYS = st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 3)), st.sampled_from("ab")), max_size=12)
ON = [{"left": "k", "right": "k"}, {"left": "s", "right": "t"}]


def left(keys: list[tuple[object, str]]) -> Table:
    frame = pl.DataFrame(keys, schema={"k": pl.Int32, "s": pl.Enum(["a", "b"])}, orient="row")
    return Table.of(frame.with_columns(pl.int_range(pl.len()).alias("x")), {"x": tuple("cdefghijklmnop")})


def right(keys: list[tuple[object, str]]) -> Table:
    frame = pl.DataFrame(keys, schema={"k": pl.Int64, "t": pl.String}, orient="row")
    return Table.of(frame.with_columns(pl.int_range(pl.len()).alias("x"), pl.lit(1.5).alias("z")))


def joined(node: Joiner, a: Table, b: Table) -> dict[str, Table]:
    return run(node, {"left": a, "right": b})


def rows(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    return frame.rows()


@settings(max_examples=30)
@given(KEYS, KEYS, st.sampled_from(["inner", "left", "right", "full", "semi", "anti"]), st.booleans(), st.booleans())
def test_the_rows_are_those_of_polars(a, b, how, coalesce, nulls_equal):
    one, other = left(a), right(b)

    made = joined(Joiner(how=how, on=ON, coalesce=coalesce, nulls_equal=nulls_equal), one, other)["table"].frame()

    first = one.frame().cast({"k": pl.Int64, "s": pl.String})
    options = {} if how in ("semi", "anti") else {"coalesce": coalesce, "maintain_order": "left_right"}
    by_hand = first.join(other.frame(), left_on=["k", "s"], right_on=["k", "t"], how=how, nulls_equal=nulls_equal, **options)
    if how == "right" and coalesce:
        by_hand = by_hand.rename({"t": "s"})
    made = made.cast({c: by_hand.schema[c] for c in made.columns})
    assert rows(made) == rows(by_hand.select(made.columns))


@settings(max_examples=30)
@given(KEYS, KEYS, st.sampled_from(["inner", "left", "right", "full"]))
def test_rows_without_a_partner_come_out_at_their_own_ports(a, b, how):
    one, other = left(a), right(b)

    made = joined(Joiner(how=how, on=ON), one, other)

    keys = one.frame().cast({"k": pl.Int64, "s": pl.String}), other.frame()
    lone = keys[0].join(keys[1], left_on=["k", "s"], right_on=["k", "t"], how="anti", maintain_order="left")["x"]
    lone_right = keys[1].join(keys[0], right_on=["k", "s"], left_on=["k", "t"], how="anti", maintain_order="left")["x"]
    assert made["left_unmatched"].frame()["x"].to_list() == lone.to_list()
    assert made["right_unmatched"].frame()["x"].to_list() == lone_right.to_list()


@settings(max_examples=30)
@given(KEYS, KEYS, st.sampled_from(["inner", "left", "right", "full"]), st.sampled_from(["left", "right"]))
def test_any_pair_may_match(a, b, how, row_order):
    one, other = left(a), right(b)

    made = joined(Joiner(how=how, on=ON, match="any", row_order=row_order), one, other)["table"].frame()

    pairs = [(i, j) for i, x in enumerate(a) for j, y in enumerate(b) if (x[0] is not None and x[0] == y[0]) or x[1] == y[1]]
    if how in ("left", "full"):
        pairs += [(i, None) for i in range(len(a)) if all(i != p for p, _ in pairs)]
    if how in ("right", "full"):
        pairs += [(None, j) for j in range(len(b)) if all(j != q for _, q in pairs)]
    assert sorted(map(str, zip(made["x"], made["x_right"], strict=True))) == sorted(map(str, pairs))


def test_an_inner_join_copies_nothing_and_keeps_class_names():
    a, b = left([(1, "a"), (2, "b")]), right([(2, "b")])

    made = joined(Joiner(on=ON), a, b)["table"]

    assert {id(part.frame) for part in made.parts} == {id(a.parts[0].frame), id(b.parts[0].frame)}
    assert made.spec.class_names("x") is not None
    assert made.spec.class_names("x_right") is None


def test_images_get_missing_cells_where_there_is_no_partner():
    pictures = Table.of(pl.DataFrame({"id": [2, 1], "image": pl.Series([[[[7]]], [[[8]]]], dtype=pl.Array(pl.UInt8, (1, 1, 1)))}))
    wanted = Table.of(pl.DataFrame({"id": [1, 3, 2]}))

    made = joined(Joiner(how="left", on=[{"left": "id", "right": "id"}]), wanted, pictures)["table"].frame()

    assert made["image"].to_list() == [[[[8]]], None, [[[7]]]]


def test_keys_can_be_compared_as_text():
    a, b = Table.of(pl.DataFrame({"k": [7]})), Table.of(pl.DataFrame({"k": ["7"], "v": [1]}))
    on = [{"left": "k", "right": "k"}]

    with pytest.raises(NodeError, match="but right column") as caught:
        configure(Joiner(on=on), {"left": a, "right": b})
    assert caught.value.setting == "on.0.right"
    assert joined(Joiner(on=on, compare="text"), a, b)["table"].frame().rows() == [(7, 1)]


@pytest.mark.parametrize(("expected", "fine"), [("m:m", True), ("m:1", False), ("1:m", True), ("1:1", False)])
def test_more_partners_than_expected_stop_the_join(expected, fine):
    a, b = left([(1, "a")]), right([(1, "a"), (1, "a")])
    node = Joiner(on=ON, expected=expected)
    if fine:
        assert joined(node, a, b)["table"].height == 2
    else:
        with pytest.raises(NodeError, match="1, a is in the right table more than once"):
            joined(node, a, b)


def test_equal_names():
    a, b = left([]), right([])

    made = configure(Joiner(on=ON, suffix=" (Right)"), {"left": a, "right": b})["table"]
    assert list(made.schema) == ["k", "s", "x", "x (Right)", "z"]
    both = configure(Joiner(on=ON, coalesce=False), {"left": a, "right": b})["table"]
    assert list(both.schema) == ["k", "s", "x", "k_right", "t", "x_right", "z"]
    with pytest.raises(NodeError, match="Both tables have a column 'x'"):
        configure(Joiner(on=ON, duplicates="fail"), {"left": a, "right": b})
    with pytest.raises(NodeError, match="no key columns"):
        configure(Joiner(), {"left": a, "right": b})
