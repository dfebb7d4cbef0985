"""Variables on wires: settings bound to them, what is known of them before a run, and what of them is in keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.document.model import Variable, Workflow
from app.engine.events import Event
from app.engine.executor import RunResult, run
from app.engine.fingerprints import Fingerprints
from app.engine.plan import Plan
from app.engine.planner import make_plan
from app.engine.store import Store
from nodes.catalog import Catalog
from nodes.values.table import Table
from tests.app.engine.toy import workflow

CATALOG = Catalog.load()
BOUND: dict[str, Any] = {"variable": "start"}


def typed(*variables: tuple[str, str, object]) -> tuple[str, dict[str, object]]:
    return "flow.set_variables", {"variables": [{"name": n, "type": t, "value": v} for n, t, v in variables]}


def table(**columns: list[object]) -> tuple[str, dict[str, object]]:
    types = {int: "Int64", float: "Float64", str: "String", bool: "Boolean"}
    made = [{"name": n, "dtype": types[type(cells[0])], "values": cells} for n, cells in columns.items()]
    return "tables.table_creator", {"columns": made}


def plan_of(made: Workflow, folder: Path, **more: Any) -> Plan:
    return make_plan(made, CATALOG, folder=folder, **more)


def run_of(plan: Plan, folder: Path) -> tuple[RunResult, Store, list[Event]]:
    store, seen = Store(folder / "results"), list[Event]()
    return run(plan, store, seen.append), store, seen


def rows(result: RunResult, store: Store, node: str, port: str = "table") -> list[dict[str, Any]]:
    value = store.load(result.keys[node])[port]
    assert isinstance(value, Table)
    return value.frame().to_dicts()


def counted(*wires: tuple[str, str], given: tuple[str, dict[str, object]], setting: object = BOUND, **more: Any) -> Workflow:
    nodes = {"numbers": table(x=[5, 6]), "given": given, "ids": ("tables.row_id", {"offset": setting}), **more}
    return workflow(nodes, [("numbers.table", "ids.table"), *wires])


def with_start(given: tuple[str, dict[str, object]], **more: Any) -> Workflow:
    return counted(("given.variables", "ids.variables"), given=given, **more)


def test_a_setting_takes_the_value_that_is_wired_in(tmp_path: Path) -> None:
    plan = plan_of(with_start(typed(("start", "integer", 7))), tmp_path)

    assert not plan.problems
    assert plan.nodes["ids"].node is not None and plan.nodes["ids"].node.offset == 7  # type: ignore[attr-defined]


def test_what_is_wired_in_comes_before_the_workflow_s_variable(tmp_path: Path) -> None:
    made = with_start(typed(("start", "integer", 7)))
    made.variables = [Variable(name="start", type="integer", value=1)]
    assert plan_of(made, tmp_path).nodes["ids"].node.offset == 7  # type: ignore[union-attr]

    made = with_start(typed(("other", "integer", 7)))
    made.variables = [Variable(name="start", type="integer", value=1)]
    assert plan_of(made, tmp_path).nodes["ids"].node.offset == 1  # type: ignore[union-attr]


def test_a_name_that_no_wire_has_is_a_problem(tmp_path: Path) -> None:
    plan = plan_of(with_start(typed(("begin", "integer", 7))), tmp_path)
    assert [p.message for p in plan.problems] == ["There is no variable 'start'."]


def test_a_value_of_the_wrong_type_is_a_problem_at_the_setting(tmp_path: Path) -> None:
    [problem] = plan_of(with_start(typed(("start", "text", "many"))), tmp_path).problems
    assert (problem.node, problem.setting) == ("ids", "offset")


def test_what_only_a_run_tells_is_no_problem_before_it(tmp_path: Path) -> None:
    made = with_start(("flow.row_to_variables", {}), source=table(start=[40, 50]))
    made.connections += workflow({}, [("source.table", "given.table")]).connections
    plan = plan_of(made, tmp_path)

    late = plan.nodes["ids"].late
    assert not plan.problems and late is not None and late.source == "given"
    assert plan.nodes["ids"].ready and plan.nodes["ids"].specs == {"table": None}

    result, _, _ = run_of(plan, tmp_path)
    assert result.status == "done"
    again, _, seen = run_of(plan, tmp_path)
    assert again.keys == result.keys and {e.event for e in seen} <= {"run.started", "node.stored", "run.finished"}


def late_workflow(**source: list[object]) -> Workflow:
    made = with_start(("flow.row_to_variables", {}), source=table(**source))
    made.connections += workflow({}, [("source.table", "given.table")]).connections
    return made


def test_the_key_has_the_value_and_no_other_variable(tmp_path: Path) -> None:
    keys = [
        run_of(plan_of(late_workflow(**source), tmp_path), tmp_path)[0].keys["ids"]
        for source in ({"start": [40], "other": [1]}, {"start": [40], "other": [2]}, {"start": [41], "other": [1]})
    ]
    assert keys[0] == keys[1] != keys[2]
    typed_in = plan_of(with_start(typed(("start", "integer", 40))), tmp_path).keys(Fingerprints(), "run")["ids"]
    constant = plan_of(counted(given=typed(), setting=40), tmp_path).keys(Fingerprints(), "run")["ids"]
    assert keys[0] == typed_in == constant


def test_a_value_that_does_not_fit_fails_at_the_node_and_says_which(tmp_path: Path) -> None:
    result, _, _ = run_of(plan_of(late_workflow(start=["many"]), tmp_path), tmp_path)
    assert result.status == "failed"
    assert "start = 'many'" in result.failures["ids"].message and result.failures["ids"].setting == "offset"


def test_figures_expressions_and_merged_variables_reach_a_row(tmp_path: Path) -> None:
    made = workflow(
        {
            "numbers": table(x=[1, 2, 6]),
            "figures": ("flow.column_to_variables", {"figures": [{"column": "x", "method": "mean", "new_name": "mean"}]}),
            "set": typed(("scale", "number", 2.0)),
            "merge": ("flow.merge_variables", {}),
            "compute": ("flow.variable_expression", {"expressions": [{"name": "twice", "expression": "mean * scale"}]}),
            "row": ("flow.variables_to_row", {}),
        },
        [
            ("numbers.table", "figures.table"),
            ("figures.variables", "merge.input_1"),
            ("set.variables", "merge.input_2"),
            ("merge.variables", "compute.variables"),
            ("compute.variables", "row.variables"),
        ],
    )
    plan = plan_of(made, tmp_path)
    assert not plan.problems
    result, store, _ = run_of(plan, tmp_path)
    assert rows(result, store, "row") == [{"mean": 3.0, "scale": 2.0, "twice": 6.0}]


def test_an_expression_of_known_variables_is_known_before_the_run(tmp_path: Path) -> None:
    made = with_start(("flow.variable_expression", {"expressions": [{"name": "start", "expression": "2 * 21"}]}))
    plan = plan_of(made, tmp_path)
    assert plan.nodes["ids"].node.offset == 42  # type: ignore[union-attr]
    assert plan.nodes["given"].specs["variables"].describe() == "start = 42"  # type: ignore[union-attr]


def test_settings_written_as_json_are_read_again(tmp_path: Path) -> None:
    made = workflow(
        {
            "set": typed(("a", "integer", 1), ("b", "text", "x"), ("c", "boolean", True)),
            "write": ("flow.write_json_settings", {"path": "s.json"}),
        },
        [("set.variables", "write.variables")],
    )
    from app.engine.permissions import Permissions
    from app.engine.trust import Trust

    trust = Trust(writes=Permissions(own=True))
    assert run_of(plan_of(made, tmp_path, trust=trust), tmp_path)[0].status == "done"
    assert json.loads((tmp_path / "s.json").read_text()) == {"a": 1, "b": "x", "c": True}

    read = workflow({"read": ("flow.read_json_settings", {"path": "s.json"})}, [])
    spec = plan_of(read, tmp_path).nodes["read"].specs["variables"]
    assert spec.values == {"a": 1, "b": "x", "c": True}  # type: ignore[union-attr]


def test_variables_come_into_a_component(tmp_path: Path) -> None:
    from app.document.editing import Document
    from app.document.packing import pack

    document = Document(with_start(typed(("start", "integer", 7))), CATALOG)
    pack(document, ["ids"])
    plan = plan_of(document.workflow(), tmp_path)
    assert not plan.problems
    assert [n.node.offset for n in plan.nodes.values() if n.id.endswith("ids")] == [7]  # type: ignore[union-attr]


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 2**62, "ä\n", True])
def test_a_stored_variable_is_what_it_was(value: Any) -> None:
    from app.engine.codec import variables_from_json, variables_to_json
    from nodes.values.variables import Variables

    kind = {bool: "boolean", int: "integer", float: "number", str: "text"}[type(value)]
    stored = json.loads(json.dumps(variables_to_json(Variables({"v": kind}, {"v": value}))))  # type: ignore[dict-item]
    assert repr(variables_from_json(stored).values["v"]) == repr(value)


def test_a_planner_follows_edits_of_what_is_wired(tmp_path: Path) -> None:
    from app.engine.planner import Planner

    planner = Planner(CATALOG, tmp_path)
    for made in (
        with_start(typed(("start", "integer", 7))),
        with_start(typed(("start", "integer", 8))),
        with_start(typed(("start", "text", "many"))),
        late_workflow(start=[40]),
        with_start(typed(("start", "integer", 9))),
        counted(given=typed()),
        with_start(typed(("start", "integer", 7))),
    ):
        plan, fresh = planner.plan(made), plan_of(made, tmp_path)
        assert [str(p) for p in plan.problems] == [str(p) for p in fresh.problems]
        assert plan.keys(Fingerprints(), "run") == fresh.keys(Fingerprints(), "run")
        assert {n: p.late is None for n, p in plan.nodes.items()} == {n: p.late is None for n, p in fresh.nodes.items()}


def test_a_run_of_what_is_behind_a_late_node_is_whole(tmp_path: Path) -> None:
    made = late_workflow(start=[40])
    made.nodes += workflow(
        {"behind": ("tables.row_id", {"name": "behind"}), "last": ("tables.row_id", {"name": "last"})}, []
    ).nodes
    made.connections += workflow({}, [("ids", "behind"), ("behind", "last")]).connections
    result, store, _ = run_of(plan_of(made, tmp_path), tmp_path)
    assert result.status == "done" and set(result.keys) == set(plan_of(made, tmp_path).nodes)
    assert len(rows(result, store, "last")) == 2
