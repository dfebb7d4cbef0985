"""Reduce: one number for all along some axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from nodes.base import NodeError, setting
from nodes.kit.layers.base import ONE_OR_SEVERAL, Layer
from nodes.kit.layers.dtypes import as_float
from nodes.kit.layers.kinds import layer_class
from nodes.kit.layers.operation_names import REDUCTIONS, ReductionName
from nodes.kit.layers.operations import UnaryOperation, keras_operation
from nodes.kit.layers.shape_checks import FLOAT_TYPES, axis_index, require_dtype
from nodes.values.network import TensorSpec

PLACES = ("argmax", "argmin")
WITHOUT_KEEPING = ("count_nonzero",)


class Reduce(UnaryOperation):
    """Make one number of all along some axes: their mean, sum, maximum and so on.

    Axes are counted from 1, without the batch; -1 is the last. Without axes all numbers of an example become one. The Global
    Pooling Layers do the same for images and sequences of channels.

    Example: 64 patches of an image with 128 features each, the mean along the axis 1: 128 features of the image as a whole.
    """

    id = "keras.reduce"
    title = "Keras Reduce Layer"
    icon = "mdi6.sigma"
    keywords = ("Reduce", "reduce_mean", "reduce_sum", "mean", "sum", "max", "min", "std", "argmax", "axis", "ops", "TFOpLambda")
    kind = "Reduce"

    function: ReductionName = setting(
        "mean", "Function", "What is made of the numbers.", choices={name: what for name, (_, what) in REDUCTIONS.items()}
    )
    axes: Annotated[tuple[int, ...], ONE_OR_SEVERAL] = setting(
        (), "Axes", "Along which axes; 1 is the first after the batch, -1 the last. Empty: all."
    )
    keepdims: bool = setting(False, "Keep dimensions", "Keeps the dimensions, each of size 1.")

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation, which counts the batch."""
        made = keras_operation("numpy" if self.function != "logsumexp" else "math", REDUCTIONS[self.function][0])
        axes = tuple(axis + 1 for axis in self._places(inputs[0]))
        axis = axes if len(axes) > 1 else axes[0]
        more = {} if self.function in WITHOUT_KEEPING else {"keepdims": self.keepdims}
        return made(axis=axis, **more, name=name)

    def _places(self, given: TensorSpec) -> list[int]:
        """The places in the shape that are reduced. NodeError if there are none."""
        rank = len(given.shape)
        places = sorted({axis_index(axis, rank, "axes") for axis in self.axes} or range(rank))
        if not places:
            raise NodeError("The input is a single number, of which nothing can be reduced.", "Connect it to another tensor.")
        if self.function in PLACES and len(places) > 1:
            raise NodeError("The place is along one axis only.", "Choose one axis.", setting="axes")
        return places

    def made(self, given: TensorSpec) -> TensorSpec:
        """Return the shape without the axes, or with 1 along them."""
        places = self._places(given)
        if self.function in WITHOUT_KEEPING and self.keepdims:
            raise NodeError("Keras counts without keeping dimensions.", "Switch 'Keep dimensions' off.", setting="keepdims")
        kept = [1 if n in places else size for n, size in enumerate(given.shape)]
        shape = tuple(size for n, size in enumerate(kept) if self.keepdims or n not in places)
        return TensorSpec(shape, self._dtype(given), given.batch)

    def _dtype(self, given: TensorSpec) -> str:
        match self.function:
            case "any" | "all":
                return "bool"
            case "argmax" | "argmin" | "count_nonzero":
                return "int32"
            case "max" | "min":
                return given.dtype
            case "sum" | "prod":
                narrow = {"bool": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32", "uint16": "uint32"}
                return narrow.get(given.dtype, given.dtype)
            case "logsumexp":
                require_dtype(given, FLOAT_TYPES)
                return "float32" if given.dtype != "float64" else given.dtype
        return as_float(given.dtype)

    def simplest(self, inputs: Sequence[TensorSpec]) -> Layer:
        """Return a global pooling layer for the mean or the maximum over all places of a sequence, an image or a volume."""
        kinds = {"mean": "GlobalAveragePooling", "max": "GlobalMaxPooling"}
        (given,) = inputs
        rank = len(given.shape)
        pooled = self.axes and self._places(given) == list(range(rank - 1)) and rank in (3, 4) and given.dtype == "float32"
        if not pooled or self.function not in kinds:
            return self
        return layer_class(f"{kinds[self.function]}{rank - 1}D").from_config({"keepdims": self.keepdims}, "")
