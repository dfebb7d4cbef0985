"""Convolutions: layers that look at a small neighbourhood of every step, pixel or voxel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from nodes.base import NodeError, Specs, setting
from nodes.kit.layers.activations import Activation
from nodes.kit.layers.constraints import Constraint
from nodes.kit.layers.initializers import GlorotUniform, Initializer
from nodes.kit.layers.regularizers import Regularizer
from nodes.kit.layers.shape_checks import require_known
from nodes.kit.layers.weighted import (
    BiasedLayer,
    KernelLayer,
    activation_setting,
    constraint_setting,
    initializer_setting,
    regularizer_setting,
)
from nodes.kit.layers.windows import PADDING_CHOICES, Count, Padding, Pair, Size, SpatialLayer, Triple, each, join, slide
from nodes.values.network import NetworkSpec, Shape, WeightSpec

FILTERS = "The number of outputs per place: what the layer can learn to see."
KERNEL_SIZE = {
    1: "Length of the window, in steps.",
    2: "Height and width of the window, in pixels.",
    3: "Depth, height and width of the window, in voxels.",
}
STRIDES = {
    1: "Step from window to window.",
    2: "Step from window to window, down and across.",
    3: "Step from window to window, along depth, height and width.",
}
DILATION = "Distance between the window's pixels; more than 1 leaves gaps, so the window sees further."
GROUPS = "Splits the channels into groups that do not see each other; filters and channels must be multiples of it."
DEPTH = "The number of outputs that each channel gets of its own."
ENLARGE = "How many times as large the output is, about: the step from window to window in the output."
OUTPUT_PADDING = (
    "Settles which of the sizes that fit the strides the output has: places added at its end, fewer than the strides; "
    "empty: as many as make the size a multiple of the input's."
)


def _check_steps(strides: Sequence[int], dilation: Sequence[int]) -> None:
    if max(strides) > 1 and max(dilation) > 1:
        raise NodeError(
            "Strides and dilation rate are both above 1, which Keras cannot compute.",
            "Set one of them to 1.",
            setting="dilation_rate",
        )


def _check_kernel_fault(channels: int, strides: Sequence[int], places: Shape, padding: str, dtype: str) -> None:
    """Refuse what TensorFlow's oneDNN kernels compute wrongly, without a word and by many orders of magnitude.

    Seen in TensorFlow 2.21 on Intel processors, beside float64 and numpy: the last stride is above 1 and the one before is 1,
    the output is one place wide and several high, and there is one input channel (bfloat16: any number of them).
    """
    if len(strides) < 2 or strides[-1] == 1 or strides[-2] != 1 or places[-1] != 1 or places[-2] == 1:
        return
    if (channels == 1 and dtype == "float32") or dtype == "bfloat16":
        raise NodeError(
            f"With strides of {' x '.join(map(str, strides))} and an output that is one place wide, TensorFlow computes wrong "
            "values on most machines.",
            "Make the last stride 1: where the output is one place wide, nothing else changes."
            if padding == "valid"
            else "Make the strides the same, or choose the padding 'valid' and the last stride 1.",
            setting="strides",
        )


class ConvolutionLayer(SpatialLayer, KernelLayer):
    """Slides filters that see all channels over its input."""

    filters: Size = setting(1, "Filters", FILTERS, start=32)
    kernel_size: int | tuple[int, ...]
    strides: int | tuple[int, ...]
    padding: str
    dilation_rate: int | tuple[int, ...]
    groups: Size = setting(1, "Groups", GROUPS, advanced=True)
    activation: Activation = activation_setting(start="relu")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the places of the window, with the filters as channels."""
        sizes, channels = self.split(shape, channels_first)
        known = self._check_groups(channels)
        strides, dilation = each(self.strides), each(self.dilation_rate)
        _check_steps(strides, dilation)
        places = slide(sizes, each(self.kernel_size), strides, self.padding, dilation=dilation)
        if not channels_first:
            _check_kernel_fault(known, strides, places, self.padding, self.compute_dtype)
        return join(places, self.filters, channels_first)

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return kernel (*window, channels / groups, filters), bias (filters,)."""
        channels = self._check_groups(self.split(shape, channels_first)[1])
        kernel = self.weight("kernel", (*each(self.kernel_size), channels // self.groups, self.filters))
        return self.with_bias(kernel, size=self.filters)

    def _check_groups(self, channels: int | None) -> int:
        """The number of input channels, once it is known to fit the groups."""
        if self.filters % self.groups:
            raise NodeError(
                f"{self.filters} filters cannot be split into {self.groups} groups.",
                "Make filters a multiple of groups.",
                setting="groups",
            )
        known = require_known(channels, "number of channels")
        if known % self.groups:
            raise NodeError(
                f"The input's {known} channels cannot be split into {self.groups} groups.",
                "Choose a divisor of it.",
                setting="groups",
            )
        return known


class Conv1D(ConvolutionLayer):
    """Slide learned filters along a sequence, such as a signal or a sentence: (steps, channels).

    With the padding "causal" no output sees later steps. Strides and dilation rate cannot both be above 1.

    Example: after an Input Layer of shape 128, 3, 16 filters with the kernel size 5 give 124 x 16.
    """

    id = "keras.conv_1d"
    title = "Keras Convolution 1D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.sine-wave"
    keywords = ("Conv1D", "Convolution1D", "temporal", "signal", "causal")
    kind = "Conv1D"
    spatial = 1

    kernel_size: Size = setting(1, "Kernel size", KERNEL_SIZE[1], start=3)
    strides: Size = setting(1, "Strides", STRIDES[1])
    padding: Literal["valid", "same", "causal"] = setting(
        "valid",
        "Padding",
        "What happens at the ends.",
        choices={**PADDING_CHOICES, "causal": "Zeros before the sequence only, so that no output sees what comes later."},
    )
    dilation_rate: Size = setting(1, "Dilation rate", DILATION)


class Conv2D(ConvolutionLayer):
    """Slide learned filters over an image; each gives a feature map that says where what it looks for is found.

    With padding "valid" and stride 1 an image of n pixels becomes one of n - k + 1, for a kernel of k pixels. Strides and
    dilation rate cannot both be above 1. KNIME has no groups.

    Example: after an Input Layer of shape 28, 28, 1, 16 filters of 3 x 3 give feature maps of 26 x 26 x 16.
    """

    id = "keras.conv_2d"
    title = "Keras Convolution 2D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.grid"
    keywords = ("Conv2D", "Convolution2D", "filter", "kernel", "CNN", "feature map")
    kind = "Conv2D"
    spatial = 2

    kernel_size: Pair = setting((1, 1), "Kernel size", KERNEL_SIZE[2], start=[3, 3])
    strides: Pair = setting((1, 1), "Strides", STRIDES[2])
    padding: Padding = setting("valid", "Padding", "What happens at the edges.", choices=PADDING_CHOICES)
    dilation_rate: Pair = setting((1, 1), "Dilation rate", DILATION)


class Conv3D(ConvolutionLayer):
    """Slide learned filters through a volume, such as a scan or a short film: (depth, height, width, channels).

    Strides and dilation rate cannot both be above 1. KNIME has no groups.

    Example: after an Input Layer of shape 16, 32, 32, 1, 8 filters of 3 x 3 x 3 give 14 x 30 x 30 x 8.
    """

    id = "keras.conv_3d"
    title = "Keras Convolution 3D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.cube-outline"
    keywords = ("Conv3D", "Convolution3D", "volume", "video", "film", "scan")
    kind = "Conv3D"
    spatial = 3

    kernel_size: Triple = setting((1, 1, 1), "Kernel size", KERNEL_SIZE[3], start=[3, 3, 3])
    strides: Triple = setting((1, 1, 1), "Strides", STRIDES[3])
    padding: Padding = setting("valid", "Padding", "What happens at the edges.", choices=PADDING_CHOICES)
    dilation_rate: Triple = setting((1, 1, 1), "Dilation rate", DILATION)


# ------------------------------------------------------------------------------------------------------------- transposed


class TransposedConvolutionLayer(SpatialLayer, KernelLayer):
    """Lays a window of learned numbers into the output for every place of the input: a convolution the other way round."""

    ignored = frozenset({"groups"})
    """Keras 2 inherited it from Conv2D and wrote it without using it."""

    filters: Size = setting(1, "Filters", FILTERS, start=32)
    kernel_size: int | tuple[int, ...]
    strides: int | tuple[int, ...]
    padding: Padding = setting(
        "valid",
        "Padding",
        "What happens at the edges.",
        choices={
            "valid": "The output has room for all windows: (n - 1) x strides + kernel size, or n x strides where that is more.",
            "same": "The output is cut off at n x strides.",
        },
    )
    output_padding: int | tuple[int, ...] | None
    dilation_rate: int | tuple[int, ...]
    activation: Activation = activation_setting(start="relu")

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """Do as other layers, and warn of a dilated one, which does not run everywhere."""
        made = super().configure(specs)
        if max(each(self.dilation_rate)) > 1:
            specs.warn(
                "TensorFlow computes transposed convolutions with a dilation rate above 1 on graphics cards, and with oneDNN on "
                "Intel and AMD processors under Linux; on other machines it cannot."
            )
        return made

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape with every spatial dimension about `strides` times as long, and the filters as channels."""
        sizes, channels = self.split(shape, channels_first)
        require_known(channels, "number of channels")
        strides, dilation = each(self.strides), each(self.dilation_rate)
        _check_steps(strides, dilation)
        if max(dilation) > 1 and self.compute_dtype != "float32":
            raise NodeError(
                f"TensorFlow cannot compute a dilated transposed convolution in {self.compute_dtype} on most machines.",
                "Choose the number type float32, or the dilation rate 1.",
                setting="dilation_rate",
            )
        padding = (None,) * self.spatial if self.output_padding is None else each(self.output_padding)
        windows = [spread * (width - 1) + 1 for width, spread in zip(each(self.kernel_size), dilation, strict=True)]
        made = [self._grown(*one) for one in zip(sizes, windows, strides, padding, strict=True)]
        return join(made, self.filters, channels_first)

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return kernel (*window, filters, channels), bias (filters,)."""
        channels = require_known(self.split(shape, channels_first)[1], "number of channels")
        return self.with_bias(self.weight("kernel", (*each(self.kernel_size), self.filters, channels)), size=self.filters)

    def _grown(self, size: int | None, window: int, stride: int, padding: int | None) -> int | None:
        """The output's size along one dimension, as Keras reckons it."""
        if padding is not None and padding >= stride:
            raise NodeError(
                f"The output padding of {padding} is not below the stride of {stride}.",
                "Make it smaller, or leave it empty.",
                setting="output_padding",
            )
        if padding == 0 and self.padding == "same" and window % 2 == 0:
            raise NodeError(
                f"With the padding 'same' and a window of {window}, TensorFlow cannot compute an output padding of 0.",
                "Leave the output padding empty, or make the kernel size odd.",
                setting="output_padding",
            )
        if size is None:
            return None
        if self.padding == "same":
            return size * stride if padding is None else (size - 1) * stride + window % 2 + padding
        return (size - 1) * stride + (max(window, stride) if padding is None else window + padding)


