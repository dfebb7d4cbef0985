"""The engine as the editor sees it: a real process, which may be killed, may hang, and is never waited for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil
import pytest
from pytestqt.qtbot import QtBot

from app.document.editing import Document
from app.document.model import NodeView, Workflow
from app.document.problems import Problem
from app.editor.engine.client import EngineClient
from app.editor.engine.death import EngineDeath
from app.engine.messages import wire
from app.engine.messages.base import Answer, Question
from app.engine.messages.questions import InspectAnswer, InspectQuestion, OutputSummary, PreviewQuestion
from app.engine.messages.requests import EditDocument
from app.engine.messages.tells import LogWritten, RunChanged, StatusesChanged
from app.engine.status import NodeStatus
from tests.app.editor.conftest import Start, toy_plug_in
from tests.app.engine.toy import CATALOG, chain, workflow

LONG = 30_000
A = TypeVar("A", bound=Answer)


class Desk:
    """A document that is edited, and what its engine says of it."""

    def __init__(self, qtbot: QtBot, client: EngineClient, content: Workflow, folder: Path, name: str = "doc") -> None:
        self.qtbot, self.client, self.name, self.folder = qtbot, client, name, folder
        self.document = Document(content, CATALOG)
        self.document.subscribe(lambda change: client.edit(name, change))
        self.statuses: dict[str, NodeStatus] = {}
        self.runs: list[RunChanged] = []
        self.logs: list[LogWritten] = []
        self.deaths: list[EngineDeath] = []
        client.statuses.connect(self.see)
        client.run_changed.connect(lambda d, run: self.runs.append(run) if d == name else None)
        client.logged.connect(lambda d, line: self.logs.append(line) if d == name else None)
        client.died.connect(self.deaths.append)
        client.open(name, self.document, folder)

    def see(self, document: str, told: StatusesChanged) -> None:
        if document == self.name:
            self.statuses |= told.nodes

    def states(self) -> dict[str, str]:
        return {node_id: status.state for node_id, status in self.statuses.items()}

    def wait_for(self, **states: str) -> None:
        def are_there() -> None:
            assert {n: self.states().get(n) for n in states} == states

        self.qtbot.waitUntil(are_there, timeout=LONG)

    def run(self, targets: list[str] | None = None, fresh: bool = False) -> None:
        self.client.run(self.name, targets, fresh)

    def reply(self, question: Question[A]) -> A | Problem:
        got: list[A | Problem] = []
        self.client.ask(question, got.append)
        self.qtbot.waitUntil(lambda: bool(got), timeout=LONG)
        return got[0]

    def ask(self, question: Question[A]) -> A:
        answer = self.reply(question)
        assert not isinstance(answer, Problem), answer
        return answer

    def inspect(self, node: str) -> InspectAnswer:
        return self.ask(InspectQuestion(document=self.name, node=node))


@pytest.fixture
def desk(qtbot: QtBot, toy_engine: EngineClient, tmp_path: Path) -> Callable[..., Desk]:
    def make(content: Workflow, name: str = "doc") -> Desk:
        return Desk(qtbot, toy_engine, content, tmp_path, name)

    return make


WAITING = {"a": ("toy.count", {}), "w": ("toy.wait", {}), "b": ("toy.add", {})}
WAITING_WIRES = [("a", "w"), ("w", "b")]


def test_a_workflow_is_configured_run_and_looked_at(desk: Callable[..., Desk]) -> None:
    one = desk(chain(3))
    one.wait_for(node_0="ready", node_2="ready")
    assert one.statuses["node_2"].outputs == {"table": "3 rows · 1 column"}
    one.run()
    one.wait_for(node_0="done", node_1="done", node_2="done")
    one.qtbot.waitUntil(lambda: [r.status for r in one.runs] == ["started", "done"], timeout=LONG)
    found = one.inspect("node_2")
    assert (found.type, found.stored, found.settings) == ("toy.add", True, {"number": 2})
    text = "3 rows · 1 column"
    assert found.outputs == (OutputSummary(port="table", kind="table", title="Table", text=text, rows=3, columns=1),)


def test_edits_arrive_and_their_effect_comes_back(desk: Callable[..., Desk]) -> None:
    one = desk(chain(3))
    one.wait_for(node_2="ready")
    one.document.set_settings("node_0", {"rows": 13})
    one.wait_for(node_0="not configured", node_1="not configured")
    assert one.statuses["node_0"].problems[0].setting == "rows"
    one.document.undo()
    one.wait_for(node_2="ready")
    added = one.document.add_node("toy.add", (0, 0))
    one.wait_for(**{added: "not configured"})
    one.document.connect("node_2.table", f"{added}.table")
    one.wait_for(**{added: "ready"})
    one.document.delete(["node_0"])
    one.wait_for(**{added: "not configured"})


def test_a_killed_engine_is_replaced_and_says_which_node_died(desk: Callable[..., Desk]) -> None:
    one = desk(workflow(WAITING, WAITING_WIRES))
    one.wait_for(b="ready")
    one.run()
    one.wait_for(a="done", w="running", b="queued")
    assert one.client.process_id is not None
    os.kill(one.client.process_id, signal.SIGKILL)
    one.qtbot.waitUntil(lambda: bool(one.deaths), timeout=LONG)
    assert one.deaths[0].running == {"doc": ["w"]}
    assert one.deaths[0].signal == signal.SIGKILL
    assert one.deaths[0].out_of_memory
    assert one.deaths[0].restarting
    assert one.states() == {"a": "done", "w": "failed", "b": "ready"}
    assert [r.status for r in one.runs] == ["started", "failed"]
    one.qtbot.waitUntil(lambda: one.client.is_ready, timeout=LONG)
    one.statuses.clear()
    one.client.refresh("doc")
    one.wait_for(a="done", w="failed", b="ready")  # the new engine says so too
    assert "memory" in one.statuses["w"].problems[0].message
    one.document.set_settings("w", {"seconds": 0.01})
    one.wait_for(w="ready")
    one.run()
    one.wait_for(w="done", b="done")


def test_pending_questions_get_an_error_when_the_engine_dies(desk: Callable[..., Desk]) -> None:
    one = desk(chain(2))
    one.wait_for(node_1="ready")
    got: list[Answer | Problem] = []
    assert one.client.process_id is not None
    os.kill(one.client.process_id, signal.SIGSTOP)
    one.client.ask(InspectQuestion(document="doc", node="node_1"), got.append)
    dropped = one.client.ask(InspectQuestion(document="doc", node="node_1"), got.append)
    dropped.drop()
    os.kill(one.client.process_id, signal.SIGKILL)
    one.qtbot.waitUntil(lambda: bool(one.deaths), timeout=LONG)
    assert len(got) == 1
    assert isinstance(got[0], Problem)
    one.qtbot.waitUntil(lambda: one.client.is_ready, timeout=LONG)
    assert one.inspect("node_1").title == "Add"


def test_an_engine_that_gives_no_sign_of_life_is_noticed_and_can_be_replaced(
    qtbot: QtBot, start_engine: Start, tmp_path: Path
) -> None:
    hanging = [False]  # on a busy machine it may seem to hang while it starts
    client = start_engine(wait=False, environment=toy_plug_in(tmp_path), patience=2.0)
    client.hanging.connect(hanging.append)
    with qtbot.waitSignal(client.ready, timeout=LONG):
        client.start()
    one = Desk(qtbot, client, chain(2), tmp_path)
    one.wait_for(node_1="ready")
    qtbot.waitUntil(lambda: not hanging[-1], timeout=LONG)
    assert client.process_id is not None
    os.kill(client.process_id, signal.SIGSTOP)
    qtbot.waitUntil(lambda: hanging[-1], timeout=LONG)
    with qtbot.waitSignal(client.ready, timeout=LONG):
        client.restart()
    assert not hanging[-1]
    assert one.inspect("node_1").title == "Add"


def test_a_node_that_hears_no_cancel_is_given_up_and_nothing_else_stops(
    qtbot: QtBot, start_engine: Start, tmp_path: Path
) -> None:
    client = start_engine(environment=toy_plug_in(tmp_path), grace=10.0, linger=0.5)
    nodes = {"a": ("toy.count", {}), "d": ("toy.deaf", {}), "w": ("toy.wait", {"seconds": 6.0})}
    one = Desk(qtbot, client, workflow(nodes, [("a", "d"), ("a", "w")]), tmp_path, "one")
    other = Desk(qtbot, client, workflow(WAITING, WAITING_WIRES), tmp_path, "other")
    one.wait_for(d="ready")
    one.run()
    one.wait_for(d="running", w="running")
    other.run()
    other.wait_for(w="running")
    client.cancel("one", ["d"])
    one.wait_for(d="ready")
    assert one.states()["w"] == other.states()["w"] == "running"
    one.wait_for(w="done")  # what runs beside it ends well, in this document
    assert other.states()["w"] == "running"  # and goes on in others
    assert not one.deaths
    client.cancel("other")
    qtbot.waitUntil(lambda: bool(one.deaths), timeout=LONG)  # nobody needs this engine any more, but the node keeps it busy
    assert "still kept the engine busy" in one.deaths[0].message
    assert one.deaths[0].running == {}
    qtbot.waitUntil(lambda: client.is_ready, timeout=LONG)
    one.wait_for(a="done", w="done", d="ready")
    other.wait_for(a="done", w="ready")


def test_an_engine_that_cannot_even_give_up_a_node_is_ended_at_a_cancel(
    qtbot: QtBot, start_engine: Start, tmp_path: Path
) -> None:
    client = start_engine(environment=toy_plug_in(tmp_path), grace=0.5)
    one = Desk(qtbot, client, workflow({"a": ("toy.count", {}), "d": ("toy.deaf", {})}, [("a", "d")]), tmp_path)
    one.wait_for(d="ready")
    one.run()
    one.wait_for(d="running")
    assert client.process_id is not None
    os.kill(client.process_id, signal.SIGSTOP)
    client.cancel("doc")
    qtbot.waitUntil(lambda: bool(one.deaths), timeout=LONG)
    assert "did not stop when it was cancelled" in one.deaths[0].message
    qtbot.waitUntil(lambda: client.is_ready, timeout=LONG)
    one.wait_for(a="done")


def test_beside_others_it_is_left_to_the_person(qtbot: QtBot, start_engine: Start, tmp_path: Path) -> None:
    client = start_engine(environment=toy_plug_in(tmp_path), grace=0.5)
    nodes = {"a": ("toy.count", {}), "d": ("toy.deaf", {}), "w": ("toy.wait", {})}
    one = Desk(qtbot, client, workflow(nodes, [("a", "d"), ("a", "w")]), tmp_path)
    one.wait_for(d="ready")
    one.run()
    one.wait_for(d="running", w="running")
    assert client.process_id is not None
    os.kill(client.process_id, signal.SIGSTOP)
    with qtbot.waitSignal(client.cancel_ignored, timeout=LONG) as ignored:
        client.cancel("doc", ["d"])
    assert ignored.args == ["doc", ["d"]]
    assert one.states()["w"] == "running"
    client.restart()
    qtbot.waitUntil(lambda: bool(one.deaths), timeout=LONG)
    assert sorted(one.deaths[0].running["doc"]) == ["d", "w"]
    assert one.states()["w"] == "failed"
    qtbot.waitUntil(lambda: client.is_ready, timeout=LONG)


@pytest.mark.parametrize("how", ["crash", "hang"])
def test_a_document_whose_configuring_ends_the_engine_is_set_apart_and_the_others_go_on(
    qtbot: QtBot, start_engine: Start, tmp_path: Path, how: str
) -> None:
    client = start_engine(environment=toy_plug_in(tmp_path), **({"patience": 2.0} if how == "hang" else {}))
    apart: list[tuple[str, str]] = []
    client.set_apart.connect(lambda document, node: apart.append((document, node)))
    good = Desk(qtbot, client, chain(2), tmp_path, "good")
    bad = Desk(qtbot, client, workflow({"a": ("toy.count", {}), "x": ("toy.deadly", {"how": how})}, []), tmp_path, "bad")
    qtbot.waitUntil(lambda: bool(apart), timeout=LONG)
    assert apart == [("bad", "x")]
    assert [death.configuring for death in bad.deaths] == [("bad", "x")] * 2
    assert bad.states() == {"a": "not configured", "x": "not configured"}
    qtbot.waitUntil(lambda: client.is_ready, timeout=LONG)

    good.run()
    good.wait_for(node_1="done")  # the others go on
    refused = bad.reply(InspectQuestion(document="bad", node="a"))
    assert isinstance(refused, Problem)
    assert "ended the engine twice, at the node 'Deadly'" in refused.message
    bad.run()
    assert apart == [("bad", "x"), ("bad", "")]  # it is said again

    client.configure_again("bad")  # on request: once more, and no further
    qtbot.waitUntil(lambda: len(apart) == 3, timeout=LONG)
    assert len(bad.deaths) == 3
    assert good.deaths[-1].running == {}

    bad.document.set_settings("x", {"how": ""})  # the edit that mends it
    bad.wait_for(a="done", x="ready")  # `a` is what the other document has computed
    bad.run()
    bad.wait_for(x="done")
    assert len(bad.deaths) == 3
    good.run(fresh=True)
    good.wait_for(node_1="done")


def test_an_edit_that_ends_the_engine_sets_its_document_apart_while_others_work(
    qtbot: QtBot, toy_engine: EngineClient, tmp_path: Path
) -> None:
    one = Desk(qtbot, toy_engine, workflow({"x": ("toy.deadly", {})}, []), tmp_path, "one")
    other = Desk(qtbot, toy_engine, workflow(WAITING, WAITING_WIRES), tmp_path, "other")
    one.wait_for(x="ready")
    with qtbot.waitSignal(toy_engine.set_apart, timeout=LONG):
        one.document.set_settings("x", {"how": "crash"})
    qtbot.waitUntil(lambda: toy_engine.is_ready, timeout=LONG)
    other.run()
    other.wait_for(w="running")
    deaths = len(one.deaths)
    one.document.rename("x", "Still deadly")  # no business of the engine
    one.document.set_settings("x", {"how": "hang"})  # is not tried: it could end what runs
    assert other.inspect("w").title == "Wait"
    assert len(one.deaths) == deaths
    assert other.states()["w"] == "running"
    other.client.cancel("other")
    qtbot.waitUntil(lambda: [run.status for run in other.runs][-1] == "cancelled", timeout=LONG)
    one.document.set_settings("x", {"how": "nothing"})
    one.wait_for(x="ready")


def test_an_engine_that_cannot_work_is_given_up_with_a_reason(qtbot: QtBot, start_engine: Start, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    client = start_engine(wait=False, results=tmp_path / "file")
    deaths: list[EngineDeath] = []
    client.died.connect(deaths.append)
    client.open("doc", Document(chain(2), CATALOG), tmp_path)
    client.start()
    qtbot.waitUntil(lambda: bool(deaths), timeout=LONG)
    assert not deaths[0].restarting
    assert "cannot be stored" in deaths[0].message
    got: list[Answer | Problem] = []
    client.ask(InspectQuestion(document="doc", node="node_1"), got.append)
    qtbot.waitUntil(lambda: bool(got), timeout=LONG)
    assert isinstance(got[0], Problem)


def test_an_engine_that_dies_at_once_again_and_again_is_given_up(qtbot: QtBot, start_engine: Start, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os, sys; sys.stderr.write('a broken installation\\n'); os._exit(3)")
    client = start_engine(wait=False, environment={"PYTHONPATH": str(tmp_path)})
    deaths: list[EngineDeath] = []
    client.died.connect(deaths.append)
    client.start()
    qtbot.waitUntil(lambda: bool(deaths) and not deaths[-1].restarting, timeout=LONG)
    assert [death.restarting for death in deaths] == [True] * (len(deaths) - 1) + [False]
    assert len(deaths) > 2
    assert deaths[-1].exit_code == 3
    assert "engine.log" in deaths[-1].remedy
    assert "a broken installation" in client.log_lines


def test_what_is_asked_before_the_engine_is_ready_is_done_then(qtbot: QtBot, start_engine: Start, tmp_path: Path) -> None:
    client = start_engine(wait=False, environment=toy_plug_in(tmp_path))
    one = Desk(qtbot, client, chain(2), tmp_path)
    client.start()
    one.document.set_settings("node_0", {"rows": 7})
    one.run()
    one.wait_for(node_1="done")
    assert one.statuses["node_1"].outputs == {"table": "7 rows · 1 column"}


def test_a_document_opened_anew_hears_nothing_of_its_former_runs(desk: Callable[..., Desk]) -> None:
    one = desk(workflow(WAITING, WAITING_WIRES))
    one.wait_for(b="ready")
    one.run()
    one.wait_for(w="running")
    one.client.close("doc")
    one.runs.clear()
    one.statuses.clear()
    one.client.open("doc", one.document, one.folder)
    one.wait_for(a="done", w="ready", b="ready")
    assert one.ask(PreviewQuestion(document="doc", node="b", settings={})).problems == ()
    assert one.runs == []


def test_the_engine_s_words_are_kept(desk: Callable[..., Desk], own_home: Path) -> None:
    one = desk(workflow({"f": ("toy.chatter", {})}, []))
    one.wait_for(f="ready")
    one.run()
    one.wait_for(f="done")
    one.qtbot.waitUntil(lambda: any("from the depths" in line for line in one.client.log_lines), timeout=LONG)
    one.client.shutdown()
    assert "from the depths" in (own_home / "data" / "engine.log").read_text()


EDITOR = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication, QTimer
from app.editor.engine.client import EngineClient
from app.document.editing import Document
from tests.app.engine.toy import CATALOG, workflow
qt = QCoreApplication([])
client = EngineClient(arguments=("--warm-up", "-1"))
client.ready.connect(lambda about: print(about.pid, flush=True))
def see(document, told):
    if any(status.state == "running" for status in told.nodes.values()):
        print("running", flush=True)
client.statuses.connect(see)
made = workflow({"a": ("toy.count", {}), "d": ("toy.deaf", {})}, [("a", "d")])
client.open("doc", Document(made, CATALOG), Path(sys.argv[1]))
client.start()
client.run("doc")
qt.exec()
"""


