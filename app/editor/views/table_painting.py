"""How cells and headers of a table are painted: by hand, since a style sheet costs too much for a thousand cells a frame."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QFontMetricsF, QImage, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget

from app.editor.colors import mixed
from app.editor.look import interface_font, look
from app.editor.views.pixels import draw_picture
from app.editor.views.table_model import TableModel

MARGIN = 10
"""Between a cell's edge and what is in it."""
MISSING = "–"
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def figures_font(pixels: float = 0, *, bold: bool = False) -> QFont:
    """Return the interface font with figures of equal width, so that numbers stand below each other."""
    font = interface_font(pixels, bold=bold)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


class TableCellPainter(QObject):
    """Paints cells: text, numbers on the right, thumbnails, a bar for what is still to come.

    Args:
        model: Where the cells are.
        parent: The view.
    """

    def __init__(self, model: TableModel, parent: QTableView) -> None:
        super().__init__(parent)
        self._model = model
        look().changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        colors = look().colors
        self.font = figures_font()
        self.metrics = QFontMetrics(self.font)
        exact = QFontMetricsF(self.font)
        self._widths = {character: exact.horizontalAdvance(character) for character in "0123456789.-+e∞"}
        self._widest = self.metrics.maxWidth() if self.metrics.maxWidth() < 40 else self.metrics.horizontalAdvance("W")
        self._rise = self.metrics.ascent() - self.metrics.descent()
        self._text, self._muted = QPen(QColor(colors.text)), QPen(QColor(colors.muted))
        self.line = QColor(mixed(colors.line, colors.panel, 0.6))
        self._coming = QColor(colors.raised)
        self._selected = QColor(colors.selection)
        self._current = QPen(QColor(colors.accent), 1.5)
        self._dark = colors.dark

    def paint(self, painter: QPainter, cell_at: tuple[int, int], room: tuple[int, int, int, int], *, selected: bool) -> None:
        """Paint one cell. A frame has hundreds of them, so nothing is asked for or measured that need not be.

        Args:
            painter: Of the viewport, with `font`.
            cell_at: Row and column.
            room: Left, top, width and height.
            selected: Whether it is selected.
        """
        row, column = cell_at
        left, top, width, height = room
        if selected:
            painter.fillRect(left, top, width, height, self._selected)
        has_come, cell = self._model.cell(row, column)
        is_number = self._model.columns[column].is_number
        if isinstance(cell, str):
            painter.setPen(self._text)
            self._draw_text(painter, cell, (left + MARGIN, top, width - 2 * MARGIN, height), on_the_right=is_number)
        elif isinstance(cell, QImage):
            draw_picture(painter, cell, QRect(left + 4, top + 3, width - 8, height - 7), 4, dark=self._dark)
        elif has_come:
            painter.setPen(self._muted)
            self._draw_text(painter, MISSING, (left + MARGIN, top, width - 2 * MARGIN, height), on_the_right=is_number)
        else:
            across = max(8, (width - 2 * MARGIN) * (3 + (row * 7 + column * 3) % 5) // 9)
            painter.fillRect(left + MARGIN, top + height // 2 - 4, across, 8, self._coming)

    def paint_focus(self, painter: QPainter, place: QRect) -> None:
        """Paint the frame around the current cell."""
        painter.setPen(self._current)
        painter.drawRect(QRectF(place).adjusted(1, 1, -1.5, -1.5))

    def _draw_text(self, painter: QPainter, text: str, room: tuple[int, int, int, int], *, on_the_right: bool) -> None:
        left, top, width, height = room
        advance = 0
        if on_the_right or len(text) * self._widest > width:
            advance = self._advance(text)
            if advance > width:
                text, advance = self.metrics.elidedText(text, Qt.TextElideMode.ElideRight, width), width
        start = left + width - advance if on_the_right else left
        painter.drawText(start, top + (height - 1 + self._rise) // 2, text)

    def _advance(self, text: str) -> int:
        """Return the width of a text; that of a number is the sum of its characters', since its figures are of equal width."""
        try:
            return round(sum([self._widths[character] for character in text]))
        except KeyError:
            return self.metrics.horizontalAdvance(text)

    def natural_width(self, cells: list[str]) -> int:
        """Return how wide a column has to be for these texts."""
        return max((self.metrics.horizontalAdvance(text[:60]) for text in cells), default=0) + 2 * MARGIN + 4


class TableHeader(QHeaderView):
    """Names and types of columns, with an arrow where rows are put in order; or the numbers of rows.

    Args:
        orientation: Columns or rows.
        model: Where the names are.
        parent: The view.
    """

    def __init__(self, orientation: Qt.Orientation, model: TableModel, parent: QWidget) -> None:
        super().__init__(orientation, parent)
        self._model = model
        is_columns = orientation is Qt.Orientation.Horizontal
        self.setHighlightSections(False)  # it would walk through all selected rows at every paint
        self.setSectionsClickable(is_columns)
        self.setSectionsMovable(is_columns)
        self.setMinimumSectionSize(40 if is_columns else 20)
        self.setDefaultAlignment(LEFT)
        look().changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        self.name_font, self.small_font = figures_font(bold=True), figures_font(11)
        self.viewport().update()
        self.headerDataChanged(self.orientation(), 0, 0)

    def natural_width(self, column: int) -> int:
        """Return how wide a column has to be for its name and type."""
        described = self._model.columns[column]
        name = QFontMetrics(self.name_font).horizontalAdvance(described.name[:40]) + 18  # room for the arrow
        funnel = 14 if any(given.column == described.name for given in self._model.filters) else 0
        dtype = QFontMetrics(self.small_font).horizontalAdvance(described.dtype[:40]) + funnel
        return max(name, dtype) + 2 * MARGIN + 4

    def sizeHint(self) -> QSize:
        """Return two lines' height, or the width of the last row's number."""
        if self.orientation() is Qt.Orientation.Horizontal:
            lines = QFontMetrics(self.name_font).height() + QFontMetrics(self.small_font).height()
            return QSize(200, lines + 13)
        digits = str(max(self._model.rows, 100))
        return QSize(QFontMetrics(self.small_font).horizontalAdvance(digits) + 2 * MARGIN, 200)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803 - Qt's names
        """Paint one column's or row's head."""
        colors = look().colors
        painter.fillRect(rect, QColor(colors.raised))
        if self.orientation() is Qt.Orientation.Vertical:
            painter.setFont(self.small_font)
            painter.setPen(QColor(colors.muted))
            painter.drawText(rect.adjusted(MARGIN, 0, -MARGIN, -1), RIGHT, str(logicalIndex + 1))
            return
        if not 0 <= logicalIndex < len(self._model.columns):
            return
        column, sort = self._model.columns[logicalIndex], self._model.sort_order
        side = Qt.AlignmentFlag.AlignRight if column.is_number else Qt.AlignmentFlag.AlignLeft
        inner = rect.adjusted(MARGIN, 6, -MARGIN, -6)
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(colors.line))
        painter.fillRect(rect.right(), rect.top() + 9, 1, rect.height() - 18, QColor(colors.line))
        is_sorted = sort is not None and sort.column == column.name
        metrics = QFontMetrics(self.name_font)
        is_filtered = any(given.column == column.name for given in self._model.filters)
        if is_filtered:  # a funnel at the foot, on the side where the type is not
            self._draw_funnel(painter, inner.left() if column.is_number else inner.right() - 9, inner.bottom() - 11)
        room = inner.width() - (14 if is_sorted else 0)
        name = metrics.elidedText(column.name.replace("\n", " ").replace("\t", " "), Qt.TextElideMode.ElideMiddle, room)
        painter.setFont(self.name_font)
        painter.setPen(QColor(colors.accent if is_sorted else colors.text))
        line = QRect(inner.left(), inner.top(), room, metrics.height())
        if is_sorted and column.is_number:
            line.translate(14, 0)
        painter.drawText(line, side | Qt.AlignmentFlag.AlignTop, name)
        if is_sorted and sort is not None:
            middle = inner.left() + 4 if column.is_number else line.left() + metrics.horizontalAdvance(name) + 10
            self._draw_arrow(painter, QPointF(middle, inner.top() + metrics.height() / 2), down=sort.descending)
        painter.setFont(self.small_font)
        painter.setPen(QColor(colors.muted))
        dtype_room = inner.width() - (14 if is_filtered else 0)
        dtype = QFontMetrics(self.small_font).elidedText(column.dtype, Qt.TextElideMode.ElideRight, dtype_room)
        painter.drawText(inner, side | Qt.AlignmentFlag.AlignBottom, dtype)

    def _draw_funnel(self, painter: QPainter, left: int, top: int) -> None:
        funnel = [(0, 0), (9, 0), (5.6, 5), (5.6, 10), (3.4, 8.5), (3.4, 5)]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look().colors.accent))
        painter.drawPolygon(QPolygonF([QPointF(left + x, top + y) for x, y in funnel]))
        painter.restore()

    def _draw_arrow(self, painter: QPainter, middle: QPointF, *, down: bool) -> None:
        tip = 3.0 if down else -3.0
        arrow = [QPointF(-4, -tip / 1.5), QPointF(4, -tip / 1.5), QPointF(0, tip)]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look().colors.accent))
        painter.drawPolygon(QPolygonF([middle + point for point in arrow]))
        painter.restore()
