"""Image Sharpening: stronger edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from nodes.base import Job, setting
from nodes.kit.images.mapping import ImageMapping
from nodes.kit.images.pixels import as_unit, put_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ImageSharpening(ImageMapping):
    """Sharpen images: what a blur takes away is added once more (unsharp mask).

    Per channel: `image + amount * (image - blurred image)`, cut off at the ends of the pixel type's range (floats: 0 to 1).
    Differences below the threshold stay as they are, so that noise does not grow. It agrees with scikit-image's
    `unsharp_mask`.

    Example: radius 1 and amount 1.5 make photographs crisper that an Image Resizer has enlarged.
    """

    id = "images.sharpening"
    title = "Image Sharpening"
    shelf = "Images / Filters"
    icon = "mdi6.triangle-outline"
    keywords = ("unsharp mask", "sharpen", "crisp", "RandomSharpness", "high-pass", "detail")

    radius: float = setting(1.0, "Radius", "Standard deviation of the blur, in pixels.", gt=0, le=100)
    amount: float = setting(1.0, "Amount", "How much of the difference is added.", ge=0, le=100)
    threshold: float = setting(
        0.0, "Threshold", "Differences up to this share of the range are left alone.", ge=0, le=1, advanced=True
    )

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """The same."""
        return dtype

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`."""
        import numpy as np
        from scipy import ndimage

        unit = as_unit(images)
        apart = unit - ndimage.gaussian_filter(unit, (0, self.radius, self.radius, 0), mode="reflect")
        if self.threshold:
            apart[np.abs(apart) <= self.threshold] = 0
        put_unit(np.clip(unit + np.float32(self.amount) * apart, 0, 1), out)
