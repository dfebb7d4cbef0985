"""Makes the plan of a workflow: the nodes of its records, checked, wired and configured in topological order.

It reads no data and imports neither Qt nor TensorFlow; opening a workflow makes a plan. It remembers what it did, so that
after an edit only that is done again which the edit concerns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

from app import garbage
from app.document import variables
from app.document.component_ports import port_name
from app.document.composition import Composition, Placed
from app.document.graph import Wiring, wiring_of
from app.document.model import COMPONENT_INPUT, NodeRecord, Workflow, component_title
from app.document.problems import Problem
from app.engine.causes import with_causes
from app.engine.components import ComponentFiles, Scope, class_of, scope_inside
from app.engine.configuration import configure
from app.engine.failures import node_fault
from app.engine.fingerprints import glance
from app.engine.instantiation import instantiate
from app.engine.late import KnownVariables, Late, counts_for_results, known_spec, nothing_known, references_of, unknown_specs
from app.engine.overrides import Override, with_overrides
from app.engine.permissions import Permissions, wish_problems
from app.engine.plan import Plan, PlannedComponent, PlannedNode
from app.engine.trust import Trust, trust_problems
from nodes.base import VARIABLES, Node, Spec, panics_as_errors
from nodes.catalog import Catalog
from nodes.values.variables import VariablesSpec


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
        self._files = ComponentFiles(catalog, folder)
        self._writes_of_files = replace(self.trust.writes, own=False)  # a component's file may have come from elsewhere
        self._whole: Composition | None = None
        self._scopes: Mapping[str, Scope] = {}
        self._wired_scopes: dict[str, Scope] = {}  # of nodes to which variables are wired
        self.told: KnownVariables = nothing_known
        self._made: dict[str, _Made] = {}
        self._configured: dict[str, _Configured] = {}
        self._planned: dict[str, PlannedNode] = {}
        self._guarded: Set[str] = frozenset()
        self._touching: set[str] = set()  # nodes that write, or ask servers: what is there may be another thing every time

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
        return self._files.is_outdated() or any(not configured.sees_the_same() for configured in self._configured.values())

    def _plan(self, workflow: Workflow, variable_values: Mapping[str, str], overrides: Sequence[Override]) -> Plan:
        whole = self._whole = Composition.of(workflow, self.catalog, self._files.read, self._whole)
        wired = self._wired(whole)
        values, general = variables.values_of(workflow.variables, variable_values, folder=self.folder, start=self._start)
        missing = {v.name: "" for v in workflow.variables if v.name not in values}
        paths = {placed.path: placed.id for placed in whole.placed}
        records, found = with_overrides({placed.id: placed.record for placed in whole.placed}, overrides, paths)
        general += found
        plan = Plan({}, wired.wiring, self.folder, [*wired.general, *general], values, self.trust, bypassed=whole.bypassed)
        scopes = {"": self._kept_scope("", Scope(values, missing))}
        for placed in whole.components:
            plan.components[placed.id] = self._component(placed, records[placed.id], scopes, wired)
        places = {placed.id: placed for placed in whole.placed}
        for node_id in wired.wiring.order:
            plan.nodes[node_id] = self._node(places[node_id], records[node_id], scopes, wired, plan)
            for component in plan.around(node_id):
                plan.components[component].nodes.append(node_id)
        for memory in (self._made, self._configured, self._wired_scopes):
            for gone in memory.keys() - plan.nodes.keys() - plan.components.keys():
                del memory[gone]
        self._touching &= plan.nodes.keys()
        self._scopes = scopes
        self._planned, self._wiring_problems, self._guarded = dict(plan.nodes), wired.problems, wired.guarded
        return plan

    def _node(self, placed: Placed, record: NodeRecord, scopes: Mapping[str, Scope], wired: _Wired, plan: Plan) -> PlannedNode:
        """Return a node as it is planned; the one of the last plan, where nothing is new."""
        node_id, component = placed.id, placed.level.component
        inputs, problems = wired.inputs.get(node_id, _NO_INPUTS), wired.problems.get(node_id, _NO_PROBLEMS)
        made = self._made.get(node_id)
        if made is not None and made.record.type == record.type and not placed.is_port:
            node_class = made.node_class
        else:
            node_class = None if placed.is_port else self.catalog.get(record.type)
        title = placed.name or _title(placed, node_class)
        before = self._planned.get(node_id)
        scope = self._scope_for(record, inputs.get(VARIABLES), scopes[component], plan)
        if (
            before is not None
            and made is not None
            and made.record is record
            and made.scope is scope
            and (node_id in wired.guarded) == (node_id in self._guarded)
            and before.title == title
            and before.path == placed.path
            and before.component == component
            and not before.untrusted
            and not before.wishes
            and node_id not in self._touching
            and before.inputs == inputs
            and self._wiring_problems.get(node_id, _NO_PROBLEMS) == problems
            and self._is_unmoved(before, plan)
        ):
            return before
        made = self._make(record, node_class, scope)
        found = made.problems
        planned = PlannedNode(
            node_id, title, made.node, dict(inputs), path=placed.path, component=component, record=record, late=made.late
        )
        planned.problems = [*found, *problems]
        planned.blocked_by = _blocking_component(placed, made)
        asked = self._look_at_trust(planned, self._writes_of_files if placed.level.prefix else self.trust.writes)
        if not any(wish.is_server for wish in planned.wishes.values()):
            self._configure(planned, plan, wired.guarded)
        planned.problems = _with_paths([*planned.problems, *asked], placed)
        return before if before is not None and before.is_same(planned) else planned

    def _component(self, placed: Placed, record: NodeRecord, scopes: dict[str, Scope], wired: _Wired) -> PlannedComponent:
        """Return a component as it is planned, without its nodes, and note what settings inside it can refer to."""
        assert placed.inside is not None
        inside, outer = placed.inside.workflow, scopes[placed.level.component]
        made = self._make(record, class_of(record, inside), outer)
        scope, wrong = scope_inside(outer, placed.id, made.node, inside, folder=self.folder, start=self._start)
        scopes[placed.id] = self._kept_scope(placed.id, scope)
        own = [*made.problems, *wrong]
        return PlannedComponent(
            id=placed.id,
            path=placed.path,
            title=placed.name or inside.name or component_title(record),
            component=placed.level.component,
            record=record,
            workflow=inside,
            node=made.node,
            inputs=wired.component_inputs.get(placed.id, {}),
            outputs=wired.component_outputs.get(placed.id, {}),
            problems=_with_paths([*own, *wired.problems.get(placed.id, _NO_PROBLEMS)], placed),
            values=scopes[placed.id].values,
        )

    def _scope_for(self, record: NodeRecord, wire: tuple[str, str] | None, scope: Scope, plan: Plan) -> Scope:
        """Return what a node's settings can refer to, variables that are wired to it among them."""
        names = references_of(record) if wire is not None else set()
        if wire is None or not names:
            self._wired_scopes.pop(record.id, None)
            return scope
        source, port = wire
        above = plan.nodes.get(source)
        spec = known_spec(above.specs.get(port) if above is not None else None, self.told(source, port))
        if above is None or not above.ready:
            spec = None
        made, before = scope.with_wired(spec, source, names), self._wired_scopes.get(record.id)
        if before != made:
            self._wired_scopes[record.id] = before = made
        return before

    def _kept_scope(self, component: str, scope: Scope) -> Scope:
        """Return the scope of the last plan if it is the same, so that whoever has it sees that nothing is new."""
        before = self._scopes.get(component)
        return before if before == scope else scope

    def _is_unmoved(self, before: PlannedNode, plan: Plan) -> bool:
        """Return whether the nodes above one, and the files it looked at, are what they were."""
        above = all(plan.nodes.get(source) is self._planned.get(source) for source, _ in before.inputs.values())
        configured = self._configured.get(before.id)
        return above and (configured is None or configured.sees_the_same())

    def _wired(self, whole: Composition) -> _Wired:
        """Return the wiring; settings alone do not change it."""
        if self._last_wired is None or not whole.is_wired_as(self._last_wired.whole):
            self._last_wired = _Wired.of(whole, self.catalog)
        return self._last_wired

    def _make(self, record: NodeRecord, node_class: type[Node] | None, scope: Scope) -> _Made:
        """Make the node of a record; none, and no problem of its own, where a variable that it refers to has no value."""
        made = self._made.get(record.id)
        if made is None or made.record is not record or made.scope is not scope or made.node_class is not node_class:
            waits = scope.missing and variables.references(record.settings) & scope.missing.keys()
            late = _late(record, node_class, scope) if scope.late and not waits else None
            node, found = (None, []) if waits or late else instantiate(record, node_class, scope.values)
            configured = self._configured.get(record.id)
            if configured is not None and type(configured.node) is type(node) and configured.node == node:
                node = configured.node
            waits_for = min((scope.missing[name] for name in waits), default="") if waits else ""
            made = self._made[record.id] = _Made(record, node_class, scope, node, found, waits_for, late)
        return made

    def _configure(self, planned: PlannedNode, plan: Plan, guarded: Set[str]) -> None:
        """Fill in a node's specs, or say what keeps it from having them."""
        taken = planned.node_class
        for name, (source, port) in planned.inputs.items():
            above = plan.nodes.get(source)  # in a circle there may be none yet
            if above is None or not above.ready or port not in above.specs:
                entry = taken.input_port(name) if taken is not None else None
                if above is not None and entry is not None and entry.lacking == "failed":
                    continue
                planned.blocked_by = (above.blocked_by if above else None) or source
                return
        node = planned.node
        if planned.late is not None:
            planned.specs = unknown_specs(planned.late.node_class)
        if not planned.ready or node is None:
            return
        inputs = {
            port: plan.nodes[source].specs.get(out)
            for port, (source, out) in planned.inputs.items()
            if counts_for_results(type(node), port)
        }
        for port, spec in inputs.items():
            if spec is None or (isinstance(spec, VariablesSpec) and not spec.is_known):
                told = self.told(*planned.inputs[port])
                inputs[port] = told.spec if told is not None else spec
        before = self._configured.get(planned.id)
        if before is None or not before.holds_for(node, inputs):
            made = _Configured.of(node, planned.id, inputs, self.folder)
            if before is not None and made.specs == before.specs:
                made.specs = before.specs  # what is behind it sees that nothing is new
            before = self._configured[planned.id] = made
        planned.specs = before.specs
        found = with_causes(before.problems, node, planned, plan)
        if planned.id in guarded and any(problem.severity == "error" for problem in found):
            planned.specs = unknown_specs(type(node))  # it will fail, which somebody behind it waits for
            found = [replace(problem, severity="warning") for problem in found]
        planned.problems += found

    def _look_at_trust(self, planned: PlannedNode, writes: Permissions) -> list[Problem]:
        """Note which of a node's scripts may not run, and where it may not write; return what is to be said of it.

        What would come out is told all the same, unless a server would have to be asked for it.
        """
        if planned.node is None:
            return []
        try:
            with panics_as_errors():
                planned.untrusted = self.trust.untrusted(planned.node)
                if planned.node.accesses():
                    self._touching.add(planned.id)
                forbidden = writes.forbidden(planned.node, planned.id, self.folder)
                planned.wishes = {} if forbidden else writes.wishes(planned.node, planned.id, self.folder, planned.path)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a fault in one node must not take the canvas down
            fault = node_fault(error)
            return [Problem(fault.message, fault.remedy, node=planned.id)]
        return [*forbidden, *trust_problems(planned.id, planned.untrusted), *wish_problems(planned.id, planned.wishes)]


