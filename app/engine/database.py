"""An SQLite file that nothing of value is lost with: a damaged one is set aside, and every other trouble is told in words."""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

log = logging.getLogger("layerloom.store")

Found = TypeVar("Found")

WAIT_SECONDS = 20.0
"""So long another program may hold the file before it is given up. A transaction takes milliseconds."""
_TROUBLES = (sqlite3.Error, UnicodeDecodeError)
"""What a statement may raise: SQLite's words about a damaged file hold parts of it, which need be no text."""
_DAMAGED = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH}
_FOREIGN = ("no such table", "no such column", "has no column", "columns but", "unsupported file format")
"""What SQLite says of tables that are not those we made: they are damaged, or somebody else's."""
_REASONS = {
    sqlite3.SQLITE_FULL: (errno.ENOSPC, "no space is left on the disk"),
    sqlite3.SQLITE_READONLY: (errno.EROFS, "the file, or its folder, may only be read"),
    sqlite3.SQLITE_BUSY: (errno.EBUSY, "another program keeps the file locked"),
    sqlite3.SQLITE_LOCKED: (errno.EBUSY, "another program keeps the file locked"),
    sqlite3.SQLITE_PERM: (errno.EPERM, "the file may not be opened"),
    sqlite3.SQLITE_AUTH: (errno.EPERM, "the file may not be opened"),
    sqlite3.SQLITE_CANTOPEN: (
        errno.EPERM,
        "the file cannot be opened: it, or its folder, is not accessible, or its path is too long",
    ),
    sqlite3.SQLITE_IOERR: (errno.EIO, "the disk cannot be read or written, or has no room"),
}


class Database:
    """A database of a few tables. May be used by several threads and processes at once.

    A file that is damaged, wherever that shows, is renamed with all that belongs to it, an empty one takes its place, and that
    is logged. A file that was moved away, or deleted, is made anew.

    Args:
        path: The file; None keeps all in memory.
        tables: What is made when it is not there: `name (columns)`.
        more: Statements to carry out after that.

    Raises:
        OSError: If it cannot be opened for another reason than damage, such as a full disk; it is left as it is then.
    """

    def __init__(self, path: Path | None, tables: Sequence[str], more: Sequence[str] = ()) -> None:
        self._path = path
        self._setup = [*(f"CREATE TABLE IF NOT EXISTS {table}" for table in tables), *more]
        self._lock = threading.RLock()
        self._identity: tuple[int, int] | None = None
        self._connection: sqlite3.Connection | None = None
        self.do(lambda _: None)

    def do(self, work: Callable[[sqlite3.Connection], Found]) -> Found:
        """Have `work` use the connection, alone, and return what it returns; it is done again where a damaged file was replaced.

        Raises:
            OSError: If that is not possible, with the reason in words; the file is left as it is.
        """
        with self._lock:
            try:
                return work(self._opened())
            except _TROUBLES as error:
                self._roll_back()
                if self._path is None or not _is_damage(error, self._path):
                    raise self._in_words(error) from error
                cause = error
            try:
                self._set_aside(self._path, cause)
                return work(self._opened())
            except _TROUBLES as error:
                self.close()
                raise self._in_words(error) from error

    def all(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Return the rows of a query; raises OSError like `do`."""
        return self.do(lambda connection: connection.execute(query, values).fetchall())

    def examine(self) -> None:
        """Look at the whole file, after a part of it was found to be wrong, and set it aside if it is damaged.

        Raises:
            OSError: Like `do`.
        """

        def look(connection: sqlite3.Connection) -> None:
            said = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if said != "ok":
                error = sqlite3.DatabaseError(" ".join(str(said).split()))
                error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
                raise error

        self.do(look)

    # -- the file

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None and self._identity == file_identity(self._path):
            return self._connection
        self.close()
        if self._path is not None:
            with suppress(OSError):  # SQLite says why it cannot be opened
                self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self._path or ":memory:", timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.text_factory = lambda text: text.decode(errors="replace")  # damaged text is found by its checksum
        self._connection, self._identity = connection, file_identity(self._path)
        weakref.finalize(self, connection.close)
        try:
            # With a write-ahead log a row costs no fsync, and a power cut may lose the last rows, but nothing else.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            for statement in self._setup:
                connection.execute(statement)
        except _TROUBLES as error:
            if not _is_damage(error, self._path):  # closing a damaged one would touch its log before it is set aside
                self.close()
            raise
        return connection

    def close(self) -> None:
        """Let go of the file; it is opened again when it is asked for something."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _roll_back(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    def _set_aside(self, path: Path, error: Exception) -> None:
        """Rename a damaged file, unless another process, or another object of this one, has done so already."""
        import filelock

        damaged = self._identity
        if os.name == "nt":  # an open file cannot be renamed there; elsewhere closing it first would write to it
            self.close()
        with filelock.FileLock(f"{path}.lock"), closing(self):
            if damaged is None or file_identity(path) != damaged:
                return
            target = _free(path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"))
            # The log goes first: beside a new file it would be taken for that one's.
            for ending in ("-wal", "-shm", ""):
                with suppress(FileNotFoundError):
                    Path(f"{path}{ending}").rename(f"{target}{ending}")
        log.warning("%s is damaged (%s); it was set aside as %s, and what was in it is computed again", path, error, target.name)

    def _in_words(self, error: Exception) -> OSError:
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        number, reason = _REASONS.get(code, (errno.EIO, str(error)))
        return OSError(number, reason, str(self._path))


def set_aside_files(path: Path) -> list[Path]:
    """Return the damaged files that were set aside in the place of this one."""
    return [p for p in path.parent.iterdir() if p.name.startswith(f"{path.name}.damaged-")]


def _is_damage(error: Exception, path: Path | None) -> bool:
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code == sqlite3.SQLITE_READONLY and path is not None:
        with suppress(OSError), path.open("rb") as file:
            return not set(file.read(20)[18:]) <= {1, 2}  # of other versions of the format SQLite says that they may only be read
    return isinstance(error, UnicodeDecodeError) or code in _DAMAGED or any(words in str(error) for words in _FOREIGN)


def file_identity(path: Path | None) -> tuple[int, int] | None:
    """Return what tells a file from another one that is put in its place; None while there is none."""
    try:
        status = os.stat(path) if path is not None else None  # noqa: PTH116 - before every statement
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status is not None else (0, 0)


def _free(path: Path) -> Path:
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    return candidate
