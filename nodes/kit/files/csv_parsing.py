"""One text file of rows and columns: its types, its rows piece by piece, and what is said of those that cannot be read."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import dropwhile, islice
from pathlib import Path
from typing import Any

import polars as pl

from nodes.base import Job, NodeError
from nodes.kit.files.reading import GIB, GZIP_MAGIC, starts_with

_SNIFFED = 64 * 1024
_SNIFFED_ROWS = 200
_DELIMITERS = (",", ";", "\t", "|")
_EVEN_SHARE = 0.9
"""So many of the first rows must have equally many cells for a delimiter to be believed."""
_UTF8 = ("utf-8", "utf8", "ascii")
_SPARE_LINES = 1000
"""How many lines more than rows are looked at where a file is decoded for configuring: cells may hold line breaks."""
_FAST_BLOCK = 16 * 2**20
"""Bytes that pyarrow looks at together where rows are counted; a row must be shorter."""


@dataclass(frozen=True)
class Dialect:
    """How a text file is to be read; the names are those of the node's settings.

    Attributes:
        separator: Between two cells, one ASCII character.
        quote: Around cells; empty means none.
        comment: At the beginning of lines that are left out; empty means none.
        line_end: Between two rows, one ASCII character.
        header: Whether the first row holds the names.
        skip_lines: So many before the header.
        skip_rows: So many behind the header.
        short_fail: Whether rows with too few cells are an error.
        long_fail: Whether rows with too many cells are an error.
        null_values: Texts that stand for a missing cell.
        empty_is_missing: Whether an empty cell of a text column is missing.
        decimal_comma: Whether 1,5 is a number.
        thousands: Between groups of three digits; empty means none.
        trim: Whether blanks around texts are taken off.
        parse_dates: Whether dates and times are recognised.
        scanned_rows: Types are found from so many.
        encoding: As given.
        largest_size: In GiB, of what has to be unpacked or decoded.
        skip_empty: Whether lines without anything in them are left out, where a row has several cells.
        quoted_empty_is_missing: Whether "" is missing, too.
        detect: Whether separator and decimal sign are found from the first lines.
    """

    separator: str = ","
    quote: str = '"'
    comment: str = ""
    line_end: str = "\n"
    header: bool = True
    skip_lines: int = 0
    skip_rows: int = 0
    short_fail: bool = True
    long_fail: bool = True
    null_values: Sequence[str] = ()
    empty_is_missing: bool = True
    decimal_comma: bool = False
    thousands: str = ""
    trim: bool = False
    parse_dates: bool = False
    scanned_rows: int = 10_000
    encoding: str = "utf-8"
    largest_size: float = 4.0
    skip_empty: bool = True
    detect: bool = False
    quoted_empty_is_missing: bool = False

    @property
    def codec(self) -> str:
        """Python's name of the encoding.

        Raises:
            NodeError: If there is no such encoding.
        """
        try:
            return codecs.lookup(self.encoding).name
        except LookupError as error:
            hint = "Choose a known one, such as utf-8 or latin-1."
            raise NodeError(f"There is no encoding '{self.encoding}'.", hint, setting="encoding") from error

    def options(self) -> dict[str, Any]:
        """Return what polars is told besides the types."""
        return {
            "has_header": self.header,
            "separator": self.separator,
            "quote_char": self.quote or None,
            "comment_prefix": self.comment or None,
            "eol_char": self.line_end,
            "skip_lines": self.skip_lines,
            "skip_rows_after_header": self.skip_rows,
            "null_values": [*self.null_values, *([""] if self.quoted_empty_is_missing else [])] or None,
            "empty_string_is_null": self.empty_is_missing,
            "decimal_comma": self.decimal_comma,
            "extra_columns": "raise" if self.long_fail else "ignore",
            "glob": False,
        }


class TextFile:
    """One text file, read by a dialect.

    Args:
        path: Of the file.
        dialect: How it is written. What it leaves open is found from the first lines.

    Raises:
        NodeError: If the file is none of text.
    """

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self.path = path
        self.dialect = dialect
        self._check_is_text()
        if dialect.line_end == "\n" or dialect.detect:
            self.dialect = self._detected(dialect)

    # -- types

    def schema(self, *, blank_as_null: bool = False) -> pl.Schema:
        """Return names and types of the columns, from the first rows.

        Args:
            blank_as_null: Whether columns without any value there are of type Null; otherwise they are text.

        Raises:
            NodeError: If there are none.
        """
        source = self.path if self._plain() else self._first_lines()
        dialect = self.dialect
        rows: dict[str, Any] = {"infer_schema_length": dialect.scanned_rows, "try_parse_dates": dialect.parse_dates}
        try:
            found = pl.scan_csv(source, **rows, **dialect.options()).collect_schema()
            if dialect.thousands:
                found = self._with_thousands(source, found)
            if blank_as_null:
                found = self._with_nulls(source, found)
        except pl.exceptions.NoDataError as error:
            hint = "Choose another file, or skip fewer lines."
            raise NodeError(f"'{self.path}' has no rows.", hint, setting="path") from error
        except pl.exceptions.PolarsError as error:
            raise self._explained(source, None, error) from error
        return pl.Schema(zip(_named(found.names()), found.dtypes(), strict=True))

    def _with_nulls(self, source: Path | bytes, found: pl.Schema) -> pl.Schema:
        """The types, with columns of text that have no value in the first rows as columns of nothing."""
        texts = [c for c, dtype in found.items() if dtype == pl.String]
        if not texts:
            return found
        rows = pl.scan_csv(source, schema=found, n_rows=self.dialect.scanned_rows, **self.dialect.options())
        counted = rows.select(pl.col(texts).is_not_null().any()).collect()
        return pl.Schema({c: pl.Null() if c in texts and not counted[c].item() else d for c, d in found.items()})

    def _with_thousands(self, source: Path | bytes, found: pl.Schema) -> pl.Schema:
        """The types, with texts such as 1.234.567 counted as numbers."""
        dialect = self.dialect
        texts = {c: pl.String() for c in found}
        sample = pl.scan_csv(source, schema=texts, n_rows=dialect.scanned_rows, **dialect.options()).collect()
        group, point = re.escape(dialect.thousands), "," if dialect.decimal_comma else r"\."
        whole = rf"^\s*[+-]?(\d+|\d{{1,3}}({group}\d{{3}})+)\s*$"
        broken = rf"^\s*[+-]?(\d+|\d{{1,3}}({group}\d{{3}})+)?({point}\d+)?([eE][+-]?\d+)?\s*$"
        types: dict[str, pl.DataType] = {}
        for column, dtype in found.items():
            cells = sample[column].drop_nulls()
            types[column] = dtype
            if cells.len() and (dtype == pl.String or dtype.is_numeric()):
                if cells.str.contains(whole).all():
                    types[column] = pl.Int64()
                elif cells.str.contains(broken).all():
                    types[column] = pl.Float64()
        return pl.Schema(types)

    # -- rows

    def batches(self, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job) -> Iterator[pl.DataFrame]:
        """Yield the rows piece by piece.

        Args:
            schema: All columns of the file.
            columns: Those that are wanted, in this order.
            limit: So many rows at the most.
            job: For the place of a decoded copy, and cancel.

        Raises:
            NodeError: Naming the row, if it has too few or too many cells or one that does not fit its column's type.
        """
        dialect = self.dialect
        with self._source(job) as source:
            own = dict(zip(schema, self._names(source, schema), strict=True))
            lazy = pl.scan_csv(source, schema=self._raw(schema, own), n_rows=limit, **dialect.options())
            last = list(schema)[-1]
            read = list(dict.fromkeys([*columns, last])) if dialect.short_fail else list(columns)
            if list(map(own.__getitem__, read)) != list(schema):
                lazy = lazy.select(pl.col(own[c]).alias(c) for c in read)
            empty = _Numbers(self._empty_rows(source, limit) if dialect.skip_empty and len(schema) > 1 else iter(()))
            gaps, done = False, 0
            try:
                for piece in lazy.collect_batches(maintain_order=True):
                    full = _without(piece, empty, done, nulls=dialect.empty_is_missing)
                    done += piece.height
                    # polars fills short rows up without a word: that shows in their last cell.
                    gaps = gaps or (dialect.short_fail and full[last].has_nulls())
                    yield self._finished(full.select(columns) if read != list(columns) else full, schema)
            except pl.exceptions.PolarsError as error:
                raise self._explained(source, schema, error, limit, job) from error
            if gaps and not self._surely_even(source, len(schema), limit):
                self._refuse_ragged(source, len(schema), limit, job)

    def _names(self, source: Path, schema: pl.Schema) -> list[str]:
        """The names of the columns as the file has them, where some have none."""
        if not self.dialect.header:
            return list(schema)
        return pl.scan_csv(source, infer_schema_length=0, **self.dialect.options()).collect_schema().names()

    def _raw(self, schema: pl.Schema, own: Mapping[str, str]) -> pl.Schema:
        """The names and types that polars is to read: numbers with groups of digits are text to it."""
        grouped = bool(self.dialect.thousands)
        return pl.Schema({own[c]: pl.String() if grouped and d.is_numeric() else d for c, d in schema.items()})

    def _finished(self, piece: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
        """Numbers with groups of digits as numbers, and texts without blanks around them."""
        changed = []
        for column in piece.columns:
            dtype = schema[column]
            if self.dialect.thousands and dtype.is_numeric():
                changed.append(self._number(pl.col(column)).cast(dtype, strict=True))
            elif self.dialect.trim and dtype == pl.String:
                changed.append(pl.col(column).str.strip_chars())
        return piece.with_columns(changed) if changed else piece

    def _number(self, cells: pl.Expr) -> pl.Expr:
        """Text with groups of digits as text that polars knows for a number."""
        plain = cells.str.strip_chars()
        if self.dialect.thousands:
            plain = plain.str.replace_all(self.dialect.thousands, "", literal=True)
        return plain.str.replace(",", ".", literal=True) if self.dialect.decimal_comma else plain

    # -- bytes and text

    def _plain(self) -> bool:
        """Whether polars can read the file as it is."""
        return self.dialect.codec in _UTF8 and not starts_with(self.path, GZIP_MAGIC)

    def _check_is_text(self) -> None:
        """Refuse files that cannot be text before anything is made of them."""
        path = self.path
        with path.open("rb") as stream:
            head = stream.read(_SNIFFED)
        if not head:
            raise NodeError(f"'{path}' is empty.", "Choose another file.", setting="path")
        if head[:4] in (b"PK\3\4", b"\x28\xb5\x2f\xfd"):
            raise NodeError(f"'{path}' is an archive.", "Unpack it, and choose the file in it.", setting="path")
        if not head.startswith(GZIP_MAGIC) and b"\0" in head and not self.dialect.codec.startswith(("utf-16", "utf-32")):
            hint = "Choose a text file, or set its encoding (utf-16?)."
            raise NodeError(f"'{path}' is not a text file.", hint, setting="path")

    def _detected(self, dialect: Dialect) -> Dialect:
        """The dialect with what the file's first lines tell."""
        with self._text() as text:
            head = text.read(_SNIFFED)
        if dialect.line_end == "\n" and "\n" not in head and "\r" in head:
            dialect = replace(dialect, line_end="\r")  # as old Macintosh programs wrote it, and Excel's format of that name
        if not dialect.detect:
            return dialect
        lines = [line for line in head.split(dialect.line_end) if not (dialect.comment and line.startswith(dialect.comment))]
        lines = [f"{line}\n" for line in lines[dialect.skip_lines : -1 if len(head) == _SNIFFED else None]]
        best = dialect.separator, (0, False, -1)
        for place, candidate in enumerate(_DELIMITERS):
            if candidate == dialect.quote:
                continue
            lengths = [len(row) for row in _rows(lines, candidate, dialect.quote) if row]
            usual = max(lengths, key=lengths.count, default=1)
            even = usual > 1 and lengths.count(usual) >= _EVEN_SHARE * len(lengths)
            best = max(best, (candidate, (usual if even else 0, even, -place)), key=lambda found: found[1])
        cells = [cell.strip() for row in _rows(lines, best[0], dialect.quote)[int(dialect.header) :] for cell in row]
        commas = any(re.fullmatch(r"[+-]?\d+,\d+", cell) for cell in cells)
        points = any(re.fullmatch(r"[+-]?\d+\.\d+", cell) for cell in cells)
        return replace(dialect, separator=best[0], decimal_comma=best[0] != "," and commas and not points)

    @contextmanager
    def _text(self) -> Iterator[io.TextIOWrapper]:
        """The file's text, unpacked and decoded as it is read."""
        path = self.path
        opened = gzip.open if starts_with(path, GZIP_MAGIC) else open
        try:
            with opened(path, "rb") as raw, io.TextIOWrapper(raw, encoding=self.dialect.codec, newline="") as text:
                yield text
        except UnicodeError as error:
            raise self._not_decodable() from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise NodeError(f"'{path}' is damaged: {error}.", "Download or copy the file again.", setting="path") from error

    def _first_lines(self) -> bytes:
        """Enough of the file to find the types from, as UTF-8."""
        lines = self.dialect.skip_lines + self.dialect.skip_rows + self.dialect.scanned_rows + _SPARE_LINES
        with self._text() as text:
            return "".join(islice(text, lines)).encode()

    @contextmanager
    def _source(self, job: Job) -> Iterator[Path]:
        """What polars reads: the file, or a copy of it in UTF-8 that is removed afterwards."""
        if self._plain():
            yield self.path
            return
        limit = int(self.dialect.largest_size * GIB)
        copy = job.scratch / f"{uuid.uuid4().hex}.csv"
        try:
            with self._text() as text, copy.open("wb") as stream:
                size = 0
                while piece := text.read(2**20).encode():
                    job.check_cancelled()
                    size += stream.write(piece)
                    if size > limit:
                        message = f"'{self.path}' is larger than {self.dialect.largest_size:g} GiB once it is unpacked."
                        raise NodeError(message, "Raise the largest size if there is room for it.", setting="largest_size")
            yield copy
        finally:
            copy.unlink(missing_ok=True)

    # -- mistakes

    def _not_decodable(self) -> NodeError:
        hint = "Set the file's encoding; windows-1252 and latin-1 are common."
        return NodeError(f"'{self.path}' is not written in {self.dialect.encoding}.", hint, setting="encoding")

    def _explained(
        self,
        source: Path | bytes,
        schema: pl.Schema | None,
        error: Exception,
        limit: int | None = None,
        job: Job | None = None,
    ) -> NodeError:
        """What polars says of a file, in words that tell where to look."""
        text = str(error)
        if "utf-8" in text or "utf8" in text:
            return self._not_decodable()
        if schema is not None and isinstance(source, Path):
            if "more fields" in text:
                self._refuse_ragged(source, len(schema), limit, job)
            self._refuse_unparsable(source, schema, limit)
        first = text.strip().partition("\n")[0].rstrip(".")
        hint = "Check delimiter, quote character and skipped lines."
        return NodeError(f"'{self.path}' cannot be read: {first}.", hint, setting="path")

    def _refuse_unparsable(self, source: Path, schema: pl.Schema, limit: int | None) -> None:
        """Raise for the first cell that is not of its column's type, if there is one."""
        done = 0
        try:
            texts = {name: pl.String() for name in self._names(source, schema)}
            rows = pl.scan_csv(source, schema=texts, n_rows=limit, **self.dialect.options())
            for piece in rows.collect_batches(maintain_order=True):
                self._refuse_unparsable_in(piece.rename(dict(zip(texts, schema, strict=True))), schema, done)
                done += piece.height
        except pl.exceptions.PolarsError:
            return

    def _refuse_unparsable_in(self, piece: pl.DataFrame, schema: pl.Schema, done: int) -> None:
        for column, dtype in schema.items():
            cells = piece.select(self._number(pl.col(column)) if dtype.is_numeric() else pl.col(column)).to_series()
            failed = (cells.is_not_null() & _parsed(cells, dtype).is_null()).arg_max()
            if failed is not None and cells[failed] is not None and _parsed(cells[failed : failed + 1], dtype)[0] is None:
                row = done + failed + 1
                hint = f"Add it to the missing values, or set the type of column '{column}' to String."
                if dtype.is_integer() and _parsed(cells[failed : failed + 1], pl.Float64())[0] is not None:
                    hint = f"Set the type of column '{column}' to Float64, or to String, which keeps every digit."
                raise NodeError(
                    f"Row {row} of '{self.path}' has '{piece[column][failed]}' in column '{column}', which is no {dtype}.",
                    hint,
                    setting="column_types",
                )

    def _surely_even(self, source: Path, width: int, limit: int | None) -> bool:
        """Whether pyarrow, which counts cells many times as fast as Python's own reader, sees that all rows are complete.

        It knows neither comments nor other line ends, and reads to the end: then the slower look decides.
        """
        dialect = self.dialect
        if dialect.comment or dialect.line_end != "\n" or limit is not None or dialect.skip_rows:
            return False
        import pyarrow as pa
        from pyarrow import csv as arrow

        names = [str(number) for number in range(width)]
        try:
            reader = arrow.open_csv(
                source,
                read_options=arrow.ReadOptions(
                    column_names=names, skip_rows=dialect.skip_lines + int(dialect.header), block_size=_FAST_BLOCK
                ),
                parse_options=arrow.ParseOptions(
                    delimiter=dialect.separator, quote_char=dialect.quote or False, newlines_in_values=bool(dialect.quote)
                ),
                convert_options=arrow.ConvertOptions(include_columns=names[-1:], column_types={names[-1]: pa.binary()}),
            )
            while True:
                reader.read_next_batch()
        except StopIteration:
            return True
        except pa.ArrowException:
            return False

    def _refuse_ragged(self, source: Path, width: int, limit: int | None, job: Job | None) -> None:
        """Raise for the first row with too few or too many cells, if there is one.

        Python's own reader looks again at what polars filled up without a word.
        """
        dialect = self.dialect
        try:
            for number, count in self._row_lengths(source, limit):
                if job is not None and number % 10_000 == 0:
                    job.check_cancelled()
                if 0 < count < width and dialect.short_fail:
                    raise self._ragged(number, f"{count} of {width} columns", "short_rows", "insert missing")
                if count > width and dialect.long_fail:
                    raise self._ragged(number, f"{count} instead of {width} columns", "long_rows", "cut")
        except csv.Error as error:
            message = f"Whether all rows of '{self.path}' are complete cannot be seen: {error}."
            raise NodeError(message, "Let short rows through ('insert missing').", setting="short_rows") from error

    def _row_lengths(self, source: Path, limit: int | None) -> Iterator[tuple[int, int]]:
        """(number from 1, number of cells) of the rows that are read."""
        dialect = self.dialect
        with source.open("rb") as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as text:
            lines: Iterator[str] = text if dialect.line_end == "\n" else _split(text, dialect.line_end)
            lines = (
                line
                for line in islice(lines, dialect.skip_lines, None)
                if not (dialect.comment and line.startswith(dialect.comment))
            )
            quoting: dict[str, Any] = {"quotechar": dialect.quote} if dialect.quote else {"quoting": csv.QUOTE_NONE}
            rows: Iterator[list[str]] = csv.reader(lines, delimiter=dialect.separator, **quoting)
            if dialect.header:
                rows = dropwhile(lambda row: not row, rows)  # as polars looks for the header
            first = dialect.skip_rows + (1 if dialect.header else 0)
            last = None if limit is None else first + limit
            for number, row in enumerate(islice(rows, first, last), start=1):
                yield number, len(row)

    def _empty_rows(self, source: Path, limit: int | None) -> Iterator[int]:
        """The rows, from 0, that are lines without anything in them; read only as far as it is asked for."""
        with suppress(csv.Error):
            yield from (number - 1 for number, count in self._row_lengths(source, limit) if not count)

    def _ragged(self, number: int, length: str, setting: str, way: str) -> NodeError:
        hint = f"Mend the row, check the delimiter (or have the format detected), or let such rows through ('{way}')."
        return NodeError(f"Row {number} of '{self.path}' has {length}.", hint, setting=setting)


