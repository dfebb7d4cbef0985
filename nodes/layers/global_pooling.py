"""Pooling over all places of a sequence, an image or a volume."""

from __future__ import annotations

from collections.abc import Sequence

from nodes.base import setting
from nodes.kit.layers.base import Inference
from nodes.kit.layers.shape_checks import FLOAT_TYPES, NUMBER_TYPES, only
from nodes.kit.layers.windows import SpatialLayer, join
from nodes.values.network import Shape, TensorSpec


class GlobalPooling(SpatialLayer):
    """One value for every channel."""

    accepts = (*NUMBER_TYPES, "bool")

    keepdims: bool = setting(
        False, "Keep dimensions", "Keeps the dimensions, each of size 1, instead of giving a list of channels.", advanced=True
    )

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return (channels,), or one place with them."""
        _, channels = self.split(shape, channels_first)
        return join((1,) * self.spatial, channels, channels_first) if self.keepdims else (channels,)


class GlobalAveragePooling(GlobalPooling):
    """The mean of every channel."""

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Do as `Layer.infer`; means of whole numbers are float32, whatever the layer computes in."""
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
