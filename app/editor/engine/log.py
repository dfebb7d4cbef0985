"""The words of the engine: what it writes to its standard error, the last of it in memory and all of it in a file."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

from app.folders import data_folder

LOG_BYTES = 2**20
LOG_LINES = 1000


class EngineLog:
    """Keeps what the engine writes."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=LOG_LINES)
        self._file: RotatingFileHandler | None = None

    @property
    def path(self) -> Path:
        """Where all of it is."""
        return data_folder() / "engine.log"

    @property
    def lines(self) -> Sequence[str]:
        """The last lines."""
        return tuple(self._lines)

    def add(self, line: str) -> None:
        """Keep a line."""
        self._lines.append(line)
        if self._file is None:
            try:
                self._file = RotatingFileHandler(self.path, maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8", delay=True)
            except OSError:
                return
            self._file.setFormatter(logging.Formatter("%(message)s"))
        self._file.handle(logging.LogRecord("engine", logging.INFO, "", 0, line, None, None))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
