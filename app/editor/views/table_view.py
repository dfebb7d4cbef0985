"""A node's table: a million rows scroll, sort, are searched, copied and exported; the engine has them, the view looks at them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QFileDialog, QHeaderView, QMenu, QTableView, QVBoxLayout, QWidget

from app.document.problems import Problem
from app.editor.asking import Asks
from app.editor.look import look
from app.editor.panels.message_bar import MessageBar
from app.editor.panels.popup import SHADOW
from app.editor.views.filter_popup import FilterPopup
from app.editor.views.find_bar import FindBar
from app.editor.views.image_dialog import ImageDialog
from app.editor.views.pages import PendingRequests
from app.editor.views.picture_sides import PictureSides
from app.editor.views.result_source import ResultSource
from app.editor.views.table_model import BLOCK, PICTURE_SIZES, TableModel
from app.editor.views.table_painting import MARGIN, TableCellPainter, TableHeader
from app.editor.views.table_tools import TableTools
from app.engine.messages.tables import (
    CellCondition,
    CopyAnswer,
    CopyQuestion,
    ExportAnswer,
    ExportQuestion,
    ShownColumn,
    SortOrder,
)
from nodes.wording import counted

ROW_HEIGHT = 26
WIDEST = 320
DEFAULT_WIDTH = 120
MOST_OFFERED = 60
"""Columns in the menu of the filter button; every column's own menu has its filter, too."""


