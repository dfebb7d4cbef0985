"""Work beside the GUI thread: drawings, exports, small files. One thing at a time, in one thread that ends with the program.

matplotlib's settings are global, so all drawing must happen in one thread at a time: in this one.
"""

from __future__ import annotations

import atexit
import logging
import weakref
from collections.abc import Callable
from functools import cache
from types import MethodType
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Qt, QThreadPool, Signal
from shiboken6 import isValid

T = TypeVar("T")
log = logging.getLogger(__name__)
IDLE_MILLISECONDS = 3000
"""An idle thread ends after this time."""


class BackgroundTask(Generic[T]):
    """Something that is done in the background; `drop` it when its result is not wanted any more."""

    def __init__(
        self, work: Callable[[], T], on_done: Callable[[T], None], on_failed: Callable[[Exception], None] | None
    ) -> None:
        self._work: Callable[[], T] | None = work
        self._on_done = _WeakCallback(on_done)
        self._on_failed = _WeakCallback(on_failed) if on_failed else None

    def drop(self) -> None:
        """Do not call back; if the work has not begun, do not do it."""
        self._work = None

    def run(self) -> None:
        """Do the work; in the background thread."""
        work = self._work
        if work is None:
            return
        try:
            result: T | Exception = work()
        except Exception as error:  # whatever it is, the one who asked must be told
            log.exception("work in the background failed")
            result = error
        _worker().ended.emit(self, result)

    def end(self, result: T | Exception) -> None:
        """Call back; in the GUI thread."""
        if self._work is None:
            return
        self._work = None
        if not isinstance(result, Exception):
            self._on_done(result)
        elif self._on_failed:
            self._on_failed(result)


class _WeakCallback:
    """A callback that keeps no widget alive: nothing happens once the owner of a bound method has gone."""

    def __init__(self, function: Callable[[Any], None]) -> None:
        self._method = weakref.WeakMethod(function) if isinstance(function, MethodType) else None
        self._function = None if self._method else function

    def __call__(self, value: Any) -> None:
        function = self._method() if self._method else self._function
        owner = getattr(function, "__self__", None)
        if function is not None and (not isinstance(owner, QObject) or isValid(owner)):  # type: ignore[no-untyped-call]
            function(value)


class _Worker(QObject):
    ended = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self.pool = QThreadPool(self)
        self.pool.setMaxThreadCount(1)
        self.pool.setExpiryTimeout(IDLE_MILLISECONDS)
        self.ended.connect(self._end, Qt.ConnectionType.QueuedConnection)
        atexit.register(self.close)

    def close(self) -> None:
        """Begin nothing more, and wait for what was begun: no thread may outlive the interpreter."""
        self.pool.clear()
        self.pool.waitForDone()

    def _end(self, task: object, result: object) -> None:
        assert isinstance(task, BackgroundTask)
        task.end(result)


@cache
def _worker() -> _Worker:
    return _Worker()


def in_background(
    work: Callable[[], T], on_done: Callable[[T], None], on_failed: Callable[[Exception], None] | None = None
) -> BackgroundTask[T]:
    """Do something in the background thread.

    Args:
        work: What to do; must touch no widget.
        on_done: Gets its result, in the GUI thread. Methods are held weakly.
        on_failed: Gets what it raised; it is in the log in any case.
    """
    task = BackgroundTask(work, on_done, on_failed)
    _worker().pool.start(task.run)
    return task


def wait_until_idle(milliseconds: int = 5000) -> bool:
    """Wait for all that was begun; for those who close the program, and for tests."""
    return _worker().pool.waitForDone(milliseconds)
