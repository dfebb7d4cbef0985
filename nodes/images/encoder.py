"""Image Encoder: arrays of pixels become PNG, JPEG, ... within the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.columns import check_whole
from nodes.kit.images.encoding import FORMATS, Format, check_encodable, encoded
from nodes.values.table import Table, TableSpec


class ImageEncoder(Node):
    """Encode images, so that a column holds the content of image files (Binary).

    That is how databases and Parquet files of other programs keep images, and it takes less room. A missing image stays
    missing. The Image Decoder is the way back.

    Example: PNG in front of a database writer stores handwritten digits as blobs of about 300 bytes.
    """

    id = "images.encoder"
    title = "Image Encoder"
    shelf = "Images"
    icon = "mdi6.file-image-outline"
    keywords = ("ImgPlus to PNG Images", "encode_png", "encode_jpeg", "image to binary", "blob", "compress")
    input_ports = (Port("table", "table", "Images", "A table with a column of images."),)
    output_ports = (Port("table", "table", "Table", "The table with the encoded images."),)

    column: str = setting("image", "Image column", "The images to encode.", columns=Columns("table", ("image",)))
    new_column: str | None = setting(
        None, "New column", "Where the encoded images go; empty: into the place of the images.", min_length=1
    )
    format: Format = setting("PNG", "Format", "Of the encoded images.", choices=FORMATS)
    quality: int = setting(
        90, "Quality", "More is larger and nearer to the image.", ge=1, le=100, shown_if={"format": ["JPEG", "WebP"]}
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The schema with a Binary column."""
        return {"table": self._spec(specs.table())}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Encode piece by piece."""
        table = values.table()
        self._spec(table.spec)
        return {"table": table.with_columns(job.stream(self._pieces(table, job)))}

    def _spec(self, table: TableSpec) -> TableSpec:
        dtype = table.require(self.column, "image", setting="column")
        assert isinstance(dtype, pl.Array)
        check_encodable(dtype, self.format, self.column)
        if self.new_column and self.new_column != self.column and self.new_column in table.schema:
            message = f"There is a column '{self.new_column}' already."
            raise NodeError(message, "Choose another name for the new column.", setting="new_column")
        return table.with_columns({self.new_column or self.column: pl.Binary})

    def _pieces(self, table: Table, job: Job) -> Iterator[pl.DataFrame]:
        done = 0
        for piece in table.batches([self.column]):
            check_whole(piece[self.column], done, "column")
            images = iter(piece[self.column].drop_nulls().to_numpy())
            cells = []
            for there in piece[self.column].is_not_null():
                job.check_cancelled()
                cells.append(encoded(next(images), self.format, self.quality) if there else None)
            yield pl.DataFrame({self.new_column or self.column: pl.Series(cells, dtype=pl.Binary)})
            done += piece.height
            job.progress(done / max(table.height, 1))
