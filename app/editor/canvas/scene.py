"""The document's picture: an item per node, wire and annotation, kept as the document has them, and what is selected.

Knows nothing of mouse and keys. NodeGraphQt's scene paints its grid point by point and passes every mouse event on to its viewer;
both are replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPainterPathStroker, QPixmap
from PySide6.QtWidgets import QGraphicsScene

from app.document.geometry import TILE
from app.editor.canvas.boxes import BOX_GRIP, Box, Edge
from app.editor.canvas.geometry import GRID, NODE_RECT, NOTE_TOP, TILE_RECT, TITLE_LINE
from app.editor.canvas.node_face import NodeFace
from app.editor.canvas.nodegraph import NodeScene
from app.editor.canvas.ports import Side, shown_ports
from app.editor.canvas.stage import Stage, WirePens
from app.editor.canvas.tiles import FarPicture, NodeTile, with_status
from app.editor.canvas.wires import Wire
from app.editor.look import look
from app.shelves import shelf_color

if TYPE_CHECKING:
    from app.document.editing import Change, Document
    from app.document.model import Annotation, Connection
    from app.engine.status import NodeStatus

PLACEHOLDER_COLOR = "#8C96A6"
REACH = 10.0
"""How near the pointer must be to a port or wire, in pixels of the screen."""


@dataclass(frozen=True)
class Selection:
    """What is selected: ids of nodes, keys of connections and annotations."""

    nodes: frozenset[str] = frozenset()
    connections: frozenset[str] = frozenset()
    annotations: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.nodes or self.connections or self.annotations)


@dataclass(frozen=True)
class Hit:
    """What is at a point of the canvas.

    Attributes:
        position: The point, in the scene.
        node: The node there.
        port: Its side and name, if the point is at a port.
        part: Which part of the node: `tile`, `title` or `note`.
        connection: The wire there, by key.
        annotation: The annotation there, by key.
        edge: Which edges of the annotation; empty for its title.
    """

    position: QPointF = field(default_factory=QPointF)
    node: str | None = None
    port: tuple[Side, str] | None = None
    part: str = ""
    connection: str | None = None
    annotation: str | None = None
    edge: Edge = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing."""
        return self.node is None and self.connection is None and self.annotation is None


