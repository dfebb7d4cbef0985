"""`ensure_sound`: whether a file of a stranger may be read here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from nodes.errors import NodeError
from nodes.kit.probing.formats import LOOKED_THROUGH, SMALL, Format
from nodes.kit.probing.memory import SoundFiles, fingerprint, mark_of, signature
from nodes.kit.probing.process import ProbeProcesses


def refuse_special(path: Path, setting: str) -> None:
    """Refuse what is there and is neither file nor folder: a device or a pipe, which may never end, or not even begin.

    Raises:
        NodeError: If it is one.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise NodeError(f"'{path}' is a device or a pipe, which may never end.", "Choose a file.", setting=setting)


def remember_in(file: Path) -> None:
    """Remember sound files in a file from now on, and count as sound what stands there."""
    global _sound  # noqa: PLW0603 - one memory for the process, as there is one pool of processes
    _sound = SoundFiles(file)


def ensure_sound(
    path: Path, format: Format, *, whole: bool, setting: str = "path", check: Callable[[], None] = lambda: None
) -> None:
    """See to it that a file does no harm to the process that reads it, by having another one read it first.

    A file that was found sound before is not looked at again, wherever it lies and whatever it is called.

    Args:
        path: Of the file.
        format: What will read it.
        whole: Whether all of it will be read; large files are looked at in part (`formats.LOOKED_THROUGH`).
        setting: The setting that names the file, for the error.
        check: Raises if the run was cancelled.

    Raises:
        NodeError: If reading it would crash, never end, or take too much memory.
        OSError: If the file cannot be read.
    """
    reason = why_harmful(path, format, whole=whole, check=check)
    if reason is not None:
        raise NodeError(f"'{path}' cannot be read: {reason}.", "Copy the file again, or choose another.", setting=setting)


def why_harmful(path: Path, format: Format, *, whole: bool, check: Callable[[], None] = lambda: None) -> str | None:
    """Return why a file would do harm to the process that reads it; None if it does not. The arguments are those of
    `ensure_sound`.

    Raises:
        OSError: If the file cannot be read.
    """
    status = path.stat()
    whole = (whole and status.st_size <= LOOKED_THROUGH) or status.st_size <= SMALL
    seen = signature(path, status)
    marks = [mark_of(seen, format, whole=True), mark_of(seen, format, whole=whole)]
    if any(mark in _sound for mark in marks):
        return None
    reason = next((found for mark in marks if (found := _sound.refusal(mark)) is not None), None)
    if reason is None:
        content = fingerprint(path)
        marks.append(mark_of(content, format, whole=whole))
        if mark_of(content, format, whole=True) not in _sound and marks[-1] not in _sound:
            reason = _processes.ask(path, format, status.st_size, whole=whole, check=check)
        if reason is None:
            _sound.add(*marks[1:])
        else:
            _sound.refuse(marks[1], reason)
    return reason


def why_content_harmful(content: bytes, format: Format) -> str | None:
    """Return why what is in a file would do harm to the process that reads it; None if it does not.

    Args:
        content: Of a file that was read already, or of a cell of a table; written to a temporary file for the look.
        format: What will read it.

    Raises:
        OSError: If there is no place for the temporary file.
    """
    mark = mark_of(fingerprint(content), format, whole=True)
    if mark in _sound:
        return None
    reason = _sound.refusal(mark)
    if reason is None:
        with TemporaryDirectory(prefix="layerloom-look-") as folder:
            path = Path(folder) / "content"
            path.write_bytes(content)
            reason = _processes.ask(path, format, len(content), whole=True, check=lambda: None)
        if reason is None:
            _sound.add(mark)
        else:
            _sound.refuse(mark, reason)
    return reason


_processes = ProbeProcesses()
_sound = SoundFiles()
