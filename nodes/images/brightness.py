"""Image Brightness and Contrast: lighter, stronger, inverted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, setting
from nodes.kit.images.mapping import ImageMapping
from nodes.kit.images.pixels import as_unit, put_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ImageBrightness(ImageMapping):
    """Change the brightness, contrast, gamma and saturation of images.

    All four count in shares of the pixel type's range (floats: 0 to 1), are applied in the order of the settings, and what
    falls out of the range is cut off. An alpha channel (the fourth) stays as it is. Saturation needs three colours and leaves
    other images alone.

    Example: contrast 1.5 around the *image's mean* makes pale scans readable before a Threshold; *invert* turns black ink on
    white paper into the white on black that a network trained on MNIST expects.
    """

    id = "images.brightness"
    title = "Image Brightness and Contrast"
    shelf = "Images / Color"
    icon = "mdi6.brightness-6"
    keywords = (
        "gamma",
        "invert",
        "negative",
        "saturation",
        "adjust",
        "RandomBrightness",
        "RandomContrast",
        "adjust_gamma",
        "lighten",
    )

    invert: bool = setting(False, "Invert", "Whether light becomes dark and dark light, before all else.")
    brightness: float = setting(0.0, "Brightness", "What is added: 1 makes all white, -1 all black.", ge=-1, le=1)
    contrast: float = setting(1.0, "Contrast", "What the distance from the pivot is multiplied by.", ge=0, le=100)
    pivot: Literal["middle", "image mean"] = setting(
        "middle",
        "Pivot of the contrast",
        "Which value stays as it is.",
        choices={"middle": "The middle of the range.", "image mean": "Each image's mean, as Keras and Pillow do it."},
    )
    gamma: float = setting(1.0, "Gamma", "The exponent; below 1 lightens what is dark.", gt=0, le=100)
    saturation: float = setting(
        1.0, "Saturation", "0 is grey, 1 leaves colours as they are, more makes them stronger.", ge=0, le=100
    )

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """The same."""
        return dtype

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`."""
        import numpy as np

        colours = 3 if images.shape[3] == 4 else images.shape[3]
        unit = as_unit(images[..., :colours])
        if self.invert:
            unit = 1 - unit
        if self.brightness:
            unit = np.clip(unit + np.float32(self.brightness), 0, 1)
        if self.contrast != 1:
            pivot = np.float32(0.5) if self.pivot == "middle" else unit.mean((1, 2, 3), keepdims=True)
            unit = np.clip((unit - pivot) * np.float32(self.contrast) + pivot, 0, 1)
        if self.gamma != 1:
            unit = np.clip(unit, 0, 1) ** np.float32(self.gamma)
        if self.saturation != 1 and colours == 3:
            grey = unit @ np.asarray((0.299, 0.587, 0.114), np.float32)
            unit = np.clip(grey[..., None] + (unit - grey[..., None]) * np.float32(self.saturation), 0, 1)
        put_unit(unit, out[..., :colours])
        out[..., colours:] = images[..., colours:]
