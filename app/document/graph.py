"""The workflow as a networkx multigraph, with the ports on its edges, and what is wrong with its wiring.

All mistakes are found at once; each names the node, the port and the remedy.
"""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from app.document.model import Workflow
from app.document.node_type import PortLike, Types
from app.document.problems import Problem

if TYPE_CHECKING:
    import networkx as nx


class Wire(NamedTuple):
    """A wire that can be: from an output port of a node to an input port of another one."""

    source: str
    source_port: str
    target: str
    target_port: str


@dataclass(frozen=True)
class Wiring:
    """How a workflow's nodes are wired, and what is wrong with it.

    Attributes:
        order: The nodes in topological order. Where there is a circle, its nodes and those behind it come last, in the
            order of the file.
        wires: The wires that can be; of several into one input the first.
        problems: Unknown node types, wires to nothing, between different port kinds, two into one input, circles, required
            inputs that are not connected.
    """

    order: Sequence[str]
    wires: Sequence[Wire]
    problems: Sequence[Problem]

    @cached_property
    def graph(self) -> nx.MultiDiGraph:
        """The same as a networkx graph: nodes by id; edges carry `source_port` and `target_port`."""
        return _graph(self.order, self.wires)

    def upstream(self, nodes: Iterable[str]) -> set[str]:
        """Return these nodes and all that they need: their ancestors. Ids that are not in the workflow are left out."""
        return self._with_reached(nodes, forwards=False)

    def downstream(self, nodes: Iterable[str]) -> set[str]:
        """Return these nodes and all that need them: their descendants. Ids that are not in the workflow are left out."""
        return self._with_reached(nodes, forwards=True)

    def _with_reached(self, nodes: Iterable[str], *, forwards: bool) -> set[str]:
        known = set(self.order)
        start = known.intersection(nodes)
        if len(start) == len(known):
            return known  # there are no others; a run of everything need not wait for the import of networkx
        import networkx as nx

        graph = self.graph if forwards else self.graph.reverse(copy=False)
        # one search from all of them: `nx.ancestors` of a thousand nodes, one by one, would walk the graph a thousand times
        return set(chain.from_iterable(nx.bfs_layers(graph, start)))


def build(workflow: Workflow, types: Types) -> Wiring:
    """Look at the wiring of a workflow.

    Args:
        workflow: What to look at.
        types: The catalog of node classes.
    """
    problems = [*_duplicate_ids(workflow), *_unknown_types(workflow, types)]
    types_by_id = {r.id: types.get(r.type) for r in workflow.nodes}
    wires: list[Wire] = []
    taken: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for connection in workflow.connections:
        source, _, source_port = connection.source.partition(".")
        target, _, target_port = connection.target.partition(".")
        found = _wire_problem((source, source_port), (target, target_port), types_by_id)
        if found:
            problems.append(found)
            continue
        sources = taken[target, target_port]
        sources.append(connection.source)
        if len(sources) == 1:
            wires.append(Wire(source, source_port, target, target_port))
    for (node, port), sources in taken.items():
        if len(sources) > 1:
            message = f"{len(sources)} wires end at one input: {', '.join(sources)}."
            problems.append(Problem(message, "Keep one of them; an input takes one wire.", node=node, port=port))
    order, circles = _order(list(types_by_id), wires)
    problems += circles
    problems += _unconnected(workflow, types_by_id, taken)
    return Wiring(order, wires, problems)


def _graph(ids: Sequence[str], wires: Sequence[Wire]) -> nx.MultiDiGraph:
    import networkx as nx

    graph = nx.MultiDiGraph()
    graph.add_nodes_from(ids)
    for source, source_port, target, target_port in wires:
        graph.add_edge(source, target, source_port=source_port, target_port=target_port)
    return graph


