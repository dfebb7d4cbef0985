"""How a node, its ports and its light are painted, with any painter: onto the screen, into a picture, into an SVG file.

Knows what a node looks like (`NodeFace`), and nothing of documents, items and gestures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QLinearGradient, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from app.editor.canvas.geometry import (
    CORNER,
    LIGHT_CENTER,
    LIGHT_RADIUS,
    NODE_RECT,
    NOTE_LINE,
    NOTE_SIZE,
    NOTE_TOP,
    PORT_REACH,
    TILE,
    TILE_RECT,
    TITLE_LINE,
    TITLE_SIZE,
    TITLE_WIDTH,
    port_offsets,
    port_size,
)
from app.editor.canvas.ports import ShownPorts
from app.editor.colors import Colors, mixed
from app.editor.icons import icon_font
from app.editor.look import interface_font
from app.engine.status import NodeStatus
from app.icon_font import character

ICON = 31.0
PLACEHOLDER_ICON = "mdi6.puzzle-outline"
_FINE = 2
"""Fonts have whole sizes in Qt: text is set twice as large and painted half as large, so that 12.5 px is 12.5 px."""


@dataclass(frozen=True)
class NodeFace:
    """What there is to see of a node.

    Attributes:
        title: Its name.
        note: What the person wrote below it.
        color: Of its tile.
        icon: A Material Design icon.
        type_name: The missing type of a placeholder; None for a node whose type is known.
        ports: What is drawn left and right of the tile.
        wired: Names of inputs and of outputs with a wire.
        status: Its state, progress and messages.
    """

    title: str
    note: str
    color: str
    icon: str
    type_name: str | None = None
    ports: ShownPorts = field(default_factory=ShownPorts)
    wired: frozenset[tuple[str, str]] = frozenset()
    status: NodeStatus | None = None


# ----------------------------------------------------------------------------------------------------------------- nodes


def paint_node(painter: QPainter, face: NodeFace, colors: Colors, tile: QPixmap | None = None) -> None:
    """Paint a node with its tile's upper left corner at (0, 0).

    Args:
        painter: What to paint with.
        face: What to paint.
        colors: The appearance.
        tile: A picture of `FAR_RECT` with its tile, if there is one: tiles look alike, and are the dearest part.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    title = wrapped(face.title, TITLE_SIZE, True)
    _paint_lines(painter, title, -9 - TITLE_LINE * len(title), TITLE_LINE, size=TITLE_SIZE, color=colors.text, bold=True)
    if tile is not None:
        copy_sharp(painter, FAR_RECT.topLeft(), tile)
    else:
        paint_tile(painter, face, colors)
    _paint_ports(painter, face, colors)
    below = _paint_light(painter, face.status, colors) if face.status else ""
    text, color = (below, colors.muted) if below else (face.note, colors.muted)
    if face.type_name is not None:
        text = f"{face.type_name} is missing"
    elif face.status and face.status.state == "failed" and face.status.problems:
        text, color = face.status.problems[0].message, colors.wrong
    if text:
        lines = wrapped(text, NOTE_SIZE, False)
        _paint_lines(painter, lines, NOTE_TOP, NOTE_LINE, size=NOTE_SIZE, color=color)


def paint_tile(painter: QPainter, face: NodeFace, colors: Colors) -> None:
    """Paint the coloured square with its icon; of a placeholder, a dashed one."""
    if face.type_name is not None:
        painter.setPen(QPen(QColor(colors.muted), 1.6, Qt.PenStyle.DashLine))
        painter.setBrush(QColor(mixed(colors.muted, colors.canvas, 0.16)))
        painter.drawRoundedRect(TILE_RECT.adjusted(1, 1, -1, -1), CORNER, CORNER)
        _paint_icon(painter, PLACEHOLDER_ICON, QColor(colors.muted))
        return
    painter.setPen(Qt.PenStyle.NoPen)
    shade = QColor(0, 0, 0, 26 if colors.dark else 11)
    painter.setBrush(shade)
    for depth in (1.0, 2.0, 3.0):
        painter.drawRoundedRect(TILE_RECT.adjusted(1 - depth / 2, depth, depth / 2 - 1, depth), CORNER, CORNER)
    gradient = QLinearGradient(0, 0, 0, TILE)
    gradient.setColorAt(0, QColor(mixed("#FFFFFF", face.color, 0.07)))
    gradient.setColorAt(1, QColor(mixed("#000000", face.color, 0.04)))
    painter.setBrush(gradient)
    painter.drawRoundedRect(TILE_RECT, CORNER, CORNER)
    _paint_icon(painter, face.icon, QColor("#FFFFFF"))


