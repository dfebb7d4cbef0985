"""Answers about the images of a stored table: thumbnails for cells and grids, and one image with its values.

Thumbnails are 8 bits per channel with 1 (grey), 3 (RGB) or 4 (RGBA) channels. Images of other number types are stretched
from a range that is the same for the whole column, so that pages can be compared; the answer says which. Images with other
numbers of channels show their first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec import structs

from app.engine.inspection.base import AnswerMaker, StoredOutputs
from app.engine.inspection.cells import cells_of, shown_texts
from app.engine.inspection.shown_rows import require_column, shown_rows
from app.engine.messages.tables import ImageAnswer, ImageQuestion, ImagesAnswer, ImagesQuestion, PixelValues, Thumbnails
from nodes.base import NodeError
from nodes.values.table import BATCH_BYTES, Table, cell_bytes, leaf_dtype
from nodes.wording import number_text

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

THUMBNAIL = 64
"""Pixels of the longer side of an image in a table's cell."""
LARGEST_THUMBNAIL = 256
SAMPLE_IMAGES = 256
SAMPLE_BYTES = 2**24
"""So many images, and bytes of them, are looked at to find out what range of values a column has."""
MOST_IN_A_GRID = 512
STRUCT_CODES = {
    "u1": "B",
    "u2": "H",
    "u4": "I",
    "u8": "Q",
    "i1": "b",
    "i2": "h",
    "i4": "i",
    "i8": "q",
    "f2": "e",
    "f4": "f",
    "f8": "d",
}
"""Kind and bytes of a number -> its code in Python's `struct`."""


@dataclass(frozen=True)
class Range:
    """The values that are drawn as black and as white."""

    low: float
    high: float

    @property
    def text(self) -> str:
        """`0 … 1`."""
        return f"{number_text(self.low)} … {number_text(self.high)}"


# ------------------------------------------------------------------------------------------------------------- answers


def images(outputs: StoredOutputs, asked: ImagesQuestion) -> ImagesAnswer:
    """Return a piece of a grid of images."""
    shown = shown_rows(outputs, asked)
    column, captions = asked.column, asked.captions
    require_images(shown.table, column)
    start = max(0, asked.start)
    stop = max(start, min(asked.stop, start + MOST_IN_A_GRID, shown.height))
    piece = shown.range(start, stop)
    texts: list[str | None] = []
    if captions is not None:
        require_column(shown.table, captions)
        texts = shown_texts(cells_of(piece, captions), shown.table.classes.get(captions))
    size = min(asked.size or THUMBNAIL, LARGEST_THUMBNAIL)
    made, pixels = thumbnails(piece, column, size, value_range(outputs, asked.port, shown.table, column))
    return ImagesAnswer(
        rows=shown.height,
        start=start,
        numbers=tuple(shown.number(n) for n in range(start, stop)),
        captions=tuple(texts),
        images=made,
        payload=pixels,
    )


