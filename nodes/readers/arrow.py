"""Arrow Reader: Arrow IPC files and streams, and Feather files. polars and pyarrow read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from nodes.base import Job
from nodes.kit.files.arrow import arrow_batches, arrow_remark, arrow_rows, arrow_schema
from nodes.kit.files.many_files import FilesReader, pattern_setting


class ArrowReader(FilesReader):
    """Read a table from an Arrow IPC file or stream, or from a Feather file (version 2); or from all of a folder.

    The file knows its columns' types, and is read piece by piece however large it is. Compressed files (lz4, zstd) are read
    as they are. Feather files of version 1, which nobody has written since 2020, are not.

    Example: `predictions.feather`, which pandas wrote with `to_feather`.
    """

    id = "readers.arrow"
    title = "Arrow Reader"
    icon = "mdi6.arrow-projectile"
    keywords = (
        "Feather", "IPC", "read_ipc", "scan_ipc", "read_feather", "pyarrow", "stream", "arrows", "import", "open",
    )  # fmt: skip
    opens = (".arrow", ".feather", ".ipc")

    native_format = "arrow"

    pattern: str = pattern_setting("*.arrow")

    def _schema_of(self, path: Path) -> pl.Schema:
        schema = arrow_schema(path)
        if told := arrow_remark(path):
            self._remark(path, told, "path")
        return schema

    def _rows_of(self, path: Path) -> int | None:
        return arrow_rows(path)

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        return arrow_batches(path, columns, limit)
