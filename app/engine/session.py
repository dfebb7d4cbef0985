"""Session: one open document in the engine: its plan, the keys of its results, its runs, and what to show of each node.

All of it happens in one thread, the engine's; runs work in threads of their own and post what happens there. An edit
never waits for a run: a run has the plan that was there when it began, and what it finishes counts by its key only.
Knows nothing of processes and pipes.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app.document.editing import Change, Document
from app.document.model import Connection, NodeRecord, NodeView, Variable, Workflow
from app.document.problems import Problem
from app.engine import executor
from app.engine.draws import Draws
from app.engine.estimate import Estimate
from app.engine.events import (
    Event,
    NodeCancelled,
    NodeEvent,
    NodeFailed,
    NodeFinished,
    NodeLog,
    NodeMetrics,
    NodeProgress,
    NodeSkipped,
    NodeStarted,
    NodeStored,
)
from app.engine.executor import RunResult
from app.engine.inspection.base import StoredOutputs
from app.engine.job import Control
from app.engine.permissions import Permissions
from app.engine.plan import Plan, PlannedNode, Planner, configure, instantiate, key_of, read_paths
from app.engine.prints import Prints
from app.engine.status import NodeStatus
from app.engine.store import Record, Store
from app.engine.trust import Trust
from nodes.base import Spec
from nodes.catalog import Catalog
from nodes.values.table import Table
from nodes.wording import counted

Post = Callable[[Callable[[], None]], None]
Tell = Callable[[dict[str, Any]], None]
_RECORDS: Mapping[str, type[BaseModel]] = {
    "nodes": NodeRecord,
    "connections": Connection,
    "variables": Variable,
    "views": NodeView,
}


MOST_FORMER_RECORDS = 1000
"""Roughly so many records of results of former settings are remembered."""


class NoSuchNode(Exception):
    """The document has no node of that id (any more)."""


@dataclass
class Surroundings:
    """What all sessions of an engine share.

    Attributes:
        catalog: The node classes.
        store: The results.
        draws: What stands for chance in their keys.
        prints: Fingerprints of the files that are read.
        post: Has something called in the engine's thread.
        tell: Sends a message to the editor; from the engine's thread.
        renewed: Called with the key of every new result.
        jobs: How many nodes of a run may work at the same time.
        trust: Which scripts may run.
    """

    catalog: Catalog
    store: Store
    draws: Draws
    prints: Prints
    post: Post
    tell: Tell
    renewed: Callable[[str], None] = lambda _: None
    jobs: int = 2
    trust: Trust = field(default_factory=Trust)


@dataclass
class _Activity:
    """A node's part in a run."""

    running: bool = False
    key: str | None = None
    fraction: float | None = None
    message: str = ""
    estimate: Estimate = field(default_factory=Estimate)


@dataclass
class _Run:
    """A run in progress."""

    control: Control
    thread: threading.Thread
    activities: dict[str, _Activity]
    forgotten: set[str] = field(default_factory=set)
    """Nodes that were reset since it began: what it still finishes of them is not wanted."""


