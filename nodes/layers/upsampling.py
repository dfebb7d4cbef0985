"""Upsampling: make a sequence, an image or a volume larger, without weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from nodes.base import setting
from nodes.kit.layers.base import Inference
from nodes.kit.layers.shape_checks import FLOAT_TYPES, NUMBER_TYPES, only, require_dtype
from nodes.kit.layers.windows import Pair, Size, SpatialLayer, Triple, each, join
from nodes.values.network import Shape, TensorSpec

RESIZED = (*FLOAT_TYPES, "int8", "int16", "int32", "int64", "uint8", "uint16")
"""The dtypes that TensorFlow interpolates between."""


class UpSampling(SpatialLayer):
    """Makes every spatial dimension some times as long."""

    accepts = (*NUMBER_TYPES, "bool")
    keeps_dtype = True

    size: int | tuple[int, ...]

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape with every spatial dimension multiplied; the channels stay."""
        sizes, channels = self.split(shape, channels_first)
        grown = [None if n is None else n * factor for n, factor in zip(sizes, each(self.size), strict=True)]
        return join(grown, channels, channels_first)


class UpSampling1D(UpSampling):
    """Repeat every step of a sequence.

    Whole numbers and truth values stay what they are. Keras knows this layer with the channels last only.

    Example: in the decoder of an autoencoder for signals, the size 2 makes 16 steps of 8 numbers into 32 x 8.
    """

    id = "keras.up_sampling_1d"
    title = "Keras Upsampling 1D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.arrow-expand-horizontal"
    keywords = ("UpSampling1D", "repeat", "enlarge", "decoder", "sequence")
    kind = "UpSampling1D"
    spatial = 1
    has_data_format = False

    size: Size = setting(2, "Size", "How often every step is repeated.")


class UpSampling2D(UpSampling):
    """Enlarge an image: by repeating pixels, or by values in between.

    It learns nothing; a Convolution 2D Layer after it learns to smooth the result, with fewer checkerboard patterns than a
    Transposed Convolution 2D Layer. KNIME repeats pixels only. Whole numbers stay what they are: interpolated values are cut
    off to whole ones.

    Example: in the decoder of an autoencoder, the size 2, 2 makes feature maps of 7 x 7 x 16 into 14 x 14 x 16.
    """

    id = "keras.up_sampling_2d"
    title = "Keras Upsampling 2D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.magnify-plus"
    keywords = ("UpSampling2D", "enlarge", "repeat", "bilinear", "decoder", "interpolation")
    kind = "UpSampling2D"
    spatial = 2

    size: Pair = setting((2, 2), "Size", "How many times as high and as wide the image becomes.")
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"] = setting(
        "nearest",
        "Interpolation",
        "How the new pixels come about.",
        choices={
            "nearest": "Every pixel is repeated.",
            "bilinear": "Between the nearest 2 x 2 pixels, along straight lines.",
            "bicubic": "Between the nearest 4 x 4 pixels, along curves: sharper.",
            "lanczos3": "Between the nearest 6 x 6 pixels: sharper still, with slight rings at edges.",
            "lanczos5": "Between the nearest 10 x 10 pixels: sharpest, with more rings.",
        },
    )

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Do as `Layer.infer`; only repeating works on every dtype."""
        if self.interpolation != "nearest":
            require_dtype(only(inputs), RESIZED)
        return super().infer(inputs, channels_first)


class UpSampling3D(UpSampling):
    """Enlarge a volume by repeating its voxels.

    Whole numbers and truth values stay what they are.

    Example: the size 1, 2, 2 keeps the depth and doubles height and width: 8 x 16 x 16 x 4 becomes 8 x 32 x 32 x 4.
    """

    id = "keras.up_sampling_3d"
    title = "Keras Upsampling 3D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.cube-unfolded"
    keywords = ("UpSampling3D", "enlarge", "repeat", "volume")
    kind = "UpSampling3D"
    spatial = 3

    size: Triple = setting((2, 2, 2), "Size", "How many times as deep, as high and as wide the volume becomes.")
