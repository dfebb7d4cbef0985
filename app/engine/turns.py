"""What a session learns from results: which nodes' results decide over others, and which nodes are on no branch that is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field

from app.engine.branches import INACTIVE, Arrival, Outcome, Reserve, arrival, chooses, in_order, reserve
from app.engine.plan import Plan, PlannedNode
from nodes.base import Failure
from nodes.values.variables import VariablesSpec


@dataclass(frozen=True)
class Turns:
    """The nodes of a plan whose results decide over others.

    Attributes:
        nodes: The plan's.
        deciding: What comes of these says what others are, or whether they are run.
        telling: (Node, output port) of variables whose values only a run tells.
        reserve: The nodes that are needed only if something else gives nothing.
    """

    nodes: Mapping[str, PlannedNode] = field(default_factory=dict)
    deciding: Set[str] = frozenset()
    telling: tuple[tuple[str, str], ...] = ()
    reserve: Reserve = field(default_factory=Reserve)

    @classmethod
    def of(cls, plan: Plan) -> Turns:
        """Look through a plan."""
        telling: dict[tuple[str, str], None] = {}
        branching: set[str] = set()
        choosing: list[str] = []
        for node_id, planned in plan.nodes.items():
            node_class = planned.node_class
            if node_class is None:
                continue
            if node_class.branches:
                branching.add(node_id)
            if chooses(node_class):
                choosing.append(node_id)
            for port in node_class.output_ports:
                spec = planned.specs.get(port.name)
                is_told = port.kind == "variables" or (port.kind == "any" and getattr(planned.node, "kind", "") == "variables")
                if is_told and planned.ready and not (isinstance(spec, VariablesSpec) and spec.is_known):
                    telling[node_id, port.name] = None
        deciding = branching | {node_id for node_id, _ in telling}
        if choosing:
            deciding |= plan.wiring.upstream(choosing)
        return cls(plan.nodes, deciding, tuple(telling), reserve(plan.nodes, plan.nodes) if choosing else Reserve())

    def taken(self, outcome_of: Callable[[str], Outcome]) -> Turn:
        """Begin to walk through the nodes.

        Args:
            outcome_of: Says what came of a node by itself.
        """
        return Turn(self, outcome_of)


class Turn:
    """One walk through the nodes of a plan, in topological order."""

    def __init__(self, turns: Turns, outcome_of: Callable[[str], Outcome]) -> None:
        self._turns, self._by_itself = turns, outcome_of
        self._unmet: dict[str, Outcome] = {}
        self._arrived: dict[str, Arrival] = {}

    def look(self, planned: PlannedNode) -> None:
        """Note what is at a node's inputs."""
        nodes = self._turns.nodes
        node_class = planned.node_class
        sources = planned.sources
        for source in sources & self._turns.deciding - self._unmet.keys():
            self._failing(source)
        if node_class is None or not (chooses(node_class) or any(s in self._unmet or _branches(nodes.get(s)) for s in sources)):
            return
        arrived = arrival(planned, self._outcome_of)
        if arrived is None:
            return
        self._arrived[planned.id] = arrived
        if arrived.failure is not None:
            self._unmet[planned.id] = arrived.failure
        elif arrived.is_inactive:
            self._unmet[planned.id] = INACTIVE

    def arrived(self, planned: PlannedNode) -> Arrival | None:
        """Return what is at the inputs of a node that was looked at; None if that is not known, or just what is wired."""
        found = self._arrived.get(planned.id)
        return found if found is not None and found.failure is None and not found.is_inactive else None

    def inactive(self) -> frozenset[str]:
        """Return the nodes that are on no branch that is taken; after all were looked at."""
        nodes = self._turns.nodes
        found = {node_id for node_id, outcome in self._unmet.items() if outcome == INACTIVE}
        for node_id, choosers in self._turns.reserve.of.items():
            if all(self._is_served(nodes[chooser]) for chooser in choosers):
                found.add(node_id)
        return frozenset(found)

    def _is_served(self, chooser: PlannedNode) -> bool:
        """Return whether a node has something at an input before its fallback."""
        for name, port in in_order(chooser):
            source, out = chooser.inputs[name]
            outcome = self._outcome_of(source)
            if port.lacking and not port.fallback and outcome is not None and not isinstance(outcome, Failure) and out in outcome:
                return True
        return False

    def _outcome_of(self, node_id: str) -> Outcome:
        return self._unmet[node_id] if node_id in self._unmet else self._failing(node_id)

    def _failing(self, node_id: str) -> Outcome:
        """Return what came of a node, or of one above it that failed."""
        found = self._by_itself(node_id)
        if isinstance(found, Failure):
            self._unmet[node_id] = found
        return found


def _branches(planned: PlannedNode | None) -> bool:
    return planned is not None and planned.node_class is not None and planned.node_class.branches
