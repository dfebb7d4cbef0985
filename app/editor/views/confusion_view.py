"""ConfusionView: a Scorer's confusion matrix. Every cell opens the images, or rows, that were counted in it.

A table of Qt, so that keyboard and screen readers go through it; shaded like the drawing of the same figure.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QSplitter,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.document.problems import Problem
from app.editor.asking import Asks
from app.editor.colors import mixed
from app.editor.look import interface_font, look
from app.editor.plain_label import PlainLabel
from app.editor.views.drill_down import DrillDown
from app.editor.views.elided import ElidedLabel
from app.editor.views.exporting import ExportButton, Exports
from app.editor.views.figure_view import FigureRequest, figure_exports
from app.editor.views.pages import PendingRequests
from app.editor.visible_text import plain_tip
from app.engine.messages.figures import ConfusionAnswer, ConfusionQuestion
from nodes.values.figure import HeatMapFigure
from nodes.wording import NARROW, grouped, percent

WRONG_SHADE = "#E69F00"
RIGHT_SHADE = "#2F6FDE"
"""The strongest shades, as `app.drawing` has them: dark enough for white type."""
CELL, ROW = (25, 86), (12, 38)
"""Least and greatest width and height of a cell, in device-independent pixels."""
BESIDE = 220
"""The least width of the figures beside the matrix; where the matrix leaves less, one of the two is seen at a time."""
AnyIndex = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()


@dataclass(frozen=True)
class Confusion:
    """A Scorer's result.

    Attributes:
        classes: In the order of the matrix.
        counts: Row by row: a row per actual class, a column per predicted one.
        statistics: Per class: its measures by name; None where not defined.
        overall: Accuracy, error, kappa, correct, wrong; None where not defined.
        rows_known: Whether the rows behind a cell can be found.
    """

    classes: Sequence[str]
    counts: Sequence[int]
    statistics: Sequence[Mapping[str, Any]] = ()
    overall: Mapping[str, float | None] = field(default_factory=dict)
    rows_known: bool = False

    @classmethod
    def from_answer(cls, answer: ConfusionAnswer) -> Confusion:
        """Read the engine's answer."""
        counts = array("q")
        counts.frombytes(answer.payload)
        return cls(answer.classes, counts, answer.statistics, answer.overall, answer.rows_known)

    def count(self, actual: int, predicted: int) -> int:
        """Return how often this actual class was predicted as that one."""
        return self.counts[actual * len(self.classes) + predicted]

    def row_total(self, actual: int) -> int:
        """Return how many rows are of this class."""
        n = len(self.classes)
        return sum(self.counts[actual * n : (actual + 1) * n])

    def column_total(self, predicted: int) -> int:
        """Return how many rows were predicted as this class."""
        return sum(self.counts[predicted :: len(self.classes)])

    def figure(self) -> HeatMapFigure:
        """Return it as a drawing."""
        n = len(self.classes)
        values = [[float(v) for v in self.counts[i * n : (i + 1) * n]] for i in range(n)]
        return HeatMapFigure("Confusion matrix", values, self.classes, self.classes, "Actual class", "Predicted class")


