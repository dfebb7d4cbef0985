"""What can be set about a training does what Keras does with it, by hand and on the same seeds."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import keras
import numpy as np
import polars as pl
import pytest

from nodes.base import NodeError, Specs
from nodes.kit.networks.keras_model import to_keras
from nodes.kit.training.callbacks import ModelCheckpoint, RateByEpoch
from nodes.kit.training.compilation import with_precision
from nodes.kit.training.epoch_callbacks import histogram, images
from nodes.kit.training.loss_warnings import activation_of
from nodes.kit.training.targets import TargetColumns
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.networks.network_learner import NetworkLearner
from nodes.values.network import Network
from nodes.values.table import Table
from tests.nodes.layers.building import chain
from tests.nodes.networks.learning import classifier, learner, points, train
from tests.support import RecordingJob, configure, run

SPARSE = {"kind": "SparseCategoricalCrossentropy"}


def weighted_points(rows: int = 96) -> Table:
    """Points with a weight each."""
    weights = np.random.default_rng(3).random(rows).astype(np.float32)
    return points(rows).with_columns(pl.DataFrame({"weight": weights}))


def arrays(table: Table) -> tuple[Any, Any]:
    frame = table.frame()
    return frame["features"].to_numpy(), frame["one_hot"].to_numpy()


def assert_same_weights(network: Network, model: keras.Model) -> None:
    for name, mine in network.weights.items():
        for ours, theirs in zip(mine, model.get_layer(name).get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)


def test_everything_that_fit_and_compile_take_at_once(tmp_path: Path) -> None:
    """Split, weights, weighted metrics, smoothing, decay, clipping and a schedule in epochs: what `fit` gives."""
    target = {
        "columns": ["one_hot"],
        "sample_weight": "weight",
        "loss": {"kind": "CategoricalCrossentropy", "label_smoothing": 0.1},
        "metrics": [{"kind": "Accuracy"}, {"kind": "AUC"}],
        "weighted_metrics": [{"kind": "Accuracy"}, {"kind": "MeanSquaredError"}],
    }
    schedule = {"kind": "ExponentialDecay", "initial_learning_rate": 0.02, "unit": "epochs", "decay_steps": 1, "decay_rate": 0.5}
    node = learner(
        epochs=3,
        shuffle=False,
        seed=5,
        targets=[target],
        validation_split=0.25,
        validation_freq=2,
        steps_per_epoch=None,
        optimizer={"kind": "AdamW", "learning_rate": schedule, "weight_decay": 0.01, "global_clipnorm": 0.5},
    )
    table, network = weighted_points(), classifier()
    outputs, _ = train(node, tmp_path, network, table)
    model = to_keras(network, 5)
    decay = keras.optimizers.schedules.ExponentialDecay(0.02, 3, 0.5)
    model.compile(
        optimizer=keras.optimizers.AdamW(decay, weight_decay=0.01, global_clipnorm=0.5),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=["accuracy", keras.metrics.AUC(name="auc")],
        weighted_metrics=["accuracy", "mean_squared_error"],
    )
    x, y = arrays(table)
    weights = table.frame()["weight"].to_numpy()
    fitted = model.fit(
        x, y, sample_weight=weights, batch_size=32, epochs=3, shuffle=False, validation_split=0.25, validation_freq=2, verbose=0
    ).history
    assert_same_weights(outputs["network"], model)
    history = outputs["history"].frame()
    names = ["loss", "accuracy", "auc", "weighted_accuracy", "mean_squared_error"]
    assert history.columns == ["epoch", *names, *(f"val_{n}" for n in names), "learning_rate", "seconds"]
    for name in names:
        np.testing.assert_allclose(history[name].to_numpy(), fitted[name], rtol=1e-4)
        assert history[f"val_{name}"].is_null().to_list() == [True, False, True]
        assert history[f"val_{name}"][1] == pytest.approx(fitted[f"val_{name}"][0], rel=1e-4)
    curves = node.views(type("Outputs", (), {"table": lambda _, port: outputs[port]})())[0]
    assert [len(line.x) for line in curves.lines[:2]] == [3, 1]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "optimizer",
    [
        {"kind": "Lion", "learning_rate": 0.003, "gradient_accumulation_steps": 2, "clipvalue": 0.1},
        {"kind": "ScheduleFreeAdamW", "learning_rate": 0.01, "warmup_steps": 3},
    ],
    ids=lambda optimizer: optimizer["kind"],
)
def test_optimizers_do_what_keras_makes_of_them(tmp_path: Path, optimizer: dict[str, Any]) -> None:
    table, network = points(64), classifier()
    outputs, _ = train(learner(epochs=2, shuffle=False, optimizer=optimizer), tmp_path, network, table)
    model = to_keras(network, 0)
    arguments = {name: value for name, value in optimizer.items() if name != "kind"}
    model.compile(optimizer=getattr(keras.optimizers, optimizer["kind"])(**arguments), loss="categorical_crossentropy")
    # Built in the midst of `fit`, ScheduleFreeAdamW would start from zeros instead of the initial weights.
    model.optimizer.build(model.trainable_variables)
    model.fit(*arrays(table), batch_size=32, epochs=2, shuffle=False, verbose=0)
    assert_same_weights(outputs["network"], model)


def test_a_loss_of_ones_own(tmp_path: Path) -> None:
    script = "def custom_loss(y_true, y_pred):\n    return ops.mean(ops.abs(y_true - y_pred), axis=-1)\n"
    node = learner(column="one_hot", loss={"kind": "Custom", "script": script}, metrics=[], shuffle=False)
    assert node.scripts() == {"targets.0.loss.script": script}
    assert not learner().scripts()
    outputs, _ = train(node, tmp_path, classifier(), points(64))
    model = to_keras(classifier(), 0)
    model.compile(optimizer="adam", loss="mean_absolute_error")
    model.fit(*arrays(points(64)), batch_size=32, shuffle=False, verbose=0)
    assert_same_weights(outputs["network"], model)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("def custom_loss(y_true, y_pred)\n    pass", "not valid Python"),
        ("def loss(y_true, y_pred):\n    pass", "never assigns custom_loss"),
        ("custom_loss = 3", "custom_loss is a int, not a function"),
        ("def custom_loss(y_true, y_pred):\n    return y_true @ y_pred", "failed in line 2"),
    ],
)
def test_mistakes_in_a_loss_are_explained(tmp_path: Path, script: str, message: str) -> None:
    node = learner(column="one_hot", loss={"kind": "Custom", "script": script}, metrics=[])
    with pytest.raises(NodeError, match=message) as found:
        train(node, tmp_path, classifier(), points(64))
    assert found.value.setting == "targets.0.loss.script"


def test_mixed_precision_changes_the_computing_and_not_the_network(tmp_path: Path) -> None:
    network, table = classifier(), points(64)
    mixed = with_precision(network.spec, "mixed_float16")
    assert [layer.config.get("dtype") for layer in mixed.layers] == ["float32", "mixed_float16", "float32"]
    halves, _ = train(learner(precision="mixed_float16", initial_scale=1024.0), tmp_path / "a", network, table)
    whole, _ = train(learner(), tmp_path / "b", network, table)
    assert halves["network"].spec == whole["network"].spec
    assert all(array.dtype == np.float32 for arrays in halves["network"].weights.values() for array in arrays)
    losses = [outputs["history"].frame()["loss"][0] for outputs in (halves, whole)]
    assert losses[0] == pytest.approx(losses[1], rel=0.01)
    assert losses[0] != losses[1]


def test_xla_gives_the_same(tmp_path: Path) -> None:
    compiled, _ = train(learner(jit_compile=True, shuffle=False), tmp_path, classifier(), points(80))
    model = to_keras(classifier(), 0)
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    model.fit(*arrays(points(80)), batch_size=32, shuffle=False, verbose=0)
    assert_same_weights(compiled["network"], model)


def test_files_beside_the_training(tmp_path: Path) -> None:
    """Networks, history and event files; with the averaged weights, as Keras's callbacks write them."""
    import tensorflow as tf

    table, validation, network = points(64), points(40, seed=1), classifier()
    node = learner(
        epochs=3,
        shuffle=False,
        optimizer={"kind": "SGD", "learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.8},
        swap_ema_weights=True,
        learning_rate_by_epoch={"boundaries": [1, 2], "values": [0.1, 0.05, 0.2]},
        model_checkpoint={"filepath": "nets/e{epoch:02d}.keras"},
        csv_logger={"filename": "log.csv", "separator": ";", "append": True},
        tensorboard={"log_dir": "board", "histogram_freq": 2, "write_images": True, "write_steps_per_second": True},
    )
    (tmp_path / "log.csv").write_text("before")  # without an end of line
    outputs, job = train(node, tmp_path, network, table, validation)

    model = to_keras(network, 0)
    model.compile(
        optimizer=keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8), loss="categorical_crossentropy", metrics=["accuracy"]
    )
    saved: list[Any] = []
    fitted = model.fit(
        *arrays(table),
        batch_size=32,
        epochs=3,
        shuffle=False,
        verbose=0,
        validation_data=arrays(validation),
        validation_batch_size=32,
        callbacks=[
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            keras.callbacks.LearningRateScheduler(lambda epoch, _: [0.1, 0.05, 0.2][epoch]),
            keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: saved.append(model.get_weights())),
        ],
    ).history
    history = outputs["history"].frame()
    np.testing.assert_allclose(history["val_loss"].to_numpy(), fitted["val_loss"], rtol=1e-4)
    np.testing.assert_allclose(history["learning_rate"].to_numpy(), [0.1, 0.05, 0.2], rtol=1e-6)
    assert_same_weights(outputs["network"], model)

    for epoch, weights in enumerate(saved, 1):
        loaded = keras.saving.load_model(tmp_path / f"nets/e{epoch:02d}.keras")
        for ours, theirs in zip(loaded.get_weights(), weights, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)

    first, *lines = (tmp_path / "log.csv").read_text().splitlines()
    rows = list(csv.reader(lines, delimiter=";"))
    assert first == "before"
    assert [int(row[0]) for row in rows] == [1, 2, 3]
    assert [float(row[1]) for row in rows] == history["loss"].to_list()

    figures: dict[str, list[float]] = {}
    pictures: dict[str, list[bytes]] = {}
    for path in sorted((tmp_path / "board").glob("*/events*")):
        for record in tf.data.TFRecordDataset(str(path)):
            for value in tf.compat.v1.Event.FromString(record.numpy()).summary.value:
                name = f"{path.parent.name}/{value.tag}"
                if value.metadata.plugin_data.plugin_name == "images":
                    pictures[value.tag] = tf.make_ndarray(value.tensor).tolist()
                elif value.metadata.plugin_data.plugin_name in ("scalars", ""):
                    figures.setdefault(name, []).append(float(tf.make_ndarray(value.tensor)))
                else:
                    figures[name] = [value.tensor.ByteSize()]
    np.testing.assert_allclose(figures["train/epoch_loss"], history["loss"].to_numpy(), rtol=1e-6)
    np.testing.assert_allclose(figures["validation/epoch_accuracy"], history["val_accuracy"].to_numpy(), rtol=1e-6)
    assert "train/keras" in figures
    assert sum("/histogram" in name for name in figures) == 4
    assert len(figures["train/epoch_steps_per_second"]) == 3
    kernel = next(picture for tag, picture in pictures.items() if tag.endswith("node_2/kernel/image"))
    assert kernel[:2] == [b"8", b"4"]
    drawn = tf.io.decode_png(kernel[2]).numpy()
    assert drawn.shape == (4, 8, 1)
    assert (drawn.min(), drawn.max()) == (0, 255)
    assert {path.suffix for path in job.written} >= {".keras", ".csv"}


