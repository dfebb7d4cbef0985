"""Row to Image: numbers of a row as the pixels of an image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.columns import all_there, spread_where
from nodes.kit.images.pixels import numpy_dtype, put
from nodes.kit.images.preview import preview
from nodes.values.figure import Figure
from nodes.values.table import Table, TableSpec, leaf_dtype


class RowToImage(Node):
    """Make an image of the numbers of each row: of many number columns, or of one column of arrays.

    Height, width and channels must account for all numbers; an empty height or width follows from the rest, and where both
    are empty the image is a square. Whole number pixels are rounded and cut off at the ends of their type. A row with a
    missing number gives a missing image.

    Example: the 784 columns of an MNIST CSV file, with UInt8 and nothing else set, become images of 28 x 28 x 1.
    """

    id = "images.from_row"
    title = "Row to Image"
    shelf = "Images"
    icon = "mdi6.table-arrow-left"
    keywords = ("Data Row to Image", "reshape", "MNIST CSV", "pixels to image", "array to image", "columns to image", "vector")
    input_ports = (Port("table", "table", "Table", "A table with numbers."),)
    output_ports = (Port("table", "table", "Images", "The table with the images."),)

    columns: list[str] = setting(
        [],
        "Columns",
        "Number columns in the order of the pixels, or one column of arrays.",
        columns=Columns("table", ("number", "array")),
    )
    height: int | None = setting(None, "Height", "In pixels; empty: it follows from the others.", ge=1, le=16_384)
    width: int | None = setting(None, "Width", "In pixels; empty: it follows from the others.", ge=1, le=16_384)
    channels: int = setting(1, "Channels", "1 for grey, 3 for RGB.", ge=1, le=4096)
    order: Literal["pixel by pixel", "channel by channel"] = setting(
        "pixel by pixel",
        "Order",
        "In which order the numbers follow each other.",
        choices={
            "pixel by pixel": "The channels of a pixel stand side by side.",
            "channel by channel": "All of the first channel come first, as in CIFAR files.",
        },
    )
    pixel_type: Literal["UInt8", "UInt16", "Float32"] = setting("UInt8", "Pixel type", "The type of the pixels.")
    new_column: str = setting("image", "New column", "The name of the column of images.", min_length=1)
    keep: bool = setting(False, "Keep the numbers", "Whether their columns stay in the table.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The schema with the images."""
        return {"table": self._spec(specs.table())}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Make the images piece by piece."""
        table = values.table()
        dtype = self._spec(table.spec).schema[self.new_column]
        made = job.stream(self._pieces(table, dtype, job))
        base = table if self.keep else table.drop(self.columns)
        return {"table": base.with_columns(made) if base.columns else made}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The first images."""
        return preview(outputs.table(), self.new_column)

    def _spec(self, table: TableSpec) -> TableSpec:
        if not self.columns:
            table.require(None, "number", "array", setting="columns")
        dtypes = [table.require(c, "number", "array", setting="columns") for c in self.columns]
        if len(set(self.columns)) < len(self.columns):
            raise NodeError("A column is chosen twice.", "Choose it once.", setting="columns")
        arrays = [d for d in dtypes if isinstance(d, pl.Array)]
        if arrays and (len(dtypes) > 1 or not leaf_dtype(arrays[0]).is_numeric()):
            raise NodeError("Only one column of arrays of numbers can be chosen.", "Choose it alone.", setting="columns")
        count = len(dtypes)
        for length in arrays[0].shape if arrays else ():
            count *= length
        kept = table if self.keep else table.with_schema({c: d for c, d in table.schema.items() if c not in self.columns})
        if self.new_column in kept.schema:
            message = f"There is a column '{self.new_column}' already."
            raise NodeError(message, "Choose another name for the new column.", setting="new_column")
        leaf = {"UInt8": pl.UInt8, "UInt16": pl.UInt16, "Float32": pl.Float32}[self.pixel_type]
        return kept.with_columns({self.new_column: pl.Array(leaf, (*self._size(count), self.channels))})

    def _size(self, count: int) -> tuple[int, int]:
        pixels = count // self.channels
        if self.height is None and self.width is None:
            side = round(pixels**0.5)
            height, width = side, side
        else:
            height = self.height or pixels // (self.width or 1)
            width = self.width or pixels // height
        if height * width * self.channels != count or not count:
            raise NodeError(
                f"{count} numbers do not make an image of {height} x {width} x {self.channels}.",
                "Choose another height, width or number of channels, or other columns.",
                setting="height",
            )
        return height, width

    def _pieces(self, table: Table, dtype: pl.DataType, job: Job) -> Iterator[pl.DataFrame]:
        import numpy as np

        assert isinstance(dtype, pl.Array)
        height, width, channels = dtype.shape
        done = 0
        for piece in table.batches(self.columns):
            job.check_cancelled()
            job.progress(done / max(table.height, 1))
            there = all_there(piece, self.columns)
            whole = piece.filter(there)
            numbers = whole.to_numpy() if len(self.columns) > 1 else whole.to_series().to_numpy()
            if self.order == "pixel by pixel":
                pixels = numbers.reshape(-1, height, width, channels)
            else:
                pixels = numbers.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
            out = np.empty((whole.height, *dtype.shape), numpy_dtype(leaf_dtype(dtype)))
            put(pixels, out)
            yield spread_where(pl.Series(self.new_column, out, dtype=dtype), there).to_frame()
            done += piece.height
