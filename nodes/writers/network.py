"""Keras Network Writer: a network becomes files that Keras and other programs open."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import shutil
import tempfile
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nodes.base import Access, Job, Node, NodeError, Port, Specs, Values, setting
from nodes.heard_warnings import heard_warnings
from nodes.kit.layers.kinds import layer_class
from nodes.kit.layers.operations import Operation
from nodes.kit.networks.binding import Binding
from nodes.kit.networks.inputs import InputColumns, bind_inputs
from nodes.kit.networks.keras_model import to_keras, without_chatter
from nodes.kit.networks.model_files import NOTES
from nodes.values.network import NetworkSpec
from nodes.values.table import TableSpec

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

Form = Literal[".keras", ".h5", ".weights.h5", ".json", ".savedmodel", ".tflite", ".onnx"]
FORMS: tuple[Form, ...] = (".weights.h5", ".keras", ".h5", ".json", ".savedmodel", ".tflite", ".onnx")  # the longest first


class NetworkWriter(Node):
    """Save a network, so that Keras, or the Keras Network Reader, can load it.

    Several formats can be written at once, under one name. Every file is written aside and then takes its place, so that
    a run that is killed leaves no half file. The class names of the outputs are kept in `.keras`, `.h5` and `.json` files,
    where Keras does not mind them. A network of ours has no optimizer, so none is saved.

    SavedModel, LiteRT and ONNX files hold the computation only: other programs apply the network, but it cannot be trained on
    nor read again as layers, so keep a `.keras` file beside them. A SavedModel is a folder (KNIME's converter from Keras to
    TensorFlow); where it is the only format that is chosen, the path is taken as it is. ONNX needs two packages more:
    `pip install layerloom[onnx]`.

    A .tflite file in whole numbers throughout, for devices that have no others, needs example data at the second input: from
    some hundred rows like those it is going to see, LiteRT learns how large the numbers inside the network become.

    Example: after a Keras Network Learner, the path "digits" with the formats .keras and .tflite writes digits.keras to go on
    from and digits.tflite for a phone.
    """

    id = "writers.network"
    title = "Keras Network Writer"
    shelf = "Writers"
    icon = "mdi6.content-save-outline"
    keywords = (
        "save", "export", "keras", "h5", "hdf5", "json", "weights", "model", "checkpoint", "SavedModel",
        "TFLite", "LiteRT", "ONNX", "TensorFlow Network Writer", "TensorFlow 2 Network Writer", "DL Keras Network Writer",
        "Keras to TensorFlow Network Converter", "deploy", "mobile", "microcontroller", "quantize", "int8",
    )  # fmt: skip
    input_ports = (
        Port("network", "network", "Network", "The network to save."),
        Port(
            "table",
            "table",
            "Example data",
            "Rows like those the network is to be applied to; only for a .tflite file in whole numbers.",
            optional=True,
        ),
    )
    needs_keras = True
    left_out = {
        "save optimizer state": "A network travels without its optimizer, which is a setting of the Learner.",
        "zipped": "It is what the ending .keras means; a SavedModel stays a folder, as TensorFlow reads it.",
        "input_signature": "It is that of the network's input layers.",
        "Model.quantize": "It changes a network in place so that it cannot be trained on: quantize the .tflite file instead.",
        "yaml": "Keras 3 has no such format any more.",
    }

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
            ".savedmodel": "A folder for TensorFlow and TensorFlow Serving.",
            ".tflite": "LiteRT, once TensorFlow Lite: for phones and small devices.",
            ".onnx": "For ONNX Runtime and other programs.",
        },
    )
    if_exists: Literal["fail", "overwrite"] = setting(
        "fail",
        "If the file exists",
        "What becomes of files that are there already.",
        choices={"fail": "The node stops, and they stay as they are.", "overwrite": "The new files take their place."},
    )
    create_folders: bool = setting(True, "Create missing folders", "Whether folders of the path that are not there are made.")
    quantization: Literal["none", "dynamic", "float16", "int8"] = setting(
        "none",
        "LiteRT quantization",
        "How a .tflite file keeps the weights.",
        group="Export",
        choices={
            "none": "As they are.",
            "dynamic": "In 8 bits: a quarter of the size, a little less exact. Small ones stay as they are.",
            "float16": "In 16 bits: half the size, hardly less exact.",
            "int8": "In 8 bits, and computes with whole numbers only; needs example data.",
        },
    )
    inputs: list[InputColumns] = setting(
        [],
        "Example columns",
        "Columns of the example data for the network's inputs; an input without an entry gets the only column that fits.",
        group="Export",
        shown_if={"quantization": "int8"},
    )
    example_rows: int = setting(
        200,
        "Example rows",
        "How many rows of the example data are used, the first ones.",
        group="Export",
        ge=1,
        shown_if={"quantization": "int8"},
    )
    inference_type: Literal["float32", "int8", "uint8"] = setting(
        "float32",
        "LiteRT inputs and outputs",
        "What the program that applies the file gives and gets.",
        group="Export",
        shown_if={"quantization": "int8"},
        choices={
            "float32": "Numbers as the network has them; the file begins and ends with a conversion.",
            "int8": "Whole numbers from -128 to 127, by the scale that stands in the file.",
            "uint8": "Whole numbers from 0 to 255, by the scale that stands in the file.",
        },
    )
    opset_version: int | None = setting(
        None,
        "ONNX operator set",
        "The version of ONNX's operators, for programs that do not know the newest; empty: as the exporter thinks best.",
        group="Export",
        advanced=True,
        ge=13,
        le=18,
    )

    def accesses(self) -> Sequence[Access]:
        """The files, one for each format; the folder that a SavedModel is."""
        try:
            files = self._files(Path(self.path))
        except NodeError:
            return ()
        replaces = self.if_exists != "fail"
        kinds: Mapping[Form, Literal["file", "folder"]] = {".savedmodel": "folder"}
        return tuple(Access("path", kinds.get(form, "file"), str(path), replaces=replaces) for path, form in files.items())

    def configure(self, specs: Specs) -> Mapping[str, None]:
        """Check that there is a place to write to."""
        files = self._files(specs.resolve(self.path))
        if self._needs_examples(files):
            table = specs.table() if "table" in specs else None
            self._examples(specs.network(), table)
            if table is not None and table.rows == 0:
                raise _no_examples("There are no rows in the example data.")
        elif "table" in specs:
            specs.warn("The example data are not used: they are for a .tflite file in whole numbers (LiteRT quantization).")
        operations = [layer.name for layer in specs.network().layers if issubclass(layer_class(layer.kind), Operation)]
        if operations and ".h5" in files.values():
            specs.warn(
                f"Layerloom reads the .h5 file again, but Keras itself does not: it has operations ('{operations[0]}'), of which"
                " this format does not say where they are from. Write .keras for Keras."
            )
        for path, form in files.items():
            _check_place(path, form)
            if form == ".onnx":
                _check_onnx()
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
        examples: Sequence[NDArray[Any]] = ()
        if self._needs_examples(files):
            table = values.table() if "table" in values else None
            if table is not None and not table.height:
                raise _no_examples("There are no rows in the example data.")
            bindings = self._examples(network.spec, table.spec if table else None)
            rows = slice(0, min(self.example_rows, table.height if table else 0))
            examples = [b.open(table).read(rows).astype(b.dtype) for b in bindings] if table else ()
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
                    if form in EXPORTS:
                        self._export(model, aside, form, job, examples)
                    else:
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
            if self.formats == (".savedmodel",):
                return {path: ".savedmodel"}  # TensorFlow Serving wants folders that are called 1, 2, ...
            return {path.with_name(stem + form): form for form in dict.fromkeys(self.formats)}
        if ending is None:
            raise NodeError(
                f"'{path.name}' does not say which format is meant.",
                f"Let it end in {', '.join(FORMS[:-1])} or {FORMS[-1]}, or choose formats.",
                setting="path",
            )
        return {path: ending}

    def _needs_examples(self, files: Mapping[Path, Form]) -> bool:
        return self.quantization == "int8" and ".tflite" in files.values()

    def _examples(self, network: NetworkSpec, table: TableSpec | None) -> list[Binding]:
        """Which columns of the example data go where. NodeError if there are none, or they do not fit."""
        if table is None:
            raise _no_examples("Whole numbers throughout need example data.")
        if any(network.tensor(tensor).batch not in (None, 1) for tensor in network.inputs):
            raise NodeError(
                "The network fixes its batch size, but LiteRT looks at example data row by row.",
                "Use a network without a fixed batch size, or another quantization.",
                setting="quantization",
            )
        return bind_inputs(network, table, self.inputs)

    def _export(self, model: keras.Model, path: Path, form: Form, job: Job, examples: Sequence[NDArray[Any]]) -> None:
        """Write a model as what it computes."""
        try:
            with _quietly():
                if form == ".savedmodel":
                    model.export(path, verbose=False)
                elif form == ".onnx":
                    _check_onnx()
                    model.export(path, format="onnx", verbose=False, opset_version=self.opset_version)
                else:
                    path.write_bytes(self._lite(model, job, examples))
        except (NodeError, OSError):
            raise
        except Exception as error:  # exporters raise whatever their converters do
            reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise NodeError(
                f"The network cannot be written as {form}: {reason[:300]}", "Choose another format.", setting="formats"
            ) from error

    def _lite(self, model: keras.Model, job: Job, examples: Sequence[NDArray[Any]]) -> bytes:
        """A model in LiteRT's format, with its own operations where they suffice."""
        import tensorflow as tf

        with tempfile.TemporaryDirectory() as folder:
            model.export(folder, verbose=False)

            def converted(*operations: Any) -> bytes:
                converter = tf.lite.TFLiteConverter.from_saved_model(folder)
                converter.target_spec.supported_ops = list(operations)
                if self.quantization != "none":
                    converter.optimizations = [tf.lite.Optimize.DEFAULT]
                if self.quantization == "float16":
                    converter.target_spec.supported_types = [tf.float16]
                if self.quantization == "int8":
                    converter.representative_dataset = one_by_one
                    converter.inference_input_type = converter.inference_output_type = tf.dtypes.as_dtype(self.inference_type)
                made: bytes = converter.convert()
                return made

            def one_by_one() -> Iterator[dict[str, Any]]:
                for row in range(len(examples[0])):
                    job.check_cancelled()
                    yield {tensor.name: array[row : row + 1] for tensor, array in zip(model.inputs, examples, strict=True)}

            whole = self.quantization == "int8"
            own = tf.lite.OpsSet.TFLITE_BUILTINS_INT8 if whole else tf.lite.OpsSet.TFLITE_BUILTINS
            try:
                return converted(own)
            except Exception:  # noqa: BLE001 - whatever the converter raises, TensorFlow's operations may help
                made = converted(own, tf.lite.OpsSet.SELECT_TF_OPS)
                job.warn(
                    "The .tflite file uses operations of TensorFlow: the program that applies it must bring them (Flex delegate)."
                )
                return made


