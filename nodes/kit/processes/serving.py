"""The other side of a `WorkerProcess`: what comes in by its standard input, and goes out by its standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nodes.kit.processes.frames import read_frame, write_frame


@contextmanager
def frames_of_this_process() -> Iterator[tuple[Iterator[bytes], Callable[[bytes], None]]]:
    """Give the requests, and what sends an answer. What libraries print meanwhile goes nowhere: it is no answer."""
    with os.fdopen(os.dup(1), "wb") as answers, Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        yield _requests(), lambda content: write_frame(answers, content)


def _requests() -> Iterator[bytes]:
    while (frame := read_frame(sys.stdin.buffer)) is not None:
        yield frame