class CanvasScene(NodeScene):
    """The items of one document.

    Args:
        document: What to show.
        parent: Who owns the scene.
    """

    selection_changed = Signal()
    content_changed = Signal()
    """Something was added, removed, moved or is called differently."""
    statuses_changed = Signal()

    def __init__(self, document: Document, parent: QObject) -> None:
        QGraphicsScene.__init__(self, parent)
        self.document = document
        self.stage = Stage(look().colors)
        self.tiles: dict[str, NodeTile] = {}
        self.wires: dict[str, Wire] = {}
        self.boxes: dict[str, Box] = {}
        self.statuses: dict[str, NodeStatus] = {}
        self.selection = Selection()
        self.held_wire: Wire | None = None
        """The wire whose end is being pulled; it is not there meanwhile."""
        self._wires_of: dict[str, dict[str, Wire]] = {}
        self._emphasised: set[str] = set()
        self._dots: QPixmap | None = None
        self._dots_for = (0, 0.0)
        self._far = FarPicture(self.stage)
        self._far.tiles, self._far.wires = self.tiles, self.wires
        self.stage.far_changed = self._far.update
        self.addItem(self._far)
        self._add_nodes(document.nodes)
        self._add_wires(document.connections, set(document.nodes))
        for key, annotation in document.annotations.items():
            self._show_box(key, annotation)

    # -- looking

    def wires_of(self, node_id: str) -> Mapping[str, Wire]:
        """The wires that begin or end at a node, by key."""
        return self._wires_of.get(node_id, {})

    def kind_of(self, node_id: str, side: Side, port: str) -> str:
        """What travels through a port; empty if not known."""
        tile = self.tiles.get(node_id)
        if tile is None:
            return ""
        found = tile.face.ports.by_name.get((side, port))
        return found[1].kind if found else ""

    def content_rect(self, node_ids: Iterable[str] | None = None) -> QRectF:
        """The smallest rectangle around all, or some, nodes (and, of all, the annotations).

        NodeGraphQt makes an item group for that, which takes seconds with a thousand nodes.
        """
        tiles = list(self.tiles.values()) if node_ids is None else [self.tiles[n] for n in node_ids]
        rect = QRectF()
        if tiles:
            left, top = min(t.left for t in tiles), min(t.top for t in tiles)
            right, bottom = max(t.left for t in tiles), max(t.top for t in tiles)
            rect = NODE_RECT.translated(left, top) | NODE_RECT.translated(right, bottom)
        if node_ids is None:
            for box in self.boxes.values():
                rect |= box.rect
        return rect

    def hit(self, place: QPointF, *, zoom: float = 1.0, ignore: Iterable[str] = ()) -> Hit:
        """What is at a point: ports first, then nodes, wires and annotations.

        Args:
            place: The point.
            zoom: The view's scale: from afar, the pointer reaches further.
            ignore: Nodes and wires to look through.
        """
        reach = min(REACH / zoom, 14.0) if zoom < 1 else REACH
        looked_through = set(ignore)
        near = QRectF(place.x() - reach, place.y() - reach, 2 * reach, 2 * reach)
        tiles = [t for t in reversed(self.visible_tiles(near)) if t.id not in looked_through]  # those added last lie on top
        if not self.stage.far:
            for tile in tiles:
                port = tile.port_at(place, reach)
                if port is not None:
                    return Hit(place, node=tile.id, port=port, part="tile")
        for tile in tiles:
            part = self._part(tile, place)
            if part:
                return Hit(place, node=tile.id, part=part)
        wire = self._wire_at(place, min(reach, 7.0 / zoom), looked_through)
        if wire is not None:
            return Hit(place, connection=wire)
        for box in sorted(self.boxes.values(), key=lambda b: -b.zValue()):
            edge = box.grip(place, min(BOX_GRIP / zoom, 16.0))
            if edge is not None:
                return Hit(place, annotation=box.id, edge=edge)
        return Hit(place)

    def _wire_at(self, place: QPointF, reach: float, ignore: set[str]) -> str | None:
        around = QRectF(place.x() - reach, place.y() - reach, 2 * reach, 2 * reach)
        stroker = QPainterPathStroker()
        stroker.setWidth(2 * reach)
        for wire in self.visible_wires(around):
            if wire.key in ignore or wire is self.held_wire:
                continue
            if stroker.createStroke(self._drawn(wire)).contains(place):
                return wire.key
        return None

    def nodes_in(self, rect: QRectF) -> set[str]:
        """The nodes whose tile touches a rectangle."""
        left, right, top, bottom = rect.left() - TILE, rect.right(), rect.top() - TILE, rect.bottom()
        return {n for n, t in self.tiles.items() if left < t.left < right and top < t.top < bottom}

    def wires_in(self, rect: QRectF) -> set[str]:
        """The wires that touch a rectangle."""
        area = QPainterPath()
        area.addRect(rect)
        return {w.key for w in self.visible_wires(rect) if _line_meets(self._drawn(w), area)}

    def wires_across(self, line: QPainterPath) -> set[str]:
        """The wires that a line crosses."""
        stroker = QPainterPathStroker()
        stroker.setWidth(1.0)
        cut = stroker.createStroke(line)
        return {w.key for w in self.visible_wires(cut.boundingRect()) if _line_meets(self._drawn(w), cut)}

    def visible_tiles(self, rect: QRectF) -> list[NodeTile]:
        """The nodes of which something may be seen in a rectangle."""
        left, right = rect.left() - NODE_RECT.right(), rect.right() - NODE_RECT.left()
        top, bottom = rect.top() - NODE_RECT.bottom(), rect.bottom() - NODE_RECT.top()
        return [t for t in self.tiles.values() if left < t.left < right and top < t.top < bottom]

    def visible_wires(self, rect: QRectF) -> list[Wire]:
        """The wires that may be seen in a rectangle. Qt's own search passes over what is hidden, as all wires are from afar."""
        return [w for w in self.wires.values() if w.bounds.intersects(rect)]

    def _drawn(self, wire: Wire) -> QPainterPath:
        """The line as it is seen now."""
        if not self.stage.far:
            return wire.path()
        path = QPainterPath(wire.start)
        path.lineTo(wire.end)
        return path

    def carried(self, wire: Wire) -> str:
        """What a wire carries, as the engine says it."""
        status = self.statuses.get(wire.source)
        return status.outputs.get(wire.source_port, "") if status else ""

    # -- following the document

    def apply(self, change: Change) -> None:
        """Show what a change did."""
        touched: set[str] = set()
        gone_wires, new_wires = list(change.keys("connections")), {}
        for key, (before, after) in change.records.get("connections", {}).items():
            if key in self.document.connections:
                new_wires[key] = self.document.connections[key]
            for connection in (before, after):
                if connection is not None:
                    touched |= {connection.source_node, connection.target_node}
        self._remove_wires(gone_wires)
        gone_nodes = [n for n in change.keys("nodes") if n not in self.document.nodes]
        new_nodes = [n for n in change.keys("nodes") if n in self.document.nodes and n not in self.tiles]
        self._remove_nodes(gone_nodes)
        self._add_nodes(new_nodes)
        touched.update(change.keys("nodes"), change.keys("views"))
        for node_id in change.keys("views"):
            if node_id in self.tiles:
                self.tiles[node_id].place(*self.document.view(node_id).position)
        if new_nodes:  # wires that lacked an end
            new_wires |= {k: c for k, c in self.document.connections.items() if k not in self.wires}
        self._add_wires(new_wires, touched)
        for key in change.keys("annotations"):
            annotation = self.document.annotations.get(key)
            if annotation is not None:
                self._show_box(key, annotation)
            elif key in self.boxes:
                self.removeItem(self.boxes.pop(key))
        self._prune_selection()
        self.content_changed.emit()

    def set_statuses(self, statuses: Mapping[str, NodeStatus]) -> None:
        """Show the states of some nodes."""
        for node_id, status in statuses.items():
            tile = self.tiles.get(node_id)
            if tile is None:
                continue
            self.statuses[node_id] = status
            tile.show_face(with_status(tile.face, status))
        self.statuses_changed.emit()

    def set_far(self, far: bool) -> None:
        """Show nodes as from afar, or from near."""
        self.stage.far = far
        self._far.setVisible(far)
        for tile in self.tiles.values():
            tile.setVisible(not far)
        for wire in self.wires.values():
            wire.setVisible(not far)

    def recolor(self) -> None:
        """The appearance is another one."""
        self.stage.colors = look().colors
        self.stage.forget_pixmaps()
        self.stage.pens = WirePens(self.stage.colors)
        self._dots = None
        for wire in self.wires.values():
            wire.setPen(self.stage.pens.pen(wire.kind, wire.emphasis, False))
        self.update()

    # -- selection and emphasis

    def select(self, selection: Selection) -> None:
        """Have this selected, and nothing else."""
        selection = Selection(
            frozenset(n for n in selection.nodes if n in self.tiles),
            frozenset(c for c in selection.connections if c in self.wires),
            frozenset(a for a in selection.annotations if a in self.boxes),
        )
        before, self.selection = self.selection, selection
        if before == selection:
            return
        for node_id in before.nodes ^ selection.nodes:
            if node_id in self.tiles:
                self.tiles[node_id].mark(selected=node_id in selection.nodes)
        for key in before.annotations ^ selection.annotations:
            if key in self.boxes:
                self.boxes[key].mark(key in selection.annotations)
        self._restyle(before.connections ^ selection.connections)
        self.selection_changed.emit()

    def emphasise(self, keys: Iterable[str]) -> None:
        """Have these wires, and no others but the selected ones, shine."""
        wanted = set(keys)
        changed = wanted ^ self._emphasised
        self._emphasised = wanted
        self._restyle(changed)

    def _restyle(self, keys: Iterable[str]) -> None:
        for key in keys:
            wire = self.wires.get(key)
            if wire is not None:
                wire.emphasis = key in self._emphasised or key in self.selection.connections
                wire.setPen(self.stage.pens.pen(wire.kind, wire.emphasis, False))
        if self.stage.far:
            self._far.update()

    def _prune_selection(self) -> None:
        chosen = self.selection
        if not (chosen.nodes <= self.tiles.keys() and chosen.connections <= self.wires.keys()
                and chosen.annotations <= self.boxes.keys()):  # fmt: skip
            self.select(chosen)

    # -- moving while a gesture lasts

    def put(self, positions: Mapping[str, QPointF]) -> None:
        """Show nodes elsewhere without telling the document; their wires follow."""
        for node_id, position in positions.items():
            self.tiles[node_id].place(position.x(), position.y())
        self._route_all(positions)
        if self.stage.far:
            self._far.update()
        self.content_changed.emit()

    def hold_wire(self, key: str | None) -> None:
        """Hide the wire whose end is being pulled; None shows it again."""
        before, self.held_wire = self.held_wire, self.wires.get(key or "")
        for wire in (before, self.held_wire):
            if wire is not None and not self.stage.far:
                wire.setVisible(wire is not self.held_wire)

    # -- items

    def _add_nodes(self, node_ids: Iterable[str]) -> None:
        far, none = self.stage.far, NodeFace("", "", "", "")
        for node_id in node_ids:
            tile = NodeTile(node_id, none, self.stage)
            tile.place(*self.document.view(node_id).position)
            if far:
                tile.setVisible(False)
            self.tiles[node_id] = tile
            self.addItem(tile)

    def _remove_nodes(self, node_ids: Iterable[str]) -> None:
        for node_id in node_ids:
            self._remove_wires(list(self.wires_of(node_id)))
            tile = self.tiles.pop(node_id, None)
            if tile is not None:
                self.stage.drop(tile)
                self.removeItem(tile)
            self.statuses.pop(node_id, None)
            self._wires_of.pop(node_id, None)

    def _add_wires(self, connections: Mapping[str, Connection], touched: set[str]) -> None:
        """Add wires, and bring the nodes at their ends and the other touched ones up to date.

        Wires without a node at one end wait until it is there.
        """
        far, made = self.stage.far, []
        for key, connection in connections.items():
            wire = Wire(key, connection)
            if key in self.wires or wire.source not in self.tiles or wire.target not in self.tiles:
                continue
            self.wires[key] = wire
            self._wires_of.setdefault(wire.source, {})[key] = wire
            self._wires_of.setdefault(wire.target, {})[key] = wire
            touched |= {wire.source, wire.target}
            made.append(wire)
        touched &= self.tiles.keys()
        for node_id in touched:
            self.tiles[node_id].show_face(self._face(node_id))
        self._route_all(touched)
        pen = self.stage.pens.pen
        for wire in made:
            wire.setPen(pen(wire.kind, False, False))
            if far:
                wire.setVisible(False)
            self.addItem(wire)
        self._far.forget_lines()

    def _remove_wires(self, keys: Iterable[str]) -> None:
        for key in keys:
            wire = self.wires.pop(key, None)
            if wire is None:
                continue
            for node_id in (wire.source, wire.target):
                self._wires_of.get(node_id, {}).pop(key, None)
            self.removeItem(wire)
        self._far.forget_lines()

    def _show_box(self, key: str, annotation: Annotation) -> None:
        box = self.boxes.get(key)
        if box is None:
            box = self.boxes[key] = Box(key, annotation, self.stage)
            self.addItem(box)
        else:
            box.show_annotation(annotation)

    def _face(self, node_id: str) -> NodeFace:
        document, record = self.document, self.document.nodes[node_id]
        node_type, view, wires = document.types.get(record.type), document.view(node_id), self.wires_of(node_id).values()
        wired = {("input", w.target_port) for w in wires if w.target == node_id}
        wired |= {("output", w.source_port) for w in wires if w.source == node_id}
        return NodeFace(
            title=view.name or (node_type.title if node_type is not None else record.type.rpartition(".")[2]),
            note=view.note,
            color=shelf_color(node_type.shelf) if node_type is not None else PLACEHOLDER_COLOR,
            icon=node_type.icon if node_type is not None else "",
            type_name=None if node_type is not None else record.type,
            ports=shown_ports(document, node_id, [w.connection for w in wires]),
            wired=frozenset(wired),
            status=self.statuses.get(node_id),
        )

    def _route_all(self, node_ids: Iterable[str]) -> None:
        """Let the wires of these nodes run between their ports, in the colour of what they carry."""
        wires = {key: wire for node_id in node_ids for key, wire in self.wires_of(node_id).items()}
        far = self.stage.far
        for wire in wires.values():
            source, target = self.tiles[wire.source], self.tiles[wire.target]
            start, end = source.port_place("output", wire.source_port), target.port_place("input", wire.target_port)
            if start is not None and end is not None and (start != wire.start or end != wire.end):
                wire.route(start, end)
                if far:
                    self._far.move_line(wire)
            kind = self._kind(wire)
            if kind != wire.kind:
                wire.kind = kind
                wire.setPen(self.stage.pens.pen(kind, wire.emphasis, False))
                self._far.forget_lines()

    def _kind(self, wire: Wire) -> str:
        return self.kind_of(wire.source, "output", wire.source_port) or self.kind_of(wire.target, "input", wire.target_port)

    def _part(self, tile: NodeTile, place: QPointF) -> str:
        """Which part of a node a point is on; empty beside it."""
        spot = place - tile.pos()
        if TILE_RECT.adjusted(-3, -3, 3, 3).contains(spot):
            return "tile"
        if self.stage.far:
            return ""
        if -2 * TITLE_LINE - 9 <= spot.y() <= 0 and abs(spot.x() - TILE / 2) <= 52:
            return "title" if spot.y() >= -9 - TITLE_LINE or len(tile.face.title) > 15 else ""
        if 0 <= spot.y() <= NOTE_TOP + 16 and abs(spot.x() - TILE / 2) <= (48 if spot.y() > NOTE_TOP - 2 else TILE / 2):
            return "note" if spot.y() > NOTE_TOP - 2 else "tile"
        return ""

    # -- background

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:  # type: ignore[override]  # it is never a QRect
        """A calm ground with dots, as one tiled picture.

        The dots are a whole number of device pixels apart, so that one picture fits everywhere; nothing is aligned to them.
        """
        colors, stage = self.stage.colors, self.stage
        if stage.direct:
            painter.fillRect(rect, QColor(colors.canvas))
            return
        at = painter.worldTransform()
        area = at.mapRect(rect).toAlignedRect()
        step = GRID * stage.zoom
        while step < 15:
            step *= 2
        pixels = round(step * stage.ratio)
        if self._dots is None or self._dots_for != (pixels, stage.ratio):
            self._dots, self._dots_for = _dots(pixels, stage.ratio, colors.grid, colors.canvas), (pixels, stage.ratio)
        step = self._dots.deviceIndependentSize().width()
        painter.resetTransform()
        painter.drawTiledPixmap(area, self._dots, QPointF((area.x() - at.dx()) % step, (area.y() - at.dy()) % step).toPoint())


def _dots(pixels: int, ratio: float, color: str, ground: str) -> QPixmap:
    """Some dots on the ground, `pixels` device pixels apart; several, because small tiles are slow to paint with."""
    count = max(1, 200 // pixels)
    pixmap = QPixmap(pixels * count, pixels * count)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(QColor(ground))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(color))
    for column in range(count):
        for row in range(count):
            painter.drawEllipse(QPointF(column * pixels / ratio + 2, row * pixels / ratio + 2), 1.3, 1.3)
    painter.end()
    return pixmap


def _line_meets(line: QPainterPath, area: QPainterPath) -> bool:
    """Whether a curve, seen as a line without the area below it, touches an area."""
    stroker = QPainterPathStroker()
    stroker.setWidth(1.0)
    return stroker.createStroke(line).intersects(area)
