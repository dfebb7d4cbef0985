"""Where journals lie, who holds them, and where they go when they are done with."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from app.folders import data_folder
from app.journal.journal_format import parse_header
from app.machine import boot_id

if TYPE_CHECKING:
    from filelock import BaseFileLock

KEEP_DISCARDED_DAYS = 14

Tell = Callable[[str], object]
"""Is called with a sentence for the person."""


def journals_folder() -> Path:
    """Return the folder of the journals; it is there then."""
    folder = data_folder() / "journals"
    folder.mkdir(exist_ok=True)
    return folder


def beside(journal: Path) -> tuple[Path, Path]:
    """Return a journal's lock, and the file in which a new beginning of it is written."""
    return journal.with_suffix(".lock"), journal.with_suffix(".new")


def acquire(journal: Path) -> BaseFileLock | None:
    """Hold a journal's lock; None where the disk knows no locks. TimeoutError (an OSError) if somebody else holds it."""
    from filelock import FileLock

    lock = FileLock(beside(journal)[0], timeout=0, thread_local=False)
    try:
        lock.acquire()
    except TimeoutError:
        raise
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and not journal.parent.is_dir():
            raise
        return None
    return lock


def is_alive(journal: Path) -> bool:
    """Return whether the program that writes a journal lives; by its lock, and where there are no locks, by its process."""
    try:
        lock = acquire(journal)
    except TimeoutError:
        return True
    if lock is not None:
        lock.release()
        return False
    with journal.open("rb") as stream:
        header = parse_header(stream.readline())
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


def forget_beside(journal: Path) -> None:
    """Remove a journal's lock and what else lies beside it."""
    for file in beside(journal):
        with suppress(OSError):
            file.unlink(missing_ok=True)


def put_away(file: Path, folder: str) -> Path:
    """Move a journal into a folder beside it; returns where it is then."""
    target = file.parent / folder / file.name
    try:
        target.parent.mkdir(exist_ok=True)
        file.replace(target)
        target.touch()  # it is kept from now on
    except OSError:
        return file
    forget_beside(file)
    return target


def forget_old(folder: Path) -> None:
    """Remove the journals of a folder that were put there long ago."""
    oldest = time.time() - KEEP_DISCARDED_DAYS * 86400
    for file in folder.glob("*.jsonl"):
        with suppress(OSError):
            if file.stat().st_mtime < oldest:
                file.unlink()
