"""The executor gives what the network computes, for every row, in order, as the columns that were asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from nodes.base import Cancelled, NodeError, Specs
from nodes.kit.networks.keras_model import to_keras, weights_of
from nodes.layers.convolution import Conv2D
from nodes.layers.core import Dropout
from nodes.layers.dense import Dense
from nodes.layers.global_pooling import GlobalAveragePooling2D
from nodes.layers.input import Input
from nodes.layers.merge import Add
from nodes.layers.normalization import BatchNormalization
from nodes.layers.pooling import MaxPooling2D
from nodes.layers.recurrent import LSTM
from nodes.layers.reshaping import Flatten
from nodes.networks.network_executor import NetworkExecutor
from nodes.values.network import Network, Tensor
from nodes.values.table import Table
from tests.nodes.layers.building import add, chain
from tests.nodes.networks.learning import NAMES, classifier, points
from tests.support import RecordingJob, configure, run


def executor(**settings: Any) -> NetworkExecutor:
    return NetworkExecutor.model_validate({"inputs": [{"columns": ["features"]}]} | settings)


def trained(network: Network) -> Network:
    """The network with weights of its own."""
    classes = {str(network.spec.outputs[0]): NAMES}
    return Network(replace(network.spec, classes=classes), weights_of(to_keras(network, 3), network.spec))


def apply(node: NetworkExecutor, network: Network, table: Table) -> tuple[Table, RecordingJob]:
    job = RecordingJob(Path.cwd())
    return run(node, {"network": network, "table": table}, job=job)["table"], job


@pytest.mark.parametrize("batch_size", [1, 7, 96, 1000])
def test_it_computes_what_keras_predicts(batch_size: int) -> None:
    network, table = trained(classifier(dropout=0.5)), points()
    made, job = apply(executor(batch_size=batch_size), network, table)
    expected = to_keras(network).predict(table.frame()["features"].to_numpy(), verbose=0)
    np.testing.assert_allclose(made.frame()["node_4"].to_numpy(), expected, rtol=1e-5, atol=1e-7)
    assert made.columns == ["node_4"]
    assert made.schema["node_4"] == pl.Array(pl.Float32, 3)
    assert made.classes == {"node_4": NAMES}
    assert not job.warnings
    assert job.fractions[-1] == 1.0


def test_it_gives_the_same_every_time() -> None:
    network = trained(classifier())
    first, second = (apply(executor(), network, points())[0].frame() for _ in range(2))
    assert first.equals(second)


def test_columns_beside_those_of_the_table() -> None:
    made, _ = apply(executor(keep_input_columns=True), trained(classifier()), points())
    assert made.columns == [*points().columns, "node_3"]
    assert made.classes == {"number": NAMES, "node_3": NAMES}


def test_hidden_layers_and_single_numbers() -> None:
    outputs = [
        {"tensor": "node_2", "name": "hidden"},
        {"conversion": "numbers"},
        {"tensor": "node_3_0:0", "conversion": "numbers", "name": "p"},
        {"tensor": "node_1", "name": "input"},
    ]
    table = points()
    network = trained(classifier())
    frame = apply(executor(outputs=outputs), network, table)[0].frame()
    assert frame.columns == ["hidden", "node_3_0", "node_3_1", "node_3_2", "p0", "p1", "p2", "input"]
    assert frame.schema["hidden"] == pl.Array(pl.Float32, 8)
    assert frame["node_3_1"].equals(frame["p1"].rename("node_3_1"))
    np.testing.assert_array_equal(frame["input"].to_numpy(), table.frame()["features"].to_numpy())
    kernel, bias = network.weights["node_2"]
    by_hand = np.maximum(table.frame()["features"].to_numpy() @ kernel + bias, 0)
    np.testing.assert_allclose(frame["hidden"].to_numpy(), by_hand, rtol=1e-4, atol=1e-5)


def test_only_what_is_needed_is_computed() -> None:
    """The last layer has no weights yet, but its output is not asked for."""
    network = trained(classifier())
    partial = Network(network.spec, {"node_2": network.weights["node_2"]})
    _, job = apply(executor(outputs=[{"tensor": "node_2"}]), partial, points())
    assert not job.warnings


def test_several_inputs() -> None:
    left, right = add("left", Input(shape=(4,))), add("right", Input(shape=(4,)))
    network = add("sum", Add(), left, right)
    node = NetworkExecutor.model_validate({"inputs": [{"tensor": "right", "columns": ["b"]}, {"columns": ["a"]}]})
    rows = np.arange(8, dtype=np.float32).reshape(2, 4)
    made, _ = apply(node, network, Table.of(pl.DataFrame({"a": rows, "b": 10 * rows})))
    np.testing.assert_array_equal(made.frame()["sum"].to_numpy(), 11 * rows)


def test_images_of_bytes() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 3, 2, 1), np.uint8)
    network = chain(Input(shape=(3, 2, 1)), Flatten())
    made, _ = apply(NetworkExecutor(), network, Table.of(pl.DataFrame({"image": images})))
    np.testing.assert_array_equal(made.frame()["node_2"].to_numpy(), images.reshape(5, 6).astype(np.float32))


def test_narrow_floats_come_out_as_float32() -> None:
    network = chain(Input(shape=(4,)), Dense(units=3, dtype="mixed_float16"))
    made, _ = apply(executor(), trained(network), points())
    assert made.schema["node_2"] == pl.Array(pl.Float32, 3)


def test_a_fixed_batch_size_works_with_any_number_of_rows() -> None:
    network = trained(chain(Input(shape=(4,), batch_size=10), Dense(units=3)))
    table = points(23)
    made, _ = apply(executor(batch_size=10), network, table)
    kernel, bias = network.weights["node_2"]
    expected = table.frame()["features"].to_numpy() @ kernel + bias
    np.testing.assert_allclose(made.frame()["node_2"].to_numpy(), expected, rtol=1e-4, atol=1e-5)


def test_random_weights_are_warned_of_and_are_the_same_every_time() -> None:
    (first, job), (second, _) = (apply(executor(), classifier(), points()) for _ in range(2))
    assert "have not been trained" in job.warnings[0]
    assert first.frame().equals(second.frame())


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows(rows: int) -> None:
    made, _ = apply(executor(keep_input_columns=True), trained(classifier()), points(1).slice(0, rows))
    assert made.height == rows


def test_rows_come_out_piece_by_piece() -> None:
    class Counting(RecordingJob):
        pieces: int = 0

        def stream(self, batches: Iterable[pl.DataFrame]) -> Table:
            frames = list(batches)
            self.pieces = len(frames)
            return super().stream(frames)

    job = Counting(Path.cwd())
    run(executor(batch_size=2), {"network": trained(classifier()), "table": points(1500)}, job=job)
    assert job.pieces > 10


def test_cancel_is_seen_between_blocks() -> None:
    class CancelledSoon(RecordingJob):
        def progress(self, fraction: float | None, message: str = "") -> None:
            self.cancelled = "rows" in message

    with pytest.raises(Cancelled):
        run(executor(batch_size=1), {"network": trained(classifier()), "table": points()}, job=CancelledSoon(Path.cwd()))


@pytest.mark.parametrize(
    ("settings", "message", "setting"),
    [
        ({"inputs": [{"columns": ["nothing"]}]}, "no column 'nothing'", "inputs.0.columns"),
        ({"outputs": [{"tensor": "nobody"}]}, "no tensor 'nobody'", "outputs.0.tensor"),
        ({"outputs": [{}, {}]}, "two columns 'node_3'", "outputs.1.name"),
        ({"outputs": [{"name": "class"}], "keep_input_columns": True}, "two columns 'class'", "outputs.0.name"),
    ],
)  # fmt: skip
def test_mistakes_are_found_before_running(settings: dict[str, Any], message: str, setting: str) -> None:
    with pytest.raises(NodeError, match=message) as found:
        configure(executor(**settings), {"network": classifier(), "table": points()})
    assert found.value.setting == setting
    assert found.value.remedy


def test_missing_values_are_named() -> None:
    table = Table.of(pl.DataFrame({"features": pl.Series([[1.0] * 4, None], dtype=pl.Array(pl.Float32, 4))}))
    with pytest.raises(NodeError, match="Column 'features' has a missing value in row 2"):
        apply(executor(), trained(classifier()), table)


def test_chosen_columns_are_kept() -> None:
    made, _ = apply(executor(keep_input_columns=True, kept_columns=["number"]), trained(classifier()), points())
    assert made.columns == ["number", "node_3"]
    assert made.classes == {"number": NAMES, "node_3": NAMES}
    with pytest.raises(NodeError, match="no column 'nothing'"):
        configure(executor(keep_input_columns=True, kept_columns=["nothing"]), {"network": classifier(), "table": points()})


def test_lists_images_and_number_types() -> None:
    images = np.random.default_rng(0).random((3, 2, 4, 5), np.float32)
    network = chain(Input(shape=(2, 4, 5), data_format="channels_first"), Flatten())
    outputs = [
        {"tensor": "node_1", "conversion": "image", "name": "image"},
        {"conversion": "list", "name": "list", "type": "float64"},
        {"conversion": "array", "name": "whole", "type": "int32"},
        {"conversion": "numbers", "name": "yes", "type": "boolean"},
    ]
    table = Table.of(pl.DataFrame({"image": images.transpose(0, 2, 3, 1)}))
    made, _ = apply(NetworkExecutor.model_validate({"outputs": outputs}), network, table)
    frame = made.frame()
    assert frame.schema["image"] == pl.Array(pl.Float32, (4, 5, 2))
    np.testing.assert_array_equal(frame["image"].to_numpy(), images.transpose(0, 2, 3, 1))
    flat = images.transpose(0, 2, 3, 1).reshape(3, 40)  # Keras's Flatten puts the channels last
    assert frame.schema["list"] == pl.List(pl.Float64)
    np.testing.assert_array_equal(np.array(frame["list"].to_list()), flat)
    np.testing.assert_array_equal(frame["whole"].to_numpy(), np.rint(flat))
    assert frame.schema["yes0"] == pl.Boolean
    assert frame["yes7"].to_list() == (flat[:, 7] > 0.5).tolist()
    with pytest.raises(NodeError, match="an image has height, width"):
        configure(NetworkExecutor.model_validate({"outputs": [{"conversion": "image"}]}), {"network": network, "table": table})


def test_dropout_samples_give_mean_and_deviation() -> None:
    """Dropout of one half doubles or removes each number: its deviation is the number itself."""
    network = chain(Input(shape=(4,)), BatchNormalization(), Dropout(rate=0.5))
    table = points(20)
    made, job = apply(executor(dropout_samples=400), network, table)
    frame, wanted = made.frame(), table.frame()["features"].to_numpy() / np.sqrt(1.001)
    assert made.columns == ["node_3", "node_3 (std)"]
    np.testing.assert_allclose(frame["node_3"].to_numpy(), wanted, atol=0.25 * np.abs(wanted).max())
    np.testing.assert_allclose(frame["node_3 (std)"].to_numpy(), np.abs(wanted), rtol=0.02, atol=0.03)
    again, _ = apply(executor(dropout_samples=400), network, table)
    assert again.frame().equals(frame)
    assert job.warnings, "its weights are random"
    assert executor(dropout_samples=2, seed=None).reproducible is False
    assert executor(seed=None).reproducible


def test_samples_without_dropout_are_warned_of() -> None:
    specs = Specs({"network": classifier().spec, "table": points().spec})
    promised = executor(dropout_samples=3, outputs=[{"conversion": "numbers", "name": "p"}]).configure(specs)
    assert "no dropout" in specs.warnings[0]
    assert list(promised["table"].schema) == ["p0", "p1", "p2", "p0 (std)", "p1 (std)", "p2 (std)"]  # type: ignore[union-attr]


def test_a_network_of_open_size_takes_the_size_of_the_column() -> None:
    """Its feature maps are as large as the rows; so are sequences that have one length."""
    images = chain(
        Input(shape=(None, None, 1)),
        Conv2D(filters=3, kernel_size=(3, 3)),
        MaxPooling2D(),
        GlobalAveragePooling2D(),
        Dense(units=2),
    )
    steps = chain(Input(shape=(None, 2)), LSTM(units=3, return_sequences=True), Dense(units=2))
    rng = np.random.default_rng(3)
    for network, shape in ((images, (9, 12, 1)), (images, (6, 7, 1)), (steps, (5, 2))):
        rows = rng.normal(size=(4, *shape)).astype(np.float32)
        table = Table.of(pl.DataFrame({"x": pl.Series(rows, dtype=pl.Array(pl.Float32, shape))}))
        whole = trained(network)
        node = NetworkExecutor(outputs=[{"tensor": layer.name} for layer in network.spec.layers[1:]])
        made = run(node, {"network": whole, "table": table})["table"].frame()
        model = to_keras(whole)
        for layer in network.spec.layers[1:]:
            part = to_keras(Network(whole.spec.with_outputs([Tensor(layer.name)]), whole.weights))
            expected = part.predict(rows, verbose=0)
            np.testing.assert_allclose(made[layer.name].to_numpy(), expected, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(model.predict(rows, verbose=0), expected, rtol=1e-4, atol=1e-6)


def test_rows_that_are_too_small_for_a_network_of_open_size_are_told_of() -> None:
    network = chain(Input(shape=(None, None, 1)), Conv2D(filters=3, kernel_size=(3, 3)), GlobalAveragePooling2D())
    table = Table.of(pl.DataFrame({"x": pl.Series(np.zeros((2, 2, 2, 1), np.float32), dtype=pl.Array(pl.Float32, (2, 2, 1)))}))
    with pytest.raises(NodeError, match="Layer 'node_2' does not fit rows of this size"):
        configure(NetworkExecutor(), {"network": network, "table": table})
