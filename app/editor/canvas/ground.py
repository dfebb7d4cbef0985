"""The ground of the canvas: a calm colour with dots."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

from app.editor.canvas.paint_context import PaintContext
from app.editor.canvas.sizes import GRID


class Ground:
    """Paints the ground as one tiled picture.

    The dots are a whole number of device pixels apart, so that one picture fits everywhere; nothing is aligned to them.
    """

    def __init__(self, context: PaintContext) -> None:
        self._stage = context
        self._dots = QPixmap()
        self._made_for: tuple[object, ...] = ()

    def paint(self, painter: QPainter, rect: QRectF) -> None:
        """Paint a rectangle of the scene."""
        context, colors, ratio = self._stage, self._stage.colors, self._stage.pixmaps.ratio
        if context.direct:
            painter.fillRect(rect, QColor(colors.canvas))
            return
        at = painter.worldTransform()
        area = at.mapRect(rect).toAlignedRect()
        step = GRID * context.zoom
        while step < 15:
            step *= 2
        wanted = (round(step * ratio), ratio, colors.grid, colors.canvas)
        if self._made_for != wanted:
            self._dots, self._made_for = _dots(*wanted), wanted
        step = self._dots.deviceIndependentSize().width()
        painter.resetTransform()
        painter.drawTiledPixmap(area, self._dots, QPointF((area.x() - at.dx()) % step, (area.y() - at.dy()) % step).toPoint())


def _dots(pixels: int, ratio: float, color: str, ground: str) -> QPixmap:
    """Return some dots on the ground, `pixels` device pixels apart; several, because small tiles are slow to paint with."""
    count = max(1, 200 // pixels)
    pixmap = QPixmap(pixels * count, pixels * count)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(QColor(ground))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(color))
    for column in range(count):
        for row in range(count):
            painter.drawEllipse(QPointF(column * pixels / ratio + 2, row * pixels / ratio + 2), 1.3, 1.3)
    painter.end()
    return pixmap
