"""GroupBy, Pivot and Unpivot: what polars gives by hand."""

from __future__ import annotations

import math
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.base import NodeError
from nodes.kit.tables.aggregation import METHODS
from nodes.tables.group_by import GroupBy
from nodes.tables.pivot import Pivot
from nodes.tables.unpivot import Unpivot
from nodes.values.table import Table
from tests.support import configure, run

FRAME = pl.DataFrame(
    {
        "k": ["b", "a", "b", None, "a", "b"],
        "n": pl.Series([200, 100, 100, 7, None, 200], dtype=pl.UInt8),
        "x": [1.0, math.nan, 2.0, 4.0, 3.0, None],
        "s": ["u", "v", "u", None, "w", "v"],
        "e": pl.Series(["q", "p", "q", "p", "p", None], dtype=pl.Enum(["q", "p"])),
        "f": [True, False, None, True, True, False],
    }
)
SOURCE = Table.of(FRAME, {"n": ("zero", "one")})


def grouped(column: str, method: str, **settings: object) -> list[object]:
    node = GroupBy(keys=["k"], aggregations=[{"column": column, "method": method, "new_name": "r", **settings}])
    return run(node, {"table": SOURCE})["table"].frame()["r"].to_list()


@pytest.mark.parametrize(
    ("column", "method", "b", "a", "none"),
    [
        ("n", "count", 3, 1, 1),
        ("n", "len", 3, 2, 1),
        ("n", "sum", 500, 100, 7),
        ("n", "product", 4_000_000, 100, 7),
        ("n", "range", 100, 0, 0),
        ("x", "mean", 1.5, 3.0, 4.0),
        ("x", "min", 1.0, 3.0, 4.0),
        ("n", "max", 200, 100, 7),
        ("n", "median", 200.0, 100.0, 7.0),
        ("n", "std", 100 / math.sqrt(3), None, None),
        ("n", "var", 10000 / 3, None, None),
        ("n", "quantile", 150.0, 100.0, 7.0),
        ("s", "first", "u", "v", None),
        ("n", "last", 200, 100, 7),
        ("s", "mode", "u", "v", None),
        ("e", "min", "q", "p", "p"),
        ("s", "n_unique", 2, 2, 0),
        ("n", "null_count", 0, 1, 0),
        ("x", "null_count", 1, 1, 0),
        ("n", "percent", 50.0, 100 / 3, 100 / 6),
        ("s", "concatenate", "u, u, v", "v, w", ""),
        ("s", "concatenate unique", "u, v", "v, w", ""),
        ("n", "list", [200, 100, 200], [100], [7]),
        ("n", "set", [200, 100], [100], [7]),
        ("f", "any", True, True, True),
        ("f", "all", False, False, True),
        ("f", "sum", 1, 1, 1),
    ],
)
def test_methods(column, method, b, a, none):
    found = grouped(column, method)

    for cell, expected in zip(found, [b, a, none], strict=True):
        assert cell == (pytest.approx(expected) if isinstance(expected, float) else expected)


def test_results_that_do_not_fit_the_type_of_the_column():
    frame = pl.DataFrame({"a": [2**31 - 1] * 2, "b": [-128, 127]}, schema={"a": pl.Int32, "b": pl.Int8})
    node = GroupBy(aggregations=[{"column": "a", "method": "sum"}, {"column": "b", "method": "range"}])

    assert run(node, {"table": Table.of(frame)})["table"].frame().rows() == [(2**32 - 2, 255)]


def test_missing_cells_can_be_values():
    assert grouped("n", "last", missing=True) == [200, None, 7]
    assert grouped("e", "n_unique", missing=True) == [2, 1, 1]
    assert grouped("n", "list", missing=True) == [[200, 100, 200], [100, None], [7]]


def test_every_method_works_on_an_empty_table_and_without_keys():
    for method in METHODS:
        column = "f" if method in ("any", "all") else "n"
        node = GroupBy(aggregations=[{"column": column, "method": method}])
        assert run(node, {"table": SOURCE})["table"].height == 1
        assert run(node, {"table": SOURCE.slice(0, 0)})["table"].height == 1
        keyed = node.model_copy(update={"keys": ["k"]})
        assert run(keyed, {"table": SOURCE.slice(0, 0)})["table"].height == 0


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.integers(-100, 100)), max_size=30))
def test_groups_are_those_of_polars_in_the_order_of_their_first_row(rows):
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.Boolean, "n": pl.Int32}, orient="row")
    node = GroupBy(keys=["b", "a"], by_type=[{"kind": "number", "method": "mean"}], naming="column")

    made = run(node, {"table": Table.of(frame)})["table"].frame()

    assert made.equals(frame.group_by(["b", "a"], maintain_order=True).agg(pl.col("n").mean()))


