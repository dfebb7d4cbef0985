"""Scores of awkward rows against scikit-learn: ties, missing scores, one class, absent classes, every type of class column.

`make test` draws some tables anew with every commit; `make test-all` many.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, seed, settings
from hypothesis import strategies as st
from sklearn import metrics

from nodes.base import NodeError, Specs
from nodes.kit.scoring.probabilities import ProbabilityNode
from nodes.scoring.calibration_curve import CalibrationCurve
from nodes.scoring.classifier_comparison import ClassifierComparison
from nodes.scoring.entropy_scorer import EntropyScorer
from nodes.scoring.gain_chart import GainChart
from nodes.scoring.numeric_scorer import NumericScorer
from nodes.scoring.precision_recall_curve import PrecisionRecallCurve
from nodes.scoring.roc_curve import RocCurve
from nodes.scoring.scorer import Scorer
from nodes.scoring.threshold_inspector import BinaryClassificationInspector
from nodes.scoring.top_k_scorer import TopKScorer
from nodes.values.table import Table
from tests import sampling
from tests.support import RecordingJob, configure, run

FORMS = ("text", "category", "growing", "boolean", "Int8", "UInt8", "named numbers")
BINARY_NODES = (RocCurve, PrecisionRecallCurve, GainChart, CalibrationCurve, BinaryClassificationInspector)
SCORES = st.none() | st.sampled_from([0.0, 0.5, 0.5, 1.0, math.nan, 1e-300, 0.1 + 0.2, 0.3]) | st.floats(0, 1)


@dataclass
class Rows:
    """Actual classes as places among the names, probabilities of each class, and the table that holds both."""

    names: list[str]
    actual: list[int | None]
    given: np.ndarray

    @property
    def known(self) -> np.ndarray:
        there = np.array([a is not None for a in self.actual], bool)
        return there & np.isfinite(self.given).all(axis=1)

    @property
    def truth(self) -> np.ndarray:
        return np.array([a for a, k in zip(self.actual, self.known, strict=True) if k], int)

    @property
    def certain(self) -> np.ndarray:
        return self.given[self.known]


def class_column(form: str, names: Sequence[str], places: Sequence[int | None]) -> tuple[pl.Series, dict[str, tuple[str, ...]]]:
    """The column `y`, and what its numbers stand for."""
    words = [None if p is None else names[p] for p in places]
    match form:
        case "text":
            return pl.Series("y", words, dtype=pl.String), {}
        case "category":
            return pl.Series("y", words, dtype=pl.Enum(list(names))), {}
        case "growing":
            return pl.Series("y", words, dtype=pl.Categorical), {}
        case "boolean":
            return pl.Series("y", [None if p is None else bool(p) for p in places], dtype=pl.Boolean), {}
        case "named numbers":
            return pl.Series("y", places, dtype=pl.Int8), {"y": tuple(names)}
        case _:
            return pl.Series("y", places, dtype=getattr(pl, form)), {}


def names_of(form: str, count: int) -> list[str]:
    if form == "boolean":
        return ["false", "true"]
    return [str(n) for n in range(count)] if form in ("Int8", "UInt8") else ["bad", "fine", "good"][:count]


def made(
    node: Any, frame: pl.DataFrame, classes: dict[str, tuple[str, ...]] | None = None
) -> tuple[dict[str, Any], RecordingJob]:
    job = RecordingJob(folder=None)  # type: ignore[arg-type]
    return run(node, {"table": Table.of(frame, classes)}, job=job), job


@st.composite
def binary(draw: st.DrawFn) -> tuple[str, Rows, pl.DataFrame, dict[str, tuple[str, ...]]]:
    """Rows of two classes, with one probability: that of the class `whose`."""
    form = draw(st.sampled_from(FORMS))
    rows = draw(st.lists(st.tuples(st.none() | st.integers(0, 1), SCORES), max_size=20))
    actual = [a for a, _ in rows]
    if form in ("text", "growing") and len({a for a in actual if a is not None}) < 2:  # else the other class is not known
        rows += [(0, 0.25), (1, 0.25)]
        actual = [a for a, _ in rows]
    column, classes = class_column(form, names_of(form, 2), actual)
    dtype = draw(st.sampled_from([pl.Float32, pl.Float64]))
    scores = pl.Series("p", [s for _, s in rows], dtype=pl.Float64).cast(dtype)
    given = scores.cast(pl.Float64).fill_null(math.nan).to_numpy()
    return form, Rows(names_of(form, 2), actual, np.stack([1 - given, given], axis=1)), pl.DataFrame([column, scores]), classes


def same(found: float | None, wanted: float) -> bool:
    return found is not None and math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-12)


def check_one_probability(rows: Rows, frame: pl.DataFrame, classes: dict[str, tuple[str, ...]], whose: int, named: bool) -> None:
    """A single column belongs to the class that its name tells, or to the positive class: both ways, every figure."""
    name = f"P (y={rows.names[whose]})" if named else "p"
    table = frame.rename({"p": name})
    score, truth = rows.certain[:, 1], rows.truth
    for positive in (0, 1) if named else (whose,):
        hit = truth == positive
        p = score if positive == whose else 1 - score
        options: dict[str, Any] = {"actual_column": "y", "columns": [name], "positive_class": rows.names[positive]}

        values, job = made(RocCurve(**options), table, classes)
        (area,) = values["areas"].frame()["area under curve"]
        assert any("left out" in w for w in job.warnings) == (len(truth) < len(rows.actual))
        if hit.any() and not hit.all():
            assert same(area, metrics.roc_auc_score(hit, p))
        else:
            assert area is None
            assert any("it has no curve" in w for w in job.warnings)

        values, job = made(PrecisionRecallCurve(**options), table, classes)
        (row,) = values["areas"].frame().iter_rows(named=True)
        if hit.any():
            assert same(row["average precision"], metrics.average_precision_score(hit, p))
            best = max(metrics.f1_score(hit, p >= t) for t in np.unique(p))
            assert same(row["F-measure there"], best)
        else:
            assert row["average precision"] is None

        values, _ = made(CalibrationCurve(**options), table, classes)
        brier = dict(values["statistics"].frame().iter_rows())["Brier score"]
        assert same(brier, metrics.brier_score_loss(hit, p, pos_label=True)) if len(p) else brier is None
        bins = values["bins"].frame()
        assert bins["rows"].sum() == len(p)
        assert math.isclose((bins["rows"] * bins["share of hits"]).sum(), hit.sum(), abs_tol=1e-9)

        values, _ = made(GainChart(**options), table, classes)
        points = values["points"].frame()
        if hit.any():
            order = np.sort(p)[::-1]
            for share, gain in points.select("share of rows", "gain").rows():
                taken = round(share * len(p))
                threshold = order[taken - 1] if taken else np.inf
                assert math.isclose(gain, (hit & (p >= threshold)).sum() / hit.sum(), abs_tol=1e-9)

        values, _ = made(BinaryClassificationInspector(**options, threshold=0.5), table, classes)
        told = values["thresholds"].frame().row(0, named=True)
        guess = p >= 0.5
        if len(p):
            assert same(told["accuracy"], metrics.accuracy_score(hit, guess))
        if hit.any() and not hit.all():
            assert same(told["balanced accuracy"], metrics.balanced_accuracy_score(hit, guess))
            assert same(told["recall"], metrics.recall_score(hit, guess))
            if guess.any() and not guess.all():
                assert same(told["Matthews correlation"], metrics.matthews_corrcoef(hit, guess))
                assert same(told["precision"], metrics.precision_score(hit, guess))
        predicted = values["table"].frame()["prediction"].cast(pl.String)
        assert (predicted.drop_nulls() == rows.names[positive]).sum() >= guess.sum()


@seed(sampling.seed())
@settings(max_examples=25)
@given(binary(), st.integers(0, 1), st.booleans())
def test_one_probability_column(case: Any, whose: int, named: bool) -> None:
    _, rows, frame, classes = case
    check_one_probability(rows, frame, classes, whose, named)


@pytest.mark.exhaustive
@settings(max_examples=500)
@given(binary(), st.integers(0, 1), st.booleans())
def test_one_probability_column_in_many_tables(case: Any, whose: int, named: bool) -> None:
    _, rows, frame, classes = case
    check_one_probability(rows, frame, classes, whose, named)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("node", BINARY_NODES)
def test_the_first_class_as_the_positive_one(node: type[ProbabilityNode], form: str) -> None:
    """A probability of the first class that is right in every row: nothing may be upside down."""
    names = names_of(form, 2)
    column, classes = class_column(form, names, [0, 1, 0, 1])
    frame = pl.DataFrame([column, pl.Series("p", [0.9, 0.2, 0.8, 0.1])])
    values, _ = made(node(actual_column="y", columns=["p"], positive_class=names[0]), frame, classes)  # type: ignore[call-arg]
    if node is RocCurve:
        assert values["areas"].frame()["area under curve"][0] == 1.0
    elif node is PrecisionRecallCurve:
        assert values["areas"].frame()["average precision"][0] == 1.0
    elif node is GainChart:
        assert values["points"].frame().filter(pl.col("share of rows") == 0.5)["gain"].to_list() == [1.0]
    elif node is CalibrationCurve:
        assert dict(values["statistics"].frame().iter_rows())["Brier score"] == pytest.approx(0.025)
    else:
        assert values["thresholds"].frame()["accuracy"][0] == 1.0
        assert values["table"].frame()["prediction"].cast(pl.String).to_list() == [names[0], names[1]] * 2


@st.composite
def several(draw: st.DrawFn) -> tuple[str, Rows, list[int | None]]:
    """Rows of three classes, of which some may not occur, with a probability of each and a predicted class."""
    form = draw(st.sampled_from([f for f in FORMS if f != "boolean"]))
    cell = st.none() | st.integers(0, draw(st.integers(0, 2)))
    other = st.none() | st.integers(draw(st.integers(0, 2)), 2)
    rows = draw(st.lists(st.tuples(cell, other, SCORES, SCORES, SCORES), max_size=20))
    given = np.array([[math.nan if s is None else s for s in r[2:]] for r in rows], float).reshape(len(rows), 3)
    return form, Rows(names_of(form, 3), [r[0] for r in rows], given), [r[1] for r in rows]


def check_several(form: str, rows: Rows, predicted: list[int | None], shape: str) -> None:
    column, classes = class_column(form, rows.names, rows.actual)
    if shape == "array":
        frame = pl.DataFrame([column, pl.Series("p", rows.given, dtype=pl.Array(pl.Float64, 3))])
        columns = ["p"]
        options = {"class_names": rows.names}
    else:  # in another order than the classes: the names tell
        columns = [f"{'P (y=' if shape == 'named' else 'p_'}{n}{')' if shape == 'named' else ''}" for n in reversed(rows.names)]
        frame = pl.DataFrame([column, *(pl.Series(c, rows.given[:, 2 - i]) for i, c in enumerate(columns))])
        options = {}
    truth, given = rows.truth, rows.certain
    values, _ = made(RocCurve(actual_column="y", columns=columns, **options), frame, classes)  # type: ignore[arg-type]
    areas = {r["class"]: r for r in values["areas"].frame().iter_rows(named=True)}
    for place, name in enumerate(rows.names):
        hit = truth == place
        assert areas[name]["rows"] == hit.sum()
        if hit.any() and not hit.all():
            assert same(areas[name]["area under curve"], metrics.roc_auc_score(hit, given[:, place]))
        else:
            assert areas[name]["area under curve"] is None
    values, _ = made(TopKScorer(actual_column="y", columns=columns, most=3, **options), frame, classes)  # type: ignore[arg-type]
    told = values["statistics"].frame()
    if len(truth):
        order = np.argsort(-given, axis=1, kind="stable")
        if len(order) and shape == "array":
            for k in (1, 2, 3):
                assert same(told["accuracy"][k - 1], float((order[:, :k] == truth[:, None]).any(axis=1).mean()))
    assert told["rows"].to_list() == [len(truth)] * 3


def check_classes(form: str, rows: Rows, predicted: list[int | None]) -> None:
    column, classes = class_column(form, rows.names, rows.actual)
    other, _ = class_column(form, rows.names, predicted)
    table = pl.DataFrame([column, other.alias("z")])
    named = {**classes, **({"z": classes["y"]} if classes else {})}
    pairs = [(a, b) for a, b in zip(rows.actual, predicted, strict=True) if a is not None and b is not None]
    actual, guess = [rows.names[a] for a, _ in pairs], [rows.names[b] for _, b in pairs]
    values, job = made(Scorer(actual_column="y", predicted_column="z"), table, named)
    statistics = {r["class"]: r for r in values["statistics"].frame().iter_rows(named=True)}
    overall = statistics["Overall"]
    assert (overall["Correct"] or 0) + (overall["Wrong"] or 0) == len(pairs)
    assert bool(len(pairs) < table.height) == any("not counted" in w for w in job.warnings)
    occurring = sorted({*actual, *guess})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if pairs:
            assert same(overall["Accuracy"], metrics.accuracy_score(actual, guess))
            assert same(overall["Balanced accuracy"], metrics.balanced_accuracy_score(actual, guess))
            precision, recall, f1, _ = metrics.precision_recall_fscore_support(
                actual, guess, labels=occurring, zero_division=np.nan
            )
            for name, p, r, f in zip(occurring, precision, recall, f1, strict=True):
                for measure, wanted in (("Precision", p), ("Recall", r), ("F-measure", f)):
                    found = statistics[name][measure]
                    assert found is None if math.isnan(wanted) else same(found, wanted), (name, measure)
            assert same(statistics["Macro average"]["F-measure"], metrics.f1_score(actual, guess, average="macro"))
            assert same(statistics["Weighted average"]["F-measure"], metrics.f1_score(actual, guess, average="weighted"))
            if len(occurring) > 1:
                assert same(overall["Cohen's kappa"], metrics.cohen_kappa_score(actual, guess))
        else:
            assert overall["Accuracy"] is None
        for name in set(rows.names) - set(occurring):
            assert name not in statistics or statistics[name]["F-measure"] is None

        # A missing prediction is wrong; class numbers without names take those of the other column.
        fewer = {k: v for k, v in named.items() if k != "z"}
        comparison = run(
            ClassifierComparison(actual_column="y", predicted_column="z"),
            {"table_1": Table.of(table, named), "table_2": Table.of(table, fewer)},
        )["comparison"].frame()
        said = [(rows.names[a], "nothing" if b is None else rows.names[b]) for a, b in zip(rows.actual, predicted, strict=True)
                if a is not None]  # fmt: skip
        truth, told_ = [a for a, _ in said], [b for _, b in said]
        classes_ = sorted({*truth, *told_} - {"nothing"})
        for place in (0, 1) if said else ():
            assert same(comparison["accuracy"][place], metrics.accuracy_score(truth, told_))
            wanted = metrics.f1_score(truth, told_, labels=classes_, average="macro", zero_division=0)
            assert same(comparison["macro F-measure"][place], wanted)
            recalls = metrics.recall_score(truth, told_, labels=sorted(set(truth)), average=None)
            assert same(comparison["balanced accuracy"][place], float(recalls.mean()))
        assert comparison["p-value"][1] == 1.0 or not said

        values, _ = made(EntropyScorer(reference_column="y", cluster_column="z"), table, named)
        told = dict(values["statistics"].frame().iter_rows())
        if pairs:
            assert same(told["V-measure"], metrics.v_measure_score(actual, guess))
            assert same(told["adjusted Rand index"], metrics.adjusted_rand_score(actual, guess))


@seed(sampling.seed())
@settings(max_examples=25)
@given(several(), st.sampled_from(["array", "named", "prefix"]))
def test_several_classes(case: Any, shape: str) -> None:
    check_several(*case, shape)
    check_classes(*case)


@pytest.mark.exhaustive
@settings(max_examples=400)
@given(several(), st.sampled_from(["array", "named", "prefix"]))
def test_several_classes_in_many_tables(case: Any, shape: str) -> None:
    check_several(*case, shape)
    check_classes(*case)


NUMBERS = st.none() | st.sampled_from([0.0, -0.0, 1.0, math.nan, math.inf, 0.1, 100.0]) | st.floats(-100, 100)


def exact_r2(y: np.ndarray, z: np.ndarray) -> float | None:
    """R² in fractions, None beyond floats: that of scikit-learn is 1 or 0 where squares become too small for a float."""
    actual, predicted = [Fraction(v) for v in y.tolist()], [Fraction(v) for v in z.tolist()]
    mean = sum(actual, Fraction()) / len(actual)
    errors = sum(((a - p) ** 2 for a, p in zip(actual, predicted, strict=True)), Fraction())
    try:
        return float(1 - errors / sum(((a - mean) ** 2 for a in actual), Fraction()))
    except OverflowError:
        return None


@seed(sampling.seed())
@settings(max_examples=60)
@example([(0.0, 0.0), (1.2e-204, 0.0)], pl.Float64)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=15), st.sampled_from([pl.Float32, pl.Float64]))
def test_numbers(rows: list[tuple[float | None, float | None]], dtype: Any) -> None:
    frame = pl.DataFrame(rows, schema={"y": pl.Float64, "z": pl.Float64}, orient="row").cast(dtype)
    values, _ = made(NumericScorer(actual_column="y", predicted_column="z"), frame)
    told = dict(values["statistics"].frame().iter_rows())
    known = frame.cast(pl.Float64).fill_nan(None).drop_nulls()
    y, z = known["y"].to_numpy(), known["z"].to_numpy()
    if not len(y) or not (np.isfinite(y).all() and np.isfinite(z).all()):
        return
    assert same(told["Mean absolute error"], metrics.mean_absolute_error(y, z))
    assert same(told["Mean squared error"], metrics.mean_squared_error(y, z))
    assert same(told["Root mean squared error"], metrics.root_mean_squared_error(y, z))
    expected = None if y.min() == y.max() else exact_r2(y, z)
    if expected is not None and abs(expected) < 1e300:
        assert math.isclose(told["R²"], expected, rel_tol=1e-6, abs_tol=1e-9)
    else:
        assert told["R²"] is None or abs(told["R²"]) > 1e299
    if (np.abs(y) > 1e-12).all():
        assert same(told["Mean absolute percentage error"], metrics.mean_absolute_percentage_error(y, z))


def test_categories_that_never_agree_are_warned_of_before_running() -> None:
    one, other = (pl.Series(n, c, dtype=pl.Enum(c)) for n, c in (("y", [">50K.", "<=50K."]), ("z", [">50K", "<=50K"])))
    specs = Specs({"table": Table.of(pl.DataFrame([one, other])).spec})
    Scorer(actual_column="y", predicted_column="z").configure(specs)
    assert "differ only in a mark at the end" in specs.warnings[0]


@pytest.mark.parametrize(
    ("classes", "columns"),
    [
        ([">50K.", "<=50K"], ["P (y=>50K)", "P (y=<=50K)"]),
        (["Yes", "No"], ["yes", "no"]),
        (["true", "false"], ["out_1", "out_0"]),
        (["1.0", "0.0"], ["p_1", "p_0"]),
        (["b", "a"], ["P (y=b)", "P (y=a)"]),
    ],
)
def test_columns_whose_names_look_like_classes_are_theirs(classes: list[str], columns: list[str]) -> None:
    """Whatever the order of the columns: by place, the first class by its letters would get the other one's probability."""
    frame = pl.DataFrame({"y": classes, columns[0]: [0.9, 0.1], columns[1]: [0.1, 0.9]})
    for order in (columns, columns[::-1]):
        values, _ = made(RocCurve(actual_column="y", columns=order), frame)
        assert values["areas"].frame()["area under curve"].to_list() == [1.0]


