"""The Network Writer: Keras opens what it writes, and so do we."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nodes.base import Cancelled, NodeError, Values
from nodes.kit.networks.keras_model import import_keras, to_keras, weights_of
from nodes.layers.convolution import Conv2D
from nodes.layers.core import Dropout
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.layers.merge import Add
from nodes.layers.normalization import BatchNormalization
from nodes.layers.reshaping import Flatten
from nodes.networks.network_reader import NetworkReader
from nodes.values.network import Network
from nodes.writers.network import NetworkWriter
from tests.nodes.layers.building import add, chain
from tests.support import RecordingJob, configure, run

IMAGES = np.random.default_rng(0).random((3, 6, 6, 1), np.float32)
CLASSES = {"scores_1_0:0": ("cat", "dog")}


def trained() -> Network:
    """A network with a branch, weights of its own and class names."""
    body = chain(
        Input(shape=(6, 6, 1)), Conv2D(filters=2, kernel_size=(3, 3), padding="same", activation="silu"), BatchNormalization()
    )
    joined = add("sum", Add(), body, add("again", Conv2D(filters=2), body))
    flat = add("dropout", Dropout(rate=0.5), add("flat", Flatten(), joined))
    spec = add("scores", Dense(units=2, activation="softmax", name_prefix="scores"), flat).spec
    spec = replace(spec.with_layers([replace(spec.layer("node_2"), trainable=False)]), classes=CLASSES)
    model = to_keras(Network(spec), seed=3)
    return Network(spec, weights_of(model, spec))


def predictions(network: Network) -> Any:
    return to_keras(network).predict(IMAGES, verbose=0)


def write(path: Path, job: RecordingJob | None = None, **settings: Any) -> dict[str, Any]:
    return run(NetworkWriter(path=str(path), **settings), {"network": trained()}, path.parent, job)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_keras_loads_what_is_written_and_predicts_the_same(ending: str, tmp_path: Path):
    job = RecordingJob(tmp_path)
    write(tmp_path / f"net{ending}", job)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = import_keras().models.load_model(tmp_path / f"net{ending}")

    np.testing.assert_allclose(model.predict(IMAGES, verbose=0), predictions(trained()), rtol=1e-6)
    assert not model.get_layer("node_2").trainable
    assert job.written == [tmp_path / f"net{ending}"]


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_the_reader_gives_the_same_network_back_class_names_included(ending: str, tmp_path: Path):
    write(tmp_path / f"net{ending}")
    network = run(NetworkReader(path=str(tmp_path / f"net{ending}")))["network"]
    given = trained()

    assert network.spec.classes == CLASSES
    assert network.spec.calls == given.spec.calls
    assert [replace(layer, uid="") for layer in network.spec.layers] == [replace(layer, uid="") for layer in given.spec.layers]
    np.testing.assert_array_equal(predictions(network), predictions(given))


def test_several_formats_under_one_name(tmp_path: Path):
    job = RecordingJob(tmp_path)
    write(tmp_path / "deep" / "net.v2.keras", job, formats=(".keras", ".h5", ".weights.h5", ".json"))
    folder = tmp_path / "deep"

    endings = [".keras", ".h5", ".weights.h5", ".json"]
    assert job.written == [folder / f"net.v2{ending}" for ending in endings]
    assert sorted(folder.iterdir()) == sorted(job.written)
    keras = import_keras()
    model = keras.models.model_from_json((folder / "net.v2.json").read_text())
    model.load_weights(folder / "net.v2.weights.h5")
    np.testing.assert_allclose(model.predict(IMAGES, verbose=0), predictions(trained()), rtol=1e-6)
    assert run(NetworkReader(path=str(folder / "net.v2.json")))["network"].spec.classes == CLASSES


def test_files_that_are_there_stay_unless_they_are_to_be_overwritten(tmp_path: Path):
    path = tmp_path / "net.json"
    path.write_text("mine")
    with pytest.raises(NodeError, match="exists already") as caught:
        write(path)
    assert (path.read_text(), caught.value.setting) == ("mine", "if_exists")

    write(path, if_exists="overwrite")
    assert json.loads(path.read_text())["class_name"] == "Functional"


def test_a_run_that_is_stopped_leaves_everything_as_it_was(tmp_path: Path):
    class StoppedAtTheSecond(RecordingJob):
        def check_cancelled(self) -> None:
            if len(list(tmp_path.iterdir())) > 1:
                raise Cancelled

    (tmp_path / "net.json").write_text("mine")
    node = NetworkWriter(path=str(tmp_path / "net"), formats=(".json", ".keras"), if_exists="overwrite")
    with pytest.raises(Cancelled):
        node.execute(Values({"network": trained()}), StoppedAtTheSecond(tmp_path))

    assert [p.name for p in tmp_path.iterdir()] == ["net.json"]
    assert (tmp_path / "net.json").read_text() == "mine"


def test_layers_that_were_never_trained_are_pointed_out(tmp_path: Path):
    job = RecordingJob(tmp_path)
    run(NetworkWriter(path="net.keras"), {"network": chain(Input(shape=(2,)), Dense())}, tmp_path, job)

    assert job.warnings == ["Layers that were never trained are written with random weights: node_2."]


def test_mistakes_in_the_path_are_found_before_anything_runs(tmp_path: Path):
    network = {"network": chain(Input(shape=(2,)), Dense())}
    for settings, message in (
        ({"path": ""}, "No file is chosen"),
        ({"path": "net.pb"}, "does not say which format"),
        ({"path": "gone/net.keras", "create_folders": False}, "no folder"),
    ):
        with pytest.raises(NodeError, match=message) as caught:
            configure(NetworkWriter(**settings), network, tmp_path)
        assert caught.value.remedy
    (tmp_path / "net.keras").mkdir()
    with pytest.raises(NodeError, match="is a folder"):
        configure(NetworkWriter(path="net.keras"), network, tmp_path)


def test_a_place_that_cannot_be_written_to_is_a_clear_error(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NodeError, match="cannot be written"):
        write(tmp_path / "file" / "net.keras")
