"""The files of a result: in the making, stored, and measured, so that a torn one is noticed. Knows nothing of what is in them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xxhash

from app.engine.arrow_files import map_frame, read_frame

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray


class Draft:
    """The files of a result in the making: small ones in memory, large ones in a folder that is made when it is needed.

    Args:
        folder: Where large files go.
    """

    def __init__(self, folder: Path) -> None:
        self.small: dict[str, bytes | memoryview] = {}
        self.large: set[str] = set()
        self._folder = folder
        self._mapped: set[str] = set()

    @property
    def folder(self) -> Path:
        """The folder of large files; it is there once this was asked for."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    @property
    def small_bytes(self) -> int:
        """How much is held in memory."""
        return sum(len(content) for content in self.small.values())

    def new(self, name: str) -> Path:
        """Return the path for a new large file of the result."""
        self.large.add(name)
        return self.folder / name

    def write(self, name: str, content: bytes | memoryview) -> None:
        """Take a small file."""
        self.small[name] = content

    def adopt(self, file: Path, name: str) -> None:
        """Make an existing, finished file part of the result: by a hard link, or by a copy where there are none."""
        target = self.new(name)
        try:
            os.link(file, target)
        except OSError:
            shutil.copyfile(file, target)

    def mark_mapped(self, port: str) -> None:
        """Say that the value at `port` is better mapped from the store again than kept in memory."""
        self._mapped.add(port)

    def is_mapped(self, port: str) -> bool:
        """Return whether `mark_mapped` was called for it."""
        return port in self._mapped

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return bytes and checksum per file, the small ones first and in the order of `small`."""
        small = {name: (len(content), checksum(content)) for name, content in self.small.items()}
        return small | {name: measure(self._folder / name) for name in sorted(self.large)}

    def lay_down(self) -> None:
        """Write the small files beside the large ones, and remove what did not become part of the result."""
        for name, content in self.small.items():
            (self.folder / name).write_bytes(content)
        for entry in self.folder.iterdir():
            if entry.name not in self.small and entry.name not in self.large:
                entry.unlink()


@dataclass(frozen=True)
class ResultFiles:
    """The files of a stored result: in a folder, or as bytes.

    Attributes:
        folder: Where they are, if they are files.
        content: What is in them, if they are not.
    """

    folder: Path | None = None
    content: Mapping[str, bytes] = field(default_factory=dict)

    def path(self, name: str) -> Path | None:
        """Return the path of a file, if it is one."""
        return None if name in self.content or self.folder is None else self.folder / name

    def frame(self, name: str) -> pl.DataFrame:
        """Return an Arrow IPC file as a frame; the columns of a real file stay on disk until they are touched."""
        import pyarrow as pa

        path = self.path(name)
        return map_frame(path) if path else read_frame(pa.BufferReader(self.content[name]))

    def bytes(self, name: str) -> bytes:
        """Return what is in a file."""
        path = self.path(name)
        return path.read_bytes() if path else self.content[name]

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Return a safetensors file."""
        from safetensors.numpy import load, load_file

        path = self.path(name)
        arrays: dict[str, NDArray[Any]] = load_file(path) if path else load(self.content[name])
        return arrays


def checksum(content: bytes | memoryview) -> int:
    """XXH3, which finds what was torn or flipped, at the speed of the memory."""
    return xxhash.xxh3_64_intdigest(content)


def measure(path: Path) -> tuple[int, int]:
    """Return bytes and checksum of a finished file; a file that several results share is read once."""
    status = path.stat()
    return _MeasuredFile(path, (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)).count()


@dataclass(frozen=True)
class _MeasuredFile:
    """A finished file, equal to every other name of the same content."""

    path: Path = field(compare=False)
    identity: tuple[int, ...]

    @cache  # noqa: B019 - a few numbers per large file of this process
    def count(self) -> tuple[int, int]:
        size, digest = 0, xxhash.xxh3_64()
        with self.path.open("rb") as file:
            while block := file.read(1 << 20):
                size += len(block)
                digest.update(block)
        return size, digest.intdigest()