def test_names_and_class_names():
    aggregations = [{"column": "n", "method": "max"}, {"column": "n", "method": "mean"}]

    made = run(GroupBy(keys=["k"], aggregations=aggregations), {"table": SOURCE})["table"]
    assert made.columns == ["k", "max(n)", "mean(n)"]
    assert made.spec.class_names("max(n)") == ("zero", "one")
    named = configure(GroupBy(aggregations=aggregations, naming="column (method)"), {"table": SOURCE})["table"]
    assert list(named.schema) == ["n (max)", "n (mean)"]
    with pytest.raises(NodeError, match="Two columns would be named 'n'"):
        configure(GroupBy(aggregations=aggregations, naming="column"), {"table": SOURCE})


@pytest.mark.parametrize(
    ("column", "method"), [("s", "mean"), ("e", "sum"), ("n", "any"), ("q", "count"), ("s", "quantile"), ("f", "std")]
)
def test_a_method_must_suit_its_column(column, method):
    with pytest.raises(NodeError) as caught:
        configure(GroupBy(aggregations=[{"column": column, "method": method}]), {"table": SOURCE})
    assert caught.value.setting in ("aggregations.0.method", "aggregations.0.column")


# -------------------------------------------------------------------------------------------------------------------- pivot


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["x", "y", None]), st.integers(0, 9)), min_size=1, max_size=20))
def test_cells_are_those_of_polars(rows):
    frame = pl.DataFrame(rows, schema={"a": pl.String, "on": pl.String, "n": pl.Int64}, orient="row")
    node = Pivot(index=["a"], on="on", aggregations=[{"column": "n", "method": "max"}])

    made = run(node, {"table": Table.of(frame)})["table"].frame()

    known = frame.filter(pl.col("on").is_not_null())
    by_hand = known.pivot(on="on", index="a", values="n", aggregate_function="max", sort_columns=True)
    both = frame.select("a").unique(maintain_order=True).join(by_hand, on="a", how="left", maintain_order="left")
    assert made.equals(both)


def test_a_category_gives_a_column_for_each_of_its_categories_before_running():
    node = Pivot(index=["f"], on="e", aggregations=[{"column": "x", "method": "mean"}, {"column": "n", "method": "max"}])

    spec = configure(node, {"table": SOURCE})["table"]

    assert list(spec.schema) == ["f", "q+mean(x)", "q+max(n)", "p+mean(x)", "p+max(n)"]
    assert run(node, {"table": SOURCE.slice(0, 1)})["table"].frame().rows() == [(True, 1.0, 200, None, None)]


def test_a_count_without_groups_and_with_missing_values():
    made = run(Pivot(on="k", missing_column=True), {"table": SOURCE})["table"].frame()

    assert made.to_dict(as_series=False) == {"a": [2], "b": [3], "?": [1]}


def test_mistakes_of_a_pivot_are_found():
    with pytest.raises(NodeError, match="group column too"):
        configure(Pivot(index=["k"], on="k"), {"table": SOURCE})
    with pytest.raises(NodeError, match="There would be 2 columns"):
        configure(Pivot(on="e", max_columns=1), {"table": SOURCE})
    named = Table.of(pl.DataFrame({"q": [1], "e": pl.Series(["q"], dtype=pl.Enum(["q"]))}))
    with pytest.raises(NodeError, match="named 'q'"):
        configure(Pivot(index=["q"], on="e"), {"table": named})


# ------------------------------------------------------------------------------------------------------------------ unpivot


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 5))), max_size=10), st.booleans())
def test_columns_become_rows_as_in_polars(rows, skip):
    frame = pl.DataFrame(rows, schema={"a": pl.Int64, "b": pl.Int32}, orient="row").with_row_index("i")

    made = run(Unpivot(on=["a", "b"], index=["i"], skip_missing=skip), {"table": Table.of(frame)})["table"].frame()

    by_hand = frame.unpivot(["a", "b"], index="i")
    by_hand = by_hand.drop_nulls("value") if skip else by_hand
    assert made.cast({"variable": pl.String}).equals(by_hand)


