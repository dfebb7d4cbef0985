"""The content-addressed result store: a result is whole, or it is not there.

    <root>/results/ab/<key>/    record.json and the files it lists
    <root>/partial/<key>/       what an unfinished node left behind (checkpoints)
    <root>/locks/, <root>/new/  for runs that are at it; fingerprints.sqlite

A result is written to a folder in `new/` and renamed into place. Its record holds the size and checksum of every file.
The files need no fsync: until the machine restarts, what was written is what is read; after a restart the checksums are
compared before a result is used, and a torn one is dropped and computed again.

Paths are plain strings where a small result passes: Path objects would cost as much as the writing.
"""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from dataclasses import replace as dataclass_replace
from pathlib import Path
from typing import Any

import filelock

from app.document.file import write_atomically
from app.engine.codec import Folder, measure, read_value, write_value
from app.engine.fingerprints import Fingerprints, signature
from nodes.base import Value

DEFAULT_LIMIT = 20 * 2**30
"""How many bytes the store keeps unless told otherwise."""


@dataclass(frozen=True)
class Record:
    """What is known of a stored result without reading its data.

    Attributes:
        outputs: Output port -> how its value is stored (`app.engine.codec`).
        described: Output port -> what an edge says of it.
        files: File name -> (bytes, CRC-32).
        written: The user's own files the node wrote -> their signature then.
        warnings: What the node warned of.
        seconds: How long it took.
        boot: The machine's session in which it was written or last checked.
    """

    outputs: Mapping[str, Any]
    described: Mapping[str, str]
    files: Mapping[str, tuple[int, int]]
    written: Mapping[str, str]
    warnings: tuple[str, ...]
    seconds: float
    boot: str

    def as_json(self) -> str:
        """As `record.json` holds it."""
        return json.dumps(vars(self), ensure_ascii=False, default=list)

    @classmethod
    def parse(cls, text: str) -> Record:
        """Read `record.json`; raises ValueError, KeyError or TypeError if it is damaged."""
        data = json.loads(text)
        files = {name: (int(size), int(crc)) for name, (size, crc) in data.pop("files").items()}
        return cls(files=files, warnings=tuple(data.pop("warnings")), **data)


