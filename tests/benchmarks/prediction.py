"""Keras Network Executor beside `model.predict`, in one process, on the same network and the same images."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from nodes.wording import grouped
from tests.benchmarks.main_job import WORKFLOW
from tests.benchmarks.measuring import Setup, in_fresh_process
from tests.benchmarks.report import Goal, Row


def measure(setup: Setup) -> Iterator[Row]:
    """The network of the main job on as many images as its test set has."""
    count = 200 if setup.quick else 10_000
    setup.say("predicting")
    folder = setup.new_folder("prediction")
    found = in_fresh_process(seconds_of_both, count=count, rounds=setup.rounds, folder=folder)
    yield Row(f"Executor / model.predict, {grouped(count)} images", "s", *found, Goal(1.05))


# ------------------------------------------------------------------------------------------------ in a process of its own


def seconds_of_both(count: int, rounds: int, folder: str) -> tuple[list[float], list[float]]:
    """Seconds of the Executor and of `model.predict` in turns, after a round that does not count."""
    import numpy as np
    import polars as pl

    from app.document.file import load
    from app.engine.job import EngineJob, RunControl
    from app.engine.planner import make_plan
    from nodes.base import Values
    from nodes.catalog import Catalog
    from nodes.kit.networks.keras_model import to_keras, weights_of
    from nodes.values.network import Network
    from nodes.values.table import Table

    plan = make_plan(load(WORKFLOW), Catalog.load(), folder=WORKFLOW.parent)
    node, spec = plan.nodes["executor"].node, plan.nodes["dense_2"].specs["network"]
    model = to_keras(Network(spec), seed=0)  # type: ignore[arg-type]
    network = Network(spec, weights_of(model, spec))  # type: ignore[arg-type]
    images = np.random.default_rng(0).random((count, 28, 28, 1), dtype=np.float32)
    table = Table.of(pl.DataFrame({"image": images}, schema={"image": pl.Array(pl.Float32, (28, 28, 1))}))
    inputs = Values({"network": network, "table": table})
    size = node.batch_size  # type: ignore[union-attr]

    def ours(streams: Path) -> float:
        job = EngineJob(
            run="run", node="executor", folder=Path(folder), scratch=lambda: streams, streams=lambda: streams,
            listener=lambda event: None, control=RunControl(),
        )  # fmt: skip
        began = time.perf_counter()
        made = node.execute(inputs, job)["table"]  # type: ignore[union-attr]
        seconds = time.perf_counter() - began
        column = made.columns[-1]  # type: ignore[union-attr]
        found = made.frame([column])[column].to_numpy()  # type: ignore[union-attr]
        np.testing.assert_allclose(found, model.predict(images, batch_size=size, verbose=0), atol=1e-5)
        return seconds

    def theirs() -> float:
        began = time.perf_counter()
        model.predict(images, batch_size=size, verbose=0)
        return time.perf_counter() - began

    found: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        with tempfile.TemporaryDirectory(dir=folder) as streams:
            pair = ours(Path(streams)), theirs()
        if number:
            found[0].append(pair[0])
            found[1].append(pair[1])
    return found
