"""The layers every network is made of: input, dense, activation, dropout, and those that only move numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from nodes.base import Job, NodeError, Specs, Values, setting
from nodes.kit.layers.base import (
    NUMBER_TYPES,
    ONE_OR_SEVERAL,
    Inference,
    Layer,
    SameShapeLayer,
    UnaryLayer,
    require_known,
    require_rank,
)
from nodes.kit.layers.options import Activation as ActivationName
from nodes.kit.layers.options import Constraint, GlorotUniform, Initializer, Regularizer, Zeros, dimensions
from nodes.kit.layers.weighted import (
    FORM_OF_THE_KERNEL,
    LORA,
    KernelLayer,
    activation_setting,
    constraint_setting,
    initializer_setting,
    regularizer_setting,
)
from nodes.values.network import Call, LayerSpec, Network, NetworkSpec, Shape, Tensor, TensorSpec, WeightSpec

Size = Annotated[int, Field(ge=1)]

InputDtype = Literal[
    "float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"
]  # fmt: skip


SAME_SHAPES = "Such tensors cannot come from a table, whose cells of one column are all of one shape."


class Input(Layer):
    """Say what goes into the network: the shape and type of one example.

    Images are height, width, channels, such as 28, 28, 1; or channels, height, width where the data format is
    "channels first". A dimension left empty may differ from batch to batch.

    Example: for grey images of 28 x 28 pixels, the shape 28, 28, 1; a Convolution 2D Layer follows. For a table of
    four measurements, the shape 4, followed by a Dense Layer.
    """

    id = "keras.input"
    title = "Keras Input Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.import"
    keywords = ("Input", "InputLayer", "shape", "start", "placeholder")
    kind = "InputLayer"
    left_out = {
        "batch_shape": "It is the batch size and the shape in one.",
        "input_tensor": "A network here begins with what is fed to it.",
        "sparse": SAME_SHAPES,
        "ragged": SAME_SHAPES,
        "optional": "Every input of a network is fed.",
    }

    shape: Annotated[tuple[Size | None, ...], ONE_OR_SEVERAL] = setting(
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

    Example: after a Flatten Layer, 100 units with ReLU, then a second Dense Layer of 10 units with softmax that tells
    ten classes apart.
    """

    id = "keras.dense"
    title = "Keras Dense Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.dots-grid"
    keywords = ("Dense", "fully connected", "linear", "units", "neurons")
    kind = "Dense"
    left_out = LORA
    accepts = (*NUMBER_TYPES, "bool")

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
    """Put every number through an activation function.

    Most layers have an activation function of their own; this one is for putting something between the layer and it, such
    as a Batch Normalization Layer. KNIME's hard sigmoid has the slope 0.2 of Keras 2; Keras 3 uses 1/6. Functions here are those
    that need no numbers of their own: where a slope, a limit, a threshold or an axis is to be chosen, there are the ReLU, Leaky
    ReLU, PReLU, ELU, Thresholded ReLU and Softmax Layers. GLU, which halves the last dimension, is left out, as Keras announces
    the full one.

    Example: a Dense Layer without activation, a Batch Normalization Layer, then this layer with ReLU.
    """

    id = "keras.activation"
    title = "Keras Activation Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.function-variant"
    keywords = ("Activation", "relu", "sigmoid", "tanh", "softmax", "nonlinearity")
    kind = "Activation"

    activation: ActivationName = activation_setting()


