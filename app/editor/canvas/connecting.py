"""The gesture that pulls a wire, or the end of one."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QPainterPath

from app.editor.canvas.gesture import Gesture, GestureContext, Pointer
from app.editor.canvas.hit_testing import hit_test
from app.editor.canvas.painting import port_shape
from app.editor.canvas.shown_ports import Side
from app.editor.canvas.wire_rules import WireEnd, WireRules


class PullWire(Gesture):
    """Pull a wire from a port, or the end of a wire off its port.

    Ports that fit glow, and nodes that have none fade. A port that does not fit refuses: the wire is dashed, a tooltip says why.

    Args:
        context: What it may use.
        start: The end that stays.
        detached: The key of the wire whose other end is pulled off.
    """

    scrolls = True

    def __init__(self, context: GestureContext, start: WireEnd, detached: str | None = None) -> None:
        super().__init__(context)
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
        context = self.scene.context
        color = self.scene.context.pens.color(self._start.kind) if self._refusal is None else context.colors.wrong
        begin, finish = (held, end) if self._start.side == "output" else (end, held)
        self.context.feedback.live_wire.follow(begin, finish, color, self._refusal is not None)
        self.context.feedback.show_refusal(self._refusal, pointer.screen)
        path = QPainterPath()
        if self._target is not None:
            path.addEllipse(end, 12, 12)
        self.context.feedback.show_snap(path if self._target else None)

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
            self.context.say(refusal)
        elif detached:
            document.disconnect([detached])
        else:
            from_output = self._start.side == "output"
            self.context.wire_dropped(self._start.endpoint, from_output, pointer.place, pointer.screen)

    def cancelled(self) -> None:
        """Hide all signs."""
        self.context.feedback.live_wire.setVisible(False)
        self.context.feedback.show_refusal(None, QPoint())
        self.context.feedback.show_snap(None)
        self.context.feedback.show_fitting(None)
        for tile in self.scene.tiles.values():
            tile.mark(faded=False)
        self.scene.hold_wire(None)

    def _held(self) -> QPointF:
        """Return where the end that stays is."""
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
        self.context.feedback.show_fitting(glow)

    def _what_is_at(self, pointer: Pointer) -> tuple[tuple[str, str] | None, str | None]:
        """Return the port to snap to, or why the one there refuses."""
        reach = min(26.0, 22.0 / self.scene.context.zoom)
        nearest: tuple[float, str, str] | None = None
        for node_id, ports in self._fitting.items():
            for name, place in ports:
                distance = (place - pointer.place).manhattanLength()
                if distance <= reach and (nearest is None or distance < nearest[0]):
                    nearest = (distance, node_id, name)
        if nearest is not None:
            return (nearest[1], nearest[2]), None
        hit = hit_test(self.scene, pointer.place, zoom=self.scene.context.zoom)
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
        """Return the first port that fits and has no wire yet, else the first that fits."""
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
