"""One open document: what is shown of its nodes while it is edited, run, cancelled and reset, in any order."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.document.change import Change
from app.document.editing import Document
from app.document.model import Connection, NodeRecord, Variable, Workflow
from app.document.packing import pack, unpack
from app.document.problems import DocumentError, Problem
from app.engine.background_fingerprints import BackgroundFingerprints
from app.engine.events import NodeProgress
from app.engine.inspection.base import StoredOutputs
from app.engine.inspection.documents import inspect, measured, preview
from app.engine.messages import wire
from app.engine.messages.base import Tell
from app.engine.messages.questions import InspectQuestion, OfferedColumn, PreviewAnswer, PreviewQuestion, TableOutline
from app.engine.messages.requests import EditDocument
from app.engine.messages.tells import RunChanged, StatusesChanged
from app.engine.nonces import Nonces
from app.engine.plan import Plan
from app.engine.planner import Planner, make_plan
from app.engine.session import NoSuchNode, Session, SessionContext
from app.engine.status import NodeStatus
from app.engine.store import Store
from tests.app.engine.toy import CATALOG, RUNS, chain, workflow


class Bench:
    """An engine's thread without its process: what is posted is done when the test waits for something."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tasks: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.told: list[Tell] = []
        self.sessions: list[Session] = []
        self.statuses: dict[str, NodeStatus] = {}
        self.context = self.make_context()

    def make_context(self) -> SessionContext:
        store = Store(self.folder / "store")
        fingerprints = BackgroundFingerprints(
            store.fingerprints, self.tasks.put, lambda: [s.fingerprints_changed() for s in self.sessions] and None
        )
        return SessionContext(
            CATALOG, store, Nonces(self.folder / "store" / "store.sqlite"), fingerprints, self.tasks.put, self.told.append
        )

    def open(self, made: Workflow, failed: dict[str, Problem] | None = None) -> Desk:
        session = Session("doc", made, self.folder, self.context, failed)
        self.sessions.append(session)
        return Desk(self, session, made)

    def reopened(self) -> None:
        """As after a restart of the program."""
        self.close()
        self.sessions.clear()
        self.context = self.make_context()

    def close(self) -> None:
        for session in self.sessions:
            session.close(wait=10)
        self.context.fingerprints.close()


def ids_inside(record: NodeRecord) -> list[str]:
    """The ids of all nodes in a component."""
    records = record.workflow.nodes if record.workflow is not None else []
    return [found for inner in records for found in (inner.id, *ids_inside(inner))]


class Desk:
    """A document edited in an editor, and its session."""

    def __init__(self, bench: Bench, session: Session, made: Workflow) -> None:
        self.bench, self.session = bench, session
        self.document = Document(made, CATALOG)
        self.document.subscribe_to_all(self.pass_on)
        self.statuses: dict[str, NodeStatus] = {}
        self.seen: dict[str, list[str]] = {}
        self.waits = False  # whether edits are planned at the next flush only
        self.flush()

    def pass_on(self, change: Change) -> None:
        for node_id, (before, after) in change.records.get("nodes", {}).items():
            if after is None:  # as the editor does
                for forgotten in (node_id, *ids_inside(before)):
                    self.statuses.pop(forgotten, None)
        request = EditDocument.of("doc", change)
        if request is not None:
            arrived = wire.decode_request(wire.encode(request))
            assert isinstance(arrived, EditDocument)
            self.session.edit(arrived)
        if not self.waits:
            self.flush()

    def flush(self) -> None:
        self.session.flush()
        for told in self.bench.told:
            if isinstance(told, StatusesChanged):
                for node_id, status in told.nodes.items():
                    self.seen.setdefault(node_id, []).append(status.state)
                self.statuses |= told.nodes
        self.bench.told[:] = [t for t in self.bench.told if not isinstance(t, StatusesChanged)]

    def wait(self, until: Callable[[], bool] | None = None) -> None:
        """Do what is posted until that is so; without it, until nothing runs."""
        end = time.monotonic() + 30
        until = until or (lambda: not self.session.running)
        while True:
            self.flush()
            if until():
                return
            assert time.monotonic() < end, self.states()
            try:
                self.bench.tasks.get(timeout=0.1)()
            except queue.Empty:
                continue

    def run(self, targets: list[str] | None = None, **options: Any) -> set[str]:
        """Run to the end; the nodes that were computed."""
        RUNS.clear()
        self.session.run(targets, **options)
        self.wait()
        return set(RUNS)

    def states(self) -> dict[str, str]:
        return {n: s.state for n, s in self.statuses.items() if n in self.session.plan.nodes}

    def rows(self, node: str) -> list[int]:
        found = self.session.shown(node)
        assert found is not None
        return self.bench.context.store.load(found[0])["table"].frame()["n"].to_list()  # type: ignore[union-attr]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


