"""What readers of single files share: finding the file, and turning what the system says into words for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from nodes.base import NodeError
from nodes.errors import LibraryPanic, panics_as_errors
from nodes.kit.probing.soundness import refuse_special

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
    try:
        found = resolve(path)
        refuse_special(found, setting)
        is_file, is_folder = found.is_file(), found.is_dir()
    except (ValueError, RuntimeError, OSError) as error:  # a zero byte, the home of nobody, a circle of links, a long name
        shown = path.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
        raise NodeError(f"'{shown}' is no path: {error}.", "Choose the file to read.", setting=setting) from error
    if is_folder:
        raise NodeError(f"'{found}' is a folder.", "Choose a file in it.", setting=setting)
    if not is_file:
        raise NodeError(f"There is no file '{found}'.", "Choose a file that is there, or put it back.", setting=setting)
    return found


@contextmanager
def reading(path: Path, setting: str) -> Iterator[None]:
    """Turn into a `NodeError` what is no fault of a program: the system refuses to read `path` (no permission, a failing disk),
    a library panics over it, or the memory does not suffice."""
    try:
        with panics_as_errors():
            yield
    except LibraryPanic as error:
        raise damaged(path, error.__cause__, setting) from error.__cause__
    except MemoryError as error:
        hint = "Read less of it, or use a machine with more memory."
        raise NodeError(f"'{path}' does not fit into the memory.", hint, setting=setting) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise NodeError(f"'{path}' cannot be read: {reason}.", "Check the file and its permissions.", setting=setting) from error


def damaged(path: Path, error: Any, setting: str = "path", remedy: str = "Copy the file again, or choose another.") -> NodeError:
    """What is said of a file that its library cannot read."""
    first = str(error).strip().partition("\n")[0].rstrip(".")
    return NodeError(f"'{path}' cannot be read: {first}.", remedy, setting=setting)


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
