"""Zero-padding: surround a sequence, an image or a volume with zeros."""

from __future__ import annotations

from typing import Any

from nodes.base import setting
from nodes.kit.layers.shape_checks import NUMBER_TYPES
from nodes.kit.layers.windows import Span, SpatialLayer, join
from nodes.values.network import Shape

KNIME = "KNIME's default is 0."


class ZeroPadding(SpatialLayer):
    """Adds zeros at both ends of every spatial dimension."""

    accepts = (*NUMBER_TYPES, "bool")
    keeps_dtype = True

    padding: Any

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape with what is added."""
        sizes, channels = self.split(shape, channels_first)
        spans = [self.padding] if self.spatial == 1 else self.padding
        grown = [None if size is None else size + sum(added) for size, added in zip(sizes, spans, strict=True)]
        return join(grown, channels, channels_first)


class ZeroPadding1D(ZeroPadding):
    """Add zeros before and after a sequence.

    Whole numbers and truth values stay what they are. KNIME adds nothing by default, Keras one step at each end.

    Example: a sequence of 10 steps of 4 numbers, with the padding 2, 0 (before, after), becomes one of 12 steps; a
    Convolution 1D Layer with a window of 3 then sees no later steps.
    """

    id = "keras.zero_padding_1d"
    title = "Keras Zero-Padding 1D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.border-horizontal"
    keywords = ("ZeroPadding1D", "pad", "sequence", "border")
    kind = "ZeroPadding1D"
    spatial = 1

    padding: Span = setting((1, 1), "Padding", f"Steps added before and after. {KNIME}")


class ZeroPadding2D(ZeroPadding):
    """Surround an image with zeros.

    Whole numbers and truth values stay what they are. KNIME adds nothing by default, Keras one pixel at each side.

    Example: an image of 28 x 28 x 1 with 2 rows and columns at each side becomes 32 x 32 x 1, the size that LeNet-5 takes.
    """

    id = "keras.zero_padding_2d"
    title = "Keras Zero-Padding 2D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.border-outside"
    keywords = ("ZeroPadding2D", "pad", "border", "frame")
    kind = "ZeroPadding2D"
    spatial = 2

    padding: tuple[Span, Span] = setting(
        ((1, 1), (1, 1)), "Padding", f"Rows added at top and bottom, then columns added at left and right. {KNIME}"
    )


class ZeroPadding3D(ZeroPadding):
    """Surround a volume with zeros.

    Whole numbers and truth values stay what they are. KNIME adds nothing by default, Keras one voxel at each side.

    Example: a volume of 30 x 30 x 30 x 1 with 1, 1 in each dimension becomes 32 x 32 x 32 x 1, which can be halved by
    pooling five times.
    """

    id = "keras.zero_padding_3d"
    title = "Keras Zero-Padding 3D Layer"
    shelf = "Network / Layers / Convolution"
    icon = "mdi6.border-all"
    keywords = ("ZeroPadding3D", "pad", "volume", "border")
    kind = "ZeroPadding3D"
    spatial = 3

    padding: tuple[Span, Span, Span] = setting(
        ((1, 1), (1, 1), (1, 1)),
        "Padding",
        f"Planes added before and after, for depth, then rows for height, then columns for width. {KNIME}",
    )
