"""EngineClient: the editor's end of the line to the engine process. Starts it, speaks with it, notices when it dies or hangs.

Everything happens in the GUI thread and nothing waits: requests are written and forgotten, answers come back as calls. The
engine may die at any time; then its client says so, starts a new one, opens the documents there again, and the person goes
on. Knows nothing of windows. The engine's end is `app.engine.protocol` and `app.engine.server`.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

import app
from app.document.editing import Change, Document, TableName
from app.document.model import Workflow
from app.document.problems import Problem
from app.editor.asking import Answer, OnReply, Ticket
from app.engine.status import NodeStatus
from app.places import data_folder

SLICE_SECONDS = 0.008
"""After so long, reading messages makes room for other events."""
PING_SECONDS = 2.0
LOG_BYTES = 2**20
LOG_LINES = 1000
QUICK_SECONDS = 20.0
"""An engine that dies sooner than this after its start has died at once."""
MOST_QUICK_DEATHS = 5
REFUSED = 4
"""The exit code of an engine that cannot store results (`app.engine.__main__`)."""


@dataclass(frozen=True)
class EngineDeath:
    """The engine process has ended though nobody asked it to.

    Attributes:
        message: What happened, as a sentence.
        remedy: What to do, as a sentence.
        running: Document -> the nodes that were at work.
        exit_code: Of the process, if it ended by itself.
        signal: The number of the signal that ended it, if one did.
        out_of_memory: Whether that probably is why.
        restarting: Whether a new one is started by itself.
    """

    message: str
    remedy: str
    running: Mapping[str, Sequence[str]] = field(default_factory=dict)
    exit_code: int | None = None
    signal: int | None = None
    out_of_memory: bool = False
    restarting: bool = True


@dataclass
class _Opened:
    """A document that is open in the engine, or will be as soon as there is one."""

    wire_id: str
    """What the engine calls it: a new name at every opening, so that what is told of a former one is not taken for news."""
    content: Document
    folder: Path
    own: bool = False
    statuses: dict[str, NodeStatus] = field(default_factory=dict)
    general: list[Problem] = field(default_factory=list)
    runs: set[str] = field(default_factory=set)
    failed: dict[str, Problem] = field(default_factory=dict)


class _Question(Ticket):
    """A question to the engine; dropping it saves the engine the work."""

    def __init__(self, client: EngineClient, number: int, on_reply: OnReply) -> None:
        super().__init__(on_reply)
        self._client: EngineClient | None = client
        self._number = number

    def drop(self) -> None:
        if self.waiting and self._client is not None:
            self._client.forget(self._number)
        self._client = None
        super().drop()


class EngineClient(QObject):
    """The engine, as the editor sees it.

    Args:
        results: The folder of the stored results; None: the engine's own choice.
        arguments: Further arguments of the engine's command line.
        environment: Further environment variables of the engine.
        patience: Seconds without a sign of life until the engine counts as hanging.
        grace: Seconds that a cancelled node has to stop, before the engine is ended.
    """

    ready = Signal(object)
    """The engine is there: {device, version, pid, failures: {plug-in: why}}; again when it finds a graphics card later."""
    statuses = Signal(str, object, object)
    """(document, {node: NodeStatus} that changed, [general Problems])"""
    metrics = Signal(str, str, object)
    """(document, node, [{run, step, epoch, values}])"""
    logged = Signal(str, object)
    """(document, {node, level, message, time})"""
    run_changed = Signal(str, object)
    """(document, {run, status: started | done | failed | cancelled, nodes, seconds})"""
    died = Signal(object)
    """An EngineDeath."""
    hanging = Signal(bool)
    """The engine gives no sign of life, or does so again."""
    cancel_ignored = Signal(str, object)
    """(document, [nodes]) that were cancelled and do not stop, while others are at work; `restart` would end them all."""

    def __init__(
        self,
        results: Path | None = None,
        *,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        patience: float = 15.0,
        grace: float = 10.0,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._arguments = [*(["--results", str(results)] if results else []), *arguments]
        self._environment = dict(environment or {})
        self._patience = patience
        self._grace = grace
        self._process: QProcess | None = None
        self._is_ready = False
        self._about: dict[str, Any] = {}
        self._refusal: tuple[str, str] | None = None
        self._reason: Problem | None = None  # why it was ended by us, if it was
        self._ending = False
        self._started_at = 0.0
        self._quick_deaths = 0
        self._documents: dict[str, _Opened] = {}
        self._by_wire_id: dict[str, str] = {}
        self._waiting: list[tuple[str, Mapping[str, Any]]] = []
        self._questions: dict[int, _Question] = {}
        self._cancelled: dict[tuple[str, str], float] = {}
        self._trusted: set[str] = set()
        self._numbers = itertools.count(1)
        self._awaited: tuple[Mapping[str, Any], int] | None = None
        self._missed = 0
        self._is_hanging = False
        self._lines: deque[str] = deque(maxlen=LOG_LINES)
        self._log_file: RotatingFileHandler | None = None
        self._restart_timer = self._timer(self._launch, single=True)
        self._read_timer = self._timer(self._read, single=True)
        self._watch_timer = self._timer(self._watch)
        self._cancel_timer = self._timer(self._look_at_cancelled)

    def _timer(self, slot: Any, single: bool = False) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(single)
        timer.timeout.connect(slot)
        return timer

    # -- the process

    def start(self) -> None:
        """Start the engine; returns at once."""
        self._ending = False
        if self._process is None:
            self._quick_deaths = 0
            self._launch()

    @property
    def is_ready(self) -> bool:
        """Whether there is an engine that takes requests."""
        return self._is_ready

    @property
    def process_id(self) -> int | None:
        """Of the engine; None if there is none."""
        return int(self._process.processId()) or None if self._process is not None else None

    @property
    def log_lines(self) -> Sequence[str]:
        """The last lines of the engine's standard error."""
        return tuple(self._lines)

    def shutdown(self) -> None:
        """End the engine and wait, for two seconds at most, until it has ended. What it had no answer to stays unanswered."""
        self._ending = True
        for timer in (self._restart_timer, self._read_timer, self._watch_timer, self._cancel_timer):
            timer.stop()
        self._questions.clear()
        self._waiting.clear()
        self._is_ready = False
        process, self._process = self._process, None
        if process is not None:
            for signal in (
                process.readyReadStandardOutput,
                process.readyReadStandardError,
                process.finished,
                process.errorOccurred,
            ):
                signal.disconnect()
            process.closeWriteChannel()
            if not process.waitForFinished(2000):
                process.kill()
                process.waitForFinished(2000)
            self._take_log(process)
            process.deleteLater()
        if self._log_file is not None:
            self._log_file.close()
            self._log_file = None

    def restart(self) -> None:
        """End the engine, whatever it does, and start a new one; what it was at work on is shown as failed."""
        self._quick_deaths = 0
        if self._process is None:
            self._restart_timer.stop()
            self._launch()
        else:
            self._end(Problem("The engine was started anew while the node ran.", "Run it again; what was finished is kept."))

    def _end(self, reason: Problem) -> None:
        self._reason = reason
        if self._process is not None:
            self._process.kill()

    def _launch(self) -> None:
        if self._ending or self._process is not None:
            return
        process = self._process = QProcess(self)
        program, *arguments = engine_command()
        process.setProgram(program)
        process.setArguments([*arguments, *self._arguments])
        process.setProcessEnvironment(self._process_environment())
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._on_log)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._started_at = time.monotonic()
        self._missed, self._awaited, self._refusal, self._reason = 0, None, None, None
        process.start()
        self._watch_timer.start(int(PING_SECONDS * 1000))

    def _process_environment(self) -> QProcessEnvironment:
        """The editor's own, and what the engine needs to be found and to speak without delay."""
        environment = QProcessEnvironment.systemEnvironment()
        for name, value in self._environment.items():
            environment.insert(name, value)
        folders = [str(Path(app.__file__).resolve().parents[1]), environment.value("PYTHONPATH")]
        environment.insert("PYTHONPATH", os.pathsep.join(folder for folder in folders if folder))
        environment.insert("PYTHONUNBUFFERED", "1")
        environment.insert("PYTHONUTF8", "1")
        return environment

    # -- what the editor asks for

    def open(self, document_id: str, workflow: Workflow, folder: Path, *, own: bool = False) -> None:
        """Have the engine look at a document from now on; one that is open already is opened anew.

        Args:
            document_id: What it is called here.
            workflow: Its content.
            folder: Against which its relative paths are meant.
            own: Whether it is the person's own, so that it may write where its settings say.
        """
        self.close(document_id)
        opened = _Opened(f"{document_id}#{next(self._numbers)}", Document(workflow, {}), folder, own)
        self._documents[document_id] = opened
        self._by_wire_id[opened.wire_id] = document_id
        if self._is_ready:
            self._send_document(opened)

    def edit(self, document_id: str, change: Change) -> None:
        """Pass on an edit of an open document."""
        opened = self._documents.get(document_id)
        if opened is None:
            return
        opened.content.follow(change)
        for node_id, (_, after) in change.records.get("nodes", {}).items():
            if after is None:
                opened.statuses.pop(node_id, None)
            opened.failed.pop(node_id, None)
        request = change_as_request(change)
        if request and self._is_ready:
            self._write({"do": "edit", "document": opened.wire_id, **request})

    def move(self, document_id: str, folder: Path, *, own: bool = False) -> None:
        """Relative paths of an open document are meant from another folder from now on; runs in progress go on.

        Args:
            document_id: Which one.
            folder: The folder.
            own: Whether it is the person's own, from now on.
        """
        opened = self._documents.get(document_id)
        if opened is not None:
            opened.folder, opened.own = folder, own
            if self._is_ready:
                self._write({"do": "move", "document": opened.wire_id, "folder": str(folder), "own": own})

    def close(self, document_id: str) -> None:
        """Have the engine forget a document; its runs are stopped."""
        opened = self._documents.pop(document_id, None)
        if opened is not None:
            del self._by_wire_id[opened.wire_id]
            self._waiting = [(document, request) for document, request in self._waiting if document != document_id]
            if self._is_ready:
                self._write({"do": "close", "document": opened.wire_id})

    def run(self, document_id: str, targets: Sequence[str] | None = None, fresh: bool = False) -> None:
        """Bring nodes, and all they need, to completion; by default all. `fresh`: compute all of that again."""
        opened = self._documents.get(document_id)
        if opened is not None:
            opened.failed.clear()
            self._request(document_id, {"do": "run", "fresh": fresh} | ({} if targets is None else {"targets": list(targets)}))

    def cancel(self, document_id: str, nodes: Iterable[str] | None = None) -> None:
        """Stop nodes and what waits for them; everything of the document if none are given.

        What has not stopped after the grace time is ended together with the engine, if nothing else is at work there; else
        `cancel_ignored` tells.
        """
        opened = self._documents.get(document_id)
        if opened is None:
            return
        self._waiting = [(d, r) for d, r in self._waiting if d != document_id or r["do"] != "run"]
        wanted = None if nodes is None else list(nodes)
        self._request(document_id, {"do": "cancel"} | ({} if wanted is None else {"nodes": wanted}))
        now = time.monotonic()
        for node_id in running_of(opened.statuses):
            if wanted is None or node_id in wanted:
                self._cancelled.setdefault((document_id, node_id), now)
        if self._cancelled:
            self._cancel_timer.start(250)

    def stop_early(self, document_id: str, node: str) -> None:
        """Have a node end now and keep what it has reached."""
        self._request(document_id, {"do": "stop", "node": node})

    def reset(self, document_id: str, nodes: Iterable[str]) -> None:
        """Forget the results of nodes and of all behind them."""
        opened = self._documents.get(document_id)
        if opened is not None:
            wanted = list(nodes)
            for node_id in wanted:
                opened.failed.pop(node_id, None)
            self._request(document_id, {"do": "reset", "nodes": wanted})

    def refresh(self, document_id: str) -> None:
        """Look whether files or results have changed outside the editor; say, when its window becomes active."""
        self._request(document_id, {"do": "refresh"})

    def trust(self, digests: Iterable[str]) -> None:
        """Let scripts run in the engine, and in those that are started after it (`app.engine.trust`)."""
        new = set(digests) - self._trusted
        self._trusted |= new
        if new and self._is_ready:
            self._write({"do": "trust", "digests": sorted(new)})

    def ask(self, do: str, parameters: Mapping[str, Any], on_reply: OnReply) -> Ticket:
        """Put a question (`app.editor.asking.Asks`); one about a document that is not open is never answered."""
        number = next(self._numbers)
        question = _Question(self, number, on_reply)
        self._questions[number] = question
        document_id = str(parameters.get("document", ""))
        rest = {name: value for name, value in parameters.items() if name != "document"}
        self._request(document_id, {"do": do, "id": number, **rest})
        return question

    def forget(self, number: int) -> None:
        """Nobody waits for the answer of that number any more."""
        if self._questions.pop(number, None) is None:
            return
        before = len(self._waiting)
        self._waiting = [(document, request) for document, request in self._waiting if request.get("id") != number]
        if self._is_ready and len(self._waiting) == before:
            self._write({"do": "drop", "id": number})

    def _request(self, document_id: str, request: Mapping[str, Any]) -> None:
        """Send a request about an open document, now or when the engine is ready."""
        opened = self._documents.get(document_id)
        if opened is None:
            return
        if self._is_ready:
            self._write({**request, "document": opened.wire_id})
        elif not (self._process is None and not self._restart_timer.isActive() and self._started_at):
            self._waiting.append((document_id, request))
        else:  # it has been given up
            QTimer.singleShot(0, self, lambda: self._refuse([request.get("id")], _NO_ENGINE))

    def _send_document(self, opened: _Opened) -> None:
        request = {
            "do": "open",
            "document": opened.wire_id,
            "workflow": opened.content.workflow().model_dump(mode="json", by_alias=True),
            "folder": str(opened.folder),
            "own": opened.own,
            "failed": {n: {"message": p.message, "remedy": p.remedy} for n, p in opened.failed.items()},
        }
        self._write(request)

    def _write(self, request: Mapping[str, Any]) -> None:
        if self._process is not None:
            text = json.dumps(request, ensure_ascii=False, separators=(",", ":"), default=str)
            self._process.write(text.encode(errors="replace") + b"\n")

    # -- what the engine says

    def _read(self) -> None:
        """Take messages as long as there are whole ones and it does not take long."""
        process = self._process
        if process is None:
            return
        end = time.perf_counter() + SLICE_SECONDS
        process.setReadChannel(QProcess.ProcessChannel.StandardOutput)
        while self._process is process:
            if self._awaited is not None:
                header, size = self._awaited
                if process.bytesAvailable() < size:
                    return
                self._awaited = None
                self._on_reply(header, bytes(process.read(size).data()))
            elif process.canReadLine():
                self._take(bytes(process.readLine().data()))
            else:
                return
            if time.perf_counter() > end:
                self._read_timer.start(0)
                return

    def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            self._note(f"not understood: {line[:200]!r}")
            return
        if "reply" not in message:
            self._on_tell(message)
        elif message.get("bytes"):
            self._awaited = message, message["bytes"]
        else:
            self._on_reply(message, b"")

    def _on_reply(self, message: Mapping[str, Any], payload: bytes) -> None:
        question = self._questions.pop(message["reply"], None)
        if question is None:
            return
        error = message.get("error")
        if error:
            question.deliver(Answer(error=Problem(error["message"], error.get("remedy", ""))))
        else:
            question.deliver(Answer({k: v for k, v in message.items() if k not in ("reply", "bytes")}, payload))

    def _on_tell(self, message: dict[str, Any]) -> None:
        what = message.pop("tell", "")
        if what == "ready":
            self._on_ready(message)
        elif what == "pong":
            self._on_pong(message)
        elif what == "device":
            self._about |= message
            self.ready.emit(dict(self._about))
        elif what == "refused":
            self._refusal = message["message"], message["remedy"]
        else:
            document_id = self._by_wire_id.get(message.pop("document", None) or "")
            if document_id is not None:
                self._on_document_tell(what, document_id, self._documents[document_id], message)

    def _on_document_tell(self, what: str, document_id: str, opened: _Opened, message: dict[str, Any]) -> None:
        if what == "status":
            nodes = {n: NodeStatus.from_dict(s) for n, s in message["nodes"].items() if n in opened.content.nodes}
            opened.statuses |= nodes
            opened.general = [Problem(**problem) for problem in message["general"]]
            self.statuses.emit(document_id, nodes, opened.general)
        elif what == "metrics":
            if message["run"] in opened.runs:
                points = [{**point, "run": message["run"]} for point in message["points"]]
                self.metrics.emit(document_id, message["node"], points)
        elif what == "log":
            self.logged.emit(document_id, message)
        elif what == "run":
            if message["status"] == "started":
                opened.runs.add(message["run"])
            else:
                opened.runs.discard(message["run"])
            self.run_changed.emit(document_id, message)

    def _on_ready(self, about: dict[str, Any]) -> None:
        self._is_ready = True
        self._about = about
        if self._trusted:
            self._write({"do": "trust", "digests": sorted(self._trusted)})
        for opened in self._documents.values():
            opened.runs.clear()
            self._send_document(opened)
            opened.failed.clear()
        waiting, self._waiting = self._waiting, []
        for document_id, request in waiting:
            self._request(document_id, request)
        self.ready.emit(dict(about))

    # -- hanging

    def _watch(self) -> None:
        """Ask for a sign of life, and count how often none came."""
        if not self._is_ready:
            return
        self._write({"do": "ping"})
        self._missed += 1
        self._judge((self._missed - 1) * PING_SECONDS)

    def _on_pong(self, message: Mapping[str, Any]) -> None:
        self._missed = 0
        self._judge(float(message.get("busy", 0.0)))

    def _judge(self, silent: float) -> None:
        hangs = silent >= self._patience
        if hangs != self._is_hanging:
            self._is_hanging = hangs
            self.hanging.emit(hangs)

    # -- cancelling

    def _look_at_cancelled(self) -> None:
        """End the engine if what was cancelled does not stop."""
        running = {(d, n) for d, opened in self._documents.items() for n in running_of(opened.statuses)}
        self._cancelled = {place: since for place, since in self._cancelled.items() if place in running}
        overdue = [p for p, since in self._cancelled.items() if time.monotonic() - since > self._grace]
        if overdue and running <= self._cancelled.keys():
            self._end(Problem("The node did not stop when it was cancelled, so the engine was started anew.", "Run it again."))
            self._cancelled.clear()
        elif overdue:
            for document_id in {d for d, _ in overdue}:
                self.cancel_ignored.emit(document_id, [n for d, n in overdue if d == document_id])
            for place in overdue:
                del self._cancelled[place]
        if not self._cancelled:
            self._cancel_timer.stop()

    # -- dying

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._quick_deaths = MOST_QUICK_DEATHS
            self._refusal = (
                f"The engine could not be started: {self._process.errorString()}.",
                "See whether Layerloom is installed completely, and start it again.",
            )
            self._on_finished(127, QProcess.ExitStatus.NormalExit)

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.setReadChannel(QProcess.ProcessChannel.StandardOutput)
        while process.canReadLine():  # its last words, such as a refusal
            self._take(bytes(process.readLine().data()))
        self._take_log(process)
        process.deleteLater()
        self._is_ready = False
        self._cancelled.clear()
        for timer in (self._watch_timer, self._cancel_timer, self._read_timer):
            timer.stop()
        self._judge(0.0)
        crashed = status == QProcess.ExitStatus.CrashExit
        death = self._death(None if crashed else code, code if crashed else None)
        self._fail_what_ran(death)
        self._refuse(
            list(self._questions), Problem(death.message, "Try again in a moment." if death.restarting else death.remedy)
        )
        if death.restarting:
            self._restart_timer.start(int(250 * 2 ** max(0, self._quick_deaths - 1)) if self._quick_deaths else 0)
        else:
            self._waiting.clear()
        self.died.emit(death)

    def _death(self, code: int | None, signal: int | None) -> EngineDeath:
        """What to say of the end of the engine."""
        running = {d: running_of(opened.statuses) for d, opened in self._documents.items() if running_of(opened.statuses)}
        if self._reason is not None:
            return EngineDeath(self._reason.message, self._reason.remedy, running, code, signal)
        quick = time.monotonic() - self._started_at < QUICK_SECONDS
        self._quick_deaths = self._quick_deaths + 1 if quick else 0
        restarting = self._quick_deaths < MOST_QUICK_DEATHS and code != REFUSED
        if self._refusal is not None:
            return EngineDeath(*self._refusal, running, code, signal, restarting=restarting)
        memory = (
            signal == 9 or code == 137 or any("MemoryError" in line or "bad_alloc" in line for line in list(self._lines)[-5:])
        )
        if memory:
            message = "The operating system ended the engine, most likely because the memory of this machine did not suffice."
            remedy = "Use fewer rows, smaller images or a smaller batch, or close other programs; then run again."
        elif signal is not None:
            message = f"The engine crashed ({_signal_name(signal)})."
            remedy = "Run again to go on. If it crashes there again, engine.log has the details."
        else:
            message = f"The engine ended unexpectedly (exit code {code})."
            remedy = "Run again to go on. If it happens again, engine.log has the details."
        if not restarting:
            message = f"{message} It was started {self._quick_deaths} times, in vain."
            remedy = (
                f"See {data_folder() / 'engine.log'} for the reason, then start the engine again. Your workflow is not affected."
            )
        else:
            remedy += " What was finished is kept."
        return EngineDeath(message, remedy, running, code, signal, memory, restarting)

    def _fail_what_ran(self, death: EngineDeath) -> None:
        """Show the nodes that were at work as failed, and those that waited as ready."""
        for document_id, opened in list(self._documents.items()):
            new: dict[str, NodeStatus] = {}
            for node_id, status in opened.statuses.items():
                idle = {"fraction": None, "message": "", "seconds_left": None}
                if status.state == "running":
                    problem = Problem(death.message, death.remedy, node=node_id)
                    opened.failed[node_id] = problem
                    new[node_id] = changed(status, state="failed", problems=(*status.problems, problem), **idle)  # type: ignore[arg-type]
                elif status.state == "queued":
                    new[node_id] = changed(status, state="ready", **idle)  # type: ignore[arg-type]
            opened.statuses |= new
            runs, opened.runs = opened.runs, set()
            if new:
                self.statuses.emit(document_id, new, opened.general)
            for run in runs:
                self.run_changed.emit(document_id, {"run": run, "status": "failed", "nodes": [], "seconds": None})

    def _refuse(self, numbers: Iterable[int | None], problem: Problem) -> None:
        for number in numbers:
            question = self._questions.pop(number, None) if number is not None else None
            if question is not None:
                question.deliver(Answer(error=problem))

    # -- the log

    def _on_log(self) -> None:
        if self._process is not None:
            self._take_log(self._process)

    def _take_log(self, process: QProcess) -> None:
        text = bytes(process.readAllStandardError().data()).decode(errors="replace")
        for line in text.splitlines():
            self._note(line)

    def _note(self, line: str) -> None:
        self._lines.append(line)
        if self._log_file is None:
            try:
                path = data_folder() / "engine.log"
                self._log_file = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8", delay=True)
            except OSError:
                return
            self._log_file.setFormatter(logging.Formatter("%(message)s"))
        self._log_file.handle(logging.LogRecord("engine", logging.INFO, "", 0, line, None, None))


