"""Models with operators (`x + y`, `x[:, -1]`, `keras.ops.mean`, `tf.reduce_mean`) are read, compute the same, and are written so
that plain Keras reads them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nodes.base import NodeError, Specs
from nodes.kit.networks.keras_2_operators import graph_operator
from nodes.kit.networks.keras_model import import_keras, to_keras
from nodes.kit.networks.operators import read_operator
from nodes.networks.network_reader import NetworkReader
from nodes.values.network import Network
from nodes.writers.network import NetworkWriter
from tests.nodes.networks.keras_2 import import_keras_2, inputs_of, saved, shaken
from tests.support import run

FORMS = (".h5", ".keras")


def outputs(model: Any, given: list[Any]) -> list[Any]:
    made = model.predict(given if len(given) > 1 else given[0], verbose=0)
    return made if isinstance(made, list) else [made]


def read(path: Path) -> Network:
    network = run(NetworkReader(path=str(path)))["network"]
    assert isinstance(network, Network)
    return network


def check(model: Any, tmp_path: Path, ending: str) -> Network:
    """The model is read, computes the same here, in Keras again, and read a second time."""
    given = inputs_of(model)
    network = read(saved(model, tmp_path / f"model{ending}"))
    ours = to_keras(network)
    again = saved(ours, tmp_path / "again.keras")
    for same in (ours, import_keras().models.load_model(again), to_keras(read(again))):
        for expected, found in zip(outputs(model, given), outputs(same, given), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    return network


# ---------------------------------------------------------------------------------------------------------------- Keras 3


def arithmetic(keras: Any) -> Any:
    a, b, row = keras.Input((4, 3)), keras.Input((4, 3)), keras.Input((3,))
    x = (2 - (a + 1.5) * b) / 255 + a
    x = abs(x) ** 0.5 // 0.25 - a % 2 + np.array([1.0, 2.0, 3.0], "float32")
    y = keras.ops.where(a > b, a, 0.5) * keras.ops.cast(keras.ops.logical_not(b <= 0), "float32")
    return keras.Model([a, b, row], [x, -y, keras.ops.maximum(row, 1 - row), row + np.ones((1, 3), "float32") * 2])


def shapes(keras: Any) -> Any:
    ops = keras.ops
    a = keras.Input((4, 6))
    one, other = ops.split(a, 2, axis=-1)
    first, *_ = ops.split(a, [1, 5], axis=2)
    x = ops.concatenate([one[:, ::2], other[:, 1:3]], axis=1)
    y = ops.reshape(ops.transpose(ops.stack([one, other], axis=1), (0, 2, 1, 3)), (-1, 4, 6))
    z = ops.squeeze(ops.expand_dims(a, 1), 1)[..., None][:, -1]
    t = ops.tile(ops.pad(first, [[0, 0], [1, 0], [0, 1]], constant_values=2.0), [1, 2, 1])
    g = ops.take(ops.flip(ops.swapaxes(a, 1, -1), axis=1), [3, 0, 0], axis=2)
    return keras.Model(a, [x, y, z, t, g, ops.take(a, -1, axis=1)])


def reductions(keras: Any) -> Any:
    ops = keras.ops
    a = keras.Input((4, 3))
    found = [ops.mean(a, axis=1), ops.sum(a, axis=(1, 2), keepdims=True), ops.max(a, axis=-1), ops.min(a, axis=1)]
    found += [ops.std(a, axis=1), ops.var(a, axis=2), ops.prod(a, axis=1), ops.logsumexp(a, axis=-1), ops.cumsum(a, axis=1)]
    found.append(ops.one_hot(ops.argmax(a, axis=-1), 3))
    return keras.Model(a, [*found, ops.cast(ops.any(a > 1, axis=-1), "float32")])


def functions(keras: Any) -> Any:
    ops, activations = keras.ops, keras.activations
    a = keras.Input((5,))
    p = ops.exp(a)
    found = [p, ops.log(p), ops.sqrt(p), ops.square(a), ops.sign(a), ops.erf(a), ops.rsqrt(p), ops.sin(a), ops.clip(a, -0.5, 1)]
    found += [activations.relu(a), activations.relu(a, max_value=1.0, negative_slope=0.1), activations.gelu(a)]
    found += [ops.gelu(a), activations.softmax(a), activations.elu(a, alpha=0.5), ops.leaky_relu(a, 0.3), ops.silu(a)]
    found += [activations.sigmoid(a), ops.tanh(a), activations.selu(a), ops.relu6(a), ops.softplus(a), ops.hard_sigmoid(a)]
    return keras.Model(a, found)


def products(keras: Any) -> Any:
    ops = keras.ops
    a, b = keras.Input((4, 3)), keras.Input((5, 3))
    scores = ops.matmul(a, ops.transpose(b, (0, 2, 1)))
    fixed = a @ np.arange(6, dtype="float32").reshape(3, 2)
    return keras.Model([a, b], [ops.softmax(scores, axis=1), ops.einsum("bqd,bkd->bqk", a, b), fixed])


def transformer(keras: Any) -> Any:
    """The block of the example "Timeseries classification with a transformer"."""
    layers = keras.layers
    given = keras.Input((12, 2))
    x = layers.MultiHeadAttention(key_dim=4, num_heads=2)(given, given)
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    res = x + given
    x = layers.Conv1D(filters=4, kernel_size=1, activation="relu")(res)
    x = layers.Conv1D(filters=2, kernel_size=1)(x)
    x = layers.LayerNormalization(epsilon=1e-6)(x) + res
    return keras.Model(
        given, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling1D(data_format="channels_last")(x))
    )


def own_masks(keras: Any) -> Any:
    """A mask that a person computes, beside the one that Keras finds."""
    layers, ops = keras.layers, keras.ops
    given = keras.Input((6,), dtype="float32")
    steps = ops.expand_dims(given, -1)
    real = ops.not_equal(given, 0.0)
    x = layers.LSTM(3)(steps, mask=real)
    y = layers.GRU(2)(layers.Embedding(9, 3, mask_zero=True)(ops.cast(abs(given), "int32")))
    share = ops.sum(ops.cast(real, "float32"), axis=-1, keepdims=True)
    return keras.Model(given, [x, y, share])


def masks_that_end(keras: Any) -> Any:
    """Operators do not hand on the mask that an Embedding layer makes; the layers that compute the same would."""
    layers, ops = keras.layers, keras.ops
    words = layers.Embedding(30, 3, mask_zero=True)
    given = keras.Input((6,), dtype="float32")
    x = words(ops.cast(abs(given) * 3, "int32"))
    found = [x + x, keras.activations.tanh(x), ops.concatenate([x, x], axis=-1), x * 2.0]
    pooled = [layers.LSTM(2)(each) for each in (x, *found)]
    return keras.Model(given, [*pooled, layers.GlobalAveragePooling1D()(x), ops.mean(x, axis=1)])


KERAS_3 = [arithmetic, shapes, reductions, functions, products, transformer, own_masks, masks_that_end]


@pytest.mark.parametrize("ending", FORMS)
@pytest.mark.parametrize("make", KERAS_3)
def test_operations_of_keras_3(make: Callable[[Any], Any], ending: str, tmp_path: Path) -> None:
    check(shaken(make(import_keras())), tmp_path, ending)


def test_what_a_layer_does_too_is_read_as_that_layer(tmp_path: Path) -> None:
    keras = import_keras()
    a, b = keras.Input((4, 5, 3), name="a"), keras.Input((4, 5, 3), name="b")
    x = keras.activations.relu(keras.ops.mean((a * b + 1) / 2, axis=(1, 2)))
    network = check(keras.Model([a, b], x), tmp_path, ".keras")
    assert [layer.kind for layer in network.spec.layers[2:]] == [
        "Multiply", "Rescaling", "Rescaling", "GlobalAveragePooling2D", "Activation",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda ops, x: ops.mean(x, axis=0, keepdims=True) + x, "along the batch"),
        (lambda ops, x: x - ops.max(x), "over all axes, the batch too"),
        (lambda ops, x: ops.reshape(x, (-1,)), "rows of a batch end to end"),
        (lambda ops, x: ops.reshape(x, (-1, 2)), "do not fill"),
        (lambda ops, x: ops.sort(x, axis=-1), "not one of those"),
    ],
)
def test_what_mixes_rows_or_is_not_known_is_refused_by_name(
    make: Callable[[Any, Any], Any], message: str, tmp_path: Path
) -> None:
    keras = import_keras()
    given = keras.Input((3,))
    path = saved(keras.Model(given, make(keras.ops, given)), tmp_path / "model.keras")
    with pytest.raises(NodeError, match=message) as caught:
        read(path)
    assert caught.value.remedy


def test_writing_h5_tells_that_keras_does_not_read_operations(tmp_path: Path) -> None:
    keras = import_keras()
    given = keras.Input((3,))
    network = read(saved(keras.Model(given, keras.ops.exp(given)), tmp_path / "model.keras"))
    for ending, count in ((".h5", 1), (".keras", 0)):
        specs = Specs({"network": network.spec}, "node", tmp_path)
        NetworkWriter(path=f"made{ending}").configure(specs)
        assert len(specs.warnings) == count


# ---------------------------------------------------------------------------------------------------------------- Keras 2


def tf_arithmetic(keras: Any, tf: Any) -> Any:
    a, b = keras.Input((4, 3)), keras.Input((4, 3))
    x = (2 - (a + 1.5) * b) / 255 + a
    x = tf.maximum(abs(x) ** 0.5, tf.where(a > b, a, 0.5)) - tf.cast(b >= 0, tf.float32)
    return keras.Model(
        [a, b], [x + np.array([1.0, 2.0, 3.0], "float32"), tf.clip_by_value(-x, -1, 0.5), tf.math.rsqrt(tf.exp(a))]
    )


def tf_shapes(keras: Any, tf: Any) -> Any:
    a = keras.Input((4, 6))
    one, other = tf.split(a, 2, axis=-1)
    first, _, last = tf.split(a, [1, 2, 3], axis=2)
    x = tf.concat([one[:, ::2], other[:, 1:3]], axis=1)
    y = tf.reshape(tf.transpose(tf.stack([one, other], axis=1), [0, 2, 1, 3]), (-1, 4, 6))
    z = tf.squeeze(tf.expand_dims(a, 1), [1])[:, -1, tf.newaxis]
    t = tf.tile(tf.pad(first, [[0, 0], [1, 0], [0, 1]]), [1, 2, 1])
    return keras.Model(a, [x, y, z, t, tf.gather(tf.reverse(a, [1]), [3, 0], axis=2), tf.matmul(last, one, transpose_b=True)])


def tf_reductions(keras: Any, tf: Any) -> Any:
    a, backend = keras.Input((4, 3)), keras.backend
    found = [backend.mean(a, axis=1), tf.reduce_sum(a, axis=[1, 2], keepdims=True), backend.max(a, axis=-1)]
    found += [tf.math.reduce_std(a, axis=1), tf.one_hot(tf.argmax(a, axis=-1), 3), backend.sqrt(backend.sum(a * a, axis=-1))]
    return keras.Model(a, found)


def tf_functions(keras: Any, tf: Any) -> Any:
    a, activations = keras.Input((5,)), keras.activations
    found = [tf.nn.relu(a), tf.nn.softmax(a), activations.gelu(a), activations.relu(a, max_value=6), tf.sigmoid(a), tf.nn.elu(a)]
    found += [activations.swish(a), tf.nn.leaky_relu(a, alpha=0.3), tf.tanh(a), activations.gelu(a, approximate=True)]
    return keras.Model(a, found)


@pytest.mark.parametrize("ending", FORMS)
@pytest.mark.parametrize("make", [tf_arithmetic, tf_shapes, tf_reductions, tf_functions])
def test_operators_of_tensorflow_in_keras_2(make: Callable[[Any, Any], Any], ending: str, tmp_path: Path) -> None:
    import tensorflow as tf

    check(shaken(make(import_keras_2(), tf)), tmp_path, ending)


FLOAT = {"T": {"type": "DT_FLOAT"}}
NODES: list[tuple[str, dict[str, Any], dict[int, Any], int]] = [
    ("AddV2", FLOAT, {1: 1.5}, 1),
    ("Sub", FLOAT, {0: 2.0}, 1),
    ("RealDiv", FLOAT, {1: [1.0, 2.0, 4.0]}, 1),
    ("Mul", FLOAT, {}, 2),
    ("Mean", {**FLOAT, "Tidx": {"type": "DT_INT32"}, "keep_dims": {"b": True}}, {1: [1]}, 1),
    ("Relu", FLOAT, {}, 1),
    ("ConcatV2", {**FLOAT, "N": {"i": "2"}, "Tidx": {"type": "DT_INT32"}}, {2: -1}, 2),
    ("Pack", {**FLOAT, "N": {"i": "2"}, "axis": {"i": "1"}}, {}, 2),
    ("ExpandDims", {**FLOAT, "Tdim": {"type": "DT_INT32"}}, {1: -1}, 1),
    ("Transpose", {**FLOAT, "Tperm": {"type": "DT_INT32"}}, {1: [0, 2, 1]}, 1),
    (
        "StridedSlice",
        {**FLOAT, "Index": {"type": "DT_INT32"}, "begin_mask": {"i": "1"}, "end_mask": {"i": "1"},
         "shrink_axis_mask": {"i": "2"}},
        {1: [0, -1, 1], 2: [0, 0, 3], 3: [1, 1, 1]}, 1,
    ),
    ("BatchMatMulV2", {**FLOAT, "adj_y": {"b": True}}, {}, 2),
]  # fmt: skip


@pytest.mark.parametrize(("op", "attributes", "constants", "count"), NODES, ids=[node[0] for node in NODES])
def test_operations_of_graphs_of_early_tensorflow_2(
    op: str, attributes: dict[str, Any], constants: dict[int, Any], count: int, tmp_path: Path
) -> None:
    """As Keras 2.3 wrote them; the layer that reads them is still in Keras 2.15."""
    keras = import_keras_2()
    place = 0
    named = []
    for number in range(count + len(constants)):
        named.append(f"c{number}" if number in constants else f"in{(place := place + 1)}")
    node = {"name": "it", "op": op, "input": named, "attr": attributes}
    config = {"name": "tf_op_layer_it", "trainable": True, "dtype": "float32", "node_def": node, "constants": constants}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tf_keras.src.engine.base_layer import TensorFlowOpLayer

        given = [keras.Input((4, 3), name=f"in{n + 1}") for n in range(count)]
        model = keras.Model(given, TensorFlowOpLayer(**config)(given if count > 1 else given[0]))
    stored = json.loads(model.to_json())
    entry = next(layer for layer in stored["config"]["layers"] if layer["class_name"] == "TensorFlowOpLayer")
    entry["config"] |= {"node_def": node, "constants": {str(place): value for place, value in constants.items()}}
    path = tmp_path / "model.json"
    path.write_text(json.dumps(stored))
    rows = inputs_of(model)
    np.testing.assert_allclose(outputs(to_keras(read(path)), rows)[0], outputs(model, rows)[0], rtol=1e-6)
    assert read_operator(graph_operator(entry, [[f"in{n + 1}", 0, 0, {}] for n in range(count)]), "it").node


def test_an_operator_of_another_kind_is_named(tmp_path: Path) -> None:
    import tensorflow as tf

    keras = import_keras_2()
    given = keras.Input((4, 4, 3), name="image")
    path = saved(keras.Model(given, tf.image.rgb_to_hsv(given)), tmp_path / "model.h5")
    with pytest.raises(NodeError, match=r"is the operator tf\.image\.rgb_to_hsv, which Layerloom does not know"):
        read(path)
