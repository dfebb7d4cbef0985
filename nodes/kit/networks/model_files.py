"""What is inside a model file of Keras: its config as plain JSON, and its weights as arrays.

Only JSON is parsed and only arrays of numbers are read; no class of the file is looked up, nothing is unpacked to disk
and nothing outside the file is followed (HDF5 can point to other files). What a file says it holds is checked before
memory is given to it.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from nodes.errors import NodeError
from nodes.kit.layers.kinds import layer_class
from nodes.kit.probing.soundness import ensure_sound, refuse_special
from nodes.values.network import LayerSpec

if TYPE_CHECKING:
    import h5py
    from numpy.typing import NDArray

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
"""Members of a `.keras` file."""
NOTES = "layerloom.json"
"""Our own member of a `.keras` file, which Keras does not look at; in HDF5 an attribute of the same name."""

_NATIVE = (b"PK", b"\x89HDF\r\n\x1a\n")
"""What files begin with whose weights the HDF5 library reads."""
MAX_CONFIG_BYTES = 64 * 2**20
MAX_INFLATION = 100
"""How many times larger than stored a part of a file may become."""
HARMLESS_BYTES = 64 * 2**20
"""What is smaller than this may inflate as it likes."""


@dataclass(frozen=True)
class ModelFile:
    """A Keras file that has been looked into.

    Attributes:
        path: Where it is.
        form: What it is, by its content.
        config: The model's class and config, as Keras writes them.
        keras_version: Of the Keras that wrote it; may be empty.
        classes: The class names we noted in it: output tensor -> names.
    """

    path: Path
    form: Literal["keras", "h5", "json"]
    config: Mapping[str, Any]
    keras_version: str = ""
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_keras_2(self) -> bool:
        """Whether Keras 1 or 2 wrote it."""
        return self.keras_version.split(".")[0] in ("1", "2")


def look_into(path: Path) -> ModelFile:
    """Read a model file's config, but not its weights.

    Raises:
        NodeError: If it is not a `.keras`, `.h5` or `.json` file of a whole model, or is damaged.
    """
    if path.is_dir():
        what = "a SavedModel" if (path / "saved_model.pb").exists() else "a folder"
        raise NodeError(
            f"{path.name} is {what}, which cannot be read.",
            "Choose a .keras, .h5 or .json file. A SavedModel holds TensorFlow's operations, no longer the layers they come"
            " from, so it cannot be added to or trained on: save the Keras model itself.",
            setting="path",
        )
    refuse_special(path, "path")
    with _readable(path):
        with path.open("rb") as file:
            start = file.read(8)
        if start.startswith(_NATIVE):
            ensure_sound(path, "hdf5", whole=False)
        if start.startswith(b"PK"):
            return _look_into_keras(path)
        if start == b"\x89HDF\r\n\x1a\n":
            return _look_into_h5(path)
        config = _parsed(path.read_bytes() if path.stat().st_size <= MAX_CONFIG_BYTES else b"", "the file")
        return ModelFile(path, "json", config, str(config.get("keras_version", "")), _classes(config.get(NOTES)))


def stored_weights(file: ModelFile, layers: Mapping[str, LayerSpec]) -> dict[str, list[NDArray[Any]]]:
    """Return the weights in a model file: layer name -> arrays, as the layers' specs say they must be.

    Args:
        file: From `look_into`.
        layers: All layers of the file's config, in its order: the name there -> our spec.

    Raises:
        NodeError: If a layer's weights are missing, or not of the shapes that follow from the config.
    """
    import h5py

    with _readable(file.path):
        if file.form == "json":
            return {}
        ensure_sound(file.path, "hdf5", whole=True)
        if file.form == "h5":
            with h5py.File(file.path, "r") as h5:
                root = _inside(h5, "model_weights")
                return {our.name: _legacy_weights(_inside(root, name), our) for name, our in layers.items() if our.weights}
        with zipfile.ZipFile(file.path) as archive, h5py.File(io.BytesIO(_member(archive, WEIGHTS)), "r") as h5:
            return {our.name: _weights(group, our) for our, group in _layer_groups(h5, layers.values())}


@dataclass(frozen=True)
class StoredLayer:
    """The weights of one layer in a file, without the model they belong to.

    Attributes:
        name: As the layer was called, where the file says it.
        group: As the file calls its weights: the layer's name, or `conv2d_1` for the second Conv2D layer.
        paths: Where in the HDF5 file its arrays are, in Keras's order.
        shapes: Their shapes.
    """

    name: str
    group: str
    paths: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class StoredWeights:
    """What weights a file has.

    Attributes:
        path: Where it is.
        ordered: Whether the layers are in the order of the model: so in `.h5` files, not in `.weights.h5` and `.keras` files,
            whose groups are named after the layers' classes.
        layers: Those that have weights.
    """

    path: Path
    ordered: bool
    layers: tuple[StoredLayer, ...]


def look_into_weights(path: Path) -> StoredWeights:
    """Say which weights a `.weights.h5`, `.h5` or `.keras` file has, without reading them.

    Raises:
        NodeError: If it is no such file, or is damaged.
    """
    import h5py

    refuse_special(path, "path")
    with _readable(path):
        ensure_sound(path, "hdf5", whole=False)
    with _readable(path), _hdf5(path) as h5:
        root = _inside(h5, "model_weights") if _has(h5, "model_weights") else h5
        if "layer_names" in root.attrs or "layer_names0" in root.attrs:
            layers = []
            for name in _listed(root, "layer_names"):
                group = _inside(root, name)
                arrays = [_dataset(group, n) for n in _listed(group, "weight_names")]
                layers.append(StoredLayer(name, name, tuple(a.name for a in arrays), tuple(tuple(a.shape) for a in arrays)))
            return StoredWeights(path, True, tuple(layer for layer in layers if layer.paths))
        stored = next((n for n in ("layers", "_layer_checkpoint_dependencies") if _has(h5, n)), None)
        if stored is None:
            raise ValueError("it holds no weights of layers")
        layers = []
        for group_name in _group(h5, stored):
            group = _inside(_inside(h5, stored), group_name)
            variables = _group(group, "vars") if isinstance(group, h5py.Group) and _has(group, "vars") else {}
            arrays = [_inside(variables, str(n)) for n in range(len(variables))]
            if arrays and all(isinstance(a, h5py.Dataset) for a in arrays):
                name = str(variables.attrs.get("name", "")) if isinstance(variables, h5py.Group) else ""
                layers.append(StoredLayer(name, group_name, tuple(a.name for a in arrays), tuple(tuple(a.shape) for a in arrays)))
        return StoredWeights(path, False, tuple(layers))


def read_weights(stored: StoredWeights, layers: Iterable[StoredLayer]) -> list[list[NDArray[Any]]]:
    """Return the arrays of some layers that `look_into_weights` found. NodeError if the file is damaged."""
    with _readable(stored.path):
        ensure_sound(stored.path, "hdf5", whole=True)
    with _readable(stored.path), _hdf5(stored.path) as h5:
        return [[_numbers(_inside(h5, path.lstrip("/")), f"'{layer.group}'") for path in layer.paths] for layer in layers]


# ------------------------------------------------------------------------------------------------------------ containers


@contextmanager
def _hdf5(path: Path) -> Iterator[h5py.File]:
    """The HDF5 file at a path, or in the `.keras` file there."""
    import h5py

    with path.open("rb") as file:
        zipped = file.read(2) == b"PK"
    if not zipped:
        with h5py.File(path, "r") as h5:
            yield h5
        return
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(_member(archive, WEIGHTS)), "r") as h5:
        yield h5


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what a damaged file raises into a NodeError."""
    try:
        yield
    except FileNotFoundError as error:
        raise NodeError(f"There is no file {path}.", "Check the path.", setting="path") from error
    except (OSError, EOFError, KeyError, ValueError, RuntimeError, struct.error, zipfile.BadZipFile, zlib.error) as error:
        raise NodeError(
            f"{path.name} cannot be read: {error}", "Save the model again, as .keras, .h5 or .json.", setting="path"
        ) from error