_NO_ENGINE = Problem("The engine is not running.", "Start it again.")


def engine_command() -> list[str]:
    """How the engine is started. In a frozen program, the program itself is told to be the engine (`app.__main__`)."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "-m", "app.engine"]
    return [sys.executable, "-P", "-m", "app.engine"]  # -P: a folder that happens to be the current one holds no modules


def running_of(statuses: Mapping[str, NodeStatus]) -> list[str]:
    """The nodes that are at work."""
    return [node_id for node_id, status in statuses.items() if status.state == "running"]


def change_as_request(change: Change) -> dict[str, Any]:
    """What of an edit concerns the engine, as JSON; empty if nothing does."""
    records: dict[str, dict[str, Any]] = {}
    tables: tuple[TableName, ...] = ("nodes", "connections", "variables")
    for table in tables:
        entries = change.records.get(table)
        if entries:
            records[table] = {k: None if r is None else r.model_dump(mode="json", by_alias=True) for k, (_, r) in entries.items()}
    views = {
        key: None if after is None else {"name": after.name}
        for key, (before, after) in change.records.get("views", {}).items()
        if (before.name if before else "") != (after.name if after else "")
    }
    if views:
        records["views"] = views
    if not records:
        return {}
    return {"records": records, "orders": {t: list(after) for t, (_, after) in change.orders.items() if t in records}}


def _signal_name(number: int) -> str:
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
