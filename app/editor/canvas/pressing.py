"""Which gesture a press of the left button begins, and what a click selects."""

from __future__ import annotations

from PySide6.QtCore import Qt

from app.editor.canvas.connecting import PullWire
from app.editor.canvas.gesture import Gesture, GestureContext, Pointer, Press
from app.editor.canvas.gestures import Move, Resize, RubberBand, Slice
from app.editor.canvas.scene import CanvasScene
from app.editor.canvas.selection import Hit, Selection
from app.editor.canvas.shown_ports import Side
from app.editor.canvas.wire_rules import WireEnd


def gesture_for(context: GestureContext, hit: Hit, start: Pointer) -> Gesture:
    """Return what a press of the left button begins."""
    scene = context.view.canvas_scene
    if start.modifiers == Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier:
        return Slice(context, start)
    if hit.node is not None and hit.port is not None:
        return Press(context, start, lambda: _pull(context, hit), lambda: select_hit(scene, hit, adds=start.adds))
    if hit.node is not None:
        already = hit.node in scene.selection.nodes
        if not already or start.adds:
            select_hit(scene, hit, adds=start.adds)
        alone = None if start.adds or not already else lambda: select_hit(scene, hit, adds=False)
        return Press(context, start, lambda: Move(context, start) if scene.selection else None, alone)
    if hit.connection is not None:
        return Press(context, start, lambda: _pull_off(context, hit), lambda: select_hit(scene, hit, adds=start.adds))
    if hit.annotation is not None:
        key, edge = hit.annotation, hit.edge
        if key not in scene.selection.annotations or start.adds:
            select_hit(scene, hit, adds=start.adds)
        return Press(context, start, lambda: Resize(context, start, key, edge) if edge else Move(context, start))
    return Press(context, start, lambda: RubberBand(context, start), lambda: None if start.adds else scene.select(Selection()))


def select_hit(scene: CanvasScene, hit: Hit, *, adds: bool) -> None:
    """Select what was clicked on; where it adds, change whether that is selected and leave the rest."""
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


def _pull(context: GestureContext, hit: Hit) -> Gesture | None:
    """Pull a wire from a port; from an input that has one, that wire's end."""
    scene = context.view.canvas_scene
    if hit.node is None or hit.port is None:
        return None
    side, name = hit.port
    if side == "input":
        key = context.view.document.connection_into(f"{hit.node}.{name}")
        if key is not None and key in scene.wires:
            return _detach(context, key, "input")
    return PullWire(context, WireEnd(hit.node, side, name, scene.kind_of(hit.node, side, name)))


def _pull_off(context: GestureContext, hit: Hit) -> Gesture | None:
    """Pull off the end of a wire that is nearer to the press."""
    wire = context.view.canvas_scene.wires.get(hit.connection or "")
    if wire is None:
        return None
    to_start = (hit.position - wire.start).manhattanLength()
    to_end = (hit.position - wire.end).manhattanLength()
    return _detach(context, wire.key, "output" if to_start < to_end else "input")


def _detach(context: GestureContext, key: str, side: Side) -> Gesture:
    """Pull one end of a wire off."""
    wire = context.view.canvas_scene.wires[key]
    if side == "input":
        stays = WireEnd(wire.source, "output", wire.source_port, wire.kind)
    else:
        stays = WireEnd(wire.target, "input", wire.target_port, wire.kind)
    return PullWire(context, stays, detached=key)
