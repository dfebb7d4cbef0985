"""CSV Writer: a table becomes a text file that any program reads."""

from __future__ import annotations

import csv
import gzip
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, cast

import polars as pl

from nodes.base import Job, NodeError, Spec, Specs, Value, Values, setting
from nodes.kit.files.reading import GZIP_MAGIC
from nodes.kit.files.writing import FileWriter, collections_as_text, refusals
from nodes.values.table import Table, TableSpec, describe_dtype

if TYPE_CHECKING:
    pass

_FORMULA = r"^(?:[\t\r\n]|\s*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}])"
"""How a cell begins that a spreadsheet may compute; also in the wide forms of East Asian writing (OWASP, "CSV Injection")."""
_NUMBER = r"^[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?$"

LINE_ENDS = {"LF": "\n", "CRLF": "\r\n"}
QuoteStyle = Literal["necessary", "always", "non_numeric", "never"]


class CsvWriter(FileWriter):
    """Write a table into a CSV file.

    The file is written aside and then takes its place at once, so that a run that is killed leaves no half file; only
    *append* writes into the file itself. Categories are written as their names. Images and other collections are refused,
    or written as text in brackets: [[0, 12], [255, 3]]. Tables have no row IDs that could be written.

    Example: behind a Class Extractor and a Column Filter that keeps `file`, `prediction` and `probability`, the file
    `predictions.csv`, overwritten by every run.
    """

    id = "writers.csv"
    title = "CSV Writer"
    icon = "mdi6.file-delimited-outline"
    keywords = ("export", "save", "text", "tsv", "table", "write_csv", "spreadsheet", "gzip")

    if_exists: Literal["fail", "overwrite", "append"] = setting(  # type: ignore[assignment] # one way more than other writers
        "fail",
        "If the file exists",
        "What becomes of a file that is there already.",
        choices={
            "fail": "The node stops, and the file stays as it is.",
            "overwrite": "The new file takes its place.",
            "append": "The rows are added at its end.",
        },
    )
    delimiter: str = setting(
        ",", "Column delimiter", "The character between two cells; a tab is \\t.", min_length=1, max_length=2
    )
    header: bool = setting(True, "Write column names", "Whether the first line holds the names of the columns.")
    quote: QuoteStyle = setting(
        "necessary",
        "Quotes",
        "Which cells are quoted.",
        choices={
            "necessary": "Those that hold a delimiter, a quote or a line break.",
            "always": "All.",
            "non_numeric": "All but numbers.",
            "never": "None; such a file may not be readable again.",
        },
    )
    quote_char: str = setting('"', "Quote character", "Encloses cells that are quoted.", min_length=1, max_length=1)
    line_end: Literal["LF", "CRLF"] = setting(
        "LF",
        "Line break",
        "What ends a row.",
        choices={"LF": "Line feed: Linux, macOS.", "CRLF": "Carriage return and line feed: Windows."},
        advanced=True,
    )
    decimal_comma: bool = setting(False, "Decimal comma", "Whether 1,5 is written instead of 1.5; the delimiter must be another.")
    gzip: bool = setting(False, "Compress (gzip)", "Whether the file is gzipped; its name usually ends with .csv.gz then.")
    bom: bool = setting(
        False, "Byte order mark", "Whether the file begins with the mark by which Excel knows UTF-8.", advanced=True
    )
    null_text: str = setting("", "Missing cells", "What is written for a missing cell.")
    escape_formulas: bool = setting(
        False,
        "Escape formulas",
        "Whether an apostrophe is set before texts that Excel or LibreOffice would compute, as they begin with = + - or @; plain "
        "numbers stay. For tables with texts of other people's that are opened in a spreadsheet.",
        advanced=True,
    )
    collections: Literal["refuse", "as text"] = setting(
        "refuse",
        "Images and collections",
        "What becomes of columns whose cells hold several numbers.",
        choices={"refuse": "They are an error.", "as text": "They are written in brackets."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Check that all columns can be written, and that there is a place to write to."""
        self.check_target(specs)
        self._separator()
        self._check_columns(specs.table())
        if self.escape_formulas and self.quote == "never":
            message = "Without quotes, a text with a delimiter in it becomes several cells, and any of them may be a formula."
            raise NodeError(message, "Have cells quoted where that is necessary, or do not escape formulas.", setting="quote")
        return {}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Write the rows, piece by piece."""
        table = values.table()
        path = job.resolve(self.path)
        if self.if_exists == "append" and path.is_file() and path.stat().st_size:
            with refusals(path):
                self._append(table, path, job)
            job.wrote(path)
        else:
            with self.writing(job) as stream:
                self._write(table, stream, job, new=True)
        return {}

    def _separator(self) -> str:
        separator = "\t" if self.delimiter == "\\t" else self.delimiter
        if len(separator) > 1 or not separator.isascii() or separator in f"{self.quote_char}\r\n":
            raise NodeError(f"'{self.delimiter}' cannot separate cells.", "Give one character, such as ,", setting="delimiter")
        if not self.quote_char.isascii() or self.quote_char in "\r\n":
            raise NodeError(
                f"'{self.quote_char}' cannot enclose cells.", "Give one character, such as '\"'.", setting="quote_char"
            )
        if separator == "," and self.decimal_comma:
            hint = "Choose another delimiter, such as ;"
            raise NodeError("The comma cannot be delimiter and decimal sign.", hint, setting="delimiter")
        return separator

    def _check_columns(self, table: TableSpec) -> None:
        for column, dtype in table.schema.items():
            if isinstance(dtype, pl.Array | pl.List) and self.collections == "refuse":
                hint = "Filter the column out, or have collections written as text."
                raise NodeError(f"Column '{column}' is {describe_dtype(dtype)}.", hint, setting="collections")
            if isinstance(dtype, pl.Binary | pl.Struct | pl.Object):
                message = f"Column '{column}' is {describe_dtype(dtype)}, which a text file cannot hold."
                raise NodeError(message, "Filter the column out before this node.", setting="path")

    def _write(self, table: Table, stream: IO[bytes], job: Job, *, new: bool) -> None:
        """Write the rows; a `new` file begins with the names of the columns."""
        if not self.gzip:
            self._write_text(table, stream, job, new=new)
            return
        # Without name and time, equal tables give equal files.
        with gzip.GzipFile("", "wb", compresslevel=6, fileobj=stream, mtime=0) as packed:
            self._write_text(table, cast("IO[bytes]", packed), job, new=new)

    def _write_text(self, table: Table, stream: IO[bytes], job: Job, *, new: bool) -> None:
        done = 0
        for piece in table.batches():
            job.check_cancelled()
            job.progress(done / max(table.height, 1))
            self._as_written(collections_as_text(piece)).write_csv(
                stream,
                include_header=self.header and new and done == 0,
                include_bom=self.bom and new and done == 0,
                separator=self._separator(),
                line_terminator=LINE_ENDS[self.line_end],
                quote_char=self.quote_char,
                decimal_comma=self.decimal_comma,
                null_value=self.null_text,
                quote_style=self.quote,
            )
            done += piece.height

    def _as_written(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The texts of a frame, and the names of its columns, as they stand in the file."""
        if not self.escape_formulas:
            return frame
        texts = [c for c, dtype in frame.schema.items() if isinstance(dtype, pl.String | pl.Enum | pl.Categorical)]
        escaped = frame.with_columns(_without_formulas(pl.col(c).cast(pl.String)).alias(c) for c in texts)
        return escaped.rename(dict(zip(frame.columns, self._names(frame.columns), strict=True)))

    def _names(self, columns: list[str]) -> list[str]:
        """The names of columns as they stand in the file."""
        if not self.escape_formulas or not columns:
            return columns
        return pl.select(_without_formulas(pl.lit(pl.Series(columns)))).to_series().to_list()

    def _append(self, table: Table, path: Path, job: Job) -> None:
        """Add rows to a file; if that fails, the file is as it was."""
        with path.open("rb") as stream:
            packed = stream.read(2) == GZIP_MAGIC
        if packed != self.gzip:
            message = f"'{path}' is {'' if packed else 'not '}gzipped."
            raise NodeError(message, "Choose another file, or change whether it is compressed.", setting="gzip")
        try:
            if self.header:
                self._check_header(table, path)
            ends = self._ends_with_line_break(path, job)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            hint = "Choose another file, or overwrite it."
            raise NodeError(f"'{path}' is damaged: {error}.", hint, setting="if_exists") from error
        size = path.stat().st_size
        with path.open("r+b") as stream:
            stream.seek(0, os.SEEK_END)
            try:
                if not ends:
                    line_end = LINE_ENDS[self.line_end].encode()
                    stream.write(gzip.compress(line_end, mtime=0) if self.gzip else line_end)
                self._write(table, stream, job, new=False)
                stream.flush()
                os.fsync(stream.fileno())
            except BaseException:
                stream.truncate(size)
                raise

    def _ends_with_line_break(self, path: Path, job: Job) -> bool:
        """Whether the text in a file that is not empty ends a row; of a gzipped one it has to be unpacked to its end."""
        if not self.gzip:
            with path.open("rb") as stream:
                stream.seek(-1, os.SEEK_END)
                return stream.read(1) == b"\n"
        last = b"\n"
        with gzip.open(path, "rb") as packed:
            while piece := packed.read(2**20):
                job.check_cancelled()
                last = piece[-1:]
        return last == b"\n"

    def _check_header(self, table: Table, path: Path) -> None:
        opened = gzip.open if self.gzip else open
        with opened(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as text:
            there = next(csv.reader(text, delimiter=self._separator(), quotechar=self.quote_char), [])
        if there != self._names(table.columns):
            raise NodeError(
                f"'{path}' has other columns: {', '.join(there[:8])}.",
                "Choose another file, or bring the columns into its order.",
                setting="if_exists",
            )


def _without_formulas(texts: pl.Expr) -> pl.Expr:
    """Return the texts with an apostrophe before those that a spreadsheet may compute."""
    computed = texts.str.contains(_FORMULA) & ~texts.str.contains(_NUMBER)
    return pl.when(computed).then(pl.concat_str(pl.lit("'"), texts)).otherwise(texts)
