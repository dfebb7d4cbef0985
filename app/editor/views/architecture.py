"""ArchitectureView: a network as boxes and edges with the shapes that flow along them; zoomed with the wheel, moved by dragging.

The layers stand in generations: each behind all that it needs. Where a network has no branches it is one row. Blocks that repeat
are one box each until they are opened.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

from app.contrast import SIGN, readable
from app.drawing.diagram import arranged as places
from app.editor.colors import Colors, mixed
from app.editor.look import interface_font, look
from app.engine.messages.figures import LayerSummary, NetworkAnswer
from nodes.kit.networks.layer_families import Family, family
from nodes.kit.networks.repeats import LayerFold, Part, folded, main_kind, shown_parts
from nodes.wording import counted

BOX, GAP = (136.0, 58.0), (74.0, 22.0)
"""Size of a box, and the room between generations and between boxes of one."""
COLORS: Mapping[Family, str] = {
    "input": "#7B8794",
    "convolution": "#3F6FD8",
    "pooling": "#1AA179",
    "dense": "#8A63D2",
    "noise": "#7B8794",
    "shape": "#3E9BD1",
    "sequence": "#C2619A",
    "merge": "#D9603B",
    "other": "#5F6B7A",
}
"""The colour of a family of layers."""
FRAME_HEAD = 24.0
"""Height of the head of an opened fold."""
READABLE = 0.3
"""At a smaller scale texts are left out."""
CLICK = 4
"""A press that moves by fewer pixels is a click."""
ZOOM_STEP, LEAST_ZOOM, MOST_ZOOM = 1.2, 0.05, 4.0


def layer_color(kind: str) -> str:
    """Return the colour of a kind of layer (`Conv2D`)."""
    return COLORS[family(kind)]


@dataclass(frozen=True)
class LayerBox:
    """A layer's place, or that of a fold, whose last layer it then is."""

    layer: LayerSummary
    rect: QRectF
    fold: LayerFold | None = None
    kind: str = ""
    """The class of layer whose colour it has."""


Opened = frozenset[tuple[int, int]]
"""First and last layer of the folds that are open."""


def network_parts(network: NetworkAnswer) -> tuple[Part, ...]:
    """Return the layers of a network by their numbers, with repeated blocks folded."""
    numbers = {layer.name: number for number, layer in enumerate(network.layers)}
    return folded([layer.kind for layer in network.layers], [(numbers[e.source], numbers[e.target]) for e in network.edges])


def arranged(network: NetworkAnswer, *, upright: bool) -> dict[str, LayerBox]:
    """Return a place for every layer, in generations from left to right, or from top to bottom where it is `upright`."""
    boxes = NetworkDrawing(network, tuple(range(len(network.layers))), frozenset(), upright=upright).boxes
    return {box.layer.name: box for box in boxes.values()}


