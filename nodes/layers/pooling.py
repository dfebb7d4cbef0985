"""Pooling: one value for every window, for each of a number of parts, or for the whole of a sequence, an image or a volume."""

from __future__ import annotations

from collections.abc import Sequence

from nodes.base import NodeError, setting
from nodes.kit.layers.base import FLOAT_TYPES, NUMBER_TYPES, Inference, only, require_known
from nodes.kit.layers.windows import PADDING_CHOICES, Padding, Pair, Size, SpatialLayer, Triple, each, join, slide
from nodes.values.network import Shape, TensorSpec

MAXIMUM_TYPES = tuple(dtype for dtype in NUMBER_TYPES if dtype not in ("uint32", "uint64"))
"""The dtypes whose maximum TensorFlow takes over windows of sequences and images."""
STRIDES = "empty: the pool size, as Keras has it (KNIME's default is 1)."


class WindowPooling(SpatialLayer):
    """One value for every window, or for every part of the input."""

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """As `Layer.infer`; for volumes TensorFlow has few number types."""
        if self.spatial == 3 and self.compute_dtype in ("float16", "float64"):
            raise NodeError(
                f"TensorFlow cannot pool volumes of {self.compute_dtype} on most machines.",
                "Choose the number type float32 or mixed_bfloat16.",
                setting="dtype",
            )
        return super().infer(inputs, channels_first)


class Pooling(WindowPooling):
    """One value for every window."""

    pool_size: int | tuple[int, ...]
    strides: int | tuple[int, ...] | None
    padding: Padding = setting("valid", "Padding", "What happens at the edges.", choices=PADDING_CHOICES)

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """One place per window; the channels stay."""
        sizes, channels = self.split(shape, channels_first)
        window = each(self.pool_size)
        strides = window if self.strides is None else each(self.strides)
        return join(slide(sizes, window, strides, self.padding, setting="pool_size"), channels, channels_first)


class Pooling1D(Pooling):
    """One value for every window of a sequence."""

    spatial = 1

    pool_size: Size = setting(2, "Pool size", "Length of the window, in steps.")
    strides: Size | None = setting(None, "Strides", f"Step from window to window; {STRIDES}")


class Pooling2D(Pooling):
    """One value for every window of an image."""

    spatial = 2

    pool_size: Pair = setting((2, 2), "Pool size", "Height and width of the window, in pixels.")
    strides: Pair | None = setting(None, "Strides", f"Step from window to window, down and across; {STRIDES}")


class Pooling3D(Pooling):
    """One value for every window of a volume."""

    spatial = 3

    pool_size: Triple = setting((2, 2, 2), "Pool size", "Depth, height and width of the window, in voxels.")
    strides: Triple | None = setting(None, "Strides", f"Step from window to window, along depth, height and width; {STRIDES}")


class MaxPooling1D(Pooling1D):
    """Keep the largest value of every window of a sequence, so that it gets shorter.

    Without strides the windows lie side by side; KNIME's strides are 1 by default, so that they overlap.

    Example: after a Convolution 1D Layer that gives 26 steps of 8 numbers, the pool size 2 leaves 13 x 8.
    """

    id = "keras.max_pooling_1d"
    title = "Keras Max Pooling 1D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.arrow-collapse-horizontal"
    keywords = ("MaxPooling1D", "MaxPool1D", "downsample", "subsample", "sequence")
    kind = "MaxPooling1D"
    accepts = MAXIMUM_TYPES
    keeps_dtype = True


class MaxPooling2D(Pooling2D):
    """Keep the largest value of every window, so that the feature map gets smaller.

    Without strides the windows lie side by side; KNIME's strides are 1 by default, so that they overlap.

    Example: after a Convolution 2D Layer that gives 26 x 26 x 16, the pool size 2, 2 leaves 13 x 13 x 16.
    """

    id = "keras.max_pooling_2d"
    title = "Keras Max Pooling 2D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.arrow-collapse-all"
    keywords = ("MaxPooling2D", "MaxPool2D", "downsample", "subsample", "shrink")
    kind = "MaxPooling2D"
    accepts = MAXIMUM_TYPES
    keeps_dtype = True


