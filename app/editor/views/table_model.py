"""A table in the engine as a Qt model: exact in its size at once, its cells filled in as they come.

Nothing is asked for by `data`; the view says what is looked at, and the model sees to it that it comes, with a margin in the
direction of scrolling. Cells are kept in pages of some rows and some columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QImage

from app.document.problems import Problem
from app.editor.asking import OnReply, Ticket
from app.editor.locale import cell_writer
from app.editor.views.pages import PageLoader, PendingRequests
from app.editor.views.pixels import pictures
from app.editor.views.result_source import ResultSource
from app.editor.visible_text import plain_tip
from app.engine.messages.tables import (
    CellCondition,
    RowsAnswer,
    RowsQuestion,
    RowsShown,
    ShownColumn,
    SortOrder,
    TableAnswer,
    TableQuestion,
)

PAGE_ROWS = 64
BLOCK = 16
"""Rows and columns of a page."""
KEPT_PAGES = 400
"""400 000 cells."""
PICTURE_SIZES = (64, 128, 256)
"""Pictures are asked for with at most so many pixels on their longer side."""
MOST_ROWS = 20_000_000
"""So many rows are shown at most; Qt needs some bytes for each."""

Index = QModelIndex | QPersistentModelIndex
Cell = str | QImage | None
"""What is in a cell: text, an image, or nothing (missing)."""
PageName = tuple[int, int]
"""(number of the page's rows, number of its block of columns)."""


@dataclass(frozen=True)
class _RowsPage:
    """Cells by column name, and of images what their values are drawn from."""

    cells: Mapping[str, Sequence[Cell]]
    scales: Mapping[str, str] = field(default_factory=dict)


class TableModel(QAbstractTableModel):
    """The rows and columns of one output.

    Args:
        parent: Its view.
    """

    opened = Signal()
    """Columns and number of rows are known: the model is new."""
    page_arrived = Signal(int, int)
    """Cells have come: number of their rows' page, number of their block of columns."""
    failed = Signal(Problem)
    """Something could not be had."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.source: ResultSource | None = None
        self.columns: list[ShownColumn] = []
        self.rows = self.total = 0
        self.sort_order: SortOrder | None = None
        self._pending = PendingRequests(self)
        self._pages = PageLoader[PageName, _RowsPage, RowsAnswer](
            self, self._ask, self._read, self._take, self.failed.emit, KEPT_PAGES
        )
        self._first_row = 0
        self._pixels = PICTURE_SIZES[0]

    # -- what is shown

    def open(self, source: ResultSource | None) -> None:
        """Show another output, or nothing. Until it is there, what was there stays; `opened` follows."""
        self._pending.drop_all()
        if source is None:
            self._become(None, [], 0, 0)
        else:
            question = TableQuestion(document=source.document, node=source.node, port=source.port, shown=source.rows())
            self._pending.put("open", source.asks.ask(question, partial(self._open, source)))

    def sort_by(self, sort: SortOrder | None) -> None:
        """Put the rows in another order; None: as they are stored."""
        if sort != self.sort_order:
            self.sort_order = sort
            self._pages.forget()
            if self.rows and self.columns:
                self.dataChanged.emit(self.index(0, 0), self.index(self.rows - 1, len(self.columns) - 1), [])
                self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)

    def filter_by(self, filters: Sequence[CellCondition]) -> None:
        """Show only rows that pass all of these; until it is known which, what was there stays, and `opened` follows."""
        if self.source is not None:
            self.open(replace(self.source, filters=tuple(filters)))

    @property
    def filters(self) -> tuple[CellCondition, ...]:
        """The filters in effect."""
        return self.source.filters if self.source else ()

    def set_picture_size(self, pixels: int) -> None:
        """Have pictures with at most so many pixels from now on; larger ones are kept for fewer pages."""
        if pixels != self._pixels:
            self._pixels = pixels
            self._pages.forget()
            self._pages.keep(max(12, KEPT_PAGES * PICTURE_SIZES[0] ** 2 // pixels**2))
            if self.rows and self.columns:
                self.dataChanged.emit(self.index(0, 0), self.index(self.rows - 1, len(self.columns) - 1), [])

    @property
    def shown(self) -> RowsShown:
        """Which rows are shown, and in which order, as questions say it."""
        return self.source.rows(self.sort_order) if self.source else RowsShown()

    def look_at(self, first: int, last: int, columns: Iterable[int]) -> None:
        """Say which rows and columns are seen now; see to it that their cells come.

        Args:
            first: The first row that is seen.
            last: The last one.
            columns: The columns that are seen.
        """
        if not self.rows:
            return
        down = first >= self._first_row
        self._first_row = first
        low, high, end = first // PAGE_ROWS, last // PAGE_ROWS, (self.rows - 1) // PAGE_ROWS
        blocks = sorted({c // BLOCK for c in columns})
        ahead = [high + 1, high + 2, low - 1] if down else [low - 1, low - 2, high + 1]
        rows = [*range(low, min(high, end) + 1), *(r for r in ahead if 0 <= r <= end)]
        self._pages.want((row, block) for row in rows for block in blocks)

    def cell(self, row: int, column: int) -> tuple[bool, Cell]:
        """Return whether a cell has come, and what is in it."""
        page = self._pages.get((row // PAGE_ROWS, column // BLOCK))
        if page is None:
            return False, None
        cells = page.cells[self.columns[column].name]
        place = row % PAGE_ROWS
        return (True, cells[place]) if place < len(cells) else (False, None)

    def column_cells(self, page_rows: int, column: int) -> Sequence[Cell]:
        """Return the cells of a column on one page; empty while they have not come."""
        page = self._pages.get((page_rows, column // BLOCK))
        return () if page is None else page.cells[self.columns[column].name]

    @property
    def is_complete(self) -> bool:
        """Whether nothing that is looked at is still to come."""
        return not self._pending.is_waiting("open") and not self._pages.waiting

    # -- as Qt asks

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of rows."""
        return 0 if parent.isValid() else self.rows

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell; None where it is missing, an image, or still to come."""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            has_come, cell = self.cell(index.row(), index.column())
            if isinstance(cell, str):
                return cell
            if role == Qt.ItemDataRole.AccessibleTextRole:
                return "image" if cell is not None else "missing" if has_come else "loading"
        elif role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self._tooltip(index.row(), index.column()) or "") or None
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return names of columns and numbers of rows; for a screen reader also type and order."""
        if orientation is Qt.Orientation.Vertical:
            return str(section + 1) if role == Qt.ItemDataRole.DisplayRole else None
        if not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.name
        if role == Qt.ItemDataRole.ToolTipRole:
            order = "" if column.sortable else "\nRows cannot be put in order by this column."
            return plain_tip(f"{column.name}\n{column.dtype}{order}")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            sort = self.sort_order
            order = "" if sort is None or sort.column != column.name else f", {'de' if sort.descending else 'a'}scending"
            return f"{column.name}, {column.dtype}{order}"
        return None

    def _tooltip(self, row: int, column: int) -> str | None:
        has_come, cell = self.cell(row, column)
        if not has_come:
            return None
        if isinstance(cell, QImage):
            page = self._pages.get((row // PAGE_ROWS, column // BLOCK))
            scale = page.scales.get(self.columns[column].name) if page else ""
            return self.columns[column].dtype + (f"\nblack … white: {scale}" if scale else "")
        if cell is None:
            return "missing"
        return cell if len(cell) > 24 else None

    # -- answers

    def _open(self, source: ResultSource, answer: TableAnswer | Problem) -> None:
        if isinstance(answer, Problem):
            if self.source is not None and source.filters != self.source.filters and source.is_same_output(self.source):
                self.failed.emit(answer)  # a filter that makes no sense: what was shown stays
                return
            self._become(None, [], 0, 0)
            self.failed.emit(answer)
            return
        self._become(source, list(answer.columns), answer.rows, answer.total)

    def _become(self, source: ResultSource | None, columns: list[ShownColumn], rows: int, total: int) -> None:
        self.beginResetModel()
        self._pages.forget()
        self.source, self.columns, self.rows, self.total = source, columns, min(rows, MOST_ROWS), total
        if self.sort_order and self.sort_order.column not in [c.name for c in columns if c.sortable]:
            self.sort_order = None
        self._first_row = 0
        self.endResetModel()
        self.opened.emit()
        if rows > MOST_ROWS:
            self.failed.emit(Problem("The table has more rows than are shown.", "Filter rows to see the others."))

    def _ask(self, name: PageName, on_reply: OnReply[RowsAnswer]) -> Ticket:
        assert self.source is not None
        row, block = name
        question = RowsQuestion(
            document=self.source.document,
            node=self.source.node,
            port=self.source.port,
            shown=self.shown,
            start=row * PAGE_ROWS,
            stop=min(self.rows, (row + 1) * PAGE_ROWS),
            columns=tuple(c.name for c in self.columns[block * BLOCK : (block + 1) * BLOCK]),
            size=self._pixels,
        )
        return self.source.asks.ask(question, on_reply)

    def _read(self, name: PageName, answer: RowsAnswer) -> _RowsPage:
        cells: dict[str, Sequence[Cell]] = dict(answer.cells)
        for about in self.columns:
            if about.name in cells and (write := cell_writer(about.kind, about.dtype)) is not None:
                cells[about.name] = [write(cell) if isinstance(cell, str) else cell for cell in cells[about.name]]
        for column, image in answer.images.items():
            cells[column] = pictures(image, answer.payload)
        return _RowsPage(cells, {column: image.scale for column, image in answer.images.items()})

    def _take(self, name: PageName) -> None:
        row, block = name
        top, left = row * PAGE_ROWS, block * BLOCK
        bottom = min(self.rows, top + PAGE_ROWS) - 1
        right = min(len(self.columns), left + BLOCK) - 1
        self.page_arrived.emit(row, block)
        self.dataChanged.emit(self.index(top, left), self.index(bottom, right), [])
