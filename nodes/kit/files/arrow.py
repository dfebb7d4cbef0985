"""Arrow IPC files and streams: what nodes share that read and write them. polars and pyarrow do the work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import polars as pl

from nodes.base import Job, NodeError
from nodes.kit.files.reading import damaged, starts_with
from nodes.kit.files.writing import pieces
from nodes.values.table import BATCH_BYTES, Table, cell_bytes

if TYPE_CHECKING:
    import pyarrow as pa

FILE_MAGIC = b"ARROW1"
COMPRESSIONS = {"none": "Not at all: readers can map the file into memory.", "lz4": "Quick.", "zstd": "Smaller."}
CLASSES_NOTE = b"layerloom"
"""Where the Table Writer notes what Arrow has no place for, as JSON: {"classes": {column: [names]}}."""


def arrow_schema(path: Path) -> pl.Schema:
    """Return the columns of an Arrow file or stream, from its first bytes."""
    import pyarrow as pa

    try:
        with _opened(path) as reader:
            return pl.Schema(_frame(pa.Table.from_batches([], reader.schema), path).schema)
    except (pa.ArrowException, ValueError) as error:
        raise damaged(path, error) from error


def arrow_rows(path: Path) -> int | None:
    """Return how many rows an Arrow file has; of a stream that shows only at its end."""
    import pyarrow as pa

    if not starts_with(path, FILE_MAGIC):
        return None
    try:
        with _opened(path) as reader:
            return sum(int(reader.get_batch(number).num_rows) for number in range(reader.num_record_batches))
    except (pa.ArrowException, ValueError) as error:
        raise damaged(path, error) from error


def arrow_metadata(path: Path, key: bytes) -> bytes | None:
    """Return what the file's writer noted under a key beside the columns."""
    import pyarrow as pa

    try:
        with _opened(path) as reader:
            noted: bytes | None = (reader.schema.metadata or {}).get(key)
            return noted
    except (pa.ArrowException, ValueError) as error:
        raise damaged(path, error) from error


def arrow_batches(path: Path, columns: Sequence[str], limit: int | None) -> Iterator[pl.DataFrame]:
    """Yield the rows as they were written, in pieces of bounded size; pages of the mapped file come and go."""
    import pyarrow as pa

    left = limit
    try:
        with _opened(path) as reader:
            batches = (
                (reader.get_batch(number) for number in range(reader.num_record_batches))
                if hasattr(reader, "num_record_batches")
                else reader
            )
            for batch in batches:
                frame = _frame(pa.Table.from_batches([batch]), path).select(columns)
                if left is not None:
                    frame = frame.head(left)
                    left -= frame.height
                step = max(1, BATCH_BYTES // max(sum(cell_bytes(d) for d in frame.schema.values()), 1))
                yield from frame.iter_slices(step)
                if left == 0:
                    return
    except (pa.ArrowException, ValueError) as error:
        raise damaged(path, error) from error


def _opened(path: Path) -> pa.RecordBatchFileReader | pa.RecordBatchStreamReader:
    """A reader of the mapped file, by what the file begins with."""
    import pyarrow as pa

    mapped = pa.memory_map(str(path))
    return pa.ipc.open_file(mapped) if starts_with(path, FILE_MAGIC) else pa.ipc.open_stream(mapped)


def _frame(table: pa.Table, path: Path) -> pl.DataFrame:
    """Arrow's columns as polars has them, once it is known that they are what they claim: polars takes offsets and lengths on
    trust, and reads whatever lies there."""
    import pyarrow as pa

    try:
        table.validate(full=True)
        made = pl.from_arrow(table)
    except pa.ArrowInvalid as error:
        raise damaged(path, error) from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise damaged(path, error, remedy="Leave columns of such a type out where the file is written.") from error
    assert isinstance(made, pl.DataFrame)
    return made


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
