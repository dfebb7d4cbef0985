"""Image Flipper: images mirrored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, setting
from nodes.kit.images.mapping import ImageMapping
from nodes.values.table import leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ImageFlipper(ImageMapping):
    """Mirror every image.

    No pixel is changed, only its place. To mirror at random, so that a network learns from both, take Augment Images.

    Example: *left-right* with *append* puts the mirror image of a garment beside the garment.
    """

    id = "images.flipper"
    title = "Image Flipper"
    shelf = "Images / Geometry"
    icon = "mdi6.flip-horizontal"
    keywords = ("flip", "mirror", "RandomFlip", "transpose", "fliplr", "flipud", "reverse")
    truth_values = True

    direction: Literal["left-right", "upside down", "both", "transpose"] = setting(
        "left-right",
        "Direction",
        "What is exchanged.",
        choices={
            "left-right": "Left and right.",
            "upside down": "Top and bottom.",
            "both": "Both: half a turn.",
            "transpose": "Rows and columns: mirrored at the diagonal.",
        },
    )

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """The same; height and width exchanged by *transpose*."""
        height, width, channels = dtype.shape
        return pl.Array(leaf_dtype(dtype), (width, height, channels)) if self.direction == "transpose" else dtype

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`."""
        if self.direction == "transpose":
            out[:] = images.transpose(0, 2, 1, 3)
            return
        rows = slice(None, None, -1 if self.direction in ("upside down", "both") else 1)
        columns = slice(None, None, -1 if self.direction in ("left-right", "both") else 1)
        out[:] = images[:, rows, columns]
