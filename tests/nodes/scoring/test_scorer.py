"""Scorer: the figures are scikit-learn's, what is undefined is missing, and classes are compared by name."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    cohen_kappa_score,
    confusion_matrix,
    precision_recall_fscore_support,
    recall_score,
)

from nodes.base import NodeError, Specs, Values
from nodes.kit.scoring.confusion import MACRO, OVERALL, WEIGHTED, headline
from nodes.scoring.scorer import Scorer
from nodes.values.table import Table
from tests.support import RecordingJob, configure, run

NAMES = ["cat", "dog", "owl", "emu"]
SCORER = Scorer(actual_column="y", predicted_column="p")


def enums(actual: list[str | None], predicted: list[str | None], names: list[str] = NAMES) -> Table:  # type: ignore[assignment]
    return Table.of(pl.DataFrame({"y": actual, "p": predicted}, schema={"y": pl.Enum(names), "p": pl.Enum(names)}))


def score(table: Table, job: RecordingJob | None = None, **settings: object) -> dict[str, object]:
    return run(Scorer(**{"actual_column": "y", "predicted_column": "p", **settings}), {"table": table}, job=job)


def measures(table: Table) -> dict[str, dict[str, float | None]]:
    statistics = score(table)["statistics"].frame()  # type: ignore[attr-defined]
    return {row["class"]: row for row in statistics.iter_rows(named=True)}


CLASS = st.integers(0, 3)


@settings(max_examples=50)
@given(pairs=st.lists(st.tuples(CLASS, CLASS), min_size=1, max_size=60))
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_all_figures_are_those_of_scikit_learn(pairs):
    actual = [NAMES[a] for a, _ in pairs]
    predicted = [NAMES[p] for _, p in pairs]

    out = score(enums(actual, predicted))
    rows = {row["class"]: row for row in out["statistics"].frame().iter_rows(named=True)}
    counts = out["confusion"].frame().select(NAMES).to_numpy()

    def same(value: float | None, reference: float) -> bool:
        return value is None if math.isnan(reference) else value == pytest.approx(reference, abs=1e-12)

    assert np.array_equal(counts, confusion_matrix(actual, predicted, labels=NAMES))
    assert rows[OVERALL]["Accuracy"] == pytest.approx(accuracy_score(actual, predicted))
    assert same(rows[OVERALL]["Cohen's kappa"], cohen_kappa_score(actual, predicted, labels=NAMES))
    everywhere = set(actual) == set(NAMES)  # else scikit-learn leaves out classes that are predicted only, with a warning
    assert not everywhere or rows[OVERALL]["Balanced accuracy"] == pytest.approx(balanced_accuracy_score(actual, predicted))
    for name in NAMES:
        one, other = [a == name for a in actual], [p == name for p in predicted]
        assert rows[name]["Accuracy"] == pytest.approx(accuracy_score(one, other))
        if 0 < sum(one) < len(one):
            assert rows[name]["Balanced accuracy"] == pytest.approx(balanced_accuracy_score(one, other))
            assert rows[name]["False negative rate"] == pytest.approx(1 - recall_score(one, other))
    columns = ("Precision", "Recall", "F-measure")
    per_class = precision_recall_fscore_support(actual, predicted, labels=NAMES, zero_division=np.nan)
    for i, name in enumerate(NAMES):
        assert all(same(rows[name][column], figures[i]) for column, figures in zip(columns, per_class, strict=False))
        assert rows[name]["TruePositives"] + rows[name]["FalseNegatives"] == per_class[3][i]
        assert sum(rows[name][c] for c in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives")) == len(pairs)
    for row, average in ((MACRO, "macro"), (WEIGHTED, "weighted")):
        means = precision_recall_fscore_support(actual, predicted, labels=NAMES, zero_division=np.nan, average=average)
        for column, figures, mean in zip(columns, per_class, means, strict=False):
            counted = per_class[3] if average == "weighted" else np.ones(len(NAMES))
            if counted[~np.isnan(figures)].sum():
                assert same(rows[row][column], mean)
            else:  # 0 / 0, where scikit-learn falls back on the unweighted mean
                assert rows[row][column] is None


def test_the_layout_is_knimes():
    out = score(enums(["cat", "cat", "dog"], ["cat", "dog", "dog"], ["cat", "dog"]))

    assert out["confusion"].frame().rows() == [("cat", 1, 1), ("dog", 0, 1)]
    assert out["confusion"].columns == ["actual", "cat", "dog"]
    statistics = out["statistics"].frame()
    assert statistics.columns == [
        "class", "TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives", "Recall", "Precision", "Sensitivity",
        "Specificity", "F-measure", "Accuracy", "Cohen's kappa", "Balanced accuracy", "Error rate", "False negative rate",
        "Correct", "Wrong",
    ]  # fmt: skip
    assert statistics["class"].to_list() == ["cat", "dog", "Macro average", "Weighted average", "Overall"]
    assert statistics.row(0) == (
        "cat", 1, 0, 1, 1, 0.5, 1.0, 0.5, 1.0, *[pytest.approx(2 / 3)] * 2, None, 0.75, pytest.approx(1 / 3), 0.5, 2, 1,
    )  # fmt: skip
    overall = statistics.row(-1, named=True)
    assert (overall["Error rate"], overall["Correct"], overall["Wrong"]) == (pytest.approx(1 / 3), 2, 1)


def test_what_is_not_defined_is_missing():
    rows = measures(enums(["cat", "cat"], ["cat", "cat"], ["cat", "dog"]))

    assert rows["dog"]["Recall"] is None
    assert rows["dog"]["Precision"] is None
    assert rows["dog"]["F-measure"] is None
    assert rows["cat"]["Specificity"] is None
    assert rows[MACRO]["Recall"] == 1.0
    assert rows[OVERALL]["Accuracy"] == 1.0
    assert rows[OVERALL]["Cohen's kappa"] is None


def test_a_class_that_was_never_predicted_has_no_precision_but_an_f_measure_of_0():
    dog = measures(enums(["dog", "cat"], ["cat", "cat"]))["dog"]

    assert (dog["Recall"], dog["Precision"], dog["F-measure"]) == (0.0, None, 0.0)


def test_class_numbers_and_categories_are_compared_by_name():
    frame = pl.DataFrame({"y": pl.Series([0, 1, 2], dtype=pl.Int32), "p": pl.Series(["dog", "dog", "cat"], dtype=pl.Enum(NAMES))})

    out = score(Table.of(frame, {"y": ("dog", "cat", "yak")}))

    assert out["confusion"].frame().rows() == [
        ("dog", 1, 0, 0, 0, 0), ("cat", 1, 0, 0, 0, 0), ("yak", 0, 1, 0, 0, 0), ("owl", 0, 0, 0, 0, 0), ("emu", 0, 0, 0, 0, 0),
    ]  # fmt: skip


def test_class_numbers_without_names_take_those_of_the_other_column():
    frame = pl.DataFrame({"y": pl.Series([0, 1], dtype=pl.Int32), "p": pl.Series([1, 1], dtype=pl.Int64)})

    named = score(Table.of(frame, {"y": ("no", "yes")}))
    plain = score(Table.of(frame))

    assert named["confusion"].frame().rows() == [("no", 0, 1), ("yes", 0, 1)]
    assert plain["confusion"].frame().rows() == [("0", 0, 1), ("1", 0, 1)]


def test_text_classes_are_known_when_they_are_seen():
    table = Table.of(pl.DataFrame({"y": ["b", "a"], "p": ["b", "c"]}))

    assert configure(SCORER, {"table": table})["confusion"] is None
    assert score(table)["confusion"].columns == ["actual", "b", "a", "c"]


def test_sorting():
    words = Table.of(pl.DataFrame({"y": ["b", "a"], "p": ["b", "c"]}))
    numbers = Table.of(pl.DataFrame({"y": [10, 9], "p": [100, 9]}))

    assert score(words, sorting="lexical")["confusion"].columns[1:] == ["a", "b", "c"]
    assert score(words, reverse=True)["confusion"].columns[1:] == ["c", "a", "b"]
    assert score(numbers, sorting="numeric", reverse=True)["confusion"].columns[1:] == ["100", "10", "9"]
    assert score(numbers, sorting="lexical")["confusion"].columns[1:] == ["10", "100", "9"]
    with pytest.raises(NodeError, match="cannot be sorted as numbers") as caught:
        configure(Scorer(actual_column="y", predicted_column="p", sorting="numeric"), {"table": enums([], [])})
    assert caught.value.setting == "sorting"


def test_a_class_called_actual_does_not_hide_the_column_of_names():
    out = score(enums(["actual"], ["actual"], ["actual"]))["confusion"]

    assert out.frame().rows(named=True) == [{"actual class": "actual", "actual": 1}]


def test_missing_values_are_left_out_with_a_warning_or_an_error(tmp_path):
    table = enums(["cat", None, "dog"], ["cat", "dog", None])
    job = RecordingJob(tmp_path)

    assert headline(score(table, job)["statistics"])["correct"] == 1
    assert job.warnings == ["2 rows without an actual or a predicted class are not counted."]
    with pytest.raises(NodeError, match="In 2 rows"):
        score(table, missing="fail")


def test_the_headline_sums_up():
    figures = headline(score(enums(["cat", "cat", "dog", "owl"], ["cat", "dog", "dog", "owl"]))["statistics"])

    assert figures == {"accuracy": 0.75, "error": 0.25, "correct": 3, "wrong": 1, "kappa": pytest.approx(0.6363636363)}


@pytest.mark.parametrize("table", [enums([], []), Table.of(pl.DataFrame(schema={"y": pl.String, "p": pl.String}))])
def test_no_rows_give_no_figures_and_a_warning(table, tmp_path):
    job = RecordingJob(tmp_path)

    out = score(table, job)

    assert job.warnings == ["There are no rows to score."]
    figures = headline(out["statistics"])
    assert (figures["correct"], figures["wrong"]) == (0, 0)
    assert math.isnan(figures["accuracy"])
    assert math.isnan(figures["kappa"])


def test_views_are_the_heat_map_and_the_f_measures():
    out = score(enums(["cat", "dog", "cat"], ["cat", "cat", "cat"]))

    heat, bars = SCORER.views(Values(out))

    assert heat is out["figure"]
    assert heat.values == [[2, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert list(heat.row_names) == list(heat.column_names) == NAMES
    assert list(bars.names) == NAMES
    assert bars.series["F-measure"][0] == pytest.approx(0.8)
    assert bars.series["F-measure"][1] == 0
    assert math.isnan(bars.series["F-measure"][2]), "a bar of height 0 would say something that is not known"


def test_a_class_number_outside_the_classes_is_an_error():
    frame = pl.DataFrame({"y": [0, 7], "p": [0, 1]})

    with pytest.raises(NodeError, match="class number 7, but its classes are 0 to 1"):
        score(Table.of(frame, {"y": ("no", "yes")}))


def test_too_many_different_values_are_no_classes():
    table = Table.of(pl.DataFrame({"y": range(2000), "p": range(2000)}))

    with pytest.raises(NodeError, match="2000 different values"):
        score(table)


@pytest.mark.parametrize(
    ("actual", "predicted", "setting"),
    [("y", None, "predicted_column"), ("y", "y", "predicted_column"),
     ("y", "n", "predicted_column"), ("n", "p", "actual_column"), ("x", "p", "actual_column"), ("y", "gone", "predicted_column")],
)  # fmt: skip
def test_mistakes_are_found_before_running(actual, predicted, setting):
    table = enums(["cat"], ["dog"]).with_columns(pl.DataFrame({"n": [1], "x": [0.5]}))

    with pytest.raises(NodeError) as caught:
        configure(Scorer(actual_column=actual, predicted_column=predicted), {"table": table})

    assert caught.value.setting == setting
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("columns", "actual", "predicted"),
    [
        ({"digit": NAMES, "prediction": NAMES}, "digit", "prediction"),
        ({"digit": NAMES, "other": ["x"], "prediction": NAMES}, "digit", "prediction"),
        ({"a": NAMES, "b": NAMES, "Prediction (b)": NAMES}, "b", "Prediction (b)"),
    ],
)
def test_prediction_and_what_was_to_be_predicted_are_found(columns, actual, predicted):
    schema = {name: pl.Enum(names) for name, names in columns.items()}
    table = Table.of(pl.DataFrame({name: [names[0]] for name, names in columns.items()}, schema=schema))
    specs = Specs({"table": table.spec})
    Scorer().configure(specs)
    assert specs.guesses == {"actual_column": actual, "predicted_column": predicted}
    chosen = Scorer(actual_column=actual, predicted_column=predicted)
    found, expected = (run(node, {"table": table})["confusion"].frame() for node in (Scorer(), chosen))
    assert found.equals(expected)


def test_of_several_columns_that_could_be_meant_none_is_taken():
    schema = {name: pl.Enum(NAMES) for name in ("a", "b", "prediction")}
    table = Table.of(pl.DataFrame({name: ["cat"] for name in schema}, schema=schema))
    with pytest.raises(NodeError, match="No column is chosen") as caught:
        configure(Scorer(), {"table": table})
    assert caught.value.setting == "actual_column"
