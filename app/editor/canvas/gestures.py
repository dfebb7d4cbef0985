"""What the mouse does on the canvas: each gesture shows itself while it lasts, and ends as one command for the document, or none.

A gesture moves items for show only; the document is told at the end, so that a gesture is one step, and Esc leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QApplication

from app.document.geometry import TILE
from app.editor.canvas.boxes import BOX_LEAST
from app.editor.canvas.painting import port_shape
from app.editor.canvas.scene import Hit, Selection
from app.editor.canvas.wiring import PortEnd, WireRules, between

if TYPE_CHECKING:
    from app.editor.canvas.boxes import Edge
    from app.editor.canvas.ports import Side
    from app.editor.canvas.view import CanvasView

ADDING = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier


@dataclass(frozen=True)
class Pointer:
    """Where the mouse is.

    Attributes:
        place: In the scene.
        spot: In the viewport.
        screen: On the screen.
        modifiers: Keys held down.
    """

    place: QPointF
    spot: QPoint
    screen: QPoint = field(default_factory=QPoint)
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier

    @property
    def adds(self) -> bool:
        """Whether Shift or Ctrl says to add to the selection."""
        return bool(self.modifiers & ADDING)


class Gesture:
    """Something the mouse does, from press to release."""

    scrolls = False
    """Whether the view moves along when the pointer is at its border."""

    def __init__(self, view: CanvasView) -> None:
        self.view = view
        self.scene = view.canvas_scene
        self.document = view.document

    def moved(self, pointer: Pointer) -> None:
        """The mouse moved."""

    def released(self, pointer: Pointer) -> None:
        """The button was let go: do it."""

    def cancelled(self) -> None:
        """Esc, or the window lost the mouse: leave all as it was."""


class Press(Gesture):
    """A press that may become a drag.

    Args:
        view: The view.
        start: Where it began.
        drag: Makes the gesture that it becomes when the mouse moves; None if dragging means nothing here.
        click: What to do if it does not move.
    """

    def __init__(
        self, view: CanvasView, start: Pointer, drag: Callable[[], Gesture | None], click: Callable[[], None] | None = None
    ) -> None:
        super().__init__(view)
        self._start = start
        self._drag = drag
        self._click = click

    def moved(self, pointer: Pointer) -> None:
        """Become a drag once it is far enough."""
        if (pointer.spot - self._start.spot).manhattanLength() >= max(3, QApplication.startDragDistance() // 2):
            following = self._drag()
            self.view.become(following)
            if following is not None:
                following.moved(pointer)

    def released(self, pointer: Pointer) -> None:
        """It was a click."""
        if self._click is not None:
            self._click()


class Pan(Gesture):
    """Move the view."""

    def __init__(self, view: CanvasView, start: Pointer) -> None:
        super().__init__(view)
        self._last = start.spot

    def moved(self, pointer: Pointer) -> None:
        """The point of the scene under the mouse stays under it."""
        self.view.pan(self._last - pointer.spot)
        self._last = pointer.spot


class Band(Gesture):
    """Select what is in a rectangle; with Shift or Ctrl, in addition."""

    scrolls = True

    def __init__(self, view: CanvasView, start: Pointer) -> None:
        super().__init__(view)
        self._from = start.place
        self._before = self.scene.selection
        self._base = self._before if start.adds else Selection()

    def moved(self, pointer: Pointer) -> None:
        """Show the rectangle, and what it selects."""
        rect = QRectF(self._from, pointer.place).normalized()
        self.view.signs.show_band(rect)
        nodes = self.scene.nodes_in(rect)
        wires = set() if nodes else self.scene.wires_in(rect)
        boxes = {k for k, box in self.scene.boxes.items() if rect.contains(box.rect)}
        base = self._base
        self.scene.select(Selection(base.nodes | nodes, base.connections | wires, base.annotations | boxes))

    def released(self, pointer: Pointer) -> None:
        """Keep the selection."""
        self.view.signs.show_band(None)

    def cancelled(self) -> None:
        """Back to the former selection."""
        self.view.signs.show_band(None)
        self.scene.select(self._before)


class Slice(Gesture):
    """Cut all wires that a line crosses."""

    def __init__(self, view: CanvasView, start: Pointer) -> None:
        super().__init__(view)
        self._from = start.place
        self._keys: set[str] = set()
        view.slicer.draw_path(start.place, start.place)
        view.slicer.begin(self.scene.stage.colors.wrong)

    def moved(self, pointer: Pointer) -> None:
        """Show the line, and what it would cut."""
        self.view.slicer.draw_path(self._from, pointer.place)
        self._keys = self.scene.wires_across(self.view.slicer.path())
        self.scene.emphasise(self._keys)

    def released(self, pointer: Pointer) -> None:
        """Cut."""
        self.cancelled()
        if self._keys:
            self.document.disconnect(self._keys)

    def cancelled(self) -> None:
        """Hide the line."""
        self.view.slicer.setVisible(False)
        self.scene.emphasise(())


class Move(Gesture):
    """Move what is selected. A single node without wires that is dropped on a wire is put in between."""

    scrolls = True

    def __init__(self, view: CanvasView, start: Pointer) -> None:
        super().__init__(view)
        scene, chosen = self.scene, self.scene.selection
        self._from = start.place
        inside = {n for key in chosen.annotations for n in scene.nodes_in(scene.boxes[key].rect)}
        self._nodes = {n: scene.tiles[n].pos() for n in {*chosen.nodes, *inside}}
        self._boxes = {k: scene.boxes[k].rect for k in chosen.annotations}
        self._single = next(iter(self._nodes)) if len(self._nodes) == 1 and not self._boxes else None
        if self._single and scene.wires_of(self._single):
            self._single = None
        self._wire: str | None = None
        self._shift = QPointF()

    def moved(self, pointer: Pointer) -> None:
        """Show them there."""
        shift = pointer.place - self._from
        if pointer.modifiers & Qt.KeyboardModifier.ShiftModifier:  # straight along one axis
            shift = QPointF(shift.x(), 0) if abs(shift.x()) >= abs(shift.y()) else QPointF(0, shift.y())
        step = 1 if pointer.modifiers & Qt.KeyboardModifier.AltModifier else self.view.move_step
        self._shift = QPointF(round(shift.x() / step) * step, round(shift.y() / step) * step)
        self._show(self._shift)
        if self._single:
            middle = self.scene.tiles[self._single].pos() + QPointF(TILE / 2, TILE / 2)
            self._wire = self.view.drops.wire_for(self.document.nodes[self._single].type, middle, self._single)
            self.scene.emphasise([self._wire] if self._wire else [])

    def released(self, pointer: Pointer) -> None:
        """Tell the document."""
        self.scene.emphasise(())
        if self._shift.isNull():
            return
        nodes = {n: _point(p + self._shift) for n, p in self._nodes.items()}
        boxes = {k: _point(r.topLeft() + self._shift) for k, r in self._boxes.items()}
        wire, single = self._wire, self._single
        if wire is None or single is None:
            self.document.move(nodes, boxes)
            return
        ports = between(
            self.document, self.document.types.get(self.document.nodes[single].type), self.scene.wires[wire].kind, single
        )
        with self.document.step("Put in between"):
            self.document.move(nodes)
            if ports is not None:
                self.document.insert(wire, single, *ports)

    def cancelled(self) -> None:
        """All back."""
        self.scene.emphasise(())
        self._show(QPointF())

    def _show(self, shift: QPointF) -> None:
        for key, rect in self._boxes.items():
            self.scene.boxes[key].place(rect.translated(shift))
        self.scene.put({n: p + shift for n, p in self._nodes.items()})


class Resize(Gesture):
    """Change the size of an annotation by its edges."""

    scrolls = True

    def __init__(self, view: CanvasView, start: Pointer, key: str, edge: Edge) -> None:
        super().__init__(view)
        self._from = start.place
        self._key = key
        self._edge = edge
        self._rect = self.scene.boxes[key].rect
        self._now = self._rect

    def moved(self, pointer: Pointer) -> None:
        """Show it."""
        shift = pointer.place - self._from
        rect = QRectF(self._rect)
        if "l" in self._edge:
            rect.setLeft(min(rect.left() + round(shift.x()), rect.right() - BOX_LEAST))
        if "r" in self._edge:
            rect.setRight(max(rect.right() + round(shift.x()), rect.left() + BOX_LEAST))
        if "t" in self._edge:
            rect.setTop(min(rect.top() + round(shift.y()), rect.bottom() - BOX_LEAST))
        if "b" in self._edge:
            rect.setBottom(max(rect.bottom() + round(shift.y()), rect.top() + BOX_LEAST))
        self._now = rect
        self.scene.boxes[self._key].place(rect)

    def released(self, pointer: Pointer) -> None:
        """Tell the document."""
        rect = self._now
        if rect != self._rect:
            self.document.set_annotation(self._key, position=_point(rect.topLeft()), size=(rect.width(), rect.height()))

    def cancelled(self) -> None:
        """As it was."""
        self.scene.boxes[self._key].place(self._rect)


class Connect(Gesture):
    """Pull a wire from a port, or the end of a wire off its port.

    Ports that fit glow, and nodes that have none fade. A port that does not fit refuses: the wire is dashed, a tooltip says why.

    Args:
        view: The view.
        start: The end that stays.
        detached: The key of the wire whose other end is pulled off.
    """

    scrolls = True

    def __init__(self, view: CanvasView, start: PortEnd, detached: str | None = None) -> None:
        super().__init__(view)
        self._start = start
        self._detached = detached
        self._rules = WireRules(self.document, start, without=detached)
        self._target: tuple[str, str] | None = None
        self._refusal: str | None = None
        self._fitting: dict[str, list[tuple[str, QPointF]]] = {}
        self._side: Side = "input" if start.side == "output" else "output"
        if detached:
            self.scene.hold_wire(detached)
        self._look_for_fitting()

    def moved(self, pointer: Pointer) -> None:
        """Follow the mouse; snap to a port that fits."""
        self._target, self._refusal = self._what_is_at(pointer)
        end = self._place_of_target() or pointer.place
        held = self._held()
        stage = self.scene.stage
        color = self.scene.stage.pens.color(self._start.kind) if self._refusal is None else stage.colors.wrong
        begin, finish = (held, end) if self._start.side == "output" else (end, held)
        self.view.live_wire.follow(begin, finish, color, self._refusal is not None)
        self.view.show_refusal(self._refusal, pointer)
        path = QPainterPath()
        if self._target is not None:
            path.addEllipse(end, 12, 12)
        self.view.signs.show_snap(path if self._target else None)

    def released(self, pointer: Pointer) -> None:
        """Connect, rewire, take off, or ask for a node that fits."""
        target, refusal = self._target, self._refusal
        self.cancelled()
        document, detached = self.document, self._detached
        if target is not None:
            source, entry = self._rules.ends(*target)
            if detached and document.connections[detached].source == source and document.connections[detached].target == entry:
                return
            with document.step("Rewire" if detached else "Connect"):
                if detached:
                    document.disconnect([detached])
                document.connect(source, entry)
        elif refusal is not None:
            self.view.message.emit(refusal)
        elif detached:
            document.disconnect([detached])
        else:
            from_output = self._start.side == "output"
            self.view.wire_dropped.emit(self._start.endpoint, from_output, pointer.place, pointer.screen)

    def cancelled(self) -> None:
        """Hide all signs."""
        self.view.live_wire.setVisible(False)
        self.view.show_refusal(None, None)
        self.view.signs.show_snap(None)
        self.view.signs.show_fitting(None)
        for tile in self.scene.tiles.values():
            tile.mark(faded=False)
        self.scene.hold_wire(None)

    def _held(self) -> QPointF:
        """Where the end that stays is."""
        return self.scene.tiles[self._start.node].port_place(self._start.side, self._start.port) or QPointF()

    def _look_for_fitting(self) -> None:
        glow = QPainterPath()
        for node_id, tile in self.scene.tiles.items():
            for port in tile.face.ports.on(self._side):
                place = tile.port_place(self._side, port.name)
                if place is not None and self._rules.refusal(node_id, self._side, port) is None:
                    self._fitting.setdefault(node_id, []).append((port.name, place))
                    glow.addPath(port_shape(port.kind, place, 1.9))
            tile.mark(faded=node_id not in self._fitting and node_id != self._start.node)
        self.view.signs.show_fitting(glow)

    def _what_is_at(self, pointer: Pointer) -> tuple[tuple[str, str] | None, str | None]:
        """The port to snap to, or why the one there refuses."""
        reach = min(26.0, 22.0 / self.scene.stage.zoom)
        nearest: tuple[float, str, str] | None = None
        for node_id, ports in self._fitting.items():
            for name, place in ports:
                distance = (place - pointer.place).manhattanLength()
                if distance <= reach and (nearest is None or distance < nearest[0]):
                    nearest = (distance, node_id, name)
        if nearest is not None:
            return (nearest[1], nearest[2]), None
        hit = self.scene.hit(pointer.place, zoom=self.scene.stage.zoom)
        start = self._start
        if hit.node is None or hit.part != "tile" or (hit.node, hit.port) == (start.node, (start.side, start.port)):
            return None, None
        if hit.port is not None:
            port = self.scene.tiles[hit.node].face.ports.by_name[hit.port][1]
            return None, self._rules.refusal(hit.node, port.side, port)
        if hit.node in self._fitting:
            return (hit.node, self._free_port(hit.node)), None
        return None, None if hit.node == start.node else self._why_none_fits(hit.node)

    def _free_port(self, node_id: str) -> str:
        """The first port that fits and has no wire yet, else the first that fits."""
        names = [name for name, _ in self._fitting[node_id]]
        wired = self.scene.tiles[node_id].face.wired
        return next((n for n in names if (self._side, n) not in wired), names[0])

    def _why_none_fits(self, node_id: str) -> str:
        title = self.document.title(node_id)
        ports = self.scene.tiles[node_id].face.ports.on(self._side)
        same = [p for p in ports if p.kind == self._start.kind]
        if same:
            return self._rules.refusal(node_id, self._side, same[0]) or ""
        verb = "takes" if self._side == "input" else "gives"
        return f"{title} {verb} no {self._start.kind or 'such value'}."

    def _place_of_target(self) -> QPointF | None:
        if self._target is None:
            return None
        return next(place for name, place in self._fitting[self._target[0]] if name == self._target[1])


def gesture_for(view: CanvasView, hit: Hit, start: Pointer) -> Gesture:
    """What a press of the left button begins."""
    scene = view.canvas_scene
    if start.modifiers == Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier:
        return Slice(view, start)
    if hit.node is not None and hit.port is not None:
        return Press(view, start, lambda: _pull(view, hit), lambda: select_hit(view, hit, start.adds))
    if hit.node is not None:
        already = hit.node in scene.selection.nodes
        if not already or start.adds:
            select_hit(view, hit, start.adds)
        alone = None if start.adds or not already else lambda: select_hit(view, hit, False)
        return Press(view, start, lambda: Move(view, start) if scene.selection else None, alone)
    if hit.connection is not None:
        return Press(view, start, lambda: _pull_off(view, hit), lambda: select_hit(view, hit, start.adds))
    if hit.annotation is not None:
        key, edge = hit.annotation, hit.edge
        if key not in scene.selection.annotations or start.adds:
            select_hit(view, hit, start.adds)
        return Press(view, start, lambda: Resize(view, start, key, edge) if edge else Move(view, start))
    return Press(view, start, lambda: Band(view, start), lambda: None if start.adds else scene.select(Selection()))


def select_hit(view: CanvasView, hit: Hit, adds: bool) -> None:
    """Select what was clicked on; with Shift or Ctrl add it, or take it away."""
    scene = view.canvas_scene
    clicked = Selection(
        frozenset([hit.node] if hit.node else []),
        frozenset([hit.connection] if hit.connection else []),
        frozenset([hit.annotation] if hit.annotation else []),
    )
    if adds:
        old = scene.selection
        clicked = Selection(
            old.nodes ^ clicked.nodes, old.connections ^ clicked.connections, old.annotations ^ clicked.annotations
        )
    scene.select(clicked)


def _pull(view: CanvasView, hit: Hit) -> Gesture | None:
    """A wire from a port; from an input that has one, that wire's end."""
    scene = view.canvas_scene
    if hit.node is None or hit.port is None:
        return None
    side, name = hit.port
    if side == "input":
        key = view.document.connection_into(f"{hit.node}.{name}")
        if key is not None and key in scene.wires:
            return _detach(view, key, "input")
    return Connect(view, PortEnd(hit.node, side, name, scene.kind_of(hit.node, side, name)))


def _pull_off(view: CanvasView, hit: Hit) -> Gesture | None:
    """The end of a wire that is nearer to the press."""
    wire = view.canvas_scene.wires.get(hit.connection or "")
    if wire is None:
        return None
    to_start = (hit.position - wire.start).manhattanLength()
    to_end = (hit.position - wire.end).manhattanLength()
    return _detach(view, wire.key, "output" if to_start < to_end else "input")


def _detach(view: CanvasView, key: str, side: Side) -> Gesture:
    """Pull one end of a wire off."""
    wire = view.canvas_scene.wires[key]
    if side == "input":
        stays = PortEnd(wire.source, "output", wire.source_port, wire.kind)
    else:
        stays = PortEnd(wire.target, "input", wire.target_port, wire.kind)
    return Connect(view, stays, detached=key)


def _point(place: QPointF) -> tuple[float, float]:
    return place.x(), place.y()