def test_retained_columns_are_shared_and_types_must_agree():
    made = run(Unpivot(on=["s", "e"], index=["n"]), {"table": SOURCE})["table"]

    assert made.parts[0].frame is FRAME or made.parts[0].frame.equals(FRAME)
    assert made.spec.class_names("n") == ("zero", "one")
    assert made.schema["variable"] == pl.Enum(["s", "e"])
    with pytest.raises(NodeError, match="one column cannot hold both") as caught:
        configure(Unpivot(on=["s", "x"]), {"table": SOURCE})
    assert caught.value.setting == "on"


def summed(dtype: pl.DataType, cells: list[object], method: str) -> object:
    table = Table.of(pl.DataFrame({"a": pl.Series(cells, dtype=dtype)}))
    return (
        run(GroupBy(aggregations=[{"column": "a", "method": method, "new_name": "r"}]), {"table": table})["table"].frame().item()
    )


def test_decimals_and_large_numbers_are_not_cut():
    cents, huge = pl.Decimal(10, 2), pl.Int128()
    assert summed(cents, [Decimal("1.50"), Decimal("2.25")], "sum") == Decimal("3.75")
    assert summed(cents, [Decimal("1.50"), Decimal("2.25")], "range") == Decimal("0.75")
    assert summed(cents, [Decimal("1.50"), Decimal("2.25")], "product") == 3.375
    assert summed(huge, [2**70, 5 - 2**70], "sum") == 5
    with pytest.raises(NodeError, match="The sum of 'a' does not fit into 64 bits"):
        summed(huge, [2**70, 5], "sum")


@pytest.mark.parametrize("dtype", [pl.Int64(), pl.UInt64()])
def test_whole_numbers_that_do_not_fit_are_an_error_and_never_others(dtype):
    large = 2**62
    assert summed(dtype, [large, large - 1], "sum") == 2 * large - 1
    assert summed(dtype, [large, 1], "product") == large
    assert summed(dtype, [large, large, large, 0], "product") == 0
    for cells, method in (([large] * 2, "sum"), ([large, 4], "product"), ([large] * 40, "product")):
        with pytest.raises(NodeError, match=f"The {method} of 'a' does not fit into 64 bits"):
            summed(dtype, cells, method)
    assert summed(pl.Int64(), [-(2**63), -1], "range") == 2**63 - 1
    with pytest.raises(NodeError, match="The range of 'a' does not fit"):
        summed(pl.Int64(), [-(2**63), 0], "range")


def test_further_figures():
    cells = [1.0, 2.0, 4.0, None, math.nan]
    assert summed(pl.Float64(), cells, "mean absolute deviation") == pytest.approx(10 / 9)
    assert summed(pl.Float64(), cells, "geometric mean") == pytest.approx(2.0)
    assert summed(pl.Float64(), cells, "sum of squares") == pytest.approx(21.0)
    assert list(summed(pl.String(), ["b", None, "a", "b"], "sorted list")) == ["a", "b", "b"]  # type: ignore[call-overload]


def test_methods_by_pattern_come_before_those_by_type():
    frame = pl.DataFrame({"k": ["u", "u"], "pixel_1": [1, 3], "pixel_2": [5, 7], "size": [2, 4], "name": ["a", "b"]})
    node = GroupBy(
        keys=["k"],
        aggregations=[{"column": "pixel_2", "method": "max"}],
        by_pattern=[
            {"pattern": "PIXEL_.*|na.e", "kind": "regex"},
            {"pattern": "pixel_*", "method": "min"},
            {"pattern": "n?me", "method": "first"},
        ],
        by_type=[{"kind": "number", "method": "sum"}],
    )
    with pytest.raises(NodeError, match="'mean' does not suit it") as caught:
        configure(node, {"table": Table.of(frame)})
    assert caught.value.setting == "by_pattern.0.method"
    fitting = node.model_copy(update={"by_pattern": node.by_pattern[1:]})
    made = run(fitting, {"table": Table.of(frame)})["table"].frame()
    assert made.row(0, named=True) == {"k": "u", "max(pixel_2)": 7, "min(pixel_1)": 1, "first(name)": "a", "sum(size)": 6}
