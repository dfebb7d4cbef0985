"""What nodes share that compute further columns from the images of one column."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.columns import IMAGES, ImageColumns, image_dtype, present_images, spread
from nodes.kit.images.pixels import check_numbers, for_parts, numpy_dtype
from nodes.values.table import TableSpec, cell_bytes, leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

Arrays = Mapping[str, "NDArray[Any]"]


class ImageMeasuring(Node):
    """A node that adds columns computed from the images of a column; where the image is missing, they are missing.

    The table is walked through piece by piece; encoded images (Binary) are decoded on the way.
    """

    shelf = "Images"
    input_ports = (Port("table", "table", "Images", "A table with a column of images."),)
    output_ports = (Port("table", "table", "Table", "The table with the new columns."),)

    column: str = setting("image", "Image column", "The images to look at.", columns=Columns("table", IMAGES))
    keep: bool = setting(True, "Keep images", "Whether the column of images stays in the table.", group="Columns")

    @abstractmethod
    def new_columns(self, dtype: pl.Array) -> dict[str, pl.DataType]:
        """Return the new columns for such images, in order.

        Raises:
            NodeError: If the settings do not suit such images.
        """

    @abstractmethod
    def measure(self, images: NDArray[Any], out: Arrays, job: Job) -> None:
        """Compute.

        Args:
            images: (n, height, width, channels).
            out: An array of n cells per new column, to be filled.
            job: To see whether the run was cancelled.
        """

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the input's schema with the new columns; not known for encoded images."""
        table = specs.table()
        dtype = image_dtype(table, self.column)
        if dtype is None:
            return {"table": None}
        return {"table": self._spec(table, self._checked(table, dtype))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Compute piece by piece."""
        table = values.table()
        source = ImageColumns(table, [self.column])
        new = self._checked(table.spec, source.dtype(self.column))
        base = table if self.keep else table.drop([self.column])
        if not new:
            return {"table": base}
        return {"table": base.with_columns(job.stream(self._pieces(source, new, job)))}

    def _checked(self, table: TableSpec, dtype: pl.Array) -> dict[str, pl.DataType]:
        check_numbers(dtype, self.column)
        new = self.new_columns(dtype)
        for name in new:
            if name in table.schema and (self.keep or name != self.column):
                raise NodeError(f"There is a column '{name}' already.", "Rename that column before this node.", setting="column")
        return new

    def _spec(self, table: TableSpec, new: Mapping[str, pl.DataType]) -> TableSpec:
        kept = table if self.keep else table.with_schema({c: d for c, d in table.schema.items() if c != self.column})
        return kept.with_columns(new)

    def _pieces(self, source: ImageColumns, new: Mapping[str, pl.DataType], job: Job) -> Iterator[pl.DataFrame]:
        import numpy as np

        done = 0
        for piece in source.pieces(beside=sum(cell_bytes(d) for d in new.values())):
            job.check_cancelled()
            job.progress(done / max(source.table.height, 1))
            images = present_images(piece[self.column])
            out = {
                name: np.zeros((len(images), *getattr(dtype, "shape", ())), numpy_dtype(leaf_dtype(dtype)))
                for name, dtype in new.items()
            }

            def work(part: slice, images: NDArray[Any] = images, out: Arrays = out) -> None:
                self.measure(images[part], {name: made[part] for name, made in out.items()}, job)

            if len(images):
                for_parts(len(images), 2 * images[0].nbytes, work, job)
            made = [spread(pl.Series(name, out[name], dtype=dtype), piece[self.column]) for name, dtype in new.items()]
            yield pl.DataFrame(made)
            done += piece.height
