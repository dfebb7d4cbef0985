"""The Network Reader on files that Keras itself wrote, on files of older Keras, and on files that mean harm."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from nodes.base import NodeError, Specs
from nodes.kit.networks.keras_model import import_keras, to_keras
from nodes.kit.networks.model_files import snake_case
from nodes.layers.dense import Dense
from nodes.networks.network_reader import NetworkReader
from nodes.values.network import Network, Tensor
from tests.nodes.layers.building import add
from tests.support import configure, run

FORMATS = (".keras", ".h5")


def read(path: Path) -> Network:
    network = run(NetworkReader(path=str(path)))["network"]
    assert configure(NetworkReader(path=str(path)))["network"] == network.spec
    assert isinstance(network, Network)
    return network


def save(model: Any, path: Path) -> Path:
    from absl import logging

    logging.set_verbosity(logging.ERROR)  # Keras advises against .h5
    model.save(path)
    return path


def shaken(model: Any) -> Any:
    """The model with random weights, so that no initial value hides a mistake."""
    rng = np.random.default_rng(5)
    model.set_weights([rng.uniform(0.1, 1, w.shape).astype(np.float32) for w in model.get_weights()])
    return model


def branched() -> Any:
    """Two inputs, two outputs, a shared layer, and most kinds of layer."""
    keras = import_keras()
    layers = keras.layers
    image, numbers = keras.Input((8, 8, 3), name="image"), keras.Input((4,), name="numbers")
    x = layers.ZeroPadding2D(((0, 1), (2, 3)))(image)
    x = layers.Conv2D(4, 3, padding="same", kernel_regularizer="l2", name="first")(x)
    x = layers.LeakyReLU(negative_slope=0.1)(layers.BatchNormalization()(x))
    shared = layers.SeparableConv2D(4, 3, padding="same", name="shared", activation="swish")
    once = shared(x)
    twice = shared(once)
    x = layers.Maximum()([layers.Multiply()([once, twice]), layers.Subtract()([once, twice])])
    x = layers.DepthwiseConv2D(2, depth_multiplier=2, use_bias=False)(layers.ReLU(max_value=6)(x))
    x = layers.AveragePooling2D(2, padding="same")(layers.MaxPooling2D(2)(x))
    pooled = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x), layers.Flatten()(x)])
    pooled = layers.Dropout(0.3)(layers.Concatenate()([pooled, numbers]))
    scores = layers.Dense(3, name="scores", trainable=False)(pooled)
    sequence = layers.Conv1D(2, 2, padding="causal")(layers.Reshape((-1, 2))(layers.Dense(6, "gelu")(pooled)))
    average = layers.Average()([layers.Activation("tanh")(sequence), sequence])
    return shaken(keras.Model([image, numbers], [layers.Softmax()(scores), layers.Add()([average, sequence])]))


def sequential() -> Any:
    keras = import_keras()
    model = keras.Sequential([keras.layers.Dense(5, activation="relu"), keras.layers.BatchNormalization(), keras.layers.Dense(2)])
    model.build((None, 4))
    return shaken(model)


def inputs_of(model: Any) -> list[Any]:
    rng = np.random.default_rng(1)
    return [rng.random((6, *tensor.shape[1:]), np.float32) for tensor in model.inputs]


# ------------------------------------------------------------------------------------------------------- files of Keras


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("make", [branched, sequential])
def test_a_network_computes_what_the_saved_model_does(make: Callable[[], Any], ending: str, tmp_path: Path):
    model = make()
    network = read(save(model, tmp_path / f"model{ending}"))
    ours = to_keras(network)

    given = inputs_of(model)
    given = given if len(given) > 1 else given[0]
    theirs, made = model.predict(given, verbose=0), ours.predict(given, verbose=0)
    for a, b in zip(theirs if isinstance(theirs, list) else [theirs], made if isinstance(made, list) else [made], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    for layer in network.spec.layers:
        for a, b in zip(
            network.weights.get(layer.name, []), model.get_layer(layer.name).get_weights() if layer.weights else [], strict=True
        ):
            np.testing.assert_array_equal(a, b)
    assert {layer.name for layer in network.spec.layers} >= {layer.name for layer in model.layers}
    assert network.spec.parameters == model.count_params()
    assert network.spec.trainable_parameters == sum(w.shape.num_elements() for w in model.trainable_weights)


def test_json_gives_the_network_without_weights(tmp_path: Path):
    model = branched()
    (tmp_path / "model.json").write_text(model.to_json())
    network = read(tmp_path / "model.json")

    assert network.weights == {}
    assert network.spec.parameters == model.count_params()
    assert [str(t) for t in network.spec.inputs] == ["image_0:0", "numbers_0:0"]
    assert [network.spec.tensor(t).shape for t in network.spec.outputs] == [t.shape[1:] for t in model.outputs]


def test_layers_can_be_put_on_a_network_out_of_a_file(tmp_path: Path):
    network = read(save(sequential(), tmp_path / "model.keras"))
    longer = add("head", Dense(units=7), network)

    assert longer.spec.tensor(longer.spec.outputs[0]).shape == (7,)
    assert longer.weights == network.weights
    assert {layer.uid.partition(":")[0] for layer in longer.spec.layers} == {"node_1", "head"}


def test_channels_first_is_found_out(tmp_path: Path):
    keras = import_keras()
    model = keras.Sequential(
        [keras.Input((3, 8, 8)), keras.layers.Conv2D(2, 3, data_format="channels_first"), keras.layers.Flatten()]
    )
    network = read(save(model, tmp_path / "model.keras"))

    assert network.spec.channels_first
    assert network.spec.calls[1].outputs[0].shape == (2, 6, 6)
    assert network.spec.layers[2].config["data_format"] == "channels_last"


def test_reading_needs_no_tensorflow(tmp_path: Path):
    paths = [str(save(sequential(), tmp_path / f"model{ending}")) for ending in FORMATS]
    code = (
        "import sys; from tests.support import run; from nodes.networks.network_reader import NetworkReader;"
        f"[run(NetworkReader(path=p)) for p in {paths!r}];"
        "assert not {'keras', 'tensorflow'} & sys.modules.keys(), 'imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_layers_are_counted_as_keras_counts_them():
    from keras.src.utils import naming

    from nodes.kit.layers.base import Layer

    assert [snake_case(kind) for kind in Layer.kinds] == [naming.to_snake_case(kind) for kind in Layer.kinds]


# ------------------------------------------------------------------------------------------------------- files of older Keras

KERAS_2_CONV = {
    "name": "block/conv", "trainable": True, "dtype": "float32", "filters": 2, "kernel_size": [3, 3], "strides": [1, 1],
    "padding": "valid", "data_format": "channels_last", "dilation_rate": [1, 1], "groups": 1, "activation": "relu",
    "use_bias": True, "bias_initializer": {"class_name": "Zeros", "config": {}},
    "kernel_initializer": {
        "class_name": "VarianceScaling", "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None},
    },
    "kernel_regularizer": None, "bias_regularizer": None, "activity_regularizer": None, "kernel_constraint": None,
    "bias_constraint": None,
}  # fmt: skip
KERAS_2_INPUT = {"batch_input_shape": [None, 6, 6, 1], "dtype": "float32", "sparse": False, "ragged": False, "name": "in"}
KERAS_2_NORM = {"name": "bn", "trainable": True, "dtype": "float32", "axis": [3], "momentum": 0.9, "epsilon": 0.001}


def keras_2(kind: str, config: dict[str, Any], *inputs: str) -> dict[str, Any]:
    """A layer as Keras 2 writes it."""
    nodes = [[[name, 0, 0, {}] for name in inputs]] if inputs else []
    return {"class_name": kind, "name": config["name"], "config": config, "inbound_nodes": nodes}


KERAS_2_LAYERS = [
    keras_2("InputLayer", KERAS_2_INPUT),
    keras_2("Conv2D", KERAS_2_CONV, "in"),
    keras_2("BatchNormalization", KERAS_2_NORM, "block/conv"),
    keras_2("LeakyReLU", {"name": "leaky", "alpha": 0.25}, "bn"),
    keras_2("Add", {"name": "add"}, "leaky", "block/conv"),
]
KERAS_2_MODEL = {
    "class_name": "Model",
    "keras_version": "2.4.0",
    "config": {"name": "old", "layers": KERAS_2_LAYERS, "input_layers": [["in", 0, 0]], "output_layers": [["add", 0, 0]]},
}


def test_a_functional_model_of_keras_2(tmp_path: Path):
    rng = np.random.default_rng(3)
    kernel, bias = rng.random((3, 3, 1, 2), np.float32), rng.random(2, np.float32)
    norm = [rng.random(2, np.float32) for _ in range(4)]
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(KERAS_2_MODEL).encode()
        file.attrs["keras_version"] = b"2.4.0"
        for name, arrays in {
            "block/conv": {"kernel:0": kernel, "bias:0": bias},
            "bn": dict(zip("abcd", norm, strict=True)),
        }.items():
            group = file.create_group(f"model_weights/{name}")
            group.attrs["weight_names"] = [f"{name}/{weight}".encode() for weight in arrays]
            for weight, array in arrays.items():
                group[f"{name}/{weight}"] = array
    network = read(tmp_path / "old.h5")

    assert [layer.name for layer in network.spec.layers] == ["in", "block_conv", "bn", "leaky", "add"]
    assert network.spec.layer("bn").config["axis"] == 3
    assert network.spec.layer("leaky").config["negative_slope"] == 0.25
    x = rng.random((2, 6, 6, 1), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(x[..., 0], (3, 3), (1, 2))
    conv = np.maximum(np.einsum("bhwij,ijo->bhwo", windows, kernel[:, :, 0]) + bias, 0)
    normed = (conv - norm[2]) / np.sqrt(norm[3] + 0.001) * norm[0] + norm[1]
    expected = np.where(normed > 0, normed, 0.25 * normed) + conv
    np.testing.assert_allclose(to_keras(network).predict(x, verbose=0), expected, rtol=1e-4)


def test_an_early_sequential_model_is_a_bare_list(tmp_path: Path):
    dense = {
        "class_name": "Dense",
        "config": {"name": "d", "units": 3, "activation": "hard_sigmoid", "batch_input_shape": [None, 4]},
    }
    (tmp_path / "early.json").write_text(
        json.dumps(
            {
                "class_name": "Sequential",
                "keras_version": "2.0.4",
                "config": [dense, {**dense, "config": {"name": "e", "units": 1}}],
            }
        )
    )
    network = NetworkReader(path=str(tmp_path / "early.json")).configure(Specs({}))["network"]

    assert [call.outputs[0].shape for call in network.calls] == [(4,), (3,), (1,)]
    assert network.outputs == (Tensor("e"),)


# ------------------------------------------------------------------------------------------------------------ what is refused


def keras_file(path: Path, config: dict[str, Any], **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(config))
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def dense(**changes: Any) -> dict[str, Any]:
    """A dense layer 'd'; what is not about the layer itself becomes one of its arguments."""
    about = {k: v for k, v in changes.items() if k in ("module", "class_name", "registered_name")}
    return {
        "class_name": "Dense",
        "config": {"name": "d", "units": 1} | {k: v for k, v in changes.items() if k not in about},
    } | about


def model_with(layer: dict[str, Any]) -> dict[str, Any]:
    start = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 4], "name": "in"}}
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [start, layer]}}


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_lambda_layer_is_refused_and_never_run(ending: str, tmp_path: Path):
    keras = import_keras()
    trace = tmp_path / "it ran"
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Lambda(lambda x, p=str(trace): (__import__("pathlib").Path(p).touch(), x)[1], name="evil"),
        ]
    )
    path = save(model, tmp_path / f"model{ending}")
    trace.unlink()  # it was written while the model was built

    with pytest.raises(NodeError, match="'evil' is of the class 'Lambda'"):
        read(path)
    assert not trace.exists()


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (dense(module="os"), "'d' is of the class 'os.Dense'"),
        (dense(module="kerasevil.layers"), "not Keras's own"),
        (dense(registered_name="Custom>Dense"), "'Custom>Dense'"),
        (dense(class_name="system"), "'d' is of the class 'system'"),
        (dense(class_name="TFSMLayer"), "'TFSMLayer'"),
        (dense(class_name="Sequential"), "not as Keras writes it .KeyError: 'layers'"),
        (dense(activation={"module": "builtins", "class_name": "eval"}), "'builtins.eval' is not one of Keras's"),
        (dense(kernel_initializer={"module": "subprocess", "class_name": "Zeros", "config": {}}), "not a class of Keras"),
        (dense(class_name="MaxPooling2D"), "'d' .MaxPooling2D. has the argument 'units'"),
        ({"class_name": "Flatten", "config": {}}, "not as Keras writes it .KeyError: 'name'"),
        ({"class_name": "MaxPooling2D", "config": {"name": "p"}}, "Layer 'p': The layer works on images"),
        ({"class_name": "Dense"}, "not as Keras writes it"),
        (7, "not as Keras writes it"),
    ],
)
def test_whatever_is_not_keras_s_own_is_refused_by_name(layer: Any, message: str, tmp_path: Path):
    with pytest.raises(NodeError, match=message):
        read(keras_file(tmp_path / "evil.keras", model_with(layer)))


def test_graphs_that_are_not_whole_are_refused(tmp_path: Path):
    def functional(*layers: dict[str, Any], outputs: Any = ("b", 0, 0)) -> Path:
        config = {"layers": layers, "input_layers": [["in", 0, 0]], "output_layers": [list(outputs)]}
        return keras_file(tmp_path / "model.keras", {"class_name": "Functional", "config": config})

    def add_layer(name: str, *inputs: list[Any]) -> dict[str, Any]:
        return {"class_name": "Add", "name": name, "config": {"name": name}, "inbound_nodes": [list(inputs)]}

    start = {"class_name": "InputLayer", "name": "in", "config": {"name": "in", "batch_shape": [None, 4]}, "inbound_nodes": []}
    with pytest.raises(NodeError, match="form a circle"):
        read(functional(start, add_layer("a", ["in", 0, 0], ["b", 0, 0]), add_layer("b", ["a", 0, 0], ["in", 0, 0])))
    with pytest.raises(NodeError, match="not as Keras writes it"):
        read(functional(start, add_layer("b", ["in", 0, 0], ["nowhere", 0, 0])))
    with pytest.raises(NodeError, match="not as Keras writes it"):
        read(functional(start, add_layer("b", ["in", 0, 0], ["in", 3, 0])))
    with pytest.raises(NodeError, match="not as Keras writes it"):
        read(functional(start, outputs=("gone", 0, 0)))
    with pytest.raises(NodeError, match="same name"):
        read(functional(start, start, add_layer("b", ["in", 0, 0], ["in", 0, 0])))
    with pytest.raises(NodeError, match="is called with 'causal' = True"):
        read(functional(start, add_layer("b", ["in", 0, 0, {"causal": True}], ["in", 0, 0])))


def test_names_that_leave_the_archive_are_refused(tmp_path: Path):
    config = model_with(dense())
    for number, name in enumerate(["../outside", "/etc/outside", "assets/../../outside", "..\\outside"]):
        with pytest.raises(NodeError, match="suspicious name"):
            read(keras_file(tmp_path / f"{number}.keras", config, **{name: b"x"}))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0.keras", "1.keras", "2.keras", "3.keras"]


def weights_file(fill: Callable[[h5py.Group], None]) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        fill(file.create_group("layers/dense/vars"))
    return stream.getvalue()


def arrays(*shapes: tuple[int, ...]) -> Callable[[h5py.Group], None]:
    def fill(group: h5py.Group) -> None:
        for number, shape in enumerate(shapes):
            group[str(number)] = np.zeros(shape, np.float32)

    return fill


def elsewhere(group: h5py.Group) -> None:
    group["0"] = h5py.ExternalLink("/etc/passwd", "/")
    group["1"] = np.zeros(2, np.float32)


def outside(group: h5py.Group) -> None:
    group.create_dataset("0", (4, 2), "f4", external=[("/etc/hostname", 0, 32)])
    group["1"] = np.zeros(2, np.float32)


def texts(group: h5py.Group) -> None:
    group.create_dataset("0", (4, 2), h5py.string_dtype())
    group["1"] = np.zeros(2, np.float32)


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        (arrays((4, 2)), "'d' has 2 weights, but 1 are stored"),
        (arrays((2, 4), (2,)), r"'kernel' of layer 'd' is of shape \(2, 4\), not \(4, 2\)"),
        (elsewhere, "it has no '0'"),
        (outside, "'kernel' of layer 'd' is not an array of numbers"),
        (texts, "is not an array of numbers"),
    ],
)
def test_weights_that_do_not_fit_or_lie_elsewhere_are_refused(fill: Any, message: str, tmp_path: Path):
    config = model_with(dense(units=2))
    path = keras_file(tmp_path / "model.keras", config, **{"model.weights.h5": weights_file(fill)})
    with pytest.raises(NodeError, match=message):
        read(path)


def test_bombs_are_refused_before_they_go_off(tmp_path: Path):
    config = model_with(dense(units=10_000_000))
    with pytest.raises(NodeError, match=r"config\.json is larger than 64 MiB"):
        read(keras_file(tmp_path / "a.keras", {**config, "padding": " " * 70_000_000}))
    with pytest.raises(NodeError, match=r"model\.weights\.h5 says it holds 66 MiB"):
        read(keras_file(tmp_path / "b.keras", config, **{"model.weights.h5": bytes(70_000_000)}))

    def unwritten(group: h5py.Group) -> None:
        group.create_dataset("0", (4, 10_000_000), "f4", chunks=(4, 1_000_000))
        group.create_dataset("1", (10_000_000,), "f4", chunks=(1_000_000,))

    with pytest.raises(NodeError, match="'kernel' of layer 'd' says it holds 152 MiB, but only 0 bytes are stored"):
        read(keras_file(tmp_path / "c.keras", config, **{"model.weights.h5": weights_file(unwritten)}))


def test_what_is_no_model_is_refused_with_a_remedy(tmp_path: Path):
    cases = {
        "torn.keras": b"PK\x03\x04 and so on",
        "torn.h5": b"\x89HDF\r\n\x1a\n!",
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(NodeError, match=f"{name} cannot be read") as caught:
            read(tmp_path / name)
        assert caught.value.remedy
    with zipfile.ZipFile(tmp_path / "other.keras", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(NodeError, match=r"zip file without a config.json"):
        read(tmp_path / "other.keras")
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file["dense/kernel"] = np.zeros(3)
    with pytest.raises(NodeError, match="weights without the model"):
        read(tmp_path / "weights.h5")
    with pytest.raises(NodeError, match="no file"):
        read(tmp_path / "missing.keras")
    with pytest.raises(NodeError, match="No file is chosen"):
        configure(NetworkReader())
    with pytest.raises(NodeError, match="which may run code of its own"):
        read(keras_file(tmp_path / "own.keras", {"class_name": "MyModel", "config": {}}))
