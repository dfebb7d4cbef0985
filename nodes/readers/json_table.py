"""JSON Reader: records written as JSON, one a line or in a list."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nodes.base import Job, NodeError, setting
from nodes.readers.files import GIB, in_gib
from nodes.readers.many_files import FilesReader, damaged, scanned

if TYPE_CHECKING:
    import polars as pl

_AT_ONCE = 2 * 2**20
"""A larger file is not read while the node is configured, so its columns are known only after running."""
_HEAD = 4096


class JsonReader(FilesReader):
    """Read a table from JSON: a list of records, records one a line (NDJSON, JSON lines), or an object of columns.

    A record's names are the columns; where a record lacks one, its cell is missing. What is nested in a record becomes columns
    called `outer.inner`, or stays a structure. Lists stay lists.

    Lines are read piece by piece, however large the file is, with the types of the first rows. A list has to be read as a
    whole, and its types are those of all its records. The list may stand inside other things: the path `data.items` leads to it
    (KNIME's JSON Path, without conditions).

    Example: `measurements.ndjson` with `{"sensor": {"id": 3}, "value": 1.5}` in each line gives the columns
    `sensor.id` and `value`.
    """

    id: ClassVar[str] = "readers.json"
    title: ClassVar[str] = "JSON Reader"
    icon: ClassVar[str] = "mdi6.code-json"
    keywords: ClassVar[tuple[str, ...]] = (
        "NDJSON", "JSON lines", "jsonl", "read_json", "read_ndjson", "scan_ndjson", "JSON Path", "JSON to Table", "open",
    )  # fmt: skip

    pattern: str = setting(
        "*.json",
        "Files",
        "Which files of the folder are read: * stands for any text, ? for one character; hidden files are left out.",
        min_length=1,
        shown_if={"source": "folder"},
    )
    format: Literal["automatic", "list", "lines"] = setting(
        "automatic",
        "Format",
        "How the records are written.",
        choices={
            "automatic": "A file of a list or of one object that spans several lines is read as a whole, others line by line.",
            "list": "One list of records, or an object.",
            "lines": "One record a line.",
        },
    )
    record_path: str = setting(
        "",
        "Path to the records",
        "Names with dots between that lead to the list, such as data.items; empty: the file is the list. Not for lines.",
    )
    nested: Literal["columns", "keep"] = setting(
        "columns",
        "Nested objects",
        "What becomes of objects inside a record.",
        choices={"columns": "Each of their values becomes a column of its own.", "keep": "They stay structures in one column."},
    )
    scanned_rows: int = setting(
        10_000, "Rows to find types from", "How many lines are looked at to find the types.", ge=1, advanced=True
    )
    largest_size: float = setting(
        2.0, "Largest size (GiB)", "A larger file that is no lines is refused, as it has to be read as a whole.", gt=0, le=4096,
        advanced=True,
    )  # fmt: skip

    def _schema_of(self, path: Path) -> pl.Schema | None:
        if not self._is_lines(path) and path.stat().st_size > _AT_ONCE:
            return None
        return self._schema_whole(path)

    def _schema_whole(self, path: Path) -> pl.Schema:
        import polars as pl

        if not self._is_lines(path):
            return self._whole(path).schema
        try:
            return self._scan(path, None).collect_schema()
        except pl.exceptions.PolarsError as error:
            raise damaged(path, error, remedy="Choose another file, or another format.") from error

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        if self._is_lines(path):
            hint = "Look at more rows for the types, or mend the line."
            return scanned(self._scan(path, limit).select(columns), path, "scanned_rows", hint)
        whole = self._whole(path).select(columns)
        return iter([whole if limit is None else whole.head(limit)])

    # -- lines

    def _is_lines(self, path: Path) -> bool:
        if self.format != "automatic":
            return self.format == "lines"
        if self.record_path:
            return False
        with path.open("rb") as stream:
            head = stream.read(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")
        first = head.partition(b"\n")[0].rstrip()
        # The first line of an object that spans several lines is none by itself.
        return first.startswith(b"{") and (first.endswith(b"}") or len(first) >= _HEAD - 4) and self._has_more(path, first)

    @staticmethod
    def _has_more(path: Path, first: bytes) -> bool:
        """Whether the first line is a record, not an object of columns that is all of the file."""
        try:
            found = json.loads(first)
        except ValueError:
            return True
        return not (found and all(isinstance(v, list) for v in found.values()) and path.stat().st_size <= len(first) + 8)

    def _scan(self, path: Path, limit: int | None) -> pl.LazyFrame:
        import polars as pl

        lazy = pl.scan_ndjson(path, infer_schema_length=self.scanned_rows, n_rows=limit)
        return lazy if self.nested == "keep" else flattened(lazy, lazy.collect_schema())

    # -- as a whole

    def _whole(self, path: Path) -> pl.DataFrame:
        """All records of a file that is one list or object."""
        import polars as pl

        size = path.stat().st_size
        if size > self.largest_size * GIB:
            message = f"'{path}' has {in_gib(size)}, more than the largest size of {self.largest_size:g} GiB."
            raise NodeError(message, "Have it written as lines, or raise the largest size.", setting="largest_size")
        try:
            with path.open(encoding="utf-8-sig") as stream:
                content = json.load(stream)
        except (ValueError, RecursionError) as error:
            raise damaged(path, f"it is no JSON: {error}", remedy="Choose another file, or the format of lines.") from error
        records = self._records(content, path)
        try:
            frame = pl.DataFrame(records, infer_schema_length=None, strict=False)
        except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
            raise damaged(path, f"its records make no table: {error}", remedy="Choose the path to another list.") from error
        return frame if self.nested == "keep" else flattened(frame.lazy(), frame.schema).collect()

    def _records(self, content: Any, path: Path) -> Any:
        """What the path leads to: records, or columns."""
        here = content
        for name in filter(None, self.record_path.split(".")):
            if isinstance(here, list) and name.isdecimal() and int(name) < len(here):
                here = here[int(name)]
            elif isinstance(here, dict) and name in here:
                here = here[name]
            else:
                there = ", ".join(list(here)[:8]) if isinstance(here, dict) else "none"
                message = f"The path '{self.record_path}' leads nowhere in '{path}': there is no '{name}'."
                raise NodeError(message, f"There are the names: {there}.", setting="record_path")
        if isinstance(here, dict):
            columns = here and all(isinstance(v, list) for v in here.values()) and len({len(v) for v in here.values()}) == 1
            return here if columns else [here]
        if not isinstance(here, list):
            raise NodeError(f"'{path}' holds no list of records.", "Give the path to one.", setting="record_path")
        if all(isinstance(record, dict) for record in here):
            return here
        if any(isinstance(record, dict) for record in here):
            raise NodeError(
                f"Not all in the list of '{path}' are records.", "Give the path to a list of records.", setting="record_path"
            )
        return {"value": here}


def flattened(lazy: pl.LazyFrame, schema: pl.Schema) -> pl.LazyFrame:
    """Structures as a column for each of their fields, called `outer.inner`, at any depth."""
    import polars as pl

    made: list[pl.Expr] = []
    names: set[str] = {c for c, d in schema.items() if not isinstance(d, pl.Struct)}

    def add(expression: pl.Expr, dtype: Any, name: str) -> None:
        if isinstance(dtype, pl.Struct) and dtype.fields:
            for field in dtype.fields:
                add(expression.struct.field(field.name), field.dtype, f"{name}.{field.name}")
            return
        free = name
        while "." in name and free in names:
            free += "_"
        names.add(free)
        made.append(expression.alias(free))

    for column, dtype in schema.items():
        add(pl.col(column), dtype, column)
    return lazy.select(made)
