"""Excel Writer: tables become the sheets of a workbook. XlsxWriter writes it."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import polars as pl

from nodes.base import Job, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.files.writing import FileWriter, collections_as_text, pieces, refuse
from nodes.values.table import Table, TableSpec, describe_dtype

MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 1_048_576, 16_384, 32_767
"""Of an Excel sheet, and of one of its cells (Excel specifications and limits, Microsoft)."""
_EXACT = 2**53
_FORBIDDEN = set("[]:*?/\\")
_WIDEST = 60


class ExcelWriter(FileWriter):
    """Write tables into an Excel workbook (.xlsx), each into a sheet of its own.

    Numbers, dates and times are cells of their kind; texts are never taken for formulas or links. Whole numbers that Excel could
    not hold exactly (more than 15 digits) are written as texts. NaN and infinite numbers are errors of Excel's (#NUM!, #DIV/0!).
    Times lose their time zone, but keep what its clocks show. Categories are written as their names, durations as in ISO 8601.

    Missing cells stay empty, or become a text. Images and other collections are refused, or written as text in brackets.
    Excel's limits hold: 1 048 576 rows, 16 384 columns, 32 767 characters in a cell.

    KNIME can add sheets to a workbook that is there, and appends rows to a sheet. Here a workbook is always written anew, because
    no library that does otherwise keeps all that is in one.

    Example: scores and confusion matrix of a network as the sheets `Scores` and `Confusion` of `report.xlsx`.
    """

    id = "writers.excel"
    title = "Excel Writer"
    icon = "mdi6.file-excel-outline"
    keywords = (
        "XLS Writer", "xlsx", "workbook", "sheet", "spreadsheet", "write_excel", "xlsxwriter", "export", "save", "LibreOffice",
    )  # fmt: skip
    input_ports = (Port("table", "table", "Table", "A table for a sheet.", grows=True, least=1),)

    sheets: list[str] = setting(
        [], "Sheet names", "The sheets' names, in the order of the inputs; those not named are Sheet1, Sheet2, ..."
    )
    header: bool = setting(True, "Write column names", "Whether the first row holds the names of the columns.")
    freeze_header: bool = setting(True, "Freeze names", "Whether the names stay in sight.", shown_if={"header": True})
    autofilter: bool = setting(
        False, "Filter buttons", "Whether the names get Excel's buttons to filter.", shown_if={"header": True}
    )
    autofit: bool = setting(True, "Fit column widths", "Whether columns are as wide as their first cells need.")
    null_text: str = setting("", "Missing cells", "What is written for a missing cell; empty: nothing.")
    collections: Literal["refuse", "as text"] = setting(
        "refuse",
        "Images and collections",
        "What becomes of columns whose cells hold several numbers.",
        choices={"refuse": "They are an error.", "as text": "They are written in brackets."},
    )
    float_format: str = setting(
        "", "Format of numbers", "Excel's format of numbers with a point, such as 0.00; empty: as needed.", advanced=True
    )
    date_format: str = setting("yyyy-mm-dd", "Format of dates", "In Excel's words.", min_length=1, advanced=True)
    datetime_format: str = setting(
        "yyyy-mm-dd hh:mm:ss", "Format of dates with times", "In Excel's words.", min_length=1, advanced=True
    )
    landscape: bool = setting(False, "Print in landscape", "Whether the sheets are printed in landscape.", advanced=True)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Check sheets and columns, and the place to write to."""
        self.check_target(specs)
        tables = [spec for spec in specs.all("table") if isinstance(spec, TableSpec)]
        self._names(len(tables))
        for table in tables:
            self._check(table)
        return {}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Write sheet by sheet, row by row."""
        import xlsxwriter  # type: ignore[import-untyped, unused-ignore]

        tables = [table for table in values.all("table") if isinstance(table, Table)]
        for table in tables:
            self._check(table.spec)
        options = {
            "constant_memory": True,
            "nan_inf_to_errors": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "remove_timezone": True,
            "tmpdir": str(job.scratch),
        }
        with self.writing(job) as stream:
            book = xlsxwriter.Workbook(stream, options)
            try:
                for name, table in zip(self._names(len(tables)), tables, strict=True):
                    self._write(book, book.add_worksheet(name), table, job)
            finally:
                book.close()
        return {}

    def _names(self, count: int) -> list[str]:
        """A name for each sheet.

        Raises:
            NodeError: If Excel would not take one.
        """
        names = [
            self.sheets[i].strip() if i < len(self.sheets) and self.sheets[i].strip() else f"Sheet{i + 1}" for i in range(count)
        ]
        for name in names:
            if (
                len(name) > 31
                or _FORBIDDEN & set(name)
                or name.startswith("'")
                or name.endswith("'")
                or name.lower() == "history"
            ):
                hint = "Use up to 31 characters, none of []:*?/\\, and no apostrophe at an end."
                raise NodeError(f"A sheet cannot be called '{name}'.", hint, setting="sheets")
        twice = next((n for i, n in enumerate(names) if n.lower() in [m.lower() for m in names[:i]]), None)
        if twice:
            raise NodeError(f"Two sheets are called '{twice}'.", "Give them different names.", setting="sheets")
        return names

    def _check(self, table: TableSpec) -> None:
        if len(table.schema) > MOST_COLUMNS or (table.rows or 0) + int(self.header) > MOST_ROWS:
            message = f"A table of {table.describe()} does not fit into a sheet of 1 048 576 rows and 16 384 columns."
            raise NodeError(message, "Write a part of it, or another format.", setting="path")
        for column, dtype in table.schema.items():
            if isinstance(dtype, pl.Array | pl.List | pl.Struct) and self.collections == "refuse":
                message = f"Column '{column}' is {describe_dtype(dtype)}."
                raise NodeError(message, "Filter the column out, or have collections written as text.", setting="collections")
        refuse(table, (pl.Binary, pl.Object), "a sheet")

    def _write(self, book: Any, sheet: Any, table: Table, job: Job) -> None:
        """One sheet; with constant memory its rows must come in order."""
        bold = book.add_format({"bold": True, "bottom": 1})
        names = table.columns
        if self.landscape:
            sheet.set_landscape()
        if self.header and self.freeze_header:
            sheet.freeze_panes(1, 0)
        if self.header and self.autofilter and names:
            sheet.autofilter(0, 0, table.height, len(names) - 1)
        if self.autofit:
            self._fit(sheet, table)
        if self.header:
            for number, name in enumerate(names):
                sheet.write_string(0, number, name, bold)
        row = int(self.header)
        writers: Sequence[Callable[[int, int, Any], Any]] | None = None
        for piece in pieces(table, job):
            frame = _as_text(collections_as_text(piece))
            schema = frame.schema
            writers = writers or [self._writer(book, sheet, schema[c], c) for c in names]
            for cells in frame.iter_rows():
                for number, cell in enumerate(cells):
                    if cell is not None:
                        writers[number](row, number, cell)
                    elif self.null_text:
                        sheet.write_string(row, number, self.null_text)
                row += 1
                if row % 10_000 == 0:
                    job.check_cancelled()

    def _writer(self, book: Any, sheet: Any, dtype: pl.DataType, column: str) -> Callable[[int, int, Any], Any]:
        """What writes a cell of a column."""
        if dtype == pl.Boolean:
            write: Callable[[int, int, Any], Any] = sheet.write_boolean
            return write
        if dtype.is_integer():
            return lambda row, at, cell: (
                sheet.write_number(row, at, cell) if -_EXACT <= cell <= _EXACT else sheet.write_string(row, at, str(cell))
            )
        if dtype.is_numeric():
            style = book.add_format({"num_format": self.float_format}) if self.float_format else None
            return lambda row, at, cell: sheet.write_number(row, at, float(cell), style)
        if dtype.is_temporal():
            wanted = {"Date": self.date_format, "Time": "hh:mm:ss"}.get(type(dtype).__name__, self.datetime_format)
            style = book.add_format({"num_format": wanted})

            def moment(row: int, at: int, cell: Any) -> None:
                # Excel's calendar begins in 1900.
                if isinstance(cell, datetime.date) and cell.year < 1900:
                    sheet.write_string(row, at, cell.isoformat())
                else:
                    sheet.write_datetime(row, at, cell, style)

            return moment

        def text(row: int, at: int, cell: str) -> None:
            if len(cell) > MOST_CHARACTERS:
                message = f"Column '{column}' has a text of {len(cell)} characters in row {row + 1 - int(self.header)}."
                raise NodeError(message, "A cell of Excel holds 32 767: shorten it before this node.", setting="path")
            sheet.write_string(row, at, cell)

        return text

    def _fit(self, sheet: Any, table: Table) -> None:
        """Widths from the first rows; XlsxWriter's own fitting would need all rows in memory."""
        first = _as_text(collections_as_text(table.slice(0, 100).frame()))
        for number, column in enumerate(table.columns):
            lengths = first[column].cast(pl.String, strict=False).str.len_chars() if first.height else pl.Series([0])
            longest = max([len(column) if self.header else 0, *lengths.drop_nulls().to_list()])
            sheet.set_column(number, number, min(_WIDEST, max(8, math.ceil(longest * 1.1) + 1)))


def _as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Categories and structures as texts."""
    made = []
    for column, dtype in frame.schema.items():
        if isinstance(dtype, pl.Struct):
            made.append(pl.when(pl.col(column).is_not_null()).then(pl.col(column).struct.json_encode()).alias(column))
        elif isinstance(dtype, pl.Enum | pl.Categorical | pl.Null):
            made.append(pl.col(column).cast(pl.String))
    return frame.with_columns(made) if made else frame
