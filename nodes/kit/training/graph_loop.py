"""The loop over a block of batches, in TensorFlow: Python waits only between blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nodes.kit.networks.batches import BatchLoader
from nodes.kit.training.data_binding import BatchLayout

if TYPE_CHECKING:
    import keras


def block_function(
    model: keras.Model, step: Callable[[Any], Any], batch_layout: BatchLayout, loader: BatchLoader, terminate_on_nan: bool
) -> Any:
    """Return a function that takes a block's arrays through `step`, batch by batch, without coming back to Python.

    Returns:
        A function of a block's arrays that gives the metrics so far (name -> scalar tensor), and the number of the
        first batch of the block after which the loss was not a number, or -1.
    """
    import tensorflow as tf

    size = loader.batch_size
    signature = tuple(tf.TensorSpec((None, *source.shape), source.dtype) for source in loader.sources)

    def run_block(tensors: Sequence[Any]) -> Any:
        rows = tf.shape(tensors[0])[0]

        def goes_on(start: Any, bad: Any) -> Any:
            more = start < rows
            return tf.logical_and(more, bad < 0) if terminate_on_nan else more

        def one_batch(start: Any, bad: Any) -> Any:
            # Only the batch is cast: the block stays in the table's own, often narrower, type.
            cut = [tf.cast(t[start : start + size], d) for t, d in zip(tensors, batch_layout.dtypes, strict=True)]
            if loader.whole_batches:  # stateful layers must know it
                for tensor in cut:
                    tensor.set_shape((size, *tensor.shape[1:]))
            logs = step(batch_layout.data(cut))
            is_bad = tf.logical_not(tf.math.is_finite(logs["loss"]))
            return start + size, tf.where(tf.logical_and(bad < 0, is_bad), start // size, bad)

        _, bad = tf.while_loop(goes_on, one_batch, [tf.constant(0), tf.constant(-1)])
        return model.get_metrics_result(), bad

    return tf.function(run_block, input_signature=[signature], autograph=False)


def try_step(model: keras.Model, batch_layout: BatchLayout, loader: BatchLoader) -> None:
    """Have a model make the variables of its losses and metrics, by a step of testing that leaves nothing behind.

    Layers that go on from batch to batch begin anew afterwards.
    """
    import tensorflow as tf

    rows = zip(loader.trial(), batch_layout.dtypes, strict=True)
    model.test_step(batch_layout.data([tf.cast(array, dtype) for array, dtype in rows]))
    model.reset_metrics()
    for layer in model.layers:
        if getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
            layer.reset_state()
