"""ROC, precision-recall, calibration and gain curves, residuals, comparison: the figures are scikit-learn's."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy.stats import binomtest
from sklearn import metrics
from sklearn.calibration import calibration_curve

from nodes.base import NodeError
from nodes.scoring.calibration_curve import CalibrationCurve
from nodes.scoring.classifier_comparison import ClassifierComparison
from nodes.scoring.gain_chart import GainChart
from nodes.scoring.precision_recall_curve import PrecisionRecallCurve
from nodes.scoring.residual_plot import ResidualPlot
from nodes.scoring.roc_curve import RocCurve
from nodes.scoring.threshold_inspector import BinaryClassificationInspector
from nodes.values.table import Table
from tests.support import RecordingJob, run

CLASSES = ["cat", "dog", "fox"]
CURVES = [RocCurve, PrecisionRecallCurve, CalibrationCurve, GainChart]


@pytest.fixture(scope="module")
def animals():
    """Actual classes (300) and probabilities (300, 3) of a model that is often right."""
    rng = np.random.default_rng(0)
    actual = rng.integers(0, 3, 300)
    scores = rng.normal(size=(300, 3)) + 1.5 * np.eye(3)[actual]
    return actual, np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


def as_array(actual, given):
    return Table.of(
        pl.DataFrame(
            {
                "animal": pl.Series(np.array(CLASSES)[actual], dtype=pl.Enum(CLASSES)),
                "p": pl.Series(given, dtype=pl.Array(pl.Float64, 3)),
            }
        )
    )


def as_columns(actual, given):
    numbers = {f"P (animal={name})": given[:, place] for place, name in reversed(list(enumerate(CLASSES)))}
    return Table.of(pl.DataFrame({"animal": np.array(CLASSES)[actual], **numbers}))


SHAPES = {"one array": (as_array, ["p"]), "columns": (as_columns, [f"P (animal={n})" for n in reversed(CLASSES)])}


@pytest.mark.parametrize("shape", SHAPES)
def test_areas_and_points_of_roc_curves(animals, shape):
    make, columns = SHAPES[shape]
    actual, given = animals
    made = run(RocCurve(actual_column="animal", columns=columns), {"table": make(*animals)})
    areas = dict(made["areas"].frame()["class", "area under curve"].iter_rows())
    for place, name in enumerate(CLASSES):
        assert areas[name] == pytest.approx(metrics.roc_auc_score(actual == place, given[:, place]))
        false, true, threshold = metrics.roc_curve(actual == place, given[:, place])
        points = made["points"].frame().filter(pl.col("class") == name)
        assert np.allclose(points["false positive rate"], false) and np.allclose(points["true positive rate"], true)
        assert np.allclose(points["threshold"], threshold)
    for average, known in (("macro average", "macro"), ("weighted average", "weighted")):
        assert areas[average] == pytest.approx(metrics.roc_auc_score(actual, given, multi_class="ovr", average=known))


@pytest.mark.parametrize("shape", SHAPES)
def test_average_precision_and_the_best_threshold(animals, shape):
    make, columns = SHAPES[shape]
    actual, given = animals
    made = run(PrecisionRecallCurve(actual_column="animal", columns=columns, positive_class="dog"), {"table": make(*animals)})
    (row,) = made["areas"].frame().iter_rows(named=True)
    hit = actual == 1
    assert row["average precision"] == pytest.approx(metrics.average_precision_score(hit, given[:, 1]))
    assert row["F-measure there"] == pytest.approx(metrics.f1_score(hit, given[:, 1] >= row["best threshold"]))
    others = [metrics.f1_score(hit, given[:, 1] >= t) for t in np.linspace(0, 1, 50)]
    assert row["F-measure there"] >= max(others) - 1e-9


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_bins_of_the_calibration(animals, strategy):
    actual, given = animals
    node = CalibrationCurve(actual_column="animal", columns=["p"], positive_class="fox", strategy=strategy, bins=8)
    made = run(node, {"table": as_array(*animals)})
    true, predicted = calibration_curve(actual == 2, given[:, 2], n_bins=8, strategy=strategy)
    bins = made["bins"].frame()
    assert np.allclose(bins["share of hits"], true) and np.allclose(bins["mean probability"], predicted)
    statistics = dict(made["statistics"].frame().iter_rows())
    assert statistics["Brier score"] == pytest.approx(metrics.brier_score_loss(actual == 2, given[:, 2]))
    expected = (np.abs(true - predicted) * bins["rows"].to_numpy()).sum() / 300
    assert statistics["expected calibration error"] == pytest.approx(expected)


def test_without_a_positive_class_it_is_the_confidence_that_is_calibrated(animals):
    actual, given = animals
    made = run(CalibrationCurve(actual_column="animal", columns=["p"], bins=5), {"table": as_array(*animals)})
    right = given.argmax(axis=1) == actual
    true, predicted = calibration_curve(right, given.max(axis=1), n_bins=5)
    assert np.allclose(made["bins"].frame()["share of hits"], true)
    assert np.allclose(made["bins"].frame()["mean probability"], predicted)


def test_gain_and_lift_of_ranked_rows():
    given = Table.of(pl.DataFrame({"y": [True, False, True, False], "p": [0.9, 0.6, 0.6, 0.1]}))
    points = run(GainChart(actual_column="y", columns=["p"]), {"table": given})["points"].frame()
    assert points["class"].unique().to_list() == ["true"]
    assert points["share of rows"].to_list() == pytest.approx([0, 0.25, 0.75, 1])
    assert points["gain"].to_list() == pytest.approx([0, 0.5, 1, 1])
    assert points["lift"].to_list()[1:] == pytest.approx([2, 4 / 3, 1])


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from([0, 1, None]), st.none() | st.floats(0, 1)), max_size=30))
def test_a_single_probability_is_that_of_the_second_class(rows):
    given = Table.of(
        pl.DataFrame({"y": [a for a, _ in rows], "p": [b for _, b in rows]}, schema={"y": pl.Int64, "p": pl.Float64}),
        {"y": ("no", "yes")},
    )
    job = RecordingJob(folder=None)
    made = run(RocCurve(actual_column="y", columns=["p"]), {"table": given}, job=job)["areas"].frame()
    known = [(a, b) for a, b in rows if a is not None and b is not None]
    assert made["class"].to_list() == ["yes"]
    assert bool(len(known) < len(rows)) == any("left out" in w for w in job.warnings)
    if len({a for a, _ in known}) == 2:
        assert made["area under curve"][0] == pytest.approx(metrics.roc_auc_score(*zip(*known, strict=True)))
    else:
        assert made["area under curve"][0] is None


@pytest.mark.parametrize("curve", CURVES)
def test_an_empty_table_and_a_single_row_give_an_empty_drawing_or_one_point(curve, animals):
    for rows in (0, 1):
        given = as_array(animals[0][:rows], animals[1][:rows])
        made = run(curve(actual_column="animal", columns=["p"]), {"table": given})
        assert made["figure"].kind == "lines"


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ({"actual_column": "animal"}, "columns"),
        ({"actual_column": "p", "columns": ["p"]}, "actual_column"),
        ({"actual_column": "animal", "columns": ["p"], "positive_class": "cow"}, "positive_class"),
        ({"actual_column": "animal", "columns": ["p"], "class_names": ["a", "b"]}, "class_names"),
        ({"actual_column": "animal", "columns": ["p"], "class_names": ["a", "a", "b"]}, "class_names"),
        ({"actual_column": "animal", "columns": ["p"], "class_names": ["cat", "cow", "fox"]}, "class_names"),
    ],
)
def test_mistakes_name_their_setting(curve, settings, setting, animals):
    with pytest.raises(NodeError) as caught:
        run(curve(**settings), {"table": as_array(*animals)})
    assert caught.value.setting == setting


def test_residuals_are_predicted_minus_actual():
    given = Table.of(pl.DataFrame({"y": [1.0, 2.0, None, 4.0], "z": [1.5, 1.0, 3.0, float("nan")]}))
    job = RecordingJob(folder=None)
    made = run(ResidualPlot(actual_column="y", predicted_column="z", bins=2), {"table": given}, job=job)
    assert (made["predictions"].points[0].x, made["predictions"].points[0].y) == ([1, 2], [1.5, 1])
    assert made["residuals"].points[0].y == [0.5, -1]
    assert made["distribution"].series["errors"] == [1, 1]
    assert "2 row(s)" in job.warnings[0]
    empty = run(ResidualPlot(actual_column="y", predicted_column="z"), {"table": Table.of(given.frame().clear())})
    assert empty["distribution"].series == {}


def test_models_side_by_side(animals):
    actual, given = animals
    first, second = given.argmax(axis=1), np.where(np.arange(300) % 3 == 0, 0, given.argmax(axis=1))
    names = np.array(CLASSES)
    tables = [Table.of(pl.DataFrame({"y": names[actual], "z": names[predicted]})) for predicted in (first, second)]
    node = ClassifierComparison(actual_column="y", predicted_column="z", names=["net"])
    made = run(node, {"table_1": tables[0], "table_2": tables[1]})["comparison"].frame()
    assert made["model"].to_list() == ["net", "model 2"]
    for row, predicted in zip(made.iter_rows(named=True), (first, second), strict=True):
        assert row["accuracy"] == pytest.approx(metrics.accuracy_score(actual, predicted))
        assert row["balanced accuracy"] == pytest.approx(metrics.balanced_accuracy_score(actual, predicted))
        assert row["macro F-measure"] == pytest.approx(metrics.f1_score(actual, predicted, average="macro"))
        assert row["Cohen's kappa"] == pytest.approx(metrics.cohen_kappa_score(actual, predicted))
        assert row["accuracy from"] < row["accuracy"] < row["accuracy to"]
    gained = int(((second == actual) & (first != actual)).sum())
    lost = int(((first == actual) & (second != actual)).sum())
    assert (made["only this right"][1], made["only first right"][1]) == (gained, lost)
    assert made["p-value"][1] == pytest.approx(binomtest(gained, gained + lost).pvalue)
    assert made["p-value"][0] is None


def test_other_rows_are_not_compared_row_by_row():
    one = Table.of(pl.DataFrame({"y": ["a", "b"], "z": ["a", None]}))
    other = Table.of(pl.DataFrame({"y": ["b", "a", None], "z": ["b", "a", "a"]}))
    job = RecordingJob(folder=None)
    node = ClassifierComparison(actual_column="y", predicted_column="z")
    made = run(node, {"table_1": one, "table_2": other}, job=job)["comparison"].frame()
    assert made["accuracy"].to_list() == [0.5, 1.0]
    assert made["rows"].to_list() == [2, 2]
    assert made["p-value"].to_list() == [None, None]
    assert "same rows" in job.warnings[0]


SINGLE = [RocCurve, PrecisionRecallCurve, CalibrationCurve, GainChart, BinaryClassificationInspector]


def single_table(form: str, column: str) -> Table:
    """Forty rows of two classes, and one probability; that of the right class is high."""
    rng = np.random.default_rng(3)
    yes = rng.random(40) < 0.4
    of_yes = np.clip(np.where(yes, 0.8, 0.2) + rng.normal(size=40) * 0.05, 0, 1)
    given = 1 - of_yes if column.endswith("no)") else of_yes
    cells = pl.Series(given) if form == "number" else pl.Series(given.reshape(-1, 1), dtype=pl.Array(pl.Float64, 1))
    return Table.of(pl.DataFrame({"found": np.where(yes, "yes", "no"), column: cells}))


@pytest.mark.parametrize("form", ["number", "array"])
@pytest.mark.parametrize("node_class", SINGLE)
def test_a_single_probability_is_of_the_class_in_its_name_else_of_the_positive_one(node_class, form):
    """Named, it may be of either class; unnamed, of the one that is looked for, be it the first or the second."""

    def first_rows(column: str, positive: str | None, classes: list[str]) -> pl.DataFrame:
        table = single_table(form, column)
        if positive == "no" and "=" not in column:  # a model that looks for "no" gives the probability of that
            flipped = [1 - v for v in (table.frame()[column].explode() if form == "array" else table.frame()[column])]
            cells = (
                pl.Series(flipped) if form == "number" else pl.Series(np.reshape(flipped, (-1, 1)), dtype=pl.Array(pl.Float64, 1))
            )
            table = table.with_columns(cells.alias(column).to_frame())
        node = node_class(actual_column="found", columns=[column], positive_class=positive, class_names=classes)
        made = run(node, {"table": table})
        name = next(port.name for port in node.output_ports if port.kind == "table" and port.name != "table")
        return made[name].frame()

    for classes in (["no", "yes"], ["yes", "no"]):
        expected = {p: first_rows("P (found=yes)", p, classes) for p in ("yes", "no")}
        for positive, wanted in expected.items():
            assert_frame_equal(first_rows("P (found=no)", positive, classes), wanted)
            assert_frame_equal(first_rows("output", positive, classes), wanted)


def test_the_first_class_as_the_positive_one_gives_the_right_area():
    table = Table.of(pl.DataFrame({"y": ["a", "a", "b", "b"], "p": [0.9, 0.8, 0.2, 0.1]}))
    areas = run(RocCurve(actual_column="y", columns=["p"], positive_class="a"), {"table": table})["areas"].frame()
    assert areas.row(0)[:2] == ("a", 1.0)
