"""Which files were found sound: known by what is in them, and, so that an unchanged file is not read for that, by the system's
times. What was found damaged is remembered in this process only."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import xxhash

from nodes.kit.probing.formats import PROGRAMS, Format

_VERSION = 1
"""Of the looks: with another one, files are looked at anew."""
_MOST_LINES = 100_000
"""The file is begun anew when it has become longer."""


def signature(path: Path, status: os.stat_result) -> str:
    """What the system says of a file without reading it. The time of its last change (of content, name or rights) is the
    system's own: nobody can set it back, as copying and unpacking do with the time of writing."""
    content = f"{path}\0{status.st_dev}\0{status.st_ino}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ctime_ns}"
    return xxhash.xxh3_128_hexdigest(content.encode(errors="surrogateescape"))


def fingerprint(source: Path | bytes) -> str:
    """What is in a file, named or held, as a hash."""
    digest = xxhash.xxh3_128()
    if isinstance(source, bytes):
        digest.update(source)
        return digest.hexdigest()
    with source.open("rb") as stream:
        while chunk := stream.read(2**22):
            digest.update(chunk)
    return digest.hexdigest()


class SoundFiles:
    """Files found sound.

    Args:
        file: Where to remember them beyond this process; None does not.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._sound: set[str] = set()
        self._refused: dict[str, str] = {}
        self._loaded = file is None

    def __contains__(self, mark: str) -> bool:
        """Whether a file, named by `mark_of`, is sound."""
        with self._lock:
            self._load()
            return mark in self._sound

    def refusal(self, mark: str) -> str | None:
        """Why a file was refused; None where that is not known."""
        return self._refused.get(mark)

    def refuse(self, mark: str, reason: str) -> None:
        """Remember that a file is refused."""
        self._refused[mark] = reason

    def add(self, *marks: str) -> None:
        """Remember files that are sound."""
        with self._lock:
            self._load()
            new = [mark for mark in marks if mark not in self._sound]
            self._sound.update(new)
            if self._file is None or not new:
                return
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                with self._file.open("a", encoding="ascii") as stream:
                    stream.write("".join(f"{mark}\n" for mark in new))
            except OSError:
                self._file = None  # a full or read-only disk: it is found out anew next time

    def _load(self) -> None:
        if self._loaded or self._file is None:
            return
        self._loaded = True
        try:
            lines = self._file.read_text(encoding="ascii", errors="replace").split()
            if len(lines) > _MOST_LINES:
                self._file.unlink()
                return
        except OSError:
            return
        self._sound.update(lines)


def mark_of(name: str, format: Format, *, whole: bool) -> str:
    """A name (`signature`, `fingerprint`) with all that the verdict depends on, as a word."""
    return f"{name}-{format}-{'whole' if whole else 'head'}-{_programs()[format]}"


def _programs() -> Mapping[Format, str]:
    """Format -> the versions of all that reads it."""
    if not _found:
        for format, names in PROGRAMS.items():
            _found[format] = xxhash.xxh3_64_hexdigest("|".join([str(_VERSION), *map(_version, names)]).encode())
    return _found


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


_found: dict[Format, str] = {}
