"""Image Folder Reader beside `keras.utils.image_dataset_from_directory`: a folder of many small JPEG files."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from nodes.wording import grouped
from tests.benchmarks.measuring import Setup, in_fresh_process
from tests.benchmarks.report import Goal, Row

SIDE = 32
CLASSES = 10


def measure(setup: Setup) -> Iterator[Row]:
    """From the folder to all images decoded and, with ours, stored; imports do not count for either."""
    per_class = 10 if setup.quick else 1_000
    images = setup.new_folder("jpegs")
    setup.say("writing JPEG files")
    in_fresh_process(write_images, folder=images, per_class=per_class)

    def ours() -> float:
        results = setup.new_folder("results")
        return in_fresh_process(seconds_of_reader, folder=images, results=results, count=CLASSES * per_class)

    theirs = partial(in_fresh_process, seconds_of_keras, folder=images, count=CLASSES * per_class)
    our_seconds, their_seconds = setup.alternate("reading JPEG files", ours, theirs)
    what = f"Image Folder Reader / image_dataset_from_directory, {grouped(CLASSES * per_class)} JPEGs of {SIDE} x {SIDE}"
    yield Row(what, "s", our_seconds, their_seconds, Goal(1.0), note="ours stores the table too")


# ---------------------------------------------------------------------------------------------- in processes of their own


def write_images(folder: str, per_class: int) -> None:
    """JPEG files in a folder per class: smooth colours with some noise, as photographs compress."""
    import numpy as np
    from PIL import Image

    generator = np.random.default_rng(0)
    for number in range(CLASSES):
        home = Path(folder) / f"class_{number}"
        home.mkdir()
        for image in range(per_class):
            rough = Image.fromarray(generator.integers(0, 256, (4, 4, 3), dtype=np.uint8))
            smooth = np.asarray(rough.resize((SIDE, SIDE), Image.Resampling.BICUBIC), dtype=np.int16)
            noisy = smooth + generator.integers(-16, 17, smooth.shape)
            Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(home / f"{image:04}.jpg", quality=90)


def seconds_of_reader(folder: str, results: str, count: int) -> float:
    """Seconds for plan, run and stored result of a workflow that is one Image Folder Reader."""
    import polars  # noqa: F401 - imported before the clock starts
    import pyarrow  # noqa: F401
    from PIL import Image

    from app.document.model import NodeRecord, Workflow
    from app.engine import executor
    from app.engine.planner import make_plan
    from app.engine.store import Store
    from nodes.catalog import Catalog

    Image.init()
    catalog = Catalog.load()
    workflow = Workflow(nodes=[NodeRecord(id="read", type="readers.image_folder", settings={"folder": folder})])
    began = time.perf_counter()
    store = Store(Path(results))
    result = executor.run(make_plan(workflow, catalog, folder=Path(folder)), store, lambda event: None)
    seconds = time.perf_counter() - began
    if result.status != "done" or store.load(result.keys["read"])["table"].height != count:  # type: ignore[union-attr]
        raise RuntimeError(f"the images were not read: {result.failures}")
    if "tensorflow" in sys.modules:
        raise RuntimeError("reading images imported TensorFlow")
    return seconds


def seconds_of_keras(folder: str, count: int) -> float:
    """Seconds from the call of Keras's function to the last batch."""
    import keras

    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        began = time.perf_counter()
        dataset = keras.utils.image_dataset_from_directory(folder, image_size=(SIDE, SIDE), shuffle=False)
        rows = sum(len(images) for images, _ in dataset)
        seconds = time.perf_counter() - began
    if rows != count:
        raise RuntimeError(f"Keras read {rows} images")
    return seconds
