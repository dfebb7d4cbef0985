"""Fingerprints of what nodes read, so that a result is found again exactly when that is the same.

A fingerprint is of contents. Sizes and times only say that a file need not be read again: on a file that was written within
the last ticks of its clock they say nothing, and where a system has a time of the last change that nobody can set (`ctime`;
Windows has none), it is one of them. So a touch changes no fingerprint, and a file whose size and date were restored does.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
from array import array
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xxhash

from app.engine.database import Database
from nodes.base import Node
from nodes.file_sets import FileSet, Member, is_folder

if TYPE_CHECKING:
    import sqlite3

MOST_ENTRIES = 1000
"""So many names of a folder a glance looks at."""
SETTLED_NS = 2_000_000_000
"""So long ago a file must have been written for its stamp to stand for its content: the coarsest clock of a file system ticks
every two seconds."""
FEW = 100
"""Up to so many files are looked up one by one, more by the folder they are in."""
KEPT_PER_PATH = 8
"""For so many states of a path its fingerprint is remembered."""
PIECE = 2**18
_63_BITS = 2**63 - 1
_TABLES = (
    "file_contents (path BLOB PRIMARY KEY, stamp TEXT, digest TEXT)",
    "file_sets (path BLOB, seen TEXT, digest TEXT)",
)


def signature(path: Path) -> str:
    """What can be seen of a file or folder without reading it: sizes and times; `missing` if it is not there."""
    try:
        if path.is_dir():
            return _folder(path)
        status = path.stat()
    except OSError:
        return "missing"
    return f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"


def file_sets(node: Node, folder: Path) -> Mapping[str, FileSet]:
    """Return, by setting, what a node reads of the file or folder that it names, in a workflow in `folder`."""
    return node.file_sets(lambda path: (folder / Path(path).expanduser()).resolve())


def glance_at(files: FileSet) -> str:
    """What can be seen at once of the files that a node reads."""
    return " ".join(map(glance, files.watched))


def glance(path: Path) -> str:
    """What can be seen of a file or folder at once, however much is in it; for noticing soon that something has changed.

    Of a folder: its own time, which tells of names that come and go, and those of the first folders in it; not of files
    that are written anew in their place.
    """
    try:
        status = path.stat()
        if not stat.S_ISDIR(status.st_mode):
            return f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"
        with os.scandir(path) as entries:
            within = sorted(f"{e.name}:{e.stat().st_mtime_ns}" for e in islice(entries, MOST_ENTRIES) if is_folder(e))
    except OSError:
        return "missing" if os.path.isdir(path.parent) else "missing with its folder"  # noqa: PTH112 - Path raises where a name is too long
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


Stamp = tuple[int, int, int, int]
"""What changes whenever a file is written: inode, size, when it was modified, when it was changed."""


@dataclass(frozen=True)
class _Snapshot:
    """What a set of files looks like without reading them.

    Attributes:
        seen: A hash of it.
        members: What belongs to the set.
        stamps: Of each member: its stamp if its content is to be read, else what counts of it.
        bytes: How many there are to read.
        settled: Whether all were written long enough ago for their stamps to stand for their contents.
    """

    seen: str
    members: Sequence[Member]
    stamps: Sequence[Stamp | str]
    bytes: int
    settled: bool

    @classmethod
    def at(cls, files: FileSet) -> _Snapshot:
        """Look at all members, in one walk."""
        members: list[Member] = []
        with suppress(OSError):  # what is gone, or cannot be looked into, has no members
            members += files.members()
        stamps: list[Stamp | str] = []
        numbers = array("q")
        texts = [str(files.path), files.as_written]
        for name, path, aspect in members:
            stamp = _stamp(path) if aspect == "content" else "name" if aspect == "name" else _details(path)
            stamps.append(stamp)
            texts.append(name)
            if isinstance(stamp, str):
                texts.append(f"\0{stamp}")
            else:
                numbers.extend(stamp)
        digest = hashlib.blake2b("\0".join(texts).encode(errors="surrogateescape"), digest_size=16)
        digest.update(numbers.tobytes())
        newest = _changed((0, 0, max(numbers[2::4], default=0), max(numbers[3::4], default=0)))
        settled = time.time_ns() - newest > SETTLED_NS
        return cls(digest.hexdigest(), members, stamps, sum(numbers[1::4]), settled)


def _stamp(path: str) -> Stamp | str:
    """The stamp of a file; of what is no file, what it is."""
    try:
        status = os.stat(path)  # noqa: PTH116 - of tens of thousands of files
    except OSError:
        return "missing"
    if not stat.S_ISREG(status.st_mode):
        return "no file"
    return status.st_ino & _63_BITS, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _changed(stamp: Stamp) -> int:
    """When a file was last changed; on Windows, `ctime` is when it was made."""
    return max(stamp[2], stamp[3]) if os.name == "nt" else stamp[3]


def _details(path: str) -> str:
    """Size and time, as a list of files shows them; of a link, its own."""
    try:
        status = os.lstat(path)
    except OSError:
        return "missing"
    return f"{'' if stat.S_ISDIR(status.st_mode) else status.st_size} {status.st_mtime_ns}"


class Fingerprints:
    """Fingerprints of file sets, and of the contents of files, remembered with what was seen of them. For several threads.

    Args:
        database: Where to remember them; None remembers nothing beyond this object.

    Raises:
        OSError: If the database cannot be opened, for another reason than damage.
    """

    def __init__(self, database: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._seen: dict[FileSet, str] = {}
        self._database = Database(database, _TABLES, ["CREATE INDEX IF NOT EXISTS file_sets_by_path ON file_sets (path, seen)"])

    def of(self, files: FileSet) -> str:
        """A hash of the names and contents of all that is read; what is missing or no file counts as that."""
        snapshot = _Snapshot.at(files)
        with self._lock:
            self._seen[files] = snapshot.seen
        return self._of(files, snapshot)

    def at_hand(self, files: FileSet, most_bytes: int) -> str | None:
        """What `of` would say, if it can be said at once: of files known before, or of so few bytes; not of a folder."""
        if files.path.is_dir():
            return None
        snapshot = _Snapshot.at(files)
        known = self._known_set(files, snapshot.seen)
        if known is None and snapshot.bytes > most_bytes:
            return None
        with self._lock:
            self._seen[files] = snapshot.seen
        return known or self._of(files, snapshot)

    def is_as_it_was(self, files: FileSet) -> bool:
        """Whether all is, as far as can be seen without reading, what it was when `of` was last asked."""
        return _Snapshot.at(files).seen == self._seen.get(files)

    def _of(self, files: FileSet, snapshot: _Snapshot) -> str:
        known = self._known_set(files, snapshot.seen)
        if known is not None:
            return known
        contents = self._known_contents(files, snapshot)
        now, lasting = time.time_ns(), snapshot.settled
        fresh: list[tuple[bytes, str, str]] = []
        digest = hashlib.blake2b(f"{files.as_written}\0".encode(errors="surrogateescape"), digest_size=16)
        for (name, path, _), stamp in zip(snapshot.members, snapshot.stamps, strict=True):
            counts = stamp
            if not isinstance(stamp, str):
                kept, counts = contents.get(os.fsencode(path), ("", ""))
                if kept != repr(stamp):
                    content = _content(path)
                    counts = content or "cannot be read"
                    lasting = lasting and content is not None
                    if content and now - _changed(stamp) > SETTLED_NS:
                        fresh.append((os.fsencode(path), repr(stamp), content))
            digest.update(f"{name}\0{counts}\0".encode(errors="surrogateescape"))
        found = digest.hexdigest()
        self._remember(files.path, snapshot.seen, found if lasting else None, fresh)
        return found

    # -- what is remembered

    def _known_set(self, files: FileSet, seen: str) -> str | None:
        query = "SELECT digest FROM file_sets WHERE path = ? AND seen = ?"
        rows = self._asked(query, os.fsencode(files.path), seen)
        return str(rows[0][0]) if rows else None

    def _known_contents(self, files: FileSet, snapshot: _Snapshot) -> Mapping[bytes, tuple[str, str]]:
        """Path -> stamp and digest, of files that were read before."""
        columns = "SELECT path, stamp, digest FROM file_contents"
        if len(snapshot.members) <= FEW:
            paths = [os.fsencode(path) for _, path, _ in snapshot.members]
            found = [row for path in paths for row in self._asked(f"{columns} WHERE path = ?", path)]
        else:
            within = os.fsencode(files.path)
            found = self._asked(f"{columns} WHERE path > ? AND path < ?", within + b"/", within + b"0")
        return {path: (stamp, digest) for path, stamp, digest in found}

    def _asked(self, query: str, *values: str | bytes) -> list[Any]:
        """The rows of a query; none where the database cannot be read: then files are read again."""
        with suppress(OSError):
            return self._database.all(query, *values)
        return []

    def _remember(self, path: Path, seen: str, digest: str | None, contents: Sequence[tuple[bytes, str, str]]) -> None:
        """Note the contents of files, and a fingerprint where it will hold; where that is not possible, they are read again."""
        place = os.fsencode(path)

        def remember(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR REPLACE INTO file_contents VALUES (?, ?, ?)", contents)
            if digest is not None:
                connection.execute("INSERT INTO file_sets VALUES (?, ?, ?)", (place, seen, digest))
                former = "SELECT rowid FROM file_sets WHERE path = ? ORDER BY rowid DESC LIMIT ?"
                forget = f"DELETE FROM file_sets WHERE path = ? AND rowid NOT IN ({former})"  # noqa: S608 - no text of others
                connection.execute(forget, (place, place, KEPT_PER_PATH))
            connection.execute("COMMIT")

        with suppress(OSError):
            self._database.do(remember)


def _content(path: str) -> str | None:
    """A hash of a file's content; None if it cannot be read.

    It is as fast as the memory; hashing a large file with one that resists attackers took a fifth as long as parsing it. There is
    nobody to resist: whoever may write the files may write anything into them.
    """
    digest = xxhash.xxh3_128()
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))  # a file object takes longer than a small file
        try:
            while piece := os.read(number, PIECE):
                digest.update(piece)
        finally:
            os.close(number)
    except OSError:
        return None
    return digest.hexdigest()
