"""What a file is that is no model of Keras: said by its content, so that a person knows what to do about it."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from nodes.errors import NodeError

START_BYTES = 4096
"""So much of a file is looked at."""
MAX_JSON_BYTES = 64 * 2**20
FILES_OF_KERAS = "a .keras, .h5 or .json file"


class Kind(NamedTuple):
    """What a file is, and what to do about it."""

    what: str
    remedy: str


GIVE_KERAS = f"Save the Keras model itself (model.save), as {FILES_OF_KERAS}."
NO_LAYERS = f"It holds operations, no longer the layers they come from, so it cannot be trained on. {GIVE_KERAS}"
PICKLED = "It can run code when it is opened, so it is not opened here."

EMPTY = Kind("an empty file", "Download or save it again.")
GIT_LFS = Kind(
    "a pointer of Git LFS: the note that stands in a repository for a large file", "Get the file itself: `git lfs pull`, or the"
    " download button on the repository's page.",
)  # fmt: skip
HTML = Kind("a web page", "Use the link to the file itself (Download, Raw), not that to the page about it.")
TFLITE = Kind("a LiteRT (TensorFlow Lite) model, made for phones", NO_LAYERS)
TORCH = Kind("a model of PyTorch", f"{PICKLED} Convert it where it was made, or look for the same network as a Keras file.")
PICKLE = Kind("a pickle of Python", f"{PICKLED} {GIVE_KERAS}")
GRAPH = Kind("a graph of TensorFlow (.pb)", NO_LAYERS)
SAVED_MODEL = Kind("a SavedModel of TensorFlow", NO_LAYERS)
CHECKPOINT = Kind("a checkpoint of TensorFlow, which has weights only", f"Load it in Python into its model. {GIVE_KERAS}")
TENSORFLOW_JS = Kind(
    "a model of TensorFlow.js",
    "Convert it in Python: tensorflowjs_converter --input_format=tfjs_layers_model --output_format=keras model.json model.h5",
)
SAFETENSORS = Kind("a file of weights (safetensors), without the network they belong to", GIVE_KERAS)
ONNX = Kind("an ONNX model", f"{NO_LAYERS}")
GGUF = Kind("a language model for llama.cpp (GGUF)", GIVE_KERAS)
ARRAYS = Kind("a file of numpy arrays", "NPZ Reader makes a table of it; a network is a .keras, .h5 or .json file.")
YAML = Kind(
    "a model's architecture as YAML, which Keras gave up", "Save it as .json, .keras or .h5 with the Keras that reads it."
)
WEIGHTLESS_JSON = Kind("JSON, but not of a Keras model", f"Choose {FILES_OF_KERAS}.")
PACKED = Kind("a packed file", "Unpack it first, and choose what is in it.")
PICTURE = Kind("a picture", f"Choose {FILES_OF_KERAS}.")
TEXT = Kind("a text", f"Choose {FILES_OF_KERAS}.")
UNKNOWN = Kind("not a file of Keras", f"Choose {FILES_OF_KERAS}.")


def refuse_foreign(path: Path) -> None:
    """Raise NodeError with what a file is that is neither a zip file of Keras, nor HDF5, nor JSON of a model.

    Args:
        path: A file, or a folder.

    Raises:
        NodeError: If it is not one of those. OSError if it cannot be read.
    """
    kind = kind_of(path)
    if kind is not None:
        raise NodeError(f"{path.name} is {kind.what}.", kind.remedy, setting="path")


def kind_of(path: Path) -> Kind | None:
    """Return what a file or a folder is, if it is no model of Keras."""
    if path.is_dir():
        return _kind_of_folder(path)
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return None
    if start.startswith(b"PK"):
        return _kind_of_zip(path)
    return next((kind for kind in _by_content(path, start)), None)


def _kind_of_folder(path: Path) -> Kind:
    if (path / "saved_model.pb").exists() or (path / "saved_model.pbtxt").exists():
        return SAVED_MODEL
    inside = sorted(p.name for p in path.iterdir() if p.suffix in (".keras", ".h5", ".hdf5"))
    if inside:
        return Kind("a folder", f"Choose a file in it: {', '.join(inside[:5])}.")
    if (path / "model.json").exists():
        return TENSORFLOW_JS if any(path.glob("*.bin")) else Kind("a folder", "Choose the file model.json in it.")
    if any(path.glob("*.safetensors")):
        return SAFETENSORS
    if (path / "checkpoint").exists():
        return CHECKPOINT
    return Kind("a folder", f"Choose {FILES_OF_KERAS}.")


def _kind_of_zip(path: Path) -> Kind | None:
    """What a zip file is that Keras did not write."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if "config.json" in names:
        return None
    inner = [PurePosixPath(name) for name in names]
    if any(name.name == "data.pkl" for name in inner):
        return TORCH
    if any(name.name == "saved_model.pb" for name in inner):
        return Kind("a packed SavedModel of TensorFlow", NO_LAYERS)
    models = [str(name) for name in inner if name.suffix in (".keras", ".h5", ".hdf5")]
    if models:
        return Kind("a zip file", f"Unpack it, and choose what is in it: {', '.join(models[:5])}.")
    if names and all(name.suffix == ".npy" for name in inner):
        return ARRAYS
    return Kind("a zip file without a config.json: not a Keras model", "Choose another file.")


