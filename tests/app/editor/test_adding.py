"""Adding and taking out nodes by mouse and keys: where they go, what they begin with, what is offered first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication

from app.document.geometry import NEAR_COLUMN
from app.editor.panels.quick_add import QuickAdd
from tests.app.editor.window_support import Person, a_window


@pytest.fixture(scope="module")
def opened(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    with a_window(tmp_path_factory.mktemp("adding")) as person:
        yield person


@pytest.fixture
def person(opened: Person) -> Person:
    opened.clean()
    opened.window.commands.files.new()
    return opened


def chained(person: Person, *node_types: str) -> list[str]:
    """Nodes that were added one behind the other."""
    for node_type in node_types:
        person.window.commands.adding.add_node(node_type)
    return list(person.document.nodes)


def offered(person: Person, typed: str = "") -> list[str]:
    """The titles in the popup that adds nodes, best first."""
    popup = person.popup(QuickAdd)
    popup.field.setText(typed)
    titles = [row.title for row in popup.list.rows.rows if row.style != "heading"]
    popup.close()
    return titles


def test_nodes_that_are_chained_by_keys_stay_in_their_row_and_in_view(person: Person) -> None:
    chained(person, "keras.input")
    for _ in range(12):
        person.press("Ctrl+.")
        popup = person.popup(QuickAdd)
        person.type("dense")
        popup.list.chosen.emit("keras.dense")
    rows = {y for _, y in (person.document.view(n).position for n in person.document.nodes)}
    assert len(rows) == 1, "they do not drift"
    last = list(person.document.nodes)[-1]
    assert person.canvas.view.visible_area().contains(person.canvas.node_rect(last))
    assert len(person.document.connections) == 12


def test_every_way_of_adding_begins_with_the_starting_values(person: Person) -> None:
    expected = {"filters": 32, "kernel_size": [3, 3], "activation": "relu"}
    chained(person, "keras.conv_2d")
    person.drag_from_repository("conv2d", QPointF(400, 300))
    person.double_click_in_repository("conv2d")
    added = [record for record in person.document.nodes.values() if record.type == "keras.conv_2d"]
    assert len(added) == 3
    assert all(record.settings == expected for record in added)


def test_the_default_is_a_click_away_from_the_starting_value_and_back(person: Person) -> None:
    [node] = chained(person, "keras.conv_2d")
    person.select(node)
    row = person.row("filters")
    texts = {action.data(): action for action in row.menu().actions()}
    assert texts["\0reset"].text() == "Reset to default (1)"
    assert texts["\0start"].text() == "As in a new node (32)" and not texts["\0start"].isEnabled()
    texts["\0reset"].trigger()
    assert row.effective() == 1
    again = {action.data(): action for action in row.menu().actions()}
    again["\0start"].trigger()
    assert row.effective() == 32


def test_a_node_that_is_dropped_on_a_wire_makes_room_for_itself(person: Person) -> None:
    first, second = chained(person, "keras.input", "keras.dense")
    middle = (person.node(first) + person.node(second)) / 2
    before = person.document.view(second).position
    person.drag_from_repository("flatten", middle)
    assert len(person.document.connections) == 2
    assert person.document.view(second).position == (before[0] + NEAR_COLUMN, before[1])
    places = sorted(person.document.view(n).position for n in person.document.nodes)
    assert {round(b[0] - a[0]) for a, b in pairwise(places)} == {round(NEAR_COLUMN)}


def test_delete_joins_the_neighbours_and_with_shift_it_does_not(person: Person) -> None:
    first, second, third = chained(person, "keras.input", "keras.dropout", "keras.dense")
    for keys, joined in (("Del", [f"{first}.network>{third}.network"]), ("Shift+Del", [])):
        person.select(second)
        person.press(keys)
        assert list(person.document.connections) == joined
        person.press("Ctrl+Z")
    assert len(person.document.connections) == 2


def test_a_blank_canvas_offers_readers_and_the_input(person: Person) -> None:
    person.canvas.view.setFocus(Qt.FocusReason.OtherFocusReason)
    person.press("Ctrl+.")
    titles = offered(person)
    assert {"CSV Reader", "Image Folder Reader", "Input"} <= set(titles[:6])


def test_what_is_offered_fits_the_port_and_the_shape(person: Person) -> None:
    _, conv = chained(person, "keras.input", "keras.conv_2d")
    person.until(lambda: person.status(conv).state == "ready")
    person.select(conv)
    person.press("Ctrl+.")
    assert offered(person, "maxp")[0] == "Max Pooling 2D"


def test_the_palette_ranks_by_what_is_selected(person: Person) -> None:
    chained(person, "keras.input", "keras.dense")
    palette = person.window.commands.finding.palette
    person.press("Ctrl+P")
    palette.field.setText("learner")
    rows = [row.title for row in palette.list.rows.rows if row.trailing == "Add"]
    palette.hide()
    assert rows[0] == "Keras Network Learner"


def test_a_bypassed_node_is_left_out_and_drawn_so(person: Person) -> None:
    first, second, third = chained(person, "keras.input", "keras.max_pooling_2d", "keras.flatten")
    person.until(lambda: person.status(third).outputs.get("network", "").startswith("196"))
    person.select(second)
    person.press("Ctrl+B")
    person.until(lambda: person.status(second).state == "bypassed" and person.status(third).outputs["network"].startswith("784"))
    assert person.canvas.view.canvas_scene.tiles[second].face.is_bypassed
    panel = person.window.docks.config
    person.until(lambda: any("bypassed" in problem.message for problem in panel._presenter.problems))
    person.press("Ctrl+B")
    person.until(lambda: person.status(second).state == "ready" and person.status(third).outputs["network"].startswith("196"))
    person.select(first)
    person.press("Ctrl+B")
    person.until(lambda: person.status(second).problems)
    assert "is bypassed, and gets no network that it could pass on" in person.status(second).problems[0].message
