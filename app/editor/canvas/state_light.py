"""The light below a node that tells its state, by colour and by sign, or its progress while it runs."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from app.document.geometry import TILE
from app.editor.canvas.sizes import LIGHT_CENTER, LIGHT_RADIUS
from app.editor.colors import Colors, mixed
from app.engine.status import NodeStatus
from nodes.wording import clock


def paint_light(painter: QPainter, status: NodeStatus, colors: Colors) -> str:
    """Paint the state, with a sign for those who see no colours; returns what is to be said below it."""
    if status.state == "running":
        _paint_progress(painter, status.fraction, colors)
        left = f"{clock(status.seconds_left)} left" if status.seconds_left is not None else ""
        doing = status.message.partition(" · ")[0]  # `epoch 8 of 12`; the rest is for the node monitor
        return " · ".join(part for part in (doing, left) if part)
    painter.save()
    painter.translate(LIGHT_CENTER)
    color = QColor(colors.state(status.state))
    hollow = status.outdated or status.state == "bypassed" or (status.state == "not configured" and status.blocked_by is not None)
    sign_color = color if hollow else QColor("#FFFFFF")
    if status.state == "warning" and not hollow:
        painter.setPen(QPen(color, 2.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(color)
        painter.drawPolygon(QPolygonF([QPointF(0, -5.4), QPointF(5.6, 4.4), QPointF(-5.6, 4.4)]))
        sign_color = QColor("#3A2E08")
    else:
        painter.setPen(QPen(color, 1.6) if hollow else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.canvas) if hollow else color)
        radius = LIGHT_RADIUS + (-0.3 if hollow else 0.5)
        painter.drawEllipse(QPointF(0, 0), radius, radius)
    sign = _sign(status)
    painter.setPen(QPen(sign_color, 1.7, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(_SIGNS[sign]())
    painter.restore()
    return ""


def _sign(status: NodeStatus) -> str:
    if status.outdated:
        return "check"
    if status.state == "not configured":
        return "none" if status.blocked_by else "exclamation"
    return {"done": "check", "failed": "cross", "warning": "exclamation", "queued": "dots", "bypassed": "slash"}.get(
        status.state, "none"
    )


def _check() -> QPainterPath:
    path = QPainterPath(QPointF(-2.5, 0.3))
    path.lineTo(-0.7, 2.1)
    path.lineTo(2.6, -1.9)
    return path


def _cross() -> QPainterPath:
    path = QPainterPath(QPointF(-2, -2))
    path.lineTo(2, 2)
    path.moveTo(2, -2)
    path.lineTo(-2, 2)
    return path


def _exclamation() -> QPainterPath:
    path = QPainterPath(QPointF(0, -2.7))
    path.lineTo(0, 0.5)
    path.moveTo(0, 2.8)
    path.lineTo(0, 2.85)
    return path


def _slash() -> QPainterPath:
    path = QPainterPath(QPointF(-3.2, 0))
    path.lineTo(3.2, 0)
    return path


def _dots() -> QPainterPath:
    path = QPainterPath()
    for x in (-2.5, 0.0, 2.5):
        path.moveTo(x, 0)
        path.lineTo(x + 0.05, 0)
    return path


_SIGNS = {"check": _check, "cross": _cross, "exclamation": _exclamation, "dots": _dots, "slash": _slash, "none": QPainterPath}


def _paint_progress(painter: QPainter, fraction: float | None, colors: Colors) -> None:
    bar = QRectF(0, LIGHT_CENTER.y() - 2.5, TILE, 5)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(mixed(colors.muted, colors.canvas, 0.28)))
    painter.drawRoundedRect(bar, 2.5, 2.5)
    painter.setBrush(QColor(colors.accent))
    if fraction is None:  # not known: three dashes
        for part in range(3):
            painter.drawRoundedRect(QRectF(bar.x() + 4 + part * 18, bar.y(), 12, 5), 2.5, 2.5)
    else:
        painter.drawRoundedRect(QRectF(bar.x(), bar.y(), max(5.0, bar.width() * min(1.0, fraction)), 5), 2.5, 2.5)
