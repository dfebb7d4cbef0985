"""A wire as a path that Qt draws, for whoever draws a workflow in the window."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath

from app.document.geometry import wire_curve


def wire_path(start: QPointF, end: QPointF) -> QPainterPath:
    """Return the curve from an output to an input."""
    path = QPainterPath(start)
    for piece in wire_curve((start.x(), start.y()), (end.x(), end.y())):
        if len(piece) == 2:
            path.lineTo(*piece)
        else:
            path.cubicTo(*piece)
    return path
