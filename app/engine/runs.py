"""The runs of one document in progress: their threads, what each node does in them, and what the person wants of them.

A run has the plan that was there when it began. It works in a thread of its own; what happens there is posted to the engine's.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from app.engine.events import (
    Event,
    NodeCancelled,
    NodeEvent,
    NodeFailed,
    NodeFinished,
    NodeInactive,
    NodeProgress,
    NodeSkipped,
    NodeStarted,
    NodeStored,
)
from app.engine.executor import RunResult
from app.engine.job import RunControl
from app.engine.remaining_time import RemainingTime
from nodes.base import panics_as_errors

log = logging.getLogger("layerloom.engine")

Post = Callable[[Callable[[], None]], None]


@dataclass
class NodeActivity:
    """A node's part in a run.

    Attributes:
        running: Whether it is at work; else it waits.
        key: Of the result it works for.
        fraction: How far it is, from 0 to 1; None if not known.
        message: What it is doing.
        remaining: How long it will still take.
    """

    running: bool = False
    key: str | None = None
    fraction: float | None = None
    message: str = ""
    remaining: RemainingTime = field(default_factory=RemainingTime)


@dataclass
class RunInProgress:
    """A run in progress.

    Attributes:
        id: Unique.
        control: What the person wants of it.
        activities: Node -> its part; of those that are at work or wait.
        forgotten: Nodes that were reset since it began: what it still finishes of them is not wanted.
        thread: Where it works.
    """

    id: str
    control: RunControl
    activities: dict[str, NodeActivity]
    forgotten: set[str] = field(default_factory=set)
    thread: threading.Thread | None = None


Work = Callable[[str, RunControl, Callable[[Event], None]], RunResult]
"""Does a run: (its id, the person's wishes, listener) -> what came of it; in the run's own thread."""


class RunsInProgress:
    """The runs of one document.

    Args:
        post: Has something called in the engine's thread.
        happened: Called there with what happens to a node, and the run in which it does. `NodeFailed` comes with the key of the
            result that could not be made.
        ended: Called there with a run that is over, and what came of it.
        complain: Called there with what went wrong with a run as a whole.
    """

    def __init__(
        self,
        post: Post,
        happened: Callable[[RunInProgress, NodeEvent, str | None], None],
        ended: Callable[[RunInProgress, RunResult], None],
        complain: Callable[[str], None],
    ) -> None:
        self._post, self._happened, self._ended, self._complain = post, happened, ended, complain
        self._runs: dict[str, RunInProgress] = {}

    def __bool__(self) -> bool:
        return bool(self._runs)

    @property
    def nodes(self) -> set[str]:
        """The nodes that are at work or wait."""
        return {node for run in self._runs.values() for node in run.activities}

    def begin(self, nodes: Iterable[str], work: Work, told: Callable[[RunInProgress], None]) -> str:
        """Begin a run, and return its id.

        Args:
            nodes: Those that it is to compute.
            work: Does it.
            told: Called before it begins to work.
        """
        run = RunInProgress(uuid.uuid4().hex[:12], RunControl(), {node: NodeActivity() for node in nodes})
        run.thread = threading.Thread(target=self._work, args=(run, work), name=f"run-{run.id}")
        self._runs[run.id] = run
        told(run)
        run.thread.start()
        return run.id

    def cancel(self, nodes: Iterable[str] | None = None) -> None:
        """Stop nodes, and what is behind them; all runs with everything in them if no nodes are given."""
        wanted = None if nodes is None else set(nodes)
        for run in self._runs.values():
            if wanted is None:
                run.control.cancel.set()
            else:
                run.control.cancelled_nodes.update(wanted & run.activities.keys())

    def give_up(self, nodes: Iterable[str]) -> None:
        """Stop nodes that are not in the document any more: nobody can see or cancel them."""
        gone = set(nodes)
        for run in self._runs.values():
            run.control.cancelled_nodes |= gone

    def forget(self, nodes: set[str]) -> None:
        """Stop nodes, and do not want what is still finished of them."""
        self.cancel(nodes)
        for run in self._runs.values():
            run.forgotten |= nodes

    def stop(self, node_id: str) -> None:
        """Have a node end early and keep what it has."""
        for run in self._runs.values():
            run.control.stop.add(node_id)

    def activity(self, node_id: str) -> NodeActivity | None:
        """Return what a node does; where several runs have it, in the one that is at work."""
        found = [run.activities[node_id] for run in self._runs.values() if node_id in run.activities]
        return next((activity for activity in found if activity.running), found[0] if found else None)

    def close(self, wait: float | None = None) -> None:
        """Stop all runs; with `wait`, for so many seconds wait until they are over."""
        self.cancel()
        deadline = time.monotonic() + (wait or 0)
        for run in list(self._runs.values()):
            if wait is not None and run.thread is not None:
                run.thread.join(max(0.0, deadline - time.monotonic()))

    # -- what happens

    def _work(self, run: RunInProgress, work: Work) -> None:
        """In the run's own thread."""
        result = RunResult("failed")
        try:
            with panics_as_errors():
                result = work(run.id, run.control, lambda event: self._post(lambda: self._see(event)))
        except Exception as error:  # such as a disk that is full when the store is looked through
            log.exception("a run ended unexpectedly")
            message = f"The run ended with {type(error).__name__}: {error}"
            self._post(lambda: self._complain(message))
        finally:
            self._post(lambda: self._end(run, result))

    def _see(self, event: Event) -> None:
        run = self._runs.get(event.run)
        if run is None or not isinstance(event, NodeEvent):  # a run's beginning and end are told by those who began it
            return
        key = None
        match event:
            case NodeStarted():
                run.activities[event.node] = NodeActivity(running=True, key=event.key)
            case NodeProgress():
                activity = run.activities.setdefault(event.node, NodeActivity(running=True))
                activity.fraction, activity.message = event.fraction, event.message
                activity.remaining.see(event.fraction, event.time)
            case NodeStored() | NodeFinished() | NodeFailed() | NodeCancelled() | NodeSkipped() | NodeInactive():
                ended = run.activities.pop(event.node, None)
                key = ended.key if ended else None
        self._happened(run, event, key)

    def _end(self, run: RunInProgress, result: RunResult) -> None:
        del self._runs[run.id]
        self._ended(run, result)
