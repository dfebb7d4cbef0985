"""The threads in which the nodes of a run are computed, and what becomes of one that does not end when it should.

A call into a library's native code cannot be interrupted from outside. A node that is still in one some time after it was
cancelled is given up: its thread is left to itself, the run goes on without it, and what it still finds is dropped. As soon as
it comes back to Python it ends (an exception is waiting for it there); a process that nobody needs any more ends it, too.
"""

from __future__ import annotations

import ctypes
import queue
import threading
import time
from collections import deque
from collections.abc import Callable

from app.engine.plan import PlannedNode
from nodes.base import Cancelled

GIVE_UP_SECONDS = 1.5
"""How long a cancelled node may take to end."""

_given_up: list[threading.Thread] = []


def given_up_threads() -> int:
    """Return how many threads of this process are still at work on a node that was given up."""
    _given_up[:] = [thread for thread in _given_up if thread.is_alive()]
    return len(_given_up)


def is_given_up(thread: threading.Thread | None) -> bool:
    """Return whether a thread is still at work on a node that was given up."""
    return thread is not None and thread in _given_up and thread.is_alive()


class NodeThreads:
    """Computes nodes, so many at the same time, each in a thread of its own. Used by one thread, the run's.

    Args:
        jobs: How many nodes may work at the same time.
        complete: Computes a node, and says whether that worked out; never raises.
        is_cancelled: Whether a node is to end.
    """

    def __init__(self, jobs: int, complete: Callable[[PlannedNode], bool], is_cancelled: Callable[[str], bool]) -> None:
        self._jobs = max(1, jobs)
        self._complete, self._is_cancelled = complete, is_cancelled
        self._waiting: deque[PlannedNode] = deque()
        self._threads: dict[str, threading.Thread] = {}
        self._cancelled_at: dict[str, float] = {}
        self._done: queue.SimpleQueue[tuple[str, bool]] = queue.SimpleQueue()

    def __bool__(self) -> bool:
        return bool(self._waiting or self._threads)

    def submit(self, planned: PlannedNode) -> None:
        """Compute a node as soon as a thread is free for it."""
        self._waiting.append(planned)
        self._begin()

    def next_done(self, timeout: float) -> tuple[str, bool] | None:
        """Return a node that is done, and whether that worked out; None if none is in so many seconds."""
        try:
            node_id, worked = self._done.get(timeout=timeout)
        except queue.Empty:
            return None
        if self._threads.pop(node_id, None) is None:
            return None  # it was given up before
        self._begin()
        return node_id, worked

    def overdue(self) -> list[str]:
        """Return the nodes that should have ended by now."""
        now = time.monotonic()
        self._cancelled_at = {n: self._cancelled_at.get(n, now) for n in self._threads if self._is_cancelled(n)}
        return [node_id for node_id, since in self._cancelled_at.items() if now - since > GIVE_UP_SECONDS]

    def give_up(self, node_id: str) -> None:
        """Leave a node's thread to itself; another node may work in its stead."""
        thread = self._threads.pop(node_id)
        _given_up.append(thread)
        if thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Cancelled))
        self._begin()

    def _begin(self) -> None:
        while self._waiting and len(self._threads) < self._jobs:
            planned = self._waiting.popleft()
            # Not waited for when the program ends: it may be one that was given up.
            thread = threading.Thread(target=self._work, args=(planned,), name=f"node-{planned.id}", daemon=True)
            self._threads[planned.id] = thread
            thread.start()

    def _work(self, planned: PlannedNode) -> None:
        """In a thread of its own."""
        worked = False
        try:
            worked = self._complete(planned)
        except Cancelled:
            pass  # it was given up, just when it had come to its end
        finally:
            self._done.put((planned.id, worked))
