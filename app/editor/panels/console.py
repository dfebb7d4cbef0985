"""The console: what nodes and the program say, line by line. Cheap at a thousand lines a second.

Lines are collected and shown ten times a second; only those on the screen are ever painted.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QAbstractListModel, QModelIndex, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.editor.config.widgets import QuietComboBox
from app.editor.look import interface_font, look
from app.editor.panels.rows import Index, SearchField
from app.editor.visible_text import plain_tip

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")
KEPT = 20_000
"""Lines that are kept; older ones go."""
_EVERY_MS = 100
_LINE_HEIGHT = 21
_LINE = int(Qt.ItemDataRole.UserRole) + 1


@dataclass(frozen=True, slots=True)
class LogLine:
    """One message.

    Attributes:
        message: What is said.
        level: How serious it is.
        node: The id of the node that says it; empty: the program.
        title: What the person calls that node.
        time: When, in seconds since 1970.
    """

    message: str
    level: Level = "info"
    node: str = ""
    title: str = ""
    time: float = 0.0

    @property
    def clock(self) -> str:
        """The time of day."""
        return time.strftime("%H:%M:%S", time.localtime(self.time))

    def __str__(self) -> str:
        return f"{self.clock}  {self.level:7}  {self.title + ': ' if self.title else ''}{self.message}"


class Console(QWidget):
    """The dock of messages.

    Args:
        kept: How many lines are kept.
    """

    node_requested = Signal(str)
    """A line was double-clicked that this node said."""

    def __init__(self, kept: int = KEPT, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAccessibleName("Console")
        self._kept = kept
        self._lines: list[LogLine] = []
        self._waiting: list[LogLine] = []
        self._titles: dict[str, str] = {}
        self._model = _Lines(self)
        self.view = _LinesView(self._model, self)
        self.view.doubleClicked.connect(self._on_double_clicked)
        self.field = SearchField("Filter messages")
        self.nodes = QuietComboBox()
        self.nodes.setAccessibleName("Node whose messages are shown")
        self.nodes.addItem("All nodes", None)
        self.levels = QuietComboBox()
        self.levels.setAccessibleName("Least level of the messages shown")
        for text, level in (
            ("Everything", "debug"),
            ("Messages", "info"),
            ("Warnings and errors", "warning"),
            ("Errors", "error"),
        ):
            self.levels.addItem(text, level)
        self.levels.setCurrentIndex(1)
        for part in (self.field, self.nodes, self.levels):
            part.setMinimumWidth(72)  # cut off rather than keeping the window wide
        self._buttons = {
            "mdi6.content-copy": self._button("Copy all that is shown", self.copy),
            "mdi6.content-save-outline": self._button("Save all that is shown …", self._ask_and_save),
            "mdi6.delete-sweep-outline": self._button("Clear", self.clear),
        }
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.field, 3)
        top.addWidget(self.nodes, 2)
        top.addWidget(self.levels, 2)
        for button in self._buttons.values():
            top.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self.view, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.flush)
        self.field.textChanged.connect(self._filter)
        self.nodes.currentIndexChanged.connect(self._filter)
        self.levels.currentIndexChanged.connect(self._filter)
        look().changed.connect(self._redraw)
        self._redraw()

    def add(self, line: LogLine) -> None:
        """Add a message; one of several lines becomes several. It is seen within a tenth of a second."""
        parts = line.message.splitlines() or [""]
        self._waiting += [line] if len(parts) == 1 else [LogLine(p, line.level, line.node, line.title, line.time) for p in parts]
        if not self._timer.isActive():
            self._timer.start()

    def flush(self) -> None:
        """Show what came in since the last time."""
        self._timer.stop()
        new, self._waiting = self._waiting[-self._kept :], []
        for line in new:
            if line.node and line.node not in self._titles:
                self.nodes.addItem(line.title or line.node, line.node)
                self._titles[line.node] = line.title
        before = len(self._lines)
        self._lines += new
        if len(self._lines) > self._kept:
            gone = len(self._lines) - self._kept + self._kept // 10  # some more, so that it is not done for every line
            self.view.drop(sum(self._fits(line) for line in self._lines[: min(gone, before)]))
            self._lines = self._lines[gone:]
            new = new[-len(self._lines) :]
        self.view.append([line for line in new if self._fits(line)])

    def clear(self) -> None:
        """Forget all lines."""
        self._lines, self._waiting, self._titles = [], [], {}
        while self.nodes.count() > 1:
            self.nodes.removeItem(1)
        self._model.set_lines([])

    def show_node(self, node: str | None) -> None:
        """Show only what this node said; None: what all said. A node that said nothing yet is ignored."""
        self.nodes.setCurrentIndex(max(self.nodes.findData(node), 0))

    def text(self) -> str:
        """Return all lines that are shown, as text."""
        return "".join(f"{line}\n" for line in self._model.lines)

    def copy(self) -> None:
        """Put the selected lines, or else all that are shown, on the clipboard."""
        chosen = sorted(index.row() for index in self.view.selectedIndexes())
        lines = [self._model.lines[row] for row in chosen] or self._model.lines
        QGuiApplication.clipboard().setText("\n".join(map(str, lines)))

    def save(self, path: Path) -> None:
        """Write all lines that are shown into a text file; OSError if that fails."""
        path.write_text(self.text(), encoding="utf-8")

    def _ask_and_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the messages", "layerloom.log", "Text (*.log *.txt)")
        if not name:
            return
        try:
            self.save(Path(name))
        except OSError as error:
            self.add(LogLine(f"{name} cannot be written: {error.strerror}. Save it somewhere else.", "error", time=time.time()))

    def _fits(self, line: LogLine) -> bool:
        node, level = self.nodes.currentData(), self.levels.currentData()
        text = self.field.text().strip().casefold()
        return (
            (node is None or line.node == node)
            and (line.level not in LEVELS or LEVELS.index(line.level) >= LEVELS.index(level))
            and (not text or text in line.message.casefold() or text in line.title.casefold())
        )

    def _filter(self) -> None:
        self._model.set_lines([line for line in self._lines if self._fits(line)])
        self.view.scrollToBottom()

    def _on_double_clicked(self, index: QModelIndex) -> None:
        node = index.data(_LINE).node
        if node:
            self.node_requested.emit(node)

    def _button(self, tip: str, call: Any) -> QToolButton:
        button = QToolButton()
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(call)
        return button

    def _redraw(self) -> None:
        for icon, button in self._buttons.items():
            button.setIcon(look().icon(icon, look().colors.muted))
        self.view.viewport().update()


class _Lines(QAbstractListModel):
    """The lines that are shown."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.lines: list[LogLine] = []

    def set_lines(self, lines: list[LogLine]) -> None:
        self.beginResetModel()
        self.lines = lines
        self.endResetModel()

    def append(self, lines: Sequence[LogLine]) -> None:
        self.beginInsertRows(QModelIndex(), len(self.lines), len(self.lines) + len(lines) - 1)
        self.lines += lines
        self.endInsertRows()

    def drop(self, count: int) -> None:
        self.beginRemoveRows(QModelIndex(), 0, count - 1)
        del self.lines[:count]
        self.endRemoveRows()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        line = self.lines[index.row()]
        if role == _LINE:
            return line
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return str(line)
        return plain_tip(line.message) if role == Qt.ItemDataRole.ToolTipRole and len(line.message) > 80 else None


