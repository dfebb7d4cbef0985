"""Plan and keys: how long it takes from a workflow in memory to checked settings, specs on every edge and a key per node."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nodes.wording import grouped
from tests.benchmarks.measuring import Setup, in_fresh_process
from tests.benchmarks.report import Goal, Row
from tests.benchmarks.workflows import KINDS

if TYPE_CHECKING:
    from app.document.change import Change

MILLISECONDS_FOR_1000 = 50.0
GROWTH = 1.25
"""How much longer a node may take among ten times as many, if time is to count as growing in proportion."""


def measure(setup: Setup) -> Iterator[Row]:
    """Plan and keys of chains of several lengths."""
    lengths = [10, 30, 100] if setup.quick else [100, 1_000, 10_000]
    for kind in KINDS:
        setup.say(f"plan and keys of chains: {KINDS[kind].title}")
        folder = setup.new_folder("plan")
        found = in_fresh_process(seconds_per_length, kind=kind, lengths=lengths, rounds=max(setup.rounds, 3), folder=folder)
        yield from rows_of_lengths("plan and keys", kind, lengths, found, per_1000=MILLISECONDS_FOR_1000)
    yield from _edits_that_wait(setup)


def _edits_that_wait(setup: Setup) -> Iterator[Row]:
    """Edits that have come while others were planned, followed together, beside a plan for each of them."""
    nodes, edits = (30, 20) if setup.quick else (300, 2_000)
    setup.say(f"{grouped(edits)} edits that wait, in a chain of {grouped(nodes)}")
    together, one_by_one = setup.alternate(
        "edits that wait",
        lambda: in_fresh_process(seconds_of_edits, folder=setup.new_folder("edits"), nodes=nodes, edits=edits, together=True),
        lambda: in_fresh_process(seconds_of_edits, folder=setup.new_folder("edits"), nodes=nodes, edits=edits, together=False),
    )
    name = f"{grouped(edits)} edits that wait in a chain of {grouped(nodes)}, until their effect can be told"
    yield Row(name, "s", together, one_by_one, Goal(0.5), note="beside a plan for each edit")


def rows_of_lengths(what: str, kind: str, lengths: list[int], found: list[list[float]], *, per_1000: float) -> Iterator[Row]:
    """A row per length, and one for the growth: time per node in the longest chain and in the one before.

    Args:
        what: What was measured.
        kind: Of chain.
        lengths: Numbers of nodes.
        found: Seconds, by length and round.
        per_1000: How many milliseconds 1 000 nodes may take.
    """
    for length, seconds in zip(lengths, found, strict=True):
        goal = Goal(per_1000, of="ours") if length == 1_000 else None
        name = f"{what}, {grouped(length)} nodes ({KINDS[kind].title})"
        each = sorted(1000 * s / length for s in seconds)[len(seconds) // 2]
        yield Row(name, "ms", [1000 * s for s in seconds], goal=goal, note=f"{each:.3f} ms a node")
    long, longer = ([s / length for s in f] for length, f in zip(lengths[-2:], found[-2:], strict=True))
    name = f"{what}, a node among {grouped(lengths[-1])} / among {grouped(lengths[-2])} ({KINDS[kind].title})"
    yield Row(name, "ms", [1000 * s for s in longer], [1000 * s for s in long], Goal(GROWTH), note="1 is growth in proportion")


# ------------------------------------------------------------------------------------------------ in a process of its own


def seconds_per_length(kind: str, lengths: list[int], rounds: int, folder: str) -> list[list[float]]:
    """Seconds for plan and keys, by length and round; everything that is imported once is there before."""
    from app.engine.fingerprints import Fingerprints
    from app.engine.planner import make_plan

    catalog = KINDS[kind].catalog()
    workflows = [KINDS[kind].make(length, Path(folder)) for length in lengths]

    def once(number: int) -> float:
        began = time.perf_counter()
        plan = make_plan(workflows[number], catalog, folder=Path(folder))
        keys = plan.keys(Fingerprints(), "run")
        seconds = time.perf_counter() - began
        if len(keys) != lengths[number]:
            raise RuntimeError(f"only {len(keys)} of {lengths[number]} nodes have keys: {plan.problems[:3]}")
        return seconds

    once(0)
    found: list[list[float]] = [[] for _ in lengths]
    for _ in range(rounds):
        for number in range(len(lengths)):
            found[number].append(once(number))
    return found


def seconds_of_edits(folder: str, nodes: int, edits: int, together: bool) -> float:
    """Seconds from the first edit to the news of the last, as the engine's session has them."""
    import queue

    from app.document.editing import Document
    from app.engine.background_fingerprints import BackgroundFingerprints
    from app.engine.messages.requests import EditDocument
    from app.engine.nonces import Nonces
    from app.engine.session import Session, SessionContext
    from app.engine.store import Store

    kind = KINDS["filters"]
    workflow, catalog = kind.make(nodes, Path(folder)), kind.catalog()
    store = Store(Path(folder) / "store")
    posted: queue.SimpleQueue[object] = queue.SimpleQueue()
    fingerprints = BackgroundFingerprints(store.fingerprints, posted.put, lambda: None)
    nonces = Nonces(store.root / "store.sqlite")
    context = SessionContext(catalog, store, nonces, fingerprints, posted.put, lambda _: None)
    session = Session("doc", workflow, Path(folder), context)
    session.flush()
    waiting: list[EditDocument] = []
    document = Document(workflow, catalog)

    def keep(change: Change) -> None:
        request = EditDocument.of("doc", change)
        if request is not None:
            waiting.append(request)

    document.subscribe(keep)
    for number in range(edits):
        document.set_settings("node_1", {"criteria": [{"column": "size", "operator": ">=", "value": -number}]})
    began = time.perf_counter()
    for request in waiting:
        session.edit(request)
        if not together:
            session.flush()
    session.flush()
    seconds = time.perf_counter() - began
    fingerprints.close()
    if len(waiting) != edits or not session.plan.nodes[f"node_{nodes - 1}"].ready:
        raise RuntimeError("the edits were not followed")
    return seconds