# ------------------------------------------------------------------------------------------------------------- live plan


def same_plan(one: Plan, other: Plan) -> None:
    assert list(one.nodes) == list(other.nodes)
    assert one.general == other.general
    assert one.variables == other.variables
    assert one.components == other.components
    for node_id, planned in one.nodes.items():
        twin = other.nodes[node_id]
        assert planned.node == twin.node
        assert planned.title == twin.title
        assert planned.inputs == twin.inputs
        assert planned.specs == twin.specs
        assert planned.problems == twin.problems
        assert planned.blocked_by == twin.blocked_by


NODES = [f"n{i}" for i in range(6)]
TYPES = ["toy.count", "toy.add", "toy.both", "toy.late", "toy.save", "toy.nothing"]
SETTINGS = st.sampled_from(
    [{}, {"rows": 3}, {"rows": 13}, {"rows": {"variable": "v"}}, {"number": 5}, {"path": "out"}, {"column": "n"}]
)
PORTS = st.sampled_from(["table", "table_1", "table_2", "other"])
EDITS = st.one_of(
    st.tuples(st.just("node"), st.sampled_from(NODES), st.sampled_from(TYPES), SETTINGS),
    st.tuples(st.just("settings"), st.sampled_from(NODES), SETTINGS),
    st.tuples(st.just("delete"), st.sampled_from(NODES)),
    st.tuples(st.just("wire"), st.sampled_from(NODES), PORTS, st.sampled_from(NODES), PORTS),
    st.tuples(st.just("unwire"), st.integers(0, 20)),
    st.tuples(st.just("variable"), st.sampled_from([None, 3, 13, "x"])),
    st.tuples(st.just("rename"), st.sampled_from(NODES), st.sampled_from(["", "Mine"])),
    st.tuples(st.just("pack"), st.sets(st.sampled_from(NODES), min_size=1, max_size=3)),
    st.tuples(st.just("unpack"), st.integers(0, 3)),
    st.tuples(st.just("undo")),
    st.tuples(st.just("redo")),
    st.tuples(st.just("file"), st.booleans()),
    st.tuples(st.just("bypass"), st.sampled_from(NODES), st.booleans()),
)


def edit(document: Document, folder: Path, what: str, *rest: Any) -> None:
    """One edit of any kind; those that are not possible just now do nothing."""
    nodes = document.nodes
    if what == "node":
        node_id, node_type, given_settings = rest
        if node_id not in document.file_ids:
            version = CATALOG[node_type].version if node_type in CATALOG else 1
            document.add([NodeRecord(id=node_id, type=node_type, type_version=version, settings=given_settings)])
    elif what == "settings" and rest[0] in nodes:
        document.set_settings(*rest)
    elif what == "delete":
        document.delete([rest[0]])
    elif what == "wire":
        source, out, target, into = rest
        document.connect(f"{source}.{out}", f"{target}.{into}")
    elif what == "unwire" and rest[0] < len(document.connections):
        document.disconnect([list(document.connections)[rest[0]]])
    elif what == "variable":
        document.set_variable("v", None if rest[0] is None else Variable(name="v", type="integer", value=rest[0]))
    elif what == "rename" and rest[0] in nodes:
        document.rename(*rest)
    elif what == "undo":
        document.undo()
    elif what == "redo":
        document.redo()
    elif what == "pack":
        with suppress(DocumentError):
            pack(document, [n for n in NODES if n in rest[0] & nodes.keys()])
    elif what == "unpack":
        components = [n for n, record in nodes.items() if record.is_component]
        if rest[0] < len(components):
            unpack(document, components[rest[0]])
    elif what == "bypass" and rest[0] in nodes:
        document.bypass([rest[0]], rest[1])
    elif what == "file":
        (folder / "out").touch() if rest[0] else (folder / "out").unlink(missing_ok=True)


