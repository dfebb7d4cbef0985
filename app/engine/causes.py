"""The real cause of a missing column: a node far above that could have let it through, and does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from app.document.problems import Problem
from app.engine.plan import Plan, PlannedNode
from nodes.base import Node
from nodes.declaration.declared import settings_by_name
from nodes.values.table import COLUMN_KINDS, TableSpec
from nodes.wording import counted


def with_causes(problems: Sequence[Problem], node: Node, planned: PlannedNode, plan: Plan) -> list[Problem]:
    """Return a node's problems; those of columns that are not there say which node above leaves them out, if one does.

    Args:
        problems: What the node said when it was configured.
        node: The node, with the settings that it was asked with.
        planned: Where it stands.
        plan: The nodes above it.
    """
    return [_with_cause(problem, node, planned, plan) for problem in problems]


def _with_cause(problem: Problem, node: Node, planned: PlannedNode, plan: Plan) -> Problem:
    name = (problem.setting or "").partition(".")[0]
    declared = settings_by_name(type(node)).get(name)
    if problem.severity != "error" or declared is None or declared.columns is None:
        return problem
    port = declared.columns.port
    port = port if port in planned.inputs else node.first_table_port()
    here = _table_at(planned.inputs, port, plan)
    if here is None:
        return problem
    named = getattr(node, name)
    wanted = [named] if isinstance(named, str) else list(named or ())
    kinds = declared.columns.accepts
    for above, distance in _above(planned, plan):
        setting = above.node.leaves_columns_out() if above.node is not None else None
        if setting is None or above.node is None:
            continue
        there = _table_at(above.inputs, above.node.first_table_port(), plan)
        lost = {} if there is None else {c: dtype for c, dtype in there.schema.items() if c not in here.schema}
        fitting = [c for c, dtype in lost.items() if not kinds or any(COLUMN_KINDS[kind](dtype) for kind in kinds)]
        meant = [c for c in wanted if c in lost] if wanted else fitting
        if meant:
            label = settings_by_name(type(above.node))[setting].label
            columns = ", ".join(f"'{c}'" for c in meant[:3]) + (", …" if len(meant) > 3 else "")
            place = "just above" if distance == 1 else f"{counted(distance, 'node')} above"
            message = f"{problem.message} {above.title}, {place}, leaves {columns} out: '{label}' is off."
            return replace(problem, message=message, remedy=f"Switch '{label}' on there.")
    return problem


def _above(planned: PlannedNode, plan: Plan) -> Iterator[tuple[PlannedNode, int]]:
    """Yield the nodes above one, nearest first, and how far above they are."""
    waiting, seen = [(planned, 0)], {planned.id}
    while waiting:
        node, distance = waiting.pop(0)
        for source, _ in node.inputs.values():
            if source not in seen and source in plan.nodes:
                seen.add(source)
                waiting.append((plan.nodes[source], distance + 1))
                yield plan.nodes[source], distance + 1


def _table_at(inputs: Mapping[str, tuple[str, str]], port: str, plan: Plan) -> TableSpec | None:
    source, output = inputs.get(port, ("", ""))
    spec = plan.nodes[source].specs.get(output) if source in plan.nodes else None
    return spec if isinstance(spec, TableSpec) else None
