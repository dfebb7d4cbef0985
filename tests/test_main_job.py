"""The main job, on a slice of the real data: Fashion-MNIST from the files to the saved network, as the example has it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.engine.store import Store
from app.run import main
from nodes.values.network import Network
from nodes.values.table import Table

WORKFLOW = Path("workflows/fashion_mnist_cnn.workflow.json").resolve()
SLICE = ["--set", "read_training.limit=3000", "--set", "read_test.limit=600", "--var", "batch_size=64"]


class Job:
    """Runs of the example on a slice, with a store and an output folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.results = folder / "results"
        self.output = folder / "output"

    def command(self, *more: str, epochs: int = 1) -> list[str]:
        options = ["--json", "--results", str(self.results), "--var", f"epochs={epochs}", "--var", f"output_dir={self.output}"]
        return ["-m", "app.run", str(WORKFLOW), *options, *SLICE, *more]

    def run(self, *more: str, epochs: int = 1, python: Sequence[str] = ()) -> tuple[int, list[dict[str, Any]], str]:
        """Exit code, events, and what was written to standard error."""
        command = [sys.executable, *python, *self.command(*more, epochs=epochs)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def output_of(self, events: Sequence[dict[str, Any]], node: str) -> dict[str, Any]:
        key = next(e["key"] for e in events if e.get("node") == node and e["event"] in ("node.finished", "node.stored"))
        return Store(self.results).load(key)

    def weights(self, events: Sequence[dict[str, Any]]) -> dict[str, list[np.ndarray]]:
        network = self.output_of(events, "learner")["network"]
        assert isinstance(network, Network)
        return {layer: [np.array(a) for a in arrays] for layer, arrays in network.weights.items()}


def same(one: dict[str, list[np.ndarray]], two: dict[str, list[np.ndarray]]) -> bool:
    return one.keys() == two.keys() and all(
        np.array_equal(a, b) for layer in one for a, b in zip(one[layer], two[layer], strict=True)
    )


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Job, list[dict[str, Any]]]]:
    """The example run once on the slice."""
    job = Job(tmp_path_factory.mktemp("main job"))
    code, events, errors = job.run()
    assert code == 0, f"{events[-5:]}\n{errors}"
    yield job, events


def test_it_learns_applies_scores_and_saves(first: tuple[Job, list[dict[str, Any]]]) -> None:
    job, events = first
    assert events[-1]["status"] == "done"
    statistics = job.output_of(events, "scorer")["statistics"]
    assert isinstance(statistics, Table)
    from nodes.kit.scoring.confusion import headline

    figures = headline(statistics)
    assert figures["correct"] + figures["wrong"] == 600
    assert figures["accuracy"] > 0.4  # ten classes, one epoch on 2 700 images: far above the 0.1 of guessing
    assert job.output_of(events, "learner")["history"].height == 1
    assert sorted(p.name for p in job.output.iterdir()) == ["fashion_mnist_cnn.h5", "fashion_mnist_cnn.keras"]


def test_plain_keras_opens_what_was_saved_and_predicts_the_same(first: tuple[Job, list[dict[str, Any]]]) -> None:
    job, events = first
    import keras

    images = job.output_of(events, "normalize_test")["table"].array("image")[:100]
    predicted = job.output_of(events, "executor")["table"]
    column = next(c for c in predicted.columns if predicted.schema[c].is_nested() and c != "image")
    for name in ("fashion_mnist_cnn.keras", "fashion_mnist_cnn.h5"):
        model = keras.models.load_model(job.output / name, compile=False)
        assert model.count_params() == 165_238
        np.testing.assert_allclose(model.predict(images, verbose=0), predicted.array(column)[:100], atol=1e-5)


def test_the_same_run_again_computes_nothing_and_does_not_import_tensorflow(first: tuple[Job, list[dict[str, Any]]]) -> None:
    job, _ = first
    code, events, imports = job.run(python=["-X", "importtime"])
    assert code == 0
    assert {e["event"] for e in events} == {"run.started", "node.stored", "node.log", "run.finished"} - (
        set() if any(e["event"] == "node.log" for e in events) else {"node.log"}
    )
    assert "polars" in imports
    assert "tensorflow" not in imports


