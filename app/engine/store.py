"""The content-addressed result store: a result is whole, or it is not there.

    <root>/store.sqlite         small results, each in one row; fingerprints of files
    <root>/results/ab/<key>/    large results: record.json and the files it lists
    <root>/partial/<key>/       what an unfinished node left behind (checkpoints)
    <root>/locks/, <root>/new/  for runs that are at it

A large result is written to a folder in `new/` and renamed into place; a small one is one transaction, which costs a tenth
of making files. The record holds size and checksum of every file. The files need no fsync: until the machine restarts,
what was written is what is read; after a restart the checksums are compared before a result is used, and a torn one is
dropped and computed again.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from app.engine.codec import read_value, write_value
from app.engine.database import file_identity
from app.engine.fingerprints import Fingerprints, signature
from app.engine.record import BOOT, Record, is_whole
from app.engine.result_files import Draft, ResultFiles
from app.engine.small_results import SmallResults
from nodes.base import Value
from nodes.values.model import UnreadableModel

log = logging.getLogger("layerloom.store")

DEFAULT_LIMIT = 20 * 10**9
"""How many bytes the store keeps unless told otherwise."""
SMALL = 2**18
"""Results of up to so many bytes are rows of the database."""
DAY = 24 * 3600


class Store:
    """Results by key, within a limit of bytes. May be used by several threads and processes at once.

    Args:
        root: Its folder; made if it is not there.
        limit: Bytes to keep; when they are exceeded, what was used longest ago goes.

    Raises:
        OSError: If it cannot be used, with the reason in words; what is in it stays.
    """

    def __init__(self, root: Path, limit: int = DEFAULT_LIMIT) -> None:
        try:
            str(root).encode()
        except UnicodeEncodeError:
            raise OSError(errno.EILSEQ, "its name is not UTF-8, which the libraries that write there need", str(root)) from None
        self.root = root
        self.limit = limit
        self._results = root / "results"
        for name in ("results", "partial", "locks", "new"):
            (root / name).mkdir(parents=True, exist_ok=True)
        self._small = SmallResults(root / "store.sqlite")
        self.fingerprints = Fingerprints(root / "store.sqlite")
        self._sweep()

    # -- looking up

    def record(self, key: str) -> Record | None:
        """Return the record of a whole result, else None. Looking counts as use."""
        record = self._small.record(key) or self._record_in_folder(key)
        if record is None or any(signature(Path(path)) != seen for path, seen in record.written.items()):
            return None  # where the user's file is gone or was changed, the node has to write it again
        return record

    def absent(self, keys: Collection[str]) -> set[str]:
        """Return those of many keys that there is no result of; much faster than asking for each record."""
        rows = self._small.among(keys)
        return {key for key in keys if key not in rows and not os.access(f"{self._results}/{key[:2]}/{key}", os.F_OK)}

    def load(self, key: str, record: Record | None = None) -> dict[str, Value]:
        """Return the values of a result, by output port; large ones stay memory-mapped.

        Raises:
            KeyError: If there is no such result, or it is damaged; then it is dropped.
            OSError: If it cannot be read now.
            UnreadableModel: If it holds a model of other versions of libraries.
        """
        record = record or self.record(key)
        if record is None:
            raise KeyError(key)
        content = self._small.content(key, record)
        files = ResultFiles(self._folder(key)) if content is None else ResultFiles(content=content)
        try:
            return {port: read_value(files, stored) for port, stored in record.outputs.items()}
        except (MemoryError, UnreadableModel, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # of the libraries each raises what it likes, and polars panics
            if isinstance(error, OSError) and error.errno not in (None, errno.ENOENT, errno.EINVAL):
                raise
            log.warning("the stored result %s cannot be read and is computed again: %s", key, error)
            self.drop(key)
            raise KeyError(key) from error

    def _record_in_folder(self, key: str) -> Record | None:
        try:  # one path of text: this is asked of every node at every edit, and most often there is nothing
            record = Record.parse(Path(f"{self._results}/{key[:2]}/{key}/record.json").read_text(encoding="utf-8"), key)
        except OSError:  # most often it is not there; what cannot be read now may be readable another time
            return None
        except (ValueError, KeyError, TypeError):
            record = None
        folder = self._folder(key)
        try:
            if record is None or not is_whole(folder, record):
                self.drop(key)
                return None
        except OSError:
            return None
        with suppress(OSError):
            os.utime(folder / "record.json")
        return record

    @property
    def identity(self) -> object:
        """What tells this store from another one, or an empty one, that was put in its place."""
        return file_identity(self.root / "store.sqlite"), file_identity(self._results)

    # -- writing

    @contextmanager
    def writing(self, key: str) -> Iterator[Writer]:
        """A place for a result in the making; it vanishes unless `Writer.commit` was called."""
        writer = Writer(self, key, self.root / "new" / f"{os.getpid()}-{uuid.uuid4().hex}")
        try:
            yield writer
        finally:
            writer.discard()

    @contextmanager
    def locked(self, key: str, while_waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Holds a result for this thread, so that two runs on one store do not compute it twice.

        Args:
            key: Of the result.
            while_waiting: Called a few times a second as long as another one holds it; ends the waiting by raising.
        """
        import filelock

        path = self.root / "locks" / key
        lock = filelock.FileLock(path)
        while True:
            try:
                lock.acquire(timeout=0.2)
                break
            except filelock.Timeout:
                while_waiting()
        try:
            yield
            with suppress(OSError):
                path.unlink()  # whoever waits for this very file finds the result when it gets the lock
        finally:
            lock.release()

    def scratch(self, key: str) -> Path:
        """Return the folder that outlives a killed run of this result."""
        path = self.root / "partial" / key
        path.mkdir(parents=True, exist_ok=True)
        return path

    def drop_scratch(self, key: str) -> None:
        """Forget what a killed run of this result left behind."""
        shutil.rmtree(self.root / "partial" / key, ignore_errors=True)

    def put(self, key: str, draft: Draft, record: Record, *, replace: bool) -> ResultFiles:
        """Put a finished result in its place; one that is there already stays, unless `replace` is set.

        Raises:
            OSError: If the disk is full, say; then there is no result.
        """
        if not draft.large and draft.small_bytes <= SMALL:
            self._small.put(key, record, draft.small)
            return ResultFiles(content={name: bytes(content) for name, content in draft.small.items()})
        draft.lay_down()
        (draft.folder / "record.json").write_text(record.as_json(key), encoding="utf-8")
        final = self._folder(key)
        final.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.folder.rename(final)
        except OSError:
            if replace or self.record(key) is None:  # an outdated or torn result is in the way
                self.drop(key)
                draft.folder.rename(final)
        return ResultFiles(final)

    # -- room

    def drop(self, key: str) -> None:
        """Forget a result, as far as that is possible."""
        try:
            self._small.drop([key])
        except OSError as error:
            log.warning("a result could not be forgotten: %s", error.strerror)
        shutil.rmtree(self._folder(key), ignore_errors=True)

    def clear(self) -> None:
        """Forget everything."""
        self._small.clear()
        for name in ("results", "partial"):
            shutil.rmtree(self.root / name, ignore_errors=True)
            (self.root / name).mkdir(parents=True, exist_ok=True)

    @property
    def size(self) -> int:
        """Bytes taken; a file that several results share counts once."""
        return sum(size for _, size, _ in self._uses())

    def make_room(self) -> None:
        """Drop the results used longest ago until the rest fits into the limit; where that is not possible, it is logged."""
        try:
            uses = sorted(self._uses())
        except OSError as error:
            log.warning("no room could be made among the stored results: %s", error.strerror or error)
            return
        excess = sum(size for _, size, _ in uses) - self.limit
        for _, size, key in uses:
            if excess <= 0:
                break
            self.drop(key)
            excess -= size

    def _uses(self) -> list[tuple[float, int, str]]:
        """(when last used, bytes, key) of every result."""
        folders = (self.root / "results").glob("*/*/")
        return self._small.uses() + [(_last_use(f), _own_bytes(f), f.name) for f in folders]

    def _folder(self, key: str) -> Path:
        return self._results / key[:2] / key

    def _sweep(self) -> None:
        """Remove what killed runs left long ago: unfinished results after a day, checkpoints after a month."""
        for name, days in (("new", 1), ("partial", 30)):
            horizon = time.time() - days * DAY
            for folder in (self.root / name).iterdir():
                with suppress(OSError):
                    if folder.stat().st_mtime < horizon:
                        shutil.rmtree(folder, ignore_errors=True)


