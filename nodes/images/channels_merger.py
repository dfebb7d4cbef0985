"""Merge Channels: several images as the channels of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.columns import IMAGES, ImageColumns, all_there, image_dtype, spread_where
from nodes.kit.images.pixels import check_numbers
from nodes.kit.images.preview import preview
from nodes.values.figure import Figure
from nodes.values.table import TableSpec, cell_bytes, describe_dtype, leaf_dtype


class MergeChannels(Node):
    """Put the channels of several images together into one image.

    The images must have one size and one pixel type; their channels follow each other in the order of the columns. Where one
    of them is missing, the result is missing.

    Example: three grey columns, such as the outputs of three filters, become one image of three channels for a network to
    learn from.
    """

    id = "images.merge_channels"
    title = "Merge Channels"
    shelf = "Images / Color"
    icon = "mdi6.call-merge"
    keywords = ("Merger", "bands", "stack", "combine", "RGB", "concatenate", "planes")
    input_ports = (Port("table", "table", "Images", "A table with several columns of images."),)
    output_ports = (Port("table", "table", "Images", "The table with the merged images."),)

    columns: list[str] = setting(
        [], "Image columns", "The images, in the order of their channels.", columns=Columns("table", IMAGES)
    )
    new_column: str = setting("merged", "New column", "The name of the column of merged images.", min_length=1)
    keep: bool = setting(False, "Keep the single images", "Whether their columns stay in the table.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The schema with the merged images; not known for encoded images."""
        table = specs.table()
        if not self.columns:
            table.require(None, *IMAGES, setting="columns")
        if None in [image_dtype(table, c, "columns") for c in self.columns]:
            return {"table": None}
        return {"table": self._spec(table)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Merge piece by piece."""
        table = values.table()
        source = ImageColumns(table, list(dict.fromkeys(self.columns)), "columns")
        dtype = self._spec(source.spec).schema[self.new_column]
        base = table if self.keep else table.drop(self.columns)
        merged = job.stream(self._pieces(source, dtype, job))
        return {"table": base.with_columns(merged) if base.columns else merged}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The first merged images."""
        return preview(outputs.table(), self.new_column)

    def _spec(self, table: TableSpec) -> TableSpec:
        first = table.schema[self.columns[0]]
        assert isinstance(first, pl.Array)
        channels = 0
        for column in self.columns:
            dtype = table.schema[column]
            assert isinstance(dtype, pl.Array)
            check_numbers(dtype, column, "columns")
            if dtype.shape[:2] != first.shape[:2] or leaf_dtype(dtype) != leaf_dtype(first):
                raise NodeError(
                    f"Column '{column}' is {describe_dtype(dtype)}, '{self.columns[0]}' is {describe_dtype(first)}.",
                    "Bring them to one size and type: Image Resizer, Image Converter.",
                    setting="columns",
                )
            channels += dtype.shape[2]
        kept = table if self.keep else table.with_schema({c: d for c, d in table.schema.items() if c not in self.columns})
        if self.new_column in kept.schema:
            message = f"There is a column '{self.new_column}' already."
            raise NodeError(message, "Choose another name for the new column.", setting="new_column")
        return kept.with_columns({self.new_column: pl.Array(leaf_dtype(first), (*first.shape[:2], channels))})

    def _pieces(self, source: ImageColumns, dtype: pl.DataType, job: Job) -> Iterator[pl.DataFrame]:
        import numpy as np

        done = 0
        for piece in source.pieces(beside=cell_bytes(dtype)):
            job.check_cancelled()
            job.progress(done / max(source.table.height, 1))
            whole = piece.drop_nulls(source.columns)
            made = pl.Series(np.concatenate([whole[c].to_numpy() for c in self.columns], axis=3), dtype=dtype)
            yield pl.DataFrame({self.new_column: spread_where(made, all_there(piece, source.columns))})
            done += piece.height
