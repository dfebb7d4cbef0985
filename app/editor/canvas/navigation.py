"""From node to node by keyboard: in a direction, or in the order in which the workflow is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt

from app.document.geometry import ROW

if TYPE_CHECKING:
    from app.editor.canvas.scene import CanvasScene

ARROWS: dict[Qt.Key, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


def nearest_in(scene: CanvasScene, way: tuple[int, int], center: QPointF) -> str | None:
    """Return the next node in a direction from the selected one; without a selection, the one nearest to the centre."""
    chosen = next(iter(scene.selection.nodes), None)
    if chosen is None:
        distances = {n: (t.pos() - center).manhattanLength() for n, t in scene.tiles.items()}
        return min(distances, key=distances.__getitem__, default=None)
    start = scene.tiles[chosen].pos()
    best: tuple[float, str] | None = None
    for node_id, tile in scene.tiles.items():
        dx, dy = tile.pos().x() - start.x(), tile.pos().y() - start.y()
        ahead, aside = dx * way[0] + dy * way[1], abs(dx * way[1] + dy * way[0])
        if node_id == chosen or ahead <= 0 or aside > 2 * ahead:
            continue
        if best is None or ahead + 2 * aside < best[0]:
            best = (ahead + 2 * aside, node_id)
    return best[1] if best else chosen


def reading_order(scene: CanvasScene) -> list[str]:
    """Return all nodes in rows from the upper left."""
    return sorted(scene.tiles, key=lambda n: (round(scene.tiles[n].pos().y() / (ROW / 2)), scene.tiles[n].pos().x(), n))


def next_node(scene: CanvasScene, backwards: bool) -> str | None:
    """Return the node after (or before) the selected one, read in rows from the upper left; after the last comes the first."""
    order = reading_order(scene)
    if not order:
        return None
    chosen = next((n for n in order if n in scene.selection.nodes), None)
    if chosen is None:
        return order[0]
    return order[(order.index(chosen) + (-1 if backwards else 1)) % len(order)]
