"""Pooling: one value for every window, or for the whole image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nodes.base import setting
from nodes.layers.base import NUMBER_TYPES, UnaryLayer
from nodes.layers.windows import PADDING_CHOICES, Padding, Pair, join, slide, split
from nodes.values.network import Shape


class Pooling2D(UnaryLayer):
    """One value for every window of an image."""

    has_data_format: ClassVar[bool] = True

    pool_size: Pair = setting((2, 2), "Pool size", "Height and width of the window, in pixels.")
    strides: Pair | None = setting(None, "Strides", "Step from window to window, down and across; empty: the pool size.")
    padding: Padding = setting("valid", "Padding", "What happens at the edges.", choices=PADDING_CHOICES)

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """One pixel per window; the channels stay."""
        sizes, channels = split(shape, 2, channels_first)
        placed = slide(sizes, self.pool_size, self.strides or self.pool_size, self.padding, setting="pool_size")
        return join(placed, channels, channels_first)


class MaxPooling2D(Pooling2D):
    """Keep the largest value of every window, so that the feature map gets smaller."""

    id: ClassVar[str] = "keras.max_pooling_2d"
    title: ClassVar[str] = "Keras Max Pooling 2D Layer"
    shelf: ClassVar[str] = "Network / Layers / Pooling"
    icon: ClassVar[str] = "mdi6.arrow-collapse-all"
    keywords: ClassVar[tuple[str, ...]] = ("MaxPooling2D", "MaxPool2D", "downsample", "subsample", "shrink")
    kind: ClassVar[str] = "MaxPooling2D"
    accepts: ClassVar[Sequence[str]] = NUMBER_TYPES
    keeps_dtype: ClassVar[bool] = True


class AveragePooling2D(Pooling2D):
    """Take the mean of every window, so that the feature map gets smaller."""

    id: ClassVar[str] = "keras.average_pooling_2d"
    title: ClassVar[str] = "Keras Average Pooling 2D Layer"
    shelf: ClassVar[str] = "Network / Layers / Pooling"
    icon: ClassVar[str] = "mdi6.blur"
    keywords: ClassVar[tuple[str, ...]] = ("AveragePooling2D", "AvgPool2D", "mean", "downsample", "shrink")
    kind: ClassVar[str] = "AveragePooling2D"


class GlobalPooling2D(UnaryLayer):
    """One value for every channel of an image."""

    has_data_format: ClassVar[bool] = True
    accepts: ClassVar[Sequence[str]] = (*NUMBER_TYPES, "bool")

    keepdims: bool = setting(
        False, "Keep dimensions", "Gives an image of one pixel instead of a list of channels.", advanced=True
    )

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """(channels,), or an image of 1 x 1."""
        _, channels = split(shape, 2, channels_first)
        return join((1, 1), channels, channels_first) if self.keepdims else (channels,)


class GlobalAveragePooling2D(GlobalPooling2D):
    """Take the mean of every channel over the whole image: the common step from feature maps to classes."""

    id: ClassVar[str] = "keras.global_average_pooling_2d"
    title: ClassVar[str] = "Keras Global Average Pooling 2D Layer"
    shelf: ClassVar[str] = "Network / Layers / Pooling"
    icon: ClassVar[str] = "mdi6.blur-radial"
    keywords: ClassVar[tuple[str, ...]] = ("GlobalAveragePooling2D", "GlobalAvgPool2D", "GAP", "mean")
    kind: ClassVar[str] = "GlobalAveragePooling2D"


class GlobalMaxPooling2D(GlobalPooling2D):
    """Keep the largest value of every channel over the whole image."""

    id: ClassVar[str] = "keras.global_max_pooling_2d"
    title: ClassVar[str] = "Keras Global Max Pooling 2D Layer"
    shelf: ClassVar[str] = "Network / Layers / Pooling"
    icon: ClassVar[str] = "mdi6.image-filter-center-focus-strong"
    keywords: ClassVar[tuple[str, ...]] = ("GlobalMaxPooling2D", "GlobalMaxPool2D")
    kind: ClassVar[str] = "GlobalMaxPooling2D"
    keeps_dtype: ClassVar[bool] = True
