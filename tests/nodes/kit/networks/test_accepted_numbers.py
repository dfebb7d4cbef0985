"""IDs that no layer behind an input knows are named with column and row, before TensorFlow comes upon them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from nodes.base import NodeError, Values
from nodes.kit.networks.accepted_numbers import accepted_numbers
from nodes.kit.networks.graph_errors import worded
from nodes.kit.networks.keras_model import import_keras, to_keras
from nodes.layers.dense import Dense
from nodes.layers.embedding import Embedding, ReversibleEmbedding
from nodes.layers.encodings import CategoryEncoding, IntegerLookup
from nodes.layers.input import Input
from nodes.layers.reshaping import Flatten, Reshape
from nodes.layers.time_distributed import TimeDistributed
from nodes.networks.network_executor import NetworkExecutor
from nodes.networks.network_learner import NetworkLearner
from nodes.values.network import Network
from nodes.values.table import Table
from tests.nodes.layers.building import chain
from tests.support import RecordingJob, run

IDS = pl.DataFrame({"ids": pl.Series([[0, 1, 9], [3, 11, 4], [2, 2, -1]], dtype=pl.Array(pl.Int32, 3)), "y": [0.0, 1.0, 0.5]})
BIG, NEGATIVE = IDS[:2], IDS[[0, 2]]


def of(*layers: Any, dtype: str = "int32", shape: tuple[int, ...] = (3,)) -> Network:
    return chain(Input(shape=shape, dtype=dtype), *layers, Flatten(), Dense(units=1), prefix="n")


NETWORKS = {
    "an embedding": of(Embedding(input_dim=10, output_dim=2)),
    "behind a reshape": of(Reshape(target_shape=(1, 3)), Embedding(input_dim=10, output_dim=2)),
    "of floating-point numbers": of(Embedding(input_dim=10, output_dim=2), dtype="float32"),
    "that can go back": of(ReversibleEmbedding(input_dim=10, output_dim=2)),
    "at each step": of(
        Reshape(target_shape=(3, 1)), TimeDistributed(layer={"kind": "Embedding", "input_dim": 10, "output_dim": 2})
    ),
    "a lookup": of(IntegerLookup(vocabulary=tuple(range(10)), num_oov_indices=0), Embedding(input_dim=10, output_dim=2)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_cell_is_named(name: str) -> None:
    network = NETWORKS[name]
    for frame, value in ((BIG, "11"), (NEGATIVE, "-1")):
        with pytest.raises(NodeError, match=rf"Column 'ids', row 2: {value} is ") as caught:
            run(NetworkExecutor(inputs=[{"columns": ["ids"]}]), {"network": network, "table": Table.of(frame)})
        assert caught.value.remedy
        with pytest.raises(Exception):  # noqa: B017 - Keras gives an error of TensorFlow's too, or takes the last row for -1
            if value == "-1" and name != "a lookup":
                raise NodeError("as here")
            to_keras(network, 0).predict(frame["ids"].to_numpy(), verbose=0)


def test_training_names_it_too() -> None:
    settings = {
        "inputs": [{"columns": ["ids"]}],
        "targets": [{"columns": ["y"], "loss": {"kind": "MeanSquaredError"}, "metrics": []}],
        "epochs": 1,
    }
    with pytest.raises(NodeError, match=r"11 is no number from 0 to 9, which are all that layer 'n_2' \(Embedding\)") as caught:
        run(NetworkLearner.model_validate(settings), {"network": NETWORKS["an embedding"], "training": Table.of(BIG)})
    assert "'Input dimension' to at least 12" in caught.value.remedy


def test_encoded_tokens_may_be_too_large_but_not_negative() -> None:
    """Keras passes over those that are too large."""
    network = of(CategoryEncoding(num_tokens=5, output_mode="count"))
    node = NetworkExecutor(inputs=[{"columns": ["ids"]}])
    made = run(node, {"network": network, "table": Table.of(BIG)})["table"]
    assert made.height == 2
    with pytest.raises(NodeError, match="-1 is below 0"):
        run(node, {"network": network, "table": Table.of(NEGATIVE)})


def test_numbers_that_are_computed_with_before_may_be_any() -> None:
    network = of(Dense(units=3), Embedding(input_dim=10, output_dim=2), dtype="float32")
    assert accepted_numbers(network.spec, network.spec.inputs[0]) == ()


def test_what_only_tensorflow_finds_is_told_in_words(tmp_path: Path) -> None:
    """A lookup that gives more than the table behind it has; as the engine words it."""
    network = of(IntegerLookup(vocabulary=(0, 1, 9, 3, 11, 4), num_oov_indices=1), Embedding(input_dim=5, output_dim=2))
    with pytest.raises(Exception) as caught:
        values = Values({"network": network, "table": Table.of(BIG)})
        NetworkExecutor(inputs=[{"columns": ["ids"]}]).execute(values, RecordingJob(tmp_path))
    error = worded(caught.value)
    assert error is not None
    assert error.message == "A number is looked up in layer 'n_3' that is not there: 5, of 0 to 4."
    assert worded(ValueError("indices[0] = 7 is not in [0, 3)")) is None
    with pytest.raises(Exception) as other:
        import_keras().ops.matmul(np.ones((2, 3), np.float32), np.ones((2, 5), np.float32))
    told = worded(other.value)
    assert told is not None
    assert "size-incompatible" in told.message
    assert "\n" not in told.message
    assert "[Op:" not in told.message
