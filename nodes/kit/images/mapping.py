"""What nodes share that turn every image of a column into another one: the column settings, and the walk over the table."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import polars as pl

from nodes.base import Columns, Job, Node, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.columns import IMAGES, ImageColumns, image_dtype, present_images, refuse_existing, spread
from nodes.kit.images.pixels import check_numbers, for_parts, numpy_dtype
from nodes.kit.images.preview import preview
from nodes.values.figure import Figure
from nodes.values.table import TableSpec, cell_bytes, leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ImageMapping(Node):
    """A node that turns each image of a column into another one; a missing image stays missing.

    The table is walked through piece by piece: memory stays at one piece, however long the table is. A column of encoded
    images (Binary) is decoded on the way; what comes out is then known only when the node runs.
    """

    shelf = "Images"
    input_ports = (Port("table", "table", "Images", "A table with a column of images."),)
    output_ports: ClassVar[tuple[Port, ...]] = (Port("table", "table", "Images", "The table with the changed images."),)
    threads: ClassVar[bool] = True
    """Whether images are worked on in several threads at once."""
    truth_values: ClassVar[bool] = False
    """Whether images of truth values are taken, too."""

    column: str = setting("image", "Image column", "The images to change.", columns=Columns("table", IMAGES))
    creation: Literal["replace", "append"] = setting(
        "replace",
        "Column creation",
        "Where the changed images go.",
        group="Columns",
        choices={"replace": "They take the place of the old ones.", "append": "They get a column of their own."},
    )
    new_column: str = setting(
        "new image",
        "New column",
        "The name of the added column.",
        group="Columns",
        shown_if={"creation": "append"},
        min_length=1,
    )

    @abstractmethod
    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """Return what the images become: the dtype of the new column for that of the old one.

        Raises:
            NodeError: If the settings do not suit such images.
        """

    @abstractmethod
    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Change images.

        Args:
            images: (n, height, width, channels); must not be written to.
            out: (n, ...) in the shape and dtype that `image_dtype` tells; to be filled.
            job: To see whether the run was cancelled.
        """

    @property
    def target(self) -> str:
        """The column that the changed images stand in."""
        return self.column if self.creation == "replace" else self.new_column

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the input's schema with the new dtype in the target column; not known for encoded images."""
        return {"table": self.result_spec(specs.table())}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Change the images piece by piece."""
        table = values.table()
        source = ImageColumns(table, [self.column])
        dtype = self._new_dtype(source.dtype(self.column))
        return {"table": table.with_columns(job.stream(self._pieces(source, dtype, job)))}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the first images as they are now."""
        return preview(outputs.table(), self.target)

    def result_spec(self, table: TableSpec) -> TableSpec | None:
        """Return the spec of the table with the changed images.

        Raises:
            NodeError: If columns or settings do not fit.
        """
        dtype = image_dtype(table, self.column)
        if self.creation == "append":
            refuse_existing(table, self.new_column, "new_column")
        return None if dtype is None else table.with_columns({self.target: self._new_dtype(dtype)})

    def _new_dtype(self, dtype: pl.Array) -> pl.Array:
        if not self.truth_values:
            check_numbers(dtype, self.column)
        return self.image_dtype(dtype)

    def _pieces(self, source: ImageColumns, dtype: pl.Array, job: Job) -> Iterator[pl.DataFrame]:
        """The changed images, in frames of one column."""
        done = 0
        for piece in source.pieces(beside=cell_bytes(dtype)):
            job.check_cancelled()
            job.progress(done / max(source.table.height, 1))
            yield self.changed(piece[self.column], dtype, job).to_frame()
            done += piece.height

    def changed(self, column: pl.Series, dtype: pl.Array, job: Job) -> pl.Series:
        """Return the images of a piece of the column, changed, under the target's name."""
        import numpy as np

        images = present_images(column)
        out = np.empty((len(images), *dtype.shape), numpy_dtype(leaf_dtype(dtype)))

        def work(part: slice) -> None:
            with np.errstate(invalid="ignore", over="ignore"):  # infinite pixels
                self.transform(images[part], out[part], job)

        if len(images):
            for_parts(len(images), images[0].nbytes + out[0].nbytes, work, job, threads=self.threads)
        return spread(pl.Series(self.target, out, dtype=dtype), column)
