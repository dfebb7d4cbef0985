"""Which ports a wire may go to, and why not to the others. Rules only: nothing is drawn and nothing is changed here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.editor.canvas.shown_ports import ShownPort, Side

if TYPE_CHECKING:
    import networkx as nx

    from app.document.editing import Document


@dataclass(frozen=True)
class WireEnd:
    """One end of a wire: a port of a node, and what travels through it."""

    node: str
    side: Side
    port: str
    kind: str

    @property
    def endpoint(self) -> str:
        """As the document names it."""
        return f"{self.node}.{self.port}"


class WireRules:
    """The rules for a wire that is pulled from one port.

    Args:
        document: The workflow.
        start: Where the wire is held.
        without: The key of a wire that is being moved, and does not count.
    """

    def __init__(self, document: Document, start: WireEnd, without: str | None = None) -> None:
        import networkx as nx

        self.document = document
        self.start = start
        flow = _flow(document, without)
        self._in_a_circle: set[str] = (nx.descendants if start.side == "input" else nx.ancestors)(flow, start.node)

    def refusal(self, node: str, side: Side, port: ShownPort) -> str | None:
        """Return why the wire may not go to a port, as a sentence; None where it may."""
        start = self.start
        why = None
        if node == start.node:
            why = "A node cannot feed itself."
        elif side == start.side:
            why = f"A wire runs from an output to an input; this is an {side}, too."
        elif not port.kind or not start.kind:
            why = "What travels through this port is not known, because a node type is missing."
        elif port.kind != start.kind and not self._is_open(node, port) and side == "input":
            why = f"This input takes a {port.kind}; the wire carries a {start.kind}."
        elif port.kind != start.kind and not self._is_open(node, port):
            why = f"This output gives a {port.kind}; the input takes a {start.kind}."
        elif node in self._in_a_circle:
            first, then = (node, start.node) if side == "input" else (start.node, node)
            why = f"That would make a circle: {self.document.title(first)} already feeds {self.document.title(then)}."
        return why

    def _is_open(self, node: str, port: ShownPort) -> bool:
        """Return whether the wire says what goes through the node at one of its ends."""
        document, start = self.document, self.start
        return document.takes_kind(node, port.name, start.kind) or document.takes_kind(start.node, start.port, port.kind)

    def ends(self, node: str, port: str) -> tuple[str, str]:
        """Return source and target of the wire to a port."""
        other = f"{node}.{port}"
        return (self.start.endpoint, other) if self.start.side == "output" else (other, self.start.endpoint)


def _flow(document: Document, without: str | None = None) -> nx.DiGraph:
    """The nodes, and which of them feeds which, but for the wire of one key."""
    import networkx as nx

    flow: nx.DiGraph = nx.DiGraph()
    flow.add_nodes_from(document.nodes)
    flow.add_edges_from((c.source_node, c.target_node) for k, c in document.connections.items() if k != without)
    return flow


def between(document: Document, node_type: Any, kind: str, node_id: str | None = None) -> tuple[str, str] | None:
    """Return the input and output by which a node fits into a wire that carries `kind`; None where it does not fit.

    Args:
        document: The workflow.
        node_type: The node's class.
        kind: What the wire carries.
        node_id: The node, if it is in the workflow already.
    """
    if node_type is None or not kind:
        return None
    entry = next((p for p in node_type.input_ports if p.kind == kind), None)
    way_out = next((p for p in node_type.output_ports if p.kind == kind), None)
    if entry is None or way_out is None:
        return None
    name = document.free_input(node_id, entry) if node_id else (f"{entry.name}_1" if entry.grows else entry.name)
    return name, way_out.name


def connect_nodes(document: Document, source: str, target: str) -> bool:
    """Wire the first output of a node to the first free input of another one that takes it; return whether there was one."""
    import networkx as nx

    first, second = (document.node_type(n) for n in (source, target))
    if first is None or second is None or nx.has_path(_flow(document), target, source):
        return False
    taken = {c.target for c in document.connections.values()}
    for output in first.output_ports:
        for entry in second.input_ports:
            name = document.free_input(target, entry)
            if entry.kind == output.kind and f"{target}.{name}" not in taken:
                document.connect(f"{source}.{output.name}", f"{target}.{name}")
                return True
    return False
