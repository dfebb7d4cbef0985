"""Plan: a workflow made ready to run, or to be shown: nodes with checked settings, specs on the edges, all problems.

Making a plan reads no data and imports neither Qt nor TensorFlow; opening a workflow makes one.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app import garbage
from app.document import variables
from app.document.graph import Wiring, build
from app.document.model import NodeRecord, Workflow
from app.document.problems import Problem
from app.engine.checking import check_settings
from app.engine.fingerprints import Fingerprints, glance
from app.engine.keys import result_key
from app.engine.permissions import Wish, wish_problems
from app.engine.trust import Trust, trust_problems
from nodes.base import Node, NodeError, Spec, Specs
from nodes.catalog import Catalog

NOTHING: Mapping[str, Spec | None] = MappingProxyType({})
"""The specs of a node that is not configured."""
_NO_SCRIPTS: Mapping[str, str] = MappingProxyType({})
_NO_WISHES: Mapping[str, Wish] = MappingProxyType({})


@dataclass
class PlannedNode:
    """One node of a plan.

    Attributes:
        id: Its id in the workflow.
        title: What the person calls it.
        node: The node with its settings; None if its type or its settings are wrong.
        inputs: Input port -> (node, output port) that feeds it.
        specs: Output port -> what will come out; None where it is not known before running. Empty if not configured.
        problems: What is wrong with it.
        blocked_by: The first node above it that is not configured, if this one therefore is not either.
        untrusted: Its scripts that may not run before the person trusts them: setting -> source. It is not ready then.
        wishes: Where it may not write before the person allows it: place -> wish. It is not ready then.
    """

    id: str
    title: str
    node: Node | None
    inputs: dict[str, tuple[str, str]] = field(default_factory=dict)
    specs: Mapping[str, Spec | None] = field(default_factory=lambda: NOTHING)
    problems: list[Problem] = field(default_factory=list)
    blocked_by: str | None = None
    untrusted: Mapping[str, str] = field(default_factory=lambda: _NO_SCRIPTS)
    wishes: Mapping[str, Wish] = field(default_factory=lambda: _NO_WISHES)

    @property
    def ready(self) -> bool:
        """Whether it can run, as far as can be seen before."""
        if self.node is None or self.blocked_by is not None:
            return False
        return not self.problems or all(p.severity != "error" for p in self.problems)

    def is_same(self, other: PlannedNode) -> bool:
        """Whether it is what another one is; of equal nodes and specs only those that are shared count as the same."""
        return (
            self.node is other.node
            and self.specs is other.specs
            and self.title == other.title
            and self.inputs == other.inputs
            and self.problems == other.problems
            and self.blocked_by == other.blocked_by
            and self.untrusted == other.untrusted
            and self.wishes == other.wishes
        )


@dataclass
class Plan:
    """A workflow made ready.

    Attributes:
        nodes: By id, in topological order; nodes of a circle come last.
        wiring: How they are wired.
        folder: Against which nodes resolve relative paths.
        general: Problems that belong to no node.
        variables: The workflow variables' values.
        trust: Which scripts may run.
    """

    nodes: dict[str, PlannedNode]
    wiring: Wiring
    folder: Path
    general: list[Problem] = field(default_factory=list)
    variables: Mapping[str, variables.Scalar] = field(default_factory=dict)
    trust: Trust = field(default_factory=Trust)

    @property
    def problems(self) -> list[Problem]:
        """All problems: first the general ones, then in topological order."""
        return [*self.general, *(p for node in self.nodes.values() for p in node.problems)]

    @property
    def errors(self) -> list[Problem]:
        """The problems that keep something from running."""
        return [p for p in self.problems if p.severity == "error"]

    def needed_for(self, targets: Sequence[str]) -> list[str]:
        """The targets and all nodes above them, in topological order."""
        wanted = set(targets)
        for node_id in reversed(self.nodes):
            if node_id in wanted:
                wanted.update(source for source, _ in self.nodes[node_id].inputs.values())
        return [node_id for node_id in self.nodes if node_id in wanted]

    def keys(self, fingerprints: Fingerprints, run: str, draw: Draw | None = None) -> dict[str, str]:
        """The key of every ready node's result (`app.engine.keys`).

        Args:
            fingerprints: Of the files that nodes read.
            run: The run's id; it stands in the keys of nodes that are not reproducible.
            draw: What stands there instead, where such a result is to outlive its run.
        """
        keys: dict[str, str] = {}
        for planned in self.nodes.values():
            key = key_of(planned, keys, self.folder, fingerprints.of, draw or (lambda _: run))
            if key is not None:
                keys[planned.id] = key
        return keys


def key_of(
    planned: PlannedNode, keys: Mapping[str, str], folder: Path, fingerprint: Callable[[Path], str | None], draw: Draw
) -> str | None:
    """The key of one node's result; None where it cannot be known (yet).

    Args:
        planned: The node.
        keys: Those of the nodes above it.
        folder: Against which paths are resolved.
        fingerprint: A hash of a file; None where it is not known yet.
        draw: See `Draw`.
    """
    node = planned.node
    if not planned.ready or node is None or any(source not in keys for source, _ in planned.inputs.values()):
        return None
    inputs = {port: (keys[source], out) for port, (source, out) in planned.inputs.items()}
    files: dict[str, str] = {}
    for name, path in read_paths(node, folder).items() if node.read_paths() else ():
        found = fingerprint(path)
        if found is None:
            return None
        files[name] = found
    if node.reproducible:
        return result_key(node, planned.id, inputs, files, "")
    return result_key(node, planned.id, inputs, files, draw(result_key(node, planned.id, inputs, files, f"of {planned.id}")))


Draw = Callable[[str], str]
"""What stands for chance in the key of a node that is not reproducible: of a hash of the node, its inputs and its files."""


def read_paths(node: Node, folder: Path) -> dict[str, Path]:
    """Setting -> absolute path, for the files and folders that a node reads."""
    found = {}
    for name in node.read_paths():
        value = getattr(node, name)
        if value:
            found[name] = (folder / Path(str(value)).expanduser()).resolve()
    return found


def make_plan(
    workflow: Workflow,
    catalog: Catalog,
    *,
    folder: Path,
    start: Path | None = None,
    variable_values: Mapping[str, str] | None = None,
    overrides: Sequence[tuple[str, str, Any]] = (),
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
        trust: Which scripts may run; by default none. Planning itself runs no script.
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
        trust: Which scripts may run; by default none.
    """

    def __init__(self, catalog: Catalog, folder: Path, start: Path | None = None, trust: Trust | None = None) -> None:
        self.catalog = catalog
        self.trust = trust or Trust()
        self.folder = folder
        self._start = start or Path.cwd()
        self._last_wired: _Wired | None = None
        self._wiring_problems: Mapping[str, Sequence[Problem]] = {}
        self._values: Mapping[str, variables.Scalar] = {}
        self._made: dict[str, _Made] = {}
        self._configured: dict[str, _Configured] = {}
        self._planned: dict[str, PlannedNode] = {}

    def plan(
        self,
        workflow: Workflow,
        *,
        variable_values: Mapping[str, str] | None = None,
        overrides: Sequence[tuple[str, str, Any]] = (),
    ) -> Plan:
        """The plan of a workflow; records that are the same objects as last time count as unchanged."""
        with garbage.paused():
            return self._plan(workflow, variable_values or {}, overrides)

    def is_outdated(self) -> bool:
        """Whether a file that a node looked at has changed since the last plan, as far as can be seen without reading it."""
        return any(not configured.sees_the_same() for configured in self._configured.values())

    def _plan(self, workflow: Workflow, variable_values: Mapping[str, str], overrides: Sequence[tuple[str, str, Any]]) -> Plan:
        wired = self._wired(workflow)
        values, general = variables.values_of(workflow.variables, variable_values, folder=self.folder, start=self._start)
        if values != self._values:
            self._made.clear()
            self._values = values
        records, found = _with_overrides({record.id: record for record in workflow.nodes}, overrides)
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
            self._configure(planned, plan)
            self._look_at_trust(planned)
            plan.nodes[node_id] = before if before is not None and before.is_same(planned) else planned
        for memory in (self._made, self._configured):
            for gone in memory.keys() - plan.nodes.keys():
                del memory[gone]
        self._planned, self._wiring_problems = dict(plan.nodes), wired.problems
        return plan

    def _is_unmoved(self, before: PlannedNode, plan: Plan) -> bool:
        """Whether the nodes above one, and the files it looked at, are what they were."""
        above = all(plan.nodes.get(source) is self._planned.get(source) for source, _ in before.inputs.values())
        configured = self._configured.get(before.id)
        return above and (configured is None or configured.sees_the_same())

    def _wired(self, workflow: Workflow) -> _Wired:
        """The wiring; settings alone do not change it."""
        if self._last_wired is None or not _wired_alike(self._last_wired.workflow, workflow):
            self._last_wired = _Wired.of(workflow, self.catalog)
        return self._last_wired

    def _make(self, record: NodeRecord) -> tuple[Node | None, list[Problem]]:
        """The node of a record."""
        made = self._made.get(record.id)
        if made is None or made.record is not record:
            node, found = instantiate(record, self.catalog, self._values)
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
        planned.problems += before.problems

    def _look_at_trust(self, planned: PlannedNode) -> None:
        """Note which of a node's scripts may not run, and where it may not write; what would come out is told all the same."""
        if planned.node is None:
            return
        found: list[Problem] = []
        try:
            planned.untrusted = self.trust.untrusted(planned.node)
            found = self.trust.writes.forbidden(planned.node, planned.id, self.folder)
            planned.wishes = {} if found else self.trust.writes.wishes(planned.node, planned.id, self.folder)
        except Exception as error:  # noqa: BLE001 - a fault in one node must not take the canvas down
            fault = _fault(error)
            planned.problems = [*planned.problems, Problem(fault.message, fault.remedy, node=planned.id)]
        asked = (*trust_problems(planned.id, planned.untrusted), *wish_problems(planned.id, planned.wishes))
        planned.problems = [*planned.problems, *found, *asked]


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
        wiring = build(workflow, catalog)
        inputs: defaultdict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        for wire in wiring.wires:
            inputs[wire.target][wire.target_port] = (wire.source, wire.source_port)
        known = set(wiring.order)
        problems: defaultdict[str, list[Problem]] = defaultdict(list)
        general = []
        for problem in wiring.problems:
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
        specs, problems, paths = configure(node, node_id, known, folder)
        return cls(node, inputs, specs, problems, {path: glance(path) for path in paths})

    def holds_for(self, node: Node, inputs: Mapping[str, Spec | None]) -> bool:
        """Whether the node would say the same again."""
        if node is not self.node or inputs.keys() != self.inputs.keys():
            return False
        same = all(spec is self.inputs[port] or spec == self.inputs[port] for port, spec in inputs.items())
        return same and self.sees_the_same()

    def sees_the_same(self) -> bool:
        """Whether the files it looked at are what they were."""
        return all(glance(path) == seen for path, seen in self.looked_at.items())


