"""Locks among the runs of this process: a result is computed by one of them, and TensorFlow is used by one node at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

KERAS_LOCK = threading.Lock()
"""Held by the node that uses TensorFlow, among all runs: it uses all cores by itself, and its random state is global."""


class ResultLocks:
    """A lock per result in the making, shared by the runs of this process; forgotten when nobody holds or waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[tuple[Path, str], tuple[threading.Lock, int]] = {}

    @contextmanager
    def held(self, store: Path, key: str, while_waiting: Callable[[], None]) -> Iterator[bool]:
        """Hold the lock of a result; give whether somebody else held it, or waited for it, when it was asked for.

        Args:
            store: The folder of the store that the result goes to.
            key: Of the result.
            while_waiting: See `held`.
        """
        place = store, key
        with self._lock:
            lock, users = self._locks.get(place, (threading.Lock(), 0))
            self._locks[place] = lock, users + 1
        try:
            with held(lock, while_waiting):
                yield users > 0
        finally:
            with self._lock:
                lock, users = self._locks.pop(place)
                if users > 1:
                    self._locks[place] = lock, users - 1


RESULT_LOCKS = ResultLocks()


@contextmanager
def held(lock: threading.Lock, while_waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock; while it is not to be had, `while_waiting` is called a few times a second, and may raise."""
    while not lock.acquire(timeout=0.1):
        while_waiting()
    try:
        yield
    finally:
        lock.release()
