"""What is behind nodes that are taken out, wired to what was before them, where the kinds fit."""

from __future__ import annotations

from collections.abc import Collection

from app.document.editing import Document
from app.document.model import Connection


def delete_and_join(
    document: Document, nodes: Collection[str], connections: Collection[str] = (), annotations: Collection[str] = ()
) -> None:
    """Delete nodes, wires and boxes; what nodes fed is fed by what fed them, if that is of the same kind. One step of undo.

    Wires that are deleted by themselves are not joined over.
    """
    wires = joining_wires(document, nodes, connections)
    if not wires:
        document.delete(nodes, connections, annotations)
        return
    titles = [document.title(n) for n in nodes]
    with document.step(f"Delete {titles[0]}" if len(titles) == 1 else f"Delete {len(titles)} nodes"):
        document.delete(nodes, connections, annotations)
        for wire in wires:
            document.connect(wire.source, wire.target)


def joining_wires(document: Document, nodes: Collection[str], without: Collection[str] = ()) -> list[Connection]:
    """Return the wires that lead around nodes.

    Args:
        document: The workflow.
        nodes: What is to be taken out.
        without: Keys of wires that do not count.
    """
    gone = set(nodes)
    kept = [wire for key, wire in document.connections.items() if key not in without]
    found = []
    for wire in kept:
        if wire.source_node in gone and wire.target_node not in gone:
            source = _source_before(document, kept, wire, gone)
            if source is not None:
                found.append(Connection(source=source, target=wire.target))
    return found


def _source_before(document: Document, wires: Collection[Connection], wire: Connection, gone: set[str]) -> str | None:
    """Return what is fed, through nodes that are taken out, into a wire: the first input of its kind, in the order of ports."""
    seen = set[str]()
    while wire.source_node in gone:
        if wire.source_node in seen:
            return None
        seen.add(wire.source_node)
        node_type = document.types.get(document.nodes[wire.source_node].type)
        output = node_type.output_port(wire.source_port) if node_type is not None else None
        if node_type is None or output is None:
            return None
        fitting = {port.name: place for place, port in enumerate(node_type.input_ports) if port.kind == output.kind}
        before = [
            (fitting[port.name], incoming.target_port, incoming)
            for incoming in wires
            if incoming.target_node == wire.source_node
            and (port := node_type.input_port(incoming.target_port)) is not None
            and port.name in fitting
        ]
        if not before:
            return None
        wire = min(before, key=lambda one: one[:2])[2]
    return wire.source
