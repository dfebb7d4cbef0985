"""Image Padder: pixels around every image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, NodeError, setting
from nodes.kit.images.filling import FILLS, Fill, Margins, padded
from nodes.kit.images.mapping import ImageMapping
from nodes.kit.images.pixels import check_value
from nodes.values.table import leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST = 4096
_MARGINS = {"mode": "margins"}
_SIZE = {"mode": "size"}


class ImagePadder(ImageMapping):
    """Add pixels around every image.

    Either so many at each side, or as many as the images need to become a given size; with an odd number, the one more goes
    to the bottom and to the right. The pixel type stays. *Reflect* and *symmetric* repeat themselves where there is more to
    fill than the image has.

    KNIME pads with the Image Resizer's strategies *extend* and *fill*.

    Example: margins of 2 pixels with *constant* 0 make digits of 28 x 28 ready for LeNet-5, which takes 32 x 32.
    """

    id = "images.padder"
    title = "Image Padder"
    shelf = "Images / Geometry"
    icon = "mdi6.arrow-expand-all"
    keywords = ("ZeroPadding2D", "border", "margin", "frame", "extend", "np.pad", "letterbox")

    mode: Literal["margins", "size"] = setting(
        "margins",
        "How much",
        "Whether the margins or the new size are given.",
        choices={"margins": "The number of pixels at each side.", "size": "The size that the images shall have."},
    )
    top: int = setting(1, "Top", "Rows added above.", ge=0, le=_MOST, shown_if=_MARGINS)
    bottom: int = setting(1, "Bottom", "Rows added below.", ge=0, le=_MOST, shown_if=_MARGINS)
    left: int = setting(1, "Left", "Columns added at the left.", ge=0, le=_MOST, shown_if=_MARGINS)
    right: int = setting(1, "Right", "Columns added at the right.", ge=0, le=_MOST, shown_if=_MARGINS)
    height: int = setting(32, "Height", "The new height in pixels.", ge=1, le=16_384, shown_if=_SIZE)
    width: int = setting(32, "Width", "The new width in pixels.", ge=1, le=16_384, shown_if=_SIZE)
    fill_mode: Fill = setting("constant", "Fill with", "What the added pixels are.", choices=FILLS)
    fill: float = setting(
        0.0,
        "Fill value",
        "The value of the added pixels, in the image's own units.",
        shown_if={"fill_mode": "constant"},
        allow_inf_nan=False,
    )

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """Larger images of the same type."""
        if self.fill_mode == "constant":
            check_value(self.fill, dtype, "fill")
        height, width, channels = dtype.shape
        top, bottom, left, right = self._margins(height, width)
        return pl.Array(leaf_dtype(dtype), (height + top + bottom, width + left + right, channels))

    def _margins(self, height: int, width: int) -> Margins:
        if self.mode == "margins":
            return self.top, self.bottom, self.left, self.right
        for name, old, new in (("height", height, self.height), ("width", width, self.width)):
            if new < old:
                raise NodeError(
                    f"The images have a {name} of {old} pixels, more than {new}.",
                    "Choose a larger size, or put an Image Cropper before this node.",
                    setting=name,
                )
        top, left = (self.height - height) // 2, (self.width - width) // 2
        return top, self.height - height - top, left, self.width - width - left

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`."""
        out[:] = padded(images, self._margins(images.shape[1], images.shape[2]), self.fill_mode, self.fill)