class NetworkDrawing:
    """The whole drawing as painting commands: for the screen, PNG and SVG alike.

    Args:
        network: What is drawn.
        parts: Its layers, with repeated blocks folded.
        opened: The folds that are open.
        upright: Whether it goes from top to bottom.

    Attributes:
        boxes: What is seen, by the number of its first layer.
        frames: The opened folds, and where they are; outer ones first.
        bounds: What all of it takes.
    """

    def __init__(self, network: NetworkAnswer, parts: Sequence[Part], opened: Opened, *, upright: bool) -> None:
        self.network, self._upright = network, upright
        seen, frames = shown_parts(parts, opened)
        layers = network.layers
        self._box_of = {
            layers[n].name: part if isinstance(part, int) else part.first
            for part in seen
            for n in ([part] if isinstance(part, int) else part.layers)
        }
        self._edges: dict[tuple[int, int], list[str]] = {}
        for edge in network.edges:
            ends = self._box_of[edge.source], self._box_of[edge.target]
            if ends[0] != ends[1] or edge.source == edge.target:
                shapes = self._edges.setdefault(ends, [])
                if edge.shape not in shapes:
                    shapes.append(edge.shape)
        self._outputs = {self._box_of[tensor.layer]: tensor.shape for tensor in network.outputs}
        self.boxes: dict[int, LayerBox] = {}
        step = (BOX[0] + GAP[1], BOX[1] + 46.0) if upright else (BOX[0] + GAP[0], BOX[1] + GAP[1])
        kinds = [layer.kind for layer in layers]
        of_first = {part if isinstance(part, int) else part.first: part for part in seen}
        for first, (along, across) in places(list(of_first), self._edges).items():
            x, y = (across, along) if upright else (along, across)
            part = of_first[first]
            fold = part if isinstance(part, LayerFold) else None
            kind = main_kind(fold.layers, kinds) if fold else kinds[first]
            rect = QRectF(x * step[0], y * step[1], *BOX)
            self.boxes[first] = LayerBox(layers[fold.last if fold else first], rect, fold, kind)
        self._firsts = sorted(self.boxes)
        self.frames = [(fold, self._frame(fold, opened)) for fold in frames]
        bounds = QRectF()
        for rect in (*(box.rect for box in self.boxes.values()), *(rect for _, rect in self.frames)):
            bounds = bounds.united(rect)
        tail = (0.0, 40.0) if upright else (96.0, 0.0)
        self.bounds = bounds.adjusted(-24, -24, 24 + tail[0], 24 + tail[1])
        if len(self._edges) >= len(self.boxes):  # branches: some edges swing aside
            self.bounds = self.bounds.adjusted(-60, 0, 0, 0) if upright else self.bounds.adjusted(0, -50, 0, 0)

    def _frame(self, fold: LayerFold, opened: Opened) -> QRectF:
        """Return the room around what a fold holds; wider where there is another frame in it."""
        left, right, top, bottom = [], [], [], []
        for first in self._firsts[bisect_left(self._firsts, fold.first) : bisect_right(self._firsts, fold.last)]:
            box = self.boxes[first].rect
            left.append(box.left())
            right.append(box.right())
            top.append(box.top())
            bottom.append(box.bottom())
        rect = QRectF(QPointF(min(left), min(top)), QPointF(max(right), max(bottom)))
        inner = any(isinstance(part, LayerFold) and (part.first, part.last) in opened for part in fold.parts)
        around = 15.0 if inner else 9.0
        return rect.adjusted(-around, -(FRAME_HEAD + (FRAME_HEAD if inner else 0) + 4), around, around)

    def paint(self, painter: QPainter, colors: Colors, exposed: QRectF | None = None, marked: str = "") -> None:
        """Paint it, or only what lies in a rectangle, with one layer marked."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for fold, rect in self.frames:
            _paint_frame(painter, colors, fold, rect)
        for (source, target), shapes in self._edges.items():
            ends = self.boxes[source].rect, self.boxes[target].rect
            if exposed is None or ends[0].united(ends[1]).adjusted(-BOX[0] * 1.5, -BOX[1] * 2, 0, 0).intersects(exposed):
                self._paint_edge(painter, colors, *ends, ", ".join(shapes))
        for first, shape in self._outputs.items():
            rect = self.boxes[first].rect
            beyond = rect.translated(0, BOX[1] + 22) if self._upright else rect.translated(BOX[0] + 80, 0)
            self._paint_edge(painter, colors, rect, beyond, shape)
        for box in self.boxes.values():
            if exposed is None or box.rect.intersects(exposed):
                if box.fold is None:
                    _paint_box(painter, colors, box, marked=box.layer.name == marked)
                else:
                    _paint_fold(painter, colors, box, self.network.layers)

    def at(self, place: QPointF) -> LayerBox | LayerFold | None:
        """Return the box at a place, or the opened fold whose head is there."""
        found = next((box for box in self.boxes.values() if box.rect.contains(place)), None)
        heads = ((fold, QRectF(rect.left(), rect.top(), rect.width(), FRAME_HEAD)) for fold, rect in self.frames[::-1])
        return found or next((fold for fold, head in heads if head.contains(place)), None)

    def box_of(self, layer: str) -> LayerBox | None:
        """Return the box of a layer, or of the fold that it is in."""
        first = self._box_of.get(layer)
        return None if first is None else self.boxes[first]

    def _paint_edge(self, painter: QPainter, colors: Colors, source: QRectF, target: QRectF, shape: str) -> None:
        if self._upright:
            start, end = QPointF(source.center().x(), source.bottom()), QPointF(target.center().x(), target.top())
            bend, bow = (
                max(12.0, (end.y() - start.y()) / 2),
                _bow(round((end.y() - start.y()) / (BOX[1] + 46.0)), start.x() - end.x(), BOX[0]),
            )
            first, second = QPointF(start.x() - bow, start.y() + bend), QPointF(end.x() - bow, end.y() - bend)
        else:
            start, end = QPointF(source.right(), source.center().y()), QPointF(target.left(), target.center().y())
            bend, bow = (
                max(12.0, (end.x() - start.x()) / 2),
                _bow(round((end.x() - start.x()) / (BOX[0] + GAP[0])), start.y() - end.y(), BOX[1]),
            )
            first, second = QPointF(start.x() + min(bend, 60), start.y() - bow), QPointF(end.x() - min(bend, 60), end.y() - bow)
        path = QPainterPath(start)
        path.cubicTo(first, second, end)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colors.wire), 1.6))
        painter.drawPath(path)
        tip = QPainterPath(end)
        wings = ((-4, -7), (4, -7)) if self._upright else ((-7, -4), (-7, 4))
        for x, y in wings:
            tip.lineTo(end + QPointF(x, y))
        tip.closeSubpath()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.wire))
        painter.drawPath(tip)
        if painter.worldTransform().m11() < READABLE:
            return
        font = _font(10)
        painter.setFont(font)
        text = shape.replace(" x ", "×").replace("x", "×")
        width = QFontMetricsF(font).horizontalAdvance(text)
        middle = path.pointAtPercent(0.5)
        if self._upright:
            room = QRectF(middle.x() + 7, middle.y() - 9, width + 6, 16)
        else:
            straight = abs(start.y() - end.y()) < 1 and first.y() == start.y()
            room = QRectF(middle.x() - width / 2 - 4, middle.y() - (19 if straight else 8), width + 8, 15)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.panel))
        painter.drawRoundedRect(room, 5, 5)
        painter.setPen(QColor(colors.muted))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)


def _bow(passed: int, aside: float, size: float) -> float:
    """Return how far an edge swings aside that passes some generations, so that it does not run through their boxes."""
    return size * 1.15 + 6.0 * passed if passed >= 1 and abs(aside) < size else 0.0


def _paint_frame(painter: QPainter, colors: Colors, fold: LayerFold, rect: QRectF) -> None:
    """Paint the frame around what a fold holds, with a head that closes it."""
    painter.setPen(QPen(QColor(colors.line), 1.2, Qt.PenStyle.DashLine))
    painter.setBrush(QColor(mixed(colors.raised, colors.panel, 0.55)))
    painter.drawRoundedRect(rect, 12, 12)
    painter.setFont(_font(11, bold=True))
    painter.setPen(QColor(colors.muted))
    room = QRectF(rect.left() + 10, rect.top() + 3, rect.width() - 16, FRAME_HEAD - 4)
    text = QFontMetricsF(painter.font()).elidedText(f"▾ {fold.title}", Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


def _paint_fold(painter: QPainter, colors: Colors, box: LayerBox, layers: Sequence[LayerSummary]) -> None:
    """Paint a fold as a stack of cards: what it is, how many layers it has, and their parameters."""
    assert box.fold is not None
    fold = box.fold
    some = [layers[number] for number in fold.layers]
    painter.setPen(QPen(QColor(colors.line), 1))
    painter.setBrush(QColor(colors.raised))
    for behind in (6.0, 3.0):
        painter.drawRoundedRect(box.rect.translated(behind, -behind), 9, 9)
    parameters = sum(layer.parameters for layer in some)
    lines = (fold.title, f"▸ {counted(len(some), 'layer')}", counted(parameters, "parameter") if parameters else "no parameters")
    _paint_card(painter, colors, box.rect, box.kind, lines)


def _paint_box(painter: QPainter, colors: Colors, box: LayerBox, *, marked: bool) -> None:
    layer = box.layer
    count = layer.parameters
    frozen = count and not layer.trainable_parameters
    said = counted(count, "parameter") + (" · frozen" if frozen else "") if count else _detail(layer)
    _paint_card(painter, colors, box.rect, layer.kind, (layer.kind, layer.name, said), marked=marked)


def _paint_card(
    painter: QPainter, colors: Colors, rect: QRectF, kind: str, lines: tuple[str, str, str], *, marked: bool = False
) -> None:
    """Paint a card with three lines, in the colour of a kind of layer."""
    painter.setPen(QPen(QColor(colors.accent), 2) if marked else QPen(QColor(colors.line), 1))
    painter.setBrush(QColor(colors.raised))
    painter.drawRoundedRect(rect, 9, 9)
    band = QPainterPath()
    band.addRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)
    edge = QPainterPath()
    edge.addRect(QRectF(rect.left(), rect.top(), 6, rect.height()))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(readable(layer_color(kind), colors.raised, SIGN)))
    painter.drawPath(band.intersected(edge))
    if painter.worldTransform().m11() < READABLE:
        return
    inner = rect.adjusted(15, 7, -8, -7)
    looks = ((12, True, colors.text), (11, False, colors.muted), (10, False, colors.muted))
    for line, (text, (pixels, bold, color)) in enumerate(zip(lines, looks, strict=True)):
        cut = Qt.TextElideMode.ElideRight if line else Qt.TextElideMode.ElideMiddle  # `Conv … × 12`
        font = _font(pixels, bold=bold)
        painter.setFont(font)
        painter.setPen(QColor(color))
        room = QRectF(inner.left(), inner.top() + line * 15, inner.width(), 15)
        shown = QFontMetricsF(font).elidedText(text, cut, inner.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def _detail(layer: LayerSummary) -> str:
    """Return what is worth saying of a layer without parameters."""
    config = layer.config
    for name in ("pool_size", "rate", "activation", "axis"):
        if name in config:
            value = config[name]
            return f"{name.replace('_', ' ')} {' × '.join(map(str, value)) if isinstance(value, list | tuple) else value}"
    return "no parameters"


def _font(pixels: float, *, bold: bool = False) -> QFont:
    return interface_font(pixels, bold=bold)


def _all_folds(parts: Sequence[Part]) -> list[LayerFold]:
    found = []
    waiting = list(parts)[::-1]
    while waiting:
        part = waiting.pop()
        if isinstance(part, LayerFold):
            found.append(part)
            waiting += part.parts[::-1]
    return found


Direction = Literal["auto", "right", "down"]


class ArchitectureView(QGraphicsView):
    """The drawing of a network."""

    layer_clicked = Signal(str)
    """The person clicked at a layer."""
    moved = Signal()
    """Another part of it is seen, or it was drawn anew."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._network: NetworkAnswer | None = None
        self.drawing: NetworkDrawing | None = None
        self._parts: tuple[Part, ...] = ()
        self._opened: Opened = frozenset()
        self.folds: list[LayerFold] = []
        """All blocks that can be folded, outer ones first."""
        self._marked = ""
        self._pressed: QPoint | None = None
        self.direction: Direction = "auto"
        self._touched = False
        self.setScene(QGraphicsScene(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Architecture of the network")
        self.setToolTip(
            "Wheel or + and -: zoom · drag or arrow keys: move · 0: all · click: open a block, or go to a layer's node"
        )
        self.horizontalScrollBar().valueChanged.connect(self.moved)
        self.verticalScrollBar().valueChanged.connect(self.moved)
        look().changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        self.setBackgroundBrush(QColor(look().colors.panel))
        self.viewport().update()

    @property
    def boxes(self) -> Mapping[str, LayerBox]:
        """The place of every layer that is seen, by its name; of a fold by that of its last layer."""
        return {box.layer.name: box for box in self.drawing.boxes.values()} if self.drawing else {}

    def show_network(self, network: NetworkAnswer) -> None:
        """Draw this network, with repeated blocks folded, and show all of it; folds of the same network stay open."""
        before = self._parts
        self._network = network
        self._parts = network_parts(network)
        self.folds = _all_folds(self._parts)
        if self._parts != before:
            self._opened = frozenset()
        self._touched, self._marked = False, ""
        self._arrange()
        names = [f"{layer.kind} {layer.name}" for layer in network.layers]
        self.setAccessibleDescription(" then ".join(names[:60]))

    @property
    def is_unfolded(self) -> bool:
        """Whether every layer is seen."""
        return len(self._opened) == len(self.folds)

    def toggle(self, fold: LayerFold) -> None:
        """Open a fold, or close it; what was looked at stays where it is."""
        self._opened ^= {(fold.first, fold.last)}
        self._redraw(fold.first)

    def unfold_all(self, on: bool) -> None:
        """Open all folds, or close them."""
        self._opened = frozenset((fold.first, fold.last) for fold in self.folds) if on else frozenset()
        self._touched = False
        self._arrange()

    def turn(self, direction: Direction) -> None:
        """Have it go to the right, or down, or as there is room."""
        self.direction = direction
        self._touched = False
        self._arrange()

    def mark(self, layer: str) -> None:
        """Mark a layer."""
        self._marked = layer
        self.viewport().update()

    @property
    def upright(self) -> bool:
        """Whether it goes from top to bottom."""
        return self.height() > self.width() if self.direction == "auto" else self.direction == "down"

    def _arrange(self) -> None:
        if self._network is None:
            return
        self.drawing = NetworkDrawing(self._network, self._parts, self._opened, upright=self.upright)
        self.setSceneRect(self.drawing.bounds.adjusted(-300, -300, 300, 300))
        self.fit()
        self.viewport().update()
        self.moved.emit()

    def _redraw(self, anchor: int) -> None:
        """Draw anew, with the box of a layer where it was on the screen, at the same scale."""
        if self._network is None or self.drawing is None:
            return
        name = self._network.layers[anchor].name
        before = self.drawing.box_of(name)
        spot = self.mapFromScene(before.rect.topLeft()) if before else QPoint()
        self._touched = True
        self.drawing = NetworkDrawing(self._network, self._parts, self._opened, upright=self.upright)
        self.setSceneRect(self.drawing.bounds.adjusted(-300, -300, 300, 300))
        after = self.drawing.box_of(name)
        if after is not None:
            way = self.mapFromScene(after.rect.topLeft()) - spot
            self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() + way.x())
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() + way.y())
        self.viewport().update()
        self.moved.emit()

    def fit(self) -> None:
        """Show all of it, but a long row not smaller than can be read: then its beginning."""
        if self.drawing is None or self.viewport().width() < 20:
            return
        bounds, room = self.drawing.bounds, self.viewport().size()
        whole = self._whole(self.drawing)
        scale = min(1.15, max(whole, min(0.85, room.height() / bounds.height(), room.width() / min(bounds.width(), 900.0))))
        self.resetTransform()
        self.scale(scale, scale)
        if whole >= scale:
            self.centerOn(bounds.center())
        else:
            shown = QPointF(room.width() / scale / 2, room.height() / scale / 2)
            x = bounds.left() + shown.x() if bounds.width() * scale > room.width() else bounds.center().x()
            y = bounds.top() + shown.y() if bounds.height() * scale > room.height() else bounds.center().y()
            self.centerOn(x, y)

    def show_all(self) -> None:
        """Show all of it, however small; it stays so when the view changes its size."""
        if self.drawing is None:
            return
        self._touched = False
        self.fit()
        whole = self._whole(self.drawing)
        if whole < self.transform().m11():
            self._touched = True
            self.resetTransform()
            self.scale(whole, whole)
            self.centerOn(self.drawing.bounds.center())
        self.moved.emit()

    def _whole(self, drawing: NetworkDrawing) -> float:
        """Return the scale at which all of it is seen."""
        room = self.viewport().size()
        return min(room.width() / drawing.bounds.width(), room.height() / drawing.bounds.height())

    def zoom(self, factor: float) -> None:
        """Make it larger or smaller, within limits."""
        self._touched = True
        now = self.transform().m11()
        least = LEAST_ZOOM if self.drawing is None else min(LEAST_ZOOM, self._whole(self.drawing))
        wanted = max(least, min(MOST_ZOOM, now * factor))
        self.scale(wanted / now, wanted / now)
        self.moved.emit()

    # -- events

    def drawForeground(self, painter: QPainter, rect: QRectF | Any) -> None:
        """Paint the network: one command list is faster than an item per box, and the same for the files."""
        if self.drawing is not None:
            self.drawing.paint(painter, look().colors, QRectF(rect), self._marked)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember where, to tell a click from a drag."""
        self._pressed = event.position().toPoint() if event.button() == Qt.MouseButton.LeftButton else None
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open or close a block, or say which layer was clicked at."""
        super().mouseReleaseEvent(event)
        pressed, self._pressed = self._pressed, None
        spot = event.position().toPoint()
        if pressed is None or self.drawing is None or (spot - pressed).manhattanLength() > CLICK:
            return
        found = self.drawing.at(self.mapToScene(spot))
        fold = found.fold if isinstance(found, LayerBox) else found
        if fold is not None:
            self.toggle(fold)
        elif isinstance(found, LayerBox):
            self.mark(found.layer.name)
            self.layer_clicked.emit(found.layer.name)

    def look_at(self, place: QPointF) -> None:
        """Have a place of the drawing in the middle."""
        self._touched = True
        self.centerOn(place)

    def visible_area(self) -> QRectF:
        """Return the part of the drawing that is seen."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom."""
        self.zoom(ZOOM_STEP ** (event.angleDelta().y() / 120))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom with + and -, all with 0, move with the arrows."""
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(ZOOM_STEP)
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom(1 / ZOOM_STEP)
        elif event.key() == Qt.Key.Key_0:
            self.show_all()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn it where the view has become upright; fit it unless the person zoomed."""
        super().resizeEvent(event)
        if not self._touched:
            self._arrange()
        self.moved.emit()

    # -- saving

    def picture(self, scale: float = 2.0) -> QImage:
        """Return the whole drawing on the panel's colour."""
        assert self.drawing is not None
        return _picture(self.drawing, look().colors, scale)

    def png(self) -> Callable[[], bytes]:
        """Return what makes a PNG of the whole drawing as it is now; may be called in another thread."""
        drawing, colors = self.drawing, look().colors
        assert drawing is not None

        def make() -> bytes:
            data = QByteArray()
            buffer = QBuffer(data)
            buffer.open(QIODevice.OpenModeFlag.WriteOnly)
            _picture(drawing, colors, 2.0).save(buffer, "PNG")  # type: ignore[call-overload]
            return bytes(data.data())

        return make

    def svg(self) -> Callable[[], bytes]:
        """Return what makes an SVG of the whole drawing as it is now."""
        drawing, colors = self.drawing, look().colors
        assert drawing is not None

        def make() -> bytes:
            from PySide6.QtSvg import QSvgGenerator

            data = QByteArray()
            buffer = QBuffer(data)
            buffer.open(QIODevice.OpenModeFlag.WriteOnly)
            generator = QSvgGenerator()
            generator.setOutputDevice(buffer)
            generator.setTitle("Network")
            generator.setSize(drawing.bounds.size().toSize())
            generator.setViewBox(QRectF(QPointF(0, 0), drawing.bounds.size()))
            painter = QPainter(generator)
            painter.fillRect(QRectF(QPointF(0, 0), drawing.bounds.size()), QColor(colors.panel))
            painter.translate(-drawing.bounds.topLeft())
            drawing.paint(painter, colors)
            painter.end()
            return bytes(data.data())

        return make


def _picture(drawing: NetworkDrawing, colors: Colors, scale: float) -> QImage:
    # A network of a thousand layers must not become an image that no program opens.
    scale = min(scale, 16000 / max(drawing.bounds.width(), drawing.bounds.height()))
    size = QSize(round(drawing.bounds.width() * scale), round(drawing.bounds.height() * scale))
    image = QImage(size, QImage.Format.Format_RGB32)
    image.fill(QColor(colors.panel))
    painter = QPainter(image)
    painter.scale(scale, scale)
    painter.translate(-drawing.bounds.topLeft())
    drawing.paint(painter, colors)
    painter.end()
    return image
