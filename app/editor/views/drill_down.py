"""The rows that were counted in a cell of a confusion matrix, as pictures, or as a table where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.document.problems import Problem
from app.editor.asking import Asks
from app.editor.look import interface_font, look
from app.editor.plain_label import PlainLabel
from app.editor.views.elided import ElidedLabel
from app.editor.views.pages import PendingRequests
from app.editor.views.pixels import draw_picture, pictures
from app.editor.visible_text import plain_tip
from app.engine.messages.figures import RowsBehindAnswer, RowsBehindQuestion

AT_ONCE = 120
"""So many rows are asked for at once."""
SIDE = 72
"""Of a picture, in device-independent pixels."""
AnyIndex = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()


class DrillDown(QWidget):
    """The rows behind a cell.

    Args:
        asks: Who is asked for them.
        document: The workflow, as the engine calls it.
        parent: The widget it is in.
    """

    def __init__(self, asks: Asks, document: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asks, self._document = asks, document
        self._cell: tuple[str, str | None, str | None] | None = None
        self._pending = PendingRequests(self)
        self._total = 0
        self._title = ElidedLabel()
        self._title.setProperty("role", "heading")
        self._more = QPushButton("Show more")
        self._more.setProperty("role", "plain")
        self._more.clicked.connect(self._ask)
        self._message = PlainLabel()
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._message.setProperty("role", "muted")
        self.images = QListWidget()
        self.images.setAccessibleName("Images behind the cell")
        self.images.setViewMode(QListView.ViewMode.IconMode)
        self.images.setResizeMode(QListView.ResizeMode.Adjust)
        self.images.setMovement(QListView.Movement.Static)
        self.images.setUniformItemSizes(True)
        self.images.setItemDelegate(_ImageDelegate(self.images))
        self.images.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.rows = QTableView()
        self.rows.setAccessibleName("Rows behind the cell")
        self.rows.setModel(_RowTextsModel(self.rows))
        self._stack = QStackedWidget()
        for widget in (self._message, self.images, self.rows):
            self._stack.addWidget(widget)
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 8, 2)
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._stack, 1)
        self.clear(True)

    def clear(self, rows_known: bool) -> None:
        """Show nothing but how to begin."""
        self._drop()
        self._cell = None
        hint = "Choose a cell of the matrix to see what was counted in it."
        gone = "The scored rows are not stored any more.\nRun the Scorer again to see what is behind a cell."
        self._say(hint if rows_known else gone)

    def show_cell(self, node: str, actual: str | None, predicted: str | None) -> None:
        """Show the rows of this actual and predicted class; None: any."""
        self._drop()
        self._cell = (node, actual, predicted)
        self._total = 0
        self.images.clear()
        self._model.clear()
        self._say("Looking for the rows …")
        self._ask()

    @property
    def shown(self) -> int:
        """How many rows are to be seen."""
        return max(self.images.count(), self._model.rowCount())

    @property
    def _model(self) -> _RowTextsModel:
        model = self.rows.model()
        assert isinstance(model, _RowTextsModel)
        return model

    def _drop(self) -> None:
        self._pending.drop_all()

    def _say(self, text: str) -> None:
        self._message.setText(text)
        self._title.setText("")
        self._more.hide()
        self._stack.setCurrentWidget(self._message)

    def _ask(self) -> None:
        if self._cell is None:
            return
        node, actual, predicted = self._cell
        self._drop()
        question = RowsBehindQuestion(
            document=self._document,
            node=node,
            port="confusion",
            actual=actual,
            predicted=predicted,
            first=self.shown,
            count=AT_ONCE,
        )
        self._pending.put("look", self._asks.ask(question, self._on_answer))

    def _on_answer(self, answer: RowsBehindAnswer | Problem) -> None:
        if isinstance(answer, Problem):
            self._say(f"{answer.message}\n{answer.remedy}")
            return
        self._total = answer.total
        if answer.images is not None:
            self._add_images(answer, pictures(answer.images, answer.payload))
            self._stack.setCurrentWidget(self.images)
        else:
            self._model.add(answer.columns, answer.rows, answer.cells)
            self._stack.setCurrentWidget(self.rows)
        if not self._total:
            self._say("No row was counted here.")
        self._title.setText(self._heading())
        self._more.setVisible(self.shown < self._total)

    def _heading(self) -> str:
        _, actual, predicted = self._cell or ("", None, None)
        if actual is not None and predicted is not None:
            what = f"{actual}, found" if actual == predicted else f"{actual} taken for {predicted}"
        else:
            what = f"All {actual}" if actual is not None else f"All taken for {predicted}"
        first = "" if self.shown >= self._total else f"first {self.shown} of "
        return f"{what} · {first}{self._total}"

    def _add_images(self, answer: RowsBehindAnswer, images: Sequence[QImage | None]) -> None:
        for number, cells, image in zip(answer.rows, answer.cells, images, strict=True):
            item = QListWidgetItem()
            item.setData(Qt.ItemDataRole.UserRole, image)
            item.setText(f"row {number + 1}")
            told = [f"{column}: {cell}" for column, cell in zip(answer.columns, cells, strict=True) if cell is not None]
            item.setToolTip(plain_tip("\n".join([f"Row {number + 1}", *told])))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join([f"row {number + 1}", *told]))
            self.images.addItem(item)


class _ImageDelegate(QStyledItemDelegate):
    """A picture with its row's number below."""

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Return room for both."""
        return QSize(SIDE + 14, SIDE + 24)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Paint it."""
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        colors = look().colors
        room = QRect(rect.left() + 7, rect.top() + 4, SIDE, SIDE)
        image = index.data(Qt.ItemDataRole.UserRole)
        place = draw_picture(painter, image, room, 5, dark=colors.dark) if isinstance(image, QImage) else room
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not isinstance(image, QImage):
            painter.setPen(QColor(colors.muted))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, "missing")
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(QColor(colors.accent), 2))
            painter.drawRoundedRect(place, 5, 5)
        painter.setFont(interface_font(11))
        painter.setPen(QColor(colors.muted))
        caption = QRect(rect.left(), room.bottom() + 2, rect.width(), 18)
        painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, str(index.data(Qt.ItemDataRole.DisplayRole)))
        painter.restore()


class _RowTextsModel(QAbstractTableModel):
    """Rows as texts."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._columns: list[str] = []
        self._numbers: list[int] = []
        self._cells: list[Sequence[str | None]] = []

    def clear(self) -> None:
        """Have no rows."""
        self.beginResetModel()
        self._columns, self._numbers, self._cells = [], [], []
        self.endResetModel()

    def add(self, columns: Sequence[str], numbers: Sequence[int], cells: Sequence[Sequence[str | None]]) -> None:
        """Add some rows."""
        self.beginResetModel()
        self._columns = list(columns)
        self._numbers += numbers
        self._cells += cells
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = _NO_INDEX) -> int:
        """Return how many were asked for so far."""
        return 0 if parent.isValid() else len(self._cells)

    def columnCount(self, parent: AnyIndex = _NO_INDEX) -> int:
        """Return the table's."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's text."""
        return self._cells[index.row()][index.column()] if role == Qt.ItemDataRole.DisplayRole else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return columns' names, rows' numbers."""
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._columns[section] if orientation is Qt.Orientation.Horizontal else str(self._numbers[section] + 1)
