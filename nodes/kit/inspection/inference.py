"""Applying part of a network to the rows of a table, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from nodes.base import Job
from nodes.kit.networks.batches import BatchLoader
from nodes.kit.networks.binding import Binding
from nodes.kit.networks.inputs import UNTRAINED_SEED
from nodes.values.network import Network, NetworkSpec, Tensor
from nodes.values.table import Table
from nodes.wording import done_of

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

Arrays = Sequence["NDArray[Any]"]
FLOATS = ("float16", "bfloat16", "float32", "float64")


def subnetwork(network: Network, tensors: Sequence[Tensor]) -> Network:
    """Return the part of a network that computes some tensors, which become its outputs."""
    spec = network.spec.with_outputs(list(dict.fromkeys(tensors)))
    there = {layer.name for layer in spec.layers}
    return Network(spec, {name: arrays for name, arrays in network.weights.items() if name in there})


def build_model(network: Network, job: Job) -> keras.Model:
    """Return the Keras model of a network, with a warning where layers were never trained: these get their initial weights."""
    from nodes.kit.networks.keras_model import to_keras

    untrained = [layer.name for layer in network.spec.layers if layer.weights and layer.name not in network.weights]
    if untrained:
        job.warn(
            f"{len(untrained)} layer(s) of the network have not been trained ('{untrained[0]}', ...): "
            "what is seen are random weights at work."
        )
    return to_keras(network, UNTRAINED_SEED)


def is_fixed(network: NetworkSpec) -> bool:
    """Return whether the network takes batches of one size only."""
    return any(network.tensor(tensor).batch for tensor in network.inputs)


def apply_batchwise(
    network: NetworkSpec,
    bindings: Sequence[Binding],
    table: Table,
    batch_size: int,
    compute: Callable[[Arrays, int], Sequence[Any]],
    *,
    job: Job,
) -> Iterator[tuple[int, list[NDArray[Any]]]]:
    """Yield what a function makes of all rows of a table, which has at least one.

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
    loader = BatchLoader([binding.open(table) for binding in bindings], table.height, batch_size)
    with closing(loader.blocks()) as blocks:
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


def inference_function(model: keras.Model, bindings: Sequence[Binding]) -> Callable[[Sequence[Any]], list[Any]]:
    """Return a function from one tensor per input, of any dtype, to the list of the model's outputs, as when the network is
    applied."""
    import tensorflow as tf

    def call(tensors: Sequence[Any]) -> list[Any]:
        inputs = [tf.cast(tensor, binding.dtype) for tensor, binding in zip(tensors, bindings, strict=True)]
        made = model(inputs if len(inputs) > 1 else inputs[0], training=False)
        return list(made) if isinstance(made, list | tuple) else [made]

    return call


def graph_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of tensors as a graph. (TensorFlow counts how often a program's line is compiled and complains when that
    is once for each run of a node; it cannot tell the line of a partial.)"""
    import tensorflow as tf

    made: Callable[..., Any] = tf.function(partial(function), autograph=False, reduce_retracing=True)
    return made
