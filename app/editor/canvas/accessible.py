"""The canvas for those who hear it: a list of nodes, each with its state, its wires and its ports.

Nodes are drawn and are no widgets, so Qt knows nothing of them. Here is what a screen reader is told instead: the view is a
list, its items are the nodes in the order in which the workflow is read, and their children are the ports. Nothing of it is
made before somebody listens.
"""

# mypy: disable-error-code="override"
# Qt returns nothing where there is nothing; its stubs for Python say that there always is something.

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRect, QRectF
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface, QWindow
from PySide6.QtWidgets import QAccessibleWidget
from shiboken6 import Shiboken

from app.document.geometry import TILE
from app.editor.announcing import announce
from app.editor.canvas.hit_testing import hit_test
from app.editor.canvas.navigation import reading_order
from app.editor.canvas.sizes import NODE_RECT
from app.editor.canvas.tips import in_words, port_in_words, wires_in_words
from app.editor.canvas.view import CanvasView

if TYPE_CHECKING:
    from app.document.change import Change
    from app.editor.canvas.shown_ports import ShownPort
    from app.engine.status import State

PORT_SIZE = 12.0
Said = QAccessible.Text


def _exists(thing: object) -> bool:
    """Return whether Qt has not deleted it."""
    return bool(Shiboken.isValid(thing))  # type: ignore[no-untyped-call]


