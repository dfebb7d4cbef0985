"""Keras Network Writer: a network becomes files that Keras and other programs open."""

from __future__ import annotations

import json
import os
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nodes.base import Job, Node, NodeError, Port, Specs, Values, setting
from nodes.networks.keras_model import to_keras
from nodes.networks.model_files import NOTES

if TYPE_CHECKING:
    import keras

Form = Literal[".keras", ".h5", ".weights.h5", ".json"]
FORMS: tuple[Form, ...] = (".weights.h5", ".keras", ".h5", ".json")  # the longest ending first


class NetworkWriter(Node):
    """Save a network, so that Keras, or the Keras Network Reader, can load it.

    Several formats can be written at once, under one name. Every file is written aside and then takes its place, so that
    a run that is killed leaves no half file. The class names of the outputs are kept in `.keras`, `.h5` and `.json` files,
    where Keras does not mind them.
    """

    id: ClassVar[str] = "writers.network"
    title: ClassVar[str] = "Keras Network Writer"
    shelf: ClassVar[str] = "Writers"
    icon: ClassVar[str] = "mdi6.content-save-outline"
    keywords: ClassVar[tuple[str, ...]] = ("save", "export", "keras", "h5", "hdf5", "json", "weights", "model", "checkpoint")
    input_ports: ClassVar[tuple[Port, ...]] = (Port("network", "network", "Network", "The network to save."),)
    needs_keras: ClassVar[bool] = True

    path: str = setting(
        "", "File", "The file to write; its ending says the format, unless formats are chosen.", path="write file"
    )
    formats: tuple[Form, ...] = setting(
        (),
        "Formats",
        "Writes a file of each, with the file's name and this ending; none: as the file's ending says.",
        choices={
            ".keras": "Keras 3's own: the network and its weights.",
            ".h5": "The older format, which Keras 2 and other programs read.",
            ".weights.h5": "The weights alone.",
            ".json": "The network without weights, as text.",
        },
    )
    if_exists: Literal["fail", "overwrite"] = setting(
        "fail",
        "If a file exists",
        "What becomes of files that are there already.",
        choices={"fail": "The node stops, and they stay as they are.", "overwrite": "The new files take their place."},
    )
    create_folders: bool = setting(True, "Create missing folders", "Whether folders of the path that are not there are made.")

    def configure(self, specs: Specs) -> Mapping[str, None]:
        """Check that there is a place to write to."""
        for path in self._files(specs.resolve(self.path)):
            if path.is_dir():
                raise NodeError(f"'{path}' is a folder.", "Give the name of a file in it.", setting="path")
            if not self.create_folders and not path.parent.is_dir():
                raise NodeError(
                    f"There is no folder '{path.parent}'.", "Create it, or let it be created.", setting="create_folders"
                )
        return {}

    def execute(self, values: Values, job: Job) -> Mapping[str, Any]:
        """Write the files."""
        network = values.network()
        target = job.resolve(self.path)
        files = self._files(target)
        there = [path for path in files if path.exists()]
        if there and self.if_exists == "fail":
            hint = "Remove it, choose another name, or let it be overwritten."
            raise NodeError(f"'{there[0]}' exists already.", hint, setting="if_exists")
        untrained = [layer.name for layer in network.spec.layers if layer.weights and layer.name not in network.weights]
        if untrained:
            job.warn(f"Layers that were never trained are written with random weights: {', '.join(untrained)}.")
        job.progress(None, "building the network")
        model = to_keras(network)
        notes = {"classes": {tensor: list(names) for tensor, names in network.spec.classes.items()}}
        try:
            if self.create_folders:
                target.parent.mkdir(parents=True, exist_ok=True)
            with _written_aside(files) as asides:
                for aside, form in zip(asides, files.values(), strict=True):
                    job.check_cancelled()
                    job.progress(None, f"writing {form}")
                    _write(model, aside, form, json.dumps(notes))
        except OSError as error:
            reason = error.strerror or str(error)
            raise NodeError(
                f"'{target}' cannot be written: {reason}.", "Choose another place, or make room.", setting="path"
            ) from error
        for path in files:
            job.wrote(path)
        return {}

    def _files(self, path: Path) -> dict[Path, Form]:
        """The files to write, each with its format."""
        if not self.path.strip():
            raise NodeError("No file is chosen.", "Choose the file to write.", setting="path")
        ending = next((form for form in FORMS if path.name.lower().endswith(form)), None)
        if self.formats:
            stem = path.name[: -len(ending)] if ending else path.name
            return {path.with_name(stem + form): form for form in dict.fromkeys(self.formats)}
        if ending is None:
            raise NodeError(
                f"'{path.name}' does not say which format is meant.",
                "Let it end in .keras, .h5, .weights.h5 or .json, or choose formats.",
                setting="path",
            )
        return {path: ending}


def _write(model: keras.Model, path: Path, form: Form, notes: str) -> None:
    """Write a model in one format, and our notes (JSON) where there is a place for them."""
    if form == ".json":
        path.write_text(json.dumps(json.loads(model.to_json()) | {NOTES: json.loads(notes)}), encoding="utf-8")
    elif form == ".weights.h5":
        model.save_weights(path)
    elif form == ".keras":
        model.save(path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(NOTES, notes)
    else:
        import h5py

        with _without_advice():
            model.save(path)
        with h5py.File(path, "a") as file:
            file.attrs[NOTES] = notes


@contextmanager
def _without_advice() -> Iterator[None]:
    """Keep Keras from advising against the older format: it is what was asked for."""
    from absl import logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)


@contextmanager
def _written_aside(files: Mapping[Path, Form]) -> Iterator[list[Path]]:
    """Files that take the places of `files` once all are written and safe on disk; else nothing is left of them."""
    asides = [path.with_name(f".{uuid.uuid4().hex}{form}") for path, form in files.items()]
    try:
        yield asides
        for aside in asides:
            with aside.open("rb+") as file:
                os.fsync(file.fileno())
        for aside, path in zip(asides, files, strict=True):
            aside.replace(path)
    finally:
        for aside in asides:
            aside.unlink(missing_ok=True)
