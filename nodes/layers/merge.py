"""Layers that join branches: element by element, or end to end."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from nodes.base import Layers, NodeError, Port, setting
from nodes.kit.layers.base import AttachedLayer, Inference
from nodes.kit.layers.shape_checks import FLOAT_TYPES, NUMBER_TYPES, axis_index, require_dtype
from nodes.kit.layers.tensor_choice import require_wires, tensor_of_wire
from nodes.values.network import NetworkSpec, Shape, Tensor, TensorSpec


class MergeLayer(AttachedLayer):
    """A layer that makes one tensor of several."""

    input_ports = (
        Port("network", "network", "Network", "A branch that goes into the layer; the same network may come twice.", grows=True),
    )
    tensor_setting = "input_tensors"
    accepts: ClassVar[Sequence[str]] = NUMBER_TYPES

    input_tensors: tuple[str, ...] = setting(
        (),
        "Input tensors",
        "Which tensor of each network goes in, as `layer_0:0`, for each input by its number; an empty one: its first output.",
        group="Naming",
        advanced=True,
        layers=Layers("network", "tensor per wire"),
    )

    @abstractmethod
    def shape(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape that comes out; NodeError if the inputs do not fit together."""

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Do as `Layer.infer`, for two inputs or more."""
        if len(inputs) < 2:
            raise NodeError("A merge layer joins at least two inputs.", "Connect a second network.")
        for given in inputs:
            require_dtype(given, self.accepts)
        return Inference((TensorSpec(self.shape([i.shape for i in inputs]), self.dtype_of(inputs), self.batch_of(inputs)),))

    def tensor_name(self, position: int) -> str | None:
        """Return the tensor chosen for the network at an input."""
        return self.input_tensors[position] if position < len(self.input_tensors) else None

    def _append(
        self, networks: Sequence[NetworkSpec], node: str, ports: Sequence[str]
    ) -> tuple[NetworkSpec, list[dict[str, str]]]:
        require_wires(self.input_tensors, ports, self.tensor_setting)
        return super()._append(networks, node, ports)

    def _chosen(self, network: NetworkSpec, position: int, port: str) -> Tensor:
        return tensor_of_wire(network, self.input_tensors, port, self.tensor_setting) or network.outputs[0]

    def dtype_of(self, inputs: Sequence[TensorSpec]) -> str:
        """Return the dtype that comes out: whole numbers stay as they are, as long as there are no others."""
        dtypes = {i.dtype for i in inputs}
        if dtypes & set(FLOAT_TYPES):
            return self.compute_dtype
        if len(dtypes) > 1:
            raise NodeError(
                f"The inputs have different types: {', '.join(sorted(dtypes))}.", "Give all input layers the same data type."
            )
        return dtypes.pop()

    def batch_of(self, inputs: Sequence[TensorSpec]) -> int | None:
        """Return the batch size that comes out; NodeError if two inputs fix different ones."""
        batches = {i.batch for i in inputs} - {None}
        if len(batches) > 1:
            sizes = " and ".join(str(b) for b in sorted(b for b in batches if b is not None))
            raise NodeError(f"The inputs have different batch sizes: {sizes}.", "Set the same batch size in all input layers.")
        return batches.pop() if batches else None


class ElementwiseLayer(MergeLayer):
    """Joins tensors of equal shape element by element; dimensions of 1 are stretched, as Keras does it."""

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        """Return the common shape; shorter shapes are filled up with 1 at the front."""
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
    """Add tensors element by element, as the shortcut of a residual network does.

    KNIME joins exactly two inputs of equal shapes; this layer joins two or more, and stretches dimensions of 1.

    Example: the input of two Convolution 2D Layers with padding 'same' and their output, both 28 x 28 x 16.
    """

    id = "keras.add"
    title = "Keras Add Layer"
    shelf = "Network / Layers / Merge"
    icon = "mdi6.plus-circle-outline"
    keywords = ("Add", "sum", "residual", "skip connection", "ResNet")
    kind = "Add"


class Subtract(ElementwiseLayer):
    """Subtract the second tensor from the first, element by element.

    It takes exactly two inputs; dimensions of 1 are stretched.

    Example: the outputs of one network for two images, to learn from their difference whether they show the same.
    """

    id = "keras.subtract"
    title = "Keras Subtract Layer"
    shelf = "Network / Layers / Merge"
    icon = "mdi6.minus-circle-outline"
    keywords = ("Subtract", "difference", "minus")
    kind = "Subtract"

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        """Return the common shape of exactly two inputs."""
        if len(shapes) != 2:
            raise NodeError(f"Subtraction takes two inputs, not {len(shapes)}.", "Disconnect the others.")
        return super().shape(shapes)


class Multiply(ElementwiseLayer):
    """Multiply tensors element by element, to let one branch weigh the other.

    KNIME joins exactly two inputs of equal shapes; this layer joins two or more, and stretches dimensions of 1.

    Example: feature maps of 14 x 14 x 32 and the output of a Dense Layer with 32 sigmoid units, brought to
    1 x 1 x 32 with a Reshape Layer, so that unimportant maps are turned down.
    """

    id = "keras.multiply"
    title = "Keras Multiply Layer"
    shelf = "Network / Layers / Merge"
    icon = "mdi6.close-circle-outline"
    keywords = ("Multiply", "product", "gate", "attention", "squeeze and excite")
    kind = "Multiply"


class Average(ElementwiseLayer):
    """Take the mean of tensors, element by element.

    KNIME joins exactly two inputs of equal shapes; this layer joins two or more, and stretches dimensions of 1. It takes no
    whole numbers, as KNIME's does, since their means are none.

    Example: the softmax outputs of three branches over ten classes, so that they vote.
    """

    id = "keras.average"
    title = "Keras Average Layer"
    shelf = "Network / Layers / Merge"
    icon = "mdi6.approximately-equal"
    keywords = ("Average", "mean", "ensemble")
    kind = "Average"
    accepts = FLOAT_TYPES


class Maximum(ElementwiseLayer):
    """Take the largest value of tensors, element by element.

    KNIME joins exactly two inputs of equal shapes; this layer joins two or more, and stretches dimensions of 1.

    Example: two convolutions of one image with kernels of 3 x 3 and 5 x 5, of which the stronger answer counts.
    """

    id = "keras.maximum"
    title = "Keras Maximum Layer"
    shelf = "Network / Layers / Merge"
    icon = "mdi6.chevron-up-circle-outline"
    keywords = ("Maximum", "largest", "max")
    kind = "Maximum"


class Concatenate(MergeLayer):
    """Lay tensors end to end along one axis, so that feature maps of several branches come together.

    All dimensions but the one along the axis must be equal. KNIME joins exactly two inputs.

    Example: feature maps of 28 x 28 x 16 and of 28 x 28 x 8, along the axis -1, become 28 x 28 x 24.
    """

    id = "keras.concatenate"
    title = "Keras Concatenate Layer"
    shelf = "Network / Layers / Merge"
    icon = "mdi6.set-merge"
    keywords = ("Concatenate", "join", "inception", "U-Net", "append")
    kind = "Concatenate"
    accepts = (*NUMBER_TYPES, "bool")

    axis: int = setting(-1, "Axis", "Along which axis; -1 is the last, 1 the first after the batch.")

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        """Return the first one's shape, with the sum along the axis; the other dimensions must be equal."""
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
        """Return the first input's batch size, as Keras announces it."""
        super().batch_of(inputs)
        return inputs[0].batch


