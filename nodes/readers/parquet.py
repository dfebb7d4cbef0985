"""Parquet Reader: files of columns, as Spark, DuckDB and pandas write them. polars reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from nodes.base import Job, setting
from nodes.file_sets import FileSet
from nodes.kit.files.many_files import FilesReader, pattern_setting, scanned
from nodes.kit.files.reading import damaged


class ParquetReader(FilesReader):
    """Read a table from a Parquet file, or from all such files of a folder.

    Only the columns that are wanted are read from the disk, and a file may be larger than the memory. The file knows its
    columns' types; lists, structures and arrays stay what they are.

    Folders that another program partitioned (`year=2024/month=5/part-0.parquet`) give a column per name when they are read
    with subfolders, with whole numbers and dates recognised.

    Example: the folder `events`, subfolders included, and the columns `year`, `user` and `clicks` of a hundred files that
    Spark wrote.
    """

    id = "readers.parquet"
    title = "Parquet Reader"
    icon = "mdi6.view-column"
    keywords = (
        "read_parquet", "scan_parquet", "columnar", "spark", "hive", "partition", "arrow", "pandas", "pq", "import", "open",
    )  # fmt: skip

    native_format = "parquet"

    pattern: str = pattern_setting("*.parquet")
    hive_partitioning: bool = setting(
        True,
        "Columns from folders' names",
        "Whether folders called name=value give a column of that name.",
        shown_if={"source": "folder"},
    )

    def file_sets(self, resolve: Callable[[str], Path]) -> Mapping[str, FileSet]:
        """As of all such readers; folders above that are called name=value give columns, too."""
        found = super().file_sets(resolve)
        if not self.hive_partitioning or "folder" not in found:
            return found
        files = found["folder"]
        above = "/".join(part for part in files.path.parts if "=" in part)
        return {"folder": replace(files, as_written=f"{files.as_written}\0{above}")}

    def _scan(self, path: Path, limit: int | None = None) -> pl.LazyFrame:
        return pl.scan_parquet(
            path, n_rows=limit, glob=False, hive_partitioning=self.source == "folder" and self.hive_partitioning
        )

    def _schema_of(self, path: Path) -> pl.Schema:
        try:
            return self._scan(path).collect_schema()
        except pl.exceptions.PolarsError as error:
            raise damaged(path, error) from error

    def _rows_of(self, path: Path) -> int | None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return int(pq.read_metadata(path).num_rows)
        except pa.ArrowException:
            return None

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        return scanned(self._scan(path, limit).select(columns), path)
