"""Around nodes: what is behind nodes that are deleted or bypassed gets what was before them, where the kinds fit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from app.document.editing import Document
from app.document.model import Connection, Workflow
from app.document.node_type import Types
from app.document.problems import Problem


def delete_and_join(
    document: Document, nodes: Collection[str], connections: Collection[str] = (), annotations: Collection[str] = ()
) -> None:
    """Delete nodes, wires and boxes; what nodes fed is fed by what fed them, if that is of the same kind. One step of undo.

    Wires that are deleted by themselves are not joined over.
    """
    kept = [wire for key, wire in document.connections.items() if key not in connections]
    around = _Around({n: document.types.get(document.nodes[n].type) for n in nodes}, kept)
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


def without_bypassed(workflow: Workflow, types: Types) -> tuple[Workflow, list[Problem]]:
    """Return what runs of a workflow: without the nodes that are bypassed, and wired around them.

    Args:
        workflow: The document.
        types: What is known of the node classes.

    Returns:
        The workflow, and what a bypassed node has no input for to pass on.
    """
    gone = {record.id: types.get(record.type) for record in workflow.nodes if record.bypassed}
    if not gone:
        return workflow, []
    around = _Around(gone, workflow.connections)
    wires: list[Connection] = []
    problems = []
    titles = {node_type: known.title for node_type, known in ((r.type, types.get(r.type)) for r in workflow.nodes) if known}
    for wire in workflow.connections:
        if wire.target_node in gone:
            continue
        source = around.source_of(wire)
        if source is not None:
            wires.append(wire if source == wire.source else wire.model_copy(update={"source": source}))
            continue
        known = gone[wire.source_node]
        output = known.output_port(wire.source_port) if known is not None else None
        what = output.kind if output is not None else "input"
        message = f"'{workflow.title(wire.source_node, titles)}' is bypassed, and gets no {what} that it could pass on."
        remedy = "Do not bypass it, or connect another node here."
        problems.append(Problem(message, remedy, node=wire.target_node, port=wire.target_port))
    nodes = [record for record in workflow.nodes if record.id not in gone]
    return workflow.model_copy(update={"nodes": nodes, "connections": wires}), problems


class _Around:
    """The ways around nodes.

    Args:
        gone: The nodes that are left out, and what is known of their types.
        wires: All wires.
    """

    def __init__(self, gone: Mapping[str, Any], wires: Iterable[Connection]) -> None:
        self._gone = gone
        self._into: defaultdict[str, list[Connection]] = defaultdict(list)
        for wire in wires:
            if wire.target_node in gone:
                self._into[wire.target_node].append(wire)

    def source_of(self, wire: Connection) -> str | None:
        """Return what feeds a wire in the end: of each node that is left out the first input of the kind that is connected."""
        seen = set[str]()
        while wire.source_node in self._gone:
            node_type = self._gone[wire.source_node]
            output = node_type.output_port(wire.source_port) if node_type is not None else None
            if output is None or wire.source_node in seen:
                return None
            seen.add(wire.source_node)
            fitting = {port.name: place for place, port in enumerate(node_type.input_ports) if port.kind == output.kind}
            before = [
                (fitting[port.name], incoming.target_port, incoming)
                for incoming in self._into[wire.source_node]
                if (port := node_type.input_port(incoming.target_port)) is not None and port.name in fitting
            ]
            if not before:
                return None
            wire = min(before, key=lambda one: one[:2])[2]
        return wire.source
