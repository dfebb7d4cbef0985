"""CSV Reader: a text file of rows and columns. polars parses it."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.readers.files import GIB, GZIP_MAGIC, existing_file, reading, starts_with
from nodes.values.table import Table, TableSpec

if TYPE_CHECKING:
    import polars as pl

ColumnType = Literal[
    "Boolean", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64",
    "String", "Categorical", "Date", "Time", "Datetime",
]  # fmt: skip
"""The types that a column can be given, as polars names them."""

_SNIFFED = 64 * 1024
_UTF8 = ("utf-8", "utf8", "ascii")
_SPARE_LINES = 1000
"""How many lines more than rows are looked at where a file is decoded for configuring: cells may hold line breaks."""


class CsvReader(Node):
    """Read a table from a CSV file, or from any other text file with one row per line.

    The columns' types are found from the first rows, or given by hand. The file is then read with exactly these types: a
    cell that does not fit is an error that names its row and column. Gzipped files are read as they are.

    Example: of `mnist_train.csv`, with the label in the first column and 784 pixels behind it, it makes 785 columns of
    whole numbers; Row to Image makes pictures of them.
    """

    id: ClassVar[str] = "readers.csv"
    title: ClassVar[str] = "CSV Reader"
    shelf: ClassVar[str] = "Readers"
    icon: ClassVar[str] = "mdi6.file-delimited"
    keywords: ClassVar[tuple[str, ...]] = ("File Reader", "text", "tsv", "table", "comma", "delimiter", "read_csv", "spreadsheet")
    output_ports: ClassVar[tuple[Port, ...]] = (Port("table", "table", "Table", "The rows of the file."),)

    path: str = setting("", "File", "The file to read.", path="read file")
    delimiter: str = setting(
        ",", "Column delimiter", "The character between two cells; a tab is \\t.", min_length=1, max_length=2
    )
    quote: str = setting(
        '"', "Quote character", "Encloses cells that hold delimiters or line breaks; empty means none.", max_length=1
    )
    comment: str = setting("", "Comment character", "Lines that begin with it are left out; empty means none.")
    header: bool = setting(True, "First row contains column names", "If not, the columns are called column_0, column_1, ...")
    short_rows: Literal["fail", "insert missing"] = setting(
        "fail",
        "If row has fewer columns",
        "What becomes of rows with fewer cells than there are columns.",
        choices={"fail": "They are an error.", "insert missing": "Their last cells are missing."},
    )
    long_rows: Literal["fail", "cut"] = setting(
        "fail",
        "If row has more columns",
        "What becomes of rows with more cells than there are columns.",
        choices={"fail": "They are an error.", "cut": "What stands over is dropped."},
    )
    null_values: list[str] = setting([], "Missing values", "Texts that stand for a missing cell, such as NA.")
    empty_is_missing: bool = setting(True, "Empty cells are missing", "If not, an empty cell of a text column is an empty text.")
    decimal_comma: bool = setting(
        False, "Decimal comma", "Numbers are written 1,5 instead of 1.5; the delimiter must be another."
    )
    skip_lines: int = setting(0, "Skip first lines", "How many lines stand before the header.", ge=0, group="Rows")
    limit: int | None = setting(
        None, "Limit number of rows", "Read no more than this many rows; empty reads all.", ge=1, group="Rows"
    )
    column_types: dict[str, ColumnType] = setting(
        {}, "Column types", "The type of a column, where the one that is found is not meant.", group="Types"
    )
    parse_dates: bool = setting(False, "Find dates and times", "Whether dates and times are recognised as such.", group="Types")
    scanned_rows: int = setting(
        10_000, "Rows to find types from", "How many rows are looked at to find the types.", ge=1, group="Types", advanced=True
    )
    encoding: str = setting(
        "utf-8", "File encoding", "Such as utf-8, latin-1, windows-1252 or utf-16.", advanced=True, min_length=1
    )
    largest_size: float = setting(
        4.0,
        "Largest size (GiB)",
        "A gzipped or re-encoded file that would take more memory than this is refused.",
        gt=0,
        le=4096,
        advanced=True,
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The schema, found from the first rows; how many rows there are is not known."""
        path = existing_file(self.path, specs.resolve, "path")
        return {"table": TableSpec(self._schema(path))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Read the file with the schema that `configure` found."""
        import polars as pl

        path = existing_file(self.path, job.resolve, "path")
        schema = self._schema(path)
        source = self._source(path)
        with reading(path, "path"):
            try:
                frame = pl.read_csv(source, schema=schema, n_rows=self.limit, glob=False, **self._options())
            except pl.exceptions.PolarsError as error:
                raise self._explained(path, source, schema, error) from error
        if self.short_rows == "fail" and frame.width and frame[:, -1].has_nulls():
            self._refuse_ragged(path, source, schema)
        return {"table": Table.of(frame)}

    # -- how the file is read

    def _options(self) -> dict[str, Any]:
        """What polars is told besides the types."""
        return {
            "has_header": self.header,
            "separator": self._separator,
            "quote_char": self.quote or None,
            "comment_prefix": self.comment or None,
            "skip_lines": self.skip_lines,
            "null_values": self.null_values or None,
            "empty_string_is_null": self.empty_is_missing,
            "decimal_comma": self.decimal_comma,
            "extra_columns": "ignore" if self.long_rows == "cut" else "raise",
        }

    @property
    def _separator(self) -> str:
        separator = "\t" if self.delimiter == "\\t" else self.delimiter
        if len(separator) > 1 or not separator.isascii():
            raise NodeError(f"'{self.delimiter}' is not one character.", "Give one, such as , or ; or \\t.", setting="delimiter")
        if separator == self.quote:
            raise NodeError("Delimiter and quote character are the same.", "Change one of them.", setting="delimiter")
        if separator == "," and self.decimal_comma:
            raise NodeError("The comma cannot be delimiter and decimal sign.", "Choose another delimiter.", setting="delimiter")
        return separator

    @property
    def _codec(self) -> str:
        try:
            return codecs.lookup(self.encoding).name
        except LookupError as error:
            hint = "Choose a known one, such as utf-8 or latin-1."
            raise NodeError(f"There is no encoding '{self.encoding}'.", hint, setting="encoding") from error

    def _schema(self, path: Path) -> pl.Schema:
        """Names and types of the columns.

        Raises:
            NodeError: If there are none, or a column is given a type that is not there.
        """
        import polars as pl

        with reading(path, "path"):
            self._check_is_text(path)
            source = path if self._plain(path) else self._first_lines(path)
            try:
                found = pl.scan_csv(
                    source,
                    infer_schema_length=self.scanned_rows,
                    try_parse_dates=self.parse_dates,
                    glob=False,
                    **self._options(),
                ).collect_schema()
            except pl.exceptions.NoDataError as error:
                hint = "Choose another file, or skip fewer lines."
                raise NodeError(f"'{path}' has no rows.", hint, setting="path") from error
            except pl.exceptions.PolarsError as error:
                raise self._explained(path, source, None, error) from error
        for column in self.column_types:
            if column not in found:
                listed = ", ".join(f"'{c}'" for c in list(found)[:8])
                raise NodeError(f"There is no column '{column}'.", f"The file has: {listed}.", setting="column_types")
        return pl.Schema({c: getattr(pl, self.column_types[c])() if c in self.column_types else d for c, d in found.items()})

    # -- bytes and text

    def _plain(self, path: Path) -> bool:
        """Whether polars can read the file as it is."""
        return self._codec in _UTF8 and not starts_with(path, GZIP_MAGIC)

    def _check_is_text(self, path: Path) -> None:
        """Refuse files that cannot be text before anything is made of them."""
        with path.open("rb") as stream:
            head = stream.read(_SNIFFED)
        if not head:
            raise NodeError(f"'{path}' is empty.", "Choose another file.", setting="path")
        if head[:4] in (b"PK\3\4", b"\x28\xb5\x2f\xfd"):
            raise NodeError(f"'{path}' is an archive.", "Unpack it, and choose the file in it.", setting="path")
        if not head.startswith(GZIP_MAGIC) and b"\0" in head and not self._codec.startswith(("utf-16", "utf-32")):
            hint = "Choose a text file, or set its encoding (utf-16?)."
            raise NodeError(f"'{path}' is not a text file.", hint, setting="path")

    @contextmanager
    def _text(self, path: Path) -> Iterator[io.TextIOWrapper]:
        """The file's text, unpacked and decoded as it is read."""
        opened = gzip.open if starts_with(path, GZIP_MAGIC) else open
        try:
            with opened(path, "rb") as raw, io.TextIOWrapper(raw, encoding=self._codec, newline="") as text:
                yield text
        except UnicodeError as error:
            raise self._not_decodable(path) from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise NodeError(f"'{path}' is damaged: {error}.", "Download or copy the file again.", setting="path") from error

    def _first_lines(self, path: Path) -> bytes:
        """Enough of the file to find the types from, as UTF-8."""
        lines = self.skip_lines + self.scanned_rows + _SPARE_LINES
        with self._text(path) as text:
            return "".join(islice(text, lines)).encode()

    def _source(self, path: Path) -> Path | bytes:
        """What polars reads: the file, or its content as UTF-8."""
        if self._plain(path):
            return path
        limit = int(self.largest_size * GIB)
        pieces: list[bytes] = []
        size = 0
        with self._text(path) as text:
            while piece := text.read(2**20).encode():
                size += len(piece)
                if size > limit:
                    message = f"'{path}' is larger than {self.largest_size:g} GiB once it is unpacked."
                    raise NodeError(message, "Raise the largest size if there is memory for it.", setting="largest_size")
                pieces.append(piece)
        return b"".join(pieces)

    # -- mistakes

    def _not_decodable(self, path: Path) -> NodeError:
        hint = "Set the file's encoding; windows-1252 and latin-1 are common."
        return NodeError(f"'{path}' is not written in {self.encoding}.", hint, setting="encoding")

    def _explained(self, path: Path, source: Path | bytes, schema: pl.Schema | None, error: Exception) -> NodeError:
        """What polars says of a file, in words that tell where to look."""
        text = str(error)
        if "utf-8" in text or "utf8" in text:
            return self._not_decodable(path)
        if schema is not None:
            if "more fields" in text:
                self._refuse_ragged(path, source, schema)
            self._refuse_unparsable(path, source, schema)
        first = text.strip().partition("\n")[0]
        return NodeError(
            f"'{path}' cannot be read: {first}.", "Check delimiter, quote character and skipped lines.", setting="path"
        )

    def _refuse_unparsable(self, path: Path, source: Path | bytes, schema: pl.Schema) -> None:
        """Raise for the first cell that is not of its column's type, if there is one."""
        import polars as pl

        texts = {column: pl.String() for column in schema}
        try:
            frame = pl.read_csv(source, schema=texts, n_rows=self.limit, glob=False, **self._options())
        except pl.exceptions.PolarsError:
            return
        for column, dtype in schema.items():
            cells = frame[column].str.replace(",", ".", literal=True) if self.decimal_comma else frame[column]
            failed = (cells.is_not_null() & _parsed(cells, dtype).is_null()).arg_max()
            if failed is not None and cells[failed] is not None and _parsed(cells[failed : failed + 1], dtype)[0] is None:
                raise NodeError(
                    f"Row {failed + 1} of '{path}' has '{frame[column][failed]}' in column '{column}', which is no {dtype}.",
                    f"Add it to the missing values, or set the type of column '{column}' to String.",
                    setting="column_types",
                )

    def _refuse_ragged(self, path: Path, source: Path | bytes, schema: pl.Schema) -> None:
        """Raise for the first row with too few or too many cells, if there is one.

        polars fills up short rows without a word, so a missing last cell is looked at again with Python's own reader.
        """
        try:
            for number, count in self._row_lengths(source):
                if count < len(schema) and self.short_rows == "fail":
                    raise _ragged(path, number, f"{count} of {len(schema)} columns", "short_rows", "insert missing")
                if count > len(schema) and self.long_rows == "fail":
                    raise _ragged(path, number, f"{count} instead of {len(schema)} columns", "long_rows", "cut")
        except csv.Error as error:
            message = f"Whether all rows of '{path}' are complete cannot be seen: {error}."
            raise NodeError(message, "Let short rows through ('insert missing').", setting="short_rows") from error

    def _row_lengths(self, source: Path | bytes) -> Iterator[tuple[int, int]]:
        """(number from 1, number of cells) of the rows that are read."""
        raw = source.open("rb") if isinstance(source, Path) else io.BytesIO(source)
        with raw, io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as text:
            lines = (line for line in islice(text, self.skip_lines, None) if not (self.comment and line.startswith(self.comment)))
            quoting = {"quotechar": self.quote} if self.quote else {"quoting": csv.QUOTE_NONE}
            rows = csv.reader(lines, delimiter=self._separator, **quoting)
            first = 1 if self.header else 0
            last = None if self.limit is None else first + self.limit
            for number, row in enumerate(islice(rows, first, last), start=1):
                yield number, max(len(row), 1)


def _ragged(path: Path, number: int, length: str, setting: str, way: str) -> NodeError:
    hint = f"Mend the row, check the delimiter, or let such rows through ('{way}')."
    return NodeError(f"Row {number} of '{path}' has {length}.", hint, setting=setting)


def _parsed(cells: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Text as numbers, dates or whatever a column holds; missing where it is none."""
    import polars as pl

    if isinstance(dtype, pl.Date | pl.Time | pl.Datetime):
        return cells.str.strptime(dtype, strict=False)
    if isinstance(dtype, pl.Boolean):
        return cells.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    return cells.cast(dtype, strict=False)
