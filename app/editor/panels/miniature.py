"""A small picture of a workflow: its tiles, wires and coloured boxes, for the cards of the welcome page."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from app.document.geometry import COLUMN, ROW, TILE
from app.document.model import Workflow
from app.editor.colors import mixed
from app.editor.look import look
from app.editor.wire_path import wire_path
from app.shelves import OTHER_SHELF, shelf_color
from nodes.catalog import NodeType


def miniature(workflow: Workflow, types: Mapping[str, NodeType], width: int, height: int, ratio: float) -> QPixmap:
    """Return the workflow, fitted into so many pixels, on a transparent ground."""
    pixmap = QPixmap(round(width * ratio), round(height * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    places = _places(workflow)
    if not places:
        return pixmap
    boxes = [QRectF(*box.position, *box.size) for box in workflow.view.annotations]
    everything = QRectF()
    for tile in places.values():
        everything = everything.united(tile)
    for box in boxes:
        everything = everything.united(box)
    scale = min(width / (everything.width() + TILE), height / (everything.height() + TILE), 0.5)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(width / 2, height / 2)
    painter.scale(scale, scale)
    painter.translate(-everything.center())
    painter.setPen(Qt.PenStyle.NoPen)
    for annotation, box in zip(workflow.view.annotations, boxes, strict=True):
        painter.setBrush(QColor(mixed(annotation.color, look().colors.canvas, 0.14)))
        painter.drawRoundedRect(box, 14, 14)
    _draw_wires(painter, workflow, places, types, scale)
    painter.setPen(Qt.PenStyle.NoPen)
    for record in workflow.nodes:
        known = types.get(record.type)
        painter.setBrush(QColor(shelf_color(known.shelf) if known else OTHER_SHELF))
        painter.drawRoundedRect(places[record.id], 13, 13)
    painter.end()
    return pixmap


def _places(workflow: Workflow) -> dict[str, QRectF]:
    """Return the nodes' tiles; where nobody has placed them, in rows as they come in the file."""
    found = {n.id: workflow.view.nodes[n.id].position for n in workflow.nodes if n.id in workflow.view.nodes}
    if len(set(found.values())) < len(workflow.nodes):
        found = {n.id: (number % 8 * COLUMN, number // 8 * ROW) for number, n in enumerate(workflow.nodes)}
    return {node_id: QRectF(x, y, TILE, TILE) for node_id, (x, y) in found.items()}


def _draw_wires(
    painter: QPainter, workflow: Workflow, places: Mapping[str, QRectF], types: Mapping[str, NodeType], scale: float
) -> None:
    kinds = {n.id: types.get(n.type) for n in workflow.nodes}
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for wire in workflow.connections:
        if wire.source_node not in places or wire.target_node not in places:
            continue
        source = kinds[wire.source_node]
        port = source.output_port(wire.source_port) if source else None
        color = look().colors.port("network") if port and port.kind == "network" else look().colors.wire
        painter.setPen(QPen(QColor(color), 1.3 / scale))
        start, end = places[wire.source_node], places[wire.target_node]
        first, last = QPointF(start.right(), start.center().y()), QPointF(end.left(), end.center().y())
        painter.drawPath(wire_path(first, last))
