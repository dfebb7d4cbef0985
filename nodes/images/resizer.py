"""Image Resizer: all images of a column to one size, or by one factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, NodeError, setting
from nodes.kit.images.filling import FILLS, Fill, padded, placed
from nodes.kit.images.mapping import ImageMapping
from nodes.kit.images.pixels import check_value
from nodes.kit.images.resampling import ASPECTS, METHODS, Method, fitted_size, resample_all
from nodes.values.table import describe_dtype, leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SIDE = 16_384
_ABSOLUTE = {"interpretation": "absolute size"}


class ImageResizer(ImageMapping):
    """Give images another size.

    Every channel is resized by itself, and the pixel type (UInt8, UInt16 or Float32) stays. All methods but *nearest* take
    every old pixel into account when they shrink an image. With *crop* and *pad* the middle stays in the middle; with *keep
    pixels* nothing is interpolated, and what is missing at the right and at the bottom is filled. Where only a height or only
    a width is given, the other one follows, so that shapes stay true. Small images are resized in groups, which gives what
    Pillow gives for each, in a fraction of the time.

    KNIME counts in factors by default; here the default is a size in pixels. KNIME's strategies *extend* and *fill* are *keep
    pixels* with a fill mode. Tables have no calibration in micrometres, so KNIME's third interpretation does not exist.

    Example: height 32 and width 32 with *area* bring the photographs of an Image Folder Reader to the 32,32,3 of an Input
    Layer.
    """

    id = "images.resizer"
    title = "Image Resizer"
    shelf = "Images / Geometry"
    icon = "mdi6.image-size-select-large"
    keywords = (
        "resize pictures",
        "Resizing",
        "scale",
        "size",
        "interpolation",
        "crop",
        "pad",
        "thumbnail",
        "CenterCrop",
        "pictures", "image size",
    )  # fmt: skip

    interpretation: Literal["absolute size", "relative factor"] = setting(
        "absolute size",
        "Interpretation",
        "Whether the size is given in pixels, or as a factor of the old size.",
        choices={"absolute size": "Height and width in pixels.", "relative factor": "2 doubles height and width."},
    )
    height: int | None = setting(
        32, "Height", "New height in pixels; empty: it follows from the width.", ge=1, le=MAX_SIDE, shown_if=_ABSOLUTE
    )
    width: int | None = setting(
        32, "Width", "New width in pixels; empty: it follows from the height.", ge=1, le=MAX_SIDE, shown_if=_ABSOLUTE
    )
    factor_height: float = setting(
        1.0,
        "Factor of the height",
        "What the height is multiplied by.",
        gt=0,
        le=100,
        shown_if={"interpretation": "relative factor"},
    )
    factor_width: float = setting(
        1.0,
        "Factor of the width",
        "What the width is multiplied by.",
        gt=0,
        le=100,
        shown_if={"interpretation": "relative factor"},
    )
    method: Method = setting("bilinear", "Resizing strategy", "How values between pixels are found.", choices=METHODS)
    aspect: Literal["stretch", "crop", "pad", "keep pixels"] = setting(
        "stretch",
        "Aspect ratio",
        "What becomes of the ratio of height to width.",
        choices=ASPECTS | {"keep pixels": "Nothing is resized: what stands over is cut off, what is missing is filled."},
        shown_if=_ABSOLUTE,
    )
    fill_mode: Fill = setting(
        "constant",
        "Fill with",
        "What the added pixels are.",
        choices=FILLS,
        shown_if={"interpretation": "absolute size", "aspect": ["pad", "keep pixels"]},
    )
    fill: float = setting(
        0.0,
        "Fill value",
        "The value of the added pixels, in the image's own units.",
        shown_if={"interpretation": "absolute size", "aspect": ["pad", "keep pixels"], "fill_mode": "constant"},
        allow_inf_nan=False,
    )

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """Images of the same type in the new size."""
        leaf = leaf_dtype(dtype)
        if str(leaf) not in ("UInt8", "UInt16", "Float32"):
            message = f"Column '{self.column}' is {describe_dtype(dtype)}; images of UInt8, UInt16 or Float32 can be resized."
            raise NodeError(message, "Put an Image Converter before this node.", setting="column")
        if self._fills and self.fill_mode == "constant":
            check_value(self.fill, dtype, "fill")
        height, width = self._size(dtype.shape[0], dtype.shape[1])
        return pl.Array(leaf, (height, width, dtype.shape[2]))

    @property
    def _fills(self) -> bool:
        return self.interpretation == "absolute size" and self.aspect in ("pad", "keep pixels")

    def _size(self, height: int, width: int) -> tuple[int, int]:
        if self.interpretation == "absolute size":
            if self.height and self.width:
                return self.height, self.width
            if not self.height and not self.width:
                raise NodeError("Neither height nor width is given.", "Enter at least one of them.", setting="height")
            factor = self.height / height if self.height else (self.width or 1) / width
            new, setting = (self.height or round(height * factor), self.width or round(width * factor)), "width"
        else:
            new, setting = (round(height * self.factor_height), round(width * self.factor_width)), "factor_height"
        if max(new) > MAX_SIDE:
            message = f"The images would become {new[0]} x {new[1]} pixels."
            raise NodeError(message, f"Choose a size or factor that leaves them below {MAX_SIDE + 1}.", setting=setting)
        return max(1, new[0]), max(1, new[1])

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`, some images at a time."""
        size = (out.shape[1], out.shape[2])
        if not self._fills:
            aspect: Literal["stretch", "crop"] = (
                "crop" if self.aspect == "crop" and self.interpretation == "absolute size" else "stretch"
            )
            out[:] = resample_all(images, size, self.method, aspect)
        elif self.aspect == "keep pixels":
            out[:] = placed(images, (0, 0, *size), self.fill_mode, self.fill)
        else:
            inner = fitted_size((images.shape[1], images.shape[2]), size)
            top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
            margins = (top, size[0] - inner[0] - top, left, size[1] - inner[1] - left)
            out[:] = padded(resample_all(images, inner, self.method), margins, self.fill_mode, self.fill)
