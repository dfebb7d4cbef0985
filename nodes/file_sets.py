"""File sets: what a node reads of a file or folder, so that its result can depend on exactly that.

A reader lists its files through the file set that it declares (`Node.file_sets`), and the engine makes a fingerprint of the
very same list: what is read and what counts cannot drift apart.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Aspect = Literal["content", "name", "details"]
"""What of a member is read: what is in it, only that it is there, or that with its size and time."""
LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""What systems leave in folders to remember how they are shown."""


Member = tuple[str, str, Aspect]
"""What belongs to a set: its name as the reader sees it, relative to the set with `/` between; where it is; what of it is read.
It is no class, as a set may have a hundred thousand of them."""


@dataclass(frozen=True)
class FileSet(ABC):
    """What a node reads at a path; equal sets read the same.

    Attributes:
        path: The file or folder, absolute.
        as_written: What of the path itself is part of the result: most nodes give the same wherever the file lies.
    """

    path: Path
    as_written: str = ""

    @abstractmethod
    def members(self) -> Iterator[Member]:
        """All that is read, in an order that is always the same.

        Raises:
            OSError: If the path is not there, or cannot be looked into.
        """

    @property
    def watched(self) -> tuple[Path, ...]:
        """The paths whose times tell first that something has changed."""
        return (self.path,)


@dataclass(frozen=True)
class OneFile(FileSet):
    """A file, and those beside it that belong to it.

    Attributes:
        endings: What is added to its name for those beside it; they count where they are not empty.
    """

    endings: tuple[str, ...] = ()

    def members(self) -> Iterator[Member]:
        """The file, and what is in those beside it."""
        yield "", str(self.path), "content"
        for ending in self.endings:
            beside = f"{self.path}{ending}"
            if os.path.exists(beside) and os.path.getsize(beside):  # noqa: PTH110, PTH202
                yield ending, beside, "content"

    @property
    def watched(self) -> tuple[Path, ...]:
        """The file and those beside it."""
        return (self.path, *(Path(f"{self.path}{ending}") for ending in self.endings))


@dataclass(frozen=True)
class WholePath(FileSet):
    """A file, or everything in a folder and the folders in it, but for `LITTER`; links are followed.

    A folder that can be reached in several ways, as by a circle of links, is listed once; further ways say where it is.
    """

    def members(self) -> Iterator[Member]:
        """The file; or all folders by their names, and all files by their content."""
        if self.path.is_dir():
            yield from self._below(str(self.path), "", {})
        else:
            yield "", str(self.path), "content"

    def _below(self, folder: str, prefix: str, seen: dict[tuple[int, int], str]) -> Iterator[Member]:
        status = os.stat(folder)  # noqa: PTH116 - of many folders
        first = seen.setdefault((status.st_dev, status.st_ino), prefix)
        if first != prefix:
            yield f"{prefix}={first}", folder, "name"
            return
        yield prefix, folder, "name"
        found: list[tuple[str, bool]] = []
        with suppress(OSError), os.scandir(folder) as entries:  # what cannot be looked into has nothing in it, as for readers
            found = sorted((entry.name, is_folder(entry)) for entry in entries if entry.name not in LITTER)
        for name, has_members in found:
            if has_members:
                yield from self._below(f"{folder}/{name}", f"{prefix}{name}/", seen)
            else:
                yield prefix + name, f"{folder}/{name}", "content"

    def file_at(self, path: str) -> Path | None:
        """The file that a relative or absolute path means, if it belongs to the set."""
        found = Path(os.path.normpath(self.path / path))
        if not found.is_relative_to(self.path):  # it may be written with the name of a link to the folder
            found = Path(os.path.realpath(found))
        inside = found.is_relative_to(self.path) and LITTER.isdisjoint(found.relative_to(self.path).parts)
        return found if inside else None


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one; a link to itself is none."""
    with suppress(OSError):
        return entry.is_dir()
    return False


def walk(folder: Path, inside: str = "", *, deep: bool, hidden: bool = False) -> Iterator[tuple[str, list[str], list[str]]]:
    """Look through a folder: a folder's files come before its folders, each in the order of their names.

    Links to files are files, and those to folders are named but not followed. What cannot be looked into has nothing in it.

    Args:
        folder: Where names are relative to.
        inside: The folder in it to begin with.
        deep: Whether to go on into the folders.
        hidden: Whether names that begin with a dot are there.

    Yields:
        What comes before the names, as `a/b/` or nothing; the names of folders; the names of files.
    """
    start = folder / inside
    skipped = len(str(start)) + 1
    for path, folders, files in os.walk(start):
        within = "/".join(part for part in (inside, path[skipped:].replace(os.sep, "/")) if part)
        names = sorted(name for name in folders if hidden or not name.startswith("."))
        folders[:] = names if deep else []
        yield f"{within}/" if within else "", names, sorted(name for name in files if hidden or not name.startswith("."))
