"""Table Reader: a table exactly as the Table Writer kept it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from nodes.base import Job
from nodes.kit.files.arrow import CLASSES_NOTE, arrow_batches, arrow_metadata, arrow_remark, arrow_rows, arrow_schema
from nodes.kit.files.many_files import FilesReader, pattern_setting
from nodes.kit.files.reading import damaged


class TableReader(FilesReader):
    """Read a table that the Table Writer wrote, or all of a folder, with nothing lost: images, classes, types.

    The file is an Arrow IPC file with a note beside the columns that says which classes numbers stand for; an Arrow file of
    another program is read as well, and simply has no such note. Tables have no row IDs, so there is nothing to prepend.

    Example: a first workflow prepares images and keeps them with a Table Writer as `prepared.table`; a second one reads them and
    trains a network.
    """

    id = "readers.table"
    title = "Table Reader"
    icon = "mdi6.table-arrow-left"
    keywords = ("load table", "open", "import", "arrow", "images", "exact copy", "restore", ".table")
    opens = (".table",)

    native_format = "arrow"

    pattern: str = pattern_setting("*.table")

    def _schema_of(self, path: Path) -> pl.Schema:
        schema = arrow_schema(path)
        if told := arrow_remark(path):
            self._remark(path, told, "path")
        return schema

    def _rows_of(self, path: Path) -> int | None:
        return arrow_rows(path)

    def _classes_of(self, path: Path) -> Mapping[str, tuple[str, ...]]:
        noted = arrow_metadata(path, CLASSES_NOTE)
        if noted is None:
            return {}
        try:
            return {str(column): tuple(map(str, names)) for column, names in json.loads(noted)["classes"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise damaged(path, f"its note of the classes is damaged: {error}") from error

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        return arrow_batches(path, columns, limit)
