"""What the engine's log says of stored results, as lines of the editor's console: the log itself nobody reads."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

from app.engine.messages.base import Tell
from app.engine.messages.tells import LogLevel, LogWritten


class ConsoleLogHandler(logging.Handler):
    """Tells the editor of warnings and errors that belong to no document.

    Args:
        tell: Sends a message; may be called by any thread.
    """

    def __init__(self, tell: Callable[[Tell], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Tell of a record."""
        message = record.getMessage()
        level: LogLevel = "error" if record.levelno >= logging.ERROR else "warning"
        with suppress(OSError):  # the editor is gone
            self._tell(LogWritten(level=level, message=message[:1].upper() + message[1:] + ".", time=record.created))
