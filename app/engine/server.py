"""The engine as a server of one editor: takes its requests, one after another, and tells it what happens.

One thread reads the requests and answers pings; one, the engine's own, does them and owns all sessions; looking at
results happens in a few more, so that no edit waits for a table to be sorted. Whatever goes wrong with one request, or one
node, becomes a message.
"""

from __future__ import annotations

import importlib
import logging
import os
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app import __version__
from app.document.model import Workflow
from app.document.problems import Problem
from app.engine.draws import Draws
from app.engine.inspection import answers
from app.engine.inspection.base import Reply, StoredOutputs
from app.engine.prints import Prints
from app.engine.protocol import Line, Malformed
from app.engine.session import NoSuchNode, Session, Surroundings, measured
from app.engine.store import Store
from app.places import node_index
from nodes.base import NodeError
from nodes.catalog import Catalog
from nodes.kit.networks.keras_model import import_keras
from nodes.wording import counted

log = logging.getLogger("layerloom.engine")

TELLS_PER_SECOND = 15
TICK_SECONDS = 3.0
"""How often a glance is cast at the files that nodes read."""
HELD_OUTPUTS = 8
"""So many nodes' outputs are kept open for the views."""
LAST_SECONDS = 1.5
"""How long runs may take to end when the editor is gone."""
Request = Mapping[str, Any]


