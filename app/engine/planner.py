"""Makes the plan of a workflow: the nodes of its records, checked, wired and configured in topological order.

It reads no data and imports neither Qt nor TensorFlow; opening a workflow makes a plan. It remembers what it did, so that
after an edit only that is done again which the edit concerns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app import garbage
from app.document import variables
from app.document.graph import Wiring, build
from app.document.joining import without_bypassed
from app.document.model import NodeRecord, Workflow
from app.document.problems import Problem
from app.engine.causes import with_causes
from app.engine.configuration import configure
from app.engine.failures import node_fault
from app.engine.fingerprints import glance
from app.engine.instantiation import instantiate
from app.engine.overrides import Override, with_overrides
from app.engine.permissions import wish_problems
from app.engine.plan import Plan, PlannedNode
from app.engine.trust import Trust, trust_problems
from nodes.base import Node, Spec, panics_as_errors
from nodes.catalog import Catalog


def make_plan(
    workflow: Workflow,
    catalog: Catalog,
    *,
    folder: Path,
    start: Path | None = None,
    variable_values: Mapping[str, str] | None = None,
    overrides: Sequence[Override] = (),
    trust: Trust | None = None,
) -> Plan:
    """Check a workflow and configure all its nodes.

    Args:
        workflow: The document.
        catalog: The node classes.
        folder: The workflow file's folder.
        start: The folder the program was started in; by default the current one.
        variable_values: Values that replace those of workflow variables, as text.
        overrides: (node, setting in dotted form, value) that replace settings for this run.
        trust: Which scripts may run, and where the workflow may write; by default none. Planning runs no script.
    """
    planner = Planner(catalog, folder, start, trust)
    return planner.plan(workflow, variable_values=variable_values or {}, overrides=overrides)


class Planner:
    """Makes plans of one workflow again and again, as it is edited; what an edit did not concern is not done again.

    A plan is never changed afterwards, so a run keeps its own while the next ones are made; nodes that are as they were
    are the same objects in both. Whatever was done before, a plan is the one that `make_plan` would give.

    Args:
        catalog: The node classes.
        folder: The workflow file's folder.
        start: The folder the program was started in; by default the current one.
        trust: Which scripts may run, and where the workflow may write.
    """

    def __init__(self, catalog: Catalog, folder: Path, start: Path | None = None, trust: Trust | None = None) -> None:
        self.catalog = catalog
        self.trust = trust or Trust()
        self.folder = folder
        self._start = start or Path.cwd()
        self._last_wired: _Wired | None = None
        self._wiring_problems: Mapping[str, Sequence[Problem]] = {}
        self._values: Mapping[str, variables.Scalar] = {}
        self._useless: frozenset[str] = frozenset()
        self._made: dict[str, _Made] = {}
        self._configured: dict[str, _Configured] = {}
        self._planned: dict[str, PlannedNode] = {}

    def plan(
        self,
        workflow: Workflow,
        *,
        variable_values: Mapping[str, str] | None = None,
        overrides: Sequence[Override] = (),
    ) -> Plan:
        """Return the plan of a workflow; records that are the same objects as last time count as unchanged."""
        with garbage.paused():
            return self._plan(workflow, variable_values or {}, overrides)

    def is_outdated(self) -> bool:
        """Return whether a file that a node looked at has changed since the last plan, as far as can be seen at a glance."""
        return any(not configured.sees_the_same() for configured in self._configured.values())

    def _plan(self, workflow: Workflow, variable_values: Mapping[str, str], overrides: Sequence[Override]) -> Plan:
        wired = self._wired(workflow)
        values, general = variables.values_of(workflow.variables, variable_values, folder=self.folder, start=self._start)
        useless = frozenset(v.name for v in workflow.variables) - values.keys()
        if values != self._values or useless != self._useless:
            self._made.clear()
            self._values, self._useless = values, useless
        records, found = with_overrides({record.id: record for record in workflow.nodes}, overrides)
        general += found
        views = workflow.view.nodes
        plan = Plan({}, wired.wiring, self.folder, [*wired.general, *general], values, self.trust)
        for node_id in wired.wiring.order:
            record, view = records[node_id], views.get(node_id)
            title = (view.name if view else "") or _title(self.catalog, record.type)
            inputs, problems = wired.inputs.get(node_id, _NO_INPUTS), wired.problems.get(node_id, _NO_PROBLEMS)
            made = self._made.get(node_id)
            before = self._planned.get(node_id)
            if (
                before is not None
                and made is not None
                and made.record is record
                and before.title == title
                and not before.untrusted
                and not before.wishes
                and before.inputs == inputs
                and self._wiring_problems.get(node_id, _NO_PROBLEMS) == problems
                and self._is_unmoved(before, plan)
            ):
                plan.nodes[node_id] = before
                continue
            node, found = self._make(record)
            planned = PlannedNode(node_id, title, node, dict(inputs), problems=[*found, *problems])
            asked = self._look_at_trust(planned)
            if not any(wish.is_server for wish in planned.wishes.values()):
                self._configure(planned, plan)
            planned.problems = [*planned.problems, *asked]
            plan.nodes[node_id] = before if before is not None and before.is_same(planned) else planned
        for memory in (self._made, self._configured):
            for gone in memory.keys() - plan.nodes.keys():
                del memory[gone]
        self._planned, self._wiring_problems = dict(plan.nodes), wired.problems
        return plan

    def _is_unmoved(self, before: PlannedNode, plan: Plan) -> bool:
        """Return whether the nodes above one, and the files it looked at, are what they were."""
        above = all(plan.nodes.get(source) is self._planned.get(source) for source, _ in before.inputs.values())
        configured = self._configured.get(before.id)
        return above and (configured is None or configured.sees_the_same())

    def _wired(self, workflow: Workflow) -> _Wired:
        """Return the wiring; settings alone do not change it."""
        if self._last_wired is None or not _wired_alike(self._last_wired.workflow, workflow):
            self._last_wired = _Wired.of(workflow, self.catalog)
        return self._last_wired

    def _make(self, record: NodeRecord) -> tuple[Node | None, list[Problem]]:
        """Return the node of a record; none, and no problem of its own, where a variable that it refers to has no value."""
        made = self._made.get(record.id)
        if made is None or made.record is not record:
            waits = self._useless and variables.references(record.settings) & self._useless
            node, found = (None, []) if waits else instantiate(record, self.catalog, self._values)
            configured = self._configured.get(record.id)
            if configured is not None and type(configured.node) is type(node) and configured.node == node:
                node = configured.node
            made = self._made[record.id] = _Made(record, node, found)
        return made.node, made.problems

    def _configure(self, planned: PlannedNode, plan: Plan) -> None:
        """Fill in a node's specs, or say what keeps it from having them."""
        for source, port in planned.inputs.values():
            above = plan.nodes.get(source)  # in a circle there may be none yet
            if above is None or not above.ready or port not in above.specs:
                planned.blocked_by = (above.blocked_by if above else None) or source
                return
        node = planned.node
        if not planned.ready or node is None:
            return
        inputs = {port: plan.nodes[source].specs[out] for port, (source, out) in planned.inputs.items()}
        before = self._configured.get(planned.id)
        if before is None or not before.holds_for(node, inputs):
            made = _Configured.of(node, planned.id, inputs, self.folder)
            if before is not None and made.specs == before.specs:
                made.specs = before.specs  # what is behind it sees that nothing is new
            before = self._configured[planned.id] = made
        planned.specs = before.specs
        planned.problems += with_causes(before.problems, node, planned, plan)

    def _look_at_trust(self, planned: PlannedNode) -> list[Problem]:
        """Note which of a node's scripts may not run, and where it may not write; return what is to be said of it.

        What would come out is told all the same, unless a server would have to be asked for it.
        """
        if planned.node is None:
            return []
        try:
            with panics_as_errors():
                planned.untrusted = self.trust.untrusted(planned.node)
                forbidden = self.trust.writes.forbidden(planned.node, planned.id, self.folder)
                planned.wishes = {} if forbidden else self.trust.writes.wishes(planned.node, planned.id, self.folder)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a fault in one node must not take the canvas down
            fault = node_fault(error)
            return [Problem(fault.message, fault.remedy, node=planned.id)]
        return [*forbidden, *trust_problems(planned.id, planned.untrusted), *wish_problems(planned.id, planned.wishes)]


