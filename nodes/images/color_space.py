"""Color Space Converter: colours as grey, RGB, HSV, Lab or YCbCr, and the end of transparency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl
from pydantic import FiniteFloat

from nodes.base import Job, setting
from nodes.kit.images.mapping import ImageMapping
from nodes.kit.images.pixels import as_unit, check_channels, put_unit
from nodes.values.table import leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

Conversion = Literal[
    "RGB to grey", "grey to RGB", "RGB to HSV", "HSV to RGB", "RGB to Lab", "Lab to RGB", "RGB to YCbCr", "YCbCr to RGB",
    "RGBA to RGB", "RGB to RGBA",
]  # fmt: skip
_FROM_COLOUR = ("RGB to grey", "RGB to HSV", "RGB to Lab", "RGB to YCbCr")
_WEIGHTS = {"luma 601": (0.299, 0.587, 0.114), "luma 709": (0.2125, 0.7154, 0.0721), "mean": (1 / 3, 1 / 3, 1 / 3)}


class ColorSpaceConverter(ImageMapping):
    """Turn colours into grey, or into another way of describing them.

    Grey, RGB and HSV use the whole range of the pixel type (for floats 0 to 1); hue goes once around within it. Lab and YCbCr
    are Float32 in their own units: L from 0 to 100, a and b about -128 to 127; Y from 16 to 235, Cb and Cr from 16 to 240.
    What turns them back gives Float32 between 0 and 1; an Image Converter makes bytes of that.

    Images with alpha (4 channels) are laid over the background colour first, wherever a conversion begins with RGB. Colours
    are taken as sRGB. Grey images (1 channel) pass *RGB to grey* unchanged.

    KNIME has RGB to HSB, which is HSV, and Lab; the other conversions are added here.

    Example: *RGB to grey* makes photographs of 32 x 32 x 3 fit a network whose Input Layer has the shape 32,32,1.
    """

    id = "images.color_space"
    title = "Color Space Converter"
    shelf = "Images / Color"
    icon = "mdi6.palette"
    keywords = (
        "Colorspace Converter", "greyscale", "grayscale", "RandomGrayscale", "HSB", "hue", "alpha", "transparency", "rgb2gray",
        "rgb2lab", "black and white", "colour",
    )  # fmt: skip

    conversion: Conversion = setting(
        "RGB to grey",
        "Conversion",
        "From what to what.",
        choices={
            "RGB to grey": "Brightness alone: one channel.",
            "grey to RGB": "Three equal channels, for networks that want colours.",
            "RGB to HSV": "Hue, saturation, value (KNIME: HSB).",
            "HSV to RGB": "And back.",
            "RGB to Lab": "CIE L*a*b* (D65): distances are as people see them.",
            "Lab to RGB": "And back.",
            "RGB to YCbCr": "Brightness and two colour differences, as in JPEG and video (BT.601).",
            "YCbCr to RGB": "And back.",
            "RGBA to RGB": "Laid over the background colour.",
            "RGB to RGBA": "With a fourth channel that says: not transparent.",
        },
    )
    grey: Literal["luma 601", "luma 709", "mean"] = setting(
        "luma 601",
        "Brightness",
        "How the three colours count.",
        shown_if={"conversion": "RGB to grey"},
        choices={
            "luma 601": "0.299, 0.587, 0.114: as Pillow, TensorFlow and KNIME do it.",
            "luma 709": "0.2125, 0.7154, 0.0721: as scikit-image does it.",
            "mean": "All alike.",
        },
    )
    background: tuple[FiniteFloat, FiniteFloat, FiniteFloat] = setting(
        (1.0, 1.0, 1.0),
        "Background color",
        "Red, green and blue from 0 to 1 of what shines through transparent pixels.",
        shown_if={"conversion": [*_FROM_COLOUR, "RGBA to RGB"]},
    )

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """Images of the same size with the channels of the new colour space."""
        allowed: tuple[int, ...] = (3,)
        if self.conversion == "grey to RGB":
            allowed = (1,)
        elif self.conversion == "RGBA to RGB":
            allowed = (4,)
        elif self.conversion == "RGB to grey":
            allowed = (1, 3, 4)
        elif self.conversion in _FROM_COLOUR:
            allowed = (3, 4)
        check_channels(dtype, allowed, f"'{self.conversion}'", "conversion")
        channels = {"RGB to grey": 1, "RGB to RGBA": 4}.get(self.conversion, 3)
        in_units = "Lab" in self.conversion or "YCbCr" in self.conversion
        return pl.Array(pl.Float32 if in_units else leaf_dtype(dtype), (*dtype.shape[:2], channels))

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`."""
        import numpy as np
        from skimage import color

        if self.conversion == "grey to RGB" or images.shape[3] == 1:
            out[:] = images
            return
        if self.conversion == "RGB to RGBA":
            out[..., :3] = images
            put_unit(np.ones(images.shape[:3], np.float32), out[..., 3])
            return
        if self.conversion in ("Lab to RGB", "YCbCr to RGB"):
            back = color.lab2rgb if self.conversion == "Lab to RGB" else color.ycbcr2rgb
            values = np.nan_to_num(images.astype(np.float32))
            if self.conversion == "Lab to RGB":
                values = _possible_lab(values)
            out[:] = np.clip(back(values), 0, 1)
            return
        unit = as_unit(images)
        if unit.shape[3] == 4:
            alpha = unit[..., 3:]
            unit = unit[..., :3] * alpha + np.asarray(self.background, np.float32) * (1 - alpha)
        if self.conversion == "RGB to grey":
            put_unit((unit.astype(np.float64) @ np.asarray(_WEIGHTS[self.grey]))[..., None], out)
        elif self.conversion == "RGBA to RGB":
            put_unit(unit, out)
        else:
            convert = {
                "RGB to HSV": color.rgb2hsv,
                "HSV to RGB": color.hsv2rgb,
                "RGB to Lab": color.rgb2lab,
                "RGB to YCbCr": color.rgb2ycbcr,
            }[self.conversion]
            put_unit(convert(np.clip(np.nan_to_num(unit), 0, 1)), out)


def _possible_lab(values: NDArray[Any]) -> NDArray[Any]:
    """Lab colours with a Z that is not negative, which scikit-image would warn about: b* is cut to what L* allows."""
    import numpy as np

    made = values.copy()
    most = 200 * (made[..., 0] + 16) / 116
    # A little less, so that no rounding makes Z negative.
    made[..., 2] = np.minimum(made[..., 2], most - 1e-5 * np.abs(most) - 1e-4)
    return made