def _look_into_keras(path: Path) -> ModelFile:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        for name in names:
            if PurePosixPath(name).is_absolute() or ".." in re.split(r"[/\\]", name):
                raise NodeError(f"{path.name} holds a file with the suspicious name '{name}'.", "Do not use it.", setting="path")
        if CONFIG not in names:
            raise NodeError(
                f"{path.name} is a zip file without a {CONFIG}: not a Keras model.", "Choose another file.", setting="path"
            )
        config = _parsed(_member(archive, CONFIG, MAX_CONFIG_BYTES), CONFIG)
        metadata = _parsed(_member(archive, METADATA, MAX_CONFIG_BYTES), METADATA) if METADATA in names else {}
        notes = _parsed(_member(archive, NOTES, MAX_CONFIG_BYTES), NOTES) if NOTES in names else None
    return ModelFile(path, "keras", config, str(metadata.get("keras_version", "")), _classes(notes))


def _look_into_h5(path: Path) -> ModelFile:
    import h5py

    with h5py.File(path, "r") as h5:
        if "model_config" not in h5.attrs:
            raise NodeError(
                f"{path.name} holds weights without the model they belong to.",
                "Build that network, and put them in with Keras Load Weights; or save the whole model (model.save).",
                setting="path",
            )
        config = _parsed(h5.attrs["model_config"], "model_config")
        notes = _parsed(h5.attrs[NOTES], NOTES) if NOTES in h5.attrs else None
        version = h5.attrs.get("keras_version", "")
    return ModelFile(path, "h5", config, version.decode() if isinstance(version, bytes) else str(version), _classes(notes))


