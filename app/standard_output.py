"""Standard output that cannot end a program: who reads it may leave, the disk behind it may fill up, its letters may be few."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any, TextIO

from app.document.json_text import json_text

log = logging.getLogger("layerloom")


class StandardOutput(io.TextIOBase):
    """A stream in front of standard output; once that cannot be written to any more, what is written is dropped.

    Args:
        stream: Standard output.

    Attributes:
        lost: Why it cannot be written to any more.
        on_lost: Called when that happens.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.lost: OSError | None = None
        self.on_lost: Callable[[], object] = lambda: None
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """What letters are written as."""
        return self._stream.encoding or "utf-8"

    def isatty(self) -> bool:
        """Return whether a person reads along."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the system's number of the stream."""
        return self._stream.fileno()

    def writable(self) -> bool:
        """Return that one may write here."""
        return True

    def write(self, text: str) -> int:
        """Write text; letters that the stream's encoding lacks become question marks."""
        try:
            self._stream.write(text)
        except UnicodeEncodeError:
            self._stream.write(text.encode(self.encoding, "replace").decode(self.encoding))
        except OSError as error:
            self._lose(error)
        return len(text)

    def flush(self) -> None:
        """Pass on what was written."""
        try:
            self._stream.flush()
        except OSError as error:
            self._lose(error)

    def write_json(self, data: Mapping[str, Any]) -> None:
        """Write an object as a line of JSON: in UTF-8, whatever the encoding of the stream is."""
        self.flush()
        try:
            self._stream.buffer.write(f"{json_text(data)}\n".encode())
            self._stream.buffer.flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        if self.lost is not None:
            return
        self.lost = error
        with suppress(OSError, ValueError):  # what Python still holds back finds an end, too, when the program is over
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self._stream.fileno())
            os.close(nothing)
        if not isinstance(error, BrokenPipeError):
            log.warning("the output cannot be written: %s", error.strerror or error)
        self.on_lost()


@contextmanager
def standard_output() -> Iterator[StandardOutput]:
    """Put a `StandardOutput` in the place of `sys.stdout`."""
    with open(os.devnull, "w", encoding="utf-8") as nothing:  # noqa: PTH123 - no file
        output = StandardOutput(sys.stdout or nothing)
        with redirect_stdout(output):
            try:
                yield output
            finally:
                output.flush()