class Killed(BaseException):
    """As if the process ended here."""


class KillingJob(RecordingJob):
    """Dies when the third epoch begins."""

    def metrics(self, step: float, values: Any, *, epoch: bool = False) -> None:
        if step > 2:
            raise Killed


def test_files_go_on_after_a_kill(tmp_path: Path) -> None:
    node = learner(
        epochs=4,
        batch_size=20,
        column="class",
        csv_logger={"filename": "log.csv"},
        model_checkpoint={"filepath": "best.weights.h5", "save_weights_only": True, "save_best_only": True, "monitor": "loss"},
    )
    inputs = {"network": classifier(), "training": points()}
    with pytest.raises(Killed):
        run(node, inputs, job=KillingJob(tmp_path))
    outputs = run(node, inputs, job=RecordingJob(tmp_path))
    rows = list(csv.DictReader((tmp_path / "log.csv").read_text().splitlines()))
    assert [float(row["loss"]) for row in rows] == outputs["history"].frame()["loss"].to_list()
    model = to_keras(classifier(), 9)
    model.load_weights(tmp_path / "best.weights.h5")
    assert outputs["history"].frame()["loss"].arg_min() == 3
    assert_same_weights(outputs["network"], model)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NodeError, match="cannot be written") as found:
        train(learner(csv_logger={"filename": "file/log.csv"}), tmp_path, classifier(), points(32))
    assert found.value.setting == "csv_logger.filename"
    with pytest.raises(NodeError, match="cannot be written") as found:
        train(learner(tensorboard={"log_dir": "file/board"}), tmp_path, classifier(), points(32))
    assert not any(sign in found.value.message for sign in "{[")


