"""The console."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.editor.panels.console import Console, LogLine


@pytest.fixture
def console(qtbot: QtBot) -> Console:
    widget = Console(kept=1000)
    qtbot.addWidget(widget)
    widget.resize(700, 260)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def fill(console: Console, count: int, start: int = 0) -> None:
    for n in range(start, start + count):
        console.add(LogLine(f"line {n}", node="learner", title="Learner", time=1.7e9 + n))
    console.flush()


def messages(console: Console) -> list[str]:
    return [line.message for line in console._model.lines]


def test_lines_appear_by_themselves(console: Console, qtbot: QtBot) -> None:
    console.add(LogLine("first\nsecond"))
    assert messages(console) == []
    qtbot.waitUntil(lambda: messages(console) == ["first", "second"], timeout=2000)


def test_it_follows_the_end_unless_scrolled_up(console: Console) -> None:
    fill(console, 100)
    bar = console.view.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0
    fill(console, 10, 100)
    assert bar.value() == bar.maximum()
    bar.setValue(bar.maximum() // 2)
    here = bar.value()
    fill(console, 50, 110)
    assert bar.value() == here
    bar.setValue(bar.maximum())
    fill(console, 5, 160)
    assert bar.value() == bar.maximum()


def test_old_lines_go_and_what_is_read_stays_in_sight(console: Console) -> None:
    fill(console, 950)
    console.view.verticalScrollBar().setValue(600 * 21)
    top = console.view.indexAt(QPoint(5, 5)).data()
    fill(console, 100, 950)
    assert len(messages(console)) <= 1000
    assert messages(console)[-1] == "line 1049"
    assert "line 0" not in messages(console)
    assert console.view.indexAt(QPoint(5, 5)).data() == top


def test_more_lines_at_once_than_are_kept(console: Console) -> None:
    fill(console, 5000)
    kept = messages(console)
    assert kept == [f"line {n}" for n in range(5000 - len(kept), 5000)]
    assert 800 <= len(kept) <= 1000


def test_filters(console: Console, qtbot: QtBot) -> None:
    console.add(LogLine("reading", node="reader", title="IDX Reader"))
    console.add(LogLine("loss is not a number", "error", "learner", "Learner"))
    console.add(LogLine("few rows", "warning", "learner", "Learner"))
    console.add(LogLine("details", "debug", "learner", "Learner"))
    console.add(LogLine("engine ready"))
    console.flush()
    assert "details" not in messages(console)
    assert [console.nodes.itemText(n) for n in range(console.nodes.count())] == ["All nodes", "IDX Reader", "Learner"]
    console.show_node("learner")
    assert messages(console) == ["loss is not a number", "few rows"]
    console.levels.setCurrentText("Errors")
    assert messages(console) == ["loss is not a number"]
    console.levels.setCurrentText("Everything")
    console.show_node(None)
    qtbot.keyClicks(console.field, "READ")
    assert messages(console) == ["reading", "engine ready"]
    console.add(LogLine("ready again"))
    console.add(LogLine("hidden"))
    console.flush()
    assert messages(console) == ["reading", "engine ready", "ready again"]


def test_copy_and_clear(console: Console, qtbot: QtBot) -> None:
    fill(console, 3)
    qtbot.mouseClick(console._buttons["mdi6.content-copy"], Qt.MouseButton.LeftButton)
    assert len(QGuiApplication.clipboard().text().splitlines()) == 3
    console.view.setCurrentIndex(console._model.index(1))
    qtbot.keyClick(console.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().endswith("Learner: line 1")
    qtbot.mouseClick(console._buttons["mdi6.delete-sweep-outline"], Qt.MouseButton.LeftButton)
    assert messages(console) == []
    assert console.nodes.count() == 1


def test_saving_writes_what_is_shown_and_says_what_went_wrong(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    fill(console, 2)
    goal = tmp_path / "run.log"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(goal), ""))
    save = console._buttons["mdi6.content-save-outline"]
    qtbot.mouseClick(save, Qt.MouseButton.LeftButton)
    assert goal.read_text(encoding="utf-8") == console.text()
    goal = tmp_path / "missing" / "run.log"
    qtbot.mouseClick(save, Qt.MouseButton.LeftButton)
    console.flush()
    assert "cannot be written" in messages(console)[-1]


def test_a_double_click_asks_for_the_node(console: Console, qtbot: QtBot) -> None:
    fill(console, 3)
    place = console.view.visualRect(console._model.index(1)).center()
    with qtbot.waitSignal(console.node_requested) as asked:
        qtbot.mouseClick(console.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        qtbot.mouseDClick(console.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert asked.args == ["learner"]
