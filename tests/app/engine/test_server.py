"""The engine as a process: what it says on its line, whatever is written to it, and that it ends with its editor."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.app.editor.conftest import toy_plug_in
from tests.app.engine.toy import chain, workflow

SECONDS = 60


class Process:
    """An engine process, spoken with as the editor does it."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        environment = os.environ | toy_plug_in(folder, "tests.app.engine.toy_answers")
        command = [sys.executable, "-P", "-m", "app.engine", "--warm-up", "-1", *arguments]
        self.folder = folder
        self.log = (folder / "log").open("w+b")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, env=environment, cwd=folder
        )
        self.watch = threading.Timer(SECONDS, self.process.kill)  # so that a test which waits in vain ends
        self.watch.start()
        self.told: list[dict[str, Any]] = []
        self.statuses: dict[str, dict[str, Any]] = {}

    def write(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def send(self, do: str, **parameters: Any) -> None:
        self.write(json.dumps({"do": do, **parameters}).encode())

    def read(self) -> tuple[dict[str, Any], bytes]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.words()
        message = json.loads(line)
        payload = self.process.stdout.read(message.get("bytes", 0)) if "reply" in message else b""
        self.told.append(message)
        if message.get("tell") == "status":
            self.statuses |= message["nodes"]
        return message, payload

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> tuple[dict[str, Any], bytes]:
        while True:
            message, payload = self.read()
            if holds(message):
                return message, payload

    def reply(self, number: Any) -> tuple[dict[str, Any], bytes]:
        return self.until(lambda m: m.get("reply") == number)

    def open(self, made: Any, document: str = "doc") -> None:
        content = made.model_dump(mode="json", by_alias=True)
        self.send("open", document=document, workflow=content, folder=str(self.folder))

    def until_states(self, **states: str) -> None:
        self.until(lambda _: all(self.statuses.get(n, {}).get("state") == s for n, s in states.items()))

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
    assert ready["tell"] == "ready"
    assert ready["pid"] == engine.process.pid
    assert ready["device"].startswith("CPU, ")
    assert ready["failures"] == {}
    engine.open(chain(3))
    engine.send("run", document="doc")
    engine.until_states(node_0="done", node_1="done", node_2="done")
    assert engine.ended() == 0


BROKEN = [
    b"",
    b"nonsense",
    b"[1, 2]",
    b'{"do": 7}',
    b'{"do": "dance"}',
    b'{"do": "run"}',
    b'{"do": "run", "document": "nothing"}',
    b'{"do": "run", "document": ["doc"]}',
    b'{"do": "open", "document": "x", "workflow": {"nodes": 7}, "folder": "/"}',
    b'{"do": "edit", "document": "doc", "records": {"nodes": {"node_0": {"id": "?"}}}}',
    b'{"do": "edit", "document": "doc", "records": {"sums": {}}}',
    b'{"do": "cancel", "document": "doc", "nodes": 5}',
    b'{"do": "reset", "document": "doc", "nodes": ["gone"]}',
    b'{"do": "look", "id": "a"}',
    b"\xff\xfe\x00",
    b"[" * 100_000,
]


def test_lines_that_are_no_requests_are_refused_and_harm_nothing(engine: Process) -> None:
    engine.open(chain(2))
    for line in BROKEN:
        engine.write(line)
    engine.send("look", id=1, document="doc", node="node_1", port="table", answer="nothing")
    engine.send("preview", id=2, document="doc", node="gone", settings={})
    engine.send("inspect", id=3, document="doc", node="node_1")
    assert "knows no answer 'nothing'" in engine.reply(1)[0]["error"]["message"]
    assert "not there any more" in engine.reply(2)[0]["error"]["message"]
    assert engine.reply(3)[0]["title"] == "Add"
    refused = [m for m in engine.told if m.get("tell") == "log" and m["level"] == "error"]
    assert len(refused) >= 10
    assert next(m for m in engine.told if m.get("reply") == "a")["error"]
    engine.send("run", document="doc")
    engine.until_states(node_0="done", node_1="done")


def test_what_libraries_print_does_not_reach_the_line(engine: Process) -> None:
    engine.open(workflow({"c": ("toy.chatter", {})}, []))
    engine.send("run", document="doc")
    engine.until_states(c="done")
    assert all(m.get("tell") != "nonsense" for m in engine.told)
    assert engine.ended() == 0
    assert "from the depths" in engine.words()


def test_answers_come_with_their_bytes_while_other_messages_go_on(engine: Process) -> None:
    engine.open(workflow({"b": ("toy.count", {"rows": 1_000_000}), "w": ("toy.wait", {})}, [("b", "w")]))
    engine.send("run", document="doc")
    engine.until_states(b="done", w="running")
    for number in range(6):
        engine.send("look", id=number, document="doc", node="b", port="table", answer="toy bytes", size=3_000_000 + 2 * number)
    sizes = {}
    while len(sizes) < 6:
        message, payload = engine.until(lambda m: "reply" in m)
        assert message["first"] == 0
        sizes[message["reply"]] = len(payload)
    assert sizes == {number: 3_000_000 + 2 * number for number in range(6)}


def test_a_fault_in_an_answer_is_a_message(engine: Process) -> None:
    engine.open(chain(1))
    engine.send("run", document="doc")
    engine.until_states(node_0="done")
    engine.send("look", id=1, document="doc", node="node_0", port="table", answer="toy fault")
    assert "ZeroDivisionError" in engine.reply(1)[0]["error"]["message"]
    assert engine.ended() == 0
    assert "Traceback" in engine.words()


def test_an_edit_does_not_wait_for_an_answer(engine: Process) -> None:
    engine.open(chain(2))
    engine.send("run", document="doc")
    engine.until_states(node_0="done", node_1="done")
    engine.send("look", id=1, document="doc", node="node_1", port="table", answer="toy slow", seconds=1.5)
    engine.send("edit", document="doc", records={"nodes": {"node_1": {"id": "node_1", "type": "toy.add", "type_version": 2}}})
    engine.send("preview", id=2, document="doc", node="node_1", settings={"number": 4})
    engine.until(lambda m: "reply" in m)
    assert [m["reply"] for m in engine.told if "reply" in m] == [2]
    engine.send("ping")
    engine.until(lambda m: m.get("tell") == "pong")
    assert engine.reply(1)[0]["slept"] == 1.5


@pytest.mark.kills
def test_it_ends_with_its_editor_in_the_midst_of_a_run(engine: Process) -> None:
    engine.open(workflow({"a": ("toy.count", {}), "d": ("toy.deaf", {})}, [("a", "d")]))
    engine.send("run", document="doc")
    engine.until_states(d="running")
    assert engine.ended() == 0


def test_ctrl_c_in_the_editor_s_terminal_is_not_for_the_engine(engine: Process) -> None:
    engine.read()
    os.kill(engine.process.pid, signal.SIGINT)
    engine.send("ping")
    assert engine.until(lambda m: m.get("tell") == "pong")
    assert engine.ended() == 0


def test_statuses_are_told_at_most_fifteen_times_a_second(engine: Process) -> None:
    engine.open(workflow({"a": ("toy.count", {}), "w": ("toy.wait", {"seconds": 1.0})}, [("a", "w")]))
    engine.send("run", document="doc")
    engine.until_states(w="running")
    began, before = time.monotonic(), len(engine.told)
    engine.until_states(w="done")
    told = [m for m in engine.told[before:] if m.get("tell") == "status"]
    assert len(told) <= 15 * (time.monotonic() - began) + 2


def test_tensorflow_is_imported_when_there_is_nothing_to_do(tmp_path: Path) -> None:
    engine = Process(tmp_path, "--warm-up", "0.1")
    try:
        engine.read()
        process = psutil.Process(engine.process.pid)
        while not any("tensorflow" in m.path for m in process.memory_maps()):
            engine.send("ping")  # it answers all the while
            engine.until(lambda m: m.get("tell") == "pong")
            time.sleep(0.1)
        assert engine.ended() == 0
    finally:
        engine.close()


def test_results_that_cannot_be_stored_are_a_message(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    engine = Process(tmp_path, "--results", str(tmp_path / "file"))
    try:
        refusal, _ = engine.read()
        assert refusal["tell"] == "refused"
        assert "cannot be stored" in refusal["message"]
        assert engine.process.wait(timeout=SECONDS) == 4
    finally:
        engine.close()