def _by_content(path: Path, start: bytes) -> Iterator[Kind]:
    """What a file is by its first bytes, and where these say nothing by its name."""
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    ending = path.suffix.lower()
    if not start.strip(b"\0 \t\r\n"):
        yield EMPTY
    if text.startswith(b"version https://git-lfs"):
        yield GIT_LFS
    if text.startswith((b"<!doctype html", b"<html", b"<?xml", b"<head")):
        yield HTML
    if start[4:8] == b"TFL3":
        yield TFLITE
    if start.startswith(b"GGUF"):
        yield GGUF
    if start.startswith(b"\x93NUMPY"):
        yield ARRAYS
    if re.match(rb"\x80[\x02-\x05]", start):
        yield TORCH if ending in (".pt", ".pth", ".ckpt", ".bin") else PICKLE
    if start.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")) or start[257:262] == b"ustar":
        yield PACKED
    if start.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF")):
        yield PICTURE
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 2**40:
        yield SAFETENSORS
    if text.startswith(b"{"):
        yield from _of_json(path)
        return
    yield _by_name(path, ending, text)


def _by_name(path: Path, ending: str, text: bytes) -> Kind:
    if path.name == "saved_model.pb":
        return SAVED_MODEL
    if path.name == "checkpoint" or ".ckpt" in path.name or re.search(r"\.data-\d{5}-of-\d{5}$|\.index$", path.name):
        return CHECKPOINT
    endings = {".pb": GRAPH, ".pbtxt": GRAPH, ".onnx": ONNX, ".tflite": TFLITE, ".pt": TORCH, ".pth": TORCH}
    if ending in endings:
        return endings[ending]
    if ending in (".yaml", ".yml") or text.startswith((b"backend:", b"class_name:")):
        return YAML
    if (b"\x08" in text[:2] and b"onnx" in text[:200]) or b"pytorch" in text[:64]:
        return ONNX
    return TEXT if text.isascii() and text and b"\0" not in text else UNKNOWN


def _of_json(path: Path) -> Iterator[Kind]:
    """What a JSON file is that is no Keras model; what is no JSON at all is found where it is read."""
    if path.stat().st_size > MAX_JSON_BYTES:
        yield WEIGHTLESS_JSON
        return
    try:
        found: Any = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return
    if not isinstance(found, dict) or "class_name" in found:
        return
    if "modelTopology" in found or "weightsManifest" in found or str(found.get("format")) in ("layers-model", "graph-model"):
        yield TENSORFLOW_JS
    elif "model_type" in found or "architectures" in found:
        yield Kind("the description of a Transformers model, without its layers", GIVE_KERAS)
    elif "nodes" in found and "connections" in found:
        yield Kind("a workflow", "Open it with File > Open; a network is a .keras, .h5 or .json file.")
    else:
        yield WEIGHTLESS_JSON