def _wired_alike(one: Workflow, other: Workflow) -> bool:
    """Whether two workflows can differ in settings only."""
    if len(one.nodes) != len(other.nodes) or len(one.connections) != len(other.connections):
        return False
    if any(a.id != b.id or a.type != b.type for a, b in zip(one.nodes, other.nodes, strict=True) if a is not b):
        return False
    return all(a is b or a == b for a, b in zip(one.connections, other.connections, strict=True))


def _title(catalog: Catalog, node_type: str) -> str:
    return catalog[node_type].title if node_type in catalog else node_type


# -------------------------------------------------------------------------------------------------------------- settings


def _with_overrides(
    records: Mapping[str, NodeRecord], overrides: Sequence[tuple[str, str, Any]]
) -> tuple[dict[str, NodeRecord], list[Problem]]:
    """The records with settings replaced, and what is wrong with the replacements."""
    changed = dict(records)
    problems = []
    for node_id, setting, value in overrides:
        if node_id not in changed:
            near = difflib.get_close_matches(node_id, list(changed), n=1)
            remedy = f"Did you mean '{near[0]}'?" if near else f"Its nodes: {', '.join(changed)}."
            problems.append(Problem(f"The workflow has no node '{node_id}'.", remedy))
            continue
        record = changed[node_id]
        settings = _with_value(record.settings, setting.split("."), value)
        changed[node_id] = record.model_copy(update={"settings": settings})
    return changed, problems


