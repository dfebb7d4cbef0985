"""Sizes and shapes on the canvas, beyond what every drawing of a workflow has (`app.document.geometry`), as Qt has them.

Knows nothing of documents and items.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF

from app.document.geometry import TILE, goes_back, wire_middle

TITLE_WIDTH, TITLE_SIZE, TITLE_LINE = 128.0, 12.5, 15.0
NOTE_SIZE, NOTE_LINE = 11.0, 13.5
READABLE, LEAST_NOTE = 8.0, 6.0
"""Titles are never painted in fewer pixels on the screen, whatever the zoom; notes in fewer are left out."""
LIGHT_RADIUS = 5.5
LIGHT_CENTER = QPointF(TILE / 2, TILE + 14)
NOTE_TOP = TILE + 24.0

TILE_RECT = QRectF(0, 0, TILE, TILE)
FAR_RECT = TILE_RECT.adjusted(-9, -9, 9, 9)
"""What is drawn of a node seen from afar: its tile with the frame of a selected one."""
NODE_RECT = QRectF(TILE / 2 - TITLE_WIDTH / 2 - 4, -60, TITLE_WIDTH + 8, 60 + NOTE_TOP + 2 * NOTE_LINE + 4)
"""All that is drawn of a node, seen from its tile's upper left corner, which is its position in the document."""

GRID = 22.0
"""Distance of the dots on the ground; what is moved by arrow keys goes half of it."""
NUDGE, SMALL_NUDGE = GRID / 2, 1.0
MOVE_STEP = 10
"""In steps of this what is dragged moves, so that what was aligned stays aligned."""


def port_size(count: int) -> float:
    """Return how large the ports on one side are drawn, 1 being their usual size: smaller where they are many."""
    return 1.0 if count <= 4 else max(0.6, 4.5 / count)


def middle(start: QPointF, end: QPointF) -> QPointF:
    """Return where a wire's label is centred."""
    return QPointF(*wire_middle((start.x(), start.y()), (end.x(), end.y())))


def room_for_label(start: QPointF, end: QPointF) -> float:
    """Return how wide a label in the middle of a wire may be."""
    back = goes_back((start.x(), start.y()), (end.x(), end.y()))
    return abs(end.x() - start.x()) - (0 if back else 14)
