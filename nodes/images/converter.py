"""Image Converter: pixels of another number type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, NodeError, setting
from nodes.kit.images.mapping import ImageMapping
from nodes.kit.images.pixels import as_unit, full_range, put, put_unit
from nodes.values.table import describe_dtype, leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

PixelType = Literal["UInt8", "UInt16", "UInt32", "Int8", "Int16", "Int32", "Float32", "Float64"]


class ImageConverter(ImageMapping):
    """Give the pixels of images another number type.

    What becomes of the values is the method. Whole numbers use the whole range of their type (0 to 255 for UInt8); float
    images count as lying between 0 and 1. Readers, networks and most image nodes work with UInt8, UInt16 and Float32. Images
    of truth values become 0 and 1 with *copy*, and black and white with *scale*.

    KNIME's BITTYPE, 12-bit and 64-bit types do not exist here: a Threshold gives black and white as UInt8. A target with a
    range of its own choice is the Image Normalizer's.

    Example: target type Float32 with *scale* turns 0..255 into 0..1, and a second converter to UInt8 with *scale* turns it
    back.
    """

    id = "images.converter"
    title = "Image Converter"
    shelf = "Images / Color"
    icon = "mdi6.swap-horizontal"
    keywords = (
        "grayscale",
        "black and white",
        "bit depth",
        "pixel type",
        "cast",
        "uint8",
        "uint16",
        "float32",
        "img_as_ubyte",
        "Rescaling",
        "8-bit",
        "16-bit",
    )
    truth_values = True

    target_type: PixelType = setting("Float32", "Target type", "The new type of the pixels.")
    method: Literal["copy", "clip", "scale", "normalize", "normalize and scale"] = setting(
        "scale",
        "Conversion method",
        "What becomes of the values.",
        choices={
            "copy": "They stay; those beyond the range of the new type wrap around, and fractions are cut off.",
            "clip": "They stay; those beyond the range of the new type become its ends, and fractions are rounded.",
            "scale": "The whole range of the old type becomes that of the new type.",
            "normalize": "Each image is stretched to the whole range of its old type, then clipped to the new one.",
            "normalize and scale": "Each image's own least and greatest value become the ends of the new type's range.",
        },
    )

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """Images of the same shape."""
        leaf = leaf_dtype(dtype)
        if not (leaf.is_integer() or leaf.is_float() or leaf == pl.Boolean):
            message = f"Column '{self.column}' is {describe_dtype(dtype)}, which are no pixel values."
            raise NodeError(message, "Choose a column of images.", setting="column")
        return pl.Array(getattr(pl, self.target_type), dtype.shape)

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`."""
        import numpy as np

        if images.dtype == np.bool_:
            if self.method in ("copy", "clip"):
                out[:] = images
            else:
                put_unit(images.astype(np.float32), out)
        elif self.method == "copy":
            _copy(images, out)
        elif self.method == "clip":
            put(images, out)
        elif self.method == "scale":
            if images.dtype == out.dtype:
                out[:] = images
            else:
                put_unit(_unit(images), out)
        else:
            low = np.fmin.reduce(images, axis=(1, 2, 3), keepdims=True).astype(np.float64)
            high = np.fmax.reduce(images, axis=(1, 2, 3), keepdims=True).astype(np.float64)
            unit = (images - low) / np.where(high > low, high - low, 1)
            if self.method == "normalize and scale":
                put_unit(unit, out)
            else:
                least, greatest = full_range(images.dtype)
                put(unit * (greatest - least) + least, out)


def _unit(images: NDArray[Any]) -> NDArray[Any]:
    """From 0 to 1, in float64 where float32 has too few digits."""
    import numpy as np

    if images.dtype.itemsize <= 2 or images.dtype == np.float32:
        return as_unit(images)
    low, high = full_range(images.dtype)
    unit: NDArray[Any] = images.astype(np.float64) if images.dtype == np.float64 else (images - np.float64(low)) / (high - low)
    return unit


def _copy(images: NDArray[Any], out: NDArray[Any]) -> None:
    """As a cast in C does it, where that is defined; and by the same rule where it is not."""
    import numpy as np

    if np.issubdtype(images.dtype, np.floating) and np.issubdtype(out.dtype, np.integer):
        whole = np.nan_to_num(np.trunc(images.astype(np.float64)), posinf=0, neginf=0)
        out[:] = np.mod(whole, 2.0**32).astype(np.uint32).astype(out.dtype)
    else:
        out[:] = images.astype(out.dtype)
