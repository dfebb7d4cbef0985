"""The engine's end of its line to the editor: requests come in as lines of JSON, messages go out as lines and bytes.

Knows how messages are framed, not what they mean. The editor's end is `app.editor.engine_client`.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO


class Malformed(ValueError):
    """A line that is no request; `request_id` is that of the request it was meant to be, if that can be seen."""

    def __init__(self, message: str, request_id: Any = None) -> None:
        super().__init__(message)
        self.request_id = request_id


class Line:
    """The line to the editor.

    Args:
        incoming: Where requests come from.
        outgoing: Where messages go; unbuffered.
    """

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._sending = threading.Lock()

    def requests(self) -> Iterator[dict[str, Any] | Malformed]:
        """Requests as they come, until the editor closes the line or is gone."""
        while True:
            try:
                line = self._incoming.readline()
            except OSError:
                return
            if not line.endswith(b"\n"):  # closed, perhaps in the midst of a request
                return
            if line.strip():
                yield parse(line)

    def send(self, message: Mapping[str, Any], payload: bytes = b"") -> None:
        """Send a message; a reply says how many bytes follow it. May be called by any thread.

        Raises:
            OSError: If the editor is gone.
        """
        data = (dict(message) | {"bytes": len(payload)}) if "reply" in message and "error" not in message else message
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=_plain)
        with self._sending:
            self._write(text.encode(errors="replace") + b"\n")
            if payload:
                self._write(payload)

    def _write(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[self._outgoing.write(rest) :]


def parse(line: bytes) -> dict[str, Any] | Malformed:
    """A request, or what is wrong with it."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Malformed(f"This is not a line of JSON: {type(error).__name__}: {error}")
    if not isinstance(request, dict) or not isinstance(request.get("do"), str):
        return Malformed('A request is an object with a text "do".', request.get("id") if isinstance(request, dict) else None)
    return request


def _plain(value: Any) -> Any:
    """What JSON does not know: the scalars and arrays of numpy as Python's, anything else as text."""
    for convert in ("tolist", "isoformat"):
        if hasattr(value, convert):
            return getattr(value, convert)()
    return str(value)


def take_standard_streams() -> Line:
    """Make a line of standard input and output, and keep everybody else from them.

    What libraries print, in Python or in C, goes to standard error from now on, and who reads standard input finds nothing.
    """
    sys.stdout.flush()
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return Line(os.fdopen(incoming, "rb"), os.fdopen(outgoing, "wb", buffering=0))