def image(outputs: StoredOutputs, asked: ImageQuestion) -> ImageAnswer:
    """Return one image in full, drawn and as values.

    Raises:
        NodeError: If the table has no such row, or the image no such channel.
    """
    import numpy as np

    shown = shown_rows(outputs, asked)
    column, row, channel = asked.column, asked.row, asked.channel
    dtype = require_images(shown.table, column)
    if not 0 <= row < shown.height:
        raise NodeError(f"There is no row {row + 1}.", "Choose one of those shown.")
    answer = ImageAnswer(rows=shown.height, row=row, number=shown.number(row))
    present, values = _present(cells_of(shown.range(row, row + 1), column))
    if not present[0] or not math.prod(values.shape):
        return answer
    values = values[0]
    if channel is None:
        drawn = values
    elif 0 <= channel < values.shape[2]:
        drawn = values[:, :, channel : channel + 1]
    else:
        raise NodeError(f"There is no channel {channel + 1}.", f"The image has {values.shape[2]}.")
    usual = value_range(outputs, asked.port, shown.table, column)
    used = Range(usual.low if asked.low is None else asked.low, usual.high if asked.high is None else asked.high)
    pixels = _eight_bits(drawable(drawn[None]), used)[0]
    if pixels.shape[2] == 4:  # what is transparent stays so, however the colours are stretched
        pixels[:, :, 3:] = _eight_bits(drawn[None, :, :, 3:], usual)[0]
    raw = values.astype(np.uint8) if values.dtype == np.bool_ else values
    raw = np.ascontiguousarray(raw, raw.dtype.newbyteorder("<"))
    finite = values[np.isfinite(values)]
    about = PixelValues(
        shape=_three(values.shape),
        dtype=str(leaf_dtype(dtype)),
        format=STRUCT_CODES[raw.dtype.kind + str(raw.dtype.itemsize)],
        low=used.low,
        high=used.high,
        default=(usual.low, usual.high),
        minimum=float(finite.min()) if finite.size else None,
        maximum=float(finite.max()) if finite.size else None,
        mean=float(finite.mean(dtype=np.float64)) if finite.size else None,
        channels=pixels.shape[2],
    )
    return structs.replace(answer, values=about, payload=pixels.tobytes() + raw.tobytes())


# -------------------------------------------------------------------------------------------------------------- drawing


