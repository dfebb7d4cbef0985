"""Session: one open document in the engine: its plan, the keys of its results, its runs, and what to show of each node.

All of it happens in one thread, the engine's; runs work in threads of their own and post what happens there. An edit
never waits for a run: a run has the plan that was there when it began, and what it finishes counts by its key only.
Knows nothing of processes and pipes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.document.editing import Document
from app.document.model import Workflow
from app.document.problems import Problem
from app.engine import executor
from app.engine.background_fingerprints import BackgroundFingerprints
from app.engine.branches import Outcome, chooses
from app.engine.codec import variables_from_json
from app.engine.component_status import component_status, port_status
from app.engine.events import Listener, NodeEvent, NodeFailed, NodeFinished, NodeLog, NodeMetrics, NodeStored
from app.engine.executor import RunResult
from app.engine.fingerprints import file_sets
from app.engine.job import RunControl
from app.engine.known_records import KnownRecords
from app.engine.late import known_spec
from app.engine.messages.base import Tell
from app.engine.messages.requests import EditDocument
from app.engine.messages.tells import LogLevel, LogWritten, RunChanged
from app.engine.nonces import Nonces
from app.engine.permissions import Permissions
from app.engine.plan import Plan, PlannedNode, key_of
from app.engine.planner import Planner
from app.engine.record import Record
from app.engine.runs import Post, RunInProgress, RunsInProgress
from app.engine.status import NodeStatus
from app.engine.status_feed import StatusFeed, in_run, node_status
from app.engine.store import Store
from app.engine.trust import Trust
from app.engine.turns import Turns
from nodes.base import VARIABLES, Failure
from nodes.catalog import Catalog
from nodes.file_sets import FileSet
from nodes.values.variables import Variables, VariablesSpec


class NoSuchNode(Exception):
    """The document has no node of that id (any more)."""


@dataclass
class SessionContext:
    """What all sessions of an engine share.

    Attributes:
        catalog: The node classes.
        store: The results.
        nonces: What stands for chance in their keys.
        fingerprints: Fingerprints of the files that are read.
        post: Has something called in the engine's thread.
        tell: Sends a message to the editor; from the engine's thread.
        renewed: Called with the key of every new result.
        jobs: How many nodes of a run may work at the same time.
        trust: Which scripts may run.
    """

    catalog: Catalog
    store: Store
    nonces: Nonces
    fingerprints: BackgroundFingerprints
    post: Post
    tell: Callable[[Tell], None]
    renewed: Callable[[str], None] = lambda _: None
    jobs: int = 2
    trust: Trust = field(default_factory=Trust)


class Session:
    """One open document.

    Args:
        name: What the editor calls it.
        workflow: Its content.
        folder: The workflow file's folder.
        context: What it shares with others.
        failed: Nodes that are to be shown as failed until they are edited or run: what came of them when the engine died.
        own: Whether it is the person's own, so that it may write where its settings say.

    Attributes:
        document: A copy of what is edited.
    """

    def __init__(
        self,
        name: str,
        workflow: Workflow,
        folder: Path,
        context: SessionContext,
        failed: Mapping[str, Problem] | None = None,
        *,
        own: bool = False,
    ) -> None:
        self.name = name
        self.document = Document(workflow, context.catalog)
        self._context = context
        self._planner = Planner(context.catalog, folder, trust=self._trust(own))
        self._plan = Plan({}, self._planner.plan(Workflow()).wiring, folder)
        self._is_behind = False  # the plan is not yet that of the document as it is edited
        self._unknown: set[str] = set()  # what the editor has forgotten since, as it was removed: if it is back, it is told anew
        self._keys: dict[str, str] = {}
        self._records = KnownRecords(context.store)
        self._bases: dict[str, str] = {}  # of nodes that are not reproducible: what their nonces are for
        self._seen_store = context.store.identity
        self._shown: dict[str, str] = {}
        self._failures: dict[str, tuple[str | None, Problem]] = {}
        self._inactive: Set[str] = frozenset()  # on branches that are not taken, as far as results tell
        self._learned: dict[tuple[str, str], Variables] = {}  # what results say of variables on wires
        self._turns = Turns()
        self._runs = RunsInProgress(context.post, self._happened, self._ended, lambda text: self._log(None, "warning", text))
        self._feed = StatusFeed(name, context.tell)
        self._replan()
        for node_id, problem in (failed or {}).items():
            if node_id in self._plan.nodes and self._record_of(node_id) is None:
                self._failures[node_id] = self._keys.get(node_id), problem

    @property
    def plan(self) -> Plan:
        """The workflow as it is now, ready to run."""
        if self._is_behind:
            self._replan()
        return self._plan

    @property
    def catalog(self) -> Catalog:
        """The node classes."""
        return self._context.catalog

    @property
    def running(self) -> bool:
        """Whether a run is in progress."""
        return bool(self._runs)

    # -- editing

    def edit(self, edit: EditDocument) -> None:
        """Follow an edit. Planned is once for all edits that came before anybody wants to know the plan, or its news."""
        self.document.follow(edit.as_change(self.document))
        self._is_behind = True
        removed = {node_id for node_id, record in edit.nodes.items() if record is None}
        self._unknown |= removed if removed.isdisjoint(self._plan.components) else _parts(self._plan)

    def move(self, folder: Path, *, own: bool = False) -> None:
        """Take relative paths as meant from another folder from now on; runs in progress keep to the old one."""
        self._planner = Planner(self._context.catalog, folder, trust=self._trust(own))
        self._replan()

    def _trust(self, own: bool) -> Trust:
        """Return what this document may do: it shares what the person trusts with all others."""
        shared = self._context.trust
        return replace(shared, writes=Permissions(own=own, digests=shared.digests, results=self._context.store.root))

    def refresh(self, closely: bool = True) -> None:
        """Look whether files, or results, have changed outside; `closely`: also for what a glance does not show."""
        read = {files for planned in self.plan.nodes.values() for files in self._read_by(planned)}
        store = self._context.store.identity
        is_same_store, self._seen_store = store == self._seen_store, store
        if closely or not is_same_store:
            self._context.fingerprints.look_closely(read)
            self._records.clear()
            self._replan()
            self._touch(self._plan.nodes)
            return
        gone = self._records.drop_gone()
        self._touch(n for n, key in self._keys.items() if key in gone)
        if self._planner.is_outdated() or any(self._context.fingerprints.is_outdated(files) for files in read):
            self._replan()

    def trust_changed(self) -> None:
        """Take note that more may be done than before."""
        self._replan()

    def fingerprints_changed(self) -> None:
        """Take note that a fingerprint has become known."""
        self._rekey(self._plan)

    def _replan(self) -> None:
        before = self._plan
        self._is_behind = False  # whatever goes wrong: the same again helps nobody
        self._planner.told = lambda node_id, port: self._learned.get((node_id, port))
        self._plan = self._planner.plan(self.document.workflow())
        bypassed = self._plan.bypassed - before.bypassed
        gone = _parts(before) - _parts(self._plan) | bypassed
        self._runs.give_up(gone)
        for node_id in gone:
            self._forget(node_id)
        for node_id in self._unknown:
            self._feed.forget(node_id)
        self._feed.touch(bypassed | self._unknown & _parts(self._plan))
        self._unknown = set()
        self._turns = Turns.of(self._plan)
        self._rekey(before)
        ports = {p for p, source in self._plan.wiring.passes.items() if before.wiring.passes.get(p) != source}
        known = before.components
        self._feed.touch(ports | {c for c, now in self._plan.components.items() if c not in known or known[c] != now})
        if self._turns.telling or self._learned:
            self._learn(also_rekeyed=True)

    def _learn(self, *, also_rekeyed: bool = False) -> None:
        """Take note of what results tell: values of variables, branches that are taken, failures that others go on from."""
        found = {wire: self._told_by_run(*wire) for wire in self._turns.telling}
        told = {wire: variables for wire, variables in found.items() if variables is not None}
        if told != self._learned:  # what is behind these nodes can be made now; of them others may be told about then
            self._learned = told
            self._replan()
        elif not also_rekeyed:
            self._rekey(self._plan)

    def _told_by_run(self, node_id: str, port: str) -> Variables | None:
        """Return the variables that a node's result holds, if there is one."""
        key = self._keys.get(node_id)
        record = None if key is None else self._records.look_again(key)
        stored = record.outputs.get(port) if record is not None else None
        return variables_from_json(stored) if stored is not None and stored["kind"] == "variables" else None

    def _touch(self, nodes: Iterable[str]) -> None:
        """Look at these nodes before the next message, and at what sums them up."""
        self._feed.touch(self._plan.showing(nodes))

    def _forget(self, node_id: str) -> None:
        self._feed.forget(node_id)
        memories: tuple[dict[str, Any], ...] = (self._keys, self._bases, self._failures)
        for memory in memories:
            memory.pop(node_id, None)

    def _rekey(self, before: Plan) -> None:
        """Compute the keys again where something is new, and note which nodes are to be shown anew."""
        keys: dict[str, str] = {}
        turn = self._turns.taken(lambda node_id: self._outcome_of(node_id, keys)) if self._turns.deciding else None
        for node_id, planned in self._plan.nodes.items():
            if turn is not None:
                turn.look(planned)
            same = planned is before.nodes.get(node_id)
            if (
                same
                and planned.node is not None
                and planned.node.reproducible
                and not planned.node.read_paths()
                and not (turn is not None and chooses(type(planned.node)))
                and all(keys.get(source) == self._keys.get(source) for source, _ in planned.inputs.values())
            ):
                key = self._keys.get(node_id)
            else:
                arrived = turn.arrived(planned) if turn is not None else None
                key = key_of(
                    planned, keys, self._plan.folder, self._context.fingerprints.of, self._noting_base(node_id), arrived=arrived
                )
            if key is not None:
                keys[node_id] = key
            if not same or key != self._keys.get(node_id):
                self._touch([node_id])
        inactive = turn.inactive() if turn is not None else frozenset()
        self._touch(inactive ^ self._inactive)
        self._keys, self._inactive = keys, inactive
        self._records.keep(set(keys.values()), set(self._shown.values()))
        for node_id, (key, problem) in list(self._failures.items()):
            if key is None and node_id in keys:
                self._failures[node_id] = keys[node_id], problem
            elif key != keys.get(node_id):
                del self._failures[node_id]

    def _outcome_of(self, node_id: str, keys: Mapping[str, str]) -> Outcome:
        """Return what came of a node with its present settings and inputs, by itself."""
        failed = self._failures.get(node_id)
        if failed is not None and failed[0] in (None, keys.get(node_id)):
            return Failure(self._plan.nodes[node_id].path, failed[1].message, failed[1].remedy)
        record = self._records.get(keys[node_id]) if node_id in keys else None
        return None if record is None else record.outputs.keys()

    def _noting_base(self, node_id: str) -> Callable[[str], str]:
        def nonce_of(base: str) -> str:
            self._bases[node_id] = base
            return self._context.nonces.of(base)

        return nonce_of

    def _read_by(self, planned: PlannedNode) -> Iterable[FileSet]:
        if planned.node is None or not planned.ready or not planned.node.read_paths():
            return ()
        return file_sets(planned.node, self._plan.folder).values()

    # -- running

    def run(self, targets: Sequence[str] | None = None, *, fresh: bool = False) -> str | None:
        """Begin to bring nodes, and all they need, to completion.

        Args:
            targets: The nodes, and components with all that is in them; by default all.
            fresh: Whether to compute everything again.

        Returns:
            The run's id; None if none of the nodes is there.
        """
        known = list(self.plan.nodes) if targets is None else self.plan.nodes_of(targets)
        needed = self._plan.needed_for(known)
        if not needed:
            return None
        busy = self._runs.nodes
        for node_id in needed:
            base = self._bases.get(node_id)
            if base is not None and node_id not in busy and self._plan.nodes[node_id].ready:
                self._renew_nonce(node_id, base, fresh)
        self._rekey(self._plan)
        computed = [n for n in needed if self._plan.nodes[n].ready and (fresh or self._record_of(n) is None)]
        for node_id in needed:
            self._failures.pop(node_id, None)
        self._touch(needed)
        plan, context = self._plan, self._context

        def work(run_id: str, control: RunControl, listener: Listener) -> RunResult:
            return executor.run(
                plan,
                context.store,
                listener,
                targets=known,
                jobs=context.jobs,
                fresh=fresh,
                control=control,
                nonce_of=context.nonces.of,
                run_id=run_id,
            )

        def told(run: RunInProgress) -> None:
            context.tell(RunChanged(document=self.name, run=run.id, status="started", nodes=tuple(computed)))

        return self._runs.begin(computed, work, told)

    def obstacle(self, targets: Sequence[str] | None = None) -> tuple[str, bool] | None:
        """Return what keeps a run from beginning: a node that is not configured, or that the person has to allow something first.

        Args:
            targets: The nodes that are to run: each has to be ready. By default all, of which one that is ready is enough.

        Returns:
            The node (empty if none is there), and whether it is the person's word that it lacks; None: nothing is in the way.
        """
        nodes = self.plan.nodes
        known = [n for n in (nodes if targets is None else targets) if n in nodes]
        if not known:
            return "", False
        asking = [n for n in self._plan.needed_for(known) if nodes[n].untrusted or nodes[n].wishes]
        if asking:
            return asking[0], True
        waiting = [n for n in known if not nodes[n].ready]
        if not waiting or (targets is None and len(waiting) < len(known)):
            return None
        return nodes[waiting[0]].blocked_by or waiting[0], False

    def _renew_nonce(self, node_id: str, base: str, fresh: bool) -> None:
        """Before a run: take a new nonce, if the present one's result is to be computed again, or has gone."""
        if fresh or (self._context.nonces.is_used(base) and self._record_of(node_id) is None):
            self._context.nonces.renew(base)
        else:
            self._context.nonces.keep(base)

    def cancel(self, nodes: Iterable[str] | None = None) -> None:
        """Stop nodes, and what is behind them; all runs with everything in them if no nodes are given."""
        self._runs.cancel(None if nodes is None else self._nodes_of(nodes))

    def _nodes_of(self, ids: Iterable[str]) -> list[str]:
        """Return the nodes that ids mean; those that are not there any more may still be at work."""
        wanted = list(ids)
        return [*self._plan.nodes_of(wanted), *(n for n in wanted if n in self._plan.bypassed or n not in _parts(self._plan))]

    def stop(self, node_id: str) -> None:
        """Have a node end early and keep what it has."""
        self._runs.stop(node_id)

    def reset(self, nodes: Iterable[str]) -> None:
        """Forget the results of nodes and of all behind them; those that are at work on one are stopped."""
        wanted = self.plan.wiring.downstream(self.plan.nodes_of(nodes))
        self._runs.forget(wanted)
        for node_id in wanted:
            for key in {self._keys.get(node_id), self._shown.pop(node_id, None)} - {None}:
                assert key is not None
                self._drop(key)
                self._context.store.drop_scratch(key)
            self._failures.pop(node_id, None)
            if node_id in self._bases:
                self._context.nonces.renew(self._bases[node_id])
        self._touch(wanted)
        self._rekey(self._plan)

    def _drop(self, key: str) -> None:
        self._context.store.drop(key)
        self._context.renewed(key)
        self._records.drop(key)

    def close(self, wait: float | None = None) -> None:
        """Stop all runs; with `wait`, for so many seconds wait until they are over."""
        self._runs.close(wait)

    # -- what happens in runs

    def _happened(self, run: RunInProgress, event: NodeEvent, key: str | None) -> None:
        match event:
            case NodeMetrics():
                self._feed.add_point(event)
                return
            case NodeLog():
                self._log(event.node, event.level, event.message, event.time)
                return
            case NodeStored() | NodeFinished():
                if event.node in run.forgotten:
                    self._drop(event.key)  # it was stored, and perhaps seen, after it was forgotten
                    if self._shown.get(event.node) == event.key:
                        del self._shown[event.node]
                else:
                    self._finished(event.node, event.key)
            case NodeFailed():
                self._failed(event, key)
        if event.node in self._plan.nodes:
            self._touch([event.node])
            if event.node in self._turns.deciding and isinstance(event, NodeStored | NodeFinished | NodeFailed):
                self._learn()

    def _finished(self, node_id: str, key: str) -> None:
        """There is a result."""
        self._records.renew(key)
        self._context.renewed(key)
        if node_id in self._plan.nodes:
            self._shown[node_id] = key
            self._failures.pop(node_id, None)
            # Nodes with the same settings and inputs have the same result.
            self._touch(n for n, k in self._keys.items() if k == key)

    def _failed(self, event: NodeFailed, worked_for: str | None) -> None:
        """There is none; that is shown as long as the node is what it was then."""
        key = worked_for or self._keys.get(event.node)
        if event.node in self._plan.nodes and key == self._keys.get(event.node):
            self._failures[event.node] = key, Problem(event.message, event.remedy, node=event.node, setting=event.setting)
        self._log(event.node, "error", f"{event.message} {event.remedy}".rstrip(), event.time)

    def _ended(self, run: RunInProgress, result: RunResult) -> None:
        self._touch(run.activities.keys() & self._plan.nodes.keys())
        self.flush()  # when the end of the run is told, no node is shown running any more
        seconds = round(result.seconds, 3)
        end = RunChanged(document=self.name, run=run.id, status=result.status, nodes=tuple(result.keys), seconds=seconds)
        self._context.tell(end)
        if not self._runs:
            self.refresh(closely=False)

    def _log(self, node_id: str | None, level: LogLevel, message: str, moment: float | None = None) -> None:
        line = LogWritten(document=self.name, node=node_id, level=level, message=message, time=moment or time.time())
        self._context.tell(line)

    # -- showing

    @property
    def changed(self) -> bool:
        """Whether there is something to tell."""
        return self._is_behind or self._feed.has_news(self._plan.general)

    def flush(self) -> None:
        """Tell what is new of nodes and curves."""
        plan = self.plan
        self._records.look_up(self._keys[n] for n in self._feed.dirty if n in self._keys)
        now = time.time()
        self._feed.flush(lambda node_id: self._told(node_id, now), plan.general, _Summed(plan))

    def status(self, node_id: str) -> NodeStatus:
        """Return what to show of a node.

        Raises:
            NoSuchNode: If there is none.
        """
        if node_id in self.plan.bypassed:
            return NodeStatus(state="bypassed")
        if node_id in self._plan.components or node_id in self._plan.wiring.passes:
            return self._summed(node_id, lambda inner: self._status(self._plan.nodes[inner], time.time()))
        return self._status(self.planned(node_id), time.time())

    def _told(self, node_id: str, now: float) -> NodeStatus:
        """Return what to tell of a node, component or port; of the latter two by what was told of nodes."""
        planned = self._plan.nodes.get(node_id)
        if planned is not None:
            return self._status(planned, now)
        if node_id in self._plan.bypassed:
            return NodeStatus(state="bypassed")
        return self._summed(node_id, lambda inner: self._feed.last(inner) or self._status(self._plan.nodes[inner], now))

    def _summed(self, node_id: str, status_of: Callable[[str], NodeStatus]) -> NodeStatus:
        component = self._plan.components.get(node_id)
        if component is not None:
            return component_status(component, {inner: status_of(inner) for inner in component.nodes})
        source, port = self._plan.wiring.passes[node_id]
        return port_status(status_of(source), port)

    def _status(self, planned: PlannedNode, now: float) -> NodeStatus:
        node_id, key = planned.id, self._keys.get(planned.id)
        record = self._record_of(node_id)
        if record is not None and key is not None:
            self._shown[node_id] = key
        failure = self._failures[node_id][1] if node_id in self._failures else None
        status = node_status(
            planned, key, self._shown.get(node_id), record, failure, is_inactive=node_id in self._inactive and record is None
        )
        activity = self._runs.activity(node_id)
        return status if activity is None else in_run(status, activity, now)

    def _record_of(self, node_id: str) -> Record | None:
        """The record of the result for a node's present settings and inputs, if there is one."""
        key = self._keys.get(node_id)
        record = None if key is None else self._records.get(key)
        if record is not None and node_id in self._bases:
            self._context.nonces.use(self._bases[node_id])
        return record

    # -- what questions are answered from

    def planned(self, node_id: str) -> PlannedNode:
        """Return a node as it is planned.

        Raises:
            NoSuchNode: If there is none.
        """
        if node_id not in self.plan.nodes:
            raise NoSuchNode(node_id)
        return self.plan.nodes[node_id]

    def wired_variables(self, node_id: str) -> tuple[str, VariablesSpec | None] | None:
        """Return the node whose variables are wired to one, and what is known of them; None if none are.

        Raises:
            NoSuchNode: If there is no such node.
        """
        wire = self.planned(node_id).inputs.get(VARIABLES)
        above = self._plan.nodes.get(wire[0]) if wire is not None else None
        if wire is None or above is None:
            return None
        return wire[0], known_spec(above.specs.get(wire[1]), self._learned.get(wire))

    def shown(self, node_id: str) -> tuple[str, Record] | None:
        """Return the key and the record of the result that views show of a node; None if there is none (any more).

        Raises:
            NoSuchNode: If there is no such node.
        """
        key = self.status(node_id).shown_key
        record = None if key is None else self._records.look_again(key)
        return None if key is None or record is None else (key, record)

    def sources(self, node_id: str) -> Mapping[str, tuple[str, str]]:
        """Return by input port the node and the output port that the shown result was made from.

        Empty where the result, or one of those it was made from, is of earlier settings.
        """
        inputs = self.planned(node_id).inputs
        statuses = [self.status(node) for node in (node_id, *(source for source, _ in inputs.values()))]
        return inputs if all(status.shown_key and not status.outdated for status in statuses) else {}


def _parts(plan: Plan) -> set[str]:
    """The nodes, components and ports of a plan: all that something is told of."""
    return {*plan.nodes, *plan.bypassed, *plan.components, *plan.wiring.passes}


@dataclass(frozen=True)
class _Summed(Container[str]):
    """What is told of by what was told of nodes: components and their ports."""

    plan: Plan

    def __contains__(self, node_id: object) -> bool:
        return node_id not in self.plan.nodes
