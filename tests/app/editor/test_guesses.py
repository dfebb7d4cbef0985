"""What is left empty is found where only one thing can be meant, and the dialog says what is taken; what is not there, why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from app.document.placing import place_new
from tests.app.editor.window_support import Person, a_window

NODES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("readers.sample_data", {}),
    ("keras.input", {"shape": [8, 8, 1]}),
    ("keras.flatten", {}),
    ("keras.dense", {"units": 10, "activation": "softmax"}),
    ("networks.learner", {}),
    ("networks.executor", {}),
    ("scoring.class_extractor", {}),
    ("tables.shuffle", {}),
    ("scoring.scorer", {}),
)
WIRES = (
    "input_1.network>flatten_1.network",
    "flatten_1.network>dense_1.network",
    "dense_1.network>learner_1.network",
    "sample_data_1.table>learner_1.training",
    "learner_1.network>executor_1.network",
    "sample_data_1.table>executor_1.table",
    "executor_1.table>class_extractor_1.table",
    "class_extractor_1.table>shuffle_1.table",
    "shuffle_1.table>scorer_1.table",
)


@pytest.fixture(scope="module")
def opened(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    with a_window(tmp_path_factory.mktemp("guesses")) as person:
        yield person


@pytest.fixture
def person(opened: Person) -> Person:
    """Before a classifier whose nodes were added, wired, and not configured."""
    opened.clean()
    opened.window.commands.files.new()
    document = opened.document
    with document.step("Make"):
        for number, (node_type, settings) in enumerate(NODES):
            place_new(document, node_type, (130.0 * number, 0.0), settings)
        for wire in WIRES:
            document.connect(*wire.split(">"))
    return opened


def guessed(person: Person, node: str, setting: str) -> str:
    """What the dialog says is taken for a setting."""
    person.select(node)
    panel = person.window.docks.config
    person.until(lambda: panel.row(setting) is not None and panel.row(setting).guessed)
    row = panel.row(setting)
    row.reveal()
    assert not row._guess.isHidden() and row._guess.text() == f"auto: {row.guessed}"
    return str(row.guessed)


def test_new_nodes_that_are_wired_are_ready_without_a_choice_of_columns(person: Person) -> None:
    person.until(lambda: set(person.states().values()) == {"ready"}, 60)


def test_the_dialog_says_which_columns_will_be_used(person: Person) -> None:
    assert guessed(person, "learner_1", "inputs") == "image → input_1"
    assert guessed(person, "executor_1", "inputs") == "image → input_1"
    assert guessed(person, "scorer_1", "actual_column") == "digit"
    assert guessed(person, "scorer_1", "predicted_column") == "prediction"
    assert guessed(person, "class_extractor_1", "columns").startswith("dense_1")


def test_a_column_that_a_node_far_above_leaves_out_is_said_to_be_left_out_there(person: Person) -> None:
    document = person.document
    document.set_settings("executor_1", {})  # as an older file has it
    person.until(lambda: any(p.severity == "error" for p in person.status("scorer_1").problems), 60)
    [problem] = [p for p in person.status("scorer_1").problems if p.severity == "error"]
    assert "Keras Network Executor, 3 nodes above, leaves 'digit' out: 'Keep input columns' is off." in problem.message
    assert problem.remedy == "Switch 'Keep input columns' on there."