class ConfusionModel(QAbstractTableModel):
    """The matrix, with totals and recall beside it, totals and precision below it."""

    def __init__(self, confusion: Confusion) -> None:
        super().__init__()
        self.confusion = confusion
        self.percent = False
        self._row_totals = [confusion.row_total(i) for i in range(len(confusion.classes))]
        self._column_totals = [confusion.column_total(i) for i in range(len(confusion.classes))]

    @property
    def size(self) -> int:
        """How many classes there are."""
        return len(self.confusion.classes)

    def rowCount(self, parent: AnyIndex = _NO_INDEX) -> int:
        """Return the classes, totals, precision."""
        return 0 if parent.isValid() else self.size + 2

    def columnCount(self, parent: AnyIndex = _NO_INDEX) -> int:
        """Return the classes, totals, recall."""
        return 0 if parent.isValid() else self.size + 2

    def show_percent(self, on: bool) -> None:
        """Show shares of the row instead of counts."""
        self.percent = on
        self.dataChanged.emit(self.index(0, 0), self.index(self.size - 1, self.size - 1), [])

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what is shown, said and aligned."""
        row, column = index.row(), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self.sentence(row, column))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.sentence(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignCenter
        return None

    def text(self, row: int, column: int) -> str:
        """Return a cell as it is shown; empty where nothing was counted off the diagonal."""
        n = self.size
        if row < n and column < n:
            count = self.confusion.count(row, column)
            if not count and row != column:
                return ""
            return _bare(self.share(row, column)) if self.percent else grouped(count)
        if row >= n and column >= n:
            return grouped(sum(self._row_totals)) if (row, column) == (n, n) else ""
        if row < n:
            return grouped(self._row_totals[row]) if column == n else _bare(self._measure(row, self._row_totals))
        return grouped(self._column_totals[column]) if row == n else _bare(self._measure(column, self._column_totals))

    def share(self, row: int, column: int) -> float:
        """Return a cell's share of its row."""
        return self.confusion.count(row, column) / (self._row_totals[row] or 1)

    def _measure(self, place: int, totals: Sequence[int]) -> float | None:
        return self.confusion.count(place, place) / totals[place] if totals[place] else None

    def sentence(self, row: int, column: int) -> str:
        """Return a cell in words."""
        n, names = self.size, self.confusion.classes
        if row < n and column < n:
            said = "right" if row == column else f"taken for {names[column]}"
            part = percent(self.share(row, column))
            return f"{grouped(self.confusion.count(row, column))} of {names[row]} {said} ({part})"
        if row < n:
            what = "rows in all" if column == n else "recall: the share of its rows that was found"
            return f"{names[row]}: {self.text(row, column)}{f'{NARROW}%' * (column > n)} {what}"
        if column < n:
            what = "rows predicted" if row == n else "precision: the share of its predictions that is right"
            return f"{names[column]}: {self.text(row, column)}{f'{NARROW}%' * (row > n)} {what}"
        return f"{self.text(row, column)} rows in all" if (row, column) == (n, n) else ""

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return names of the classes, and of what is beside them."""
        n, is_column = self.size, orientation is Qt.Orientation.Horizontal
        name = (
            self.confusion.classes[section] if section < n else ("total", "recall %" if is_column else "precision %")[section - n]
        )
        if role == Qt.ItemDataRole.DisplayRole:
            return name
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(f"{'Predicted' if is_column else 'Actual'}: {name}" if section < n else name)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignCenter if is_column else Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None


class _MatrixDelegate(QStyledItemDelegate):
    """Paints a cell in its shade."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Paint what is right in blue, what is wrong in orange, by its share of the row; totals without a shade."""
        model = index.model()
        assert isinstance(model, ConfusionModel)
        colors = look().colors
        row, column = index.row(), index.column()
        place: QRect = option.rect.adjusted(1, 1, -1, -1)
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_cell = row < model.size and column < model.size
        if is_cell:
            shade = shade_of(model.share(row, column), row == column, colors.panel)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(shade))
            painter.drawRoundedRect(place, 4, 4)
            text_color = "#FFFFFF" if _is_dark(shade) else "#1F2733"
        else:
            text_color = colors.muted if model.size in (row, column) else colors.text
        if state & QStyle.StateFlag.State_Selected or (is_cell and state & QStyle.StateFlag.State_MouseOver):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colors.accent if state & QStyle.StateFlag.State_Selected else colors.muted), 2))
            painter.drawRoundedRect(place, 4, 4)
        text = model.text(row, column)
        size = min(12, place.height())
        font = interface_font(size, bold=is_cell and row == column)
        painter.setFont(font)
        needed = painter.fontMetrics().horizontalAdvance(text)
        if needed > place.width() - 4 > 0:
            font.setPixelSize(max(7, int(size * (place.width() - 4) / needed)))
            painter.setFont(font)
        painter.setPen(QColor(text_color))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()


