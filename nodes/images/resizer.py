"""Image Resizer: all images of a column to one size, or by one factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nodes.base import Job, NodeError, setting
from nodes.images.mapping import ImageMapping
from nodes.images.resampling import ASPECTS, METHODS, Aspect, Method, resample
from nodes.values.table import describe_dtype, leaf_dtype

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

MAX_SIDE = 16_384
_ABSOLUTE = {"interpretation": "absolute size"}


class ImageResizer(ImageMapping):
    """Give images another size.

    Every channel is resized by itself, and the pixel type (UInt8, UInt16 or Float32) stays. All methods but *nearest*
    take every old pixel into account when they shrink an image. With *crop* and *pad* the middle stays in the middle.
    """

    id: ClassVar[str] = "images.resizer"
    title: ClassVar[str] = "Image Resizer"
    icon: ClassVar[str] = "mdi6.image-size-select-large"
    keywords: ClassVar[tuple[str, ...]] = ("Resizing", "scale", "size", "interpolation", "crop", "pad", "thumbnail", "CenterCrop")

    interpretation: Literal["absolute size", "relative factor"] = setting(
        "absolute size",
        "Interpretation",
        "Whether the size is given in pixels, or as a factor of the old size.",
        choices={"absolute size": "Height and width in pixels.", "relative factor": "2 doubles height and width."},
    )
    height: int = setting(32, "Height", "New height in pixels.", ge=1, le=MAX_SIDE, shown_if=_ABSOLUTE)
    width: int = setting(32, "Width", "New width in pixels.", ge=1, le=MAX_SIDE, shown_if=_ABSOLUTE)
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
    aspect: Aspect = setting(
        "stretch", "Aspect ratio", "What becomes of the ratio of height to width.", choices=ASPECTS, shown_if=_ABSOLUTE
    )
    fill: float = setting(
        0.0,
        "Fill value",
        "The value of the added pixels, in the image's own units.",
        shown_if={"interpretation": "absolute size", "aspect": "pad"},
        allow_inf_nan=False,
    )

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """Images of the same type in the new size."""
        import polars as pl

        leaf = leaf_dtype(dtype)
        limits = {"UInt8": 255.0, "UInt16": 65_535.0, "Float32": float("inf")}
        limit = limits.get(str(leaf))
        if limit is None:
            message = f"Column '{self.column}' is {describe_dtype(dtype)}; images of UInt8, UInt16 or Float32 can be resized."
            raise NodeError(message, "Put an Image Normalizer before this node.", setting="column")
        whole = limit != float("inf")
        if self.interpretation == "absolute size" and self.aspect == "pad" and whole and not 0 <= self.fill <= limit:
            raise NodeError(
                f"The images hold values from 0 to {limit:.0f}.", "Choose a fill value in this range.", setting="fill"
            )
        height, width = self._size(dtype.shape[0], dtype.shape[1])
        return pl.Array(leaf, (height, width, dtype.shape[2]))

    def _size(self, height: int, width: int) -> tuple[int, int]:
        if self.interpretation == "absolute size":
            return self.height, self.width
        new = max(1, round(height * self.factor_height)), max(1, round(width * self.factor_width))
        if max(new) > MAX_SIDE:
            message = f"The images would become {new[0]} x {new[1]} pixels."
            raise NodeError(message, f"Choose a factor that leaves them below {MAX_SIDE + 1}.", setting="factor_height")
        return new

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out` image by image."""
        aspect: Aspect = self.aspect if self.interpretation == "absolute size" else "stretch"
        size = (out.shape[1], out.shape[2])
        for number, image in enumerate(images):
            job.check_cancelled()
            out[number] = resample(image, size, self.method, aspect, self.fill)
