"""ArchitectureView: a network as boxes and edges with the shapes that flow along them; zoomed with the wheel, moved by dragging.

The layers stand in generations: each behind all that it needs. Where a network has no branches it is one row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

from app.contrast import SIGN, readable
from app.drawing.diagram import arranged as places
from app.editor.colors import Colors
from app.editor.look import interface_font, look
from app.engine.messages.figures import LayerSummary, NetworkAnswer
from nodes.kit.networks.layer_families import Family, family
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
ZOOM_STEP, LEAST_ZOOM, MOST_ZOOM = 1.2, 0.05, 4.0


def layer_color(kind: str) -> str:
    """Return the colour of a kind of layer (`Conv2D`)."""
    return COLORS[family(kind)]


@dataclass(frozen=True)
class LayerBox:
    """A layer's place."""

    layer: LayerSummary
    rect: QRectF


def arranged(network: NetworkAnswer, *, upright: bool) -> dict[str, LayerBox]:
    """Return a place for every layer, in generations from left to right, or from top to bottom where it is `upright`."""
    layers = {layer.name: layer for layer in network.layers}
    step = (BOX[0] + GAP[1], BOX[1] + 46.0) if upright else (BOX[0] + GAP[0], BOX[1] + GAP[1])
    boxes = {}
    for name, (along, across) in places(list(layers), ((e.source, e.target) for e in network.edges)).items():
        x, y = (across, along) if upright else (along, across)
        boxes[name] = LayerBox(layers[name], QRectF(x * step[0], y * step[1], *BOX))
    return boxes


class _ArchitectureDrawing:
    """The whole drawing as painting commands: for the screen, PNG and SVG alike."""

    def __init__(self, network: NetworkAnswer, *, upright: bool) -> None:
        self.boxes = arranged(network, upright=upright)
        self._upright = upright
        self._edges: dict[tuple[str, str], list[str]] = {}
        for edge in network.edges:
            shapes = self._edges.setdefault((edge.source, edge.target), [])
            if edge.shape not in shapes:
                shapes.append(edge.shape)
        self._outputs = {tensor.layer: tensor.shape for tensor in network.outputs}
        bounds = QRectF()
        for box in self.boxes.values():
            bounds = bounds.united(box.rect)
        tail = (0.0, 40.0) if upright else (96.0, 0.0)
        self.bounds = bounds.adjusted(-24, -24, 24 + tail[0], 24 + tail[1])
        if len(self._edges) >= len(self.boxes):  # branches: some edges swing aside
            self.bounds = self.bounds.adjusted(-60, 0, 0, 0) if upright else self.bounds.adjusted(0, -50, 0, 0)

    def paint(self, painter: QPainter, colors: Colors, exposed: QRectF | None = None) -> None:
        """Paint it, or only what lies in a rectangle."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for (source, target), shapes in self._edges.items():
            self._paint_edge(painter, colors, self.boxes[source].rect, self.boxes[target].rect, ", ".join(shapes))
        for layer, shape in self._outputs.items():
            rect = self.boxes[layer].rect
            beyond = rect.translated(0, BOX[1] + 22) if self._upright else rect.translated(BOX[0] + 80, 0)
            self._paint_edge(painter, colors, rect, beyond, shape)
        for box in self.boxes.values():
            if exposed is None or box.rect.intersects(exposed):
                _paint_box(painter, colors, box)

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


def _paint_box(painter: QPainter, colors: Colors, box: LayerBox) -> None:
    rect, layer = box.rect, box.layer
    painter.setPen(QPen(QColor(colors.line), 1))
    painter.setBrush(QColor(colors.raised))
    painter.drawRoundedRect(rect, 9, 9)
    band = QPainterPath()
    band.addRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)
    edge = QPainterPath()
    edge.addRect(QRectF(rect.left(), rect.top(), 6, rect.height()))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(readable(layer_color(layer.kind), colors.raised, SIGN)))
    painter.drawPath(band.intersected(edge))
    inner = rect.adjusted(15, 7, -8, -7)
    count = layer.parameters
    frozen = count and not layer.trainable_parameters
    said = counted(count, "parameter") + (" · frozen" if frozen else "") if count else _detail(layer)
    for line, (text, pixels, bold, color) in enumerate(
        ((layer.kind, 12, True, colors.text), (layer.name, 11, False, colors.muted), (said, 10, False, colors.muted))
    ):
        font = _font(pixels, bold=bold)
        painter.setFont(font)
        painter.setPen(QColor(color))
        room = QRectF(inner.left(), inner.top() + line * 15, inner.width(), 15)
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, inner.width())
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


class ArchitectureView(QGraphicsView):
    """The drawing of a network."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._network: NetworkAnswer | None = None
        self._drawing: _ArchitectureDrawing | None = None
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
        self.setToolTip("Wheel or + and -: zoom · drag or arrow keys: move · 0: all")
        look().changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        self.setBackgroundBrush(QColor(look().colors.panel))
        self.viewport().update()

    @property
    def boxes(self) -> Mapping[str, LayerBox]:
        """The place of every layer."""
        return self._drawing.boxes if self._drawing else {}

    def show_network(self, network: NetworkAnswer) -> None:
        """Draw this network, and show all of it."""
        self._network = network
        self._touched = False
        self._arrange()
        names = [f"{layer.kind} {layer.name}" for layer in network.layers]
        self.setAccessibleDescription(" then ".join(names[:60]))

    def _arrange(self) -> None:
        if self._network is None:
            return
        upright = self.height() > self.width()
        self._drawing = _ArchitectureDrawing(self._network, upright=upright)
        self.setSceneRect(self._drawing.bounds.adjusted(-300, -300, 300, 300))
        self.fit()

    def fit(self) -> None:
        """Show all of it, but a long row not smaller than can be read: then its beginning."""
        if self._drawing is None or self.viewport().width() < 20:
            return
        bounds, room = self._drawing.bounds, self.viewport().size()
        whole = min(room.width() / bounds.width(), room.height() / bounds.height())
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

    def zoom(self, factor: float) -> None:
        """Make it larger or smaller, within limits."""
        self._touched = True
        now = self.transform().m11()
        wanted = max(LEAST_ZOOM, min(MOST_ZOOM, now * factor))
        self.scale(wanted / now, wanted / now)

    # -- events

    def drawForeground(self, painter: QPainter, rect: QRectF | Any) -> None:
        """Paint the network: one command list is faster than an item per box, and the same for the files."""
        if self._drawing is not None:
            self._drawing.paint(painter, look().colors, QRectF(rect))

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
            self._touched = False
            self.fit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn it where the view has become upright; fit it unless the person zoomed."""
        super().resizeEvent(event)
        if not self._touched:
            self._arrange()

    # -- saving

    def picture(self, scale: float = 2.0) -> QImage:
        """Return the whole drawing on the panel's colour."""
        assert self._drawing is not None
        return _picture(self._drawing, look().colors, scale)

    def png(self) -> Callable[[], bytes]:
        """Return what makes a PNG of the whole drawing as it is now; may be called in another thread."""
        drawing, colors = self._drawing, look().colors
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
        drawing, colors = self._drawing, look().colors
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


def _picture(drawing: _ArchitectureDrawing, colors: Colors, scale: float) -> QImage:
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
