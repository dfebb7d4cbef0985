"""How values lie on disk: tables as Arrow IPC, networks as JSON and safetensors, models as skops, figures as JSON. Never pickle.

A table shares the large files of the tables it was made from, by hard links: a node that adds a column to 60 000 images
writes that column, and one that chooses rows writes their numbers. Small parts are simply written together.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import xxhash

from nodes.base import Value
from nodes.values import model as models
from nodes.values.figure import Box, DiagramBox, DiagramEdge, Figure, ImagesFigure, Line, Points
from nodes.values.model import Model
from nodes.values.network import Call, LayerSpec, Network, NetworkSpec, Tensor, TensorSpec, WeightSpec
from nodes.values.table import BATCH_BYTES, Part, Table, cell_bytes

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    import pyarrow as pa
    from numpy.typing import NDArray

LARGE = 2**20
"""From this many bytes on, a part of a table is shared and memory-mapped rather than copied."""


class Draft:
    """The files of a result in the making: small ones in memory, large ones in a folder that is made when it is needed.

    Args:
        folder: Where large files go.
    """

    def __init__(self, folder: Path) -> None:
        self.small: dict[str, bytes | memoryview] = {}
        self.large: set[str] = set()
        self._folder = folder
        self._mapped: set[str] = set()

    @property
    def folder(self) -> Path:
        """The folder of large files; it is there once this was asked for."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    @property
    def small_bytes(self) -> int:
        """How much is held in memory."""
        return sum(len(content) for content in self.small.values())

    def new(self, name: str) -> Path:
        """The path for a new large file of the result."""
        self.large.add(name)
        return self.folder / name

    def write(self, name: str, content: bytes | memoryview) -> None:
        """Take a small file."""
        self.small[name] = content

    def adopt(self, file: Path, name: str) -> None:
        """Make an existing, finished file part of the result: by a hard link, or by a copy where there are none."""
        target = self.new(name)
        try:
            os.link(file, target)
        except OSError:
            shutil.copyfile(file, target)

    def mark_mapped(self, port: str) -> None:
        """Say that the value at `port` is better mapped from the store again than kept in memory."""
        self._mapped.add(port)

    def is_mapped(self, port: str) -> bool:
        """Whether `mark_mapped` was called for it."""
        return port in self._mapped

    def counts(self) -> dict[str, tuple[int, int]]:
        """Bytes and checksum per file, the small ones first and in the order of `small`."""
        small = {name: (len(content), checksum(content)) for name, content in self.small.items()}
        return small | {name: measure(self._folder / name) for name in sorted(self.large)}

    def lay_down(self) -> None:
        """Write the small files beside the large ones, and remove what did not become part of the result."""
        for name, content in self.small.items():
            (self.folder / name).write_bytes(content)
        for entry in self.folder.iterdir():
            if entry.name not in self.small and entry.name not in self.large:
                entry.unlink()


@dataclass(frozen=True)
class Files:
    """The files of a stored result: in a folder, or as bytes.

    Attributes:
        folder: Where they are, if they are files.
        content: What is in them, if they are not.
    """

    folder: Path | None = None
    content: Mapping[str, bytes] = field(default_factory=dict)

    def path(self, name: str) -> Path | None:
        """The path of a file, if it is one."""
        return None if name in self.content or self.folder is None else self.folder / name

    def frame(self, name: str) -> pl.DataFrame:
        """An Arrow IPC file as a frame; the columns of a real file stay on disk until they are touched."""
        import pyarrow as pa

        path = self.path(name)
        with pa.memory_map(str(path)) if path else pa.BufferReader(self.content[name]) as source:
            return _frame(source)

    def bytes(self, name: str) -> bytes:
        """What is in a file."""
        path = self.path(name)
        return path.read_bytes() if path else self.content[name]

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """A safetensors file."""
        from safetensors.numpy import load, load_file

        path = self.path(name)
        arrays: dict[str, NDArray[Any]] = load_file(path) if path else load(self.content[name])
        return arrays


def checksum(content: bytes | memoryview) -> int:
    """XXH3, which finds what was torn or flipped, at the speed of the memory."""
    return xxhash.xxh3_64_intdigest(content)


def measure(path: Path) -> tuple[int, int]:
    """Bytes and checksum of a finished file; a file that several results share is read once."""
    status = path.stat()
    return _Counted(path, (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)).count()


@dataclass(frozen=True)
class _Counted:
    """A file, equal to every other name of the same content."""

    path: Path = field(compare=False)
    identity: tuple[int, ...]

    @cache  # noqa: B019 - a few numbers per large file of this process
    def count(self) -> tuple[int, int]:
        size, digest = 0, xxhash.xxh3_64()
        with self.path.open("rb") as file:
            while block := file.read(1 << 20):
                size += len(block)
                digest.update(block)
        return size, digest.intdigest()