def test_an_autoencoder_and_batches_per_epoch(tmp_path: Path) -> None:
    """A column may be input and target at once; an epoch may have fewer batches than there are rows for."""
    network = chain(Input(shape=(4,)), Dense(units=2), Dense(units=4))
    node = learner(
        column="features", loss={"kind": "MeanSquaredError"}, metrics=[], shuffle=False, steps_per_epoch=2, validation_steps=1
    )
    table = points()
    outputs, _ = train(node, tmp_path, network, table, points(70, seed=1))
    model = to_keras(network, 0)
    model.compile(optimizer="adam", loss="mse")
    x = table.frame()["features"].to_numpy()
    model.fit(x[:64], x[:64], batch_size=32, shuffle=False, verbose=0)
    assert_same_weights(outputs["network"], model)
    val = points(70, seed=1).frame()["features"].to_numpy()[:32]
    assert outputs["history"].frame()["val_loss"][0] == pytest.approx(model.evaluate(val, val, verbose=0), rel=1e-4)


def test_a_class_that_does_not_count(tmp_path: Path) -> None:
    """Targets of the ignored class number are left out, though the network has no such class."""
    table = points(64)
    numbers = table.frame()["number"].to_numpy().copy()
    numbers[::2] = -1
    ignoring = Table.of(table.frame().with_columns(pl.Series("number", numbers)))
    loss = {"kind": "SparseCategoricalCrossentropy", "ignore_class": -1}
    outputs, _ = train(
        learner(column="number", loss=loss, metrics=[], shuffle=False, batch_size=64), tmp_path, classifier(), ignoring
    )
    model = to_keras(classifier(), 0)
    model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(ignore_class=-1))
    model.fit(table.frame()["features"].to_numpy(), numbers, batch_size=64, shuffle=False, verbose=0)
    assert_same_weights(outputs["network"], model)
    with pytest.raises(NodeError, match="no class number"):
        train(learner(column="number", loss=SPARSE, metrics=[]), tmp_path, classifier(), ignoring)


