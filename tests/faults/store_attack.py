"""Has a disk fail under the stored results, in many ways, and sees that nothing is lost and all ends in words.

    python -m tests.faults.store_attack SEED TIMES FOLDER

FOLDER holds `small.workflow.json`. Prints what went wrong, a line each, and ends with 1 then.
"""

from __future__ import annotations

import ctypes
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from app.run import DONE, NODE_FAILED, WRONG_CALL

SECONDS = 120
RUN = "import sys; from app.engine import database; database.WAIT_SECONDS = 0.3; from app.run import main; sys.exit(main())"
"""A run that does not wait long for a file that is locked."""


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    said: str

    @property
    def stored(self) -> int:
        """How many results it found."""
        return self.said.count('"event": "node.stored"')

    def faults(self, *codes: int) -> Iterator[str]:
        """Yield what is wrong with it; it may end with these codes."""
        if self.code not in codes:
            yield f"exit code {self.code}: {self.said[-300:]}"
        for word in ("Traceback", "has a fault", "unexpected error"):
            if word in self.said:
                yield f"said '{word}': {self.said[self.said.index(word) :][:300]}"


class StoreAttack:
    """The ways in which a disk fails; each yields what went wrong.

    Args:
        folder: Where the workflow is, and its results go.
        draw: What is drawn with.
    """

    def __init__(self, folder: Path, draw: random.Random) -> None:
        self.folder = folder
        self.draw = draw
        self.results = folder / "results"
        self._good = folder / "good results"
        self.run(results=self._good)
        self.expected = self._output()
        self.nodes = self.run(results=self._good).stored

    def run(self, *more: str, results: Path | None = None, before: Callable[[], None] | None = None) -> Ended:
        """Run the workflow in a process of its own."""
        command = [sys.executable, "-c", RUN, str(self.folder / "small.workflow.json"), "--json", *more]
        where = ["--results", str(results or self.results)]
        done = subprocess.run(
            [*command, *where], check=False, cwd=self.folder, capture_output=True, timeout=SECONDS, preexec_fn=before
        )
        return Ended(done.returncode, (done.stdout + done.stderr).decode(errors="replace"))

    def renew(self) -> None:
        """Put good results in place of what is left of the last attack."""
        shutil.rmtree(self.results, ignore_errors=True)
        shutil.copytree(self._good, self.results)

    def damaged(self) -> Iterator[str]:
        """Bytes of the database, or of its log, are others: a run computes again what is not readable."""
        self.renew()
        files = [p for p in self.results.glob("store.sqlite*") if p.stat().st_size and not p.name.endswith("-shm")]
        file = self.draw.choice(files)
        content = bytearray(file.read_bytes())
        for _ in range(self.draw.choice([1, 3, 30])):
            at = self.draw.randrange(100) if self.draw.random() < 0.3 else self.draw.randrange(len(content))
            length = self.draw.choice([1, 16, 512, 4096])
            content[at : at + length] = self.draw.choice([bytes(length), self.draw.randbytes(length)])
        cut = self.draw.randrange(len(content)) if self.draw.random() < 0.2 else len(content)
        file.write_bytes(content[:cut])
        yield from self._heals()

    def no_room(self) -> Iterator[str]:
        """No file can grow beyond a size: what is stored stays, and is used."""
        self.renew()
        most = self.draw.choice([0, 50, 1000, 4096, 5000, 20_000, 32_768, 40_000, 100_000])

        def limit() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

        yield from self.run(*self.draw.choice([(), ("--fresh",)]), before=limit).faults(DONE, NODE_FAILED, WRONG_CALL)
        yield from self._has_everything()

    def read_only(self) -> Iterator[str]:
        """Nothing may be written: it is refused, or the results are used."""
        self.renew()
        for path in [self.results, *self.results.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        ended = self.run(before=_obey_permissions)
        for path in [self.results, *self.results.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield from ended.faults(DONE, NODE_FAILED, WRONG_CALL)
        yield from self._has_everything()

    def locked(self) -> Iterator[str]:
        """Another program keeps the database for itself."""
        self.renew()
        with closing(sqlite3.connect(self.results / "store.sqlite", isolation_level=None)) as connection:
            if self.draw.random() < 0.5:
                connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("INSERT OR REPLACE INTO results VALUES ('x', 'x', x'', 0)")
            yield from self.run().faults(DONE, NODE_FAILED, WRONG_CALL)
            connection.execute("ROLLBACK")
        yield from self._has_everything()

    def in_the_way(self) -> Iterator[str]:
        """Something else has the name of what belongs to the store."""
        self.renew()
        name = self.draw.choice(["store.sqlite", "results", "partial", "locks", "new", "."])
        place = self.results / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()
        kind = self.draw.randrange(4)
        if kind == 0:
            place.write_bytes(b"something else")
        elif kind == 1:
            place.mkdir()
        elif kind == 2:
            os.mkfifo(place)
        else:
            place.symlink_to(place.name)
        yield from self.run().faults(DONE, NODE_FAILED, WRONG_CALL)
        if kind == 0 and name != "store.sqlite" and place.read_bytes() != b"something else":
            yield "a file that is not of the store was changed"

    def long_path(self) -> Iterator[str]:
        """The path of the results is longer than the system, or SQLite, takes."""
        deep = self.folder / "deep"
        for _ in range(self.draw.choice([1, 2, 3, 16])):
            deep = deep / ("x" * self.draw.choice([100, 250, 256]))
        yield from self.run(results=deep).faults(DONE, NODE_FAILED, WRONG_CALL)
        shutil.rmtree(self.folder / "deep", ignore_errors=True)

    def not_utf8(self) -> Iterator[str]:
        """The folder of the results has a name that is not UTF-8."""
        place = Path(os.fsdecode(os.fsencode(self.folder) + b"/\xff\xfe"))
        yield from self.run(results=place).faults(DONE, NODE_FAILED, WRONG_CALL)
        shutil.rmtree(place, ignore_errors=True)

    def killed(self) -> Iterator[str]:
        """A run is killed at any moment; the next one ends well."""
        shutil.rmtree(self.results, ignore_errors=True)
        command = [sys.executable, "-c", RUN, str(self.folder / "small.workflow.json"), "--results", str(self.results)]
        with subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            time.sleep(self.draw.uniform(0.2, 1.5))
            running.kill()
        yield from self._heals()

    def _heals(self) -> Iterator[str]:
        (self.folder / "out" / "big.csv").unlink(missing_ok=True)
        for _ in range(2):
            yield from self.run().faults(DONE)
            if self._output() != self.expected:
                yield "the output is another one"
        if self.run().stored != self.nodes:
            yield "results are computed again every time"

    def _has_everything(self) -> Iterator[str]:
        ended = self.run()
        yield from ended.faults(DONE)
        if ended.stored < self.nodes - 1:  # the node that writes a file may have had to write it again
            yield f"of {self.nodes} results only {ended.stored} are left"
        if any(".damaged-" in p.name for p in self.results.iterdir()):
            yield "a good database was set aside"

    def _output(self) -> bytes:
        with suppress(FileNotFoundError):
            return (self.folder / "out" / "big.csv").read_bytes()
        return b""


def _obey_permissions() -> None:
    """Have this process, and the program it becomes, keep to permissions even where it is root's."""
    drop_from_bounding_set, capabilities = 24, (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    for capability in capabilities if os.getuid() == 0 else ():
        ctypes.CDLL(None).prctl(drop_from_bounding_set, capability, 0, 0, 0)


ATTACKS = (
    *(StoreAttack.damaged,) * 6,
    *(StoreAttack.no_room,) * 3,
    StoreAttack.read_only,
    StoreAttack.locked,
    StoreAttack.in_the_way,
    StoreAttack.long_path,
    StoreAttack.not_utf8,
    StoreAttack.killed,
)


def main(seed: int, times: int, folder: Path) -> int:
    """Try so many attacks; return the exit code."""
    draw, failures, tried = random.Random(seed), Counter[str](), Counter[str]()
    attack = StoreAttack(folder, draw)
    offset = draw.randrange(len(ATTACKS))
    for n in range(times):
        way = ATTACKS[(offset + n) % len(ATTACKS)]
        tried[way.__name__] += 1
        for what in way(attack):
            failures[way.__name__] += 1
            print(f"{way.__name__}: {what}", flush=True)
    for name, number in tried.items():
        print(f"{name}: {number} tries, {failures[name]} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
