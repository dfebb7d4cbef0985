"""The learner learns, says what it does, goes on after a kill, and gives the same network for the same seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import polars as pl
import pytest

from nodes.base import Cancelled, NodeError, Values
from nodes.kit.networks.keras_model import to_keras
from nodes.layers.convolution import Conv2D
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.layers.pooling import MaxPooling2D
from nodes.layers.reshaping import Flatten
from nodes.networks.network_learner import NetworkLearner
from nodes.values.network import Network, Tensor
from nodes.values.table import Table
from tests.nodes.layers.building import chain
from tests.nodes.networks.learning import NAMES, classifier, learner, points, same_weights, train
from tests.support import RecordingJob, run


def test_it_learns(tmp_path: Path) -> None:
    outputs, job = train(
        learner(epochs=12, batch_size=8, optimizer={"kind": "Adam", "learning_rate": 0.02}), tmp_path, classifier(), points()
    )
    history = outputs["history"].frame()
    assert history["epoch"].to_list() == list(range(1, 13))
    assert history["loss"][-1] < 0.6 * history["loss"][0]
    assert history["accuracy"][-1] > 0.85
    assert outputs["network"].spec.classes == {"node_3_0:0": NAMES}
    assert not job.warnings


def test_the_figures_of_an_epoch_are_those_of_the_network(tmp_path: Path) -> None:
    table, validation = points(), points(50, seed=1)
    outputs, _ = train(learner(epochs=2), tmp_path, classifier(), table, validation)
    model = to_keras(outputs["network"])
    model.compile(loss="categorical_crossentropy", metrics=["accuracy"])
    frame = validation.frame()
    loss, accuracy = model.evaluate(frame["features"].to_numpy(), frame["one_hot"].to_numpy(), batch_size=32, verbose=0)
    history = outputs["history"].frame()
    assert history["val_loss"][-1] == pytest.approx(loss, rel=1e-5)
    assert history["val_accuracy"][-1] == pytest.approx(accuracy)


def test_it_does_what_fit_does(tmp_path: Path) -> None:
    """Same start, same order, same optimizer: the weights of Keras's own fit, short last batch included."""
    table, network = points(90), classifier()
    outputs, _ = train(learner(epochs=3, shuffle=False, seed=5), tmp_path, network, table)
    model = to_keras(network, 5)
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    frame = table.frame()
    model.fit(frame["features"].to_numpy(), frame["one_hot"].to_numpy(), batch_size=32, epochs=3, shuffle=False, verbose=0)
    for name, arrays in outputs["network"].weights.items():
        for mine, theirs in zip(arrays, model.get_layer(name).get_weights(), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


def test_the_same_seed_gives_the_same_network_to_the_last_bit(tmp_path: Path) -> None:
    node, network, table = learner(epochs=2, seed=7), classifier(dropout=0.3), points()
    first, _ = train(node, tmp_path / "a", network, table)
    second, _ = train(node, tmp_path / "b", network, table)
    assert same_weights(first["network"], second["network"])


def test_convolutions_are_the_same_to_the_last_bit_too(tmp_path: Path) -> None:
    images = np.random.default_rng(0).random((64, 12, 12, 1), np.float32)
    table = Table.of(pl.DataFrame({"image": images, "number": np.arange(64) % 3}))
    layers = (
        Conv2D(filters=8, kernel_size=(2, 2), activation="relu"),
        MaxPooling2D(),
        Flatten(),
        Dense(units=3, activation="softmax"),
    )
    target = {"columns": ["number"], "conversion": "one-hot"}
    node = NetworkLearner.model_validate({"targets": [target], "epochs": 2, "batch_size": 20})
    runs = [train(node, tmp_path / name, chain(Input(shape=(12, 12, 1)), *layers), table)[0] for name in "ab"]
    assert same_weights(runs[0]["network"], runs[1]["network"])


def test_without_a_seed_runs_differ_and_are_not_reused(tmp_path: Path) -> None:
    node = learner(seed=None)
    first, _ = train(node, tmp_path / "a", classifier(), points())
    second, _ = train(node, tmp_path / "b", classifier(), points())
    assert not same_weights(first["network"], second["network"])
    assert not node.reproducible
    assert learner(seed=0).reproducible


def test_a_second_learner_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    first, _ = train(learner(epochs=5, batch_size=8), tmp_path / "a", classifier(), points())
    second, _ = train(learner(epochs=1, batch_size=8), tmp_path / "b", first["network"], points())
    assert second["history"].frame()["loss"][0] < first["history"].frame()["loss"][-1] * 1.05


# ------------------------------------------------------------------------------------------------------- kill and go on


class Killed(BaseException):
    """As if the process ended here."""


class KillingJob(RecordingJob):
    """Dies when an epoch is over, after its checkpoint, as soon as the next one begins."""

    last = 2

    def metrics(self, step: float, values: Any, *, epoch: bool = False) -> None:
        super().metrics(step, values, epoch=epoch)
        if step > self.last:
            raise Killed


@pytest.mark.parametrize("seed", [3, None])
def test_a_killed_training_goes_on_to_the_same_weights(tmp_path: Path, seed: int | None) -> None:
    settings: dict[str, Any] = {
        "epochs": 4,
        "optimizer": {"kind": "Adam", "learning_rate": 0.01, "use_ema": True},
        "early_stopping": {"patience": 3},
        "reduce_learning_rate": {"patience": 1, "min_delta": 0.5},
        "seed": seed,
    }
    inputs = {"network": classifier(dropout=0.3), "training": points(200), "validation": points(40, seed=1)}
    node = learner(**settings)
    with pytest.raises(Killed):
        run(node, inputs, job=KillingJob(tmp_path))
    resumed_job = RecordingJob(tmp_path)
    resumed = run(node, inputs, job=resumed_job)
    assert any("goes on after epoch 2" in line for line in resumed_job.logs)
    assert resumed["history"].frame()["epoch"].to_list() == [1, 2, 3, 4]
    assert [step for step, _, epoch in resumed_job.points if epoch] == [1, 2, 3, 4]
    if seed is not None:
        whole = run(node, inputs, job=RecordingJob(tmp_path / "whole"))
        assert same_weights(resumed["network"], whole["network"])
        timeless = [outputs["history"].frame().drop("seconds") for outputs in (resumed, whole)]
        assert timeless[0].equals(timeless[1])


def test_a_damaged_checkpoint_is_not_used(tmp_path: Path) -> None:
    node, network, table = learner(epochs=2), classifier(), points()
    first, _ = train(node, tmp_path, network, table)
    path = next((tmp_path / ".scratch").iterdir())
    path.write_bytes(path.read_bytes()[:-100])
    outputs, job = train(node, tmp_path, network, table)
    assert any("begins anew" in line for line in job.logs)
    assert same_weights(outputs["network"], first["network"])


def test_a_checkpoint_of_another_network_is_not_used(tmp_path: Path) -> None:
    train(learner(), tmp_path, classifier(), points())
    _, job = train(learner(), tmp_path, chain(Input(shape=(4,)), Dense(units=3, activation="softmax")), points())
    assert any("another training" in line for line in job.logs)


def test_no_checkpoints_where_none_are_wanted(tmp_path: Path) -> None:
    train(learner(checkpoint_every=0), tmp_path, classifier(), points())
    assert not list((tmp_path / ".scratch").iterdir())


# ------------------------------------------------------------------------------------------------------- ending a training


def test_cancel_is_seen_at_the_next_block(tmp_path: Path) -> None:
    class CancelledSoon(RecordingJob):
        def progress(self, fraction: float | None, message: str = "") -> None:
            self.cancelled = "batch" in message

    job = CancelledSoon(tmp_path)
    with pytest.raises(Cancelled):
        run(learner(epochs=100), {"network": classifier(), "training": points(1000)}, job=job)


def test_stop_keeps_what_was_reached(tmp_path: Path) -> None:
    class StoppedInTheThird(RecordingJob):
        def progress(self, fraction: float | None, message: str = "") -> None:
            self.stop_requested = message.startswith("epoch 3 ")

    job = StoppedInTheThird(tmp_path)
    outputs = run(learner(epochs=10), {"network": classifier(), "training": points()}, job=job)
    assert outputs["history"].height == 2
    assert job.warnings == ["The training was stopped by hand in epoch 3 of 10."]


def test_stop_goes_back_to_the_epoch_with_the_lowest_validation_loss(tmp_path: Path) -> None:
    class StoppedInTheEighth(RecordingJob):
        def progress(self, fraction: float | None, message: str = "") -> None:
            self.stop_requested = message.startswith("epoch 8 ")

    node = learner(epochs=30, batch_size=8, optimizer={"kind": "SGD", "learning_rate": 1.5})
    validation = points(60, seed=1)
    job = StoppedInTheEighth(tmp_path)
    outputs = run(node, {"network": classifier(), "training": points(), "validation": validation}, job=job)
    history = outputs["history"].frame()
    lowest = int(history["val_loss"].arg_min() or 0)
    assert lowest + 1 < history.height == 7, "the test is of no use if the last epoch is the best one"
    assert f"The weights of epoch {lowest + 1}, whose validation loss was the lowest, were kept." in job.warnings[0]
    model = to_keras(outputs["network"])
    model.compile(loss="categorical_crossentropy")
    frame = validation.frame()
    loss = model.evaluate(frame["features"].to_numpy(), frame["one_hot"].to_numpy(), verbose=0)
    assert loss == pytest.approx(history["val_loss"][lowest], rel=1e-4)


def test_early_stopping_keeps_the_best_weights(tmp_path: Path) -> None:
    node = learner(epochs=30, batch_size=8, optimizer={"kind": "SGD", "learning_rate": 1.5}, early_stopping={"patience": 2})
    validation = points(60, seed=1)
    outputs, job = train(node, tmp_path, classifier(), points(), validation)
    history = outputs["history"].frame()
    assert history.height < 30
    best = int(history["val_loss"].arg_min() or 0)
    assert job.warnings[0].startswith(f"The training ended early in epoch {history.height} of 30: val_loss had not become better")
    assert f"weights of epoch {best + 1} were kept" in job.warnings[0]
    model = to_keras(outputs["network"])
    model.compile(loss="categorical_crossentropy")
    frame = validation.frame()
    loss = model.evaluate(frame["features"].to_numpy(), frame["one_hot"].to_numpy(), verbose=0)
    assert loss == pytest.approx(history["val_loss"][best], rel=1e-4)


def test_the_rate_falls_on_a_plateau(tmp_path: Path) -> None:
    node = learner(epochs=4, reduce_learning_rate={"patience": 1, "factor": 0.5, "min_delta": 100.0})
    outputs, _ = train(node, tmp_path, classifier(), points())
    assert outputs["history"].frame()["learning_rate"].to_list() == pytest.approx([1e-3, 1e-3, 5e-4, 2.5e-4])


def test_a_schedule_lasts_the_whole_training(tmp_path: Path) -> None:
    rate = {"kind": "CosineDecay", "initial_learning_rate": 0.01}
    outputs, _ = train(learner(epochs=4, optimizer={"kind": "Adam", "learning_rate": rate}), tmp_path, classifier(), points())
    rates = outputs["history"].frame()["learning_rate"]
    assert rates.to_list() == pytest.approx([0.01 * (1 + np.cos(np.pi * n / 4)) / 2 for n in (1, 2, 3, 4)], abs=1e-7)


def test_nan_ends_the_training_with_a_remedy(tmp_path: Path) -> None:
    frame = points().frame().with_columns(features=points().frame()["features"] * 1e30)
    node = learner(epochs=3, optimizer={"kind": "SGD", "learning_rate": 1e10})
    with pytest.raises(NodeError, match=r"NaN in epoch 1, batch \d+.*Lower the learning rate"):
        train(node, tmp_path, classifier(), Table.of(frame))


# -------------------------------------------------------------------------------------------------- what is learned from


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a learner gives that is told nothing but the columns: class, CategoricalCrossentropy."""
    return train(learner(), tmp_path_factory.mktemp("plain"), classifier(), points())[0]


def test_every_way_to_name_a_class_gives_the_same_training(tmp_path: Path, plain: dict[str, Any]) -> None:
    wanted = plain["history"].frame()
    for column, loss in (
        ("one_hot", "CategoricalCrossentropy"),
        ("class", "SparseCategoricalCrossentropy"),
        ("number", "SparseCategoricalCrossentropy"),
    ):
        node = learner(column=column, loss={"kind": loss})
        outputs, _ = train(node, tmp_path / f"{column} {loss}", classifier(), points())
        assert outputs["history"].frame()["loss"][0] == pytest.approx(wanted["loss"][0], rel=1e-5)
        assert outputs["history"].frame()["accuracy"][0] == wanted["accuracy"][0]
        assert outputs["network"].spec.classes == ({} if column == "one_hot" else {"node_3_0:0": NAMES})


def test_class_weights_count(tmp_path: Path, plain: dict[str, Any]) -> None:
    table = points()
    weighted, _ = train(learner(class_weight="typed", class_weights={"low": 0, "high": 0}), tmp_path / "a", classifier(), table)
    other, _ = train(learner(class_weight="balanced"), tmp_path / "b", classifier(), table)
    losses = [outputs["history"].frame()["loss"][0] for outputs in (weighted, other, plain)]
    assert losses[0] < losses[2] / 2
    assert losses[1] == pytest.approx(losses[2], rel=0.2)
    assert losses[1] != losses[2]


def test_two_inputs_and_two_outputs(tmp_path: Path) -> None:
    left = chain(Input(shape=(4,)), Dense(units=3, activation="softmax"))
    spec = left.spec.append(
        replace(left.spec.layer("node_2"), name="value", uid="value"), [Tensor("node_1")], left.spec.calls[-1].outputs
    )
    network = Network(replace(spec, outputs=(Tensor("node_2"), Tensor("value"))))
    node = NetworkLearner.model_validate(
        {
            "inputs": [{"columns": ["features"]}],
            "targets": [
                {"columns": ["class"], "metrics": [{"kind": "Accuracy"}, {"kind": "AUC"}, {"kind": "AUC", "curve": "PR"}]},
                {
                    "columns": ["one_hot"],
                    "loss": {"kind": "MeanSquaredError"},
                    "metrics": [{"kind": "MeanAbsoluteError"}],
                    "loss_weight": 2,
                },
            ],
        }
    )
    outputs, _ = train(node, tmp_path, network, points(), points(20, seed=1))
    row = outputs["history"].frame().row(0, named=True)
    assert row["loss"] == pytest.approx(row["node_2_loss"] + 2 * row["value_loss"], rel=1e-5)
    assert {"node_2_accuracy", "node_2_auc", "node_2_auc_2", "value_mean_absolute_error", "val_value_loss"} <= set(row)


def test_images_by_their_bytes(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 6, 5, 1), np.uint8)
    table = Table.of(pl.DataFrame({"image": images, "bright": images.mean(axis=(1, 2, 3)) > 127}))
    network = chain(Input(shape=(6, 5, 1)), Flatten(), Dense(units=1, activation="sigmoid"))
    node = NetworkLearner.model_validate({"targets": [{"loss": {"kind": "BinaryCrossentropy"}}]})
    outputs, _ = train(node, tmp_path, network, table)
    assert outputs["history"].columns == ["epoch", "loss", "accuracy", "learning_rate", "seconds"]


def test_an_empty_training_table_changes_nothing(tmp_path: Path) -> None:
    network = classifier()
    outputs, job = train(learner(), tmp_path, network, points().slice(0, 0))
    assert outputs["network"] is network
    assert outputs["history"].height == 0
    assert "empty" in job.warnings[0]


def test_an_empty_validation_table_means_no_validation(tmp_path: Path) -> None:
    outputs, job = train(learner(early_stopping={}), tmp_path, classifier(), points(), points().slice(0, 0))
    assert outputs["history"].frame()["val_loss"].to_list() == [None]
    assert "no validation" in job.warnings[0]
    assert len(learner().views(Values(outputs))[0].lines) == 2  # type: ignore[union-attr]


def test_a_fixed_batch_size_needs_that_many_rows(tmp_path: Path) -> None:
    network = chain(Input(shape=(4,), batch_size=10), Dense(units=3, activation="softmax"))
    node = learner(batch_size=10)
    outputs, _ = train(node, tmp_path / "a", network, points(25), points(15))
    assert outputs["history"].height == 1
    with pytest.raises(NodeError, match="The training table has fewer rows"):
        train(node, tmp_path / "b", network, points(9))
    with pytest.raises(NodeError, match="The validation table has fewer rows"):
        train(node, tmp_path / "c", network, points(25), points(9))


def test_one_row_is_enough(tmp_path: Path) -> None:
    outputs, _ = train(learner(), tmp_path, classifier(), points(1))
    assert outputs["history"].height == 1


@pytest.mark.parametrize(
    ("features", "problem"),
    [
        ([[1.0, 2, 3, 4], None], "missing value in row 2 of 2"),
        ([[1.0, 2, 3, 4], [1.0, None, 3, 4]], "missing value in row 2 of 2"),
        ([[1.0, 2, 3, 4], [1.0, float("nan"), 3, 4]], "row 2: a value is not a number"),
    ],
)
def test_missing_values_are_named(tmp_path: Path, features: list[Any], problem: str) -> None:
    frame = pl.DataFrame(
        {
            "features": pl.Series(features, dtype=pl.Array(pl.Float32, 4)),
            "class": pl.Series(["low", "high"], dtype=pl.Enum(NAMES)),
        }
    )
    with pytest.raises(NodeError, match=f"Column 'features'.*{problem}"):
        train(learner(), tmp_path, classifier(), Table.of(frame))


def test_a_class_number_that_is_too_large_is_named(tmp_path: Path) -> None:
    table = points(5).with_columns(pl.DataFrame({"other": pl.Series([0, 1, 2, 3, 0], dtype=pl.Int64)}))
    node = learner(column="other", loss={"kind": "SparseCategoricalCrossentropy"}, shuffle=False)
    with pytest.raises(NodeError, match="Column 'other', row 4: a value is no class number from 0 to 2"):
        train(node, tmp_path, classifier(), table)


# ------------------------------------------------------------------------------------------------------------ what is seen


def test_progress_and_curves(tmp_path: Path) -> None:
    messages: list[str] = []

    class Listening(RecordingJob):
        def progress(self, fraction: float | None, message: str = "") -> None:
            super().progress(fraction, message)
            messages.append(message)

    job = Listening(tmp_path)
    outputs = run(learner(epochs=2), {"network": classifier(), "training": points(200), "validation": points(9)}, job=job)
    assert any(m.startswith("epoch 2 of 2 · batch ") and m.endswith(" left") and " · loss " in m for m in messages)
    assert any("validating batch 1 of 1" in m for m in messages)
    known = [f for f in job.fractions if f is not None]
    assert known == sorted(known)
    assert known[-1] == 1.0
    ends = [(step, set(values)) for step, values, epoch in job.points if epoch]
    told = {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds", "epochs"}
    assert ends == [(n, told) for n in (1, 2)]
    assert {values["epochs"] for _, values, _ in job.points} == {2}
    assert all(0 < step < 2 for step, _, epoch in job.points if not epoch)
    (figure,) = learner().views(Values(outputs))
    assert [(line.group, line.dashed) for line in figure.lines] == [  # type: ignore[union-attr]
        ("loss", False),
        ("loss", True),
        ("accuracy", False),
        ("accuracy", True),
    ]


def test_an_unknown_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="There is no device 'gpu:7'"):
        train(learner(device="gpu:7"), tmp_path, classifier(), points())


def test_on_the_processor(tmp_path: Path) -> None:
    outputs, _ = train(learner(device="cpu"), tmp_path, classifier(), points())
    assert keras.backend.backend() == "tensorflow"
    assert outputs["history"].height == 1
