"""Image Decoder: encoded images (PNG, JPEG, ...) in a column become arrays of pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.columns import spread_where
from nodes.kit.images.decoding import THREADED_PIXELS, ImageFormat, Unreadable, probe
from nodes.kit.images.format_settings import (
    Mode,
    OtherSizes,
    PixelTypeName,
    chosen_decoder,
    chosen_format,
    completed_format,
    depth_setting,
    height_setting,
    interpolation_setting,
    mode_setting,
    other_sizes_setting,
    warn_of_greyed,
    width_setting,
)
from nodes.kit.images.pixels import for_parts
from nodes.kit.images.preview import preview
from nodes.kit.images.resampling import Method
from nodes.values.figure import Figure
from nodes.values.table import BATCH_BYTES, Table, cell_bytes


class ImageDecoder(Node):
    """Decode images that stand in a column as the content of files (Binary).

    PNG, JPEG, BMP, GIF (first frame), TIFF (first page), WebP, AVIF, JPEG 2000 and Netpbm, as the Image Folder Reader decodes
    them. All images get one size, mode and pixel type; what is not set is taken from the first image that can be read, and
    the result's shape is then known only when the node runs. A missing cell gives a missing image.

    Other image nodes decode such a column by themselves where all its images have one size; this node is for all other cases.

    Example: a database's column of product photographs, height 64, width 64, mode RGB and *crop*, becomes the input of a
    network.
    """

    id = "images.decoder"
    title = "Image Decoder"
    shelf = "Images"
    icon = "mdi6.image-sync"
    keywords = ("PNG Image to ImgPlus", "decode_image", "binary to image", "blob", "jpeg", "png", "bytes to image")
    input_ports = (Port("table", "table", "Table", "A table with a column of encoded images."),)
    output_ports = (Port("table", "table", "Images", "The table with the decoded images."),)

    column: str = setting("image", "Column", "The encoded images.", columns=Columns("table", ("binary",)))
    new_column: str | None = setting(
        None, "New column", "Where the decoded images go; empty: into the place of the encoded ones.", min_length=1
    )
    height: int | None = height_setting()
    width: int | None = width_setting()
    mode: Mode = mode_setting()
    depth: PixelTypeName = depth_setting()
    other_sizes: OtherSizes = other_sizes_setting()
    interpolation: Method = interpolation_setting()
    unreadable: Literal["missing", "error"] = setting(
        "missing",
        "Unreadable images",
        "What becomes of cells that hold no image.",
        choices={"missing": "They become missing, and a warning counts them.", "error": "The first one stops the node."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The schema, where the settings tell all about the images."""
        table = specs.table()
        table.require(self.column, "binary", setting="column")
        if self.new_column and self.new_column != self.column and self.new_column in table.schema:
            message = f"There is a column '{self.new_column}' already."
            raise NodeError(message, "Choose another name for the new column.", setting="new_column")
        format = chosen_format(self)
        return {"table": None if format is None else table.with_columns({self.new_column or self.column: format.dtype})}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Decode piece by piece, in several threads."""
        table = values.table()
        format = chosen_format(self) or self._completed(table)
        broken: list[int] = []
        greyed: list[None] = []
        made = table.with_columns(job.stream(self._pieces(table, format, broken, greyed, job)))
        warn_of_greyed(greyed, table.height, job)
        if broken:
            job.warn(f"{len(broken)} of {table.height} images could not be read; the first is in row {broken[0] + 1}.")
        return {"table": made}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The first images."""
        return preview(outputs.table(), self.new_column or self.column)

    def _completed(self, table: Table) -> ImageFormat:
        """The format, completed by the first image that can be read."""
        for piece in table.batches([self.column], rows=256):
            for data in piece[self.column].drop_nulls():
                try:
                    return completed_format(self, probe(io.BytesIO(data)))
                except Unreadable as error:
                    if self.unreadable == "error":
                        message = f"The first image of column '{self.column}' {error}."
                        raise NodeError(message, "Have unreadable images made missing.", setting="unreadable") from error
        # None can be read, so all become missing, and their size does not matter.
        return completed_format(self, ImageFormat(1, 1, 1, "uint8"))

    def _pieces(
        self, table: Table, format: ImageFormat, broken: list[int], greyed: list[None], job: Job
    ) -> Iterator[pl.DataFrame]:
        import numpy as np

        decoder = chosen_decoder(self, format, greyed)
        dtype = format.dtype
        done = 0
        for piece in table.batches([self.column], rows=max(1, BATCH_BYTES // cell_bytes(dtype))):
            job.progress(done / max(table.height, 1))
            cells: list[Any] = piece[self.column].to_list()
            images = np.zeros((len(cells), *dtype.shape), format.pixel_type)
            read = np.array([c is not None for c in cells], bool)

            def work(part: slice, cells: list[Any] = cells, images: Any = images, read: Any = read, done: int = done) -> None:
                for row in range(part.start, part.stop):
                    if read[row]:
                        try:
                            images[row] = decoder.decode(cells[row])
                        except Unreadable as error:
                            if self.unreadable == "error":
                                message = f"The image in row {done + row + 1} {error}."
                                hint = "Have unreadable images made missing, or filter the row out."
                                raise NodeError(message, hint, setting="unreadable") from error
                            read[row] = False
                            broken.append(done + row)

            for_parts(len(cells), cell_bytes(dtype), work, job, threads=format.height * format.width >= THREADED_PIXELS)
            name = self.new_column or self.column
            yield spread_where(pl.Series(name, images if read.all() else images[read], dtype=dtype), pl.Series(read)).to_frame()
            done += piece.height
        broken.sort()
