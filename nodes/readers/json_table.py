"""JSON Reader: records written as JSON, one a line or in a list."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import polars as pl

from nodes.base import Job, NodeError, setting
from nodes.kit.files.many_files import FilesReader, pattern_setting, scanned
from nodes.kit.files.reading import GIB, damaged, starts_with
from nodes.wording import gibibytes

_AT_ONCE = 2 * 2**20
"""A larger file is not read while the node is configured, so its columns are known only after running."""
_HEAD = 4096
_MARK = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8, with which programs of Windows begin a file."""


class JsonReader(FilesReader):
    """Read a table from JSON: a list of records, records one a line (NDJSON, JSON lines), or an object of columns.

    A record's names are the columns; where a record lacks one, its cell is missing. What is nested in a record becomes columns
    called `outer.inner`, or stays a structure. Lists stay lists. A column that holds objects or lists in some records and
    something else in others becomes text, with those written as JSON.

    Lines are read piece by piece, however large the file is, with the types of the first rows; names that occur only later
    are not read. A list has to be read as a whole, and its types are those of all its records. The list may stand inside other
    things: the path `data.items` leads to it (KNIME's JSON Path, without conditions). What pandas writes by default, an object
    of columns with the rows' numbers in each, is read as a table, too.

    Example: `measurements.ndjson` with `{"sensor": {"id": 3}, "value": 1.5}` in each line gives the columns
    `sensor.id` and `value`.
    """

    id = "readers.json"
    title = "JSON Reader"
    icon = "mdi6.code-json"
    keywords = (
        "NDJSON", "JSON lines", "jsonl", "read_json", "read_ndjson", "scan_ndjson", "JSON Path", "JSON to Table", "open",
    )  # fmt: skip

    untyped = True

    pattern: str = pattern_setting("*.json")
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
        if path.stat().st_size == 0:
            raise NodeError(f"'{path}' is empty.", "Choose another file.", setting="path")
        if not self._is_lines(path) and path.stat().st_size > _AT_ONCE:
            return None
        return self._schema_whole(path)

    def _schema_whole(self, path: Path) -> pl.Schema:
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
            first = stream.readline(_AT_ONCE).removeprefix(_MARK).strip()
            while first == b"" and (line := stream.readline(_AT_ONCE)):
                first = line.strip()
            more = stream.read(_HEAD).strip()
        # The first line of an object that spans several lines is none by itself; one that is all of the file may be anything.
        return first.startswith(b"{") and first.endswith(b"}") and more != b""

    def _scan(self, path: Path, limit: int | None) -> pl.LazyFrame:
        source = self._without_mark(path) if starts_with(path, _MARK) else path
        lazy = pl.scan_ndjson(source, infer_schema_length=self.scanned_rows, n_rows=limit)
        return lazy if self.nested == "keep" else flattened(lazy, lazy.collect_schema())

    def _without_mark(self, path: Path) -> bytes:
        """The lines without the byte order mark, which polars takes for a part of them."""
        self._check_size(path)
        return path.read_bytes().removeprefix(_MARK)

    # -- as a whole

    def _check_size(self, path: Path) -> None:
        size = path.stat().st_size
        if size > self.largest_size * GIB:
            message = f"'{path}' has {gibibytes(size)}, more than the largest size of {self.largest_size:g} GiB."
            hint = "Have it written as lines without a byte order mark, or raise the largest size."
            raise NodeError(message, hint, setting="largest_size")

    def _whole(self, path: Path) -> pl.DataFrame:
        """All records of a file that is one list or object."""
        self._check_size(path)
        try:
            with path.open(encoding="utf-8-sig") as stream:
                content = json.load(stream)
        except UnicodeDecodeError as error:
            hint = "Have it written as UTF-8 without compression, or choose another file."
            raise NodeError(f"'{path}' is no JSON: it is not written in UTF-8.", hint, setting="path") from error
        except (ValueError, RecursionError) as error:
            raise damaged(path, f"it is no JSON: {error}", remedy="Choose another file, or the format of lines.") from error
        records = self._records(content, path)
        if isinstance(records, list):
            records = _of_one_kind(records)
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
        if isinstance(here, dict) and (made := _of_pandas(here)) is not None:
            return made
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


def _of_pandas(content: dict[str, Any]) -> dict[str, list[Any]] | None:
    """The columns in what pandas' `to_json` writes, {"a": {"0": 1, "1": 2}}; None where it is something else."""
    cells = list(content.values())
    if not cells or not all(isinstance(c, dict) and c and list(c) == list(cells[0]) for c in cells):
        return None
    if list(cells[0]) != [str(number) for number in range(len(cells[0]))]:
        return None
    return {column: list(rows.values()) for column, rows in content.items()}


def _of_one_kind(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records, with what polars cannot hold in one column, or would drop there, written as JSON."""
    kinds: dict[str, set[str]] = {}
    for record in records:
        for name, cell in record.items():
            if cell is not None:
                kind = "object" if isinstance(cell, dict) else "list" if isinstance(cell, list) else "single"
                kinds.setdefault(name, set()).add(kind)
    mixed = {name for name, found in kinds.items() if len(found) > 1}
    if not mixed:
        return records

    def told(cell: Any) -> Any:
        return cell if cell is None or isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)

    return [{name: told(cell) if name in mixed else cell for name, cell in record.items()} for record in records]


def flattened(lazy: pl.LazyFrame, schema: pl.Schema) -> pl.LazyFrame:
    """Structures as a column for each of their fields, called `outer.inner`, at any depth."""
    made: list[pl.Expr] = []
    names: set[str] = {c for c, d in schema.items() if not isinstance(d, pl.Struct)}

    def add(expression: pl.Expr, dtype: Any, name: str, *, nested: bool = False) -> None:
        if isinstance(dtype, pl.Struct) and dtype.fields:
            for field in dtype.fields:
                add(expression.struct.field(field.name), field.dtype, f"{name}.{field.name}", nested=True)
            return
        free = name
        while nested and free in names:
            free += "_"
        names.add(free)
        made.append(expression.alias(free))

    for column, dtype in schema.items():
        add(pl.col(column), dtype, column)
    return lazy.select(made)
