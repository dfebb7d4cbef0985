"""Rows chosen, columns split and merged, text taken apart, values counted and looked up: what polars and scipy give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from nodes.base import NodeError
from nodes.learning.smote import SMOTE
from nodes.tables.chosen_rows import ReferenceRowFilter, RowSplitter, Shuffle, TableCropper, TableSplitter, TopKRowFilter
from nodes.tables.column_parts import ColumnMerger, ColumnSplitter
from nodes.tables.counting import Crosstab, ValueCounter
from nodes.tables.datetime_parts import DateTimePartExtractor
from nodes.tables.linear_correlation import LinearCorrelation
from nodes.tables.number_to_category import NumberToCategory
from nodes.tables.pivot import Pivot
from nodes.tables.rule_dictionary import RuleEngineDictionary
from nodes.tables.table_shape import ExtractTableDimension, Transpose
from nodes.tables.text_parts import StringReplacer, StringSplitterRegex
from nodes.tables.ungroup import SplitCollectionColumn, Ungroup
from nodes.tables.value_lookup import ValueLookup
from nodes.values.table import Table
from tests.support import RecordingJob, configure, run

FRAME = pl.DataFrame(
    {"x": [3.0, None, 1.0, float("nan"), 3.0, 2.0], "k": ["a", "b", "a", None, "c", "b"], "i": [0, 1, 2, 3, 4, 5]}
)
TABLE = Table.of(FRAME)


def one(node: Any, table: Table = TABLE, port: str = "table", **others: Table) -> pl.DataFrame:
    return run(node, {"table": table, **others})[port].frame()


def test_row_splitter_sends_every_row_somewhere():
    made = run(RowSplitter(criteria=[{"column": "k", "operator": "equals", "value": "a"}]), {"table": TABLE})
    assert made["matching"].frame()["i"].to_list() == [0, 2]
    assert made["others"].frame()["i"].to_list() == [1, 3, 4, 5]


def test_reference_row_filter():
    reference = Table.of(pl.DataFrame({"name": ["c", "a", "a", None]}))
    made = run(ReferenceRowFilter(column="k", reference="name"), {"table": TABLE, "reference": reference})
    assert made["table"].frame()["i"].to_list() == [0, 2, 4]
    assert made["others"].frame()["i"].to_list() == [1, 3, 5]
    other = run(ReferenceRowFilter(column="k", reference="name", mode="exclude"), {"table": TABLE, "reference": reference})
    assert other["table"].frame().equals(made["others"].frame())
    with pytest.raises(NodeError, match="cannot be compared"):
        configure(ReferenceRowFilter(column="i", reference="name"), {"table": TABLE, "reference": reference})


def test_top_k():
    assert one(TopKRowFilter(column="x", k=3))["i"].to_list() == [0, 4, 5]
    assert one(TopKRowFilter(column="x", k=2, ties="values"))["i"].to_list() == [0, 4, 5]
    assert one(TopKRowFilter(column="x", k=9, order="smallest", keep_order=True))["i"].to_list() == [0, 2, 4, 5]


def test_shuffle_keeps_all_rows():
    made = one(Shuffle(seed=3))["i"].to_list()
    assert made == np.random.default_rng(3).permutation(6).tolist()
    assert not Shuffle(seed=None).reproducible


def test_a_table_is_cropped_and_cut():
    assert one(TableCropper(first_row=2, last_row=3, first_column="k")).rows() == [("b", 1), ("a", 2)]
    assert one(TableCropper(first_row=9)).height == 0
    with pytest.raises(NodeError, match="before the first"):
        configure(TableCropper(first_column="k", last_column="x"), {"table": TABLE})
    rule = [{"column": "k", "operator": "equals", "value": "a"}]
    made = run(TableSplitter(criteria=rule, find="last"), {"table": TABLE})
    assert (made["upper"].height, made["lower"].height) == (2, 4)
    upper = run(TableSplitter(criteria=rule, include="upper"), {"table": TABLE})
    assert upper["upper"].height == 1
    none = run(TableSplitter(criteria=[{"column": "k", "operator": "equals", "value": "z"}]), {"table": TABLE})
    assert (none["upper"].height, none["lower"].height) == (6, 0)


LISTS = pl.DataFrame({"l": [[1, 2], [], None, [3, None]], "m": [["a"], ["b"], None, ["c", "d"]], "i": [0, 1, 2, 3]})


def test_ungroup():
    made = one(Ungroup(columns=["l"]), Table.of(LISTS))
    assert made.columns == ["l", "m", "i"]
    assert made["l"].to_list() == [1, 2, None, None, 3, None]
    assert made["i"].to_list() == [0, 0, 1, 2, 3, 3]
    both = one(Ungroup(columns=["l", "m"]), Table.of(LISTS))
    assert both.rows() == [(1, "a", 0), (2, None, 0), (None, "b", 1), (None, None, 2), (3, "c", 3), (None, "d", 3)]
    short = one(Ungroup(columns=["l"], skip_empty=True, skip_missing=True, remove=False), Table.of(LISTS))
    assert short["l (element)"].to_list() == [1, 2, 3]
    assert short["l"].to_list() == [[1, 2], [1, 2], [3, None]]
    arrays = Table.of(pl.DataFrame({"a": pl.Series(np.arange(12).reshape(2, 3, 2))}))
    assert one(Ungroup(columns=["a"]), arrays)["a"].to_list() == np.arange(12).reshape(6, 2).tolist()


def test_split_collection():
    made = one(SplitCollectionColumn(column="l", count=2, remove=True), Table.of(LISTS))
    assert made.columns == ["m", "i", "l 0", "l 1"]
    assert made.select("l 0", "l 1").rows() == [(1, 2), (None, None), (None, None), (3, None)]
    with pytest.raises(NodeError, match="differ in length"):
        configure(SplitCollectionColumn(column="l"), {"table": Table.of(LISTS)})
    odds = Table.of(pl.DataFrame({"p": pl.Series([[0.1, 0.9]], dtype=pl.Array(pl.Float32, 2))}), {"p": ("no", "yes")})
    assert one(SplitCollectionColumn(column="p"), odds).columns == ["p", "no", "yes"]
    assert one(SplitCollectionColumn(column="p", by_class=False, names=["u"]), odds).columns == ["p", "u", "p 1"]


def test_columns_are_split_and_merged():
    made = run(ColumnSplitter(columns=["i", "x"]), {"table": TABLE})
    assert (made["first"].columns, made["second"].columns) == (["k"], ["x", "i"])
    pair = Table.of(pl.DataFrame({"a": [1, None, None], "b": [9.5, 2.5, None]}))
    assert one(ColumnMerger(primary="a", secondary="b"), pair).rows() == [(1.0,), (2.5,), (None,)]
    assert one(ColumnMerger(primary="a", secondary="b", output="append"), pair)["Merged"].to_list() == [1.0, 2.5, None]
    with pytest.raises(NodeError, match="do not mix"):
        configure(ColumnMerger(primary="x", secondary="k"), {"table": TABLE})


TEXTS = Table.of(pl.DataFrame({"t": ["cat_01.png", "Dog_22.png", "a.b", None]}))


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"pattern": ".", "replacement": "$"}, ["cat_01$png", "Dog_22$png", "a$b", None]),
        ({"pattern": "*_*", "kind": "wildcard", "replace": "whole", "replacement": "X"}, ["X", "X", "a.b", None]),
        ({"pattern": r"(\w)_(\d)", "kind": "regex", "replacement": "$2-$1"}, ["ca0-t1.png", "Do2-g2.png", "a.b", None]),
        ({"pattern": "DOG", "case_sensitive": False, "replacement": ""}, ["cat_01.png", "_22.png", "a.b", None]),
        ({"pattern": "?.b", "kind": "wildcard", "replacement": "1"}, ["cat_01.png", "Dog_22.png", "1", None]),
    ],
)
def test_string_replacer(settings: dict[str, Any], wanted: list[str | None]):
    assert one(StringReplacer(columns=["t"], **settings), TEXTS)["t"].to_list() == wanted


def test_regex_splitter():
    made = one(StringSplitterRegex(column="t", pattern=r"(?<class>[a-z]+)_(\d+)\.png"), TEXTS)
    assert made.columns == ["t", "class", "t 2"]
    assert made.rows()[0] == ("cat_01.png", "cat", "01")
    assert made["class"].to_list() == ["cat", None, None, None]
    with pytest.raises(NodeError, match="row 2"):
        one(StringSplitterRegex(column="t", pattern=r"([a-z]+)_.*", if_no_match="fail"), TEXTS)
    for pattern, complaint in ((r"(", "not a regular"), ("abc", "no group")):
        with pytest.raises(NodeError, match=complaint):
            configure(StringSplitterRegex(column="t", pattern=pattern), {"table": TEXTS})


def test_value_counter():
    assert one(ValueCounter(column="k"), port="counts").rows() == [("a", 2, 40.0), ("b", 2, 40.0), ("c", 1, 20.0)]
    assert one(ValueCounter(column="k", missing=True, sort="value"), port="counts").rows()[-1] == (
        None,
        1,
        pytest.approx(100 / 6),
    )
    enum = Table.of(FRAME.with_columns(pl.col("k").cast(pl.Enum(["c", "z", "b", "a"]))))
    assert one(ValueCounter(column="k", sort="value"), enum, "counts")["k"].to_list() == ["c", "z", "b", "a"]


def test_crosstab_is_that_of_scipy():
    generator = np.random.default_rng(0)
    frame = pl.DataFrame({"a": generator.choice(["p", "q", "r"], 50), "b": generator.integers(0, 2, 50)})
    made = run(Crosstab(rows="a", columns="b"), {"table": Table.of(frame)})
    counts = np.array([[frame.filter(a=a, b=b).height for b in (0, 1)] for a in "pqr"])
    by_hand = stats.chi2_contingency(counts, correction=False)
    cells = made["cells"].frame()

    assert cells["count"].to_list() == counts.ravel().tolist()
    np.testing.assert_allclose(cells["expected"].to_numpy(), by_hand.expected_freq.ravel())
    test = made["test"].frame().row(0, named=True)
    assert test["p-value"] == pytest.approx(by_hand.pvalue)
    assert test["Cramér's V"] == pytest.approx(stats.contingency.association(counts))
    small = run(Crosstab(rows="a", columns="b"), {"table": Table.of(frame.filter(pl.col("a") != "r"))})
    assert small["test"].frame()["Fisher p-value"][0] == pytest.approx(stats.fisher_exact(counts[:2]).pvalue)


@pytest.mark.parametrize(
    ("method", "by_hand"), [("pearson", stats.pearsonr), ("spearman", stats.spearmanr), ("kendall", stats.kendalltau)]
)
def test_correlation_has_the_p_values_of_scipy(method: str, by_hand: Any):
    generator = np.random.default_rng(1)
    a = generator.normal(size=30)
    b = np.round(a + generator.normal(size=30), 1)
    pair = run(LinearCorrelation(method=method), {"table": Table.of(pl.DataFrame({"a": a, "b": b}))})["pairs"].frame().row(0)
    wanted = by_hand(a, b)

    assert pair[2] == pytest.approx(wanted.statistic)
    assert pair[4] == pytest.approx(wanted.pvalue)


def test_pivot_totals():
    node = Pivot(index=["k"], on="f", aggregations=[{"column": "n", "method": "mean"}])
    frame = pl.DataFrame({"k": ["a", "a", "b"], "f": [True, False, True], "n": [1.0, 4.0, 3.0]})
    made = run(node, {"table": Table.of(frame)})
    assert made["table"].frame().rows() == [("a", 4.0, 1.0), ("b", None, 3.0)]
    assert made["group_totals"].frame().rows() == [("a", 2.5), ("b", 3.0)]
    assert made["pivot_totals"].frame().to_dicts() == [{"false": 4.0, "true": 2.0}]


DICTIONARY = Table.of(pl.DataFrame({"key": ["a", "b", "a", None], "says": ["A1", "B", "A2", "?"], "n": [1, 2, 3, 4]}))


def test_value_lookup():
    made = one(ValueLookup(column="k", key="key", found_column="found"), dictionary=DICTIONARY)
    assert made["says"].to_list() == ["A1", "B", "A1", None, None, "B"]
    assert made["found"].to_list() == [True, True, True, False, False, True]
    last = one(ValueLookup(column="k", key="key", several="last", values=["n"]), dictionary=DICTIONARY)
    assert last.columns == ["x", "k", "i", "n"]
    assert last["n"].to_list() == [3, 2, 3, None, None, 2]
    with pytest.raises(NodeError, match="row 4"):
        one(ValueLookup(column="k", key="key", no_match="fail"), dictionary=DICTIONARY)


def test_what_is_looked_up_can_stand_in_place_of_the_value():
    replaced = one(ValueLookup(column="k", key="key", lookup_column="replace"), dictionary=DICTIONARY)
    assert replaced.columns == ["x", "k", "i", "n"]
    assert replaced["k"].to_list() == ["A1", "B", "A1", None, None, "B"]
    assert one(ValueLookup(column="k", key="key", lookup_column="remove"), dictionary=DICTIONARY).columns == [
        "x",
        "i",
        "says",
        "n",
    ]


@pytest.mark.parametrize(
    ("no_match", "wanted"),
    [("missing", [None, "x", None, None]), ("next smaller", [None, "x", "x", "y"]), ("next larger", ["x", "x", "y", None])],
)
def test_value_lookup_of_numbers(no_match: str, wanted: list[str | None]):
    dictionary = Table.of(pl.DataFrame({"from": [10.0, 20.0], "v": ["x", "y"]}))
    table = Table.of(pl.DataFrame({"n": [5, 10, 15, 25]}))
    assert one(ValueLookup(column="n", key="from", no_match=no_match), table, dictionary=dictionary)["v"].to_list() == wanted


@pytest.mark.parametrize(
    ("matching", "keys"), [("substring", ["CAT", "g_"]), ("wildcard", ["cat*", "?OG_*"]), ("regex", [r"cat_\d+.*", "dog.*"])]
)
def test_value_lookup_by_patterns(matching: str, keys: list[str]):
    dictionary = Table.of(pl.DataFrame({"key": keys, "v": [1, 2]}))
    node = ValueLookup(column="t", key="key", matching=matching, case_sensitive=False)
    assert one(node, TEXTS, dictionary=dictionary)["v"].to_list() == [1, 2, None, None]


def test_transpose():
    table = Table.of(pl.DataFrame({"n": ["p", "q"], "a": [1, 2], "b": [0.5, None]}))
    made = one(Transpose(names="n"), table)
    assert made.rows() == [("a", 1.0, 2.0), ("b", 0.5, None)]
    assert made.columns == ["column", "p", "q"]
    text = one(Transpose(as_text=True, header=None), table)
    assert text.to_dicts()[0] == {"Row0": "p", "Row1": "q"}
    with pytest.raises(NodeError, match="no type in common"):
        configure(Transpose(), {"table": TABLE})
    assert one(ExtractTableDimension(), port="dimension").row(0) == (6, 3)


def test_date_parts():
    table = Table.of(pl.DataFrame({"at": [datetime(2024, 12, 30, 13, 5, 7, 345678), None]}))
    parts = [
        "year",
        "iso year",
        "quarter",
        "month name",
        "week",
        "day of year",
        "weekday name",
        "hour",
        "millisecond",
        "microsecond",
    ]
    made = one(DateTimePartExtractor(column="at", parts=parts, prefix="at "), table)
    assert made.row(0)[1:] == (2024, 2025, 4, "December", 1, 365, "Monday", 13, 345, 345678)
    assert made.row(1)[1:] == (None,) * 10
    with pytest.raises(NodeError, match="no hour"):
        configure(DateTimePartExtractor(column="d", parts=["hour"]), {"table": Table.of(pl.DataFrame({"d": [date(2025, 1, 1)]}))})


def test_numbers_become_categories(tmp_path):
    mapping = Table.of(pl.DataFrame({"column": ["k", "k"], "category": ["no", "yes"], "number": [0, 2]}))
    job = RecordingJob(tmp_path)
    table = Table.of(pl.DataFrame({"p": [2, 0, 1, None]}))
    made = run(NumberToCategory(columns=["p"], mapped="k", suffix=" name"), {"table": table, "mapping": mapping}, job=job)[
        "table"
    ].frame()
    assert made["p name"].to_list() == ["yes", "no", None, None]
    assert "1 numbers" in job.warnings[0]
    named = Table.of(pl.DataFrame({"p": [1, 0, None]}), {"p": ("no", "yes")})
    cells = one(NumberToCategory(columns=["p"]), named)["p"]
    assert cells.dtype == pl.Enum(["no", "yes"])
    assert cells.to_list() == ["yes", "no", None]
    with pytest.raises(NodeError, match="no class names"):
        configure(NumberToCategory(columns=["p"]), {"table": table})


def test_rules_of_a_table():
    rules = Table.of(pl.DataFrame({"if": ["// no rule", "i > 3", "k = 'a'"], "then": ["0", "late", "it's a"]}))
    node = RuleEngineDictionary(condition="if", outcome="then", plain=True)
    assert one(node, rules=rules)["prediction"].to_list() == ["it's a", None, "it's a", None, "late", "late"]
    numbers = Table.of(pl.DataFrame({"if": ["i > 3", "TRUE"], "then": [1, -1]}))
    assert one(RuleEngineDictionary(condition="if", outcome="then"), rules=numbers)["prediction"].to_list() == [-1] * 4 + [1] * 2
    wrong = Table.of(pl.DataFrame({"if": ["i > 3", "i >"], "then": ["1", "2"]}))
    with pytest.raises(NodeError, match="rule 2"):
        one(RuleEngineDictionary(condition="if", outcome="then"), rules=wrong)


def test_smote_is_that_of_imbalanced_learn():
    from imblearn import over_sampling

    generator = np.random.default_rng(0)
    numbers = generator.normal(size=(40, 2)).round(3)
    classes = np.array([0] * 30 + [1] * 10)
    frame = pl.DataFrame(
        {"a": numbers[:, 0], "b": numbers[:, 1], "y": ["n" if c == 0 else "p" for c in classes], "note": ["t"] * 40}
    )
    made = one(SMOTE(class_column="y", seed=4, mark="new"), Table.of(frame))
    wanted, labels = over_sampling.SMOTE(random_state=4).fit_resample(numbers, classes)

    np.testing.assert_allclose(made.select("a", "b").to_numpy(), wanted)
    assert made["y"].to_list() == ["np"[c] for c in labels]
    assert made["new"].to_list() == [False] * 40 + [True] * 20
    assert made["note"].null_count() == 20
    twice = one(SMOTE(class_column="y", method="factor", factor=1.0, columns=["a"]), Table.of(frame))
    assert twice["y"].value_counts(sort=True).rows() == [("n", 60), ("p", 20)]
    with pytest.raises(NodeError, match="too few rows"):
        one(SMOTE(class_column="y", k_neighbors=10), Table.of(frame))


def test_smote_of_whole_numbers_and_images_keeps_their_types():
    pixels = np.random.default_rng(0).integers(0, 255, (12, 2, 2, 1)).astype(np.uint8)
    frame = pl.DataFrame({"image": pl.Series(pixels), "n": range(12), "y": pl.Series([0] * 9 + [1] * 3, dtype=pl.Int32)})
    made = run(SMOTE(class_column="y", k_neighbors=2), {"table": Table.of(frame, {"y": ("u", "v")})})["table"]
    assert made.schema == frame.schema
    assert made.height == 18
    assert made.classes == {"y": ("u", "v")}
