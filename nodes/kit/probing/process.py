"""The processes that look at files, seen from the one that asks: started when there is something to look at, kept for a while."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nodes.kit.probing.formats import Format, memory_limit, time_limit
from nodes.kit.processes.limits import GIB
from nodes.kit.processes.worker_process import IMPORT_SECONDS, WorkerPool, WorkerProcess, system_environment

_GRACE = 5.0
"""So many seconds a process may be late with ending itself."""
_HARMFUL = "it is damaged, or made to do harm: what reads it {}"
_CRASHES = {
    "SIGSEGV": _HARMFUL.format("crashes over it"),
    "SIGBUS": _HARMFUL.format("crashes over it"),
    "SIGILL": _HARMFUL.format("crashes over it"),
    "SIGFPE": _HARMFUL.format("crashes over it"),
    "SIGABRT": _HARMFUL.format("gives up over it"),
    "SIGXCPU": _HARMFUL.format("does not come to an end with it"),
}


class ProbeProcesses:
    """Processes that look at one file after the other, each until one of them ends it."""

    def __init__(self) -> None:
        self._pool = WorkerPool("nodes.kit.probing", _environment)

    @property
    def started(self) -> int:
        """How many were started by now."""
        return self._pool.started

    def ask(self, path: Path, format: Format, size: int, *, whole: bool, check: Callable[[], None]) -> str | None:
        """Return why a file is refused, in words; None where it is sound.

        Args:
            path: Of the file.
            format: How it is read.
            size: Its bytes.
            whole: Whether all of it is looked at.
            check: Raises where nobody wants to know any more; the process is useless then.
        """
        seconds, memory = time_limit(size, whole=whole), memory_limit(size)
        request = {"path": os.fsencode(path).hex(), "format": format, "whole": whole, "seconds": seconds, "memory": memory}
        with self._pool.process() as process:
            process.send(json.dumps(request).encode())
            try:
                answer = process.receive(IMPORT_SECONDS + seconds + _GRACE, check)
            except BaseException:
                process.end()
                raise
            if answer is not None:
                return _in_words(json.loads(answer), memory)
            return _why_it_ended(process, seconds, memory)


def _environment() -> dict[str, str]:
    return system_environment() | {"POLARS_MAX_THREADS": "2", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


def _why_it_ended(process: WorkerProcess, seconds: float, memory: int) -> str:
    process.wait()
    if process.wanted_too_much_memory:
        return _too_much(memory)
    ended = process.how_it_ended
    if ended in _CRASHES:
        return _CRASHES[ended]
    if ended in ("exit 1", "SIGKILL"):  # by its watchdog, or because that came too late
        return _HARMFUL.format(f"is not done within {seconds:.0f} seconds")
    return _HARMFUL.format("ends over it")


def _in_words(answer: dict[str, Any], memory: int) -> str | None:
    if "memory" in answer:
        return _too_much(memory)
    if "panic" in answer:
        return _HARMFUL.format(f"gives up over it ({answer['panic']})")
    refused = answer.get("refused")
    return None if refused is None else str(refused)


def _too_much(memory: int) -> str:
    return f"it would take more than {memory / GIB:.3g} GiB of memory"
