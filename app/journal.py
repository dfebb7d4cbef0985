"""Journals: every edit of an open document on disk at once, so that a crash of the editor loses none. No Qt, no engine.

A journal is `journals/<uuid>.jsonl` in the person's data folder: a header with the workflow as it was, then one line per change.
Beside it lies a lock that is held while the program that writes it lives: a second window is no crash. Nothing here ever deletes
a journal that holds edits somebody may miss: restored ones go to `discarded` for some days, unreadable ones to `damaged`.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pydantic import BaseModel

from app.document.change import TABLES, Change
from app.document.editing import Document
from app.document.file import parse
from app.document.model import FORMAT, Workflow
from app.document.problems import DocumentError
from app.document.watching import FileState
from app.places import data_folder

if TYPE_CHECKING:
    from filelock import BaseFileLock

VERSION = 1
LONG = 1 << 20
"""A journal of more bytes than this, and than four times its header, begins anew with the present workflow."""
SYNC_SECONDS = 1.0
RETRY_SECONDS = 5.0
KEEP_DISCARDED_DAYS = 14

Tell = Callable[[str], object]
Tables = dict[str, dict[str, Any]]
"""Table -> key -> record as JSON; the tables of `app.document.editing.Document`."""


class Journal:
    """The journal of one open document. Its methods never raise: editing goes on where the disk is full, and the person is told.

    Attributes:
        file: Where it is.
        edits: How many changes are in it.
    """

    @classmethod
    def start(
        cls,
        document: Document,
        path: Path | None,
        title: str,
        *,
        on_problem: Tell | None = None,
        file_state: FileState | None = None,
    ) -> Journal:
        """Begin the journal of a document, at its present state; again after every saving (`remove` the old one).

        Args:
            document: What is edited. If it is not modified, its state is the one that is saved.
            path: Its file; None if it has none.
            title: What the person calls it.
            on_problem: Called with a sentence when the journal cannot be written.
            file_state: What the file was like when it was loaded or saved; found out if not given.
        """
        return cls(document, path, title, on_problem or (lambda _: None), file_state)

    def __init__(self, document: Document, path: Path | None, title: str, on_problem: Tell, file_state: FileState | None) -> None:
        self.edits = 0
        self._document = document
        self._on_problem = on_problem
        self._about = _Header(
            journal=VERSION,
            title=title,
            path=path.absolute() if path else None,
            file=(file_state or FileState.of(path.absolute())).as_dict() if path else None,
            pid=os.getpid(),
            boot=boot_id(),
            saved=None if document.modified else _digest(_as_json(document.workflow())),
        )
        self._stream: BinaryIO | None = None
        self._lock: BaseFileLock | None = None
        self._bytes = self._header_bytes = 0
        self._synced = self._tried = time.monotonic()
        self._dirty = self._closed = self._told = False
        self.file = Path()
        self._rewrite()

    def append(self, change: Change) -> None:
        """Put a change that the document has gone through on disk, where it survives the end of this process."""
        if self._closed:
            return
        self.edits += 1
        if self._stream is None:
            self._retry()
            return
        line = _line({"label": change.label, "time": time.time()} | _change_as_json(change))
        try:
            self._stream.write(line)
            self._stream.flush()
        except OSError as error:
            self._failed(error)
            return
        self._dirty = True
        self._bytes += len(line)
        if self._bytes > max(LONG, 4 * self._header_bytes):
            self._rewrite()

    def sync(self) -> None:
        """Make what was appended survive a power cut, too, and try again what failed; call it about once a second."""
        now = time.monotonic()
        if self._closed:
            return
        if self._stream is None:
            self._retry()
        elif self._dirty and now - self._synced >= SYNC_SECONDS:
            self._synced = now
            try:
                os.fsync(self._stream.fileno())
            except OSError as error:
                self._failed(error)
            else:
                self._dirty = False

    def remove(self) -> None:
        """End it for good: what it holds is saved, or is not wanted."""
        self._let_go(remove=True)

    def close(self) -> None:
        """End it, but leave the file: what it holds is offered at the next start."""
        self._let_go(remove=False)

    # -- the file

    def _rewrite(self) -> None:
        """Write a journal that begins with the present workflow, and put it in the place of the one that is there."""
        self._tried = time.monotonic()
        workflow, keys = _as_json(self._document.workflow()), _keys(self._document)
        header = self._about.model_copy(update={"edits": self.edits, "time": time.time(), "keys": keys, "workflow": workflow})
        start = _line(header.model_dump(mode="json"))
        aside, stream = self.file, None
        try:
            if not self.file.name:
                file = _folder() / f"{uuid.uuid4()}.jsonl"
                self._lock = _acquire(file)
                self.file = file
            aside = _beside(self.file)[1]
            stream = aside.open("wb")
            stream.write(start)
            stream.flush()
            if os.name == "nt":  # an open file cannot be renamed there
                stream.close()
                if self._stream is not None:
                    self._stream.close()
            aside.replace(self.file)
            if os.name == "nt":
                stream = self.file.open("ab")
        except OSError as error:
            if stream is not None:
                with suppress(OSError):
                    stream.close()
            if aside != self.file:
                with suppress(OSError):
                    aside.unlink(missing_ok=True)
            self._failed(error)
            return
        old, self._stream = self._stream, stream
        if old is not None:
            with suppress(OSError):
                old.close()
        self._bytes = self._header_bytes = len(start)
        self._dirty, self._told = True, False

    def _retry(self) -> None:
        if time.monotonic() - self._tried >= RETRY_SECONDS:
            self._rewrite()

    def _failed(self, error: OSError) -> None:
        """Stop writing until a whole new journal can be written; what is on disk stays, and the person is told once."""
        self._tried = time.monotonic()
        stream, self._stream = self._stream, None
        if stream is not None:
            with suppress(OSError):
                stream.close()
        if not self._told:
            self._told = True
            self._on_problem(
                f"The journal that protects your edits from a crash cannot be written: {error.strerror or error}. You can go on "
                f"working; save often, and make room on the disk. It is tried again by itself."
            )

    def _let_go(self, *, remove: bool) -> None:
        if self._closed:
            return
        self._closed = True
        with suppress(OSError):
            if self._stream is not None:
                self._stream.close()
        self._stream = None
        with suppress(OSError):
            if remove and self.file.name:
                self.file.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.release()
        if remove and self.file.name:
            _forget_beside(self.file)


# ------------------------------------------------------------------------------------------------------- after a crash


@dataclass(frozen=True)
class Lost:
    """What a program that ended without saving leaves behind.

    Attributes:
        file: The journal.
        name: What the person called the workflow.
        path: Its file; None if it was never saved.
        time: When it was edited last, in seconds since 1970.
        edits: How many edits are offered.
        unreadable: How many lines of the journal cannot be read (the last one may have been half-written); they are left out.
        file_state: What the workflow's file was like when these edits began.
    """

    file: Path
    name: str
    path: Path | None
    time: float
    edits: int
    unreadable: int
    file_state: FileState | None

    def file_changed(self) -> bool:
        """Whether the workflow's file has another content now than the one these edits were made to."""
        return self.file_state is not None and self.file_state.changed()

    def workflow(self) -> Workflow:
        """The workflow with all edits.

        Raises:
            DocumentError: If it is gone (another window restored it), or is no workflow.
        """
        try:
            read = _read(self.file)
        except OSError:
            message = f"The journal of {self.name} is no longer there."
            raise DocumentError(message, "Another window has restored or discarded it; look there.") from None
        except ValueError as error:
            raise DocumentError(f"The journal {self.file} is damaged: {error}.", "Open the file that was saved last.") from None
        return parse(json.dumps(read.content), f"What was lost of {self.name}", newer=True)

    def discard(self) -> None:
        """Move it to the discarded ones, where it stays for some days. Nothing if it is gone."""
        _put_away(self.file, "discarded")


