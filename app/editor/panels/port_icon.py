"""The shapes of ports, as small pictures for lists and descriptions: table = triangle, network = square, figure = circle."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap, QPolygonF

from app.editor.look import look


def port_pixmap(kind: str, ratio: float, side: int = 12) -> QPixmap:
    """Return the shape of a kind of port, `side` pixels wide, sharp at this device pixel ratio."""
    pixmap = QPixmap(round(side * ratio), round(side * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(look().colors.port(kind)))
    box = QRectF(2, 2, side - 4, side - 4)
    if kind == "table":
        painter.drawPolygon(QPolygonF([box.topLeft(), QPointF(box.right(), box.center().y()), box.bottomLeft()]))
    elif kind == "network":
        painter.drawRoundedRect(box, 1, 1)
    elif kind == "model":
        middle, quarter = box.center().y(), box.width() / 4
        corners = [(0, middle), (1, box.top()), (3, box.top()), (4, middle), (3, box.bottom()), (1, box.bottom())]
        painter.drawPolygon(QPolygonF([QPointF(box.left() + n * quarter, y) for n, y in corners]))
    elif kind == "variables":
        painter.drawEllipse(box.adjusted(1.2, 1.2, -1.2, -1.2))
    else:
        painter.drawEllipse(box)
    painter.end()
    return pixmap
