"""Components in an open document: what is shown of them, and running, cancelling, resetting, editing and asking through them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.document.model import COMPONENT, NodeRecord, Variable
from app.document.packing import pack, unpack
from app.engine.inspection.documents import at_source, preview
from app.engine.messages.questions import PreviewQuestion
from app.engine.messages.tables import TableQuestion
from tests.app.engine.test_session import Bench, Desk
from tests.app.engine.toy import RUNS, chain, workflow


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    RUNS.clear()
    made = Bench(tmp_path)
    yield made
    made.close()


def packed(bench: Bench) -> tuple[Desk, str]:
    """node_0 -> [node_1 -> node_2] -> node_3."""
    desk = bench.open(chain(4))
    return desk, pack(desk.document, ["node_1", "node_2"], name="Middle")


def test_a_component_s_light_sums_up_what_is_inside(bench: Bench) -> None:
    desk, component = packed(bench)
    assert desk.statuses[component].state == "ready"
    assert desk.statuses[component].outputs == {"table_out_1": "3 rows · 1 column"}

    desk.session.run(["node_1"])
    desk.wait()
    inside = desk.statuses[component].inside
    assert inside is not None
    assert (desk.statuses[component].state, inside.done, inside.nodes) == ("ready", 1, 2)

    desk.session.run()
    desk.wait()
    assert desk.statuses[component].state == "done"
    assert desk.statuses[component].seconds is not None
    assert "running" in desk.seen[component] or "queued" in desk.seen[component]


def test_packing_and_unpacking_leave_every_light_green_and_run_nothing(bench: Bench) -> None:
    desk = bench.open(chain(4))
    desk.session.run()
    desk.wait()
    RUNS.clear()
    component = pack(desk.document, ["node_1", "node_2"])
    assert {n: s.state for n, s in desk.statuses.items()} == dict.fromkeys(
        ["node_0", "node_1", "node_2", "node_3", component, "table_in_1", "table_out_1"], "done"
    )
    unpack(desk.document, component)
    desk.session.run()
    desk.wait()
    assert not RUNS
    assert all(desk.statuses[f"node_{n}"].state == "done" for n in range(4))


def test_a_component_is_run_and_reset_as_a_node(bench: Bench) -> None:
    desk, component = packed(bench)
    desk.session.run([component])
    desk.wait()
    assert [desk.statuses[n].state for n in ("node_0", "node_1", "node_2", "node_3")] == ["done"] * 3 + ["ready"]

    desk.session.reset([component])
    desk.wait()
    assert desk.statuses[component].state == "ready"
    assert [desk.statuses[n].state for n in ("node_0", "node_1", "node_2")] == ["done", "ready", "ready"]


def test_the_first_that_fails_is_named(bench: Bench) -> None:
    made = workflow({"c": ("toy.count", {}), "f": ("toy.fail", {}), "a": ("toy.add", {})}, [("c", "f"), ("f", "a")])
    desk = bench.open(made)
    component = pack(desk.document, ["c", "f"])
    desk.session.run()
    desk.wait()
    inside = desk.statuses[component].inside
    assert inside is not None
    assert (desk.statuses[component].state, inside.failed, inside.done) == ("failed", "f", 1)


def test_a_component_is_cancelled_with_all_that_is_in_it(bench: Bench) -> None:
    desk = bench.open(workflow({"c": ("toy.count", {}), "w": ("toy.wait", {})}, [("c", "w")]))
    component = pack(desk.document, ["w"])
    desk.session.run()
    desk.wait(lambda: desk.statuses["w"].state == "running")
    assert desk.statuses[component].state == "running"
    desk.session.cancel([component])
    desk.wait()
    assert desk.statuses[component].state == "ready"


def test_packing_does_not_disturb_what_is_at_work(bench: Bench) -> None:
    desk = bench.open(workflow({"c": ("toy.count", {}), "w": ("toy.wait", {"seconds": 0.6})}, [("c", "w")]))
    desk.session.run()
    desk.wait(lambda: desk.statuses["w"].state == "running")
    component = pack(desk.document, ["w"])
    desk.wait()
    assert desk.statuses[component].state == "done"
    assert RUNS["w"] == 1


def test_edits_inside_are_followed_by_their_path(bench: Bench) -> None:
    desk, component = packed(bench)
    inner = pack(desk.document.inside(component), ["node_2"])
    deep = desk.document.inside(component).inside(inner)
    deep.set_settings("node_2", {"number": 40})
    added = deep.add_node("toy.count", (0, 0))

    assert set(desk.session.plan.nodes) == {"node_0", "node_1", "node_2", "node_3", added}
    assert desk.session.plan.nodes[added].path == f"{component}/{inner}/{added}"
    desk.session.run()
    desk.wait()
    assert desk.statuses[component].state == "done"
    desk.document.undo()
    desk.document.undo()
    assert desk.statuses["node_2"].state == "ready"
    assert desk.statuses[component].inside is not None
    assert desk.statuses[component].inside.done == 1


def test_what_is_wrong_inside_and_with_the_component_is_told_of_each(bench: Bench) -> None:
    desk, component = packed(bench)
    desk.document.inside(component).set_settings("node_1", {"number": "many"})
    assert desk.statuses[component].state == "not configured"
    assert desk.statuses[component].inside is not None
    assert desk.statuses[component].inside.wrong == "node_1"
    desk.document.undo()
    wire = desk.document.connection_into(f"{component}.table_in_1")
    assert wire is not None
    desk.document.disconnect([wire])
    assert [p.port for p in desk.statuses[component].problems] == ["table_in_1"]
    assert desk.statuses["node_1"].blocked_by == component
    assert desk.statuses["table_in_1"].state == "not configured"
    desk.document.undo()
    assert desk.statuses[component].problems == ()
    assert desk.statuses["table_in_1"].state == "ready"


def test_ports_show_what_goes_through_them_and_are_asked_about_their_source(bench: Bench) -> None:
    desk, component = packed(bench)
    desk.session.run()
    desk.wait()
    assert desk.statuses["table_in_1"].outputs == {"value": "3 rows · 1 column"}
    assert desk.statuses["table_in_1"].state == "done"
    asked = (
        TableQuestion(document="doc", number=1, node=n, port=p) for n, p in ((component, "table_out_1"), ("table_in_1", "value"))
    )
    assert [(q.node, q.port) for q in (at_source(desk.session.plan, question) for question in asked)] == [
        ("node_2", "table"),
        ("node_0", "table"),
    ]


def test_settings_of_a_component_are_previewed_with_what_is_at_its_inputs(bench: Bench) -> None:
    desk, component = packed(bench)
    inside = desk.document.inside(component)
    inside.set_variable("n", Variable(name="n", type="integer", value=3, minimum=1))
    inside.set_settings("node_1", {"number": {"variable": "n"}})
    desk.session.flush()
    answer = preview(desk.session, PreviewQuestion(document="doc", number=1, node=component, settings={"n": 0}))

    assert [(p.setting, p.message) for p in answer.problems] == [("n", "0 does not do for 'N'.")]
    assert list(answer.inputs) == ["table_in_1"]
    inner = preview(
        desk.session, PreviewQuestion(document="doc", number=2, node="node_1", settings={"number": {"variable": "n"}})
    )
    assert inner.problems == ()


def test_a_component_from_a_file_follows_the_file(bench: Bench, tmp_path: Path) -> None:
    from app.document.file import save

    save(workflow({"x": ("toy.count", {})}, []), tmp_path / "part.workflow.json")
    made = workflow({}, [])
    made.nodes = [NodeRecord(id=n, type=COMPONENT, file="part.workflow.json") for n in ("a", "b")]
    desk = bench.open(made)
    assert {"a", "b", "a__x", "b__x"} <= desk.statuses.keys()
    desk.session.run(["a"])
    desk.wait()
    assert [desk.statuses[n].state for n in ("a", "a__x", "b", "b__x")] == ["done"] * 4, "the same is computed once"

    save(workflow({"x": ("toy.count", {"rows": 8})}, []), tmp_path / "part.workflow.json")
    desk.session.refresh(closely=False)
    desk.flush()
    assert desk.statuses["a"].state == "ready"
    (tmp_path / "part.workflow.json").unlink()
    desk.session.refresh(closely=False)
    desk.flush()
    assert desk.statuses["a"].state == "not configured"
    assert "cannot be read" in desk.statuses["a"].problems[0].message
