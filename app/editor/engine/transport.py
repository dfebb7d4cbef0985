"""The editor's end of its line to the engine: requests go out as lines of JSON, messages come in as lines and bytes.

Knows how messages are framed, not what they mean. The engine's end is `app.engine.transport`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QProcess, QTimer

from app.engine.messages import wire
from app.engine.messages.base import Request, Tell
from app.engine.messages.tells import Reply

SLICE_SECONDS = 0.008
"""After so long, reading messages makes room for other events."""


class ProcessTransport(QObject):
    """The line to a process, over its standard streams.

    Args:
        process: The engine; also the owner.
        told: Called with what it says by itself.
        replied: Called with what it replies, and the bytes that belong to it.
        complain: Called with what is wrong with a line.
    """

    def __init__(
        self,
        process: QProcess,
        told: Callable[[Tell], None],
        replied: Callable[[Reply, bytes], None],
        complain: Callable[[str], None],
    ) -> None:
        super().__init__(process)
        self._process = process
        self._told, self._replied, self._complain = told, replied, complain
        self._awaited: Reply | None = None
        self._is_closed = False
        self._go_on = QTimer(self)
        self._go_on.setSingleShot(True)
        self._go_on.timeout.connect(self._read)
        process.readyReadStandardOutput.connect(self._read)

    def send(self, request: Request) -> None:
        """Send a request; it is written as soon as the process takes it."""
        self._process.write(wire.encode(request))

    def close(self) -> None:
        """Take nothing more from the process."""
        if not self._is_closed:
            self._is_closed = True
            self._go_on.stop()
            self._process.readyReadStandardOutput.disconnect(self._read)

    def read_last_words(self) -> None:
        """Take the lines that are left of a process that has ended, such as a refusal."""
        self._process.setReadChannel(QProcess.ProcessChannel.StandardOutput)
        while self._awaited is None and self._process.canReadLine():
            self._take(bytes(self._process.readLine().data()))

    def _read(self) -> None:
        """Take messages as long as there are whole ones and it does not take long."""
        end = time.perf_counter() + SLICE_SECONDS
        self._process.setReadChannel(QProcess.ProcessChannel.StandardOutput)
        while not self._is_closed:
            if self._awaited is not None:
                if self._process.bytesAvailable() < self._awaited.bytes:
                    return
                reply, self._awaited = self._awaited, None
                self._replied(reply, bytes(self._process.read(reply.bytes).data()))
            elif self._process.canReadLine():
                self._take(bytes(self._process.readLine().data()))
            else:
                return
            if time.perf_counter() > end:
                self._go_on.start(0)
                return

    def _take(self, line: bytes) -> None:
        message = wire.decode_tell(line)
        if isinstance(message, wire.Malformed):
            self._complain(f"not understood: {message.message} {line[:200]!r}")
            if message.number is not None:
                self._replied(Reply(number=message.number, error=wire.not_understood(message.message)), b"")
        elif not isinstance(message, Reply):
            self._told(message)
        elif message.bytes:
            self._awaited = message
        else:
            self._replied(message, b"")
