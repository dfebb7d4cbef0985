"""Pooling to a given size, whatever the size of the input."""

from __future__ import annotations

from nodes.base import NodeError, setting
from nodes.kit.layers.shape_checks import require_known
from nodes.kit.layers.windows import Pair, Size, Triple, each, join
from nodes.layers.pooling import MAXIMUM_TYPES, WindowPooling
from nodes.values.network import Shape, TensorSpec


class AdaptivePooling(WindowPooling):
    """One value for each of a fixed number of parts, which are as equal as they can be.

    Part i of n of a dimension of size s goes from floor(i * s / n) to ceil((i + 1) * s / n), as in PyTorch.

    Keras lays windows of two lengths over the input, the longer of which does not fit where there is one part, or one place:
    that raises an error, or (maxima of float32 outside of a graph) ends the process with a division by zero.
    """

    output_size: int | tuple[int, ...]

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return as many places as chosen; the channels stay."""
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
