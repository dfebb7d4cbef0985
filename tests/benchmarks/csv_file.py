"""CSV Reader beside `polars.read_csv`: a file of 500 MB, its time and its peak memory."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from nodes.wording import grouped
from tests.benchmarks.measuring import Setup, in_fresh_process
from tests.benchmarks.report import Goal, Row

MB = 10**6
PEAK_MB = 1_000
"""The most memory that reading may take, however long the file."""


def measure(setup: Setup) -> Iterator[Row]:
    """From the file to a table, with ours a stored one; imports do not count for the time of either, but for the memory."""
    size = (5 if setup.quick else 500) * MB
    file = setup.new_folder("csv") / "table.csv"
    setup.say("writing a CSV file")
    rows = in_fresh_process(write_file, path=file, size=size)

    def ours() -> list[float]:
        return in_fresh_process(read_by_node, path=file, results=setup.new_folder("results"), rows=rows)

    by_hand = partial(in_fresh_process, read_by_hand, path=file, rows=rows)
    stored = partial(in_fresh_process, stored_by_hand, path=file, folder=setup.new_folder("by-hand"), rows=rows)
    measured, read, written = setup.alternate("reading a CSV file", ours, by_hand, stored)
    what = f"CSV Reader / %s, {size // MB} MB, {grouped(rows)} rows"
    times = [hashing + running for hashing, running, _ in measured]
    note = "ours hashes the file for its fingerprint, and stores the table too"
    yield Row(what % "polars.read_csv", "s", times, [seconds for seconds, _ in read], Goal(1.1), note=note)
    note = "without the hash; by hand: scan_csv, collect_batches, an Arrow file written"
    yield Row(
        what % "polars to a file",
        "s",
        [running for _, running, _ in measured],
        [seconds for seconds, _ in written],
        Goal(1.1),
        note=note,
    )
    peaks = [peak for _, _, peak in measured]
    yield Row("  peak memory, all libraries included", "MB", peaks, [peak for _, peak in read], Goal(PEAK_MB, of="ours"))


# ---------------------------------------------------------------------------------------------- in processes of their own


def write_file(path: str, size: int) -> int:
    """A file of at least so many bytes: whole and decimal numbers, truth values, texts of which some are quoted; its rows."""
    import numpy as np
    import polars as pl

    generator = np.random.default_rng(0)
    words = np.array(["apple", "pear", "banana", "cherry", "a longer text, quoted"])
    rows, piece = 0, 50_000
    with Path(path).open("wb") as file:
        while file.tell() < size:
            frame = pl.DataFrame(
                {
                    "id": np.arange(rows, rows + piece),
                    "x": generator.normal(size=piece),
                    "y": generator.normal(size=piece).round(3),
                    "n": generator.integers(0, 1000, piece),
                    "ok": generator.random(piece) < 0.5,
                    "t": words[generator.integers(0, len(words), piece)],
                }
            )
            frame.write_csv(file, include_header=rows == 0)
            rows += piece
    return rows


def read_by_node(path: str, results: str, rows: int) -> tuple[float, float, float]:
    """A workflow that is one CSV Reader: (seconds to hash the file, to plan, run and store the result, peak in MB)."""
    import polars  # noqa: F401 - imported before the clock starts
    import pyarrow  # noqa: F401

    from app.document.model import NodeRecord, Workflow
    from app.engine import executor
    from app.engine.planner import make_plan
    from app.engine.store import Store
    from nodes.catalog import Catalog
    from nodes.file_sets import OneFile

    catalog = Catalog.load()
    workflow = Workflow(nodes=[NodeRecord(id="read", type="readers.csv", settings={"path": path})])
    began = time.perf_counter()
    store = Store(Path(results))
    store.fingerprints.of(OneFile(Path(path)))
    hashing = time.perf_counter() - began
    result = executor.run(make_plan(workflow, catalog, folder=Path(path).parent), store, lambda event: None)
    running = time.perf_counter() - began - hashing
    peak = _peak()
    if result.status != "done" or store.load(result.keys["read"])["table"].height != rows:  # type: ignore[union-attr]
        raise RuntimeError(f"the file was not read: {result.failures}")
    store.drop(result.keys["read"])  # the next round needs the room
    return hashing, running, peak


def read_by_hand(path: str, rows: int) -> tuple[float, float]:
    """The whole file in memory, as one writes it: (seconds, peak in MB)."""
    import polars as pl

    began = time.perf_counter()
    frame = pl.read_csv(path, infer_schema_length=10_000)
    seconds = time.perf_counter() - began
    if frame.height != rows:
        raise RuntimeError(f"polars read {frame.height} rows")
    return seconds, _peak()


def stored_by_hand(path: str, folder: str, rows: int) -> tuple[float, float]:
    """The file batch by batch into an Arrow file: (seconds, peak in MB)."""
    import polars as pl
    import pyarrow as pa

    target = Path(folder) / "table.arrow"
    count = 0
    began = time.perf_counter()
    query = pl.scan_csv(path, infer_schema_length=10_000)
    schema = query.collect_schema().to_frame().to_arrow(compat_level=pl.CompatLevel.newest()).schema
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in query.collect_batches(engine="streaming"):
            writer.write_table(batch.to_arrow(compat_level=pl.CompatLevel.newest()))
            count += batch.height
    seconds = time.perf_counter() - began
    target.unlink()
    if count != rows:
        raise RuntimeError(f"polars read {count} rows")
    return seconds, _peak()


def _peak() -> float:
    """Most memory that this process had at once, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MB