def test_targets_that_are_no_probabilities_are_refused(tmp_path: Path) -> None:
    """Binary cross-entropy would go below zero for ever."""
    table = points(40)
    bytes_ = Table.of(table.frame().with_columns(labels=pl.Series([0.0] * 39 + [255.0], dtype=pl.Float32)))
    node = learner(column="labels", loss={"kind": "BinaryCrossentropy"}, shuffle=False)
    with pytest.raises(NodeError, match="Column 'labels', row 40: a value is not from 0 to 1, as BinaryCrossentropy"):
        train(node, tmp_path, classifier(1, activation="sigmoid"), bytes_)
    other = learner(column="labels", loss={"kind": "MeanSquaredError"}, metrics=[])
    train(other, tmp_path / "other", classifier(1, activation="linear"), bytes_)


def test_rows_without_any_weight_are_refused(tmp_path: Path) -> None:
    table = points(32).with_columns(pl.DataFrame({"weight": [0.0] * 32}))
    node = learner(targets=[{"columns": ["class"], "sample_weight": "weight"}])
    with pytest.raises(NodeError, match="All rows have the weight 0 in column 'weight'") as found:
        train(node, tmp_path, classifier(), table)
    assert found.value.setting == "targets.0.sample_weight"


def test_negative_weights_are_refused(tmp_path: Path) -> None:
    table = points(32).with_columns(pl.DataFrame({"weight": [-1.0] * 32}))
    with pytest.raises(NodeError, match="negative weight") as found:
        train(learner(targets=[{"columns": ["class"], "sample_weight": "weight"}]), tmp_path, classifier(), table)
    assert found.value.setting == "targets.0.sample_weight"


# --------------------------------------------------------------------------------------------------------- before running


