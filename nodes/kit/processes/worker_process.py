"""A process that works for this one, and the pool of those that wait for more work."""

from __future__ import annotations

import atexit
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from nodes.kit.processes.frames import read_frame, write_frame

IDLE_SECONDS = 60
"""So long a process waits for more to do."""
IMPORT_SECONDS = 120
"""So long its libraries may take to be imported, on a machine that has much else to do."""
_KEPT = 2
"""So many processes wait at the most."""
_POLL_SECONDS = 0.1


class WorkerProcess:
    """A process that answers frames with frames, one at a time.

    Args:
        module: What it runs, as `python -P -m module`.
        environment: What it gets of environment variables.
    """

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-X", "utf8", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**environment, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
            start_new_session=True,  # Ctrl+C is for the one who asks
        )
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._last_used = time.monotonic()
        threading.Thread(target=self._listen, name="answers of a process", daemon=True).start()

    @property
    def pid(self) -> int:
        """The number that the system knows it by."""
        return self._process.pid

    @property
    def is_usable(self) -> bool:
        """Whether it is there, and will be for the next request."""
        return self._process.poll() is None and time.monotonic() - self._last_used < IDLE_SECONDS / 2

    def send(self, frame: bytes) -> None:
        """Ask for something. Where the process is gone, `receive` finds out."""
        assert self._process.stdin is not None
        with suppress(OSError):
            write_frame(self._process.stdin, frame)  # type: ignore[arg-type]

    def receive(self, seconds: float, check: Callable[[], None] = lambda: None) -> bytes | None:
        """Return the next answer; None where there is none: the process is gone, or takes longer than `seconds`.

        Args:
            seconds: How long to wait.
            check: Called again and again meanwhile; what it raises ends the waiting.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                answer = self._answers.get(timeout=min(_POLL_SECONDS, left))
            except queue.Empty:
                check()
            else:
                self._last_used = time.monotonic()
                return answer
        return None

    @property
    def how_it_ended(self) -> str:
        """The name of the signal that ended it, `exit` with its code where it ended by itself, nothing where it still runs."""
        code = self._process.poll()
        if code is None:
            return ""
        return signal.Signals(-code).name if code < 0 else f"exit {code}"

    @property
    def wanted_too_much_memory(self) -> bool:
        """Whether that is what it said before its end."""
        self._errors.seek(0)
        said = self._errors.read(2**16)
        return any(words in said for words in (b"memory allocation of", b"bad_alloc", b"MemoryError"))

    def wait(self) -> None:
        """Wait until a process that is gone is known to be: its answers end a moment before."""
        try:
            self._process.wait(1)
        except subprocess.TimeoutExpired:
            self.end()

    def end(self) -> None:
        """End it, whatever it is doing."""
        self._process.kill()
        self._process.wait()

    def release(self) -> None:
        """End it, and give back what belongs to it here."""
        self.end()
        for stream in (self._process.stdin, self._errors):
            if stream is not None:
                with suppress(OSError):  # what was still to be sent to it
                    stream.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as answers:
            while True:
                frame = read_frame(answers)  # type: ignore[arg-type]
                self._answers.put(frame)
                if frame is None:
                    return


class WorkerPool:
    """Processes that wait for more work, all of one module.

    Args:
        module: What they run.
        environment: Gives what a new one gets of environment variables.
    """

    def __init__(self, module: str, environment: Callable[[], Mapping[str, str]]) -> None:
        self._module, self._environment = module, environment
        self._idle: list[WorkerProcess] = []
        self._lock = threading.Lock()
        self.started = 0
        atexit.register(self.close)

    @contextmanager
    def process(self) -> Iterator[WorkerProcess]:
        """Give a process that nobody else uses meanwhile. It is kept for the next, unless it has ended or was ended."""
        process = self._taken()
        try:
            yield process
        finally:
            self._put_back(process)

    def close(self) -> None:
        """End all that wait."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            process.release()

    def _taken(self) -> WorkerProcess:
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.is_usable:
                    return process
                process.release()
            self.started += 1
        return WorkerProcess(self._module, self._environment())

    def _put_back(self, process: WorkerProcess) -> None:
        with self._lock:
            if process.is_usable and len(self._idle) < _KEPT:
                self._idle.append(process)
                return
        process.release()


def system_environment() -> dict[str, str]:
    """Return what a process needs of the environment to run: nothing that says what Python or a library is to load or do."""
    return {name: os.environ[name] for name in _SYSTEM if name in os.environ}


_SYSTEM = (
    "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "TMPDIR", "TEMP", "TMP", "HOME",
    "USERPROFILE", "APPDATA", "VIRTUAL_ENV", "LANG", "LC_ALL", "LC_CTYPE",
)  # fmt: skip
