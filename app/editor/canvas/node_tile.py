"""A node on the canvas, seen from near. It shows; it decides nothing.

Mouse and keys never reach it: the view turns gestures into commands for the document (`gestures.py`), and the scene
moves the items as the document says (`scene.py`).
"""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.document.geometry import CORNER, PORT_REACH, TILE
from app.editor.canvas.node_face import NodeFace
from app.editor.canvas.nodegraph import AbstractNodeItem
from app.editor.canvas.paint_context import NODE_Z, PASSIVE, PaintContext
from app.editor.canvas.painting import copy_sharp, node_pixmap, paint_corner, paint_node, paint_outline
from app.editor.canvas.shown_ports import Side
from app.editor.canvas.sizes import FAR_RECT, NODE_RECT, port_size
from app.editor.colors import mixed

FADED = 0.38
"""How much is left of a node that steps back."""


class NodeTile(AbstractNodeItem):
    """A node.

    NodeGraphQt's NodeItem makes about ten child items per node (an icon read from disk, a text per port, a cross) and paints
    with a dozen calls each time: 1 000 nodes take seconds to make and 30 to 130 ms to paint. This one has no children; its
    ports are arithmetic, and painting is copying a picture.
    """

    def __init__(self, node_id: str, face: NodeFace, context: PaintContext) -> None:
        super().__init__()
        self.setFlags(PASSIVE)
        self.setCacheMode(QGraphicsItem.CacheMode.NoCache)  # its own picture is the cache
        self.setZValue(NODE_Z)
        self.id = node_id
        self.face = face
        self.context = context
        self.is_selected = False
        self.is_target = False
        self.is_faded = False
        self.shows_corner = False
        self.left = self.top = 0.0
        self.pixmap: QPixmap | None = None
        self._made_for = (0.0, 0.0)

    def boundingRect(self) -> QRectF:
        """Return all that is drawn of it."""
        return NODE_RECT

    def place(self, left: float, top: float) -> None:
        """Have the upper left corner of the tile there."""
        self.left, self.top = left, top
        self.setPos(left, top)

    def redraw(self) -> None:
        """Be painted anew."""
        if self.context.far:
            self.context.far_changed()
        else:
            self.update()

    def show_face(self, face: NodeFace) -> None:
        """Look different from now on."""
        if face != self.face:
            self.face = face
            self.pixmap = None
            self.context.pixmaps.drop(self)
            self.redraw()

    def mark(self, *, selected: bool | None = None, target: bool | None = None, faded: bool | None = None) -> None:
        """Be selected, be where something will be dropped, or step back."""
        before = (self.is_selected, self.is_target, self.is_faded)
        self.is_selected = self.is_selected if selected is None else selected
        self.is_target = self.is_target if target is None else target
        self.is_faded = self.is_faded if faded is None else faded
        if before != (self.is_selected, self.is_target, self.is_faded):
            self.redraw()

    def show_corner(self, shown: bool) -> None:
        """Show the input for variables, or not, where nothing is wired to it."""
        if shown != self.shows_corner:
            self.shows_corner = shown
            self.redraw()

    def port_place(self, side: Side, name: str) -> QPointF | None:
        """Return the centre of a port in the scene; None where it has no such port."""
        found = self.face.ports.by_name.get((side, name))
        if found is None:
            return None
        y = next(y for port, y in self.face.ports.places(side) if port.name == name)
        return QPointF(self.left + (-PORT_REACH if side == "input" else TILE + PORT_REACH), self.top + y)

    def port_at(self, place: QPointF, reach: float) -> tuple[Side, str] | None:
        """Return the port within `reach` of a point in the scene."""
        spot = place - self.pos()
        best: tuple[float, Side, str] | None = None
        sides: tuple[tuple[Side, float], ...] = (("input", -PORT_REACH), ("output", TILE + PORT_REACH))
        for side, x in sides:
            if abs(spot.x() - x) > reach:
                continue
            ports = self.face.ports.on(side)
            for port, y in self.face.ports.places(side):
                distance = math.hypot(spot.x() - x, spot.y() - y)
                limit = min(reach, 9.0) if port_size(len(ports)) == 1 else reach
                if distance <= max(limit, 0) and (best is None or distance < best[0]):
                    best = (distance, side, port.name)
        return (best[1], best[2]) if best else None

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Copy the picture, onto whole device pixels, so that it is sharp."""
        context = self.context
        if context.direct:
            paint_node(painter, self.face, context.colors)
            return
        if self.is_faded:
            painter.setOpacity(FADED)
        if self.is_target:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(mixed(context.colors.accent, context.colors.canvas, 0.25)))
            painter.drawRoundedRect(QRectF(-5, -5, TILE + 10, TILE + 10), CORNER + 4, CORNER + 4)
        if self.is_selected or self.is_target:
            paint_outline(painter, context.colors)
        pixmap = self._picture()
        if pixmap is None:
            rect, pixmap = FAR_RECT, context.pixmaps.tile(self.face, context.colors)
        else:
            rect = NODE_RECT
        if context.pixmaps.scale == context.zoom and (rect is FAR_RECT or self._made_for[0] == context.zoom):
            copy_sharp(painter, rect.topLeft(), pixmap)
        else:
            painter.drawPixmap(rect, pixmap, QRectF(pixmap.rect()))
        if self.shows_corner and not context.far:
            paint_corner(painter, self.face, context.colors)

    def _picture(self) -> QPixmap | None:
        """Return its picture, made anew where needed and where this frame has time left; else the one of before, or None."""
        context = self.context
        pixmaps = context.pixmaps
        wanted = (pixmaps.scale, pixmaps.ratio)
        pixmap = self.pixmap
        if (pixmap is None or self._made_for != wanted) and pixmaps.has_time():
            pixmap = self.pixmap = node_pixmap(self.face, context.colors, pixmaps.tile(self.face, context.colors), *wanted)
            self._made_for = wanted
            pixmaps.keep(self, pixmap)
        return pixmap