class Conv1DTranspose(TransposedConvolutionLayer):
    """Make a sequence longer with learned filters: a convolution the other way round.

    Strides and dilation rate cannot both be above 1. KNIME has this for images only.

    Example: in a decoder for signals, 8 filters with the kernel size 3, strides 2 and padding "same" make 16 x 4 into
    32 x 8.
    """

    id = "keras.conv_1d_transpose"
    title = "Keras Transposed Convolution 1D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.wave-arrow-up"
    keywords = ("Conv1DTranspose", "Deconvolution", "decoder", "upsample", "signal")
    kind = "Conv1DTranspose"
    spatial = 1

    kernel_size: Size = setting(1, "Kernel size", KERNEL_SIZE[1], start=3)
    strides: Size = setting(1, "Strides", ENLARGE)
    output_padding: Count | None = setting(None, "Output padding", OUTPUT_PADDING, advanced=True)
    dilation_rate: Size = setting(1, "Dilation rate", DILATION)


class Conv2DTranspose(TransposedConvolutionLayer):
    """Enlarge feature maps with learned filters: a convolution the other way round.

    It is how decoders and generators come from a few numbers to an image. Kernel sizes that are multiples of the strides
    avoid checkerboard patterns. Strides and dilation rate cannot both be above 1. KNIME has no output padding.

    Example: in the decoder of an autoencoder, 16 filters of 2 x 2 with strides 2, 2 make 7 x 7 x 32 into 14 x 14 x 16.
    """

    id = "keras.conv_2d_transpose"
    title = "Keras Transposed Convolution 2D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.grid-large"
    keywords = (
        "Conv2DTranspose", "Convolution2DTranspose", "Deconvolution", "decoder", "upsample", "generator", "GAN", "U-Net",
    )  # fmt: skip
    kind = "Conv2DTranspose"
    spatial = 2

    kernel_size: Pair = setting((1, 1), "Kernel size", KERNEL_SIZE[2], start=[3, 3])
    strides: Pair = setting((1, 1), "Strides", ENLARGE)
    output_padding: tuple[Count, Count] | None = setting(None, "Output padding", OUTPUT_PADDING, advanced=True)
    dilation_rate: Pair = setting((1, 1), "Dilation rate", DILATION)


