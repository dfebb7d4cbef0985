"""Image Properties: size, channels and type of images, as columns."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.columns import IMAGES, image_dtype
from nodes.values.table import TableSpec, cell_bytes, is_array, leaf_dtype

_ENCODED_ROWS = 256


class ImageProperties(Node):
    """Add columns that say of each image how large it is and of what kind.

    *Height*, *width*, *channels*, *pixels* (height times width), *pixel type* and *bytes*; for encoded images (Binary) also
    their *format* (PNG, JPEG, ...), read from their first bytes without decoding them, and missing where they cannot be read.
    Images of an array column all have the same size; what is in them is told by Image Features.

    KNIME's axes, calibration, source and offsets do not exist here: an image is height x width x channels.

    Example: behind a reader that leaves images encoded, a Row Filter on *width* drops thumbnails before an Image Decoder.
    """

    id = "images.properties"
    title = "Image Properties"
    shelf = "Images / Features"
    icon = "mdi6.information-outline"
    keywords = ("size", "dimensions", "height", "width", "metadata", "format", "shape", "resolution", "info")
    input_ports = (Port("table", "table", "Images", "A table with a column of images."),)
    output_ports = (Port("table", "table", "Table", "The table with the properties."),)

    column: str = setting("image", "Image column", "The images to look at.", columns=Columns("table", IMAGES))

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The input's schema with the properties."""
        return {"table": specs.table().with_columns(self._new(specs.table()))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Look at each image, or at its header."""
        table = values.table()
        new = self._new(table.spec)
        return {"table": table.with_columns(job.stream(self._pieces(values, new, job)))}

    def _new(self, table: TableSpec) -> dict[str, pl.DataType]:
        dtype = image_dtype(table, self.column)
        whole = pl.UInt32()
        new: dict[str, pl.DataType] = {
            "height": whole, "width": whole, "channels": whole, "pixels": pl.UInt64(), "pixel type": pl.String(),
            "bytes": pl.UInt64(),
        }  # fmt: skip
        if dtype is None:
            new["format"] = pl.String()
        made = {f"{self.column} {name}": d for name, d in new.items()}
        for name in made:
            if name in table.schema:
                raise NodeError(f"There is a column '{name}' already.", "Rename that column before this node.", setting="column")
        return made

    def _pieces(self, values: Values, new: Mapping[str, pl.DataType], job: Job) -> Iterator[pl.DataFrame]:
        table = values.table()
        dtype = table.schema[self.column]
        done = 0
        # Encoded images have any size, so few are held at a time.
        for piece in table.batches([self.column], rows=None if is_array(dtype) else _ENCODED_ROWS):
            job.check_cancelled()
            job.progress(done / max(table.height, 1))
            if is_array(dtype):
                height, width, channels = dtype.shape  # type: ignore[attr-defined]
                same = (height, width, channels, height * width, str(leaf_dtype(dtype)), cell_bytes(dtype))
                rows: list[Any] = [same if there else (None,) * 6 for there in piece[self.column].is_not_null()]
            else:
                rows = [_header(data) for data in piece[self.column]]
            yield pl.DataFrame(rows, schema=new, orient="row")
            done += piece.height


def _header(data: bytes | None) -> tuple[Any, ...]:
    from PIL import Image

    from nodes.kit.images.decoding import FORMATS, Unreadable, probe

    if data is None:
        return (None,) * 7
    try:
        found = probe(io.BytesIO(data))
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            format = image.format
    except Unreadable:
        return (None, None, None, None, None, len(data), None)
    kind = {"uint8": "UInt8", "uint16": "UInt16", "float32": "Float32"}[found.pixel_type]
    return (found.height, found.width, found.channels, found.height * found.width, kind, len(data), format)
