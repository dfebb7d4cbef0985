"""Rows of the lists in panels and popups: what one says, how it is painted, and a list that is driven from a search field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.editor.colors import mixed
from app.editor.look import interface_font, look
from app.editor.visible_text import plain_tip

ROW = int(Qt.ItemDataRole.UserRole) + 1
"""The item role under which models keep a `ListRow`."""
Index = QModelIndex | QPersistentModelIndex
_LEFT, _RIGHT, _GAP = 8, 6, 8


@dataclass(frozen=True)
class ListRow:
    """What one row shows.

    Attributes:
        title: Its text.
        key: What the program calls it; None for a heading.
        style: `square`: a small coloured square before the text; `tile`: a coloured tile with a white icon; `icon`: a plain
            icon; `heading`: a muted title of a group, which cannot be chosen.
        color: Of square or tile; for an icon, its own colour. Empty: the text's.
        faded: Whether the square is pale.
        bold: Whether the text is semibold.
        icon: A Material Design icon.
        spans: Which letters of the title to emphasise.
        detail: Muted text behind the title.
        below: Muted text under the title; such a row is higher.
        trailing: Muted text at the right end.
        keys: A shortcut, at the right end, drawn as keys.
        tip: The tooltip.
    """

    title: str
    key: str | None = None
    style: Literal["square", "tile", "icon", "heading"] = "square"
    color: str = ""
    faded: bool = False
    bold: bool = False
    icon: str = ""
    spans: tuple[tuple[int, int], ...] = ()
    detail: str = ""
    below: str = ""
    trailing: str = ""
    keys: str = ""
    tip: str = ""

    def data(self, role: int) -> Any:
        """What a Qt model answers for this row."""
        if role == Qt.ItemDataRole.DisplayRole:
            return self.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self.tip) or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (self.title, self.detail, self.below, self.trailing, self.keys) if part)
        return self if role == ROW else None

    @property
    def flags(self) -> Qt.ItemFlag:
        """A heading can neither be selected nor chosen. What can be dragged is the view's matter."""
        if self.style == "heading":
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled


