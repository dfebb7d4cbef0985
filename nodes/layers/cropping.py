"""Cropping: cut the ends off a sequence, or the border off an image or a volume."""

from __future__ import annotations

from typing import Any

from nodes.base import NodeError, setting
from nodes.kit.layers.shape_checks import NUMBER_TYPES
from nodes.kit.layers.windows import Span, SpatialLayer, join
from nodes.values.network import Shape, TensorSpec


class Cropping(SpatialLayer):
    """Cuts off places at both ends of every spatial dimension."""

    accepts = (*NUMBER_TYPES, "bool")
    keeps_dtype = True

    cropping: Any

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape less what is cut off; at least one place must be left."""
        sizes, channels = self.split(shape, channels_first)
        spans = [self.cropping] if self.spatial == 1 else self.cropping
        for size, cut in zip(sizes, spans, strict=True):
            if size is not None and size <= sum(cut):
                raise NodeError(
                    f"Nothing is left of {size} when {cut[0]} and {cut[1]} are cut off, of an input of "
                    f"{TensorSpec(sizes).describe()}.",
                    "Cut off less.",
                    setting="cropping",
                )
        left = [None if size is None else size - sum(cut) for size, cut in zip(sizes, spans, strict=True)]
        return join(left, channels, channels_first)


class Cropping1D(Cropping):
    """Cut off the first and last steps of a sequence.

    Whole numbers and truth values stay what they are. Keras knows this layer with the channels last only. KNIME cuts off
    nothing by default, Keras one step at each end.

    Example: a sequence of 10 steps of 4 numbers, with the cropping 2, 1, keeps steps 3 to 9: 7 x 4.
    """

    id = "keras.cropping_1d"
    title = "Keras Cropping 1D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.crop-landscape"
    keywords = ("Cropping1D", "cut", "trim", "sequence")
    kind = "Cropping1D"
    spatial = 1
    has_data_format = False

    cropping: Span = setting((1, 1), "Cropping", "Steps cut off at the beginning and at the end. KNIME's default is 0.")


class Cropping2D(Cropping):
    """Cut the border off an image.

    Whole numbers and truth values stay what they are.

    Example: in a U-Net without padding, feature maps of 64 x 64 x 32 with 4 rows and columns cut off at each side become
    56 x 56 x 32, and can be concatenated with the smaller ones of the way up.
    """

    id = "keras.cropping_2d"
    title = "Keras Cropping 2D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.crop-free"
    keywords = ("Cropping2D", "cut", "trim", "border", "U-Net")
    kind = "Cropping2D"
    spatial = 2

    cropping: tuple[Span, Span] = setting(
        ((0, 0), (0, 0)), "Cropping", "Rows cut off at top and bottom, then columns cut off at left and right."
    )


class Cropping3D(Cropping):
    """Cut the border off a volume.

    Whole numbers and truth values stay what they are. KNIME cuts off nothing by default, Keras one voxel at each side.

    Example: a volume of 32 x 32 x 32 x 1 with the cropping 0, 0 for depth and 4, 4 for height and width becomes
    32 x 24 x 24 x 1.
    """

    id = "keras.cropping_3d"
    title = "Keras Cropping 3D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.cube-scan"
    keywords = ("Cropping3D", "cut", "trim", "volume")
    kind = "Cropping3D"
    spatial = 3

    cropping: tuple[Span, Span, Span] = setting(
        ((1, 1), (1, 1), (1, 1)),
        "Cropping",
        "Planes cut off at both ends, for depth, then rows for height, then columns for width. KNIME's default is 0.",
    )
