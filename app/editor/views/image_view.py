"""The images of a table as a grid of thumbnails with captions, fetched while scrolling; a click opens the viewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QImage, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QSlider,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.document.problems import Problem
from app.editor.asking import Asks, OnReply, Ticket
from app.editor.config.widgets import QuietComboBox
from app.editor.look import look
from app.editor.panels.message_bar import MessageBar
from app.editor.plain_label import PlainLabel
from app.editor.views.image_dialog import ImageDialog
from app.editor.views.pages import PageLoader, PendingRequests
from app.editor.views.pixels import draw_picture, pictures
from app.editor.views.result_source import ResultSource
from app.editor.views.table_model import Index
from app.editor.views.table_painting import figures_font
from app.editor.visible_text import plain_tip
from app.engine.messages.tables import ImagesAnswer, ImagesQuestion, ShownColumn, TableAnswer, TableQuestion
from nodes.wording import grouped

PAGE = 60
KEPT_PAGES = 40
GAP = 18
"""Between images."""
CAPTION = 20
SMALLEST, LARGEST, USUAL = 32, 256, 70
SIZES = (64, 128, 256)
"""Thumbnails are asked for in one of these sizes."""
NO_CAPTION = "No captions"


@dataclass(frozen=True)
class _ThumbnailPage:
    images: Sequence[QImage | None]
    captions: Sequence[str | None]
    numbers: Sequence[int]


class _ThumbnailModel(QAbstractTableModel):
    """Images in rows of as many as there is room for."""

    failed = Signal(Problem)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.source: ResultSource | None = None
        self.column = ""
        self.captions: str | None = None
        self.count, self.across, self.pixels = 0, 1, SIZES[0]
        self.scale = ""
        self._first = 0
        self._pages = PageLoader[int, _ThumbnailPage, ImagesAnswer](
            self, self._ask, self._read, self._take, self.failed.emit, KEPT_PAGES
        )

    def show(self, source: ResultSource | None, column: str, captions: str | None, count: int) -> None:
        """Show the images of a column."""
        self.beginResetModel()
        self._pages.forget()
        self.source, self.column, self.captions, self.count, self.scale = source, column, captions, count, ""
        self.endResetModel()

    def arrange(self, across: int, pixels: int) -> None:
        """Put so many side by side, drawn from thumbnails of so many pixels."""
        if across == self.across and pixels == self.pixels:
            return
        self.beginResetModel()
        if pixels != self.pixels:
            self._pages.forget()
        self.across, self.pixels = across, pixels
        self.endResetModel()

    def look_at(self, first: int, last: int) -> None:
        """Say which images are seen."""
        if not self.count or self.source is None:
            return
        down, self._first = first >= self._first, first
        low, high, end = first // PAGE, min(last, self.count - 1) // PAGE, (self.count - 1) // PAGE
        ahead = (high + 1, low - 1) if down else (low - 1, high + 1)
        self._pages.want([*range(low, high + 1), *(n for n in ahead if 0 <= n <= end)])

    def at(self, place: int) -> tuple[bool, QImage | None, str | None]:
        """Return whether an image has come; it, and its caption."""
        page = self._pages.get(place // PAGE)
        number = place % PAGE
        if page is None or number >= len(page.images):
            return False, None, None
        return True, page.images[number], page.captions[number] if page.captions else None

    def number(self, place: int) -> int | None:
        """Return the row of the stored table that an image is in."""
        page = self._pages.get(place // PAGE)
        return page.numbers[place % PAGE] if page and place % PAGE < len(page.numbers) else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return how many rows of images there are."""
        return 0 if parent.isValid() else -(-self.count // self.across)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return how many images are side by side."""
        return 0 if parent.isValid() else self.across

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return none for places behind the last image, which are empty."""
        is_there = index.row() * self.across + index.column() < self.count
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable if is_there else Qt.ItemFlag.NoItemFlags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return row and caption, for a screen reader and as tooltip."""
        if role not in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return None
        place = index.row() * self.across + index.column()
        has_come, image, caption = self.at(place)
        if place >= self.count or not has_come:
            return None
        parts = [
            f"Row {grouped((self.number(place) or 0) + 1)}",
            *([caption] if caption else []),
            *([] if image else ["no image"]),
        ]
        return plain_tip(" · ".join(parts)) if role == Qt.ItemDataRole.ToolTipRole else " · ".join(parts)

    def _ask(self, page: int, on_reply: OnReply[ImagesAnswer]) -> Ticket:
        source = self.source
        assert source is not None
        question = ImagesQuestion(
            document=source.document,
            node=source.node,
            port=source.port,
            shown=source.rows(),
            column=self.column,
            captions=self.captions,
            size=self.pixels,
            start=page * PAGE,
            stop=min(self.count, (page + 1) * PAGE),
        )
        return source.asks.ask(question, on_reply)

    def _read(self, page: int, answer: ImagesAnswer) -> _ThumbnailPage:
        self.scale = answer.images.scale
        return _ThumbnailPage(pictures(answer.images, answer.payload), answer.captions, answer.numbers)

    def _take(self, page: int) -> None:
        first, last = page * PAGE // self.across, ((page + 1) * PAGE - 1) // self.across
        self.dataChanged.emit(self.index(first, 0), self.index(min(last, self.rowCount() - 1), self.across - 1), [])


class _ThumbnailDelegate(QStyledItemDelegate):
    """Paints an image and its caption."""

    def __init__(self, model: _ThumbnailModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Paint one place of the grid."""
        model = self._model
        place = index.row() * model.across + index.column()
        if place >= model.count:
            return
        colors = look().colors
        rect = cast(QRect, option.rect)
        state = cast(QStyle.StateFlag, option.state)
        side = min(rect.width(), rect.height() - CAPTION) - GAP // 2 - 2
        room = QRect(rect.left() + (rect.width() - side) // 2, rect.top() + GAP // 4 + 1, side, side)
        has_come, image, caption = model.at(place)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        drawn = room
        if image is not None:
            drawn = draw_picture(painter, image, room, 5, dark=colors.dark)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colors.raised))
            painter.drawRoundedRect(room, 5, 5)
        font = figures_font(11)
        painter.setFont(font)
        if has_come and image is None:
            painter.setPen(QColor(colors.muted))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, "missing")
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_HasFocus):
            painter.setPen(QPen(QColor(colors.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(drawn).adjusted(-2.5, -2.5, 2.5, 2.5), 7, 7)
        if caption:
            painter.setPen(QColor(colors.muted))
            text = QFontMetrics(font).elidedText(caption, Qt.TextElideMode.ElideRight, rect.width() - 6)
            below = QRect(rect.left() + 3, room.bottom() + 5, rect.width() - 6, CAPTION)
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)
        painter.restore()


class _ThumbnailGrid(QTableView):
    """The grid itself: a table without lines, whose columns are as many as there is room for."""

    opened = Signal(int)
    """The image at this place is to be shown in full."""

    def __init__(self, model: _ThumbnailModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self.side = USUAL
        self.setObjectName("imageGrid")
        self.setAccessibleName("Images")
        self.setModel(model)
        self.setItemDelegate(_ThumbnailDelegate(model, self))
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.hide()
            header.setMinimumSectionSize(10)
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setHighlightSections(False)
        self.verticalScrollBar().valueChanged.connect(self.look_around)
        self.doubleClicked.connect(self._on_double)

    def arrange(self) -> None:
        """Put as many images side by side as there is room for; the current one stays in sight."""
        current, top = self.current(), self.rowAt(0) * self._model.across
        across = max(1, self.viewport().width() // (self.side + GAP))
        wanted = self.side * self.devicePixelRatioF()
        self._model.arrange(across, next((s for s in SIZES if s >= wanted), SIZES[-1]))
        self.horizontalHeader().setDefaultSectionSize(self.side + GAP)
        self.verticalHeader().setDefaultSectionSize(
            self.side + GAP // 2 + 4 + (CAPTION if self._model.captions is not None else 4)
        )
        if current >= 0:
            self.setCurrentIndex(self._model.index(current // across, current % across))
        elif top > 0:
            self.scrollTo(self._model.index(top // across, 0), QAbstractItemView.ScrollHint.PositionAtTop)
        self.look_around()

    def current(self) -> int:
        """Return the place of the current image; -1 if there is none."""
        index = self.currentIndex()
        return index.row() * self._model.across + index.column() if index.isValid() else -1

    def look_around(self) -> None:
        """Tell the model what is seen."""
        if self.isVisible():
            last = self.rowAt(self.viewport().height() - 1)
            last = last if last >= 0 else self._model.rowCount() - 1
            self._model.look_at(max(self.rowAt(0), 0) * self._model.across, (last + 1) * self._model.across - 1)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Go on in the next row to the left and right."""
        step = {QAbstractItemView.CursorAction.MoveLeft: -1, QAbstractItemView.CursorAction.MoveRight: 1}.get(action)
        place = self.current()
        if step is None or place < 0:
            return super().moveCursor(action, modifiers)
        place = min(max(place + step, 0), self._model.count - 1)
        return self._model.index(place // self._model.across, place % self._model.across)

    def _on_double(self, index: QModelIndex) -> None:
        self.opened.emit(index.row() * self._model.across + index.column())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens an image."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current() >= 0:
            self.opened.emit(self.current())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make room for more or fewer in another width."""
        super().resizeEvent(event)
        self.arrange()

    def showEvent(self, event: Any) -> None:
        """Ask for what was not asked for while it was hidden."""
        super().showEvent(event)
        self.arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the images, or that there are none."""
        super().paintEvent(event)
        if self._model.source is not None and not self._model.count:
            painter = QPainter(self.viewport())
            painter.setPen(QColor(look().colors.muted))
            text = "There are no images here." if self._model.column else "The table has no column of images."
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, text)
            painter.end()


class ImageGridView(QWidget):
    """The images at one output of one node.

    Args:
        asks: Who answers questions about results.
        document_id: The document that the nodes belong to.
        parent: The window's part that shows it.
    """

    image_opened = Signal(int)
    """The image of the row at this position was opened in the viewer."""

    def __init__(self, asks: Asks, document_id: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asks, self._document = asks, document_id
        self._pending = PendingRequests(self)
        self._source: ResultSource | None = None
        self._viewer: ImageDialog | None = None
        self._columns: list[ShownColumn] = []
        self.model = _ThumbnailModel(self)
        self.grid = _ThumbnailGrid(self.model, self)
        self.messages = MessageBar(self)
        self.column, self.captions = _choice("Column of images"), _choice("Captions")
        self.size_slider = QSlider(Qt.Orientation.Horizontal)
        self.size_slider.setRange(SMALLEST, LARGEST)
        self.size_slider.setValue(USUAL)
        self.size_slider.setFixedWidth(130)
        self.size_slider.setAccessibleName("Size of the images")
        self.size_slider.setToolTip("Size of the images")
        self.said = PlainLabel()
        self.said.setProperty("role", "small")
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 6, 14, 6)
        bar.setSpacing(8)
        bar.addWidget(self.column)
        bar.addWidget(self.captions)
        bar.addWidget(self.said)
        bar.addStretch(1)
        bar.addWidget(self.size_slider)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.messages)
        layout.addLayout(bar)
        row = QHBoxLayout()
        row.setContentsMargins(8, 0, 0, 0)
        row.addWidget(self.grid)
        layout.addLayout(row, 1)
        self.setFocusProxy(self.grid)
        self.setAccessibleName("Images")
        self.column.activated.connect(self._on_chosen)
        self.captions.activated.connect(self._on_chosen)
        self.size_slider.valueChanged.connect(self._on_size)
        self.grid.opened.connect(self.open_image)
        self.model.failed.connect(self._complain)
        self.model.dataChanged.connect(self._say)
        look().changed.connect(self.grid.viewport().update)

    def show_output(self, node_id: str, port: str, key: str, where: Mapping[str, Any] | None = None) -> None:
        """Show the images of an output; the same one with another key keeps the chosen columns.

        Args:
            node_id: The node.
            port: Its output port.
            key: The key of its result.
            where: Only rows whose cells have these values.
        """
        source = ResultSource(self._asks, self._document, node_id, port, key, dict(where or {}))
        if source != self._source:
            self._source = source
            self.messages.dismiss()
            question = TableQuestion(document=self._document, node=node_id, port=port, shown=source.rows())
            self._pending.put("open", self._asks.ask(question, self._take))

    def clear(self) -> None:
        """Show nothing."""
        self._pending.drop_all()
        self._source = None
        self.model.show(None, "", None, 0)
        self.said.clear()

    def open_image(self, place: int) -> None:
        """Show an image in the viewer."""
        if self.model.source is None or not 0 <= place < self.model.count:
            return
        if self._viewer is None:
            self._viewer = ImageDialog(self)
        self._viewer.show_image(self.model.source, self.model.column, place)
        self._viewer.open_window()
        self.image_opened.emit(place)

    def _take(self, answer: TableAnswer | Problem) -> None:
        if isinstance(answer, Problem):
            self.clear()
            self._complain(answer)
            return
        self._columns = list(answer.columns)
        images = [c.name for c in self._columns if c.kind == "image"]
        others = [c.name for c in self._columns if c.kind not in ("image", "array", "list", "binary", "other")]
        kinds = ("class", "text", "boolean")
        likely = sorted(others, key=lambda name: kinds.index(kind) if (kind := self._kind(name)) in kinds else len(kinds))
        _fill(self.column, [(name, name) for name in images], images[0] if images else None)
        _fill(self.captions, [(NO_CAPTION, None), *((f"Caption: {n}", n) for n in others)], likely[0] if likely else None)
        self.column.setVisible(len(images) > 1)
        self.captions.setVisible(bool(images))
        self.size_slider.setVisible(bool(images))
        self._show(answer.rows if images else 0)

    def _kind(self, name: str) -> str:
        return next(c.kind for c in self._columns if c.name == name)

    def _on_chosen(self) -> None:
        self._show(self.model.count)

    def _show(self, count: int) -> None:
        self.model.show(self._source, self.column.currentData() or "", self.captions.currentData(), count)
        self.grid.arrange()
        self._say()

    def _say(self) -> None:
        dtype = next((c.dtype for c in self._columns if c.name == self.model.column), "")
        scale = f"  ·  black … white: {self.model.scale}" if self.model.scale else ""
        self.said.setText(f"{dtype}{scale}")

    def _on_size(self, side: int) -> None:
        self.grid.side = side
        self.grid.arrange()

    def _complain(self, problem: Problem) -> None:
        self.messages.show_message(f"{problem.message} {problem.remedy}".strip(), severity="error")


def _choice(name: str) -> QuietComboBox:
    box = QuietComboBox()
    box.setAccessibleName(name)
    box.setToolTip(plain_tip(name))
    box.setFixedWidth(190)
    box.hide()
    return box


def _fill(box: QuietComboBox, items: Sequence[tuple[str, str | None]], usual: str | None) -> None:
    """Offer these; what was chosen stays so, if it is still there."""
    before = box.currentData() if box.count() else usual
    box.clear()
    for text, data in items:
        box.addItem(text, data)
    names = [data for _, data in items]
    box.setCurrentIndex(names.index(before) if before in names else names.index(usual) if usual in names else 0)


__all__ = ["ImageDialog", "ImageGridView"]