class RowModel(QAbstractListModel):
    """A flat list of rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: Sequence[ListRow] = ()

    def set_rows(self, rows: Sequence[ListRow]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """How many rows there are."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """Qt's question about one row."""
        return self.rows[index.row()].data(role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings cannot be selected."""
        return self.rows[index.row()].flags if index.isValid() else Qt.ItemFlag.NoItemFlags


class RowDelegate(QStyledItemDelegate):
    """Paints rows in the colours of the moment."""

    def __init__(self, parent: QWidget, height: int = 26) -> None:
        super().__init__(parent)
        self.height = height
        self.active = False
        """Whether a selected row is shown as the chosen one although the list has not the focus."""
        self.elide = Qt.TextElideMode.ElideRight
        """Where a title is cut that is too long."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Rows with text below the title are higher; headings have some air above."""
        row: ListRow = index.data(ROW)
        return QSize(80, self.height + (14 if row.below else 4 if row.style == "heading" and index.row() else 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Background, mark, texts."""
        row: ListRow = index.data(ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._background(painter, option, row)
        area = QRect(option.rect.adjusted(_LEFT, 0, -_RIGHT, 0))
        if row.style == "heading":
            _text(painter, area.adjusted(0, 4, 0, 0), row.title, interface_font(11, bold=True), look().colors.muted)
        else:
            area.setLeft(self._mark(painter, area, row))
            area.setRight(self._ending(painter, area, row))
            if row.below:
                font = interface_font(11)
                lower = area.adjusted(0, area.height() // 2 - 1, 0, -3)
                shown = QFontMetrics(font).elidedText(row.below, Qt.TextElideMode.ElideRight, lower.width())
                _text(painter, lower, shown, font, look().colors.muted)
                area.setBottom(area.center().y() + 3)
            self._title(painter, area, row)
        painter.restore()

    def _background(self, painter: QPainter, option: QStyleOptionViewItem, row: ListRow) -> None:
        colors = look().colors
        if row.style == "heading":
            return
        focused = self.active or bool(option.state & QStyle.StateFlag.State_Active)
        if option.state & QStyle.StateFlag.State_Selected:
            color = mixed(colors.accent, colors.panel, 0.18) if focused else colors.raised
        elif option.state & QStyle.StateFlag.State_MouseOver:
            color = colors.raised
        else:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(color))
        painter.drawRoundedRect(QRectF(option.rect).adjusted(0, 1, 0, -1), 6, 6)

    def _mark(self, painter: QPainter, area: QRect, row: ListRow) -> int:
        """Draws what stands before the title; returns where the title begins."""
        colors = look().colors
        middle = area.center().y() + 1
        if row.style == "square":
            color = mixed(row.color, colors.panel, 0.5) if row.faded else row.color
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(color))
            painter.drawRoundedRect(QRectF(area.left(), middle - 5, 10, 10), 3, 3)
            return area.left() + 10 + _GAP
        if row.style == "tile":
            side = 26 if row.below else 20
            draw_tile(painter, QRect(area.left(), middle - side // 2, side, side), row.color, row.icon)
            return area.left() + side + _GAP
        look().icon(row.icon, row.color or colors.muted).paint(painter, QRect(area.left(), middle - 8, 16, 16))
        return area.left() + 16 + _GAP

    def _ending(self, painter: QPainter, area: QRect, row: ListRow) -> int:
        """Draws what stands at the right end; returns where the title must end."""
        colors = look().colors
        right = area.right()
        if row.keys:
            font = interface_font(11)
            width = QFontMetrics(font).horizontalAdvance(row.keys) + 12
            box = QRectF(right - width, area.center().y() - 9, width, 19)
            painter.setPen(QColor(colors.line))
            painter.setBrush(QColor(colors.raised))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
            _text(painter, box.toRect(), row.keys, font, colors.muted, Qt.AlignmentFlag.AlignCenter)
            right -= width + _GAP
        if row.trailing:
            font = interface_font(11)
            title = QFontMetrics(interface_font(bold=row.bold)).horizontalAdvance(row.title)
            width = QFontMetrics(font).horizontalAdvance(row.trailing)
            if area.left() + title + 2 * _GAP + width <= right:  # else the title needs the room
                _text(painter, QRect(right - width, area.top(), width + 2, area.height()), row.trailing, font, colors.muted)
                right -= width + _GAP
        return right

    def _title(self, painter: QPainter, area: QRect, row: ListRow) -> None:
        """The title, its matched letters emphasised, and the detail behind it."""
        colors = look().colors
        plain, strong = interface_font(bold=row.bold), interface_font(bold=True)
        shown = QFontMetrics(strong if row.spans else plain).elidedText(row.title, self.elide, area.width())
        for text, matched in _pieces(shown, row.spans):
            font = strong if matched else plain
            _text(painter, area, text, font, colors.accent if matched else colors.text)
            area.setLeft(area.left() + QFontMetrics(font).horizontalAdvance(text))
        if row.detail and area.width() > 40:
            font = interface_font(12)
            area.setLeft(area.left() + _GAP)
            detail = QFontMetrics(font).elidedText(row.detail, Qt.TextElideMode.ElideRight, area.width())
            _text(painter, area, detail, font, colors.muted)


def draw_tile(painter: QPainter, area: QRect, color: str, icon: str) -> None:
    """A node's tile: a rounded square in its shelf's colour with a white icon, in the proportions of the canvas."""
    side = area.width()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(color))
    painter.drawRoundedRect(QRectF(area), side * 11 / 56, side * 11 / 56)
    inset = round(side * 0.2)
    look().icon(icon, "#FFFFFF").paint(painter, area.adjusted(inset, inset, -inset, -inset))


def tile_pixmap(color: str, icon: str, side: int, ratio: float) -> QPixmap:
    """A node's tile as a picture of `side` pixels, sharp at this device pixel ratio."""
    pixmap = QPixmap(round(side * ratio), round(side * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_tile(painter, QRect(0, 0, side, side), color, icon)
    painter.end()
    return pixmap


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The text cut at the ends of the spans, each piece with whether it is inside one."""
    inside = [any(start <= place < end for start, end in spans) for place in range(len(text))]
    pieces: list[tuple[str, bool]] = []
    for letter, matched in zip(text, inside, strict=True):
        if pieces and pieces[-1][1] is matched:
            pieces[-1] = (pieces[-1][0] + letter, matched)
        else:
            pieces.append((letter, matched))
    return pieces


def _text(  # noqa: PLR0917 - where, what, how
    painter: QPainter,
    area: QRect,
    text: str,
    font: QFont,
    color: str,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
) -> None:
    painter.setFont(font)
    painter.setPen(QColor(color))
    painter.drawText(area, int(align | Qt.TextFlag.TextSingleLine), text)


class RowList(QListView):
    """A flat list of rows: headings are skipped, a click or Enter chooses."""

    chosen = Signal(str)
    """The key of the row that was clicked (twice, unless `single_click`) or on which Enter was pressed."""

    def __init__(self, parent: QWidget | None = None, *, height: int = 30, single_click: bool = False) -> None:
        super().__init__(parent)
        self.setObjectName("rows")
        self.rows = RowModel(self)
        self.setModel(self.rows)
        self.delegate = RowDelegate(self, height)
        self.setItemDelegate(self.delegate)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setFrameShape(QListView.Shape.NoFrame)
        self._single_click = single_click
        self.clicked.connect(self._on_clicked)
        self.doubleClicked.connect(self._on_double_clicked)
        look().changed.connect(self.viewport().update)

    def set_rows(self, rows: Sequence[ListRow]) -> None:
        """Show other rows, the first one that can be chosen selected."""
        self.rows.set_rows(rows)
        self.select_next(1, from_row=-1)
        self.scrollToTop()

    @property
    def current_key(self) -> str | None:
        """The key of the selected row."""
        index = self.currentIndex()
        return index.data(ROW).key if index.isValid() else None

    def select_key(self, key: str) -> None:
        """Select the row with this key, if there is one."""
        for number, row in enumerate(self.rows.rows):
            if row.key == key:
                self.setCurrentIndex(self.rows.index(number))

    def select_next(self, step: int, from_row: int | None = None) -> None:
        """Move the selection by so many rows that can be chosen; it stops at the ends."""
        row = self.currentIndex().row() if from_row is None else from_row
        direction = 1 if step > 0 else -1
        target = row
        left = abs(step)
        while left and 0 <= (row := row + direction) < len(self.rows.rows):
            if self.rows.rows[row].style != "heading":
                target, left = row, left - 1
        if 0 <= target < len(self.rows.rows):
            self.setCurrentIndex(self.rows.index(target))
            if target <= 1:
                self.scrollToTop()  # the heading above is seen too

    def choose_current(self) -> None:
        """As if Enter were pressed on the selected row."""
        if self.current_key is not None:
            self.chosen.emit(self.current_key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses; the arrows skip headings."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.choose_current()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.select_next(1 if event.key() == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)

    def _on_clicked(self, index: QModelIndex) -> None:
        if self._single_click and index.data(ROW).key is not None:
            self.chosen.emit(index.data(ROW).key)

    def _on_double_clicked(self, index: QModelIndex) -> None:
        if not self._single_click and index.data(ROW).key is not None:
            self.chosen.emit(index.data(ROW).key)


class SearchField(QLineEdit):
    """A field with a magnifier, and a cross while there is text; Esc clears it."""

    def __init__(self, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self._magnifier = self.addAction(look().icon("mdi6.magnify"), QLineEdit.ActionPosition.LeadingPosition)
        self._cross = self.addAction(look().icon("mdi6.close"), QLineEdit.ActionPosition.TrailingPosition)
        self._cross.setToolTip("Clear (Esc)")
        self._cross.triggered.connect(self.clear)
        self.textChanged.connect(self._redraw)
        look().changed.connect(self._redraw)
        self._redraw()

    def _redraw(self) -> None:
        muted = look().colors.muted
        self._magnifier.setIcon(look().icon("mdi6.magnify", muted))
        self._cross.setIcon(look().icon("mdi6.close", muted))
        self._cross.setVisible(bool(self.text()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc clears; an empty field leaves it to whoever is around."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


class KeysToList(QObject):
    """While the focus is in a search field, arrows, page keys and Enter are the list's.

    Args:
        field: Where the focus is.
        target: What they move in.
    """

    def __init__(self, field: QLineEdit, target: RowList) -> None:
        super().__init__(field)
        self._target = target
        target.delegate.active = True
        field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the list's keys from the field."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        page = max(self._target.viewport().height() // max(self._target.delegate.height, 1) - 1, 1)
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: page, Qt.Key.Key_PageUp: -page}
        if event.key() in steps:
            self._target.select_next(steps[Qt.Key(event.key())])
            return True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._target.choose_current()
            return True
        return False
