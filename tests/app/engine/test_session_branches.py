"""What is shown of nodes that wait for a value, of branches that are not taken, and of failures that others go on from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.document.editing import Document
from app.engine.inspection.documents import preview
from app.engine.messages.questions import PreviewQuestion
from nodes.catalog import Catalog
from tests.app.engine import test_session
from tests.app.engine.test_branches import switched, tried
from tests.app.engine.test_session import Bench
from tests.app.engine.test_variables import late_workflow, table, typed, with_start

CATALOG = Catalog.load()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(test_session, "CATALOG", CATALOG)
    made = Bench(tmp_path)
    yield made
    made.close()


def test_a_node_waits_calmly_and_is_known_once_the_variables_are(bench: Bench) -> None:
    desk = bench.open(late_workflow(start=[40]))
    waiting = desk.statuses["ids"]
    assert (waiting.state, waiting.waits_for, waiting.problems) == ("ready", "given", ())

    desk.session.run(["given"])
    desk.wait()
    known = desk.statuses["ids"]
    assert (known.state, known.waits_for) == ("ready", None)
    assert known.outputs == {"table": "2 rows · 2 columns"}

    desk.session.run()
    desk.wait()
    assert desk.statuses["ids"].state == "done"

    desk.document.set_settings("source", table(start=[41])[1])
    assert (desk.statuses["ids"].waits_for, desk.statuses["ids"].outdated) == ("given", True)
    desk.session.run()
    desk.wait()
    assert desk.statuses["ids"].state == "done" and not desk.statuses["ids"].outdated


def test_a_whole_run_makes_all_green_at_once_and_again_after_reopening(bench: Bench) -> None:
    desk = bench.open(late_workflow(start=[40]))
    desk.session.run()
    desk.wait()
    assert set(desk.states().values()) == {"done"}
    bench.reopened()
    assert set(bench.open(late_workflow(start=[40])).states().values()) == {"done"}


def test_the_branch_that_is_not_taken_is_inactive_until_it_is(bench: Bench) -> None:
    desk = bench.open(switched("n > 1"))
    assert desk.states()["no"] == "ready"
    desk.session.run()
    desk.wait()
    assert desk.states() == {**dict.fromkeys(("source", "count", "switch", "yes", "end", "after"), "done"), "no": "inactive"}

    desk.document.set_settings("switch", {"condition": "n > 5"})
    assert desk.states()["no"] == "ready"
    desk.session.run()
    desk.wait()
    assert (desk.states()["yes"], desk.states()["no"], desk.states()["after"]) == ("inactive", "done", "done")


def test_a_failure_that_is_gone_on_from_is_shown_where_it_happened(bench: Bench) -> None:
    desk = bench.open(tried({}))
    assert desk.states()["read"] == "ready"
    desk.session.run()
    desk.wait()
    states = desk.states()
    assert (states["read"], states["try"], states["after"], states["typed"]) == ("failed", "done", "done", "done")

    (bench.folder / "there.csv").write_text("x\n1\n")
    desk.session.refresh()
    desk.session.run()
    desk.wait()
    states = desk.states()
    assert (states["read"], states["try"], states["after"]) == ("done", "done", "done")


def test_the_dialog_is_told_where_a_value_comes_from(bench: Bench) -> None:
    desk = bench.open(with_start(typed(("start", "integer", 7))))
    answer = preview(desk.session, PreviewQuestion(document="doc", node="ids", settings={"offset": {"variable": "start"}}))
    assert not answer.problems
    assert (answer.wired["start"].value, answer.wired["start"].source) == (7, "given")

    desk = bench.open(late_workflow(start=[40]))
    answer = preview(desk.session, PreviewQuestion(document="doc", node="ids", settings={"offset": {"variable": "start"}}))
    assert not answer.problems and answer.wired["start"].value is None


def test_the_first_wire_says_what_goes_through_a_node(bench: Bench) -> None:
    document = Document(switched("n > 1"), CATALOG)
    document.delete(["source", "count", "yes", "no", "end", "after"])
    document.add([with_start(typed()).nodes[0].model_copy(update={"id": "given", "type": "flow.set_variables", "settings": {}})])
    assert document.node_type("switch").output_port("true").kind == "table"
    document.connect("given.variables", "switch.value")
    assert document.node_type("switch").output_port("true").kind == "variables"
    document.undo()
    assert document.node_type("switch").output_port("true").kind == "table" and not document.connections
