"""Arrow Writer: a table becomes an Arrow IPC file, an Arrow stream or a Feather file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any, ClassVar, Literal

from nodes.base import Job, NodeError, Spec, Specs, Value, Values, setting
from nodes.values.table import Table
from nodes.writers.files import FileWriter, pieces, refuse, refuse_huge

COMPRESSIONS = {"none": "Not at all: readers can map the file into memory.", "lz4": "Quick.", "zstd": "Smaller."}


class ArrowWriter(FileWriter):
    """Write a table into an Arrow IPC file, which is also what Feather (version 2) is, or into an Arrow stream.

    The rows are written piece by piece, however many there are, as they stand in memory: nothing is quicker to write and read.
    Types are kept: categories, lists, images as arrays of numbers. Which classes numbers stand for is not: the Table Writer
    keeps that, too.

    Example: `features.feather` with the compression lz4, which R and pandas read with `read_feather`.
    """

    id: ClassVar[str] = "writers.arrow"
    title: ClassVar[str] = "Arrow Writer"
    icon: ClassVar[str] = "mdi6.bow-arrow"
    keywords: ClassVar[tuple[str, ...]] = ("Feather", "IPC", "write_ipc", "to_feather", "pyarrow", "stream", "export", "save")

    format: Literal["file", "stream"] = setting(
        "file",
        "Format",
        "How the record batches are arranged.",
        choices={
            "file": "With an index at its end: a Feather file, too.",
            "stream": "One after the other, for other programs' pipes.",
        },
    )
    compression: Literal["none", "lz4", "zstd"] = setting(
        "none", "Compression", "How the columns are packed.", choices=COMPRESSIONS
    )
    older: bool = setting(
        False,
        "For older programs",
        "Text is written in the way that every reader of Arrow knows, which takes a copy; else as polars has it (string views).",
        advanced=True,
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Check the columns and the place to write to."""
        import polars as pl

        self.check_target(specs)
        refuse(specs.table(), (pl.Object,), "an Arrow file")
        refuse_huge(specs.table(), "an Arrow file")
        return {}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Write batch by batch."""
        with self.writing(job) as stream:
            write_arrow(values.table(), stream, job, self.compression, stream_format=self.format == "stream", older=self.older)
        return {}


def write_arrow(
    table: Table,
    stream: IO[bytes],
    job: Job,
    compression: str,
    *,
    stream_format: bool = False,
    older: bool = False,
    metadata: Mapping[bytes, bytes] | None = None,
) -> None:
    """Write a table in record batches of bounded size.

    Args:
        table: What to write.
        stream: Where to.
        job: For progress and cancel.
        compression: `none`, `lz4` or `zstd`.
        stream_format: Without the index at the end.
        older: Text and categories as every Arrow library knows them.
        metadata: Noted beside the columns.

    Raises:
        NodeError: If a column has no counterpart in Arrow.
    """
    import polars as pl
    import pyarrow as pa

    options = pa.ipc.IpcWriteOptions(compression=None if compression == "none" else compression)
    level = pl.CompatLevel.oldest() if older else pl.CompatLevel.newest()
    writer: Any = None
    try:
        for piece in pieces(table, job):
            arrow = piece.to_arrow(compat_level=level)
            if metadata is not None:
                arrow = arrow.replace_schema_metadata(dict(metadata))
            if writer is None:
                made = pa.ipc.new_stream if stream_format else pa.ipc.new_file
                writer = made(stream, arrow.schema, options=options)
            writer.write_table(arrow, max_chunksize=max(1, table.rows_per_batch()))
        writer.close()
    except pa.ArrowException as error:
        raise NodeError(
            f"The table cannot be written as Arrow: {error}.", "Change the types of its columns.", setting="path"
        ) from error