def _order(ids: Sequence[str], wires: Sequence[Wire]) -> tuple[list[str], list[Problem]]:
    """`Wiring.order`, and a problem per circle.

    Among nodes that could come next, the order of the file decides, so that what belongs together stays together.
    """
    place = {node_id: number for number, node_id in enumerate(ids)}
    if all(place[wire.source] < place[wire.target] for wire in wires):
        # Most files are in order; seeing that needs neither sorting nor networkx, which takes long to import.
        return list(ids), []
    import networkx as nx

    graph = _graph(ids, wires)
    order: dict[str, None] = {}
    try:
        for node_id in nx.lexicographical_topological_sort(graph, key=place.__getitem__):
            order[node_id] = None
    except nx.NetworkXUnfeasible:
        return list(order | dict.fromkeys(ids)), _circles(graph)
    return list(order), []


def _duplicate_ids(workflow: Workflow) -> list[Problem]:
    counts = Counter(record.id for record in workflow.nodes)
    return [Problem(f"{n} nodes have the id '{i}'.", "Give each an id of its own.", node=i) for i, n in counts.items() if n > 1]


def _unknown_types(workflow: Workflow, types: Types) -> list[Problem]:
    problems = []
    for record in workflow.nodes:
        if record.type not in types:
            near = difflib.get_close_matches(record.type, list(types), n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            problems.append(
                Problem(
                    f"There is no node type '{record.type}'.{hint}",
                    "Install the package that brings it, or replace the node.",
                    node=record.id,
                )
            )
    return problems


def _wire_problem(source: tuple[str, str], target: tuple[str, str], types_by_id: Mapping[str, Any]) -> Problem | None:
    """Return what is wrong with a wire between two ports, each as (node, port)."""
    for node, _ in (source, target):
        if node not in types_by_id:
            return Problem(
                f"A wire ({'.'.join(source)} to {'.'.join(target)}) is tied to node '{node}', which does not exist.",
                "Delete the wire, or tie it to a node.",
                node=target[0] if target[0] in types_by_id else None,
            )
    source_type, target_type = types_by_id[source[0]], types_by_id[target[0]]
    if source_type is None or target_type is None:
        return None  # ports of a type that is not installed are not known; the missing type is reported by itself
    output, entry = source_type.output_port(source[1]), target_type.input_port(target[1])
    if output is None:
        return _no_port(*source, "output", source_type.output_ports)
    if entry is None:
        return _no_port(*target, "input", target_type.input_ports)
    if output.kind != entry.kind:
        return Problem(
            f"A {output.kind} ({'.'.join(source)}) is wired to an input for a {entry.kind}.",
            f"Connect an output that gives a {entry.kind}.",
            node=target[0],
            port=target[1],
        )
    return None


def _no_port(node: str, port: str, direction: str, ports: Sequence[PortLike]) -> Problem:
    names = ", ".join(f"{p.name}_1, {p.name}_2, ..." if p.grows else p.name for p in ports) or "none"
    return Problem(f"The node has no {direction} port '{port}'.", f"Its {direction} ports: {names}.", node=node, port=port)


def _circles(graph: nx.MultiDiGraph) -> list[Problem]:
    """One problem per group of nodes that feed each other."""
    import networkx as nx

    problems = []
    for group in nx.strongly_connected_components(graph):
        first = min(group)
        if len(group) > 1 or graph.has_edge(first, first):
            cycle = [edge[0] for edge in nx.find_cycle(graph.subgraph(group), first)]
            message = f"Nodes feed each other in a circle: {' -> '.join([*cycle, cycle[0]])}."
            problems.append(Problem(message, "Remove one of these wires.", node=cycle[0]))
    return problems


def _unconnected(workflow: Workflow, types_by_id: Mapping[str, Any], taken: Iterable[tuple[str, str]]) -> list[Problem]:
    wired: defaultdict[str, list[str]] = defaultdict(list)
    for node, port in taken:
        wired[node].append(port)
    problems = []
    for record in workflow.nodes:
        node_type = types_by_id[record.id]
        for port in node_type.input_ports if node_type else ():
            count = sum(port.matches(name) for name in wired[record.id])
            if port.grows and count < port.least and not (port.optional and count == 0):
                message = f"Input '{port.title}' needs {port.least} wires and has {count}."
            elif count == 0 and not port.optional and not port.grows:
                message = f"Input '{port.title}' is not connected."
            else:
                continue
            problems.append(Problem(message, f"Connect a {port.kind} to it.", node=record.id, port=port.name))
    return problems
