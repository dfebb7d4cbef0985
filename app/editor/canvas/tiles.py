"""Nodes on the canvas, from near (an item each) and from afar (one item for all). They show; they decide nothing.

Mouse and keys never reach them: the view turns gestures into commands for the document (`gestures.py`), and the scene
moves the items as the document says (`scene.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.document.geometry import CORNER, PORT_REACH, TILE, port_offsets
from app.editor.canvas.geometry import FAR_RECT, NODE_RECT, port_size
from app.editor.canvas.node_face import NodeFace
from app.editor.canvas.nodegraph import AbstractNodeItem
from app.editor.canvas.painting import copy_sharp, node_pixmap, paint_node, paint_outline
from app.editor.canvas.ports import Side
from app.editor.canvas.stage import EVERYWHERE, NODE_Z, PASSIVE, Stage
from app.editor.colors import mixed
from app.engine.status import NodeStatus

if TYPE_CHECKING:
    from app.editor.canvas.wires import Wire

FADED = 0.38
"""How much is left of a node that steps back."""
MANY_LINES = 100


class NodeTile(AbstractNodeItem):
    """A node.

    NodeGraphQt's NodeItem makes about ten child items per node (an icon read from disk, a text per port, a cross) and paints
    with a dozen calls each time: 1 000 nodes take seconds to make and 30 to 130 ms to paint. This one has no children; its
    ports are arithmetic, and painting is copying a picture.
    """

    def __init__(self, node_id: str, face: NodeFace, stage: Stage) -> None:
        super().__init__()
        self.setFlags(PASSIVE)
        self.setCacheMode(QGraphicsItem.CacheMode.NoCache)  # its own picture is the cache
        self.setZValue(NODE_Z)
        self.id = node_id
        self.face = face
        self.stage = stage
        self.is_selected = False
        self.is_target = False
        self.is_faded = False
        self.left = self.top = 0.0
        self.pixmap: QPixmap | None = None
        self._made_for = (0.0, 0.0)

    def boundingRect(self) -> QRectF:
        """All that is drawn of it."""
        return NODE_RECT

    def place(self, left: float, top: float) -> None:
        """Have the upper left corner of the tile there."""
        self.left, self.top = left, top
        self.setPos(left, top)

    def redraw(self) -> None:
        """Be painted anew."""
        if self.stage.far:
            self.stage.far_changed()
        else:
            self.update()

    def show_face(self, face: NodeFace) -> None:
        """Look different from now on."""
        if face != self.face:
            self.face = face
            self.pixmap = None
            self.stage.drop(self)
            self.redraw()

    def mark(self, *, selected: bool | None = None, target: bool | None = None, faded: bool | None = None) -> None:
        """Be selected, be where something will be dropped, or step back."""
        before = (self.is_selected, self.is_target, self.is_faded)
        self.is_selected = self.is_selected if selected is None else selected
        self.is_target = self.is_target if target is None else target
        self.is_faded = self.is_faded if faded is None else faded
        if before != (self.is_selected, self.is_target, self.is_faded):
            self.redraw()

    def port_place(self, side: Side, name: str) -> QPointF | None:
        """The centre of a port in the scene; None where it has no such port."""
        found = self.face.ports.by_name.get((side, name))
        if found is None:
            return None
        y = port_offsets(len(self.face.ports.on(side)))[found[0]]
        return QPointF(self.left + (-PORT_REACH if side == "input" else TILE + PORT_REACH), self.top + y)

    def port_at(self, place: QPointF, reach: float) -> tuple[Side, str] | None:
        """The port within `reach` of a point in the scene."""
        spot = place - self.pos()
        best: tuple[float, Side, str] | None = None
        sides: tuple[tuple[Side, float], ...] = (("input", -PORT_REACH), ("output", TILE + PORT_REACH))
        for side, x in sides:
            if abs(spot.x() - x) > reach:
                continue
            ports = self.face.ports.on(side)
            for port, y in zip(ports, port_offsets(len(ports)), strict=True):
                distance = math.hypot(spot.x() - x, spot.y() - y)
                limit = min(reach, 9.0) if port_size(len(ports)) == 1 else reach
                if distance <= max(limit, 0) and (best is None or distance < best[0]):
                    best = (distance, side, port.name)
        return (best[1], best[2]) if best else None

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Copy the picture, onto whole device pixels, so that it is sharp."""
        stage = self.stage
        if stage.direct:
            paint_node(painter, self.face, stage.colors)
            return
        if self.is_faded:
            painter.setOpacity(FADED)
        if self.is_target:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(mixed(stage.colors.accent, stage.colors.canvas, 0.25)))
            painter.drawRoundedRect(QRectF(-5, -5, TILE + 10, TILE + 10), CORNER + 4, CORNER + 4)
        if self.is_selected or self.is_target:
            paint_outline(painter, stage.colors)
        pixmap = self._picture()
        if pixmap is None:
            rect, pixmap = FAR_RECT, stage.tile_pixmap(self.face)
        else:
            rect = NODE_RECT
        if stage.settled == stage.zoom and (rect is FAR_RECT or self._made_for[0] == stage.zoom):
            copy_sharp(painter, rect.topLeft(), pixmap)
        else:
            painter.drawPixmap(rect, pixmap, QRectF(pixmap.rect()))

    def _picture(self) -> QPixmap | None:
        """Its picture, made anew where needed and where this frame has time left; else the one of before, or None."""
        stage = self.stage
        wanted = (stage.settled, stage.ratio)
        pixmap = self.pixmap
        if (pixmap is None or self._made_for != wanted) and stage.has_time():
            pixmap = self.pixmap = node_pixmap(self.face, stage.colors, stage.tile_pixmap(self.face), *wanted)
            self._made_for = wanted
            stage.keep(self, pixmap)
        return pixmap


