"""The light below a node that tells its state, by colour and by sign, or its progress while it runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from app.document.geometry import TILE
from app.editor.canvas.sizes import LIGHT_CENTER, LIGHT_RADIUS
from app.editor.colors import Colors, mixed
from app.engine.status import NodeStatus, State
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
    paint_state(painter, status, colors)
    painter.restore()
    return ""


def paint_state(painter: QPainter, status: NodeStatus, colors: Colors, rim: float = 0) -> None:
    """Paint the light of a state around (0, 0): each has its own shape, colour and sign.

    Args:
        painter: What to paint with.
        status: The state.
        colors: The appearance.
        rim: How much of the canvas is seen around it.
    """
    color = QColor(colors.state(status.state))
    hollow = (
        status.outdated
        or status.state in ("running", "bypassed", "inactive")
        or (status.state == "not configured" and status.blocked_by is not None)
    )
    shape = light_shape(status.state)
    if rim:
        painter.setPen(_round_pen(QColor(colors.canvas), 2 * rim + 1))
        painter.setBrush(QColor(colors.canvas))
        painter.drawPath(shape)
    painter.setPen(_round_pen(color, 1.6 if hollow else 1))
    painter.setBrush(QColor(colors.canvas) if hollow else color)
    painter.drawPath(shape)
    painter.setPen(_round_pen(color if hollow else QColor(colors.on_accent), 1.7))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(_SIGNS[_sign(status)]())


def light_shape(state: State) -> QPainterPath:
    """Return the outline of a state's light around (0, 0), so that those who see no colours tell them apart.

    A circle is done, a triangle that lies is ready to play, one that stands warns; what is not configured is a diamond, what
    waits a pill, what runs a small circle, what is bypassed a square, what is inactive a triangle on its tip,
    and what failed has the eight corners of a stop sign.
    """
    path, r = QPainterPath(), LIGHT_RADIUS
    if state in ("done", "running"):
        path.addEllipse(QPointF(0, 0), r, r)
    elif state == "queued":
        path.addRoundedRect(QRectF(-r - 1.5, -r + 1.5, 2 * r + 3, 2 * r - 3), r - 1.5, r - 1.5)
    else:
        path.addPolygon(QPolygonF([QPointF(x * r, y * r) for x, y in _CORNERS[state]]))
        path.closeSubpath()
    return path


_CORNERS: Mapping[State, Sequence[tuple[float, float]]] = {
    "ready": ((-0.75, -1), (1.05, 0), (-0.75, 1)),
    "warning": ((0, -1.1), (1.15, 0.85), (-1.15, 0.85)),
    "not configured": ((0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)),
    "bypassed": ((-0.95, -0.95), (0.95, -0.95), (0.95, 0.95), (-0.95, 0.95)),
    "inactive": ((-1.15, -0.85), (1.15, -0.85), (0, 1.1)),
    "failed": tuple((1.06 * math.cos(math.pi * (k + 0.5) / 4), 1.06 * math.sin(math.pi * (k + 0.5) / 4)) for k in range(8)),
}
"""The corners of lights, in radii."""


def _round_pen(color: QColor, width: float) -> QPen:
    return QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def _sign(status: NodeStatus) -> str:
    if status.outdated:
        return "check"
    if status.state == "not configured":
        return "none" if status.blocked_by else "exclamation"
    return {
        "done": "check",
        "failed": "cross",
        "warning": "exclamation",
        "queued": "dots",
        "bypassed": "slash",
        "inactive": "slash",
    }.get(status.state, "none")


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
