"""What nodes share that turn every image of a column into another one: the column settings, and the walk over the table."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.images.preview import preview
from nodes.values.figure import Figure
from nodes.values.table import BATCH_BYTES, Table, TableSpec, cell_bytes, leaf_dtype

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray


class ImageMapping(Node):
    """A node that turns each image of a column into another one; a missing image stays missing.

    The table is walked through piece by piece: memory stays at one piece, however long the table is.
    """

    shelf: ClassVar[str] = "Images"
    input_ports: ClassVar[tuple[Port, ...]] = (Port("table", "table", "Images", "A table with a column of images."),)
    output_ports: ClassVar[tuple[Port, ...]] = (Port("table", "table", "Images", "The table with the changed images."),)

    column: str = setting("image", "Image column", "The images to change.", columns=Columns("table", ("image",)))
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
        """What the images become: the dtype of the new column for that of the old one.

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
        """The input's schema with the new dtype in the target column."""
        table = specs.table()
        return {"table": table.with_columns({self.target: self._new_dtype(table)})}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Change the images piece by piece."""
        table = values.table()
        dtype = self._new_dtype(table.spec)
        return {"table": table.with_columns(job.stream(self._pieces(table, dtype, job)))}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The first images as they are now."""
        return preview(outputs.table(), self.target)

    def _new_dtype(self, table: TableSpec) -> pl.Array:
        import polars as pl

        dtype = table.require(self.column, "image", setting="column")
        assert isinstance(dtype, pl.Array)
        if self.creation == "append" and self.new_column in table.schema:
            message = f"There is a column '{self.new_column}' already."
            raise NodeError(message, "Choose another name for the new column.", setting="new_column")
        return self.image_dtype(dtype)

    def _pieces(self, table: Table, dtype: pl.Array, job: Job) -> Iterator[pl.DataFrame]:
        """The changed images, in frames of one column."""
        widest = max(cell_bytes(table.schema[self.column]), cell_bytes(dtype))
        done = 0
        for piece in table.batches([self.column], rows=max(1, BATCH_BYTES // widest)):
            job.check_cancelled()
            job.progress(done / max(table.height, 1))
            yield self._changed(piece[self.column], dtype, job).to_frame()
            done += piece.height

    def _changed(self, column: pl.Series, dtype: pl.Array, job: Job) -> pl.Series:
        import numpy as np
        import polars as pl

        images = column.drop_nulls().to_numpy()
        out = np.empty((len(images), *dtype.shape), pl.Series([], dtype=leaf_dtype(dtype)).to_numpy().dtype)
        if len(images):
            self.transform(images, out, job)
        made = pl.Series(self.target, out, dtype=dtype)
        if len(made) == len(column):
            return made
        present = column.is_not_null()
        # A missing row number gathers a missing image.
        numbers = (present.cum_sum() - 1).zip_with(present, pl.Series([None], dtype=pl.UInt32))
        return made.gather(numbers)