def paint_far_tile(painter: QPainter, face: NodeFace, colors: Colors, selected: bool) -> None:
    """Paint what is left of a node seen from afar: its tile, its state as a dot, and whether it is selected."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if selected:
        paint_outline(painter, colors, 6.0)
    paint_tile(painter, face, colors)
    if face.status is not None:
        painter.setPen(QPen(QColor(colors.canvas), 3))
        painter.setBrush(QColor(colors.state(face.status.state)))
        painter.drawEllipse(QPointF(TILE - 4, TILE - 4), 10, 10)


def paint_outline(painter: QPainter, colors: Colors, width: float = 2.5) -> None:
    """Paint the frame of a selected node."""
    painter.setPen(QPen(QColor(colors.accent), width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(TILE_RECT.adjusted(-5, -5, 5, 5), CORNER + 4, CORNER + 4)


@cache
def icon_path(name: str) -> QPainterPath:
    """The outline of an icon in a square of 1, so that it is sharp at any size and in vector files."""
    path = QPainterPath()
    path.addText(
        0, 64 * 0.875, icon_font(64), character(name)
    )  # Material Design Icons sit on a line an eighth above the square's bottom
    return path


def _paint_icon(painter: QPainter, name: str, color: QColor) -> None:
    painter.save()
    painter.translate((TILE - ICON) / 2, (TILE - ICON) / 2)
    painter.scale(ICON / 64, ICON / 64)
    painter.fillPath(icon_path(name), color)
    painter.restore()


# ----------------------------------------------------------------------------------------------------------------- ports


def port_shape(kind: str, center: QPointF, size: float = 1.0) -> QPainterPath:
    """Tables are triangles, networks squares, figures circles, models hexagons; what is not known is a small diamond."""
    path = QPainterPath()
    x, y = center.x(), center.y()
    if kind == "table":
        path.addPolygon(
            QPolygonF([QPointF(x - 4.5 * size, y - 6 * size), QPointF(x + 5 * size, y), QPointF(x - 4.5 * size, y + 6 * size)])
        )
        path.closeSubpath()
    elif kind == "network":
        path.addRoundedRect(QRectF(x - 5 * size, y - 5 * size, 10 * size, 10 * size), 1.6, 1.6)
    elif kind == "figure":
        path.addEllipse(center, 5 * size, 5 * size)
    elif kind == "model":
        around = [(5.5, 0), (2.75, 4.8), (-2.75, 4.8), (-5.5, 0), (-2.75, -4.8), (2.75, -4.8)]
        path.addPolygon(QPolygonF([QPointF(x + dx * size, y + dy * size) for dx, dy in around]))
        path.closeSubpath()
    else:
        around = [(0, -5), (5, 0), (0, 5), (-5, 0)]
        path.addPolygon(QPolygonF([QPointF(x + dx * size, y + dy * size) for dx, dy in around]))
        path.closeSubpath()
    return path


def _paint_ports(painter: QPainter, face: NodeFace, colors: Colors) -> None:
    for side, x in (("input", -PORT_REACH), ("output", TILE + PORT_REACH)):
        ports = face.ports.inputs if side == "input" else face.ports.outputs
        size = port_size(len(ports))
        for port, y in zip(ports, port_offsets(len(ports)), strict=True):
            color = QColor(colors.port(port.kind) if port.kind else colors.muted)
            hollow = side == "input" and port.optional and (side, port.name) not in face.wired
            paint_port(painter, port.kind, QPointF(x, y), size=size, color=color, ground=QColor(colors.canvas), hollow=hollow)


def paint_port(
    painter: QPainter, kind: str, center: QPointF, *, size: float, color: QColor, ground: QColor, hollow: bool = False
) -> None:
    """Paint one port; a hollow one may stay unconnected."""
    shape = port_shape(kind, center, size)
    painter.setPen(QPen(ground, 2.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(ground if hollow else color)
    painter.drawPath(shape)
    if hollow:
        painter.setPen(QPen(color, 1.3))
        painter.drawPath(port_shape(kind, center, size * 0.9))
    else:
        painter.fillPath(shape, color)


# ----------------------------------------------------------------------------------------------------------------- light


def _paint_light(painter: QPainter, status: NodeStatus, colors: Colors) -> str:
    """Paint the state, with a sign for those who see no colours; returns what is to be said below it."""
    if status.state == "running":
        _paint_progress(painter, status.fraction, colors)
        left = f"{duration(status.seconds_left)} left" if status.seconds_left is not None else ""
        doing = status.message.partition(" · ")[0]  # `epoch 8 of 12`; the rest is for the node monitor
        return " · ".join(part for part in (doing, left) if part)
    painter.save()
    painter.translate(LIGHT_CENTER)
    color = QColor(colors.state(status.state))
    hollow = status.outdated or (status.state == "not configured" and status.blocked_by is not None)
    sign_color = color if hollow else QColor("#FFFFFF")
    if status.state == "warning" and not hollow:
        painter.setPen(QPen(color, 2.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(color)
        painter.drawPolygon(QPolygonF([QPointF(0, -5.4), QPointF(5.6, 4.4), QPointF(-5.6, 4.4)]))
        sign_color = QColor("#3A2E08")
    else:
        painter.setPen(QPen(color, 1.6) if hollow else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.canvas) if hollow else color)
        radius = LIGHT_RADIUS + (-0.3 if hollow else 0.5)
        painter.drawEllipse(QPointF(0, 0), radius, radius)
    sign = _sign(status)
    painter.setPen(QPen(sign_color, 1.7, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(_SIGNS[sign]())
    painter.restore()
    return ""


def _sign(status: NodeStatus) -> str:
    if status.outdated:
        return "check"
    if status.state == "not configured":
        return "none" if status.blocked_by else "exclamation"
    return {"done": "check", "failed": "cross", "warning": "exclamation", "queued": "dots"}.get(status.state, "none")


def _check() -> QPainterPath:
    path = QPainterPath(QPointF(-2.5, 0.3))
    path.lineTo(-0.7, 2.1)
    path.lineTo(2.6, -1.9)
    return path


def _cross() -> QPainterPath:
    path = QPainterPath(QPointF(-2, -2))
    path.lineTo(2, 2)
    path.moveTo(2, -2)
    path.lineTo(-2, 2)
    return path


def _exclamation() -> QPainterPath:
    path = QPainterPath(QPointF(0, -2.7))
    path.lineTo(0, 0.5)
    path.moveTo(0, 2.8)
    path.lineTo(0, 2.85)
    return path


def _dots() -> QPainterPath:
    path = QPainterPath()
    for x in (-2.5, 0.0, 2.5):
        path.moveTo(x, 0)
        path.lineTo(x + 0.05, 0)
    return path


_SIGNS = {"check": _check, "cross": _cross, "exclamation": _exclamation, "dots": _dots, "none": QPainterPath}


def _paint_progress(painter: QPainter, fraction: float | None, colors: Colors) -> None:
    bar = QRectF(0, LIGHT_CENTER.y() - 2.5, TILE, 5)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(mixed(colors.muted, colors.canvas, 0.28)))
    painter.drawRoundedRect(bar, 2.5, 2.5)
    painter.setBrush(QColor(colors.accent))
    if fraction is None:  # not known: three dashes
        for part in range(3):
            painter.drawRoundedRect(QRectF(bar.x() + 4 + part * 18, bar.y(), 12, 5), 2.5, 2.5)
    else:
        painter.drawRoundedRect(QRectF(bar.x(), bar.y(), max(5.0, bar.width() * min(1.0, fraction)), 5), 2.5, 2.5)


def duration(seconds: float) -> str:
    """Seconds as `0:41` or `1:02:03`."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


