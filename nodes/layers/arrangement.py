"""Operations that lay a tensor out otherwise: new dimensions, dropped ones, stacks, borders, copies, another order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from nodes.base import NodeError, setting
from nodes.kit.layers.base import ONE_OR_SEVERAL
from nodes.kit.layers.dtypes import common_dtype
from nodes.kit.layers.operations import JoiningOperation, UnaryOperation, common_batch, keras_operation
from nodes.kit.layers.shape_checks import axis_index, require_known
from nodes.values.network import TensorSpec

T = TypeVar("T")


class ExpandDimensions(UnaryOperation):
    """Add a dimension of size 1.

    Example: a row of 10 numbers and the axis -1 become 10 x 1: a sequence of single numbers, as a Convolution 1D Layer takes it.
    """

    id = "keras.expand_dimensions"
    title = "Keras Expand Dimensions Layer"
    icon = "mdi6.plus-box-outline"
    keywords = ("ExpandDimensions", "expand_dims", "newaxis", "unsqueeze", "dimension", "ops", "TFOpLambda")
    kind = "ExpandDimensions"

    axis: int = setting(-1, "Axis", "Where the new dimension is; 1: the first after the batch, -1: the last.")

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        return keras_operation("numpy", "ExpandDims")(self._place(inputs[0]) + 1, name=name)

    def _place(self, given: TensorSpec) -> int:
        return axis_index(self.axis, len(given.shape) + 1)

    def made(self, given: TensorSpec) -> TensorSpec:
        """Return the shape with a 1 more."""
        place = self._place(given)
        return TensorSpec((*given.shape[:place], 1, *given.shape[place:]), given.dtype, given.batch)


class Squeeze(UnaryOperation):
    """Drop dimensions of size 1.

    Example: after a convolution that leaves 1 x 1 x 32, without axes: a row of 32 numbers.
    """

    id = "keras.squeeze"
    title = "Keras Squeeze Layer"
    icon = "mdi6.minus-box-outline"
    keywords = ("Squeeze", "drop dimension", "ops", "TFOpLambda")
    kind = "Squeeze"

    axes: Annotated[tuple[int, ...], ONE_OR_SEVERAL] = setting(
        (), "Axes", "Which dimensions; 1 is the first after the batch, -1 the last. Empty: all of size 1."
    )

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        places = [place + 1 for place in self._places(inputs[0])]
        return keras_operation("numpy", "Squeeze")(places[0] if len(places) == 1 else tuple(places), name=name)

    def _places(self, given: TensorSpec) -> list[int]:
        rank = len(given.shape)
        places = sorted({axis_index(axis, rank, "axes") for axis in self.axes}) or [
            n for n, s in enumerate(given.shape) if s == 1
        ]
        if not places or any(given.shape[place] != 1 for place in places):
            raise NodeError(
                f"The input is {given.describe()}: not every dimension to drop is of size 1.", "Choose others.", setting="axes"
            )
        return places

    def made(self, given: TensorSpec) -> TensorSpec:
        """Return the shape without them."""
        places = self._places(given)
        return TensorSpec(tuple(s for n, s in enumerate(given.shape) if n not in places), given.dtype, given.batch)


class SwapDimensions(UnaryOperation):
    """Exchange two dimensions of a tensor.

    For any other order there is the Permute Layer.

    Example: a sequence of 10 steps with 64 features, the axes 1 and 2: 64 x 10.
    """

    id = "keras.swap_dimensions"
    title = "Keras Swap Dimensions Layer"
    icon = "mdi6.swap-horizontal-variant"
    keywords = ("SwapDimensions", "swapaxes", "transpose", "exchange axes", "ops")
    kind = "SwapDimensions"

    first: int = setting(1, "First axis", "1 is the first after the batch, -1 the last.")
    second: int = setting(2, "Second axis", "1 is the first after the batch, -1 the last.")

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        first, second = self._places(inputs[0])
        return keras_operation("numpy", "Swapaxes")(first + 1, second + 1, name=name)

    def _places(self, given: TensorSpec) -> tuple[int, int]:
        rank = len(given.shape)
        return axis_index(self.first, rank, "first"), axis_index(self.second, rank, "second")

    def made(self, given: TensorSpec) -> TensorSpec:
        """Return the dimensions, two of them exchanged."""
        first, second = self._places(given)
        shape = list(given.shape)
        shape[first], shape[second] = shape[second], shape[first]
        return TensorSpec(tuple(shape), given.dtype, given.batch)


class Stack(JoiningOperation):
    """Lay tensors of one shape on top of each other, along a new dimension.

    Example: the outputs of three branches of 10 numbers each, along the axis 1: 3 x 10, over which a Reduce Layer takes the mean.
    """

    id = "keras.stack"
    title = "Keras Stack Layer"
    icon = "mdi6.layers-outline"
    keywords = ("Stack", "new axis", "join", "ops", "TFOpLambda")
    kind = "Stack"

    axis: int = setting(-1, "Axis", "Where the new dimension is; 1: the first after the batch, -1: the last.")

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        return keras_operation("numpy", "Stack")(axis=axis_index(self.axis, len(inputs[0].shape) + 1) + 1, name=name)

    def keras_call(self, roles: Sequence[str], tensors: Sequence[T]) -> tuple[list[Any], dict[str, Any]]:
        """Return the tensors as a list, be it one only."""
        return [list(tensors)], {}

    def made(self, given: Sequence[TensorSpec]) -> TensorSpec:
        """Return the shape with how many there are."""
        first = given[0]
        for other in given[1:]:
            fits = len(other.shape) == len(first.shape) and all(
                None in pair or pair[0] == pair[1] for pair in zip(first.shape, other.shape, strict=True)
            )
            if not fits:
                raise NodeError(
                    f"The inputs have different shapes: {first.describe()} and {other.describe()}.",
                    "Bring them to the same shape.",
                )
        place = axis_index(self.axis, len(first.shape) + 1)
        shape = (*first.shape[:place], len(given), *first.shape[place:])
        return TensorSpec(shape, common_dtype([tensor.dtype for tensor in given]), common_batch(given))


class Pad(UnaryOperation):
    """Surround a tensor with further numbers: one number, its mirror image or its border repeated.

    For zeros around images and sequences there are the Zero-Padding Layers.

    Example: an image of 28 x 28 x 1 with 2, 2, 2, 2, 0, 0 and "Mirrored" becomes 32 x 32 x 1 without a black frame.
    """

    id = "keras.pad"
    title = "Keras Pad Layer"
    icon = "mdi6.border-all-variant"
    keywords = ("Pad", "reflect", "symmetric", "border", "ops", "TFOpLambda")
    kind = "Pad"

    widths: tuple[Annotated[int, Field(ge=0)], ...] = setting(
        (0, 0), "Widths", "Before and after, for each dimension after the batch: 1, 1, 0, 0.", min_length=2
    )
    mode: Literal["constant", "reflect", "symmetric"] = setting(
        "constant",
        "Mode",
        "What is added.",
        choices={"constant": "A number.", "reflect": "The mirror image, without the border itself.", "symmetric": "Mirrored."},
    )
    value: float = setting(0.0, "Number", "What is added.", shown_if={"mode": "constant"})

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        return keras_operation("numpy", "Pad")(((0, 0), *self._pairs(inputs[0])), mode=self.mode, name=name)

    def keras_call(self, roles: Sequence[str], tensors: Sequence[T]) -> tuple[list[Any], dict[str, Any]]:
        """Return the tensor and the number."""
        return [tensors[0]], {"constant_values": self.value if self.mode == "constant" and self.value else None}

    def _pairs(self, given: TensorSpec) -> list[tuple[int, int]]:
        if len(self.widths) != 2 * len(given.shape):
            raise NodeError(
                f"The input has {len(given.shape)} dimensions ({given.describe()}), which need {2 * len(given.shape)} widths.",
                "Name two for each dimension: before and after.",
                setting="widths",
            )
        return list(zip(self.widths[::2], self.widths[1::2], strict=True))

    def made(self, given: TensorSpec) -> TensorSpec:
        """Return the shape with what is added."""
        pairs = self._pairs(given)
        least = {"constant": 0, "reflect": 1, "symmetric": 0}[self.mode]
        for size, pair in zip(given.shape, pairs, strict=True):
            if self.mode != "constant" and size is not None and max(pair) > size - least:
                raise NodeError(f"A dimension of {size} has no mirror image of {max(pair)}.", "Add less.", setting="widths")
        shape = tuple(None if size is None else size + sum(pair) for size, pair in zip(given.shape, pairs, strict=True))
        return TensorSpec(shape, given.dtype, given.batch)


class TensorTile(UnaryOperation):
    """Lay copies of a tensor side by side along each dimension.

    Example: a vector of 8 numbers as 1 x 8, with the repeats 10, 1, becomes 10 x 8.
    """

    id = "keras.tile"
    title = "Keras Tile Layer"
    icon = "mdi6.view-grid-plus-outline"
    keywords = ("Tile", "repeat", "copy", "broadcast", "ops", "TFOpLambda")
    kind = "Tile"

    repeats: tuple[Annotated[int, Field(ge=1)], ...] = setting(
        (1,), "Repeats", "How many copies, for each dimension after the batch.", min_length=1
    )

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        return keras_operation("numpy", "Tile")((1, *self.repeats), name=name)

    def made(self, given: TensorSpec) -> TensorSpec:
        """Return the shape, so many times as large."""
        if len(self.repeats) != len(given.shape):
            raise NodeError(
                f"The input has {len(given.shape)} dimensions ({given.describe()}), but there are {len(self.repeats)} repeats.",
                "Name one for each dimension.",
                setting="repeats",
            )
        shape = tuple(None if size is None else size * n for size, n in zip(given.shape, self.repeats, strict=True))
        return TensorSpec(shape, given.dtype, given.batch)


class Flip(UnaryOperation):
    """Turn the order along some dimensions around.

    Example: a sequence of 10 steps, along the axis 1: the last step comes first.
    """

    id = "keras.flip"
    title = "Keras Flip Layer"
    icon = "mdi6.flip-horizontal"
    keywords = ("Flip", "reverse", "mirror", "ops", "TFOpLambda")
    kind = "Flip"

    axes: Annotated[tuple[int, ...], ONE_OR_SEVERAL] = setting(
        (-1,), "Axes", "Along which axes; 1 is the first after the batch, -1 the last.", min_length=1
    )

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        axes = tuple(axis_index(axis, len(inputs[0].shape), "axes") + 1 for axis in self.axes)
        return keras_operation("numpy", "Flip")(axes if len(axes) > 1 else axes[0], name=name)

    def made(self, given: TensorSpec) -> TensorSpec:
        """Return the shape as it came; the axes must exist."""
        for axis in self.axes:
            axis_index(axis, len(given.shape), "axes")
        return given


class CumulativeSum(UnaryOperation):
    """Add up what came before along an axis: of 1, 2, 3 come 1, 3, 6.

    Example: differences from step to step along the axis 1 become values again.
    """

    id = "keras.cumulative_sum"
    title = "Keras Cumulative Sum Layer"
    icon = "mdi6.chart-areaspline"
    keywords = ("CumulativeSum", "cumsum", "running sum", "integrate", "ops", "TFOpLambda")
    kind = "CumulativeSum"

    axis: int = setting(-1, "Axis", "Along which axis; 1 is the first after the batch, -1 the last.")

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        return keras_operation("numpy", "Cumsum")(axis=axis_index(self.axis, len(inputs[0].shape)) + 1, name=name)

    def made(self, given: TensorSpec) -> TensorSpec:
        """Return the shape as it came."""
        axis_index(self.axis, len(given.shape))
        return TensorSpec(given.shape, "int32" if given.dtype == "bool" else given.dtype, given.batch)


class OneHot(UnaryOperation):
    """Make a row of 0 and a single 1 of each class number; what is no class becomes 0 only.

    Example: class numbers of shape 28 x 28, with 3 classes: 28 x 28 x 3.
    """

    id = "keras.one_hot"
    title = "Keras One-Hot Layer"
    icon = "mdi6.numeric-1-box-multiple-outline"
    keywords = ("OneHot", "one_hot", "classes", "indicator", "ops", "TFOpLambda")
    kind = "OneHot"

    num_classes: Annotated[int, Field(ge=1)] = setting(2, "Classes", "How many there are.", start=10)

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        return keras_operation("nn", "OneHot")(self.num_classes, axis=-1, dtype="float32", name=name)

    def made(self, given: TensorSpec) -> TensorSpec:
        """Return the shape with the classes last."""
        if not given.dtype.startswith(("int", "uint")):
            raise NodeError(f"Classes are whole numbers, but the input is {given.dtype}.", "Put a Cast Layer to int32 before it.")
        return TensorSpec((*given.shape, self.num_classes), "float32", given.batch)


class BroadcastTo(UnaryOperation):
    """Stretch dimensions of size 1, so that a tensor becomes as large as another one.

    Example: a vector of 8 numbers as 1 x 8, to the shape 10, 8: the same at each of ten steps.
    """

    id = "keras.broadcast_to"
    title = "Keras Broadcast Layer"
    icon = "mdi6.arrow-expand"
    keywords = ("BroadcastTo", "broadcast_to", "stretch", "expand", "ops")
    kind = "BroadcastTo"

    target: tuple[Annotated[int, Field(ge=1)], ...] = setting((1,), "Shape", "The new shape, without the batch.", min_length=1)

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation: copies along each stretched dimension, whatever the batch size is."""
        repeats = [n if size == 1 else 1 for n, size in zip(self.target, inputs[0].shape, strict=True)]
        return keras_operation("numpy", "Tile")((1, *repeats), name=name)

    def made(self, given: TensorSpec) -> TensorSpec:
        """Return the target."""
        fits = len(given.shape) == len(self.target) and all(
            require_known(size, "shape") in (1, n) for size, n in zip(given.shape, self.target, strict=True)
        )
        if not fits:
            raise NodeError(f"{given.describe()} cannot be stretched to that.", "Only dimensions of 1 can.", setting="target")
        return TensorSpec(tuple(self.target), given.dtype, given.batch)
