"""What a program that ended without saving leaves behind: found, read and offered at the next start."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.document.file import parse
from app.document.file_state import FileState
from app.document.model import Workflow
from app.document.problems import DocumentError
from app.journal.journal_files import Tell, forget_old, is_alive, journals_folder, put_away
from app.journal.journal_format import JournalHeader, digest, joined, parse_header, tables_of, updated


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
        """Return whether the workflow's file has another content now than the one these edits were made to."""
        return self.file_state is not None and self.file_state.changed()

    def workflow(self) -> Workflow:
        """Return the workflow with all edits.

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
        put_away(self.file, "discarded")


def recoverable(on_problem: Tell | None = None) -> list[Lost]:
    """Return the unsaved edits of programs that no longer live, newest first.

    Journals that cannot be read at all are moved to the folder `damaged`; those in which nothing is unsaved are discarded.

    Args:
        on_problem: Called with a sentence about each damaged journal.
    """
    found = []
    with suppress(OSError):
        folder = journals_folder()
        forget_old(folder / "discarded")
        for file in sorted(folder.glob("*.jsonl")):
            lost = _examined(file, on_problem or (lambda _: None))
            if lost is not None:
                found.append(lost)
    return sorted(found, key=lambda lost: -lost.time)


def _examined(file: Path, on_problem: Tell) -> Lost | None:
    """Return what a journal holds; None if its program lives, nothing is lost, or it is damaged."""
    try:
        if is_alive(file):
            return None
        read = _read(file)
    except FileNotFoundError:
        return None  # another window was quicker
    except OSError as error:
        on_problem(f"The journal {file} cannot be read: {error.strerror or error}. It is left where it is.")
        return None
    except ValueError as error:
        aside = put_away(file, "damaged")
        on_problem(
            f"A journal of unsaved edits is damaged ({error}) and cannot be restored. It is kept as {aside}; "
            "open the file you saved last."
        )
        return None
    about = read.header
    if about.saved == digest(read.content):
        put_away(file, "discarded")
        return None
    state = FileState.from_dict(about.file) if about.file else None
    return Lost(file, about.title, about.path, read.time, about.edits + read.edits, read.unreadable, state)


@dataclass
class JournalContents:
    """A journal that was read: its header, the workflow with all edits as JSON, when the last was made, and how many."""

    header: JournalHeader
    content: dict[str, Any]
    time: float
    edits: int
    unreadable: int


def _read(file: Path) -> JournalContents:
    """Read a journal. OSError if it cannot be read, ValueError if it is none."""
    first, *rest = file.read_bytes().split(b"\n")
    header = parse_header(first)
    try:
        tables = tables_of(header.workflow, header.keys)
        if header.file:
            FileState.from_dict(header.file)
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("its first line holds no workflow") from error
    latest = header.time
    edits = unreadable = 0
    for line in filter(None, rest):
        try:
            change = json.loads(line)
            after = updated(tables, change)
            latest = float(change["time"])
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            unreadable += 1
        else:
            tables = after
            edits += 1
    return JournalContents(header, joined(tables), latest, edits, unreadable)