# ------------------------------------------------------------------------------------------------------------------ text


@cache
def text_font(size: float, bold: bool = False) -> QFont:
    """The interface font in `_FINE` times a size, to be painted that much smaller."""
    font = interface_font(size * _FINE, bold=bold)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


@cache
def _metrics(size: float, bold: bool) -> QFontMetricsF:
    return QFontMetricsF(text_font(size, bold))


@lru_cache(4096)
def text_width(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is painted."""
    return _metrics(size, bold).horizontalAdvance(text) / _FINE


@lru_cache(4096)
def wrapped(text: str, size: float, bold: bool, lines: int = 2, width: float = TITLE_WIDTH) -> tuple[str, ...]:
    """Text in at most so many lines of a width in pixels; what does not fit is cut off with an ellipsis."""
    metrics, room = _metrics(size, bold), width * _FINE
    words = text.split()
    made: list[str] = []
    while words and len(made) < lines - 1:
        count = 1
        while count < len(words) and metrics.horizontalAdvance(" ".join(words[: count + 1])) <= room:
            count += 1
        made.append(metrics.elidedText(" ".join(words[:count]), Qt.TextElideMode.ElideMiddle, room))
        words = words[count:]
    if words:
        made.append(metrics.elidedText(" ".join(words), Qt.TextElideMode.ElideRight, room))
    return tuple(made)


def paint_text(
    painter: QPainter, text: str, rect: QRectF, align: Qt.AlignmentFlag, *, size: float, color: str, bold: bool = False
) -> None:
    """Paint one line of text."""
    painter.save()
    painter.scale(1 / _FINE, 1 / _FINE)
    painter.setFont(text_font(size, bold))
    painter.setPen(QColor(color))
    painter.drawText(QRectF(rect.topLeft() * _FINE, rect.size() * _FINE), align | Qt.TextFlag.TextDontClip, text)
    painter.restore()


def _paint_lines(
    painter: QPainter, lines: tuple[str, ...], top: float, height: float, *, size: float, color: str, bold: bool = False
) -> None:
    """Lines of text, centred below or above the tile."""
    for number, line in enumerate(lines):
        rect = QRectF(TILE / 2 - TITLE_WIDTH / 2, top + number * height, TITLE_WIDTH, height)
        paint_text(painter, line, rect, Qt.AlignmentFlag.AlignCenter, size=size, color=color, bold=bold)


# --------------------------------------------------------------------------------------------------------------- pixmaps


def node_pixmap(face: NodeFace, colors: Colors, tile: QPixmap | None, scale: float, ratio: float) -> QPixmap:
    """A node as a picture: `scale` is the zoom, `ratio` the screen's device pixels per pixel."""
    pixmap, painter = _blank(NODE_RECT, scale, ratio)
    paint_node(painter, face, colors, tile)
    painter.end()
    return pixmap


FAR_RECT = TILE_RECT.adjusted(-9, -9, 9, 9)


def tile_pixmap(face: NodeFace, colors: Colors, scale: float, ratio: float) -> QPixmap:
    """The tile of a node as a picture of `FAR_RECT`."""
    pixmap, painter = _blank(FAR_RECT, scale, ratio)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_tile(painter, face, colors)
    painter.end()
    return pixmap


def far_pixmap(face: NodeFace, colors: Colors, selected: bool, scale: float, ratio: float) -> QPixmap:
    """A node seen from afar as a picture of `FAR_RECT`."""
    pixmap, painter = _blank(FAR_RECT, scale, ratio)
    paint_far_tile(painter, face, colors, selected)
    painter.end()
    return pixmap


def copy_sharp(painter: QPainter, place: QPointF, pixmap: QPixmap) -> None:
    """Copy a picture that was made for the painter's scale onto whole device pixels."""
    at, ratio = painter.worldTransform(), pixmap.devicePixelRatio()
    spot = at.map(place)
    painter.resetTransform()
    painter.drawPixmap(QPointF(round(spot.x() * ratio) / ratio, round(spot.y() * ratio) / ratio), pixmap)
    painter.setWorldTransform(at)


def _blank(rect: QRectF, scale: float, ratio: float) -> tuple[QPixmap, QPainter]:
    pixmap = QPixmap(max(1, round(rect.width() * scale * ratio)), max(1, round(rect.height() * scale * ratio)))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.scale(scale, scale)
    painter.translate(-rect.topLeft())
    return pixmap, painter
