"""What is at a point, in a rectangle or across a line of the canvas, seen as it is painted now."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath, QPainterPathStroker

from app.document.geometry import TILE
from app.editor.canvas.annotations import ANNOTATION_GRIP
from app.editor.canvas.node_tile import NodeTile
from app.editor.canvas.scene import CanvasScene
from app.editor.canvas.selection import Hit
from app.editor.canvas.sizes import NOTE_TOP, TILE_RECT, TITLE_LINE
from app.editor.canvas.wire_items import WireItem

REACH = 10.0
"""How near the pointer must be to a port or wire, in pixels of the screen."""


def hit_test(scene: CanvasScene, place: QPointF, *, zoom: float = 1.0, ignore: Iterable[str] = ()) -> Hit:
    """Return what is at a point: ports first, then nodes, wires and annotations.

    Args:
        place: The point.
        zoom: The view's scale: from afar, the pointer reaches further.
        ignore: Nodes and wires to look through.
    """
    reach = min(REACH / zoom, 14.0) if zoom < 1 else REACH
    looked_through = set(ignore)
    near = QRectF(place.x() - reach, place.y() - reach, 2 * reach, 2 * reach)
    tiles = [t for t in reversed(scene.visible_tiles(near)) if t.id not in looked_through]  # those added last lie on top
    if not scene.context.far:
        for tile in tiles:
            port = tile.port_at(place, reach)
            if port is not None:
                return Hit(place, node=tile.id, port=port, part="tile")
    for tile in tiles:
        part = _part(scene, tile, place)
        if part:
            return Hit(place, node=tile.id, part=part)
    wire = _wire_at(scene, place, min(reach, 7.0 / zoom), looked_through)
    if wire is not None:
        return Hit(place, connection=wire)
    for box in sorted(scene.annotations.values(), key=lambda b: -b.zValue()):
        edge = box.grip(place, min(ANNOTATION_GRIP / zoom, 16.0))
        if edge is not None:
            return Hit(place, annotation=box.id, edge=edge)
    return Hit(place)


def _wire_at(scene: CanvasScene, place: QPointF, reach: float, ignore: set[str]) -> str | None:
    around = QRectF(place.x() - reach, place.y() - reach, 2 * reach, 2 * reach)
    stroker = QPainterPathStroker()
    stroker.setWidth(2 * reach)
    for wire in scene.visible_wires(around):
        if wire.key in ignore or wire is scene.held_wire:
            continue
        if stroker.createStroke(_drawn(scene, wire)).contains(place):
            return wire.key
    return None


def nodes_in(scene: CanvasScene, rect: QRectF) -> set[str]:
    """Return the nodes whose tile touches a rectangle."""
    left, right, top, bottom = rect.left() - TILE, rect.right(), rect.top() - TILE, rect.bottom()
    return {n for n, t in scene.tiles.items() if left < t.left < right and top < t.top < bottom}


def wires_in(scene: CanvasScene, rect: QRectF) -> set[str]:
    """Return the wires that touch a rectangle."""
    area = QPainterPath()
    area.addRect(rect)
    return {w.key for w in scene.visible_wires(rect) if _line_meets(_drawn(scene, w), area)}


def wires_across(scene: CanvasScene, line: QPainterPath) -> set[str]:
    """Return the wires that a line crosses."""
    stroker = QPainterPathStroker()
    stroker.setWidth(1.0)
    cut = stroker.createStroke(line)
    return {w.key for w in scene.visible_wires(cut.boundingRect()) if _line_meets(_drawn(scene, w), cut)}


def _drawn(scene: CanvasScene, wire: WireItem) -> QPainterPath:
    """Return the line as it is seen now."""
    if not scene.context.far:
        return wire.path()
    path = QPainterPath(wire.start)
    path.lineTo(wire.end)
    return path


def _part(scene: CanvasScene, tile: NodeTile, place: QPointF) -> str:
    """Return which part of a node a point is on; empty beside it."""
    spot = place - tile.pos()
    if TILE_RECT.adjusted(-3, -3, 3, 3).contains(spot):
        return "tile"
    if scene.context.far:
        return ""
    if -2 * TITLE_LINE - 9 <= spot.y() <= 0 and abs(spot.x() - TILE / 2) <= 52:
        return "title" if spot.y() >= -9 - TITLE_LINE or len(tile.face.title) > 15 else ""
    if 0 <= spot.y() <= NOTE_TOP + 16 and abs(spot.x() - TILE / 2) <= (48 if spot.y() > NOTE_TOP - 2 else TILE / 2):
        return "note" if spot.y() > NOTE_TOP - 2 else "tile"
    return ""


def _line_meets(line: QPainterPath, area: QPainterPath) -> bool:
    """Return whether a curve, seen as a line without the area below it, touches an area."""
    stroker = QPainterPathStroker()
    stroker.setWidth(1.0)
    return stroker.createStroke(line).intersects(area)
