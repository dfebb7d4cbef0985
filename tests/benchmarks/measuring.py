"""How things are measured: fresh processes, their time and their peak memory, and runs that alternate.

This module and all that the measuring process imports stay small on purpose: Linux counts the memory of the process that
starts a child into the child's `ru_maxrss`, so a parent with polars or TensorFlow in it would falsify every peak.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[2]
SAMPLE_SECONDS = 0.02
TIME_LIMIT = 900.0
"""Seconds after which a measured process is taken for hung and killed."""

T = TypeVar("T")


@dataclass(frozen=True)
class Setup:
    """What every benchmark is told.

    Attributes:
        folder: A temporary folder of its own.
        rounds: How often to alternate.
        quick: Whether to use the smallest sizes, to see that everything works.
        say: Told what is being measured.
    """

    folder: Path
    rounds: int
    quick: bool
    say: Callable[[str], None]

    def alternate(self, what: str, *measures: Callable[[], T]) -> list[list[T]]:
        """Call the measures in turns (A B A B ...), for as many rounds as are wanted; the results of each."""
        results: list[list[T]] = [[] for _ in measures]
        for number in range(self.rounds):
            self.say(f"{what}: round {number + 1} of {self.rounds}")
            for measure, found in zip(measures, results, strict=True):
                found.append(measure())
        return results

    def new_folder(self, name: str) -> Path:
        """An empty folder that nothing else uses."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))


@dataclass(frozen=True)
class ProcessRun:
    """What a process took.

    Attributes:
        seconds: Wall time from its start to its end.
        peak: Most memory it had at once, in bytes; pages of mapped files included (`ru_maxrss`).
        anonymous: The part that is its own (heap, stacks), in bytes, sampled; None where the system does not tell.
        output: What it printed.
        errors: What it printed on standard error.
    """

    seconds: float
    peak: int
    anonymous: int | None
    output: str
    errors: str


def run_process(command: Sequence[str | Path], *, folder: Path | None = None) -> ProcessRun:
    """Run a process to its end and measure it.

    Args:
        command: The program and its arguments.
        folder: Where it is started; by default the repository's root.

    Raises:
        RuntimeError: If it fails; with the end of what it said.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command], cwd=folder or ROOT, env=_environment(), stdout=output, stderr=errors
        )
        watch = _Watch(process)
        watch.start()
        # `Popen.wait` does not tell what the process used; so it is told the exit status instead.
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.end()
        output.seek(0)
        errors.seek(0)
        said, complaints = output.read().decode(), errors.read().decode()
    if process.returncode != 0:
        why = "took too long" if watch.timed_out else f"ended with {process.returncode}"
        raise RuntimeError(f"{' '.join(map(str, command[:6]))} {why}:\n{(complaints or said)[-2000:]}")
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return ProcessRun(seconds, peak, watch.anonymous, said, complaints)


class _Watch(threading.Thread):
    """Follows a running process: its anonymous memory, and whether it takes too long."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(name="watch")
        self.anonymous: int | None = None
        self.timed_out = False
        self._process = process
        self._over = threading.Event()

    def run(self) -> None:
        limit = time.monotonic() + TIME_LIMIT
        while not self._over.wait(SAMPLE_SECONDS):
            found = _anonymous_bytes(self._process.pid)
            self.anonymous = max(found, self.anonymous or 0) if found is not None else self.anonymous
            if time.monotonic() > limit:
                self.timed_out = True
                self._process.kill()
                return

    def end(self) -> None:
        self._over.set()
        self.join()


def _anonymous_bytes(pid: int) -> int | None:
    """RssAnon of a process on Linux; None elsewhere, and once it has ended."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def in_fresh_process(function: Callable[..., T], **arguments: Any) -> T:
    """Call a function of a module in a process of its own.

    Args:
        function: Found by its module and name; takes and gives what JSON can say.
        **arguments: For the function.
    """
    program = (
        "import importlib, json, sys\n"
        "module, name, arguments = sys.argv[1:]\n"
        "result = getattr(importlib.import_module(module), name)(**json.loads(arguments))\n"
        "print('\\n' + json.dumps(result))\n"
    )
    command = [sys.executable, "-c", program, function.__module__, function.__qualname__, json.dumps(arguments, default=str)]
    result: T = json.loads(run_process(command).output.splitlines()[-1])
    return result


def limit_memory(size: int) -> None:
    """Allow this process so many bytes of memory of its own, from now on.

    RLIMIT_DATA is what an unprivileged process on Linux can set without leaving its control group: it counts what is private
    and writable (heap, stacks, anonymous mappings; reserved, not just touched). Files mapped for reading do not count, as
    their pages can be dropped at any time.
    """
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def forget_cached(path: Path) -> None:
    """Make the system drop a file from its cache, so that the next reader gets it from the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _environment() -> Mapping[str, str]:
    """The caller's environment, without what would change a measurement."""
    quiet = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    dropped = {"LAYERLOOM_RESULTS", "PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME"}
    return {name: value for name, value in os.environ.items() if name not in dropped} | quiet
