"""The executor: walks the wiring's graph in topological order and computes its nodes, independent branches at the same time.

It is a plain function of plan, store and listener; the editor, the command line and the tests call the same one. Results
come from the store where they are there already, and go into it as soon as a node is done, so that a kill loses at most
the nodes that were running.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field

from app.engine.configuration import configure
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
from app.engine.failures import explained
from app.engine.job import Control, EngineJob
from app.engine.keras_import import KerasImport
from app.engine.locks import KERAS_LOCK, RESULT_LOCKS, held
from app.engine.plan import Draw, Plan, PlannedNode, read_paths
from app.engine.record import Record
from app.engine.scheduler import Scheduler
from app.engine.store import Store
from app.engine.value_cache import ValueCache
from nodes.base import Cancelled, Node, NodeError, Value, Values


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
    one = _WorkflowRun(run_id, plan, store, listener, jobs=jobs, fresh=fresh, control=control or Control(), draw=draw)
    return one.run(list(targets or plan.nodes))


class _WorkflowRun:
    """One run in progress. The thread that calls `run` decides; worker threads only compute."""

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
        self.values = ValueCache(store)
        self.records: dict[str, Record] = {}
        self._listener = listener
        self._computed: set[str] = set()  # keys of results that this run has made
        self._telling = threading.Lock()
        self._skipped: set[str] = set()
        self._keras: KerasImport | None = None

    def tell(self, event: Event) -> None:
        """Pass an event on; listeners need not be thread-safe."""
        with self._telling:
            self._listener(event)

    def run(self, targets: list[str]) -> RunResult:
        """Run to the end."""
        began = time.perf_counter()
        needed = self.plan.needed_for(targets)
        self.keys = self.plan.keys(self.store.fingerprints, self.id, self.draw)
        self.tell(RunStarted(run=self.id, nodes=tuple(needed)))
        todo = self._skip_unready([n for n in needed if not self._take_from_store(n)])
        if todo:
            self._compute_all(todo)
        self.result.status = self._status(len(needed))
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

    def _sources(self, node_id: str) -> set[str]:
        """The nodes right above one."""
        return {source for source, _ in self.plan.nodes[node_id].inputs.values()}

    def _status(self, needed: int) -> RunStatus:
        """How a run of so many nodes has ended."""
        if len(self.records) == needed:
            return "failed" if self.result.failures else "done"
        if self.control.cancel.is_set():
            return "cancelled"
        return "cancelled" if self.control.cancelled_nodes and not self.result.failures else "failed"

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

    def _compute_all(self, todo: list[str]) -> None:
        """Compute nodes, given in topological order, each once all that it needs is done, until nothing is left that can be."""
        for node_id in todo:
            self.values.expect(self._sources(node_id))
        with ThreadPoolExecutor(max_workers=max(1, self.jobs), thread_name_prefix="node") as pool, ExitStack() as threads:
            if any(self._node(n).needs_keras for n in todo):
                self._keras = KerasImport()
                threads.callback(self._keras.join)
            started = self._work(Scheduler(self.plan.wiring.graph, todo), set(todo), pool)
        for node_id in todo:
            if node_id not in started and node_id not in self._skipped:  # after a cancel of the run
                self._skip(node_id, "the run was cancelled")

    def _work(self, scheduler: Scheduler, todo: Collection[str], pool: ThreadPoolExecutor) -> set[str]:
        """Submit nodes as they become ready, until nothing is left that can run; return those that were submitted."""
        running: dict[Future[bool], str] = {}
        started: set[str] = set()
        while True:
            for node_id in self.control.cancelled_nodes.intersection(todo) - started - self._skipped:
                self._skip(node_id, "it was cancelled")
                self._skip_behind(node_id, scheduler)
            for node_id in () if self.control.cancel.is_set() else scheduler.take_ready():  # after a cancel nothing new begins
                started.add(node_id)
                running[pool.submit(self._complete, self.plan.nodes[node_id])] = node_id
            if not running:
                return started
            # Waking up four times a second keeps the main thread open to Ctrl+C on every system, and shows cancelled nodes.
            for future in wait(running, timeout=0.25, return_when=FIRST_COMPLETED).done:
                node_id = running.pop(future)
                if future.result():
                    scheduler.done(node_id)
                else:
                    self._skip_behind(node_id, scheduler)

    def _skip_behind(self, node_id: str, scheduler: Scheduler) -> None:
        """Say at once of all nodes behind one that did not finish that they will not run."""
        was = "was cancelled" if self.control.is_cancelled(node_id) else "did not finish"
        for following in scheduler.give_up(node_id):
            self._skip(following, f"a node above it {was}")

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
            with (
                RESULT_LOCKS.held(self.store.root, key, lambda: self._check_cancelled(planned.id)) as others,
                self._keras_turn(key, planned.id) if node.needs_keras else nullcontext(),
            ):
                self._check_cancelled(planned.id)
                # Another run, or a twin of this node in this one, may have computed it meanwhile.
                if not ((node.needs_keras or others or key in self._computed) and self._take_from_store(planned.id)):
                    self._compute(planned, node)
        except Cancelled:
            self.tell(NodeCancelled(run=self.id, node=planned.id))
        except Exception as error:  # noqa: BLE001 - whatever a node raises must end in a message, not in a dead run
            self._fail(planned, explained(error, self.store.root))
        else:
            return True
        finally:
            self.values.release(planned.id, self._sources(planned.id))
        return False

    @contextmanager
    def _keras_turn(self, key: str, node_id: str) -> Iterator[None]:
        def look() -> None:
            self._check_cancelled(node_id)

        with held(KERAS_LOCK, look), self.store.locked(key, look):
            yield

    def _check_cancelled(self, node_id: str) -> None:
        """Raise `Cancelled` if the node is not wanted any more."""
        if self.control.is_cancelled(node_id):
            raise Cancelled

    def _compute(self, planned: PlannedNode, node: Node) -> None:
        key = self.keys[planned.id]
        if self.plan.trust.untrusted(node):  # whatever let it come so far
            raise NodeError("The node has a script that nobody has trusted yet.", "Read it, and trust it.")
        self.tell(NodeStarted(run=self.id, node=planned.id, key=key, why=self._why(planned)))
        inputs = {
            port: self.values.value(source, out, self.keys[source], self.records[source])
            for port, (source, out) in planned.inputs.items()
        }
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
            )
            outputs = node.execute(Values(inputs), job)
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
        self.values.put(planned.id, kept)
        self.tell(NodeFinished(run=self.id, node=planned.id, key=key, seconds=record.seconds, outputs=record.described))

    def _wait_for_keras(self, node_id: str) -> None:
        """Wait for the import of TensorFlow, and say so."""

        def say() -> None:
            self._check_cancelled(node_id)
            self.tell(NodeProgress(run=self.id, node=node_id, fraction=None, message="starting TensorFlow"))

        if self._keras is not None:
            self._keras.wait(say)

    def _configure_late(self, planned: PlannedNode, node: Node, inputs: Mapping[str, Value]) -> None:
        """Configure a node whose inputs could not be known before: now they are there."""
        specs = {port: value.spec for port, value in inputs.items() if hasattr(value, "spec")}
        _, problems, _ = configure(node, planned.id, specs, self.plan.folder)
        for problem in problems:
            if problem.severity == "error":
                raise NodeError(problem.message, problem.remedy, setting=problem.setting)

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