def test_no_engine_outlives_a_killed_editor(tmp_path: Path) -> None:
    environment = os.environ | toy_plug_in(tmp_path) | {"LAYERLOOM_HOME": str(tmp_path / "home")}
    editor = subprocess.Popen([sys.executable, "-c", EDITOR, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment)
    assert editor.stdout is not None
    engine = psutil.Process(int(editor.stdout.readline()))
    assert editor.stdout.readline() == "running\n"
    editor.kill()
    editor.wait()
    editor.stdout.close()
    deadline = time.monotonic() + 30
    while engine.is_running() and engine.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_only_what_concerns_the_engine_is_sent_of_an_edit(qtbot: QtBot) -> None:
    document = Document(chain(3), CATALOG)
    made: list[EditDocument | None] = []
    document.subscribe(lambda change: made.append(EditDocument.of("doc", change)))
    document.move({"node_0": (5.0, 5.0)})
    assert made.pop() is None
    document.rename("node_0", "Mine")
    assert made.pop() == EditDocument(document="doc", views={"node_0": NodeView(name="Mine")})
    document.delete(["node_1"])
    request = made.pop()
    assert request is not None
    assert wire.decode_request(wire.encode(request)) == request
    assert request.nodes == {"node_1": None}
    assert request.orders["nodes"] == ("node_0", "node_2")
    document.undo()
    request = made.pop()
    assert request is not None
    assert request.connections["node_0.table>node_1.table"] == document.connections["node_0.table>node_1.table"]
    assert b'{"from":"node_0.table","to":"node_1.table"}' in wire.encode(request)


# ------------------------------------------------------------------------------------------------- a line out of order

STUTTERING = """
import sys
sys.stdout.write('{"tell":"EngineReady","device":"toy","version":"0","pid":1}\\n')
for line in (
    "nonsense",
    "[]",
    '{"tell":"Dance"}',
    '{"tell":"StatusesChanged","document":"doc#1","nodes":{"node_0":{"state":"dancing"}}}',
    '{"tell":"RunChanged"}',
    '{"tell":"Reply","number":12345,"answer":{}}',
    '{"tell":"Pong","busy":"very"}',
):
    sys.stdout.write(line + "\\n")
for line in sys.stdin:
    if '"InspectQuestion"' in line:
        number = int(line.partition('"number":')[2].partition(",")[0])
        sys.stdout.write(REPLIES.pop(0).replace("N", str(number)) + "\\n")
    sys.stdout.flush()
"""
REPLIES = [
    '{"tell":"Reply","number":N,"answer":{"title":7}}',
    '{"tell":"Reply","number":N,"answer":null}',
    '{"tell":"Reply","number":N,"bytes":-1,"answer":{}}',
    '{"tell":"Reply","number":N,"error":7}',
    '{"tell":"Reply","number":N,"answer":{"title":"Count","type":"toy.count","state":"done"}}',
]


def test_lines_that_are_no_messages_are_noted_and_questions_get_a_reason(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start_engine: Start
) -> None:
    program = tmp_path / "stuttering.py"
    program.write_text(f"REPLIES = {REPLIES!r}\n{STUTTERING}")
    monkeypatch.setattr("app.editor.engine.process.engine_command", lambda: [sys.executable, str(program)])
    client = start_engine()
    one = Desk(qtbot, client, chain(1), tmp_path)
    for _ in REPLIES[:-1]:
        answer = one.reply(InspectQuestion(document="doc", node="node_0"))
        assert isinstance(answer, Problem)
        assert "could not be understood" in answer.message
        assert "Start the engine anew" in answer.remedy
    assert one.inspect("node_0").title == "Count"
    assert sum("not understood" in line for line in client.log_lines) == 8
    assert one.statuses == {}
    assert client.is_ready
    assert not one.deaths


# ---------------------------------------------------------------------------------------- the document is asked, not copied


def test_a_new_engine_gets_the_document_as_it_is_then(desk: Callable[..., Desk]) -> None:
    one = desk(chain(2))
    one.wait_for(node_1="ready")
    with one.qtbot.waitSignal(one.client.died, timeout=LONG):
        one.client.restart()
    one.document.set_settings("node_0", {"rows": 7})  # while there is no engine that could be told
    one.document.rename("node_1", "Mine")
    one.qtbot.waitUntil(lambda: one.client.is_ready, timeout=LONG)
    one.qtbot.waitUntil(lambda: one.statuses["node_1"].outputs == {"table": "7 rows · 1 column"}, timeout=LONG)
    assert one.inspect("node_1").title == "Mine"
