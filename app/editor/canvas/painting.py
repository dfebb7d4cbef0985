"""How a node, its ports and its light are painted, with any painter: onto the screen, into a picture, into an SVG file.

Knows what there is to see of a node (`NodeFace`), and nothing of documents, items and gestures.
"""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from app.contrast import BLACK, SIGN, WHITE, readable, type_on
from app.document.geometry import CORNER, PORT_REACH, TILE
from app.editor.canvas.node_face import NodeFace
from app.editor.canvas.sizes import (
    FAR_RECT,
    LEAST_NOTE,
    NODE_RECT,
    NOTE_LINE,
    NOTE_SIZE,
    NOTE_TOP,
    READABLE,
    TILE_RECT,
    TITLE_LINE,
    TITLE_SIZE,
    TITLE_WIDTH,
    port_size,
)
from app.editor.canvas.state_light import paint_light, paint_state
from app.editor.canvas.text_painting import paint_text, wrapped
from app.editor.colors import Colors, mixed
from app.editor.icons import icon_font
from app.icon_font import character

ICON = 31.0
FAR_LIGHT = 1.75
"""How much larger the light of a state is on a tile seen from afar."""
LEFT_OUT = 0.35
"""How much is seen of the tile of a node that is bypassed, or on a branch that is not taken."""
PLACEHOLDER_ICON = "mdi6.puzzle-outline"


# ----------------------------------------------------------------------------------------------------------------- nodes


def paint_node(painter: QPainter, face: NodeFace, colors: Colors, tile: QPixmap | None = None, scale: float = 1.0) -> None:
    """Paint a node with its tile's upper left corner at (0, 0).

    Args:
        painter: What to paint with.
        face: What to paint.
        colors: The appearance.
        tile: A picture of `FAR_RECT` with its tile, if there is one: tiles look alike, and are the dearest part.
        scale: The zoom. Titles stay readable where it is small; notes are left out.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    larger = max(1.0, READABLE / (TITLE_SIZE * scale))
    size, line = TITLE_SIZE * larger, TITLE_LINE * larger
    title = wrapped(face.title, size, True)
    _paint_lines(painter, title, -9 - line * len(title), line, size=size, color=colors.text, bold=True)
    painter.setOpacity(LEFT_OUT if face.is_bypassed or face.is_inactive else 1.0)
    if tile is not None:
        copy_sharp(painter, FAR_RECT.topLeft(), tile)
    else:
        paint_tile(painter, face, colors)
    painter.setOpacity(1.0)
    if face.is_bypassed:
        _paint_way_around(painter, colors)
    _paint_ports(painter, face, colors)
    below = paint_light(painter, face.status, colors) if face.status else ""
    text, color = (below, colors.muted) if below else (face.note, colors.muted)
    if face.is_bypassed:
        text = "bypassed"
    elif face.is_inactive:
        text = "inactive"
    elif face.waits_for:
        text = f"known once {face.waits_for} has run"
    elif face.type_name is not None:
        text = f"{face.type_name} is missing"
    elif face.status and face.status.state == "failed" and face.status.problems:
        text, color = face.status.problems[0].message, colors.wrong
    if text and NOTE_SIZE * scale >= LEAST_NOTE:
        lines = wrapped(text, NOTE_SIZE, False)
        _paint_lines(painter, lines, NOTE_TOP, NOTE_LINE, size=NOTE_SIZE, color=color)


def _paint_way_around(painter: QPainter, colors: Colors) -> None:
    """Paint the way that data take past a node that is bypassed."""
    painter.setPen(QPen(QColor(colors.text), 2.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(QPointF(0, TILE / 2), QPointF(TILE, TILE / 2))


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
    gradient.setColorAt(0, QColor(mixed(WHITE, face.color, 0.07)))
    gradient.setColorAt(1, QColor(mixed(BLACK, face.color, 0.04)))
    painter.setBrush(gradient)
    painter.drawRoundedRect(TILE_RECT, CORNER, CORNER)
    rim = readable(face.color, colors.canvas, SIGN)
    if rim != face.color:  # a pale tile ends where it can be seen
        painter.setPen(QPen(QColor(rim), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(TILE_RECT.adjusted(0.6, 0.6, -0.6, -0.6), CORNER, CORNER)
    _paint_icon(painter, face.icon, QColor(type_on(face.color, SIGN)))


def paint_far_tile(painter: QPainter, face: NodeFace, colors: Colors, selected: bool) -> None:
    """Paint what is left of a node seen from afar: tile, state (a shape each), and whether it is selected."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if selected:
        paint_outline(painter, colors, 6.0)
    paint_tile(painter, face, colors)
    if face.status is not None:
        painter.translate(TILE - 4, TILE - 4)
        painter.scale(FAR_LIGHT, FAR_LIGHT)
        paint_state(painter, face.status, colors, rim=1.8)


