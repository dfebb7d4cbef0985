"""The engine as a server of one editor: takes its requests, one after another, and tells it what happens.

One thread reads the requests and answers pings; one, the engine's own, does them and owns all sessions; looking at
results happens in a few more (`looking`). Whatever goes wrong with one request, or one node, becomes a message.
"""

from __future__ import annotations

import importlib
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import partial
from typing import Any

from app import __version__
from app.document.problems import Problem
from app.engine.background_fingerprints import BackgroundFingerprints
from app.engine.configuring_mark import CONFIGURING
from app.engine.inspection import answers, documents
from app.engine.looking import Lookers
from app.engine.messages.base import DocumentRequest, Question, Request, ResultQuestion
from app.engine.messages.questions import InspectQuestion, PermissionQuestion, PreviewQuestion
from app.engine.messages.requests import (
    CancelNodes,
    CloseDocument,
    DropQuestion,
    EditDocument,
    GrantTrust,
    MoveDocument,
    OpenDocument,
    Ping,
    RefreshDocument,
    ResetNodes,
    RunNodes,
    StopEarly,
)
from app.engine.messages.tells import DeviceFound, EngineReady, LogWritten, Pong, Reply, RunRefused
from app.engine.messages.wire import Malformed
from app.engine.node_threads import given_up_threads
from app.engine.nonces import Nonces
from app.engine.session import NoSuchNode, Session, SessionContext
from app.engine.store import Store
from app.engine.transport import StreamTransport
from app.folders import node_index
from nodes.base import NodeError, panics_as_errors
from nodes.catalog import Catalog
from nodes.kit.networks.keras_model import import_keras
from nodes.wording import counted

log = logging.getLogger("layerloom.engine")

TELLS_PER_SECOND = 15
BUSY_TELL_SECONDS = 0.25
"""How often news are told while more is waiting to be done."""
TICK_SECONDS = 3.0
"""How often a glance is cast at the files that nodes read."""
LAST_SECONDS = 1.5
"""How long runs may take to end when the editor is gone."""