class Engine:
    """Serves one editor.

    Args:
        line: To the editor.
        store: Where results are and go.
        warm_up: After so many seconds without anything to do, TensorFlow is imported; None: when it is needed.
    """

    def __init__(self, line: Line, store: Store, warm_up: float | None = 2.0) -> None:
        self._line = line
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._sessions: dict[str, Session] = {}
        self._lookers = ThreadPoolExecutor(3, thread_name_prefix="look")
        self._asked: dict[Any, Future[None]] = {}
        self._held: OrderedDict[str, StoredOutputs] = OrderedDict()
        self._warm_up = warm_up
        self._busy_since: float | None = None
        self._last_flush = self._last_tick = self._last_request = 0.0
        self._around = Surroundings(
            Catalog.load(index=node_index()),
            store,
            Draws(store.root / "store.sqlite"),
            Prints(store.fingerprints, self._queue.put, self._prints_changed),
            self._queue.put,
            self._line.send,
            self._renewed,
        )
        self._doing: Mapping[str, Callable[[Request], None]] = {
            "open": self._open,
            "edit": self._edit,
            "close": self._close,
            "move": lambda r: self._session(r).move(Path(r["folder"]), own=bool(r.get("own"))),
            "run": self._run,
            "cancel": lambda r: self._session(r).cancel(r.get("nodes")),
            "stop": lambda r: self._session(r).stop(r["node"]),
            "reset": lambda r: self._session(r).reset(r["nodes"]),
            "refresh": lambda r: self._session(r).refresh(),
            "trust": self._trust,
            "scripts": self._scripts,
            "preview": self._preview,
            "inspect": self._inspect,
            "look": self._look,
            "drop": self._drop,
        }

    def serve(self) -> None:
        """Work until the editor closes the line. Runs in progress are stopped then."""
        threading.Thread(target=self._read, name="requests", daemon=True).start()
        self._line.send(
            {
                "tell": "ready",
                "device": _processor(),
                "version": __version__,
                "pid": os.getpid(),
                "failures": dict(self._around.catalog.failures),
            }
        )
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
        self._around.prints.close()
        self._lookers.shutdown(wait=False, cancel_futures=True)
        for session in self._sessions.values():
            session.cancel()
        deadline = time.monotonic() + LAST_SECONDS
        for session in self._sessions.values():
            session.close(max(0.0, deadline - time.monotonic()))

    # -- the rhythm

    def _read(self) -> None:
        """In the thread that reads."""
        for request in self._line.requests():
            if isinstance(request, dict) and request["do"] == "ping":
                since = self._busy_since
                busy = 0.0 if since is None else time.monotonic() - since
                self._line.send({"tell": "pong", "id": request.get("id"), "busy": round(busy, 2)})
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

    def _do(self, task: Callable[[], None]) -> None:
        self._busy_since = time.monotonic()
        try:
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
        now = time.monotonic()
        if now - self._last_flush < 1 / TELLS_PER_SECOND:
            return
        for session in self._sessions.values():
            if session.changed:
                self._last_flush = now
                self._do(session.flush)

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._last_tick > TICK_SECONDS:
            self._last_tick = now
            for session in self._sessions.values():
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
            self._queue.put(lambda: self._line.send({"tell": "device", "device": names}))

    def _prints_changed(self) -> None:
        for session in self._sessions.values():
            session.prints_changed()

    def _renewed(self, key: str) -> None:
        self._held.pop(key, None)

    # -- requests

    def _handle(self, request: dict[str, Any] | Malformed) -> None:
        """Do a request; what goes wrong with it is told."""
        self._last_request = time.monotonic()
        if isinstance(request, Malformed):
            self._refuse({"id": request.request_id}, str(request), "")
            return
        try:
            self._doing[request["do"]](request)
        except NodeError as error:
            self._refuse(request, error.message, error.remedy)
        except NoSuchNode:
            self._refuse(request, "The node is not there any more.", "")
        except (KeyError, TypeError, AttributeError, ValidationError) as error:
            log.warning("a request could not be understood", exc_info=error)
            self._refuse(request, f"The engine does not understand the request: {type(error).__name__}: {error}", "")
        except BrokenPipeError:
            raise
        except Exception as error:
            log.exception("a request failed")
            self._refuse(request, f"The engine could not do it: {type(error).__name__}: {error}", "The log has the details.")

    def _refuse(self, request: Request, message: str, remedy: str) -> None:
        if request.get("id") is not None:
            self._line.send({"reply": request["id"], "error": {"message": message, "remedy": remedy}})
        else:
            line = {"level": "error", "message": f"{message} {remedy}".rstrip(), "time": time.time()}
            self._line.send({"tell": "log", "document": request.get("document"), "node": request.get("node"), **line})

    def _session(self, request: Request) -> Session:
        session = self._sessions.get(request["document"])
        if session is None:
            raise NodeError("The workflow is not open in the engine.", "Close it and open it again.")
        return session

    def _open(self, request: Request) -> None:
        workflow = Workflow.model_validate(request["workflow"])
        failed = {node: Problem(p["message"], p.get("remedy", ""), node=node) for node, p in request.get("failed", {}).items()}
        document = str(request["document"])
        if document in self._sessions:
            self._sessions.pop(document).close()
        folder, own = Path(request["folder"]), bool(request.get("own"))
        self._sessions[document] = Session(document, workflow, folder, self._around, failed, own=own)

    def _edit(self, request: Request) -> None:
        self._session(request).edit(request["records"], request.get("orders", {}))

    def _close(self, request: Request) -> None:
        session = self._sessions.pop(request["document"], None)
        if session is not None:
            session.close()

    def _run(self, request: Request) -> None:
        self._session(request).run(request.get("targets"), fresh=bool(request.get("fresh")))

    def _trust(self, request: Request) -> None:
        """The person trusts scripts."""
        self._around.trust.digests.update(str(digest) for digest in request["digests"])
        for session in self._sessions.values():
            session.trust_changed()

    # -- questions

    def _scripts(self, request: Request) -> None:
        session, targets = self._session(request), request.get("targets")
        self._line.send({"reply": request["id"], "scripts": session.untrusted(targets), "wishes": session.wishes(targets)})

    def _preview(self, request: Request) -> None:
        self._line.send({"reply": request["id"], **self._session(request).preview(request["node"], request["settings"])})

    def _inspect(self, request: Request) -> None:
        session = self._session(request)
        outputs = self._outputs(session, request["node"])
        header = session.inspect(request["node"], outputs)
        self._answer(request, lambda: Reply(measured(header, outputs)))

    def _look(self, request: Request) -> None:
        answer = answers().get(request["answer"])
        if answer is None:
            raise NodeError(f"The engine knows no answer '{request['answer']}'.", f"It knows: {', '.join(answers())}.")
        session = self._session(request)
        outputs = self._outputs(session, request["node"])
        if outputs is None:
            raise NodeError("The node has no result yet.", "Run it.")
        sources = {port: (self._outputs(session, node), out) for port, (node, out) in session.sources(request["node"]).items()}
        outputs.inputs = {port: (found, out) for port, (found, out) in sources.items() if found is not None}
        self._answer(request, lambda: answer(outputs, request))

    def _outputs(self, session: Session, node_id: str) -> StoredOutputs | None:
        """The outputs that are shown of a node."""
        found = session.shown(node_id)
        if found is None:
            return None
        key, record = found
        if key not in self._held:
            self._held[key] = StoredOutputs(session.node_of(node_id), key, record, self._around.store)
        self._held.move_to_end(key)
        while len(self._held) > HELD_OUTPUTS:
            self._held.popitem(last=False)
        return self._held[key]

    def _answer(self, request: Request, make: Callable[[], Reply]) -> None:
        """Make an answer beside everything else."""
        request_id = request["id"]
        future = self._asked[request_id] = self._lookers.submit(self._make_answer, request, make)
        future.add_done_callback(lambda _: self._queue.put(lambda: self._settle(request_id, future)))

    def _settle(self, request_id: Any, future: Future[None]) -> None:
        if self._asked.get(request_id) is future:
            del self._asked[request_id]

    def _make_answer(self, request: Request, make: Callable[[], Reply]) -> None:
        """In a looker's thread."""
        try:
            reply = make()
            self._line.send({**reply.header, "reply": request["id"]}, reply.payload)
        except NodeError as error:
            self._refuse(request, error.message, error.remedy)
        except BrokenPipeError:
            self._queue.put(None)
        except MemoryError:
            self._refuse(request, "The memory of this machine does not suffice for this view.", "Close other programs or views.")
        except Exception as error:
            log.exception("an answer failed")
            self._refuse(request, f"The engine could not answer: {type(error).__name__}: {error}", "The log has the details.")

    def _drop(self, request: Request) -> None:
        """An answer is not wanted any more; one that is not being made yet is not made."""
        future = self._asked.pop(request["id"], None)
        if future is not None:
            future.cancel()


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
