"""The engine's end of its line to the editor: requests come in as lines of JSON, messages go out as lines and bytes.

Knows how messages are framed, not what they mean. The editor's end is `app.editor.engine.transport`.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from typing import BinaryIO

from app.engine.messages import wire
from app.engine.messages.base import Answer, Request, Tell


class StreamTransport:
    """The line to the editor, over two streams.

    Args:
        incoming: Where requests come from.
        outgoing: Where messages go; unbuffered.
    """

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._sending = threading.Lock()

    def requests(self) -> Iterator[Request | wire.Malformed]:
        """Give requests as they come, until the editor closes the line or is gone."""
        while True:
            try:
                line = self._incoming.readline()
            except OSError:
                return
            if not line.endswith(b"\n"):  # closed, perhaps in the midst of a request
                return
            if line.strip():
                yield wire.decode_request(line)

    def tell(self, message: Tell) -> None:
        """Send a message. May be called by any thread.

        Raises:
            OSError: If the editor is gone.
        """
        self._send(wire.encode(message))

    def reply(self, number: int, answer: Answer) -> None:
        """Send the answer to a question, with its payload. May be called by any thread.

        Raises:
            OSError: If the editor is gone.
        """
        self._send(wire.encode_reply(number, answer))

    def _send(self, content: bytes) -> None:
        rest = memoryview(content)
        with self._sending:
            while rest:
                rest = rest[self._outgoing.write(rest) :]


def take_standard_streams() -> StreamTransport:
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
    return StreamTransport(os.fdopen(incoming, "rb"), os.fdopen(outgoing, "wb", buffering=0))
