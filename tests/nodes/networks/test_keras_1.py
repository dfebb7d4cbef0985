"""Models as Keras 1 saved them: old names, and old layouts of weights, which Keras 2 itself can load: it is the measure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from nodes.base import NodeError
from nodes.kit.networks.keras_model import to_keras
from nodes.networks.network_reader import NetworkReader
from tests.nodes.networks.keras_2 import import_keras_2
from tests.support import run


def old(kind: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": config}


def write(path: Path, layers: list[dict[str, Any]], weights: dict[str, list[np.ndarray[Any, Any]]]) -> Path:
    """A file as Keras 1.2.2 writes it."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"1.2.2"
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": layers}).encode()
        stored = file.create_group("model_weights")
        stored.attrs["layer_names"] = [layer["config"]["name"].encode() for layer in layers]
        for layer in layers:
            name = layer["config"]["name"]
            group = stored.create_group(name)
            arrays = weights.get(name, [])
            group.attrs["weight_names"] = [f"{name}_{n}".encode() for n in range(len(arrays))]
            for n, array in enumerate(arrays):
                group[f"{name}_{n}"] = array
    return path


def check(path: Path, model: Any, weights: dict[str, list[np.ndarray[Any, Any]]]) -> None:
    """Keras 2 is given the old weights by its own conversion."""
    from tf_keras.src.saving.legacy.hdf5_format import preprocess_weights_for_loading

    for name, arrays in weights.items():
        layer = model.get_layer(name)
        layer.set_weights(preprocess_weights_for_loading(layer, list(arrays), "1"))
    rows = np.random.default_rng(1).normal(size=(3, *model.input_shape[1:])).astype(np.float32)
    network = run(NetworkReader(path=str(path)))["network"]
    expected = model.predict(rows, verbose=0)
    np.testing.assert_allclose(to_keras(network).predict(rows, verbose=0), expected, rtol=1e-5, atol=1e-5)


RNG = np.random.default_rng(3)


def numbers(*shape: int) -> np.ndarray[Any, Any]:
    return RNG.uniform(-0.8, 0.8, shape).astype(np.float32)


def test_images(tmp_path: Path) -> None:
    layers = [
        old("Convolution2D", name="c", batch_input_shape=[None, 8, 8, 2], nb_filter=3, nb_row=3, nb_col=2, border_mode="same",
            subsample=[1, 1], dim_ordering="tf", init="glorot_uniform", activation="relu", bias=True,
            W_regularizer={"name": "WeightRegularizer", "l1": 0.0, "l2": 0.01}, b_regularizer=None, activity_regularizer=None,
            W_constraint={"name": "MaxNorm", "m": 2, "axis": 0}, b_constraint=None, trainable=True, input_dtype="float32"),
        old("BatchNormalization", name="b", epsilon=0.001, mode=0, axis=-1, momentum=0.99, gamma_regularizer=None,
            beta_regularizer=None, trainable=True),
        old("MaxPooling2D", name="m", pool_size=[2, 2], strides=[2, 2], border_mode="valid", dim_ordering="tf", trainable=True),
        old("Dropout", name="d", p=0.5, trainable=True),
        old("Flatten", name="f", trainable=True),
        old("Dense", name="e", output_dim=2, init="uniform", activation="softmax", W_regularizer=None, b_regularizer=None,
            activity_regularizer=None, W_constraint=None, b_constraint=None, bias=True, input_dim=None, trainable=True),
    ]  # fmt: skip
    weights = {
        "c": [numbers(3, 2, 2, 3), numbers(3)],
        "b": [numbers(3), numbers(3), numbers(3), np.abs(numbers(3)) + 0.1],
        "e": [numbers(48, 2), numbers(2)],
    }
    keras = import_keras_2()
    parts = keras.layers
    model = keras.Sequential([
        keras.Input((8, 8, 2)), parts.Conv2D(3, (3, 2), padding="same", activation="relu", name="c"),
        parts.BatchNormalization(name="b"), parts.MaxPooling2D(name="m"), parts.Flatten(), parts.Dense(2, "softmax", name="e"),
    ])  # fmt: skip
    check(write(tmp_path / "old.h5", layers, weights), model, weights)


def test_sequences(tmp_path: Path) -> None:
    recurrent = {
        "init": "glorot_uniform", "inner_init": "orthogonal", "activation": "tanh", "inner_activation": "hard_sigmoid",
        "W_regularizer": None, "U_regularizer": None, "b_regularizer": None, "dropout_W": 0.0, "dropout_U": 0.0,
        "return_sequences": True, "go_backwards": False, "stateful": False, "unroll": False, "consume_less": "cpu",
        "trainable": True,
    }  # fmt: skip
    layers = [
        old("Convolution1D", name="c", batch_input_shape=[None, 6, 3], nb_filter=4, filter_length=3, border_mode="valid",
            subsample_length=1, init="uniform", activation="linear", bias=True, input_dim=3, input_length=None, trainable=True),
        old("LSTM", name="l", output_dim=3, input_dim=4, input_length=None, forget_bias_init="one", **recurrent),
        old("GRU", name="g", output_dim=2, input_dim=3, input_length=None, **{**recurrent, "return_sequences": False}),
    ]  # fmt: skip
    weights = {
        "c": [numbers(3, 1, 3, 4), numbers(4)],
        "l": [array for _ in range(4) for array in (numbers(4, 3), numbers(3, 3), numbers(3))],
        "g": [array for _ in range(3) for array in (numbers(3, 2), numbers(2, 2), numbers(2))],
    }
    keras = import_keras_2()
    parts = keras.layers
    model = keras.Sequential([
        keras.Input((6, 3)), parts.Conv1D(4, 3, name="c"),
        parts.LSTM(3, recurrent_activation="hard_sigmoid", return_sequences=True, name="l"),
        parts.GRU(2, recurrent_activation="hard_sigmoid", reset_after=False, name="g"),
    ])  # fmt: skip
    check(write(tmp_path / "old.h5", layers, weights), model, weights)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (old("Convolution2D", name="c", nb_filter=1, nb_row=2, nb_col=2, border_mode="full", batch_input_shape=[None, 4, 4, 1]),
         "border_mode='full', which no later Keras has"),
        (old("BatchNormalization", name="b", mode=1, batch_input_shape=[None, 4]), "a mode that no later Keras"),
        (old("Merge", name="m", mode="sum", layers=[{}], batch_input_shape=[None, 4]), "merges branches inside of it"),
        (old("MaxoutDense", name="x", output_dim=3, batch_input_shape=[None, 4]), "'MaxoutDense', which is not one"),
    ],
)  # fmt: skip
def test_what_no_later_keras_has_is_told(layer: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(NodeError, match=message):
        run(NetworkReader(path=str(write(tmp_path / "old.h5", [layer], {}))))
