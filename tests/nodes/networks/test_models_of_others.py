"""Models that Keras 2 and 3 saved, with models inside of models and old hard sigmoids, compute here what they did there."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nodes.base import NodeError, Specs
from nodes.kit.layers.base import Layer
from nodes.kit.layers.kinds import layer_class
from nodes.kit.networks.keras_model import import_keras, to_keras
from nodes.kit.networks.stored_calls import TAKE_TRAINING
from nodes.layers.input import Input
from nodes.layers.scaling import Normalization
from nodes.networks.load_weights import LoadWeights
from nodes.networks.network_reader import NetworkReader
from nodes.values.network import Network
from tests.nodes.layers.building import add
from tests.nodes.networks.keras_2 import as_keras_2_13, as_on_windows, import_keras_2, inputs_of, saved, shaken
from tests.support import RecordingJob, configure, run

FORMS = (".h5", ".keras")
KERAS = {"keras 2": import_keras_2, "keras 3": import_keras}


def read(path: Path) -> Network:
    network = run(NetworkReader(path=str(path)))["network"]
    assert configure(NetworkReader(path=str(path)))["network"] == network.spec
    return network


def predicted(model: Any, given: list[Any]) -> list[Any]:
    made = model.predict(given if len(given) > 1 else given[0], verbose=0)
    return made if isinstance(made, list) else [made]


def check_same(model: Any, network: Network) -> None:
    given = inputs_of(model)
    for theirs, ours in zip(predicted(model, given), predicted(to_keras(network), given), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=2e-6)
    assert network.spec.parameters == model.count_params()


# ------------------------------------------------------------------------------------------------------------------ hard sigmoids


def dense_ones(keras: Any) -> Any:
    layers = keras.layers
    given = keras.Input((5,))
    x = layers.Dense(4, activation="hard_sigmoid")(given)
    x = layers.Dense(3)(layers.Activation("hard_sigmoid", name="bare")(x))
    return keras.Model(given, layers.Activation("hard_sigmoid")(x))


def convolutions(keras: Any) -> Any:
    layers, hard = keras.layers, {"activation": "hard_sigmoid"}
    return keras.Sequential([
        keras.Input((8, 8, 2)), layers.Conv2D(3, 3, **hard), layers.SeparableConv2D(4, 2, **hard),
        layers.DepthwiseConv2D(2, **hard), layers.Conv2DTranspose(2, 2, **hard), layers.Flatten(), layers.Dense(2),
    ])  # fmt: skip


def recurrent_ones(keras: Any) -> Any:
    layers, hard = keras.layers, "hard_sigmoid"
    return keras.Sequential([
        keras.Input((6, 3)),
        layers.LSTM(4, recurrent_activation=hard, return_sequences=True),
        layers.GRU(3, recurrent_activation=hard, return_sequences=True),
        layers.GRU(3, recurrent_activation=hard, activation=hard, reset_after=False, return_sequences=True),
        layers.SimpleRNN(3, activation=hard, return_sequences=True),
        layers.Bidirectional(layers.LSTM(2, recurrent_activation=hard)),
        layers.Dense(2),
    ])  # fmt: skip


def recurrent_convolution(keras: Any) -> Any:
    layers = keras.layers  # Keras 2's default is a hard sigmoid
    return keras.Sequential([keras.Input((3, 6, 6, 2)), layers.ConvLSTM2D(2, 3), layers.Flatten(), layers.Dense(2)])


def at_each_step(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([
        keras.Input((4, 5)), layers.TimeDistributed(layers.Dense(3, activation="hard_sigmoid")),
        layers.TimeDistributed(layers.Activation("hard_sigmoid")), layers.Reshape((4, 3, 1)),
        layers.TimeDistributed(layers.Bidirectional(layers.LSTM(2, recurrent_activation="hard_sigmoid"))), layers.Flatten(),
        layers.Dense(2),
    ])  # fmt: skip


@pytest.mark.parametrize("ending", FORMS)
@pytest.mark.parametrize("make", [dense_ones, convolutions, recurrent_ones, recurrent_convolution, at_each_step])
def test_a_hard_sigmoid_of_keras_2_keeps_its_slope(make: Callable[[Any], Any], ending: str, tmp_path: Path):
    model = shaken(make(import_keras_2()))
    check_same(model, read(saved(model, tmp_path / f"model{ending}")))


def test_one_of_keras_3_keeps_its_own(tmp_path: Path):
    model = shaken(recurrent_ones(import_keras()))
    check_same(model, read(saved(model, tmp_path / "model.keras")))


def test_a_cell_that_goes_through_one_is_refused(tmp_path: Path):
    keras = import_keras_2()
    model = keras.Sequential([keras.Input((6, 3)), keras.layers.LSTM(4, activation="hard_sigmoid", name="lstm")])
    with pytest.raises(NodeError, match="'lstm' uses the hard_sigmoid of Keras 2"):
        read(saved(model, tmp_path / "model.h5"))


@pytest.mark.parametrize("ending", [*FORMS, ".weights.h5"])
def test_loaded_weights_of_keras_2_keep_the_slope_or_it_is_said(ending: str, tmp_path: Path):
    model = shaken(recurrent_ones(import_keras_2()))
    network = read(saved(model, tmp_path / "model.keras"))
    path = tmp_path / f"stored{ending}"
    if ending == ".weights.h5":
        model.save_weights(path)
    else:
        saved(model, path)
    job = RecordingJob(tmp_path)
    made = run(LoadWeights(path=str(path)), {"network": Network(network.spec)}, job=job)["network"]
    if ending == ".weights.h5":
        assert "does not say which Keras wrote it" in job.warnings[0]
    else:
        check_same(model, made)


# -------------------------------------------------------------------------------------------------------------- models in models


def in_functional(keras: Any) -> Any:
    layers = keras.layers
    inner = keras.Sequential(
        [keras.Input((6,)), layers.Dense(5, activation="tanh"), layers.BatchNormalization(), layers.Dense(4)], name="enc"
    )
    given = keras.Input((6,))
    return keras.Model(given, layers.Dense(2)(inner(given)))


def used_twice(keras: Any) -> Any:
    """A model of two outputs, applied to two inputs; a layer outside has the name of one inside."""
    layers = keras.layers
    seen = keras.Input((6,))
    inner = keras.Model(seen, [layers.Dense(5, activation="tanh", name="d")(seen), layers.Dense(3, name="e")(seen)], name="enc")
    one, other = keras.Input((6,)), keras.Input((6,))
    (p, _), (r, s) = inner(one), inner(other)
    return keras.Model([one, other], layers.Concatenate()([p, s, layers.Dense(2, name="d")(r)]))


def deep(keras: Any) -> Any:
    layers = keras.layers
    innermost = keras.Sequential([keras.Input((6,)), layers.Dense(5, activation="tanh"), layers.BatchNormalization()])
    inner = keras.Sequential([innermost, layers.Dense(4), layers.Activation("relu")])
    return keras.Sequential([keras.Input((6,)), inner, layers.Dense(3)])


def model_at_each_step(keras: Any) -> Any:
    layers = keras.layers
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(5, activation="tanh"), layers.Dense(3)])
    return keras.Sequential([keras.Input((4, 6)), layers.TimeDistributed(inner), layers.Flatten(), layers.Dense(3)])


def frozen(keras: Any) -> Any:
    """As in the guide to transfer learning: the base stays as it is, and is told that it is not being trained."""
    layers = keras.layers
    base = keras.Sequential(
        [keras.Input((6,)), layers.Dense(5, activation="tanh"), layers.BatchNormalization(), layers.Dense(4)], name="base"
    )
    base.trainable = False
    given = keras.Input((6,))
    return keras.Model(given, layers.Dense(2)(base(given, training=False)))


def steps_of_several_layers(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([
        keras.Input((4, 12, 2)),
        layers.TimeDistributed(layers.Conv1D(3, 3, activation="relu")),
        layers.TimeDistributed(layers.MaxPooling1D(2)),
        layers.TimeDistributed(layers.BatchNormalization()),
        layers.TimeDistributed(layers.Bidirectional(layers.LSTM(2, return_sequences=True))),
        layers.TimeDistributed(layers.Flatten()),
        layers.LSTM(3),
    ])  # fmt: skip


NESTED = [in_functional, used_twice, deep, model_at_each_step, steps_of_several_layers, frozen]


@pytest.mark.parametrize("ending", FORMS)
@pytest.mark.parametrize("version", list(KERAS))
@pytest.mark.parametrize("make", NESTED)
def test_models_inside_of_models_are_read_with_their_weights(
    make: Callable[[Any], Any], version: str, ending: str, tmp_path: Path
):
    model = shaken(make(KERAS[version]()))
    network = read(saved(model, tmp_path / f"model{ending}"))
    check_same(model, network)
    assert network.spec.trainable_parameters == sum(int(np.prod(w.shape)) for w in model.trainable_weights)


@pytest.mark.parametrize("rewrite", [as_keras_2_13, as_on_windows])
@pytest.mark.parametrize("make", [*NESTED, recurrent_ones, convolutions])
def test_files_of_keras_2_13_and_of_windows(make: Callable[[Any], Any], rewrite: Callable[[Path, Path], Path], tmp_path: Path):
    model = shaken(make(import_keras_2()))
    path = rewrite(saved(model, tmp_path / "model.keras"), tmp_path / "other.keras")
    check_same(model, read(path))


def test_what_a_layer_is_told_of_training_is_kept_and_said_where_keras_3_has_it_otherwise(tmp_path: Path):
    """Keras 2 does what the layer was told; Keras 3 has the mode of the whole network count more."""
    warned = {}
    for version, import_it in KERAS.items():
        keras = import_it()
        given = keras.Input((8,))
        path = saved(keras.Model(given, keras.layers.Dropout(0.5, name="drop")(given, training=True)), tmp_path / "model.keras")
        specs = Specs({})
        spec = NetworkReader(path=str(path)).configure(specs)["network"]
        assert [call.options for call in spec.calls if call.layer == "drop"] == [{"training": True}]
        warned[version] = specs.warnings
    assert warned["keras 3"] == []
    assert "'drop' is in training always" in warned["keras 2"][0]


def test_the_layers_that_are_told_of_training_are_those_of_keras():
    layers, ours = import_keras().layers, {}
    layer_class("Dense")
    for kind in Layer.kinds:
        if hasattr(layers, kind):  # not those of KNIME's that Keras 3 has dropped
            ours[kind] = "training" in inspect.signature(getattr(layers, kind).call).parameters
    alike = {"AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "Dense", "EinsumDense", "Resizing"}
    assert {kind for kind, takes in ours.items() if takes} - alike <= TAKE_TRAINING, "these do the same in training and in use"
    assert not {kind for kind, takes in ours.items() if not takes} & TAKE_TRAINING


def test_names_that_tensorflow_refuses_become_ones_that_it_takes(tmp_path: Path):
    """Keras on another back end takes any name without a slash."""
    layers = import_keras().layers
    given = import_keras().Input((4,), name="what goes in")
    hidden = layers.Dense(3, name="Größe (1)")(given)
    model = shaken(import_keras().Model(given, layers.Dense(2, name="Gr__e__1_")(hidden)))
    network = read(saved(model, tmp_path / "model.keras"))
    assert [layer.name for layer in network.spec.layers] == ["what_goes_in", "Gr__e__1__", "Gr__e__1_"]
    assert to_keras(network).predict(np.ones((2, 4)), verbose=0).shape == (2, 2)


# ---------------------------------------------------------------------------------------------------------- adapted normalization


@pytest.mark.parametrize("ending", FORMS)
@pytest.mark.parametrize("version", list(KERAS))
def test_a_normalization_that_was_adapted_keeps_what_it_learned(version: str, ending: str, tmp_path: Path):
    keras = KERAS[version]()
    layer = keras.layers.Normalization()
    layer.adapt(np.random.default_rng(2).normal(3, 2, (100, 4)).astype(np.float32))
    model = keras.Sequential([keras.Input((4,)), layer, keras.layers.Dense(2)])
    check_same(model, read(saved(model, tmp_path / f"model{ending}")))


def test_one_without_numbers_is_still_refused_as_a_node():
    with pytest.raises(NodeError, match="does not know a mean"):
        add("n", Normalization(), add("in", Input(shape=(4,))))


# ------------------------------------------------------------------------------------------------------------------------ CuDNN


def plain_recurrent(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([
        keras.Input((6, 3)),
        layers.LSTM(4, return_sequences=True, name="lstm"),
        layers.GRU(3, return_sequences=True, name="gru"),
        layers.Bidirectional(layers.LSTM(2, return_sequences=True), name="both"),
        layers.Bidirectional(layers.GRU(2), name="both_too"),
        layers.Dense(2, name="dense"),
    ])  # fmt: skip


def test_cudnn_layers_are_read_as_what_they_compute(tmp_path: Path):
    """The file is as a machine with a graphics card writes it: the classes, and weights in NVIDIA's layout, which Keras 2 itself
    turns into the plain one where it loads them into plain layers."""
    import h5py

    keras = import_keras_2()
    model = plain_recurrent(keras)
    path = saved(model, tmp_path / "cudnn.h5")
    rng = np.random.default_rng(2)
    with h5py.File(path, "a") as file:
        config = file.attrs["model_config"]
        for kind in ("LSTM", "GRU"):
            config = config.replace(f'"class_name": "{kind}"', f'"class_name": "CuDNN{kind}"')
        for name in (
            "activation",
            "recurrent_activation",
            "use_bias",
            "dropout",
            "recurrent_dropout",
            "implementation",
            "unroll",
        ):
            config = re.sub(rf'"{name}": ("(tanh|sigmoid)"|true|false|[0-9.]+), ', "", config)
        config = re.sub(r', "(reset_after|implementation)": (true|[0-9]+)', "", config)
        assert config.count("CuDNN") == 4
        file.attrs["model_config"] = config

        def relaid(name: str, member: Any) -> None:
            if isinstance(member, h5py.Dataset):
                parent, last = member.parent, name.rpartition("/")[2]
                shape = (member.size,) if member.ndim == 2 else (2 * member.size,)
                is_bias = last.startswith("bias") and "dense" not in name
                changed.append((parent, last, rng.uniform(-0.8, 0.8, shape if is_bias else member.shape).astype(np.float32)))

        changed: list[Any] = []
        file["model_weights"].visititems(relaid)
        for parent, last, array in changed:
            del parent[last]
            parent[last] = array
    model.load_weights(path)
    network = read(path)
    check_same(model, network)
    assert [layer.kind for layer in network.spec.layers[1:3]] == ["LSTM", "GRU"]


# ------------------------------------------------------------------------------------------------------------- weights by order


def test_weights_by_order_of_a_file_that_counts_in_twos(tmp_path: Path):
    """The second layer's weights must not go onto the third."""
    keras = import_keras_2()
    layers = keras.layers
    model = shaken(keras.Sequential([keras.Input((5,)), *(layers.Dense(5, name=name) for name in "abc")]))
    path = saved(model, tmp_path / "model.keras")
    network = read(path)
    for stored in (path, as_keras_2_13(path, tmp_path / "old.keras")):
        for mismatch in ("fail", "skip"):
            made = run(LoadWeights(path=str(stored), mismatch=mismatch), {"network": Network(network.spec)})["network"]
            check_same(model, made)


def test_arrays_that_are_exchanged_in_the_file_are_refused(tmp_path: Path):
    import h5py

    keras = import_keras()
    model = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization(name="bn")])
    path = saved(model, tmp_path / "model.h5")
    with h5py.File(path, "a") as file:
        group = file["model_weights/bn"]
        names = list(group.attrs["weight_names"])
        group.attrs["weight_names"] = [names[1], names[0], *names[2:]]
    with pytest.raises(NodeError, match="stands where 'gamma' of layer 'bn' should be"):
        read(path)
