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
from nodes.kit.networks.cudnn_layers import as_plain_weights, is_cudnn_bias
from nodes.kit.networks.foreign_files import refuse_foreign
from nodes.kit.networks.hard_sigmoids import as_keras_3
from nodes.kit.networks.keras_1 import as_keras_2_weights
from nodes.kit.networks.stored_parts import StoredPart
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
    _refuse_what_is_no_model(path)
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


def _refuse_what_is_no_model(path: Path) -> None:
    """NodeError with what a file is that Keras did not write, where that can be told."""
    if not path.is_dir():
        refuse_special(path, "path")
    with _readable(path):
        refuse_foreign(path)


def stored_weights(file: ModelFile, parts: Sequence[StoredPart]) -> dict[str, list[NDArray[Any]]]:
    """Return the weights in a model file: layer name -> arrays, as the layers' specs say they must be.

    Args:
        file: From `look_into`.
        parts: All layers of the file's config, in its order.

    Raises:
        NodeError: If a layer's weights are missing, or not of the shapes that follow from the config.
    """
    if file.form == "json":
        return {}
    with _readable(file.path):
        ensure_sound(file.path, "hdf5", whole=True)
        with _hdf5(file.path) as h5:
            if file.form == "h5":
                root = _inside(h5, "model_weights")
                found = [pair for part in parts for pair in _legacy_weights(root, part, file.keras_version)]
            else:
                found = [(our, _weights(h5, place, our)) for our, place in _places(h5, "", parts)]
    return {our.name: as_keras_3(our, arrays) if file.is_keras_2 else arrays for our, arrays in found}


@dataclass(frozen=True)
class StoredLayer:
    """The weights of one layer in a file, without the model they belong to.

    Attributes:
        name: As the layer was called, where the file says it.
        group: As the file calls its weights: the layer's name, or `conv2d_1` for the second Conv2D layer.
        shapes: Where in the HDF5 file its arrays are, within its group, and their shapes; in Keras's order if `listed`.
        place: Where the group is.
        listed: Whether the file lists the arrays; else they are found by where the layer's class has them.
    """

    name: str
    group: str
    shapes: Mapping[str, tuple[int, ...]]
    place: str
    listed: bool

    def paths(self, layer: LayerSpec) -> list[str]:
        """Return where the arrays for a layer's weights are, in the order of its spec; the file may have others, or fewer."""
        return list(self.shapes) if self.listed else layer_class(layer.kind).weight_paths(layer.weights, layer.config)

    def fits(self, layer: LayerSpec) -> bool:
        """Return whether these are arrays of just the shapes of a layer's weights."""
        found = [self.shapes.get(path) for path in self.paths(layer)]
        return found == [weight.shape for weight in layer.weights] and len(found) == len(self.shapes)


@dataclass(frozen=True)
class StoredWeights:
    """What weights a file has.

    Attributes:
        path: Where it is.
        ordered: Whether the layers are in the order of the model: so in `.h5` files, not in `.weights.h5` and `.keras` files,
            whose groups are named after the layers' classes.
        layers: Those that have weights.
        keras: The version of the Keras that wrote it, up to the first point; empty: the file does not say it.
    """

    path: Path
    ordered: bool
    layers: tuple[StoredLayer, ...]
    keras: str = ""


