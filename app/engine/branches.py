"""Branches: what is at a node's inputs in a run, where something above it gave nothing: since it was not taken, or failed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.engine.plan import Arrived, PlannedNode
from nodes.base import Failure, Node, Port

Inactive = Literal["inactive"]
INACTIVE: Inactive = "inactive"
Outcome = Collection[str] | Inactive | Failure | None
"""What came of a node: the output ports with something at them, inactive, its failure or that above it; None: not known yet."""


@dataclass(frozen=True)
class Arrival(Arrived):
    """What is at a node's inputs, or why it does not run.

    Attributes:
        is_inactive: Whether the node is on a branch that is not taken.
        failure: What keeps it from running; None if nothing does.
    """

    is_inactive: bool = False
    failure: Failure | None = None


def arrival(planned: PlannedNode, outcome_of: Callable[[str], Outcome]) -> Arrival | None:
    """Return what is at a node's inputs; None as long as that is not known."""
    inputs: dict[str, tuple[str, str]] = {}
    failures: dict[str, Failure] = {}
    has_choice, first_failure, is_inactive = False, None, False
    for name, port in in_order(planned):
        source, out = planned.inputs[name]
        if port.fallback and any(declared.lacking for other, declared in in_order(planned) if other in inputs):
            continue
        outcome = outcome_of(source)
        if outcome is None:
            return None
        if isinstance(outcome, Failure):
            if port.lacking == "failed":
                has_choice = True
                failures[name] = outcome
            else:
                first_failure = first_failure or outcome
        elif outcome == INACTIVE or out not in outcome:
            has_choice = has_choice or bool(port.lacking)
            is_inactive = is_inactive or not port.lacking
        else:
            inputs[name] = source, out
    if first_failure is not None:
        return Arrival(failure=first_failure)
    chosen = [name for name, port in in_order(planned) if port.lacking and name in inputs]
    if not is_inactive and has_choice and not chosen:
        if failures:
            return Arrival(failure=next(reversed(failures.values())))
        is_inactive = True
    return Arrival({} if is_inactive else inputs, {} if is_inactive else failures, is_inactive)


def in_order(planned: PlannedNode) -> Iterator[tuple[str, Port]]:
    """Yield a node's wired inputs with their ports, in the order of the ports."""
    node_class = planned.node_class
    if node_class is None:
        return
    declared = [port for port in node_class.input_ports if not port.fallback]
    for port in [*declared, *(port for port in node_class.input_ports if port.fallback)]:
        names = [name for name in planned.inputs if port.matches(name)]
        for name in sorted(names, key=lambda name: port.number(name) or 0):
            yield name, port
    for name in planned.inputs:
        if all(not port.matches(name) for port in node_class.input_ports):
            found = node_class.input_port(name)
            if found is not None:
                yield name, found


def chooses(node_class: type[Node]) -> bool:
    """Return whether nodes of a class go on although something above them gave nothing."""
    return any(port.lacking for port in node_class.input_ports)


def tolerates_failure(planned: PlannedNode, source: str) -> bool:
    """Return whether a node goes on although the node `source`, which is wired to it, failed."""
    ports = [port for name, port in in_order(planned) if planned.inputs[name][0] == source]
    return bool(ports) and all(port.lacking == "failed" for port in ports)


@dataclass(frozen=True)
class Reserve:
    """Nodes that are needed only if something else gives nothing: those that lead to nothing but a fallback input.

    Attributes:
        of: Node -> the nodes whose fallback inputs it is for.
        after: (Node, node): the first is looked at before the second begins.
    """

    of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    after: frozenset[tuple[str, str]] = frozenset()


def reserve(nodes: Mapping[str, PlannedNode], needed: Iterable[str]) -> Reserve:
    """Find the nodes of a run that are needed only if something else gives nothing.

    Args:
        nodes: The plan's.
        needed: Those of the run, in topological order.
    """
    order = list(needed)
    choosing = [n for n in order if (c := nodes[n].node_class) is not None and any(p.fallback for p in c.input_ports)]
    if not choosing:
        return Reserve()
    fallbacks = {(n, name) for n in choosing for name, port in in_order(nodes[n]) if port.fallback}
    followers: dict[str, list[tuple[str, bool]]] = {n: [] for n in order}
    for n in order:
        for name, (source, _) in nodes[n].inputs.items():
            if source in followers:
                followers[source].append((n, (n, name) in fallbacks))
    of: dict[str, frozenset[str]] = {}
    for n in reversed(order):
        served = [frozenset({f}) if is_fallback else of.get(f, frozenset()) for f, is_fallback in followers[n]]
        if served and all(served):  # whatever it leads to is a fallback
            of[n] = frozenset().union(*served)
    after = set()
    for n, choosers in of.items():
        for chooser in choosers:
            firsts = {nodes[chooser].inputs[name][0] for name, port in in_order(nodes[chooser]) if not port.fallback}
            after |= {(first, n) for first in firsts if first != n and first in followers and first not in of}
    return Reserve(of, frozenset(after))
