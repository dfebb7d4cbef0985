"""Figures of every column of a table, one column a row: how it is distributed, what is missing, the usual numbers.

They are asked for column by column, those in sight first, and fill in as they come.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QImage, QKeySequence, QPainter, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from app.document.problems import Problem
from app.editor.asking import Asks, OnReply, Ticket
from app.editor.colors import mixed
from app.editor.locale import date_text
from app.editor.look import look
from app.editor.panels.message_bar import MessageBar
from app.editor.plain_label import PlainLabel
from app.editor.views.exporting import Export, ExportButton, Exports
from app.editor.views.pages import PageLoader, PendingRequests
from app.editor.views.pixels import draw_picture, pictures
from app.editor.views.result_source import ResultSource
from app.editor.views.table_model import Index
from app.editor.views.table_painting import LEFT, MARGIN, RIGHT, figures_font
from app.engine.inspection.cells import shape_text
from app.engine.messages.tables import (
    ColumnStatistics,
    ShownColumn,
    StatisticsAnswer,
    StatisticsQuestion,
    TableAnswer,
    TableQuestion,
)
from nodes.wording import counted, grouped, neutral_numerals, number_text, percent

ROW_HEIGHT = 60
KEPT = 20_000
IN_ADVANCE = 50
"""So many columns that are not in sight are asked for too."""
HEADINGS = ("Column", "Distribution", "Missing", "Distinct", "Min", "Mean", "Median", "Max", "Std. dev.", "Most frequent")
WIDTHS = (170, 200, 96, 84, 106, 106, 106, 106, 106, 260)
NAME, DISTRIBUTION, FREQUENT = 0, 1, 9


@dataclass(frozen=True)
class HistogramBar:
    """A bar of a distribution: what it stands for, and how many cells there are of it."""

    text: str
    count: int


@dataclass(frozen=True)
class _StatisticsRow:
    """What is known of a column."""

    texts: Sequence[str]
    plain: Sequence[str]
    """The same for files and the clipboard, where numbers are written neutrally."""
    bars: Sequence[HistogramBar]
    image: QImage | None = None


class _ColumnStatisticsModel(QAbstractTableModel):
    """A row of figures for each column of a table."""

    failed = Signal(Problem)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.columns: list[ShownColumn] = []
        self.rows = 0
        self._source: ResultSource | None = None
        self._pages = PageLoader[int, _StatisticsRow, StatisticsAnswer](
            self, self._ask, self._read, self._take, self.failed.emit, KEPT
        )

    def show(self, source: ResultSource | None, columns: list[ShownColumn], rows: int) -> None:
        """Show the columns of a table."""
        self.beginResetModel()
        self._pages.forget()
        self._source, self.columns, self.rows = source, columns, rows
        self.endResetModel()

    def look_at(self, first: int, last: int) -> None:
        """Say which columns are in sight."""
        seen = range(max(first, 0), min(last + 1, len(self.columns)))
        self._pages.want([*seen, *range(seen.stop, min(seen.stop + IN_ADVANCE, len(self.columns)))])

    def figures(self, number: int) -> _StatisticsRow | None:
        """Return what is known of a column, once it has come."""
        return self._pages.get(number)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of columns of the table."""
        return 0 if parent.isValid() else len(self.columns)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of figures."""
        return 0 if parent.isValid() else len(HEADINGS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a figure as text."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        column, figures = self.columns[index.row()], self.figures(index.row())
        if index.column() == NAME:
            return column.name if role == Qt.ItemDataRole.DisplayRole else f"{column.name}, {column.dtype}"
        if figures is None:
            return None
        if index.column() == DISTRIBUTION:
            return "; ".join(f"{bar.text}: {grouped(bar.count)}" for bar in figures.bars)
        return figures.texts[index.column()]

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what the figures are."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(HEADINGS):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if section in (NAME, DISTRIBUTION, FREQUENT) else RIGHT
        return HEADINGS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def as_rows(self) -> list[list[str]]:
        """Return everything that has come, with headings, without the distributions."""
        kept = [n for n in range(len(HEADINGS)) if n != DISTRIBUTION]
        rows = [["Column", "Type", *(HEADINGS[n] for n in kept[1:])]]
        for number, column in enumerate(self.columns):
            figures = self.figures(number)
            rows.append([column.name, column.dtype, *((figures.plain[n] if figures else "") for n in kept[1:])])
        return rows

    def _ask(self, number: int, on_reply: OnReply[StatisticsAnswer]) -> Ticket:
        source = self._source
        assert source is not None
        columns = (self.columns[number].name,)
        question = StatisticsQuestion(document=source.document, node=source.node, port=source.port, columns=columns)
        return source.asks.ask(question, on_reply)

    def _read(self, number: int, answer: StatisticsAnswer) -> _StatisticsRow:
        found = answer.columns[0]
        image = pictures(found.image, answer.payload)[0] if found.image else None
        with neutral_numerals():
            plain = _texts(found, self.rows)
        return _StatisticsRow(_texts(found, self.rows), plain, _bars(found), image)

    def _take(self, number: int) -> None:
        self.dataChanged.emit(self.index(number, 0), self.index(number, len(HEADINGS) - 1), [])


class _StatisticsDelegate(QStyledItemDelegate):
    """Paints figures and distributions."""

    def __init__(self, model: _ColumnStatisticsModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Paint one figure."""
        colors = look().colors
        rect = cast(QRect, option.rect)
        state = cast(QStyle.StateFlag, option.state)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(colors.selection))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(mixed(colors.line, colors.panel, 0.6)))
        figures = self._model.figures(index.row())
        inner = rect.adjusted(MARGIN, 0, -MARGIN, -1)
        if index.column() == NAME:
            self._paint_name(painter, inner, self._model.columns[index.row()])
        elif figures is None:
            middle = QRect(inner.left(), inner.center().y() - 4, inner.width() * 2 // 3, 8)
            painter.fillRect(middle, QColor(colors.raised))
        elif index.column() == DISTRIBUTION:
            self._paint_distribution(painter, rect.adjusted(MARGIN, 9, -MARGIN, -9), figures)
        else:
            font = figures_font()
            text = figures.texts[index.column()]
            painter.setFont(font)
            is_quiet = index.column() == FREQUENT or text.startswith("0 ")
            painter.setPen(QColor(colors.muted if is_quiet or text == "0" else colors.text))
            side = LEFT if index.column() == FREQUENT else RIGHT
            painter.drawText(inner, side, QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, inner.width()))

    def _paint_name(self, painter: QPainter, inner: QRect, column: ShownColumn) -> None:
        colors = look().colors
        half = inner.height() // 2
        for font, color, text, top, side in (
            (figures_font(bold=True), colors.text, column.name, inner.top(), Qt.AlignmentFlag.AlignBottom),
            (figures_font(11), colors.muted, column.dtype, inner.top() + half + 1, Qt.AlignmentFlag.AlignTop),
        ):
            painter.setFont(font)
            painter.setPen(QColor(color))
            line = " ".join(text.split()) or "(no name)"
            shown = QFontMetrics(font).elidedText(line, Qt.TextElideMode.ElideMiddle, inner.width())
            painter.drawText(QRect(inner.left(), top, inner.width(), half), Qt.AlignmentFlag.AlignLeft | side, shown)

    def _paint_distribution(self, painter: QPainter, room: QRect, figures: _StatisticsRow) -> None:
        colors = look().colors
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if figures.image is not None:
            draw_picture(
                painter, figures.image, QRect(room.left(), room.top(), room.height(), room.height()), 4, dark=colors.dark
            )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(mixed(colors.accent, colors.panel, 0.75)))
        for place, _ in _placed(room, figures):
            painter.drawRect(place)
        painter.restore()

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> bool:
        """Show what the bar under the mouse stands for, or the whole text of a figure."""
        figures = self._model.figures(index.row()) if index.isValid() else None
        if figures is None:
            return False
        if index.column() == DISTRIBUTION:
            room = cast(QRect, option.rect).adjusted(MARGIN, 9, -MARGIN, -9)
            text = next(
                (f"{b.text}: {grouped(b.count)}" for place, b in _placed(room, figures) if _is_over(place, event.pos())), ""
            )
        else:
            text = figures.texts[index.column()] if index.column() != NAME else self._model.columns[index.row()].name
        QToolTip.showText(event.globalPos(), text, view)
        return True


