"""Watching a network learn: curves, counters, reading values off, comparing runs, stopping."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.editor.views.learning_view import LearningView
from app.editor.views.training_runs import TrainingHistory
from nodes.values.figure import LinesFigure
from tests.app.editor.views.test_training_runs import batch, epoch

pytestmark = pytest.mark.usefixtures("light", "at_rest")


@pytest.fixture
def view(qtbot: QtBot) -> LearningView:
    made = LearningView()
    qtbot.addWidget(made)
    made.resize(760, 300)
    made.show()
    return made


def train(view: LearningView, epochs: int = 3, title: str = "Learner") -> None:
    view.start("learner_1", title, 5)
    for n in range(1, epochs + 1):
        view.add([batch(n - 0.5, loss=1 / n, accuracy=0.5)])
        view.add([epoch(n, loss=1 / n, accuracy=0.6 + n / 100, val_loss=1.5 / n, val_accuracy=0.55)])


def settle(qtbot: QtBot, view: LearningView) -> LinesFigure:
    """Wait until what is to be seen is drawn; its figure."""

    def is_drawn() -> bool:
        wanted, drawn = view._request(), view.chart._drawn
        return drawn is not None and wanted is not None and drawn.request == wanted and not view._due.isActive()

    qtbot.waitUntil(is_drawn, timeout=20_000)
    assert view.chart._drawn is not None
    figure = view.chart._drawn.request.figure
    assert isinstance(figure, LinesFigure)
    return figure


def texts(view: LearningView) -> list[str]:
    return [label.text() for label in view.findChildren(QLabel) if not label.isHidden() and label.text()]


def test_points_become_curves_and_counters(qtbot: QtBot, view: LearningView) -> None:
    train(view)
    figure = settle(qtbot, view)
    assert [line.group for line in figure.lines if line.dashed] == ["loss", "accuracy"]
    assert view.chart.image is not None
    assert {"epoch 4 / 5", "0.333", "loss", "val. loss", "0.500", "2.0 s", "an epoch", "0.01", "learning rate"} <= set(
        texts(view)
    )


def test_new_points_are_drawn_as_they_come(qtbot: QtBot, view: LearningView) -> None:
    train(view)
    before = settle(qtbot, view)
    view.add([epoch(4, loss=0.1, accuracy=0.9)])
    assert settle(qtbot, view).lines != before.lines


def test_many_points_are_drawn_a_few_times_only(qtbot: QtBot, view: LearningView) -> None:
    drawn: list[object] = []
    view._renderer.drawn.connect(drawn.append)
    view.start("n", "L", 5)
    for n in range(400):
        view.add([batch(n / 100, loss=1.0 + n)])
        if n % 100 == 0:
            qtbot.wait(5)
    settle(qtbot, view)
    assert 1 <= len(drawn) <= 5


def test_stop_here_and_keep_is_asked_for_once(qtbot: QtBot, view: LearningView) -> None:
    train(view)
    with qtbot.waitSignal(view.stop_requested) as asked:
        qtbot.mouseClick(view._stop, Qt.MouseButton.LeftButton)
    assert asked.args == ["", "learner_1"]
    assert not view._stop.isEnabled()
    view.finish("done")
    assert view._stop.isHidden()
    assert "epoch 3 / 5" in texts(view)


def test_the_options_change_the_drawing(qtbot: QtBot, view: LearningView) -> None:
    train(view)
    settle(qtbot, view)
    menu = view._tune_menu
    menu.log.click()
    assert settle(qtbot, view).log
    menu.per_batch.click()
    assert "faint" not in {line.style for line in settle(qtbot, view).lines}
    menu.smoothing.setValue(80)
    assert "faint" in {line.style for line in settle(qtbot, view).lines}
    menu._boxes["loss"].click()
    assert {line.group for line in settle(qtbot, view).lines} == {"accuracy"}


def test_a_narrow_view_draws_the_metric_only(qtbot: QtBot, view: LearningView) -> None:
    train(view)
    view.resize(420, 260)
    assert {line.group for line in settle(qtbot, view).lines} == {"accuracy"}


def test_the_mouse_reads_values_off(qtbot: QtBot, view: LearningView) -> None:
    train(view)
    settle(qtbot, view)
    assert view.chart._drawn is not None
    panel = view.chart._drawn.panels[0]
    left, top, right, bottom = panel.box
    share = (2.1 - panel.x[0]) / (panel.x[1] - panel.x[0])
    place = QPoint(int((left + share * (right - left)) * view.chart.width()), int((top + bottom) / 2 * view.chart.height()))
    before = view.chart.grab().toImage()
    qtbot.mouseMove(view.chart, place)
    qtbot.waitUntil(lambda: view.chart.reading() == "epoch 2, training 0.5, validation 0.75")
    assert view.chart.grab().toImage() != before


def test_the_arrow_keys_read_values_off(qtbot: QtBot, view: LearningView) -> None:
    train(view)
    settle(qtbot, view)
    view.chart.setFocus()
    qtbot.keyClick(view.chart, Qt.Key.Key_Right)
    assert view.chart.accessibleDescription() == "epoch 1, training 1, validation 1.5"
    qtbot.keyClick(view.chart, Qt.Key.Key_Right)
    qtbot.keyClick(view.chart, Qt.Key.Key_Down)
    assert view.chart.accessibleDescription() == "epoch 2, training 0.62, validation 0.55"
    qtbot.keyClick(view.chart, Qt.Key.Key_Escape)
    assert view.chart.reading() == ""


def test_runs_are_laid_over_each_other(qtbot: QtBot, view: LearningView) -> None:
    train(view, title="First")
    view.finish("done")
    train(view, title="Second")
    qtbot.mouseClick(view._compare, Qt.MouseButton.LeftButton)
    rows = {view._list.item(n).text().partition("\n")[0]: view._list.item(n) for n in range(view._list.count())}
    assert set(rows) == {"First", "Second"}
    rows["First"].setCheckState(Qt.CheckState.Checked)
    names = {line.name for line in settle(qtbot, view).lines if line.style != "faint"}
    assert names == {"Second", "val. Second", "First", "val. First"}
    qtbot.mouseClick(view._compare, Qt.MouseButton.LeftButton)
    assert [run.title for run in view.shown] == ["Second"]


def test_a_stored_history_is_shown(qtbot: QtBot, view: LearningView) -> None:
    columns: dict[str, list[Any]] = {"epoch": [1, 2], "loss": [0.5, 0.4], "val_loss": [0.6, None], "seconds": [1.0, 2.0]}
    view.show_history("Old", columns)
    figure = settle(qtbot, view)
    assert [(line.name, list(line.y)) for line in figure.lines] == [("training", [0.5, 0.4]), ("validation", [0.6])]
    assert view._stop.isHidden()


def test_two_views_of_the_same_trainings_show_the_same(qtbot: QtBot) -> None:
    trainings = TrainingHistory()
    views = [LearningView(trainings) for _ in range(2)]
    for view in views:
        qtbot.addWidget(view)
        view.resize(700, 260)
        view.show()
    run = trainings.add("doc", "n", [epoch(1, loss=1.0)], "L")
    for view in views:
        view.show_run(run)
    trainings.add("doc", "n", [epoch(2, loss=0.5)])
    assert settle(qtbot, views[0]) == settle(qtbot, views[1])


def test_without_a_run_it_says_what_to_do(qtbot: QtBot, view: LearningView) -> None:
    qtbot.waitUntil(lambda: "Run a Learner" in view.chart.message)