class TableView(QWidget):
    """The table at one output of one node.

    Args:
        asks: Who answers questions about results.
        document_id: The document that the nodes belong to.
        sides: How tall pictures are in which table.
        parent: The window's part that shows it.
    """

    statistics_wanted = Signal(str)
    """Figures of the column with this name are wanted."""

    def __init__(self, asks: Asks, document_id: str, sides: PictureSides | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asks, self._document = asks, document_id
        self._sides = sides or PictureSides()
        self._pending = PendingRequests(self)
        self._sized: set[int] = set()
        self._viewer: ImageDialog | None = None
        self.model = TableModel(self)
        self.table = _Cells(self.model, self)
        self.tools = TableTools(self)
        self.messages = MessageBar(self)
        self.find_bar = FindBar(self.model, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.tools)
        layout.addWidget(self.messages)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.find_bar)
        self.setFocusProxy(self.table)
        self._connect()

    def _connect(self) -> None:
        self.model.opened.connect(self._on_opened)
        self.model.page_arrived.connect(self._on_page)
        self.model.failed.connect(self._complain)
        self.find_bar.found.connect(self._go_to)
        self.find_bar.closed.connect(self.table.setFocus)
        self.table.opened.connect(self._on_activated)
        self.table.customContextMenuRequested.connect(self._show_menu)
        self.table.header.sectionClicked.connect(self.cycle_sort)
        self.table.header.customContextMenuRequested.connect(self._show_header_menu)
        self.tools.filter_wanted.connect(self._choose_column)
        self.tools.edit_wanted.connect(self._edit_filter)
        self.tools.clear_wanted.connect(self.clear_filters)
        self.tools.find_wanted.connect(self.show_find_bar)
        self.tools.side_chosen.connect(self.choose_picture_side)
        context = Qt.ShortcutContext.WidgetWithChildrenShortcut
        for keys, call in (
            (QKeySequence(QKeySequence.StandardKey.Copy), self.copy),
            (QKeySequence(QKeySequence.StandardKey.Find), self.show_find_bar),
            (QKeySequence("F3"), self.find_bar.search),
            (QKeySequence("Ctrl+Shift+F"), self._filter_current),
        ):
            QShortcut(keys, self, call, context=context)

    # -- what is shown

    def show_output(self, node_id: str, port: str, key: str, where: Mapping[str, Any] | None = None) -> None:
        """Show an output; the same one with another key keeps order, widths and place.

        Args:
            node_id: The node.
            port: Its output port.
            key: The key of its result.
            where: Only rows whose cells have these values.
        """
        source = ResultSource(self._asks, self._document, node_id, port, key, dict(where or {}))
        if source.is_same_output(self.model.source):
            source = replace(source, filters=self.model.filters)
        if source == self.model.source:
            return
        if not source.is_same_output(self.model.source):
            self.model.open(None)
        self.messages.dismiss()
        self.model.open(source)

    def clear(self) -> None:
        """Show nothing."""
        self._pending.drop_all()
        self.find_bar.close_bar()
        self.messages.dismiss()
        self.model.open(None)

    def _on_opened(self) -> None:
        columns = self.model.columns
        names = [c.name for c in columns]
        if names != self.table.sized_for:
            self.table.sized_for = names if names else self.table.sized_for
            self._sized.clear()
            self.table.own_widths.clear()
            for number in range(len(columns)):
                self.table.setColumnHidden(number, False)
        self._show_picture_side()
        self.setAccessibleName(f"Table, {counted(self.model.rows, 'row')}, {counted(len(columns), 'column')}")
        self.table.look_around()

    def _on_page(self, page_rows: int, block: int) -> None:
        """When the first cells of columns are there, they get their widths."""
        if block in self._sized:
            return
        self._sized.add(block)
        for number in range(block * BLOCK, min((block + 1) * BLOCK, len(self.model.columns))):
            self.table.fit_column(number, page_rows)
        self.table.look_around()

    def _complain(self, problem: object) -> None:
        assert isinstance(problem, Problem)
        self.messages.show_message(f"{problem.message} {problem.remedy}".strip(), severity="error")

    # -- filters

    def filter_by(self, filters: Sequence[CellCondition]) -> None:
        """Show only the rows that pass all of these; the engine looks for them, and what was shown stays meanwhile."""
        self.messages.dismiss()
        self._sized.clear()
        self.table.clearSelection()
        self.table.verticalScrollBar().setValue(0)
        self.model.filter_by(filters)

    def set_filter(self, column: str, given: CellCondition | None) -> None:
        """Filter a column otherwise, or not at all; the other columns stay filtered."""
        others = [f for f in self.model.filters if f.column != column]
        self.filter_by([*others, given] if given is not None else others)

    def clear_filters(self) -> None:
        """Show all rows."""
        self.filter_by(())

    def open_filter(self, column: str, place: QPoint) -> FilterPopup | None:
        """Open the filter of a column at a point of the screen."""
        described = next((c for c in self.model.columns if c.name == column), None)
        if described is None:
            return None
        given = next((f for f in self.model.filters if f.column == column), None)
        popup = FilterPopup(described, given, self)
        popup.chosen.connect(partial(self.set_filter, column))
        popup.open_below(place)
        return popup

    def _edit_filter(self, column: str, button: QWidget) -> None:
        self.open_filter(column, button.mapToGlobal(QPoint(-SHADOW, button.height())))

    def _filter_column(self, number: int) -> None:
        x = self.table.header.sectionViewportPosition(number) - SHADOW
        self.open_filter(self.model.columns[number].name, self.table.header.mapToGlobal(QPoint(x, self.table.header.height())))

    def _filter_current(self) -> None:
        """Filter the column of the current cell, or let a column be chosen."""
        current = self.table.currentIndex()
        if current.isValid():
            self._filter_column(current.column())
        else:
            self._choose_column(self.tools.filter_button)

    def _choose_column(self, button: QWidget) -> None:
        """Offer the columns, those that can be seen first, and open the filter of the chosen one."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for number in self.table.shown_columns()[:MOST_OFFERED]:
            name = self.model.columns[number].name
            action = menu.addAction((name if len(name) < 50 else f"{name[:49]}…").replace("&", "&&"))
            action.triggered.connect(partial(self._filter_column, number))
        menu.popup(button.mapToGlobal(QPoint(0, button.height())))

    # -- pictures

    def choose_picture_side(self, side: int) -> None:
        """Have the pictures of this table that tall; it is remembered."""
        if source := self.model.source:
            self._sides.choose(source.document, source.node, source.port, side)
            self._show_picture_side()

    def _show_picture_side(self) -> None:
        """Give rows and columns of pictures the height that was chosen for this table."""
        has_images = any(c.kind == "image" for c in self.model.columns)
        source = self.model.source
        side = self._sides.of(source.document, source.node, source.port) if source and has_images else 0
        self.table.show_pictures(side)
        self.tools.tell(self.model.rows, self.model.total, self.model.filters, side)

    # -- order

    def cycle_sort(self, number: int) -> None:
        """Put the rows in order by a column: rising, then falling, then as they are stored."""
        column, sort = self.model.columns[number], self.model.sort_order
        if not column.sortable:
            self.messages.show_message(f"Rows cannot be put in order by '{column.name}'.")
        elif sort is None or sort.column != column.name:
            self.sort_by(SortOrder(column=column.name))
        else:
            self.sort_by(None if sort.descending else SortOrder(column=column.name, descending=True))

    def sort_by(self, sort: SortOrder | None) -> None:
        """Put the rows in this order; None: as they are stored."""
        self.model.sort_by(sort)
        self._sized.clear()  # other rows are first now: they get their widths when they come
        self.table.clearSelection()
        self.table.verticalScrollBar().setValue(0)
        self.table.look_around()
        self.table.header.viewport().update()

    # -- finding

    def show_find_bar(self) -> None:
        """Open the find bar."""
        self.find_bar.row = max(0, self.table.currentIndex().row())
        self.find_bar.open_bar()

    def _go_to(self, row: int, column: str) -> None:
        number = [c.name for c in self.model.columns].index(column)
        self.table.setColumnHidden(number, False)
        self.table.setCurrentIndex(self.model.index(row, number))

    # -- clipboard and files

    def copy(self, *, header: bool = False) -> None:
        """Put the selected cells into the clipboard as a spreadsheet takes them; the engine writes them down.

        Args:
            header: Whether the names of the columns come first.
        """
        ranges, columns = self.table.selected()
        source = self.model.source
        if not ranges or source is None:
            return
        cells = sum(stop - start for start, stop in ranges) * len(columns)
        if cells > 50_000:
            self.messages.show_message(f"Copying {counted(cells, 'cell')} …", key="copy")
        question = CopyQuestion(
            document=source.document,
            node=source.node,
            port=source.port,
            shown=self.model.shown,
            ranges=tuple(ranges),
            columns=tuple(self.model.columns[c].name for c in columns),
            header=header,
        )
        self._pending.put("copy", source.asks.ask(question, self._take_copy))

    def _take_copy(self, answer: CopyAnswer | Problem) -> None:
        self.messages.dismiss("copy")
        if isinstance(answer, Problem):
            self._complain(answer)
        else:
            QGuiApplication.clipboard().setText(answer.payload.decode())

    def export_to(self, path: Path) -> None:
        """Write what is shown, in its order and without hidden columns, into a file; a message follows.

        Args:
            path: A file whose name ends in .csv or .parquet.
        """
        source = self.model.source
        if source is None:
            return
        self.messages.show_message(f"Writing {path.name} …", key="export")
        question = ExportQuestion(
            document=source.document,
            node=source.node,
            port=source.port,
            shown=self.model.shown,
            path=path,
            format="parquet" if path.suffix.lower() == ".parquet" else "csv",
            columns=tuple(self.model.columns[c].name for c in self.table.shown_columns()),
        )
        self._pending.put("export", source.asks.ask(question, partial(self._take_export, path)))

    def _take_export(self, path: Path, answer: ExportAnswer | Problem) -> None:
        if isinstance(answer, Problem):
            self.messages.dismiss("export")
            self._complain(answer)
            return
        text = f"{counted(answer.rows, 'row is', 'rows are')} in {path}."
        if answer.left_out:
            text += f" A text file cannot hold: {', '.join(answer.left_out)}."
        self.messages.show_message(text, key="export")

    def choose_export(self) -> None:
        """Ask for a file and export to it."""
        dialog = QFileDialog(self.window(), "Export table", "", "CSV (*.csv);;Parquet (*.parquet)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.selectFile("table.csv")
        dialog.filterSelected.connect(partial(_follow_filter, dialog))
        dialog.fileSelected.connect(self._on_file)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _on_file(self, path: str) -> None:
        self.export_to(Path(path))

    # -- images

    def _on_activated(self, index: QModelIndex) -> None:
        if index.isValid() and self.model.columns[index.column()].kind == "image":
            self.open_image(index.row(), self.model.columns[index.column()].name)

    def open_image(self, row: int, column: str) -> None:
        """Show an image of a row in the image viewer."""
        if self.model.source is None:
            return
        if self._viewer is None:
            self._viewer = ImageDialog(self)
        self._viewer.show_image(self.model.source, column, row, self.model.sort_order)
        self._viewer.open_window()

    # -- menus

    def _show_menu(self, place: QPoint) -> None:
        index = self.table.indexAt(place)
        if not index.isValid():
            index = self.table.currentIndex()
        if index.isValid():
            self.menu(index.column(), index.row()).popup(self.table.viewport().mapToGlobal(place))

    def _show_header_menu(self, place: QPoint) -> None:
        number = self.table.header.logicalIndexAt(place)
        if number >= 0:
            self.menu(number).popup(self.table.header.mapToGlobal(place))

    def menu(self, number: int, row: int | None = None) -> QMenu:
        """Return what can be done with a column, and with a cell of it."""
        column = self.model.columns[number]
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def add(icon: str, text: str, call: Callable[[], object], keys: str = "") -> None:
            action = menu.addAction(look().icon(icon), text)
            action.triggered.connect(call)
            if keys:
                action.setShortcut(QKeySequence(keys))

        if row is not None:
            if column.kind == "image":
                add("mdi6.magnify-expand", "Open image", partial(self.open_image, row, column.name), "Return")
            add("mdi6.content-copy", "Copy", partial(self.copy), "Ctrl+C")
            add("mdi6.table-headers-eye", "Copy with column names", partial(self.copy, header=True))
        add("mdi6.form-textbox", "Copy column name", partial(QGuiApplication.clipboard().setText, column.name))
        menu.addSeparator()
        if column.sortable:
            add("mdi6.sort-ascending", "Sort rising", partial(self.sort_by, SortOrder(column=column.name)))
            add("mdi6.sort-descending", "Sort falling", partial(self.sort_by, SortOrder(column=column.name, descending=True)))
        if self.model.sort_order:
            add("mdi6.sort-variant-remove", "As stored", partial(self.sort_by, None))
        add("mdi6.filter-outline", "Filter …", partial(self._filter_column, number), "Ctrl+Shift+F")
        if any(f.column == column.name for f in self.model.filters):
            add("mdi6.filter-remove-outline", "Remove this filter", partial(self.set_filter, column.name, None))
        if self.model.filters:
            add("mdi6.filter-off-outline", "Clear all filters", self.clear_filters)
        add("mdi6.chart-histogram", "Statistics", partial(self.statistics_wanted.emit, column.name))
        menu.addSeparator()
        if len(self.table.shown_columns()) > 1:
            add("mdi6.eye-off-outline", "Hide column", partial(self.table.setColumnHidden, number, True))
        if len(self.table.shown_columns()) < len(self.model.columns):
            add("mdi6.eye-outline", "Show all columns", self.table.show_all_columns)
        add("mdi6.magnify", "Find …", self.show_find_bar, "Ctrl+F")
        add("mdi6.tray-arrow-down", "Export table …", self.choose_export)
        return menu


class _Cells(QTableView):
    """The rows and columns themselves.

    Args:
        model: The table.
        parent: The view.
    """

    opened = Signal(QModelIndex)
    """A cell was double-clicked, or Enter was pressed in it."""

    def __init__(self, model: TableModel, parent: TableView) -> None:
        super().__init__(parent)
        self.table_model = model
        self.doubleClicked.connect(self.opened)
        self.sized_for: Sequence[str] = ()
        self.header = TableHeader(Qt.Orientation.Horizontal, model, self)
        self.setHorizontalHeader(self.header)
        self.setVerticalHeader(TableHeader(Qt.Orientation.Vertical, model, self))
        self.header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.header.setDefaultSectionSize(DEFAULT_WIDTH)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.painter = TableCellPainter(model, self)
        self.setFont(self.painter.font)
        self.setModel(model)
        self.setAccessibleName("Cells")
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setTabKeyNavigation(False)  # Tab leaves the table; the arrow keys move in it
        self.verticalScrollBar().valueChanged.connect(self.look_around)
        self.horizontalScrollBar().valueChanged.connect(self.look_around)
        self.own_widths: set[int] = set()
        """The columns that the person made as wide as they are: those are not refitted."""
        self._fitting = False
        self.picture_side = 0
        self.header.sectionResized.connect(self._on_resized)
        self.header.sectionMoved.connect(self.look_around)

    def shown_columns(self) -> list[int]:
        """Return the columns that are not hidden, in the order in which they stand."""
        order = (self.header.logicalIndex(place) for place in range(self.header.count()))
        return [number for number in order if not self.header.isSectionHidden(number)]

    def show_all_columns(self) -> None:
        """Show those that were hidden."""
        for number in range(self.header.count()):
            self.setColumnHidden(number, False)

    def selected(self) -> tuple[list[tuple[int, int]], list[int]]:
        """Return the selection: ranges (first row, row behind the last), and columns as they stand. By ranges, never by cells."""
        ranges: list[tuple[int, int]] = []
        columns: set[int] = set()
        selection = self.selectionModel().selection().toList()
        for top, bottom, left, right in sorted((r.top(), r.bottom() + 1, r.left(), r.right()) for r in selection):
            columns.update(range(left, right + 1))
            if ranges and top <= ranges[-1][1]:
                ranges[-1] = (ranges[-1][0], max(bottom, ranges[-1][1]))
            else:
                ranges.append((top, bottom))
        return ranges, [c for c in self.shown_columns() if c in columns]

    def _on_resized(self, number: int, before: int, now: int) -> None:
        if not self._fitting and before and now:
            self.own_widths.add(number)
        self.look_around()

    def show_pictures(self, side: int) -> None:
        """Have pictures that tall, and their columns as wide as they are; 0: there are none."""
        if side == self.picture_side:
            return
        self.picture_side = side
        self.verticalHeader().setDefaultSectionSize(side + 8 if side else ROW_HEIGHT)
        if side:
            wanted = side * self.devicePixelRatioF()
            self.table_model.set_picture_size(next((s for s in PICTURE_SIZES if s >= wanted), PICTURE_SIZES[-1]))
        for number, column in enumerate(self.table_model.columns):
            if column.kind == "image":
                self.own_widths.discard(number)
                self.fit_column(number, 0)
        self.look_around()

    def fit_column(self, number: int, page_rows: int) -> None:
        """Give a column the width of its name and of the cells of a page, unless the person gave it one."""
        if number in self.own_widths:
            return
        column: ShownColumn = self.table_model.columns[number]
        width = self.header.natural_width(number)
        if column.kind == "image":
            width = max(width, self.picture_side + 2 * MARGIN)
        else:
            cells = self.table_model.column_cells(page_rows, number)
            width = max(width, self.painter.natural_width([c for c in cells if isinstance(c, str)]))
        self._fitting = True
        self.setColumnWidth(number, min(width, WIDEST))
        self._fitting = False

    def look_around(self) -> None:
        """Tell the model which cells are seen."""
        if not self.table_model.rows or not self.table_model.columns or not self.isVisible():
            return
        first = max(self.rowAt(0), 0)
        last = self.rowAt(self.viewport().height() - 1)
        left = max(self.header.visualIndexAt(0), 0)
        right = self.header.visualIndexAt(self.viewport().width() - 1)
        places = range(left, (right if right >= 0 else self.header.count() - 1) + 1)
        seen = [self.header.logicalIndex(p) for p in places]
        last = last if last >= 0 else self.table_model.rows - 1
        self.table_model.look_at(first, last, [c for c in seen if not self.header.isSectionHidden(c)])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens a cell."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More may be seen now."""
        super().resizeEvent(event)
        self.look_around()

    def showEvent(self, event: Any) -> None:
        """Ask for what was not asked for while it was hidden."""
        super().showEvent(event)
        self.look_around()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells, or that there are none."""
        painter = QPainter(self.viewport())
        painter.setFont(self.painter.font)
        if self.table_model.rows:
            self._paint_cells(painter, event.rect())
        elif self.table_model.columns:
            painter.setPen(QColor(look().colors.muted))
            said = "No row passes the filters." if self.table_model.filters else "The table has no rows."
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, said)
        painter.end()

    def _paint_cells(self, painter: QPainter, part: QRect) -> None:
        """Paint the cells in a part of the viewport: Qt's own loop and style would take three times as long."""
        header, selection, model = self.header, self.selectionModel(), self.table_model
        first, last = self.rowAt(part.top()), self.rowAt(part.bottom())
        left, right = header.visualIndexAt(part.left()), header.visualIndexAt(part.right())
        places = range(max(left, 0), (right if right >= 0 else header.count() - 1) + 1)
        shown = [c for c in map(header.logicalIndex, places) if not header.isSectionHidden(c)]
        columns = [(c, self.columnViewportPosition(c), self.columnWidth(c)) for c in shown]
        width = min(header.length() - header.offset(), self.viewport().width())
        has_selection = selection.hasSelection()
        for row in range(max(first, 0), (last if last >= 0 else model.rows - 1) + 1):
            top, height = self.rowViewportPosition(row), self.rowHeight(row)
            for column, start, across in columns:
                selected = has_selection and selection.isSelected(model.index(row, column))
                self.painter.paint(painter, (row, column), (start, top, across, height), selected=selected)
            painter.fillRect(0, top + height - 1, width, 1, self.painter.line)
        if self.hasFocus() and self.currentIndex().isValid():
            self.painter.paint_focus(painter, self.visualRect(self.currentIndex()))

    def changeEvent(self, event: QEvent) -> None:
        """Measure widths anew in another font or style."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self.viewport().update()


def _follow_filter(dialog: QFileDialog, chosen: str) -> None:
    """Give a file's name without an ending that of the chosen kind."""
    dialog.setDefaultSuffix("parquet" if "parquet" in chosen else "csv")
