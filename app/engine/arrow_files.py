"""Frames as Arrow IPC files: written in pieces of bounded bytes, read by mapping them into memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nodes.values.table import BATCH_BYTES, cell_bytes

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa


def write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as an Arrow IPC file, in record batches of about `BATCH_BYTES`."""
    width = sum(cell_bytes(d) for d in frame.schema.values())
    frame.write_ipc(path, record_batch_size=max(1, BATCH_BYTES // max(width, 1)))


def frame_bytes(frame: pl.DataFrame) -> memoryview:
    """Return a small frame as the content of an Arrow IPC file; a third of the time that polars takes for a file."""
    import polars as pl
    import pyarrow as pa

    arrow = frame.to_arrow(compat_level=pl.CompatLevel.newest())
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, arrow.schema) as writer:
        writer.write_table(arrow.combine_chunks())
    return memoryview(sink.getvalue())


def map_frame(path: Path) -> pl.DataFrame:
    """Return an Arrow IPC file as a frame whose columns stay on disk until they are touched."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        return read_frame(source)


def read_frame(source: pa.NativeFile) -> pl.DataFrame:
    """Return an Arrow IPC file that is open as a frame; where it is mapped, its columns stay on disk."""
    import polars as pl
    import pyarrow as pa

    arrow = pa.ipc.open_file(source).read_all()
    frame = pl.from_arrow(arrow, rechunk=False)
    assert isinstance(frame, pl.DataFrame)
    frame.columns = arrow.column_names  # polars names a column whose name is empty
    return frame