class Minimum(ElementwiseLayer):
    """Take the smallest value of tensors, element by element.

    KNIME has no node for it.

    Example: the sigmoid outputs of two branches, where a pattern counts only if both see it.
    """

    id = "keras.minimum"
    title = "Keras Minimum Layer"
    shelf = "Network / Layers / Merge"
    icon = "mdi6.chevron-down-circle-outline"
    keywords = ("Minimum", "smallest", "min", "and")
    kind = "Minimum"


class Dot(MergeLayer):
    """Multiply two tensors along one axis of each and sum up: the scalar product, or a product of matrices.

    The axes that are multiplied must be of one size and disappear; the others remain, first those of the first tensor. Of
    two vectors a single number is left. With normalization it is the cosine of the angle between them. KNIME's node takes
    vectors only, along their last axes.

    Example: two branches that end in 64 numbers each, with normalization, give the similarity of two images from -1 to 1.
    """

    id = "keras.dot"
    title = "Keras Dot Layer"
    shelf = "Network / Layers / Merge"
    icon = "mdi6.circle-medium"
    keywords = ("Dot", "scalar product", "cosine similarity", "matrix product", "siamese")
    kind = "Dot"
    accepts = FLOAT_TYPES
    renamed = {"normalize": "cosine"}

    axes: tuple[int, int] = setting(
        (-1, -1), "Axes", "The axis of the first and of the second tensor; -1 is the last, 1 the first after the batch."
    )
    cosine: bool = setting(False, "Normalize", "Brings both tensors to length 1 along their axes first: the cosine.")

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Read one axis for both too, as Keras also takes it."""
        config = super().upgrade(config)
        axes = config.get("axes")
        return config | {"axes": [axes, axes]} if isinstance(axes, int) else config

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Return the arguments, with `normalize` as Keras calls it."""
        config = super().to_config(channels_first)
        return {"normalize" if name == "cosine" else name: value for name, value in config.items()}

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        """Return what the axes leave of the first tensor, then of the second; (1,) if nothing is left."""
        if len(shapes) != 2:
            raise NodeError(f"The product is of two inputs, not {len(shapes)}.", "Disconnect the others.")
        first, second = shapes
        if not first or not second:
            raise NodeError("The inputs have no axes.", "Bring them into shape with a Reshape Layer.")
        a, b = (axis_index(axis, len(shape), "axes") for axis, shape in zip(self.axes, shapes, strict=True))
        if first[a] != second[b]:
            raise NodeError(
                f"The axes are of different size: {first[a] or 'open'} and {second[b] or 'open'}.",
                "Choose axes of one size, or bring the branches to it with Dense Layers.",
                setting="axes",
            )
        return (*first[:a], *first[a + 1 :], *second[:b], *second[b + 1 :]) or (1,)

    def batch_of(self, inputs: Sequence[TensorSpec]) -> int | None:
        """Return the first input's batch size, as Keras announces it."""
        super().batch_of(inputs)
        return inputs[0].batch
