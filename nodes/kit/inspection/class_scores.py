"""The score that a network gives to a class, before or after its last activation, and the classes that a column names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import NodeError
from nodes.kit.inspection.inference import FLOATS
from nodes.kit.networks.inputs import resolve_tensor
from nodes.values.network import NetworkSpec, Tensor
from nodes.values.table import Table, TableSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Scores:
    """The output of a network that tells classes apart.

    Attributes:
        network: The network, read at the scores (first output).
        tensor: The tensor of the scores.
        units: How many numbers it has.
        count: How many classes: 2 where a single number is the probability of the second.
        left_off: The activation that is left off, where the scores are taken before it.
        names: Names of the classes, where they are known.
    """

    network: NetworkSpec
    tensor: Tensor
    units: int
    count: int
    left_off: Literal["", "softmax", "sigmoid"]
    names: tuple[str, ...] | None

    def number(self, text: str, setting: str) -> int:
        """Return the number of the class called `text`, or whose number it is. NodeError if there is none."""
        if self.names and text in self.names:
            return self.names.index(text)
        if text.isdecimal() and int(text) < self.count:
            return int(text)
        there = f"They are: {', '.join(self.names[:12])}." if self.names else f"They are numbered from 0 to {self.count - 1}."
        raise NodeError(f"There is no class '{text}'." if text else "No class is chosen.", there, setting=setting)

    def of(self, raw: Any, numbers: Any) -> Any:
        """Return the scores of classes (rows,), from what the network puts out (rows, units) and class numbers (rows,)."""
        import tensorflow as tf

        raw = tf.cast(raw, tf.float32) if raw.dtype != tf.float64 else raw
        if self.units > 1:
            return tf.gather(raw, numbers, axis=1, batch_dims=1)
        if self.count == 1:
            return raw[:, 0]
        other = -raw[:, 0] if self.left_off else 1 - raw[:, 0]
        return tf.where(numbers == 1, raw[:, 0], other)

    def probabilities(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Return what the network would put out for each class, (rows, count), from (rows, units)."""
        import numpy as np

        values = np.asarray(raw, np.float64)
        if self.left_off == "softmax":
            shifted = np.exp(values - values.max(axis=1, keepdims=True))
            values = shifted / shifted.sum(axis=1, keepdims=True)
        elif self.left_off == "sigmoid":
            values = 1 / (1 + np.exp(-np.clip(values, -700, 700)))
        return np.concatenate([1 - values, values], axis=1) if self.units < self.count else values


def scores_of(network: NetworkSpec, output: str | None, *, before_activation: bool) -> Scores:
    """Return the scores that a network gives to classes.

    Args:
        network: The network.
        output: The tensor that has them; None: the network's first output.
        before_activation: Whether a softmax or sigmoid at the end is left off, so that scores are not probabilities.

    Raises:
        NodeError: If the tensor is not a list of numbers.
    """
    tensor = resolve_tensor(network, output, "output") if output else network.outputs[0]
    spec = network.tensor(tensor)
    if len(spec.shape) != 1 or spec.shape[0] is None or spec.dtype not in FLOATS:
        raise NodeError(
            f"The output '{tensor}' is {spec.describe()} of {spec.dtype}; a number per class is needed.",
            "Choose the output of a Dense Layer.",
            setting="output",
        )
    units = spec.shape[0]
    names = network.classes.get(str(tensor))
    layer = network.layer(tensor.layer)
    activation = "softmax" if layer.kind == "Softmax" else str(layer.config.get("activation", ""))
    cut_spec = network.with_outputs([tensor])
    binary = units == 1 and activation == "sigmoid"
    count = 2 if binary else units
    names = names if names and len(names) == count else None
    calls = sum(call.layer == layer.name for call in cut_spec.calls)
    if not before_activation or calls > 1 or activation not in ("softmax", "sigmoid"):
        return Scores(cut_spec, tensor, units, count, "", names)
    left_off: Literal["softmax", "sigmoid"] = "softmax" if activation == "softmax" else "sigmoid"
    if layer.kind in ("Softmax", "Activation"):
        (before,) = next(call.inputs for call in cut_spec.calls if call.layer == layer.name)
        return Scores(cut_spec.with_outputs([before]), before, units, count, left_off, names)
    linear = replace(layer, config={**layer.config, "activation": "linear"})
    return Scores(cut_spec.with_layers([linear]), tensor, units, count, left_off, names)


def class_numbers(table: Table, column: str, scores: Scores) -> NDArray[Any]:
    """Return the class number (rows,) of each row, from a column of classes; by their names, where both sides have names.

    Raises:
        NodeError: If one is missing, or no class of the network.
    """
    import numpy as np

    check_classes(table.spec, column, scores)
    cells = table.frame([column])[column]
    names = table.spec.class_names(column)
    if cells.null_count():
        raise NodeError(
            f"Column '{column}' has a missing class in row {int(cells.is_null().arg_max() or 0) + 1}.",
            "Remove such rows before, or explain the predicted class.",
            setting="class_column",
        )
    if cells.dtype.is_integer() and names is not None and scores.names is not None and names != scores.names:
        cells = cells.replace_strict(dict(enumerate(names)), default=None, return_dtype=pl.String)
    if scores.names is not None and not cells.dtype.is_integer() and cells.dtype != pl.Boolean:
        numbers = cells.cast(pl.String).replace_strict(
            {name: n for n, name in enumerate(scores.names)}, default=-1, return_dtype=pl.Int64
        )
    else:
        numbers = (cells.to_physical() if isinstance(cells.dtype, pl.Enum) else cells).cast(pl.Int64)
    made: NDArray[Any] = numbers.fill_null(-1).to_numpy()
    wrong = np.flatnonzero((made < 0) | (made >= scores.count))
    if len(wrong):
        row = int(wrong[0])
        raise NodeError(
            f"Column '{column}', row {row + 1}: the network has no class '{table.frame([column])[column][row]}'.",
            f"Its classes are: {', '.join(scores.names[:12])}." if scores.names else f"It has {scores.count}, counted from 0.",
            setting="class_column",
        )
    return made


def check_classes(table: TableSpec, column: str | None, scores: Scores) -> None:
    """Raise NodeError if a column cannot tell the classes of these scores."""
    dtype = table.require(column, "category", "integer", "boolean", setting="class_column")
    if isinstance(dtype, pl.String | pl.Categorical) and scores.names is None:
        raise NodeError(
            f"Column '{column}' holds names, but what the classes of the network are called is not known.",
            "Turn it into class numbers first (Category to Number).",
            setting="class_column",
        )