class Dropout(SameShapeLayer):
    """Set a random part of the inputs to zero while training, so that the network does not learn by heart.

    What stays is scaled up by 1 / (1 - rate), so the sum stays the same. When the trained network is applied, nothing
    is dropped. A seed is used only where it is set (KNIME passes one on even when its box is off).

    Example: between two Dense Layers of a classifier that overfits, a drop rate of 0.5; after pooling, 0.25.
    """

    id = "keras.dropout"
    title = "Keras Dropout Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.dots-hexagon"
    keywords = ("Dropout", "drop rate", "regularization", "overfitting")
    kind = "Dropout"

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

    Example: after the last Max Pooling 2D Layer, feature maps of 5 x 5 x 32 become a row of 800 numbers for a Dense
    Layer.
    """

    id = "keras.flatten"
    title = "Keras Flatten Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.arrow-collapse-vertical"
    keywords = ("Flatten", "vector", "unroll", "reshape")
    kind = "Flatten"
    has_data_format = True
    accepts = (*NUMBER_TYPES, "bool")
    keeps_dtype = True

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """(product of all,); unknown if one is."""
        return (None if None in shape else math.prod(n for n in shape if n is not None),)


class Reshape(UnaryLayer):
    """Give the numbers of an example another shape, in the same order.

    One dimension may be -1 and is worked out from the others (KNIME takes positive numbers only). To change the order of
    the axes, use the Permute Layer.

    Example: a row of 784 pixels becomes an image with the target shape 28, 28, 1, so that a Convolution 2D Layer can follow.
    """

    id = "keras.reshape"
    title = "Keras Reshape Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.arrow-expand-all"
    keywords = ("Reshape", "target shape", "view")
    kind = "Reshape"
    accepts = (*NUMBER_TYPES, "bool")
    keeps_dtype = True

    target_shape: Annotated[tuple[Annotated[int, Field(ge=-1)], ...], ONE_OR_SEVERAL] = setting(
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


class Permute(UnaryLayer):
    """Change the order of an example's dimensions, as transposing a matrix does.

    Dimensions are counted from 1; the batch stays where it is. Each must be named once.

    Example: a sequence of 10 steps with 64 features becomes 64 x 10 with the permutation 2, 1, so that a Dense Layer works
    along the steps.
    """

    id = "keras.permute"
    title = "Keras Permute Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.swap-horizontal"
    keywords = ("Permute", "transpose", "swap axes", "dims")
    kind = "Permute"
    accepts = (*NUMBER_TYPES, "bool")
    keeps_dtype = True

    dims: tuple[Size, ...] = setting(
        (2, 1), "Permutation", "Which dimension of the input comes at each place, counted from 1 without the batch.", min_length=1
    )

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """The dimensions in the new order."""
        if sorted(self.dims) != list(range(1, len(shape) + 1)):
            places = ", ".join(str(n) for n in range(1, len(shape) + 1))
            raise NodeError(
                f"{_listed(self.dims)} is no order of the input's dimensions ({TensorSpec(shape).describe()}).",
                f"Name each of {places} once.",
                setting="dims",
            )
        return tuple(shape[n - 1] for n in self.dims)


class RepeatVector(UnaryLayer):
    """Repeat a row of numbers, so that it becomes a sequence.

    The input must have one dimension. KNIME calls it Repeat Layer and takes 0 repetitions too, of which nothing is left.

    Example: an encoder ends in a vector of 32 numbers; with N = 10 a recurrent decoder sees it at each of ten steps.
    """

    id = "keras.repeat_vector"
    title = "Keras Repeat Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.repeat"
    keywords = ("RepeatVector", "Repeat Vector", "copy", "sequence", "decoder")
    kind = "RepeatVector"
    accepts = (*NUMBER_TYPES, "bool")
    keeps_dtype = True

    n: Size = setting(1, "N", "How often the vector is repeated.")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """(n, features)."""
        require_rank(shape, 1, "vectors")
        return (self.n, *shape)


class Masking(SameShapeLayer):
    """Mark the steps of a sequence that are only padding, so that later layers skip them.

    A step is padding if all its features are the mask value. Its numbers become 0, and recurrent layers, attention and the
    loss leave it out. Layers that cannot handle a mask (Flatten, convolutions) end it or refuse it in Keras.

    Example: sequences of different length, filled up with -1, go through a Masking Layer with the mask value -1 before an
    LSTM Layer.
    """

    id = "keras.masking"
    title = "Keras Masking Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.transition-masked"
    keywords = ("Masking", "mask", "padding", "skip steps", "variable length")
    kind = "Masking"

    mask_value: float = setting(0.0, "Mask value", "A step whose features all have this value is skipped.")


class ActivityRegularization(SameShapeLayer):
    """Add a cost for large outputs of the layer before to the loss.

    The numbers go through unchanged. It does the same as the output regularizer of a Dense or convolution layer, where a
    layer has none.

    Example: after the code of an autoencoder, L1 = 0.0001 makes most of the code's numbers zero.
    """

    id = "keras.activity_regularization"
    title = "Keras Activity Regularization Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.scale-balance"
    keywords = ("ActivityRegularization", "L1", "L2", "penalty", "sparse code")
    kind = "ActivityRegularization"

    l1: float = setting(0.0, "L1", "Factor on the sum of the absolute outputs.", ge=0)
    l2: float = setting(0.0, "L2", "Factor on the sum of the squared outputs.", ge=0)


class Identity(SameShapeLayer):
    """Pass everything on as it is, to give a tensor a name of its own or to hold a place.

    Example: with the name prefix `features`, the tensor after a Dense Layer can be found by that name in the executor.
    """

    id = "keras.identity"
    title = "Keras Identity Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.equal"
    keywords = ("Identity", "pass through", "placeholder", "name")
    kind = "Identity"
    accepts = (*NUMBER_TYPES, "bool")
    keeps_dtype = True


class EinsumDense(UnaryLayer):
    """Multiply the input with a kernel along axes of your choice, written as an Einstein sum.

    The equation is `input,kernel->output`, one letter an axis: letters that are in the input and the kernel but not in the
    output are summed over. The first letter of the input and of the output is the batch; `...` at the left or right end
    stands for axes that stay as they are. `ab,bc->ac` is a Dense Layer.

    Example: `abc,cd->abd` with the output shape (empty), 64 and the bias axes `d` is a Dense Layer of 64 units for each step
    of a sequence.
    """

    id = "keras.einsum_dense"
    title = "Keras Einsum Dense Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.sigma"
    keywords = ("EinsumDense", "einsum", "Einstein sum", "tensor product", "matrix multiplication")
    kind = "EinsumDense"
    left_out = {**LORA, "gptq_unpacked_column_size": FORM_OF_THE_KERNEL}

    equation: str = setting(
        "ab,bc->ac", "Equation", "`input,kernel->output`, one letter an axis, with or without `...` at one end."
    )
    output_shape: Annotated[tuple[Size | None, ...], ONE_OR_SEVERAL] = setting(
        (1,), "Output shape", "The size of each output axis but the batch and what `...` stands for; empty entries are open."
    )
    activation: ActivationName = activation_setting()
    bias_axes: str | None = setting(None, "Bias axes", "The output's letters that the bias has axes for; empty: no bias.")
    kernel_initializer: Initializer = initializer_setting("Kernel", GlorotUniform())
    bias_initializer: Initializer = initializer_setting("Bias", Zeros())
    kernel_regularizer: Regularizer | None = regularizer_setting("Kernel")
    bias_regularizer: Regularizer | None = regularizer_setting("Bias")
    activity_regularizer: Regularizer | None = regularizer_setting("Output")
    kernel_constraint: Constraint | None = constraint_setting("Kernel")
    bias_constraint: Constraint | None = constraint_setting("Bias")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """The output's axes but the batch."""
        return self._sizes(shape)[0]

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """kernel, as the equation says, and bias, if it has axes."""
        _, kernel, bias = self._sizes(shape)
        made = (self.weight("kernel", kernel),)
        return (*made, self.weight("bias", bias)) if bias is not None else made

    def _sizes(self, shape: Shape) -> tuple[Shape, tuple[int, ...], tuple[int, ...] | None]:
        """Output shape, kernel shape and bias shape for an input of `shape`. NodeError if the equation does not fit it."""
        given, kernel, made, left, right = self._letters()
        kept = len(shape) + 1 - len(given)
        if kept < 0 or (kept and not (left or right)) or (left and not kept):
            raise NodeError(
                f"The equation has {len(given)} axes for the input, which has {len(shape) + 1} with the batch.",
                "Give it a letter for each axis; `...` at the left end stands for the batch and what follows it.",
                setting="equation",
            )
        if len(self.output_shape) != len(made) - (0 if left else 1):
            raise NodeError(
                f"The output shape has {dimensions(self.output_shape)}, which are not those of '{made}' in the equation.",
                "Give it an entry for each of the output's letters but the batch.",
                setting="output_shape",
            )
        if left and kept > 2 and len(set(shape[: kept - 1])) > 1:
            raise NodeError(
                "Keras reckons several axes that `...` stands for in the wrong order.",
                "Write a letter for each axis.",
                setting="equation",
            )
        # Where `...` is at the left, it takes the batch in; then the equation's letters are the last axes.
        before = shape[: kept - 1] if left else ()
        after = shape[len(shape) - kept :] if right and kept else ()
        inner = shape[kept - 1 :] if left else shape[: len(shape) - (kept if right else 0)]
        sizes = dict(zip(given if left else given[1:], inner, strict=True))
        outputs = dict(zip(made if left else made[1:], self.output_shape, strict=True))
        for letter, size in outputs.items():
            if size is not None and letter in sizes and size != sizes[letter]:
                raise NodeError(
                    f"Axis '{letter}' is {sizes[letter] or 'open'} in the input, but {size} in the output.",
                    f"Give it {sizes[letter] or 'an empty entry'} in the output shape.",
                    setting="output_shape",
                )
        known = sizes | {letter: size for letter, size in outputs.items() if letter in kernel or letter not in sizes}
        weight = tuple(
            require_known(known[letter], f"size of axis '{letter}', which is one of the kernel's,") for letter in kernel
        )
        out = (*before, *outputs.values(), *after)
        if self.bias_axes is None:
            return out, weight, None
        first = min(made.index(letter) for letter in self.bias_axes)
        bias = tuple(
            require_known(outputs[letter], f"size of axis '{letter}', which is one of the bias's,")
            if letter in self.bias_axes
            else 1
            for letter in made[first:]
        )
        return out, weight, bias + (1,) * (kept if right else 0)

    def _letters(self) -> tuple[str, str, str, bool, bool]:
        """The letters of input, kernel and output, and whether `...` is at the left or right end. NodeError if wrong."""
        found = re.fullmatch(r"(\.{3})?([a-zA-Z]+)(\.{3})?,([a-zA-Z]+)->(\.{3})?([a-zA-Z]+)(\.{3})?", self.equation)
        if not found:
            raise self._wrong("is not of the form `input,kernel->output`", "Write it as `ab,bc->ac`, say.")
        left, given, right, kernel, left_out, made, right_out = found.groups()
        if (left, right) != (left_out, right_out) or (left and right):
            raise self._wrong("has `...` at different ends", "Put it at the same end of input and output, or leave it out.")
        if any(len(set(letters)) < len(letters) for letters in (given, kernel, made)):
            raise self._wrong("uses a letter twice for one tensor", "Give each axis a letter of its own.")
        if not left and (given[0] != made[0] or given[0] in kernel):
            raise self._wrong("does not keep the batch", "Begin input and output with the same letter, which the kernel has not.")
        for letters, sources, what in ((made, given + kernel, "output"), (kernel, given + made, "kernel")):
            if unknown := set(letters) - set(sources):
                raise self._wrong(
                    f"has the letter '{min(unknown)}' in the {what} alone", "Use letters that another tensor has too."
                )
        if self.bias_axes is not None and (not self.bias_axes or set(self.bias_axes) - set(made if left else made[1:])):
            raise NodeError(
                f"The bias axes '{self.bias_axes}' are not all among the output's axes '{made}', without the batch.",
                "Use the output's letters, or none.",
                setting="bias_axes",
            )
        return given, kernel, made, bool(left), bool(right)

    def _wrong(self, why: str, remedy: str) -> NodeError:
        return NodeError(f"The equation '{self.equation}' {why}.", remedy, setting="equation")


def _listed(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, shape))})"
