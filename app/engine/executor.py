"""The executor: walks the wiring's graph in topological order and computes its nodes, independent branches at the same time.

It is a plain function of plan, store and listener; the editor, the command line and the tests call the same one. Results
come from the store where they are there already, and go into it as soon as a node is done, so that a kill loses at most
the nodes that were running.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from app.engine.events import Event, Listener, NodeSkipped, RunFinished, RunStarted, RunStatus
from app.engine.job import RunControl
from app.engine.node_threads import NodeThreads
from app.engine.node_worker import NodeWorker
from app.engine.plan import NonceOf, Plan
from app.engine.scheduler import Scheduler
from app.engine.store import Store
from nodes.base import NodeError


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
    control: RunControl | None = None,
    nonce_of: NonceOf | None = None,
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
        nonce_of: For results of nodes that are not reproducible that are to be found again after the run (`Plan.keys`).
        run_id: What the run is called; by default something new.
    """
    run_id = run_id or uuid.uuid4().hex[:12]
    one = _WorkflowRun(run_id, plan, store, listener, jobs=jobs, fresh=fresh, control=control or RunControl(), nonce_of=nonce_of)
    return one.run(list(targets or plan.nodes))


class _WorkflowRun:
    """One run in progress. The thread that calls `run` decides what is computed when; others compute (`node_threads`)."""

    def __init__(
        self,
        run_id: str,
        plan: Plan,
        store: Store,
        listener: Listener,
        *,
        jobs: int,
        fresh: bool,
        control: RunControl,
        nonce_of: NonceOf | None,
    ) -> None:
        self._began = time.perf_counter()
        self._id = run_id
        self._plan = plan
        self._keys = plan.keys(store.fingerprints, run_id, nonce_of)
        self._store = store
        self._listener = listener
        self._jobs = jobs
        self._control = control
        self._telling = threading.Lock()
        self._skipped: dict[str, None] = {}
        self._worker = NodeWorker(run_id, plan, self._keys, store, self._tell, fresh=fresh, control=control)

    def _tell(self, event: Event) -> None:
        """Pass an event on; listeners need not be thread-safe."""
        with self._telling:
            self._listener(event)

    def run(self, targets: list[str]) -> RunResult:
        """Run to the end."""
        needed = self._plan.needed_for(targets)
        self._tell(RunStarted(run=self._id, nodes=tuple(needed)))
        todo = self._skip_unready([n for n in needed if not self._worker.take_from_store(n)])
        if todo:
            self._compute(todo)
        self._store.make_room()
        keys = {node_id: self._keys[node_id] for node_id in self._worker.records}
        seconds = time.perf_counter() - self._began
        result = RunResult(self._status(len(needed)), keys, self._worker.failures, list(self._skipped), seconds)
        self._tell(RunFinished(run=self._id, status=result.status, seconds=round(seconds, 3)))
        return result

    def _status(self, needed: int) -> RunStatus:
        """Return how a run of so many nodes has ended."""
        if len(self._worker.records) == needed:
            return "done"
        if self._control.cancel.is_set():
            return "cancelled"
        return "cancelled" if self._control.cancelled_nodes and not self._worker.failures else "failed"

    def _skip_unready(self, todo: Iterable[str]) -> list[str]:
        """Skip what cannot run, because of a problem with it or with a node above it."""
        ready = []
        for node_id in todo:
            planned = self._plan.nodes[node_id]
            if planned.ready and node_id in self._keys:
                ready.append(node_id)
            else:
                self._skip(node_id, f"'{planned.blocked_by}' is not configured" if planned.blocked_by else "it has problems")
        return ready

    def _compute(self, todo: list[str]) -> None:
        """Compute nodes, given in topological order, each once all that it needs is done, until nothing is left that can be."""
        with closing(self._worker):
            self._worker.prepare(self._plan.nodes[node_id] for node_id in todo)
            started = self._work(Scheduler(self._plan.wiring.graph, todo), set(todo))
        for node_id in todo:
            if node_id not in started and node_id not in self._skipped:  # after a cancel of the run
                self._skip(node_id, "the run was cancelled")

    def _work(self, scheduler: Scheduler, todo: Collection[str]) -> set[str]:
        """Have nodes computed as they become ready, until nothing is left that can be; return those that were begun."""
        threads = NodeThreads(self._jobs, self._worker.complete, self._control.is_cancelled)
        started: set[str] = set()
        while True:
            for node_id in self._control.cancelled_nodes.intersection(todo) - started - self._skipped.keys():
                self._skip(node_id, "it was cancelled")
                self._skip_behind(node_id, scheduler)
            for node_id in () if self._control.cancel.is_set() else scheduler.take_ready():  # after a cancel nothing new begins
                started.add(node_id)
                threads.submit(self._plan.nodes[node_id])
            if not threads:
                return started
            # Waking up four times a second keeps the main thread open to Ctrl+C on every system, and shows cancelled nodes.
            done = threads.next_done(timeout=0.25)
            if done is not None and done[1]:
                scheduler.done(done[0])
            elif done is not None:
                self._skip_behind(done[0], scheduler)
            for node_id in threads.overdue():
                if self._worker.give_up(self._plan.nodes[node_id]):
                    threads.give_up(node_id)
                    self._skip_behind(node_id, scheduler)

    def _skip_behind(self, node_id: str, scheduler: Scheduler) -> None:
        """Say at once of all nodes behind one that did not finish that they will not run."""
        was = "was cancelled" if self._control.is_cancelled(node_id) else "did not finish"
        for following in scheduler.give_up(node_id):
            self._skip(following, f"a node above it {was}")

    def _skip(self, node_id: str, reason: str) -> None:
        self._skipped[node_id] = None
        self._tell(NodeSkipped(run=self._id, node=node_id, reason=reason))
