"""Excel Reader: sheets of workbooks. calamine reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
from pydantic import PrivateAttr

from nodes.base import Job, NodeError, setting
from nodes.kit.files.many_files import FilesReader, pattern_setting
from nodes.kit.files.old_workbooks import OldWorkbook
from nodes.kit.files.reading import damaged
from nodes.kit.files.workbook_cells import SheetColumn, columns_of, heading
from nodes.kit.files.workbook_errors import column_number, error_cells, without_unknown_errors
from nodes.kit.tables.naming import frame_of
from nodes.kit.tables.reading.misfits import ON_MISFIT, Misfits, OnMisfit
from nodes.wording import counted

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_AT_ONCE = 2**20
"""A larger workbook is not read while the node is configured, so its columns are known only after running."""
ExcelType = Literal["Int64", "Float64", "String", "Boolean", "Date", "Datetime", "Duration"]
_TYPES: dict[ExcelType, pl.DataType] = {
    "Int64": pl.Int64(), "Float64": pl.Float64(), "String": pl.String(), "Boolean": pl.Boolean(), "Date": pl.Date(),
    "Datetime": pl.Datetime("ms"), "Duration": pl.Duration("ms"),
}  # fmt: skip
_NAMED = 4
"""How many columns a remark names."""


class ExcelReader(FilesReader):
    """Read a table from a sheet of an Excel workbook, or from all its sheets, or from all workbooks of a folder.

    Workbooks of Excel (.xlsx, .xlsm, .xlsb, .xls) and LibreOffice (.ods). A formula gives the value that was saved with it.
    The types are found from all rows: a column of numbers with a text among them is one of texts with all digits of the numbers,
    and that is said; whole numbers are Int64, times that are all midnight are days, times without a day are times, and spans
    ([h]:mm:ss) are durations. Cells of errors (#N/A) are missing, and they are counted. Of merged cells the first one has the
    value. Rows and columns that are empty around the cells are left out.

    KNIME's reevaluation of formulas is left out, and so are its row IDs: a column of them is a column like any other.

    Example: of `measurements.xlsx` the sheet `May`, the cells `B:F` from row 4 on, whose first row holds the names.
    """

    id = "readers.excel"
    version = 2
    title = "Excel Reader"
    icon = "mdi6.microsoft-excel"
    keywords = (
        "XLS Reader", "xlsx", "xls", "ods", "workbook", "sheet", "spreadsheet", "read_excel", "calamine", "LibreOffice", "open",
        "Read Excel Sheet Names",
    )  # fmt: skip
    opens = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")

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

    on_misfit: OnMisfit = setting(
        "fail",
        "If a cell does not fit",
        "What becomes of a cell that is not of its column's type.",
        choices=ON_MISFIT,
        group="Types",
    )

    _last: dict[Path, pl.DataFrame] = PrivateAttr(default_factory=dict)
    """The one file that was read to know its columns, until its rows are asked for."""
    _misfits: list[Misfits] = PrivateAttr(default_factory=list)

    @classmethod
    def migrate(cls, settings: dict[str, Any], version: int) -> dict[str, Any]:
        """Version 1 had missing cells for those that did not fit."""
        return settings if version >= 2 else {"on_misfit": "missing", **settings}

    def _schema_of(self, path: Path) -> pl.Schema | None:
        return self._read(path).schema if path.stat().st_size <= _AT_ONCE else None

    def _schema_whole(self, path: Path) -> pl.Schema:
        frame = self._read(path)
        if self.source == "file":
            self._last[path] = frame
        return frame.schema

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        whole = self._last.pop(path) if path in self._last else self._read(path)
        for misfits in self._misfits:
            misfits.tell(job)
        if path.stat().st_size > _AT_ONCE:
            for message, _ in self._remarks:
                job.warn(message)
        frame = whole.select(columns)
        return iter([frame if limit is None else frame.head(limit)])

    # -- workbooks

    def _read(self, path: Path) -> pl.DataFrame:
        """The rows of the chosen sheets."""
        from python_calamine import CalamineError, CalamineWorkbook

        self._misfits.clear()
        remedy = "Choose a workbook, and check its sheet, rows and columns."
        try:
            frames = self._frames(CalamineWorkbook.from_path(str(path)), path)
        except CalamineError as error:
            if "cell error" not in str(error):
                raise damaged(path, error, remedy=remedy) from error
            frames = self._frames(CalamineWorkbook.from_filelike(without_unknown_errors(path)), path)
        except (OSError, ValueError) as error:
            raise damaged(path, error, remedy=remedy) from error
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

    def _frames(self, book: CalamineWorkbook, path: Path) -> list[tuple[str, pl.DataFrame]]:
        return [(sheet.name, self._sheet(sheet, path)) for sheet in self._chosen(book, path)]

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

    def _chosen(self, book: CalamineWorkbook, path: Path) -> list[CalamineSheet]:
        """The sheets to read."""
        from python_calamine import SheetTypeEnum

        names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        if not names:
            raise damaged(path, "it has no sheets")
        if self.sheet == "by name":
            if self.sheet_name not in names:
                message = f"There is no sheet '{self.sheet_name}' in '{path}'."
                raise NodeError(message, f"There are: {', '.join(names[:8])}.", setting="sheet_name")
            return [book.get_sheet_by_name(self.sheet_name)]
        if self.sheet == "by position":
            if self.sheet_position > len(names):
                message = f"'{path}' has {counted(len(names), 'sheet')}, no {self.sheet_position}."
                raise NodeError(message, "Choose a smaller number.", setting="sheet_position")
            return [book.get_sheet_by_name(names[self.sheet_position - 1])]
        sheets = map(book.get_sheet_by_name, names)
        if self.sheet == "all":
            return list(sheets)
        return list(islice((sheet for sheet in sheets if sheet.height), 1))

    # -- sheets

    def _sheet(self, sheet: CalamineSheet, path: Path) -> pl.DataFrame:
        """The rows of a sheet, in the order of steps of `nodes.kit.tables.reading`."""
        if sheet.start is None or sheet.end is None:
            return pl.DataFrame()
        last = sheet.end[0] + 1 if self.last_row is None else min(sheet.end[0] + 1, self.last_row)
        if self.last_row is not None and self.last_row < self.first_row + int(self.header) - 1:
            raise NodeError("The last row stands before the first.", "Choose a later one.", setting="last_row")
        left = sheet.start[1]
        chosen = [place - left for place in self._places(left, sheet.end[1])]
        # calamine gives the rows above the first cell, too, but no columns before it.
        errors = self._errors(path, sheet.name)
        rows = islice(_without(errors, sheet.iter_rows(), left), self.first_row - 1, last)
        number = self.first_row
        names: Sequence[Any] = [""] * (sheet.end[1] - left + 1)
        if self.header:
            for names in rows:
                number += 1
                if any(name != "" for name in names):
                    break
            else:
                return pl.DataFrame()
        columns = columns_of(rows, len(names), chosen)
        read = {n + left for n in chosen}
        found = [(r, code) for r, cells in errors.items() if number - 1 <= r < last for c, code in cells.items() if c in read]
        self._count_errors(path, sheet.name, Counter(code for _, code in found))
        named = dict(zip(self._names([names[n] for n in chosen]), columns, strict=True))
        return self._typed(sheet.name, path, named, number, {r + 1 for r, _ in found})

    def _places(self, first: int, last: int) -> list[int]:
        """The columns of the sheet that are wanted, from 0, in the order in which they are given.

        Raises:
            NodeError: If a range is none.
        """
        ranges = [part for part in self.cells.replace(" ", "").upper().split(",") if part]
        if not ranges:
            return list(range(first, last + 1))
        found = []
        for part in ranges:
            begin, _, end = part.partition(":")
            if (
                not begin
                or part.count(":") > 1
                or (":" in part and not end)
                or column_number(end or begin) < column_number(begin)
            ):
                raise NodeError(f"'{part}' names no columns.", "Write such as B:F or A,C,E:H.", setting="cells")
            found += [place for place in range(column_number(begin), column_number(end or begin) + 1) if first <= place <= last]
        return list(dict.fromkeys(found))

    def _names(self, headings: Sequence[Any]) -> list[str]:
        """The names of the columns: those of the header as text, others by their place; each another."""
        given = [heading(cell) if cell != "" else "" for cell in headings]
        made: list[str] = []
        for place, name in enumerate(given):
            fresh, number = name or f"column_{place}", 0
            while fresh in made or ((number or not name) and fresh in given):
                number += 1
                fresh = f"{name or f'column_{place}'}_{number}"
            made.append(fresh)
        return made

    def _typed(
        self, sheet: str, path: Path, columns: dict[str, SheetColumn], first_row: int, with_errors: set[int]
    ) -> pl.DataFrame:
        """The columns of a sheet with their types, without rows that are left out; one of nothing but errors is not empty."""
        misfits = Misfits(f"sheet '{sheet}' of '{path}'", self.on_misfit)
        self._misfits.append(misfits)
        found = frame_of(column.found(name) for name, column in columns.items())
        rows = pl.Series("row", range(first_row, first_row + found.height), dtype=pl.Int64)
        asked = [columns[c].asked(c, _TYPES[t], misfits, rows) for c, t in self.column_types.items() if c in columns]
        kept = pl.Series("kept", [True] * found.height, dtype=pl.Boolean)
        if self.skip_empty_rows and found.width:
            kept = found.select(~pl.all_horizontal(pl.all().is_null())).to_series() | rows.is_in(list(with_errors))
        frame = found.with_columns(asked)[self.skip_rows :].filter(kept[self.skip_rows :])
        if self.skip_empty_columns:
            frame = frame.select(c.name for c in frame if c.null_count() < frame.height)
        told = [column.remark(name) for name, column in columns.items() if name not in self.column_types]
        told = [remark for remark in told if remark]
        if told:
            more = f", {len(told) - _NAMED} more like them" if len(told) > _NAMED else ""
            self._remark(path, f"Read are {', '.join(told[:_NAMED])}{more}.", "column_types")
        # Another sheet or file may know the type of a column without values.
        return frame.with_columns(pl.col(c.name).cast(pl.Null) for c in frame if c.null_count() == c.len())

    def _errors(self, path: Path, sheet: str) -> dict[int, dict[int, str]]:
        """The cells of errors in a sheet: row -> column -> code."""
        old = OldWorkbook.of(path)
        made: dict[int, dict[int, str]] = {}
        for row, place, code in error_cells(path, sheet) if old is None else old.error_cells(sheet):
            made.setdefault(row, {})[place] = code
        return made

    def _count_errors(self, path: Path, sheet: str, codes: Counter[str]) -> None:
        """Say how many of the cells that are read are errors."""
        if codes:
            listed = ", ".join(f"{code} {counted(number, 'time')}" for code, number in codes.most_common())
            cells = counted(codes.total(), "cell is an error", "cells are errors")
            self._remark(path, f"{cells} in sheet '{sheet}' and missing here: {listed}.", "sheet")


def _without(errors: Mapping[int, Mapping[int, str]], rows: Iterable[list[Any]], left: int) -> Iterator[list[Any]]:
    """The rows of a sheet, from its first, with nothing in the cells of errors: calamine gives some of OpenDocument's as 0."""
    for number, row in enumerate(rows):
        for place in errors.get(number, ()):
            if 0 <= place - left < len(row):
                row[place - left] = ""
        yield row