def _with_value(settings: Any, path: Sequence[str], value: Any) -> Any:
    """A copy of nested settings with the value at `path` (names, or numbers in a list) replaced."""
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(settings, list) and head.isdecimal() and int(head) < len(settings):
        at = int(head)
        return [*settings[:at], _with_value(settings[at], rest, value), *settings[at + 1 :]]
    inner = settings if isinstance(settings, dict) else {}
    return {**inner, head: _with_value(inner.get(head), rest, value)}


def instantiate(
    record: NodeRecord, catalog: Catalog, values: Mapping[str, variables.Scalar]
) -> tuple[Node | None, list[Problem]]:
    """The node with its settings checked, and what is wrong with them."""
    node_class = catalog.get(record.type)
    if node_class is None:
        return None, []  # reported with the wiring
    if record.type_version > node_class.version:
        message = f"The node was saved by version {record.type_version} of '{node_class.title}'; this is {node_class.version}."
        _, problems = variables.resolve(record.settings, values, record.id)
        return None, [*problems, Problem(message, "Update the package that brings it.", node=record.id)]
    try:
        checked = check_settings(record.id, node_class, record.settings, values, record.type_version)
    except Exception as error:  # noqa: BLE001 - a fault in one node must not take the canvas down
        fault = _fault(error)
        return None, [Problem(fault.message, fault.remedy, node=record.id)]
    return checked.node, list(checked.problems)


