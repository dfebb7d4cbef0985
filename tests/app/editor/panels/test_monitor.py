"""The node monitor with a real engine: the right view first, friendly where there is nothing to see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.document.editing import Document
from app.document.model import Connection, NodeRecord, Workflow
from app.document.problems import Problem
from app.editor.asking import OnReply, Ticket
from app.editor.engine.client import EngineClient
from app.editor.panels.monitor import NodeMonitor
from app.editor.views.background import wait_until_idle
from app.editor.views.training_runs import TrainingHistory
from app.engine.messages.base import Question
from app.engine.messages.tells import MetricPoint, StatusesChanged
from app.engine.status import NodeStatus
from nodes.catalog import Catalog

pytestmark = pytest.mark.usefixtures("at_rest")
LONG = 30_000
CATALOG = Catalog.load()
NODES = {
    "read": ("readers.csv", {"path": "scored.csv"}),
    "split": ("tables.partitioning", {}),
    "score": ("scoring.scorer", {"actual_column": "actual", "predicted_column": "predicted"}),
    "input": ("keras.input", {"shape": [4]}),
    "dense": ("keras.dense", {"units": 3}),
    "learner": ("networks.learner", {}),
}
WIRES = [
    ("read.table", "split.table"),
    ("read.table", "score.table"),
    ("input.network", "dense.network"),
    ("dense.network", "learner.network"),
    ("split.first", "learner.training"),
]


def workflow() -> Workflow:
    nodes = [NodeRecord(id=n, type=t, settings=s) for n, (t, s) in NODES.items()]
    return Workflow(name="w", nodes=nodes, connections=[Connection(source=a, target=b) for a, b in WIRES])


@pytest.fixture
def at_rest() -> Iterator[None]:
    yield
    assert wait_until_idle()


class Bench:
    """A workflow in the engine, and a monitor that follows it as the window makes it."""

    def __init__(self, qtbot: QtBot, engine: EngineClient, folder: Path) -> None:
        (folder / "scored.csv").write_text(
            "actual,predicted\n" + "".join(f"{'ab'[n % 2]},{'ab'[(n + (n % 5 == 0)) % 2]}\n" for n in range(50))
        )
        self.qtbot, self.engine = qtbot, engine
        made = workflow()
        self.document = Document(made, CATALOG)
        self.document.subscribe(lambda change: engine.edit("w", change))
        self.statuses: dict[str, NodeStatus] = {}
        self.monitor = NodeMonitor(engine, CATALOG, TrainingHistory())
        qtbot.addWidget(self.monitor)
        self.monitor.resize(900, 330)
        self.monitor.show()
        self.node = ""
        engine.statuses.connect(self.see)
        engine.open("w", self.document, folder)
        qtbot.waitUntil(lambda: len(self.statuses) == len(NODES), timeout=LONG)

    def see(self, document: str, told: StatusesChanged) -> None:
        self.statuses |= told.nodes
        if self.node in told.nodes:
            self.monitor.status_changed(told.nodes[self.node])

    def select(self, node: str) -> None:
        self.node = node
        self.monitor.show_node("w", self.document, node, self.statuses[node])

    def run(self, *targets: str) -> None:
        self.engine.run("w", list(targets))
        self.qtbot.waitUntil(lambda: all(self.statuses[t].state in ("done", "warning") for t in targets), timeout=LONG)

    def wait_for_view(self, name: str) -> None:
        self.qtbot.waitUntil(lambda: self.monitor.current_view == name, timeout=LONG)

    def pill(self, name: str) -> QPushButton:
        return next(b for b in self.monitor.findChildren(QPushButton) if b.property("view") == name and not b.isHidden())

    def click(self, name: str) -> None:
        self.qtbot.mouseClick(self.pill(name), Qt.MouseButton.LeftButton)
        self.wait_for_view(name)


@pytest.fixture
def bench(qtbot: QtBot, engine: EngineClient, tmp_path: Path) -> Bench:
    return Bench(qtbot, engine, tmp_path)


def test_a_node_that_was_not_run_offers_to_run_and_then_shows_its_table(qtbot: QtBot, bench: Bench) -> None:
    bench.select("split")
    assert bench.monitor._empty.text == "Not run yet."
    with qtbot.waitSignal(bench.monitor.run_requested) as asked:
        qtbot.mouseClick(bench.monitor._empty.button, Qt.MouseButton.LeftButton)
    assert asked.args == ["split"]
    bench.run("split")
    bench.wait_for_view("Table")
    assert bench.monitor.offered_views == ("Table", "Statistics", "Settings & messages")
    table = bench.monitor.view("Table")
    rows = bench.monitor._summary.text().partition(" ")[0]
    qtbot.waitUntil(lambda: str(table.model.rowCount()) == rows, timeout=LONG)
    bench.monitor.choose_port("second")
    qtbot.waitUntil(lambda: table.model.rowCount() == 50 - int(rows), timeout=LONG)


def test_a_scorer_shows_its_confusion_matrix_and_the_rows_behind_it(qtbot: QtBot, bench: Bench) -> None:
    bench.run("score")
    bench.select("score")
    bench.wait_for_view("Confusion matrix")
    view = bench.monitor.view("Confusion matrix")
    qtbot.waitUntil(lambda: view.confusion is not None, timeout=LONG)
    assert sum(view.confusion.counts) == 50
    view.table.setCurrentIndex(view.table.model().index(0, 1))
    qtbot.keyClick(view.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: view.behind.shown == view.confusion.count(0, 1) > 0, timeout=LONG)


def test_a_choice_is_kept_for_nodes_of_the_same_type_only(bench: Bench) -> None:
    bench.run("score", "split")
    bench.select("score")
    bench.wait_for_view("Confusion matrix")
    bench.click("Table")
    bench.select("split")
    bench.wait_for_view("Table")
    bench.select("score")
    bench.wait_for_view("Table")
    bench.monitor.resize(560, 300)  # narrow: the views are below the title
    bench.qtbot.waitUntil(lambda: bench.pill("Table").mapTo(bench.monitor, QPoint()).y() > 30)


def test_a_network_shows_its_architecture_its_settings_and_whether_they_are_those_of_now(qtbot: QtBot, bench: Bench) -> None:
    bench.run("dense")
    bench.select("dense")
    bench.wait_for_view("Network")
    qtbot.waitUntil(lambda: len(bench.monitor.view("Network").architecture.boxes) == 2, timeout=LONG)
    bench.click("Settings & messages")
    page = bench.monitor.view("Settings & messages")
    qtbot.waitUntil(lambda: "Took" in page.toPlainText(), timeout=LONG)
    assert "Units" in page.toPlainText()
    assert "15 parameters" in page.toPlainText()
    assert bench.monitor._banner.isHidden()
    bench.document.set_settings("dense", {"units": 5})
    qtbot.waitUntil(bench.monitor._banner.isVisible, timeout=LONG)
    with qtbot.waitSignal(bench.monitor.run_requested):
        qtbot.mouseClick(bench.monitor._banner._button, Qt.MouseButton.LeftButton)
    bench.run("dense")
    qtbot.waitUntil(bench.monitor._banner.isHidden, timeout=LONG)
    qtbot.waitUntil(lambda: "25 parameters" in page.toPlainText(), timeout=LONG)


# ------------------------------------------------------------------------------------------------- where nothing was run


class Nobody:
    """Nobody answers: what is to be seen then comes from the node's status alone."""

    def ask(self, question: Question[Any], on_reply: OnReply[Any]) -> Ticket:
        return Ticket(on_reply)


