"""Pooling over windows: one value for every window of a sequence, an image or a volume."""

from __future__ import annotations

from collections.abc import Sequence

from nodes.base import NodeError, setting
from nodes.kit.layers.base import Inference
from nodes.kit.layers.shape_checks import NUMBER_TYPES
from nodes.kit.layers.windows import PADDING_CHOICES, Padding, Pair, Size, SpatialLayer, Triple, each, join, slide
from nodes.values.network import Shape, TensorSpec

MAXIMUM_TYPES = tuple(dtype for dtype in NUMBER_TYPES if dtype not in ("uint32", "uint64"))
"""The dtypes whose maximum TensorFlow takes over windows of sequences and images."""
STRIDES = "empty: the pool size, as Keras has it (KNIME's default is 1)."


class WindowPooling(SpatialLayer):
    """One value for every window, or for every part of the input."""

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Do as `Layer.infer`; for volumes TensorFlow has few number types."""
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
        """Return one place per window; the channels stay."""
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
