"""JSON Reader: records written as JSON, one a line or in a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import PrivateAttr

from nodes.base import Job, NodeError, setting
from nodes.kit.files.json_lines import JsonLines, read_json
from nodes.kit.files.json_shapes import JsonShape, NoFit, converted, shape_of
from nodes.kit.files.many_files import FilesReader, pattern_setting
from nodes.kit.files.reading import GIB, damaged
from nodes.kit.tables.naming import frame_of
from nodes.kit.tables.reading.misfits import ON_MISFIT, Misfits, OnMisfit
from nodes.wording import gibibytes

_AT_ONCE = 2 * 2**20
"""A larger file is not read while the node is configured, so its columns are known only after running."""
_HEAD = 4096
_NAMED = 4
_MARK = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8, with which programs of Windows begin a file."""


class JsonReader(FilesReader):
    """Read a table from JSON: a list of records, records one a line (NDJSON, JSON lines), or an object of columns.

    A record's names are the columns; where a record lacks one, its cell is missing. What is nested in a record becomes columns
    called `outer.inner`, or stays a structure. Lists stay lists. Where different kinds of values (objects, lists, texts, numbers,
    true and false) stand in one place of the records, at whatever depth, all of them become text, written as JSON, and that is
    said; so does what is nested deeper than 32 levels. NaN and Infinity are read, though they are no JSON.

    Lines are read piece by piece, however large the file is, with the names and types of the first rows; a value that does not
    fit them, or has another name, is an error that names its line, or missing and counted. A list has to be read as a whole, and
    its types are those of all its records. The list may stand inside other things: the path `data.items` leads to it (KNIME's
    JSON Path, without conditions). What pandas writes by default, an object of columns with the rows' numbers in each, is read as
    a table, too.

    Example: `measurements.ndjson` with `{"sensor": {"id": 3}, "value": 1.5}` in each line gives the columns
    `sensor.id` and `value`.
    """

    id = "readers.json"
    version = 2
    title = "JSON Reader"
    icon = "mdi6.code-json"
    keywords = (
        "NDJSON", "JSON lines", "jsonl", "read_json", "read_ndjson", "scan_ndjson", "JSON Path", "JSON to Table", "open",
    )  # fmt: skip
    opens = (".json", ".jsonl", ".ndjson")

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
    on_misfit: OnMisfit = setting(
        "fail", "If a value does not fit", "What becomes of a value that is not of its column's type.", choices=ON_MISFIT
    )
    largest_size: float = setting(
        2.0, "Largest size (GiB)", "A larger file that is no lines is refused, as it has to be read as a whole.", gt=0, le=4096,
        advanced=True,
    )  # fmt: skip

    _last: dict[Path, pl.DataFrame] = PrivateAttr(default_factory=dict)
    """The one file that was read as a whole to know its columns, until its rows are asked for."""

    @classmethod
    def migrate(cls, settings: dict[str, Any], version: int) -> dict[str, Any]:
        """Version 1 did not read names that come only after the first rows."""
        return settings if version >= 2 else {"on_misfit": "missing", **settings}

    def _schema_of(self, path: Path) -> pl.Schema | None:
        if path.stat().st_size == 0:
            raise NodeError(f"'{path}' is empty.", "Choose another file.", setting="path")
        if not self._is_lines(path) and path.stat().st_size > _AT_ONCE:
            return None
        return self._of_lines(path) if self._is_lines(path) else self._whole(path).schema

    def _schema_whole(self, path: Path) -> pl.Schema:
        if self._is_lines(path):
            return self._of_lines(path)
        frame = self._whole(path)
        if self.source == "file":
            self._last[path] = frame
        return frame.schema

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        if not self._is_lines(path):
            whole = (self._last.pop(path) if path in self._last else self._whole(path)).select(columns)
            yield whole if limit is None else whole.head(limit)
            return
        misfits = Misfits(f"'{path}'", self.on_misfit, "scanned_rows")
        lines = JsonLines(path, self.scanned_rows, limit)
        for piece in lines.pieces(_types(JsonLines(path, self.scanned_rows).shape()), misfits, job):
            yield self._flat(piece).select(columns)
        misfits.tell(job)

    def _flat(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame if self.nested == "keep" else flattened(frame.lazy(), frame.schema).collect()

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

    def _of_lines(self, path: Path) -> pl.Schema:
        shape = JsonLines(path, self.scanned_rows).shape()
        if not shape.fields:
            raise NodeError(f"The records of '{path}' have no names.", "Choose another file.", setting="path")
        self._tell(path, shape)
        return self._flat(pl.DataFrame(schema=_types(shape))).schema

    def _tell(self, path: Path, shape: JsonShape) -> None:
        told = [remark for name, inner in shape.fields.items() for remark in inner.remarks(name, 1)]
        if told:
            more = f", {len(told) - _NAMED} more like them" if len(told) > _NAMED else ""
            self._remark(path, f"Read are {', '.join(told[:_NAMED])}{more}.", "nested")

    # -- as a whole

    def _check_size(self, path: Path) -> None:
        size = path.stat().st_size
        if size > self.largest_size * GIB:
            message = f"'{path}' has {gibibytes(size)}, more than the largest size of {self.largest_size:g} GiB."
            hint = "Have it written as lines, or raise the largest size."
            raise NodeError(message, hint, setting="largest_size")

    def _whole(self, path: Path) -> pl.DataFrame:
        """All records of a file that is one list or object."""
        self._check_size(path)
        try:
            content = read_json(path.read_bytes().removeprefix(_MARK))
        except UnicodeDecodeError as error:
            hint = "Have it written as UTF-8 without compression, or choose another file."
            raise NodeError(f"'{path}' is no JSON: it is not written in UTF-8.", hint, setting="path") from error
        except (ValueError, RecursionError) as error:
            what = "it is nested too deeply" if isinstance(error, RecursionError) else f"it is no JSON: {error}"
            raise damaged(path, what, remedy="Choose another file, or the format of lines.") from error
        records = self._records(content, path)
        if isinstance(records, dict):
            heights = {len(cells) for cells in records.values()}
            records = (
                [dict(zip(records, row, strict=True)) for row in zip(*records.values(), strict=True)] if len(heights) == 1 else []
            )
        shape = shape_of(records)
        self._tell(path, shape)
        columns = []
        for name, inner in shape.fields.items():
            dtype = inner.dtype(1)
            try:
                cells = [converted(record.get(name), dtype) for record in records]
            except NoFit as error:
                message = f"'{path}' has a number in '{name}' that is too large for any type."
                raise NodeError(message, "Have it written as text.", setting="path") from error
            columns.append(pl.Series(name, cells, dtype=dtype))
        return self._flat(frame_of(columns))

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


def _types(shape: JsonShape) -> dict[str, pl.DataType]:
    """The columns of records in lines; one without values may have any later, which text holds."""
    found = {name: inner.dtype(1) for name, inner in shape.fields.items()}
    return {name: pl.String() if dtype == pl.Null else dtype for name, dtype in found.items()}


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
