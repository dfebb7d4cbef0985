"""ArchitectureMap: all of a drawn network, small, in a corner of its view; a click or drag moves the view."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.editor.look import look
from app.editor.views.architecture import ArchitectureView, NetworkDrawing, layer_color

LONG, LEAST_SIDE, EDGE = 190, 46, 6.0
"""The longer side of the map, the least of the shorter one, and the room around what is drawn, in pixels."""
ASIDE = 10
"""From the edges of the view."""


class ArchitectureMap(QWidget):
    """The overview of one drawing; it is there only where not all of that is seen.

    Args:
        view: The drawing.
    """

    def __init__(self, view: ArchitectureView) -> None:
        super().__init__(view)
        self._view = view
        self.setAccessibleName("Overview of the network")
        self.setToolTip("Click or drag to move the view")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        view.moved.connect(self.refresh)
        look().changed.connect(self.update)
        self.hide()

    def refresh(self) -> None:
        """Follow the view: what is seen, how large it is, what is drawn."""
        drawing = self._view.drawing
        if drawing is None or self._view.visible_area().contains(drawing.bounds.adjusted(24, 24, -24, -24)):
            self.hide()
            return
        self.setFixedSize(self._wanted(drawing))
        port = self._view.viewport().size()
        self.move(port.width() - self.width() - ASIDE, port.height() - self.height() - ASIDE)
        self.setVisible(port.width() > 2 * self.width() and port.height() > 1.5 * self.height())
        self.update()

    @staticmethod
    def _wanted(drawing: NetworkDrawing) -> QSize:
        width, height = drawing.bounds.width(), drawing.bounds.height()
        scale = LONG / max(width, height)
        return QSize(max(LEAST_SIDE, round(width * scale)), max(LEAST_SIDE, round(height * scale)))

    def _fitted(self, drawing: NetworkDrawing) -> tuple[float, QPointF]:
        """Return scale and shift from the drawing to the map."""
        room = QRectF(self.rect()).adjusted(EDGE, EDGE, -EDGE, -EDGE)
        scale = min(room.width() / drawing.bounds.width(), room.height() / drawing.bounds.height())
        return scale, room.center() - drawing.bounds.center() * scale

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the layers as spots, and a frame around what is seen."""
        drawing, colors = self._view.drawing, look().colors
        if drawing is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colors.line), 1))
        painter.setBrush(QColor(colors.panel))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        scale, shift = self._fitted(drawing)
        spots: dict[str, list[QRectF]] = {}
        for box in drawing.boxes.values():
            size = QSize(max(2, round(box.rect.width() * scale)), max(3, round(box.rect.height() * scale)))
            spot = QRectF(box.rect.topLeft() * scale + shift, size)
            spots.setdefault(layer_color(box.kind), []).append(spot)
        painter.setPen(Qt.PenStyle.NoPen)
        for color, rects in spots.items():
            painter.setBrush(QColor(color))
            painter.drawRects(rects)
        seen = self._view.visible_area()
        frame = QRectF(seen.topLeft() * scale + shift, seen.size() * scale)
        fill = QColor(colors.accent)
        fill.setAlphaF(0.1)
        painter.setPen(QPen(QColor(colors.accent), 1.4))
        painter.setBrush(fill)
        painter.drawRoundedRect(frame.intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2)), 3, 3)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        if self._view.drawing is not None:
            scale, shift = self._fitted(self._view.drawing)
            self._view.look_at((event.position() - shift) / scale)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the drag."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Keep the click from the drawing below."""
        event.accept()
