"""What the tooltip says of a node, port, wire or annotation."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from app.editor.canvas.node_costs import cost_in_words
from nodes.wording import duration

if TYPE_CHECKING:
    from app.editor.canvas.scene import CanvasScene
    from app.editor.canvas.selection import Hit
    from app.editor.canvas.shown_ports import ShownPort
    from app.engine.status import NodeStatus

STATES = {
    "not configured": "Not configured",
    "ready": "Ready to run",
    "queued": "Waiting to run",
    "running": "Running",
    "done": "Done",
    "warning": "Done, with a warning",
    "failed": "Failed",
    "bypassed": "Bypassed: what comes in is passed on",
    "inactive": "Inactive: it is on a branch that is not taken",
}


def tip_of(scene: CanvasScene, hit: Hit) -> str:
    """Return rich text; empty where there is nothing to say."""
    if hit.node is not None and hit.port is not None:
        return _port_tip(scene, hit)
    if hit.node is not None:
        return _node_tip(scene, hit.node)
    wire = scene.wires.get(hit.connection or "")
    if wire is not None:
        names = [scene.document.title(n) for n in (wire.source, wire.target)]
        carried = scene.carried(wire)
        return _paragraphs(f"<b>{escape(names[0])}</b> to <b>{escape(names[1])}</b>", escape(carried))
    return ""


def in_words(scene: CanvasScene, node_id: str) -> str:
    """Return a node in one line, for those who hear the screen instead of seeing it: `CSV Reader, done, 60 000 rows`."""
    status = scene.statuses.get(node_id)
    parts = [scene.document.title(node_id)]
    if status is not None:
        state = STATES[status.state]
        parts += [state[:1].lower() + state[1:], status.message, *status.outputs.values()]
        parts += ["its result is of earlier settings"] if status.outdated else []
        parts += [problem.message for problem in status.problems]
    return ", ".join(part.rstrip(".") for part in parts if part)


def wires_in_words(scene: CanvasScene, node_id: str) -> str:
    """Return where a node's wires come from and lead to: `input Table from CSV Reader; output Table to Scorer`."""
    ports = scene.tiles[node_id].face.ports
    said = [(port, _ends(scene, node_id, port)) for port in (*ports.inputs, *ports.outputs)]
    open_inputs = [port.title for port, ends in said if port.side == "input" and not ends and not port.optional]
    parts = [f"{port.side} {port.title} {'from' if port.side == 'input' else 'to'} {ends}" for port, ends in said if ends]
    return "; ".join([*parts, *(f"input {title} is not connected" for title in open_inputs)])


def port_in_words(scene: CanvasScene, node_id: str, port: ShownPort) -> str:
    """Return a port in one line: `Output Table, table, 60 000 rows, connected to Scorer`."""
    status = scene.statuses.get(node_id)
    carried = status.outputs.get(port.name, "") if status is not None and port.side == "output" else ""
    ends = _ends(scene, node_id, port)
    wired = f"connected to {ends}" if ends else "optional, not connected" if port.optional else "not connected"
    return ", ".join(part for part in (f"{port.side.capitalize()} {port.title}", port.kind, carried, wired) if part)


def _ends(scene: CanvasScene, node_id: str, port: ShownPort) -> str:
    """Return the nodes at the other ends of a port's wires."""
    wires = scene.wires_of(node_id).values()
    if port.side == "input":
        others = [w.source for w in wires if w.target == node_id and w.target_port == port.name]
    else:
        others = [w.target for w in wires if w.source == node_id and w.source_port == port.name]
    return ", ".join(scene.document.title(n) for n in others)


def _port_tip(scene: CanvasScene, hit: Hit) -> str:
    side, name = hit.port or ("input", "")
    port = next((p for p in scene.tiles[hit.node or ""].face.ports.on(side) if p.name == name), None)
    if port is None:
        return ""
    status = scene.statuses.get(hit.node or "")
    says = status.outputs.get(name, "") if status and side == "output" else ""
    kind = f"{port.kind or 'unknown'}{', optional' if port.optional else ''}"
    return _paragraphs(f"<b>{escape(port.title)}</b> ({kind})", escape(says))


def _node_tip(scene: CanvasScene, node_id: str) -> str:
    document = scene.document
    record = document.nodes[node_id]
    node_type = document.types.get(record.type)
    title = document.title(node_id)
    kind = node_type.title if node_type is not None else f"{record.type} (this node type is not installed)"
    first = f"<b>{escape(title)}</b>" + (f"<br>{escape(kind)}" if kind != title else "")
    status = scene.statuses.get(node_id)
    note = document.view(node_id).note
    return _paragraphs(first, *(_status_lines(scene, status) if status else ()), escape(note))


def _status_lines(scene: CanvasScene, status: NodeStatus) -> list[str]:
    state = STATES[status.state]
    costs = cost_in_words(status) if status.state in ("done", "warning") else ""
    if status.seconds is not None and status.state in ("done", "warning"):
        state += f" in {duration(status.seconds)}"
    if status.outdated:
        state += ". The result shown is of earlier settings"
    if status.blocked_by and status.blocked_by in scene.document.nodes:
        state += f": {scene.document.title(status.blocked_by)} above it is not configured"
    lines = [escape(state + (f": {status.message}" if status.message else ""))]
    lines += [escape(costs)] if costs else []
    return lines + [escape(f"{p.message} {p.remedy}".strip()) for p in status.problems[:4]]


def _paragraphs(*texts: str) -> str:
    return "<qt>" + "<br>".join(text for text in texts if text) + "</qt>"
