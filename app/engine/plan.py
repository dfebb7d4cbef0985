"""Plan: a workflow made ready to run, or to be shown: nodes with checked settings, specs on the edges, all problems.

Making a plan reads no data and imports neither Qt nor TensorFlow; opening a workflow makes one.
"""

from __future__ import annotations

import difflib
import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from app.document import variables
from app.document.graph import Wiring, build
from app.document.model import NodeRecord, Workflow
from app.document.problems import Problem
from app.engine.fingerprints import Fingerprints
from app.engine.keys import result_key
from nodes.base import Node, Spec, Specs
from nodes.catalog import Catalog
from nodes.errors import NodeError


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
    """

    id: str
    title: str
    node: Node | None
    inputs: dict[str, tuple[str, str]] = field(default_factory=dict)
    specs: Mapping[str, Spec | None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    blocked_by: str | None = None

    @property
    def ready(self) -> bool:
        """Whether it can run, as far as can be seen before."""
        if self.node is None or self.blocked_by is not None:
            return False
        return not self.problems or all(p.severity != "error" for p in self.problems)


@dataclass
class Plan:
    """A workflow made ready.

    Attributes:
        nodes: By id, in topological order; nodes of a circle come last.
        wiring: How they are wired.
        folder: Against which nodes resolve relative paths.
        general: Problems that belong to no node.
        variables: The workflow variables' values.
    """

    nodes: dict[str, PlannedNode]
    wiring: Wiring
    folder: Path
    general: list[Problem] = field(default_factory=list)
    variables: Mapping[str, variables.Scalar] = field(default_factory=dict)

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

    def keys(self, fingerprints: Fingerprints, run: str) -> dict[str, str]:
        """The key of every ready node's result (`app.engine.keys`)."""
        keys: dict[str, str] = {}
        for planned in self.nodes.values():
            if planned.ready and planned.node is not None and all(s in keys for s, _ in planned.inputs.values()):
                inputs = {port: (keys[source], out) for port, (source, out) in planned.inputs.items()}
                paths = read_paths(planned.node, self.folder) if planned.node.read_paths() else {}
                files = {name: fingerprints.of(path) for name, path in paths.items()}
                keys[planned.id] = result_key(planned.node, planned.id, inputs, files, run)
        return keys


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
) -> Plan:
    """Check a workflow and configure all its nodes.

    Args:
        workflow: The document.
        catalog: The node classes.
        folder: The workflow file's folder.
        start: The folder the program was started in; by default the current one.
        variable_values: Values that replace those of workflow variables, as text.
        overrides: (node, setting in dotted form, value) that replace settings for this run.
    """
    with _without_collector():
        return _make_plan(workflow, catalog, folder, start or Path.cwd(), variable_values or {}, overrides)


def _make_plan(  # noqa: PLR0917 - what `make_plan` was given, with nothing left open
    workflow: Workflow,
    catalog: Catalog,
    folder: Path,
    start: Path,
    variable_values: Mapping[str, str],
    overrides: Sequence[tuple[str, str, Any]],
) -> Plan:
    wiring = build(workflow, catalog)
    problems = list(wiring.problems)
    values, found = variables.values_of(workflow.variables, variable_values, folder=folder, start=start)
    problems += found
    records = {record.id: record for record in workflow.nodes}
    own_names = {node_id: view.name for node_id, view in workflow.view.nodes.items() if view.name}
    overridden, found = _with_overrides(records, overrides)
    problems += found
    plan = Plan({}, wiring, folder, variables=values)
    for node_id in wiring.order:
        record = overridden[node_id]
        node, found = _instantiate(record, catalog, values)
        title = own_names.get(node_id) or _title(catalog, record.type)
        plan.nodes[node_id] = PlannedNode(node_id, title, node, problems=found)
    for wire in wiring.wires:
        plan.nodes[wire.target].inputs[wire.target_port] = (wire.source, wire.source_port)
    for problem in problems:
        if problem.node in plan.nodes:
            plan.nodes[problem.node].problems.append(problem)
        else:
            plan.general.append(problem)
    for planned in plan.nodes.values():
        _configure(planned, plan)
    return plan


