"""Answers about a document and its nodes, from what its session knows: what would come of settings, what there is of a node."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from app.document.problems import Problem
from app.engine.causes import with_causes
from app.engine.components import Scope, class_of
from app.engine.configuration import configure
from app.engine.inspection.base import StoredOutputs
from app.engine.inspection.specs import outline_of
from app.engine.instantiation import instantiate
from app.engine.late import counts_for_results, references_of
from app.engine.messages.base import A, ResultQuestion
from app.engine.messages.questions import (
    InspectAnswer,
    InspectQuestion,
    OutputSummary,
    PermissionAnswer,
    PermissionQuestion,
    PreviewAnswer,
    PreviewQuestion,
    ScriptSummary,
    WiredVariable,
    WishSummary,
)
from app.engine.permissions import wish_problems
from app.engine.plan import Plan, PlannedComponent
from app.engine.session import Session
from nodes.base import Spec, Value
from nodes.values.table import Table, TableSpec
from nodes.values.variables import VariablesSpec

BYPASSED = "The node is bypassed: what comes in is passed on. Ctrl+B takes it in again."


def at_source(plan: Plan, asked: ResultQuestion[A]) -> ResultQuestion[A]:
    """Return a question about an output of a component, or about what goes through a port of one, as one about its source."""
    node, port = plan.source_of(asked.node, asked.port)
    return structs.replace(asked, node=node, port=port)


def preview(session: Session, asked: PreviewQuestion) -> PreviewAnswer:
    """Return what a node would put out with other settings, and what is at its inputs; of a component, only the latter.

    Raises:
        NoSuchNode: If there is no such node.
    """
    if asked.node in session.plan.bypassed:
        return PreviewAnswer(problems=(Problem(BYPASSED, node=asked.node, severity="warning"),))
    if asked.node in session.plan.components:
        return _preview_component(session.plan, session.plan.components[asked.node], asked)
    planned, plan = session.planned(asked.node), session.plan
    record = planned.record
    assert record is not None
    node_class = session.catalog.get(record.type)
    version = record.type_version if node_class is None else node_class.version
    draft = record.model_copy(update={"settings": dict(asked.settings), "type_version": version})
    scope, wired = Scope(plan.values_for(asked.node)), session.wired_variables(asked.node)
    if wired is not None:
        scope = scope.with_wired(wired[1], wired[0], references_of(draft))
    node, problems = (None, []) if scope.late else instantiate(draft, node_class, scope.values)
    about_ports = [p for p in planned.problems if p.port is not None]
    inputs = {port: plan.nodes[source].specs.get(out) for port, (source, out) in planned.inputs.items()}
    known = {port: spec for port, spec in inputs.items() if spec is not None}
    specs: Mapping[str, Spec | None] = {}
    guesses: Mapping[str, str] = {}
    counted = [p for p in planned.inputs if node is not None and counts_for_results(type(node), p)]
    known = {port: spec for port, spec in known.items() if port in counted} if node is not None else known
    if node is not None and len(known) == len(counted) and not about_ports:
        writes = plan.trust.writes
        wishes = {p: wish for p, wish in writes.wishes(node, asked.node, plan.folder, planned.path).items() if wish.is_server}
        if wishes:  # it is not asked what columns it has, either
            problems = [*problems, *wish_problems(asked.node, wishes)]
        else:
            specs, found, _, guesses = configure(node, asked.node, known, plan.folder)
            problems = [*problems, *with_causes(found, node, planned, plan)]
        problems += writes.forbidden(node, asked.node, plan.folder)
    made = {port: spec for port, spec in specs.items() if spec is not None}
    return PreviewAnswer(
        problems=(*problems, *about_ports),
        blocked_by=planned.blocked_by,
        untrusted=bool(planned.untrusted),
        asks=bool(planned.wishes),
        outputs={port: spec.describe() for port, spec in made.items()},
        results={port: outline_of(spec) for port, spec in made.items()},
        inputs={port: outline_of(spec) for port, spec in known.items()},
        guesses=guesses,
        wired=_wired_variables(*wired) if wired is not None else {},
    )


def _wired_variables(source: str, spec: VariablesSpec | None) -> dict[str, WiredVariable]:
    if spec is None:
        return {}
    return {name: WiredVariable(type=kind, value=spec.values.get(name), source=source) for name, kind in spec.types.items()}


def _preview_component(plan: Plan, component: PlannedComponent, asked: PreviewQuestion) -> PreviewAnswer:
    draft = component.record.model_copy(update={"settings": dict(asked.settings), "type_version": 1})
    _, problems = instantiate(draft, class_of(draft, component.workflow), plan.values_for(component.id))
    inputs = {port: plan.nodes[source].specs.get(out) for port, (source, out) in component.inputs.items()}
    return PreviewAnswer(
        problems=(*problems, *(p for p in component.problems if p.port is not None)),
        inputs={port: outline_of(spec) for port, spec in inputs.items() if spec is not None},
    )


def inspect(session: Session, asked: InspectQuestion, outputs: StoredOutputs | None) -> InspectAnswer:
    """Return what there is to say of a node and its result; the outputs' true sizes are left to `measured`.

    Raises:
        NoSuchNode: If there is no such node.
    """
    planned, status = session.planned(asked.node), session.status(asked.node)
    stored = planned.record
    assert stored is not None
    node_class = session.catalog.get(stored.type)
    record = outputs.record if outputs else None
    texts = dict(record.described) if record else status.outputs
    kind_of = planned.node.kind_at if planned.node is not None else lambda port: port.kind
    ports = (
        OutputSummary(
            port=p.name,
            kind=kind_of(p),
            title=p.title,
            text=texts.get(p.name, ""),
        )
        for p in (node_class.output_ports if node_class else ())
    )
    return InspectAnswer(
        title=planned.title,
        type=stored.type,
        outputs=tuple(_sized(port, planned.specs.get(port.port)) for port in ports),
        key=status.shown_key,
        stored=record is not None,
        outdated=status.outdated,
        state=status.state,
        seconds=record.seconds if record else None,
        warnings=tuple(record.warnings) if record else (),
        settings=stored.settings if planned.node is None else planned.node.model_dump(mode="json"),
        problems=status.problems,
    )


def measured(answer: InspectAnswer, outputs: StoredOutputs | None) -> InspectAnswer:
    """Return what `inspect` said, with the true sizes of the stored tables; reads from the disk."""
    if outputs is None:
        return answer
    return structs.replace(answer, outputs=tuple(_measured(port, outputs.values.get(port.port)) for port in answer.outputs))


def permissions(session: Session, asked: PermissionQuestion) -> PermissionAnswer:
    """Return what a run needs that the person has not allowed: the scripts, and where it would write."""
    plan = session.plan
    needed = [plan.nodes[n] for n in plan.needed_for(list(plan.nodes) if asked.targets is None else plan.nodes_of(asked.targets))]
    scripts = (
        ScriptSummary(node=planned.id, title=planned.title, setting=setting, source=source)
        for planned in needed
        for setting, source in planned.untrusted.items()
    )
    wishes = (
        WishSummary(
            node=planned.id,
            title=planned.title,
            setting=wish.setting,
            place=wish.place,
            reason=wish.reason,
            digest=wish.digest,
        )
        for planned in needed
        for wish in planned.wishes.values()
    )
    return PermissionAnswer(scripts=tuple(scripts), wishes=tuple(wishes))


def _measured(port: OutputSummary, value: Value | None) -> OutputSummary:
    return structs.replace(port, rows=value.height, columns=len(value.schema)) if isinstance(value, Table) else port


def _sized(port: OutputSummary, spec: Spec | None) -> OutputSummary:
    return structs.replace(port, rows=spec.rows, columns=len(spec.schema)) if isinstance(spec, TableSpec) else port
