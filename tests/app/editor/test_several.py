"""Several nodes selected: the dialog says what they are, offers what can be done with all, and edits the settings they share."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit

from app.editor.config.several import SeveralNodes
from tests.app.editor.window_support import LEFT, Person

ENTER = Qt.Key.Key_Return
ONE, TWO, DENSE = "conv_2d_1", "conv_2d_2", "dense_1"


def layers(person: Person) -> SeveralNodes:
    """Two convolutions and a dense layer, all selected; the first convolution has 16 filters of its own."""
    person.press("Ctrl+N")
    document = person.document
    with document.step("Add"):
        for number, kind in enumerate(("keras.conv_2d", "keras.conv_2d", "keras.dense")):
            document.add_node(kind, (number * 150.0, number * 30.0))
        document.set_settings(ONE, {"filters": 16, "activation": "relu"})
        document.set_settings(TWO, {"filters": 32, "activation": "relu"})
    return select(person, ONE, TWO, DENSE)


def select(person: Person, *nodes: str) -> SeveralNodes:
    person.canvas.select(nodes)
    panel = person.window.docks.config
    person.until(lambda: not panel.is_asking)
    assert panel.several.isVisibleTo(person.window)
    return panel.several


def shown(several: SeveralNodes) -> set[str]:
    return {name for name, row in several.form.all_rows.items() if not row.isHidden()} if several.form else set()


def type_into(several: SeveralNodes, setting: str, text: str) -> None:
    assert several.form is not None
    row = several.form.all_rows[setting]
    row.focus_control()
    field = QApplication.focusWidget()
    assert several.isAncestorOf(field)
    QTest.keyClicks(field, text)


def press(several: SeveralNodes, text: str) -> None:
    found = [b for b in several.findChildren(QAbstractButton) if text in (b.text(), b.toolTip())]
    QTest.mouseClick(found[0], LEFT)


def test_it_says_what_they_are_and_shows_what_they_share(person: Person) -> None:
    several = layers(person)
    assert several._title.text() == "3 nodes"
    assert several._summary.text() == "2 × Keras Convolution 2D Layer, Keras Dense Layer"
    assert "activation" in shown(several)
    assert "filters" not in shown(several), "a dense layer has none"
    assert {"filters", "activation", "kernel_size"} <= shown(select(person, ONE, TWO))
    assert "kernel_initializer" not in shown(several)
    several.advanced.click()
    assert "kernel_initializer" in shown(several)
    several.advanced.click()
    person.canvas.select([ONE])
    assert not several.isVisible()
    assert person.window.docks.config.node_id == ONE


def test_what_is_entered_holds_for_all_and_is_one_step(person: Person) -> None:
    layers(person)
    several = select(person, ONE, TWO)
    assert several.form is not None
    filters = several.form.all_rows["filters"]
    assert filters.problem == "Different: 16, 32"
    assert filters.control is not None
    assert filters.control.findChild(QLineEdit).text() == "", "neither of the two is shown as that of both"
    assert not several.apply_button.isEnabled()
    type_into(several, "filters", "16")
    QTest.keyClick(QApplication.focusWidget(), ENTER)
    nodes = person.document.nodes
    assert [nodes[n].settings for n in (ONE, TWO)] == [{"filters": 16, "activation": "relu"}] * 2
    assert person.document.undo_label == "Set Filters of 2 nodes"
    assert filters.problem == ""
    person.document.undo()
    assert [nodes[n].settings["filters"] for n in (ONE, TWO)] == [16, 32]
    assert filters.problem == "Different: 16, 32", "an undo is followed"


def test_a_value_that_one_class_has_by_default_is_stored_where_it_is_none(person: Person) -> None:
    several = layers(person)
    assert several.form is not None
    row = several.form.all_rows["activation"]
    assert row.control is not None
    row.control.set_value("linear")
    row.control.changed.emit()
    assert several.apply()
    assert {n: person.document.nodes[n].settings.get("activation") for n in (ONE, TWO, DENSE)} == dict.fromkeys(
        (ONE, TWO, DENSE)
    ), "the default is not stored"


def test_what_is_wrong_is_said_and_not_applied(person: Person) -> None:
    layers(person)
    several = select(person, ONE, TWO)
    type_into(several, "filters", "0")
    assert several.form is not None
    assert several.form.all_rows["filters"].problem
    assert not several.apply_button.isEnabled()
    QTest.keyClick(QApplication.focusWidget(), ENTER)
    assert person.document.nodes[TWO].settings["filters"] == 32
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is person.canvas.view
    assert several.form.all_rows["filters"].problem == "Different: 16, 32"


def test_another_selection_applies_what_was_entered(person: Person) -> None:
    layers(person)
    several = select(person, ONE, TWO)
    type_into(several, "filters", "8")
    person.canvas.select([DENSE])
    assert [person.document.nodes[n].settings["filters"] for n in (ONE, TWO)] == [8, 8]
    assert not several.isVisible()


def test_they_are_aligned_connected_and_grouped_from_there(person: Person) -> None:
    several = layers(person)
    press(several, "Align top")
    assert {person.document.view(n).position[1] for n in (ONE, TWO, DENSE)} == {0.0}
    press(several, "Connect")
    assert len(person.document.connections) == 2
    press(several, "Group")
    (box,) = person.document.annotations.values()
    assert box.size[0] > 300
    person.press("Escape")
    select(person, ONE, TWO)
    distribute = next(b for b in several.findChildren(QAbstractButton) if b.toolTip() == "Distribute across")
    assert not distribute.isEnabled(), "two have one distance"


def test_f6_goes_to_the_first_shared_setting(person: Person) -> None:
    several = layers(person)
    person.canvas.setFocus()
    person.press("F6")
    assert several.isAncestorOf(QApplication.focusWidget())
    assert several.help_card.isVisible()


def test_nodes_that_share_nothing_say_so(person: Person) -> None:
    layers(person)
    count = person.document.add_node("toy.count", (0.0, 300.0))
    several = select(person, ONE, count)
    assert several.form is None
    assert several._about.text() == "They have no settings in common."
    assert not several.apply_button.isVisible()
