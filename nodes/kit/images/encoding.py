"""Arrays of pixels to the content of image files. Pillow does the work."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import NodeError
from nodes.values.table import describe_dtype, leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

Format = Literal["PNG", "JPEG", "TIFF", "BMP", "WebP"]
FORMATS = {
    "PNG": "Without loss; 8 bits in 1 to 4 channels, or 16 bits in grey.",
    "JPEG": "Small, with loss; 8 bits, grey or RGB.",
    "TIFF": "Without loss; as PNG, and Float32 in grey.",
    "BMP": "Without loss and not compressed; 8 bits, grey or RGB.",
    "WebP": "Small, with loss; 8 bits, RGB or RGBA.",
}
"""What the formats can hold, for the dialogs."""

ENDINGS = {"PNG": ".png", "JPEG": ".jpg", "TIFF": ".tif", "BMP": ".bmp", "WebP": ".webp"}
_HOLDS = {
    "PNG": {("UInt8", 1), ("UInt8", 2), ("UInt8", 3), ("UInt8", 4), ("UInt16", 1)},
    "JPEG": {("UInt8", 1), ("UInt8", 3)},
    "TIFF": {("UInt8", 1), ("UInt8", 2), ("UInt8", 3), ("UInt8", 4), ("UInt16", 1), ("Float32", 1)},
    "BMP": {("UInt8", 1), ("UInt8", 3)},
    "WebP": {("UInt8", 3), ("UInt8", 4)},
}


def check_encodable(dtype: pl.Array, format: Format, column: str) -> None:
    """Refuse images that a format cannot hold.

    Raises:
        NodeError: If it cannot.
    """
    if (str(leaf_dtype(dtype)), dtype.shape[2]) not in _HOLDS[format]:
        raise NodeError(
            f"Column '{column}' is {describe_dtype(dtype)}, which {format} cannot hold.",
            "Choose another format, or put an Image Converter or a Color Space Converter before this node.",
            setting="format",
        )


def encoded(image: NDArray[Any], format: Format, quality: int) -> bytes:
    """Return an image, (h, w, channels), as the content of a file.

    Args:
        image: What `check_encodable` allows.
        format: Of the file.
        quality: Of JPEG and WebP, 1 to 100.
    """
    import numpy as np
    from PIL import Image

    pixels = np.ascontiguousarray(image[:, :, 0] if image.shape[2] == 1 else image)
    picture = Image.fromarray(pixels)
    options: dict[str, Any] = {"quality": quality} if format in ("JPEG", "WebP") else {}
    stream = io.BytesIO()
    picture.save(stream, format, **options)
    return stream.getvalue()
