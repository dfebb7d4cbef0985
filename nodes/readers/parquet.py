"""Parquet Reader: files of columns, as Spark, DuckDB and pandas write them. polars reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from nodes.base import Job, setting
from nodes.file_sets import FileSet
from nodes.kit.files.many_files import FilesReader, pattern_setting, scanned
from nodes.kit.files.reading import damaged
from nodes.kit.zones import in_utc, remark, unknown_zones

_NOTHING = "__HIVE_DEFAULT_PARTITION__"
"""What the name of a folder says of a missing value."""


class ParquetReader(FilesReader):
    """Read a table from a Parquet file, or from all such files of a folder.

    Only the columns that are wanted are read from the disk, and a file may be larger than the memory. The file knows its
    columns' types; lists, structures and arrays stay what they are. Points in time of Spark's older kind (INT96) have
    microseconds, which hold every year; times of a zone that is not known here (+05:30) are shown in UTC, and that is said.

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
    opens = (".parquet",)

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
        return pl.scan_parquet(path, n_rows=limit, glob=False, hive_partitioning=self._hive, schema=_with_microseconds(path))

    @property
    def _hive(self) -> bool:
        return self.source == "folder" and self.hive_partitioning

    def _schema_of(self, path: Path) -> pl.Schema:
        changed = unknown_zones(path)
        if changed:
            self._remark(path, remark(changed), "path")
            return pl.Schema({**next(in_utc(path, None)).schema, **self._of_folders(path).schema})
        try:
            return self._scan(path).collect_schema()
        except pl.exceptions.PolarsError as error:
            raise damaged(path, error) from error

    def _of_folders(self, path: Path) -> pl.DataFrame:
        """One row of the columns that folders' names give, for files that polars cannot scan."""
        named = [part.partition("=") for part in path.parts[:-1] if "=" in part.strip("=")] if self._hive else []
        texts = pl.DataFrame({unquote(name): [None if value == _NOTHING else unquote(value)] for name, _, value in named})
        return pl.read_csv(texts.write_csv().encode(), try_parse_dates=True) if named else pl.DataFrame()

    def _rows_of(self, path: Path) -> int | None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return int(pq.read_metadata(path).num_rows)
        except (pa.ArrowException, UnicodeDecodeError):
            return None

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        if not unknown_zones(path):
            return scanned(self._scan(path, limit).select(columns), path)
        folders = self._of_folders(path)
        return (
            piece.with_columns(pl.lit(folders[c][0], folders.schema[c]).alias(c) for c in folders.columns).select(columns)
            for piece in in_utc(path, limit)
        )


def _with_microseconds(path: Path) -> pl.Schema | None:
    """The columns of a file with points in time of the kind INT96, which polars would cut to the years of nanoseconds."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, coerce_int96_timestamp_unit="us") as file:
            physical = {file.metadata.schema.column(n).physical_type for n in range(file.metadata.num_columns)}
            if "INT96" not in physical:
                return None
            made = pl.from_arrow(file.schema_arrow.empty_table())
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        return None  # polars says what is wrong with it
    assert isinstance(made, pl.DataFrame)
    return made.schema