def _title(catalog: Catalog, node_type: str) -> str:
    return catalog[node_type].title if node_type in catalog else node_type


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the garbage collector from looking, again and again, at the thousands of objects of a plan that all stay."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


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


def _instantiate(
    record: NodeRecord, catalog: Catalog, values: Mapping[str, variables.Scalar]
) -> tuple[Node | None, list[Problem]]:
    """The node with its settings checked, and what is wrong with them."""
    node_class = catalog.get(record.type)
    if node_class is None:
        return None, []  # reported with the wiring
    settings, problems = variables.resolve(record.settings, values, record.id)
    if record.type_version > node_class.version:
        message = f"The node was saved by version {record.type_version} of '{node_class.title}'; this is {node_class.version}."
        return None, [*problems, Problem(message, "Update the package that brings it.", node=record.id)]
    if record.type_version < node_class.version:
        settings = node_class.migrate(settings, record.type_version)
    try:
        return node_class.model_validate(settings), problems
    except ValidationError as error:
        return None, problems + [_setting_problem(record.id, node_class, e) for e in error.errors()]


def _setting_problem(node_id: str, node_class: type[Node], error: ErrorDetails) -> Problem:
    """pydantic's complaint in words for the person at the canvas."""
    place = ".".join(str(part) for part in error["loc"])
    name = str(error["loc"][0]) if error["loc"] else ""
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, list(node_class.model_fields), n=1)
        remedy = f"Did you mean '{near[0]}'?" if near else f"Its settings: {', '.join(node_class.model_fields) or 'none'}."
        return Problem(f"'{node_class.title}' has no setting '{place}'.", remedy, node=node_id, setting=place)
    if error["type"] == "missing":
        return Problem(f"'{place}' is not set.", "Set it.", node=node_id, setting=place)
    given = repr(error.get("input"))
    shown = given if len(given) <= 60 else given[:57] + "..."
    message = error["msg"].removeprefix("Value error, ")
    return Problem(f"{shown} does not do for '{place}': {message}.", "Change it.", node=node_id, setting=place)


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


def _configure(planned: PlannedNode, plan: Plan) -> None:
    """Fill in a node's specs, or say what keeps it from having them."""
    for source, port in planned.inputs.values():
        above = plan.nodes[source]
        if not above.ready or port not in above.specs:
            planned.blocked_by = above.blocked_by or source
            return
    if not planned.ready or planned.node is None:
        return
    inputs = {port: plan.nodes[source].specs[out] for port, (source, out) in planned.inputs.items()}
    known = {port: spec for port, spec in inputs.items() if spec is not None}
    if len(known) < len(inputs):  # something above cannot tell before it has run; look again then
        planned.specs = {port.name: None for port in planned.node.output_ports}
        return
    planned.specs, problems = configure(planned.node, planned.id, known, plan.folder)
    planned.problems += problems


def configure(
    node: Node, node_id: str, inputs: Mapping[str, Spec], folder: Path
) -> tuple[Mapping[str, Spec | None], list[Problem]]:
    """What would come out of one node, and what it complains about."""
    specs = Specs(inputs, node_id, folder)
    made: Mapping[str, Spec | None] = {}
    errors: list[NodeError] = []
    try:
        made = node.configure(specs)
    except NodeError as error:
        errors.append(error)
    except Exception as error:  # noqa: BLE001 - a fault in one node must not take the canvas down
        errors.append(NodeError(f"The node has a fault of its own: {type(error).__name__}: {error}", "Please report it."))
    problems = [Problem(e.message, e.remedy, node=node_id, setting=e.setting) for e in (*specs.errors, *errors)]
    problems += [Problem(text, node=node_id, severity="warning") for text in specs.warnings]
    return ({} if specs.errors or errors else made), problems