class Engine:
    """Serves one editor.

    Args:
        transport: To the editor.
        store: Where results are and go.
        warm_up: After so many seconds without anything to do, TensorFlow is imported; None: when it is needed.
    """

    def __init__(self, transport: StreamTransport, store: Store, warm_up: float | None = 2.0) -> None:
        self._transport = transport
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._sessions: dict[str, Session] = {}
        self._lookers = Lookers(store, transport, self._queue.put, lambda: self._queue.put(None))
        self._warm_up = warm_up
        self._busy_since: float | None = None
        self._last_flush = self._last_tick = self._last_request = 0.0
        self._context = SessionContext(
            Catalog.load(index=node_index()),
            store,
            Nonces(store.root / "store.sqlite"),
            BackgroundFingerprints(store.fingerprints, self._queue.put, self._fingerprints_changed),
            self._queue.put,
            self._transport.tell,
            self._lookers.let_go,
        )
        self._doing: Mapping[type[Request], Callable[[Any], object]] = {
            OpenDocument: self._open,
            CloseDocument: self._close,
            EditDocument: lambda r: self._session(r).edit(r),
            MoveDocument: lambda r: self._session(r).move(r.folder, own=r.own),
            RunNodes: self._run,
            CancelNodes: lambda r: self._session(r).cancel(r.nodes),
            StopEarly: lambda r: self._session(r).stop(r.node),
            ResetNodes: lambda r: self._session(r).reset(r.nodes),
            RefreshDocument: lambda r: self._session(r).refresh(),
            GrantTrust: self._trust,
            DropQuestion: lambda r: self._lookers.drop(r.number),
            PermissionQuestion: lambda q: self._transport.reply(q.number, documents.permissions(self._session(q), q)),
            PreviewQuestion: lambda q: self._transport.reply(q.number, documents.preview(self._session(q), q)),
            InspectQuestion: self._inspect,
        }

    def serve(self) -> None:
        """Work until the editor closes the line. Runs in progress are stopped then."""
        threading.Thread(target=self._read, name="requests", daemon=True).start()
        failures = dict(self._context.catalog.failures)
        self._transport.tell(EngineReady(device=_processor(), version=__version__, pid=os.getpid(), failures=failures))
        self._last_request = time.monotonic()
        threading.Thread(target=_import_libraries, name="import-libraries", daemon=True).start()
        while True:
            try:
                task = self._queue.get(timeout=self._pause())
            except queue.Empty:
                task = _nothing
            if task is None:
                break
            self._do(task)
            self._flush()
        self._context.fingerprints.close()
        self._lookers.close()
        for session in self._sessions.values():
            session.cancel()
        deadline = time.monotonic() + LAST_SECONDS
        for session in self._sessions.values():
            session.close(max(0.0, deadline - time.monotonic()))

    # -- the rhythm

    def _read(self) -> None:
        """In the thread that reads."""
        for request in self._transport.requests():
            if isinstance(request, Ping):
                since = self._busy_since
                busy = 0.0 if since is None else round(time.monotonic() - since, 2)
                self._transport.tell(Pong(busy=busy, given_up=given_up_threads()))
            else:
                self._queue.put(partial(self._handle, request))
        self._queue.put(None)
        time.sleep(2 * LAST_SECONDS)
        os._exit(0)  # the engine's own thread is stuck, and nobody is there any more whom that concerns

    def _pause(self) -> float:
        """How long to wait for something to do."""
        now = time.monotonic()
        if any(session.changed for session in self._sessions.values()):
            return max(0.0, self._last_flush + 1 / TELLS_PER_SECOND - now)
        return 0.5

    def _do(self, task: Callable[[], None], document: str = "") -> None:
        self._busy_since = time.monotonic()
        try:
            with panics_as_errors():
                with CONFIGURING.document(document) if document else nullcontext():
                    task()
                self._tick()
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                self._queue.put(None)
            else:
                log.exception("a task failed")
        except Exception:
            log.exception("a task failed")
        finally:
            self._busy_since = None

    def _flush(self) -> None:
        """Tell what is new, at times. As long as requests wait, edits among them, that is less often: each time is a plan."""
        between = 1 / TELLS_PER_SECOND if self._queue.empty() else BUSY_TELL_SECONDS
        if time.monotonic() - self._last_flush < between:
            return
        for session in self._sessions.values():
            if session.changed:
                self._do(session.flush, session.name)
                self._last_flush = time.monotonic()

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._last_tick > TICK_SECONDS:
            self._last_tick = now
            for session in self._sessions.values():
                with CONFIGURING.document(session.name):
                    session.refresh(closely=False)
        running = any(session.running for session in self._sessions.values())
        if self._warm_up is not None and not running and now - self._last_request > self._warm_up:
            self._warm_up = None
            threading.Thread(target=self._import_keras, name="warm-up", daemon=True).start()

    def _import_keras(self) -> None:
        """In a thread of its own."""
        try:
            import_keras()
            import tensorflow as tf

            graphics = [tf.config.experimental.get_device_details(d) for d in tf.config.list_physical_devices("GPU")]
        except Exception:
            log.exception("TensorFlow could not be imported")  # the node that needs it will fail with a message
            return
        if graphics:
            names = ", ".join(str(details.get("device_name", "GPU")) for details in graphics)
            self._queue.put(lambda: self._transport.tell(DeviceFound(device=names)))

    def _fingerprints_changed(self) -> None:
        for session in self._sessions.values():
            session.fingerprints_changed()

    # -- requests

    def _handle(self, request: Request | Malformed) -> None:
        """Do a request; what goes wrong with it is told."""
        self._last_request = time.monotonic()
        if isinstance(request, Malformed):
            log.warning("a request could not be understood: %s", request.message)
            self._refuse(request, f"The engine does not understand the editor. {request.message}", "The log has the details.")
            return
        try:
            at = CONFIGURING.document(request.document) if isinstance(request, DocumentRequest) else nullcontext()
            with panics_as_errors(), at:
                if isinstance(request, ResultQuestion):
                    self._look(request)
                else:
                    self._doing[type(request)](request)
        except NodeError as error:
            self._refuse(request, error.message, error.remedy)
        except NoSuchNode:
            self._refuse(request, "The node is not there any more, or it is bypassed.", "")
        except BrokenPipeError:
            raise
        except OSError as error:
            log.exception("a request failed")
            place = f" ({error.filename})" if error.filename else ""
            self._refuse(request, f"The engine could not do it: {error.strerror or error}{place}.", "Mend that, and try again.")
        except Exception as error:
            log.exception("a request failed")
            self._refuse(request, f"The engine could not do it: {type(error).__name__}: {error}", "The log has the details.")

    def _refuse(self, request: Request | Malformed, message: str, remedy: str) -> None:
        """Tell why something is not done: a question gets it as its reply, everything else writes it to the console."""
        number = request.number if isinstance(request, Question | Malformed) else None
        if number is not None:
            self._transport.tell(Reply(number=number, error=Problem(message, remedy)))
            return
        document = request.document if isinstance(request, DocumentRequest | Malformed) else None
        if isinstance(request, RunNodes):
            self._transport.tell(RunRefused(document=request.document, targets=request.targets))
        text = f"{message} {remedy}".rstrip()
        self._transport.tell(LogWritten(document=document, level="error", message=text, time=time.time()))

    def _session(self, request: DocumentRequest) -> Session:
        session = self._sessions.get(request.document)
        if session is None:
            raise NodeError("The workflow is not open in the engine.", "Close it and open it again.")
        return session

    def _open(self, request: OpenDocument) -> None:
        name = request.document
        if name in self._sessions:
            self._sessions.pop(name).close()
        self._sessions[name] = Session(name, request.workflow, request.folder, self._context, request.failed, own=request.own)

    def _close(self, request: CloseDocument) -> None:
        session = self._sessions.pop(request.document, None)
        if session is not None:
            session.close()

    def _run(self, request: RunNodes) -> None:
        """Begin a run, or say what is in the way; statuses are told first, so that the editor can show it."""
        session = self._session(request)
        obstacle = session.obstacle(request.targets)
        if obstacle is None:
            session.run(request.targets, fresh=request.fresh)
            return
        session.flush()
        node, needs_word = obstacle
        self._transport.tell(RunRefused(document=request.document, targets=request.targets, node=node, needs_word=needs_word))

    def _trust(self, request: GrantTrust) -> None:
        """The person trusts scripts."""
        self._context.trust.digests.update(request.digests)
        for session in self._sessions.values():
            with CONFIGURING.document(session.name):
                session.trust_changed()

    # -- questions that are answered beside everything else

    def _inspect(self, question: InspectQuestion) -> None:
        session = self._session(question)
        outputs = self._lookers.outputs(session, question.node)
        answer = documents.inspect(session, question, outputs)
        self._lookers.answer(question.number, lambda: documents.measured(answer, outputs))

    def _look(self, question: ResultQuestion[Any]) -> None:
        make = answers()[type(question)]
        session = self._session(question)
        question = documents.at_source(session.plan, question)
        outputs = self._lookers.outputs_and_inputs(session, question.node)
        self._lookers.answer(question.number, lambda: make(outputs, question))


def _import_libraries() -> None:
    """What nearly every workflow needs, imported while the person still looks at the window; in a thread of its own."""
    for name in ("polars", "pyarrow", "networkx"):
        try:
            importlib.import_module(name)
        except Exception:
            log.exception("%s could not be imported", name)  # the node that needs it will fail with a message


def _nothing() -> None:
    """Nothing is to be done."""


def _processor() -> str:
    """`CPU, 4 cores`, of those this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"CPU, {counted(cores, 'core')}"
