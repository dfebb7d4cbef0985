"""Node types that are dragged onto the canvas: beside all, into a wire, or in another node's place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent

from app.document.placing import place_new, put_between
from app.editor.canvas.hit_testing import hit_test
from app.editor.canvas.selection import Selection
from app.editor.canvas.sizes import TILE_RECT
from app.editor.canvas.wire_rules import between
from app.editor.canvas.zoomable_view import ZoomableView

NODE_MIME = "application/x-layerloom-node"
"""What is dragged when a node type is: its id, in UTF-8."""


class DropTarget:
    """Takes what is dropped on one view.

    Args:
        view: The view.
        say: Tells the person why something was not taken.
    """

    def __init__(self, view: ZoomableView, say: Callable[[str], None]) -> None:
        self._say = say
        self._view = view
        self._scene = view.canvas_scene
        self._document = view.document
        self._node: str | None = None
        self._wire: str | None = None

    def enter(self, event: QDragEnterEvent) -> None:
        """Node types may be dropped; anything else is the window's business."""
        if event.mimeData().hasFormat(NODE_MIME):
            event.acceptProposedAction()
        else:
            event.ignore()

    def move(self, event: QDragMoveEvent) -> None:
        """Light up the node or the wire where it would go."""
        if not event.mimeData().hasFormat(NODE_MIME):
            event.ignore()
            return
        event.acceptProposedAction()
        place = self._view.to_scene(event.position())
        hit = hit_test(self._scene, place, zoom=self._view.zoom)
        self._light(hit.node, None if hit.node else self.wire_for(_type_in(event), place))

    def leave(self) -> None:
        """Light up nothing: the node type went elsewhere."""
        self._light(None, None)

    def drop(self, event: QDropEvent) -> None:
        """Add the node, put it into the wire, or replace the node under it."""
        if not event.mimeData().hasFormat(NODE_MIME):
            event.ignore()
            return
        event.acceptProposedAction()
        node, wire = self._node, self._wire
        self._light(None, None)
        self.place_node(_type_in(event), self._view.to_scene(event.position()), node, wire)
        self._view.setFocus(Qt.FocusReason.MouseFocusReason)

    def place_node(self, node_type: str, place: QPointF, node: str | None = None, wire: str | None = None) -> None:
        """Add a node of a type with its middle at a point, or put it in a node's place or into a wire; it is selected."""
        document, known = self._document, self._document.types.get(node_type)
        if known is None:
            self._say(f"There is no node type '{node_type}'.")
            return
        if node is not None:
            if document.nodes[node].type != node_type:
                document.replace(node, node_type)
            self._scene.select(Selection(nodes=frozenset([node])))
            return
        position = place - TILE_RECT.center()
        with document.step(f"Add {known.title}"):
            added = place_new(document, node_type, (position.x(), position.y()))
            ports = between(document, known, self._scene.wires[wire].kind) if wire else None
            if wire is not None and ports is not None:
                put_between(document, wire, added, *ports)
        self.show_new([added])

    def show_new(self, nodes: Sequence[str]) -> None:
        """Select nodes that were just added, and have them in view."""
        self._scene.select(Selection(nodes=frozenset(nodes)))
        for node in reversed(nodes):
            self._view.bring_into_view(node)

    def wire_for(self, node_type: str, place: QPointF, node_id: str | None = None) -> str | None:
        """Return the wire at a point into which a node of a type fits.

        Args:
            node_type: The type.
            place: The point, in the scene.
            node_id: The node, if it is on the canvas already: it is looked through.
        """
        hit = hit_test(self._scene, place, zoom=self._view.zoom, ignore=[node_id] if node_id else ())
        wire = self._scene.wires.get(hit.connection or "")
        known = self._document.types.get(node_type)
        return wire.key if wire is not None and between(self._document, known, wire.kind, node_id) else None

    def _light(self, node: str | None, wire: str | None) -> None:
        for node_id, lit in ((self._node, False), (node, True)):
            if node_id in self._scene.tiles:
                self._scene.tiles[node_id].mark(target=lit)
        self._node, self._wire = node, wire
        self._scene.emphasise([wire] if wire else [])


def _type_in(event: QDropEvent) -> str:
    return bytes(event.mimeData().data(NODE_MIME).data()).decode(errors="replace")