@dataclass(frozen=True)
class _Wired:
    """The wiring of a workflow, by node and by component; problems of a component's ports are those of the component."""

    whole: Composition
    wiring: Wiring
    inputs: Mapping[str, dict[str, tuple[str, str]]]
    component_inputs: Mapping[str, dict[str, tuple[str, str]]]
    component_outputs: Mapping[str, dict[str, tuple[str, str]]]
    problems: Mapping[str, list[Problem]]
    general: list[Problem]
    guarded: Set[str] = frozenset()

    @classmethod
    def of(cls, whole: Composition, catalog: Catalog) -> _Wired:
        wiring = wiring_of(whole, catalog)
        inputs: defaultdict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        for wire in wiring.wires:
            inputs[wire.target][wire.target_port] = (wire.source, wire.source_port)
        entering: defaultdict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        leaving: defaultdict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        known = {node_id: node_id for node_id in wiring.order}
        for placed in whole.placed:
            if placed.is_port:
                known.setdefault(placed.id, placed.level.component)
                if placed.id in wiring.passes:
                    ports = entering if placed.record.type == COMPONENT_INPUT else leaving
                    name = placed.id.removeprefix(placed.level.prefix)
                    ports[placed.level.component][name] = wiring.passes[placed.id]
            elif placed.inside is not None:
                known[placed.id] = placed.id
        problems: defaultdict[str, list[Problem]] = defaultdict(list)
        general = []
        said = {(problem.node, problem.port) for problem in whole.unfed}
        for problem in [*whole.unfed, *(p for p in wiring.problems if p.port is None or (p.node, p.port) not in said)]:
            if problem.node in known:
                problems[known[problem.node]].append(problem)
            else:
                general.append(problem)
        guarded = _guarded(wiring, {placed.id: placed.record for placed in whole.placed}, catalog)
        return cls(whole, wiring, dict(inputs), dict(entering), dict(leaving), dict(problems), general, guarded)


