"""Files that are replaced as a whole: written aside, then renamed, so that a crash or power cut leaves the old or the new one."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import time
import uuid
from contextlib import suppress
from functools import cache
from pathlib import Path

from app.machine import boot_id

_UNFINISHED = re.compile(r"\.layerloom-(?P<machine>[0-9a-f]{8})-(?P<process>\d+)-[0-9a-f]{12}\.tmp")
_FOREIGN_SECONDS = 24 * 3600
"""So long an unfinished file of a process that cannot be looked up (on another machine, or before a restart) is left alone."""

_swept: set[Path] = set()


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file by one with this content; of a symbolic link, the file that it leads to.

    What killed processes left behind in the folder is removed with the first file that is written there.

    Raises:
        OSError: If that fails; the file that was there is untouched, and nothing is left behind.
    """
    try:
        path = Path(os.path.realpath(path))
        is_replaceable = path.is_file() or not path.exists()
    except ValueError:
        raise OSError(errno.EINVAL, "this is no name that a file can have", str(path)) from None
    if not is_replaceable:
        raise OSError(errno.EINVAL, "it is a folder" if path.is_dir() else "it is no ordinary file", str(path))
    temporary = path.with_name(f".layerloom-{_machine()}-{os.getpid()}-{uuid.uuid4().hex[:12]}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):  # why it cannot be removed is why it could not be written
            temporary.unlink(missing_ok=True)
        raise
    _sweep(path.parent)


def _sweep(folder: Path) -> None:
    """Remove the unfinished files of processes that are gone; once per folder."""
    if folder in _swept:
        return
    _swept.add(folder)
    with suppress(OSError), os.scandir(folder) as entries:
        for name in [entry.name for entry in entries if _UNFINISHED.fullmatch(entry.name)]:
            with suppress(OSError):
                if _is_abandoned(folder / name):
                    (folder / name).unlink()


def _is_abandoned(file: Path) -> bool:
    """Return whether nobody is writing an unfinished file any more."""
    found = _UNFINISHED.fullmatch(file.name)
    status = file.lstat()
    if found is None or not stat.S_ISREG(status.st_mode) or (hasattr(os, "getuid") and status.st_uid != os.getuid()):
        return False
    if found["machine"] == _machine() and os.name != "nt":  # there, asking for a process by its number could end it
        return not _lives(int(found["process"]))
    return time.time() - status.st_mtime > _FOREIGN_SECONDS


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


@cache
def _machine() -> str:
    """Return what tells the processes of this session of the machine, and of this container on it, from all others."""
    container = ""
    with suppress(OSError):
        container = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.blake2b(f"{boot_id() or uuid.uuid4()} {container}".encode(), digest_size=4).hexdigest()
