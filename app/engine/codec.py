"""How values lie on disk: tables as Arrow IPC, networks as JSON and safetensors, models as skops, the rest as JSON. Never pickle.

A table shares the large files of the tables it was made from, by hard links: a node that adds a column to 60 000 images
writes that column, and one that chooses rows writes their numbers. Small parts are simply written together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, get_args

from app.engine.arrow_files import frame_bytes, write_frame
from app.engine.result_files import Draft, ResultFiles
from nodes.base import Value
from nodes.values import model as models
from nodes.values.figure import Box, DiagramBox, DiagramEdge, Figure, ImagesFigure, Line, Points
from nodes.values.model import Model
from nodes.values.network import Call, LayerSpec, Network, NetworkSpec, Tensor, TensorSpec, WeightSpec
from nodes.values.table import Part, Table, cell_bytes
from nodes.values.variables import Variables, scalar_from_json, scalar_to_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LARGE = 2**20
"""From this many bytes on, a part of a table is shared and memory-mapped rather than copied."""


def write_value(draft: Draft, port: str, value: Value) -> dict[str, Any]:
    """Write a value and say how to find it again, as plain JSON data."""
    if isinstance(value, Table):
        return {"kind": "table"} | _write_table(draft, port, value)
    if isinstance(value, Network):
        return {"kind": "network"} | _write_network(draft, port, value)
    if isinstance(value, Model):
        return {"kind": "model"} | _write_model(draft, port, value)
    if isinstance(value, Variables):
        return {"kind": "variables"} | variables_to_json(value)
    return {"kind": "figure"} | _write_figure(draft, port, value)


def read_value(files: ResultFiles, stored: Mapping[str, Any]) -> Value:
    """Return the value that `write_value` described."""
    readers: dict[str, Callable[[ResultFiles, Mapping[str, Any]], Value]] = {
        "table": _read_table,
        "network": _read_network,
        "figure": _read_figure,
        "model": _read_model,
        "variables": lambda _, stored: variables_from_json(stored),
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
    schema = part.frame.schema  # made anew of all columns whenever it is asked for
    return part.frame.height * sum(cell_bytes(schema[c]) for c in part.names.values())


def _read_table(files: ResultFiles, stored: Mapping[str, Any]) -> Table:
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
    """Return a network's graph as plain JSON data."""
    return asdict(spec)


def spec_from_json(data: Mapping[str, Any]) -> NetworkSpec:
    """Return the graph that `spec_to_json` wrote."""

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


def _read_network(files: ResultFiles, stored: Mapping[str, Any]) -> Network:
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


def _read_model(files: ResultFiles, stored: Mapping[str, Any]) -> Model:
    return models.from_bytes(files.bytes(stored["file"]))


# ------------------------------------------------------------------------------------------------------------- variables


def variables_to_json(variables: Variables) -> dict[str, Any]:
    """Return variables as plain JSON data."""
    values = {name: scalar_to_json(value) for name, value in variables.values.items()}
    return {"types": dict(variables.types), "values": values}


def variables_from_json(stored: Mapping[str, Any]) -> Variables:
    """Return the variables that `variables_to_json` wrote."""
    types = stored["types"]
    return Variables(types, {name: scalar_from_json(value, types[name]) for name, value in stored["values"].items()})


# --------------------------------------------------------------------------------------------------------------- figures


_PARTS: Mapping[str, Mapping[str, type[Line | Points | Box | DiagramBox | DiagramEdge]]] = {
    "lines": {"lines": Line},
    "points": {"points": Points},
    "boxes": {"boxes": Box},
    "diagram": {"boxes": DiagramBox, "edges": DiagramEdge},
}
"""Kind of figure -> its attributes that are lists of parts -> what the parts are."""


def figure_to_json(figure: Figure, put_images: Callable[[NDArray[Any]], Any]) -> dict[str, Any]:
    """Return a figure as plain JSON data.

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
    """Return the figure that `figure_to_json` described; `get_images` finds what `put_images` kept."""
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


def _read_figure(files: ResultFiles, stored: Mapping[str, Any]) -> Figure:
    return figure_from_json(stored["figure"], lambda name: files.arrays(name)["images"])