class MaxPooling3D(Pooling3D):
    """Keep the largest value of every window of a volume, so that it gets smaller.

    Without strides the windows lie side by side; KNIME's strides are 1 by default, so that they overlap. TensorFlow pools
    volumes of floating-point numbers only, and in 64 or IEEE's 16 bits on few machines.

    Example: after a Convolution 3D Layer that gives 14 x 14 x 14 x 8, the pool size 2, 2, 2 leaves 7 x 7 x 7 x 8.
    """

    id = "keras.max_pooling_3d"
    title = "Keras Max Pooling 3D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.arrow-collapse"
    keywords = ("MaxPooling3D", "MaxPool3D", "downsample", "subsample", "volume")
    kind = "MaxPooling3D"


class AveragePooling1D(Pooling1D):
    """Take the mean of every window of a sequence, so that it gets shorter.

    With padding "same" the zeros at the ends do not count. Without strides the windows lie side by side; KNIME's strides are
    1 by default, so that they overlap.

    Example: the pool size 7 makes 28 daily values of one number, 28 x 1, into the means of four weeks, 4 x 1.
    """

    id = "keras.average_pooling_1d"
    title = "Keras Average Pooling 1D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.blur-linear"
    keywords = ("AveragePooling1D", "AvgPool1D", "mean", "downsample", "sequence")
    kind = "AveragePooling1D"


class AveragePooling2D(Pooling2D):
    """Take the mean of every window, so that the feature map gets smaller.

    With padding "same" the zeros at the edges do not count. Without strides the windows lie side by side; KNIME's strides
    are 1 by default, so that they overlap.

    Example: after a Convolution 2D Layer that gives 28 x 28 x 6, the pool size 2, 2 leaves 14 x 14 x 6, as in LeNet-5.
    """

    id = "keras.average_pooling_2d"
    title = "Keras Average Pooling 2D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.blur"
    keywords = ("AveragePooling2D", "AvgPool2D", "mean", "downsample", "shrink")
    kind = "AveragePooling2D"


class AveragePooling3D(Pooling3D):
    """Take the mean of every window of a volume, so that it gets smaller.

    With padding "same" the zeros at the edges do not count. Without strides the windows lie side by side; KNIME's strides
    are 1 by default, so that they overlap. TensorFlow pools volumes in 64 or IEEE's 16 bits on few machines.

    Example: a volume of 16 x 32 x 32 x 4 with the pool size 1, 2, 2 becomes 16 x 16 x 16 x 4.
    """

    id = "keras.average_pooling_3d"
    title = "Keras Average Pooling 3D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.dots-square"
    keywords = ("AveragePooling3D", "AvgPool3D", "mean", "downsample", "volume")
    kind = "AveragePooling3D"


# ----------------------------------------------------------------------------------------------------------------- global


class GlobalPooling(SpatialLayer):
    """One value for every channel."""

    accepts = (*NUMBER_TYPES, "bool")

    keepdims: bool = setting(
        False, "Keep dimensions", "Keeps the dimensions, each of size 1, instead of giving a list of channels.", advanced=True
    )

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """(channels,), or one place with them."""
        _, channels = self.split(shape, channels_first)
        return join((1,) * self.spatial, channels, channels_first) if self.keepdims else (channels,)


class GlobalAveragePooling(GlobalPooling):
    """The mean of every channel."""

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """As `Layer.infer`; means of whole numbers are float32, whatever the layer computes in."""
        made = super().infer(inputs, channels_first)
        if only(inputs).dtype in FLOAT_TYPES:
            return made
        return Inference(tuple(TensorSpec(out.shape, "float32", out.batch) for out in made.outputs), made.weights)


class GlobalMaxPooling(GlobalPooling):
    """The largest value of every channel."""

    keeps_dtype = True


class GlobalAveragePooling1D(GlobalAveragePooling):
    """Take the mean of every channel over a whole sequence.

    After a Masking Layer, or an Embedding Layer that masks zeros, the steps that are only padding do not count.

    Example: after an Embedding Layer that gives 20 words of 64 numbers, their mean is a vector of 64.
    """

    id = "keras.global_average_pooling_1d"
    title = "Keras Global Average Pooling 1D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.sigma-lower"
    keywords = ("GlobalAveragePooling1D", "GlobalAvgPool1D", "GAP", "mean", "sequence")
    kind = "GlobalAveragePooling1D"
    spatial = 1