class Writer:
    """A result in the making."""

    def __init__(self, store: Store, key: str, folder: Path) -> None:
        self._store = store
        self._key = key
        self._path = folder
        self._draft = Draft(folder)

    @property
    def folder(self) -> Path:
        """Where its large files go; it is there once this was asked for."""
        return self._draft.folder

    def commit(
        self,
        values: Mapping[str, Value],
        *,
        written: Mapping[str, str],
        warnings: tuple[str, ...],
        seconds: float,
        replace: bool = False,
    ) -> tuple[Record, dict[str, Value]]:
        """Write the values and put the result in its place; one that is there already stays, unless `replace` is set.

        Returns:
            Its record, and the values as the store now holds them (large ones memory-mapped).

        Raises:
            OSError: If the disk is full, say; then there is no result.
        """
        draft = self._draft
        outputs = {port: write_value(draft, port, value) for port, value in values.items()}
        described = {port: value.spec.describe() if hasattr(value, "spec") else value.kind for port, value in values.items()}
        record = Record(outputs, described, draft.counts(), written, warnings, round(seconds, 4), BOOT)
        files = self._store.put(self._key, draft, record, replace=replace)
        kept = {port: read_value(files, outputs[port]) if draft.is_mapped(port) else value for port, value in values.items()}
        return record, kept

    def discard(self) -> None:
        """Remove what was not committed."""
        if self._path.exists():
            shutil.rmtree(self._path, ignore_errors=True)


def _own_bytes(folder: Path) -> int:
    """Return bytes of a result, where a file shared with n - 1 others counts as its n-th part."""
    total = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            status = entry.stat()
            total += status.st_size // max(status.st_nlink, 1)
    return total


def _last_use(folder: Path) -> float:
    with suppress(OSError):
        return (folder / "record.json").stat().st_mtime
    return 0.0