def paint_outline(painter: QPainter, colors: Colors, width: float = 2.5) -> None:
    """Paint the frame of a selected node."""
    painter.setPen(QPen(QColor(colors.accent), width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(TILE_RECT.adjusted(-5, -5, 5, 5), CORNER + 4, CORNER + 4)


@cache
def icon_path(name: str) -> QPainterPath:
    """Return the outline of an icon in a square of 1, so that it is sharp at any size and in vector files."""
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


def _paint_lines(
    painter: QPainter, lines: tuple[str, ...], top: float, height: float, *, size: float, color: str, bold: bool = False
) -> None:
    """Paint lines of text, centred below or above the tile."""
    for number, line in enumerate(lines):
        rect = QRectF(TILE / 2 - TITLE_WIDTH / 2, top + number * height, TITLE_WIDTH, height)
        paint_text(painter, line, rect, Qt.AlignmentFlag.AlignCenter, size=size, color=color, bold=bold)


# ----------------------------------------------------------------------------------------------------------------- ports


def port_shape(kind: str, center: QPointF, size: float = 1.0) -> QPainterPath:
    """Return a triangle for tables, a square for networks, a circle for figures, a small one for variables, a hexagon for models,
    else a small diamond."""
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
    elif kind == "variables":
        path.addEllipse(center, 3.6 * size, 3.6 * size)
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
        size = port_size(sum(not port.in_corner for port in ports))
        for port, y in face.ports.places("input" if side == "input" else "output"):
            if port.in_corner and (side, port.name) not in face.wired:
                continue
            color = QColor(colors.port(port.kind) if port.kind else colors.muted)
            hollow = side == "input" and port.optional and (side, port.name) not in face.wired
            paint_port(painter, port.kind, QPointF(x, y), size=size, color=color, ground=QColor(colors.canvas), hollow=hollow)


def paint_corner(painter: QPainter, face: NodeFace, colors: Colors) -> None:
    """Paint the input for variables, where nothing is wired to it."""
    for port, y in face.ports.places("input"):
        if port.in_corner and ("input", port.name) not in face.wired:
            color, ground = QColor(colors.port(port.kind)), QColor(colors.canvas)
            paint_port(painter, port.kind, QPointF(-PORT_REACH, y), size=1.0, color=color, ground=ground, hollow=True)


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


# --------------------------------------------------------------------------------------------------------------- pixmaps


def node_pixmap(face: NodeFace, colors: Colors, tile: QPixmap | None, scale: float, ratio: float) -> QPixmap:
    """Return a node as a picture: `scale` is the zoom, `ratio` the screen's device pixels per pixel."""
    pixmap, painter = _blank(NODE_RECT, scale, ratio)
    paint_node(painter, face, colors, tile, scale)
    painter.end()
    return pixmap


def tile_pixmap(face: NodeFace, colors: Colors, scale: float, ratio: float) -> QPixmap:
    """Return the tile of a node as a picture of `FAR_RECT`."""
    pixmap, painter = _blank(FAR_RECT, scale, ratio)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_tile(painter, face, colors)
    painter.end()
    return pixmap


def far_pixmap(face: NodeFace, colors: Colors, selected: bool, scale: float, ratio: float) -> QPixmap:
    """Return a node seen from afar as a picture of `FAR_RECT`."""
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
