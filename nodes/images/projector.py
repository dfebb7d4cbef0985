"""Image Projector: one axis of images collapsed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, setting
from nodes.kit.images.mapping import ImageMapping
from nodes.values.table import leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AXES = {"channels": 3, "height": 1, "width": 2}


class ImageProjector(ImageMapping):
    """Collapse the channels, the rows or the columns of images into one, by their maximum, mean, ...

    Minimum, maximum and median of an odd number keep the pixel type; the other results are Float32.

    Example: axis *channels* with *maximum* shows, of 16 feature maps that a network puts out, the strongest at each place.
    """

    id = "images.projector"
    title = "Image Projector"
    shelf = "Images / Color"
    icon = "mdi6.projector"
    keywords = ("Projector", "maximum intensity projection", "mean", "collapse", "reduce", "sum", "flatten channels")

    axis: Literal["channels", "height", "width"] = setting("channels", "Axis", "What is collapsed.")
    operation: Literal["maximum", "minimum", "mean", "median", "sum", "standard deviation"] = setting(
        "maximum", "Operation", "What becomes of the values along the axis."
    )

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """One pixel, or channel, along the axis."""
        axis = _AXES[self.axis] - 1
        shape = [1 if i == axis else n for i, n in enumerate(dtype.shape)]
        keeps = self.operation in ("maximum", "minimum") or (self.operation == "median" and dtype.shape[axis] % 2 == 1)
        return pl.Array(leaf_dtype(dtype) if keeps else pl.Float32, tuple(shape))

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`."""
        import numpy as np

        operation: Any = {
            "maximum": np.max,
            "minimum": np.min,
            "mean": np.mean,
            "median": np.median,
            "sum": np.sum,
            "standard deviation": np.std,
        }[self.operation]
        exact = self.operation in ("maximum", "minimum")
        with np.errstate(invalid="ignore"):  # infinite pixels
            out[:] = operation(images if exact else images.astype(np.float64), axis=_AXES[self.axis], keepdims=True)
