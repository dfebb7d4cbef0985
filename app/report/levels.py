"""A run level by level: what is drawn of the workflow itself and of each component, where those in it are one tile each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.document.graph import Wire, Wiring
from app.engine.plan import Plan, PlannedComponent, PlannedNode
from app.outcome import Outcome, State

if TYPE_CHECKING:
    from app.document.model import Workflow

_WORST_FIRST: tuple[State, ...] = ("failed", "stopped", "skipped", "done", "stored", "inactive", "not asked for")


@dataclass(frozen=True)
class ReportedLevel:
    """The workflow itself, or what is in a component.

    Attributes:
        workflow: For positions, notes and annotations.
        plan: Its nodes, and its components as nodes; ports of the component that it is in are left out.
        outcomes: What became of each; of a component, summed up.
    """

    workflow: Workflow
    plan: Plan
    outcomes: Mapping[str, Outcome]


def level_of(workflow: Workflow, plan: Plan, outcomes: Mapping[str, Outcome], component: str = "") -> ReportedLevel:
    """Return one level.

    Args:
        workflow: The whole.
        plan: The whole.
        outcomes: What became of every node.
        component: Which level: what is in this component; empty for the workflow itself.
    """
    inside = plan.components[component].workflow if component else workflow
    parts: dict[str, PlannedNode] = {}
    found: dict[str, Outcome] = {}
    for inner in plan.components.values():
        if inner.component == component:
            parts[inner.id] = _as_node(inner, plan)
            found[inner.id] = outcome_of(inner, outcomes)
    for node_id, planned in plan.nodes.items():
        if planned.component == component:
            parts[node_id] = planned
            found[node_id] = outcomes[node_id]
    tied = {node_id: _tied(part, component, plan) for node_id, part in parts.items()}
    wires = [Wire(*source, node_id, port) for node_id, inputs in tied.items() for port, source in inputs.items()]
    nodes = {
        node_id: PlannedNode(node_id, part.title, part.node, tied[node_id], part.specs, path=part.path)
        for node_id, part in parts.items()
    }
    return ReportedLevel(inside, Plan(nodes, Wiring(list(nodes), wires, []), plan.folder), found)


def outcome_of(component: PlannedComponent, outcomes: Mapping[str, Outcome]) -> Outcome:
    """Return what became of a component: the worst that became of a node in it."""
    inner = {node_id: outcomes[node_id] for node_id in component.nodes}
    states = {outcome.state for outcome in inner.values()}
    seconds = [outcome.seconds for outcome in inner.values() if outcome.seconds is not None]
    texts = ((port, inner[node].outputs.get(out)) for port, (node, out) in component.outputs.items() if node in inner)
    return Outcome(
        component.title,
        next((state for state in _WORST_FIRST if state in states), "not asked for"),
        sum(seconds) if seconds else None,
        {port: text for port, text in texts if text is not None},
    )


def _as_node(component: PlannedComponent, plan: Plan) -> PlannedNode:
    specs = {port: plan.nodes[node].specs.get(out) for port, (node, out) in component.outputs.items()}
    return PlannedNode(component.id, component.title, component.node, component.inputs, specs, path=component.path)


def _tied(part: PlannedNode, level: str, plan: Plan) -> dict[str, tuple[str, str]]:
    """Return what feeds a node or component on its level; what comes from outside of it is left out."""
    tied = {}
    for port, (source, out) in part.inputs.items():
        around = [source, *plan.around(source)]
        beside = next((p for p in around if (plan.components.get(p) or plan.nodes[p]).component == level), None)
        if beside is None:
            continue
        given = plan.components[beside].outputs if beside != source else {out: (source, out)}
        name = next((name for name, passed in given.items() if passed == (source, out)), None)
        if name is not None:
            tied[port] = beside, name
    return tied
