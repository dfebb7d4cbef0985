"""Image columns as nodes read them: arrays as they are, and files that are not decoded yet (Binary) decoded on the way."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from nodes.base import NodeError
from nodes.values.table import BATCH_BYTES, Table, TableSpec, cell_bytes, is_array, leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nodes.kit.images.decoding import Decoder

IMAGES = ("image", "binary")
"""The kinds of column that a setting for images accepts."""


def image_dtype(table: TableSpec, column: str | None, setting: str = "column") -> pl.Array | None:
    """Return the dtype of an image column; None for encoded images, whose size shows only when they are read.

    Raises:
        NodeError: If there is no such column, or it holds no images.
    """
    dtype = table.require(column, *IMAGES, setting=setting)
    return dtype if isinstance(dtype, pl.Array) else None


def refuse_existing(table: TableSpec, column: str, setting: str) -> None:
    """Refuse a new column with the name of one that stays.

    Raises:
        NodeError: If it has.
    """
    if column in table.schema:
        raise NodeError(f"There is a column '{column}' already.", "Choose another name for the new column.", setting=setting)


class ImageColumns:
    """Some image columns of a table, all as arrays.

    Encoded images get the size, channels and pixel type of the first one in their column; one of another size is an error.

    Args:
        table: Where they are.
        columns: Columns of images or of encoded images.
        setting: The setting that named them, for the errors.

    Attributes:
        spec: The table's spec, as if all of the columns had been decoded.

    Raises:
        NodeError: If a column holds encoded images, and none of them tells their size.
    """

    def __init__(self, table: Table, columns: Sequence[str], setting: str = "column") -> None:
        self.table = table
        self.columns = list(columns)
        self.setting = setting
        self._decoders = {c: self._decoder(c) for c in self.columns if not is_array(table.schema[c])}
        self.spec = table.spec.with_columns({c: d.format.dtype for c, d in self._decoders.items()}, table.classes)

    def dtype(self, column: str) -> pl.Array:
        """Return the dtype of a column once decoded."""
        dtype = self.spec.schema[column]
        assert is_array(dtype)
        return dtype  # type: ignore[return-value]

    def pieces(self, others: Sequence[str] = (), *, beside: int = 0) -> Iterator[pl.DataFrame]:
        """Yield the image columns, decoded, and `others`, piece by piece; an empty table gives one empty piece.

        Args:
            others: Further columns, as they are.
            beside: How many bytes the caller makes of one row; pieces are chosen so that this does not fill the memory.
        """
        wanted = list(dict.fromkeys([*self.columns, *others]))
        widest = max(beside, sum(cell_bytes(self.spec.schema[c]) for c in wanted))
        start = 0
        for piece in self.table.batches(wanted, rows=max(1, BATCH_BYTES // max(widest, 1))):
            for column in self.columns:
                if column not in self._decoders:
                    check_whole(piece[column], start, self.setting)
            decoded = [self._decoded(piece[c], start) for c in self._decoders]
            yield piece.with_columns(decoded) if decoded else piece
            start += piece.height

    def _decoder(self, column: str) -> Decoder:
        from nodes.kit.images.decoding import Decoder, Unreadable, probe

        for piece in self.table.batches([column], rows=256):
            first = piece[column].drop_nulls()
            if len(first):
                try:
                    return Decoder(probe(io.BytesIO(first[0])), aspect=None)
                except Unreadable as error:
                    raise NodeError(
                        f"The first image of column '{column}' {error}.", "Choose a column of images.", setting=self.setting
                    ) from error
        raise NodeError(
            f"Column '{column}' has no image, so the size of its images is not known.",
            "Put an Image Decoder, which is told the size, before this node.",
            setting=self.setting,
        )

    def _decoded(self, column: pl.Series, start: int) -> pl.Series:
        import numpy as np

        from nodes.kit.images.decoding import Unreadable

        decoder = self._decoders[column.name]
        dtype = decoder.format.dtype
        present = column.is_not_null().to_numpy()
        images = np.empty((int(present.sum()), *dtype.shape), decoder.format.pixel_type)
        for number, (row, data) in enumerate(zip(np.flatnonzero(present), column.drop_nulls(), strict=True)):
            try:
                images[number] = decoder.decode(data)
            except Unreadable as error:
                raise NodeError(
                    f"The image in row {start + int(row) + 1} of column '{column.name}' {error}.",
                    "Put an Image Decoder before this node: it brings images to one size, and leaves out broken ones.",
                    setting=self.setting,
                ) from error
        return spread(pl.Series(column.name, images, dtype=dtype), column)


def check_whole(column: pl.Series, start: int, setting: str) -> None:
    """Refuse images of whole numbers or truth values in which single pixels are missing: numpy has no such number.

    In images of numbers with a point a missing pixel is a NaN.

    Args:
        column: Images.
        start: The row of the table that the first one stands in.
        setting: The setting that named the column.

    Raises:
        NodeError: Naming the first row.
    """
    import numpy as np

    from nodes.kit.images.pixels import numpy_dtype

    images: NDArray[Any] = column.drop_nulls().to_numpy()
    if images.dtype == numpy_dtype(leaf_dtype(column.dtype)):
        return
    gaps = np.equal(images, None) if images.dtype == object else np.isnan(images.astype(np.float64))  # type: ignore[call-overload]
    place = int(np.argmax(gaps.reshape(len(images), -1).any(1)))
    row = start + int(np.flatnonzero(column.is_not_null().to_numpy())[place]) + 1
    raise NodeError(
        f"The image in row {row} of column '{column.name}' has pixels that are missing.",
        "Leave the row out, or fill the pixels where the images are made.",
        setting=setting,
    )


def present_images(column: pl.Series) -> NDArray[Any]:
    """Return the images that are there: (n, height, width, channels)."""
    images: NDArray[Any] = column.drop_nulls().to_numpy()
    return images


def spread(made: pl.Series, column: pl.Series) -> pl.Series:
    """Return what was made of the images that are there, with a missing cell wherever `column` has one."""
    return made if len(made) == len(column) else spread_where(made, column.is_not_null())


def spread_where(made: pl.Series, there: pl.Series) -> pl.Series:
    """Return the cells of `made` in the places where `there` is true, and missing cells between."""
    if len(made) == len(there):
        return made
    # A missing row number gathers a missing cell.
    return made.gather((there.cum_sum() - 1).zip_with(there, pl.Series([None], dtype=pl.UInt32)))


def all_there(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """Return whether none of these cells of a row is missing."""
    return frame.select(pl.all_horizontal(pl.col(c).is_not_null() for c in columns)).to_series()
