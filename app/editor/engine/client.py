"""EngineClient: what the editor asks of the engine, and what it is told by it.

Everything happens in the GUI thread and nothing waits: requests are sent and forgotten, answers come back as calls. The
engine may die at any time; then its client says so, opens the documents in the new one, and the person goes on. Knows nothing
of windows. How the process lives and dies is `process`, how messages are framed `transport`.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs
from PySide6.QtCore import QObject, QTimer, Signal

from app.document.change import Change
from app.document.editing import Document
from app.document.problems import Problem
from app.editor.asking import OnReply, Ticket
from app.editor.engine.death import EngineDeath
from app.editor.engine.opened import OpenedDocument
from app.editor.engine.process import EngineProcess
from app.engine.messages import wire
from app.engine.messages.base import A, Answer, DocumentRequest, Question, Tell, answer_of
from app.engine.messages.requests import (
    CancelNodes,
    CloseDocument,
    DropQuestion,
    EditDocument,
    GrantTrust,
    MoveDocument,
    RefreshDocument,
    ResetNodes,
    RunNodes,
    StopEarly,
)
from app.engine.messages.tells import (
    DeviceFound,
    EngineReady,
    LogWritten,
    MetricsMeasured,
    Pong,
    Reply,
    RunChanged,
    RunRefused,
    StatusesChanged,
)

CANCEL_LOOKS_MS = 250
"""How often it is looked whether what was cancelled has stopped."""
LINGER_SECONDS = 10.0
"""How long nodes that were given up may go on in the engine while it has nothing else to do."""
MOST_DEATHS = 2
"""A document whose configuring has ended so many engines in a row is set apart."""
_NO_ENGINE = Problem("The engine is not running.", "Start it again.")


class _PutQuestion(Ticket):
    """A question to the engine; dropping it saves the engine the work."""

    def __init__(self, client: EngineClient, number: int, kind: type[Answer], on_reply: OnReply[Any]) -> None:
        super().__init__(on_reply)
        self.kind = kind
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
        grace: Seconds in which the engine must have stopped a cancelled node, or given it up, before it is ended itself.
        linger: Seconds that nodes which were given up may go on in an engine that has nothing else to do.
        parent: The owner.
    """

    ready = Signal(EngineReady)
    """The engine is there; again when it finds a graphics card later."""
    statuses = Signal(str, StatusesChanged)
    """What there is to show of some nodes of a document has changed."""
    metrics = Signal(str, MetricsMeasured)
    """There are new points of a node's curves, in a document."""
    logged = Signal(str, LogWritten)
    """There is a line for the console, from a document, or (empty) from none: from the engine itself."""
    run_changed = Signal(str, RunChanged)
    """A run of a document has begun or is over."""
    run_refused = Signal(str, RunRefused)
    """A run of a document was asked for and does not begin, because of this."""
    wanted_changed = Signal(str)
    """Whether a run of a document waits to begin may be different now (`waits_to_run`)."""
    set_apart = Signal(str, str)
    """Configuring a document has ended the engine twice, the last time at this node (empty: at none): it is no longer given to
    it, so that the others go on. `configure_again` does it nevertheless; so does an edit."""
    died = Signal(EngineDeath)
    """The engine has ended though nobody asked it to."""
    hanging = Signal(bool)
    """The engine gives no sign of life, or does so again."""
    cancel_ignored = Signal(str, list)
    """Nodes of a document were cancelled and do not stop, while others are at work; `restart` would end them all."""

    def __init__(
        self,
        results: Path | None = None,
        *,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        patience: float = 15.0,
        grace: float = 3.0,
        linger: float = LINGER_SECONDS,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        line = [*(["--results", str(results)] if results else []), *arguments]
        self._process = EngineProcess(line, environment or {}, patience, told=self._on_tell, replied=self._on_reply, parent=self)
        self._process.died.connect(self._on_death)
        self._process.hanging.connect(self._on_hanging)
        self._grace, self._linger = grace, linger
        self._lingers_since: float | None = None
        self._about: EngineReady | None = None
        self._documents: dict[str, OpenedDocument] = {}
        self._ids: dict[str, str] = {}  # what the engine calls a document -> what the editor does
        self._waiting: list[DocumentRequest] = []
        self._questions: dict[int, _PutQuestion] = {}
        self._cancelled: dict[tuple[str, str], float] = {}
        self._trusted: set[str] = set()
        self._numbers = itertools.count(1)
        self._cancel_timer = QTimer(self, interval=CANCEL_LOOKS_MS)
        self._cancel_timer.timeout.connect(self._look_at_cancelled)

    # -- the process

    def start(self) -> None:
        """Start the engine; returns at once."""
        self._process.start()

    @property
    def is_ready(self) -> bool:
        """Whether there is an engine that takes requests."""
        return self._process.is_ready

    @property
    def process_id(self) -> int | None:
        """Of the engine; None if there is none."""
        return self._process.process_id

    @property
    def log_lines(self) -> Sequence[str]:
        """The last lines of the engine's standard error."""
        return self._process.log.lines

    def shutdown(self) -> None:
        """End the engine and wait, for two seconds at most, until it has ended. What it had no answer to stays unanswered."""
        self._cancel_timer.stop()
        self._questions.clear()
        self._waiting.clear()
        self._process.shutdown()

    def restart(self) -> None:
        """End the engine, whatever it does, and start a new one; what it was at work on is shown as failed."""
        reason = Problem("The engine was started anew while the node ran.", "Run it again; what was finished is kept.")
        self._process.restart(reason)

    # -- what the editor asks for

    def open(self, document_id: str, document: Document, folder: Path, *, own: bool = False) -> None:
        """Have the engine look at a document from now on; one that is open already is opened anew.

        Args:
            document_id: What the editor calls it.
            document: The document. It is asked for its content now, and whenever a new engine has to open it.
            folder: What its relative paths are meant from.
            own: Whether it is the person's own, so that it may write where its settings say.
        """
        self.close(document_id)
        opened = OpenedDocument(f"{document_id}#{next(self._numbers)}", document, folder, own)
        self._documents[document_id] = opened
        self._ids[opened.engine_name] = document_id
        if self.is_ready:
            self._process.send(opened.opening())

    def edit(self, document_id: str, change: Change) -> None:
        """Pass on an edit of an open document."""
        opened = self._documents.get(document_id)
        if opened is None:
            return
        opened.edited(change)
        request = EditDocument.of(opened.engine_name, change)
        if request is None:
            return
        if opened.is_apart:
            if not self._anything_runs():
                self.configure_again(document_id)
        elif self.is_ready:
            self._process.send(request)

    def configure_again(self, document_id: str) -> None:
        """Give a document that was set apart to the engine once more; if that ends it, the document is set apart at once."""
        opened = self._documents.get(document_id)
        if opened is not None and opened.is_apart:
            opened.is_apart, opened.deaths, opened.general = False, MOST_DEATHS - 1, ()
            if self.is_ready:
                self._process.send(opened.opening())

    def move(self, document_id: str, folder: Path, *, own: bool = False) -> None:
        """Take relative paths of an open document as meant from another folder from now on; runs in progress go on.

        Args:
            document_id: Which one.
            folder: The folder.
            own: Whether the document is the person's own from now on.
        """
        opened = self._documents.get(document_id)
        if opened is not None:
            opened.folder, opened.own = folder, own
            if self.is_ready and not opened.is_apart:
                self._process.send(MoveDocument(document=opened.engine_name, folder=folder, own=own))

    def close(self, document_id: str) -> None:
        """Have the engine forget a document; its runs are stopped."""
        opened = self._documents.pop(document_id, None)
        if opened is not None:
            del self._ids[opened.engine_name]
            self._waiting = [request for request in self._waiting if request.document != document_id]
            if self.is_ready:
                self._process.send(CloseDocument(document=opened.engine_name))

    def run(self, document_id: str, targets: Sequence[str] | None = None, fresh: bool = False) -> None:
        """Bring nodes, and all they need, to completion; by default all.

        While there is no engine, the run waits for it; `run_changed` tells when it begins, `run_refused` why it does not.

        Args:
            document_id: Which document.
            targets: The nodes.
            fresh: Whether to compute all of that again.
        """
        opened = self._documents.get(document_id)
        if opened is not None:
            opened.forget_failures()
            request = RunNodes(document=document_id, targets=None if targets is None else tuple(targets), fresh=fresh)
            if opened.is_apart:
                self.set_apart.emit(document_id, "")
                return
            opened.wanted.append(request)
            self.wanted_changed.emit(document_id)
            if self.is_ready:
                self._process.send(structs.replace(request, document=opened.engine_name))
            elif self._process.is_given_up:
                self.restart()

    def waits_to_run(self, document_id: str) -> bool:
        """Tell whether a run was asked for that has not begun: the engine starts, or looks at the workflow."""
        opened = self._documents.get(document_id)
        return opened is not None and bool(opened.wanted)

    def cancel(self, document_id: str, nodes: Iterable[str] | None = None) -> None:
        """Stop nodes and what waits for them; everything of the document if none are given.

        The engine gives up a node that does not stop. If it cannot even do that in the grace time, it is ended itself, if nothing
        else is at work there; else `cancel_ignored` tells.
        """
        opened = self._documents.get(document_id)
        if opened is None:
            return
        if nodes is None or not opened.runs:  # of what has not begun, nobody sees which nodes it concerns
            self._forget_wanted(document_id, opened)
        wanted = None if nodes is None else tuple(nodes)
        self._request(CancelNodes(document=document_id, nodes=wanted))
        now = time.monotonic()
        for node_id in opened.running:
            if wanted is None or node_id in wanted:
                self._cancelled.setdefault((document_id, node_id), now)
        if self._cancelled:
            self._cancel_timer.start()

    def _forget_wanted(self, document_id: str, opened: OpenedDocument) -> None:
        if opened.wanted:
            opened.wanted.clear()
            self.wanted_changed.emit(document_id)

    def stop_early(self, document_id: str, node: str) -> None:
        """Have a node end now and keep what it has reached."""
        self._request(StopEarly(document=document_id, node=node))

    def reset(self, document_id: str, nodes: Iterable[str]) -> None:
        """Forget the results of nodes and of all behind them."""
        opened = self._documents.get(document_id)
        if opened is not None:
            wanted = tuple(nodes)
            opened.forget_failures(wanted)
            self._request(ResetNodes(document=document_id, nodes=wanted))

    def refresh(self, document_id: str) -> None:
        """Look whether files or results have changed outside the editor; say, when its window becomes active."""
        self._request(RefreshDocument(document=document_id))

    def trust(self, digests: Iterable[str]) -> None:
        """Let scripts run, and workflows write, in the engine and in those that are started after it, as these digests say."""
        new = set(digests) - self._trusted
        self._trusted |= new
        if new and self.is_ready:
            self._process.send(GrantTrust(digests=tuple(sorted(new))))

    def ask(self, question: Question[A], on_reply: OnReply[A]) -> Ticket:
        """Put a question (`app.editor.asking.Asks`); one about a document that is not open is never answered."""
        number = next(self._numbers)
        kind = answer_of(question)
        ticket = self._questions[number] = _PutQuestion(self, number, kind, on_reply)
        self._request(structs.replace(question, number=number))
        return ticket

    def forget(self, number: int) -> None:
        """Want the answer of that number no longer."""
        if self._questions.pop(number, None) is None:
            return
        before = len(self._waiting)
        self._waiting = [r for r in self._waiting if not (isinstance(r, Question) and r.number == number)]
        if self.is_ready and len(self._waiting) == before:
            self._process.send(DropQuestion(number=number))

    def _request(self, request: DocumentRequest) -> None:
        """Send a request about an open document, named as the editor does, now or when the engine is ready."""
        opened = self._documents.get(request.document)
        if opened is None:
            return
        if opened.is_apart:
            if isinstance(request, Question):
                self._refuse_soon(request.number, opened.general[0])
        elif self.is_ready:
            self._process.send(structs.replace(request, document=opened.engine_name))
        elif not self._process.is_given_up:
            self._waiting.append(request)
        elif isinstance(request, Question):
            self._refuse_soon(request.number, _NO_ENGINE)

    # -- what the engine says

    def _on_reply(self, reply: Reply, payload: bytes) -> None:
        question = self._questions.pop(reply.number, None)
        if question is None:
            return
        if reply.error is not None:
            question.deliver(reply.error)
            return
        try:
            answer = wire.decode_answer(reply, question.kind, payload)
        except msgspec.ValidationError as error:
            question.deliver(wire.not_understood(str(error)))
        else:
            question.deliver(answer)

    def _on_tell(self, told: Tell) -> None:
        match told:
            case EngineReady():
                self._on_ready(told)
            case DeviceFound():
                if self._about is not None:
                    self._about = structs.replace(self._about, device=told.device)
                    self.ready.emit(self._about)
            case Pong():
                self._look_at_given_up(told.given_up)
            case LogWritten(document=None):
                self.logged.emit("", told)
            case StatusesChanged() | MetricsMeasured() | LogWritten() | RunChanged() | RunRefused():
                document_id = self._ids.get(told.document or "")
                if document_id is not None:
                    self._on_document_tell(document_id, self._documents[document_id], told)

    def _on_document_tell(
        self,
        document_id: str,
        opened: OpenedDocument,
        told: StatusesChanged | MetricsMeasured | LogWritten | RunChanged | RunRefused,
    ) -> None:
        match told:
            case StatusesChanged():
                self.statuses.emit(document_id, opened.take_statuses(told))
            case MetricsMeasured():
                if told.run in opened.runs:
                    self.metrics.emit(document_id, told)
            case LogWritten():
                self.logged.emit(document_id, told)
            case RunChanged():
                opened.take_run(told)
                self.run_changed.emit(document_id, told)
            case RunRefused():
                is_wanted = bool(opened.wanted)  # it may have been cancelled meanwhile
                opened.take_answer()
                self.wanted_changed.emit(document_id)
                if is_wanted:
                    self.run_refused.emit(document_id, told)

    def _on_ready(self, about: EngineReady) -> None:
        self._about = about
        if self._trusted:
            self._process.send(GrantTrust(digests=tuple(sorted(self._trusted))))
        for opened in self._documents.values():
            if not opened.is_apart:
                self._process.send(opened.opening())
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            self._request(request)
        for opened in self._documents.values():
            for run in opened.wanted:
                self._process.send(structs.replace(run, document=opened.engine_name))
        self.ready.emit(about)

    # -- cancelling

    def _look_at_cancelled(self) -> None:
        """End the engine if what was cancelled does not stop."""
        running = {(document_id, node) for document_id, opened in self._documents.items() for node in opened.running}
        self._cancelled = {place: since for place, since in self._cancelled.items() if place in running}
        overdue = [p for p, since in self._cancelled.items() if time.monotonic() - since > self._grace]
        if overdue and running <= self._cancelled.keys():
            reason = Problem("The node did not stop when it was cancelled, so the engine was started anew.", "Run it again.")
            self._process.end(reason)
            self._cancelled.clear()
        elif overdue:
            for document_id in {d for d, _ in overdue}:
                self.cancel_ignored.emit(document_id, [n for d, n in overdue if d == document_id])
            for place in overdue:
                del self._cancelled[place]
        if not self._cancelled:
            self._cancel_timer.stop()

    def _look_at_given_up(self, count: int) -> None:
        """End an engine that works only on what nobody wants any more; as long as it has other runs, it is left to them."""
        if not count or self._anything_runs():
            self._lingers_since = None
            return
        now = time.monotonic()
        self._lingers_since = self._lingers_since or now
        if now - self._lingers_since > self._linger:
            self._lingers_since = None
            message = "A node that was cancelled still kept the engine busy, so the engine was started anew."
            self._process.end(Problem(message, "Nothing was lost."))

    # -- dying

    def _on_death(self, death: EngineDeath) -> None:
        running = {document_id: opened.running for document_id, opened in self._documents.items() if opened.running}
        at = self._process.configuring
        document_id = self._ids.get(at.document) if at is not None else None
        configuring = (document_id, at.node) if document_id is not None and at is not None else None
        death = structs.replace(death, running=running, configuring=configuring)
        self._cancelled.clear()
        self._lingers_since = None
        self._cancel_timer.stop()
        self._fail_what_ran(Problem(death.message, death.remedy))
        remedy = "Try again in a moment." if death.restarting else death.remedy
        self._refuse(list(self._questions), Problem(death.message, remedy))
        if not death.restarting:
            self._waiting.clear()
            for name, opened in self._documents.items():
                self._forget_wanted(name, opened)
        self.died.emit(death)
        if configuring is not None:
            self._blame(*configuring)

    def _blame(self, document_id: str, node: str) -> None:
        """Take note that an engine has ended while it configured a document."""
        opened = self._documents.get(document_id)
        if opened is None:
            return
        opened.deaths += 1
        if opened.deaths < MOST_DEATHS:
            return
        where = f", at the node '{opened.document.title(node)}'" if node in opened.document.nodes else ""
        message = f"Configuring this workflow ended the engine twice{where}: it is open without being configured."
        self._waiting = [r for r in self._waiting if r.document != document_id]
        self._forget_wanted(document_id, opened)
        self.statuses.emit(document_id, opened.set_apart(Problem(message, "Change it, or configure it again.")))
        self.set_apart.emit(document_id, node)

    def _on_hanging(self, hangs: bool) -> None:
        """End an engine that hangs at a document; if other documents have runs in it, the person decides."""
        at = self._process.configuring if hangs else None
        opened = self._documents.get(self._ids.get(at.document, "")) if at is not None else None
        if opened is not None and not self._anything_runs():
            self._process.end(
                Problem("The engine hung while it configured a workflow, so it was started anew.", "Nothing was lost.")
            )
        else:
            self.hanging.emit(hangs)

    def _anything_runs(self) -> bool:
        """Return whether there are runs in progress, which would end with the engine."""
        return any(opened.runs for opened in self._documents.values())

    def _fail_what_ran(self, problem: Problem) -> None:
        """Show the nodes that were at work as failed, and those that waited as ready."""
        for document_id, opened in list(self._documents.items()):
            name = opened.engine_name
            changed, runs = opened.fail(problem)
            if changed:
                self.statuses.emit(document_id, StatusesChanged(document=name, nodes=changed, general=opened.general))
            for run in runs:
                self.run_changed.emit(document_id, RunChanged(document=name, run=run, status="failed"))

    def _refuse_soon(self, number: int, problem: Problem) -> None:
        """Answer a question, when whoever put it has its ticket, with why there is no answer."""
        QTimer.singleShot(0, self, lambda: self._refuse([number], problem))

    def _refuse(self, numbers: Iterable[int], problem: Problem) -> None:
        for number in numbers:
            question = self._questions.pop(number, None)
            if question is not None:
                question.deliver(problem)
