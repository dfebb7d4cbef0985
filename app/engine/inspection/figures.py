"""What there is to see of a result beside its tables: figures, networks, learning curves, confusion matrices.

Nothing is drawn here: figures go out as data, pixels of images as bytes behind them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import structs

from app.engine.codec import figure_from_json, figure_to_json
from app.engine.inspection.base import AnswerMaker, StoredOutputs
from app.engine.inspection.cells import cells_of, shown_texts
from app.engine.inspection.images import is_image, thumbnails, value_range
from app.engine.messages.figures import (
    ConfusionAnswer,
    ConfusionQuestion,
    FiguresAnswer,
    FiguresQuestion,
    LayerSummary,
    LearningAnswer,
    LearningQuestion,
    NetworkAnswer,
    NetworkEdge,
    NetworkEnd,
    NetworkQuestion,
    RowsBehindAnswer,
    RowsBehindQuestion,
)
from nodes.base import NodeError, Values
from nodes.kit.scoring.confusion import ClassComparison, headline
from nodes.values.figure import Figure
from nodes.values.network import Call, LayerSpec, NetworkSpec, Tensor
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


def figures(outputs: StoredOutputs, asked: FiguresQuestion) -> FiguresAnswer:
    """Return all figures of a finished node: those its class makes for viewing, and those at its figure ports."""
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

    data = tuple(figure_to_json(figure, put) for figure in found)
    return FiguresAnswer(figures=data, payload=b"".join(pixels))


def figures_from(answer: FiguresAnswer) -> list[Figure]:
    """Return the figures of an answer; for the editor. Imports numpy where there are images."""

    def get(stored: Mapping[str, Any]) -> NDArray[Any]:
        import numpy as np

        shape = tuple(stored["shape"])
        return np.frombuffer(answer.payload, np.uint8, math.prod(shape), stored["offset"]).reshape(shape)

    return [figure_from_json(data, get) for data in answer.figures]


# -------------------------------------------------------------------------------------------------------------- networks


def network(outputs: StoredOutputs, asked: NetworkQuestion) -> NetworkAnswer:
    """Return what the network at a port is like."""
    found = outputs.network(_port(outputs, asked.port, "network"))
    trained = all(layer.name in found.weights for layer in found.spec.layers if layer.weights)
    return structs.replace(describe_network(found.spec), trained=trained and bool(found.weights))


def describe_network(spec: NetworkSpec) -> NetworkAnswer:
    """Return what there is to say of a network without its weights."""
    calls: dict[str, list[Call]] = {}
    for call in spec.calls:
        calls.setdefault(call.layer, []).append(call)
    tensors = {(c.layer, c.index, n): tensor for c in spec.calls for n, tensor in enumerate(c.outputs)}
    edges = (
        NetworkEdge(source=tensor.layer, target=call.layer, shape=tensors[tensor.layer, tensor.call, tensor.output].describe())
        for call in spec.calls
        for tensor in call.inputs
    )
    return NetworkAnswer(
        layers=tuple(_layer(layer, calls.get(layer.name, [])) for layer in spec.layers),
        edges=tuple(edges),
        inputs=tuple(_end(spec, tensor) for tensor in spec.inputs),
        outputs=tuple(_end(spec, tensor) for tensor in spec.outputs),
        parameters=spec.parameters,
        trainable_parameters=spec.trainable_parameters,
        text=spec.describe(),
    )


def _layer(layer: LayerSpec, calls: Sequence[Call]) -> LayerSummary:
    return LayerSummary(
        name=layer.name,
        kind=layer.kind,
        config=dict(layer.config),
        shapes=tuple(dict.fromkeys(out.describe() for call in calls for out in call.outputs)),
        dtype=calls[0].outputs[0].dtype if calls and calls[0].outputs else "",
        parameters=layer.parameters,
        trainable_parameters=layer.trainable_parameters,
        trainable=layer.trainable,
        inputs=tuple(str(tensor) for call in calls for tensor in call.inputs),
        calls=len(calls),
    )


def _end(spec: NetworkSpec, tensor: Tensor) -> NetworkEnd:
    found = spec.tensor(tensor)
    return NetworkEnd(
        name=str(tensor),
        layer=tensor.layer,
        shape=found.describe(),
        dtype=found.dtype,
        classes=tuple(spec.classes.get(str(tensor), ())),
    )


# -------------------------------------------------------------------------------------------------------------- learning


def learning(outputs: StoredOutputs, asked: LearningQuestion) -> LearningAnswer:
    """Return a Learner's history.

    Raises:
        NodeError: If the table at the port is none.
    """
    frame = outputs.table(_port(outputs, asked.port or "history", "table")).frame()
    if "epoch" not in frame.columns:
        raise NodeError("This output is not the history of a training.", "Look at it as a table.")
    return LearningAnswer(columns={name: tuple(frame[name].to_list()) for name in frame.columns})


# --------------------------------------------------------------------------------------------------------------- scoring


def confusion(outputs: StoredOutputs, asked: ConfusionQuestion) -> ConfusionAnswer:
    """Return a Scorer's result."""
    _scorer(outputs)
    frame = outputs.table("confusion").frame()
    label, *names = frame.columns
    statistics = outputs.table("statistics")
    return ConfusionAnswer(
        classes=tuple(frame[label].to_list()),
        statistics=tuple(statistics.slice(0, len(names)).frame().to_dicts()),
        overall={name: None if math.isnan(value) else value for name, value in headline(statistics).items()},
        rows_known="table" in outputs.inputs,
        payload=frame.select(names).to_numpy().astype("int64").tobytes() if names else b"",
    )


def rows_behind(outputs: StoredOutputs, asked: RowsBehindQuestion) -> RowsBehindAnswer:
    """Return rows of the scored table that were counted in a cell of the confusion matrix, with their images.

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
    chosen = _rows_of(outputs, scorer, table, asked.actual, asked.predicted)
    first = max(0, asked.first)
    rows = chosen[first : first + min(max(1, asked.count), MOST_ROWS)]
    part = table.take(rows)
    texts = [c for c in table.columns if c not in table.spec.columns_of("collection", "binary")][:MOST_CELLS]
    cells = [shown_texts(cells_of(part, column), table.classes.get(column)) for column in texts]
    answer = RowsBehindAnswer(
        total=len(chosen), rows=tuple(rows.tolist()), columns=tuple(texts), cells=tuple(zip(*cells, strict=True))
    )
    column = next((c for c in table.columns if is_image(table.schema[c])), None)
    if column is None:
        return answer
    images, pixels = thumbnails(part, column, THUMBNAIL, value_range(source, port, table, column))
    return structs.replace(answer, images=images, payload=pixels)


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


def _port(outputs: StoredOutputs, port: str, kind: str) -> str:
    """Return a port, or the one that is called as this kind; it must have an output of that kind."""
    port = port or kind
    if outputs.record.outputs.get(port, {}).get("kind") != kind:
        raise NodeError(f"The output '{port}' has no {kind}.", "Choose another output.")
    return port


ANSWERS: dict[type, AnswerMaker] = {
    FiguresQuestion: figures,
    NetworkQuestion: network,
    LearningQuestion: learning,
    ConfusionQuestion: confusion,
    RowsBehindQuestion: rows_behind,
}
