"""Layers of neurons that are connected with all inputs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from nodes.base import NodeError, setting
from nodes.kit.layers.activations import Activation as ActivationName
from nodes.kit.layers.base import ONE_OR_SEVERAL, UnaryLayer
from nodes.kit.layers.constraints import Constraint
from nodes.kit.layers.initializers import GlorotUniform, Initializer, Zeros
from nodes.kit.layers.options import dimensions
from nodes.kit.layers.regularizers import Regularizer
from nodes.kit.layers.shape_checks import NUMBER_TYPES, require_known
from nodes.kit.layers.weighted import (
    FORM_OF_THE_KERNEL,
    LORA,
    KernelLayer,
    activation_setting,
    constraint_setting,
    initializer_setting,
    regularizer_setting,
)
from nodes.kit.layers.windows import Size
from nodes.values.network import Shape, WeightSpec


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

    units: Size = setting(1, "Units", "The number of outputs.", start=64)
    activation: ActivationName = activation_setting(start="relu")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return (..., units)."""
        return (*shape[:-1], self.units)

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return kernel (inputs, units), bias (units,)."""
        inputs = require_known(shape[-1], "last dimension of the input")
        return self.with_bias(self.weight("kernel", (inputs, self.units)), size=self.units)


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
        """Return the output's axes but the batch."""
        return self._sizes(shape)[0]

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return kernel, as the equation says, and bias, if it has axes."""
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