@dataclass(frozen=True)
class _Wired:
    """The wiring of a workflow, by node."""

    workflow: Workflow
    wiring: Wiring
    inputs: Mapping[str, dict[str, tuple[str, str]]]
    problems: Mapping[str, list[Problem]]
    general: list[Problem]

    @classmethod
    def of(cls, workflow: Workflow, catalog: Catalog) -> _Wired:
        kept, unfed = without_bypassed(workflow, catalog)
        wiring = build(kept, catalog)
        inputs: defaultdict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        for wire in wiring.wires:
            inputs[wire.target][wire.target_port] = (wire.source, wire.source_port)
        known = set(wiring.order)
        problems: defaultdict[str, list[Problem]] = defaultdict(list)
        general = []
        said = {(problem.node, problem.port) for problem in unfed}
        for problem in [*unfed, *(p for p in wiring.problems if p.port is None or (p.node, p.port) not in said)]:
            if problem.node in known:
                problems[problem.node].append(problem)
            else:
                general.append(problem)
        return cls(workflow, wiring, dict(inputs), dict(problems), general)


_NO_INPUTS: dict[str, tuple[str, str]] = {}
_NO_PROBLEMS: list[Problem] = []


@dataclass(frozen=True)
class _Made:
    """A record, the node made of it, and what is wrong with its settings."""

    record: NodeRecord
    node: Node | None
    problems: list[Problem]


