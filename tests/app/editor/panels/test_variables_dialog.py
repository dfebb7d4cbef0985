"""Name, description and variables of a workflow, edited through the document."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.document.editing import Document
from app.document.model import NodeRecord, Variable, Workflow
from app.editor.panels.variables_dialog import BASE, DESCRIPTION, NAME, TYPE, USED, VALUE, VariablesDialog, typed
from tests.catalog import CATALOG


@pytest.fixture
def document() -> Document:
    nodes = [
        NodeRecord(id="learner", type="networks.learner", settings={"epochs": {"variable": "epochs"}}),
        NodeRecord(id="reader", type="readers.csv", settings={"path": "${folder}/a.csv", "x": ["$${epochs}"]}),
    ]
    variables = [Variable(name="epochs", type="integer", value=12), Variable(name="folder", type="path", value="data")]
    return Document(Workflow(name="Old", nodes=nodes, variables=variables), CATALOG)


@pytest.fixture
def dialog(qtbot: QtBot, document: Document) -> VariablesDialog:
    widget = VariablesDialog(document)
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    yield widget
    widget.close()


def cell(dialog: VariablesDialog, row: int, column: int) -> str:
    item = dialog.table.item(row, column)
    assert item is not None
    return item.text()


def open_editor(dialog: VariablesDialog, kind: type[QWidget]) -> Any:
    """The cell's editor; those that were closed are deleted later."""
    return next(editor for editor in dialog.table.viewport().findChildren(kind) if editor.isVisible())


def type_into(qtbot: QtBot, dialog: VariablesDialog, row: int, column: int, text: str) -> None:
    table = dialog.table
    place = table.visualRect(table.model().index(row, column)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    editor = open_editor(dialog, QLineEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, text)
    finish(qtbot, editor)


def finish(qtbot: QtBot, editor: QLineEdit) -> None:
    """Enter; Qt ends the edit when the key press is through."""
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.wait(1)


def test_it_shows_what_the_document_has(dialog: VariablesDialog) -> None:
    assert [cell(dialog, 0, c) for c in range(6)] == ["epochs", "integer", "12", "", "", "Keras Network Learner: epochs"]
    assert [cell(dialog, 1, c) for c in (NAME, BASE, USED)] == ["folder", "workflow file", "CSV Reader: path"]


def test_name_and_description_of_the_workflow(dialog: VariablesDialog, document: Document, qtbot: QtBot) -> None:
    dialog.name.selectAll()
    qtbot.keyClicks(dialog.name, "Fashion")
    qtbot.keyClicks(dialog.description, "Ten classes.")
    assert (document.properties["name"], document.properties["description"]) == ("Fashion", "Ten classes.")
    document.undo()
    assert dialog.description.toPlainText() == ""
    document.undo()
    assert dialog.name.text() == "Old"


def test_a_value_is_stored_with_its_type_and_undone(dialog: VariablesDialog, document: Document, qtbot: QtBot) -> None:
    type_into(qtbot, dialog, 0, VALUE, "3")
    assert document.variables["epochs"].value == 3
    document.undo()
    assert cell(dialog, 0, VALUE) == "12"


def test_what_cannot_be_is_refused_with_a_reason(dialog: VariablesDialog, document: Document, qtbot: QtBot) -> None:
    type_into(qtbot, dialog, 0, VALUE, "many")
    assert "'many' is not a whole number" in dialog.message.text()
    assert cell(dialog, 0, VALUE) == "12"
    type_into(qtbot, dialog, 0, NAME, "2 x")
    assert "cannot be a name" in dialog.message.text()
    type_into(qtbot, dialog, 0, NAME, "folder")
    assert "already" in dialog.message.text()
    assert list(document.variables) == ["epochs", "folder"]
    assert document.undo_label is None


def test_renaming_takes_the_settings_along(dialog: VariablesDialog, document: Document, qtbot: QtBot) -> None:
    type_into(qtbot, dialog, 1, NAME, "data_dir")
    assert document.nodes["reader"].settings["path"] == "${data_dir}/a.csv"
    assert "data_dir" in [cell(dialog, row, NAME) for row in range(2)]
    document.undo()
    assert document.nodes["reader"].settings["path"] == "${folder}/a.csv"


def choose(qtbot: QtBot, dialog: VariablesDialog, row: int, column: int, text: str) -> None:
    dialog.table.setCurrentCell(row, column)
    dialog.table.edit(dialog.table.model().index(row, column))
    box = open_editor(dialog, QComboBox)
    box.showPopup()
    view = box.view()
    index = box.model().index(box.findText(text), 0)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())
    qtbot.wait(1)


def test_a_type_is_chosen_and_the_value_follows(dialog: VariablesDialog, document: Document, qtbot: QtBot) -> None:
    choose(qtbot, dialog, 0, TYPE, "number")
    assert document.variables["epochs"].type == "number"
    assert document.variables["epochs"].value == 12.0
    choose(qtbot, dialog, 0, TYPE, "boolean")
    assert document.variables["epochs"].value is False


def test_what_a_path_is_relative_to_is_chosen(dialog: VariablesDialog, document: Document, qtbot: QtBot) -> None:
    choose(qtbot, dialog, 1, BASE, "start folder")
    assert document.variables["folder"].relative_to == "start"
    assert not dialog.table.item(0, BASE).flags() & Qt.ItemFlag.ItemIsEditable


def test_adding_and_removing(dialog: VariablesDialog, document: Document, qtbot: QtBot) -> None:
    qtbot.mouseClick(dialog.add_button, Qt.MouseButton.LeftButton)
    assert list(document.variables) == ["epochs", "folder", "variable_1"]
    editor = open_editor(dialog, QLineEdit)
    qtbot.keyClicks(editor, "rate")
    finish(qtbot, editor)
    assert "rate" in document.variables
    type_into(qtbot, dialog, 2, DESCRIPTION, "How fast.")
    assert document.variables["rate"].description == "How fast."
    dialog.table.selectRow(0)
    qtbot.mouseClick(dialog.remove_button, Qt.MouseButton.LeftButton)
    assert "epochs" not in document.variables
    assert "still used by Keras Network Learner: epochs" in dialog.message.text()


def test_a_closed_dialog_listens_no_more(dialog: VariablesDialog, document: Document) -> None:
    dialog.close()
    assert document._listeners == []


@pytest.mark.parametrize(("text", "kind", "value"), [(" 3 ", "integer", 3), ("1e-3", "number", 0.001), ("Yes", "boolean", True)])
def test_texts_become_values(text: str, kind: str, value: object) -> None:
    assert typed(text, kind) == value
