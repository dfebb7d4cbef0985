"""Locally connected layers: the network of several layers computes what one of Keras 2's layers did, reckoned here by numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nodes.base import NodeError
from nodes.kit.layers.constraints import MaxNorm
from nodes.kit.layers.kinds import layer_class
from nodes.kit.layers.regularizers import L2
from nodes.kit.networks.keras_model import import_keras, to_keras
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.layers.locally_connected import LocallyConnected1D, LocallyConnected2D, LocallyConnectedLayer
from nodes.networks.network_reader import NetworkReader
from nodes.values.network import Network, Tensor
from tests.nodes.layers.building import add, image
from tests.support import run

Array = np.ndarray[Any, Any]


def by_numpy(x: Array, kernel: Array, bias: Array, window: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """x (batch, *sizes, channels), kernel (*places, window x channels, filters), bias (*places, filters)."""
    out = np.zeros((len(x), *bias.shape), x.dtype)
    for place in np.ndindex(*bias.shape[:-1]):
        cut = tuple(slice(p * s, p * s + w) for p, s, w in zip(place, strides, window, strict=True))
        patch = x[(slice(None), *cut)].reshape(len(x), -1)
        out[(slice(None), *place)] = patch @ kernel[place] + bias[place]
    return out


CASES: list[tuple[LocallyConnectedLayer, tuple[int, ...]]] = [
    (LocallyConnected1D(filters=3, kernel_size=3), (7, 2)),
    (LocallyConnected1D(filters=2, kernel_size=2, strides=3), (9, 1)),
    (LocallyConnected1D(filters=2), (4, 3)),
    (LocallyConnected2D(filters=3, kernel_size=(3, 2), strides=(2, 1)), (7, 5, 2)),
    (LocallyConnected2D(filters=1, kernel_size=(1, 3)), (4, 4, 1)),
    (LocallyConnected2D(filters=2, kernel_size=(2, 2), strides=(2, 3)), (6, 6, 3)),
]


@pytest.mark.parametrize("channels_first", [False, True])
@pytest.mark.parametrize(("layer", "shape"), CASES)
def test_every_place_has_a_kernel_of_its_own(layer: LocallyConnectedLayer, shape: tuple[int, ...], channels_first: bool):
    given = (shape[-1], *shape[:-1]) if channels_first else shape
    network = add("layer", layer, image(*given, data_format="channels_first" if channels_first else "channels_last"))
    model = to_keras(network, seed=1)
    kernel, bias = model.get_layer("layer").get_weights()
    bias = np.random.default_rng(0).normal(size=bias.shape).astype(np.float32)
    model.get_layer("layer").set_weights([kernel, bias])
    x = np.random.default_rng(1).normal(size=(2, *shape)).astype(np.float32)
    made = np.asarray(model(np.moveaxis(x, -1, 1) if channels_first else x))
    window, strides = np.atleast_1d(layer.kernel_size), np.atleast_1d(layer.strides)
    places = tuple((n - w) // s + 1 for n, w, s in zip(shape, window, strides, strict=False))
    expected = by_numpy(x, kernel, np.moveaxis(bias, 0, -1) if channels_first else bias, tuple(window), tuple(strides))

    assert kernel.shape == (*places, int(np.prod(window)) * shape[-1], layer.filters)
    assert network.spec.tensor(network.spec.outputs[0]).shape == made.shape[1:]
    np.testing.assert_allclose(np.moveaxis(made, 1, -1) if channels_first else made, expected, rtol=1e-5, atol=1e-6)


def test_the_numbers_of_weights_that_the_help_texts_give():
    assert add("layer", LocallyConnected1D(filters=4, kernel_size=3), image(24, 2)).spec.parameters == 616
    assert add("layer", LocallyConnected2D(filters=2, kernel_size=(3, 3)), image(8, 8, 1)).spec.parameters == 720


def test_all_options_are_the_einsum_layers():
    layer = LocallyConnected2D(
        filters=2, activation="relu", use_bias=False, kernel_regularizer=L2(l2=0.5), kernel_constraint=MaxNorm(axis=2),
        dtype="float64",
    )  # fmt: skip
    network = add("layer", layer, image(3, 3, 1)).spec

    assert [layer.kind for layer in network.layers] == ["InputLayer", "EinsumDense"]
    config = network.layers[-1].config
    assert (config["activation"], config["dtype"], config["bias_axes"]) == ("relu", "float64", None)
    assert config["kernel_regularizer"]["config"] == {"l2": 0.5}
    assert config["kernel_constraint"]["config"]["axis"] == 2
    assert [w.name for w in network.layers[-1].weights] == ["kernel"]
    assert network.tensor(network.outputs[0]).dtype == "float64"


def test_helper_layers_have_no_weights_and_are_named_after_the_node():
    network = add("block/local", LocallyConnected2D(kernel_size=(2, 2), strides=(2, 2)), image(4, 4, 1)).spec

    assert [layer.name for layer in network.layers[1:]] == [
        "block_local_columns_1", "block_local_columns_2", "block_local_columns",
        "block_local_rows_1", "block_local_rows_2", "block_local_rows", "block_local_strides", "block_local",
    ]  # fmt: skip
    assert [bool(layer.weights) for layer in network.layers] == [False] * 8 + [True]
    assert len({layer.uid for layer in network.layers}) == 9


def test_the_saved_network_loads_in_keras_alone_and_is_read_back(tmp_path: Path):
    network = add("local", LocallyConnected2D(filters=2, kernel_size=(2, 2), strides=(2, 1)), image(5, 5, 1))
    model = to_keras(network, seed=1)
    model.save(tmp_path / "model.keras")
    x = np.random.default_rng(1).normal(size=(2, 5, 5, 1)).astype(np.float32)
    read = run(NetworkReader(path=str(tmp_path / "model.keras")))["network"]
    assert isinstance(read, Network)

    np.testing.assert_array_equal(import_keras().saving.load_model(tmp_path / "model.keras")(x), model(x))
    np.testing.assert_array_equal(to_keras(read)(x), model(x))
    assert read.spec.parameters == network.spec.parameters


def test_it_hangs_on_a_chosen_tensor_and_takes_its_place_among_the_outputs():
    start = image(6, 2)
    two = add("b", Dense(units=3, input_tensor="input"), add("a", Dense(units=3, input_tensor="input"), start))
    assert two.spec.outputs == (Tensor("b"), Tensor("a"))
    network = add("local", LocallyConnected1D(kernel_size=2, input_tensor="a"), two).spec

    assert network.outputs == (Tensor("b"), Tensor("local"))
    assert network.calls[3].inputs == (Tensor("a"),)
    inner = add("local", LocallyConnected1D(kernel_size=2, input_tensor="input"), two).spec
    assert inner.outputs == (Tensor("local"), Tensor("b"), Tensor("a"))


def test_weights_come_along_and_two_of_them_do_not_get_in_each_others_way():
    first = add("local", LocallyConnected1D(kernel_size=2, name_prefix="lc"), image(6, 2))
    trained = Network(first.spec, {"lc_1": to_keras(first, seed=1).get_layer("lc_1").get_weights()})
    second = add("other", LocallyConnected1D(kernel_size=2, name_prefix="lc"), trained)

    assert second.weights == trained.weights
    assert [layer.name for layer in second.spec.layers if layer.weights] == ["lc_1", "lc_2"]
    assert to_keras(second).output_shape == (None, 4, 1)


@pytest.mark.parametrize(
    ("shape", "layer", "message", "setting"),
    [
        ((None, 2), LocallyConnected1D(), "size of the input must be known", None),
        ((4, None), LocallyConnected1D(), "number of channels must be known", None),
        ((4, 2), LocallyConnected1D(kernel_size=5), "window of 5 is larger than its input of 4", "kernel_size"),
        ((4, 4, 2), LocallyConnected1D(), "works on sequences", None),
        ((4, 4), LocallyConnected2D(), "works on images", None),
        ((4, 4, 1), LocallyConnected2D(kernel_constraint=MaxNorm(axis=4)), "along axis 4", "kernel_constraint.axis"),
        ((4, 4, 1), LocallyConnected2D(input_tensor="nowhere"), "no tensor 'nowhere'", "input_tensor"),
    ],
)
def test_mistakes_are_found_before_anything_runs(
    shape: tuple[int | None, ...], layer: LocallyConnectedLayer, message: str, setting: str | None
):
    with pytest.raises(NodeError, match=message) as caught:
        add("layer", layer, image(*shape))
    assert caught.value.remedy
    assert caught.value.setting == setting


def test_whole_numbers_are_refused():
    with pytest.raises(NodeError, match="floating-point"):
        add("layer", LocallyConnected1D(), add("input", Input(shape=(4, 2), dtype="int32")))


def test_a_network_of_keras_2_with_such_a_layer_is_refused_with_a_way_out():
    with pytest.raises(NodeError, match=r"'l' is of the class 'LocallyConnected2D', which Keras 3 no longer has") as caught:
        layer_class("LocallyConnected2D").from_config({"filters": 3}, "l")
    assert "Keras Locally Connected 2D Layer" in caught.value.remedy