def thumbnails(table: Table, column: str, size: int, values: Range, offset: int = 0) -> tuple[Thumbnails, bytes]:
    """Make the images of a column small.

    Args:
        table: All its rows are drawn.
        column: Images.
        size: Pixels that the longer side has at most; smaller images stay as they are.
        values: What is drawn as black and as white.
        offset: Where their pixels will begin in the payload.

    Returns:
        What there is, and the pixels of those present, one behind the other.
    """
    import numpy as np

    shape: tuple[int, ...] = table.schema[column].shape  # type: ignore[attr-defined]
    present: list[bool] = []
    made: list[NDArray[Any]] = []
    for start in range(0, table.height, step := max(1, BATCH_BYTES // max(1, cell_bytes(table.schema[column])))):
        here, batch = _present(cells_of(table.slice(start, step), column))
        present += here
        if len(batch) and math.prod(shape):
            made.append(_eight_bits(_shrunk(drawable(batch), size), values))
    pixels = np.concatenate(made) if made else np.zeros((0, 0, 0, 1), np.uint8)
    about = Thumbnails(
        shape=_three(pixels.shape[1:]),
        present=tuple(present) if made else (False,) * len(present),
        original=shape,
        scale="" if _is_bytes(leaf_dtype(table.schema[column])) else values.text,
        offset=offset,
    )
    return about, pixels.tobytes()


def value_range(outputs: StoredOutputs, port: str, table: Table, column: str) -> Range:
    """What is drawn as black and as white in a column: the range its values seem to be made for, judged by a sample.

    Bytes have 0 to 255. Other whole numbers from 0 on have as many bits as they need (12 in many cameras: 0 to 4095); fractions
    have 0 to 1, -1 to 1 or 0 to 255 where they stay within it and come near its end, else what they take.
    """
    known: dict[tuple[str, str], Range] = outputs.cache.setdefault("image ranges", {})
    if (port, column) not in known:
        known[port, column] = _judged_range(table, column)
    return known[port, column]


def require_images(table: Table, column: str) -> pl.DataType:
    """The dtype of a column of images; raises NodeError where the column is none."""
    dtype = table.spec.require(column, "image")
    if not is_image(dtype):
        raise NodeError(f"Column '{column}' does not hold numbers.", "Choose a column of images.")
    return dtype


def is_image(dtype: pl.DataType) -> bool:
    """Whether cells of this type can be drawn: numbers in three dimensions."""
    import polars as pl

    leaf = leaf_dtype(dtype)
    return isinstance(dtype, pl.Array) and len(dtype.shape) == 3 and (leaf.is_numeric() or isinstance(leaf, pl.Boolean))


def drawable(batch: NDArray[Any]) -> NDArray[Any]:
    """Images (n, height, width, channels) with a number of channels that can be drawn: themselves, or their first channel."""
    return batch if batch.shape[3] in (1, 3, 4) else batch[:, :, :, :1]


def sample(table: Table, column: str, count: int, limit: int) -> NDArray[Any]:
    """Up to `count` images of a column, evenly spread over its rows, of about `limit` bytes; missing ones are left out."""
    import numpy as np

    count = max(1, min(count, limit // max(1, cell_bytes(table.schema[column])), table.height))
    rows = np.unique(np.linspace(0, max(0, table.height - 1), count).astype(np.int64)) if table.height else np.zeros(0, np.int64)
    return _present(cells_of(table.take(rows), column))[1]


def _judged_range(table: Table, column: str) -> Range:
    import numpy as np

    dtype = leaf_dtype(table.schema[column])
    if _is_bytes(dtype):
        return Range(0.0, 255.0)
    values = sample(table, column, SAMPLE_IMAGES, SAMPLE_BYTES)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if values.dtype.kind in "iub" and low >= 0:
        return Range(0.0, float(2 ** max(1, math.ceil(math.log2(high + 1))) - 1) if high else 1.0)
    for least, most in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        if least <= low and most / 2 <= high <= most and (least == 0 or low < 0):
            return Range(least, most)
    return Range(low, high if high > low else low + 1)


def _is_bytes(dtype: pl.DataType) -> bool:
    import polars as pl

    return isinstance(dtype, pl.UInt8)


def _present(cells: pl.Series) -> tuple[list[bool], NDArray[Any]]:
    """Which cells there are, and those as one array (n, height, width, channels)."""
    import numpy as np

    present = cells.is_not_null().to_list()
    shape: tuple[int, ...] = cells.dtype.shape  # type: ignore[attr-defined]
    if not any(present) or not math.prod(shape):
        return present, np.zeros((sum(present), *shape), np.uint8)
    return present, cells.drop_nulls().to_numpy()


def _shrunk(batch: NDArray[Any], size: int) -> NDArray[Any]:
    """Images whose longer side has at most `size` pixels, each the mean of those it stands for (of some, if they are many)."""
    import numpy as np

    factor = math.ceil(max(batch.shape[1:3]) / size)
    if factor <= 1:
        return batch
    skip = max(1, factor // 4)
    batch = batch[:, ::skip, ::skip]
    factor = math.ceil(max(batch.shape[1:3]) / size)
    rows, columns = np.arange(0, batch.shape[1], factor), np.arange(0, batch.shape[2], factor)
    exact = np.promote_types(batch.dtype, np.float32)
    sums = np.add.reduceat(np.add.reduceat(batch, rows, axis=1, dtype=exact), columns, axis=2)
    heights = np.diff(np.append(rows, batch.shape[1])).astype(np.float32)
    widths = np.diff(np.append(columns, batch.shape[2])).astype(np.float32)
    means: NDArray[Any] = sums / (heights[:, None, None] * widths[None, :, None])
    return means


def _eight_bits(batch: NDArray[Any], values: Range) -> NDArray[np.uint8]:
    """Values as bytes: `low` as 0, `high` as 255; what is no number as 0."""
    import numpy as np

    if batch.dtype == np.uint8 and (values.low, values.high) == (0, 255):
        return np.array(batch)
    span = values.high - values.low
    with np.errstate(invalid="ignore", over="ignore"):  # what is infinite is white or black
        scaled = (batch.astype(np.promote_types(batch.dtype, np.float32)) - values.low) * (255 / span if span else 0)
    pixels: NDArray[np.uint8] = np.nan_to_num(np.clip(np.rint(scaled), 0, 255), nan=0).astype(np.uint8)
    return pixels


def _three(shape: tuple[int, ...]) -> tuple[int, int, int]:
    height, width, channels = shape
    return height, width, channels


ANSWERS: dict[type, AnswerMaker] = {ImagesQuestion: images, ImageQuestion: image}
