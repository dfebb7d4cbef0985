"""What lies over nodes and wires: labels that say what a wire carries, and glows."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem, QStyleOptionGraphicsItem, QWidget

from app.editor.canvas.paint_context import LABEL_Z, LIVE_Z, PaintContext
from app.editor.canvas.text_painting import paint_text, text_width


class OutputLabel(QGraphicsItem):
    """A pill that says what a wire carries."""

    SIZE, HEIGHT = 10.5, 18.0

    def __init__(self, context: PaintContext) -> None:
        super().__init__()
        self.setZValue(LABEL_Z)
        self.context = context
        self.text = ""
        self.strong = False
        self._width = 0.0

    @classmethod
    def width_of(cls, text: str) -> float:
        """Return how wide the pill of a text is."""
        return text_width(text, cls.SIZE) + 18

    def say(self, text: str, center: QPointF, strong: bool) -> None:
        """Show a text there; a strong pill belongs to what is selected or pointed at."""
        if (text, strong) != (self.text, self.strong):
            self.prepareGeometryChange()
            self.text, self.strong = text, strong
            self._width = self.width_of(text)
            self.update()
        self.setPos(center)

    def boundingRect(self) -> QRectF:
        """Return the pill with its frame."""
        return QRectF(-self._width / 2 - 1, -self.HEIGHT / 2 - 1, self._width + 2, self.HEIGHT + 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint a pill with text."""
        colors = self.context.colors
        rect = QRectF(-self._width / 2, -self.HEIGHT / 2, self._width, self.HEIGHT)
        painter.setPen(QPen(QColor(colors.accent if self.strong else colors.line), 1.2 if self.strong else 1.0))
        painter.setBrush(QColor(colors.panel))
        painter.drawRoundedRect(rect, self.HEIGHT / 2, self.HEIGHT / 2)
        color = colors.text if self.strong else colors.muted
        paint_text(painter, self.text, rect, Qt.AlignmentFlag.AlignCenter, size=self.SIZE, color=color)


class Halo(QGraphicsPathItem):
    """A glow around ports that fit, or a ring around a node that is to be noticed."""

    def __init__(self, z: float = LIVE_Z - 1) -> None:
        super().__init__()
        self.setZValue(z)
        self.setVisible(False)

    def glow(self, path: QPainterPath, color: str, strength: float = 0.35) -> None:
        """Shine there."""
        fill = QColor(color)
        fill.setAlphaF(strength)
        self.setBrush(fill)
        self.setPen(QPen(QColor(color), 1.4))
        self.setPath(path)
        self.setVisible(True)
