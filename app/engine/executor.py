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
from dataclasses import dataclass, field, replace

from app.document.problems import Problem
from app.engine.branches import (
    INACTIVE,
    Arrival,
    Outcome,
    Reserve,
    arrival,
    chooses,
    in_order,
    reserve,
    tolerates_failure,
)
from app.engine.codec import variables_from_json
from app.engine.events import Event, Listener, NodeInactive, NodeSkipped, RunFinished, RunStarted, RunStatus
from app.engine.job import RunControl
from app.engine.node_threads import NodeThreads
from app.engine.node_worker import NodeWorker
from app.engine.plan import NonceOf, Plan, PlannedNode, key_of
from app.engine.scheduler import Scheduler
from app.engine.store import Store
from nodes.base import VARIABLES, Failure, NodeError


@dataclass
class RunResult:
    """How a run went.

    Attributes:
        status: done, failed or cancelled.
        keys: Node -> key of its result in the store, for the nodes that have one.
        failures: Node -> what kept it from finishing.
        skipped: The nodes that were not run, because of a failure above or a cancel.
        inactive: The nodes that were not run, because they are on a branch that is not taken -> why.
        seconds: Wall time.
    """

    status: RunStatus
    keys: dict[str, str] = field(default_factory=dict)
    failures: dict[str, NodeError] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    inactive: dict[str, str] = field(default_factory=dict)
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
        self._nonce_of = nonce_of
        self._store = store
        self._listener = listener
        self._jobs = jobs
        self._control = control
        self._telling = threading.Lock()
        self._skipped: dict[str, None] = {}
        self._inactive: dict[str, str] = {}
        self._nodes = dict(plan.nodes)  # those whose settings a run tells are replaced when they are known
        self._reserve = Reserve()
        self._arrived: dict[str, Arrival] = {}  # what is at the inputs of the nodes that were begun
        self._worker = NodeWorker(run_id, plan, self._keys, store, self._tell, fresh=fresh, control=control)

    def _tell(self, event: Event) -> None:
        """Pass an event on; listeners need not be thread-safe."""
        with self._telling:
            self._listener(event)

    def run(self, targets: list[str]) -> RunResult:
        """Run to the end."""
        needed = self._plan.needed_for(targets)
        self._tell(RunStarted(run=self._id, nodes=tuple(needed)))
        self._reserve = reserve(self._plan.nodes, needed)
        todo = self._skip_unready([n for n in needed if not self._is_settled(n)])
        if todo:
            self._compute(todo)
        self._store.make_room()
        keys = {node_id: self._keys[node_id] for node_id in self._worker.records}
        seconds = time.perf_counter() - self._began
        status = self._status(needed)
        result = RunResult(status, keys, self._worker.failures, list(self._skipped), self._inactive, seconds)
        self._tell(RunFinished(run=self._id, status=result.status, seconds=round(seconds, 3)))
        return result

    def _status(self, needed: Sequence[str]) -> RunStatus:
        """Return how a run of these nodes has ended: a failure that another node goes on from is none of the run."""
        if self._all_done(needed):
            return "done"
        if self._control.cancel.is_set():
            return "cancelled"
        return "cancelled" if self._control.cancelled_nodes and not self._worker.failures else "failed"

    def _all_done(self, needed: Sequence[str]) -> bool:
        done = {*self._worker.records, *self._inactive}
        open_ends = [n for n in needed if n not in done]
        if not open_ends or self._control.cancel.is_set() or self._control.cancelled_nodes:
            return not open_ends
        followers: dict[str, list[str]] = {}
        for n in needed:
            for source in self._plan.nodes[n].sources:
                followers.setdefault(source, []).append(n)
        mended: set[str] = set()
        for n in reversed(open_ends):
            behind = followers.get(n, ())
            if behind and all(b in mended or (b in done and tolerates_failure(self._plan.nodes[b], n)) for b in behind):
                mended.add(n)
        return len(mended) == len(open_ends)

    def _is_settled(self, node_id: str) -> bool:
        """Return whether nothing is to be computed of a node: its result is there, or it is on a branch that is not taken."""
        if self._worker.take_from_store(node_id):
            return True
        planned = self._nodes[node_id]
        if not planned.ready or (self._is_plain(node_id) and not self._inactive):
            return False
        arrived = arrival(planned, self._outcome_of)
        if arrived is None or arrived.failure is not None:
            return False
        if self._rests(node_id, arrived):
            return True
        try:
            return self._know(node_id, arrived) and self._worker.take_from_store(node_id)
        except NodeError:
            return False  # it fails when it is its turn

    def _is_plain(self, node_id: str) -> bool:
        """Return whether it was known before the run what the node is and what comes to it."""
        return (
            node_id in self._keys
            and node_id not in self._reserve.of
            and not any(self._lacks(n) for n in self._plan.nodes[node_id].sources)
        )

    def _lacks(self, node_id: str) -> bool:
        """Return whether a node gives nothing at one of its output ports."""
        record, node_class = self._worker.records.get(node_id), self._plan.nodes[node_id].node_class
        return record is not None and node_class is not None and len(record.outputs) < len(node_class.output_ports)

    def _outcome_of(self, node_id: str) -> Outcome:
        record = self._worker.records.get(node_id)
        if record is not None:
            return record.outputs.keys()
        if node_id in self._inactive:
            return INACTIVE
        error = self._worker.failures.get(node_id)
        if error is not None:
            return Failure(self._plan.nodes[node_id].path, error.message, error.remedy)
        if node_id in self._skipped:
            outcomes = (self._outcome_of(source) for source in self._plan.nodes[node_id].sources)
            return next((o for o in outcomes if isinstance(o, Failure)), None)
        return None

    def _rests(self, node_id: str, arrived: Arrival) -> bool:
        """Return whether a node is on a branch that is not taken, and say so."""
        why = "it is on a branch that is not taken" if arrived.is_inactive else ""
        waiting = self._reserve.of.get(node_id)
        if waiting and not why and all(self._needs_no_fallback(chooser) for chooser in waiting):
            why = "it is needed only if something else fails, which it did not"
        if not why:
            return False
        self._inactive[node_id] = why
        self._tell(NodeInactive(run=self._id, node=node_id, reason=why))
        return True

    def _needs_no_fallback(self, chooser: str) -> bool:
        if chooser in self._worker.records or chooser in self._inactive:
            return True
        planned = self._plan.nodes[chooser]
        for name, port in in_order(planned):
            source, out = planned.inputs[name]
            outcome = self._outcome_of(source)
            if port.lacking and not port.fallback and outcome is not None and not isinstance(outcome, Failure) and out in outcome:
                return True
        return False

    def _know(self, node_id: str, arrived: Arrival) -> bool:
        """Find out what a node is and the key of its result, where only the run tells; return whether that is known now.

        Raises:
            NodeError: If its settings are wrong with what the run told.
        """
        planned = self._nodes[node_id]
        if planned.late is not None:
            source, port = planned.inputs[VARIABLES]
            record = self._worker.records[source]
            node = planned.late.node(variables_from_json(record.outputs[port]))
            planned = self._nodes[node_id] = replace(planned, node=node, late=None)
        nonce_of: NonceOf = self._nonce_of or (lambda _: self._id)
        key = key_of(planned, self._keys, self._plan.folder, self._store.fingerprints.of, nonce_of, arrived=arrived)
        if key is not None:
            self._keys[node_id] = key
        return key is not None

    def _skip_unready(self, todo: Iterable[str]) -> list[str]:
        """Skip what cannot run, because of a problem with it or with a node above it."""
        ready = []
        for node_id in todo:
            planned = self._plan.nodes[node_id]
            if planned.ready:
                ready.append(node_id)
            else:
                self._skip(node_id, f"'{planned.blocked_by}' is not configured" if planned.blocked_by else "it has problems")
        return ready

    def _compute(self, todo: list[str]) -> None:
        """Compute nodes, given in topological order, each once all that it needs is done, until nothing is left that can be."""
        started: set[str] = set()
        with closing(self._worker):
            if not self._control.cancel.is_set():
                self._worker.prepare(self._plan.nodes[node_id] for node_id in todo)
                started = self._work(self._scheduler(todo), set(todo))
        for node_id in todo:
            settled = node_id in self._skipped or node_id in self._inactive or node_id in self._worker.records
            if node_id not in started and not settled:  # after a cancel of the run
                self._skip(node_id, "the run was cancelled")

    def _scheduler(self, todo: Sequence[str]) -> Scheduler:
        nodes = self._plan.nodes
        choosing = [n for n in todo if (node_class := nodes[n].node_class) is not None and chooses(node_class)]
        tolerated = {(source, n) for n in choosing for source in nodes[n].sources if tolerates_failure(nodes[n], source)}
        return Scheduler(self._plan.wiring.graph, todo, tolerated=tolerated, after=self._reserve.after)

    def _begin(self, node_id: str, threads: NodeThreads, scheduler: Scheduler) -> bool:
        """Begin to compute a node whose turn it is; return whether that is what is to be done."""
        planned = self._nodes[node_id]
        arrived = arrival(planned, self._outcome_of)
        if arrived is None or arrived.failure is not None:  # what it could have gone on without, it needs after all
            self._skip(node_id, "a node above it did not finish")
            self._skip_behind(node_id, scheduler)
            return False
        if self._rests(node_id, arrived):
            scheduler.done(node_id)
            return False
        if node_id not in self._keys:
            try:
                known = self._know(node_id, arrived)
            except NodeError as error:
                self._worker.refuse(planned, error)
                self._skip_behind(node_id, scheduler)
                return True
            if not known:
                problem = next(iter(planned.problems), Problem("What it reads cannot be looked at.", "Look at its settings."))
                self._worker.refuse(planned, NodeError(problem.message, problem.remedy, setting=problem.setting))
                self._skip_behind(node_id, scheduler)
                return True
            if self._worker.take_from_store(node_id):
                scheduler.done(node_id)
                return False
        self._arrived[node_id] = arrived
        threads.submit(self._nodes[node_id])
        return True

    def _complete(self, planned: PlannedNode) -> bool:
        return self._worker.complete(planned, self._arrived[planned.id])

    def _work(self, scheduler: Scheduler, todo: Collection[str]) -> set[str]:
        """Have nodes computed as they become ready, until nothing is left that can be; return those that were begun."""
        threads = NodeThreads(self._jobs, self._complete, self._control.is_cancelled)
        started: set[str] = set()
        while True:
            for node_id in self._control.cancelled_nodes.intersection(todo) - started - self._skipped.keys():
                self._skip(node_id, "it was cancelled")
                self._skip_behind(node_id, scheduler)
            while not self._control.cancel.is_set() and (ready := scheduler.take_ready()):  # after a cancel nothing new begins
                started.update(n for n in ready if self._begin(n, threads, scheduler))
            if not threads:
                return started
            # Waking up four times a second keeps the main thread open to Ctrl+C on every system, and shows cancelled nodes.
            done = threads.next_done(timeout=0.25)
            if done is not None and done[1]:
                scheduler.done(done[0])
            elif done is not None:
                self._skip_behind(done[0], scheduler)
            for node_id in threads.overdue():
                if self._worker.give_up(self._nodes[node_id]):
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