@dataclass
class _Configured:
    """What a node said when it was configured, and what of: the node, its inputs' specs, the files it looked at."""

    node: Node
    inputs: Mapping[str, Spec | None]
    specs: Mapping[str, Spec | None]
    problems: list[Problem]
    looked_at: Mapping[Path, str]

    @classmethod
    def of(cls, node: Node, node_id: str, inputs: Mapping[str, Spec | None], folder: Path) -> _Configured:
        known = {port: spec for port, spec in inputs.items() if spec is not None}
        if len(known) < len(inputs):  # something above cannot tell before it has run; look again then
            return cls(node, inputs, {port.name: None for port in node.output_ports}, [], {})
        said = configure(node, node_id, known, folder)
        return cls(node, inputs, said.specs, said.problems, {path: glance(path) for path in said.paths})

    def holds_for(self, node: Node, inputs: Mapping[str, Spec | None]) -> bool:
        """Return whether the node would say the same again."""
        if node is not self.node or inputs.keys() != self.inputs.keys():
            return False
        same = all(spec is self.inputs[port] or spec == self.inputs[port] for port, spec in inputs.items())
        return same and self.sees_the_same()

    def sees_the_same(self) -> bool:
        """Return whether the files it looked at are what they were."""
        return all(glance(path) == seen for path, seen in self.looked_at.items())


def _wired_alike(one: Workflow, other: Workflow) -> bool:
    """Return whether two workflows can differ in settings only."""
    if len(one.nodes) != len(other.nodes) or len(one.connections) != len(other.connections):
        return False
    if any(
        a.id != b.id or a.type != b.type or a.bypassed != b.bypassed
        for a, b in zip(one.nodes, other.nodes, strict=True)
        if a is not b
    ):
        return False
    return all(a is b or a == b for a, b in zip(one.connections, other.connections, strict=True))


def _title(catalog: Catalog, node_type: str) -> str:
    node_class = catalog.get(node_type)
    return node_type if node_class is None else node_class.title