class GlobalAveragePooling2D(GlobalAveragePooling):
    """Take the mean of every channel over the whole image: the common step from feature maps to classes.

    It takes images of any size, so the network's input may leave height and width open.

    Example: feature maps of 7 x 7 x 512 become a vector of 512, which goes into a Dense Layer with a unit for each class.
    """

    id = "keras.global_average_pooling_2d"
    title = "Keras Global Average Pooling 2D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.blur-radial"
    keywords = ("GlobalAveragePooling2D", "GlobalAvgPool2D", "GAP", "mean")
    kind = "GlobalAveragePooling2D"
    spatial = 2


class GlobalAveragePooling3D(GlobalAveragePooling):
    """Take the mean of every channel over a whole volume.

    KNIME has no such node.

    Example: feature maps of 4 x 4 x 4 x 64 become a vector of 64.
    """

    id = "keras.global_average_pooling_3d"
    title = "Keras Global Average Pooling 3D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.dots-circle"
    keywords = ("GlobalAveragePooling3D", "GlobalAvgPool3D", "GAP", "mean", "volume")
    kind = "GlobalAveragePooling3D"
    spatial = 3


class GlobalMaxPooling1D(GlobalMaxPooling):
    """Keep the largest value of every channel over a whole sequence.

    Example: after a Convolution 1D Layer with 32 filters on a sentence, it says of each of the 32 patterns how well its best
    match fits, wherever that is.
    """

    id = "keras.global_max_pooling_1d"
    title = "Keras Global Max Pooling 1D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.format-vertical-align-top"
    keywords = ("GlobalMaxPooling1D", "GlobalMaxPool1D", "maximum", "sequence")
    kind = "GlobalMaxPooling1D"
    spatial = 1


class GlobalMaxPooling2D(GlobalMaxPooling):
    """Keep the largest value of every channel over the whole image.

    Example: feature maps of 7 x 7 x 64 become a vector of 64: how strongly each feature is seen anywhere.
    """

    id = "keras.global_max_pooling_2d"
    title = "Keras Global Max Pooling 2D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.image-filter-center-focus-strong"
    keywords = ("GlobalMaxPooling2D", "GlobalMaxPool2D", "maximum")
    kind = "GlobalMaxPooling2D"
    spatial = 2


class GlobalMaxPooling3D(GlobalMaxPooling):
    """Keep the largest value of every channel over a whole volume.

    KNIME has no such node.

    Example: feature maps of 4 x 4 x 4 x 64 become a vector of 64.
    """

    id = "keras.global_max_pooling_3d"
    title = "Keras Global Max Pooling 3D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.target"
    keywords = ("GlobalMaxPooling3D", "GlobalMaxPool3D", "maximum", "volume")
    kind = "GlobalMaxPooling3D"
    spatial = 3


# --------------------------------------------------------------------------------------------------------------- adaptive


class AdaptivePooling(WindowPooling):
    """One value for each of a fixed number of parts, which are as equal as they can be.

    Part i of n of a dimension of size s goes from floor(i * s / n) to ceil((i + 1) * s / n), as in PyTorch.

    Keras lays windows of two lengths over the input, the longer of which does not fit where there is one part, or one place:
    that raises an error, or (maxima of float32 outside of a graph) ends the process with a division by zero.
    """

    output_size: int | tuple[int, ...]

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """As many places as chosen; the channels stay."""
        sizes, channels = self.split(shape, channels_first)
        made = each(self.output_size)
        known = [require_known(size, "size of what is pooled adaptively") for size in sizes]
        if 1 in known or 1 in made:
            raise NodeError(
                f"Keras fails to pool {TensorSpec(sizes).describe()} adaptively to {TensorSpec(made).describe()}: "
                "it needs at least 2 places and 2 parts along each dimension.",
                "Use a Global Pooling Layer for the whole, or a Pooling Layer whose window is as long as the dimension.",
                setting="output_size",
            )
        return join(made, channels, channels_first)


class AdaptiveAveragePooling1D(AdaptivePooling):
    """Divide a sequence into a fixed number of parts and take the mean of each.

    The parts are as equal as they can be, and overlap where the length cannot be divided. The length of the input must be
    known. KNIME has no such node.

    Example: a signal of 100 x 4 with the output size 8 becomes 8 x 4; one of 90 x 4 does, too.
    """

    id = "keras.adaptive_average_pooling_1d"
    title = "Keras Adaptive Average Pooling 1D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.view-week-outline"
    keywords = ("AdaptiveAveragePooling1D", "AdaptiveAvgPool1d", "mean", "fixed length")
    kind = "AdaptiveAveragePooling1D"
    spatial = 1

    output_size: Size = setting(2, "Output size", "The number of parts, at least 2.")