def write_value(draft: Draft, port: str, value: Value) -> dict[str, Any]:
    """Write a value and say how to find it again, as plain JSON data."""
    if isinstance(value, Table):
        return {"kind": "table"} | _write_table(draft, port, value)
    if isinstance(value, Network):
        return {"kind": "network"} | _write_network(draft, port, value)
    if isinstance(value, Model):
        return {"kind": "model"} | _write_model(draft, port, value)
    return {"kind": "figure"} | _write_figure(draft, port, value)


def read_value(files: Files, stored: Mapping[str, Any]) -> Value:
    """The value that `write_value` described."""
    readers: dict[str, Callable[[Files, Mapping[str, Any]], Value]] = {
        "table": _read_table,
        "network": _read_network,
        "figure": _read_figure,
        "model": _read_model,
    }
    return readers[stored["kind"]](files, stored)


# ---------------------------------------------------------------------------------------------------------------- tables


def _write_table(draft: Draft, port: str, table: Table) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    small: list[Part] = []
    classes = {c: list(n) for c, n in table.classes.items()}
    for part in table.parts:
        if part.names and _bytes(part) >= LARGE:
            parts.append(_write_large(draft, f"{port}-{len(parts)}", part))
            draft.mark_mapped(port)
        else:
            small.append(part)
    if small or not parts:
        name = f"{port}.arrow"
        columns = [c for p in small for c in p.names]
        draft.write(name, frame_bytes(Table(small, columns).frame() if parts else table.frame()))
        parts.append({"file": name, "rows": None, "names": {c: c for c in columns}})
    return {"parts": parts, "order": table.columns, "classes": classes}


def _write_large(draft: Draft, stem: str, part: Part) -> dict[str, Any]:
    import polars as pl

    name = f"{stem}.arrow"
    names = dict(part.names)
    rows = None
    if part.file is not None and part.file.exists():
        draft.adopt(part.file, name)
        if part.rows is not None:
            rows = f"{stem}-rows.arrow"
            if part.rows_file is not None and part.rows_file.exists():
                draft.adopt(part.rows_file, rows)
            else:
                write_frame(pl.DataFrame({"rows": part.rows}), draft.new(rows))
    else:
        write_frame(part.collect(list(names)), draft.new(name))
        names = {c: c for c in names}
    return {"file": name, "rows": rows, "names": names}


def _bytes(part: Part) -> int:
    return part.frame.height * sum(cell_bytes(part.frame.schema[c]) for c in part.names.values())


def write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as an Arrow IPC file, in record batches of about `BATCH_BYTES`."""
    width = sum(cell_bytes(d) for d in frame.schema.values())
    frame.write_ipc(path, record_batch_size=max(1, BATCH_BYTES // max(width, 1)))


def frame_bytes(frame: pl.DataFrame) -> memoryview:
    """A small frame as the content of an Arrow IPC file; a third of the time that polars takes for a file."""
    import polars as pl
    import pyarrow as pa

    arrow = frame.to_arrow(compat_level=pl.CompatLevel.newest())
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, arrow.schema) as writer:
        writer.write_table(arrow.combine_chunks())
    return memoryview(sink.getvalue())


def map_frame(path: Path) -> pl.DataFrame:
    """An Arrow IPC file as a frame whose columns stay on disk until they are touched."""
    return Files(path.parent).frame(path.name)


def _frame(source: pa.NativeFile) -> pl.DataFrame:
    import polars as pl
    import pyarrow as pa

    arrow = pa.ipc.open_file(source).read_all()
    frame = pl.from_arrow(arrow, rechunk=False)
    assert isinstance(frame, pl.DataFrame)
    frame.columns = arrow.column_names  # polars names a column whose name is empty
    return frame


def _read_table(files: Files, stored: Mapping[str, Any]) -> Table:
    parts = []
    for entry in stored["parts"]:
        rows: NDArray[np.integer[Any]] | None = files.frame(entry["rows"])["rows"].to_numpy() if entry["rows"] else None
        rows_file = files.path(entry["rows"]) if entry["rows"] else None
        parts.append(Part(files.frame(entry["file"]), entry["names"], rows, files.path(entry["file"]), rows_file))
    classes = {c: tuple(n) for c, n in stored["classes"].items()}
    return Table(parts, stored["order"], classes)


def _write_arrays(draft: Draft, name: str, arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays as a safetensors file."""
    from safetensors.numpy import save, save_file

    if sum(a.nbytes for a in arrays.values()) < LARGE:
        draft.write(name, save(arrays))
    else:
        save_file(arrays, draft.new(name))


# -------------------------------------------------------------------------------------------------------------- networks


def spec_to_json(spec: NetworkSpec) -> dict[str, Any]:
    """A network's graph as plain JSON data."""
    return asdict(spec)


