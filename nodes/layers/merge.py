"""Layers that join branches: element by element, or end to end."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from nodes.base import NodeError, Port, setting
from nodes.layers.base import FLOAT_TYPES, NUMBER_TYPES, AttachedLayer, Inference, axis_index, require_dtype
from nodes.values.network import Shape, TensorSpec


class MergeLayer(AttachedLayer):
    """A layer that makes one tensor of several."""

    input_ports: ClassVar[tuple[Port, ...]] = (
        Port("network", "network", "Network", "A branch that goes into the layer; the same network may come twice.", grows=True),
    )
    tensor_setting: ClassVar[str] = "input_tensors"
    accepts: ClassVar[Sequence[str]] = NUMBER_TYPES

    input_tensors: tuple[str, ...] = setting(
        (),
        "Input tensors",
        "Which tensor of each network goes in, as `layer_0:0`, in the order of the inputs; an empty one: its first output.",
        group="Naming",
        advanced=True,
    )

    @abstractmethod
    def shape(self, shapes: Sequence[Shape]) -> Shape:
        """The shape that comes out; NodeError if the inputs do not fit together."""

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """As `Layer.infer`, for two inputs or more."""
        if len(inputs) < 2:
            raise NodeError("A merge layer joins at least two inputs.", "Connect a second network.")
        for given in inputs:
            require_dtype(given, self.accepts)
        return Inference((TensorSpec(self.shape([i.shape for i in inputs]), self.dtype_of(inputs), self.batch_of(inputs)),))

    def tensor_name(self, position: int) -> str | None:
        """The tensor chosen for the network at an input."""
        return self.input_tensors[position] if position < len(self.input_tensors) else None

    def dtype_of(self, inputs: Sequence[TensorSpec]) -> str:
        """The dtype that comes out: whole numbers stay as they are, as long as there are no others."""
        dtypes = {i.dtype for i in inputs}
        if dtypes & set(FLOAT_TYPES):
            return self.compute_dtype
        if len(dtypes) > 1:
            raise NodeError(
                f"The inputs have different types: {', '.join(sorted(dtypes))}.", "Give all input layers the same data type."
            )
        return dtypes.pop()

    def batch_of(self, inputs: Sequence[TensorSpec]) -> int | None:
        """The batch size that comes out; NodeError if two inputs fix different ones."""
        batches = {i.batch for i in inputs} - {None}
        if len(batches) > 1:
            sizes = " and ".join(str(b) for b in sorted(b for b in batches if b is not None))
            raise NodeError(f"The inputs have different batch sizes: {sizes}.", "Set the same batch size in all input layers.")
        return batches.pop() if batches else None


class ElementwiseLayer(MergeLayer):
    """Joins tensors of equal shape element by element; dimensions of 1 are stretched, as Keras does it."""

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        """The common shape; shorter shapes are filled up with 1 at the front."""
        joined = shapes[0]
        for shape in shapes[1:]:
            rank = max(len(joined), len(shape))
            pairs = zip((1,) * (rank - len(joined)) + joined, (1,) * (rank - len(shape)) + shape, strict=True)
            sizes = []
            for a, b in pairs:
                if None not in (a, b) and a != b and 1 not in (a, b):
                    both = " and ".join(TensorSpec(s).describe() for s in shapes)
                    raise NodeError(
                        f"The inputs have different shapes: {both}.",
                        "Bring the branches to the same shape, with padding 'same' or a 1x1 convolution, say.",
                    )
                sizes.append(_stretched(a, b))
            joined = tuple(sizes)
        return joined


def _stretched(a: int | None, b: int | None) -> int | None:
    """One dimension of two tensors joined: 1 takes the other's size; Keras leaves open what is open in one of them."""
    if a is None or b is None:
        return None
    return b if a == 1 else a


class Add(ElementwiseLayer):
    """Add tensors element by element, as the shortcut of a residual network does."""

    id: ClassVar[str] = "keras.add"
    title: ClassVar[str] = "Keras Add Layer"
    shelf: ClassVar[str] = "Network / Layers / Merge"
    icon: ClassVar[str] = "mdi6.plus-circle-outline"
    keywords: ClassVar[tuple[str, ...]] = ("Add", "sum", "residual", "skip connection", "ResNet")
    kind: ClassVar[str] = "Add"