def look_into_weights(path: Path) -> StoredWeights:
    """Say which weights a `.weights.h5`, `.h5` or `.keras` file has, without reading them.

    Raises:
        NodeError: If it is no such file, or is damaged.
    """
    _refuse_what_is_no_model(path)
    with _readable(path):
        ensure_sound(path, "hdf5", whole=False)
    with _readable(path), _hdf5(path) as h5:
        root = _inside(h5, "model_weights") if _has(h5, "model_weights") else h5
        keras = _written_by(path, h5, root)
        if "layer_names" in root.attrs or "layer_names0" in root.attrs:
            layers = []
            for name in _listed(root, "layer_names"):
                group = _group(root, name)
                shapes = {n: tuple(_dataset(group, n).shape) for n in _listed(group, "weight_names")}
                layers.append(StoredLayer(name, name, shapes, str(group.name), listed=True))
            return StoredWeights(path, True, tuple(layer for layer in layers if layer.shapes), keras)
        stored = next((n for n in ("layers", "_layer_checkpoint_dependencies") if _has(h5, n)), None)
        if stored is None:
            raise ValueError("it holds no weights of layers")
        layers = []
        for name in _group(h5, stored):
            group = _group(_group(h5, stored), name)
            variables = _group(group, "vars") if _has(group, "vars") else group
            layers.append(StoredLayer(str(variables.attrs.get("name", "")), name, _arrays(group), str(group.name), listed=False))
        if not keras and any(layer.name for layer in layers):
            keras = "3"  # Keras 2 does not write the names
        return StoredWeights(path, False, tuple(layer for layer in layers if layer.shapes), keras)


def _written_by(path: Path, h5: h5py.File, root: h5py.Group) -> str:
    """The version of the Keras that wrote a file, up to the first point; empty if the file does not say it."""
    version = root.attrs.get("keras_version", h5.attrs.get("keras_version", ""))
    version = version.decode() if isinstance(version, bytes) else str(version)
    if not version and zipfile.is_zipfile(path):
        version = _look_into_keras(path).keras_version
    if not version and _has(h5, "_layer_checkpoint_dependencies"):
        version = "2"
    return version.partition(".")[0]


def _arrays(group: h5py.Group) -> dict[str, tuple[int, ...]]:
    """The arrays of a layer, by where they are in its group: in `vars` of it, or of layers inside it, but not of a model."""
    import h5py

    found: dict[str, tuple[int, ...]] = {}
    for name in group:
        if name in ("layers", "_layer_checkpoint_dependencies"):
            continue
        member = _inside(group, name)
        if isinstance(member, h5py.Dataset):
            found[name] = tuple(member.shape)
        else:
            found |= {f"{name}/{path}": shape for path, shape in _arrays(member).items()}
    return found


def read_weights(stored: StoredWeights, pairs: Sequence[tuple[LayerSpec, StoredLayer]]) -> list[list[NDArray[Any]]]:
    """Return the arrays of stored layers, as the layers that they go onto need them.

    Raises:
        NodeError: If the file is damaged.
    """
    found = read_arrays(stored, [(theirs, theirs.paths(ours)) for ours, theirs in pairs])
    old = stored.keras in ("1", "2")
    return [as_keras_3(ours, arrays) if old else arrays for (ours, _), arrays in zip(pairs, found, strict=True)]


def read_arrays(stored: StoredWeights, wanted: Iterable[tuple[StoredLayer, Sequence[str]]]) -> list[list[NDArray[Any]]]:
    """Return arrays of stored layers, by their paths in `shapes`, as they are in the file. NodeError if it is damaged."""
    with _readable(stored.path):
        ensure_sound(stored.path, "hdf5", whole=True)
    with _readable(stored.path), _hdf5(stored.path) as h5:
        return [
            [_numbers(_inside(h5, f"{layer.place}/{path}".lstrip("/")), f"'{layer.group}'") for path in paths]
            for layer, paths in wanted
        ]


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
    found = _found(group, name.split("/"))
    if found is None:
        raise KeyError(f"it has no '{name}'")
    return found


def _found(member: Any, parts: Sequence[str]) -> Any:
    """What lies at a path; None if there is nothing.

    Keras 2 on Windows has whole paths as names: `layers\\lstm`, and beside it `layers\\lstm\\cell`.
    """
    import h5py

    if not parts:
        return member
    if isinstance(member, h5py.Group):
        for end in range(1, len(parts) + 1):
            name = "\\".join(parts[:end])
            if isinstance(member.get(name, getlink=True), h5py.HardLink):
                found = _found(member[name], parts[end:])
                if found is not None:
                    return found
    return None


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