def _member(archive: zipfile.ZipFile, name: str, limit: int | None = None) -> bytes:
    """A member's bytes, once its size is known to be reasonable."""
    info = archive.getinfo(name)
    if limit is not None and info.file_size > limit:
        raise ValueError(f"{name} is larger than {limit // 2**20} MiB")
    _refuse_bomb(name, info.file_size, info.compress_size)
    return archive.read(info)


def _refuse_bomb(name: str, size: int, stored: int) -> None:
    if size > HARMLESS_BYTES and size > MAX_INFLATION * stored:
        raise ValueError(f"{name} says it holds {size // 2**20} MiB, but only {stored} bytes are stored")


def _parsed(text: str | bytes, what: str) -> dict[str, Any]:
    """A JSON object."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{what} is not JSON") from error
    if not isinstance(found, dict):
        raise ValueError(f"{what} is not a JSON object")  # noqa: TRY004 - all that is wrong with a file is a ValueError here
    return found


def _classes(notes: Any) -> dict[str, tuple[str, ...]]:
    """The class names in our own notes; notes of another form are not ours."""
    classes = notes.get("classes") if isinstance(notes, Mapping) else None
    if not isinstance(classes, Mapping):
        return {}
    return {
        str(tensor): tuple(names)
        for tensor, names in classes.items()
        if isinstance(names, list) and all(isinstance(name, str) for name in names)
    }


# --------------------------------------------------------------------------------------------------------------- weights


def _inside(group: h5py.Group, name: str) -> Any:
    """A member of an HDF5 group that lies in the file itself; KeyError if there is none."""
    import h5py

    for part in name.split("/"):
        if not isinstance(group, h5py.Group) or not isinstance(group.get(part, getlink=True), h5py.HardLink):
            raise KeyError(f"it has no '{name}'")
        group = group[part]
    return group


def _group(group: h5py.Group, name: str) -> h5py.Group:
    """A group in a group; KeyError if there is none of that name."""
    import h5py

    found = _inside(group, name)
    if not isinstance(found, h5py.Group):
        raise KeyError(f"it has no group '{name}'")
    return found


def _dataset(group: h5py.Group, name: str) -> h5py.Dataset:
    """An array in a group; KeyError if there is none of that name."""
    import h5py

    found = _inside(group, name)
    if not isinstance(found, h5py.Dataset):
        raise KeyError(f"it has no array '{name}'")
    return found


def _has(group: h5py.Group, name: str) -> bool:
    """Whether there is a link of that name, be it one that leads elsewhere; h5py's own `in` would follow it."""
    return group.get(name, getlink=True) is not None


