"""Images to another size: the one place where pixels are interpolated. Pillow does the work."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

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

_BANDS = {"L": 1, "RGB": 3, "CMYK": 4, "F": 1}
_TOGETHER = 2**20
"""How many pixels are handed to Pillow at once: more would not fit into a processor's cache."""
_TRIED = 4096
"""How many numbers two ways must agree in to be taken for the same: of few numbers, roundings agree by chance."""
_TINY = 16
"""An image of fewer numbers is so quickly resized by itself that nothing is tried."""

_Box = tuple[float, float, float, float]


def resample(
    pixels: NDArray[Any], size: tuple[int, int], method: Method = "bilinear", aspect: Aspect = "stretch", fill: float = 0
) -> NDArray[Any]:
    """Return an image in another size.

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
    return resample_all(pixels[None], size, method, aspect, fill)[0] if pixels.shape[:2] != size else pixels


def resample_all(
    images: NDArray[Any], size: tuple[int, int], method: Method = "bilinear", aspect: Aspect = "stretch", fill: float = 0
) -> NDArray[Any]:
    """Return several images, (n, h, w, channels), in another size: as `resample` for each, to the last bit, but faster.

    Small images are not resized one by one: Pillow interpolates across and down one after the other, and needs to be called
    only once for each where all images stand below each other, and then beside each other.
    """
    import numpy as np

    height, width = size
    count, old_height, old_width, channels = images.shape
    if (old_height, old_width) == size:
        return images
    if aspect == "stretch":
        return _resize(images, height, width, method)
    if aspect == "crop":
        scale = max(height / old_height, width / old_width)
        kept_height, kept_width = height / scale, width / scale
        left, top = (old_width - kept_width) / 2, (old_height - kept_height) / 2
        # Rounding may put the far edges a hair outside of the image, which Pillow refuses.
        box = (left, top, min(left + kept_width, old_width), min(top + kept_height, old_height))
        return _resize(images, height, width, method, box)
    inner_height, inner_width = fitted_size((old_height, old_width), size)
    padded = np.full((count, height, width, channels), fill, images.dtype)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    padded[:, top : top + inner_height, left : left + inner_width] = _resize(images, inner_height, inner_width, method)
    return padded


def fitted_size(old: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Return the largest (height, width) inside `size` with the ratio of `old`; at least 1 x 1."""
    scale = min(size[0] / old[0], size[1] / old[1])
    return min(size[0], max(1, round(old[0] * scale))), min(size[1], max(1, round(old[1] * scale)))


def _resize(images: NDArray[Any], height: int, width: int, method: Method, box: _Box | None = None) -> NDArray[Any]:
    import numpy as np

    channels = images.shape[3]
    mode = _UINT8_MODES.get(channels) if images.dtype == np.uint8 else None
    if mode:
        return _resize_bands(images, mode, (height, width), method, box)
    # Pillow knows no 16-bit or float image of several channels, and rounds 16-bit ones twice; float32 holds both exactly.
    bands = [
        _resize_bands(images[..., c : c + 1].astype(np.float32), "F", (height, width), method, box)[..., 0]
        for c in range(channels)
    ]
    stacked = np.stack(bands, axis=3)
    if images.dtype != np.float32:
        stacked = np.clip(np.rint(stacked), 0, np.iinfo(images.dtype).max)
    return stacked.astype(images.dtype, copy=False)


def _resize_bands(images: NDArray[Any], mode: str, size: tuple[int, int], method: Method, box: _Box | None) -> NDArray[Any]:
    """Images of a mode that Pillow has, (n, h, w, bands), each resized; a group at once where that gives the same."""
    import numpy as np

    height, width = size
    count, old_height, old_width, bands = images.shape
    out = np.empty((count, height, width, bands), images.dtype)
    together = min(count, _TOGETHER // max(old_height * old_width, height * width))
    order = _order(mode, (old_height, old_width), (height, width), method, box) if together > 1 else "one by one"
    if order == "one by one":
        for image, made in zip(images, out, strict=True):
            made[:] = _pillow(image, mode, (height, width), method, box).reshape(made.shape)
        return out
    for first in range(0, count, together):
        out[first : first + together] = _in_passes(
            images[first : first + together], mode, (height, width), method, box, across_first=order == "across first"
        )
    return out


@lru_cache(maxsize=64)
def _order(mode: str, old: tuple[int, int], new: tuple[int, int], method: Method, box: _Box | None) -> str:
    """In which order Pillow interpolates such an image: found by trying, since it differs between sizes and versions."""
    import numpy as np

    size = new[0] * new[1] * _BANDS[mode]
    if size < _TINY:
        return "one by one"
    noise = np.random.default_rng(0).integers(0, 256, (max(2, _TRIED // size), *old, _BANDS[mode]), np.uint8)
    noise[::2] = np.where(noise[::2] < 128, 0, 255)  # the strongest edges, which overshoot
    noise = noise.astype(np.float32) / np.float32(255) if mode == "F" else noise
    expected = np.stack([_pillow(image, mode, new, method, box).reshape(*new, -1) for image in noise])
    for order in ("across first", "down first"):
        made = _in_passes(noise, mode, new, method, box, across_first=order == "across first")
        if np.array_equal(made, expected):
            return order
    return "one by one"


def _in_passes(
    images: NDArray[Any], mode: str, new: tuple[int, int], method: Method, box: _Box | None, *, across_first: bool
) -> NDArray[Any]:
    """All images at once, in one direction after the other."""
    import numpy as np

    height, width = new
    top, bottom = (box[1], box[3]) if box else (0, images.shape[1])
    left, right = (box[0], box[2]) if box else (0, images.shape[2])

    def across(given: NDArray[Any]) -> NDArray[Any]:
        count, rows, old_width, bands = given.shape
        below = given.reshape(count * rows, old_width, bands)
        made = _pillow(below, mode, (count * rows, width), method, (left, 0, right, count * rows))
        return made.reshape(count, rows, width, bands)

    def down(given: NDArray[Any]) -> NDArray[Any]:
        count, rows, old_width, bands = given.shape
        beside = given.transpose(1, 0, 2, 3).reshape(rows, count * old_width, bands)
        made = _pillow(beside, mode, (height, count * old_width), method, (0, top, count * old_width, bottom))
        return made.reshape(height, count, old_width, bands).transpose(1, 0, 2, 3)

    images = np.ascontiguousarray(images)
    return down(across(images)) if across_first else across(np.ascontiguousarray(down(images)))


def _pillow(pixels: NDArray[Any], mode: str, size: tuple[int, int], method: Method, box: _Box | None) -> NDArray[Any]:
    """One image (h, w, bands) of a Pillow mode in another size; without the last axis for one band."""
    import numpy as np
    from PIL import Image

    filters = {
        "nearest": Image.Resampling.NEAREST,
        "bilinear": Image.Resampling.BILINEAR,
        "bicubic": Image.Resampling.BICUBIC,
        "lanczos": Image.Resampling.LANCZOS,
        "area": Image.Resampling.BOX,
    }
    image = Image.frombuffer(mode, (pixels.shape[1], pixels.shape[0]), np.ascontiguousarray(pixels), "raw", mode, 0, 1)
    return np.asarray(image.resize((size[1], size[0]), filters[method], box))