class Store:
    """Results by key, within a limit of bytes.

    Args:
        root: Its folder; made if it is not there.
        limit: Bytes to keep; when they are exceeded, what was used longest ago goes.
    """

    def __init__(self, root: Path, limit: int = DEFAULT_LIMIT) -> None:
        self.root = root
        self.limit = limit
        for name in ("results", "partial", "locks", "new"):
            (root / name).mkdir(parents=True, exist_ok=True)
        self.fingerprints = Fingerprints(root / "fingerprints.sqlite")
        self._sweep()

    # -- looking up

    def record(self, key: str) -> Record | None:
        """The record of a whole result, else None. Looking counts as use."""
        folder = self._folder(key)
        try:
            with open(f"{folder}/record.json", encoding="utf-8") as file:
                record = Record.parse(file.read())
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if not self._is_whole(folder, record):
            self.drop(key)
            return None
        if any(signature(Path(path)) != seen for path, seen in record.written.items()):
            return None  # the user's file is gone or was changed: the node has to write it again
        with suppress(OSError):
            os.utime(f"{folder}/record.json")
        return record

    def load(self, key: str, record: Record | None = None) -> dict[str, Value]:
        """The values of a result, by output port; large ones stay memory-mapped.

        Raises:
            KeyError: If there is no such result.
        """
        record = record or self.record(key)
        if record is None:
            raise KeyError(key)
        folder = Path(self._folder(key))
        return {port: read_value(folder, stored) for port, stored in record.outputs.items()}

    def _is_whole(self, folder: str, record: Record) -> bool:
        try:
            if any(os.stat(f"{folder}/{name}").st_size != size for name, (size, _) in record.files.items()):
                return False
            if record.boot == BOOT:
                return True
            if any(measure(Path(folder, name)) != counted for name, counted in record.files.items()):
                return False
        except OSError:
            return False
        with suppress(OSError):
            write_atomically(Path(folder, "record.json"), dataclass_replace(record, boot=BOOT).as_json().encode())
        return True

    # -- writing

    @contextmanager
    def writing(self, key: str) -> Iterator[Writer]:
        """A place for a result in the making; it vanishes unless `Writer.commit` was called."""
        folder = f"{self.root}/new/{os.getpid()}-{uuid.uuid4().hex}"
        os.mkdir(folder)
        writer = Writer(self, key, Path(folder))
        try:
            yield writer
        finally:
            if not writer.moved:
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def locked(self, key: str) -> Iterator[None]:
        """Holds a result for this thread, so that two runs on one store do not compute it twice."""
        path = self.root / "locks" / key
        with filelock.FileLock(path):
            yield
            with suppress(OSError):
                path.unlink()  # whoever waits for this very file finds the result when it gets the lock

    def scratch(self, key: str) -> Path:
        """The folder that outlives a killed run of this result."""
        path = self.root / "partial" / key
        path.mkdir(parents=True, exist_ok=True)
        return path

    def drop_scratch(self, key: str) -> None:
        """Forget what a killed run of this result left behind."""
        path = f"{self.root}/partial/{key}"
        if os.path.exists(path):
            shutil.rmtree(path, ignore_errors=True)

    def drop(self, key: str) -> None:
        """Forget a result."""
        shutil.rmtree(self._folder(key), ignore_errors=True)

    def clear(self) -> None:
        """Forget everything."""
        for name in ("results", "partial"):
            shutil.rmtree(self.root / name, ignore_errors=True)
            (self.root / name).mkdir(parents=True, exist_ok=True)

    # -- room

    @property
    def size(self) -> int:
        """Bytes taken; a file that several results share counts once."""
        return sum(_own_bytes(folder) for folder in self._folders())

    def make_room(self) -> None:
        """Drop the results used longest ago until the rest fits into the limit."""
        sizes = {folder: _own_bytes(folder) for folder in self._folders()}
        excess = sum(sizes.values()) - self.limit
        for folder in sorted(sizes, key=_last_use):
            if excess <= 0:
                break
            shutil.rmtree(folder, ignore_errors=True)
            excess -= sizes[folder]

    def _folders(self) -> Iterator[Path]:
        return (self.root / "results").glob("*/*/")

    def _folder(self, key: str) -> str:
        return f"{self.root}/results/{key[:2]}/{key}"

    def _sweep(self) -> None:
        """Remove what killed runs left long ago: unfinished results after a day, checkpoints after a month."""
        for name, days in (("new", 1), ("partial", 30)):
            horizon = time.time() - days * 24 * 3600
            for folder in (self.root / name).iterdir():
                with suppress(OSError):
                    if folder.stat().st_mtime < horizon:
                        shutil.rmtree(folder, ignore_errors=True)


class Writer:
    """A result in the making.

    Attributes:
        folder: Where its files go.
        moved: Whether the folder has become the result.
    """

    def __init__(self, store: Store, key: str, folder: Path) -> None:
        self.folder = folder
        self.moved = False
        self._store = store
        self._key = key

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
        target = Folder(self.folder)
        outputs = {port: write_value(target, port, value) for port, value in values.items()}
        described = {port: value.spec.describe() if hasattr(value, "spec") else value.kind for port, value in values.items()}
        files = target.finish()
        record = Record(outputs, described, files, written, warnings, round(seconds, 4), BOOT)
        target.write("record.json", record.as_json().encode())
        final = self._store._folder(self._key)
        try:
            self._put(final)
        except OSError:
            if replace or self._store.record(self._key) is None:  # an outdated or torn result is in the way
                self._store.drop(self._key)
                self._put(final)
        self._store.drop_scratch(self._key)
        kept = {
            port: read_value(Path(final), outputs[port]) if target.is_large(port) else value for port, value in values.items()
        }
        return record, kept

    def _put(self, final: str) -> None:
        try:
            os.rename(self.folder, final)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(final), exist_ok=True)
            os.rename(self.folder, final)
        self.moved = True


def _boot() -> str:
    """A name of the machine's session since it was last started; a new one per process where it cannot be known."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return uuid.uuid4().hex


BOOT = _boot()


def _own_bytes(folder: Path) -> int:
    """Bytes of a result, where a file shared with n - 1 others counts as its n-th part."""
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
