"""What nobody expected, where a program runs in a terminal: a sentence there, and the traceback in a file."""

from __future__ import annotations

import copy
import logging
import logging.handlers
import sys
import threading
import traceback
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from app.folders import data_folder

if TYPE_CHECKING:
    from types import TracebackType

log = logging.getLogger("layerloom")


def log_file() -> Path:
    """Return the file that tracebacks go to."""
    return data_folder() / "run.log"


def log_to_terminal() -> None:
    """Have warnings and errors printed on standard error, in words; their tracebacks, and those of threads, go to `log_file`."""
    terminal = logging.StreamHandler()
    terminal.setFormatter(_InWords("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[_Tracebacks(), terminal])
    threading.excepthook = lambda found: _note(found.exc_type, found.exc_value, found.exc_traceback)
    sys.unraisablehook = lambda found: _note(found.exc_type, found.exc_value, found.exc_traceback)


def _note(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if error is not None:
        log.error("an unexpected error", exc_info=(kind, error, trace))


class _InWords(logging.Formatter):
    """Of an exception, its last line, and where the rest is."""

    def format(self, record: logging.LogRecord) -> str:
        if not record.exc_info or record.exc_info[1] is None:
            return super().format(record)
        brief = copy.copy(record)
        brief.exc_info = brief.exc_text = brief.stack_info = None
        what = " ".join("".join(traceback.format_exception_only(record.exc_info[1])).split())
        return f"{super().format(brief)}: {what} (details: {log_file()})"


class _Tracebacks(logging.Handler):
    """Writes records of exceptions to the log file, which is made with the first one."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            with suppress(OSError):
                _rotating().emit(record)


@cache
def _rotating() -> logging.Handler:
    handler = logging.handlers.RotatingFileHandler(log_file(), maxBytes=2**20, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler
