"""Fingerprints of the files that nodes read, so that a result is found again exactly when their content is the same."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import threading
from contextlib import closing
from itertools import islice
from pathlib import Path

import xxhash

_file_hash = xxhash.xxh3_128
"""As fast as the memory; hashing a large file with one that resists attackers took a fifth as long as parsing it. There is nobody
to resist: whoever may write the files may write anything into them."""
MOST_ENTRIES = 1000
"""So many names of a folder a glance looks at."""


def signature(path: Path) -> str:
    """What can be seen of a file or folder without reading it: sizes and times; `missing` if it is not there."""
    try:
        if path.is_dir():
            return _folder(path)
        status = path.stat()
    except OSError:
        return "missing"
    return f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"


def glance(path: Path) -> str:
    """What can be seen of a file or folder at once, however much is in it; for noticing soon that something has changed.

    Of a folder: its own time, which tells of names that come and go, and those of the first folders in it; not of files
    that are written anew in their place.
    """
    try:
        status = path.stat()
        if not stat.S_ISDIR(status.st_mode):
            return f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"
        with os.scandir(path) as entries:
            within = sorted(f"{e.name}:{e.stat().st_mtime_ns}" for e in islice(entries, MOST_ENTRIES) if e.is_dir())
    except OSError:
        return "missing" if path.parent.is_dir() else "missing with its folder"
    return f"{status.st_mtime_ns} {' '.join(within)}"


def _folder(path: Path) -> str:
    """Names, sizes and times of all files below a folder, in one hash."""
    digest = hashlib.blake2b(digest_size=16)
    root = str(path)
    for folder, subfolders, _ in os.walk(root):
        subfolders.sort()
        with os.scandir(folder) as entries:
            found = {entry.name: entry.stat() for entry in entries if entry.is_file()}
        within = folder[len(root) + 1 :]
        for name in sorted(found):
            text = f"{within}/{name}\0{found[name].st_size}\0{found[name].st_mtime_ns}\0"
            digest.update(text.encode(errors="surrogateescape"))
    return digest.hexdigest()


class Fingerprints:
    """Content hashes of files, remembered with their signature, so that an unchanged file is read once.

    Args:
        database: Where to remember them; None remembers nothing beyond this object.
    """

    def __init__(self, database: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, str]] = {}
        self._seen: dict[Path, str] = {}
        self._database = database
        if database is not None:
            with closing(self._connect(database)) as connection, connection:
                connection.execute("CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, signature TEXT, digest TEXT)")
                self._known = {p: (s, d) for p, s, d in connection.execute("SELECT path, signature, digest FROM files")}

    @staticmethod
    def _connect(database: Path) -> sqlite3.Connection:
        return sqlite3.connect(database, timeout=30)

    def of(self, path: Path) -> str:
        """A hash of a file's content, or of a folder's names, sizes and times; `missing` if it is not there."""
        seen = self._seen[path] = signature(path)
        if seen == "missing" or path.is_dir():
            return seen
        with self._lock:
            known = self._known.get(str(path))
            if known and known[0] == seen:
                return known[1]
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, _file_hash).hexdigest()
        except OSError:
            return "missing"
        self._remember(str(path), seen, digest)
        return digest

    def at_hand(self, path: Path, most_bytes: int) -> str | None:
        """What `of` would say, if it can be said at once: of a file known before, or of so few bytes; not of a folder."""
        try:
            status = path.stat()
        except OSError:
            return self.of(path)
        with self._lock:
            known = self._known.get(str(path))
        if stat.S_ISDIR(status.st_mode) or (status.st_size > most_bytes and (known is None or known[0] != signature(path))):
            return None
        return self.of(path)

    def is_as_it_was(self, path: Path) -> bool:
        """Whether a file or folder is, as far as can be seen without reading it, what it was when `of` was last asked."""
        return signature(path) == self._seen.get(path)

    def _remember(self, path: str, seen: str, digest: str) -> None:
        with self._lock:
            self._known[path] = (seen, digest)
            if self._database is not None:
                with closing(self._connect(self._database)) as connection, connection:
                    connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (path, seen, digest))