def _weights(group: h5py.Group, layer: LayerSpec) -> list[NDArray[Any]]:
    """A layer's arrays in Keras 3's own layout: `vars/0`, `vars/1`, ..., or where layers inside the layer have theirs."""
    paths = layer_class(layer.kind).weight_paths(layer.weights, layer.config)
    places = [path.rpartition("/") for path in paths]
    folders = {folder: _inside(group, folder) for folder, _, _ in places}
    # A wrapper may keep a weight of the layer inside it a second time: only what is all in one place can be counted.
    stored = len(next(iter(folders.values()))) if len(folders) == 1 else len(paths)
    return [_array(_inside(folders[places[n][0]], places[n][2]), layer, n) for n in _expected(layer, stored)]


def _legacy_weights(group: h5py.Group, layer: LayerSpec) -> list[NDArray[Any]]:
    """A layer's arrays in the layout of `.h5` files: a group per layer that lists the names of its arrays."""
    names = _listed(group, "weight_names")
    return [_array(_inside(group, names[n]), layer, n) for n in _expected(layer, len(names))]


def _expected(layer: LayerSpec, stored: int) -> range:
    if stored != len(layer.weights):
        raise ValueError(f"layer '{layer.name}' has {len(layer.weights)} weights, but {stored} are stored")
    return range(stored)


def _array(dataset: Any, layer: LayerSpec, number: int) -> NDArray[Any]:
    """One array, which must be of the shape that the layer's weight has."""
    wanted = layer.weights[number]
    what = f"'{wanted.name}' of layer '{layer.name}'"
    return _numbers(dataset, what, wanted.shape)


def _numbers(dataset: Any, what: str, shape: tuple[int, ...] | None = None) -> NDArray[Any]:
    """An array of numbers that lies in the file itself, of the given shape where there is one. ValueError if it is not."""
    import h5py
    import numpy as np

    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "fiub" or dataset.external or dataset.is_virtual:
        raise ValueError(f"{what} is not an array of numbers")
    if shape is not None and dataset.shape != shape:
        raise ValueError(f"{what} is of shape {dataset.shape}, not {shape}")
    _refuse_bomb(what, dataset.nbytes, dataset.id.get_storage_size())
    return np.asarray(dataset)


def _listed(group: h5py.Group, name: str) -> list[str]:
    """A list of names in an attribute, which Keras cuts into several where it is long."""
    pieces = [group.attrs[name]] if name in group.attrs else []
    while (piece := f"{name}{len(pieces)}") in group.attrs:
        pieces.append(group.attrs[piece])
    return [n.decode() if isinstance(n, bytes) else str(n) for piece in pieces for n in piece]


def _layer_groups(h5: h5py.File, layers: Iterable[LayerSpec]) -> Iterator[tuple[LayerSpec, h5py.Group]]:
    """The group in a `.keras` file's weights of each layer that has some.

    Keras names the groups after the layers' classes with a running number: `conv2d`, `conv2d_1`, ...
    """
    root = _inside(h5, "layers" if _has(h5, "layers") else "_layer_checkpoint_dependencies")
    counts: Counter[str] = Counter()
    for layer in layers:
        stem = snake_case(layer_class(layer.kind).python_class or layer.kind)
        if layer.weights:
            yield layer, _inside(root, f"{stem}_{counts[stem]}" if counts[stem] else stem)
        counts[stem] += 1


def snake_case(name: str) -> str:
    """Return `batch_normalization` for `BatchNormalization`, as Keras does it (`keras.src.utils.naming`)."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def by_order(layers: Sequence[LayerSpec], stored: StoredWeights) -> list[tuple[LayerSpec, StoredLayer]]:
    """Return layers in Keras's order, each with the stored one that stands in its place; without those that there is none for."""
    if stored.ordered:
        return list(zip((layer for layer in layers if layer.weights), stored.layers, strict=False))
    groups = {layer.group: layer for layer in stored.layers}
    counts: Counter[str] = Counter()
    pairs = []
    for layer in layers:
        stem = snake_case(layer.kind)
        name = f"{stem}_{counts[stem]}" if counts[stem] else stem
        counts[stem] += 1
        if layer.weights and name in groups:
            pairs.append((layer, groups[name]))
    return pairs
