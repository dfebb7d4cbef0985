"""Networks written for other programs: each opens the file and computes the same."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from nodes.base import NodeError, Specs
from nodes.kit.networks.keras_model import import_keras, to_keras
from nodes.layers.convolution import Conv2D
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.layers.merge import Concatenate
from nodes.layers.reshaping import Flatten
from nodes.networks.network_reader import NetworkReader
from nodes.values.network import Network
from nodes.values.table import Table
from nodes.writers.network import NetworkWriter
from tests.nodes.layers.building import add, chain
from tests.support import RecordingJob, configure, run

X = np.random.default_rng(0).random((3, 6, 6, 2), np.float32)


@pytest.fixture(scope="module")
def network() -> Network:
    made = chain(Input(shape=(6, 6, 2)), Conv2D(filters=40, activation="relu"), Flatten(), Dense(units=40, activation="softmax"))
    rng = np.random.default_rng(1)
    weights = {la.name: [rng.uniform(-1, 1, w.shape).astype("f4") for w in la.weights] for la in made.spec.layers if la.weights}
    return Network(made.spec, weights)


@pytest.fixture(scope="module")
def expected(network: Network) -> Any:
    return to_keras(network).predict(X, verbose=0)


def lite(path: Path) -> Any:
    """What the interpreter makes of X."""
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has a package of its own now
        interpreter = tf.lite.Interpreter(str(path))
    given, made = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    interpreter.resize_tensor_input(given, X.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(given, X)
    interpreter.invoke()
    return interpreter.get_tensor(made)


def test_every_format_computes_the_same(network: Network, expected: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    import onnxruntime
    import tensorflow as tf

    job = RecordingJob(tmp_path)
    formats = (".keras", ".savedmodel", ".tflite", ".onnx")
    run(NetworkWriter(path="out/net", formats=formats), {"network": network}, tmp_path, job)

    assert capfd.readouterr() == ("", ""), "the log is the person's"
    assert job.warnings == []
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"net{form}" for form in sorted(formats)]
    assert {path.suffix for path in job.written} == set(formats)
    loaded = tf.saved_model.load(str(tmp_path / "out/net.savedmodel"))
    np.testing.assert_allclose(loaded.serve(X), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(lite(tmp_path / "out/net.tflite"), expected, rtol=1e-4, atol=1e-6)
    session = onnxruntime.InferenceSession(str(tmp_path / "out/net.onnx"))
    (made,) = session.run(None, {session.get_inputs()[0].name: X})
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-6)
    assert import_keras().saving.load_model(tmp_path / "out/net.keras").count_params() == network.spec.parameters
    with pytest.raises(NodeError, match="is a SavedModel of TensorFlow"):
        configure(NetworkReader(path="out/net.savedmodel"), folder=tmp_path)


def test_quantized_files_are_smaller_and_nearly_the_same(network: Network, expected: Any, tmp_path: Path):
    sizes = []
    for quantization in ("none", "float16", "dynamic"):
        run(NetworkWriter(path=f"{quantization}.tflite", quantization=quantization), {"network": network}, tmp_path)
        np.testing.assert_allclose(lite(tmp_path / f"{quantization}.tflite"), expected, atol=0.05)
        sizes.append((tmp_path / f"{quantization}.tflite").stat().st_size)
    assert sizes[0] > 1.5 * sizes[1] > 1.8 * sizes[2]


def test_whole_numbers_throughout_need_example_data(network: Network, expected: Any, tmp_path: Path):
    """An int8 file computes nearly the same, with inputs and outputs as they are wanted."""
    import tensorflow as tf

    given = {"network": network, "table": Table.of(pl.DataFrame({"image": X}))}
    run(NetworkWriter(path="a.tflite", quantization="int8"), given, tmp_path)
    np.testing.assert_allclose(lite(tmp_path / "a.tflite"), expected, atol=0.08)
    run(NetworkWriter(path="b.tflite", quantization="int8", inference_type="uint8"), given, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has a package of its own now
        interpreter = tf.lite.Interpreter(str(tmp_path / "b.tflite"))
    assert {d["dtype"] for d in interpreter.get_input_details() + interpreter.get_output_details()} == {np.uint8}
    assert not any(d["dtype"] == np.float32 for d in interpreter.get_tensor_details())


def test_example_data_reach_the_inputs_they_are_for(tmp_path: Path):
    """Two inputs of one shape, one of large numbers: taken for each other, their scales would make the sum useless."""
    small, large = add("small", Input(shape=(4,))), add("large", Input(shape=(4,)))
    network = add("sum", Concatenate(), small, large)
    rng = np.random.default_rng(2)
    values = {"big": rng.random((50, 4), np.float32) * 1000, "little": rng.random((50, 4), np.float32)}
    inputs = [{"tensor": "large", "columns": ["big"]}, {"tensor": "small", "columns": ["little"]}]
    node = NetworkWriter.model_validate({"path": "two.tflite", "quantization": "int8", "inputs": inputs})
    spec = add("end", Dense(units=2), network).spec
    name = next(layer.name for layer in spec.layers if layer.weights)
    network = Network(spec, {name: [np.ones((8, 2), np.float32), np.zeros(2, np.float32)]})
    run(node, {"network": network, "table": Table.of(pl.DataFrame(values))}, tmp_path)
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has a package of its own now
        interpreter = tf.lite.Interpreter(str(tmp_path / "two.tflite"))
    places = {}
    interpreter.allocate_tensors()
    for detail in interpreter.get_input_details():
        places["large" if "large" in detail["name"] else "small"] = detail["index"]
    interpreter.set_tensor(places["large"], values["big"][:1])
    interpreter.set_tensor(places["small"], values["little"][:1])
    interpreter.invoke()
    made = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(made[0], values["big"][0].sum() + values["little"][0].sum(), rtol=0.02)


def test_example_data_are_asked_for_and_looked_at(network: Network, tmp_path: Path):
    node = NetworkWriter(path="a.tflite", quantization="int8")
    table = Table.of(pl.DataFrame({"image": X[:, :5]}))
    for given, message in (
        ({}, "need example data"),
        ({"table": table.slice(0, 0)}, "no column of the table fits|There are no rows"),
        ({"table": table}, "no column of the table fits it alone"),
        ({"table": Table.of(pl.DataFrame({"image": X[:0]}))}, "There are no rows in the example data"),
    ):
        with pytest.raises(NodeError, match=message):
            configure(node, {"network": network, **given}, tmp_path)
    specs = Specs({"network": network.spec, "table": table.spec}, "node", tmp_path)
    NetworkWriter(path="a.keras", quantization="int8").configure(specs)
    assert "are not used" in specs.warnings[0]


def test_a_saved_model_replaces_a_saved_model_and_nothing_else(network: Network, tmp_path: Path):
    import tensorflow as tf

    writer = NetworkWriter(path="serving/1", formats=(".savedmodel",), if_exists="overwrite")
    run(writer, {"network": network}, tmp_path)
    (tmp_path / "serving/1/old").touch()
    run(writer, {"network": network}, tmp_path)
    assert [path.name for path in (tmp_path / "serving").iterdir()] == ["1"]
    assert not (tmp_path / "serving/1/old").exists()
    loaded = tf.saved_model.load(str(tmp_path / "serving/1"))
    assert loaded.serve(X).shape == (3, 40)
    with pytest.raises(NodeError, match="exists already"):
        run(NetworkWriter(path="serving/1", formats=(".savedmodel",)), {"network": network}, tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").touch()
    with pytest.raises(NodeError, match="is no SavedModel"):
        run(NetworkWriter(path="mine", formats=(".savedmodel",), if_exists="overwrite"), {"network": network}, tmp_path)


def test_onnx_says_what_to_install(network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "tf2onnx" else found(name))
    with pytest.raises(NodeError, match=r"needs the package tf2onnx.*pip install layerloom\[onnx\]"):
        configure(NetworkWriter(path="a.onnx"), {"network": network}, tmp_path)
