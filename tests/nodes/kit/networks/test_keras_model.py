"""Networks become Keras models that compute what the layers say, and their weights come back."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from nodes.base import NodeError
from nodes.kit.layers.initializers import ConstantInitializer, HeNormal
from nodes.kit.networks.keras_model import import_keras, load_weights, to_keras, weights_of
from nodes.layers.convolution import Conv2D
from nodes.layers.core import Dropout
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.layers.merge import Add, Concatenate, Subtract
from nodes.layers.normalization import BatchNormalization
from nodes.layers.reshaping import Flatten
from nodes.values.network import Call, LayerSpec, Network, Tensor
from tests.nodes.layers.building import add, chain, image


def test_a_model_has_our_names_shapes_and_parameters():
    network = chain(
        Input(shape=(8, 8, 3)),
        Conv2D(filters=4, kernel_size=(3, 3), padding="same", activation="relu", kernel_initializer=HeNormal(seed=1)),
        BatchNormalization(),
        Dropout(rate=0.5, seed=3),
        Flatten(),
        Dense(units=2, activation="softmax", use_bias=False),
    )
    model = to_keras(network)

    assert [layer.name for layer in model.layers] == [layer.name for layer in network.spec.layers]
    assert model.count_params() == network.spec.parameters
    assert sum(w.shape.num_elements() for w in model.trainable_weights) == network.spec.trainable_parameters
    assert model.output_shape == (None, 2)
    for layer in network.spec.layers:
        theirs = [(w.name, tuple(w.shape), w.trainable) for w in model.get_layer(layer.name).weights]
        assert theirs == [(w.name, w.shape, w.trainable) for w in layer.weights]


def test_weights_come_back_in_keras_s_order_without_the_states_of_random_generators():
    network = chain(Input(shape=(3,)), BatchNormalization(), Dropout(rate=0.5), Dense(units=2))
    gamma, beta, mean, variance = (np.full(3, value, np.float32) for value in (2.0, 1.0, 4.0, 0.25))
    kernel, bias = np.arange(6, dtype=np.float32).reshape(3, 2), np.array([0.5, -0.5], np.float32)
    weights = {"node_2": [gamma, beta, mean, variance], "node_4": [kernel, bias]}
    model = to_keras(Network(network.spec, weights))

    x = np.array([[1.0, 2.0, 3.0]], np.float32)
    normalized = (x - 4) / np.sqrt(0.25 + 0.001) * 2 + 1
    np.testing.assert_allclose(model.predict(x, verbose=0), normalized @ kernel + bias, rtol=1e-5)
    found = weights_of(model, network.spec)
    assert found.keys() == weights.keys()
    assert all(np.array_equal(a, b) for name in weights for a, b in zip(found[name], weights[name], strict=True))


def test_weights_of_other_shapes_are_refused_by_name():
    network = chain(Input(shape=(3,)), Dense(units=2))
    with pytest.raises(NodeError, match="'node_2' do not fit: the layer has 3 x 2, 2, stored are 2 x 3, 2"):
        to_keras(Network(network.spec, {"node_2": [np.zeros((2, 3)), np.zeros(2)]}))
    with pytest.raises(NodeError, match="stored are none"):
        load_weights(to_keras(network), {"node_2": []})


def test_a_seed_makes_the_initial_weights_the_same():
    network = chain(Input(shape=(3,)), Dense(units=4))
    first, second, other = (to_keras(network, seed).get_weights()[0] for seed in (7, 7, 8))

    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_branches_several_inputs_and_several_outputs():
    left, right = add("left", Input(shape=(2,), batch_size=5)), add("right", Input(shape=(2,)))
    difference = add("difference", Subtract(), left, right)
    both = add("both", Concatenate(), difference, right)
    network = Network(both.spec.with_outputs([Tensor("both"), Tensor("difference")]))
    model = to_keras(network)

    assert [t.name for t in model.inputs] == ["left", "right"]
    assert model.input_shape == [(5, 2), (None, 2)]
    a, b = np.full((5, 2), 3, np.float32), np.full((5, 2), 1, np.float32)
    joined, subtracted = model.predict([a, b], batch_size=5, verbose=0)
    np.testing.assert_array_equal(subtracted, a - b)
    np.testing.assert_array_equal(joined, np.hstack([a - b, b]))


def test_a_layer_that_is_called_twice_has_its_weights_once():
    spec = chain(Input(shape=(2,)), Dense(units=2, kernel_initializer=ConstantInitializer(value=2))).spec
    again = Call("node_2", 1, (Tensor("node_2", 0),), spec.calls[-1].outputs)
    twice = replace(spec, calls=(*spec.calls, again), outputs=(Tensor("node_2", 1),))
    model = to_keras(Network(twice))

    assert len(model.weights) == 2
    np.testing.assert_array_equal(model.predict(np.ones((1, 2)), verbose=0), [[16, 16]])


def test_frozen_layers_are_not_trained():
    spec = chain(Input(shape=(3,)), Dense(units=2), BatchNormalization(), Dense(units=1)).spec
    frozen = spec.with_layers([replace(spec.layer("node_2"), trainable=False), replace(spec.layer("node_3"), trainable=False)])
    model = to_keras(Network(frozen))

    assert [w.path for w in model.trainable_weights] == ["node_4/kernel", "node_4/bias"]
    assert frozen.trainable_parameters == 3


def test_number_types_of_input_and_layers():
    network = chain(Input(shape=(3,), dtype="int32"), Dense(units=2, dtype="mixed_float16"), Dense(units=1, dtype="float64"))
    model = to_keras(network)

    assert [t.dtype for t in model.inputs] == ["int32"]
    assert [call.outputs[0].dtype for call in network.spec.calls] == ["int32", "float16", "float64"]
    assert [w.dtype for w in model.weights] == ["float32", "float32", "float64", "float64"]
    assert model.predict(np.ones((1, 3), np.int32), verbose=0).dtype == np.float64


def test_channels_first_computes_what_channels_last_does():
    layers = [
        Conv2D(filters=4, kernel_size=(3, 3), padding="same", kernel_initializer=HeNormal(seed=1)),
        BatchNormalization(axis=1),
    ]
    first = chain(Input(shape=(3, 8, 10), data_format="channels_first"), *layers, Flatten(), prefix="a")
    last = chain(Input(shape=(8, 10, 3)), layers[0], BatchNormalization(), Flatten(), prefix="b")
    x = np.random.default_rng(0).random((2, 8, 10, 3), np.float32)

    model = to_keras(first)
    model.compile(jit_compile=True)  # without XLA, TensorFlow has no channels-first convolution on a CPU
    ours = model.predict(x.transpose(0, 3, 1, 2), verbose=0)
    np.testing.assert_allclose(ours, to_keras(last).predict(x, verbose=0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "config", "message"),
    [
        ("Lambda", {"function": "print"}, "'evil' is of the class 'Lambda'"),
        ("Dense", {"units": 1, "activation": {"module": "os", "class_name": "function", "config": "system"}}, "'evil' .Dense."),
        ("Dense", {"units": 1, "kernel_initializer": {"module": "os", "class_name": "Zeros", "config": {}}}, "'evil' .Dense."),
        ("Activation", {"activation": "my_package>thing"}, "'evil' .Activation."),
    ],
)
def test_nothing_outside_the_allow_list_is_built(kind: str, config: dict[str, object], message: str):
    spec = image(3).spec.append(LayerSpec("evil", kind, config, "evil"), [Tensor("input")], [image(3).spec.calls[0].outputs[0]])
    with pytest.raises(NodeError, match=message):
        to_keras(Network(spec))


def test_what_keras_refuses_is_said_with_the_layer_s_name():
    spec = chain(Input(shape=(3,)), Dense(units=2)).spec
    wrong = replace(spec, layers=(replace(spec.layers[0], config={"batch_shape": [None, None]}), spec.layers[1]))
    with pytest.raises(NodeError, match="Keras refuses layer 'node_2'"):
        to_keras(Network(wrong))


def test_an_addition_of_a_tensor_to_itself():
    start = image(2)
    model = to_keras(add("double", Add(), start, start))

    np.testing.assert_array_equal(model.predict(np.ones((1, 2)), verbose=0), [[2, 2]])


def test_layer_nodes_and_their_networks_need_no_keras():
    code = (
        "import sys; from tests.nodes.layers.building import chain; from nodes.layers.input import *;"
        "from nodes.layers.dense import *; from nodes.layers.reshaping import *;"
        "from nodes.layers.convolution import *;"
        "import nodes.kit.networks.keras_model, nodes.networks.network_reader, nodes.writers.network;"
        "chain(Input(shape=(8, 8, 1)), Conv2D(), Flatten(), Dense());"
        "assert not {'keras', 'tensorflow', 'h5py'} & sys.modules.keys(), 'imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_keras_runs_on_tensorflow():
    assert import_keras().backend.backend() == "tensorflow"
