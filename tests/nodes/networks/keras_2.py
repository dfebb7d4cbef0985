"""Models as Keras 2 makes and saves them: with tf_keras, which is Keras 2 itself, kept alive for today's TensorFlow."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Models = dict[str, Callable[[Any], Any]]


def import_keras_2() -> Any:
    """Import tf_keras, whose warnings are about TensorFlow's future."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tf_keras
    return tf_keras


def saved(model: Any, path: Path) -> Path:
    """Save a model; Keras advises against .h5."""
    from absl import logging

    logging.set_verbosity(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(path)
    return path


def shaken(model: Any) -> Any:
    """The model with random weights, variances above zero."""
    rng = np.random.default_rng(7)
    made = []
    for variable, array in zip(model.weights, model.get_weights(), strict=True):
        low = 0.2 if "variance" in variable.name else -0.9
        made.append(rng.uniform(low, 1, array.shape).astype(array.dtype))
    model.set_weights(made)
    return model


def inputs_of(model: Any) -> list[Any]:
    """Some rows for each input of a model."""
    rng = np.random.default_rng(3)
    return [rng.normal(size=(3, *tensor.shape[1:])).astype(np.float32) for tensor in model.inputs]


def _rewritten(path: Path, target: Path, change: Callable[[h5py.File, h5py.File], None]) -> Path:
    """A `.keras` file with its weights laid out otherwise."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as archive:
        with h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r") as old, h5py.File(made, "w") as new:
            change(old, new)
        with zipfile.ZipFile(target, "w") as copy:
            for name in archive.namelist():
                copy.writestr(name, made.getvalue() if name == "model.weights.h5" else archive.read(name))
    return target


def as_on_windows(path: Path, target: Path) -> Path:
    """The same file as Keras 2 writes it on Windows: whole paths, with backslashes, are names of groups."""

    def change(old: h5py.File, new: h5py.File) -> None:
        def copied(name: str, member: Any) -> None:
            if isinstance(member, h5py.Dataset):
                group, _, number = name.removeprefix("/").partition("/vars/")
                new.require_group(group.replace("/", "\\")).require_group("vars")[number] = member[()]
            elif not name.endswith("vars"):
                new.require_group(name.replace("/", "\\"))

        old.visititems(copied)

    return _rewritten(path, target, change)


def as_keras_2_13(path: Path, target: Path) -> Path:
    """The same file as Keras 2.13 writes it: under another name, and every layer that has weights counts for two."""

    def change(old: h5py.File, new: h5py.File) -> None:
        def weighted(group: h5py.Group) -> bool:
            found: list[str] = []
            group.visititems(lambda name, member: found.append(name) if isinstance(member, h5py.Dataset) else None)
            return bool(found)

        def number(name: str) -> tuple[str, int]:
            stem, _, last = name.rpartition("_")
            return (stem, int(last)) if last.isdecimal() else (name, 0)

        def copied(group: h5py.Group, into: h5py.Group) -> None:
            for name, member in group.items():
                if name != "layers":
                    if isinstance(member, h5py.Group):
                        copied(member, into.create_group(name))
                    else:
                        into[name] = member[()]
                    continue
                layers = into.create_group("_layer_checkpoint_dependencies")
                counts: dict[str, int] = {}
                for each in sorted(member, key=number):
                    stem = number(each)[0]
                    count = counts.get(stem, 0)
                    counts[stem] = count + (2 if weighted(member[each]) else 1)
                    copied(member[each], layers.create_group(f"{stem}_{count}" if count else stem))

        copied(old, new)

    return _rewritten(path, target, change)
