"""Statistics and Linear Correlation: the figures of numpy and scipy."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nodes.base import NodeError, Values
from nodes.tables.linear_correlation import LinearCorrelation
from nodes.tables.statistics import QUANTILES, Statistics
from nodes.values.table import Table
from tests.support import configure, run


@settings(max_examples=40)
@given(st.lists(st.integers(-1000, 1000).map(lambda n: n / 8), min_size=3, max_size=40))
def test_figures_of_a_column_of_numbers(numbers):
    frame = pl.DataFrame({"a": [*numbers, None, math.nan, math.inf]})

    row = run(Statistics(), {"table": Table.of(frame)})["statistics"].frame().row(0, named=True)

    by_hand = {
        "min": min(numbers), "max": max(numbers), "mean": np.mean(numbers), "sum": np.sum(numbers),
        "std": np.std(numbers, ddof=1), "var": np.var(numbers, ddof=1),
        "mean absolute deviation": np.mean(np.abs(numbers - np.mean(numbers))),
        **{f"{q} % quantile": np.quantile(numbers, q / 100) for q in QUANTILES},
    }  # fmt: skip
    if len(set(numbers)) > 1:
        by_hand |= {"skewness": stats.skew(numbers, bias=False)}
        by_hand |= {"kurtosis": stats.kurtosis(numbers, bias=False) if len(numbers) > 3 else None}
    assert {name: row[name] for name in by_hand} == pytest.approx(by_hand, abs=1e-7)
    assert (row["rows"], row["missing"], row["NaN"], row["infinite"]) == (len(numbers) + 3, 1, 1, 1)


def test_columns_of_other_kinds():
    frame = pl.DataFrame({"s": ["b", "a", "b", None], "f": [True, False, True, True], "l": [[1], None, [2], [3]]})

    made = run(Statistics(top=1), {"table": Table.of(frame)})
    rows = {row["column"]: row for row in made["statistics"].frame().iter_rows(named=True)}

    assert rows["s"]["most common"] == "b (2)"
    assert rows["s"]["unique"] == 2
    assert rows["s"]["mean"] is None
    assert rows["f"]["mean"] == 0.75
    assert (rows["l"]["missing"], rows["l"]["unique"]) == (1, None)
    assert made["occurrences"].frame().rows() == [
        ("s", "b", 2, 50.0), ("s", "a", 1, 25.0), ("f", "true", 3, 75.0), ("f", "false", 1, 25.0)
    ]  # fmt: skip


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=30), st.sampled_from(["pearson", "spearman"])
)
def test_coefficients_are_those_of_scipy(rows, method):
    a, b = zip(*rows, strict=True)
    frame = pl.DataFrame({"a": [*a, None, 5.0], "b": [*b, 3, None]}, schema={"a": pl.Float64, "b": pl.Int64})

    made = run(LinearCorrelation(method=method), {"table": Table.of(frame)})

    first, second, found, count, _ = made["pairs"].frame().row(0)
    assert (first, second, count) == ("a", "b", len(rows))
    if len(set(a)) > 1 and len(set(b)) > 1:
        assert found == pytest.approx((stats.pearsonr if method == "pearson" else stats.spearmanr)(a, b).statistic, abs=1e-9)
    else:
        assert found is None
    matrix = made["matrix"].frame()
    assert matrix["b"].to_list()[0] == matrix["a"].to_list()[1] == found


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), min_size=1, max_size=30))
def test_categories_are_compared_by_cramers_v(rows):
    frame = pl.DataFrame(rows, schema=["a", "b"], orient="row")

    found = run(LinearCorrelation(columns=["a", "b"]), {"table": Table.of(frame)})["pairs"].frame()["correlation"][0]

    observed = np.array([[sum((p, q) == row for row in rows) for q in "xyz"] for p in "abc"])
    observed = observed[observed.sum(1) > 0][:, observed.sum(0) > 0]
    if min(observed.shape) < 2:
        assert found is None
    else:
        assert found == pytest.approx(stats.contingency.association(observed, method="cramer"), abs=1e-9)


def test_the_matrix_is_drawn_as_a_heat_map():
    frame = pl.DataFrame({"a": [1, 2, 3], "b": [3, 2, 1], "c": ["x", "y", "y"]})
    node = LinearCorrelation(columns=["a", "b", "c"])

    (figure,) = node.views(Values(run(node, {"table": Table.of(frame)})))

    assert figure.kind == "heat map"
    assert figure.row_names == figure.column_names == ["a", "b", "c"]
    assert figure.values[0][:2] == pytest.approx([1.0, -1.0])
    assert math.isnan(figure.values[0][2])
    with pytest.raises(NodeError, match="no columns of numbers"):
        configure(LinearCorrelation(), {"table": Table.of(frame.select("c"))})
