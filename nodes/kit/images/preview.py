"""A grid of a table's first images, to look at what a node put out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nodes.values.figure import ImagesFigure
from nodes.values.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHOWN = 25
CAPTION_LENGTH = 24


def preview(table: Table, column: str, captions: str | None = None, title: str = "First images") -> list[ImagesFigure]:
    """Return the first images of a column as one figure, or none where there is nothing to draw.

    Args:
        table: Where the images are.
        column: Images of 1, 3 or 4 channels; others cannot be drawn.
        captions: A column whose values are written below the images.
        title: Of the figure.
    """
    import polars as pl

    head = table.slice(0, SHOWN).frame([column] if captions is None else [column, captions]).drop_nulls(column)
    dtype = head.schema[column]
    if head.is_empty() or not isinstance(dtype, pl.Array) or len(dtype.shape) != 3 or dtype.shape[2] not in (1, 3, 4):
        return []
    texts = [] if captions is None else [str(v)[:CAPTION_LENGTH] for v in head[captions]]
    return [ImagesFigure(title, as_pixels(head[column].to_numpy()), texts)]


def as_pixels(images: NDArray[Any]) -> NDArray[Any]:
    """Return images of any numbers as bytes that can be shown.

    Args:
        images: (n, height, width, channels). Integers of 16 bits count as 0..65535, floats within 0..1 as 0..1; other
            numbers are stretched from their smallest to their largest value.

    Returns:
        UInt8, of the same shape, but where there are neither 1, 3 nor 4 channels only the first is kept.
    """
    import numpy as np

    if images.shape[-1] not in (1, 3, 4):
        images = images[..., :1]
    if images.dtype == np.uint8:
        return images
    if images.dtype == np.uint16:
        return (images >> 8).astype(np.uint8)
    values = np.where(np.isfinite(images), images, 0).astype(np.float64)
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    shown: NDArray[Any] = np.rint((values - low) * (255 / ((high - low) or 1))).astype(np.uint8)
    return shown
