"""How values lie on disk: tables as Arrow IPC files, networks as JSON and safetensors, figures as JSON. Never pickle.

A table shares the large files of the tables it was made from, by hard links: a node that adds a column to 60 000 images
writes that column, and one that chooses rows writes their numbers. Small parts are simply written together.
"""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from nodes.base import Value
from nodes.values.figure import Figure, ImagesFigure, Line
from nodes.values.network import Call, LayerSpec, Network, NetworkSpec, Tensor, TensorSpec, WeightSpec
from nodes.values.table import BATCH_BYTES, Part, Table, cell_bytes

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

LARGE = 2**20
"""From this many bytes on, a part of a table is shared and memory-mapped rather than copied."""


class Folder:
    """The folder a result is written to, and what was written there.

    Attributes:
        files: The files that belong to the result -> (bytes, CRC-32), None while not counted yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: dict[str, tuple[int, int] | None] = {}
        self._large: set[str] = set()

    def new(self, name: str) -> Path:
        """The path for a new file of the result."""
        self.files[name] = None
        return self.path / name

    def write(self, name: str, content: bytes | memoryview) -> None:
        """Write a small file at once."""
        with open(f"{self.path}/{name}", "wb") as file:
            file.write(content)
        self.files[name] = (len(content), zlib.crc32(content))

    def adopt(self, file: Path, name: str) -> None:
        """Make an existing, finished file part of the result: by a hard link, or by a copy where there are none."""
        target = self.new(name)
        try:
            os.link(file, target)
        except OSError:
            shutil.copyfile(file, target)

    def mark_large(self, port: str) -> None:
        """Say that the value at `port` is better read from the store again than kept in memory."""
        self._large.add(port)

    def is_large(self, port: str) -> bool:
        """Whether `mark_large` was called for it."""
        return port in self._large

    def finish(self) -> dict[str, tuple[int, int]]:
        """Remove files that did not become part of the result; bytes and CRC-32 of those that did."""
        with os.scandir(self.path) as entries:
            for stray in [entry for entry in entries if entry.name not in self.files]:
                Path(stray).unlink()
        return {name: counted or measure(self.path / name) for name, counted in self.files.items()}


def measure(path: Path) -> tuple[int, int]:
    """Bytes and CRC-32 of a finished file; a file that several results share is read once."""
    status = path.stat()
    return _Counted(path, (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)).count()


@dataclass(frozen=True)
class _Counted:
    """A file, equal to every other name of the same content."""

    path: Path = field(compare=False)
    identity: tuple[int, ...]

    @cache  # noqa: B019 - a few numbers per large file of this process
    def count(self) -> tuple[int, int]:
        size = crc = 0
        with self.path.open("rb") as file:
            while block := file.read(1 << 20):
                size += len(block)
                crc = zlib.crc32(block, crc)
        return size, crc


def write_value(folder: Folder, port: str, value: Value) -> dict[str, Any]:
    """Write a value and say how to find it again, as plain JSON data."""
    if isinstance(value, Table):
        return {"kind": "table"} | _write_table(folder, port, value)
    if isinstance(value, Network):
        return {"kind": "network"} | _write_network(folder, port, value)
    return {"kind": "figure"} | _write_figure(folder, port, value)


def read_value(folder: Path, stored: Mapping[str, Any]) -> Value:
    """The value that `write_value` described."""
    readers: dict[str, Callable[[Path, Mapping[str, Any]], Value]] = {
        "table": _read_table,
        "network": _read_network,
        "figure": _read_figure,
    }
    return readers[stored["kind"]](folder, stored)


# ---------------------------------------------------------------------------------------------------------------- tables


def _write_table(folder: Folder, port: str, table: Table) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    small: list[Part] = []
    classes = {c: list(n) for c, n in table.classes.items()}
    for part in table.parts:
        if part.names and _bytes(part) >= LARGE:
            parts.append(_write_large(folder, f"{port}-{len(parts)}", part))
            folder.mark_large(port)
        else:
            small.append(part)
    if small or not parts:
        name = f"{port}.arrow"
        columns = [c for p in small for c in p.names]
        folder.write(name, frame_bytes(Table(small, columns).frame() if parts else table.frame()))
        parts.append({"file": name, "rows": None, "names": {c: c for c in columns}})
    return {"parts": parts, "order": table.columns, "classes": classes}


def _write_large(folder: Folder, stem: str, part: Part) -> dict[str, Any]:
    import polars as pl

    name = f"{stem}.arrow"
    names = dict(part.names)
    rows = None
    if part.file is not None and part.file.exists():
        folder.adopt(part.file, name)
        if part.rows is not None:
            rows = f"{stem}-rows.arrow"
            if part.rows_file is not None and part.rows_file.exists():
                folder.adopt(part.rows_file, rows)
            else:
                write_frame(pl.DataFrame({"rows": part.rows}), folder.new(rows))
    else:
        write_frame(part.collect(list(names)), folder.new(name))
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
    import polars as pl
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        frame = pl.from_arrow(pa.ipc.open_file(source).read_all(), rechunk=False)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _read_table(folder: Path, stored: Mapping[str, Any]) -> Table:
    parts = []
    for entry in stored["parts"]:
        file = folder / entry["file"]
        rows_file = folder / entry["rows"] if entry["rows"] else None
        rows: NDArray[np.integer[Any]] | None = map_frame(rows_file)["rows"].to_numpy() if rows_file else None
        parts.append(Part(map_frame(file), entry["names"], rows, file, rows_file))
    classes = {c: tuple(n) for c, n in stored["classes"].items()}
    return Table(parts, stored["order"], classes)


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

    return NetworkSpec(
        layers=tuple(layer(item) for item in data["layers"]),
        calls=tuple(
            Call(c["layer"], c["index"], tensors(c["inputs"]), tuple(tensor_spec(o) for o in c["outputs"])) for c in data["calls"]
        ),
        inputs=tensors(data["inputs"]),
        outputs=tensors(data["outputs"]),
        classes={t: tuple(n) for t, n in data["classes"].items()},
        channels_first=data["channels_first"],
    )


def _write_network(folder: Folder, port: str, network: Network) -> dict[str, Any]:
    stored: dict[str, Any] = {"spec": spec_to_json(network.spec), "weights": None, "counts": {}}
    if network.weights:
        import numpy as np
        from safetensors.numpy import save_file

        stored["weights"] = f"{port}.safetensors"
        stored["counts"] = {layer: len(arrays) for layer, arrays in network.weights.items()}
        named = {
            f"{layer}/{n}": np.ascontiguousarray(array)
            for layer, arrays in network.weights.items()
            for n, array in enumerate(arrays)
        }
        save_file(named, folder.new(stored["weights"]))
    return stored


def _read_network(folder: Path, stored: Mapping[str, Any]) -> Network:
    weights: dict[str, list[NDArray[Any]]] = {}
    if stored["weights"]:
        from safetensors.numpy import load_file

        named = load_file(folder / stored["weights"])
        weights = {layer: [named[f"{layer}/{n}"] for n in range(count)] for layer, count in stored["counts"].items()}
    return Network(spec_from_json(stored["spec"]), weights)


# --------------------------------------------------------------------------------------------------------------- figures


def _write_figure(folder: Folder, port: str, figure: Figure) -> dict[str, Any]:
    data = {f.name: getattr(figure, f.name) for f in fields(figure)}
    if isinstance(figure, ImagesFigure):
        from safetensors.numpy import save_file

        name = f"{port}.safetensors"
        save_file({"images": figure.images}, folder.new(name))
        data["images"] = name
    if "lines" in data:
        data["lines"] = [asdict(line) for line in data["lines"]]
    return {"figure": data}


def _read_figure(folder: Path, stored: Mapping[str, Any]) -> Figure:
    data = dict(stored["figure"])
    if "lines" in data:
        data["lines"] = [Line(**line) for line in data["lines"]]
    if data["kind"] == "images":
        from safetensors.numpy import load_file

        data["images"] = load_file(folder / data["images"])["images"]
    by_kind = {f.kind: f for f in get_args(Figure)}
    figure: Figure = by_kind[data["kind"]](**data)
    return figure
