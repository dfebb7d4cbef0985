"""Layers that bring images to a size."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from nodes.base import NodeError, setting
from nodes.kit.layers.base import UnaryLayer
from nodes.kit.layers.image_layers import (
    INTERPOLATIONS,
    describe,
)
from nodes.kit.layers.shape_checks import NUMBER_TYPES, require_rank
from nodes.kit.layers.windows import Size
from nodes.values.network import Shape


class SizeLayer(UnaryLayer):
    """A layer that brings images to a size."""

    has_data_format = True
    ignored = frozenset({"bounding_box_format"})

    height: Size = setting(224, "Height", "In pixels.")
    width: Size = setting(224, "Width", "In pixels.")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return (height, width, channels)."""
        require_rank(shape, 3, "images (height, width, channels)")
        return (shape[0], self.height, self.width) if channels_first else (self.height, self.width, shape[2])


class Resizing(SizeLayer):
    """Bring images to a size inside the network.

    So a network takes images of one size and works on another, in use as in training. All images of a table must still be
    of one size; the Image Resizer brings them there.

    Example: before a pretrained network for images of 224 x 224, after an Input Layer of shape 96, 96, 3.
    """

    id = "keras.resizing"
    title = "Keras Resizing Layer"
    shelf = "Network / Layers / Preprocessing"
    icon = "mdi6.resize"
    keywords = ("Resizing", "size", "scale", "enlarge", "shrink", "interpolation")
    kind = "Resizing"

    interpolation: Literal["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"] = setting(
        "bilinear",
        "Interpolation",
        "How pixels between pixels are found.",
        choices={
            **INTERPOLATIONS,
            "bicubic": "A smooth curve through 16 pixels.",
            "lanczos3": "A sharp one through 36 pixels.",
            "lanczos5": "A sharp one through 100 pixels.",
        },
    )
    crop_to_aspect_ratio: bool = setting(
        False, "Crop to aspect ratio", "Cuts off what is too much in one direction, instead of distorting."
    )
    pad_to_aspect_ratio: bool = setting(
        False, "Pad to aspect ratio", "Fills up what is missing in one direction, instead of distorting."
    )
    fill_mode: Literal["constant"] = setting(
        "constant",
        "Fill mode",
        "What padding is filled with.",
        choices={"constant": "The fill value; Keras has no other."},
        shown_if={"pad_to_aspect_ratio": True},
    )
    fill_value: float = setting(0.0, "Fill value", "The value of the padding.", shown_if={"pad_to_aspect_ratio": True})
    antialias: bool = setting(False, "Antialias", "Smooths while shrinking, against moire.", advanced=True)

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            raise ValueError("images are either cropped or padded to the aspect ratio")
        return self


class CenterCrop(SizeLayer):
    """Cut out the middle of images; too small ones are enlarged first.

    Example: after a Resizing Layer to 256 x 256, the middle 224 x 224.
    """

    id = "keras.center_crop"
    title = "Keras Center Crop Layer"
    shelf = "Network / Layers / Preprocessing"
    icon = "mdi6.image-filter-center-focus-strong-outline"
    keywords = ("CenterCrop", "cut", "middle", "crop")
    kind = "CenterCrop"
    accepts = NUMBER_TYPES

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return (height, width, channels); Keras enlarges in float32."""
        made = super().shape(shape, channels_first)
        sizes = zip(shape[1:] if channels_first else shape[:2], (self.height, self.width), strict=True)
        if self.compute_dtype != "float32" and any(size is None or size < wanted for size, wanted in sizes):
            raise NodeError(
                f"Images that are too small ({describe(shape)}) can be enlarged in float32 only.",
                "Choose the number type float32, or a smaller part.",
                setting="dtype",
            )
        return made
