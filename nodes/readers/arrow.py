"""Arrow Reader: Arrow IPC files and streams, and Feather files. polars and pyarrow read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from nodes.base import Job
from nodes.readers.files import starts_with
from nodes.readers.many_files import FilesReader, damaged, pattern_setting
from nodes.values.table import BATCH_BYTES, cell_bytes

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

FILE_MAGIC = b"ARROW1"


class ArrowReader(FilesReader):
    """Read a table from an Arrow IPC file or stream, or from a Feather file (version 2); or from all of a folder.

    The file knows its columns' types, and is read piece by piece however large it is. Compressed files (lz4, zstd) are read
    as they are. Feather files of version 1, which nobody has written since 2020, are not.

    Example: `predictions.feather`, which pandas wrote with `to_feather`.
    """

    id: ClassVar[str] = "readers.arrow"
    title: ClassVar[str] = "Arrow Reader"
    icon: ClassVar[str] = "mdi6.arrow-projectile"
    keywords: ClassVar[tuple[str, ...]] = (
        "Feather", "IPC", "read_ipc", "scan_ipc", "read_feather", "pyarrow", "stream", "arrows", "import", "open",
    )  # fmt: skip

    pattern: str = pattern_setting("*.arrow")

    def _schema_of(self, path: Path) -> pl.Schema:
        return arrow_schema(path)

    def _rows_of(self, path: Path) -> int | None:
        return arrow_rows(path)

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        return arrow_batches(path, columns, limit)


def arrow_schema(path: Path) -> pl.Schema:
    """The columns of an Arrow file or stream, from its first bytes."""
    import polars as pl
    import pyarrow as pa

    try:
        with _opened(path) as reader:
            return pl.Schema(_frame(pa.Table.from_batches([], reader.schema), path).schema)
    except (pa.ArrowException, ValueError) as error:
        raise damaged(path, error) from error


def arrow_rows(path: Path) -> int | None:
    """How many rows an Arrow file has; of a stream that shows only at its end."""
    import pyarrow as pa

    if not starts_with(path, FILE_MAGIC):
        return None
    try:
        with _opened(path) as reader:
            return sum(int(reader.get_batch(number).num_rows) for number in range(reader.num_record_batches))
    except (pa.ArrowException, ValueError) as error:
        raise damaged(path, error) from error


def arrow_metadata(path: Path, key: bytes) -> bytes | None:
    """What the file's writer noted under a key beside the columns."""
    import pyarrow as pa

    try:
        with _opened(path) as reader:
            noted: bytes | None = (reader.schema.metadata or {}).get(key)
            return noted
    except (pa.ArrowException, ValueError) as error:
        raise damaged(path, error) from error


def arrow_batches(path: Path, columns: Sequence[str], limit: int | None) -> Iterator[pl.DataFrame]:
    """The rows as they were written, in pieces of bounded size; pages of the mapped file come and go."""
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
    """Arrow's columns as polars has them."""
    import polars as pl

    try:
        made = pl.from_arrow(table)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise damaged(path, error, remedy="Leave columns of such a type out where the file is written.") from error
    assert isinstance(made, pl.DataFrame)
    return made