class Subtract(ElementwiseLayer):
    """Subtract the second tensor from the first, element by element."""

    id: ClassVar[str] = "keras.subtract"
    title: ClassVar[str] = "Keras Subtract Layer"
    shelf: ClassVar[str] = "Network / Layers / Merge"
    icon: ClassVar[str] = "mdi6.minus-circle-outline"
    keywords: ClassVar[tuple[str, ...]] = ("Subtract", "difference", "minus")
    kind: ClassVar[str] = "Subtract"

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        """As of any elementwise layer, of exactly two inputs."""
        if len(shapes) != 2:
            raise NodeError(f"Subtraction takes two inputs, not {len(shapes)}.", "Disconnect the others.")
        return super().shape(shapes)


class Multiply(ElementwiseLayer):
    """Multiply tensors element by element, to let one branch weigh the other."""

    id: ClassVar[str] = "keras.multiply"
    title: ClassVar[str] = "Keras Multiply Layer"
    shelf: ClassVar[str] = "Network / Layers / Merge"
    icon: ClassVar[str] = "mdi6.close-circle-outline"
    keywords: ClassVar[tuple[str, ...]] = ("Multiply", "product", "gate", "attention", "squeeze and excite")
    kind: ClassVar[str] = "Multiply"


class Average(ElementwiseLayer):
    """Take the mean of tensors, element by element."""

    id: ClassVar[str] = "keras.average"
    title: ClassVar[str] = "Keras Average Layer"
    shelf: ClassVar[str] = "Network / Layers / Merge"
    icon: ClassVar[str] = "mdi6.approximately-equal"
    keywords: ClassVar[tuple[str, ...]] = ("Average", "mean", "ensemble")
    kind: ClassVar[str] = "Average"
    accepts: ClassVar[Sequence[str]] = FLOAT_TYPES


class Maximum(ElementwiseLayer):
    """Take the largest value of tensors, element by element."""

    id: ClassVar[str] = "keras.maximum"
    title: ClassVar[str] = "Keras Maximum Layer"
    shelf: ClassVar[str] = "Network / Layers / Merge"
    icon: ClassVar[str] = "mdi6.chevron-up-circle-outline"
    keywords: ClassVar[tuple[str, ...]] = ("Maximum", "largest", "max")
    kind: ClassVar[str] = "Maximum"


class Concatenate(MergeLayer):
    """Lay tensors end to end along one axis, so that feature maps of several branches come together."""

    id: ClassVar[str] = "keras.concatenate"
    title: ClassVar[str] = "Keras Concatenate Layer"
    shelf: ClassVar[str] = "Network / Layers / Merge"
    icon: ClassVar[str] = "mdi6.set-merge"
    keywords: ClassVar[tuple[str, ...]] = ("Concatenate", "join", "inception", "U-Net", "append")
    kind: ClassVar[str] = "Concatenate"
    accepts: ClassVar[Sequence[str]] = (*NUMBER_TYPES, "bool")

    axis: int = setting(-1, "Axis", "Along which axis; -1 is the last, 1 the first after the batch.")

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        """The first one's shape, with the sum along the axis; the other dimensions must be equal."""
        first = shapes[0]
        axis = axis_index(self.axis, len(first))
        for shape in shapes[1:]:
            fits = len(shape) == len(first) and all(
                n == axis or None in (a, b) or a == b for n, (a, b) in enumerate(zip(first, shape, strict=True))
            )
            if not fits:
                both = " and ".join(TensorSpec(s).describe() for s in shapes)
                raise NodeError(
                    f"The inputs differ in more than the axis they are joined along: {both}.",
                    "Bring the branches to the same shape but for that axis, or choose another axis.",
                    setting="axis",
                )
        sizes = [shape[axis] for shape in shapes]
        total = None if None in sizes else sum(n for n in sizes if n is not None)
        return (*first[:axis], total, *first[axis + 1 :])

    def batch_of(self, inputs: Sequence[TensorSpec]) -> int | None:
        """Keras announces the first input's batch size."""
        super().batch_of(inputs)
        return inputs[0].batch