@given(st.lists(EDITS, max_size=25))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_edits_the_plan_is_the_one_that_is_made_anew(tmp_path: Path, edits: list[tuple[Any, ...]]) -> None:
    document = Document(Workflow(), CATALOG)
    planner = Planner(CATALOG, tmp_path)
    (tmp_path / "out").unlink(missing_ok=True)  # of the example before
    for one in edits:
        edit(document, tmp_path, *one)
        same_plan(planner.plan(document.workflow()), make_plan(document.workflow(), CATALOG, folder=tmp_path))


@given(st.lists(st.tuples(EDITS, st.booleans()), max_size=25))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_after_any_edits_however_many_wait_a_session_says_what_a_new_one_says(
    tmp_path: Path, edits: list[tuple[tuple[Any, ...], bool]]
) -> None:
    bench = Bench(tmp_path)
    try:
        desk = bench.open(Workflow())
        for one, desk.waits in edits:
            edit(desk.document, tmp_path, *one)
        desk.session.refresh()
        desk.flush()
        anew = bench.open(desk.document.workflow())
        everywhere = [found for record in desk.document.nodes.values() for found in (record.id, *ids_inside(record))]
        assert {n: desk.statuses.get(n) for n in everywhere} == {n: anew.statuses.get(n) for n in everywhere}
        assert anew.statuses.keys() >= desk.document.nodes.keys()
        plan = make_plan(desk.document.workflow(), CATALOG, folder=tmp_path)
        keys = plan.keys(bench.context.store.fingerprints, "run", bench.context.nonces.of)
        assert {n: s.key for n, s in anew.statuses.items() if s.key} == keys
    finally:
        bench.close()


def test_an_edit_leaves_alone_what_it_does_not_concern() -> None:
    document = Document(chain(6), CATALOG)
    planner = Planner(CATALOG, Path("/flows"))
    before = planner.plan(document.workflow())
    document.set_settings("node_3", {"number": 100})
    after = planner.plan(document.workflow())
    assert [n for n in after.nodes if after.nodes[n] is not before.nodes[n]] == ["node_3"]  # behind it, nothing is new
    document.set_settings("node_0", {"rows": 4})
    rows = planner.plan(document.workflow())
    assert all(rows.nodes[n] is not after.nodes[n] for n in rows.nodes)
    assert all(rows.nodes[n].node is after.nodes[n].node for n in list(rows.nodes)[1:])


def test_only_what_changed_is_told(bench: Bench) -> None:
    desk = bench.open(chain(4))
    assert desk.states() == dict.fromkeys(desk.document.nodes, "ready")
    desk.seen.clear()
    desk.document.set_settings("node_2", {"number": 100})
    assert set(desk.seen) == {"node_2", "node_3"}  # their keys
    desk.seen.clear()
    desk.document.rename("node_2", "Mine")
    assert desk.seen == {}


