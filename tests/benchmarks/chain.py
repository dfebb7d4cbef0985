"""A chain of small table nodes: what running a node and storing its result costs where the node itself does next to nothing."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measuring import Setup, in_fresh_process
from tests.benchmarks.plan import rows_of_lengths
from tests.benchmarks.report import Row
from tests.benchmarks.workflows import KINDS

MILLISECONDS_FOR_1000 = 1000.0


def measure(setup: Setup) -> Iterator[Row]:
    """Chains of several lengths, run into an empty store."""
    lengths = [10, 30, 100] if setup.quick else [100, 1_000, 10_000]
    for kind in KINDS:
        setup.say(f"chains of small nodes: {KINDS[kind].title}")
        folder = setup.new_folder("chain")
        found = in_fresh_process(seconds_per_length, kind=kind, lengths=lengths, rounds=setup.rounds, folder=folder)
        yield from rows_of_lengths("run and store", kind, lengths, found, per_1000=MILLISECONDS_FOR_1000)


# ------------------------------------------------------------------------------------------------ in a process of its own


def seconds_per_length(kind: str, lengths: list[int], rounds: int, folder: str) -> list[list[float]]:
    """Seconds for a run of a planned chain into an empty store, by length and round, as the command line runs it.

    The results are left where they are: deleting thousands of files slows down making the next ones on some file systems.
    """
    from app.engine import executor
    from app.engine.planner import make_plan
    from app.engine.store import Store

    catalog = KINDS[kind].catalog()
    workflows = [KINDS[kind].make(length, Path(folder)) for length in lengths]

    def once(number: int) -> float:
        plan = make_plan(workflows[number], catalog, folder=Path(folder))
        store = Store(Path(tempfile.mkdtemp(dir=folder)))
        began = time.perf_counter()
        result = executor.run(plan, store, lambda event: None)
        seconds = time.perf_counter() - began
        if result.status != "done" or len(result.keys) != lengths[number]:
            raise RuntimeError(f"the run ended as {result.status}: {list(result.failures.values())[:3]}")
        return seconds

    once(0)
    found: list[list[float]] = [[] for _ in lengths]
    for _ in range(rounds):
        for number in range(len(lengths)):
            found[number].append(once(number))
    return found
