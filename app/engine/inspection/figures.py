"""What there is to see of a result beside its tables: figures, networks, learning curves, confusion matrices.

Nothing is drawn here: figures go out as data, pixels of images as bytes behind them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.engine.codec import figure_from_json, figure_to_json
from app.engine.inspection.base import Answer, Reply, StoredOutputs
from app.engine.inspection.cells import cells_of, shown_texts
from app.engine.inspection.images import is_image, thumbnails, value_range
from nodes.base import NodeError, Values
from nodes.kit.scoring.confusion import ClassComparison, headline
from nodes.values.figure import Figure
from nodes.values.network import NetworkSpec
from nodes.values.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

THUMBNAIL = 128
"""Images behind a cell of a confusion matrix are sent at most so large, in pixels."""
MOST_ROWS = 500
"""Rows behind a cell that one answer may hold."""
MOST_CELLS = 8
"""Columns of a row that are told beside its image."""


# --------------------------------------------------------------------------------------------------------------- figures


def figures(outputs: StoredOutputs, parameters: Mapping[str, Any]) -> Reply:
    """All figures of a finished node: those its class makes for viewing, and those at its figure ports.

    Returns:
        `figures`: for each its data as `figures_from_reply` reads it; the payload has the pixels.
    """
    values = outputs.values
    found = list(outputs.node.views(Values(values))) if outputs.node is not None else []
    for value in values.values():
        if isinstance(value, Figure) and not any(value is other for other in found):
            found.append(value)
    pixels: list[bytes] = []

    def put(images: NDArray[Any]) -> dict[str, Any]:
        import numpy as np

        offset = sum(len(part) for part in pixels)
        pixels.append(np.ascontiguousarray(images, dtype=np.uint8).tobytes())
        return {"offset": offset, "shape": list(images.shape)}

    return Reply({"figures": [figure_to_json(figure, put) for figure in found]}, b"".join(pixels))


def figures_from_reply(header: Mapping[str, Any], payload: bytes) -> list[Figure]:
    """The figures of a `figures` answer; for the editor. Imports numpy where there are images."""

    def get(stored: Mapping[str, Any]) -> NDArray[Any]:
        import numpy as np

        shape = tuple(stored["shape"])
        return np.frombuffer(payload, np.uint8, math.prod(shape), stored["offset"]).reshape(shape)

    return [figure_from_json(data, get) for data in header["figures"]]


# -------------------------------------------------------------------------------------------------------------- networks


def network(outputs: StoredOutputs, parameters: Mapping[str, Any]) -> Reply:
    """The network at a port.

    Args:
        outputs: The result.
        parameters: `port`.

    Returns:
        What `describe_network` says, and `trained`: whether all layers that have weights have them.
    """
    found = outputs.network(_port(outputs, parameters, "network"))
    trained = all(layer.name in found.weights for layer in found.spec.layers if layer.weights)
    return Reply({**describe_network(found.spec), "trained": trained and bool(found.weights)})


def describe_network(spec: NetworkSpec) -> dict[str, Any]:
    """A network as plain JSON data.

    Returns:
        `layers` (in the order of their first call: name, kind, config, shapes of every output of every call, parameters,
        trainable_parameters, trainable, inputs: names of tensors), `edges` (from layer, to layer, shape), `inputs` and
        `outputs` (name, shape, dtype, classes), `parameters`, `trainable_parameters`.
    """
    layers = []
    for layer in spec.layers:
        calls = [call for call in spec.calls if call.layer == layer.name]
        layers.append(
            {
                "name": layer.name,
                "kind": layer.kind,
                "config": dict(layer.config),
                "shapes": list(dict.fromkeys(out.describe() for call in calls for out in call.outputs)),
                "dtype": calls[0].outputs[0].dtype if calls and calls[0].outputs else "",
                "parameters": layer.parameters,
                "trainable_parameters": layer.trainable_parameters,
                "trainable": layer.trainable,
                "inputs": [str(tensor) for call in calls for tensor in call.inputs],
                "calls": len(calls),
            }
        )
    edges = [
        {"source": tensor.layer, "target": call.layer, "shape": spec.tensor(tensor).describe()}
        for call in spec.calls
        for tensor in call.inputs
    ]

    def tensors(names: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": str(t),
                "layer": t.layer,
                "shape": spec.tensor(t).describe(),
                "dtype": spec.tensor(t).dtype,
                "classes": list(spec.classes.get(str(t), ())),
            }
            for t in names
        ]

    return {
        "layers": layers,
        "edges": edges,
        "inputs": tensors(spec.inputs),
        "outputs": tensors(spec.outputs),
        "parameters": spec.parameters,
        "trainable_parameters": spec.trainable_parameters,
        "text": spec.describe(),
    }


# -------------------------------------------------------------------------------------------------------------- learning


def learning(outputs: StoredOutputs, parameters: Mapping[str, Any]) -> Reply:
    """A Learner's history: `columns`, a list of values per epoch for each quantity; missing values are null.

    Args:
        outputs: The result.
        parameters: `port` of the history table; `history` unless given.
    """
    frame = outputs.table(_port(outputs, {"port": "history", **parameters}, "table")).frame()
    if "epoch" not in frame.columns:
        raise NodeError("This output is not the history of a training.", "Look at it as a table.")
    return Reply({"columns": {name: frame[name].to_list() for name in frame.columns}})


# --------------------------------------------------------------------------------------------------------------- scoring


def confusion(outputs: StoredOutputs, parameters: Mapping[str, Any]) -> Reply:
    """A Scorer's result.

    Returns:
        `classes`; `statistics` (a mapping per class: its counts and measures; null where not defined); `overall` (accuracy,
        error, kappa, correct, wrong); `rows_known`: whether `rows_behind` can find the rows now. The payload has the counts as
        64-bit integers in the machine's order, row by row: a row per actual class, a column per predicted one.
    """
    _scorer(outputs)
    frame = outputs.table("confusion").frame()
    label, *names = frame.columns
    statistics = outputs.table("statistics")
    counts = frame.select(names).to_numpy().astype("int64").tobytes() if names else b""
    overall = {name: None if math.isnan(value) else value for name, value in headline(statistics).items()}
    header = {
        "classes": frame[label].to_list(),
        "statistics": statistics.slice(0, len(names)).frame().to_dicts(),
        "overall": overall,
        "rows_known": "table" in outputs.inputs,
    }
    return Reply(header, counts)


def rows_behind(outputs: StoredOutputs, parameters: Mapping[str, Any]) -> Reply:
    """Rows of the scored table that were counted in a cell of the confusion matrix, with their images.

    Args:
        outputs: The Scorer's result; its inputs are needed too.
        parameters: `actual` and `predicted` (names of classes; null: any), `first` (0) and `count` (60) of the found rows.

    Returns:
        `total` rows found; `rows`: their numbers in the table; `columns` and `cells` (a list of texts per row): what is not
        an image or array; `column` and `images`: the column of images, if there is one, as `images.thumbnails` describes it,
        with their pixels as payload.

    Raises:
        NodeError: If the scored table is not known or not stored any more.
    """
    scorer = _scorer(outputs)
    if "table" not in outputs.inputs:
        raise NodeError(
            "The rows that were scored are not stored any more, or the result is of earlier settings.", "Run the Scorer again."
        )
    source, port = outputs.inputs["table"]
    table = source.table(port)
    actual, predicted = parameters.get("actual"), parameters.get("predicted")
    chosen = _rows_of(outputs, scorer, table, actual, predicted)
    first = max(0, int(parameters.get("first", 0)))
    count = min(max(1, int(parameters.get("count", 60))), MOST_ROWS)
    rows = chosen[first : first + count]
    part = table.take(rows)
    schema = table.schema
    texts = [c for c in table.columns if c not in table.spec.columns_of("collection", "binary")][:MOST_CELLS]
    cells = [shown_texts(cells_of(part, column), table.classes.get(column)) for column in texts]
    header = {"total": len(chosen), "rows": rows.tolist(), "columns": texts, "cells": list(zip(*cells, strict=True))}
    column = next((c for c in table.columns if is_image(schema[c])), None)
    if column is None:
        return Reply(header)
    described, pixels = thumbnails(part, column, THUMBNAIL, value_range(source, port, table, column))
    return Reply({**header, "column": column, "images": described}, pixels)


def _rows_of(
    outputs: StoredOutputs, scorer: ClassComparison, table: Table, actual: str | None, predicted: str | None
) -> NDArray[Any]:
    """Numbers of the rows with these classes. The pairs of classes of all rows are kept for the next question."""
    import polars as pl

    pairs: pl.DataFrame | None = outputs.cache.get("pairs")
    if pairs is None:
        pairs = scorer.pairs(table).with_row_index("row").drop_nulls()
        outputs.cache["pairs"] = pairs
    for column, name in (("actual", actual), ("predicted", predicted)):
        if name is not None:
            pairs = pairs.filter(pl.col(column) == name)
    return pairs["row"].to_numpy()


# ----------------------------------------------------------------------------------------------------------------- tools


def _scorer(outputs: StoredOutputs) -> ClassComparison:
    if not isinstance(outputs.node, ClassComparison):
        raise NodeError("Only a Scorer has a confusion matrix.", "Connect the table to a Scorer.")
    return outputs.node


def _port(outputs: StoredOutputs, parameters: Mapping[str, Any], kind: str) -> str:
    """The asked port, which must have an output of this kind."""
    port = str(parameters.get("port", kind))
    if outputs.record.outputs.get(port, {}).get("kind") != kind:
        raise NodeError(f"The output '{port}' has no {kind}.", "Choose another output.")
    return port


ANSWERS: dict[str, Answer] = {
    "figures": figures,
    "network": network,
    "learning": learning,
    "confusion": confusion,
    "rows_behind": rows_behind,
}
