"""The main job: the Fashion-MNIST workflow by `python -m app.run`, beside the same job written by hand (`plain_keras`).

One set of alternating runs gives the time of the whole process, its peak memory and the speed of training; the same
command given again, with every result stored, gives the time of a run in which nothing changed.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import ROOT, ProcessRun, Setup, in_fresh_process, run_process
from tests.benchmarks.report import Goal, Row

WORKFLOW = ROOT / "workflows" / "fashion_mnist_cnn.workflow.json"
DATA = ROOT / "resources" / "data" / "fashion-mnist"
EPOCHS = 2
MEGABYTE = 2**20
HEAVY = ("tensorflow", "keras", "PySide6")


@dataclass(frozen=True)
class Job:
    """One run of the main job.

    Attributes:
        process: What the whole process took.
        epoch_ends: When each epoch (validation included) was over, in seconds since 1970.
        accuracy: On the test images.
    """

    process: ProcessRun
    epoch_ends: Sequence[float]
    accuracy: float

    @property
    def warm_epoch(self) -> float:
        """Seconds an epoch takes after the first, in which the network is compiled too."""
        return (self.epoch_ends[-1] - self.epoch_ends[0]) / (len(self.epoch_ends) - 1)


def measure(setup: Setup) -> Iterator[Row]:
    """The whole process, its memory, its training, and the run in which nothing changed."""
    data = slice_of_the_data(setup.new_folder("data")) if setup.quick else DATA
    last_command: list[str | Path] = []

    def ours() -> Job:
        results = setup.new_folder("results")
        last_command[:] = _command(data, setup.new_folder("output"), results)
        return _our_job(run_process([*last_command, "--fresh"]), results)

    def script() -> Job:
        output = setup.new_folder("script")
        module = "tests.benchmarks.plain_keras"
        return _script_job(run_process([sys.executable, "-m", module, data, output, "--epochs", str(EPOCHS)]))

    our_jobs, script_jobs = setup.alternate("the main job", ours, script)
    yield from _rows(our_jobs, script_jobs, training_images=900 if setup.quick else 54_000)
    again = setup.alternate("the same run again", lambda: run_process(last_command).seconds)[0]
    imported = imported_by([sys.executable, "-X", "importtime", *last_command[1:]])
    note = f"imports {', '.join(imported)}" if imported else "TensorFlow is not imported"
    yield Row("the same run again, nothing changed", "s", again, goal=Goal(1.0, of="ours"), note=note, holds=not imported)


def _rows(ours: Sequence[Job], script: Sequence[Job], training_images: int) -> Iterator[Row]:
    def both(figure: Callable[[Job], float]) -> tuple[list[float], list[float]]:
        return [figure(job) for job in ours], [figure(job) for job in script]

    accuracies = f"accuracy {ours[-1].accuracy:.2%} and {script[-1].accuracy:.2%}"
    seconds = both(lambda job: job.process.seconds)
    yield Row(f"main job, {EPOCHS} epochs, whole process / script", "s", *seconds, Goal(0.95), note=accuracies)
    peaks = both(lambda job: job.process.peak / MEGABYTE)
    yield Row("main job, peak memory / script", "MB", *peaks, Goal(1.1), note="mapped files included")
    if all(job.process.anonymous for job in [*ours, *script]):
        own = both(lambda job: (job.process.anonymous or 0) / MEGABYTE)
        yield Row("main job, peak memory of its own / script", "MB", *own, note="without mapped files (RssAnon, sampled)")
    speeds = both(lambda job: training_images / job.warm_epoch)
    note = "epochs after the first, validation included"
    yield Row("training throughput / script", "images/s", *speeds, Goal(1.15, at_least=True), note=note)


def _command(data: Path, output: Path, results: Path) -> list[str | Path]:
    variables = ["--var", f"epochs={EPOCHS}", "--var", f"data_dir={data}", "--var", f"output_dir={output}"]
    return [sys.executable, "-m", "app.run", WORKFLOW, *variables, "--json", "--results", results]


def _our_job(process: ProcessRun, results: Path) -> Job:
    """What the events of a run and its stored scores tell."""
    events: list[dict[str, Any]] = [json.loads(line) for line in process.output.splitlines()]
    ends = {e["step"]: e["time"] for e in events if e["event"] == "node.metrics" and e["epoch"]}
    scorer = next(e["key"] for e in events if e["event"] == "node.finished" and e["node"] == "scorer")
    return Job(process, [ends[step] for step in sorted(ends)], in_fresh_process(stored_accuracy, results=results, key=scorer))


def _script_job(process: ProcessRun) -> Job:
    said = json.loads(process.output.splitlines()[-1])
    return Job(process, said["epoch_ends"], said["accuracy"])


def imported_by(command: Sequence[str | Path]) -> list[str]:
    """Which of the heavy libraries a process imports, as its `-X importtime` lists them."""
    listed = {line.rpartition("|")[2].strip().partition(".")[0] for line in run_process(command).errors.splitlines()}
    return [name for name in HEAVY if name in listed]


def slice_of_the_data(folder: Path) -> Path:
    """The data set with fewer rows, in the same four files."""
    for file in DATA.glob("*.gz"):
        rows = 1_000 if file.name.startswith("train") else 200
        content = gzip.decompress(file.read_bytes())
        dimensions = content[3]
        header = content[:4] + rows.to_bytes(4, "big") + content[8 : 4 + 4 * dimensions]
        cell = (len(content) - len(header)) // int.from_bytes(content[4:8], "big")
        (folder / file.name).write_bytes(gzip.compress(header + content[len(header) : len(header) + rows * cell], 1))
    shutil.copy(DATA / "LICENSE", folder)
    return folder


# ------------------------------------------------------------------------------------------------ in a process of its own


def stored_accuracy(results: str, key: str) -> float:
    """The accuracy that the Scorer found."""
    from app.engine.store import Store

    statistics = Store(Path(results)).load(key)["statistics"].frame()  # type: ignore[union-attr]
    return float(statistics["Accuracy"].drop_nulls()[0])
