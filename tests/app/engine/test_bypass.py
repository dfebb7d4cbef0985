"""Bypassed nodes: what is behind them has the plan, and the keys, as if they were not there; headless, too."""

from __future__ import annotations

import json
from pathlib import Path

from app.document.editing import Document
from app.document.model import Connection, NodeRecord, Workflow
from app.document.packing import pack, unpack
from app.engine.fingerprints import Fingerprints
from app.engine.planner import Planner, make_plan
from app.run import main
from tests.app.engine.toy import CATALOG

NODES = {"count": "toy.count", "first": "toy.add", "second": "toy.add"}


def document() -> Document:
    wires = ("count.table>first.table", "first.table>second.table")
    return Document(
        Workflow(
            nodes=[NodeRecord(id=name, type=node_type) for name, node_type in NODES.items()],
            connections=[Connection(source=s, target=t) for s, t in (wire.split(">") for wire in wires)],
        ),
        CATALOG,
    )


def test_the_keys_are_those_of_the_workflow_without_the_node(tmp_path: Path) -> None:
    bypassed, deleted = document(), document()
    bypassed.bypass(["first"], True)
    deleted.delete(["first"])
    deleted.connect("count.table", "second.table")
    keys = [
        make_plan(d.workflow(), CATALOG, folder=tmp_path).keys(Fingerprints(), "run", lambda _: "") for d in (bypassed, deleted)
    ]
    assert keys[0] == keys[1]
    assert set(keys[0]) == {"count", "second"}


def test_a_planner_follows_a_bypass_and_its_end(tmp_path: Path) -> None:
    made, planner = document(), Planner(CATALOG, tmp_path)
    assert set(planner.plan(made.workflow()).nodes) == set(NODES)
    made.bypass(["first"], True)
    plan = planner.plan(made.workflow())
    assert plan.nodes["second"].inputs == {"table": ("count", "table")} and "first" not in plan.nodes
    made.bypass(["first"], False)
    assert planner.plan(made.workflow()).nodes["second"].inputs == {"table": ("first", "table")}


def test_one_problem_says_what_is_missing_behind_a_reader(tmp_path: Path) -> None:
    made = document()
    made.bypass(["count"], True)
    plan = make_plan(made.workflow(), CATALOG, folder=tmp_path)
    [problem] = plan.nodes["first"].problems
    assert "is bypassed, and gets no table that it could pass on" in problem.message


def test_a_run_without_a_window_leaves_it_out(tmp_path: Path) -> None:
    workflow = {
        "format": "layerloom-workflow",
        "format_version": 1,
        "nodes": [
            {"id": "data", "type": "readers.sample_data", "settings": {"data": "iris"}},
            {"id": "top", "type": "tables.table_cropper", "settings": {"last_row": 3}, "bypassed": True},
            {"id": "out", "type": "writers.csv", "settings": {"path": "out.csv"}},
        ],
        "connections": [{"from": "data.table", "to": "top.table"}, {"from": "top.table", "to": "out.table"}],
    }
    path = tmp_path / "one.workflow.json"
    path.write_text(json.dumps(workflow))
    assert main([str(path), "--results", str(tmp_path / "results")]) == 0
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 151


def keys_of(workflow: Workflow, folder: Path) -> dict[str, str]:
    return dict(make_plan(workflow, CATALOG, folder=folder).keys(Fingerprints(), "run", lambda _: ""))


def test_a_node_bypassed_in_a_component_is_left_out_there(tmp_path: Path) -> None:
    """So the keys are the same before it is packed, in the component, and when it is unpacked again."""
    made = document()
    made.bypass(["first"], True)
    flat = keys_of(made.workflow(), tmp_path)
    component = pack(made, ["first", "second"])
    plan = make_plan(made.workflow(), CATALOG, folder=tmp_path)
    assert plan.bypassed == {"first"}
    assert keys_of(made.workflow(), tmp_path) == flat
    unpack(made, component)
    assert keys_of(made.workflow(), tmp_path) == flat


def test_a_component_can_be_bypassed_itself(tmp_path: Path) -> None:
    made, deleted = document(), document()
    component = pack(made, ["first"])
    made.bypass([component], True)
    deleted.delete(["first"])
    deleted.connect("count.table", "second.table")
    plan = make_plan(made.workflow(), CATALOG, folder=tmp_path)
    assert plan.bypassed == {component} and not plan.components
    assert keys_of(made.workflow(), tmp_path) == keys_of(deleted.workflow(), tmp_path)