def test_edits_that_wait_are_planned_once_and_nothing_is_asked_of_an_older_plan(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[Workflow] = []
    planner_plan = Planner.plan

    def counted(self: Planner, made: Workflow, **options: Any) -> Plan:
        plans.append(made)
        return planner_plan(self, made, **options)

    made = chain(6)
    session = bench.open(made).session
    monkeypatch.setattr(Planner, "plan", counted)
    document = Document(made, CATALOG)
    document.subscribe(lambda change: session.edit(EditDocument.of("doc", change)))  # type: ignore[arg-type]
    for number in range(200):
        document.set_settings("node_2", {"number": number})
        document.set_settings("node_0", {"rows": number % 12})
    assert plans == []
    assert session.changed
    session.flush()
    assert len(plans) == 1
    assert session.plan.nodes["node_5"].specs["table"].rows == 199 % 12  # type: ignore[union-attr]
    for question in (lambda: session.status("node_0"), lambda: session.planned("node_0"), lambda: session.sources("node_0")):
        document.set_settings("node_0", {"rows": 1 + len(plans)})
        question()
        assert session.planned("node_0").specs["table"].rows == len(plans)  # type: ignore[union-attr]
    added = document.add_node("toy.add", (0, 0))
    assert session.planned(added).blocked_by is None
    document.delete([added])
    with pytest.raises(NoSuchNode):
        session.status(added)
    assert len(plans) == 6


# --------------------------------------------------------------------------------------------------------------- running


def test_states_go_from_ready_over_queued_and_running_to_done(bench: Bench) -> None:
    desk = bench.open(
        workflow({"a": ("toy.count", {}), "w": ("toy.wait", {"seconds": 0.2}), "b": ("toy.add", {})}, [("a", "w"), ("w", "b")])
    )
    desk.session.run()
    desk.wait()
    assert desk.seen["w"] == ["ready", "queued", "running", *["running"] * (len(desk.seen["w"]) - 4), "done"]
    assert desk.seen["b"] == ["ready", "queued", "done"] or desk.seen["b"] == ["ready", "queued", "running", "done"]
    assert desk.statuses["w"].seconds is not None
    assert [t.status for t in bench.told if isinstance(t, RunChanged)] == ["started", "done"]


def test_what_is_stored_is_shown_as_done_at_once(bench: Bench) -> None:
    bench.open(chain(3)).run()
    bench.reopened()
    assert bench.open(chain(3)).states() == dict.fromkeys(["node_0", "node_1", "node_2"], "done")


def test_a_result_of_former_settings_is_outdated_and_still_shown(bench: Bench) -> None:
    desk = bench.open(chain(3))
    desk.run()
    first = desk.statuses["node_2"].key
    desk.document.set_settings("node_1", {"number": 10})
    assert desk.states() == {"node_0": "done", "node_1": "ready", "node_2": "ready"}
    assert desk.statuses["node_2"].outdated
    assert desk.statuses["node_2"].shown_key == first != desk.statuses["node_2"].key
    assert desk.rows("node_2") == [3, 4, 5]
    desk.document.undo()
    assert desk.states() == dict.fromkeys(desk.states(), "done")
    assert not desk.statuses["node_2"].outdated
    desk.document.redo()
    assert desk.run() == {"node_1", "node_2"}
    assert desk.rows("node_2") == [12, 13, 14]


def test_a_failure_stays_until_the_settings_change_or_it_is_run_again(bench: Bench) -> None:
    desk = bench.open(workflow({"a": ("toy.count", {}), "f": ("toy.fail", {}), "g": ("toy.add", {})}, [("a", "f"), ("f", "g")]))
    desk.run()
    assert desk.states() == {"a": "done", "f": "failed", "g": "ready"}
    assert desk.statuses["f"].problems == (Problem("It did not work.", "Try something else.", node="f"),)
    desk.document.rename("f", "Mine")
    assert desk.states()["f"] == "failed"
    desk.document.set_settings("f", {"how": "bug"})
    assert desk.states()["f"] == "ready"
    desk.run()
    assert "ZeroDivisionError" in desk.statuses["f"].problems[0].message
    desk.session.run()
    desk.flush()
    assert desk.states()["f"] in ("queued", "running")
    desk.wait()


WAITING = {"a": ("toy.count", {}), "w": ("toy.wait", {"seconds": 30.0}), "b": ("toy.add", {}), "c": ("toy.add", {"number": 7})}
WAITING_WIRES = [("a", "w"), ("w", "b"), ("a", "c")]


def test_while_it_runs_it_can_be_edited_and_results_belong_to_their_settings(bench: Bench) -> None:
    desk = bench.open(workflow({**WAITING, "w": ("toy.wait", {"seconds": 0.5})}, WAITING_WIRES))
    desk.session.run()
    desk.wait(lambda: desk.states()["w"] == "running")
    desk.document.set_settings("b", {"number": 50})
    added = desk.document.add_node("toy.add", (0, 0))
    desk.document.connect("c.table", f"{added}.table")
    desk.wait()
    assert desk.states() == {"a": "done", "w": "done", "b": "ready", "c": "done", added: "ready"}
    assert desk.statuses["b"].outdated  # the run finished it with the settings it began with
    assert desk.rows("b") == [1, 2, 3]
    assert desk.run() == {"b", added}
    assert desk.rows("b") == [50, 51, 52]


def test_cancelling_everything_stops_it(bench: Bench) -> None:
    desk = bench.open(workflow(WAITING, WAITING_WIRES))
    desk.session.run()
    desk.wait(lambda: desk.states()["w"] == "running" and desk.states()["c"] == "done")
    desk.session.cancel()
    desk.wait()
    assert desk.states() == {"a": "done", "w": "ready", "b": "ready", "c": "done"}
    last = bench.told[-1]
    assert isinstance(last, RunChanged)
    assert last.status == "cancelled"


def test_cancelling_one_node_stops_it_and_what_is_behind_it_only(bench: Bench) -> None:
    nodes = {**WAITING, "v": ("toy.wait", {"seconds": 0.6}), "d": ("toy.add", {"number": 9})}
    desk = bench.open(workflow(nodes, [*WAITING_WIRES, ("a", "v"), ("v", "d")]))
    desk.session.run()
    desk.wait(lambda: desk.states()["w"] == desk.states()["v"] == "running")
    desk.session.cancel(["w"])
    desk.wait(lambda: desk.states()["w"] == desk.states()["b"] == "ready")
    assert desk.states()["v"] == "running"
    desk.wait()
    assert desk.states() == {"a": "done", "w": "ready", "b": "ready", "c": "done", "v": "done", "d": "done"}


def test_a_deleted_node_stops_and_the_rest_goes_on(bench: Bench) -> None:
    desk = bench.open(workflow(WAITING, WAITING_WIRES))
    desk.session.run()
    desk.wait(lambda: desk.states()["w"] == "running")
    desk.document.delete(["w"])
    desk.wait()
    assert desk.states() == {"a": "done", "b": "not configured", "c": "done"}


def test_several_runs_at_once_compute_nothing_twice(bench: Bench) -> None:
    desk = bench.open(workflow({**WAITING, "w": ("toy.wait", {"seconds": 0.5})}, WAITING_WIRES))
    RUNS.clear()
    desk.session.run(["w"])
    desk.session.run(["b"])
    desk.session.run(["c"])
    desk.wait()
    assert desk.states() == dict.fromkeys("awbc", "done")
    assert RUNS["w"] == 1


def test_a_run_that_waits_for_another_one_s_node_can_be_cancelled_alone(bench: Bench) -> None:
    desk = bench.open(workflow(WAITING, WAITING_WIRES))
    desk.session.run(["w"])
    desk.wait(lambda: desk.states()["w"] == "running")
    desk.session.run(["b"])
    desk.session.cancel(["b"])
    desk.wait(lambda: desk.states()["b"] == "ready")
    assert desk.states()["w"] == "running"
    desk.session.cancel()
    desk.wait()


# ------------------------------------------------------------------------------------------------------- reset and chance


DICE = {"d": ("toy.dice", {}), "a": ("toy.add", {"number": 0})}


def test_a_node_that_is_not_reproducible_is_computed_once_until_it_is_reset(bench: Bench) -> None:
    desk = bench.open(workflow(DICE, [("d", "a")]))
    assert desk.run() == {"d", "a"}
    thrown = desk.rows("d")
    assert desk.run() == set()
    desk.document.set_settings("a", {"number": 1})
    assert desk.run() == {"a"}
    assert desk.rows("a") == [thrown[0] + 1]
    desk.session.reset(["d"])
    desk.flush()
    assert desk.states() == {"d": "ready", "a": "ready"}
    assert desk.statuses["a"].shown_key is None
    assert desk.run() == {"d", "a"}
    assert desk.rows("d") != thrown
    desk.document.undo()  # the result of a's former settings was made of the former throw
    assert desk.states()["a"] == "ready"
    assert desk.run() == {"a"}
    assert desk.rows("a") == desk.rows("d")


def test_a_throw_outlives_the_program(bench: Bench) -> None:
    made = workflow(DICE, [("d", "a")])
    desk = bench.open(made)
    desk.run()
    thrown = desk.rows("d")
    bench.reopened()
    again = bench.open(made)
    assert again.states() == {"d": "done", "a": "done"}
    assert again.rows("d") == thrown


def test_what_is_computed_after_the_store_was_moved_away_is_found_after_a_restart(bench: Bench) -> None:
    made = workflow(DICE, [("d", "a")])
    desk = bench.open(made)
    desk.run()
    (bench.folder / "store").rename(bench.folder / "elsewhere")
    desk.session.refresh(closely=False)
    desk.flush()
    assert desk.states() == {"d": "ready", "a": "ready"}, "their results are not there"
    assert desk.run() == {"d", "a"}
    thrown = desk.rows("a")
    bench.reopened()
    again = bench.open(made)
    assert again.states() == {"d": "done", "a": "done"}
    assert again.rows("a") == thrown


def test_what_is_computed_after_the_database_of_the_store_was_moved_away_is_found_after_a_restart(bench: Bench) -> None:
    made = workflow(DICE, [("d", "a")])
    desk = bench.open(made)
    desk.run()
    for file in (bench.folder / "store").glob("store.sqlite*"):
        file.rename(file.with_name(f"away-{file.name}"))
    assert desk.run() == {"d", "a"}
    before = desk.rows("d")
    bench.reopened()
    assert bench.open(made).rows("d") == before


def test_a_throw_that_has_gone_from_the_store_is_not_mixed_with_what_was_made_of_it(bench: Bench) -> None:
    desk = bench.open(workflow(DICE, [("d", "a")]))
    desk.run()
    key = desk.statuses["d"].key
    assert key is not None
    bench.context.store.drop(key)
    desk.session.refresh()
    desk.flush()
    assert desk.states() == {"d": "ready", "a": "done"}
    assert desk.run() == {"d", "a"}
    assert desk.rows("a") == desk.rows("d")


def test_two_throws_of_one_workflow_differ(bench: Bench) -> None:
    desk = bench.open(workflow({"d": ("toy.dice", {}), "e": ("toy.dice", {})}, []))
    desk.run()
    assert desk.rows("d") != desk.rows("e")


def test_a_fresh_run_throws_again(bench: Bench) -> None:
    desk = bench.open(workflow(DICE, [("d", "a")]))
    desk.run()
    thrown = desk.rows("d")
    assert desk.run(fresh=True) == {"d", "a"}
    assert desk.rows("d") != thrown
    assert desk.rows("a") == desk.rows("d")


def test_a_reset_forgets_a_node_and_those_behind_it(bench: Bench) -> None:
    desk = bench.open(chain(4))
    desk.run()
    desk.session.reset(["node_2"])
    desk.flush()
    assert desk.states() == {"node_0": "done", "node_1": "done", "node_2": "ready", "node_3": "ready"}
    assert desk.run() == {"node_2", "node_3"}


def test_what_runs_is_stopped_by_a_reset(bench: Bench) -> None:
    desk = bench.open(workflow(WAITING, WAITING_WIRES))
    desk.session.run()
    desk.wait(lambda: desk.states()["w"] == "running")
    desk.session.reset(["a"])
    desk.wait()
    assert desk.states() == dict.fromkeys("awbc", "ready")


# ----------------------------------------------------------------------------------------------------------------- files


def test_a_file_that_changes_or_vanishes_shows(bench: Bench) -> None:
    data = bench.folder / "data"
    data.write_text("before")
    desk = bench.open(workflow({"c": ("toy.count", {"file": "data"}), "a": ("toy.add", {})}, [("c", "a")]))
    desk.run()
    data.write_text("after that")
    desk.session.refresh(closely=False)
    desk.flush()
    assert desk.states() == {"c": "ready", "a": "ready"}
    assert desk.statuses["a"].outdated
    data.write_text("before")
    desk.session.refresh(closely=False)
    desk.flush()
    assert desk.states() == {"c": "done", "a": "done"}


def test_a_large_file_is_read_beside_and_a_folder_is_looked_through(bench: Bench) -> None:
    with (bench.folder / "large").open("wb") as file:
        file.truncate(3_000_000)
    (bench.folder / "folder" / "deep").mkdir(parents=True)
    desk = bench.open(workflow({"l": ("toy.count", {"file": "large"}), "f": ("toy.count", {"file": "folder"})}, []))
    assert desk.statuses["l"].key is None
    desk.wait(lambda: None not in (desk.statuses["l"].key, desk.statuses["f"].key))
    before = desk.statuses["f"].key
    (bench.folder / "folder" / "deep" / "new").touch()
    desk.session.refresh()
    desk.wait(lambda: desk.statuses["f"].key not in (before, None))
    (bench.folder / "folder" / "deep" / "new").write_text("longer")  # which no glance at the folder shows
    before = desk.statuses["f"].key
    desk.session.refresh()
    desk.wait(lambda: desk.statuses["f"].key not in (before, None))


def test_a_written_file_that_is_gone_makes_its_node_ready_again(bench: Bench) -> None:
    desk = bench.open(workflow({"c": ("toy.count", {}), "s": ("toy.save", {"path": "out.txt"})}, [("c", "s")]))
    desk.run()
    (bench.folder / "out.txt").unlink()
    desk.session.refresh(closely=False)
    desk.flush()
    assert desk.states() == {"c": "done", "s": "ready"}


def test_a_document_that_moves_means_files_of_its_new_folder(bench: Bench) -> None:
    (bench.folder / "elsewhere").mkdir()
    (bench.folder / "elsewhere" / "data").write_text("other")
    (bench.folder / "data").write_text("here")
    desk = bench.open(workflow({"c": ("toy.count", {"file": "data"})}, []))
    desk.run()
    desk.session.move(bench.folder / "elsewhere")
    desk.flush()
    assert desk.states() == {"c": "ready"}


# ------------------------------------------------------------------------------------------------------- progress, answers


def test_time_left_is_told_once_it_can_be_said() -> None:
    from app.engine.remaining_time import RemainingTime

    estimate = RemainingTime()
    estimate.see(None, 0)
    assert estimate.seconds_left(5) is None
    estimate.see(0.5, 100)  # it goes on from a checkpoint; what was before does not count
    assert estimate.seconds_left(100) is None
    estimate.see(0.6, 110)
    assert estimate.seconds_left(110) == pytest.approx(40)
    assert estimate.seconds_left(115) == pytest.approx(35)


def test_progress_shows_on_the_node(bench: Bench) -> None:
    desk = bench.open(workflow(WAITING, WAITING_WIRES))
    run = desk.session.run()
    assert run is not None
    desk.wait(lambda: desk.statuses["w"].message == "waiting")
    now = time.time()
    for seconds, fraction in ((0, 0.1), (10, 0.2)):
        desk.session._runs._see(NodeProgress(run=run, node="w", fraction=fraction, message="epoch", time=now + seconds))
    desk.flush()
    assert desk.statuses["w"].fraction == 0.2
    assert desk.statuses["w"].seconds_left == pytest.approx(90, abs=11)
    desk.session.cancel()
    desk.wait()
    assert desk.statuses["w"].fraction is None


def test_a_failure_of_a_former_engine_is_shown_unless_there_is_a_result(bench: Bench) -> None:
    bench.open(chain(1)).run()
    desk = bench.open(
        chain(2), failed={"node_0": Problem("It died."), "node_1": Problem("It died."), "gone": Problem("It died.")}
    )
    assert desk.states() == {"node_0": "done", "node_1": "failed"}
    desk.document.set_settings("node_1", {"number": 4})
    assert desk.states()["node_1"] == "ready"


def test_a_preview_says_what_a_draft_would_do_and_what_is_at_the_inputs(bench: Bench) -> None:
    desk = bench.open(chain(3))

    def draft(node: str, settings: dict[str, Any]) -> PreviewAnswer:
        return preview(desk.session, PreviewQuestion(document="doc", node=node, settings=settings))

    assert draft("node_0", {"rows": 7}).outputs == {"table": "7 rows · 1 column"}
    assert draft("node_0", {"rows": 13}).problems[0].setting == "rows"
    wrong = draft("node_1", {"number": "many"})
    assert wrong.problems[0].setting == "number"
    column = OfferedColumn(name="n", dtype="of type Int64", kinds=("number", "integer"))
    assert wrong.inputs["table"].table == TableOutline(rows=3, columns=(column,))
    assert desk.states() == dict.fromkeys(desk.states(), "ready")
    with pytest.raises(NoSuchNode):
        draft("gone", {})


def test_a_node_is_inspected_before_and_after_it_ran(bench: Bench) -> None:
    desk = bench.open(chain(2))
    question = InspectQuestion(document="doc", node="node_1")
    before = inspect(desk.session, question, None)
    assert (before.stored, before.outputs[0].text) == (False, "3 rows · 1 column")
    desk.run()
    found = desk.session.shown("node_1")
    assert found is not None
    outputs = StoredOutputs(None, *found, bench.context.store)
    after = measured(inspect(desk.session, question, outputs), outputs)
    assert (after.stored, after.outputs[0].rows) == (True, 3)


def test_a_connection_to_a_missing_node_is_a_general_problem(bench: Bench) -> None:
    made = chain(1)
    made.connections.append(Connection(source="x.table", target="y.table"))
    desk = bench.open(made)
    assert "does not exist" in desk.session.plan.general[0].message