class Conv3DTranspose(TransposedConvolutionLayer):
    """Enlarge a volume with learned filters: a convolution the other way round.

    Strides and dilation rate cannot both be above 1. KNIME has this for images only.

    Example: 4 filters of 2 x 2 x 2 with strides 2, 2, 2 make 8 x 8 x 8 x 16 into 16 x 16 x 16 x 4.
    """

    id = "keras.conv_3d_transpose"
    title = "Keras Transposed Convolution 3D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.cube-send"
    keywords = ("Conv3DTranspose", "Deconvolution", "decoder", "upsample", "volume")
    kind = "Conv3DTranspose"
    spatial = 3

    kernel_size: Triple = setting((1, 1, 1), "Kernel size", KERNEL_SIZE[3], start=[3, 3, 3])
    strides: Triple = setting((1, 1, 1), "Strides", ENLARGE)
    output_padding: tuple[Count, Count, Count] | None = setting(None, "Output padding", OUTPUT_PADDING, advanced=True)
    dilation_rate: Triple = setting((1, 1, 1), "Dilation rate", DILATION)


# ------------------------------------------------------------------------------------------------- depthwise and separable


class DepthwiseLayer(SpatialLayer, BiasedLayer):
    """Slides filters over each channel on its own."""

    ignored = frozenset({"groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"})
    """Keras 2 inherited these from Conv2D and wrote them without using them."""

    kernel_size: int | tuple[int, ...]
    strides: int | tuple[int, ...]
    padding: Padding = setting("valid", "Padding", "What happens at the edges.", choices=PADDING_CHOICES)
    dilation_rate: int | tuple[int, ...]
    depth_multiplier: Size = setting(1, "Depth multiplier", DEPTH)
    activation: Activation = activation_setting(start="relu")
    depthwise_initializer: Initializer = initializer_setting("Depthwise kernel", GlorotUniform())
    depthwise_regularizer: Regularizer | None = regularizer_setting("Depthwise kernel")
    depthwise_constraint: Constraint | None = constraint_setting("Depthwise kernel")

    def places(self, shape: Shape, channels_first: bool) -> tuple[Shape, int]:
        """Return the places of the window, and the number of input channels."""
        sizes, channels = self.split(shape, channels_first)
        known = require_known(channels, "number of channels")
        strides, dilation = each(self.strides), each(self.dilation_rate)
        if len(set(strides)) > 1 and max(dilation) == 1:
            raise NodeError(
                f"The strides are {strides[0]} and {strides[1]}; TensorFlow needs equal ones on most machines.",
                "Make both the same.",
                setting="strides",
            )
        return slide(sizes, each(self.kernel_size), strides, self.padding, dilation=dilation), known


