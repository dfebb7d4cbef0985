"""The layers every network is made of: input, dense, activation, dropout, flatten, reshape."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from nodes.base import Job, NodeError, Specs, Values, setting
from nodes.layers.base import NUMBER_TYPES, Inference, Layer, SameShapeLayer, UnaryLayer, require_known
from nodes.layers.options import Activation as ActivationName
from nodes.layers.weighted import KernelLayer, activation_setting
from nodes.values.network import Call, LayerSpec, Network, NetworkSpec, Shape, Tensor, TensorSpec, WeightSpec

Size = Annotated[int, Field(ge=1)]

InputDtype = Literal[
    "float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"
]  # fmt: skip


class Input(Layer):
    """Say what goes into the network: the shape and type of one example.

    Images are height, width, channels, such as 28, 28, 1; or channels, height, width where the data format is
    "channels first". A dimension left empty may differ from batch to batch.
    """

    id: ClassVar[str] = "keras.input"
    title: ClassVar[str] = "Keras Input Layer"
    shelf: ClassVar[str] = "Network / Layers / Core"
    icon: ClassVar[str] = "mdi6.import"
    keywords: ClassVar[tuple[str, ...]] = ("Input", "InputLayer", "shape", "start", "placeholder")
    kind: ClassVar[str] = "InputLayer"

    shape: tuple[Size | None, ...] = setting(
        (1,), "Shape", "The size of one example, without the batch; an empty dimension is not fixed.", min_length=1
    )
    batch_size: Size | None = setting(
        None, "Batch size", "Fixes the number of examples that are computed together.", advanced=True
    )
    dtype: InputDtype = setting("float32", "Data type", "The type of the numbers that are fed.")
    data_format: Literal["channels_last", "channels_first"] = setting(
        "channels_last",
        "Data format",
        "Where images have their channels; all layers that follow keep to it.",
        choices={"channels_last": "height, width, channels.", "channels_first": "channels, height, width."},
    )

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Keras's arguments; it has no data format of its own."""
        return {"batch_shape": [self.batch_size, *self.shape], "dtype": self.dtype}

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Read the batch size and the shape out of one list; flags that are off change nothing."""
        config = super().upgrade(config)
        flags = {key: value for key, value in config.items() if key in ("sparse", "ragged", "optional") and value}
        batch, *shape = config.get("batch_shape") or config.get("batch_input_shape") or [None]
        return {"shape": shape, "batch_size": batch, "dtype": config.get("dtype") or "float32"} | flags

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """One tensor, as the settings say."""
        return Inference((TensorSpec(self.shape, self.dtype, self.batch_size),))

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """A network of one layer."""
        return {"network": self._network(specs.node)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Network]:
        """A network of one layer, without weights."""
        return {"network": Network(self._network(job.node))}

    def _network(self, node: str) -> NetworkSpec:
        first = self.data_format == "channels_first"
        layer = LayerSpec(self.layer_name(None, node), self.kind, self.to_config(first), node)
        tensor = Tensor(layer.name)
        call = Call(layer.name, 0, (), self.infer((), first).outputs)
        return NetworkSpec((layer,), (call,), (tensor,), (tensor,), channels_first=first)


class Dense(KernelLayer):
    """Connect every output with every input: activation(input x kernel + bias).

    Inputs of more than one dimension keep all but the last: the same weights are applied at each place. The last layer
    of a classifier is one with as many units as there are classes and the activation softmax.
    """

    id: ClassVar[str] = "keras.dense"
    title: ClassVar[str] = "Keras Dense Layer"
    shelf: ClassVar[str] = "Network / Layers / Core"
    icon: ClassVar[str] = "mdi6.dots-grid"
    keywords: ClassVar[tuple[str, ...]] = ("Dense", "fully connected", "linear", "units", "neurons")
    kind: ClassVar[str] = "Dense"
    accepts: ClassVar[Sequence[str]] = (*NUMBER_TYPES, "bool")

    units: Size = setting(1, "Units", "The number of outputs.")
    activation: ActivationName = activation_setting()

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """(..., units)."""
        return (*shape[:-1], self.units)

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """kernel (inputs, units), bias (units,)."""
        inputs = require_known(shape[-1], "last dimension of the input")
        return self.with_bias(self.weight("kernel", (inputs, self.units)), size=self.units)


class Activation(SameShapeLayer):
    """Put every number through an activation function."""

    id: ClassVar[str] = "keras.activation"
    title: ClassVar[str] = "Keras Activation Layer"
    shelf: ClassVar[str] = "Network / Layers / Core"
    icon: ClassVar[str] = "mdi6.function-variant"
    keywords: ClassVar[tuple[str, ...]] = ("Activation", "relu", "sigmoid", "tanh", "softmax", "nonlinearity")
    kind: ClassVar[str] = "Activation"

    activation: ActivationName = activation_setting()


class Dropout(SameShapeLayer):
    """Set a random part of the inputs to zero while training, so that the network does not learn by heart.

    What stays is scaled up by 1 / (1 - rate), so the sum stays the same. When the trained network is applied, nothing
    is dropped.
    """

    id: ClassVar[str] = "keras.dropout"
    title: ClassVar[str] = "Keras Dropout Layer"
    shelf: ClassVar[str] = "Network / Layers / Core"
    icon: ClassVar[str] = "mdi6.dots-hexagon"
    keywords: ClassVar[tuple[str, ...]] = ("Dropout", "drop rate", "regularization", "overfitting")
    kind: ClassVar[str] = "Dropout"

    rate: float = setting(0.0, "Drop rate", "The part of the inputs that is dropped, from 0 to 1.", ge=0, le=1)
    noise_shape: tuple[Size | None, ...] | None = setting(
        None,
        "Noise shape",
        "The shape of the random mask, batch included; 1 drops whole slices together, an empty entry is as the input.",
        advanced=True,
    )
    seed: int | None = setting(
        None,
        "Random seed",
        "Makes the same inputs drop in every run; empty leaves that to the learner's seed.",
        ge=0,
        advanced=True,
    )

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """As it came; the noise shape must fit it."""
        if self.noise_shape is not None:
            sizes = self.noise_shape[1:]
            fits = len(sizes) == len(shape) and all(
                n in (None, 1, size) or size is None for n, size in zip(sizes, shape, strict=True)
            )
            if not fits:
                raise NodeError(
                    f"The noise shape does not fit inputs of {TensorSpec(shape).describe()}.",
                    f"Give it {len(shape) + 1} entries: the batch, then per dimension 1, its size, or nothing.",
                    setting="noise_shape",
                )
        return shape


class Flatten(UnaryLayer):
    """Lay all numbers of an example in one row, as dense layers need them.

    It has no options. Where channels come first, they are moved to the end before.
    """

    id: ClassVar[str] = "keras.flatten"
    title: ClassVar[str] = "Keras Flatten Layer"
    shelf: ClassVar[str] = "Network / Layers / Core"
    icon: ClassVar[str] = "mdi6.arrow-collapse-vertical"
    keywords: ClassVar[tuple[str, ...]] = ("Flatten", "vector", "unroll", "reshape")
    kind: ClassVar[str] = "Flatten"
    has_data_format: ClassVar[bool] = True
    accepts: ClassVar[Sequence[str]] = (*NUMBER_TYPES, "bool")
    keeps_dtype: ClassVar[bool] = True

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """(product of all,); unknown if one is."""
        return (None if None in shape else math.prod(n for n in shape if n is not None),)


class Reshape(UnaryLayer):
    """Give the numbers of an example another shape, in the same order."""

    id: ClassVar[str] = "keras.reshape"
    title: ClassVar[str] = "Keras Reshape Layer"
    shelf: ClassVar[str] = "Network / Layers / Core"
    icon: ClassVar[str] = "mdi6.arrow-expand-all"
    keywords: ClassVar[tuple[str, ...]] = ("Reshape", "target shape", "view")
    kind: ClassVar[str] = "Reshape"
    accepts: ClassVar[Sequence[str]] = (*NUMBER_TYPES, "bool")
    keeps_dtype: ClassVar[bool] = True

    target_shape: tuple[Annotated[int, Field(ge=-1)], ...] = setting(
        (-1,), "Target shape", "The new shape, without the batch; one dimension may be -1 and is what is left.", min_length=1
    )

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """The target, with -1 replaced where that is known."""
        target = self.target_shape
        if 0 in target or target.count(-1) > 1:
            remedy = "Give every dimension a number from 1 on; one of them may be -1."
            raise NodeError(f"{_listed(target)} is no shape.", remedy, setting="target_shape")
        if None in shape:
            return tuple(None if n == -1 else n for n in target)
        count = math.prod(n for n in shape if n is not None)
        known = math.prod(n for n in target if n != -1)
        if count % known or (-1 not in target and count != known):
            raise NodeError(
                f"The input has {count} numbers ({TensorSpec(shape).describe()}), which do not fill {_listed(target)}.",
                f"The dimensions must multiply to {count}; one of them may be -1, which is what is left.",
                setting="target_shape",
            )
        return tuple(count // known if n == -1 else n for n in target)


def _listed(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, shape))})"
