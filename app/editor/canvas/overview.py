"""The whole canvas as seen from afar: one item for all nodes and wires."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.document.geometry import TILE
from app.editor.canvas.node_tile import FADED, NodeTile
from app.editor.canvas.paint_context import EVERYWHERE, NODE_Z, PaintContext
from app.editor.canvas.sizes import FAR_RECT
from app.editor.canvas.wire_items import WireItem

MANY_LINES = 100


class Overview(QGraphicsItem):
    """All nodes and wires as seen from afar, as one item: lines by kind, and a copied picture per node.

    A thousand items with a `paint` of their own cost 20 ms a frame in Python, these two loops 5.
    """

    def __init__(self, context: PaintContext) -> None:
        super().__init__()
        self.context = context
        self.tiles: Mapping[str, NodeTile] = {}
        self.wires: Mapping[str, WireItem] = {}
        self._lines: dict[str, list[QLineF]] | None = None
        self._places: dict[str, tuple[str, int]] = {}
        self.setZValue(NODE_Z - 0.5)
        self.setVisible(False)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)  # to know which part is painted

    def boundingRect(self) -> QRectF:
        """Return a rectangle that holds everything."""
        return EVERYWHERE

    def forget_lines(self) -> None:
        """Sort the lines anew: wires came, went, or carry something else."""
        self._lines = None
        self.update()

    def move_line(self, wire: WireItem) -> None:
        """Show that a wire runs elsewhere."""
        if self._lines is not None:
            kind, number = self._places[wire.key]
            self._lines[kind][number] = QLineF(wire.start, wire.end)
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint lines, and tiles above them."""
        context, pens, pixmaps = self.context, self.context.pens, self.context.pixmaps
        for kind, lines in self._by_kind().items():
            painter.setPen(pens.pen(kind, False, True))
            painter.drawLines(lines)
        shining = [QLineF(w.start, w.end) for w in self.wires.values() if w.emphasis]
        if shining:
            pen = QPen(pens.pen("", True, True))
            if len(shining) > MANY_LINES:
                pen.setWidthF(1)  # Qt draws lines of one pixel ten times as fast as thicker ones
            painter.setPen(pen)
            painter.drawLines(shining)
        at, zoom, ratio = painter.worldTransform(), context.zoom, pixmaps.ratio
        middle = TILE / 2
        x, y = at.dx() + middle * zoom, at.dy() + middle * zoom
        half = FAR_RECT.width() * pixmaps.scale / 2
        left, top = x - half, y - half
        seen = at.mapRect(QRectF(option.exposedRect)).adjusted(-2 * half, -2 * half, 2 * half, 2 * half)
        least_x, most_x, least_y, most_y = seen.left(), seen.right(), seen.top(), seen.bottom()
        painter.resetTransform()
        draw, picture, colors = painter.drawPixmap, pixmaps.far, context.colors
        for tile in self.tiles.values():
            to_x, to_y = left + tile.left * zoom, top + tile.top * zoom
            if least_x < to_x < most_x and least_y < to_y < most_y:
                pixmap = picture(tile.face, tile.is_selected or tile.is_target, colors)
                if tile.is_faded:
                    painter.setOpacity(FADED)
                if ratio == 1:
                    draw(round(to_x), round(to_y), pixmap)
                else:
                    draw(QPointF(round(to_x * ratio) / ratio, round(to_y * ratio) / ratio), pixmap)
                if tile.is_faded:
                    painter.setOpacity(1)

    def _by_kind(self) -> dict[str, list[QLineF]]:
        if self._lines is None:
            self._lines, self._places = {}, {}
            for key, wire in self.wires.items():
                lines = self._lines.setdefault(wire.kind, [])
                self._places[key] = (wire.kind, len(lines))
                lines.append(QLineF(wire.start, wire.end))
        return self._lines
