"""The processes that look at files, seen from the one that asks: started when there is something to look at, kept for a while."""

from __future__ import annotations

import atexit
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nodes.kit.probing.formats import GIB, IDLE_SECONDS, IMPORT_SECONDS, Format, memory_limit, time_limit

_KEPT = 2
"""So many processes wait for the next file at the most."""
_GRACE = 5.0
"""So many seconds the process may be late with ending itself."""
_PASSED_ON = (
    "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "TMPDIR", "TEMP", "TMP", "HOME",
    "USERPROFILE", "VIRTUAL_ENV", "LANG", "LC_ALL", "LC_CTYPE",
)  # fmt: skip
"""What the process gets of the environment: nothing that says what Python or a library is to load or do."""
_HARMFUL = "it is damaged, or made to do harm: what reads it {}"
_CRASHES = {
    "SIGSEGV": _HARMFUL.format("crashes over it"),
    "SIGBUS": _HARMFUL.format("crashes over it"),
    "SIGILL": _HARMFUL.format("crashes over it"),
    "SIGFPE": _HARMFUL.format("crashes over it"),
    "SIGABRT": _HARMFUL.format("gives up over it"),
    "SIGXCPU": _HARMFUL.format("does not come to an end with it"),
}


class ProbeProcess:
    """A process that looks at one file after the other, until one of them ends it."""

    def __init__(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        root = str(Path(__file__).resolve().parents[3])
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment |= {"PYTHONPATH": root, "POLARS_MAX_THREADS": "2", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-X", "utf8", "-m", "nodes.kit.probing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            start_new_session=True,  # Ctrl+C is for the one who asks
        )
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._last_used = time.monotonic()
        threading.Thread(target=self._listen, name="probe answers", daemon=True).start()

    @property
    def pid(self) -> int:
        """The number that the system knows it by."""
        return self._process.pid

    @property
    def is_usable(self) -> bool:
        """Whether it is there, and will be for the next request."""
        return self._process.poll() is None and time.monotonic() - self._last_used < IDLE_SECONDS / 2

    def ask(self, path: Path, format: Format, size: int, *, whole: bool, check: Callable[[], None]) -> str | None:
        """Why a file is refused, in words; None where it is sound.

        Args:
            path: Of the file.
            format: How it is read.
            size: Its bytes.
            whole: Whether all of it is looked at.
            check: Raises where nobody wants to know any more; the process is useless then.
        """
        seconds, memory = time_limit(size, whole=whole), memory_limit(size)
        request = {"path": os.fsencode(path).hex(), "format": format, "whole": whole, "seconds": seconds, "memory": memory}
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it is gone; what it said before tells why
        answer = self._wait(time.monotonic() + IMPORT_SECONDS + seconds + _GRACE, check)
        self._last_used = time.monotonic()
        if answer:
            return _in_words(json.loads(answer), memory)
        late = self._process.poll() is None
        self.close()
        return self._why_it_ended(seconds, memory, late=late)

    def close(self) -> None:
        """End it, whatever it is doing."""
        self._process.kill()
        self._process.wait()

    def release(self) -> None:
        """Give back what belongs to it here."""
        self.close()
        for stream in (self._process.stdin, self._errors):
            if stream is not None:
                stream.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as answers:
            for line in answers:
                self._answers.put(line)
        self._answers.put(b"")

    def _wait(self, deadline: float, check: Callable[[], None]) -> bytes:
        """The next answer; nothing where there is none."""
        while time.monotonic() < deadline:
            try:
                return self._answers.get(timeout=0.1)
            except queue.Empty:
                try:
                    check()
                except BaseException:
                    self.close()
                    raise
        return b""

    def _why_it_ended(self, seconds: float, memory: int, *, late: bool) -> str:
        self._errors.seek(0)
        said = self._errors.read(2**16)
        if b"memory allocation of" in said or b"bad_alloc" in said:
            return _too_much(memory)
        code = 1 if late else self._process.returncode
        if code < 0:
            name = signal.Signals(-code).name
            if name in _CRASHES:
                return _CRASHES[name]
        if code == 1:
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


class ProbeProcesses:
    """Those that wait for the next file."""

    def __init__(self) -> None:
        self._idle: list[ProbeProcess] = []
        self._lock = threading.Lock()
        self.started = 0
        atexit.register(self.close)

    def ask(self, path: Path, format: Format, size: int, *, whole: bool, check: Callable[[], None]) -> str | None:
        """As `ProbeProcess.ask`, by one that is free."""
        process = self._taken()
        try:
            return process.ask(path, format, size, whole=whole, check=check)
        finally:
            self._put_back(process)

    def close(self) -> None:
        """End all of them."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            process.release()

    def _taken(self) -> ProbeProcess:
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.is_usable:
                    return process
                process.release()
            self.started += 1
        return ProbeProcess()

    def _put_back(self, process: ProbeProcess) -> None:
        with self._lock:
            if process.is_usable and len(self._idle) < _KEPT:
                self._idle.append(process)
                return
        process.release()
