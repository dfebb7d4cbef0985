"""FileState: what a file was like when it was read or written, to see that another program changed it since. No Qt."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class FileState:
    """What a file was like.

    Attributes:
        path: Which file.
        signature: Its time, size and place on the disk: looking at that costs next to nothing. Empty where there was no file.
        digest: The hash of its content. Empty where there was no file, or it could not be read.
    """

    path: Path
    signature: str
    digest: str

    @classmethod
    def of(cls, path: Path) -> FileState:
        """Return what a file is like now. Ask before reading it, or after writing it; a file that is missing has a state, too."""
        return cls(path, _signature(path), _digest(path))

    def changed(self) -> bool:
        """Return whether the file has another content now, has vanished, or has come to be."""
        if _signature(self.path) == self.signature:
            return False
        return _digest(self.path) != self.digest

    def current_signature(self) -> str:
        """Return the file's signature now: tells one change by another program from the next."""
        return _signature(self.path)

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return asdict(self) | {"path": str(self.path)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> FileState:
        """Return what `as_dict` gave; KeyError if it is something else."""
        return cls(Path(str(data["path"])), str(data["signature"]), str(data["digest"]))


def _signature(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns}-{found.st_ctime_ns}-{found.st_size}-{found.st_ino}"


def _digest(path: Path) -> str:
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return ""
