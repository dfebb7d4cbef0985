"""What every node's last computation cost, time or memory, over the nodes: a number at each, coloured by its share of the whole.

The numbers are those that the engine keeps with the results, so that they are there again when a workflow is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.document.geometry import CORNER, TILE
from app.editor.canvas.node_tile import NodeTile
from app.editor.canvas.paint_context import EVERYWHERE, NODE_Z, PaintContext
from app.editor.canvas.text_painting import paint_text, text_width
from app.editor.colors import Colors, mixed
from app.engine.status import NodeStatus
from nodes.wording import file_size, percent

Measure = Literal["off", "time", "memory"]
SIZE, HEIGHT = 10.5, 16.0
"""Of the text of a number, and of its pill."""


@dataclass(frozen=True)
class NodeCost:
    """What a node's last computation cost.

    Attributes:
        amount: Seconds, or bytes.
        share: Its part of what all nodes cost, from 0 to 1.
        text: The amount in words.
    """

    amount: float
    share: float
    text: str


def node_costs(statuses: Mapping[str, NodeStatus], measure: Measure) -> dict[str, NodeCost]:
    """Return what the nodes cost whose results are there for just these settings and inputs."""
    amounts: dict[str, float] = {}
    for node_id, status in statuses.items():
        amount = {"time": status.seconds, "memory": status.size, "off": None}[measure]
        if amount is not None and status.state in ("done", "warning") and not status.outdated:
            amounts[node_id] = amount
    whole = sum(amounts.values())
    return {n: NodeCost(a, a / whole if whole else 0.0, amount_text(a, measure)) for n, a in amounts.items()}


def amount_text(amount: float, measure: Measure) -> str:
    """Return `3 ms`, `12 s`, `4 min 20 s`, or `3.2 MB`."""
    if measure == "memory":
        return file_size(int(amount))
    if amount < 0.0095:
        return "< 10 ms"
    if amount < 0.9995:
        return f"{amount * 1000:.0f} ms"
    if amount < 59.95:
        return f"{amount:.1f} s"
    minutes, seconds = divmod(round(amount), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def share_color(share: float, colors: Colors) -> str:
    """Return the colour of a share: grey where it is nothing, over yellow, to red where it is all."""
    calm, warm, hot = mixed(colors.muted, colors.canvas, 0.45), colors.ready, colors.wrong
    level = share**0.5  # so that a tenth can be told from a hundredth
    return mixed(warm, calm, level / 0.5) if level < 0.5 else mixed(hot, warm, min(1.0, (level - 0.5) / 0.5))


def cost_in_words(status: NodeStatus) -> str:
    """Return how large a finished node's result is, and what memory computing it took, for its tooltip."""
    if status.size is None:
        return ""
    peak = "" if status.peak is None else f", computed with at most {file_size(status.peak)} of memory"
    return f"Result of {file_size(status.size)}{peak}"


class NodeCosts(QGraphicsItem):
    """The numbers of all nodes, as one item: a frame around each tile, and from near a pill at its foot.

    Args:
        context: How to paint.
        tiles: The nodes, by id.
        statuses: What is known of them.
    """

    def __init__(self, context: PaintContext, tiles: Mapping[str, NodeTile], statuses: Mapping[str, NodeStatus]) -> None:
        super().__init__()
        self._context, self._tiles, self._statuses = context, tiles, statuses
        self.measure: Measure = "off"
        self.costs: Mapping[str, NodeCost] = {}
        self.setZValue(NODE_Z + 0.5)
        self.setVisible(False)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)  # to know which part is painted

    def show_measure(self, measure: Measure) -> None:
        """Show times, memory, or nothing."""
        self.measure = measure
        self.setVisible(measure != "off")
        self.refresh()

    def refresh(self) -> None:
        """Take what is known of the nodes now."""
        if self.measure != "off":
            self.costs = node_costs(self._statuses, self.measure)
            self.update()

    def boundingRect(self) -> QRectF:
        """Return a rectangle that holds everything."""
        return EVERYWHERE

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint frames, and pills where they can be read."""
        seen = QRectF(option.exposedRect).adjusted(-TILE * 2, -TILE * 2, TILE * 2, TILE * 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for node_id, cost in self.costs.items():
            tile = self._tiles.get(node_id)
            if tile is None or not seen.contains(tile.left, tile.top):
                continue
            color = QColor(share_color(cost.share, self._context.colors))
            room = QRectF(tile.left, tile.top, TILE, TILE)
            painter.setPen(QPen(color, 6.0 if self._context.far else 3.0))
            painter.drawRoundedRect(room.adjusted(-3, -3, 3, 3), CORNER + 3, CORNER + 3)
            if not self._context.far:
                self._paint_pill(painter, room, cost, color)

    def _paint_pill(self, painter: QPainter, tile: QRectF, cost: NodeCost, color: QColor) -> None:
        text = cost.text if cost.share < 0.005 else f"{cost.text} · {percent(cost.share, 0)}"
        width = text_width(text, SIZE) + 14
        pill = QRectF(tile.center().x() - width / 2, tile.bottom() - HEIGHT / 2, width, HEIGHT)
        painter.setPen(QPen(color, 1.6))
        painter.setBrush(QColor(self._context.colors.panel))
        painter.drawRoundedRect(pill, HEIGHT / 2, HEIGHT / 2)
        paint_text(painter, text, pill, Qt.AlignmentFlag.AlignCenter, size=SIZE, color=self._context.colors.text)
        painter.setBrush(Qt.BrushStyle.NoBrush)