def _weights(h5: h5py.File, paths: Sequence[str], layer: LayerSpec) -> list[NDArray[Any]]:
    """A layer's arrays in Keras 3's own layout: `vars/0`, `vars/1`, ..., or where layers inside the layer have theirs."""
    split = [path.rpartition("/") for path in paths]
    folders = {folder: _inside(h5, folder) for folder, _, _ in split}
    # A wrapper may keep a weight of the layer inside it a second time: only what is all in one place can be counted.
    stored = len(next(iter(folders.values()))) if len(folders) == 1 else len(paths)
    places = [(folders[split[n][0]], split[n][2], n) for n in _expected(layer.name, layer.weights, stored)]
    return as_plain_weights(layer, [_array(_inside(folder, name), layer, n) for folder, name, n in places])


def _legacy_weights(root: h5py.Group, part: StoredPart, version: str) -> Iterator[tuple[LayerSpec, list[NDArray[Any]]]]:
    """The arrays of a layer, or of a model's layers, in the layout of `.h5` files: a group that lists the names of its arrays.

    Keras lists what is trained first, layer by layer, and then the rest.
    """
    leaves = [(leaf, leaf.layer) for leaf in part.leaves() if leaf.layer is not None and leaf.layer.weights]
    if not leaves:
        return
    group = _group(root, part.name)
    names = _listed(group, "weight_names")
    if version.startswith("1.") and part.layer is not None:
        arrays = [_numbers(_inside(group, name), f"'{name}'") for name in names]
        yield part.layer, as_keras_2_weights(part.layer, arrays)
        return
    own = [(spec, n, leaf.trainable and spec.weights[n].trainable) for leaf, spec in leaves for n in range(len(spec.weights))]
    order = [(spec, n) for first in (True, False) for spec, n, trained in own if trained is first]
    found: dict[str, dict[int, NDArray[Any]]] = {spec.name: {} for _, spec in leaves}
    for number, (spec, n) in zip(_expected(part.name, order, len(names)), order, strict=True):
        _check_name(names[number], spec, n)
        found[spec.name][n] = _array(_inside(group, names[number]), spec, n)
    for _, spec in leaves:
        yield spec, as_plain_weights(spec, [found[spec.name][n] for n in range(len(spec.weights))])


def _check_name(stored: str, layer: LayerSpec, number: int) -> None:
    """Refuse an array that is called as another one of its layer: arrays of equal shapes could be exchanged unseen."""
    name = stored.rpartition("/")[2].partition(":")[0]
    own = [weight.name.rpartition("/")[2] for weight in layer.weights]
    if own.count(name) == 1 and own[number] != name:
        raise ValueError(f"'{stored}' stands where '{own[number]}' of layer '{layer.name}' should be")


def _expected(name: str, weights: Sequence[Any], stored: int) -> range:
    if stored != len(weights):
        raise ValueError(f"layer '{name}' has {len(weights)} weights, but {stored} are stored")
    return range(stored)


def _array(dataset: Any, layer: LayerSpec, number: int) -> NDArray[Any]:
    """One array, which must be of the shape that the layer's weight has."""
    wanted = layer.weights[number]
    what = f"'{wanted.name}' of layer '{layer.name}'"
    if wanted.shape[:2] == (1, 1) and getattr(dataset, "shape", None) == wanted.shape[2:3]:  # a factor for each channel
        return _numbers(dataset, what).reshape(wanted.shape)
    if is_cudnn_bias(wanted, getattr(dataset, "shape", ())):
        return _numbers(dataset, what)
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


