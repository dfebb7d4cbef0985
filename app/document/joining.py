"""Deleting nodes so that what is behind them gets what was before them, where the kinds fit."""

from __future__ import annotations

from collections.abc import Collection

from app.document.bypass import Around
from app.document.editing import Document
from app.document.model import Connection


def delete_and_join(
    document: Document, nodes: Collection[str], connections: Collection[str] = (), annotations: Collection[str] = ()
) -> None:
    """Delete nodes, wires and boxes; what nodes fed is fed by what fed them, if that is of the same kind. One step of undo.

    Wires that are deleted by themselves are not joined over.
    """
    kept = [wire for key, wire in document.connections.items() if key not in connections]
    around = Around({n: document.node_type(n) for n in nodes}, kept)
    found = [(wire, around.source_of(wire)) for wire in kept if wire.source_node in nodes and wire.target_node not in nodes]
    wires = [Connection(source=source, target=wire.target) for wire, source in found if source is not None]
    if not wires:
        document.delete(nodes, connections, annotations)
        return
    titles = [document.title(n) for n in nodes]
    with document.step(f"Delete {titles[0]}" if len(titles) == 1 else f"Delete {len(titles)} nodes"):
        document.delete(nodes, connections, annotations)
        for wire in wires:
            document.connect(wire.source, wire.target)
