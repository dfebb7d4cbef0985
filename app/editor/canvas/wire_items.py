"""Connections on the canvas: those of the document, the one that follows the pointer, and the line that cuts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem

from app.editor.canvas.nodegraph import LivePipeItem, PipeItem, SlicerPipeItem
from app.editor.canvas.paint_context import LIVE_Z, PASSIVE, WIRE_Z
from app.editor.wire_path import wire_path

if TYPE_CHECKING:
    from app.document.model import Connection


class WireItem(PipeItem):
    """A connection.

    NodeGraphQt's PipeItem has a Python `paint` and `itemChange` and a polygon as a child; 1 500 of them take longer to paint than
    everything else. Here Qt's own compiled methods are put back, and its constructor, which makes the child, is passed over.
    """

    paint = QGraphicsPathItem.paint
    itemChange = QGraphicsPathItem.itemChange  # noqa: N815 - Qt's name
    hoverEnterEvent = QGraphicsPathItem.hoverEnterEvent  # noqa: N815
    hoverLeaveEvent = QGraphicsPathItem.hoverLeaveEvent  # noqa: N815

    def __init__(self, key: str, connection: Connection) -> None:
        QGraphicsPathItem.__init__(self)
        self.setZValue(WIRE_Z)
        self.key = key
        self.connection = connection
        self.source, _, self.source_port = connection.source.partition(".")
        self.target, _, self.target_port = connection.target.partition(".")
        self.kind = ""
        self.start = QPointF()
        self.end = QPointF()
        self.bounds = QRectF()
        self.emphasis = False

    def route(self, start: QPointF, end: QPointF) -> None:
        """Run from here to there."""
        self.start, self.end = start, end
        path = wire_path(start, end)
        self.bounds = path.controlPointRect().adjusted(-2, -2, 2, 2)
        self.setPath(path)


class LiveWire(LivePipeItem):
    """The wire that follows the pointer; dashed where it would be refused."""

    paint = QGraphicsPathItem.paint
    hoverEnterEvent = QGraphicsPathItem.hoverEnterEvent  # noqa: N815

    def __init__(self) -> None:
        super().__init__()
        for child in self.childItems():  # arrow and text of NodeGraphQt: the tooltip says more
            child.setVisible(False)
        self.setFlags(PASSIVE)
        self.setAcceptHoverEvents(False)
        self.setCacheMode(QGraphicsItem.CacheMode.NoCache)
        self.setZValue(LIVE_Z)

    def follow(self, start: QPointF, end: QPointF, color: str, refused: bool) -> None:
        """Run from an output to an input, one of which may be the pointer."""
        pen = QPen(QColor(color), 2.4)
        pen.setStyle(Qt.PenStyle.DashLine if refused else Qt.PenStyle.SolidLine)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        self.setPen(pen)
        self.setPath(wire_path(start, end))
        self.setVisible(True)


class Slicer(SlicerPipeItem):
    """The line that cuts the wires it crosses, in the colours of the appearance."""

    paint = QGraphicsPathItem.paint

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(LIVE_Z)

    def begin(self, color: str) -> None:
        """Start to cut."""
        pen = QPen(QColor(color), 2.0, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        self.setPen(pen)
        self.setVisible(True)
