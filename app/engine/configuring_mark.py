"""What the engine is configuring at the moment, written where it can still be read when the engine has died of it.

Configuring looks at files and runs code of others, which may crash or never return. The engine writes the document and the node
into a few bytes of a mapped file; whoever started it reads them, also after a kill. It costs a copy in memory, nothing more.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

SIZE = 4096


class ConfiguringPlace(NamedTuple):
    """A place in the midst of being configured: the document as the engine calls it, and the node; empty if not at one."""

    document: str
    node: str


class ConfiguringMark:
    """The place where this process is; one thread, the first that marks a document, has the say until it is through."""

    def __init__(self) -> None:
        self._map: mmap.mmap | None = None
        self._document = ""
        self._thread: int | None = None

    def write_to(self, path: Path) -> None:
        """Write to a file from now on, which `prepare` has made."""
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), SIZE)

    @contextmanager
    def document(self, name: str) -> Iterator[None]:
        """Mark that a document is being looked at."""
        me = threading.get_ident()
        if self._thread is not None or self._map is None:
            yield
            return
        self._thread, self._document = me, name
        self._write("")
        try:
            yield
        finally:
            self._thread, self._document = None, ""
            self._write("")

    def node(self, node_id: str) -> None:
        """Mark that a node of it is being configured; by any other thread, nothing is marked."""
        if self._thread == threading.get_ident():
            self._write(node_id)

    def _write(self, node_id: str) -> None:
        if self._map is not None:
            content = f"{self._document}\0{node_id}\0".encode(errors="replace")[:SIZE]
            self._map[: len(content)] = content


CONFIGURING = ConfiguringMark()
"""This process's own."""


def prepare(path: Path | None) -> Path:
    """Make a file for a process that is about to be started, or make the one of a former process empty; return its path."""
    if path is None:
        handle, name = tempfile.mkstemp(prefix="layerloom-engine-")
        os.close(handle)
        path = Path(name)
    path.write_bytes(bytes(SIZE))
    return path


def read(path: Path | None) -> ConfiguringPlace | None:
    """Return where the process that writes to the file is, or was when it ended; None if it was at no document."""
    if path is None:
        return None
    try:
        document, node, *_ = path.read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return ConfiguringPlace(document.decode(errors="replace"), node.decode(errors="replace")) if document else None
