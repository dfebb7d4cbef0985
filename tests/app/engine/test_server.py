"""The engine as a process: what it says on its line, whatever is written to it, and that it ends with its editor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from app.document.model import Connection, NodeRecord, Workflow
from app.engine.messages import figures, requests, tables, tells, wire
from app.engine.messages.base import Answer, Question, Request, Tell, answer_of
from app.engine.messages.questions import InspectQuestion, PermissionQuestion, PreviewQuestion
from app.engine.messages.requests import EditDocument, OpenDocument, Ping, RunNodes
from app.engine.messages.tables import TableQuestion
from app.engine.messages.tells import EngineReady, EngineRefusal, LogWritten, Pong, Reply, RunRefused, StatusesChanged
from app.engine.status import NodeStatus
from tests.app.editor.conftest import toy_plug_in
from tests.app.engine.toy import chain, workflow
from tests.app.engine.toy_answers import FaultyQuestion, LargeQuestion, PanickedQuestion, SlowQuestion

SECONDS = 60
A = TypeVar("A", bound=Answer)
T = TypeVar("T", bound=Tell)


class Process:
    """An engine process, spoken with as the editor does it."""

    def __init__(self, folder: Path, *arguments: str, plug_ins: tuple[str, ...] = ("tests.app.engine.toy_answers",)) -> None:
        environment = os.environ | toy_plug_in(folder, *plug_ins)
        command = [sys.executable, "-P", "-m", "app.engine", "--warm-up", "-1", *arguments]
        self.folder = folder
        self.log = (folder / "log").open("w+b")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, env=environment, cwd=folder
        )
        self.watch = threading.Timer(SECONDS, self.process.kill)  # so that a test which waits in vain ends
        self.watch.start()
        self.told: list[Tell] = []
        self.statuses: dict[str, NodeStatus] = {}

    def write(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def send(self, request: Request) -> None:
        self.write(wire.encode(request))

    def read(self) -> tuple[Tell, bytes]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.words()
        message = wire.decode_tell(line)
        assert not isinstance(message, wire.Malformed), message
        payload = self.process.stdout.read(message.bytes) if isinstance(message, Reply) else b""
        self.told.append(message)
        if isinstance(message, StatusesChanged):
            self.statuses |= message.nodes
        return message, payload

    def until(self, kind: type[T], holds: Callable[[T], bool] = lambda _: True) -> T:
        while True:
            message, _ = self.read()
            if isinstance(message, kind) and holds(message):
                return message

    def reply(self, number: int) -> tuple[Reply, bytes]:
        while True:
            message, payload = self.read()
            if isinstance(message, Reply) and message.number == number:
                return message, payload

    def error(self, number: int) -> str:
        """Why a question is not answered."""
        reply, _ = self.reply(number)
        assert reply.error is not None
        return reply.error.message

    def ask(self, question: Question[A]) -> A:
        self.send(question)
        reply, payload = self.reply(question.number)
        assert reply.error is None, reply.error
        return wire.decode_answer(reply, answer_of(question), payload)

    def open(self, made: Workflow, document: str = "doc") -> None:
        self.send(OpenDocument(document=document, workflow=made, folder=self.folder))

    def run(self) -> None:
        self.send(RunNodes(document="doc"))

    def until_states(self, **states: str) -> None:
        self.until(Tell, lambda _: all(n in self.statuses and self.statuses[n].state == s for n, s in states.items()))

    def ended(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=SECONDS)

    def words(self) -> str:
        self.log.seek(0)
        return self.log.read().decode()

    def close(self) -> None:
        self.watch.cancel()
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None and not stream.closed:
                stream.close()
        self.log.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Process]:
    made = Process(tmp_path)
    yield made
    made.close()


def test_it_says_who_it_is_runs_a_workflow_and_ends_when_its_line_is_closed(engine: Process) -> None:
    ready, _ = engine.read()
    assert isinstance(ready, EngineReady)
    assert ready.pid == engine.process.pid
    assert ready.device.startswith("CPU, ")
    assert ready.failures == {}
    engine.open(chain(3))
    engine.run()
    engine.until_states(node_0="done", node_1="done", node_2="done")
    assert engine.ended() == 0


# -------------------------------------------------------------------------------------------- what cannot be understood

BROKEN = [
    b"",
    b"nonsense",
    b"[1, 2]",
    b'"Ping"',
    b"{}",
    b'{"do": 7}',
    b'{"do": "Dance"}',
    b'{"do": "DocumentRequest", "document": "doc"}',
    b'{"do": "RunNodes"}',
    b'{"do": "RunNodes", "document": "nothing"}',
    b'{"do": "RunNodes", "document": ["doc"]}',
    b'{"do": "RunNodes", "document": "doc", "targets": "node_0"}',
    b'{"do": "OpenDocument", "document": "x", "workflow": {"nodes": 7}, "folder": "/"}',
    b'{"do": "OpenDocument", "document": "x", "workflow": {}, "folder": 7}',
    b'{"do": "EditDocument", "document": "doc", "nodes": {"node_0": {"id": "?"}}}',
    b'{"do": "EditDocument", "document": "doc", "nodes": 5}',
    b'{"do": "CancelNodes", "document": "doc", "nodes": 5}',
    b'{"do": "ResetNodes", "document": "doc", "nodes": ["gone"]}',
    b'{"do": "StopEarly", "document": "doc", "node": "gone"}',
    b'{"do": "DropQuestion", "number": 12345}',
    b'{"do": "TableQuestion", "number": 71}',
    b'{"do": "RowsQuestion", "number": 72, "document": "doc", "node": "node_1", "port": "table", "start": 0, "stop": "all"}',
    b'{"do": "ForeignQuestion", "number": 73, "document": "doc"}',
    b"\xff\xfe\x00",
    b"[" * 100_000,
]


def test_lines_that_are_no_requests_are_refused_and_harm_nothing(engine: Process) -> None:
    engine.open(chain(2))
    for line in BROKEN:
        engine.write(line + b"\n")
    engine.send(TableQuestion(number=1, document="doc", node="node_1", port="table"))
    engine.send(PreviewQuestion(number=2, document="doc", node="gone", settings={}))
    assert "no result yet" in engine.error(1)
    assert "not there any more" in engine.error(2)
    assert engine.ask(InspectQuestion(number=3, document="doc", node="node_1")).title == "Add"
    refused = [m for m in engine.told if isinstance(m, LogWritten) and m.level == "error"]
    assert len(refused) >= 16
    assert all("does not understand" in m.message or "not open" in m.message for m in refused)
    assert [m.document for m in refused].count("doc") >= 5  # those of a document are told in its console
    replies = {m.number: m for m in engine.told if isinstance(m, Reply)}
    for number in (71, 72, 73):  # a question gets its refusal as an answer
        error = replies[number].error
        assert error is not None
        assert "does not understand" in error.message
    engine.run()
    engine.until_states(node_0="done", node_1="done")


def test_what_is_wrong_with_a_line_is_said_in_words(engine: Process) -> None:
    engine.write(b'{"do": "OpenDocument", "document": "x", "workflow": {"nodes": [{"id": "a b", "type": "t"}]}, "folder": "/"}\n')
    refused = engine.until(LogWritten)
    assert "nodes.0.id: String should match pattern" in refused.message
    assert "Traceback" not in refused.message


# ------------------------------------------------------------------------------------------------- every kind of message

EVERYTHING = Workflow(
    nodes=[
        NodeRecord(id="pictures", type="scored.pictures", settings={"rows": 40}),
        NodeRecord(id="scorer", type="scoring.scorer", settings={"actual_column": "label", "predicted_column": "prediction"}),
        NodeRecord(id="input", type="keras.input", settings={"shape": [4]}),
        NodeRecord(id="epochs", type="toy.epochs"),
        NodeRecord(id="script", type="scripts.python_script", settings={"script": "output_table = input_table.head(1)"}),
        NodeRecord(id="fail", type="toy.fail"),
    ],
    connections=[
        Connection(source="pictures.table", target="scorer.table"),
        Connection(source="pictures.table", target="script.table"),
        Connection(source="pictures.table", target="fail.table"),
    ],
)
PICTURES: dict[str, Any] = {"document": "doc", "node": "pictures", "port": "table"}
SCORER: dict[str, Any] = {"document": "doc", "node": "scorer", "port": "confusion"}
QUESTIONS: list[Question[Any]] = [
    InspectQuestion(document="doc", node="scorer"),
    PreviewQuestion(document="doc", node="pictures", settings={"rows": 7}),
    PermissionQuestion(document="doc"),
    tables.TableQuestion(**PICTURES),
    tables.RowsQuestion(**PICTURES, start=0, stop=5, shown=tables.RowsShown(sort=tables.SortOrder(column="name"))),
    tables.FindQuestion(**PICTURES, text="picture 7", shown=tables.RowsShown(where={"label": "Sneaker"})),
    tables.CopyQuestion(**PICTURES, ranges=((0, 3),), header=True),
    tables.ExportQuestion(**PICTURES, path=Path("written.csv"), format="csv"),
    tables.StatisticsQuestion(**PICTURES),
    tables.ImagesQuestion(**PICTURES, column="image", start=0, stop=4, captions="label"),
    tables.ImageQuestion(**PICTURES, column="image", row=0),
    figures.FiguresQuestion(document="doc", node="scorer"),
    figures.NetworkQuestion(document="doc", node="input", port="network"),
    figures.LearningQuestion(document="doc", node="epochs"),
    figures.ConfusionQuestion(**SCORER),
    figures.RowsBehindQuestion(**SCORER, actual="Dress", count=3),
]
REQUESTS: list[Request] = [
    requests.RefreshDocument(document="doc"),
    requests.MoveDocument(document="doc", folder=Path("/")),
    requests.StopEarly(document="doc", node="epochs"),
    requests.CancelNodes(document="doc", nodes=("epochs",)),
    requests.ResetNodes(document="doc", nodes=("epochs",)),
    requests.GrantTrust(digests=("ab",)),
    requests.DropQuestion(number=1),
    requests.EditDocument(document="doc", nodes={"epochs": None}, orders={"nodes": ("pictures", "scorer", "input", "script")}),
    requests.CloseDocument(document="doc"),
]
ELSEWHERE = {requests.Ping, requests.OpenDocument, requests.RunNodes, tells.EngineRefusal, tells.DeviceFound}
"""Classes that tests use in other ways: those that begin a conversation, a refusal, and what takes a graphics card."""


def test_every_kind_of_message_goes_over_the_line_and_back(tmp_path: Path) -> None:
    engine = Process(tmp_path, plug_ins=("tests.app.engine.toy_answers", "tests.app.editor.views.scored"))
    try:
        engine.open(EVERYTHING)
        engine.send(RunNodes(document="doc", targets=("scorer", "input", "epochs", "fail")))
        engine.until_states(scorer="done", input="done", epochs="done", fail="failed")
        for number, question in enumerate(QUESTIONS, 1):
            data = wire.encode(question).replace(b'"document"', b'"number":%d,"document"' % number, 1)
            engine.write(data)
            reply, payload = engine.reply(number)
            assert reply.error is None, (question, reply.error)
            answer = wire.decode_answer(reply, answer_of(question), payload)
            assert type(answer) is answer_of(question)
            assert len(answer.payload) == reply.bytes
        engine.send(RunNodes(document="doc", targets=("gone",)))
        engine.until(RunRefused)
        for request in REQUESTS:
            engine.send(request)
        engine.send(TableQuestion(number=99, document="doc", node="pictures", port="table"))
        assert "not open" in engine.error(99)  # it was closed
        engine.send(Ping())
        engine.until(Pong)
        refused = [m for m in engine.told if isinstance(m, LogWritten) and m.node is None]
        assert refused == []
        used = {type(m) for m in (*QUESTIONS, *REQUESTS, *engine.told)} | ELSEWHERE
        there = {kind for kind in wire.messages() if kind.__module__.startswith("app.")}
        assert there <= used, "a kind of message that no test sends"
    finally:
        engine.close()


# --------------------------------------------------------------------------------------------------------- answers, runs


def test_what_libraries_print_does_not_reach_the_line(engine: Process) -> None:
    engine.open(workflow({"c": ("toy.chatter", {})}, []))
    engine.run()
    engine.until_states(c="done")  # `Process.read` fails at a line that is no message
    assert engine.ended() == 0
    assert "from the depths" in engine.words()


def test_answers_come_with_their_bytes_while_other_messages_go_on(engine: Process) -> None:
    engine.open(workflow({"b": ("toy.count", {"rows": 1_000_000}), "w": ("toy.wait", {})}, [("b", "w")]))
    engine.run()
    engine.until_states(b="done", w="running")
    for number in range(1, 7):
        engine.send(LargeQuestion(number=number, document="doc", node="b", port="table", size=3_000_000 + 2 * number))
    sizes = {}
    while len(sizes) < 6:
        message, payload = engine.read()
        if isinstance(message, Reply):
            assert message.answer == {"first": 0}
            assert payload == b"\n{" * (len(payload) // 2)
            sizes[message.number] = len(payload)
    assert sizes == {number: 3_000_000 + 2 * number for number in range(1, 7)}


def test_a_fault_in_an_answer_is_a_message(engine: Process) -> None:
    engine.open(chain(1))
    engine.run()
    engine.until_states(node_0="done")
    engine.send(FaultyQuestion(number=1, document="doc", node="node_0", port="table"))
    assert "ZeroDivisionError" in engine.error(1)
    engine.send(PanickedQuestion(number=2, document="doc", node="node_0", port="table"))
    assert "gave up over it: lost my way" in engine.error(2)
    assert engine.ended() == 0
    assert "Traceback" in engine.words()


def test_an_edit_does_not_wait_for_an_answer(engine: Process) -> None:
    engine.open(chain(2))
    engine.run()
    engine.until_states(node_0="done", node_1="done")
    engine.send(SlowQuestion(number=1, document="doc", node="node_1", port="table", seconds=1.5))
    engine.send(EditDocument(document="doc", nodes={"node_1": NodeRecord(id="node_1", type="toy.add", type_version=2)}))
    engine.send(PreviewQuestion(number=2, document="doc", node="node_1", settings={"number": 4}))
    engine.until(Reply)
    assert [m.number for m in engine.told if isinstance(m, Reply)] == [2]
    engine.send(Ping())
    engine.until(Pong)
    assert engine.reply(1)[0].answer == {"slept": 1.5}


@pytest.mark.kills
def test_it_ends_with_its_editor_in_the_midst_of_a_run(engine: Process) -> None:
    engine.open(workflow({"a": ("toy.count", {}), "d": ("toy.deaf", {})}, [("a", "d")]))
    engine.run()
    engine.until_states(d="running")
    assert engine.ended() == 0


def test_ctrl_c_in_the_editor_s_terminal_is_not_for_the_engine(engine: Process) -> None:
    engine.read()
    os.kill(engine.process.pid, signal.SIGINT)
    engine.send(Ping())
    assert engine.until(Pong)
    assert engine.ended() == 0


def test_statuses_are_told_at_most_fifteen_times_a_second(engine: Process) -> None:
    engine.open(workflow({"a": ("toy.count", {}), "w": ("toy.wait", {"seconds": 1.0})}, [("a", "w")]))
    engine.run()
    engine.until_states(w="running")
    began, before = time.monotonic(), len(engine.told)
    engine.until_states(w="done")
    told = [m for m in engine.told[before:] if isinstance(m, StatusesChanged)]
    assert len(told) <= 15 * (time.monotonic() - began) + 2


def test_tensorflow_is_imported_when_there_is_nothing_to_do(tmp_path: Path) -> None:
    engine = Process(tmp_path, "--warm-up", "0.1")
    try:
        engine.read()
        process = psutil.Process(engine.process.pid)
        while not any("tensorflow" in m.path for m in process.memory_maps()):
            engine.send(Ping())  # it answers all the while
            engine.until(Pong)
            time.sleep(0.1)
        assert engine.ended() == 0
    finally:
        engine.close()


def test_results_that_cannot_be_stored_are_a_message(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    engine = Process(tmp_path, "--results", str(tmp_path / "file"))
    try:
        refusal, _ = engine.read()
        assert isinstance(refusal, EngineRefusal)
        assert "cannot be stored" in refusal.message
        assert engine.process.wait(timeout=SECONDS) == 4
    finally:
        engine.close()


def test_edits_sent_in_a_burst_are_followed_as_few(engine: Process) -> None:
    made = chain(300)
    engine.open(made)
    engine.until_states(node_299="ready")
    told = len(engine.told)
    records = {node.id: node for node in made.nodes}
    edits = []
    for number in range(2000):
        record = records["node_7"].model_copy(update={"settings": {"number": number}})
        edits.append(wire.encode(EditDocument(document="doc", nodes={"node_7": record})))
    engine.write(b"".join(edits))
    found = engine.ask(InspectQuestion(document="doc", node="node_7", number=1))
    assert found.settings == {"number": 1999}  # asked behind all edits, answered of the last one
    news = [t for t in engine.told[told:] if isinstance(t, StatusesChanged)]
    assert len(news) < 200  # each of them was a plan
