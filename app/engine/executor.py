"""The executor: runs a plan's nodes in topological order, independent branches at the same time.

It is a plain function of plan, store and listener; the editor, the command line and the tests call the same one. Results
come from the store where they are there already, and go into it as soon as a node is done, so that a kill loses at most
the nodes that were running.
"""

from __future__ import annotations

import errno
import logging
import re
import sqlite3
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

from app.engine.events import (
    Event,
    Listener,
    NodeCancelled,
    NodeFailed,
    NodeFinished,
    NodeLog,
    NodeProgress,
    NodeSkipped,
    NodeStarted,
    NodeStored,
    RunFinished,
    RunStarted,
    RunStatus,
)
from app.engine.job import Control, EngineJob
from app.engine.made_files import note_made
from app.engine.permissions import Claims, places_of, wish_problems
from app.engine.plan import Draw, Plan, PlannedNode, configure, read_paths
from app.engine.store import Record, Store
from nodes.base import Cancelled, Node, NodeError, Value, Values
from nodes.kit.networks.keras_model import import_keras
from nodes.values.model import UnreadableModel

log = logging.getLogger("layerloom.executor")


@dataclass
class RunResult:
    """How a run went.

    Attributes:
        status: done, failed or cancelled.
        keys: Node -> key of its result in the store, for the nodes that have one.
        failures: Node -> what kept it from finishing.
        skipped: The nodes that were not run, because of a failure above or a cancel.
        seconds: Wall time.
    """

    status: RunStatus
    keys: dict[str, str] = field(default_factory=dict)
    failures: dict[str, NodeError] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    seconds: float = 0.0


def run(
    plan: Plan,
    store: Store,
    listener: Listener,
    *,
    targets: Sequence[str] | None = None,
    jobs: int = 2,
    fresh: bool = False,
    control: Control | None = None,
    draw: Draw | None = None,
    run_id: str | None = None,
) -> RunResult:
    """Bring nodes, and all they need, to completion.

    Args:
        plan: What to run. Nodes that are not ready, and those behind them, are skipped.
        store: Where results are and go.
        listener: Told everything that happens, one event at a time.
        targets: The nodes to complete; by default all.
        jobs: How many nodes may work at the same time.
        fresh: Whether to compute everything again.
        control: How the run can be cancelled from outside.
        draw: For results of nodes that are not reproducible that are to be found again after the run (`Plan.keys`).
        run_id: What the run is called; by default something new.
    """
    run_id = run_id or uuid.uuid4().hex[:12]
    one = _Run(run_id, plan, store, listener, jobs=jobs, fresh=fresh, control=control or Control(), draw=draw)
    return one.go(list(targets or plan.nodes))


_KERAS = threading.Lock()
"""Held by the node that uses TensorFlow, among all runs: it uses all cores by itself, and its random state is global."""


class _Turns:
    """A lock per result in the making, shared by the runs of this process; forgotten when nobody holds or waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: dict[tuple[Path, str], tuple[threading.Lock, int]] = {}

    @contextmanager
    def of(self, place: tuple[Path, str], while_waiting: Callable[[], None]) -> Iterator[bool]:
        """Wait for one's turn; gives whether somebody else had one before."""
        with self._lock:
            turn, users = self._turns.get(place, (threading.Lock(), 0))
            self._turns[place] = turn, users + 1
        try:
            with _held(turn, while_waiting):
                yield users > 0
        finally:
            with self._lock:
                turn, users = self._turns.pop(place)
                if users > 1:
                    self._turns[place] = turn, users - 1


_TURNS = _Turns()