class _ClassNames(QHeaderView):
    """The names of the columns, slanted where they would not fit beside each other."""

    SINE = 0.71
    LONGEST = 110

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)

    def _names(self) -> list[str]:
        model = self.model()
        if not isinstance(model, ConfusionModel):
            return []
        return [str(model.headerData(i, Qt.Orientation.Horizontal)) for i in range(min(model.columnCount(), 200))]

    def longest(self) -> int:
        """Return the width of the longest name, within a limit: in a low view the matrix needs the room more."""
        return min(self.limit(), max(map(QFontMetrics(interface_font(12)).horizontalAdvance, self._names()), default=0))

    def limit(self) -> int:
        """Return how much of a name is shown at most: what the rows leave, in a low view."""
        table, model = self.parent(), self.model()
        if not isinstance(table, QWidget) or not isinstance(model, ConfusionModel):
            return self.LONGEST
        line = QFontMetrics(interface_font(12)).height() + 8
        left = int((table.height() - (model.size + 2) * ROW[0] - line) / self.SINE)
        return max(46, min(self.LONGEST, max(table.height() // 4, left) if left < self.LONGEST else left))

    def slanted(self) -> bool:
        """Return whether the names are slanted now."""
        return self.longest() + 6 > self.defaultSectionSize()

    def sizeHint(self) -> QSize:
        """Return as much height as the names need."""
        height = QFontMetrics(interface_font(12)).height()
        return QSize(60, round(self.longest() * self.SINE) + height + 2 if self.slanted() else height + 8)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803 - Qt's name
        """Paint one name."""
        model = self.model()
        name = str(model.headerData(logicalIndex, Qt.Orientation.Horizontal))
        painter.save()
        painter.setFont(interface_font(12))
        painter.setPen(QColor(look().colors.muted))
        text = QFontMetrics(interface_font(12)).elidedText(name, Qt.TextElideMode.ElideRight, self.limit())
        if self.slanted():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(rect.center().x() + 2, rect.bottom() - 3)
            painter.rotate(-45)
            painter.drawText(0, 0, text)
        else:
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()


class _RowNames(QHeaderView):
    """The names of the rows."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803 - Qt's name
        """Paint one name."""
        name = str(self.model().headerData(logicalIndex, Qt.Orientation.Vertical))
        painter.save()
        painter.setFont(interface_font(12))
        painter.setPen(QColor(look().colors.muted))
        room = rect.adjusted(4, 0, -7, 0)
        text = QFontMetrics(interface_font(12)).elidedText(name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


class MatrixTable(QTableView):
    """The matrix; a click, Enter or Space chooses a cell."""

    chosen = Signal(int, int)
    """Actual and predicted class of a cell; a total has -1 for 'any'."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("matrix")
        self.setAccessibleName("Confusion matrix: rows are actual, columns predicted classes")
        self.setItemDelegate(_MatrixDelegate(self))
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMinimumSize(200, 130)
        self.setHorizontalHeader(_ClassNames(self))
        self.setVerticalHeader(_RowNames(self))
        across, down = self.horizontalHeader(), self.verticalHeader()
        for header in (across, down):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setSectionsClickable(False)
            header.setHighlightSections(False)
        across.setMinimumSectionSize(20)
        down.setMinimumSectionSize(12)
        self.clicked.connect(self._choose)

    def _choose(self, index: QModelIndex) -> None:
        model = self.model()
        if isinstance(model, ConfusionModel) and min(index.row(), index.column()) < model.size:
            row, column = index.row(), index.column()
            if max(row, column) <= model.size:
                self.chosen.emit(row if row < model.size else -1, column if column < model.size else -1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space choose."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.currentIndex().isValid():
            self._choose(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give cells the room there is, within limits."""
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Give rows and columns their size."""
        model = self.model()
        if not isinstance(model, ConfusionModel):
            return
        metrics = QFontMetrics(interface_font(12))
        names = max((metrics.horizontalAdvance(name) for name in [*model.confusion.classes[:200], "precision"]), default=40)
        self.verticalHeader().setFixedWidth(min(names + 28, 150))
        count = model.size + 2
        across = self.horizontalHeader()
        across.setDefaultSectionSize(_within((self.width() - self.verticalHeader().width() - 28) // count, CELL))
        across.updateGeometry()
        self.updateGeometries()
        self.verticalHeader().setDefaultSectionSize(_within((self.height() - across.sizeHint().height() - 4) // count, ROW))


class ConfusionView(QWidget):
    """A Scorer's result: the matrix, what is behind its cells, and the figures of every class.

    Args:
        asks: Who is asked for it.
        document: The workflow, as the engine calls it.
        parent: The widget it is in.
    """

    opened = Signal(str, str)
    """The rows behind a cell are shown: actual and predicted class, empty for any."""

    def __init__(self, asks: Asks, document: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asks, self._document, self._node = asks, document, ""
        self._pending = PendingRequests(self)
        self.confusion: Confusion | None = None
        self.table = MatrixTable()
        self.table.chosen.connect(self._open)
        self.statistics = QTableView()
        self.behind = DrillDown(asks, document)
        self._headline = ElidedLabel()
        self._headline.setProperty("role", "heading")
        self._message = PlainLabel()
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._message.setProperty("role", "muted")
        self._counts, self._percent = _pill("Counts"), _pill("Percent of row")
        self._counts.setChecked(True)
        group = QButtonGroup(self)
        for button in (self._counts, self._percent):
            group.addButton(button)
        self._percent.toggled.connect(self._on_percent)
        self.figures_button = _pill("Per class")
        self.figures_button.setToolTip("Show the figures of every class in place of the matrix, or the matrix again")
        self.figures_button.toggled.connect(lambda _: self._share_width())
        self._narrow = False
        self.exports = ExportButton(self._exported, self)
        self._lay_out()
        look().changed.connect(self.table.viewport().update)
        self._show_message("Loading …")

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(14, 6, 10, 4)
        head.addWidget(self._headline, 1)
        for widget in (self._counts, self._percent, self.figures_button, self.exports):
            head.addWidget(widget)
        self.statistics.setAccessibleName("Figures per class")
        self.statistics.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.statistics.setShowGrid(False)
        self.statistics.verticalHeader().hide()
        self.statistics.verticalHeader().setDefaultSectionSize(25)
        self.statistics.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.statistics.setSortingEnabled(True)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.addTab(self.statistics, "Per class")
        self.tabs.addTab(self.behind, "Behind the cell")
        self.tabs.setMinimumWidth(BESIDE)
        self._body = QSplitter(Qt.Orientation.Horizontal)
        self._body.addWidget(self.table)
        self._body.addWidget(self.tabs)
        self._body.setStretchFactor(0, 3)
        self._body.setStretchFactor(1, 2)
        self._body.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._body, 1)
        layout.addWidget(self._message, 1)

    # -- what is shown

    def show_output(self, node: str, port: str = "confusion", key: str = "") -> None:
        """Show a Scorer's result."""
        self._node = node
        self._pending.drop_all()
        question = ConfusionQuestion(document=self._document, node=node, port=port)
        self._pending.put("look", self._asks.ask(question, self._on_answer))

    def _on_answer(self, answer: ConfusionAnswer | Problem) -> None:
        if isinstance(answer, Problem):
            self._show_message(f"{answer.message}\n{answer.remedy}")
        else:
            self.show_confusion(Confusion.from_answer(answer))

    def show_confusion(self, confusion: Confusion) -> None:
        """Show this matrix."""
        if not confusion.classes:
            self._show_message("Nothing was scored: the table was empty.")
            return
        self.confusion = confusion
        model = ConfusionModel(confusion)
        model.setParent(self.table)
        model.percent = self._percent.isChecked()
        before = self.table.model()
        self.table.setModel(model)
        if before is not None:
            before.deleteLater()
        self.table.fit()
        statistics = ClassMetricsModel(confusion)
        statistics.setParent(self.statistics)
        self.statistics.setModel(statistics)
        self.statistics.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self._headline.setText(_headline(confusion))
        self.behind.clear(confusion.rows_known)
        self._show_message("")
        self._share_width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give room to the matrix first, then to what is beside it."""
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        """Give the matrix what it needs, as far as the figures beside it keep their least; else show one of the two."""
        model = self.table.model()
        least = self.table.verticalHeader().width() + 28 + CELL[0] * (model.columnCount() if model is not None else 0)
        self._narrow = self.width() < least + BESIDE
        if not self._narrow:
            self.figures_button.setChecked(False)
        self.figures_button.setVisible(self._narrow and not self._body.isHidden())
        self.tabs.setHidden(self._narrow and not self.figures_button.isChecked())
        self.table.setHidden(self._narrow and self.figures_button.isChecked())
        if self._narrow:
            return
        needed = self.table.verticalHeader().width() + self.table.horizontalHeader().length() + 8
        rest = max(self.tabs.minimumWidth(), self.width() - needed)
        self._body.setSizes([max(self.width() - rest, 1), rest])

    def _show_message(self, text: str) -> None:
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self._body.setVisible(not text)
        for widget in (self._headline, self._counts, self._percent, self.exports):
            widget.setVisible(not text)
        self.figures_button.setVisible(self._narrow and not text)

    def _on_percent(self, on: bool) -> None:
        model = self.table.model()
        if isinstance(model, ConfusionModel):
            model.show_percent(on)

    def _open(self, actual: int, predicted: int) -> None:
        if self.confusion is None:
            return
        names = self.confusion.classes
        actual_name = names[actual] if actual >= 0 else None
        predicted_name = names[predicted] if predicted >= 0 else None
        self.behind.show_cell(self._node, actual_name, predicted_name)
        self.tabs.setCurrentWidget(self.behind)
        self.figures_button.setChecked(self._narrow)
        self.opened.emit(actual_name or "", predicted_name or "")

    def _exported(self) -> Exports | None:
        if self.confusion is None:
            return None
        return figure_exports(FigureRequest(self.confusion.figure(), 640, None, self.devicePixelRatioF(), look().colors.dark))


# ------------------------------------------------------------------------------------------------------ figures per class

MEASURES = (("precision", "Precision"), ("recall", "Recall"), ("F1", "F-measure"))


class ClassMetricsModel(QAbstractTableModel):
    """Precision, recall, F1 and support of every class; sortable."""

    def __init__(self, confusion: Confusion) -> None:
        super().__init__()
        self._rows: list[tuple[int, str, list[float]]] = []
        for i, row in enumerate(confusion.statistics):
            values = [math.nan if row[name] is None else float(row[name]) for _, name in MEASURES]
            self._rows.append((i, str(row["class"]), [*values, float(confusion.row_total(i))]))

    def rowCount(self, parent: AnyIndex = _NO_INDEX) -> int:
        """Return one per class."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = _NO_INDEX) -> int:
        """Return how many there are: class, measures, support."""
        return 0 if parent.isValid() else len(MEASURES) + 2

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what is shown."""
        _, name, values = self._rows[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            if column == 0:
                return name
            value = values[column - 1]
            return grouped(int(value)) if column > len(MEASURES) else "–" if math.isnan(value) else f"{value:.3f}"
        if role == Qt.ItemDataRole.TextAlignmentRole and column:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return names of the columns."""
        if orientation is Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return ("class", *(name for name, _ in MEASURES), "support")[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return (Qt.AlignmentFlag.AlignRight if section else Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort; the first column in the order of the matrix. What is not defined comes last."""
        descending = order is Qt.SortOrder.DescendingOrder
        self.layoutAboutToBeChanged.emit()
        if column <= 0:
            self._rows.sort(key=lambda row: row[0], reverse=descending)
        else:
            sign = -1 if descending else 1
            self._rows.sort(key=lambda row: math.inf if math.isnan(v := row[2][column - 1]) else sign * v)
        self.layoutChanged.emit()


# ----------------------------------------------------------------------------------------------------------------- tools


def shade_of(share: float, right: bool, panel: str) -> str:
    """Return the colour of a cell by its share of the row; mistakes by its square root, for few are more than some percent."""
    if right:
        return mixed(RIGHT_SHADE, panel, 0.08 + 0.82 * share)
    return mixed(WRONG_SHADE, panel, 0.04 + 0.8 * math.sqrt(share) if share else 0.0)


def _is_dark(shade: str) -> bool:
    """Return whether white type has a contrast of at least 3 : 1 on it (relative luminance as WCAG 2 defines it)."""
    parts = [int(shade[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05) >= 3


def _headline(confusion: Confusion) -> str:
    accuracy, kappa = confusion.overall.get("accuracy"), confusion.overall.get("kappa")
    parts = [f"accuracy {percent(accuracy)}" if accuracy is not None else ""]
    parts.append(f"Cohen's kappa {kappa:.3f}" if kappa is not None else "")
    parts.append(f"{grouped(int(confusion.overall.get('wrong') or 0))} of {grouped(sum(confusion.counts))} wrong")
    return " · ".join(part for part in parts if part)


def _pill(text: str) -> QPushButton:
    button = QPushButton(text)
    button.setCheckable(True)
    button.setProperty("role", "pill")
    return button


def _within(value: int, limits: tuple[int, int]) -> int:
    return max(limits[0], min(value, limits[1]))


def _bare(share: float | None) -> str:
    """Return a percentage without its sign, which is said beside."""
    return percent(share).removesuffix("%").rstrip()
