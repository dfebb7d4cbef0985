"""Locks among the runs of this process: a result is computed by one of them, and TensorFlow is used by one node at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


class KerasTurn:
    """Held by the node that uses TensorFlow, among all runs: it uses all cores by itself, and its random state is global.

    Attributes:
        holder: The thread that has it, if one has.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.holder: threading.Thread | None = None

    @contextmanager
    def held(self, while_waiting: Callable[[], None]) -> Iterator[None]:
        """Hold it; while it is not to be had, `while_waiting` is called a few times a second, and may raise."""
        while not self._lock.acquire(timeout=0.1):
            while_waiting()
        self.holder = threading.current_thread()
        try:
            yield
        finally:
            self.holder = None
            self._lock.release()


KERAS_TURN = KerasTurn()


@dataclass(eq=False)
class _ResultLock:
    """The lock of a result in the making.

    Attributes:
        lock: Held by the one who makes it.
        users: How many hold it or wait for it.
        is_forfeited: Whether its holder was given up: who waits for it waits for another one instead.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0
    is_forfeited: bool = False


class ResultLocks:
    """A lock per result in the making, shared by the runs of this process; forgotten when nobody holds or waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[tuple[Path, str], _ResultLock] = {}

    @contextmanager
    def held(self, store: Path, key: str, while_waiting: Callable[[], None]) -> Iterator[bool]:
        """Hold the lock of a result; give whether somebody else held it, or waited for it, when it was asked for.

        Args:
            store: The folder of the store that the result goes to.
            key: Of the result.
            while_waiting: Called a few times a second as long as somebody else holds it; may raise.
        """
        others = False
        while True:
            with self._lock:
                mine = self._locks.setdefault((store, key), _ResultLock())
                others |= mine.users > 0
                mine.users += 1
            try:
                while not (has := mine.lock.acquire(timeout=0.1)) and not mine.is_forfeited:
                    while_waiting()
                if has:
                    try:
                        yield others
                    finally:
                        mine.lock.release()
                    return
            finally:
                self._leave((store, key), mine)

    def forfeit(self, store: Path, key: str) -> None:
        """Take the lock of a result from its holder, who was given up."""
        with self._lock:
            mine = self._locks.pop((store, key), None)
            if mine is not None:
                mine.is_forfeited = True

    def _leave(self, place: tuple[Path, str], mine: _ResultLock) -> None:
        with self._lock:
            mine.users -= 1
            if not mine.users and self._locks.get(place) is mine:
                del self._locks[place]


RESULT_LOCKS = ResultLocks()
