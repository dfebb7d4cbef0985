"""Images to another size: the one place where pixels are interpolated. Pillow does the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

Method = Literal["nearest", "bilinear", "bicubic", "lanczos", "area"]
METHODS = {
    "nearest": "The nearest pixel: no new values, for masks and drawn pixels.",
    "bilinear": "Linear between neighbours; smooths when it shrinks.",
    "bicubic": "Smoother and sharper than bilinear.",
    "lanczos": "The sharpest, and the slowest.",
    "area": "The mean of the pixels that a new pixel covers; the choice for shrinking.",
}
"""What the methods do, for the dialogs."""

Aspect = Literal["stretch", "crop", "pad"]
ASPECTS = {
    "stretch": "Height and width change each on its own.",
    "crop": "Shapes stay true; what stands over is cut off on both sides.",
    "pad": "Shapes stay true; what is missing is filled on both sides.",
}
"""What becomes of the ratio of height to width, for the dialogs."""

_UINT8_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
"""Pillow modes of 8-bit images by number of channels. Four channels are called CMYK because Pillow would multiply the
colours of RGBA by their alpha first; here every channel is resized by itself, whatever it means."""

_Box = tuple[float, float, float, float]


def resample(
    pixels: NDArray[Any], size: tuple[int, int], method: Method = "bilinear", aspect: Aspect = "stretch", fill: float = 0
) -> NDArray[Any]:
    """An image in another size.

    All methods but `nearest` widen their window when they shrink an image, so that nothing is skipped (antialiasing).

    Args:
        pixels: (h, w, channels) of uint8, uint16 or float32.
        size: (height, width) of the result, in pixels.
        method: How values between pixels are found.
        aspect: What becomes of the ratio of height to width.
        fill: The value of added pixels where `aspect` is "pad".

    Returns:
        (height, width, channels) of the same dtype. An image that has the size already is given back as it is.
    """
    import numpy as np

    height, width = size
    old_height, old_width, channels = pixels.shape
    if (old_height, old_width) == size:
        return pixels
    if aspect == "stretch":
        return _resize(pixels, height, width, method)
    if aspect == "crop":
        scale = max(height / old_height, width / old_width)
        kept_height, kept_width = height / scale, width / scale
        left, top = (old_width - kept_width) / 2, (old_height - kept_height) / 2
        # Rounding may put the far edges a hair outside of the image, which Pillow refuses.
        box = (left, top, min(left + kept_width, old_width), min(top + kept_height, old_height))
        return _resize(pixels, height, width, method, box)
    scale = min(height / old_height, width / old_width)
    inner_height = min(height, max(1, round(old_height * scale)))
    inner_width = min(width, max(1, round(old_width * scale)))
    padded = np.full((height, width, channels), fill, pixels.dtype)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    padded[top : top + inner_height, left : left + inner_width] = _resize(pixels, inner_height, inner_width, method)
    return padded


def _resize(pixels: NDArray[Any], height: int, width: int, method: Method, box: _Box | None = None) -> NDArray[Any]:
    import numpy as np
    from PIL import Image

    filters = {
        "nearest": Image.Resampling.NEAREST,
        "bilinear": Image.Resampling.BILINEAR,
        "bicubic": Image.Resampling.BICUBIC,
        "lanczos": Image.Resampling.LANCZOS,
        "area": Image.Resampling.BOX,
    }

    def resized(image: Image.Image) -> NDArray[Any]:
        return np.asarray(image.resize((width, height), filters[method], box))

    channels = pixels.shape[2]
    mode = _UINT8_MODES.get(channels) if pixels.dtype == np.uint8 else None
    if mode:
        return resized(_image(pixels, mode)).reshape(height, width, channels)
    # Pillow knows no 16-bit or float image of several channels, and rounds 16-bit ones twice; float32 holds both exactly.
    bands = [resized(_image(pixels[:, :, c].astype(np.float32), "F")) for c in range(channels)]
    stacked = np.stack(bands, axis=2)
    if pixels.dtype != np.float32:
        stacked = np.clip(np.rint(stacked), 0, np.iinfo(pixels.dtype).max)
    return stacked.astype(pixels.dtype, copy=False)


def _image(pixels: NDArray[Any], mode: str) -> Image.Image:
    import numpy as np
    from PIL import Image

    return Image.frombuffer(mode, (pixels.shape[1], pixels.shape[0]), np.ascontiguousarray(pixels), "raw", mode, 0, 1)
