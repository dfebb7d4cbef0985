"""What layers ask of the tensors that they are applied to: one of them, its dtype, its dimensions."""

from __future__ import annotations

from collections.abc import Sequence

from nodes.base import NodeError
from nodes.kit.layers.options import dimensions
from nodes.values.network import (
    Shape,
    TensorSpec,
)

NUMBER_TYPES = (
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
)


FLOAT_TYPES = NUMBER_TYPES[:4]


def only(inputs: Sequence[TensorSpec]) -> TensorSpec:
    """Return the one input of a layer that takes one. NodeError if there are more."""
    if len(inputs) != 1:
        raise NodeError(f"The layer takes one input, not {len(inputs)}.", "Join the inputs with a merge layer first.")
    return inputs[0]


def require_dtype(tensor: TensorSpec, accepted: Sequence[str]) -> None:
    """Raise NodeError if a tensor's dtype is not one of `accepted`."""
    if tensor.dtype not in accepted:
        wanted = "floating-point numbers" if tuple(accepted) == FLOAT_TYPES else "numbers"
        raise NodeError(f"The layer computes with {wanted}, but gets {tensor.dtype}.", "Give the input layer the type float32.")


def require_rank(shape: Shape, rank: int, what: str) -> None:
    """Raise NodeError if a shape does not have `rank` dimensions; `what` names what the layer works on."""
    if len(shape) != rank:
        raise NodeError(
            f"The layer works on {what}, but gets {TensorSpec(shape).describe()} ({dimensions(shape)}).",
            "Connect it before the Flatten Layer, or bring its input into shape with a Reshape Layer.",
        )


def require_known(size: int | None, what: str) -> int:
    """Return a dimension that must be known for the weights to have a size. NodeError if it is not."""
    if size is None:
        raise NodeError(f"The {what} must be known, but is left open.", "Give it a number in the input layer's shape.")
    return size


def axis_index(axis: int, rank: int, setting: str = "axis") -> int:
    """Return the position in a shape (without the batch dimension) that Keras's `axis` (which counts the batch as 0) means.

    Raises:
        NodeError: If there is no such axis, or it is the batch.
    """
    counted = axis + rank + 1 if axis < 0 else axis
    if not 0 < counted <= rank:
        why = "is the batch" if counted == 0 else "does not exist"
        raise NodeError(f"Axis {axis} {why}.", f"Choose -1 (the last) to -{rank}, or 1 to {rank}.", setting=setting)
    return counted - 1