def test_a_class_without_a_probability_is_an_error_with_its_cause() -> None:
    frame = pl.DataFrame({"y": ["cat", "cow"], "P (y=cat)": [0.9, 0.1], "P (y=dog)": [0.1, 0.9]})
    with pytest.raises(NodeError, match="has 'cow', for which there is no probability"):
        made(RocCurve(actual_column="y", columns=["P (y=cat)", "P (y=dog)"]), frame)
    frame = pl.DataFrame({"y": ["Cat", "cat", "dog"], "P (y=cat)": [0.9, 0.1, 0.0], "P (y=dog)": [0.1, 0.9, 1.0]})
    with pytest.raises(NodeError, match="differ in capital letters only"):
        made(RocCurve(actual_column="y", columns=["P (y=cat)", "P (y=dog)"]), frame)


def test_an_empty_class_is_not_a_missing_prediction() -> None:
    frame = pl.DataFrame({"y": ["", "", "a"], "z": [None, "", "a"]})
    row = run(ClassifierComparison(actual_column="y", predicted_column="z"), {"table_1": Table.of(frame)})["comparison"].frame()
    assert row["accuracy"][0] == pytest.approx(2 / 3)
    assert row["macro F-measure"][0] == pytest.approx((2 / 3 + 1) / 2)


