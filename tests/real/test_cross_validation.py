"""Cross-validation against scikit-learn's own, part by part, with targets and cells of awkward types."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn import metrics
from sklearn.model_selection import PredefinedSplit, cross_val_predict, cross_validate
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from nodes.learning.cross_validation import CrossValidationScorer
from nodes.learning.decision_tree import DecisionTreeLearner, RegressionTreeLearner
from nodes.learning.x_partitioner import XAggregator
from nodes.values.table import Table
from tests.sampling import mostly_exhaustive
from tests.support import RecordingJob, run

TARGETS: dict[str, Any] = {
    "text": pl.String, "category": pl.Enum(["a", "b", "c", "unused"]), "growing": pl.Categorical, "Int8": pl.Int8,
    "UInt64": pl.UInt64, "boolean": pl.Boolean,
}  # fmt: skip


def table_of(target: str, number: int) -> pl.DataFrame:
    """40 rows: cells with ties, NaN, infinite and missing ones; missing targets; a rare class."""
    rng = np.random.default_rng(number)
    codes = rng.choice(3, 40, p=[0.6, 0.3, 0.1])
    words: list[Any] = {
        "boolean": [bool(c) for c in codes], "Int8": [int(c) - 1 for c in codes], "UInt64": [int(c) + 2**63 for c in codes]
    }.get(target, ["abc"[c] for c in codes])  # fmt: skip
    words = [None if rng.random() < 0.1 else w for w in words]
    x = [None if rng.random() < 0.1 else rng.choice([0.0, 1.0, 2.0, np.nan, np.inf, rng.normal()]) for _ in range(40)]
    return pl.DataFrame(
        {
            "y": pl.Series(words, dtype=TARGETS[target]),
            "x": pl.Series(x, dtype=pl.Float32 if number % 2 else pl.Float64),
            "f": pl.Series([bool(v) for v in rng.integers(0, 2, 40)]),
            "c": pl.Series(list(rng.choice(["u", "v"], 40)), dtype=pl.Enum(["u", "v", "w"])),
        }
    )


def matrix_of(frame: pl.DataFrame) -> np.ndarray:
    x = frame["x"].cast(pl.Float64).fill_null(np.nan).to_numpy().copy()
    x[~np.isfinite(x)] = np.nan
    kinds = [(frame["c"].cast(pl.String) == k).cast(pl.Float64).to_numpy() for k in "uvw"]
    return np.column_stack([x, frame["f"].cast(pl.Float64).to_numpy(), *kinds])


CASES = [(t, n, s) for t in TARGETS for n in range(12) for s in ("random", "stratified", "linear")]


@pytest.mark.parametrize("case", mostly_exhaustive(CASES, 12, "cross-validation"))
@pytest.mark.filterwarnings("ignore")
def test_classes(case: tuple[str, int, str]) -> None:
    target, number, sampling = case
    frame = table_of(target, number)
    table = Table.of(frame)
    model = run(DecisionTreeLearner(target="y", seed=3, max_depth=4), {"table": table})["model"]
    node = CrossValidationScorer(validations=4, sampling=sampling, class_column="y", seed=5)
    job = RecordingJob(folder=None)  # type: ignore[arg-type]
    made = run(node, {"model": model, "table": table}, job=job)
    predictions, scores = made["predictions"].frame(), made["scores"].frame()

    answered = frame.filter(pl.col("y").is_not_null())
    assert predictions.drop("fold", "Prediction (y)").equals(answered)
    assert any("left out" in w for w in job.warnings) == (answered.height < frame.height)
    split = PredefinedSplit(predictions["fold"].to_numpy())
    text = answered["y"].cast(pl.String)
    order = sorted(set(text)) if answered["y"].dtype == pl.String or target == "growing" else []
    if not order:  # in the order of the type's own values
        order = list("abc") if target == "category" else answered["y"].unique().sort().cast(pl.String).to_list()
    codes = np.array([order.index(t) for t in text])
    tree = DecisionTreeClassifier(random_state=3, max_depth=4)
    wanted = cross_val_predict(tree, matrix_of(answered), codes, cv=split)
    assert predictions["Prediction (y)"].cast(pl.String).to_list() == [order[w] for w in wanted]
    measured = cross_validate(tree, matrix_of(answered), codes, cv=split, scoring=["accuracy", "balanced_accuracy", "f1_macro"])
    for name, key in (("accuracy", "accuracy"), ("balanced accuracy", "balanced_accuracy"), ("macro F-measure", "f1_macro")):
        found = scores[name].to_list()
        assert found[:4] == pytest.approx(measured[f"test_{key}"].tolist())
        assert found[4] == pytest.approx(measured[f"test_{key}"].mean())
        assert found[5] == pytest.approx(measured[f"test_{key}"].std(ddof=1))
    errors = run(XAggregator(target="y", prediction="Prediction (y)", fold="fold"), {"table": Table.of(predictions)})[
        "errors"
    ].frame()
    by_fold = dict(errors["fold", "Error count"].iter_rows())
    for fold in range(4):
        mine = predictions.filter(pl.col("fold") == fold)
        right = metrics.accuracy_score(mine["y"].cast(pl.String), mine["Prediction (y)"].cast(pl.String), normalize=False)
        assert by_fold[str(fold)] == mine.height - right


@pytest.mark.parametrize("number", mostly_exhaustive(range(20), 3, "cross-validation of numbers"))
def test_numbers(number: int) -> None:
    frame = table_of("text", number).with_columns(pl.Series("y", np.random.default_rng(number).normal(size=40)))
    frame = frame.with_columns(pl.when(pl.int_range(40) % 7 == 0).then(float("nan")).otherwise("y").alias("y"))
    table = Table.of(frame)
    model = run(RegressionTreeLearner(target="y", seed=3, max_depth=3), {"table": table})["model"]
    made = run(CrossValidationScorer(validations=4, seed=5), {"model": model, "table": table})
    predictions, scores = made["predictions"].frame(), made["scores"].frame()
    answered = frame.filter(pl.col("y").is_finite())
    tree, split = DecisionTreeRegressor(random_state=3, max_depth=3), PredefinedSplit(predictions["fold"].to_numpy())
    wanted = cross_val_predict(tree, matrix_of(answered), answered["y"].to_numpy(), cv=split)
    assert predictions["Prediction (y)"].to_list() == pytest.approx(wanted.tolist())
    measured = cross_validate(tree, matrix_of(answered), answered["y"].to_numpy(), cv=split, scoring=["r2"])
    assert scores["R²"].to_list()[:4] == pytest.approx(measured["test_r2"].tolist())
