"""HDF5 files that lead elsewhere: links to other files, links within, virtual data, data outside. Nothing elsewhere is opened."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from nodes.base import NodeError
from nodes.kit.networks.model_files import look_into, look_into_weights, read_arrays
from nodes.networks.network_reader import NetworkReader
from tests.support import run

SECRET = np.full((4, 2), 42.0, np.float32)
LAYER = {"module": "keras.layers", "class_name": "Dense", "registered_name": None}
INPUT = {"module": "keras.layers", "class_name": "InputLayer", "registered_name": None}
CONFIG = {
    "module": "keras",
    "class_name": "Sequential",
    "registered_name": "Sequential",
    "config": {
        "name": "s",
        "layers": [
            INPUT | {"config": {"batch_shape": [None, 4], "dtype": "float32", "name": "in"}},
            LAYER | {"config": {"name": "dense", "units": 2, "use_bias": False, "activation": "linear"}},
        ],
    },
}
Attack = Callable[[h5py.Group, str, Path], None]


def external_link(group: h5py.Group, name: str, elsewhere: Path) -> None:
    group[name] = h5py.ExternalLink(str(elsewhere), f"/like/{name}")


def soft_link_out(group: h5py.Group, name: str, elsewhere: Path) -> None:
    group.file["out"] = h5py.ExternalLink(str(elsewhere), "/like")
    group[name] = h5py.SoftLink(f"/out/{name}")


def soft_link_within(group: h5py.Group, name: str, elsewhere: Path) -> None:
    group.file.require_group("other")
    group[name] = h5py.SoftLink("/other")


def circle(group: h5py.Group, name: str, elsewhere: Path) -> None:
    group[name] = h5py.SoftLink(f"{group.name}/{name}")


def a_pipe(group: h5py.Group, name: str, elsewhere: Path) -> None:
    pipe = elsewhere.with_name("pipe")
    if not pipe.exists():
        os.mkfifo(pipe)
    group[name] = h5py.ExternalLink(str(pipe), "/")


def virtual_data(group: h5py.Group, name: str, elsewhere: Path) -> None:
    layout = h5py.VirtualLayout((4, 2), "f4")
    layout[:] = h5py.VirtualSource(str(elsewhere), "/like/0", (4, 2))
    group.create_virtual_dataset(name, layout)


def external_data(group: h5py.Group, name: str, elsewhere: Path) -> None:
    group.create_dataset(name, (4, 2), "f4", external=[(str(elsewhere), 0, 32)])


LINKS = (external_link, soft_link_out, soft_link_within, circle, *([a_pipe] if hasattr(os, "mkfifo") else []))
ATTACKS: tuple[Attack, ...] = (*LINKS, virtual_data, external_data)
PLACES = {
    "keras": ("layers", "layers/dense", "layers/dense/vars", "layers/dense/vars/0"),
    "weights.h5": ("layers", "layers/dense", "layers/dense/vars", "layers/dense/vars/0"),
    "h5": ("model_weights", "model_weights/dense", "model_weights/dense/k"),
}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A file that holds all that a link may ask for."""
    path = tmp_path / "elsewhere.h5"
    with h5py.File(path, "w") as file:
        for name in ("0", "k", "vars/0", "dense/vars/0", "layers/dense/vars/0", "dense/k", "model_weights/dense/k"):
            file[f"like/{name}"] = SECRET
    return path


def made(form: str, place: str, attack: Attack | None, elsewhere: Path) -> Path:
    """A model, or its weights, in which what is at `place` leads elsewhere."""
    path = elsewhere.with_name(f"model.{form}")
    stream = io.BytesIO()
    with h5py.File(stream if form == "keras" else path, "w") as file:
        array = PLACES[form][-1]
        if attack is None:
            file[array] = np.zeros((4, 2), np.float32)
        parent, _, name = place.rpartition("/")
        group = file.require_group(parent) if parent else file
        if attack is not None:
            attack(group, name, elsewhere)
        if form == "h5":
            file.attrs["model_config"], file.attrs["keras_version"] = json.dumps(CONFIG), "3.0.0"
            if place != "model_weights":
                file["model_weights"].attrs["layer_names"] = [b"dense"]
            if place == array or attack is None:
                file["model_weights/dense"].attrs["weight_names"] = [b"k"]
    if form == "keras":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", json.dumps(CONFIG))
            archive.writestr("metadata.json", "{}")
            archive.writestr("model.weights.h5", stream.getvalue())
    return path


def read_as_weights(path: Path) -> Any:
    found = look_into_weights(path)
    return read_arrays(found, [(layer, list(layer.shapes)) for layer in found.layers])


@pytest.mark.parametrize("form", PLACES)
def test_the_files_are_read_where_nothing_leads_elsewhere(form: str, elsewhere: Path) -> None:
    path = made(form, PLACES[form][-1], None, elsewhere)
    assert [np.sum(array) for layer in read_as_weights(path) for array in layer] == [0.0]
    if form != "weights.h5":
        assert look_into(path).config
        run(NetworkReader(path=str(path)), folder=path.parent)


CASES = [(f, p, a) for f in PLACES for p in PLACES[f] for a in ATTACKS]


@pytest.mark.parametrize(("form", "place", "attack"), CASES, ids=lambda v: getattr(v, "__name__", v))
def test_nothing_is_taken_from_elsewhere(form: str, place: str, attack: Attack, elsewhere: Path) -> None:
    path = made(form, place, attack, elsewhere)
    os.utime(elsewhere, ns=(1, elsewhere.stat().st_mtime_ns))  # a file system that notes it would tell a look
    try:
        got = read_as_weights(path)
    except NodeError as error:
        assert error.remedy
    else:
        assert got == [], "what leads elsewhere may be left out"
    if form != "weights.h5":
        with pytest.raises(NodeError) as caught:
            run(NetworkReader(path=str(path)), folder=path.parent)
        assert caught.value.remedy
    assert elsewhere.stat().st_atime_ns == 1, "it was not even opened"
