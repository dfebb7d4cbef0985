"""The catalog's start: how long it takes until all nodes are known, from its index and without it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measuring import Setup, in_fresh_process
from tests.benchmarks.report import Goal, Row

MILLISECONDS = 150.0
HEAVY = ("tensorflow", "keras", "sklearn", "matplotlib", "PySide6", "pyarrow", "PIL", "scipy", "skimage")
OF_THE_CLASSES = ("polars", "numpy")
"""What node classes need as soon as they are imported, and the index spares a program."""


def measure(setup: Setup) -> Iterator[Row]:
    """In fresh processes; what Python and pydantic take to start does not count."""
    index = setup.new_folder("index") / "nodes.json"
    in_fresh_process(seconds_of_catalog, index=index)  # writes the index
    kept, anew = setup.alternate(
        "starting the catalog",
        lambda: in_fresh_process(seconds_of_catalog, index=index),
        lambda: in_fresh_process(seconds_of_catalog, index=None),
    )
    nodes = int(kept[0][1])
    yield Row(
        f"catalog of {nodes} nodes, as a program starts",
        "ms",
        [1000 * seconds for seconds, _ in kept],
        goal=Goal(MILLISECONDS, of="ours"),
        note="nothing heavy is imported",
    )
    yield Row(f"catalog of {nodes} nodes, every class imported", "ms", [1000 * seconds for seconds, _ in anew])


def seconds_of_catalog(index: str | None) -> list[float]:
    """Seconds until everything is known of every node, and how many nodes there are."""
    from nodes.catalog import Catalog

    indexed = index is not None and Path(index).exists()
    began = time.perf_counter()
    catalog = Catalog.load(index=Path(index) if index else None)
    count = len(catalog.about)
    seconds = time.perf_counter() - began
    if loaded := {*HEAVY, *(OF_THE_CLASSES if indexed else ())} & set(sys.modules):
        raise RuntimeError(f"the catalog imported {', '.join(loaded)}")
    return [seconds, count]