def _fault(error: Exception) -> NodeError:
    """What to say of an exception that a node did not raise on purpose."""
    return NodeError(f"The node has a fault of its own: {type(error).__name__}: {error}", "Please report it.")


def parse_override(text: str) -> tuple[str, str, Any]:
    """Read `node.setting=value`; the value as JSON where it is JSON, else as text.

    Raises:
        ValueError: If it has not that form.
    """
    target, equals, value = text.partition("=")
    node, dot, setting = target.strip().partition(".")
    if not (equals and dot and node and setting):
        raise ValueError(f"'{text}' is not NODE.SETTING=VALUE")
    try:
        return node, setting, _JSON.validate_json(value)
    except ValidationError:
        return node, setting, value


_JSON: TypeAdapter[Any] = TypeAdapter(Any)


# ------------------------------------------------------------------------------------------------------------- configure


def configure(
    node: Node, node_id: str, inputs: Mapping[str, Spec], folder: Path
) -> tuple[Mapping[str, Spec | None], list[Problem], set[Path]]:
    """What would come out of one node, what it complains about, and at which files it looked."""
    specs = _WatchedSpecs(inputs, node_id, folder)
    made: Mapping[str, Spec | None] = NOTHING
    errors: list[NodeError] = []
    try:
        made = node.configure(specs)
    except NodeError as error:
        errors.append(error)
    except Exception as error:  # noqa: BLE001 - a fault in one node must not take the canvas down
        errors.append(_fault(error))
    problems = [Problem(e.message, e.remedy, node=node_id, setting=e.setting) for e in (*specs.errors, *errors)]
    problems += [Problem(text, node=node_id, severity="warning") for text in specs.warnings]
    return (NOTHING if specs.errors or errors else made), problems, specs.paths


@dataclass
class _WatchedSpecs(Specs):
    """Specs that note which paths a node asks for: what it says may depend on what is there."""

    paths: set[Path] = field(default_factory=set)

    def resolve(self, path: str | Path) -> Path:
        found = super().resolve(path)
        self.paths.add(found)
        return found
