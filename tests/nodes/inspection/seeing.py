"""Small networks to look into, and images to show them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from nodes.base import Node
from nodes.kit.layers.base import Layer
from nodes.kit.networks.keras_model import to_keras, weights_of
from nodes.layers.convolution import Conv2D
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.layers.pooling import MaxPooling2D
from nodes.layers.reshaping import Flatten
from nodes.values.network import Network
from nodes.values.table import Table
from tests.nodes.layers.building import chain
from tests.support import RecordingJob, run

NAMES = ("zero", "one", "two")


def trained(network: Network, *, seed: int = 3, names: tuple[str, ...] = ()) -> Network:
    """The network with weights of its own, and names for the classes of its output."""
    classes = {str(network.spec.outputs[0]): names} if names else {}
    return Network(replace(network.spec, classes=classes), weights_of(to_keras(network, seed), network.spec))


def with_weights(network: Network, layer: str, *arrays: Any) -> Network:
    """The network with chosen weights in one layer."""
    return Network(network.spec, {**network.weights, layer: [np.asarray(a, np.float32) for a in arrays]})


def classifier(*shape: int, first: bool = False, channels: int = 1, filters: int = 4) -> Network:
    """Convolution, pooling, convolution, dense: `node_1` to `node_6`, for images of 8 x 8 (or `shape`) pixels."""
    height, width = shape or (8, 8)
    size = (channels, height, width) if first else (height, width, channels)
    return chain(
        Input.model_validate({"shape": size, "data_format": "channels_first" if first else "channels_last"}),
        Conv2D(filters=filters, kernel_size=(3, 3), padding="same", activation="relu"),
        MaxPooling2D(),
        Conv2D(filters=3, kernel_size=(2, 2), activation="linear"),
        Flatten(),
        Dense(units=3, activation="softmax"),
    )


def linear(*layers: Layer, shape: tuple[int, ...] = (4, 5, 1), units: int = 2, activation: Any = "softmax") -> Network:
    """A dense layer on the pixels."""
    return chain(Input(shape=shape), *layers, Flatten(), Dense(units=units, activation=activation))


def images(rows: int = 5, shape: tuple[int, ...] = (8, 8, 1), dtype: Any = np.float32, seed: int = 0) -> Table:
    """Random images, with a class as category, number and text."""
    random = np.random.default_rng(seed)
    pixels = random.random((rows, *shape))
    pixels = pixels.astype(dtype) if np.dtype(dtype).kind == "f" else (pixels * np.iinfo(dtype).max).astype(dtype)
    number = np.arange(rows) % 3
    column = pl.Array({"f4": pl.Float32, "u1": pl.UInt8, "u2": pl.UInt16}[np.dtype(dtype).str[1:]], shape)
    frame = pl.DataFrame(
        {
            "image": pl.Series(pixels, dtype=column) if rows else pl.Series([], dtype=column),
            "label": pl.Series([NAMES[n] for n in number], dtype=pl.Enum(NAMES)),
            "number": pl.Series(number, dtype=pl.Int32),
            "name": pl.Series([f"image {n}" for n in range(rows)], dtype=pl.String),
        }
    )
    return Table.of(frame, {"number": NAMES})


def look(node: Node, network: Network | None, table: Table | None = None) -> tuple[dict[str, Any], list[str]]:
    """What a node gives out, and its warnings."""
    job = RecordingJob(Path.cwd())
    given = {name: value for name, value in {"network": network, "table": table}.items() if value is not None}
    return run(node, given, job=job), job.warnings