def _rows(lines: Sequence[str], delimiter: str, quote: str) -> list[list[str]]:
    """The cells of the first lines."""
    quoting: dict[str, Any] = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    try:
        return list(islice(csv.reader(lines, delimiter=delimiter, **quoting), _SNIFFED_ROWS))
    except csv.Error:
        return []


def _named(names: Sequence[str]) -> list[str]:
    """The names of the columns; those without one are called as where there is no header: column_2."""
    taken = set(names)
    blank = {f"_duplicated_{number}" for number in range(len(names))} if "" in taken else set()
    made = []
    for place, name in enumerate(names):
        fresh = f"column_{place}" if name == "" or name in blank else name
        while fresh != name and fresh in taken:
            fresh += "_"
        taken.add(fresh)
        made.append(fresh)
    return made


class _Numbers:
    """Numbers in rising order that are asked for range by range."""

    def __init__(self, numbers: Iterator[int]) -> None:
        self.numbers = numbers
        self.next: int | None = -1

    def until(self, last: int) -> Iterator[int]:
        """Yield those up to `last` that were not given yet; what is beyond is not looked at."""
        while self.next is not None and self.next <= last:
            if self.next >= 0:
                yield self.next
            self.next = next(self.numbers, None)


def _without(piece: pl.DataFrame, empty: _Numbers, done: int, *, nulls: bool) -> pl.DataFrame:
    """A piece of the rows, from row `done` on, without those that are empty lines.

    Args:
        piece: Rows; only where all cells are missing is it looked for empty lines.
        empty: The numbers of the empty lines.
        done: How many rows came before.
        nulls: Whether empty cells of texts are missing.
    """
    import numpy as np

    if any(not cells.has_nulls() and (nulls or cells.dtype != pl.String) for cells in piece):
        return piece
    blank = [pl.col(c).is_null() | (pl.col(c) == "") if d == pl.String else pl.col(c).is_null() for c, d in piece.schema.items()]
    if not blank:
        return piece
    suspects = piece.select(pl.all_horizontal(blank).alias("blank"))["blank"].arg_true()
    if not len(suspects):
        return piece
    kept = np.ones(piece.height, bool)
    for number in empty.until(done + suspects[-1]):
        kept[number - done] = False
    return piece if kept.all() else piece.filter(kept)


def _split(text: io.TextIOWrapper, line_end: str) -> Iterator[str]:
    """Lines that end with another character, as lines that end with a line break."""
    rest = ""
    while piece := text.read(2**16):
        *whole, rest = (rest + piece).split(line_end)
        yield from (f"{line}\n" for line in whole)
    if rest:
        yield rest


def _parsed(cells: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Text as numbers, dates or whatever a column holds; missing where it is none."""
    if isinstance(dtype, pl.Date | pl.Time | pl.Datetime):
        return cells.str.strptime(dtype, strict=False)
    if isinstance(dtype, pl.Boolean):
        return cells.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    return cells.cast(dtype, strict=False)
