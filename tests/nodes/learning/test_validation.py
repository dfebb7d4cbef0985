"""PCA, k-Means and cross-validation: what scikit-learn gives by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import cluster, decomposition, model_selection, tree

from nodes.base import NodeError, Values
from nodes.kit.learning.folds import folds_of
from nodes.learning.cross_validation import CrossValidationScorer
from nodes.learning.decision_tree import DecisionTreeLearner, RegressionTreeLearner
from nodes.learning.k_means import KMeans
from nodes.learning.pca import PCA, PCAApply, PCAInversion
from nodes.learning.predictor import Predictor
from nodes.learning.x_partitioner import XAggregator, XPartitioner
from nodes.values.model import from_bytes, to_bytes
from nodes.values.table import Table
from tests.support import RecordingJob, configure, run

R = np.random.default_rng(2)
X = R.normal(size=(40, 4)) * [3, 2, 1, 0.5]
Y = (X[:, 0] > 0).astype(int)
TABLE = Table.of(
    pl.DataFrame({n: X[:, i] for i, n in enumerate("abcd")}).with_columns(
        pl.Series("y", ["no" if v == 0 else "yes" for v in Y], dtype=pl.Enum(["no", "yes"])), pl.lit("t").alias("text")
    )
)
DIMENSIONS = ["PCA dimension 0", "PCA dimension 1"]


def test_pca_is_that_of_scikit_learn():
    made = run(PCA(columns=[*"abcd"], n_components=2), {"table": TABLE})
    by_hand = decomposition.PCA(2, random_state=0).fit(X)

    np.testing.assert_allclose(made["table"].frame(DIMENSIONS).to_numpy(), by_hand.transform(X), atol=1e-12)
    components = made["components"].frame()
    np.testing.assert_allclose(components["share of variance"].to_numpy(), by_hand.explained_variance_ratio_)
    np.testing.assert_allclose(components[:, 3:].to_numpy(), by_hand.components_)
    placed = run(PCAApply(remove=True), {"model": from_bytes(to_bytes(made["model"])), "table": TABLE})["table"]
    assert placed.columns == ["y", "text", *DIMENSIONS]
    assert placed.frame(DIMENSIONS).equals(made["table"].frame(DIMENSIONS))
    back = run(PCAInversion(), {"model": made["model"], "table": placed})["table"]
    assert back.columns == ["y", "text", *"abcd"]
    np.testing.assert_allclose(back.frame([*"abcd"]).to_numpy(), by_hand.inverse_transform(by_hand.transform(X)), atol=1e-12)


def test_pca_of_images_goes_there_and_back():
    pixels = R.integers(0, 255, size=(12, 3, 2, 1)).astype(np.uint8)
    frame = pl.DataFrame({"image": pl.Series(pixels)}).with_columns(pl.when(pl.int_range(12) != 4).then("image").alias("image"))
    table = Table.of(frame)
    with pytest.raises(NodeError, match="1 row has missing"):
        run(PCA(n_components=6), {"table": table})
    made = run(PCA(n_components=6, missing="ignore rows", remove=True), {"table": table})
    back = run(PCAInversion(suffix=" back"), {"model": made["model"], "table": made["table"]})["table"].frame()

    assert back.schema == {"image back": pl.Array(pl.Float64, (3, 2, 1))}
    assert back["image back"].null_count() == 1
    np.testing.assert_allclose(back["image back"].drop_nulls().to_numpy(), np.delete(pixels, 4, 0), atol=1e-3)


def test_pca_keeps_a_share_of_the_variance():
    made = run(PCA(columns=[*"abcd"], by="variance", variance=0.8), {"table": TABLE})

    assert made["model"].spec.components == decomposition.PCA(0.8, svd_solver="full").fit(X).n_components_
    with pytest.raises(NodeError, match="no more than 4"):
        configure(PCA(columns=[*"abcd"], n_components=5), {"table": TABLE})
    with pytest.raises(NodeError, match="no PCA"):
        model = run(DecisionTreeLearner(target="y"), {"table": TABLE})["model"]
        configure(PCAApply(), {"model": model, "table": TABLE})
    with pytest.raises(NodeError, match="predicts nothing"):
        configure(Predictor(), {"model": made["model"], "table": TABLE})


def test_k_means_is_that_of_scikit_learn():
    made = run(KMeans(columns=[*"abcd"], n_clusters=4, seed=7), {"table": TABLE})
    by_hand = cluster.KMeans(4, random_state=7).fit(X)

    assert made["table"].frame()["Cluster"].to_list() == [f"cluster_{i}" for i in by_hand.labels_]
    np.testing.assert_allclose(made["centers"].frame()[:, 2:].to_numpy(), by_hand.cluster_centers_)
    assert made["centers"].frame()["rows"].to_list() == np.bincount(by_hand.labels_).tolist()
    model = from_bytes(to_bytes(made["model"]))
    again = run(Predictor(), {"model": model, "table": TABLE})["table"].frame()["Prediction (Cluster)"]
    assert again.to_list() == made["table"].frame()["Cluster"].to_list()
    with pytest.raises(NodeError, match="cannot make"):
        run(KMeans(columns=["a"], n_clusters=41), {"table": TABLE})


@given(rows=st.integers(2, 40), parts=st.integers(2, 10), sampling=st.sampled_from(["random", "linear", "stratified"]))
@settings(max_examples=40, deadline=None)
def test_every_row_is_in_one_part_and_parts_are_of_one_size(rows: int, parts: int, sampling: str):
    table = Table.of(pl.DataFrame({"y": ["a", "b"] * rows}))
    if parts > rows:
        parts = rows
    folds = folds_of(table, parts, sampling, "y", 0)  # type: ignore[arg-type]

    sizes = np.bincount(folds, minlength=parts)
    assert sizes.sum() == 2 * rows
    assert sizes.max() - sizes.min() <= (2 if sampling == "stratified" else 1)
    if sampling == "stratified":
        per_class = [np.bincount(folds[i::2], minlength=parts) for i in (0, 1)]
        assert all(c.max() - c.min() <= 1 for c in per_class)


def test_x_partitioner_goes_through_the_parts():
    tests = []
    for fold in range(4):
        made = run(XPartitioner(validations=4, fold=fold, seed=1), {"table": TABLE})
        assert made["train"].height == 30
        tests.append(made["test"].frame()["a"])
    assert sorted(pl.concat(tests)) == sorted(TABLE.frame()["a"])
    by_hand = list(model_selection.KFold(4, shuffle=True, random_state=1).split(X))
    assert tests[2].to_list() == X[by_hand[2][1], 0].tolist()
    with pytest.raises(NodeError, match="no part 4"):
        configure(XPartitioner(validations=4, fold=4), {"table": TABLE})
    one = run(XPartitioner(sampling="leave-one-out", fold=7), {"table": TABLE})
    assert one["test"].frame()["a"].to_list() == [X[7, 0]]


def test_x_aggregator_counts_the_errors_of_each_part():
    frame = pl.DataFrame({"y": ["a", "a", "b", None], "p": ["a", "b", None, "a"], "f": [0, 0, 1, 1], "x": [1.0, 2.0, 3.0, None]})
    node = XAggregator(target="y", prediction="p", fold="f")
    assert run(node, {"table": Table.of(frame)})["errors"].frame().rows() == [("0", 50.0, 2, 1), ("1", 100.0, 1, 1)]
    squared = XAggregator(target="x", prediction="f", fold="f")
    assert run(squared, {"table": Table.of(frame)})["errors"].frame().rows() == [("0", 2.5, 2), ("1", 4.0, 1)]


def test_x_aggregator_says_how_many_numbers_were_not_predicted(tmp_path: Path):
    frame = pl.DataFrame({"x": [1.0, 2.0, 3.0], "p": [2.0, None, None], "f": [0, 0, 1]})
    job = RecordingJob(tmp_path)
    rows = (
        XAggregator(target="x", prediction="p", fold="f")
        .execute(Values({"table": Table.of(frame)}), job)["errors"]
        .frame()
        .rows()
    )
    assert rows == [("0", 1.0, 2), ("1", None, 1)]
    assert job.warnings == ["2 rows have no prediction: the error does not count them."]


@pytest.mark.parametrize("target", ["y", "d"])
def test_cross_validation_is_that_of_scikit_learn(target: str):
    columns = ["a", "b", "c"]
    learner = (DecisionTreeLearner if target == "y" else RegressionTreeLearner)(target=target, columns=columns, max_depth=2)
    model = run(learner, {"table": TABLE})["model"]
    made = run(CrossValidationScorer(validations=4, seed=3), {"model": model, "table": TABLE})
    parts = model_selection.KFold(4, shuffle=True, random_state=3)
    by_hand = (tree.DecisionTreeClassifier if target == "y" else tree.DecisionTreeRegressor)(max_depth=2, random_state=0)
    names = ("accuracy", "f1_macro") if target == "y" else ("r2", "neg_mean_squared_error")
    wanted = model_selection.cross_validate(by_hand, X[:, :3], Y if target == "y" else X[:, 3], cv=parts, scoring=names)
    shown = ("accuracy", "macro F-measure") if target == "y" else ("R²", "mean squared error")

    scores = made["scores"].frame()
    np.testing.assert_allclose(scores[shown[0]][:4].to_numpy(), wanted[f"test_{names[0]}"])
    np.testing.assert_allclose(scores[shown[1]][:4].to_numpy(), np.abs(wanted[f"test_{names[1]}"]))
    np.testing.assert_allclose(
        scores[shown[0]][4:].to_numpy(), [wanted[f"test_{names[0]}"].mean(), wanted[f"test_{names[0]}"].std(ddof=1)]
    )
    guesses = model_selection.cross_val_predict(by_hand, X[:, :3], Y if target == "y" else X[:, 3], cv=parts)
    cells = made["predictions"].frame()[f"Prediction ({target})"].to_list()
    assert cells == ([("no", "yes")[g] for g in guesses] if target == "y" else guesses.tolist())
