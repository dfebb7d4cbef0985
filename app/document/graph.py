"""The workflow as a networkx multigraph, its components taken apart, and what is wrong with its wiring.

All mistakes are found at once; each names the node, the port and the remedy.
"""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from app.document.component_ports import VALUE, is_boundary, port_name, type_of
from app.document.composition import Composition, Placed
from app.document.model import COMPONENT_INPUT, COMPONENT_OUTPUT, Workflow
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
        passes: Port of a component, as the node that it is inside -> node and output port that it passes on.
        problems: Unknown node types, wires to nothing, between different port kinds, two into one input, circles, required
            inputs that are not connected.
    """

    order: Sequence[str]
    wires: Sequence[Wire]
    problems: Sequence[Problem]
    passes: Mapping[str, tuple[str, str]] = field(default_factory=dict)

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
    """Look at the wiring of a workflow whose components, if any, have their insides in them.

    Args:
        workflow: What to look at.
        types: The catalog of node classes.
    """
    return wiring_of(Composition.of(workflow, types), types)


def wiring_of(whole: Composition, types: Types) -> Wiring:
    """Look at the wiring of a workflow with all components in it: wires run through them, as if they were not there.

    Args:
        whole: What to look at.
        types: The catalog of node classes.
    """
    return _Wirer(whole, types).wiring()


class _Wirer:
    """Finds the wires of each level, and where they come from and lead to through the components."""

    def __init__(self, whole: Composition, types: Types) -> None:
        self.whole = whole
        self.types = types
        self.placed = {placed.id: placed for placed in whole.placed}
        self.kinds = {
            placed.id: type_of(placed.record, types, placed.inside.workflow if placed.inside else None) for placed in whole.placed
        }
        self.feeds: dict[str, tuple[str, str]] = {}
        """Port of a component, seen from inside -> what is wired to it: from outside to an input, from inside to an output."""
        self.taken: defaultdict[tuple[str, str], list[str]] = defaultdict(list)

    def wiring(self) -> Wiring:
        """Look at all of it."""
        problems = [*self.whole.problems, *_duplicate_ids(self.whole), *_unknown_types(self.whole, self.types)]
        problems += _ports_of_one_name(self.whole)
        wires = list(self._level_wires(problems))
        for (node, port), sources in self.taken.items():
            if len(sources) > 1:
                message = f"{len(sources)} wires end at one input: {', '.join(sources)}."
                problems.append(Problem(message, "Keep one of them; an input takes one wire.", node=node, port=port))
        flat, lost = self._through_components(wires)
        unfed = {wire.source for wire in flat if wire.source in self.placed and self.placed[wire.source].is_port}
        ids = list(
            dict.fromkeys(
                placed.id
                for placed in self.whole.placed
                if (not placed.is_port and placed.inside is None) or placed.id in unfed or self._is_unfed_output(placed)
            )
        )
        order, circles = _order(ids, flat)
        problems += circles or self._circles_of_levels(wires)
        problems += _unconnected(self.whole, self.kinds, self.taken.keys() - lost)
        passes = {port: source for port in self.feeds if (source := self._source(port, VALUE)) is not None}
        return Wiring(order, flat, [self._with_path(problem) for problem in problems], passes)

    def _level_wires(self, problems: list[Problem]) -> Iterator[Wire]:
        """Yield the wires that can be, each within its level; of several into one input the first."""
        members: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        for placed in self.whole.placed:
            members[placed.level.component][placed.id] = self.kinds[placed.id]
        for level in self.whole.levels:
            for connection in level.workflow.connections:
                source, _, source_port = connection.source.partition(".")
                target, _, target_port = connection.target.partition(".")
                wire = Wire(level.id_of(source), source_port, level.id_of(target), target_port)
                found = _wire_problem(wire, members[level.component])
                if found:
                    problems.append(found)
                    continue
                sources = self.taken[wire.target, target_port]
                sources.append(f"{wire.source}.{source_port}")
                if len(sources) == 1:
                    yield wire

    def _through_components(self, wires: Sequence[Wire]) -> tuple[list[Wire], set[tuple[str, str]]]:
        """Return the wires between nodes, and the inputs (node, port) whose wire leads to an optional input with none."""
        for wire in wires:
            placed = self.placed[wire.target]
            if placed.inside is not None:
                self.feeds[placed.inside.id_of(wire.target_port)] = wire.source, wire.source_port
            elif placed.is_port:
                self.feeds[wire.target] = wire.source, wire.source_port
        flat: list[Wire] = []
        lost: set[tuple[str, str]] = set()
        for wire in wires:
            found = self._source(wire.source, wire.source_port)
            placed = self.placed[wire.target]
            if found is None:
                lost.add((wire.target, wire.target_port))
            elif placed.inside is None and not placed.is_port:
                flat.append(Wire(*found, wire.target, wire.target_port))
        return flat, lost

    def _source(self, node: str, port: str) -> tuple[str, str] | None:
        """Return the node and output port that something comes from, through all components.

        Where nothing comes in, that is the port which misses it; None if it may be missing everywhere on the way.
        """
        passed: dict[str, None] = {}
        while True:
            placed = self.placed[node]
            if placed.inside is not None:
                node, port = placed.inside.id_of(port), VALUE
                placed = self.placed[node]
            if not placed.is_port:
                return node, port
            if node in passed or node not in self.feeds:
                passed[node] = None
                break
            passed[node] = None
            node, port = self.feeds[node]
        needed = [p for p in passed if not _may_miss(self.placed[p])]
        return (needed[-1], VALUE) if needed else None

    def _is_unfed_output(self, placed: Placed) -> bool:
        return placed.is_port and placed.record.type == COMPONENT_OUTPUT and placed.id not in self.feeds

    def _circles_of_levels(self, wires: Sequence[Wire]) -> list[Problem]:
        """Circles that run through a component, though not through a node in it."""
        if not any(placed.inside for placed in self.whole.placed):
            return []
        by_level: defaultdict[str, list[Wire]] = defaultdict(list)
        for wire in wires:
            by_level[self.placed[wire.target].level.component].append(wire)
        members: defaultdict[str, list[str]] = defaultdict(list)
        for placed in self.whole.placed:
            members[placed.level.component].append(placed.id)
        return [p for level, inner in by_level.items() for p in _order(members[level], inner)[1]]

    def _with_path(self, problem: Problem) -> Problem:
        placed = self.placed.get(problem.node or "")
        return problem if placed is None or placed.path == placed.id else replace(problem, path=placed.path)


def _may_miss(port: Placed) -> bool:
    """Return whether a component works without anything at this port."""
    return port.record.type == COMPONENT_INPUT and port.record.settings.get("optional") is True


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


def _duplicate_ids(whole: Composition) -> list[Problem]:
    counts = Counter(placed.id for placed in whole.placed)
    return [Problem(f"{n} nodes have the id '{i}'.", "Give each an id of its own.", node=i) for i, n in counts.items() if n > 1]


def _ports_of_one_name(whole: Composition) -> list[Problem]:
    """That a person could not tell two ports of a component apart."""
    problems = []
    seen: set[tuple[str, str, str]] = set()
    for placed in whole.placed:
        if is_boundary(placed.record):
            name = port_name(placed.record)
            place = placed.level.component, placed.record.type, name
            if place in seen:
                message = f"Another port of the component is called '{name}', too."
                problems.append(Problem(message, "Give it another name.", node=placed.id, setting="name", severity="warning"))
            seen.add(place)
    return problems


def _unknown_types(whole: Composition, types: Types) -> list[Problem]:
    problems = []
    for placed in whole.placed:
        record = placed.record
        if record.type not in types and not placed.is_port and not record.is_component:
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


def _wire_problem(wire: Wire, types_by_id: Mapping[str, Any]) -> Problem | None:
    """Return what is wrong with a wire among these nodes."""
    for node in (wire.source, wire.target):
        if node not in types_by_id:
            ends = f"{wire.source}.{wire.source_port} to {wire.target}.{wire.target_port}"
            return Problem(
                f"A wire ({ends}) is tied to node '{node}', which does not exist.",
                "Delete the wire, or tie it to a node.",
                node=wire.target if wire.target in types_by_id else None,
            )
    source_type, target_type = types_by_id[wire.source], types_by_id[wire.target]
    # ports of a type that is not installed are not known; the missing type is reported by itself
    output = source_type.output_port(wire.source_port) if source_type else None
    entry = target_type.input_port(wire.target_port) if target_type else None
    if source_type and output is None:
        return _no_port(wire.source, wire.source_port, "output", source_type.output_ports)
    if target_type and entry is None:
        return _no_port(wire.target, wire.target_port, "input", target_type.input_ports)
    if output and entry and output.kind != entry.kind:
        return Problem(
            f"A {output.kind} ({wire.source}.{wire.source_port}) is wired to an input for a {entry.kind}.",
            f"Connect an output that gives a {entry.kind}.",
            node=wire.target,
            port=wire.target_port,
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


def _unconnected(whole: Composition, types_by_id: Mapping[str, Any], taken: Iterable[tuple[str, str]]) -> list[Problem]:
    wired: defaultdict[str, list[str]] = defaultdict(list)
    for node, port in taken:
        wired[node].append(port)
    problems = []
    for record in (placed.record for placed in whole.placed):
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
