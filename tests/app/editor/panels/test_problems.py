"""The list of problems."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.document.editing import Document
from app.document.model import NodeRecord, NodeView, View, Workflow
from app.document.problems import Problem
from app.editor.panels.problems import ProblemsList
from tests.catalog import CATALOG

NARROW = Problem("The window is larger than the image.", "Make it smaller.", node="conv", setting="kernel_size")
UNKNOWN = Problem("There is no variable 'x'.", "Add it.", node="conv", setting="filters")
CLASSES = Problem("12 outputs for 10 classes.", "Set units to 10.", node="dense", setting="units", severity="warning")
CIRCLE = Problem("Nodes feed each other in a circle.", "Remove a wire.")


@pytest.fixture
def document() -> Document:
    nodes = [NodeRecord(id="conv", type="keras.conv_2d"), NodeRecord(id="dense", type="keras.dense")]
    return Document(Workflow(nodes=nodes, view=View(nodes={"dense": NodeView(name="Ten classes")})), CATALOG)


@pytest.fixture
def panel(qtbot: QtBot, document: Document) -> ProblemsList:
    widget = ProblemsList()
    qtbot.addWidget(widget)
    widget.resize(500, 300)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def shown(panel: ProblemsList) -> list[str]:
    return [row.title for row in panel.list.rows.rows]


def test_problems_are_grouped_by_node_and_counted(panel: ProblemsList, document: Document, qtbot: QtBot) -> None:
    assert panel.summary == "no problems"
    with qtbot.waitSignal(panel.counted) as counted:
        panel.set_problems(document, [CLASSES, NARROW, CIRCLE, UNKNOWN])
    assert counted.args == [3, 1]
    assert shown(panel) == [
        "The workflow", CIRCLE.message, "Keras Convolution 2D Layer", NARROW.message, UNKNOWN.message, "Ten classes",
        CLASSES.message,
    ]  # fmt: skip
    assert panel.summary == "3 errors, 1 warning"
    assert panel.list.rows.rows[3].below == NARROW.remedy


def test_a_click_and_enter_jump(panel: ProblemsList, document: Document, qtbot: QtBot) -> None:
    panel.set_problems(document, [NARROW, CIRCLE])
    place = panel.list.visualRect(panel.list.rows.index(3)).center()
    with qtbot.waitSignal(panel.activated) as jumped:
        qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert jumped.args == ["conv", "kernel_size"]
    panel.list.select_next(-1)
    with qtbot.waitSignal(panel.activated) as jumped:
        qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert jumped.args == ["", None]


def test_what_is_selected_and_scrolled_stays(panel: ProblemsList, document: Document) -> None:
    many = [Problem(f"Problem {n}.", node="conv") for n in range(60)]
    panel.set_problems(document, many)
    panel.list.setCurrentIndex(panel.list.rows.index(40))
    panel.list.verticalScrollBar().setValue(700)
    key, scrolled = panel.list.current_key, panel.list.verticalScrollBar().value()
    panel.set_problems(document, [*many, CLASSES])
    assert panel.list.current_key == key
    assert panel.list.verticalScrollBar().value() == scrolled


def test_errors_and_warnings_can_be_left_out(panel: ProblemsList, document: Document, qtbot: QtBot) -> None:
    panel.set_problems(document, [NARROW, CLASSES])
    qtbot.mouseClick(panel._filters["error"], Qt.MouseButton.LeftButton)
    assert shown(panel) == ["Ten classes", CLASSES.message]
    qtbot.mouseClick(panel._filters["warning"], Qt.MouseButton.LeftButton)
    assert shown(panel) == []
    assert panel.errors == 1


def test_problems_are_copied_as_text(panel: ProblemsList, document: Document, qtbot: QtBot) -> None:
    panel.set_problems(document, [NARROW, CLASSES])
    qtbot.mouseClick(panel._copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text().splitlines() == [
        "error: Keras Convolution 2D Layer: The window is larger than the image. Make it smaller.",
        "warning: Ten classes: 12 outputs for 10 classes. Set units to 10.",
    ]
    panel.list.setCurrentIndex(panel.list.rows.index(3))
    qtbot.keyClick(panel.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().startswith("warning: Ten classes")


def test_without_problems_it_says_so(panel: ProblemsList, document: Document) -> None:
    panel.set_problems(document, [NARROW])
    panel.set_problems(document, [])
    assert panel._none.isVisible()
    assert panel._none.text() == "No problems."
    panel.set_problems(document, [NARROW])
    panel.clear()
    assert panel.summary == "no problems"