class _Described(QAccessibleInterface):
    """Something drawn on a canvas.

    Args:
        view: The canvas's view.
    """

    def __init__(self, view: CanvasView) -> None:
        super().__init__()
        self.view = view

    def object(self) -> QObject | None:
        """Return nothing: what is drawn is no object of Qt's."""
        return None

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:
        """Return the child at a point of the screen."""
        children = [self.child(n) for n in range(self.childCount())]
        return next((c for c in children if c is not None and c.rect().contains(x, y)), None)

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        """Return the place of a child."""
        return next((n for n in range(self.childCount()) if self.child(n) is child), -1)

    def childCount(self) -> int:
        """Return how many children there are."""
        return 0

    def child(self, index: int) -> QAccessibleInterface | None:
        """Return a child."""
        return None

    def window(self) -> QWindow | None:
        """Return the window that it is drawn in."""
        return self.view.window().windowHandle() if _exists(self.view) else None

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Do nothing: nodes are renamed by F2."""

    def on_screen(self, area: QRectF) -> QRect:
        """Return where an area of the scene is on the screen."""
        drawn = self.view.viewportTransform().mapRect(area).toAlignedRect()
        return QRect(self.view.viewport().mapToGlobal(drawn.topLeft()), drawn.size())

    def state_of(self, *, selected: bool, focused: bool) -> QAccessible.State:
        """Return what can be done with it, and what is."""
        state = QAccessible.State()
        state.focusable = state.selectable = True
        state.selected = selected
        state.focused = state.active = focused
        state.offscreen = not self.rect().intersects(QRect(self.view.viewport().mapToGlobal(QRect().topLeft()), self.view.size()))
        return state


class NodeAccessible(_Described):
    """A node; its children are its ports, inputs first."""

    def __init__(self, view: CanvasView, node_id: str) -> None:
        super().__init__(view)
        self.node_id = node_id
        self._ports: dict[ShownPort, PortAccessible] = {}

    def isValid(self) -> bool:
        """Return whether there still is such a node."""
        return _exists(self.view) and self.node_id in self.view.canvas_scene.tiles

    def parent(self) -> QAccessibleInterface | None:
        """Return the canvas."""
        return QAccessible.queryAccessibleInterface(self.view)

    def childCount(self) -> int:
        """Return the number of ports."""
        return len(self._shown()) if self.isValid() else 0

    def child(self, index: int) -> QAccessibleInterface | None:
        """Return a port."""
        ports = self._shown() if self.isValid() else []
        if not 0 <= index < len(ports):
            return None
        port = ports[index]
        if port not in self._ports:
            self._ports[port] = PortAccessible(self.view, self.node_id, port)
            QAccessible.registerAccessibleInterface(self._ports[port])
        return self._ports[port]

    def rect(self) -> QRect:
        """Return where it is on the screen."""
        if not self.isValid():
            return QRect()
        tile = self.view.canvas_scene.tiles[self.node_id]
        return self.on_screen(QRectF(tile.left, tile.top, TILE, NODE_RECT.bottom()))

    def role(self) -> QAccessible.Role:
        """Return that it is one of several."""
        return QAccessible.Role.ListItem

    def state(self) -> QAccessible.State:
        """Return whether it is selected, and whether keys mean it."""
        if not self.isValid():
            gone = QAccessible.State()
            gone.invalid = True
            return gone
        chosen = self.view.canvas_scene.selection.nodes
        mine = self.node_id in chosen
        return self.state_of(selected=mine, focused=mine and len(chosen) == 1 and self.view.hasFocus())

    def text(self, kind: QAccessible.Text) -> str:
        """Return the node in words, with its wires; its note is the description."""
        if not self.isValid():
            return ""
        scene = self.view.canvas_scene
        if kind is Said.Name:
            wires = wires_in_words(scene, self.node_id)
            return f"{in_words(scene, self.node_id)}{f'; {wires}' if wires else ''}"
        return scene.document.view(self.node_id).note if kind is Said.Description else ""

    def forget(self) -> None:
        """Have Qt forget its ports: it is gone."""
        for port in self._ports.values():
            QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(port))
        self._ports.clear()

    def _shown(self) -> list[ShownPort]:
        face = self.view.canvas_scene.tiles[self.node_id].face
        ports = (*face.ports.inputs, *face.ports.outputs)
        return [port for port in ports if not port.in_corner or (port.side, port.name) in face.wired]


class PortAccessible(_Described):
    """A port of a node."""

    def __init__(self, view: CanvasView, node_id: str, port: ShownPort) -> None:
        super().__init__(view)
        self.node_id = node_id
        self.port = port

    def isValid(self) -> bool:
        """Return whether there still is such a port."""
        tile = self.view.canvas_scene.tiles.get(self.node_id) if _exists(self.view) else None
        return tile is not None and (self.port.side, self.port.name) in tile.face.ports.by_name

    def parent(self) -> QAccessibleInterface | None:
        """Return its node."""
        return canvas_accessible(self.view).node(self.node_id) if _exists(self.view) else None

    def rect(self) -> QRect:
        """Return where it is on the screen."""
        tile = self.view.canvas_scene.tiles.get(self.node_id)
        place = tile.port_place(self.port.side, self.port.name) if tile is not None else None
        half = QPointF(PORT_SIZE / 2, PORT_SIZE / 2)
        return self.on_screen(QRectF(place - half, place + half)) if place is not None else QRect()

    def role(self) -> QAccessible.Role:
        """Return that it says something."""
        return QAccessible.Role.StaticText

    def state(self) -> QAccessible.State:
        """Return that it is read only."""
        state = QAccessible.State()
        state.readOnly = True
        return state

    def text(self, kind: QAccessible.Text) -> str:
        """Return what travels through it, and where to or from."""
        return port_in_words(self.view.canvas_scene, self.node_id, self.port) if kind is Said.Name and self.isValid() else ""


class CanvasAccessible(QAccessibleWidget):
    """The view of a workflow: a list of its nodes; after them comes what is edited in place."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view, QAccessible.Role.List, view.accessibleName())
        self.view = view
        self._nodes: dict[str, NodeAccessible] = {}
        self._order: list[str] | None = None

    def node(self, node_id: str) -> NodeAccessible | None:
        """Return a node; None where there is no such one."""
        if node_id not in self.view.canvas_scene.tiles:
            return None
        if node_id not in self._nodes:
            self._nodes[node_id] = NodeAccessible(self.view, node_id)
            QAccessible.registerAccessibleInterface(self._nodes[node_id])
        return self._nodes[node_id]

    def childCount(self) -> int:
        """Return the number of nodes, and one for the viewport."""
        return len(self.order) + 1

    def child(self, index: int) -> QAccessibleInterface | None:
        """Return a node, or the viewport."""
        if index == len(self.order):
            return QAccessible.queryAccessibleInterface(self.view.viewport())
        return self.node(self.order[index]) if 0 <= index < len(self.order) else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        """Return the place of a node among those of the workflow."""
        if isinstance(child, NodeAccessible):
            return self.order.index(child.node_id) if child.node_id in self.order else -1
        return len(self.order) if child.object() is self.view.viewport() else -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:
        """Return the node at a point of the screen."""
        spot = QRect(x, y, 1, 1).topLeft()
        place = self.view.to_scene(QPointF(self.view.viewport().mapFromGlobal(spot)))
        return self.node(hit_test(self.view.canvas_scene, place, zoom=self.view.zoom).node or "")

    def focusChild(self) -> QAccessibleInterface | None:
        """Return the node that keys mean."""
        chosen = self.view.canvas_scene.selection.nodes
        return self.node(next(iter(chosen))) if len(chosen) == 1 and self.view.hasFocus() else None

    def text(self, kind: QAccessible.Text) -> str:
        """Return what is in the workflow, or which part of it is selected."""
        return self.view.accessibleDescription() if kind is Said.Description else self.view.accessibleName()

    @property
    def order(self) -> list[str]:
        """The nodes in the order in which they are read."""
        if self._order is None:
            self._order = reading_order(self.view.canvas_scene)
        return self._order

    def look_again(self) -> None:
        """Take note that nodes may have come, gone or moved."""
        self._order = None
        for node_id in [n for n in self._nodes if n not in self.view.canvas_scene.tiles]:
            self._forget(node_id)

    def close(self) -> None:
        """Have Qt forget all nodes: the canvas is gone."""
        for node_id in list(self._nodes):
            self._forget(node_id)

    def _forget(self, node_id: str) -> None:
        node = self._nodes.pop(node_id)
        node.forget()
        QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(node))


