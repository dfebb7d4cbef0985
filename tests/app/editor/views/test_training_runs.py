"""The points of trainings: kept, thinned, smoothed, laid over each other, and remembered over sessions."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from app.editor.views.background import wait_until_idle
from app.editor.views.learning_view import counters
from app.editor.views.training_runs import (
    DRAWN_POINTS,
    MOST_POINTS,
    CurveOptions,
    TrainingHistory,
    TrainingRun,
    curves,
    smoothed,
    thinned,
)
from app.engine.messages.tells import MetricPoint

numbers = st.floats(-1e6, 1e6)


def batch(step: float, **values: float) -> MetricPoint:
    return MetricPoint(step=step, values={**values, "epochs": 5})


def epoch(step: int, **values: float) -> MetricPoint:
    return MetricPoint(step=step, epoch=True, values={**values, "learning_rate": 0.01, "seconds": 2.0, "epochs": 5})


def trained(title: str = "Learner", epochs: int = 3) -> TrainingRun:
    run = TrainingRun(title)
    for n in range(1, epochs + 1):
        for part in range(1, 10):
            run.add(batch(n - 1 + part / 10, loss=1 / (n + part / 10), accuracy=0.5))
        run.add(epoch(n, loss=1 / n, accuracy=0.6, val_loss=1.5 / n, val_accuracy=0.55))
    return run


def test_a_run_knows_its_quantities_epochs_and_newest_values() -> None:
    run = trained()
    run.add(batch(3.5, loss=0.2, accuracy=0.7))
    assert run.quantities == ["loss", "accuracy"]
    assert (run.epoch, run.epochs, run.position) == (3, 5, 3.5)
    assert run.latest("loss") == 0.2
    assert run.of_last_epoch("val_loss") == 0.5


def test_an_epoch_that_is_told_again_takes_the_place_of_the_first() -> None:
    run = trained()
    run.add(epoch(2, loss=9.0))
    assert [row["epoch"] for row in run.rows] == [1, 2]
    assert run.rows[-1]["loss"] == 9.0


def test_the_counters_are_those_of_the_drawing() -> None:
    assert counters(trained()) == [
        ("loss", "0.333"),
        ("val. loss", "0.500"),
        ("val. accuracy", "0.550"),
        ("an epoch", "2.0 s"),
        ("learning rate", "0.01"),
    ]


def test_memory_stays_within_bounds_however_long_the_training() -> None:
    run = TrainingRun("long")
    for n in range(3 * MOST_POINTS):
        run.add(batch(n / 100, loss=float(n)))
    xs, ys = run.batches["loss"]
    assert len(xs) == len(ys) <= MOST_POINTS
    assert (xs[0], xs[-1]) == (0.0, (3 * MOST_POINTS - 1) / 100)
    assert xs == sorted(xs)


@given(st.lists(numbers, max_size=3000))
def test_thinning_keeps_the_peaks_the_end_and_the_order(values: list[float]) -> None:
    xs, ys = thinned([float(n) for n in range(len(values))], values, most=100)
    assert xs == sorted(xs)
    assert len(xs) <= max(103, min(len(values), 100))
    if values:
        assert (min(ys), max(ys), ys[-1]) == (min(values), max(values), values[-1])


@given(st.lists(numbers, min_size=1, max_size=50), st.floats(0, 0.99))
def test_smoothing_stays_between_the_extremes_and_leaves_constants_alone(values: list[float], weight: float) -> None:
    made = smoothed(values, weight)
    slack = 1e-6 * (1 + max(map(abs, values)))
    assert len(made) == len(values)
    assert min(values) - slack <= min(made)
    assert max(made) <= max(values) + slack
    assert all(math.isclose(v, 2.5) for v in smoothed([2.5] * len(values), weight))


def test_curves_of_one_run_a_panel_per_quantity() -> None:
    figure = curves([trained()], CurveOptions())
    assert list(dict.fromkeys(line.group for line in figure.lines)) == ["loss", "accuracy"]
    loss = [(line.name, line.style, line.dashed, line.hue) for line in figure.lines if line.group == "loss"]
    assert loss == [("training", "faint", False, 0), ("training", "points", False, 0), ("validation", "points", True, 0)]
    assert figure.x_range == (0.0, 5.0)


def test_before_the_first_epoch_ends_its_batches_are_the_curve() -> None:
    run = TrainingRun("new")
    run.add(batch(0.1, loss=3.0))
    run.add(batch(0.2, loss=2.0))
    (line,) = curves([run], CurveOptions(per_batch=False)).lines
    assert (line.style, list(line.y)) == ("line", [3.0, 2.0])


def test_runs_over_each_other_have_names_and_colours_of_their_own() -> None:
    figure = curves([trained("A"), trained("B", 5)], CurveOptions(quantities=("loss",), per_batch=False))
    assert [(line.name, line.hue) for line in figure.lines] == [("A", 0), ("val. A", 0), ("B", 1), ("val. B", 1)]


def test_smoothing_keeps_the_true_values_faintly() -> None:
    lines = curves([trained(epochs=5)], CurveOptions(("loss",), smoothing=0.9, per_batch=False)).lines
    assert [line.style for line in lines] == ["faint", "points", "faint", "points"]
    assert list(lines[0].y) != list(lines[1].y)


def test_a_long_line_is_drawn_with_no_more_points_than_can_be_told_apart() -> None:
    run = TrainingRun("long", rows=[{"epoch": 1.0, "loss": 1.0}])
    for n in range(5000):
        run.add(batch(n / 5000, loss=math.sin(n)))
    assert max(len(line.x) for line in curves([run], CurveOptions()).lines) <= DRAWN_POINTS + 3


def test_a_finished_run_is_remembered_by_the_next_session(qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "data" / "runs.json"
    trainings = TrainingHistory(file)
    trainings.add("doc", "learner", [epoch(1, loss=0.5), batch(1.5, loss=0.4)], "Mine")
    trainings.end("doc", "learner", "done")
    assert wait_until_idle()
    later = TrainingHistory(file)
    with qtbot.waitSignal(later.listed):
        pass
    (run,) = later.runs
    assert (run.title, run.status, run.rows[0]["loss"], run.batches) == ("Mine", "done", 0.5, {})


@pytest.mark.parametrize("content", ["", "{", '{"runs": [1]}', '{"runs": [{"title": "x"}]}', "[]"])
def test_a_damaged_file_of_runs_is_no_obstacle(qtbot: QtBot, tmp_path: Path, content: str) -> None:
    file = tmp_path / "runs.json"
    file.write_text(content)
    trainings = TrainingHistory(file)
    with qtbot.waitSignal(trainings.listed):
        pass
    assert trainings.runs == []
    trainings.add("doc", "n", [epoch(1, loss=1.0)])
    trainings.end("doc", "n", "done")
    assert wait_until_idle()
    assert '"loss": 1.0' in file.read_text()


def test_points_after_the_end_begin_a_new_run(qtbot: QtBot) -> None:
    trainings = TrainingHistory()
    first = trainings.add("doc", "n", [epoch(1, loss=1.0)], "A")
    trainings.end("doc", "n", "done")
    second = trainings.add("doc", "n", [epoch(1, loss=2.0)], "A")
    assert first is not second
    assert trainings.latest("doc", "n") is second
    assert [run.live for run in trainings.runs] == [True, False]


def test_a_run_without_a_point_leaves_nothing(qtbot: QtBot) -> None:
    trainings = TrainingHistory()
    trainings.begin("doc", "n", "A")
    trainings.end("doc", "n", "failed")
    assert trainings.runs == []