class DepthwiseConvolutionLayer(DepthwiseLayer):
    """Slides filters over each channel on its own, and leaves the channels apart."""

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the places of the window, with channels x depth multiplier."""
        places, channels = self.places(shape, channels_first)
        return join(places, channels * self.depth_multiplier, channels_first)

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return kernel (*window, channels, depth multiplier), bias (channels x depth multiplier,)."""
        _, channels = self.places(shape, channels_first)
        kernel = self.weight("kernel", (*each(self.kernel_size), channels, self.depth_multiplier), "depthwise")
        return self.with_bias(kernel, size=channels * self.depth_multiplier)


class SeparableConvolutionLayer(DepthwiseLayer):
    """Slides filters over each channel on its own, then mixes the channels."""

    filters: Size = setting(1, "Filters", FILTERS, start=32)
    pointwise_initializer: Initializer = initializer_setting("Pointwise kernel", GlorotUniform())
    pointwise_regularizer: Regularizer | None = regularizer_setting("Pointwise kernel")
    pointwise_constraint: Constraint | None = constraint_setting("Pointwise kernel")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the places of the window, with the filters as channels."""
        return join(self.places(shape, channels_first)[0], self.filters, channels_first)

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return depthwise (*window, channels, multiplier), pointwise (1, ..., channels x multiplier, filters), bias."""
        _, channels = self.places(shape, channels_first)
        ones = (1,) * self.spatial
        return self.with_bias(
            self.weight("depthwise_kernel", (*each(self.kernel_size), channels, self.depth_multiplier), "depthwise"),
            self.weight("pointwise_kernel", (*ones, channels * self.depth_multiplier, self.filters), "pointwise"),
            size=self.filters,
        )