@pytest.mark.long
def test_two_fresh_runs_give_the_same_to_the_last_digit(first: tuple[Job, list[dict[str, Any]]], tmp_path: Path) -> None:
    job, events = first
    other = Job(tmp_path)
    code, again, errors = other.run()
    assert code == 0, errors
    assert same(job.weights(events), other.weights(again))
    one, two = (j.output_of(e, "scorer")["statistics"].frame() for j, e in ((job, events), (other, again)))
    assert one.equals(two)


def test_a_changed_setting_runs_only_what_depends_on_it(first: tuple[Job, list[dict[str, Any]]]) -> None:
    job, _ = first
    code, events, errors = job.run("--set", "dense_1.units=50")
    assert code == 0, errors
    ran = {e["node"] for e in events if e["event"] == "node.finished"}
    assert ran == {"dense_1", "dense_2", "learner", "executor", "extract", "scorer", "writer"}


@pytest.mark.kills
def test_a_training_that_was_killed_goes_on_and_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole, broken = Job(tmp_path / "whole"), Job(tmp_path / "broken")
    wanted = ("--to", "learner", "--set", "read_training.limit=1500")
    code, expected, errors = whole.run(*wanted, epochs=3)
    assert code == 0, errors
    running = subprocess.Popen(
        [sys.executable, *broken.command(*wanted, epochs=3)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert running.stdout is not None
    finished = []
    for line in running.stdout:
        event = json.loads(line)
        if event["event"] == "node.finished":
            finished.append(event)
        if event["event"] == "node.metrics" and event["epoch"] and event["step"] >= 2:
            break
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    running.stdout.close()
    store = Store(broken.results)
    for event in finished:  # every finished result is whole
        record = store.record(event["key"])
        assert record is not None, event["node"]
        store.load(event["key"], record)
    code, events, errors = broken.run(*wanted, epochs=3)
    assert code == 0, errors
    assert {e["node"] for e in events if e["event"] == "node.stored"} == {e["node"] for e in finished}
    said = [e["message"] for e in events if e["event"] == "node.log"]
    assert any(text.startswith("The training goes on after epoch") for text in said), said
    assert same(whole.weights(expected), broken.weights(events))


@pytest.mark.parametrize(
    ("options", "node", "words"),
    [
        (["--set", "conv_1.kernel_size=[30,30]", "--set", "conv_1.padding=valid"], "conv_1", "larger than"),
        (["--set", "dense_2.units=9"], "learner", "9"),
        (["--var", "data_dir=/nowhere"], "read_training", "no file"),
        (["--set", "split.group_column=lable"], "split", "Did you mean 'label'?"),
        (["--set", "learner.epochs=0"], "learner", "whole number from 1"),
        (["--set", "read_test.labels=${data_dir}/train-labels-idx1-ubyte.gz"], "read_test", "10000 images, but 60000 labels"),
    ],
)
def test_mistakes_are_found_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], node: str, words: str
) -> None:
    code = main(Job(tmp_path).command(*options)[2:])
    told = capsys.readouterr()
    assert code == 3, told.err
    events = [json.loads(line) for line in told.out.splitlines()]
    problem = next(e for e in events if e["event"] == "problem" and e["node"] == node)
    assert problem["severity"] == "error"
    assert words in problem["message"] + problem["remedy"]
    assert problem["remedy"]


@pytest.mark.long
def test_a_loss_that_is_no_number_stops_the_training_and_says_what_to_do(tmp_path: Path) -> None:
    options = ["--set", 'learner.optimizer={"kind": "SGD", "learning_rate": 1e30}', "--to", "learner"]
    code, events, _ = Job(tmp_path).run(*options)
    assert code in (0, 1)
    said = [e for e in events if e["event"] in ("node.failed", "node.log") and e.get("level") != "info"]
    text = " ".join(e["message"] + e.get("remedy", "") for e in said)
    assert "NaN" in text
    assert "learning rate" in text