def recoverable(on_problem: Tell | None = None) -> list[Lost]:
    """The unsaved edits of programs that no longer live, newest first.

    Journals that cannot be read at all are moved to the folder `damaged`; those in which nothing is unsaved are discarded.

    Args:
        on_problem: Called with a sentence about each damaged journal.
    """
    found = []
    with suppress(OSError):
        folder = _folder()
        _forget_old(folder / "discarded")
        for file in sorted(folder.glob("*.jsonl")):
            lost = _examined(file, on_problem or (lambda _: None))
            if lost is not None:
                found.append(lost)
    return sorted(found, key=lambda lost: -lost.time)


@cache
def boot_id() -> str:
    """What tells this start of the machine from others; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _examined(file: Path, on_problem: Tell) -> Lost | None:
    """What a journal holds; None if its program lives, nothing is lost, or it is damaged."""
    try:
        if _is_alive(file):
            return None
        read = _read(file)
    except FileNotFoundError:
        return None  # another window was quicker
    except OSError as error:
        on_problem(f"The journal {file} cannot be read: {error.strerror or error}. It is left where it is.")
        return None
    except ValueError as error:
        aside = _put_away(file, "damaged")
        on_problem(
            f"A journal of unsaved edits is damaged ({error}) and cannot be restored. It is kept as {aside}; "
            "open the file you saved last."
        )
        return None
    about = read.header
    if about.saved == _digest(read.content):
        _put_away(file, "discarded")
        return None
    state = FileState.from_dict(about.file) if about.file else None
    return Lost(file, about.title, about.path, read.time, about.edits + read.edits, read.unreadable, state)


class _Header(BaseModel):
    """The first line of a journal."""

    journal: int
    title: str
    path: Path | None
    file: dict[str, str] | None
    pid: int
    boot: str
    saved: str | None
    """The digest of the state that is saved; None if none is."""
    time: float = 0.0
    edits: int = 0
    """How many edits are in the workflow of the header already."""
    keys: dict[str, list[str]] = {}
    workflow: dict[str, Any] = {}


@dataclass
class _Contents:
    """A journal that was read: its header, the workflow with all edits as JSON, when the last was made, and how many."""

    header: _Header
    content: dict[str, Any]
    time: float
    edits: int
    unreadable: int


def _read(file: Path) -> _Contents:
    """Read a journal. OSError if it cannot be read, ValueError if it is none."""
    first, *rest = file.read_bytes().split(b"\n")
    header = _header(first)
    try:
        tables = _tables_of(header.workflow, header.keys)
        if header.file:
            FileState.from_dict(header.file)
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("its first line holds no workflow") from error
    latest = header.time
    edits = unreadable = 0
    for line in filter(None, rest):
        try:
            change = json.loads(line)
            updated = _updated(tables, change)
            latest = float(change["time"])
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            unreadable += 1
        else:
            tables = updated
            edits += 1
    return _Contents(header, _joined(tables), latest, edits, unreadable)


def _header(line: bytes) -> _Header:
    try:
        header = _Header.model_validate(json.loads(line))
    except (ValueError, RecursionError) as error:
        raise ValueError("its first line is not that of a journal") from error
    if header.journal > VERSION:
        raise ValueError("a newer version of Layerloom wrote it")
    return header


# ------------------------------------------------------------------------------------------------------ changes as JSON


def _as_json(workflow: Workflow) -> dict[str, Any]:
    """A workflow as in a file."""
    content: dict[str, Any] = _record_as_json(workflow)
    return {"format": FORMAT} | content | {"format_version": workflow.format_version}


def _keys(document: Document) -> dict[str, list[str]]:
    """The keys of a document's records that the workflow does not tell."""
    return {
        "connections": list(document.connections),
        "annotations": list(document.annotations),
        "variables": list(document.variables),
    }


