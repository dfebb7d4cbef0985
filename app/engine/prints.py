"""Fingerprints without waiting: what is not known at once is computed by a thread, and told of when it is there.

A fingerprint of a large file takes as long as reading it; an edit must not wait for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.engine.fingerprints import Fingerprints, glance

AT_ONCE = 2**20
"""Files of up to so many bytes are read at once."""


class Prints:
    """The fingerprints of the files that the nodes of open documents read. For one thread, the engine's.

    Args:
        fingerprints: Where they come from.
        post: Has something called in the engine's thread.
        changed: Called there when a fingerprint has become known, or another one.
    """

    def __init__(
        self, fingerprints: Fingerprints, post: Callable[[Callable[[], None]], None], changed: Callable[[], None]
    ) -> None:
        self._fingerprints = fingerprints
        self._post = post
        self._changed = changed
        self._known: dict[Path, tuple[str, str]] = {}  # path -> (what a glance saw, fingerprint)
        self._asked: dict[Path, str] = {}
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="fingerprints")

    def of(self, path: Path) -> str | None:
        """The fingerprint; None if it is not known yet, and `changed` will be called."""
        seen = glance(path)
        known = self._known.get(path)
        if known is not None and known[0] == seen:
            return known[1]
        found = self._fingerprints.at_hand(path, AT_ONCE)
        if found is None:
            self._read(path, seen)
        else:
            self._known[path] = seen, found
        return found

    def is_outdated(self, path: Path) -> bool:
        """Whether a glance shows that a path is not what its fingerprint was made of."""
        known = self._known.get(path)
        return known is not None and known[0] != glance(path)

    def look_closely(self, paths: Iterable[Path]) -> None:
        """See, in the thread, whether there are changes that a glance does not show: files deep in a folder."""
        for path in paths:
            if path in self._known and path.is_dir():
                self._read(path, glance(path))

    def close(self) -> None:
        """End the thread."""
        self._reader.shutdown(wait=False, cancel_futures=True)

    def _read(self, path: Path, seen: str) -> None:
        if self._asked.get(path) == seen:
            return
        self._asked[path] = seen

        def read() -> None:
            found = self._fingerprints.of(path)
            self._post(lambda: self._take(path, seen, found))

        self._reader.submit(read)

    def _take(self, path: Path, seen: str, found: str) -> None:
        if self._asked.get(path) == seen:
            del self._asked[path]
        before = self._known.get(path)
        self._known[path] = seen, found
        if before != (seen, found):
            self._changed()
