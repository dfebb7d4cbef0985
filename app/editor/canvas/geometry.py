"""Sizes and shapes on the canvas: where a node's ports are, and how a wire runs. Knows nothing of documents and items."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

TILE, CORNER = 56.0, 11.0
TITLE_WIDTH, TITLE_SIZE, TITLE_LINE = 128.0, 12.5, 15.0
NOTE_SIZE, NOTE_LINE = 11.0, 13.5
LIGHT_RADIUS = 5.5
LIGHT_CENTER = QPointF(TILE / 2, TILE + 14)
NOTE_TOP = TILE + 24.0
COLUMN, ROW = 132.0, 150.0
"""Distances of nodes that are put side by side."""

TILE_RECT = QRectF(0, 0, TILE, TILE)
NODE_RECT = QRectF(TILE / 2 - TITLE_WIDTH / 2 - 4, -44, TITLE_WIDTH + 8, 44 + NOTE_TOP + 2 * NOTE_LINE + 4)
"""All that is drawn of a node, seen from its tile's upper left corner, which is its position in the document."""

PORT_REACH = 5.0
"""How far outside the tile's edge a port's centre is."""
LOOP = 60.0
"""How far a wire that goes back swings out at its ends."""
DETOUR = TILE + 42.0
"""How far below its ends a wire that goes back among nodes of one row runs."""


@cache
def port_offsets(count: int) -> tuple[float, ...]:
    """How far below the tile's upper edge the ports on one side are."""
    gap = max(6.5, min(14.0, 52.0 / count)) if count else 0.0
    return tuple(TILE / 2 + (i - (count - 1) / 2) * gap for i in range(count))


def port_size(count: int) -> float:
    """How large the ports on one side are drawn, 1 being their usual size: smaller where they are many."""
    return 1.0 if count <= 4 else max(0.6, 4.5 / count)


def goes_back(start: QPointF, end: QPointF) -> bool:
    """Whether a wire runs against the direction of reading."""
    return end.x() < start.x() + 10


def level(start: QPointF, end: QPointF) -> float:
    """The y at which a wire that goes back runs level."""
    return max(start.y(), end.y()) + DETOUR if abs(end.y() - start.y()) < DETOUR else (start.y() + end.y()) / 2


def wire_path(start: QPointF, end: QPointF) -> QPainterPath:
    """The curve from an output to an input."""
    x1, y1, x2, y2 = start.x(), start.y(), end.x(), end.y()
    path = QPainterPath(start)
    if goes_back(start, end):
        y = level(start, end)
        path.cubicTo(x1 + LOOP, y1, x1 + LOOP, y, x1, y)
        path.lineTo(x2, y)
        path.cubicTo(x2 - LOOP, y, x2 - LOOP, y2, x2, y2)
    else:
        reach = max(min(140.0, (x2 - x1) / 2), 5.0)
        path.cubicTo(x1 + reach, y1, x2 - reach, y2, x2, y2)
    return path


def middle(start: QPointF, end: QPointF) -> QPointF:
    """Where a wire's label is centred."""
    y = level(start, end) if goes_back(start, end) else (start.y() + end.y()) / 2
    return QPointF((start.x() + end.x()) / 2, y)


def room_for_label(start: QPointF, end: QPointF) -> float:
    """How wide a label in the middle of a wire may be."""
    return abs(end.x() - start.x()) - (0 if goes_back(start, end) else 14)