class CanvasEvents(QObject):
    """Tells a screen reader what happens on a canvas.

    Args:
        view: The canvas's view; the parent.
    """

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._selected = frozenset[str]()
        self._states: dict[str, State] = {}
        scene = view.canvas_scene
        scene.selection_changed.connect(self._on_selection)
        scene.statuses_changed.connect(self._on_statuses)
        scene.content_changed.connect(self._on_content)
        install()

    def changed(self, change: Change) -> None:
        """Say what was edited."""
        if QAccessible.isActive() and change.label:
            announce(self._view, f"Undone: {change.label}" if change.backwards else change.label)

    def focused(self) -> None:
        """Say which node keys mean, now that the canvas has the focus."""
        self._tell_focus()

    def closed(self) -> None:
        """Let go of everything."""
        canvas = _canvases.pop(self._view, None)
        if canvas is not None and _exists(canvas):
            canvas.close()

    def _on_selection(self) -> None:
        before, self._selected = self._selected, self._view.canvas_scene.selection.nodes
        if not QAccessible.isActive():
            return
        kinds = QAccessible.Event
        alone = len(self._selected) == 1
        for node_id in self._selected - before:
            self._tell(node_id, kinds.Selection if alone else kinds.SelectionAdd)
        for node_id in before - self._selected:
            self._tell(node_id, kinds.SelectionRemove)
        self._tell_focus()

    def _tell_focus(self) -> None:
        chosen = self._view.canvas_scene.selection.nodes
        if QAccessible.isActive() and self._view.hasFocus() and len(chosen) == 1:
            self._tell(next(iter(chosen)), QAccessible.Event.Focus)

    def _on_statuses(self) -> None:
        if not QAccessible.isActive():
            return
        for node_id, status in self._view.canvas_scene.statuses.items():
            if self._states.get(node_id) != status.state:
                self._states[node_id] = status.state
                self._tell(node_id, QAccessible.Event.NameChanged)

    def _on_content(self) -> None:
        canvas = _canvases.get(self._view)
        if canvas is not None and _exists(canvas):
            canvas.look_again()
            QAccessible.updateAccessibility(QAccessibleEvent(self._view, QAccessible.Event.ObjectReorder))

    def _tell(self, node_id: str, kind: QAccessible.Event) -> None:
        canvas = canvas_accessible(self._view)
        if node_id in canvas.order:
            event = QAccessibleEvent(self._view, kind)
            event.setChild(canvas.order.index(node_id))
            QAccessible.updateAccessibility(event)


_canvases: dict[CanvasView, CanvasAccessible] = {}
"""What was made for views: Qt keeps no reference of Python's."""
_installed: list[bool] = []


def canvas_accessible(view: CanvasView) -> CanvasAccessible:
    """Return what a screen reader is told of a view."""
    made = QAccessible.queryAccessibleInterface(view)
    if not isinstance(made, CanvasAccessible):  # asked for while the view was being made, when Qt knew no more than its base
        QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(made))
        made = QAccessible.queryAccessibleInterface(view)
    assert isinstance(made, CanvasAccessible)
    return made


def install() -> None:
    """Have Qt ask here for what there is to hear of a canvas; once."""
    if not _installed:
        _installed.append(True)
        QAccessible.installFactory(_made)


def _made(name: str, of: QObject | None) -> QAccessibleInterface | None:
    """Return what is told of a canvas's view; None for everything else, which Qt knows by itself."""
    if not isinstance(of, CanvasView):
        return None
    _canvases[of] = CanvasAccessible(of)
    of.destroyed.connect(lambda: _canvases.pop(of, None))
    return _canvases[of]
