"""Fingerprints without waiting: what is not known at once is computed by a thread, and told of when it is there.

A fingerprint of a large file takes as long as reading it; an edit must not wait for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from app.engine.fingerprints import Fingerprints, glance_at
from nodes.file_sets import FileSet

AT_ONCE = 2**20
"""Files of up to so many bytes are read at once."""


class BackgroundFingerprints:
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
        self._known: dict[FileSet, tuple[str, str]] = {}  # files -> (what a glance saw, fingerprint)
        self._asked: dict[FileSet, str] = {}
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="fingerprints")

    def of(self, files: FileSet) -> str | None:
        """The fingerprint; None if it is not known yet, and `changed` will be called."""
        seen = glance_at(files)
        known = self._known.get(files)
        if known is not None and known[0] == seen:
            return known[1]
        found = self._fingerprints.at_hand(files, AT_ONCE)
        if found is None:
            self._read(files, seen)
        else:
            self._known[files] = seen, found
        return found

    def is_outdated(self, files: FileSet) -> bool:
        """Whether a glance shows that files are not what their fingerprint was made of."""
        known = self._known.get(files)
        return known is not None and known[0] != glance_at(files)

    def look_closely(self, sets: Iterable[FileSet]) -> None:
        """See, in the thread, whether there are changes that a glance does not show: files deep in a folder."""
        for files in sets:
            if files in self._known and files.path.is_dir():
                self._read(files, glance_at(files))

    def close(self) -> None:
        """End the thread."""
        self._reader.shutdown(wait=False, cancel_futures=True)

    def _read(self, files: FileSet, seen: str) -> None:
        if self._asked.get(files) == seen:
            return
        self._asked[files] = seen

        def read() -> None:
            found = self._fingerprints.of(files)
            self._post(lambda: self._take(files, seen, found))

        self._reader.submit(read)

    def _take(self, files: FileSet, seen: str, found: str) -> None:
        if self._asked.get(files) == seen:
            del self._asked[files]
        before = self._known.get(files)
        self._known[files] = seen, found
        if before != (seen, found):
            self._changed()
