"""Annotations on the canvas: coloured boxes with text behind the nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.contrast import readable
from app.document.geometry import CORNER
from app.editor.canvas.nodegraph import AbstractNodeItem, BackdropNodeItem
from app.editor.canvas.paint_context import ANNOTATION_Z, PASSIVE, PaintContext
from app.editor.canvas.text_painting import paint_text, wrapped
from app.editor.colors import mixed

if TYPE_CHECKING:
    from app.document.model import Annotation

ANNOTATION_TITLE = 38.0
ANNOTATION_GRIP = 8.0
LEAST_SIDE = 80.0
Edge = str
"""Which edges of a box a grip moves: some of `lrtb`, such as `rb` for the lower right corner."""


class AnnotationItem(BackdropNodeItem):
    """A coloured box with text behind the nodes.

    NodeGraphQt's BackdropNodeItem resizes by a child item that changes the box itself, and looks for its nodes with item
    groups (quadratic); here both are gestures of the view, so its constructor, which makes that child, is passed over.
    """

    def __init__(self, key: str, annotation: Annotation, context: PaintContext) -> None:
        AbstractNodeItem.__init__(self)
        self.setFlags(PASSIVE)
        self.setCacheMode(QGraphicsItem.CacheMode.NoCache)
        self.setZValue(ANNOTATION_Z)
        self.id = key
        self.context = context
        self.is_selected = False
        self.annotation = annotation
        self.size_now = annotation.size
        self.show_annotation(annotation)

    def show_annotation(self, annotation: Annotation) -> None:
        """Be what the document says."""
        self.annotation = annotation
        self.place(QRectF(*annotation.position, *annotation.size))
        width, height = annotation.size
        self.setZValue(ANNOTATION_Z + 1 / (1 + abs(width * height)))  # smaller boxes lie on larger ones
        self.update()

    def place(self, rect: QRectF) -> None:
        """Lie there, in the scene."""
        self.prepareGeometryChange()
        self.setPos(rect.topLeft())
        self.size_now = (rect.width(), rect.height())

    @property
    def rect(self) -> QRectF:
        """Where it lies in the scene."""
        return QRectF(self.pos().x(), self.pos().y(), *self.size_now)

    def boundingRect(self) -> QRectF:
        """Return the box and its frame."""
        return QRectF(-3, -3, self.size_now[0] + 6, self.size_now[1] + 6)

    def mark(self, selected: bool) -> None:
        """Be selected."""
        if selected != self.is_selected:
            self.is_selected = selected
            self.update()

    def grip(self, place: QPointF, reach: float) -> Edge | None:
        """Return what a press there takes: edges to resize by, '' (all of it) at its title, None for what is behind it."""
        rect = self.rect
        if not rect.adjusted(-reach, -reach, reach, reach).contains(place):
            return None
        edges = "".join(
            letter
            for letter, distance in (
                ("l", place.x() - rect.left()),
                ("r", rect.right() - place.x()),
                ("t", place.y() - rect.top()),
                ("b", rect.bottom() - place.y()),
            )
            if abs(distance) <= reach
        )
        if edges:
            return edges
        return "" if place.y() <= rect.top() + ANNOTATION_TITLE else None

    def text_color(self) -> str:
        """Return the colour of its text: its own, readable on the canvas."""
        return readable(_hex(self.annotation.color), self.ground())

    def ground(self) -> str:
        """Return the colour of its area."""
        colors = self.context.colors
        return mixed(_hex(self.annotation.color), colors.canvas, 0.10 if colors.dark else 0.075)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint the area, its text, and a frame where it is selected."""
        colors = self.context.colors
        rect = QRectF(0, 0, *self.size_now)
        painter.setPen(QPen(QColor(colors.accent), 1.6) if self.is_selected else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.ground()))
        painter.drawRoundedRect(rect, CORNER, CORNER)
        if self.context.zoom < 0.28:
            return
        room = rect.width() - 32
        for number, line in enumerate(self.annotation.text.splitlines()[: int((rect.height() - 16) // 17)]):
            size, bold = (13.0, True) if number == 0 else (12.0, False)
            area = QRectF(18, 12 + number * 17, room, 18)
            line = "".join(wrapped(line, size, bold, 1, room))  # noqa: PLW2901 - cut to the box
            color = self.text_color() if number == 0 else readable(colors.muted, self.ground())
            align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            paint_text(painter, line, area, align, size=size, color=color, bold=bold)


def _hex(color: str) -> str:
    """Return a colour from a file as `#rrggbb`; blue where it is none."""
    found = QColor(color)
    return found.name() if found.isValid() else "#3f6fd8"
