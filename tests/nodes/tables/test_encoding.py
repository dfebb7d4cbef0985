"""One to Many, Many to One, Numeric Binner, Normalizer and its kin: what scikit-learn and polars give by hand."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import preprocessing

from nodes.base import NodeError
from nodes.tables.denormalizer import Denormalizer
from nodes.tables.domain_calculator import DomainCalculator
from nodes.tables.many_to_one import ManyToOne
from nodes.tables.normalizer import Normalizer
from nodes.tables.normalizer_apply import NormalizerApply
from nodes.tables.numeric_binner import NumericBinner
from nodes.tables.one_to_many import OneToMany
from nodes.values.table import Table
from tests.support import configure, run

COLOURS = pl.Series(["red", "blue", None, "red"], dtype=pl.Enum(["blue", "green", "red"]))
SOURCE = Table.of(pl.DataFrame({"c": COLOURS, "t": ["y", "x", None, "x"], "f": [True, None, False, True]}))


# ------------------------------------------------------------------------------------------------------------ one and many


def test_a_category_gets_a_column_for_each_category_before_running():
    node = OneToMany(columns=["c"], naming="value", remove_included=True)

    assert list(configure(node, {"table": SOURCE})["table"].schema) == ["t", "f", "blue", "green", "red"]
    made = run(node, {"table": SOURCE})["table"].frame()
    assert made.select("blue", "green", "red").rows() == [(0, 0, 1), (1, 0, 0), (0, 0, 0), (0, 0, 1)]


@settings(max_examples=25)
@given(st.lists(st.sampled_from("abc"), max_size=10))
def test_dummies_are_those_of_polars(texts):
    frame = pl.DataFrame({"t": pl.Series(texts, dtype=pl.String)})

    made = run(OneToMany(columns=["t"], remove_included=True), {"table": Table.of(frame)})["table"].frame()

    by_hand = frame.to_dummies()
    assert made.equals(by_hand.select(sorted(by_hand.columns)) if texts else pl.DataFrame())


def test_names_and_types_of_dummies():
    both = run(OneToMany(columns=["f", "t"], naming="value_column", dtype="Float32"), {"table": SOURCE})["table"]
    assert both.columns[3:] == ["false_f", "true_f", "x_t", "y_t"]
    assert both.schema["x_t"] == pl.Float32
    assert run(OneToMany(columns=["f"], drop_first=True), {"table": SOURCE})["table"].columns[3:] == ["f_true"]
    with pytest.raises(NodeError, match="3 different values"):
        configure(OneToMany(columns=["c"], max_categories=2), {"table": SOURCE})
    twice = SOURCE.with_columns(pl.DataFrame({"d": COLOURS}))
    with pytest.raises(NodeError, match="Two columns would be named 'blue'"):
        configure(OneToMany(columns=["c", "d"], naming="value"), {"table": twice})


def test_many_to_one_undoes_one_to_many():
    many = run(OneToMany(columns=["c"], naming="value"), {"table": SOURCE})["table"]

    made = run(ManyToOne(columns=["blue", "green", "red"], new_column="back"), {"table": many})["table"].frame()

    assert made["back"].to_list() == COLOURS.to_list()
    assert made["back"].dtype == COLOURS.dtype


def condensed(rows: list[tuple[object, ...]], **more: object) -> list[object]:
    frame = pl.DataFrame(rows, schema=["a", "b"], orient="row", strict=False)
    node = ManyToOne(columns=["a", "b"], keep_original=False, **more)  # type: ignore[arg-type]
    return run(node, {"table": Table.of(frame)})["table"].frame()["Condensed Column"].to_list()


def test_what_makes_a_column_stand_out():
    assert condensed([(0.1, 0.9), (math.nan, -1.0), (None, None)], method="maximum") == ["b", "b", None]
    assert condensed([(0.1, 0.9), (3, None)], method="minimum") == ["a", "a"]
    assert condensed([(0, 2), (0, 1)], method="binary") == [None, "b"]
    assert condensed([("x", "yes"), ("yes", "no")], method="regex", pattern="y.*") == ["b", "a"]


def test_ties():
    tie = [(0, 1), (1, 1)]
    with pytest.raises(NodeError, match="In row 2, 2 columns stand out"):
        condensed(tie)
    assert condensed(tie, if_tie="first") == ["b", "a"]
    assert condensed(tie, if_tie="missing") == ["b", None]


# ------------------------------------------------------------------------------------------------------------------- binner

FLOATS = st.floats(-1e6, 1e6, allow_subnormal=False)


@settings(max_examples=40)
@given(st.lists(FLOATS, min_size=2, max_size=30), st.integers(2, 6), st.sampled_from(["equal width", "equal frequency"]))
def test_bins_are_those_of_scikit_learn(numbers, bins, method):
    low, high = min(numbers), max(numbers)
    source = Table.of(pl.DataFrame({"a": numbers}))

    made = run(NumericBinner(columns=["a"], method=method, bins=bins), {"table": source})

    share = np.arange(1, bins) / bins
    edges = np.quantile(numbers, share) if method == "equal frequency" else low + (high - low) * share
    assert made["edges"].frame()["edge"].to_list() == pytest.approx(edges.tolist(), rel=1e-9, abs=1e-9)
    found = np.searchsorted(made["edges"].frame()["edge"].to_numpy(), numbers, side="left")
    assert made["table"].frame()["a (binned)"].to_list() == [f"Bin {i + 1}" for i in found]


def test_typed_edges_names_and_missing_numbers():
    source = Table.of(pl.DataFrame({"a": [0.0, 1.0, 1.5, math.nan, None, math.inf]}))
    node = NumericBinner(columns=["a"], method="manual", edges=[1.0, 2.0], labels=["low", "middle", "high"], suffix=None)

    below = run(node, {"table": source})["table"].frame()["a"]
    above = run(node.model_copy(update={"left_closed": True}), {"table": source})["table"].frame()["a"]

    assert below.to_list() == ["low", "low", "middle", None, None, "high"]
    assert above.to_list() == ["low", "middle", "middle", None, None, "high"]
    assert below.dtype == pl.Enum(["low", "middle", "high"])
    for wrong in ({"labels": ["a"]}, {"labels": ["a", "a", "b"]}, {"edges": [2.0, 1.0], "labels": []}):
        with pytest.raises(NodeError):
            configure(node.model_copy(update=wrong), {"table": source})


def test_test_data_go_into_the_bins_of_the_training_data():
    node = NumericBinner(columns=["a"], bins=2)
    trained = run(node, {"table": Table.of(pl.DataFrame({"a": [0.0, 10.0]}))})

    made = run(node, {"table": Table.of(pl.DataFrame({"a": [4.0, 6.0, 100.0]})), "edges": trained["edges"]})

    assert made["table"].frame()["a (binned)"].to_list() == ["Bin 1", "Bin 2", "Bin 2"]


# --------------------------------------------------------------------------------------------------------------- normalizer


@settings(max_examples=40)
@given(st.lists(FLOATS, min_size=2, max_size=30), st.sampled_from(["min-max", "z-score", "robust"]))
def test_scales_are_those_of_scikit_learn(numbers, method):
    column = np.array(numbers)[:, None]
    scaler = {
        "min-max": preprocessing.MinMaxScaler((-1, 1)),
        "z-score": preprocessing.StandardScaler(),
        "robust": preprocessing.RobustScaler(),
    }[method]

    made = run(Normalizer(columns=["a"], method=method, minimum=-1), {"table": Table.of(pl.DataFrame({"a": numbers}))})

    by_hand = scaler.fit_transform(column)[:, 0]
    if method == "z-score":
        # scikit-learn divides by n.
        by_hand *= math.sqrt((len(numbers) - 1) / len(numbers))
    spread = np.subtract(*np.percentile(column, [75, 25])) if method == "robust" else np.ptp(column)
    if spread > 1e-3 * max(1.0, np.abs(column).max()):
        assert made["table"].frame()["a"].to_numpy() == pytest.approx(by_hand, abs=1e-6)


@settings(max_examples=40)
@given(
    st.lists(st.one_of(st.none(), st.integers(-1000, 1000)), max_size=20),
    st.sampled_from(["min-max", "z-score", "decimal scaling", "robust"]),
)
def test_a_denormalizer_undoes_it_and_apply_repeats_it(numbers, method):
    source = Table.of(pl.DataFrame({"a": pl.Series(numbers, dtype=pl.Int64)}))

    made = run(Normalizer(method=method), {"table": source})
    again = run(NormalizerApply(), {"table": source, "model": made["model"]})["table"]
    back = run(Denormalizer(), {"table": made["table"], "model": made["model"]})["table"]

    assert again.frame().equals(made["table"].frame())
    assert back.frame()["a"].to_list() == [n if n is None else pytest.approx(n, abs=1e-9) for n in numbers]
    if method == "decimal scaling":
        assert all(-1 <= n <= 1 for n in made["table"].frame()["a"].drop_nulls())


def test_what_cannot_be_scaled():
    odd = Table.of(pl.DataFrame({"same": [2.0, 2.0], "wild": [math.inf, 1.0], "none": pl.Series([None, None], dtype=pl.Float32)}))

    made = run(Normalizer(), {"table": odd})["table"].frame()

    assert made["same"].to_list() == [0.0, 0.0]
    assert made["wild"].to_list()[1] == 0.0
    assert made.schema["none"] == pl.Float32
    with pytest.raises(NodeError, match="minimum"):
        configure(Normalizer(minimum=1, maximum=1), {"table": odd})


def test_a_model_must_be_one_and_fit():
    source = Table.of(pl.DataFrame({"a": [1.0, 3.0], "s": ["x", "y"]}))
    model = run(Normalizer(), {"table": source})["model"]
    other = source.rename({"a": "b"})

    with pytest.raises(NodeError, match="no model"):
        configure(Denormalizer(), {"table": source, "model": source})
    with pytest.raises(NodeError, match="no column 'a'"):
        run(NormalizerApply(), {"table": other, "model": model})
    assert run(NormalizerApply(if_absent="ignore"), {"table": other, "model": model})["table"].frame().equals(other.frame())


# -------------------------------------------------------------------------------------------------------------------- domain


def domain(values: list[object], dtype: object = pl.String, classes: tuple[str, ...] | None = None, **more: object) -> pl.Series:
    source = Table.of(pl.DataFrame({"a": pl.Series(values, dtype=dtype)}), {"a": classes} if classes else None)
    made: Table = run(DomainCalculator(columns=["a"], **more), {"table": source})["table"]  # type: ignore[arg-type]
    return made.frame()["a"]


def test_columns_become_categories():
    assert domain(["b", None, "a", "b"]).dtype == pl.Enum(["a", "b"])
    assert domain(["b", None, "a", "b"]).to_list() == ["b", None, "a", "b"]
    assert domain(["b", "a"], order="first appearance").dtype == pl.Enum(["b", "a"])
    assert domain([10, 9], pl.Int8).dtype == pl.Enum(["9", "10"])
    assert domain([1, 0, None], pl.Int8, ("cat", "dog")).to_list() == ["dog", "cat", None]
    assert domain([], categories=["x", "y"]).dtype == pl.Enum(["x", "y"])


def test_values_that_are_no_category():
    with pytest.raises(NodeError, match="'b' in row 2 of column 'a' is no category"):
        domain(["a", "b"], categories=["a"])
    assert domain(["a", "b"], categories=["a"], if_unknown="missing").to_list() == ["a", None]
    with pytest.raises(NodeError, match="2 different values"):
        domain(["a", "b"], max_categories=1)
    with pytest.raises(NodeError, match="twice"):
        domain(["a"], categories=["a", "a"])