class _LinesView(QTableView):
    """Follows the end, unless the person has scrolled up to read.

    A table of one column: a QListView lays all its lines out anew whenever one comes.
    """

    def __init__(self, model: _Lines, console: Console) -> None:
        super().__init__(console)
        self.setAccessibleName("Messages")
        self._lines = model
        self._console = console
        self.setModel(model)
        self.setItemDelegate(_LineDelegate(self))
        self.setShowGrid(False)
        self.horizontalHeader().hide()
        self.horizontalHeader().setStretchLastSection(True)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(_LINE_HEIGHT)
        self.verticalHeader().setDefaultSectionSize(_LINE_HEIGHT)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QTableView.Shape.NoFrame)

    def append(self, lines: Sequence[LogLine]) -> None:
        """Add lines at the end; the end stays in sight if it was."""
        if not lines:
            return
        bar = self.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - _LINE_HEIGHT // 2
        self._lines.append(lines)
        self.updateGeometries()  # Qt would do it later, and until then the end would be where it was
        if at_end:
            self.scrollToBottom()

    def drop(self, count: int) -> None:
        """Remove the first lines; what is in sight stays where it is."""
        count = min(count, len(self._lines.lines))
        if not count:
            return
        value = self.verticalScrollBar().value()
        self._lines.drop(count)
        self.updateGeometries()
        self.verticalScrollBar().setValue(value - count * _LINE_HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies whole lines."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self._console.copy()
        else:
            super().keyPressEvent(event)


class _LineDelegate(QStyledItemDelegate):
    """Time, level, node, message."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, _LINE_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line: LogLine = index.data(_LINE)
        colors = look().colors
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(colors.selection))
        font = interface_font(12)
        painter.setFont(font)
        area = QRect(option.rect.adjusted(6, 0, -6, 0))
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine)
        painter.setPen(QColor(colors.muted))
        painter.drawText(area, flags, line.clock)
        area.setLeft(area.left() + 62)
        tones = {"debug": colors.muted, "info": colors.text, "warning": colors.caution, "error": colors.wrong}
        if line.level in ("warning", "error"):
            name = "mdi6.alert" if line.level == "warning" else "mdi6.close-circle"
            look().icon(name, tones[line.level]).paint(painter, QRect(area.left(), area.center().y() - 6, 13, 13))
        area.setLeft(area.left() + 20)
        metrics = QFontMetrics(font)
        if line.title:
            title = metrics.elidedText(line.title, Qt.TextElideMode.ElideRight, max(area.width() // 4, 60))
            painter.drawText(area, flags, title)
            area.setLeft(area.left() + metrics.horizontalAdvance(title) + 10)
        painter.setPen(QColor(colors.muted if line.level == "debug" else colors.text))
        painter.drawText(area, flags, metrics.elidedText(line.message, Qt.TextElideMode.ElideRight, area.width()))
        painter.restore()
