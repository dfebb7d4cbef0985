"""CSV Reader: text files of rows and columns. polars parses them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import polars as pl

from nodes.base import Job, NodeError, Specs, setting
from nodes.kit.files.csv_dialect import Dialect, Escape
from nodes.kit.files.csv_parsing import TextFile
from nodes.kit.files.encodings import AUTOMATIC, ENCODINGS
from nodes.kit.files.many_files import FilesReader, pattern_setting
from nodes.kit.tables.reading.dates import DateOrder, DateRules
from nodes.kit.tables.reading.guessing import Codes
from nodes.kit.tables.reading.misfits import ON_MISFIT, OnMisfit

ColumnType = Literal[
    "Boolean", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64",
    "String", "Categorical", "Date", "Time", "Datetime",
]  # fmt: skip
"""The types that a column can be given, as polars names them."""


class CsvReader(FilesReader):
    """Read a table from a CSV file, or from any other text file with one row per line; or from all such files of a folder.

    The columns' types are found from the first rows, or given by hand; where they are doubtful, it is said: codes with leading
    zeros stay text, dates that may have the month first are named, and so is the encoding where it is not UTF-8. The file is then
    read with exactly these types: a cell that does not fit is an error that names its row and column, or missing and counted.
    Gzipped files are read as they are. A file may be larger than the memory: it is read piece by piece.

    What happens to a cell happens in one order: quotes off, blanks off, names, words for missing cells, types. A line `sep=;` at
    the beginning is followed, lines may end in any way, and quotes in the midst of cells (inch marks) are a part of them.

    Columns of one name get different ones: the second *a* becomes *a_duplicated_0*. A column without a name is called after
    its place: *column_2* is the third. Whole numbers that do not fit 64 bits make an Int128 column. In a folder, every file
    has a header of its own, and rows are skipped in each.

    Tables have no row IDs as KNIME's have: a first column of RowIDs is read as a column, or left out. KNIME's limit of the
    memory of a column is not needed, and what it calls *If schema changes* is always *Use new schema*; types that must not change
    are given by hand. Only files of this
    machine are read, no URLs: opening a workflow asks nothing of any server.

    Example: of `mnist_train.csv`, with the label in the first column and 784 pixels behind it, it makes 785 columns of
    whole numbers; Row to Image makes pictures of them. Of a folder `days` it reads all `*.csv`, and a file path column
    `day` tells them apart.
    """

    id = "readers.csv"
    version = 2
    title = "CSV Reader"
    icon = "mdi6.file-delimited"
    keywords = (
        "File Reader", "text", "tsv", "table", "comma", "delimiter", "read_csv", "scan_csv", "spreadsheet", "open", "import",
        "Simple File Reader", "Line Reader", "gzip", "several files",
    )  # fmt: skip
    opens = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz")

    untyped = True

    pattern: str = pattern_setting("*.csv")
    detect: bool = setting(
        False,
        "Detect the format",
        "Whether column delimiter (, ; tab |), decimal comma, lines above the header and comments (#) are found from the first "
        "lines.",
        start=True,
    )
    delimiter: str = setting(
        ",",
        "Column delimiter",
        "The character between two cells; a tab is \\t.",
        min_length=1,
        max_length=2,
        shown_if={"detect": False},
    )
    row_delimiter: str = setting(
        "",
        "Row delimiter",
        "The character between two rows, such as |; empty means a line break (also those of Windows and old Macintoshes).",
        max_length=1,
        advanced=True,
    )
    quote: str = setting(
        '"', "Quote character", "Encloses cells that hold delimiters or line breaks; empty means none.", max_length=1
    )
    escape: Escape = setting(
        "automatic",
        "Quotes within quotes",
        "How a quote is written inside a cell in quotes, besides twice.",
        choices={
            "automatic": "With a backslash, where quotes are found that would otherwise make no sense.",
            "none": 'Twice ("") only: a backslash is a backslash.',
            "backslash": 'With a backslash (\\").',
        },
        advanced=True,
    )
    comment: str = setting("", "Comment character", "Lines that begin with it are left out; empty means none. KNIME has #.")
    header: bool = setting(True, "First row contains column names", "If not, the columns are called column_0, column_1, ...")
    row_ids: bool = setting(
        False,
        "First column contains RowIDs",
        "The first column is then left out, as tables have no row IDs; else it is a column.",
    )
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
    null_values: list[str] = setting([], "Missing values", "Texts that stand for a missing cell, such as NA.", group="Cells")
    empty_is_missing: bool = setting(
        True, "Empty cells are missing", "If not, an empty cell of a text column is an empty text.", group="Cells"
    )
    quoted_empty_is_missing: bool = setting(
        False,
        "Quoted empty cells are missing",
        'Whether "" is a missing cell, as in KNIME, and not an empty text.',
        advanced=True,
        group="Cells",
    )
    trim: bool = setting(
        False,
        "Trim cells",
        "Whether blanks around cells and column names are taken off, before anything else is made of them; a quote may then "
        "stand behind a blank.",
        group="Cells",
    )
    decimal_comma: bool = setting(
        False,
        "Decimal comma",
        "Numbers are written 1,5 instead of 1.5; the delimiter must be another.",
        shown_if={"detect": False},
        group="Cells",
    )
    thousands: str = setting(
        "",
        "Thousands separator",
        "Stands between groups of three digits, as in 1.234.567; empty means none.",
        max_length=1,
        group="Cells",
    )
    skip_empty_rows: bool = setting(
        True,
        "Skip empty lines",
        "Whether lines without anything in them are left out; if not, all their cells are missing. In a table of one column "
        "such a line is always a missing cell.",
        group="Selection",
    )
    skip_lines: int = setting(0, "Skip first lines", "How many lines stand before the header.", ge=0, group="Selection")
    skip_rows: int = setting(0, "Skip first data rows", "How many rows after the header are left out.", ge=0, group="Selection")
    maximum_columns: int | None = setting(
        None,
        "Maximum columns",
        "A file of more is refused, as its delimiter is probably another; empty means any number. KNIME has 8192.",
        ge=1,
        advanced=True,
        group="Selection",
    )
    column_types: dict[str, ColumnType] = setting(
        {}, "Column types", "The type of a column, where the one that is found is not meant.", group="Types"
    )
    codes: Codes = setting(
        "text",
        "Numbers with leading zeros",
        "What becomes of columns whose numbers would lose something: the zeros of 00501, the e of the code 1e5, digits that "
        "decimal numbers do not have.",
        choices={"text": "They stay text, and it is said which and why.", "numbers": "They become numbers; it is said which."},
        group="Types",
    )
    parse_dates: bool = setting(False, "Find dates and times", "Whether dates and times are recognised as such.", group="Types")
    date_order: DateOrder = setting(
        "automatic",
        "Order of day and month",
        "Which comes first in dates such as 3/4/2021.",
        choices={
            "automatic": "As the numbers above 12 tell; where none does, the day, and it is said.",
            "day first": "3/4/2021 is in April.",
            "month first": "3/4/2021 is in March.",
        },
        group="Types",
    )
    century_pivot: int | None = setting(
        None,
        "Two-digit years from",
        "Years of two digits from this one on are those of 1900, below it of 2000: with 69, 68 is 2068 and 69 is 1969. Empty: "
        "dates with such years stay text.",
        ge=0,
        le=100,
        group="Types",
    )
    on_misfit: OnMisfit = setting(
        "fail",
        "If a cell does not fit",
        "What becomes of a cell that is not of its column's type.",
        choices=ON_MISFIT,
        group="Types",
    )
    scanned_rows: int = setting(
        10_000, "Rows to find types from", "How many rows are looked at to find the types.", ge=1, group="Types", advanced=True
    )
    encoding: str = setting(
        AUTOMATIC,
        "File encoding",
        "automatic finds it, and says so where there is doubt; or such as utf-8, windows-1252, mac_roman, latin-1 or utf-16.",
        min_length=1,
        offers=ENCODINGS,
    )
    largest_size: float = setting(
        4.0,
        "Largest size (GiB)",
        "A gzipped or re-encoded file that would take more room than this is refused.",
        gt=0,
        le=4096,
        advanced=True,
    )

    @classmethod
    def migrate(cls, settings: dict[str, Any], version: int) -> dict[str, Any]:
        """Version 1 made numbers of all digits, took the day for the first part of every date, and knew no escapes."""
        old = {"codes": "numbers", "date_order": "day first", "escape": "none"} if version < 2 else {}
        return {**old, **settings}

    def _files(self, place: Specs | Job) -> list[tuple[Path, str]]:
        self._dialect()  # mistakes in the settings are told before those of the files
        return super()._files(place)

    def _schema_of(self, path: Path) -> pl.Schema:
        # In a folder, a file without values in a column says nothing of the column's type.
        text = TextFile(path, self._dialect())
        found = text.schema(blank_as_null=self.source == "folder")
        for message, concerned in text.remarks():
            self._remark(path, message, concerned)
        if self.maximum_columns is not None and len(found) > self.maximum_columns:
            message = f"'{path}' has {len(found)} columns, more than {self.maximum_columns}."
            raise NodeError(message, "Check the delimiter, or allow more columns.", setting="maximum_columns")
        if self.source == "file":
            self._check_types(found)
        if self.row_ids and len(found) == 1:
            message = f"Without its first column, '{path}' has none."
            raise NodeError(message, "Check the delimiter, or keep the first column.", setting="row_ids")
        typed = {c: getattr(pl, self.column_types[c])() if c in self.column_types else d for c, d in found.items()}
        return pl.Schema(list(typed.items())[1:] if self.row_ids else typed)

    def _check_types(self, found: pl.Schema) -> None:
        for column in self.column_types:
            if column not in found:
                listed = ", ".join(f"'{c}'" for c in list(found)[:8])
                raise NodeError(f"There is no column '{column}'.", f"The file has: {listed}.", setting="column_types")

    def _wider(self, column: str, first: pl.DataType, second: pl.DataType) -> pl.DataType:
        """As of all readers, but text holds whatever stands in a text file."""
        try:
            return super()._wider(column, first, second)
        except NodeError:
            return pl.String()

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        text = TextFile(path, self._dialect())
        if self.row_ids:
            found = text.schema()
            first = next(iter(found))
            schema = pl.Schema({first: pl.String(), **schema})
        return text.batches(schema, columns, limit, job)

    def _dialect(self) -> Dialect:
        """How the files are written.

        Raises:
            NodeError: If settings do not fit together.
        """
        dates = DateRules(self.date_order, self.century_pivot)
        dialect = Dialect(
            separator=self._separator,
            quote=self.quote,
            comment=self.comment,
            line_end=self.row_delimiter or "\n",
            header=self.header,
            skip_lines=self.skip_lines,
            skip_rows=self.skip_rows,
            short_fail=self.short_rows == "fail",
            long_fail=self.long_rows == "fail",
            null_values=tuple(self.null_values),
            empty_is_missing=self.empty_is_missing,
            decimal_comma=self.decimal_comma and not self.detect,
            thousands=self.thousands,
            trim=self.trim,
            escape=self.escape,
            codes=self.codes,
            dates=dates if self.parse_dates else None,
            typed_dates=dates,
            asked=tuple(self.column_types),
            on_misfit=self.on_misfit,
            scanned_rows=self.scanned_rows,
            encoding=self.encoding,
            largest_size=self.largest_size,
            skip_empty=self.skip_empty_rows,
            detect=self.detect,
            quoted_empty_is_missing=self.quoted_empty_is_missing,
        )
        if dialect.codec and not dialect.line_end.isascii():
            raise NodeError(f"'{self.row_delimiter}' cannot end a row.", "Give an ASCII character.", setting="row_delimiter")
        if not self.quote.isascii():
            raise NodeError(
                f"'{self.quote}' cannot be a quote character.", 'Give an ASCII character, such as ".', setting="quote"
            )
        if dialect.line_end in (dialect.separator, self.quote):
            hint = "Change one of them."
            raise NodeError("The row delimiter is the column delimiter or the quote character.", hint, setting="row_delimiter")
        return dialect

    @property
    def _separator(self) -> str:
        if self.detect:
            return ","
        separator = "\t" if self.delimiter == "\\t" else self.delimiter
        if len(separator) > 1 or not separator.isascii():
            raise NodeError(f"'{self.delimiter}' is not one character.", "Give one, such as , or ; or \\t.", setting="delimiter")
        if separator == self.quote:
            raise NodeError("Delimiter and quote character are the same.", "Change one of them.", setting="delimiter")
        if separator == "," and self.decimal_comma:
            raise NodeError("The comma cannot be delimiter and decimal sign.", "Choose another delimiter.", setting="delimiter")
        if self.thousands and self.thousands in (self.quote, "," if self.decimal_comma else "."):
            message = f"'{self.thousands}' is the quote character or the decimal sign."
            raise NodeError(message, "Choose another thousands separator, or none.", setting="thousands")
        return separator
