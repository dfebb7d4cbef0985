"""Attention and embedding layers; and models with several inputs to a layer, written by Keras and read back."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.engine.codec import spec_from_json, spec_to_json
from nodes.base import NodeError, Specs
from nodes.kit.layers.base import Layer
from nodes.kit.networks.keras_model import import_keras, to_keras
from nodes.kit.networks.translation import translate
from nodes.layers.attention import Attention, GroupQueryAttention, MultiHeadAttention
from nodes.layers.dense import Dense
from nodes.layers.embedding import Embedding, ReverseEmbedding, ReversibleEmbedding
from nodes.layers.input import Input
from nodes.networks.network_reader import NetworkReader
from nodes.values.network import Network, Tensor, TensorSpec, merge
from nodes.writers.network import NetworkWriter
from tests.nodes.layers.building import add
from tests.nodes.layers.test_recurrent import wired
from tests.support import run

QUERY, VALUE = TensorSpec((3, 2)), TensorSpec((4, 2))


@pytest.mark.parametrize(
    ("layer", "given", "message", "setting"),
    [
        (Attention(), {"query": QUERY}, "no input at 'Value'", None),
        (Attention(), {"query": TensorSpec((3,)), "value": VALUE}, r"sequences \(steps, features\)", None),
        (Attention(), {"query": QUERY, "value": TensorSpec((4, 5))}, "Queries have 2 features", None),
        (Attention(), {"query": QUERY, "value": VALUE, "key": TensorSpec((5, 2))}, "not a key for each step", "key_tensor"),
        (Attention(), {"query": QUERY, "value": VALUE, "value_mask": TensorSpec((3,), "bool")}, "must be 4", "value_mask_tensor"),
        (MultiHeadAttention(), {"query": QUERY, "value": TensorSpec((4,))}, "as many dimensions", None),
        (MultiHeadAttention(attention_axes=(2,)), {"query": QUERY, "value": VALUE}, "not all among those", "attention_axes"),
        (
            MultiHeadAttention(), {"query": QUERY, "value": VALUE, "attention_mask": TensorSpec((3, 4))}, "of type bool",
            "attention_mask_tensor",
        ),
        (
            MultiHeadAttention(use_causal_mask=True), {"query": TensorSpec((3, 3, 2)), "value": TensorSpec((3, 3, 2))},
            "causal mask", "use_causal_mask",
        ),
        (GroupQueryAttention(num_query_heads=3), {"query": QUERY, "value": VALUE}, "cannot be divided", "num_key_value_heads"),
        (GroupQueryAttention(), {"query": QUERY, "value": TensorSpec((4, 5))}, "2 features, but values 5", None),
    ],
)  # fmt: skip
def test_mistakes_are_found_before_anything_runs(
    layer: Layer, given: Mapping[str, TensorSpec], message: str, setting: str | None
):
    with pytest.raises(NodeError, match=message) as caught:
        layer.infer(list(given.values()), False, list(given))  # type: ignore[call-arg]

    assert caught.value.remedy
    assert caught.value.setting == setting


def test_self_attention_takes_one_network_twice_and_shows_what_it_looks_at():
    x = add("x", Input(shape=(5, 6)))
    spec = wired("a", MultiHeadAttention(num_heads=2, key_dim=3, return_attention_scores=True), query=x, value=x).spec

    assert [spec.tensor(t).shape for t in spec.outputs] == [(5, 6), (2, 5, 5)]
    assert spec.calls[-1].options == {"return_attention_scores": True}
    assert spec_from_json(json.loads(json.dumps(spec_to_json(spec)))) == spec
    scores = np.asarray(to_keras(Network(spec), 0)(np.random.default_rng(0).normal(size=(3, 5, 6)))[1])
    np.testing.assert_allclose(scores.sum(-1), 1, rtol=1e-5)


# -------------------------------------------------------------------------------------------------------------- embedding


def language_model() -> Network:
    words = wired("words", ReversibleEmbedding(input_dim=9, output_dim=4), network=add("x", Input(shape=(5,), dtype="int32")))
    return run(ReverseEmbedding(), {"network": add("d", Dense(units=4), words)})["network"]  # type: ignore[no-any-return]


def test_an_embedding_goes_the_way_back_with_the_weights_it_has():
    network = language_model()
    spec = network.spec
    assert spec.outputs == (Tensor("words", 1),)
    assert spec.tensor(spec.outputs[0]).shape == (5, 9)
    model = to_keras(network, 0)
    embeddings = model.get_layer("words").get_weights()[0]
    kernel, bias = model.get_layer("d").get_weights()
    numbers = np.array([[0, 1, 2, 3, 8]], np.int32)
    np.testing.assert_allclose(model(numbers), (embeddings[numbers] @ kernel + bias) @ embeddings.T, rtol=1e-5)


def test_the_way_back_needs_one_reversible_embedding_and_its_size():
    x = add("x", Input(shape=(5,), dtype="int32"))
    one = wired("one", ReversibleEmbedding(input_dim=9, output_dim=4), network=x)
    for network, node, message in (
        (add("e", Embedding(), x), ReverseEmbedding(), "has no Reversible Embedding"),
        (one, ReverseEmbedding(layer="x"), "no Reversible Embedding Layer 'x'"),
        (add("d", Dense(units=3), one), ReverseEmbedding(), "vectors of 4 numbers, but gets 5 x 3"),
    ):
        with pytest.raises(NodeError, match=message):
            node.configure(Specs({"network": network.spec}))


def test_a_layer_used_differently_in_two_branches_is_not_merged_wrongly():
    words = wired("words", ReversibleEmbedding(input_dim=9, output_dim=4), network=add("x", Input(shape=(5,), dtype="int32")))
    node = ReverseEmbedding()
    branches = [run(node, {"network": add(name, Dense(units=4), words)})["network"].spec for name in ("a", "b")]

    with pytest.raises(ValueError, match="'words' is applied to different tensors"):
        merge(branches)


# ------------------------------------------------------------------------------------------------------- files made by Keras


def by_hand() -> tuple[Any, list[np.ndarray[Any, Any]]]:
    """A model with everything in it, and what can be fed to it: sequences with padding at their ends."""
    keras = import_keras()
    keras.utils.set_random_seed(3)
    layers = keras.layers
    words, numbers, state = keras.Input((5,), dtype="int32"), keras.Input((5, 3)), keras.Input((4,))
    allowed, counts = keras.Input((5, 5), dtype="bool"), keras.Input((5,), dtype="bool")
    embedded = layers.Embedding(10, 3, mask_zero=True)(words)
    lstm, hidden, cell = layers.LSTM(4, return_sequences=True, return_state=True)(embedded)
    gru = layers.GRU(4, return_sequences=True)(layers.Masking(-1.0)(numbers), initial_state=[state])
    simple = layers.SimpleRNN(4)(gru, mask=counts)
    both = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(embedded, initial_state=[hidden, cell, hidden, cell])
    either = layers.Bidirectional(layers.GRU(2), merge_mode=None)(embedded)
    heads = layers.MultiHeadAttention(2, 3, dropout=0.1)(embedded, both, key=lstm, attention_mask=allowed, use_causal_mask=True)
    masked = layers.MultiHeadAttention(2, 3)(embedded, embedded)
    attended, scores = layers.Attention(use_scale=True)([lstm, gru], return_attention_scores=True)
    added = layers.AdditiveAttention()([lstm, layers.Dense(4)(lstm)])
    groups = layers.GroupQueryAttention(3, 4, 2, use_gate=True)(lstm, lstm)
    each = layers.TimeDistributed(layers.GRU(2))(layers.Reshape((5, 2, 2))(layers.Dense(4)(both)))
    reversible = layers.ReversibleEmbedding(10, 3, tie_weights=False)
    back = reversible(reversible(words), reverse=True)
    frames = layers.ConvLSTM1D(2, 2)(layers.Reshape((5, 3, 1))(numbers))
    outputs = [simple, *either, heads, masked, attended, scores, added, groups, each, back, frames]
    model = keras.Model([words, numbers, state, allowed, counts], outputs)
    random = np.random.default_rng(0)
    fed_words, fed_numbers = random.integers(1, 10, (3, 5)), random.normal(size=(3, 5, 3))
    fed_words[:, 3:], fed_numbers[:, 4:] = 0, -1.0
    counted = np.array([[True, True, True, False, False]] * 3)
    return model, [
        fed_words.astype(np.int32), fed_numbers.astype(np.float32), random.normal(size=(3, 4)).astype(np.float32),
        random.random((3, 5, 5)) < 0.7, counted,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def handmade() -> tuple[Any, list[np.ndarray[Any, Any]], list[np.ndarray[Any, Any]]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, fed = by_hand()
        return model, fed, [np.asarray(out) for out in model(fed)]


def computes(network: Network, fed: list[np.ndarray[Any, Any]], wanted: list[np.ndarray[Any, Any]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = to_keras(network)(fed)
    for out, expected in zip(made, wanted, strict=True):
        np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", [".keras", ".h5"])
def test_a_model_made_by_hand_is_read_with_its_weights_and_written_again(form: str, handmade: Any, tmp_path: Path):
    model, fed, wanted = handmade
    path = tmp_path / f"hand{form}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(path)
    network = run(NetworkReader(path=str(path)))["network"]
    assert network.spec.parameters == model.count_params()
    for output, expected in zip(network.spec.outputs, wanted, strict=True):
        announced = network.spec.tensor(output).shape
        assert announced == expected.shape[1:]
    computes(network, fed, wanted)

    if form == ".keras":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a mask ends at the Reshape layer
            run(NetworkWriter(path=str(tmp_path / "ours.keras")), {"network": network})
        again = run(NetworkReader(path=str(tmp_path / "ours.keras")))["network"]
        assert {(c.layer, c.index): c for c in again.spec.calls} == {(c.layer, c.index): c for c in network.spec.calls}
        for layer, arrays in network.weights.items():
            for ours, theirs in zip(arrays, again.weights[layer], strict=True):
                np.testing.assert_array_equal(ours, theirs)


def test_our_own_networks_survive_a_file(tmp_path: Path):
    network = language_model()
    trained = Network(network.spec, {"words": to_keras(network, 0).get_layer("words").get_weights()})
    run(NetworkWriter(path=str(tmp_path / "w.keras")), {"network": trained})
    again = run(NetworkReader(path=str(tmp_path / "w.keras")))["network"]

    assert again.spec.calls == trained.spec.calls
    np.testing.assert_array_equal(again.weights["words"][0], trained.weights["words"][0])


def test_masks_that_keras_would_not_find_again_are_read_as_operations():
    keras = import_keras()
    x = keras.Input((5, 2))
    inner = keras.layers.Masking()(x)
    model = keras.Model(x, keras.layers.LSTM(2)(inner, mask=keras.ops.any(keras.ops.not_equal(x, 3.0), axis=-1)))
    spec = translate(json.loads(model.to_json()), "uid").spec
    assert sorted(layer.kind for layer in spec.layers) == ["Arithmetic", "InputLayer", "LSTM", "Masking", "Reduce"]
    (call,) = (call for call in spec.calls if call.layer.startswith("lstm"))
    assert call.roles == ("network", "mask")


def test_what_keras_2_wrote_of_states_and_attention_is_read():
    def layer(kind: str, name: str, config: dict[str, Any], *calls: Any) -> dict[str, Any]:
        return {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": list(calls)}

    model = {
        "class_name": "Functional",
        "config": {
            "layers": [
                layer("InputLayer", "x", {"batch_input_shape": [None, 5, 2], "dtype": "float32"}),
                layer("InputLayer", "h", {"batch_input_shape": [None, 3], "dtype": "float32"}),
                layer("LSTM", "lstm", {"units": 3, "implementation": 2, "return_sequences": True, "time_major": False},
                      [["x", 0, 0, {}], ["h", 0, 0, {}], ["h", 0, 0, {}]]),
                layer("Attention", "a", {"use_scale": False, "causal": False}, [["lstm", 0, 0, {}], ["lstm", 0, 0, {}]]),
                layer("MultiHeadAttention", "m", {"num_heads": 1, "key_dim": 2}, [["a", 0, 0, {"value": ["lstm", 0, 0]}]]),
            ],
            "input_layers": [["x", 0, 0], ["h", 0, 0]],
            "output_layers": [["m", 0, 0]],
        },
    }  # fmt: skip
    spec = translate(model, "uid").spec

    calls = {call.layer: call for call in spec.calls}
    assert calls["lstm"].inputs == (Tensor("x"), Tensor("h"), Tensor("h"))
    assert calls["a"].inputs == (Tensor("lstm"), Tensor("lstm"))
    assert calls["m"].inputs == (Tensor("a"), Tensor("lstm"))
    assert spec.tensor(spec.outputs[0]).shape == (5, 3)


def test_calls_that_are_not_known_are_refused():
    keras = import_keras()
    x = keras.Input((5, 2))
    mask = keras.Input((5,), dtype="bool")
    model = keras.Model([x, mask], keras.layers.MultiHeadAttention(1, 2)(x, x, value_mask=mask))
    with pytest.raises(NodeError, match="'value_mask'"):
        translate(json.loads(model.to_json()), "uid")
