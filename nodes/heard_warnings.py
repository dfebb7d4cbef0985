"""Warnings of libraries, heard in the thread that they come up in.

`warnings.catch_warnings` changes what the whole process does with warnings: of two nodes that run at the same time, one hears
the other's, and what is restored last stays. Here filters are only ever added, and each looks at its own thread.
"""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def heard_warnings(message: str = "") -> Iterator[list[warnings.WarningMessage]]:
    """Yield a list that gets the warnings of this thread, instead of the terminal.

    Args:
        message: A pattern: only warnings that begin like it are heard, others go their way.
    """
    _listen()
    heard: list[warnings.WarningMessage] = []
    ear = (re.compile(message, re.IGNORECASE), heard)
    _HERE.ears = [*_HERE.ears, ear]
    try:
        yield heard
    finally:
        _HERE.ears = [each for each in _HERE.ears if each is not ear]


class _Ears(threading.local):
    """What listens in each thread, the innermost last."""

    def __init__(self) -> None:
        self.ears: list[tuple[re.Pattern[str], list[warnings.WarningMessage]]] = []


_HERE = _Ears()
_LOCK = threading.Lock()


class _HeardHere:
    """Stands for the pattern of a filter: what this thread listens to fits.

    Attributes:
        pattern: What scikit-learn copies into filters of its own, while these hold: all warnings.
    """

    pattern = ""

    def match(self, text: str) -> bool:
        """Return whether a warning's text is listened to."""
        return any(pattern.match(text) for pattern, _ in _HERE.ears)


_FILTER: Any = ("always", _HeardHere(), Warning, None, 0)


class _WarningRouter:
    """Stands for `warnings.showwarning`."""

    def __init__(self, before: Any) -> None:
        self._before = before

    def __call__(self, message: Warning | str, category: type[Warning], filename: str, lineno: int, *more: Any) -> None:
        """Hand a warning to whoever listens in this thread, else to where it would have gone."""
        for pattern, heard in reversed(_HERE.ears):
            if pattern.match(str(message)):
                heard.append(warnings.WarningMessage(message, category, filename, lineno, *more))
                return
        if self._before is not warnings._showwarning_orig:  # type: ignore[attr-defined]
            self._before(message, category, filename, lineno, *more)
        else:  # `catch_warnings` may have put a list there
            told = warnings.WarningMessage(message, category, filename, lineno, *more)
            warnings._showwarnmsg_impl(told)  # type: ignore[attr-defined]


def _listen() -> None:
    """Put filter and router in place; again where somebody has put others before them."""
    with _LOCK:
        if warnings.filters[:1] != [_FILTER]:
            warnings.filters[:] = [_FILTER, *(each for each in warnings.filters if each != _FILTER)]  # type: ignore[index]
            warnings._filters_mutated()  # type: ignore[attr-defined]
        if not isinstance(warnings.showwarning, _WarningRouter):
            router: Any = _WarningRouter(warnings.showwarning)
            warnings.showwarning = router
