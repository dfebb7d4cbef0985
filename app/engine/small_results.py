"""Small results in one SQLite file: a row each, with the contents of their files one behind the other."""

from __future__ import annotations

import errno
import sqlite3
import threading
import time
import weakref
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from app.engine.record import Record
from app.engine.result_files import checksum


class SmallResults:
    """Results by key. May be used by several threads and processes at once.

    Args:
        path: The database; a damaged one is replaced by an empty one.

    Raises:
        OSError: If it cannot be opened for another reason, such as a full disk; it is left as it is then.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._used: dict[str, float] = {}
        try:
            self._connection = self._open(path)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise OSError(errno.EIO, str(error), str(path)) from error
            # What is no database any more is of no use to anybody.
            path.unlink(missing_ok=True)
            self._connection = self._open(path)
        weakref.finalize(self, self._connection.close)

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
        try:
            # With a write-ahead log a row costs no fsync, and a power cut may lose the last rows, but nothing else.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, record TEXT, content BLOB, used REAL)")
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def record(self, key: str) -> Record | None:
        """Return the record of a result, None if it has no row. Looking counts as use."""
        with self._lock, suppress(sqlite3.DatabaseError):
            row = self._connection.execute("SELECT record FROM results WHERE key = ?", (key,)).fetchone()
            if row is not None:
                self._used[key] = time.time()
                with suppress(ValueError, KeyError, TypeError):
                    return Record.parse(row[0])
        return None

    def among(self, keys: Collection[str]) -> set[str]:
        """Return those of many keys that have a row."""
        found: set[str] = set()
        wanted = list(keys)
        with self._lock, suppress(sqlite3.DatabaseError):
            for start in range(0, len(wanted), 500):
                some = wanted[start : start + 500]
                query = f"SELECT key FROM results WHERE key IN ({','.join('?' * len(some))})"  # noqa: S608 - only question marks
                found.update(key for (key,) in self._connection.execute(query, some))
        return found

    def content(self, key: str, record: Record) -> dict[str, bytes] | None:
        """Return the files of a result by name; None if it has no row.

        Raises:
            KeyError: If they are not what was written; the row is dropped then.
        """
        with self._lock:
            row = self._connection.execute("SELECT content FROM results WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        files, start = {}, 0
        for name, (size, expected) in record.files.items():
            files[name] = row[0][start : start + size]
            start += size
            if checksum(files[name]) != expected:
                self.drop([key])
                raise KeyError(key)
        return files

    def put(self, key: str, record: Record, files: Mapping[str, bytes | memoryview]) -> None:
        """Keep a result, in the place of the one of this key.

        Raises:
            sqlite3.Error: If the disk is full, say; then there is no result.
        """
        row = (key, record.as_json(), b"".join(files.values()), time.time())
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)", row)

    def uses(self) -> list[tuple[float, int, str]]:
        """Return when it was last used, its bytes and its key, of every row."""
        with self._lock:
            self._connection.executemany(
                "UPDATE results SET used = ? WHERE key = ?", [(used, key) for key, used in self._used.items()]
            )
            self._used.clear()
            return self._connection.execute("SELECT used, length(content) + length(record), key FROM results").fetchall()

    def drop(self, keys: list[str]) -> None:
        """Forget results."""
        with self._lock:
            self._connection.executemany("DELETE FROM results WHERE key = ?", [(key,) for key in keys])

    def clear(self) -> None:
        """Forget all of them, and give their room back to the disk."""
        with self._lock:
            self._connection.execute("DELETE FROM results")
            self._connection.execute("VACUUM")