@pytest.fixture
def alone(qtbot: QtBot) -> NodeMonitor:
    monitor = NodeMonitor(Nobody(), CATALOG, TrainingHistory())
    qtbot.addWidget(monitor)
    monitor.resize(900, 330)
    monitor.show()
    return monitor


def test_a_training_is_shown_while_it_goes_on(qtbot: QtBot, alone: NodeMonitor) -> None:
    alone.show_node("w", Document(workflow(), CATALOG), "learner", NodeStatus("running"))
    assert "is running" in alone._empty.text
    alone._trainings.add("w", "learner", [MetricPoint(step=1, epoch=True, values={"loss": 0.5, "epochs": 4})], "Learner")
    assert alone.current_view == "Learning"
    page = alone.view("Learning")
    qtbot.waitUntil(lambda: page.view.chart.image is not None, timeout=LONG)
    with qtbot.waitSignal(alone.stop_requested) as asked:
        qtbot.mouseClick(page.view._stop, Qt.MouseButton.LeftButton)
    assert asked.args == ["w", "learner"]


def test_what_keeps_a_node_from_running_is_said_with_its_remedy(alone: NodeMonitor) -> None:
    document = Document(workflow(), CATALOG)
    wrong = NodeStatus("not configured", (Problem("The column is missing.", "Choose another one."),))
    alone.show_node("w", document, "score", wrong)
    assert alone._empty.text == "The column is missing."
    assert alone._empty._remedy.text() == "Choose another one."
    assert alone._empty.button.isHidden()
    alone.show_node("w", document, "score", NodeStatus("failed", (Problem("It broke.", "Mend it."),)))
    assert alone._empty.text == "It broke."
    assert not alone._empty.button.isHidden()


def test_without_a_node_it_says_what_to_do(alone: NodeMonitor) -> None:
    alone.show_node("w", Document(workflow(), CATALOG), None)
    assert "Select a node" in alone._empty.text
    assert alone.current_view == ""