EXPORTS: tuple[Form, ...] = (".savedmodel", ".tflite", ".onnx")


def _no_examples(message: str) -> NodeError:
    remedy = "Connect a table with rows like those the network is to be applied to, or choose another quantization."
    return NodeError(message, remedy, setting="quantization")


def _check_place(path: Path, form: Form) -> None:
    """That what is at the path may be replaced. NodeError if not."""
    if form != ".savedmodel":
        if path.is_dir():
            raise NodeError(f"'{path}' is a folder.", "Give the name of a file in it.", setting="path")
    elif path.exists() and not (path / "saved_model.pb").is_file() and not (path.is_dir() and not any(path.iterdir())):
        raise NodeError(f"'{path}' is there already, and is no SavedModel.", "Give the name of a new folder.", setting="path")


def _check_onnx() -> None:
    """NodeError if the packages that write ONNX are missing."""
    missing = [name for name in ("onnx", "tf2onnx") if importlib.util.find_spec(name) is None]
    if missing:
        raise NodeError(
            f"Writing ONNX needs the package {' and '.join(missing)}, which is not installed.",
            "Run `pip install layerloom[onnx]`, or choose another format.",
            setting="formats",
        )


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep exporters' advice out of the log: how far they are, and what they will be called one day."""
    loggers = [logging.getLogger(name) for name in ("tf2onnx", "tensorflow")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with heard_warnings(), _without_advice(), without_chatter():
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


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
            for written in [aside] if aside.is_file() else [p for p in aside.rglob("*") if p.is_file()]:
                with written.open("rb+") as file:
                    os.fsync(file.fileno())
        for aside, path in zip(asides, files, strict=True):
            if path.is_dir():  # a folder does not take the place of one that has something in it
                old = path.with_name(f".{uuid.uuid4().hex}.old")
                path.replace(old)
                aside.replace(path)
                shutil.rmtree(old)
            else:
                aside.replace(path)
    finally:
        for aside in asides:
            if aside.is_dir():
                shutil.rmtree(aside)
            aside.unlink(missing_ok=True)