class AdaptiveAveragePooling2D(AdaptivePooling):
    """Divide an image into a fixed number of parts and take the mean of each.

    The parts are as equal as they can be, and overlap where the size cannot be divided. The size of the input must be
    known. KNIME has no such node.

    Example: feature maps of 13 x 9 x 256 with the output size 6, 6 become 6 x 6 x 256, as the first Dense Layer of AlexNet
    needs them.
    """

    id = "keras.adaptive_average_pooling_2d"
    title = "Keras Adaptive Average Pooling 2D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.view-module-outline"
    keywords = ("AdaptiveAveragePooling2D", "AdaptiveAvgPool2d", "mean", "fixed size")
    kind = "AdaptiveAveragePooling2D"
    spatial = 2

    output_size: Pair = setting((2, 2), "Output size", "The number of parts down and across, at least 2 each.")


class AdaptiveAveragePooling3D(AdaptivePooling):
    """Divide a volume into a fixed number of parts and take the mean of each.

    The parts are as equal as they can be, and overlap where the size cannot be divided. The size of the input must be
    known. KNIME has no such node.

    Example: a volume of 10 x 20 x 20 x 4 with the output size 5, 5, 5 becomes 5 x 5 x 5 x 4.
    """

    id = "keras.adaptive_average_pooling_3d"
    title = "Keras Adaptive Average Pooling 3D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.view-comfy-outline"
    keywords = ("AdaptiveAveragePooling3D", "AdaptiveAvgPool3d", "mean", "volume")
    kind = "AdaptiveAveragePooling3D"
    spatial = 3

    output_size: Triple = setting((2, 2, 2), "Output size", "The number of parts along depth, height and width, at least 2 each.")


class AdaptiveMaxPooling1D(AdaptivePooling):
    """Divide a sequence into a fixed number of parts and keep the largest value of each.

    The parts are as equal as they can be, and overlap where the length cannot be divided. The length of the input must be
    known. KNIME has no such node.

    Example: a signal of 100 x 4 with the output size 8 becomes 8 x 4; one of 90 x 4 does, too.
    """

    id = "keras.adaptive_max_pooling_1d"
    title = "Keras Adaptive Max Pooling 1D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.view-week"
    keywords = ("AdaptiveMaxPooling1D", "AdaptiveMaxPool1d", "maximum", "fixed length")
    kind = "AdaptiveMaxPooling1D"
    spatial = 1
    accepts = MAXIMUM_TYPES
    keeps_dtype = True

    output_size: Size = setting(2, "Output size", "The number of parts, at least 2.")


class AdaptiveMaxPooling2D(AdaptivePooling):
    """Divide an image into a fixed number of parts and keep the largest value of each.

    The parts are as equal as they can be, and overlap where the size cannot be divided. The size of the input must be
    known. KNIME has no such node.

    Example: feature maps of 13 x 9 x 256 with the output size 2, 2 become 2 x 2 x 256: what is seen in each quarter.
    """

    id = "keras.adaptive_max_pooling_2d"
    title = "Keras Adaptive Max Pooling 2D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.view-module"
    keywords = ("AdaptiveMaxPooling2D", "AdaptiveMaxPool2d", "maximum", "fixed size")
    kind = "AdaptiveMaxPooling2D"
    spatial = 2
    accepts = MAXIMUM_TYPES
    keeps_dtype = True

    output_size: Pair = setting((2, 2), "Output size", "The number of parts down and across, at least 2 each.")


class AdaptiveMaxPooling3D(AdaptivePooling):
    """Divide a volume into a fixed number of parts and keep the largest value of each.

    The parts are as equal as they can be, and overlap where the size cannot be divided. The size of the input must be
    known. KNIME has no such node.

    Example: a volume of 10 x 20 x 20 x 4 with the output size 5, 5, 5 becomes 5 x 5 x 5 x 4.
    """

    id = "keras.adaptive_max_pooling_3d"
    title = "Keras Adaptive Max Pooling 3D Layer"
    shelf = "Network / Layers / Pooling"
    icon = "mdi6.view-comfy"
    keywords = ("AdaptiveMaxPooling3D", "AdaptiveMaxPool3d", "maximum", "volume")
    kind = "AdaptiveMaxPooling3D"
    spatial = 3

    output_size: Triple = setting((2, 2, 2), "Output size", "The number of parts along depth, height and width, at least 2 each.")
