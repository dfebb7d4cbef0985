"""Writes the journal of an open document, change by change; while the disk is full, it says so and tries again."""

from __future__ import annotations

import os
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from app.document.change import Change
from app.document.editing import Document
from app.document.file_state import FileState
from app.journal.journal_files import Tell, acquire, beside, forget_beside, journals_folder
from app.journal.journal_format import (
    VERSION,
    JournalHeader,
    as_line,
    change_as_json,
    digest,
    header_as_json,
    keys_of,
    workflow_as_json,
)
from app.machine import boot_id

if TYPE_CHECKING:
    from filelock import BaseFileLock

LONG = 1 << 20
"""A journal of more bytes than this, and than four times its header, begins anew with the present workflow."""
SYNC_SECONDS = 1.0
RETRY_SECONDS = 5.0
_CANNOT_WRITE = (OSError, ValueError, TypeError, RecursionError)
"""The disk's errors, and those of what cannot be written as JSON."""


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
        self._about = JournalHeader(
            journal=VERSION,
            title=title,
            path=path.absolute() if path else None,
            file=(file_state or FileState.of(path.absolute())).as_dict() if path else None,
            pid=os.getpid(),
            boot=boot_id(),
            saved=None if document.modified else digest(workflow_as_json(document.workflow())),
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
        try:
            line = as_line({"label": change.label, "time": time.time()} | change_as_json(change))
            self._stream.write(line)
            self._stream.flush()
        except _CANNOT_WRITE as error:
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
        aside, stream = self.file, None
        try:
            workflow, keys = workflow_as_json(self._document.workflow()), keys_of(self._document)
            header = self._about.model_copy(update={"edits": self.edits, "time": time.time(), "keys": keys, "workflow": workflow})
            start = as_line(header_as_json(header))
            if not self.file.name:
                file = journals_folder() / f"{uuid.uuid4()}.jsonl"
                self._lock = acquire(file)
                self.file = file
            aside = beside(self.file)[1]
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
        except _CANNOT_WRITE as error:
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

    def _failed(self, error: Exception) -> None:
        """Stop writing until a whole new journal can be written; what is on disk stays, and the person is told once."""
        self._tried = time.monotonic()
        stream, self._stream = self._stream, None
        if stream is not None:
            with suppress(OSError):
                stream.close()
        if not self._told:
            self._told = True
            reason = getattr(error, "strerror", None) or error
            self._on_problem(
                f"The journal that protects your edits from a crash cannot be written: {reason}. You can go on working; save "
                "often, and make room on the disk. It is tried again by itself."
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
            forget_beside(self.file)