def _guarded(wiring: Wiring, records: Mapping[str, NodeRecord], catalog: Catalog) -> Set[str]:
    """Return the nodes whose failure nobody is harmed by: all that is behind them leads to an input that takes failures."""
    taking = {name for name in {records[n].type for n in wiring.order} if _takes_failures(catalog.get(name))}
    if not taking:
        return frozenset()
    ends: defaultdict[str, list[tuple[str, bool]]] = defaultdict(list)
    for wire in wiring.wires:
        target = records[wire.target].type
        entry = catalog[target].input_port(wire.target_port) if target in taking else None
        ends[wire.source].append((wire.target, entry is not None and entry.lacking == "failed"))
    guarded: set[str] = set()
    for node_id in reversed(wiring.order):
        behind = ends.get(node_id)
        if behind and all(takes or target in guarded for target, takes in behind):
            guarded.add(node_id)
    return frozenset(guarded)


def _takes_failures(node_class: type[Node] | None) -> bool:
    return node_class is not None and any(port.lacking == "failed" for port in node_class.input_ports)


_NO_INPUTS: dict[str, tuple[str, str]] = {}
_NO_PROBLEMS: list[Problem] = []


@dataclass(frozen=True)
class _Made:
    """A record, the node made of it, and what is wrong with its settings; or the component whose variable it waits for."""

    record: NodeRecord
    node_class: type[Node] | None
    scope: Scope
    node: Node | None
    problems: list[Problem]
    waits_for: str = ""
    late: Late | None = None


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


def _late(record: NodeRecord, node_class: type[Node] | None, scope: Scope) -> Late | None:
    if node_class is None or record.type_version > node_class.version:
        return None
    names = tuple(sorted(scope.late))
    return Late(record, node_class, scope.values, names, scope.late[names[0]])


def _blocking_component(placed: Placed, made: _Made) -> str | None:
    """Return the component that keeps a node from being configured: it gives its port nothing, or a variable no value."""
    if placed.is_port and placed.record.type == COMPONENT_INPUT:
        return placed.level.component
    return made.waits_for or None


def _with_paths(problems: Sequence[Problem], placed: Placed) -> list[Problem]:
    """Return the problems of a node with what people call it, if that is not its id."""
    if placed.path == placed.id:
        return list(problems)
    return [replace(p, path=placed.path) if p.node == placed.id and p.path is None else p for p in problems]


def _title(placed: Placed, node_class: type[Node] | None) -> str:
    if placed.is_port:
        return port_name(placed.record)
    return node_class.title if node_class is not None else component_title(placed.record) or placed.record.type
