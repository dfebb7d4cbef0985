"""Excel Reader: sheets of workbooks. fastexcel (calamine) reads them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, NodeError, setting
from nodes.kit.files.many_files import FilesReader, pattern_setting
from nodes.kit.files.reading import damaged
from nodes.wording import counted

if TYPE_CHECKING:
    import fastexcel

_AT_ONCE = 2**20
"""A larger workbook is not read while the node is configured, so its columns are known only after running."""
_DAY_ZERO = (date(1899, 12, 30), date(1899, 12, 31), date(1904, 1, 1))
"""The days that a time of day without one has, by how the workbook counts days."""
ExcelType = Literal["Int64", "Float64", "String", "Boolean", "Date", "Datetime", "Duration"]
_TYPES = {
    "Int64": "float", "Float64": "float", "String": "string", "Boolean": "boolean", "Date": "date", "Datetime": "datetime",
    "Duration": "duration",
}  # fmt: skip


class ExcelReader(FilesReader):
    """Read a table from a sheet of an Excel workbook, or from all its sheets, or from all workbooks of a folder.

    Workbooks of Excel (.xlsx, .xlsm, .xlsb, .xls) and LibreOffice (.ods). A formula gives the value that was saved with it.
    The types are found from all rows: a column of numbers with a text among them is one of texts, whole numbers are Int64,
    times that are all midnight are days, and times without a day are times. Cells of errors (#N/A) are missing. Of merged cells
    the first one has the value. Rows and columns that are empty around the cells are left out.

    KNIME's reevaluation of formulas is left out, and so are its row IDs: a column of them is a column like any other.

    Example: of `measurements.xlsx` the sheet `May`, the cells `B:F` from row 4 on, whose first row holds the names.
    """

    id = "readers.excel"
    title = "Excel Reader"
    icon = "mdi6.microsoft-excel"
    keywords = (
        "XLS Reader", "xlsx", "xls", "ods", "workbook", "sheet", "spreadsheet", "read_excel", "calamine", "LibreOffice", "open",
        "Read Excel Sheet Names",
    )  # fmt: skip

    untyped = True
    native_format = "excel"

    pattern: str = pattern_setting("*.xls*")
    sheet: Literal["first with data", "by name", "by position", "all"] = setting(
        "first with data",
        "Sheet",
        "Which sheet is read.",
        choices={
            "first with data": "The first one that is not empty.",
            "by name": "The one with a name.",
            "by position": "The first, second, ...",
            "all": "All that are not empty, one after the other.",
        },
        group="Sheet",
    )
    sheet_name: str = setting("", "Sheet name", "Its name, as its tab shows it.", shown_if={"sheet": "by name"}, group="Sheet")
    sheet_position: int = setting(1, "Sheet position", "1 is the first.", ge=1, shown_if={"sheet": "by position"}, group="Sheet")
    sheet_column: str | None = setting(
        None,
        "Sheet name column",
        "A column of this name says which sheet a row comes from; empty: none.",
        min_length=1,
        group="Sheet",
    )
    header: bool = setting(
        True, "First row contains column names", "If not, the columns are called column_0, column_1, ...", group="Sheet"
    )
    first_row: int = setting(
        1, "From row", "The row of the names (or of the first data), counted as Excel counts, from 1.", ge=1, le=1_048_576,
        group="Sheet",
    )  # fmt: skip
    last_row: int | None = setting(
        None, "To row", "The last row that is read, as Excel counts; empty: to the end.", ge=1, le=1_048_576, group="Sheet"
    )
    cells: str = setting(
        "",
        "Columns of the sheet",
        "By Excel's letters, such as B:F or A,C,E:H; empty: all.",
        pattern=r"^[A-Za-z:, ]*$",
        group="Sheet",
    )
    skip_rows: int = setting(0, "Skip first data rows", "How many rows after the names are left out.", ge=0, group="Selection")
    skip_empty_rows: bool = setting(True, "Skip empty rows", "Whether rows without any value are left out.", group="Selection")
    skip_empty_columns: bool = setting(
        False, "Skip empty columns", "Whether columns without any value are left out.", group="Selection"
    )
    column_types: dict[str, ExcelType] = setting(
        {}, "Column types", "The type of a column, where the one that is found is not meant.", group="Types"
    )

    def _schema_of(self, path: Path) -> pl.Schema | None:
        return self._schema_whole(path) if path.stat().st_size <= _AT_ONCE else None

    def _schema_whole(self, path: Path) -> pl.Schema:
        return self._read(path).schema

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        frame = self._read(path).select(columns)
        return iter([frame if limit is None else frame.head(limit)])

    def _read(self, path: Path) -> pl.DataFrame:
        """The rows of the chosen sheets."""
        import fastexcel

        # It would warn of every column without values.
        logging.getLogger("fastexcel").setLevel(logging.ERROR)
        try:
            book = fastexcel.read_excel(path)
            frames = [(name, self._sheet(book, name)) for name in self._chosen(book, path)]
        except (fastexcel.FastExcelError, pl.exceptions.PolarsError, ValueError) as error:
            raise damaged(path, error, remedy="Choose a workbook, and check its sheet, rows and columns.") from error
        filled = [(name, frame) for name, frame in frames if frame.width]
        if not filled:
            message = f"There is nothing in the chosen cells of '{path}'."
            raise NodeError(message, "Choose another sheet, or other rows and columns.", setting="sheet")
        there = {column for _, frame in filled for column in frame.columns}
        unknown = next((c for c in self.column_types if c not in there), None)
        if unknown is not None and self.source == "file":
            listed = ", ".join(f"'{c}'" for c in filled[0][1].columns[:8])
            raise NodeError(f"There is no column '{unknown}'.", f"The sheet has: {listed}.", setting="column_types")
        if self.sheet_column is not None:
            if any(self.sheet_column in frame.columns for _, frame in filled):
                message = f"There is a column '{self.sheet_column}' already."
                raise NodeError(message, "Choose another name for the column of sheets.", setting="sheet_column")
            filled = [(n, f.with_columns(pl.lit(n, pl.String()).alias(self.sheet_column))) for n, f in filled]
        if len(filled) == 1:
            return filled[0][1]
        return self._one_below_the_other(filled)

    def _one_below_the_other(self, sheets: Sequence[tuple[str, pl.DataFrame]]) -> pl.DataFrame:
        first, rest = sheets[0], sheets[1:]
        if self.combine == "fail":
            for name, frame in rest:
                if set(frame.columns) != set(first[1].columns):
                    message = f"Sheets '{first[0]}' and '{name}' have different columns."
                    raise NodeError(message, "Read one of them, or the union or intersection of columns.", setting="combine")
        frames = [frame for _, frame in sheets]
        if self.combine == "intersection":
            shared = [c for c in first[1].columns if all(c in frame.columns for frame in frames)]
            frames = [frame.select(shared) for frame in frames]
        try:
            return pl.concat(frames, how="diagonal_relaxed")
        except pl.exceptions.PolarsError as error:
            hint = "Give the columns their types, or read the sheets by themselves."
            raise NodeError(f"The sheets do not fit together: {error}.", hint, setting="column_types") from error

    def _chosen(self, book: fastexcel.ExcelReader, path: Path) -> list[str]:
        """The names of the sheets to read."""
        names = book.sheet_names
        if not names:
            raise damaged(path, "it has no sheets")
        if self.sheet == "by name":
            if self.sheet_name not in names:
                message = f"There is no sheet '{self.sheet_name}' in '{path}'."
                raise NodeError(message, f"There are: {', '.join(names[:8])}.", setting="sheet_name")
            return [self.sheet_name]
        if self.sheet == "by position":
            if self.sheet_position > len(names):
                message = f"'{path}' has {counted(len(names), 'sheet')}, no {self.sheet_position}."
                raise NodeError(message, "Choose a smaller number.", setting="sheet_position")
            return [names[self.sheet_position - 1]]
        if self.sheet == "all":
            return names
        return [next((n for n in names if book.load_sheet(n, header_row=None, n_rows=1).width), names[0])]

    def _sheet(self, book: fastexcel.ExcelReader, name: str) -> pl.DataFrame:
        options: dict[str, Any] = {}
        if self.column_types:
            options["dtypes"] = {column: _TYPES[dtype] for column, dtype in self.column_types.items()}
        if self.cells.strip():
            options["use_columns"] = self.cells.replace(" ", "").upper()
        above = self.first_row - 1
        if self.last_row is not None:
            rows = self.last_row - above - int(self.header)
            if rows < 0:
                raise NodeError("The last row stands before the first.", "Choose a later one.", setting="last_row")
            options["n_rows"] = rows
        sheet = book.load_sheet(
            name,
            header_row=above if self.header else None,
            skip_rows=None if self.header or not above else above,
            schema_sample_rows=None,
            **options,
        )
        frame: pl.DataFrame = sheet.to_polars()
        # As the CSV Reader calls columns without a name.
        nameless = {c: f"column_{i}" for i, c in enumerate(frame.columns) if not self.header or c.startswith("__UNNAMED__")}
        frame = frame.rename({c: name for c, name in nameless.items() if not self.header or name not in frame.columns})
        frame = frame.slice(self.skip_rows)
        if self.skip_empty_rows and frame.width:
            frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))
        if self.skip_empty_columns:
            frame = frame.select(c.name for c in frame if c.null_count() < frame.height)
        return frame.with_columns(self._refined(cells) for cells in frame.get_columns())

    @staticmethod
    def _whole(cells: pl.Series) -> pl.Series:
        """Whole numbers of a column, read as the decimal ones that a workbook has: fastexcel cuts off what follows the point.

        Raises:
            NodeError: Naming the first that is not whole.
        """
        broken = (cells != cells.round()).arg_max() if cells.dtype == pl.Float64 else None
        if broken is not None and cells[broken] is not None and cells[broken] != round(cells[broken]):
            message = f"Row {broken + 1} has {cells[broken]:g} in column '{cells.name}', which is no whole number."
            raise NodeError(message, "Set the type of the column to Float64.", setting="column_types")
        return cells.cast(pl.Int64)

    def _refined(self, cells: pl.Series) -> pl.Series:
        """A column as the type that a person sees in it: a workbook knows no whole numbers, and no days without a time."""
        if cells.name in self.column_types:
            return self._whole(cells) if self.column_types[cells.name] == "Int64" else cells
        if cells.null_count() == cells.len():
            return cells.cast(pl.Null)  # another sheet or file may know the type
        if cells.dtype == pl.Float64 and ((cells.round() == cells) & (cells.abs() < 2**53)).all():
            return cells.cast(pl.Int64)
        if isinstance(cells.dtype, pl.Datetime) and cells.dt.date().is_in(_DAY_ZERO).all():
            return cells.dt.time()
        if isinstance(cells.dtype, pl.Datetime) and (cells.dt.time() == time()).all():
            return cells.cast(pl.Date)
        return cells
