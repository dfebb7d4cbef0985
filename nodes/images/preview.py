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
    """The first images of a column as one figure, or none where there is nothing to draw.

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
    return [ImagesFigure(title, drawable(head[column].to_numpy()), texts)]


def drawable(images: NDArray[Any]) -> NDArray[Any]:
    """Images of any number type as UInt8; what is not UInt8 is stretched from its least to its greatest value."""
    import numpy as np

    if images.dtype == np.uint8:
        return images
    values = np.nan_to_num(images.astype(np.float32), posinf=0, neginf=0)
    low, high = values.min(), values.max()
    scale = 255 / (high - low) if high > low else 0
    stretched: NDArray[Any] = ((values - low) * scale).astype(np.uint8)
    return stretched
