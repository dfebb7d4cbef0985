"""Training on a table that does not fit: four times as large as all the memory the process may have.

The memory is limited by RLIMIT_DATA (`measuring.limit_memory`) before anything is imported, so TensorFlow, the network and
every copy of an image have to do with it. Control groups would limit the page cache too, but a process without privileges
cannot have one of its own. Instead, the large table is dropped from the system's cache before training and trained on for
one epoch, so that all of it comes from the disk; the small one, of the same images, stays in memory.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from nodes.wording import grouped
from tests.benchmarks.made_tables import MadeTable
from tests.benchmarks.measuring import Setup, forget_cached, in_fresh_process, limit_memory
from tests.benchmarks.report import Goal, Row

if TYPE_CHECKING:
    import polars as pl

    from app.document.model import Workflow
    from app.engine.plan import Plan

MEMORY = 1_280 * 2**20
"""Bytes the training process may have; TensorFlow at work alone needs about half of them."""
TIMES_LARGER = 4
SIDE = 96
IMAGE_BYTES = 4 * SIDE * SIDE
CLASSES = 10
WARM_UP = 0.1
"""Share of the training that does not count: the network is compiled in it."""


class RandomImages(MadeTable):
    """Make images of noise, each brighter in the place of its class."""

    id: ClassVar[str] = "bench.random_images"
    title: ClassVar[str] = "Random Images"
    piece: ClassVar[int] = 512

    def made(self) -> Iterator[pl.DataFrame]:
        import numpy as np
        import polars as pl

        generator = np.random.default_rng(0)
        names = np.array([f"class {n}" for n in range(CLASSES)])
        for count in self.counts():
            labels = generator.integers(0, CLASSES, count)
            images = generator.random((count, SIDE, SIDE, 1), dtype=np.float32)
            images[np.arange(count), 4 * labels] += 1
            yield pl.DataFrame({"image": images, "label": names[labels].tolist()}, schema=self.schema_of_rows())

    def schema_of_rows(self) -> pl.Schema:
        import polars as pl

        classes = [f"class {n}" for n in range(CLASSES)]
        return pl.Schema({"image": pl.Array(pl.Float32, (SIDE, SIDE, 1)), "label": pl.Enum(classes)})


def measure(setup: Setup) -> Iterator[Row]:
    """Images per second under the limit: the large table, and one of half the limit."""
    memory = MEMORY // 64 if setup.quick else MEMORY
    large, small = (int(share * memory / IMAGE_BYTES) for share in (TIMES_LARGER, 0.5))
    if shutil.disk_usage(setup.folder).free < 1.5 * TIMES_LARGER * memory:
        raise RuntimeError(
            f"{setup.folder} has less than {1.5 * TIMES_LARGER * memory / 2**30:.0f} GB; TMPDIR names another place"
        )
    results = {rows: setup.new_folder("results") for rows in (large, small)}
    for rows, folder in results.items():
        setup.say(f"writing a table of {rows * IMAGE_BYTES / 2**20:.0f} MB")
        in_fresh_process(write_table, results=folder, rows=rows)

    def train(rows: int, epochs: int, *, from_disk: bool) -> float:
        if from_disk:
            for file in results[rows].rglob("*.arrow"):
                forget_cached(file)
        return in_fresh_process(images_per_second, results=results[rows], rows=rows, epochs=epochs, memory=MEMORY)

    from_disk, from_memory = setup.alternate(
        "training on a table larger than memory",
        partial(train, large, 1, from_disk=True),
        partial(train, small, 2, from_disk=False),
    )
    what = f"training, table of {TIMES_LARGER} times the memory / of half of it"
    note = f"{grouped(large * IMAGE_BYTES // 2**20)} MB, {grouped(MEMORY // 2**20)} MB allowed (RLIMIT_DATA)"
    yield Row(what, "images/s", from_disk, from_memory, Goal(0.8, at_least=True), note=note)


def workflow(rows: int, epochs: int) -> Workflow:
    """Random images, prepared as in the main job, and a small convolutional network that learns them."""
    from app.document.model import Connection, NodeRecord, Workflow

    def node(id: str, type: str, **settings: object) -> NodeRecord:
        return NodeRecord(id=id, type=type, settings=settings)

    nodes = [
        node("images", RandomImages.id, rows=rows),
        node("numbers", "tables.category_to_number", columns=["label"], suffix=" number"),
        node("collection", "tables.create_collection", columns=["label number"], output_name="class", remove_collected=True),
        node("input", "keras.input", shape=[SIDE, SIDE, 1]),
        node("convolution", "keras.conv_2d", filters=8, kernel_size=[3, 3], strides=[2, 2], activation="relu"),
        node("pool", "keras.max_pooling_2d", pool_size=[4, 4]),
        node("flatten", "keras.flatten"),
        node("dense", "keras.dense", units=CLASSES, activation="softmax"),
        node("learner", "networks.learner", epochs=epochs, batch_size=128),
    ]
    tables = ["images.table numbers.table", "numbers.table collection.table", "collection.table learner.training"]
    layers = ["input", "convolution", "pool", "flatten", "dense", "learner"]
    networks = [f"{a}.network {b}.network" for a, b in pairwise(layers)]
    wires = [Connection(source=wire.split()[0], target=wire.split()[1]) for wire in [*tables, *networks]]
    return Workflow(nodes=nodes, connections=wires)


# ---------------------------------------------------------------------------------------------- in processes of their own


def write_table(results: str, rows: int) -> None:
    """Make the table and store it."""
    from app.engine import executor
    from app.engine.store import Store

    result = executor.run(_plan(results, rows, 1), Store(Path(results)), lambda event: None, targets=["collection"])
    if result.status != "done":
        raise RuntimeError(f"the table was not made: {result.failures}")


def images_per_second(results: str, rows: int, epochs: int, memory: int) -> float:
    """Train on the stored table with so much memory; images per second after the warm-up."""
    limit_memory(memory)
    # Arrow's own allocator reserves 1 GB of addresses when it is first used, without touching them; that would count.
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"
    from app.engine import executor
    from app.engine.events import Event, NodeMetrics
    from app.engine.store import Store

    points: list[tuple[float, float]] = []

    def listen(event: Event) -> None:
        if isinstance(event, NodeMetrics) and event.step >= WARM_UP * epochs:
            points.append((event.time, event.step))

    store = Store(Path(results))
    result = executor.run(_plan(results, rows, epochs), store, listen, targets=["learner"])
    if result.status != "done":
        raise RuntimeError(f"the training ended as {result.status}: {result.failures or result.skipped}")
    store.drop(result.keys["learner"])  # the next round has to train again
    (began, first), (ended, last) = points[0], points[-1]
    return rows * (last - first) / (ended - began)


def _plan(results: str, rows: int, epochs: int) -> Plan:
    from app.engine.planner import make_plan
    from nodes.catalog import Catalog

    catalog = Catalog({**Catalog.load(), RandomImages.id: RandomImages})
    plan = make_plan(workflow(rows, epochs), catalog, folder=Path(results))
    if plan.errors:
        raise RuntimeError(str(plan.errors))
    return plan