@pytest.mark.parametrize(
    ("settings", "message", "setting"),
    [
        ({"validation_split": 0.999}, "none is left to train on", "validation_split"),
        ({"swap_ema_weights": True}, "keeps no average", "swap_ema_weights"),
        ({"precision": "mixed_float16", "optimizer": {"kind": "SGD", "loss_scale_factor": 2}}, "is scaled by itself",
         "optimizer.loss_scale_factor"),
        ({"learning_rate_by_epoch": {"boundaries": [1, 2]}}, "2 boundaries need 3", "learning_rate_by_epoch.values"),
        ({"learning_rate_by_epoch": {}, "reduce_learning_rate": {}}, "by epoch and by 'Reduce", "learning_rate_by_epoch"),
        ({"learning_rate_by_epoch": {}, "optimizer": {"kind": "SGD", "learning_rate": {"kind": "CosineDecay"}}},
         "by epoch and by the optimizer's schedule", "learning_rate_by_epoch"),
        ({"model_checkpoint": {"filepath": "a.h5"}}, "does not end in .keras", "model_checkpoint.filepath"),
        ({"model_checkpoint": {"filepath": "a.weights.h5"}}, "for weights alone", "model_checkpoint.filepath"),
        ({"model_checkpoint": {"filepath": "{val_loss}.keras"}}, "KeyError 'val_loss'", "model_checkpoint.filepath"),
        ({"model_checkpoint": {"filepath": "{epoch.__class__}.keras"}}, "cannot be made", "model_checkpoint.filepath"),
        ({"model_checkpoint": {"monitor": "los"}}, "no quantity 'los'", "model_checkpoint.monitor"),
        ({"targets": [{"columns": ["class"], "sample_weight": "features"}]}, "not number", "targets.0.sample_weight"),
        ({"targets": [{"columns": ["one_hot"], "loss": {"kind": "CategoricalCrossentropy", "axis": 2}}]}, "dimension 2",
         "targets.0.loss.axis"),
        ({"targets": [{"columns": ["one_hot"], "metrics": [{"kind": "Recall", "class_id": 3}]}]}, "there is no class 3",
         "targets.0.metrics.0"),
        ({"targets": [{"columns": ["one_hot"], "weighted_metrics": [{"kind": "IoU"}]}]}, "needs targets that are class numbers",
         "targets.0.weighted_metrics.0"),
        ({"targets": [{"columns": ["one_hot"], "metrics": [{"kind": "AUC", "multi_label": True, "label_weights": [1]}]}]},
         "1 weights are given for 3 classes", "targets.0.metrics.0"),
    ],
)  # fmt: skip
def test_mistakes_are_found_before_running(settings: dict[str, Any], message: str, setting: str) -> None:
    with pytest.raises(NodeError) as found:
        configure(learner(**settings), {"network": classifier(), "training": points()})
    assert message in found.value.message
    assert found.value.setting == setting
    assert found.value.remedy


def test_a_validation_table_and_a_split_exclude_each_other() -> None:
    inputs = {"network": classifier(), "training": points(), "validation": points()}
    with pytest.raises(NodeError, match="a part of the training table"):
        configure(learner(validation_split=0.1), inputs)


@pytest.mark.parametrize(
    ("activation", "loss", "warning"),
    [
        ("softmax", {"kind": "CategoricalCrossentropy"}, ""),
        ("linear", {"kind": "CategoricalCrossentropy"}, "give the layer softmax, or the loss 'From logits'"),
        ("linear", {"kind": "CategoricalCrossentropy", "from_logits": True}, ""),
        ("softmax", {"kind": "CategoricalCrossentropy", "from_logits": True}, "which the layer does already"),
        ("sigmoid", {"kind": "KLDivergence"}, "sigmoid does not know that"),
        ("relu", {"kind": "BinaryCrossentropy"}, "give the layer sigmoid"),
        ("linear", {"kind": "MeanSquaredError"}, ""),
    ],
)
def test_a_loss_that_does_not_suit_the_activation_is_warned_of(activation: str, loss: dict[str, Any], warning: str) -> None:
    specs = Specs({"network": classifier(activation=activation).spec, "training": points().spec})
    learner(column="one_hot", loss=loss).configure(specs)
    assert warning in (specs.warnings or [""])[0]
    assert bool(specs.warnings) == bool(warning)


def test_an_activation_is_seen_through_what_changes_no_values() -> None:
    from nodes.layers.core import Dropout
    from nodes.layers.reshaping import Flatten

    network = chain(Input(shape=(4,)), Dense(units=3, activation="tanh"), Dropout(rate=0.1), Flatten())
    assert activation_of(network.spec, network.spec.outputs[0]) == "tanh"
    assert activation_of(chain(Input(shape=(4,))).spec, chain(Input(shape=(4,))).spec.outputs[0]) is None


