"""The welcome page."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.document.file import load
from app.document.model import Connection, NodeRecord, Workflow
from app.editor.look import look
from app.editor.panels.miniature import miniature
from app.editor.panels.welcome import WelcomePage
from app.shelves import shelf_color
from tests.catalog import CATALOG

EXAMPLES = Path(__file__).resolve().parents[4] / "workflows"


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    folder = tmp_path / "examples"
    folder.mkdir()
    shutil.copy(EXAMPLES / "fashion_mnist_cnn.workflow.json", folder)
    (folder / "torn.workflow.json").write_text("{", encoding="utf-8")
    return folder


@pytest.fixture
def page(qtbot: QtBot, examples: Path) -> WelcomePage:
    widget = WelcomePage(CATALOG, examples)
    qtbot.addWidget(widget)
    widget.resize(1200, 800)
    widget.show()
    qtbot.waitExposed(widget)
    qtbot.waitUntil(lambda: len(widget.cards) == 2, timeout=5000)
    return widget


def press(qtbot: QtBot, widget: object) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_the_three_ways_to_begin(page: WelcomePage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.new_requested):
        press(qtbot, page.new_button)
    with qtbot.waitSignal(page.open_requested) as asked:
        press(qtbot, page.open_button)
    assert asked.args == [None]
    with qtbot.waitSignal(page.tour_requested):
        press(qtbot, page.tour_button)


def test_examples_are_cards_that_open(page: WelcomePage, examples: Path, qtbot: QtBot) -> None:
    good, torn = page.cards
    workflow = load(good.path)
    assert good.accessibleName() == workflow.name
    assert good.accessibleDescription() == workflow.description
    with qtbot.waitSignal(page.example_requested) as asked:
        press(qtbot, good)
    assert asked.args == [examples / "fashion_mnist_cnn.workflow.json"]
    good.setFocus()
    with qtbot.waitSignal(page.example_requested):
        qtbot.keyClick(good, Qt.Key.Key_Return)
    assert not torn.isEnabled()
    assert "not JSON" in torn.accessibleDescription()


def test_recent_files_open_and_missing_ones_can_be_removed(page: WelcomePage, examples: Path, qtbot: QtBot) -> None:
    there, gone = examples / "fashion_mnist_cnn.workflow.json", examples / "gone.workflow.json"
    page.set_recent([there, gone])
    first, second = page.recent
    with qtbot.waitSignal(page.open_requested) as asked:
        press(qtbot, first)
    assert asked.args == [there]
    assert not first.remove_button.isVisible()
    with qtbot.assertNotEmitted(page.open_requested):
        press(qtbot, second)
    assert second.accessibleName() == "gone, missing"
    with qtbot.waitSignal(page.recent_removed) as removed:
        press(qtbot, second.remove_button)
    assert removed.args == [gone]


def test_cards_wrap_where_the_window_is_narrow(page: WelcomePage) -> None:
    assert page.cards[0].y() == page.cards[1].y()
    page.resize(500, 800)
    page._column.layout().activate()
    page._examples.layout().activate()
    assert page.cards[0].y() < page.cards[1].y()


def test_a_folder_without_examples_is_no_problem(qtbot: QtBot, tmp_path: Path) -> None:
    page = WelcomePage(CATALOG, tmp_path / "nowhere")
    qtbot.addWidget(page)
    page.show()
    assert not page.cards
    assert not page._examples_title.isVisible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_has_the_colours_of_the_nodes(qtbot: QtBot, scheme: str) -> None:
    before = look().preference
    look().choose(scheme)
    nodes = [NodeRecord(id="a", type="readers.idx"), NodeRecord(id="b", type="keras.dense"), NodeRecord(id="c", type="gone")]
    wires = [Connection(source="a.table", target="c.table"), Connection(source="x.y", target="c.z")]
    picture = miniature(Workflow(nodes=nodes, connections=wires), CATALOG, 200, 100, 1).toImage()
    found = {picture.pixelColor(x, y).name() for x in range(200) for y in range(100)}
    assert {shelf_color("Readers").lower(), shelf_color("Network / Layers").lower()} <= found
    assert miniature(Workflow(), CATALOG, 20, 10, 1).toImage().convertToFormat(QImage.Format.Format_ARGB32).pixel(5, 5) == 0
    look().choose(before)