class Session:
    """One open document.

    Args:
        document: What the editor calls it.
        workflow: Its content.
        folder: The workflow file's folder.
        around: What it shares with others.
        failed: Nodes that are to be shown as failed until they are edited or run: what came of them when the engine died.
        own: Whether the person made it, or saved it on this machine, so that it may write where its settings say.
    """

    def __init__(
        self,
        document: str,
        workflow: Workflow,
        folder: Path,
        around: Surroundings,
        failed: Mapping[str, Problem] | None = None,
        *,
        own: bool = False,
    ) -> None:
        self.id = document
        self._around = around
        self._document = Document(workflow, around.catalog)
        self._planner = Planner(around.catalog, folder, trust=self._trust(own))
        self._plan = Plan({}, self._planner.plan(Workflow()).wiring, folder)
        self._keys: dict[str, str] = {}
        self._records: dict[str, Record | None] = {}
        self._bases: dict[str, str] = {}  # of nodes that are not reproducible: what their draws are for
        self._shown: dict[str, str] = {}
        self._failures: dict[str, tuple[str | None, Problem]] = {}
        self._runs: dict[str, _Run] = {}
        self._sent: dict[str, NodeStatus] = {}
        self._sent_general: list[Problem] | None = None
        self._dirty: set[str] = set()
        self._points: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._replan()
        for node_id, problem in (failed or {}).items():
            if node_id in self._plan.nodes and self._record_of(node_id) is None:
                self._failures[node_id] = self._keys.get(node_id), problem

    @property
    def plan(self) -> Plan:
        """The workflow as it is now, ready to run."""
        return self._plan

    @property
    def running(self) -> bool:
        """Whether a run is in progress."""
        return bool(self._runs)

    # -- editing

    def edit(self, records: Mapping[str, Mapping[str, Any]], orders: Mapping[str, Sequence[str]]) -> None:
        """Follow an edit.

        Args:
            records: Table -> key -> the new record as JSON; None where there is none any more.
            orders: Table -> its keys in their new order, where records came or went.

        Raises:
            pydantic.ValidationError: If a record is none.
        """
        document = self._document
        entries: dict[Any, dict[str, tuple[Any, Any]]] = {}
        for table, changes in records.items():
            model = _RECORDS[table]
            now = getattr(document, table)
            entries[table] = {k: (now.get(k), None if r is None else model.model_validate(r)) for k, r in changes.items()}
        known = {t: {**getattr(document, t), **{k: a for k, (_, a) in e.items()}} for t, e in entries.items()}
        ordered: dict[Any, tuple[tuple[str, ...], tuple[str, ...]]] = {
            t: (tuple(getattr(document, t)), tuple(k for k in order if known.get(t, {}).get(k) is not None))
            for t, order in orders.items()
            if t in entries
        }
        document.follow(Change("", entries, ordered))
        gone = [n for n in entries.get("nodes", {}) if n not in document.nodes]
        for run in self._runs.values():  # nobody can see or cancel it any more
            run.control.cancelled_nodes.update(gone)
        self._replan()

    def move(self, folder: Path, *, own: bool = False) -> None:
        """Relative paths are meant from another folder from now on; runs in progress keep to the old one."""
        self._planner = Planner(self._around.catalog, folder, trust=self._trust(own))
        self._replan()

    def _trust(self, own: bool) -> Trust:
        """What this document may do: it shares what the person trusts with all others."""
        shared = self._around.trust
        return changed(shared, writes=Permissions(own=own, digests=shared.digests, results=self._around.store.root))

    def refresh(self, closely: bool = True) -> None:
        """Look whether files, or results, have changed outside; `closely`: also for what a glance does not show."""
        paths = {path for planned in self._plan.nodes.values() for path in self._read_by(planned)}
        if closely:
            self._around.prints.look_closely(paths)
            self._records.clear()
            self._replan()
            self._dirty.update(self._plan.nodes)
            return
        for key in [k for k, record in self._records.items() if record is not None and record.written]:
            if self._records[key] is not None and self._around.store.record(key) is None:
                del self._records[key]
                self._dirty.update(n for n, k in self._keys.items() if k == key)
        if self._planner.is_outdated() or any(self._around.prints.is_outdated(path) for path in paths):
            self._replan()

    def trust_changed(self) -> None:
        """More scripts may run than before."""
        self._replan()

    def untrusted(self, targets: Sequence[str] | None = None) -> list[dict[str, str]]:
        """The scripts that a run of these nodes (by default of all) needs and that may not run, to be shown to the person."""
        found = []
        for node_id in self._plan.needed_for(list(self._plan.nodes) if targets is None else targets):
            planned = self._plan.nodes[node_id]
            for setting, source in planned.untrusted.items():
                found.append({"node": node_id, "title": planned.title, "setting": setting, "source": source})
        return found

    def wishes(self, targets: Sequence[str] | None = None) -> list[dict[str, str]]:
        """Where a run of these nodes (by default of all) would write and may not yet, to be shown to the person."""
        found = []
        for node_id in self._plan.needed_for(list(self._plan.nodes) if targets is None else targets):
            planned = self._plan.nodes[node_id]
            for wish in planned.wishes.values():
                found.append({"node": node_id, "title": planned.title, **vars(wish)})
        return found

    def prints_changed(self) -> None:
        """A fingerprint has become known."""
        self._rekey(self._plan)

    def _replan(self) -> None:
        before = self._plan
        self._plan = self._planner.plan(self._document.workflow())
        for node_id in before.nodes.keys() - self._plan.nodes.keys():
            self._forget(node_id)
        self._rekey(before)

    def _forget(self, node_id: str) -> None:
        self._dirty.discard(node_id)
        memories: tuple[dict[str, Any], ...] = (self._keys, self._bases, self._failures, self._sent)
        for memory in memories:
            memory.pop(node_id, None)

    def _rekey(self, before: Plan) -> None:
        """Compute the keys again where something is new, and note which nodes are to be shown anew."""
        keys: dict[str, str] = {}
        for node_id, planned in self._plan.nodes.items():
            same = planned is before.nodes.get(node_id)
            if (
                same
                and planned.node is not None
                and planned.node.reproducible
                and not planned.node.read_paths()
                and all(keys.get(source) == self._keys.get(source) for source, _ in planned.inputs.values())
            ):
                key = self._keys.get(node_id)
            else:
                key = key_of(planned, keys, self._plan.folder, self._around.prints.of, self._noting_base(node_id))
            if key is not None:
                keys[node_id] = key
            if not same or key != self._keys.get(node_id):
                self._dirty.add(node_id)
        self._keys = keys
        if len(self._records) > 4 * len(keys) + MOST_FORMER_RECORDS:
            wanted = {*keys.values(), *self._shown.values()}
            self._records = {key: record for key, record in self._records.items() if key in wanted}
        for node_id, (key, problem) in list(self._failures.items()):
            if key is None and node_id in keys:
                self._failures[node_id] = keys[node_id], problem
            elif key != keys.get(node_id):
                del self._failures[node_id]

    def _noting_base(self, node_id: str) -> Callable[[str], str]:
        def draw(base: str) -> str:
            self._bases[node_id] = base
            return self._around.draws.of(base)

        return draw

    def _read_by(self, planned: PlannedNode) -> Iterable[Path]:
        if planned.node is None or not planned.node.read_paths():
            return ()
        return read_paths(planned.node, self._plan.folder).values()

    # -- running

    def run(self, targets: Sequence[str] | None = None, *, fresh: bool = False) -> str | None:
        """Begin to bring nodes, and all they need, to completion.

        Args:
            targets: The nodes; by default all.
            fresh: Whether to compute everything again.

        Returns:
            The run's id; None if none of the nodes is there.
        """
        known = list(self._plan.nodes) if targets is None else [t for t in targets if t in self._plan.nodes]
        needed = self._plan.needed_for(known)
        if not needed:
            return None
        busy = {n for run in self._runs.values() for n in run.activities}
        for node_id in needed:
            base = self._bases.get(node_id)
            if base is not None and node_id not in busy and self._plan.nodes[node_id].ready:
                self._draw_anew(node_id, base, fresh)
        self._rekey(self._plan)
        activities = {n: _Activity() for n in needed if self._plan.nodes[n].ready and (fresh or self._record_of(n) is None)}
        for node_id in needed:
            self._failures.pop(node_id, None)
        self._dirty.update(needed)
        run_id, control, plan = uuid.uuid4().hex[:12], Control(), self._plan
        thread = threading.Thread(target=self._work, args=(run_id, plan, known, control, fresh), name=f"run-{run_id}")
        self._runs[run_id] = _Run(control, thread, activities)
        self._tell_run(run_id, "started", nodes=list(activities))
        thread.start()
        return run_id

    def _draw_anew(self, node_id: str, base: str, fresh: bool) -> None:
        """Before a run: a new draw, if the present one's result is to be computed again, or has gone."""
        if fresh or (self._around.draws.is_used(base) and self._record_of(node_id) is None):
            self._around.draws.renew(base)
        else:
            self._around.draws.keep(base)

    def _work(self, run_id: str, plan: Plan, targets: list[str], control: Control, fresh: bool) -> None:
        """In the run's own thread."""
        post, around = self._around.post, self._around

        def happened(event: Event) -> None:
            post(lambda: self._happened(event))

        result = RunResult("failed")
        try:
            result = executor.run(
                plan,
                around.store,
                happened,
                targets=targets,
                jobs=around.jobs,
                fresh=fresh,
                control=control,
                draw=around.draws.of,
                run_id=run_id,
            )
        except Exception as error:  # noqa: BLE001 - such as a disk that is full when the store is looked through
            executor.log.exception("a run ended unexpectedly")
            message = f"The run ended with {type(error).__name__}: {error}"
            post(lambda: self._log(None, "warning", message))
        finally:
            post(lambda: self._ended(run_id, result))

    def cancel(self, nodes: Iterable[str] | None = None) -> None:
        """Stop nodes, and what is behind them; all runs with everything in them if no nodes are given."""
        wanted = None if nodes is None else set(nodes)
        for run in self._runs.values():
            if wanted is None:
                run.control.cancel.set()
            else:
                run.control.cancelled_nodes.update(wanted & run.activities.keys())

    def stop(self, node_id: str) -> None:
        """Have a node end early and keep what it has."""
        for run in self._runs.values():
            run.control.stop.add(node_id)

    def reset(self, nodes: Iterable[str]) -> None:
        """Forget the results of nodes and of all behind them; those that are at work on one are stopped."""
        wanted = set(nodes) & self._plan.nodes.keys()
        for planned in self._plan.nodes.values():
            if any(source in wanted for source, _ in planned.inputs.values()):
                wanted.add(planned.id)
        self.cancel(wanted)
        for run in self._runs.values():
            run.forgotten |= wanted
        for node_id in wanted:
            for key in {self._keys.get(node_id), self._shown.pop(node_id, None)} - {None}:
                assert key is not None
                self._around.store.drop(key)
                self._around.store.drop_scratch(key)
                self._around.renewed(key)
                self._records.pop(key, None)
            self._failures.pop(node_id, None)
            if node_id in self._bases:
                self._around.draws.renew(self._bases[node_id])
        self._dirty.update(wanted)
        self._rekey(self._plan)

    def close(self, wait: float | None = None) -> None:
        """Stop all runs; with `wait`, for so many seconds wait until they are over."""
        self.cancel()
        deadline = time.monotonic() + (wait or 0)
        for run in list(self._runs.values()):
            if wait is not None:
                run.thread.join(max(0.0, deadline - time.monotonic()))

    # -- what happens in runs

    def _happened(self, event: Event) -> None:
        run = self._runs.get(event.run)
        if run is None or not isinstance(event, NodeEvent):  # a run's beginning and end are told here
            return
        node_id = event.node
        match event:
            case NodeStarted():
                run.activities[node_id] = _Activity(running=True, key=event.key)
            case NodeProgress():
                activity = run.activities.setdefault(node_id, _Activity(running=True))
                activity.fraction, activity.message = event.fraction, event.message
                activity.estimate.see(event.fraction, event.time)
            case NodeMetrics():
                point = {"step": event.step, "epoch": event.epoch, "values": dict(event.values)}
                self._points.setdefault((node_id, event.run), []).append(point)
                return
            case NodeLog():
                self._log(node_id, event.level, event.message, event.time)
                return
            case NodeStored() | NodeFinished():
                run.activities.pop(node_id, None)
                if node_id in run.forgotten:
                    self._around.store.drop(event.key)
                else:
                    self._finished(node_id, event.key)
            case NodeFailed():
                activity = run.activities.pop(node_id, _Activity())
                key = activity.key or self._keys.get(node_id)
                if node_id in self._plan.nodes and key == self._keys.get(node_id):
                    problem = Problem(event.message, event.remedy, node=node_id, setting=event.setting)
                    self._failures[node_id] = key, problem
                self._log(node_id, "error", f"{event.message} {event.remedy}".rstrip(), event.time)
            case NodeCancelled() | NodeSkipped():
                run.activities.pop(node_id, None)
        if node_id in self._plan.nodes:
            self._dirty.add(node_id)

    def _finished(self, node_id: str, key: str) -> None:
        """There is a result."""
        self._records[key] = self._around.store.record(key)
        self._around.renewed(key)
        if node_id in self._plan.nodes:
            self._shown[node_id] = key
            self._failures.pop(node_id, None)
            # Nodes with the same settings and inputs have the same result.
            self._dirty.update(n for n, k in self._keys.items() if k == key)

    def _ended(self, run_id: str, result: RunResult) -> None:
        run = self._runs.pop(run_id)
        self._dirty.update(run.activities.keys() & self._plan.nodes.keys())
        self.flush()  # when the end of the run is told, no node is shown running any more
        self._tell_run(run_id, result.status, nodes=list(result.keys), seconds=round(result.seconds, 3))
        if not self._runs:
            self.refresh(closely=False)

    def _tell_run(self, run_id: str, status: str, **more: Any) -> None:
        self._around.tell({"tell": "run", "document": self.id, "run": run_id, "status": status, **more})

    def _log(self, node_id: str | None, level: str, message: str, moment: float | None = None) -> None:
        line = {"level": level, "message": message, "time": moment or time.time()}
        self._around.tell({"tell": "log", "document": self.id, "node": node_id, **line})

    # -- showing

    @property
    def changed(self) -> bool:
        """Whether there is something to tell."""
        return bool(self._dirty or self._points or self._sent_general != self._plan.general)

    def flush(self) -> None:
        """Tell what is new of nodes and curves."""
        for (node_id, run_id), points in self._points.items():
            self._around.tell({"tell": "metrics", "document": self.id, "node": node_id, "run": run_id, "points": points})
        self._points.clear()
        now = time.time()
        made = {}
        unknown = {self._keys[n] for n in self._dirty if n in self._keys} - self._records.keys()
        self._records.update(dict.fromkeys(self._around.store.absent(unknown)))
        for node_id in self._dirty:
            status = self._status(self._plan.nodes[node_id], now)
            if status != self._sent.get(node_id):
                self._sent[node_id] = made[node_id] = status
        self._dirty.clear()
        if made or self._sent_general != self._plan.general:
            self._sent_general = list(self._plan.general)
            self._around.tell(
                {
                    "tell": "status",
                    "document": self.id,
                    "nodes": {node_id: status.as_dict() for node_id, status in made.items()},
                    "general": [problem.as_dict() for problem in self._plan.general],
                }
            )

    def status(self, node_id: str) -> NodeStatus:
        """What to show of a node.

        Raises:
            NoSuchNode: If there is none.
        """
        return self._status(self._planned(node_id), time.time())

    def _status(self, planned: PlannedNode, now: float) -> NodeStatus:
        node_id, key = planned.id, self._keys.get(planned.id)
        record = self._record_of(node_id)
        if record is not None and key is not None:
            self._shown[node_id] = key
        shown = self._shown.get(node_id)
        status = NodeStatus(
            state="ready" if planned.ready else "not configured",
            problems=tuple(planned.problems),
            outputs={port: spec.describe() for port, spec in planned.specs.items() if spec is not None},
            blocked_by=planned.blocked_by,
            key=key,
            shown_key=shown,
            outdated=shown is not None and shown != key,
            untrusted=bool(planned.untrusted),
            asks=bool(planned.wishes),
        )
        if record is not None:
            warnings = tuple(Problem(text, node=node_id, severity="warning") for text in record.warnings)
            status = changed(
                status,
                state="warning" if warnings else "done",
                problems=(*status.problems, *warnings),
                outputs=dict(record.described),
                seconds=record.seconds,
            )
        elif node_id in self._failures:
            status = changed(status, state="failed", problems=(*status.problems, self._failures[node_id][1]))
        activity = self._activity(node_id)
        if activity is None:
            return status
        if not activity.running:
            return changed(status, state="queued")
        left = activity.estimate.seconds_left(now)
        return changed(
            status,
            state="running",
            fraction=activity.fraction,
            message=activity.message,
            seconds_left=None if left is None else round(left, 1),
        )

    def _activity(self, node_id: str) -> _Activity | None:
        """What a node does; where several runs have it, in the one that is at work."""
        found = [run.activities[node_id] for run in self._runs.values() if node_id in run.activities]
        return next((activity for activity in found if activity.running), found[0] if found else None)

    def _record_of(self, node_id: str) -> Record | None:
        """The record of the result for a node's present settings and inputs, if there is one."""
        key = self._keys.get(node_id)
        if key is None:
            return None
        if key not in self._records:
            self._records[key] = self._around.store.record(key)
        record = self._records[key]
        if record is not None and node_id in self._bases:
            self._around.draws.use(self._bases[node_id])
        return record

    def _planned(self, node_id: str) -> PlannedNode:
        if node_id not in self._plan.nodes:
            raise NoSuchNode(node_id)
        return self._plan.nodes[node_id]

    # -- answering

    def shown(self, node_id: str) -> tuple[str, Record] | None:
        """The key and the record of the result that views show of a node; None if there is none (any more).

        Raises:
            NoSuchNode: If there is no such node.
        """
        key = self.status(node_id).shown_key
        if key is None:
            return None
        if self._records.get(key) is None:
            self._records[key] = self._around.store.record(key)
        record = self._records[key]
        return None if record is None else (key, record)

    def preview(self, node_id: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What a node would put out with other settings, and what is at its inputs.

        Raises:
            NoSuchNode: If there is no such node.
        """
        planned = self._planned(node_id)
        record = self._document.nodes[node_id]
        node_class = self._around.catalog.get(record.type)
        version = record.type_version if node_class is None else node_class.version
        draft = record.model_copy(update={"settings": dict(settings), "type_version": version})
        node, problems = instantiate(draft, self._around.catalog, self._plan.variables)
        about_ports = [p for p in planned.problems if p.port is not None]
        inputs = {port: self._spec(source, out) for port, (source, out) in planned.inputs.items()}
        known = {port: spec for port, spec in inputs.items() if spec is not None}
        specs: Mapping[str, Spec | None] = {}
        if node is not None and len(known) == len(planned.inputs) and not about_ports:
            specs, found, _ = configure(node, node_id, known, self._plan.folder)
            problems = [*problems, *found]
        return {
            "problems": [p.as_dict() for p in (*problems, *about_ports)],
            "blocked_by": planned.blocked_by,
            "untrusted": bool(planned.untrusted),
            "outputs": {port: spec.describe() for port, spec in specs.items() if spec is not None},
            "results": {port: described(spec) for port, spec in specs.items() if spec is not None},
            "inputs": {port: described(spec) for port, spec in known.items()},
        }

    def _spec(self, source: str, port: str) -> Spec | None:
        return self._plan.nodes[source].specs.get(port)

    def inspect(self, node_id: str, outputs: StoredOutputs | None) -> dict[str, Any]:
        """What there is to say of a node and its result; the outputs' sizes are left to `measured`.

        Raises:
            NoSuchNode: If there is no such node.
        """
        planned, status = self._planned(node_id), self.status(node_id)
        node_class = self._around.catalog.get(self._document.nodes[node_id].type)
        record = outputs.record if outputs else None
        texts = dict(record.described) if record else status.outputs
        settings = self._document.nodes[node_id].settings if planned.node is None else planned.node.model_dump(mode="json")
        return {
            "title": planned.title,
            "type": self._document.nodes[node_id].type,
            "outputs": [
                {"port": p.name, "kind": p.kind, "title": p.title, "text": texts.get(p.name, "")}
                | _size(planned.specs.get(p.name))
                for p in (node_class.output_ports if node_class else ())
            ],
            "key": status.shown_key,
            "stored": record is not None,
            "outdated": status.outdated,
            "state": status.state,
            "seconds": record.seconds if record else None,
            "warnings": list(record.warnings) if record else [],
            "settings": settings,
            "problems": [problem.as_dict() for problem in status.problems],
        }

    def sources(self, node_id: str) -> Mapping[str, tuple[str, str]]:
        """Input port -> the node and the output port that the shown result was made from.

        Empty where the result, or one of those it was made from, is of earlier settings.
        """
        inputs = self._planned(node_id).inputs
        statuses = [self.status(node) for node in (node_id, *(source for source, _ in inputs.values()))]
        return inputs if all(status.shown_key and not status.outdated for status in statuses) else {}

    def node_of(self, node_id: str) -> Any:
        """The node with its settings; None if they are wrong."""
        return self._planned(node_id).node


def measured(header: Mapping[str, Any], outputs: StoredOutputs | None) -> dict[str, Any]:
    """What `Session.inspect` gave, with the true sizes of the stored tables; reads from the disk."""
    if outputs is None:
        return dict(header)
    ports = []
    for port in header["outputs"]:
        value = outputs.values.get(port["port"]) if port["kind"] == "table" else None
        size = {"rows": value.height, "columns": len(value.schema)} if isinstance(value, Table) else {}
        ports.append({**port, **size})
    return {**header, "outputs": ports}


def _size(spec: Spec | None) -> dict[str, Any]:
    schema = getattr(spec, "schema", None)
    return {} if schema is None else {"rows": getattr(spec, "rows", None), "columns": len(schema)}


def described(spec: Spec) -> dict[str, Any]:
    """A spec for the configuration dialog, as JSON."""
    from nodes.values.model import ModelSpec
    from nodes.values.network import NetworkSpec
    from nodes.values.table import COLUMN_KINDS, TableSpec, describe_dtype

    if isinstance(spec, TableSpec):
        columns = []
        for name, dtype in spec.schema.items():
            column = {
                "name": name,
                "dtype": describe_dtype(dtype),
                "kinds": [k for k, test in COLUMN_KINDS.items() if test(dtype)],
            }
            classes = spec.class_names(name)
            columns.append(column if classes is None else {**column, "classes": list(classes)})
        return {"kind": "table", "text": spec.describe(), "table": {"rows": spec.rows, "columns": columns}}
    if isinstance(spec, NetworkSpec):
        network = {
            "inputs": [_tensor(spec, t) for t in spec.inputs],
            "outputs": [_tensor(spec, t) for t in spec.outputs],
            "layers": [layer.name for layer in spec.layers],
            "parameters": spec.parameters,
            "offers": _offers(spec),
        }
        return {"kind": "network", "text": spec.describe(), "network": network}
    return {"kind": "model" if isinstance(spec, ModelSpec) else "figure", "text": spec.describe()}


def _offers(spec: Any) -> dict[str, list[list[str]]]:
    """What a setting may name in a network: its layers, those with weights, and all tensors; each with a word about it."""
    from nodes.values.network import Tensor

    frozen = {True: "", False: ", frozen"}
    layers = [[layer.name, layer.kind] for layer in spec.layers]
    weighted = [
        [layer.name, f"{layer.kind}, {counted(layer.parameters, 'parameter')}{frozen[layer.trainable]}"]
        for layer in spec.layers
        if layer.weights
    ]
    tensors = [
        [str(Tensor(call.layer, call.index, number)), f"{tensor.describe()} {tensor.dtype}"]
        for call in spec.calls
        for number, tensor in enumerate(call.outputs)
    ]
    return {"layers": layers, "weighted layers": weighted, "tensors": tensors}


def _tensor(spec: Any, tensor: Any) -> dict[str, Any]:
    found = spec.tensor(tensor)
    return {"name": str(tensor), "shape": list(found.shape), "dtype": found.dtype}
