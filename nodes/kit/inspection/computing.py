"""Applying part of a network to the rows of a table, batch by batch, and the score of a class that is to be explained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, NodeError
from nodes.kit.networks.binding import Binding
from nodes.kit.networks.feeding import UNTRAINED_SEED, resolve_tensor
from nodes.kit.networks.pipeline import Feed
from nodes.values.network import Network, NetworkSpec, Tensor
from nodes.values.table import Table, TableSpec
from nodes.wording import done_of

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

Arrays = Sequence["NDArray[Any]"]
FLOATS = ("float16", "bfloat16", "float32", "float64")


# ----------------------------------------------------------------------------------------------------------- computing


def cut(network: Network, tensors: Sequence[Tensor]) -> Network:
    """The part of a network that computes some tensors, which become its outputs."""
    spec = network.spec.with_outputs(list(dict.fromkeys(tensors)))
    there = {layer.name for layer in spec.layers}
    return Network(spec, {name: arrays for name, arrays in network.weights.items() if name in there})


def build(network: Network, job: Job) -> keras.Model:
    """The Keras model of a network, with a warning where layers were never trained: these get their initial weights."""
    from nodes.kit.networks.keras_model import to_keras

    untrained = [layer.name for layer in network.spec.layers if layer.weights and layer.name not in network.weights]
    if untrained:
        job.warn(
            f"{len(untrained)} layer(s) of the network have not been trained ('{untrained[0]}', ...): "
            "what is seen are random weights at work."
        )
    return to_keras(network, UNTRAINED_SEED)


def is_fixed(network: NetworkSpec) -> bool:
    """Whether the network takes batches of one size only."""
    return any(network.tensor(tensor).batch for tensor in network.inputs)


def computed(
    network: NetworkSpec,
    bindings: Sequence[Binding],
    table: Table,
    batch_size: int,
    compute: Callable[[Arrays, int], Sequence[Any]],
    *,
    job: Job,
) -> Iterator[tuple[int, list[NDArray[Any]]]]:
    """What a function makes of all rows of a table, which has at least one.

    Args:
        network: The part of the network that is used.
        bindings: For its inputs, in their order.
        table: The rows.
        batch_size: Rows of a batch; the last one may be shorter, but not where the network fixes its size.
        compute: Given one array per input, as the table has its numbers, and the number of the first row, it gives arrays
            (rows, ...).
        job: Is told of the progress.

    Yields:
        The number of the first row of a block, and the arrays of its rows, put together from batches.
    """
    import numpy as np

    fixed = is_fixed(network)
    feed = Feed([binding.open(table) for binding in bindings], table.height, batch_size)
    with closing(feed.blocks()) as blocks:
        for block in blocks:
            pieces = []
            for start in range(0, block.rows, batch_size):
                job.check_cancelled()
                arrays = [array[start : start + batch_size] for array in block.tensors]
                rows = len(arrays[0])
                if fixed and rows < batch_size:
                    arrays = [np.concatenate([a, np.repeat(a[-1:], batch_size - rows, axis=0)]) for a in arrays]
                pieces.append([np.asarray(made)[:rows] for made in compute(arrays, block.first + start)])
            yield block.first, [np.concatenate(column) for column in zip(*pieces, strict=True)]
            done = block.first + block.rows
            job.progress(done / table.height, done_of(done, table.height))


def caller(model: keras.Model, bindings: Sequence[Binding]) -> Callable[[Sequence[Any]], list[Any]]:
    """A function from one tensor per input, of any dtype, to the list of the model's outputs, as when the network is applied."""
    import tensorflow as tf

    def call(tensors: Sequence[Any]) -> list[Any]:
        inputs = [tf.cast(tensor, binding.dtype) for tensor, binding in zip(tensors, bindings, strict=True)]
        made = model(inputs if len(inputs) > 1 else inputs[0], training=False)
        return list(made) if isinstance(made, list | tuple) else [made]

    return call


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors as a graph. (TensorFlow counts how often a program's line is compiled and complains when that is
    once for each run of a node; it cannot tell the line of a partial.)"""
    import tensorflow as tf

    made: Callable[..., Any] = tf.function(partial(function), autograph=False, reduce_retracing=True)
    return made


# ------------------------------------------------------------------------------------------------------------- classes


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
        """The number of the class called `text`, or whose number it is. NodeError if there is none."""
        if self.names and text in self.names:
            return self.names.index(text)
        if text.isdecimal() and int(text) < self.count:
            return int(text)
        there = f"They are: {', '.join(self.names[:12])}." if self.names else f"They are numbered from 0 to {self.count - 1}."
        raise NodeError(f"There is no class '{text}'." if text else "No class is chosen.", there, setting=setting)

    def of(self, raw: Any, numbers: Any) -> Any:
        """The scores of classes (rows,), from what the network puts out (rows, units) and class numbers (rows,); tensors."""
        import tensorflow as tf

        raw = tf.cast(raw, tf.float32) if raw.dtype != tf.float64 else raw
        if self.units > 1:
            return tf.gather(raw, numbers, axis=1, batch_dims=1)
        if self.count == 1:
            return raw[:, 0]
        other = -raw[:, 0] if self.left_off else 1 - raw[:, 0]
        return tf.where(numbers == 1, raw[:, 0], other)

    def probabilities(self, raw: NDArray[Any]) -> NDArray[Any]:
        """What the network would put out for each class, (rows, count), from (rows, units)."""
        import numpy as np

        values = np.asarray(raw, np.float64)
        if self.left_off == "softmax":
            shifted = np.exp(values - values.max(axis=1, keepdims=True))
            values = shifted / shifted.sum(axis=1, keepdims=True)
        elif self.left_off == "sigmoid":
            values = 1 / (1 + np.exp(-np.clip(values, -700, 700)))
        return np.concatenate([1 - values, values], axis=1) if self.units < self.count else values


def scores_of(network: NetworkSpec, output: str | None, *, before_activation: bool) -> Scores:
    """The scores that a network gives to classes.

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
    """The class number (rows,) of each row, from a column of classes; by their names, where both sides have names.

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
    """NodeError if a column cannot tell the classes of these scores."""
    dtype = table.require(column, "category", "integer", "boolean", setting="class_column")
    if isinstance(dtype, pl.String | pl.Categorical) and scores.names is None:
        raise NodeError(
            f"Column '{column}' holds names, but what the classes of the network are called is not known.",
            "Turn it into class numbers first (Category to Number).",
            setting="class_column",
        )