def spec_from_json(data: Mapping[str, Any]) -> NetworkSpec:
    """The graph that `spec_to_json` wrote."""

    def tensors(items: list[list[Any]]) -> tuple[Tensor, ...]:
        return tuple(Tensor(*item) for item in items)

    def tensor_spec(item: Mapping[str, Any]) -> TensorSpec:
        return TensorSpec(tuple(item["shape"]), item["dtype"], item["batch"])

    def layer(item: Mapping[str, Any]) -> LayerSpec:
        weights = tuple(WeightSpec(w["name"], tuple(w["shape"]), w["trainable"]) for w in item["weights"])
        return LayerSpec(item["name"], item["kind"], item["config"], item["uid"], weights, item["trainable"])

    def call(item: Mapping[str, Any]) -> Call:
        outputs = tuple(tensor_spec(o) for o in item["outputs"])
        roles, options = tuple(item.get("roles", ())), item.get("options", {})  # older results have none
        return Call(item["layer"], item["index"], tensors(item["inputs"]), outputs, roles, options)

    return NetworkSpec(
        layers=tuple(layer(item) for item in data["layers"]),
        calls=tuple(call(item) for item in data["calls"]),
        inputs=tensors(data["inputs"]),
        outputs=tensors(data["outputs"]),
        classes={t: tuple(n) for t, n in data["classes"].items()},
        channels_first=data["channels_first"],
    )


def _write_network(draft: Draft, port: str, network: Network) -> dict[str, Any]:
    stored: dict[str, Any] = {"spec": spec_to_json(network.spec), "weights": None, "counts": {}}
    if network.weights:
        import numpy as np

        stored["weights"] = f"{port}.safetensors"
        stored["counts"] = {layer: len(arrays) for layer, arrays in network.weights.items()}
        named = {
            f"{layer}/{n}": np.ascontiguousarray(array)
            for layer, arrays in network.weights.items()
            for n, array in enumerate(arrays)
        }
        _write_arrays(draft, stored["weights"], named)
    return stored


def _read_network(files: Files, stored: Mapping[str, Any]) -> Network:
    weights: dict[str, list[NDArray[Any]]] = {}
    if stored["weights"]:
        named = files.arrays(stored["weights"])
        weights = {layer: [named[f"{layer}/{n}"] for n in range(count)] for layer, count in stored["counts"].items()}
    return Network(spec_from_json(stored["spec"]), weights)


# ---------------------------------------------------------------------------------------------------------------- models


def _write_model(draft: Draft, port: str, model: Model) -> dict[str, Any]:
    name = f"{port}.skops"
    content = models.to_bytes(model)
    if len(content) < LARGE:
        draft.write(name, content)
    else:
        draft.new(name).write_bytes(content)
    return {"file": name}


def _read_model(files: Files, stored: Mapping[str, Any]) -> Model:
    return models.from_bytes(files.bytes(stored["file"]))


# --------------------------------------------------------------------------------------------------------------- figures


_PARTS: Mapping[str, Mapping[str, type[Line | Points | Box | DiagramBox | DiagramEdge]]] = {
    "lines": {"lines": Line},
    "points": {"points": Points},
    "boxes": {"boxes": Box},
    "diagram": {"boxes": DiagramBox, "edges": DiagramEdge},
}
"""Kind of figure -> its attributes that are lists of parts -> what the parts are."""


def figure_to_json(figure: Figure, put_images: Callable[[NDArray[Any]], Any]) -> dict[str, Any]:
    """A figure as plain JSON data.

    Args:
        figure: Any figure.
        put_images: Keeps the pixels of images, and says how they are found again.
    """
    data = {f.name: getattr(figure, f.name) for f in fields(figure)}
    if isinstance(figure, ImagesFigure):
        data["images"] = put_images(figure.images)
    for name in _PARTS.get(figure.kind, {}):
        data[name] = [asdict(part) for part in data[name]]
    return data


def figure_from_json(stored: Mapping[str, Any], get_images: Callable[[Any], NDArray[Any]]) -> Figure:
    """The figure that `figure_to_json` described; `get_images` finds what `put_images` kept."""
    data = dict(stored)
    for name, part_type in _PARTS.get(data["kind"], {}).items():
        data[name] = [part_type(**part) for part in data[name]]
    if data["kind"] == "images":
        data["images"] = get_images(data["images"])
    by_kind = {f.kind: f for f in get_args(Figure)}
    figure: Figure = by_kind[data["kind"]](**data)
    return figure


def _write_figure(draft: Draft, port: str, figure: Figure) -> dict[str, Any]:
    def put(images: NDArray[Any]) -> str:
        import numpy as np

        name = f"{port}.safetensors"
        _write_arrays(draft, name, {"images": np.ascontiguousarray(images)})
        return name

    return {"figure": figure_to_json(figure, put)}


def _read_figure(files: Files, stored: Mapping[str, Any]) -> Figure:
    return figure_from_json(stored["figure"], lambda name: files.arrays(name)["images"])