def test_one_unit_does_not_tell_classes_apart() -> None:
    table = Table.of(points().frame().with_columns(one=pl.Series([["only"]] * 96).list.first().cast(pl.Enum(["only"]))))
    specs = Specs({"network": classifier(1).spec, "training": table.spec})
    learner(column="one").configure(specs)
    assert "puts out one number, so nothing is learned" in specs.warnings[0]


def test_rates_by_epoch() -> None:
    rates = RateByEpoch(boundaries=[2, 5], values=[0.3, 0.2, 0.1])
    assert [rates.rate(epoch) for epoch in range(1, 8)] == [0.3, 0.3, 0.2, 0.2, 0.2, 0.1, 0.1]


def test_histograms_count_every_finite_number() -> None:
    made = histogram(np.array([0.0, 1.0, np.nan, np.inf, 0.5]))
    assert made[:, 2].sum() == 3
    assert (made[0, 0], made[-1, 1]) == (0.0, 1.0)
    assert histogram(np.array([np.nan])).shape == (0, 3)


@pytest.mark.parametrize(
    ("shape", "pictures"),
    [((5,), (1, 1, 5)), ((7, 3), (1, 3, 7)), ((3, 7), (1, 3, 7)), ((3, 3, 1, 8), (8, 3, 3)), ((2, 2, 3, 4), None), ((), None)],
)
def test_weights_as_pictures(shape: tuple[int, ...], pictures: tuple[int, ...] | None) -> None:
    made = images(np.arange(np.prod(shape), dtype=np.float32).reshape(shape))
    assert (None if made is None else made.shape) == pictures
    assert images(np.full(4, 3.0)).max() == 0  # type: ignore[union-attr]
    assert images(np.array([1.0, np.nan])) is None


def test_settings_of_older_files_are_read_as_they_were() -> None:
    """What a file of the first version says: no setting has changed its meaning since."""
    old: dict[str, Any] = {
        "epochs": 2,
        "targets": [{"columns": ["class"], "conversion": "one-hot", "loss": {"kind": "CategoricalCrossentropy"},
                     "metrics": [{"kind": "Accuracy"}, {"kind": "R2Score"}]}],
        "optimizer": {"kind": "Adam", "learning_rate": {"kind": "CosineDecay", "initial_learning_rate": 0.002}},
        "early_stopping": {"patience": 3},
    }  # fmt: skip
    node = NetworkLearner.model_validate(NetworkLearner.migrate(old, 1))
    assert NetworkLearner.version == 1
    schedule = node.optimizer.schedule
    assert schedule is not None
    assert schedule.unit == "batches"
    assert (node.validation_split, node.precision, node.targets[0].sample_weight) == (0.0, "network", None)
    assert TargetColumns.model_validate(old["targets"][0]) == node.targets[0]
    assert ModelCheckpoint().name({}, 7) == "checkpoints/007.keras"


def test_two_outputs_have_weights_and_metrics_of_their_own(tmp_path: Path) -> None:
    from dataclasses import replace

    from nodes.values.network import Tensor

    left = chain(Input(shape=(4,)), Dense(units=3, activation="softmax"))
    spec = left.spec.append(
        replace(left.spec.layer("node_2"), name="value", uid="value"), [Tensor("node_1")], left.spec.calls[-1].outputs
    )
    network = Network(replace(spec, outputs=(Tensor("node_2"), Tensor("value"))))
    targets = [
        {"columns": ["class"], "loss_weight": 2.0, "weighted_metrics": [{"kind": "Accuracy"}]},
        {"columns": ["one_hot"], "sample_weight": "weight", "loss": {"kind": "KLDivergence"},
         "metrics": [{"kind": "MeanAbsoluteError"}]},
    ]  # fmt: skip
    table = weighted_points(64)
    outputs, _ = train(learner(targets=targets, shuffle=False), tmp_path, network, table)
    model = to_keras(network, 0)
    model.compile(
        optimizer="adam",
        loss=["categorical_crossentropy", "kl_divergence"],
        loss_weights=[2.0, 1.0],
        metrics=[["accuracy"], ["mean_absolute_error"]],
        weighted_metrics=[["accuracy"], []],
    )
    x, y = arrays(table)
    weights = [np.ones(64, np.float32), table.frame()["weight"].to_numpy()]
    fitted = model.fit(x, [y, y], sample_weight=weights, batch_size=32, shuffle=False, verbose=0).history
    history = outputs["history"].frame()
    assert set(fitted) == set(history.columns) - {"epoch", "learning_rate", "seconds"}
    for name, values in fitted.items():
        assert history[name][0] == pytest.approx(values[0], rel=1e-4), name