def test_numbers_without_names_are_not_compared_with_names() -> None:
    frame = pl.DataFrame({"y": ["bad", "good"], "z": [0, 1]})
    for node, ports in ((Scorer, ["table"]), (ClassifierComparison, ["table_1", "table_2"])):
        with pytest.raises(NodeError, match="class numbers without names") as caught:
            configure(node(actual_column="y", predicted_column="z"), dict.fromkeys(ports, Table.of(frame)))
        assert caught.value.setting == "predicted_column"


def test_true_and_false_are_known_before_running() -> None:
    frame = pl.DataFrame({"y": [True], "z": [False], "p": [0.3]})
    table = {"table": Table.of(frame)}
    assert configure(Scorer(actual_column="y", predicted_column="z"), table)["confusion"].rows == 2
    promised = configure(BinaryClassificationInspector(actual_column="y", columns=["p"]), table)["table"]
    assert promised.schema["prediction"] == pl.Enum(["false", "true"])


@pytest.mark.parametrize("positive", ["ill", "well", None])
def test_the_output_of_a_network_that_knows_its_classes_is_of_the_second(positive: str | None) -> None:
    """Whichever class is looked for: the unit learned to say how likely the second one is."""
    output = pl.Series("out", [[0.1], [0.9]], dtype=pl.Array(pl.Float32, 1))
    frame = pl.DataFrame([pl.Series("y", ["ill", "well"], dtype=pl.Enum(["ill", "well"])), output])
    values, job = made(RocCurve(actual_column="y", columns=["out"], positive_class=positive), frame, {"out": ("ill", "well")})
    assert values["areas"].frame().row(0)[:2] == (positive or "well", 1.0)
    assert job.logs == ["'out' is taken as the probability of 'well'."]


def test_one_class_of_several_by_one_probability() -> None:
    frame = pl.DataFrame({"y": ["a", "b", "c", "a"], "p": [0.9, 0.1, 0.2, 0.8]})
    values, _ = made(RocCurve(actual_column="y", columns=["p"], positive_class="a"), frame)
    assert values["areas"].frame().row(0) == ("a", 1.0, 2)
    with pytest.raises(NodeError, match="not clear of which class") as caught:
        made(RocCurve(actual_column="y", columns=["p"]), frame)
    assert caught.value.setting == "positive_class"
