"""The worker of a run: computes one node, with all that it needs there, and stores its result.

What runs when is not its business (`app.engine.executor`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress

from app.engine.configuration import configure
from app.engine.events import (
    Event,
    NodeCancelled,
    NodeEvent,
    NodeFailed,
    NodeFinished,
    NodeLog,
    NodeProgress,
    NodeStarted,
    NodeStored,
)
from app.engine.failures import explained
from app.engine.fingerprints import file_sets
from app.engine.job import EngineJob, RunControl
from app.engine.keras_import import KerasImport
from app.engine.late import counts_for_results
from app.engine.locks import KERAS_TURN, RESULT_LOCKS
from app.engine.made_files import note_made
from app.engine.node_threads import is_given_up
from app.engine.peak_memory import PeakMemory
from app.engine.permissions import Claims, places_of, wish_problems
from app.engine.plan import Arrived, Plan, PlannedNode
from app.engine.record import Record
from app.engine.store import Store
from app.engine.value_cache import ValueCache
from nodes.base import Cancelled, Node, NodeError, Value, Values, panics_as_errors

LONGEST_WAIT_FOR_GIVEN_UP = 20.0
"""Seconds that a node waits for the turn with TensorFlow of one that was given up."""


class NodeWorker:
    """Computes the nodes of one run, several at the same time, each in the thread that asks for it.

    Args:
        run: The run's id.
        plan: What is run.
        keys: Node -> key of its result.
        store: Where results are and go.
        tell: Told everything that happens.
        fresh: Whether to compute what is stored already.
        control: How nodes are cancelled from outside.

    Attributes:
        records: Node -> record of its result, for the nodes that have one by now.
        failures: Node -> what kept it from finishing.
    """

    def __init__(
        self,
        run: str,
        plan: Plan,
        keys: Mapping[str, str],
        store: Store,
        tell: Callable[[Event], None],
        *,
        fresh: bool,
        control: RunControl,
    ) -> None:
        self.records: dict[str, Record] = {}
        self.failures: dict[str, NodeError] = {}
        self._run = run
        self._plan = plan
        self._keys = keys
        self._store = store
        self._listener = tell
        self._lock = threading.Lock()
        self._given_up: set[str] = set()
        self._over: set[str] = set()  # what came of these is settled
        self._fresh = fresh
        self._control = control
        self._values = ValueCache(store)
        self._computed: set[str] = set()  # keys of results that this run has made
        self._keras: KerasImport | None = None

    def take_from_store(self, node_id: str) -> bool:
        """Return whether the node's result is there already; then nothing is loaded before another node asks for it."""
        key = self._keys.get(node_id)
        if key is None or (self._fresh and key not in self._computed):
            return False
        record = self._store.record(key)
        if record is None:
            return False
        self.records[node_id] = record
        self._tell(NodeStored(run=self._run, node=node_id, key=key, outputs=record.described))
        for warning in record.warnings:
            self._tell(NodeLog(run=self._run, node=node_id, level="warning", message=warning))
        return True

    def prepare(self, todo: Iterable[PlannedNode]) -> None:
        """Say what is going to be computed: values are kept for it, and TensorFlow is imported if it is needed."""
        for planned in todo:
            self._values.expect(planned.sources)
            if self._keras is None and planned.node_class is not None and planned.node_class.needs_keras:
                self._keras = KerasImport()

    def close(self) -> None:
        """Wait for what is still going on; not after a cancel, which must not take as long as the import of TensorFlow."""
        if self._keras is not None and not self._control.cancel.is_set():
            self._keras.join()

    def give_up(self, planned: PlannedNode) -> bool:
        """Want nothing more of a node that was cancelled and does not end; say whether there was still something to give up."""
        with self._lock:
            if planned.id in self._over:
                return False
            self._given_up.add(planned.id)
        RESULT_LOCKS.forfeit(self._store.root, self._keys[planned.id])
        text = "The node did not stop when it was cancelled, and was left to itself: what it still finds is dropped."
        self._listener(NodeLog(run=self._run, node=planned.id, level="info", message=text))
        self._listener(NodeCancelled(run=self._run, node=planned.id))
        return True

    def _tell(self, event: Event) -> None:
        """Pass on what happens to a node, unless it was given up."""
        if not (isinstance(event, NodeEvent) and event.node in self._given_up):
            self._listener(event)

    def _settle(self, node_id: str) -> None:
        """Take it that a node's end is what it comes to now; raise `Cancelled` if it was given up before."""
        with self._lock:
            if node_id in self._given_up:
                raise Cancelled
            self._over.add(node_id)

    def refuse(self, planned: PlannedNode, error: NodeError) -> None:
        """Let a node fail before it has begun."""
        self._fail(planned, error)

    def complete(self, planned: PlannedNode, arrived: Arrived) -> bool:
        """Compute a node of what is at its inputs and store its result; say whether that worked out. For worker threads."""
        node = planned.node
        assert node is not None
        key = self._keys[planned.id]
        try:
            # Twins (same settings, same inputs) compute once. Against other processes only long work is locked: two of
            # them computing a short one does no harm, whoever is second finds the result in its place.
            with (
                RESULT_LOCKS.held(self._store.root, key, lambda: self._check_cancelled(planned.id)) as others,
                self._keras_turn(key, planned.id) if node.needs_keras else nullcontext(),
            ):
                self._check_cancelled(planned.id)
                # Another run, or a twin of this node in this one, may have computed it meanwhile.
                if not ((node.needs_keras or others or key in self._computed) and self.take_from_store(planned.id)):
                    with panics_as_errors():
                        self._compute(planned, node, arrived)
        except Cancelled:
            self._end_cancelled(planned.id)
        except BaseException as error:  # noqa: BLE001 - also a script's `sys.exit` is no dead run
            self._fail(planned, explained(error, self._store.root))
        else:
            return True
        finally:
            self._values.release(planned.id, planned.sources)
        return False

    @contextmanager
    def _keras_turn(self, key: str, node_id: str) -> Iterator[None]:
        began, told = time.monotonic(), False

        def look() -> None:
            nonlocal told
            self._check_cancelled(node_id)
            if not is_given_up(KERAS_TURN.holder):
                return
            if time.monotonic() - began > LONGEST_WAIT_FOR_GIVEN_UP:
                # Nothing tells when its step ends, or whether it does; where no run is left, the editor starts the engine anew.
                raise NodeError(
                    "TensorFlow is still at work on a node that was cancelled and has not stopped.",
                    "Run again in a moment, or restart Layerloom.",
                )
            if not told:
                text = "The node waits: TensorFlow is still at work on one that was cancelled and has not stopped."
                self._tell(NodeLog(run=self._run, node=node_id, level="info", message=text))
                told = True

        with KERAS_TURN.held(look), self._store.locked(key, look):
            yield

    def _check_cancelled(self, node_id: str) -> None:
        """Raise `Cancelled` if the node is not wanted any more."""
        if self._control.is_cancelled(node_id):
            raise Cancelled

    def _compute(self, planned: PlannedNode, node: Node, arrived: Arrived) -> None:
        key = self._keys[planned.id]
        if self._plan.trust.untrusted(node):  # whatever let it come so far
            raise NodeError("The node has a script that nobody has trusted yet.", "Read it, and trust it.")
        self._refuse_forbidden_writes(planned, node)
        self._tell(NodeStarted(run=self._run, node=planned.id, key=key, why=self._why(node)))
        inputs = {
            port: self._values.value(source, out, self._keys[source], self.records[source])
            for port, (source, out) in arrived.inputs.items()
            if counts_for_results(type(node), port)
        }
        if any(spec is None for spec in planned.specs.values()) or any(port.lacking for port in node.input_ports):
            self._configure_late(planned, node, inputs)
        if node.needs_keras:
            self._wait_for_keras(planned.id)
        if self._fresh:
            self._store.drop_scratch(key)
        began = time.perf_counter()
        with self._store.writing(key) as writer:
            job = EngineJob(
                run=self._run,
                node=planned.id,
                folder=self._plan.folder,
                scratch=lambda: self._store.scratch(key),
                streams=lambda: writer.folder,
                listener=self._tell,
                control=self._control,
                claims=Claims(self._plan.trust.writes, places_of(node, self._plan.folder), self._plan.folder),
            )
            with PeakMemory() as memory:
                outputs = node.execute(Values(inputs, arrived.failures), job)
            note_made(self._plan.folder, job.written)
            for files in file_sets(node, self._plan.folder).values():
                if not self._store.fingerprints.is_as_it_was(files):
                    raise NodeError(f"{files.path} was changed while the workflow ran.", "Run again.")
            seconds = time.perf_counter() - began
            record, kept = writer.commit(
                outputs,
                written=job.written,
                warnings=tuple(job.warnings),
                seconds=seconds,
                peak=memory.peak,
                replace=self._fresh,
            )
        if job.used_scratch:
            self._store.drop_scratch(key)
        self._settle(planned.id)
        self._computed.add(key)
        self.records[planned.id] = record
        self._values.put(planned.id, kept)
        finished = NodeFinished(
            run=self._run,
            node=planned.id,
            key=key,
            seconds=record.seconds,
            outputs=record.described,
            size=record.size,
            peak=record.peak,
        )
        self._tell(finished)

    def _refuse_forbidden_writes(self, planned: PlannedNode, node: Node) -> None:
        """Look again where a node would write: files may have come there since the plan was made."""
        permitted, folder = self._plan.trust.writes, self._plan.folder
        refused = permitted.forbidden(node, planned.id, folder)
        for problem in refused or wish_problems(planned.id, permitted.wishes(node, planned.id, folder, planned.path)):
            raise NodeError(problem.message, problem.remedy, setting=problem.setting)

    def _wait_for_keras(self, node_id: str) -> None:
        """Wait for the import of TensorFlow, and say so."""

        def say() -> None:
            self._check_cancelled(node_id)
            self._tell(NodeProgress(run=self._run, node=node_id, fraction=None, message="starting TensorFlow"))

        if self._keras is not None:
            self._keras.wait(say)

    def _configure_late(self, planned: PlannedNode, node: Node, inputs: Mapping[str, Value]) -> None:
        """Configure a node whose inputs could not be known before: now they are there."""
        specs = {port: value.spec for port, value in inputs.items() if hasattr(value, "spec")}
        for problem in configure(node, planned.id, specs, self._plan.folder).problems:
            if problem.severity == "error":
                raise NodeError(problem.message, problem.remedy, setting=problem.setting)

    def _why(self, node: Node) -> str:
        """Return why a node runs, for the log."""
        if self._fresh:
            return "a fresh run was asked for"
        if not node.reproducible:
            return "it does not give the same result twice"
        return "there is no result for these settings and inputs yet"

    def _end_cancelled(self, node_id: str) -> None:
        with suppress(Cancelled):
            self._settle(node_id)
            self._tell(NodeCancelled(run=self._run, node=node_id))

    def _fail(self, planned: PlannedNode, error: NodeError) -> None:
        try:
            self._settle(planned.id)
        except Cancelled:
            return
        self.failures[planned.id] = error
        self._tell(NodeFailed(run=self._run, node=planned.id, message=error.message, remedy=error.remedy, setting=error.setting))