class StatisticsView(QWidget):
    """Figures of all columns of the table at one output of one node.

    Args:
        asks: Who answers questions about results.
        document_id: The document that the nodes belong to.
        parent: The window's part that shows it.
    """

    def __init__(self, asks: Asks, document_id: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asks, self._document = asks, document_id
        self._pending = PendingRequests(self)
        self._source: ResultSource | None = None
        self._wanted = ""
        self.model = _ColumnStatisticsModel(self)
        self.table = _StatisticsTable(self.model, self)
        self.messages = MessageBar(self)
        self.said = PlainLabel()
        self.said.setProperty("role", "muted")
        self.save = ExportButton(self._exports, self)
        bar = QHBoxLayout()
        bar.setContentsMargins(14, 6, 10, 4)
        bar.addWidget(self.said, 1)
        bar.addWidget(self.save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.messages)
        layout.addLayout(bar)
        layout.addWidget(self.table, 1)
        self.setAccessibleName("Statistics")
        self.setFocusProxy(self.table)
        self.model.failed.connect(self._complain)
        look().changed.connect(self.table.viewport().update)
        QShortcut(
            QKeySequence(QKeySequence.StandardKey.Copy),
            self,
            self.save.copy_text,
            context=Qt.ShortcutContext.WidgetWithChildrenShortcut,
        )

    def show_output(self, node_id: str, port: str, key: str) -> None:
        """Show the figures of an output."""
        source = ResultSource(self._asks, self._document, node_id, port, key)
        if source != self._source:
            self._source = source
            self.messages.dismiss()
            question = TableQuestion(document=self._document, node=node_id, port=port)
            self._pending.put("open", self._asks.ask(question, self._take))

    def show_column(self, name: str) -> None:
        """Bring a column's figures into sight, now or once they are there."""
        self._wanted = name
        names = [c.name for c in self.model.columns]
        if name in names and not self._pending.is_waiting("open"):
            self.table.setCurrentIndex(self.model.index(names.index(name), 0))
            self._wanted = ""

    def clear(self) -> None:
        """Show nothing."""
        self._pending.drop_all()
        self._source = None
        self.said.clear()
        self.model.show(None, [], 0)

    def _take(self, answer: TableAnswer | Problem) -> None:
        if isinstance(answer, Problem):
            self.clear()
            self._complain(answer)
            return
        columns, rows = answer.columns, answer.rows
        self.model.show(self._source, list(columns), rows)
        self.said.setText(f"{counted(rows, 'row')} · {counted(len(columns), 'column')}")
        self.table.look_around()
        if self._wanted:
            self.show_column(self._wanted)

    def _complain(self, problem: Problem) -> None:
        self.messages.show_message(f"{problem.message} {problem.remedy}".strip(), severity="error")

    def _exports(self) -> Exports | None:
        if not self.model.columns:
            return None
        rows = self.model.as_rows()
        return Exports("statistics", [Export("CSV", lambda: _joined(rows, ",").encode())], text=lambda: _joined(rows, "\t"))


class _StatisticsTable(QTableView):
    """The rows of figures."""

    def __init__(self, model: _ColumnStatisticsModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self.setModel(model)
        self.setItemDelegate(_StatisticsDelegate(model, self))
        self.setAccessibleName("Figures")
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.horizontalHeader().setHighlightSections(False)
        for number, width in enumerate(WIDTHS):
            self.setColumnWidth(number, width)
        self.verticalScrollBar().valueChanged.connect(self.look_around)

    def look_around(self) -> None:
        """Tell the model what is in sight."""
        if self.isVisible() and self._model.columns:
            last = self.rowAt(self.viewport().height() - 1)
            self._model.look_at(self.rowAt(0), last if last >= 0 else len(self._model.columns) - 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More may be in sight now."""
        super().resizeEvent(event)
        self.look_around()

    def showEvent(self, event: Any) -> None:
        """Ask for what was not asked for while it was hidden."""
        super().showEvent(event)
        self.look_around()


# ---------------------------------------------------------------------------------------------------------- from answers


def _texts(found: ColumnStatistics, rows: int) -> list[str]:
    """Return the figures of a column, in the order of `HEADINGS`."""
    missing, share = found.missing, found.missing / rows if rows else 0
    lacking = grouped(missing) + (f"  {percent(share, 0 if share >= 0.1 else 1)}" if missing else "")
    if found.nan:
        lacking += f" + {grouped(found.nan)} NaN"
    values = [f"{text} ({grouped(count)})" for text, count in sorted(found.values, key=lambda v: -v[1])[:3]]
    if found.lengths is not None:
        least, most = found.lengths
        values.append(f"{grouped(least)} to {grouped(most or 0)} items" if least is not None else "")
    if found.sampled:
        values.append(f"judged by {counted(found.sampled, 'row')}")
    if found.shape is not None:
        values.insert(0, shape_text(found.shape))
    return [
        found.name,
        "",
        lacking,
        "" if found.distinct is None else ("≈ " if found.distinct_estimated else "") + grouped(found.distinct),
        *(_figure(value) for value in (found.min, found.mean, found.median, found.max, found.std)),
        ", ".join(values),
    ]


def _figure(value: float | str | None) -> str:
    """Return a number, or a time, as the person writes it."""
    return date_text(value) if isinstance(value, str) else number_text(value)


def _bars(found: ColumnStatistics) -> list[HistogramBar]:
    if found.histogram is None:
        return [HistogramBar(text, count) for text, count in found.values]
    edges, counts = found.histogram.edges, found.histogram.counts
    if found.kind == "integer" and all(b - a == 1 for a, b in pairwise(edges)):
        return [HistogramBar(number_text(edge + 0.5), count) for edge, count in zip(edges, counts, strict=False)]
    texts = [date_text(text) for text in found.histogram.texts or ()] or [number_text(edge) for edge in edges]
    return [HistogramBar(f"{a} … {b}", count) for (a, b), count in zip(pairwise(texts), counts, strict=False)]


def _placed(room: QRect, figures: _StatisticsRow) -> list[tuple[QRectF, HistogramBar]]:
    """Return where each bar stands; the highest takes the whole height."""
    if not figures.bars:
        return []
    left = room.left() + (room.height() + 8 if figures.image is not None else 0)
    step = min((room.right() - left) / len(figures.bars), 24)
    gap = 1 if step > 3 else 0
    most = max(bar.count for bar in figures.bars) or 1
    placed = []
    for number, bar in enumerate(figures.bars):
        height = max(room.height() * bar.count / most, 1.5 if bar.count else 0)
        placed.append((QRectF(left + number * step, room.bottom() - height, step - gap, height), bar))
    return placed


def _is_over(place: QRectF, point: QPoint) -> bool:
    return place.left() <= point.x() <= place.right() + 1


def _joined(rows: Sequence[Sequence[str]], separator: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    return text.getvalue()
