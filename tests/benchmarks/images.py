"""Image Normalizer beside numpy, and Image Resizer beside Pillow, by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodes.wording import grouped
from tests.benchmarks.measuring import Setup, in_fresh_process
from tests.benchmarks.report import Goal, Row

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 28
NEW_SIDE = 32


def measure(setup: Setup) -> Iterator[Row]:
    """From the images in memory to a file with the new ones; imports do not count for either."""
    many, some = (600, 100) if setup.quick else (60_000, 10_000)
    yield from _normalizing(setup, many)
    yield from _resizing(setup, some)


def _normalizing(setup: Setup, count: int) -> Iterator[Row]:
    def ours() -> list[float]:
        return in_fresh_process(run_of_node, kind="normalizer", count=count, folder=setup.new_folder("results"))

    def theirs() -> list[float]:
        return in_fresh_process(run_of_numpy, count=count, folder=setup.new_folder("numpy"))

    mine, other = setup.alternate("normalizing images", ours, theirs)
    what = f"normalise {grouped(count)} images of {SIDE} x {SIDE}, ours / numpy"
    yield Row(what, "s", [s for s, _ in mine], [s for s, _ in other], Goal(1.2), note="both write the result to a file")
    result = count * SIDE * SIDE * 4
    shares = [peak / result for _, peak in mine]
    yield Row("its memory, of the result's size", "times", shares, goal=Goal(1.5, "ours"), note="of its own, without the images")


def _resizing(setup: Setup, count: int) -> Iterator[Row]:
    def ours(cores: int | None) -> float:
        folder = setup.new_folder("results")
        return in_fresh_process(run_of_node, kind="resizer", count=count, folder=folder, cores=cores)[0]

    theirs = partial(in_fresh_process, seconds_of_pillow, count=count)
    single, every, other = setup.alternate("resizing images", partial(ours, 1), partial(ours, None), theirs)
    what = f"resize {grouped(count)} images of {SIDE} x {SIDE} to {NEW_SIDE} x {NEW_SIDE}, ours / Pillow"
    yield Row(f"{what}, one core", "s", single, other, Goal(1.1), note="ours writes the result to a file")
    yield Row(f"{what}, all cores", "s", every, other, Goal(1.0))
    yield Row("all cores / one core", "s", every, single)


# ---------------------------------------------------------------------------------------------- in processes of their own


def run_of_node(kind: str, count: int, folder: str, cores: int | None = None) -> list[float]:
    """Seconds for a node's `execute` with the engine's own job, and bytes of memory that it took beyond those before."""
    import os

    import polars as pl
    import pyarrow  # noqa: F401 - imported before the clock starts
    from PIL import Image

    from app.engine.job import EngineJob, RunControl
    from nodes.base import Node, Values
    from nodes.images.normalizer import ImageNormalizer
    from nodes.images.resizer import ImageResizer
    from nodes.values.table import Table

    Image.init()
    if cores:
        os.cpu_count = lambda: cores
    node: Node = ImageNormalizer() if kind == "normalizer" else ImageResizer(height=NEW_SIDE, width=NEW_SIDE)
    table = Table.of(pl.DataFrame({"image": _images(count)}))
    streams = Path(folder)
    job = EngineJob(
        run="run", node="images", folder=streams, scratch=lambda: streams, streams=lambda: streams,
        listener=lambda event: None, control=RunControl(),
    )  # fmt: skip
    before = _forget_peak()
    began = time.perf_counter()
    made = node.execute(Values({"table": table}), job)["table"]
    seconds = time.perf_counter() - began
    peak = _memory("VmHWM") - before
    if made.height != count:  # type: ignore[union-attr]
        raise RuntimeError("images are missing")
    return [seconds, peak]


def run_of_numpy(count: int, folder: str) -> list[float]:
    """Seconds to divide by 255 and to save the result; the second figure is not measured."""
    import numpy as np

    images = _images(count)
    began = time.perf_counter()
    scaled = images.astype(np.float32) / 255
    np.save(Path(folder) / "scaled.npy", scaled)
    return [time.perf_counter() - began, 0.0]


def seconds_of_pillow(count: int) -> float:
    """Seconds to resize image by image, into one array."""
    import numpy as np
    from PIL import Image

    images = _images(count)[..., 0]
    Image.init()
    began = time.perf_counter()
    made = np.empty((count, NEW_SIDE, NEW_SIDE), np.uint8)
    for number, image in enumerate(images):
        made[number] = np.asarray(Image.fromarray(image).resize((NEW_SIDE, NEW_SIDE), Image.Resampling.BILINEAR))
    return time.perf_counter() - began


def _images(count: int) -> NDArray[Any]:
    import numpy as np

    return np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE, 1), dtype=np.uint8)


def _forget_peak() -> int:
    """Start to watch for the highest memory of this process from now on; what it has now, in bytes."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _memory("VmRSS")


def _memory(name: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the system does not tell {name}")
