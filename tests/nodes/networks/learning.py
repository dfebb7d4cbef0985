"""Small networks and tables to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from nodes.layers.core import Dropout
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.networks.network_learner import NetworkLearner
from nodes.values.network import Network
from nodes.values.table import Table
from tests.nodes.layers.building import chain
from tests.support import RecordingJob, run

NAMES = ("low", "middle", "high")


def classifier(units: int = 3, inputs: int = 4, *, dropout: float = 0.0, activation: Any = "softmax") -> Network:
    """A dense network for three classes by four features."""
    hidden = [Dense(units=8, activation="relu"), *([Dropout(rate=dropout)] if dropout else [])]
    return chain(Input(shape=(inputs,)), *hidden, Dense(units=units, activation=activation))


def points(rows: int = 96, seed: int = 0) -> Table:
    """Four features, and which third their sum is in: as a category, a number and one-hot."""
    features = np.random.default_rng(seed).normal(size=(rows, 4)).astype(np.float32)
    number = np.digitize(features.sum(axis=1), [-0.9, 0.9]).astype(np.int32)
    frame = pl.DataFrame(
        {
            "features": features,
            "class": pl.Series([NAMES[n] for n in number], dtype=pl.Enum(NAMES)),
            "number": number,
            "one_hot": np.eye(3, dtype=np.float32)[number],
        }
    )
    return Table.of(frame, classes={"number": NAMES})


def learner(
    *, column: str = "class", loss: dict[str, Any] | None = None, metrics: Sequence[Any] | None = None, **settings: Any
) -> NetworkLearner:
    """A learner of `points`, by the settings as a workflow file holds them."""
    target: dict[str, Any] = {"columns": [column]}
    if loss is not None:
        target["loss"] = loss
    if metrics is not None:
        target["metrics"] = list(metrics)
    data = {"inputs": [{"columns": ["features"]}], "targets": [target], "batch_size": 32}
    return NetworkLearner.model_validate(data | settings)


def train(
    node: NetworkLearner, folder: Path, network: Network, training: Table, validation: Table | None = None
) -> tuple[dict[str, Any], RecordingJob]:
    """What a learner gives out, and what it said."""
    job = RecordingJob(folder)
    inputs = {"network": network, "training": training} | ({"validation": validation} if validation else {})
    return run(node, inputs, job=job), job


def same_weights(one: Network, other: Network) -> bool:
    """Whether two networks have the same weights to the last bit."""
    assert list(one.weights) == list(other.weights)
    assert one.weights
    return all(
        a.tobytes() == b.tobytes() for name in one.weights for a, b in zip(one.weights[name], other.weights[name], strict=True)
    )
