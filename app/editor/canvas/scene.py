"""The document's picture: an item per node, wire and annotation, kept as the document has them, and what is selected.

Knows nothing of mouse and keys. NodeGraphQt's scene paints its grid point by point and passes every mouse event on to its viewer;
both are replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsScene

from app.editor.canvas.annotations import AnnotationItem
from app.editor.canvas.ground import Ground
from app.editor.canvas.node_costs import NodeCosts
from app.editor.canvas.node_face import NodeFace
from app.editor.canvas.node_tile import NodeTile
from app.editor.canvas.nodegraph import NodeScene
from app.editor.canvas.overview import Overview
from app.editor.canvas.paint_context import PaintContext
from app.editor.canvas.selection import Selection
from app.editor.canvas.shown_ports import Side, shown_ports
from app.editor.canvas.sizes import NODE_RECT
from app.editor.canvas.wire_items import WireItem
from app.editor.look import look
from app.shelves import OTHER_SHELF, shelf_color

if TYPE_CHECKING:
    from app.document.change import Change
    from app.document.editing import Document
    from app.document.model import Annotation, Connection
    from app.engine.status import NodeStatus


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
        self.context = PaintContext(look().colors)
        self.tiles: dict[str, NodeTile] = {}
        self.wires: dict[str, WireItem] = {}
        self.annotations: dict[str, AnnotationItem] = {}
        self.statuses: dict[str, NodeStatus] = {}
        self.selection = Selection()
        self.held_wire: WireItem | None = None
        """The wire whose end is being pulled; it is not there meanwhile."""
        self._wires_of: dict[str, dict[str, WireItem]] = {}
        self._emphasised: set[str] = set()
        self._ground = Ground(self.context)
        self._overview = Overview(self.context)
        self._overview.tiles, self._overview.wires = self.tiles, self.wires
        self.context.far_changed = self._overview.update
        self.addItem(self._overview)
        self.costs = NodeCosts(self.context, self.tiles, self.statuses)
        self.addItem(self.costs)
        self._add_nodes(document.nodes)
        self._add_wires(document.connections, set(document.nodes))
        for key, annotation in document.annotations.items():
            self._show_annotation(key, annotation)

    # -- looking

    def wires_of(self, node_id: str) -> Mapping[str, WireItem]:
        """Return the wires that begin or end at a node, by key."""
        return self._wires_of.get(node_id, {})

    def kind_of(self, node_id: str, side: Side, port: str) -> str:
        """Return what travels through a port; empty if not known."""
        tile = self.tiles.get(node_id)
        if tile is None:
            return ""
        found = tile.face.ports.by_name.get((side, port))
        return found[1].kind if found else ""

    def content_rect(self, node_ids: Iterable[str] | None = None) -> QRectF:
        """Return the smallest rectangle around all, or some, nodes (and, of all, the annotations).

        NodeGraphQt makes an item group for that, which takes seconds with a thousand nodes.
        """
        tiles = list(self.tiles.values()) if node_ids is None else [self.tiles[n] for n in node_ids]
        rect = QRectF()
        if tiles:
            left, top = min(t.left for t in tiles), min(t.top for t in tiles)
            right, bottom = max(t.left for t in tiles), max(t.top for t in tiles)
            rect = NODE_RECT.translated(left, top) | NODE_RECT.translated(right, bottom)
        if node_ids is None:
            for box in self.annotations.values():
                rect |= box.rect
        return rect

    def visible_tiles(self, rect: QRectF) -> list[NodeTile]:
        """Return the nodes of which something may be seen in a rectangle."""
        left, right = rect.left() - NODE_RECT.right(), rect.right() - NODE_RECT.left()
        top, bottom = rect.top() - NODE_RECT.bottom(), rect.bottom() - NODE_RECT.top()
        return [t for t in self.tiles.values() if left < t.left < right and top < t.top < bottom]

    def visible_wires(self, rect: QRectF) -> list[WireItem]:
        """Return the wires that may be seen in a rectangle; Qt's own search passes over hidden ones, as all are from afar."""
        return [w for w in self.wires.values() if w.bounds.intersects(rect)]

    def carried(self, wire: WireItem) -> str:
        """Return what a wire carries, as the engine says it."""
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
                self._show_annotation(key, annotation)
            elif key in self.annotations:
                self.removeItem(self.annotations.pop(key))
        self._prune_selection()
        self.content_changed.emit()

    def set_statuses(self, statuses: Mapping[str, NodeStatus]) -> None:
        """Show the states of some nodes."""
        for node_id, status in statuses.items():
            tile = self.tiles.get(node_id)
            if tile is None:
                continue
            self.statuses[node_id] = status
            tile.show_face(tile.face.with_status(status, self._source_of(status)))
        self.costs.refresh()
        self.statuses_changed.emit()

    def set_far(self, far: bool) -> None:
        """Show nodes as from afar, or from near."""
        self.context.far = far
        self._overview.setVisible(far)
        for tile in self.tiles.values():
            tile.setVisible(not far)
        for wire in self.wires.values():
            wire.setVisible(not far)

    def recolor(self) -> None:
        """Take on another appearance."""
        self.context.recolor(look().colors)
        for wire in self.wires.values():
            wire.setPen(self.context.pens.pen(wire.kind, wire.emphasis, False))
        self.update()

    # -- selection and emphasis

    def select(self, selection: Selection) -> None:
        """Have this selected, and nothing else."""
        selection = Selection(
            frozenset(n for n in selection.nodes if n in self.tiles),
            frozenset(c for c in selection.connections if c in self.wires),
            frozenset(a for a in selection.annotations if a in self.annotations),
        )
        before, self.selection = self.selection, selection
        if before == selection:
            return
        for node_id in before.nodes ^ selection.nodes:
            if node_id in self.tiles:
                self.tiles[node_id].mark(selected=node_id in selection.nodes)
        for key in before.annotations ^ selection.annotations:
            if key in self.annotations:
                self.annotations[key].mark(key in selection.annotations)
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
                wire.setPen(self.context.pens.pen(wire.kind, wire.emphasis, False))
        if self.context.far:
            self._overview.update()

    def _prune_selection(self) -> None:
        chosen = self.selection
        if not (chosen.nodes <= self.tiles.keys() and chosen.connections <= self.wires.keys()
                and chosen.annotations <= self.annotations.keys()):  # fmt: skip
            self.select(chosen)

    # -- moving while a gesture lasts

    def put(self, positions: Mapping[str, QPointF]) -> None:
        """Show nodes elsewhere without telling the document; their wires follow."""
        for node_id, position in positions.items():
            self.tiles[node_id].place(position.x(), position.y())
        self._route_all(positions)
        if self.context.far:
            self._overview.update()
        self.content_changed.emit()

    def hold_wire(self, key: str | None) -> None:
        """Hide the wire whose end is being pulled; None shows it again."""
        before, self.held_wire = self.held_wire, self.wires.get(key or "")
        for wire in (before, self.held_wire):
            if wire is not None and not self.context.far:
                wire.setVisible(wire is not self.held_wire)

    # -- items

    def _add_nodes(self, node_ids: Iterable[str]) -> None:
        far, none = self.context.far, NodeFace("", "", "", "")
        for node_id in node_ids:
            tile = NodeTile(node_id, none, self.context)
            tile.place(*self.document.view(node_id).position)
            if far:
                tile.setVisible(False)
            self.tiles[node_id] = tile
            self.addItem(tile)

    def _remove_nodes(self, node_ids: Sequence[str]) -> None:
        for node_id in node_ids:
            self._remove_wires(list(self.wires_of(node_id)))
            tile = self.tiles.pop(node_id, None)
            if tile is not None:
                self.context.pixmaps.drop(tile)
                self.removeItem(tile)
            self.statuses.pop(node_id, None)
            self._wires_of.pop(node_id, None)
        if node_ids:
            self.costs.refresh()

    def _add_wires(self, connections: Mapping[str, Connection], touched: set[str]) -> None:
        """Add wires, and bring the nodes at their ends and the other touched ones up to date.

        Wires without a node at one end wait until it is there.
        """
        far, made = self.context.far, []
        for key, connection in connections.items():
            wire = WireItem(key, connection)
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
        pen = self.context.pens.pen
        for wire in made:
            wire.setPen(pen(wire.kind, False, False))
            if far:
                wire.setVisible(False)
            self.addItem(wire)
        self._overview.forget_lines()

    def _remove_wires(self, keys: Iterable[str]) -> None:
        for key in keys:
            wire = self.wires.pop(key, None)
            if wire is None:
                continue
            for node_id in (wire.source, wire.target):
                self._wires_of.get(node_id, {}).pop(key, None)
            self.removeItem(wire)
        self._overview.forget_lines()

    def _show_annotation(self, key: str, annotation: Annotation) -> None:
        box = self.annotations.get(key)
        if box is None:
            box = self.annotations[key] = AnnotationItem(key, annotation, self.context)
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
            color=shelf_color(node_type.shelf) if node_type is not None else OTHER_SHELF,
            icon=node_type.icon if node_type is not None else "",
            type_name=None if node_type is not None else record.type,
            ports=shown_ports(document, node_id, [w.connection for w in wires]),
            wired=frozenset(wired),
            status=self.statuses.get(node_id),
            source=self._source_of(self.statuses.get(node_id)),
        )

    def _source_of(self, status: NodeStatus | None) -> str:
        """Return what the person calls the node that has to run before the settings of another one are known."""
        source = status.waits_for if status is not None else None
        return "" if source is None else self.document.title(source) if source in self.document.nodes else source

    def _route_all(self, node_ids: Iterable[str]) -> None:
        """Let the wires of these nodes run between their ports, in the colour of what they carry."""
        wires = {key: wire for node_id in node_ids for key, wire in self.wires_of(node_id).items()}
        far = self.context.far
        for wire in wires.values():
            source, target = self.tiles[wire.source], self.tiles[wire.target]
            start, end = source.port_place("output", wire.source_port), target.port_place("input", wire.target_port)
            if start is not None and end is not None and (start != wire.start or end != wire.end):
                wire.route(start, end)
                if far:
                    self._overview.move_line(wire)
            kind = self._kind(wire)
            if kind != wire.kind:
                wire.kind = kind
                wire.setPen(self.context.pens.pen(kind, wire.emphasis, False))
                self._overview.forget_lines()

    def _kind(self, wire: WireItem) -> str:
        return self.kind_of(wire.source, "output", wire.source_port) or self.kind_of(wire.target, "input", wire.target_port)

    # -- background

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:  # type: ignore[override]  # it is never a QRect
        """Paint a calm ground with dots."""
        self._ground.paint(painter, rect)
