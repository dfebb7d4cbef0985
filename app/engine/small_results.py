"""Small results in one SQLite file: a row each, with the contents of their files one behind the other."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from app.engine.database import Database, set_aside_files
from app.engine.record import Record
from app.engine.result_files import checksum

log = logging.getLogger("layerloom.store")

_TABLE = "results (key TEXT PRIMARY KEY, record TEXT, content BLOB, used REAL)"


class SmallResults:
    """Results by key. May be used by several threads and processes at once.

    What cannot be read is not there, and is computed again; where that is so for another reason than damage, it stays.

    Args:
        path: The database.

    Raises:
        OSError: If it cannot be opened, for another reason than damage.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._used: dict[str, float] = {}
        self._database = Database(path, [_TABLE])

    def record(self, key: str) -> Record | None:
        """Return the record of a result, None if it has no row. Looking counts as use."""
        with suppress(OSError):
            for (text,) in self._database.all("SELECT record FROM results WHERE key = ?", key):
                try:
                    record = Record.parse(text, key)
                except (ValueError, KeyError, TypeError):
                    self._database.examine()
                    return None
                with self._lock:
                    self._used[key] = time.time()
                return record
        return None

    def among(self, keys: Collection[str]) -> set[str]:
        """Return those of many keys that have a row."""
        found: set[str] = set()
        wanted = list(keys)
        with suppress(OSError):
            for start in range(0, len(wanted), 500):
                some = wanted[start : start + 500]
                query = f"SELECT key FROM results WHERE key IN ({','.join('?' * len(some))})"  # noqa: S608 - only question marks
                found.update(str(key) for (key,) in self._database.all(query, *some))
        return found

    def content(self, key: str, record: Record) -> dict[str, bytes] | None:
        """Return the files of a result by name; None if it has no row.

        Raises:
            KeyError: If they are not what was written; the row is dropped then, and a database that is damaged set aside.
            OSError: If they cannot be read now.
        """
        rows = self._database.all("SELECT content FROM results WHERE key = ?", key)
        if not rows:
            return None
        content, files, start = rows[0][0], {}, 0
        for name, (size, expected) in record.files.items():
            files[name] = content[start : start + size] if isinstance(content, bytes) else b""
            start += size
            if checksum(files[name]) != expected:
                self._database.examine()
                self.drop([key])
                raise KeyError(key)
        return files

    def put(self, key: str, record: Record, files: Mapping[str, bytes | memoryview]) -> None:
        """Keep a result, in the place of the one of this key.

        Raises:
            OSError: If the disk is full, say; then there is no result.
        """
        self._database.all(
            "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)", key, record.as_json(key), b"".join(files.values()), time.time()
        )

    def uses(self) -> list[tuple[float, int, str]]:
        """Return when it was last used, its bytes and its key, of every row.

        Raises:
            OSError: If they cannot be read now.
        """
        with self._lock:
            used = [(when, key) for key, when in self._used.items()]
            self._used.clear()
        try:
            self._database.do(lambda c: c.executemany("UPDATE results SET used = ? WHERE key = ?", used))
        except OSError as error:
            log.warning("the last use of results could not be noted: %s", error.strerror)
        columns = "coalesce(CAST(used AS REAL), 0), coalesce(length(content), 0) + coalesce(length(record), 0), CAST(key AS TEXT)"
        return self._database.do(lambda c: c.execute(f"SELECT {columns} FROM results WHERE key IS NOT NULL").fetchall())  # noqa: S608

    def drop(self, keys: Collection[str]) -> None:
        """Forget results; raises OSError if that is not possible."""
        rows = [(key,) for key in keys]
        self._database.do(lambda c: c.executemany("DELETE FROM results WHERE key = ?", rows))

    def clear(self) -> None:
        """Forget all of them, and what was set aside, and give their room back to the disk.

        Raises:
            OSError: If that is not possible.
        """
        self._database.all("DELETE FROM results")
        self._database.all("VACUUM")
        for file in set_aside_files(self._path):
            file.unlink(missing_ok=True)
