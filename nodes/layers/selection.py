"""Operations that take a part of a tensor: slices, places by number, pieces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, TypeVar

from pydantic import Field

from nodes.base import NodeError, Port, setting
from nodes.kit.layers.base import ONE_OR_SEVERAL
from nodes.kit.layers.operations import (
    OperandOperation,
    UnaryOperation,
    common_batch,
    keras_operation,
    operand_tensor_setting,
)
from nodes.kit.layers.shape_checks import axis_index, require_known
from nodes.values.network import TensorSpec

T = TypeVar("T")


class TensorSlice(UnaryOperation):
    """Take a part of a tensor along each dimension, as Python writes it.

    A number takes that place, and its dimension is gone; `1:3` takes a range, `:` all, `::2` every second, `None` adds a
    dimension of 1, `...` stands for all dimensions in between. The dimensions are those after the batch.

    Example: a recurrent layer that returns the sequence, then `-1`: the result of the last step. Of an image of three channels,
    `..., 0:1` is the first channel.
    """

    id = "keras.slice"
    title = "Keras Slice Layer"
    icon = "mdi6.content-cut"
    keywords = ("Slice", "x[:, -1]", "getitem", "index", "last step", "crop", "ops", "SlicingOpLambda", "newaxis")
    kind = "Slice"

    parts: str = setting(
        ":",
        "Parts",
        "What is taken along each dimension after the batch, with commas between: `-1`, `1:3, :`, `..., 0`.",
        min_length=1,
    )

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        return keras_operation("numpy", "GetItem")(name=name)

    def keras_call(self, roles: Sequence[str], tensors: Sequence[T]) -> tuple[list[Any], dict[str, Any]]:
        """Return the tensor, and what is taken, the batch with it."""
        return [tensors[0], (slice(None), *self._parsed())], {}

    def made(self, given: TensorSpec) -> TensorSpec:
        """Return what is left of each dimension."""
        parsed = self._parsed()
        rank = len(given.shape)
        used = sum(part is not None and part is not Ellipsis for part in parsed)
        if used > rank:
            raise self._wrong(f"{used} dimensions are cut, but the input has {rank} ({given.describe()}).")
        if Ellipsis in parsed:
            place = parsed.index(Ellipsis)
            parsed[place : place + 1] = [slice(None)] * (rank - used)
        else:
            parsed += [slice(None)] * (rank - used)
        return TensorSpec(tuple(self._left(parsed, given)), given.dtype, given.batch)

    def _left(self, parts: Sequence[Any], given: TensorSpec) -> Iterator[int | None]:
        sizes = iter(given.shape)
        for part in parts:
            if part is None:
                yield 1
                continue
            size = next(sizes)
            if isinstance(part, int):
                if size is not None and not -size <= part < size:
                    raise self._wrong(f"There is no place {part} along a dimension of {size}.")
                continue
            if size is None:
                yield None
                continue
            length = len(range(*part.indices(size)))
            if not length:
                raise self._wrong(f"Nothing is left of a dimension of {size}.")
            yield length

    def _parsed(self) -> list[Any]:
        """The parts. NodeError if the text is none."""
        made: list[Any] = []
        for text in (piece.strip() for piece in self.parts.split(",")):
            if text in ("...", "None", ""):
                if text == "" and not made:
                    raise self._wrong("There is a comma too many.")
                made += [] if text == "" else [Ellipsis if text == "..." else None]
                continue
            numbers = text.split(":")
            try:
                bounds = [int(number) if number.strip() else None for number in numbers]
            except ValueError:
                raise self._wrong(f"'{text}' is neither a place nor a range.") from None
            if len(bounds) > 3 or (len(bounds) == 3 and bounds[2] is not None and bounds[2] == 0):
                raise self._wrong(f"'{text}' is neither a place nor a range.")
            if len(bounds) == 1:
                made.append(bounds[0])
            else:
                made.append(slice(*bounds))
        if made.count(Ellipsis) > 1:
            raise self._wrong("'...' can be there once only.")
        return made

    def _wrong(self, what: str) -> NodeError:
        return NodeError(what, "Write what is taken of each dimension after the batch, such as: -1 or 1:3, :.", setting="parts")

    @staticmethod
    def text_of(parts: Sequence[Any]) -> str:
        """Return the setting for parts as Python has them."""
        return ", ".join(_text(part) for part in parts)


def _text(part: Any) -> str:
    if not isinstance(part, slice):
        return "..." if part is Ellipsis else str(part)
    start, stop = ("" if bound is None else str(bound) for bound in (part.start, part.stop))
    return f"{start}:{stop}" + ("" if part.step is None else f":{part.step}")


class Gather(OperandOperation):
    """Take the places of a dimension that have certain numbers, in any order and as often as wished.

    The numbers are typed in, or come as a second tensor of one number per example.

    Example: of 5 features, the numbers 4, 0 along the axis -1 give the last and the first one.
    """

    id = "keras.gather"
    title = "Keras Gather Layer"
    icon = "mdi6.select-multiple"
    keywords = ("Gather", "take", "index", "pick", "choose columns", "ops", "TFOpLambda")
    kind = "Gather"
    input_ports = (Port("network", "network", "Network", "The tensor of which places are taken."),)

    input_tensor: str | None = operand_tensor_setting("network", "Input tensor")
    indices: Annotated[tuple[int, ...], ONE_OR_SEVERAL] = setting(
        (0,), "Places", "The numbers of the places, from 0; -1 is the last.", min_length=1
    )
    axis: int = setting(-1, "Axis", "Along which axis; 1 is the first after the batch, -1 the last.")
    single: bool = setting(
        False, "Drop the dimension", "Of one place: its dimension is gone, as of a place in a slice.", advanced=True
    )

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        return keras_operation("numpy", "Take")(axis=axis_index(self.axis, len(inputs[0].shape)) + 1, name=name)

    def keras_call(self, roles: Sequence[str], tensors: Sequence[T]) -> tuple[list[Any], dict[str, Any]]:
        """Return the tensor and the places."""
        return [tensors[0], self.indices[0] if self.single else list(self.indices)], {}

    def of_ports(self, given: Mapping[str, TensorSpec]) -> TensorSpec:
        """Return as many places as are named."""
        tensor = given["network"]
        axis = axis_index(self.axis, len(tensor.shape))
        size = tensor.shape[axis]
        if size is not None and any(not -size <= index < size for index in self.indices):
            raise NodeError(
                f"Of the places {', '.join(map(str, self.indices))} not all are there: the dimension has {size}.",
                f"Choose from 0 to {size - 1}.",
                setting="indices",
            )
        if self.single and len(self.indices) != 1:
            raise NodeError("Only one place can stand without its dimension.", "Choose one place.", setting="single")
        middle = () if self.single else (len(self.indices),)
        shape = (*tensor.shape[:axis], *middle, *tensor.shape[axis + 1 :])
        return TensorSpec(shape, tensor.dtype, common_batch([tensor]))


class Split(UnaryOperation):
    """Cut a tensor into pieces along an axis; each is an output of the network.

    Equal pieces by their number, or pieces that end at certain places. A layer behind it takes the first piece, unless its
    "Input tensor" names another one: `split_0:1` is the second.

    Example: 6 numbers, cut into 2 pieces along the axis -1, are the mean and the logarithm of the variance of 3 normal
    distributions.
    """

    id = "keras.split"
    title = "Keras Split Layer"
    icon = "mdi6.set-split"
    keywords = ("Split", "unstack", "chunk", "pieces", "ops", "TFOpLambda")
    kind = "Split"

    sections: Annotated[int, Field(ge=1)] = setting(2, "Pieces", "How many equal pieces.")
    places: tuple[int, ...] = setting((), "Places", "Where pieces end, instead of equal ones: 2, 5 gives 0-1, 2-4 and the rest.")
    axis: int = setting(-1, "Axis", "Along which axis; 1 is the first after the batch, -1 the last.")

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        where: Any = list(self.places) or self.sections
        return keras_operation("numpy", "Split")(where, axis=axis_index(self.axis, len(inputs[0].shape)) + 1, name=name)

    def made(self, given: TensorSpec) -> tuple[TensorSpec, ...]:
        """Return the pieces."""
        axis = axis_index(self.axis, len(given.shape))
        size = require_known(given.shape[axis], "size along the axis")
        if not self.places:
            if size % self.sections:
                raise NodeError(
                    f"{size} cannot be cut into {self.sections} equal pieces.",
                    "Choose another number, or places.",
                    setting="sections",
                )
            sizes = [size // self.sections] * self.sections
        else:
            bounds = [0, *self.places, size]
            sizes = [end - start for start, end in pairwise(bounds)]
            if min(sizes) < 1:
                raise NodeError(
                    f"These places do not cut {size} into pieces.", "Name them in order, below that.", setting="places"
                )
        return tuple(
            TensorSpec((*given.shape[:axis], piece, *given.shape[axis + 1 :]), given.dtype, given.batch) for piece in sizes
        )
