"""Thousands of damaged files of every format that is read: each ends in a table or in words, and the process that reads lives on.

LAYERLOOM_FAULT_SEED repeats what was tried; LAYERLOOM_FAULT_SECONDS says how long is looked for more.
"""

from __future__ import annotations

import json
import os
import queue
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import sampling
from tests.faults.damage import damaged
from tests.faults.good_files import MAKERS
from tests.sampling import mostly_exhaustive

FEW = 60
"""So many files of a format are tried in any case."""
THOROUGH = "LAYERLOOM_FAULT_SECONDS" in os.environ or settings.default.max_examples >= 500
"""Whether it is gone on for `SECONDS`, in all: by `make test-all`, or where that is asked for."""
SECONDS = float(os.environ.get("LAYERLOOM_FAULT_SECONDS", "260"))
SEED = int(os.environ.get("LAYERLOOM_FAULT_SEED", "0")) or random.Random(f"{sampling.seed()} damaged files").randrange(1, 2**31)
LONGEST = 60.0
"""So many seconds one file may take, with the start of all libraries."""


class Reading:
    """The process that reads, seen from here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._errors = (folder / "errors.txt").open("wb")
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def outcome(self, name: str, path: Path) -> tuple[str, str]:
        """`read`, `refused`, `fault`, `died` or `hung`, and what was said."""
        if self._process is None:
            self._start()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps([name, str(path)]).encode() + b"\n")
            process.stdin.flush()
            answer = self._answers.get(timeout=LONGEST)
        except BrokenPipeError:
            answer = b""
        except queue.Empty:
            self.close()
            return "hung", f"no answer in {LONGEST} s"
        if not answer:
            code = process.wait()
            self.close()
            return "died", f"exit code {code}"
        kind, said = json.loads(answer)
        return str(kind), str(said)

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process = None

    def release(self) -> None:
        """End it for good."""
        self.close()
        self._errors.close()

    def _start(self) -> None:
        self._answers = queue.SimpleQueue()
        command = [sys.executable, "-m", "tests.faults.reading_process", str(self._folder)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors)
        threading.Thread(target=_listen, args=(process, self._answers), daemon=True).start()
        self._process = process


def _listen(process: subprocess.Popen[bytes], answers: queue.SimpleQueue[bytes]) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            answers.put(line)
    answers.put(b"")


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Reading]:
    made = Reading(tmp_path)
    yield made
    made.release()


def test_every_good_file_is_read(reading: Reading, tmp_path: Path) -> None:
    for name, (make, _) in MAKERS.items():
        (tmp_path / name.replace(".", "_")).mkdir()
        path = tmp_path / name.replace(".", "_") / name
        make(path)
        assert reading.outcome(name, path) == ("read", ""), name


@pytest.mark.parametrize("name", mostly_exhaustive(MAKERS, 4, "damaged files"))
def test_damaged_files_end_in_a_table_or_in_words(name: str, reading: Reading, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    path = folder / name
    MAKERS[name][0](path)
    good = path.read_bytes()
    ends = time.monotonic() + SECONDS / len(MAKERS)
    tried, faults = 0, []
    while tried < FEW or (THOROUGH and time.monotonic() < ends):
        path.write_bytes(damaged(good, random.Random(SEED + tried)))
        kind, said = reading.outcome(name, path)
        if kind not in ("read", "refused"):
            kept = os.environ.get("LAYERLOOM_FAULT_KEEP")
            if kept:
                (Path(kept) / f"{SEED + tried}_{name}").write_bytes(path.read_bytes())
            faults.append(f"seed {SEED + tried}: {kind}, {said}")
        elif kind == "refused" and not said.strip():
            faults.append(f"seed {SEED + tried}: refused without a word")
        tried += 1
    print(f"{name}: {tried} files from seed {SEED} on")
    assert not faults, f"{name}, {tried} files from seed {SEED} on: {len(faults)} faults\n" + "\n".join(faults[:5])
