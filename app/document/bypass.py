"""Ways around nodes: what is behind one that is left out gets what was before it, where the kinds fit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.document.component_ports import is_boundary
from app.document.model import Connection, NodeRecord, Workflow
from app.document.problems import Problem


def is_bypassed(record: NodeRecord) -> bool:
    """Return whether a node is left out of what runs; ports of components never are."""
    return record.bypassed and not is_boundary(record)


def without_bypassed(workflow: Workflow, type_of: Callable[[NodeRecord], Any]) -> tuple[Workflow, list[Problem]]:
    """Return what runs of a workflow: without the nodes that are bypassed, and wired around them.

    Args:
        workflow: The document, or what is in a component; its ports are never left out.
        type_of: What is known of a node, a `NodeType`; None if nothing is.

    Returns:
        The workflow, and what a bypassed node has no input for to pass on.
    """
    gone = {record.id: type_of(record) for record in workflow.nodes if is_bypassed(record)}
    if not gone:
        return workflow, []
    around = Around(gone, workflow.connections)
    wires: list[Connection] = []
    problems = []
    titles = {record.type: known.title for record in workflow.nodes if (known := gone.get(record.id)) is not None}
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


class Around:
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
