"""Convolutions and padding: layers that look at a small neighbourhood of every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from nodes.base import NodeError, setting
from nodes.layers.base import NUMBER_TYPES, UnaryLayer, require_known, unlist
from nodes.layers.options import Activation, Constraint, GlorotUniform, Initializer, Regularizer
from nodes.layers.weighted import (
    BiasedLayer,
    KernelLayer,
    activation_setting,
    constraint_setting,
    initializer_setting,
    regularizer_setting,
)
from nodes.layers.windows import PADDING_CHOICES, Padding, Pair, Size, join, slide, split
from nodes.values.network import Shape, WeightSpec

Span = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]

FILTERS = "The number of outputs per place: what the layer can learn to see."
KERNEL_SIZE = "Height and width of the window, in pixels."
STRIDES = "Step from window to window, down and across."
DILATION = "Distance between the window's pixels; more than 1 leaves gaps, so the window sees further."
GROUPS = "Splits the channels into groups that do not see each other; filters and channels must be multiples of it."
DEPTH = "The number of outputs that each channel gets of its own."


def _check_convolution(filters: int, groups: int, strides: Sequence[int], dilation: Sequence[int], channels: int | None) -> int:
    """The number of input channels, once they are known to fit groups, strides and dilation. NodeError if they do not."""
    if max(strides) > 1 and max(dilation) > 1:
        raise NodeError(
            "Strides and dilation rate are both above 1, which Keras cannot compute.",
            "Set one of them to 1.",
            setting="dilation_rate",
        )
    if filters % groups:
        raise NodeError(
            f"{filters} filters cannot be split into {groups} groups.", "Make filters a multiple of groups.", setting="groups"
        )
    known = require_known(channels, "number of channels")
    if known % groups:
        raise NodeError(
            f"The input's {known} channels cannot be split into {groups} groups.", "Choose a divisor of it.", setting="groups"
        )
    return known


class Conv1D(KernelLayer):
    """Slide learned filters along a sequence, such as a signal or a sentence: (steps, channels)."""

    id: ClassVar[str] = "keras.conv_1d"
    title: ClassVar[str] = "Keras Convolution 1D Layer"
    shelf: ClassVar[str] = "Network / Layers / Convolution"
    icon: ClassVar[str] = "mdi6.sine-wave"
    keywords: ClassVar[tuple[str, ...]] = ("Conv1D", "Convolution1D", "temporal", "signal", "causal")
    kind: ClassVar[str] = "Conv1D"
    has_data_format: ClassVar[bool] = True

    filters: Size = setting(1, "Filters", FILTERS)
    kernel_size: Size = setting(1, "Kernel size", "Length of the window, in steps.")
    strides: Size = setting(1, "Strides", "Step from window to window.")
    padding: Literal["valid", "same", "causal"] = setting(
        "valid",
        "Padding",
        "What happens at the ends.",
        choices={**PADDING_CHOICES, "causal": "Zeros before the sequence only, so that no output sees what comes later."},
    )
    dilation_rate: Size = setting(1, "Dilation rate", DILATION)
    groups: Size = setting(1, "Groups", GROUPS, advanced=True)
    activation: Activation = activation_setting()

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Keras writes lists of one number."""
        return unlist(super().upgrade(config), "kernel_size", "strides", "dilation_rate")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """(places of the window, filters)."""
        sizes, channels = split(shape, 1, channels_first)
        _check_convolution(self.filters, self.groups, [self.strides], [self.dilation_rate], channels)
        places = slide(sizes, [self.kernel_size], [self.strides], self.padding, dilation=[self.dilation_rate])
        return join(places, self.filters, channels_first)

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """kernel (size, channels / groups, filters), bias (filters,)."""
        channels = require_known(split(shape, 1, channels_first)[1], "number of channels")
        kernel = self.weight("kernel", (self.kernel_size, channels // self.groups, self.filters))
        return self.with_bias(kernel, size=self.filters)


class Conv2D(KernelLayer):
    """Slide learned filters over an image; each gives a feature map that says where what it looks for is found.

    With padding "valid" and stride 1 an image of n pixels becomes one of n - k + 1, for a kernel of k pixels.
    """

    id: ClassVar[str] = "keras.conv_2d"
    title: ClassVar[str] = "Keras Convolution 2D Layer"
    shelf: ClassVar[str] = "Network / Layers / Convolution"
    icon: ClassVar[str] = "mdi6.grid"
    keywords: ClassVar[tuple[str, ...]] = ("Conv2D", "Convolution2D", "filter", "kernel", "CNN", "feature map")
    kind: ClassVar[str] = "Conv2D"
    has_data_format: ClassVar[bool] = True

    filters: Size = setting(1, "Filters", FILTERS)
    kernel_size: Pair = setting((1, 1), "Kernel size", KERNEL_SIZE)
    strides: Pair = setting((1, 1), "Strides", STRIDES)
    padding: Padding = setting("valid", "Padding", "What happens at the edges.", choices=PADDING_CHOICES)
    dilation_rate: Pair = setting((1, 1), "Dilation rate", DILATION)
    groups: Size = setting(1, "Groups", GROUPS, advanced=True)
    activation: Activation = activation_setting()

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """(height, width, filters), by the places of the window."""
        sizes, channels = split(shape, 2, channels_first)
        _check_convolution(self.filters, self.groups, self.strides, self.dilation_rate, channels)
        places = slide(sizes, self.kernel_size, self.strides, self.padding, dilation=self.dilation_rate)
        return join(places, self.filters, channels_first)

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """kernel (height, width, channels / groups, filters), bias (filters,)."""
        channels = require_known(split(shape, 2, channels_first)[1], "number of channels")
        kernel = self.weight("kernel", (*self.kernel_size, channels // self.groups, self.filters))
        return self.with_bias(kernel, size=self.filters)


class DepthwiseLayer(BiasedLayer):
    """Slides filters over each channel of an image on its own."""

    has_data_format: ClassVar[bool] = True
    ignored: ClassVar[frozenset[str]] = frozenset({"groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"})
    """Keras 2 inherited these from Conv2D and wrote them without using them."""

    kernel_size: Pair = setting((1, 1), "Kernel size", KERNEL_SIZE)
    strides: Pair = setting((1, 1), "Strides", f"{STRIDES} Both must be equal.")
    padding: Padding = setting("valid", "Padding", "What happens at the edges.", choices=PADDING_CHOICES)
    dilation_rate: Pair = setting((1, 1), "Dilation rate", DILATION)
    depth_multiplier: Size = setting(1, "Depth multiplier", DEPTH)
    activation: Activation = activation_setting()
    depthwise_initializer: Initializer = initializer_setting("Depthwise kernel", GlorotUniform())
    depthwise_regularizer: Regularizer | None = regularizer_setting("Depthwise kernel")
    depthwise_constraint: Constraint | None = constraint_setting("Depthwise kernel")

    def places(self, shape: Shape, channels_first: bool) -> tuple[Shape, int]:
        """The places of the window, and the number of input channels."""
        sizes, channels = split(shape, 2, channels_first)
        known = require_known(channels, "number of channels")
        if self.strides[0] != self.strides[1] and max(self.dilation_rate) == 1:
            raise NodeError(
                f"The strides are {self.strides[0]} and {self.strides[1]}; TensorFlow needs equal ones on most machines.",
                "Make both the same.",
                setting="strides",
            )
        return slide(sizes, self.kernel_size, self.strides, self.padding, dilation=self.dilation_rate), known


class DepthwiseConv2D(DepthwiseLayer):
    """Slide filters over each channel of an image on its own, without mixing the channels."""

    id: ClassVar[str] = "keras.depthwise_conv_2d"
    title: ClassVar[str] = "Keras Depthwise Convolution 2D Layer"
    shelf: ClassVar[str] = "Network / Layers / Convolution"
    icon: ClassVar[str] = "mdi6.layers-outline"
    keywords: ClassVar[tuple[str, ...]] = ("DepthwiseConv2D", "MobileNet", "filter", "kernel")
    kind: ClassVar[str] = "DepthwiseConv2D"

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """(height, width, channels x depth multiplier)."""
        places, channels = self.places(shape, channels_first)
        return join(places, channels * self.depth_multiplier, channels_first)

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """kernel (height, width, channels, depth multiplier), bias (channels x depth multiplier,)."""
        _, channels = self.places(shape, channels_first)
        kernel = self.weight("kernel", (*self.kernel_size, channels, self.depth_multiplier), "depthwise")
        return self.with_bias(kernel, size=channels * self.depth_multiplier)


class SeparableConv2D(DepthwiseLayer):
    """Slide filters over each channel on its own, then mix the channels: a convolution with fewer weights."""

    id: ClassVar[str] = "keras.separable_conv_2d"
    title: ClassVar[str] = "Keras Separable Convolution 2D Layer"
    shelf: ClassVar[str] = "Network / Layers / Convolution"
    icon: ClassVar[str] = "mdi6.call-split"
    keywords: ClassVar[tuple[str, ...]] = ("SeparableConv2D", "SeparableConvolution2D", "Xception", "filter", "kernel")
    kind: ClassVar[str] = "SeparableConv2D"

    filters: Size = setting(1, "Filters", FILTERS)
    pointwise_initializer: Initializer = initializer_setting("Pointwise kernel", GlorotUniform())
    pointwise_regularizer: Regularizer | None = regularizer_setting("Pointwise kernel")
    pointwise_constraint: Constraint | None = constraint_setting("Pointwise kernel")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """(height, width, filters)."""
        return join(self.places(shape, channels_first)[0], self.filters, channels_first)

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """depthwise (height, width, channels, multiplier), pointwise (1, 1, channels x multiplier, filters), bias (filters,)."""
        _, channels = self.places(shape, channels_first)
        return self.with_bias(
            self.weight("depthwise_kernel", (*self.kernel_size, channels, self.depth_multiplier), "depthwise"),
            self.weight("pointwise_kernel", (1, 1, channels * self.depth_multiplier, self.filters), "pointwise"),
            size=self.filters,
        )


class ZeroPadding2D(UnaryLayer):
    """Surround an image with zeros."""

    id: ClassVar[str] = "keras.zero_padding_2d"
    title: ClassVar[str] = "Keras Zero-Padding 2D Layer"
    shelf: ClassVar[str] = "Network / Layers / Convolution"
    icon: ClassVar[str] = "mdi6.border-outside"
    keywords: ClassVar[tuple[str, ...]] = ("ZeroPadding2D", "pad", "border", "frame")
    kind: ClassVar[str] = "ZeroPadding2D"
    has_data_format: ClassVar[bool] = True
    accepts: ClassVar[Sequence[str]] = (*NUMBER_TYPES, "bool")
    keeps_dtype: ClassVar[bool] = True

    padding: tuple[Span, Span] = setting(
        ((1, 1), (1, 1)), "Padding", "Rows added at top and bottom, then columns added at left and right."
    )

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Height and width grow by what is added."""
        sizes, channels = split(shape, 2, channels_first)
        grown = [None if size is None else size + sum(added) for size, added in zip(sizes, self.padding, strict=True)]
        return join(grown, channels, channels_first)
