"""A file that is no model of Keras is told by what it is, whatever it is called."""

from __future__ import annotations

import gzip
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from nodes.base import NodeError, Specs
from nodes.kit.networks.foreign_files import kind_of
from nodes.networks.load_weights import LoadWeights
from nodes.networks.network_reader import NetworkReader
from tests.nodes.layers.building import image
from tests.nodes.networks.keras_2 import import_keras_2, saved


def _zip(path: Path, *names: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"{}")


def _onnx(path: Path) -> None:
    import onnx

    tensor = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "g", [tensor], [tensor])
    onnx.save(onnx.helper.make_model(graph), str(path))


def _saved_model(path: Path) -> None:
    path.mkdir()
    (path / "saved_model.pb").write_bytes(b"\x08\x01")


LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2\nsize 132735538\n"
FILES: list[tuple[str, Callable[[Path], object], str]] = [
    ("model.h5", lambda p: p.write_bytes(b""), "an empty file"),
    ("model.keras", lambda p: p.write_text(LFS), "a pointer of Git LFS"),
    ("model.h5", lambda p: p.write_text("\n<!DOCTYPE html><html><body>Not found</body></html>"), "a web page"),
    ("model.h5", lambda p: p.write_bytes(b"\x1c\0\0\0TFL3\x14\0\x20\0"), "a LiteRT"),
    ("model.tflite", lambda p: p.write_bytes(b"\x1c\0\0\0TFL3\x14\0\x20\0"), "a LiteRT"),
    ("model.pt", lambda p: _zip(p, "archive/data.pkl", "archive/data/0"), "a model of PyTorch"),
    ("model.pth", lambda p: p.write_bytes(pickle.dumps({"a": 1}, protocol=2)), "a model of PyTorch"),
    ("model.h5", lambda p: p.write_bytes(pickle.dumps({"a": 1})), "a pickle of Python"),
    ("frozen.pb", lambda p: p.write_bytes(b"\x0a\x1b\x0a\x05input"), "a graph of TensorFlow"),
    ("saved_model.pb", lambda p: p.write_bytes(b"\x08\x01\x12"), "a SavedModel of TensorFlow"),
    ("folder", _saved_model, "a SavedModel of TensorFlow"),
    ("model.zip", lambda p: _zip(p, "m/saved_model.pb", "m/variables/variables.index"), "a packed SavedModel"),
    (
        "model.json",
        lambda p: p.write_text(json.dumps({"format": "layers-model", "modelTopology": {}})),
        "a model of TensorFlow.js",
    ),
    ("model.safetensors", lambda p: save_file({"a": np.ones(3, np.float32)}, p), "weights (safetensors)"),
    ("model.onnx", _onnx, "an ONNX model"),
    ("model.ckpt.index", lambda p: p.write_bytes(b"\0\0\1\2"), "a checkpoint of TensorFlow"),
    ("weights.npz", lambda p: np.savez(p, a=np.ones(2)), "numpy arrays"),
    ("model.yaml", lambda p: p.write_text("class_name: Sequential\nconfig: {}\n"), "YAML"),
    ("model.h5.gz", lambda p: p.write_bytes(gzip.compress(b"x" * 50)), "a packed file"),
    ("model.zip", lambda p: _zip(p, "export/my.h5"), "a zip file"),
    ("config.json", lambda p: p.write_text(json.dumps({"model_type": "bert"})), "Transformers model"),
    ("notes.json", lambda p: p.write_text("{}"), "JSON, but not of a Keras model"),
    ("model.h5", lambda p: p.write_text("Please ask me for the file."), "a text"),
    ("model.h5", lambda p: p.write_bytes(bytes(range(1, 200))), "not a file of Keras"),
]


@pytest.mark.parametrize(("name", "make", "what"), FILES, ids=[f"{what} as {name}" for name, _, what in FILES])
def test_what_it_is_is_told_where_a_network_or_weights_are_read(
    name: str, make: Callable[[Path], object], what: str, tmp_path: Path
) -> None:
    make(tmp_path / name)
    for read in (
        lambda: NetworkReader(path=name).configure(Specs({}, "node", tmp_path)),
        lambda: LoadWeights(path=name).configure(Specs({"network": image(4, 4, 1).spec}, "node", tmp_path)),
    ):
        with pytest.raises(NodeError) as caught:
            read()
        assert what in caught.value.message
        assert caught.value.remedy
        assert caught.value.setting == "path"


def test_a_zip_tells_which_model_is_in_it(tmp_path: Path) -> None:
    _zip(tmp_path / "model.zip", "export/my.h5", "readme.txt")
    with pytest.raises(NodeError) as caught:
        NetworkReader(path="model.zip").configure(Specs({}, "node", tmp_path))
    assert "export/my.h5" in caught.value.remedy


def test_what_keras_writes_is_not_taken_for_something_else(tmp_path: Path) -> None:
    keras = import_keras_2()
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    for ending in (".keras", ".h5"):
        assert kind_of(saved(model, tmp_path / f"model{ending}")) is None
    model.save_weights(tmp_path / "only.weights.h5")
    assert kind_of(tmp_path / "only.weights.h5") is None
    (tmp_path / "model.json").write_text(model.to_json())
    assert kind_of(tmp_path / "model.json") is None