@contextmanager
def _held(lock: threading.Lock, while_waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock; while it is not to be had, `while_waiting` is called a few times a second, and may raise."""
    while not lock.acquire(timeout=0.1):
        while_waiting()
    try:
        yield
    finally:
        lock.release()


class _Run:
    """One run in progress. The thread that calls `go` decides; worker threads only compute."""

    def __init__(
        self,
        run_id: str,
        plan: Plan,
        store: Store,
        listener: Listener,
        *,
        jobs: int,
        fresh: bool,
        control: Control,
        draw: Draw | None,
    ) -> None:
        self.id = run_id
        self.draw = draw
        self.plan = plan
        self.store = store
        self.jobs = jobs
        self.fresh = fresh
        self.control = control
        self.result = RunResult("done")
        self.values: dict[str, Mapping[str, Value]] = {}  # results in memory, until the last node that needs them is done
        self.records: dict[str, Record] = {}
        self._listener = listener
        self._uses: Counter[str] = Counter()  # how many nodes of this run still need a node's values
        self._computed: set[str] = set()  # keys of results that this run has made
        self._telling = threading.Lock()
        self._skipped: set[str] = set()
        self._importing: threading.Thread | None = None

    def tell(self, event: Event) -> None:
        """Pass an event on; listeners need not be thread-safe."""
        with self._telling:
            self._listener(event)

    def go(self, targets: list[str]) -> RunResult:
        """Run to the end."""
        began = time.perf_counter()
        needed = self.plan.needed_for(targets)
        self.keys = self.plan.keys(self.store.fingerprints, self.id, self.draw)
        self.tell(RunStarted(run=self.id, nodes=tuple(needed)))
        todo = self._skip_unready([n for n in needed if not self._take_from_store(n)])
        with ThreadPoolExecutor(max_workers=max(1, self.jobs), thread_name_prefix="node") as pool, ExitStack() as threads:
            if any(self._node(n).needs_keras for n in todo):
                self._importing = _import_keras_early()
                threads.callback(self._importing.join)
            self._work(todo, pool)
        if self.control.cancel.is_set() and len(self.records) < len(needed):
            self.result.status = "cancelled"
        elif self.result.failures:
            self.result.status = "failed"
        elif len(self.records) < len(needed):
            self.result.status = "cancelled" if self.control.cancelled_nodes else "failed"
        self.store.make_room()
        self.result.keys = {n: self.keys[n] for n in self.records}
        self.result.seconds = time.perf_counter() - began
        self.tell(RunFinished(run=self.id, status=self.result.status, seconds=round(self.result.seconds, 3)))
        return self.result

    # -- deciding

    def _node(self, node_id: str) -> Node:
        node = self.plan.nodes[node_id].node
        assert node is not None
        return node

    def _take_from_store(self, node_id: str) -> bool:
        """Whether the node's result is there already; then nothing is loaded before another node asks for it."""
        key = self.keys.get(node_id)
        if key is None or (self.fresh and key not in self._computed):
            return False
        record = self.store.record(key)
        if record is None:
            return False
        self.records[node_id] = record
        self.tell(NodeStored(run=self.id, node=node_id, key=key, outputs=record.described))
        for warning in record.warnings:
            self.tell(NodeLog(run=self.id, node=node_id, level="warning", message=warning))
        return True

    def _skip_unready(self, todo: Iterable[str]) -> list[str]:
        """Skip what cannot run, because of a problem with it or with a node above it."""
        ready = []
        for node_id in todo:
            planned = self.plan.nodes[node_id]
            if planned.ready and node_id in self.keys:
                ready.append(node_id)
            else:
                self._skip(node_id, f"'{planned.blocked_by}' is not configured" if planned.blocked_by else "it has problems")
        return ready

    def _work(self, todo: list[str], pool: ThreadPoolExecutor) -> None:
        """Submit every node once all it needs is done, until nothing is left that can run."""
        sources = {n: {s for s, _ in self.plan.nodes[n].inputs.values()} for n in todo}
        self._uses.update(source for n in todo for source in sources[n])
        sorter = TopologicalSorter({n: sources[n] & sources.keys() for n in todo})
        sorter.prepare()
        behind = _behind(sources)
        running: dict[Future[bool], str] = {}
        started: set[str] = set()
        while True:
            for node_id in (self.control.cancelled_nodes & sources.keys()) - started - self._skipped:
                self._skip(node_id, "it was cancelled")
                self._skip_behind(node_id, behind)
            # After a cancel nothing new begins; a node that failed is never `done`, so what is behind it never gets ready.
            for node_id in () if self.control.cancel.is_set() else sorter.get_ready():
                if node_id in self._skipped:
                    continue
                started.add(node_id)
                running[pool.submit(self._complete, self.plan.nodes[node_id])] = node_id
            if not running:
                break
            # Waking up four times a second keeps the main thread open to Ctrl+C on every system, and shows cancelled nodes.
            for future in wait(running, timeout=0.25, return_when=FIRST_COMPLETED).done:
                node_id = running.pop(future)
                if future.result():
                    sorter.done(node_id)
                else:
                    self._skip_behind(node_id, behind)
        for node_id in todo:
            if node_id not in started and node_id not in self._skipped:
                cancelled = self.control.cancel.is_set()
                self._skip(node_id, "the run was cancelled" if cancelled else "a node above it did not finish")

    def _skip_behind(self, node_id: str, behind: Mapping[str, Sequence[str]]) -> None:
        """Say at once of all nodes behind one that did not finish that they will not run."""
        waiting = [node_id]
        while waiting:
            for following in behind.get(waiting.pop(), ()):
                if following not in self._skipped:
                    cancelled = self.control.is_cancelled(node_id)
                    self._skip(following, "a node above it was cancelled" if cancelled else "a node above it did not finish")
                    waiting.append(following)

    def _skip(self, node_id: str, reason: str) -> None:
        self._skipped.add(node_id)
        self.result.skipped.append(node_id)
        self.tell(NodeSkipped(run=self.id, node=node_id, reason=reason))

    # -- computing (in a worker thread)

    def _complete(self, planned: PlannedNode) -> bool:
        """Compute a node and store its result; False if that did not work out."""
        node = self._node(planned.id)
        key = self.keys[planned.id]
        try:
            # Twins (same settings, same inputs) compute once. Against other processes only long work is locked: two of
            # them computing a short one does no harm, whoever is second finds the result in its place.
            with self._turn(key, planned.id) as others, self._keras_turn(key, planned.id) if node.needs_keras else nullcontext():
                self._check_cancelled(planned.id)
                # Another run, or a twin of this node in this one, may have computed it meanwhile.
                if not ((node.needs_keras or others or key in self._computed) and self._take_from_store(planned.id)):
                    self._compute(planned, node)
        except Cancelled:
            self.tell(NodeCancelled(run=self.id, node=planned.id))
        except Exception as error:  # noqa: BLE001 - whatever a node raises must end in a message, not in a dead run
            self._fail(planned, _explained(error, self.store.root))
        else:
            return True
        finally:
            self._release(planned)
        return False

    def _turn(self, key: str, node_id: str) -> AbstractContextManager[bool]:
        return _TURNS.of((self.store.root, key), lambda: self._check_cancelled(node_id))

    @contextmanager
    def _keras_turn(self, key: str, node_id: str) -> Iterator[None]:
        def look() -> None:
            self._check_cancelled(node_id)

        with _held(_KERAS, look), self.store.locked(key, look):
            yield

    def _check_cancelled(self, node_id: str) -> None:
        """Raise `Cancelled` if the node is not wanted any more."""
        if self.control.is_cancelled(node_id):
            raise Cancelled

    def _compute(self, planned: PlannedNode, node: Node) -> None:
        key = self.keys[planned.id]
        if self.plan.trust.untrusted(node):  # whatever let it come so far
            raise NodeError("The node has a script that nobody has trusted yet.", "Read it, and trust it.")
        permitted = self.plan.trust.writes
        for problem in (
            *permitted.forbidden(node, planned.id, self.plan.folder),
            *wish_problems(planned.id, permitted.wishes(node, planned.id, self.plan.folder)),
        ):
            raise NodeError(problem.message, problem.remedy, setting=problem.setting)
        self.tell(NodeStarted(run=self.id, node=planned.id, key=key, why=self._why(planned)))
        inputs = {port: self._value(source, out) for port, (source, out) in planned.inputs.items()}
        if any(spec is None for spec in planned.specs.values()):
            self._configure_late(planned, node, inputs)
        if node.needs_keras:
            self._wait_for_keras(planned.id)
        if self.fresh:
            self.store.drop_scratch(key)
        began = time.perf_counter()
        with self.store.writing(key) as writer:
            job = EngineJob(
                run=self.id,
                node=planned.id,
                folder=self.plan.folder,
                scratch=lambda: self.store.scratch(key),
                streams=lambda: writer.folder,
                listener=self.tell,
                control=self.control,
                claims=Claims(permitted, places_of(node, self.plan.folder), self.plan.folder),
            )
            outputs = node.execute(Values(inputs), job)
            note_made(self.plan.folder, job.written)
            for path in read_paths(node, self.plan.folder).values():
                if not self.store.fingerprints.is_as_it_was(path):
                    raise NodeError(f"{path} was changed while the workflow ran.", "Run again.")
            seconds = time.perf_counter() - began
            record, kept = writer.commit(
                outputs, written=job.written, warnings=tuple(job.warnings), seconds=seconds, replace=self.fresh
            )
        if job.used_scratch:
            self.store.drop_scratch(key)
        self._computed.add(key)
        self.records[planned.id] = record
        self.values[planned.id] = kept
        self.tell(NodeFinished(run=self.id, node=planned.id, key=key, seconds=record.seconds, outputs=record.described))

    def _wait_for_keras(self, node_id: str) -> None:
        """Wait for the import of TensorFlow, which takes seconds and cannot be interrupted, in a way that can be."""
        while self._importing is not None and self._importing.is_alive():
            self.tell(NodeProgress(run=self.id, node=node_id, fraction=None, message="starting TensorFlow"))
            self._importing.join(0.2)
            self._check_cancelled(node_id)

    def _configure_late(self, planned: PlannedNode, node: Node, inputs: Mapping[str, Value]) -> None:
        """Configure a node whose inputs could not be known before: now they are there."""
        specs = {port: value.spec for port, value in inputs.items() if hasattr(value, "spec")}
        _, problems, _ = configure(node, planned.id, specs, self.plan.folder)
        for problem in problems:
            if problem.severity == "error":
                raise NodeError(problem.message, problem.remedy, setting=problem.setting)

    def _value(self, source: str, port: str) -> Value:
        """The value of an output, loaded from the store where it is not in memory."""
        held = self.values.get(source)
        if held is None:
            try:
                held = self.store.load(self.keys[source], self.records[source])
            except (KeyError, OSError) as error:
                raise NodeError(f"The stored result of '{source}' has disappeared meanwhile.", "Run again.") from error
            except UnreadableModel as error:
                self.store.drop(self.keys[source])
                message = f"The stored model of '{source}' cannot be read any more: {error}."
                raise NodeError(message, "Run again: it is learned anew.") from error
            self.values[source] = held
        return held[port]

    def _release(self, planned: PlannedNode) -> None:
        """Forget values that no later node of this run needs."""
        with self._telling:
            for source in {s for s, _ in planned.inputs.values()}:
                self._uses[source] -= 1
                if self._uses[source] <= 0:
                    self.values.pop(source, None)
            if self._uses[planned.id] <= 0:
                self.values.pop(planned.id, None)

    def _why(self, planned: PlannedNode) -> str:
        """Why a node runs, for the log."""
        if self.fresh:
            return "a fresh run was asked for"
        if not self._node(planned.id).reproducible:
            return "it does not give the same result twice"
        return "there is no result for these settings and inputs yet"

    def _fail(self, planned: PlannedNode, error: NodeError) -> None:
        self.result.failures[planned.id] = error
        self.tell(NodeFailed(run=self.id, node=planned.id, message=error.message, remedy=error.remedy, setting=error.setting))


def _behind(sources: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Node -> the nodes right behind it; from node -> the nodes right above it."""
    behind: dict[str, list[str]] = {}
    for node_id, above in sources.items():
        for source in above:
            behind.setdefault(source, []).append(node_id)
    return behind


def _explained(error: Exception, store: Path) -> NodeError:
    """Any exception as an error for the person at the canvas; the traceback of an unexpected one goes to the log."""
    if isinstance(error, NodeError):
        return error
    if isinstance(error, MemoryError):
        return NodeError("The memory of this machine does not suffice.", "Use fewer rows, smaller images or a smaller batch.")
    if _is_disk_full(error):
        return NodeError(
            f"No space is left on the disk while the result was written ({store}).",
            "Make room, or choose another folder for the results with --results; everything finished so far is kept.",
        )
    log.error("unexpected error", exc_info=error)
    detail = str(error).strip().partition("\n")[0]
    return NodeError(f"The node stopped with {type(error).__name__}: {detail}", "The log has the details.")


def _is_disk_full(error: Exception) -> bool:
    """Whether a write failed for want of room; polars and pyarrow give the system's number in the text only."""
    if isinstance(error, sqlite3.OperationalError):
        return "full" in str(error)
    found = re.search(r"os error (\d+)|\[errno (\d+)\]", str(error))
    number = getattr(error, "errno", None) or (int(found[1] or found[2]) if found else None)
    return number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _import_keras_early() -> threading.Thread:
    """Import TensorFlow beside the first nodes' work: it takes seconds, most of them not in Python."""

    def load() -> None:
        try:
            import_keras()
        except Exception:
            log.exception("TensorFlow could not be imported")  # the node that needs it will fail with a message

    thread = threading.Thread(target=load, name="import-keras")
    thread.start()
    return thread