def _places(
    h5: h5py.File, model: str, parts: Sequence[StoredPart], *, each_step: bool = False
) -> Iterator[tuple[LayerSpec, list[str]]]:
    """The layers of a model that have weights, each with where they are in a `.keras` file's weights.

    Keras names the groups after the layers' classes with a running number: `conv2d`, `conv2d_1`, ... Keras 2.13 counts a layer
    that has weights twice: `dense`, `dense_2`, ...

    Args:
        h5: The file.
        model: The group of the model; empty: the whole file.
        parts: What is in the model.
        each_step: Whether it is applied to each step of a sequence: our layers are wrapped then, those in the file are not.
    """
    root = next((n for n in ("layers", "_layer_checkpoint_dependencies") if _is_there(h5, f"{model}{n}")), "layers")
    ways = [[(f"{model}{root}/{name}", part) for name, part in _numbered(parts, step)] for step in (1, 2)]
    places = next((way for way in ways if all(_holds(h5, *each, each_step=each_step) for each in way)), ways[0])
    for place, part in places:
        if part.layer is not None:
            yield part.layer, _paths(place, part.layer, each_step=each_step)
        else:
            within = f"{place}/layer/" if part.each_step else f"{place}/"
            yield from _places(h5, within, part.parts, each_step=part.each_step)


def _numbered(parts: Sequence[StoredPart], step: int) -> list[tuple[str, StoredPart]]:
    """The parts that have weights, each with the name of its group, where `step` is what one of them counts for."""
    counts: Counter[str] = Counter()
    named = []
    for part in parts:
        stem = "time_distributed" if part.each_step else snake_case(part.kind)
        weighted = any(leaf.layer is not None and leaf.layer.weights for leaf in part.leaves())
        if weighted:
            named.append((f"{stem}_{counts[stem]}" if counts[stem] else stem, part))
        counts[stem] += step if weighted else 1
    return named


def _holds(h5: h5py.File, place: str, part: StoredPart, *, each_step: bool) -> bool:
    """Whether a group is there that has the arrays of a layer, or is that of a model."""
    wanted = [place] if part.layer is None else _paths(place, part.layer, each_step=each_step)
    return all(_is_there(h5, path) for path in wanted)


def _is_there(h5: h5py.File, path: str) -> bool:
    """Whether there is something at a path, or below it."""
    try:
        return _inside(h5, path) is not None
    except KeyError:
        below = path.replace("/", "\\") + "\\"
        return any(name.startswith(below) for name in h5)


def _paths(place: str, layer: LayerSpec, *, each_step: bool) -> list[str]:
    """Where the arrays of a layer are whose group is at a place."""
    paths = layer_class(layer.kind).weight_paths(layer.weights, layer.config)
    return [f"{place}/{path.removeprefix('layer/') if each_step else path}" for path in paths]


def snake_case(name: str) -> str:
    """Return `batch_normalization` for `BatchNormalization`, as Keras does it (`keras.src.utils.naming`)."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def by_order(layers: Sequence[LayerSpec], stored: StoredWeights) -> list[tuple[LayerSpec, StoredLayer]]:
    """Return layers in Keras's order, each with the stored one that stands in its place; without those that there is none for.

    In files that name their groups after classes, the first layer with weights of a class stands for the first such group,
    whatever their numbers are.
    """
    if stored.ordered:
        return list(zip((layer for layer in layers if layer.weights), stored.layers, strict=False))
    groups: dict[str, list[tuple[int, StoredLayer]]] = {}
    for each in stored.layers:
        named = re.fullmatch(r"(.+?)(?:_(\d+))?", each.group)
        stem, number = (named[1], int(named[2] or 0)) if named else (each.group, 0)
        groups.setdefault(stem, []).append((number, each))
    waiting = {stem: iter([each for _, each in sorted(found, key=lambda pair: pair[0])]) for stem, found in groups.items()}
    pairs = []
    for layer in layers:
        stem = snake_case(layer_class(layer.kind).python_class or layer.kind)
        found = next(waiting.get(stem, iter(())), None) if layer.weights else None
        if found is not None:
            pairs.append((layer, found))
    return pairs
