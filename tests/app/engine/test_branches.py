"""Branches: what is not taken is inactive, which is neither failed nor done; Try goes on from a failure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.document.model import Workflow
from app.engine.events import NodeInactive, NodeStarted
from app.run import main
from tests.app.engine.test_variables import plan_of, rows, run_of, table, typed
from tests.app.engine.toy import workflow


def switched(condition: str, rows: int = 2) -> Workflow:
    """A table, of which a copy with row numbers comes out if the condition holds, else one with a constant column."""
    return workflow(
        {
            "source": table(x=list(range(rows))),
            "count": ("flow.column_to_variables", {"figures": [{"column": "x", "method": "len", "new_name": "n"}]}),
            "switch": ("flow.if_switch", {"condition": condition}),
            "yes": ("tables.row_id", {}),
            "no": ("tables.column_renamer", {}),
            "end": ("flow.end_switch", {}),
            "after": ("tables.row_id", {"name": "after"}),
        },
        [
            ("source", "count"),
            ("source", "switch.value"),
            ("count.variables", "switch.variables"),
            ("switch.true", "yes"),
            ("switch.false", "no"),
            ("yes", "end.branch_1"),
            ("no", "end.branch_2"),
            ("end.value", "after"),
        ],
    )


@pytest.mark.parametrize(("condition", "taken", "other"), [("n > 1", "yes", "no"), ("n > 2", "no", "yes")])
def test_only_the_branch_that_is_taken_is_run(condition: str, taken: str, other: str, tmp_path: Path) -> None:
    result, store, seen = run_of(plan_of(switched(condition), tmp_path), tmp_path)

    assert result.status == "done"
    assert list(result.inactive) == [other] and taken in result.keys and other not in result.keys
    assert [e.node for e in seen if isinstance(e, NodeInactive)] == [other]
    assert len(rows(result, store, "after")) == 2

    again, _, seen = run_of(plan_of(switched(condition), tmp_path), tmp_path)
    assert again.status == "done" and again.keys == result.keys
    assert not [e for e in seen if isinstance(e, NodeStarted)]


def test_what_is_behind_a_branch_without_an_end_is_inactive_too(tmp_path: Path) -> None:
    made = workflow(
        {
            "source": table(x=[1]),
            "switch": ("flow.if_switch", {"condition": "FALSE"}),
            "a": ("tables.row_id", {}),
            "b": ("tables.row_id", {"name": "b"}),
            "end": ("flow.end_switch", {}),
        },
        [("source", "switch.value"), ("switch.true", "a"), ("a", "b"), ("b", "end.branch_1"), ("a", "end.branch_2")],
    )
    result, _, _ = run_of(plan_of(made, tmp_path), tmp_path)
    assert result.status == "done" and set(result.inactive) == {"a", "b", "end"}


def test_a_case_is_taken_by_a_value(tmp_path: Path) -> None:
    made = workflow(
        {
            "source": table(x=[1]),
            "set": typed(("kind", "text", "test")),
            "switch": ("flow.case_switch", {"expression": "kind", "cases": ["train", "test"]}),
            "train": ("tables.row_id", {}),
            "test": ("tables.row_id", {}),
            "other": ("tables.row_id", {}),
        },
        [
            ("source", "switch.value"),
            ("set.variables", "switch.variables"),
            ("switch.case_1", "train"),
            ("switch.case_2", "test"),
            ("switch.other", "other"),
        ],
    )
    result, _, _ = run_of(plan_of(made, tmp_path), tmp_path)
    assert set(result.inactive) == {"train", "other"} and "test" in result.keys


def test_networks_go_through_a_switch(tmp_path: Path) -> None:
    made = workflow(
        {
            "input": ("keras.input", {"shape": [4]}),
            "switch": ("flow.if_switch", {"kind": "network"}),
            "dense": ("keras.dense", {"units": 3}),
        },
        [("input.network", "switch.value"), ("switch.true", "dense.network")],
    )
    plan = plan_of(made, tmp_path)
    assert not plan.problems and plan.nodes["dense"].specs["network"] is not None
    made.nodes[1] = made.nodes[1].model_copy(update={"settings": {}})
    assert any("is wired to an input for a" in p.message for p in plan_of(made, tmp_path).problems)


def tried(first: dict[str, Any]) -> Workflow:
    return workflow(
        {
            "read": ("readers.csv", {"path": "there.csv"}),
            "ids": ("tables.row_id", {}),
            "stop": ("flow.stop", first),
            "typed": table(x=[9]),
            "typed_ids": ("tables.row_id", {"name": "typed_ids"}),
            "try": ("flow.try", {}),
            "after": ("tables.row_id", {"name": "after"}),
        },
        [
            ("read", "ids"),
            ("ids", "stop.value"),
            ("stop.value", "try.first"),
            ("typed", "typed_ids"),
            ("typed_ids", "try.second"),
            ("try.value", "after"),
        ],
    )


def test_a_file_that_is_missing_is_no_failure_where_something_else_is_given(tmp_path: Path) -> None:
    plan = plan_of(tried({}), tmp_path)
    assert not plan.errors and plan.nodes["read"].problems, "it is said, calmly"

    result, store, _ = run_of(plan, tmp_path)
    assert result.status == "done"
    assert set(result.failures) == {"read"} and not result.inactive
    assert rows(result, store, "after")[0]["x"] == 9
    [error] = rows(result, store, "try", "errors")
    assert error["node"] == "read" and "There is no file" in error["message"]


def test_the_second_way_costs_nothing_where_the_first_works(tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("x\n1\n2\n")
    result, store, _ = run_of(plan_of(tried({}), tmp_path), tmp_path)

    assert result.status == "done"
    assert set(result.inactive) == {"typed", "typed_ids"}
    assert [row["x"] for row in rows(result, store, "after")] == [1, 2]
    assert rows(result, store, "try", "errors") == []


def test_a_stop_is_a_failure_with_the_person_s_words(tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("x\n1\n2\n")
    stop = {"condition": "1 = 1", "message": "Nothing to do."}
    result, store, _ = run_of(plan_of(tried(stop), tmp_path), tmp_path)
    assert result.status == "done"
    assert rows(result, store, "try", "errors")[0]["message"] == "Nothing to do."

    made = tried(stop)
    made.connections = [c for c in made.connections if c.target_node != "try" and c.source_node != "try"]
    made.nodes = [n for n in made.nodes if n.id not in ("try", "after")]
    result, _, _ = run_of(plan_of(made, tmp_path), tmp_path)
    assert result.status == "failed" and result.failures["stop"].message == "Nothing to do."


def test_a_failure_that_also_leads_elsewhere_is_one_of_the_run(tmp_path: Path) -> None:
    made = tried({})
    made.nodes.append(made.node("ids").model_copy(update={"id": "elsewhere"}))
    made.connections.append(made.connections[0].model_copy(update={"target": "elsewhere.table"}))
    assert plan_of(made, tmp_path).errors


def test_the_wire_of_variables_alone_is_an_order(tmp_path: Path) -> None:
    made = workflow(
        {"a": typed(("v", "integer", 1)), "t": table(x=[1]), "wait": ("flow.wait_for", {})},
        [("t", "wait.value"), ("a.variables", "wait.variables")],
    )
    plan = plan_of(made, tmp_path)
    assert plan.needed_for(["wait"]) == ["a", "t", "wait"]
    key = plan.keys(run_of(plan, tmp_path)[1].fingerprints, "run")["wait"]
    made.nodes[0] = made.nodes[0].model_copy(update={"settings": typed(("v", "integer", 2))[1]})
    assert run_of(plan_of(made, tmp_path), tmp_path)[0].keys["wait"] == key


def test_a_run_without_a_window_counts_what_is_inactive_as_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from app.document.file import save

    file = tmp_path / "w.workflow.json"
    save(switched("n > 1"), file)
    arguments = [str(file), "--results", str(tmp_path / "r")]

    assert main([*arguments, "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [e["node"] for e in told if e["event"] == "node.inactive"] == ["no"]
    assert main([*arguments, "--report", str(tmp_path / "r.html")]) == 0
    assert "inactive" in capsys.readouterr().out
    assert "inactive" in (tmp_path / "r.html").read_text()