def _record_as_json(record: Any) -> Any:
    if isinstance(record, BaseModel):
        return record.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return record


def _change_as_json(change: Change) -> dict[str, Any]:
    """What is different afterwards. Orders are left out where they follow: gone keys drop out, new ones come last."""
    records = {t: {k: _record_as_json(after) for k, (_, after) in entries.items()} for t, entries in change.records.items()}
    orders = {}
    for table, (before, after) in change.orders.items():
        kept = dict.fromkeys(before)
        for key, (_, record) in change.records.get(table, {}).items():
            if record is None:
                kept.pop(key, None)
            else:
                kept.setdefault(key)
        if tuple(kept) != after:
            orders[table] = list(after)
    return {"records": records} | ({"orders": orders} if orders else {})


def _tables_of(workflow: Mapping[str, Any], keys: Mapping[str, list[str]]) -> Tables:
    view = workflow.get("view", {})
    tables: Tables = {
        "nodes": {node["id"]: node for node in workflow.get("nodes", [])},
        "views": dict(view.get("nodes", {})),
        "connections": dict(zip(keys["connections"], workflow.get("connections", []), strict=True)),
        "annotations": dict(zip(keys["annotations"], view.get("annotations", []), strict=True)),
        "variables": dict(zip(keys["variables"], workflow.get("variables", []), strict=True)),
    }
    rest = {k: v for k, v in workflow.items() if k not in ("format", "nodes", "connections", "variables", "view")}
    more = {k: v for k, v in view.items() if k not in ("nodes", "annotations")}
    return tables | {"properties": rest | ({"view": more} if more else {})}


