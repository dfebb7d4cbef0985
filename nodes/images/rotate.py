"""Image Rotator: images turned by an angle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
from pydantic import FiniteFloat

from nodes.base import Job, setting
from nodes.kit.images.filling import FILLS
from nodes.kit.images.mapping import ImageMapping
from nodes.kit.images.pixels import check_value
from nodes.kit.images.warping import INTERPOLATIONS, Interpolation, WarpFill, turning, warp
from nodes.values.table import leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ImageRotator(ImageMapping):
    """Turn images by any angle.

    Positive angles turn counter-clockwise, as in mathematics and in Pillow. Quarter turns without a centre of their own are
    exact: no pixel is interpolated. With *keep size* the corners that stand over are cut off; without, the images become as
    large as the turned rectangle needs.

    KNIME takes the angle in radians, and -1 for the middle of the image; here the unit is a setting with degrees as its
    default, and an empty centre is the middle.

    Example: angle 15 with *keep size* and *edge* tilts every picture, to see how well a trained network stands that.
    """

    id = "images.rotator"
    title = "Image Rotator"
    shelf = "Images / Geometry"
    icon = "mdi6.rotate-left"
    keywords = ("Rotation 2D", "RandomRotation", "turn", "angle", "rotate", "degrees", "rotate image")

    angle: FiniteFloat = setting(90.0, "Angle", "How far the images are turned counter-clockwise.")
    unit: Literal["degrees", "radians"] = setting("degrees", "Unit", "In which the angle is given.")
    keep_size: bool = setting(True, "Keep size", "Whether the images stay as large as they are.")
    centre: tuple[FiniteFloat, FiniteFloat] | None = setting(
        None,
        "Center",
        "Row and column of the point around which is turned, in pixels from the top left one; empty: the middle.",
        shown_if={"keep_size": True},
        advanced=True,
    )
    interpolation: Interpolation = setting(
        "bilinear", "Interpolation", "How values between pixels are found.", choices=INTERPOLATIONS
    )
    fill_mode: WarpFill = setting(
        "constant",
        "Fill with",
        "What stands in the corners.",
        choices={name: help for name, help in FILLS.items() if name not in ("minimum", "maximum")},
    )
    fill: float = setting(0.0, "Fill value", "The value in the corners.", shown_if={"fill_mode": "constant"}, allow_inf_nan=False)

    @property
    def _degrees(self) -> float:
        return self.angle if self.unit == "degrees" else math.degrees(self.angle)

    @property
    def _quarters(self) -> int | None:
        """How many quarter turns it is, if it is a whole number of them around the middle."""
        quarters = self._degrees / 90
        whole = abs(quarters - round(quarters)) < 1e-9 and (self.centre is None or not self.keep_size)
        return round(quarters) % 4 if whole else None

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """Images of the same type, and of the same size or that of the turned rectangle."""
        if self.fill_mode == "constant":
            check_value(self.fill, dtype, "fill")
        height, width, channels = dtype.shape
        if self.keep_size:
            return dtype
        angle = math.radians(self._degrees)
        cosine, sine = abs(math.cos(angle)), abs(math.sin(angle))
        # A hair less, so that a quarter turn, whose sine is 1 but for rounding, gets no row more.
        new = math.ceil(height * cosine + width * sine - 1e-6), math.ceil(height * sine + width * cosine - 1e-6)
        return pl.Array(leaf_dtype(dtype), (*new, channels))

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`."""
        import numpy as np

        if self._quarters is not None:
            turned = np.rot90(images, self._quarters, axes=(1, 2))
            if turned.shape == out.shape:
                out[:] = turned
                return
        matrix = turning(self._degrees)
        for image, made in zip(images, out, strict=True):
            job.check_cancelled()
            warp(
                image,
                made,
                matrix,
                centre=self.centre if self.keep_size else None,
                interpolation=self.interpolation,
                fill=self.fill_mode,
                value=self.fill,
            )
