"""Trainings that once failed, or went on without a word, each with what is said or done now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import polars as pl
import pytest

from nodes.base import NodeError, Specs
from nodes.kit.networks.keras_model import to_keras
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.layers.recurrent import GRU, LSTM
from nodes.networks.learning_rate_finder import LearningRateFinder
from nodes.networks.network_learner import NetworkLearner
from nodes.values.network import Network
from nodes.values.table import Table
from tests.nodes.layers.building import add, chain
from tests.nodes.networks.learning import classifier, learner, points, train
from tests.support import RecordingJob, configure, run

RNG = np.random.default_rng(5)
MSE = {"kind": "MeanSquaredError"}

# ------------------------------------------------------------------------------------------------ states that go on


def stateful() -> tuple[Network, Table]:
    network = chain(
        Input(shape=(6, 2), batch_size=4),
        LSTM(units=3, stateful=True, return_sequences=True),
        GRU(units=2, stateful=True),
        Dense(),
    )
    frame = pl.DataFrame(
        {
            "x": pl.Series(RNG.normal(size=(12, 6, 2)).astype(np.float32), dtype=pl.Array(pl.Float32, (6, 2))),
            "y": pl.Series(RNG.normal(size=12).astype(np.float32)),
        }
    )
    return network, Table.of(frame)


DATA: dict[str, Any] = {
    "inputs": [{"columns": ["x"]}], "targets": [{"columns": ["y"], "loss": MSE, "metrics": []}], "batch_size": 4, "seed": 3,
}  # fmt: skip


def test_stateful_layers_are_trained_as_keras_trains_them(tmp_path: Path) -> None:
    network, table = stateful()
    node = NetworkLearner.model_validate({**DATA, "epochs": 2, "shuffle": False, "optimizer": {"kind": "SGD"}})
    trained, _ = train(node, tmp_path, network, table)
    model = to_keras(network, 3)
    model.compile(keras.optimizers.SGD(), "mse")
    frame = table.frame()
    model.fit(frame["x"].to_numpy(), frame["y"].to_numpy(), batch_size=4, epochs=2, shuffle=False, verbose=0)
    for name, arrays in trained["network"].weights.items():
        for ours, theirs in zip(arrays, model.get_layer(name).get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_stateful_layers_and_rows_in_another_order_are_told_of() -> None:
    network, table = stateful()
    specs = Specs({"network": network.spec, "training": table.spec})
    NetworkLearner.model_validate(DATA).configure(specs)
    assert any("'node_2' goes on from batch to batch" in warning for warning in specs.warnings)


def test_the_rate_finder_takes_stateful_layers(tmp_path: Path) -> None:
    network, table = stateful()
    found = run(LearningRateFinder.model_validate({**DATA, "steps": 5}), {"network": network, "training": table}, folder=tmp_path)
    assert found["history"].height == 5


# ------------------------------------------------------------------------------------------------------------ losses


@pytest.mark.parametrize(
    ("body", "what"), [("pass", "None"), ("return 3", "int"), ("return 'much'", "str"), ("return [y_true]", "list")]
)
def test_a_custom_loss_that_gives_no_tensor_is_told_of(body: str, what: str, tmp_path: Path) -> None:
    node = learner(
        column="one_hot", loss={"kind": "Custom", "script": f"def custom_loss(y_true, y_pred):\n    {body}\n"}, metrics=[]
    )
    with pytest.raises(NodeError, match=r"custom_loss\(y_true, y_pred\) is .*not a tensor") as caught:
        train(node, tmp_path, classifier(), points())
    assert what in caught.value.message
    assert caught.value.setting == "targets.0.loss.script"


def test_class_numbers_of_ctc_are_checked(tmp_path: Path) -> None:
    network = chain(Input(shape=(6, 2)), Dense(units=4, activation="softmax"))
    x = pl.Series(RNG.normal(size=(3, 6, 2)).astype(np.float32), dtype=pl.Array(pl.Float32, (6, 2)))

    def train_on(labels: list[list[int]]) -> Any:
        y = pl.Series(labels, dtype=pl.Array(pl.Int32, 2))
        settings = {**DATA, "targets": [{"columns": ["y"], "loss": {"kind": "CTC"}, "metrics": []}], "epochs": 1}
        table = Table.of(pl.DataFrame({"x": x, "y": y}))
        job = RecordingJob(tmp_path / str(labels[1][0]))
        return run(NetworkLearner.model_validate(settings), {"network": network, "training": table}, job=job)

    assert train_on([[1, 2], [3, 0], [2, 2]])["history"].height == 1
    with pytest.raises(NodeError, match="Column 'y', row 2: a value is no class number from 0 to 3"):
        train_on([[1, 2], [4, 0], [2, 2]])


# ----------------------------------------------------------------------------------------------------- class weights


def test_classes_of_two_outputs_are_weighted(tmp_path: Path) -> None:
    given = chain(Input(shape=(4,)))
    one = add("kind", Dense(units=3, activation="softmax"), given)
    two = add("side", Dense(units=2, activation="softmax"), one)
    network = Network(two.spec.with_outputs([*one.spec.outputs, *two.spec.outputs]))
    sides = pl.DataFrame(
        {"side": pl.Series(RNG.integers(0, 2, 96)).replace_strict({0: "left", 1: "right"}, return_dtype=pl.String)}
    )
    table = points().with_columns(sides.cast(pl.Enum(["left", "right"])))
    targets = [{"columns": [column], "loss": {"kind": "CategoricalCrossentropy"}, "metrics": []} for column in ("class", "side")]
    shared = {"inputs": [{"columns": ["features"]}], "targets": targets, "epochs": 1, "class_weight": "typed", "seed": 1}

    def losses(weights: dict[str, float]) -> list[float]:
        node = NetworkLearner.model_validate({**shared, "class_weights": weights, "shuffle": False, "batch_size": 96})
        trained, _ = train(node, tmp_path / "-".join(weights), network, table)
        row = trained["history"].frame().row(0, named=True)
        return [row["kind_loss"], row["side_loss"]]

    plain, first, second, both = losses({"high": 1}), losses({"low": 5}), losses({"left": 5}), losses({"low": 5, "left": 5})
    assert first[0] > plain[0]
    assert first[1] == pytest.approx(plain[1], rel=1e-5)
    assert second[0] == pytest.approx(plain[0], rel=1e-5)
    assert second[1] > plain[1]
    assert both == pytest.approx([first[0], second[1]], rel=1e-5)
    specs = Specs({"network": network.spec, "training": table.spec})
    NetworkLearner.model_validate({**shared, "class_weights": {"up": 2.0}}).configure(specs)
    assert [problem.message for problem in specs.errors] == ["There is no class 'up'."]


# ---------------------------------------------------------------------------------------------------------- messages


def test_a_difference_of_size_is_no_difference_of_classes(tmp_path: Path) -> None:
    training = points()
    other = training.frame().with_columns(pl.Series("features", np.zeros((96, 5), np.float32)))
    specs = Specs({"network": classifier().spec, "training": training.spec, "validation": Table.of(other).spec})
    learner(loss={"kind": "CategoricalCrossentropy"}).configure(specs)
    (problem,) = (p for p in specs.errors if "features" in p.message)
    assert "classes" not in problem.message


def test_the_column_that_would_fit_but_is_in_use_is_named() -> None:
    one, two = add("one", Input(shape=(4,))), add("two", Input(shape=(4,)))
    from nodes.layers.merge import Add

    network = add("out", Dense(units=3, activation="softmax"), add("sum", Add(), one, two))
    node = NetworkLearner.model_validate({"targets": [{"columns": ["class"]}]})
    with pytest.raises(NodeError, match="input 'two' \\(4\\), and 'features' would fit, but is in use already") as caught:
        configure(node, {"network": network, "training": points()})
    assert "'features'" not in caught.value.remedy


# ------------------------------------------------------------------------------------------------------- sorted rows


@pytest.mark.parametrize(("column", "told"), [("class", True), ("number", True), ("one_hot", False)])
def test_sorted_rows_that_are_split_are_told_of(column: str, told: bool, tmp_path: Path) -> None:
    loss = {"class": "CategoricalCrossentropy", "number": "SparseCategoricalCrossentropy", "one_hot": "CategoricalCrossentropy"}
    node = learner(column=column, loss={"kind": loss[column]}, validation_split=0.25, epochs=1)
    for table, sort in ((points(), False), (Table.of(points().frame().sort("class")), True)):
        job = RecordingJob(tmp_path)
        run(node, {"network": classifier(), "training": table}, job=job)
        said = any("sorted by" in warning for warning in job.warnings)
        assert said == (sort and told)