class DepthwiseConv1D(DepthwiseConvolutionLayer):
    """Slide filters over each channel of a sequence on its own, without mixing the channels.

    KNIME has no such node.

    Example: a signal of 128 x 3 with the kernel size 5 and the depth multiplier 2 becomes 124 x 6: two filters for each of
    three sensors.
    """

    id = "keras.depthwise_conv_1d"
    title = "Keras Depthwise Convolution 1D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.layers-triple-outline"
    keywords = ("DepthwiseConv1D", "filter", "kernel", "signal", "per channel")
    kind = "DepthwiseConv1D"
    spatial = 1

    kernel_size: Size = setting(1, "Kernel size", KERNEL_SIZE[1], start=3)
    strides: Size = setting(1, "Strides", STRIDES[1])
    dilation_rate: Size = setting(1, "Dilation rate", DILATION)


class DepthwiseConv2D(DepthwiseConvolutionLayer):
    """Slide filters over each channel of an image on its own, without mixing the channels.

    A Convolution 2D Layer of 1 x 1 after it mixes them; both together are what MobileNets are made of. KNIME has no such
    node.

    Example: feature maps of 28 x 28 x 16 with the kernel size 3, 3 and padding "same" stay 28 x 28 x 16, with 160 weights
    in place of 2320.
    """

    id = "keras.depthwise_conv_2d"
    title = "Keras Depthwise Convolution 2D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.layers-outline"
    keywords = ("DepthwiseConv2D", "MobileNet", "filter", "kernel")
    kind = "DepthwiseConv2D"
    spatial = 2

    kernel_size: Pair = setting((1, 1), "Kernel size", KERNEL_SIZE[2], start=[3, 3])
    strides: Pair = setting((1, 1), "Strides", f"{STRIDES[2]} Both must be equal.")
    dilation_rate: Pair = setting((1, 1), "Dilation rate", DILATION)


class SeparableConv1D(SeparableConvolutionLayer):
    """Slide filters over each channel of a sequence on its own, then mix the channels: a convolution with fewer weights.

    Example: a signal of 128 x 32 with 64 filters and the kernel size 5 becomes 124 x 64, with 2272 weights in place of
    10304.
    """

    id = "keras.separable_conv_1d"
    title = "Keras Separable Convolution 1D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.view-split-vertical"
    keywords = ("SeparableConv1D", "SeparableConvolution1D", "filter", "kernel", "signal")
    kind = "SeparableConv1D"
    spatial = 1

    kernel_size: Size = setting(1, "Kernel size", KERNEL_SIZE[1], start=3)
    strides: Size = setting(1, "Strides", STRIDES[1])
    dilation_rate: Size = setting(1, "Dilation rate", DILATION)


class SeparableConv2D(SeparableConvolutionLayer):
    """Slide filters over each channel on its own, then mix the channels: a convolution with fewer weights.

    Example: feature maps of 28 x 28 x 32 with 64 filters of 3 x 3 become 26 x 26 x 64, with 2400 weights in place of 18496.
    """

    id = "keras.separable_conv_2d"
    title = "Keras Separable Convolution 2D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.call-split"
    keywords = ("SeparableConv2D", "SeparableConvolution2D", "Xception", "filter", "kernel")
    kind = "SeparableConv2D"
    spatial = 2

    kernel_size: Pair = setting((1, 1), "Kernel size", KERNEL_SIZE[2], start=[3, 3])
    strides: Pair = setting((1, 1), "Strides", f"{STRIDES[2]} Both must be equal.")
    dilation_rate: Pair = setting((1, 1), "Dilation rate", DILATION)