class FarPicture(QGraphicsItem):
    """All nodes and wires as seen from afar, as one item: lines by kind, and a copied picture per node.

    A thousand items with a `paint` of their own cost 20 ms a frame in Python, these two loops 5.
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self.tiles: Mapping[str, NodeTile] = {}
        self.wires: Mapping[str, Wire] = {}
        self._lines: dict[str, list[QLineF]] | None = None
        self._places: dict[str, tuple[str, int]] = {}
        self.setZValue(NODE_Z - 0.5)
        self.setVisible(False)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)  # to know which part is painted

    def boundingRect(self) -> QRectF:
        """Everywhere."""
        return EVERYWHERE

    def forget_lines(self) -> None:
        """Wires came, went, or carry something else."""
        self._lines = None
        self.update()

    def move_line(self, wire: Wire) -> None:
        """A wire runs elsewhere."""
        if self._lines is not None:
            kind, number = self._places[wire.key]
            self._lines[kind][number] = QLineF(wire.start, wire.end)
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Lines below, tiles above."""
        stage, pens = self.stage, self.stage.pens
        for kind, lines in self._by_kind().items():
            painter.setPen(pens.pen(kind, False, True))
            painter.drawLines(lines)
        shining = [QLineF(w.start, w.end) for w in self.wires.values() if w.emphasis]
        if shining:
            pen = QPen(pens.pen("", True, True))
            if len(shining) > MANY_LINES:
                pen.setWidthF(1)  # Qt draws lines of one pixel ten times as fast as thicker ones
            painter.setPen(pen)
            painter.drawLines(shining)
        at, zoom, ratio = painter.worldTransform(), stage.zoom, stage.ratio
        middle = TILE / 2
        x, y = at.dx() + middle * zoom, at.dy() + middle * zoom
        half = FAR_RECT.width() * stage.settled / 2
        left, top = x - half, y - half
        seen = at.mapRect(QRectF(option.exposedRect)).adjusted(-2 * half, -2 * half, 2 * half, 2 * half)
        least_x, most_x, least_y, most_y = seen.left(), seen.right(), seen.top(), seen.bottom()
        painter.resetTransform()
        draw, picture = painter.drawPixmap, stage.far_pixmap
        for tile in self.tiles.values():
            to_x, to_y = left + tile.left * zoom, top + tile.top * zoom
            if least_x < to_x < most_x and least_y < to_y < most_y:
                pixmap = picture(tile.face, tile.is_selected or tile.is_target)
                if tile.is_faded:
                    painter.setOpacity(FADED)
                if ratio == 1:
                    draw(round(to_x), round(to_y), pixmap)
                else:
                    draw(QPointF(round(to_x * ratio) / ratio, round(to_y * ratio) / ratio), pixmap)
                if tile.is_faded:
                    painter.setOpacity(1)

    def _by_kind(self) -> dict[str, list[QLineF]]:
        if self._lines is None:
            self._lines, self._places = {}, {}
            for key, wire in self.wires.items():
                lines = self._lines.setdefault(wire.kind, [])
                self._places[key] = (wire.kind, len(lines))
                lines.append(QLineF(wire.start, wire.end))
        return self._lines


def with_status(face: NodeFace, status: NodeStatus | None) -> NodeFace:
    """The same face with another status."""
    return NodeFace(face.title, face.note, face.color, face.icon, face.type_name, face.ports, face.wired, status)
