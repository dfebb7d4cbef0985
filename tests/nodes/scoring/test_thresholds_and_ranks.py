"""Top-k Scorer, Entropy Scorer, Binary Classification Inspector, and curves of several models, beside scikit-learn's figures."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import entropy
from sklearn import metrics

from nodes.base import NodeError, Values
from nodes.scoring.entropy_scorer import EntropyScorer
from nodes.scoring.gain_chart import GainChart
from nodes.scoring.precision_recall_curve import PrecisionRecallCurve
from nodes.scoring.roc_curve import RocCurve
from nodes.scoring.threshold_inspector import BinaryClassificationInspector
from nodes.scoring.top_k_scorer import TopKScorer
from nodes.values.table import Table
from tests.support import RecordingJob, configure, run

CLASSES = ["cat", "dog", "owl", "emu"]


def scored(rows: int = 60, classes: list[str] = CLASSES, seed: int = 0) -> tuple[Table, np.ndarray, np.ndarray]:  # type: ignore[assignment]
    """A table with `y` and an array `p`; class numbers, and probabilities of which no two are equal."""
    random = np.random.default_rng(seed)
    actual = np.arange(rows) % len(classes)
    given = random.dirichlet(np.ones(len(classes)), rows)
    given[np.arange(rows), actual] += 0.3
    given /= given.sum(axis=1, keepdims=True)
    frame = pl.DataFrame({"y": pl.Series([classes[n] for n in actual], dtype=pl.Enum(classes)), "p": given})
    return Table.of(frame), actual, given


# ----------------------------------------------------------------------------------------------------------------- top k


def test_top_k_is_scikit_learn_s() -> None:
    table, actual, given = scored()
    out = run(TopKScorer(actual_column="y", columns=["p"], most=9), {"table": table})
    told = out["statistics"].frame()
    assert told["k"].to_list() == [1, 2, 3, 4]
    for k, accuracy, correct, rows in told.iter_rows():
        # All four classes are sure to hold the right one, which scikit-learn refuses to count.
        expected = metrics.top_k_accuracy_score(actual, given, k=k) if k < 4 else 1.0
        assert accuracy == pytest.approx(expected)
        assert (correct, rows) == (round(expected * 60), 60)
    assert out["figure"].lines[0].y == told["accuracy"].to_list()


def test_of_equal_probabilities_the_first_class_wins_and_rows_without_one_are_left_out() -> None:
    frame = pl.DataFrame(
        {"y": ["a", "b", "a"], "pa": [0.5, 0.5, None], "pb": [0.5, 0.5, 0.1]}, schema_overrides={"y": pl.Enum(["a", "b"])}
    )
    job = RecordingJob(folder=None)  # type: ignore[arg-type]
    out = run(TopKScorer(actual_column="y", columns=["pa", "pb"]), {"table": Table.of(frame)}, job=job)
    assert out["statistics"].frame().rows() == [(1, 0.5, 1, 2), (2, 1.0, 2, 2)]
    assert job.warnings == ["1 row without a class or a probability is left out."]


def test_no_rows_have_no_accuracy() -> None:
    out = run(TopKScorer(actual_column="y", columns=["p"]), {"table": scored()[0].slice(0, 0)})
    assert out["statistics"].frame()["accuracy"].to_list() == [None] * 4


# --------------------------------------------------------------------------------------------------------------- entropy


def test_entropies_of_clusters() -> None:
    frame = pl.DataFrame({"y": list("aaabbbcc"), "k": [0, 0, 0, 1, 1, 10, 10, 10]}, schema_overrides={"y": pl.Enum(list("abc"))})
    out = run(EntropyScorer(reference_column="y", cluster_column="k"), {"table": Table.of(frame)})
    clusters = out["clusters"].frame()
    mixed = entropy([1, 2], base=2)
    assert clusters["cluster"].to_list() == ["0", "1", "10", "Overall"]
    assert clusters["rows"].to_list() == [3, 2, 3, 8]
    assert clusters["entropy"].to_list() == pytest.approx([0, 0, mixed, 3 / 8 * mixed])
    assert clusters["quality"].to_list() == pytest.approx([1, 1, 1 - mixed / np.log2(3), 1 - 3 / 8 * mixed / np.log2(3)])
    told = dict(out["statistics"].frame().iter_rows())
    pair = (frame["y"].to_physical().to_numpy(), frame["k"].to_numpy())
    assert told == pytest.approx(
        {
            "homogeneity": metrics.homogeneity_score(*pair),
            "completeness": metrics.completeness_score(*pair),
            "V-measure": metrics.v_measure_score(*pair),
            "adjusted mutual information": metrics.adjusted_mutual_info_score(*pair),
            "adjusted Rand index": metrics.adjusted_rand_score(*pair),
        }
    )
    assert out["figure"].values == [[3, 0, 0], [0, 2, 0], [0, 1, 2]]


@pytest.mark.parametrize("rows", [0, 1])
def test_entropy_of_no_row_and_of_one(rows: int) -> None:
    frame = pl.DataFrame({"y": ["a"], "k": ["x"]}).head(rows)
    out = run(EntropyScorer(reference_column="y", cluster_column="k"), {"table": Table.of(frame)})
    assert out["clusters"].frame()["quality"].to_list() == ([1.0, 1.0] if rows else [None])


# ------------------------------------------------------------------------------------------------------------- threshold


def test_figures_of_thresholds_are_scikit_learn_s() -> None:
    table, actual, given = scored(classes=["no", "yes"], seed=1)
    node = BinaryClassificationInspector(actual_column="y", columns=["p"], threshold=0.4)
    out = run(node, {"table": table})
    told = out["thresholds"].frame()
    assert told["threshold"].to_list() == pytest.approx([0.4, *np.unique(given[:, 1])])
    for row in told.iter_rows(named=True):
        predicted = given[:, 1] >= row["threshold"]
        matrix = metrics.confusion_matrix(actual, predicted, labels=[0, 1])
        assert [[row["TrueNegatives"], row["FalsePositives"]], [row["FalseNegatives"], row["TruePositives"]]] == matrix.tolist()
        assert row["accuracy"] == pytest.approx(metrics.accuracy_score(actual, predicted))
        assert row["balanced accuracy"] == pytest.approx(metrics.balanced_accuracy_score(actual, predicted))
        assert row["precision"] == pytest.approx(metrics.precision_score(actual, predicted))
        assert row["recall"] == pytest.approx(metrics.recall_score(actual, predicted))
        assert row["F-measure"] == pytest.approx(metrics.f1_score(actual, predicted))
        expected = metrics.matthews_corrcoef(actual, predicted) if 0 < predicted.sum() < len(predicted) else None
        assert row["Matthews correlation"] == (None if expected is None else pytest.approx(expected))
    assert out["table"].frame()["prediction"].to_list() == ["yes" if p >= 0.4 else "no" for p in given[:, 1]]
    assert out["figure"] is node.views(Values(out))[0]


def test_of_several_classes_one_is_inspected() -> None:
    table, _, given = scored()
    with pytest.raises(NodeError, match="4 classes") as caught:
        configure(BinaryClassificationInspector(actual_column="y", columns=["p"]), {"table": table})
    assert caught.value.setting == "positive_class"
    out = run(BinaryClassificationInspector(actual_column="y", columns=["p"], positive_class="owl"), {"table": table})
    assert out["table"].frame()["prediction"].to_list() == ["owl" if p >= 0.5 else "not owl" for p in given[:, 2]]


def test_a_missing_probability_gets_no_prediction() -> None:
    frame = pl.DataFrame({"y": [True, False, True], "p": [0.9, float("nan"), None]})
    out = run(BinaryClassificationInspector(actual_column="y", columns=["p"]), {"table": Table.of(frame)})
    assert out["table"].frame()["prediction"].to_list() == ["true", None, None]
    assert out["thresholds"].frame().height == 2
    assert run(node := BinaryClassificationInspector(actual_column="y", columns=["p"]), {"table": Table.of(frame.clear())})
    assert node.reproducible


# -------------------------------------------------------------------------------------------------------- several models


def test_several_models_get_a_curve_each_for_one_class() -> None:
    table, actual, one = scored()
    other = scored(seed=5)[2]
    table = table.with_columns(pl.DataFrame({"q": other, "r": one[:, 2]}))
    settings = {"actual_column": "y", "columns": ["p", "q", "r"], "positive_class": "owl", "several_models": True}
    areas = run(RocCurve(**settings), {"table": table})["areas"].frame()
    truth = actual == 2
    expected = [metrics.roc_auc_score(truth, one[:, 2]), metrics.roc_auc_score(truth, other[:, 2])]
    assert areas["class"].to_list() == ["p", "q", "r"]
    assert areas["area under curve"].to_list() == pytest.approx([*expected, expected[0]])
    precisions = run(PrecisionRecallCurve(**settings), {"table": table})["areas"].frame()["average precision"]
    assert precisions[1] == pytest.approx(metrics.average_precision_score(truth, other[:, 2]))
    gains = run(GainChart(**settings, drawing_title="Models"), {"table": table})["figure"]
    assert [line.name for line in gains.lines] == ["p", "q", "r", "chance"]
    assert gains.title == "Models"


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ({"columns": ["p"]}, "positive_class"),
        ({"columns": ["p"], "positive_class": "yak"}, "positive_class"),
        ({"columns": ["n", "y"], "positive_class": "owl"}, "columns"),
        ({"columns": []}, "columns"),
    ],
)
def test_mistakes_with_several_models(settings: dict[str, object], setting: str) -> None:
    table = scored()[0].with_columns(pl.DataFrame({"n": [0.5] * 60}))
    with pytest.raises(NodeError) as caught:
        configure(RocCurve(actual_column="y", several_models=True, **settings), {"table": table})
    assert caught.value.setting == setting


def test_of_very_many_curves_the_lowest_are_drawn() -> None:
    names = [f"class {n}" for n in range(25)]
    table, actual, given = scored(250, names)
    job = RecordingJob(folder=None)  # type: ignore[arg-type]
    out = run(RocCurve(actual_column="y", columns=["p"]), {"table": table}, job=job)
    areas = [metrics.roc_auc_score(actual == n, given[:, n]) for n in range(25)]
    lowest = sorted(range(25), key=lambda n: areas[n])[:20]
    assert [line.name.partition(" (")[0] for line in out["figure"].lines] == [*(names[n] for n in lowest), "chance"]
    assert out["areas"].frame().height == 27
    assert "Of 25 curves 20 are drawn" in job.warnings[0]
