"""What readers of single files share: finding the file, and turning what the system says into words for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from nodes.base import NodeError

GZIP_MAGIC = b"\x1f\x8b"
MAX_DEFLATE_RATIO = 1032
"""A deflate stream gives at most this many bytes for one (zlib's documentation): whoever promises more lies."""

GIB = 2**30


def existing_file(path: str, resolve: Callable[[str], Path], setting: str) -> Path:
    """Return the absolute path of a file that is there.

    Raises:
        NodeError: If no path is given, or there is no such file.
    """
    if not path.strip():
        raise NodeError("No file is chosen.", "Choose the file to read.", setting=setting)
    found = resolve(path)
    if found.is_dir():
        raise NodeError(f"'{found}' is a folder.", "Choose a file in it.", setting=setting)
    if not found.is_file():
        raise NodeError(f"There is no file '{found}'.", "Choose a file that is there, or put it back.", setting=setting)
    return found


@contextmanager
def reading(path: Path, setting: str) -> Iterator[None]:
    """Turn the system's refusal to read `path` (no permission, a failing disk) into a `NodeError`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise NodeError(f"'{path}' cannot be read: {reason}.", "Check the file and its permissions.", setting=setting) from error


def starts_with(path: Path, magic: bytes) -> bool:
    """Return whether a file begins with these bytes."""
    with path.open("rb") as stream:
        return stream.read(len(magic)) == magic


def read_exactly(stream: BinaryIO, view: memoryview) -> int:
    """Fill `view` from a stream; fewer bytes than it holds are read only where the stream ends.

    Returns:
        How many bytes were read.
    """
    done = 0
    while done < len(view):
        count = stream.readinto(view[done:])  # type: ignore[attr-defined]
        if not count:
            break
        done += count
    return done