def _updated(tables: Tables, change: Mapping[str, Any]) -> Tables:
    """The tables after a change; what is wrong with it raises before anything is different."""
    updated = dict(tables)
    orders = change.get("orders", {})
    for name in TABLES:
        entries, order = change["records"].get(name, {}), orders.get(name, ())
        if entries or order:
            table = {k: v for k, v in (tables[name] | entries).items() if v is not None}
            updated[name] = {k: table[k] for k in dict.fromkeys(k for k in order if k in table) | dict.fromkeys(table)}
    return updated


def _joined(tables: Tables) -> dict[str, Any]:
    """Workflow as in a file, made of tables; empty parts are left out."""
    properties = dict(tables["properties"])
    view = {"nodes": tables["views"], "annotations": list(tables["annotations"].values())} | properties.pop("view", {})
    parts = {
        "variables": list(tables["variables"].values()),
        "nodes": list(tables["nodes"].values()),
        "connections": list(tables["connections"].values()),
        "view": {k: v for k, v in view.items() if v},
    }
    return {"format": FORMAT} | properties | {k: v for k, v in parts.items() if v}


def _digest(workflow: Mapping[str, Any]) -> str:
    """Tells one state of a workflow from others; what is empty does not count."""
    filled = {k: v for k, v in workflow.items() if v not in ("", {}, [])}
    return hashlib.blake2b(json.dumps(filled, sort_keys=True).encode(), digest_size=16).hexdigest()


def _line(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


# ------------------------------------------------------------------------------------------------------ files and locks


def _folder() -> Path:
    folder = data_folder() / "journals"
    folder.mkdir(exist_ok=True)
    return folder


def _beside(journal: Path) -> tuple[Path, Path]:
    """A journal's lock, and the file in which a new beginning of it is written."""
    return journal.with_suffix(".lock"), journal.with_suffix(".new")


def _acquire(journal: Path) -> BaseFileLock | None:
    """Hold a journal's lock; None where the disk knows no locks. TimeoutError (an OSError) if somebody else holds it."""
    from filelock import FileLock

    lock = FileLock(_beside(journal)[0], timeout=0, thread_local=False)
    try:
        lock.acquire()
    except TimeoutError:
        raise
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and not journal.parent.is_dir():
            raise
        return None
    return lock


def _is_alive(journal: Path) -> bool:
    """Whether the program that writes a journal lives; by its lock, and where there are no locks, by its process."""
    try:
        lock = _acquire(journal)
    except TimeoutError:
        return True
    if lock is not None:
        lock.release()
        return False
    with journal.open("rb") as stream:
        header = _header(stream.readline())
    return header.boot == boot_id() and _process_lives(header.pid)


def _process_lives(pid: int) -> bool:
    if os.name == "nt":
        return False  # every file system of Windows knows locks; os.kill would end the process there
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _forget_beside(journal: Path) -> None:
    for file in _beside(journal):
        with suppress(OSError):
            file.unlink(missing_ok=True)


def _put_away(file: Path, folder: str) -> Path:
    """Move a journal into a folder beside it; returns where it is then."""
    target = file.parent / folder / file.name
    try:
        target.parent.mkdir(exist_ok=True)
        file.replace(target)
        target.touch()  # it is kept from now on
    except OSError:
        return file
    _forget_beside(file)
    return target


def _forget_old(folder: Path) -> None:
    oldest = time.time() - KEEP_DISCARDED_DAYS * 86400
    for file in folder.glob("*.jsonl"):
        with suppress(OSError):
            if file.stat().st_mtime < oldest:
                file.unlink()
