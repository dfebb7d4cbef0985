"""The config dialog as a person uses it: mouse and keys in, settings in the document out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.document.editing import Document
from app.document.model import Variable
from app.editor.config.column_pickers import ColumnControl, ColumnsControl
from app.editor.config.element_cards import CardsControl
from app.editor.config.nested import MaybeControl, OneOfControl
from app.editor.config.number import NumberControl, number_text, read_number
from app.editor.config.panel import ConfigPanel
from app.editor.config.paths import PathControl, PathLine, stored_path
from app.editor.config.row import SettingRow
from app.editor.config.sequences import ChipsControl, FixedControl, NamedControl
from app.editor.config.simple import ChoiceControl, ScalarControl, TextControl
from app.editor.config.variable_binding import NewVariable
from app.editor.engine.client import EngineClient
from app.engine.planner import make_plan
from nodes.base import Node
from nodes.declaration.declared import groups_of
from tests.app.editor.config.support import CATALOG, Bench, Made, choose, click, type_into, workflow_of
from tests.nodes.declaration.wrong_values import wrong_values

INPUT = ("in", "keras.input", {"shape": [28, 28, 1]})


def conv(bench: Made, **settings: Any) -> Bench:
    """A dialog for a convolution behind an input."""
    made = bench(
        workflow_of(
            INPUT,
            ("conv", "keras.conv_2d", settings),
            ("dense", "keras.dense", {}),
            wires=(("in.network", "conv.network"),),
            variables=(
                Variable(name="width", type="integer", value=5),
                Variable(name="data", type="path", value="pictures"),
                Variable(name="mode", type="text", value="same"),
            ),
        )
    )
    made.show("conv")
    return made


def control(row: SettingRow, kind: type[Any]) -> Any:
    assert isinstance(row.control, kind)
    return row.control


def key(widget: Any, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(widget, key, modifier)


# ------------------------------------------------------------------------------------------------------------- applying


def test_ten_edits_and_enter_are_one_step_that_stores_only_what_differs(bench: Made) -> None:
    dialog = conv(bench, padding="same")
    field = control(dialog.row("filters"), NumberControl).field
    for text in ("1", "12", "123", "16"):
        type_into(field, text)
    choose(control(dialog.row("activation"), ChoiceControl).combo, 1)
    choose(control(dialog.row("padding"), ChoiceControl).combo, 0)
    assert dialog.panel.has_edits
    assert dialog.document.history == ()

    with dialog.qtbot.waitSignal(dialog.panel.applied) as applied:
        key(field, Qt.Key.Key_Return)

    assert applied.args == ["conv"]
    assert len(dialog.document.history) == 1
    assert dialog.settings("conv") == {"filters": 16, "activation": "relu"}, "padding is the default again"
    assert not dialog.panel.has_edits
    dialog.document.undo()
    assert control(dialog.row("filters"), NumberControl).value() == 1
    assert control(dialog.row("padding"), ChoiceControl).value() == "same"


def test_what_was_typed_and_typed_back_is_no_edit(bench: Made) -> None:
    dialog = conv(bench, filters=8)
    field = control(dialog.row("filters"), NumberControl).field
    type_into(field, "9")
    assert dialog.panel.apply_button.isEnabled()
    type_into(field, "8")
    assert not dialog.panel.has_edits
    assert not dialog.panel.apply_button.isEnabled()


def test_escape_discards_and_closes(bench: Made) -> None:
    dialog = conv(bench, filters=8)
    field = control(dialog.row("filters"), NumberControl).field
    type_into(field, "9")
    with dialog.qtbot.waitSignal(dialog.panel.closed):
        key(field, Qt.Key.Key_Escape)
    assert field.text() == "8"
    assert dialog.document.history == ()


def test_enter_on_a_button_presses_it_and_control_enter_applies(bench: Made) -> None:
    dialog = conv(bench, filters=8)
    type_into(control(dialog.row("filters"), NumberControl).field, "9")
    dialog.panel.reset_button.setFocus()
    key(dialog.panel.reset_button, Qt.Key.Key_Return)
    assert control(dialog.row("filters"), NumberControl).value() == 1
    assert dialog.settings("conv") == {"filters": 8}
    key(dialog.panel.reset_button, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert dialog.settings("conv") == {}


def test_control_z_in_a_field_is_the_fields_own(bench: Made) -> None:
    dialog = conv(bench, filters=8)
    field = control(dialog.row("filters"), NumberControl).field
    type_into(field, "9")
    key(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert field.text() != "9"


def test_the_name_is_edited_in_place(bench: Made) -> None:
    dialog = conv(bench)
    name = dialog.panel.name_field
    assert name.text() == CATALOG["keras.conv_2d"].title
    type_into(name, "Edges")
    key(name, Qt.Key.Key_Return)
    assert dialog.document.title("conv") == "Edges"
    type_into(name, "")
    key(name, Qt.Key.Key_Return)
    assert name.text() == CATALOG["keras.conv_2d"].title
    assert dialog.document.view("conv").name == ""


# ----------------------------------------------------------------------------------------------------------- what is wrong


def test_a_wrong_value_is_marked_while_typing_and_cannot_be_applied(bench: Made) -> None:
    dialog = conv(bench)
    row = dialog.row("filters")
    for wrong in ("0", "-3", "many", "2.5", ""):
        type_into(control(row, NumberControl).field, wrong)
        assert "'Filters'" in row.problem, wrong
        assert control(row, NumberControl).field.property("invalid")
        assert not dialog.panel.apply_button.isEnabled()
        assert not dialog.panel.apply()
    assert dialog.document.history == ()
    type_into(control(row, NumberControl).field, "3")
    assert row.problem == ""
    assert dialog.panel.apply_button.isEnabled()


def test_of_a_wrong_value_inside_a_union_dialog_and_engine_say_one_clean_line(bench: Made) -> None:
    """A learning rate is a number or a schedule; pydantic complains of -1 twice, in words of its own."""
    dialog = bench(workflow_of(("learner", "networks.learner", {"optimizer": {"kind": "Adam", "learning_rate": -1}})))
    dialog.show("learner")
    line = "-1 does not do for 'Optimizer: Learning rate'. Enter a number above 0."
    assert dialog.row("optimizer.learning_rate").problem == line
    assert [row.problem for row in dialog.panel.all_rows() if row.problem] == [line]
    assert dialog.panel.outcome_text.splitlines()[0] == line
    planned = make_plan(dialog.document.workflow(), CATALOG, folder=dialog.engine.folder)
    said = [problem for problem in planned.nodes["learner"].problems if problem.setting]
    assert [(p.setting, f"{p.message} {p.remedy}") for p in said] == [("optimizer.learning_rate", line)]


def nodes_with_groups() -> dict[str, type[Node]]:
    """A node for every group of settings that there is."""
    return {group.__name__: cls for cls in CATALOG.values() for group in groups_of(cls) if group is not cls}


@pytest.mark.parametrize("node_class", {c.id: c for c in nodes_with_groups().values()}.values(), ids=lambda cls: cls.id)
def test_what_is_wrong_inside_a_setting_is_said_at_the_row_inside(node_class: type[Node], bench: Made) -> None:
    inside = [wrong for wrong in wrong_values(node_class) if sum(isinstance(part, str) for part in wrong.place) > 1]
    wrongs = {wrong.place: wrong for wrong in inside if "one" not in wrong.place}
    dialog = bench(workflow_of(*((f"n{i}", node_class.id, w.settings) for i, w in enumerate([*wrongs.values()][:6]))))
    for node_id in dialog.document.nodes:
        dialog.show(node_id)
        dialog.panel.show_advanced(True)
        planned = make_plan(dialog.document.workflow(), CATALOG, folder=dialog.engine.folder)
        for problem in planned.nodes[node_id].problems:
            if problem.setting and problem.severity == "error":
                parts = problem.setting.split(".")
                outer = dialog.panel.row(parts[0])
                if outer is None or outer.isHidden():
                    continue  # another setting says that it does not matter
                row = dialog.row(problem.setting)
                assert row.problem, problem.setting
                inside = [part for part in parts[1:] if not part.isdecimal()]
                assert row.declared.name == (inside or parts)[-1] or not inside, "it is the innermost row"


def test_what_only_configure_complains_of_can_be_applied_and_marks_field_and_tab(bench: Made) -> None:
    dialog = conv(bench)
    type_into(control(dialog.row("strides"), FixedControl).fields[0], "2")
    type_into(control(dialog.row("dilation_rate"), FixedControl).fields[0], "2")
    dialog.settle()
    assert "Keras cannot compute" in dialog.row("dilation_rate").problem
    assert "Set one of them to 1." in dialog.panel.outcome_text
    assert not dialog.panel.tab_icon("Settings").isNull()
    assert dialog.panel.tab_icon("Advanced").isNull()
    assert dialog.panel.apply()
    assert dialog.settings("conv") == {"strides": [2, 2], "dilation_rate": [2, 2]}


@pytest.mark.parametrize("wide", [False, True])
def test_a_long_message_is_read_whole(bench: Made, wide: bool) -> None:
    dialog = bench(workflow_of(("filter", "tables.column_filter", {})) if wide else workflow_of(("conv", "keras.conv_2d", {})))
    dialog.panel.resize(320, 900)
    dialog.show("filter" if wide else "conv")
    row = dialog.row("included" if wide else "filters")
    row.show_problem("There are far too many of them, " * 8)
    QApplication.processEvents()
    message = next(label for label in row.findChildren(QLabel) if label.text() == row.problem)

    assert message.height() >= message.heightForWidth(message.width()) > 3 * message.fontMetrics().height()


def test_a_long_name_goes_over_two_lines_and_is_all_seen(bench: Made) -> None:
    dialog = conv(bench)
    name = dialog.panel.name_field
    name.clearFocus()
    name.setFixedWidth(400)
    line = name.height()
    name.setFixedWidth(int(name.fontMetrics().horizontalAdvance(name.text()) * 0.8) + 20)  # room in two lines, not in one
    assert name.seen == name.text() == CATALOG["keras.conv_2d"].title
    assert name.height() == line + name.fontMetrics().lineSpacing()


def test_settings_stand_in_the_order_of_their_weight(bench: Made) -> None:
    """What a base class declares is not in the way: a learner begins with its target, and a seed comes last on its page."""
    dialog = bench(workflow_of(("turn", "keras.random_rotation", {}), ("tree", "learning.decision_tree", {})))
    for node, first in (("turn", "factor"), ("tree", "target")):
        dialog.show(node)
        page = dialog.row(first).parentWidget().layout()
        rows = [item.widget() for item in map(page.itemAt, range(page.count())) if item.widget() is not None]
        assert [row.declared.name for row in (rows[0], rows[-1])] == [first, "seed"]


def test_a_name_that_is_too_long_ends_with_an_ellipsis_until_it_is_edited(bench: Made) -> None:
    dialog = conv(bench)
    name = dialog.panel.name_field
    name.clearFocus()
    name.setFixedWidth(70)
    assert name.seen.endswith("…")
    assert name.text() == CATALOG["keras.conv_2d"].title
    name.setFocus()
    assert name.seen == name.text()
    name.clearFocus()
    name.setFixedWidth(400)
    assert name.seen == name.text()


def test_the_outcome_follows_the_typing(bench: Made) -> None:
    dialog = conv(bench, filters=4)
    assert "28 × 28 × 4" in dialog.panel.outcome_text
    type_into(control(dialog.row("filters"), NumberControl).field, "16")
    dialog.settle()
    assert "28 × 28 × 16" in dialog.panel.outcome_text
    assert "32 parameters" in dialog.panel.outcome_text, "16 weights of 1 x 1 and 16 biases"


def test_an_unknown_setting_is_kept_and_can_be_removed(bench: Made) -> None:
    dialog = conv(bench, filtres=3)
    assert "filtres" in dialog.panel.outcome_text
    type_into(control(dialog.row("filters"), NumberControl).field, "2")
    assert dialog.panel.apply()
    assert dialog.settings("conv") == {"filtres": 3, "filters": 2}
    click(dialog.panel.unknown_button)
    assert dialog.panel.apply()
    assert dialog.settings("conv") == {"filters": 2}


def test_a_choice_that_is_not_offered_any_more_stays_readable(bench: Made) -> None:
    dialog = conv(bench, activation="hyperbolic")
    row = dialog.row("activation")
    assert "hyperbolic" in control(row, ChoiceControl).combo.currentText()
    assert row.problem
    assert not dialog.panel.has_edits


# ---------------------------------------------------------------------------------------------------- from node to node


def test_valid_edits_are_applied_when_another_node_is_selected(bench: Made) -> None:
    dialog = conv(bench)
    type_into(control(dialog.row("filters"), NumberControl).field, "7")
    dialog.show("dense")
    assert dialog.settings("conv") == {"filters": 7}


def test_invalid_edits_are_kept_visibly_and_come_back(bench: Made) -> None:
    dialog = conv(bench, filters=3)
    type_into(control(dialog.row("filters"), NumberControl).field, "none at all")
    choose(control(dialog.row("padding"), ChoiceControl).combo, 1)
    dialog.show("dense")
    assert dialog.settings("conv") == {"filters": 3}
    assert dialog.panel.draft_button.isVisible()
    with dialog.qtbot.waitSignal(dialog.panel.node_requested) as wanted:
        click(dialog.panel.draft_button)
    assert wanted.args == ["d", "conv"]
    assert control(dialog.row("filters"), NumberControl).field.text() == "none at all"
    assert control(dialog.row("padding"), ChoiceControl).value() == "same"
    assert not dialog.panel.draft_button.isVisible()
    dialog.panel.discard()
    assert control(dialog.row("filters"), NumberControl).value() == 3


def test_an_edit_elsewhere_keeps_what_is_being_typed(bench: Made) -> None:
    dialog = conv(bench)
    type_into(control(dialog.row("filters"), NumberControl).field, "7")
    dialog.document.set_settings("conv", {"padding": "same"})
    assert control(dialog.row("filters"), NumberControl).field.text() == "7"
    assert control(dialog.row("padding"), ChoiceControl).value() == "same"
    dialog.panel.apply()
    assert dialog.settings("conv") == {"padding": "same", "filters": 7}


def test_a_deleted_node_leaves_an_empty_dialog(bench: Made) -> None:
    dialog = conv(bench)
    dialog.document.delete(["conv"])
    assert dialog.panel.node_id is None
    dialog.panel.focus()
    assert dialog.panel.apply()


def test_a_node_that_is_not_installed_says_so(bench: Made) -> None:
    dialog = bench(workflow_of(("x", "some.plug_in", {"a": 1})))
    dialog.panel.show_node("d", dialog.document, "x")
    assert dialog.panel.node_id is None
    assert "some.plug_in" in dialog.panel.message


# --------------------------------------------------------------------------------------------------------------- controls


def test_one_value_does_for_both_of_a_pair_until_the_second_is_typed(bench: Made) -> None:
    dialog = conv(bench)
    pair = control(dialog.row("kernel_size"), FixedControl)
    type_into(pair.fields[0], "3")
    assert pair.value() == [3, 3]
    type_into(pair.fields[1], "5")
    assert pair.value() == [3, 5]
    type_into(pair.fields[0], "2")
    assert pair.value() == [2, 5]
    pair.fields[0].selectAll()
    QApplication.clipboard().setText("4 x 6")
    pair.fields[0].paste()
    assert pair.value() == [4, 6]


def test_numbers_step_with_the_arrows_within_their_bounds(bench: Made) -> None:
    dialog = conv(bench, filters=2)
    field = control(dialog.row("filters"), NumberControl).field
    for _ in range(3):
        key(field, Qt.Key.Key_Down)
    assert field.text() == "1"
    key(field, Qt.Key.Key_PageUp)
    assert field.text() == "11"


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_a_number_that_is_shown_is_read_as_the_same(value: float) -> None:
    read = read_number(number_text(value), isinstance(value, int))
    assert read == value
    assert isinstance(read, type(value))


@given(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()), st.booleans()
)
def test_a_text_or_number_that_is_shown_is_read_as_the_same(value: Any, flags: bool) -> None:
    if isinstance(value, str) and (not value or not value.isprintable()):
        return  # a line holds one line, and an empty one is no text
    scalar = Held.scalar(flags)
    scalar.set_value(value)
    assert scalar.value() == value
    assert isinstance(scalar.value(), type(value))


class Held:
    """Controls for hypothesis, which must not be given fixtures that are made anew for each example."""

    made: ClassVar[dict[bool, ScalarControl]] = {}

    @classmethod
    def scalar(cls, flags: bool) -> ScalarControl:
        QApplication.instance() or QApplication([])
        return cls.made.setdefault(flags, ScalarControl(flags=flags, optional=True))


def test_scientific_numbers_stay_as_typed_and_a_switch_makes_none(bench: Made) -> None:
    dialog = bench(workflow_of(("learner", "networks.learner", {})))
    dialog.show("learner")
    dialog.panel.show_advanced(True)
    rate = dialog.row("optimizer.learning_rate")
    inner = control(rate, OneOfControl).value_control
    assert isinstance(inner, NumberControl)
    type_into(inner.field, "1e-4")
    decay = control(dialog.row("optimizer.weight_decay"), MaybeControl)
    click(decay.switch)
    type_into(decay.inner.field, "0.01")
    assert inner.field.text() == "1e-4"
    seed = control(dialog.row("seed"), MaybeControl)
    before = seed.value()
    click(seed.inner.dice)
    assert isinstance(seed.value(), int)
    assert seed.value() != before
    click(seed.switch)
    assert dialog.panel.apply()
    assert dialog.settings("learner") == {
        "optimizer": {"kind": "Adam", "learning_rate": 0.0001, "weight_decay": 0.01},
        "seed": None,
    }


def test_an_optimizer_with_a_schedule_is_configured_to_its_last_setting(bench: Made) -> None:
    dialog = bench(workflow_of(("learner", "networks.learner", {})))
    dialog.show("learner")
    optimizer = control(dialog.row("optimizer"), OneOfControl)
    choose(optimizer.combo, optimizer.combo.findText("SGD"))
    schedule = control(dialog.row("optimizer.learning_rate"), OneOfControl)
    choose(schedule.combo, schedule.combo.findText("CosineDecay"))
    alpha = dialog.row("optimizer.learning_rate.alpha")
    type_into(control(alpha, NumberControl).field, "2")
    assert "'Optimizer: Learning rate: Alpha'" in alpha.problem, "the innermost field is marked"
    assert dialog.row("optimizer.learning_rate").problem == ""
    type_into(control(alpha, NumberControl).field, "0.1")
    stopping = control(dialog.row("early_stopping"), MaybeControl)
    click(stopping.switch)
    type_into(control(dialog.row("early_stopping.patience"), NumberControl).field, "3")
    assert dialog.panel.apply()
    assert dialog.settings("learner") == {
        "optimizer": {"kind": "SGD", "learning_rate": {"kind": "CosineDecay", "alpha": 0.1}},
        "early_stopping": {"patience": 3},
    }


def test_metrics_are_added_moved_and_removed(bench: Made) -> None:
    dialog = bench(workflow_of(("learner", "networks.learner", {})))
    dialog.show("learner")
    metrics = control(dialog.row("targets.0.metrics"), CardsControl)
    click(metrics.add)
    chosen = metrics.cards[1].control
    assert isinstance(chosen, OneOfControl)
    choose(chosen.combo, chosen.combo.findText("AUC"))
    click(metrics.cards[1].up)
    assert [metric["kind"] for metric in metrics.value()] == ["AUC", "Accuracy"]
    click(metrics.cards[1].remove)
    assert dialog.panel.apply()
    assert dialog.settings("learner") == {"targets": [{"metrics": [{"kind": "AUC"}]}]}


def test_chips_are_typed_pasted_moved_and_removed(bench: Made) -> None:
    dialog = bench(workflow_of(("csv", "readers.csv", {"null_values": ["NA"]})))
    dialog.show("csv")
    chips = control(dialog.row("null_values"), ChipsControl)
    click(chips.add)
    QTest.keyClicks(chips.chips[-1], "-,")
    QTest.keyClicks(chips.chips[-1], "?")
    assert chips.value() == ["NA", "-", "?"]
    key(chips.chips[2], Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert chips.value() == ["NA", "?", "-"]
    type_into(chips.chips[0], "")
    key(chips.chips[0], Qt.Key.Key_Backspace)
    assert chips.value() == ["?", "-"]


def typed(control: ChipsControl | FixedControl, text: str) -> None:
    """Type as a person does: into whatever has the focus after the last key."""
    control.first().setFocus(Qt.FocusReason.TabFocusReason)
    for character in text:
        QTest.keyClicks(QApplication.focusWidget(), character)


@pytest.mark.parametrize("before", [[1], [28, 28, 1], [100, 2]])
@pytest.mark.parametrize("text", ["8x8x1", "8 × 8 × 1", "8, 8, 1", "8*8*1", "8 8 1", "8X8X1", "8,8,1"])
def test_every_way_to_write_a_shape_means_it(bench: Made, text: str, before: list[int]) -> None:
    dialog = bench(workflow_of(("input", "keras.input", {"shape": before})))
    dialog.show("input")
    chips = control(dialog.row("shape"), ChipsControl)
    typed(chips, text)
    chips.add.setFocus()
    QApplication.processEvents()
    assert chips.value() == [8, 8, 1]


@pytest.mark.parametrize(("text", "value"), [("5x3", [5, 3]), ("5 × 3", [5, 3]), ("5, 3", [5, 3]), ("5", [5, 5])])
def test_the_same_for_a_fixed_number_of_values(bench: Made, text: str, value: list[int]) -> None:
    dialog = bench(workflow_of(("conv", "keras.conv_2d", {"kernel_size": [2, 2]})))
    dialog.show("conv")
    field = control(dialog.row("kernel_size"), FixedControl)
    typed(field, text)
    assert field.value() == value
    typed(field, "5x3x1")
    assert dialog.row("kernel_size").problem, "what is not understood is refused"


def test_what_is_in_the_first_field_is_typed_over(bench: Made) -> None:
    dialog = bench(workflow_of(("conv", "keras.conv_2d", {"filters": 1})))
    dialog.show("conv")
    dialog.row("filters").focus_control()
    QTest.keyClicks(QApplication.focusWidget(), "16")
    assert dialog.panel.apply()
    assert dialog.settings("conv")["filters"] == 16


def test_values_by_name_are_added_and_a_name_that_stands_twice_is_refused(bench: Made) -> None:
    dialog = bench(workflow_of(("csv", "readers.csv", {"column_types": {"x": "Int8"}})))
    dialog.show("csv")
    row = dialog.row("column_types")
    named = control(row, NamedControl)
    click(named.add)
    type_into(named.entries[1].key, "x")
    choose(named.entries[1].control.combo, 3)
    assert "twice" in row.problem
    assert not dialog.panel.apply()
    type_into(named.entries[1].key, "y")
    assert dialog.panel.apply()
    assert dialog.settings("csv") == {"column_types": {"x": "Int8", "y": "Int32"}}


def test_settings_show_when_others_make_them_matter(bench: Made) -> None:
    dialog = bench(workflow_of(("part", "tables.partitioning", {})))
    dialog.show("part")
    size = control(dialog.row("size"), ChoiceControl)
    percent, rows = dialog.row("percent"), dialog.row("rows")
    assert not percent.isHidden()
    assert rows.isHidden()
    choose(size.combo, 1)
    assert percent.isHidden()
    assert not rows.isHidden()


def test_advanced_settings_are_shown_on_request_and_where_they_were_changed(bench: Made) -> None:
    dialog = conv(bench)
    groups = dialog.panel.row("groups")
    assert groups is not None
    assert groups.isHidden()
    dialog.panel.show_advanced(True)
    assert not groups.isHidden()
    dialog.panel.show_advanced(False)
    assert groups.isHidden()
    dialog.document.set_settings("conv", {"groups": 2})
    assert not groups.isHidden()
    dialog.document.undo()
    assert groups.isHidden()
    dialog.panel.go_to("groups")
    assert not groups.isHidden(), "asked for by name, it is shown"


def test_help_explains_the_setting_that_has_the_focus(bench: Made, qtbot: QtBot) -> None:
    dialog = conv(bench)
    dialog.panel.activateWindow()
    qtbot.waitActive(dialog.panel)
    dialog.panel.focus()
    assert "Filters" in dialog.panel.help_text
    assert "1 or more" in dialog.panel.help_text
    dialog.row("padding").focus_control()
    assert "surrounded by zeros" in dialog.panel.help_text
    assert dialog.row("padding").label.font().bold()


# ------------------------------------------------------------------------------------------------------------------ paths


def test_a_path_is_stored_relative_to_the_workflow_where_it_is_inside(tmp_path: Path) -> None:
    assert stored_path(str(tmp_path / "data" / "a.csv"), tmp_path) == "data/a.csv"
    assert stored_path("/elsewhere/a.csv", tmp_path) == "/elsewhere/a.csv"


def test_a_file_can_be_dragged_in_and_browsed_for(bench: Made, tmp_path: Path) -> None:
    dialog = bench(workflow_of(("csv", "readers.csv", {})))
    dialog.show("csv")
    path = control(dialog.row("path"), PathControl)
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "table.csv"))])
    event = QDropEvent(
        QPointF(QPoint(3, 3)), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    assert isinstance(path.line, PathLine)
    path.line.dropEvent(event)
    assert path.value() == "table.csv"
    dialog.settle()
    assert "2 columns" in dialog.panel.outcome_text
    click(path.browse)
    assert path.dialog is not None
    path.dialog.fileSelected.emit(str(tmp_path / "other.csv"))
    path.dialog.reject()
    assert path.value() == "other.csv"
    type_into(path.line, "${nowhere}/a.csv")
    assert "no variable 'nowhere'" in dialog.row("path").problem
    assert dialog.panel.apply(), "it can be stored, and the variable made later"


# --------------------------------------------------------------------------------------------------------------- variables


def entries(menu: QMenu) -> dict[str, Any]:
    return {action.text(): action for action in menu.actions() if action.text()}


def test_a_setting_is_bound_to_a_variable_of_a_fitting_type_and_unbound(bench: Made) -> None:
    dialog = conv(bench)
    row = dialog.row("filters")
    offered = entries(row.menu())
    assert [text for text in offered if "=" in text] == ["width  =  5"]
    offered["width  =  5"].trigger()
    dialog.settle()
    assert "28 × 28 × 5" in dialog.panel.outcome_text
    assert row.chip_text == "width = 5"
    assert dialog.panel.apply()
    assert dialog.settings("conv") == {"filters": {"variable": "width"}}

    dialog.document.set_variable("width", Variable(name="width", type="integer", value=6))
    dialog.settle()
    assert row.chip_text == "width = 6"
    assert "28 × 28 × 6" in dialog.panel.outcome_text
    entries(row.menu())["Unbind"].trigger()
    assert dialog.panel.apply()
    assert dialog.settings("conv") == {"filters": 5}, "the value that was there when the node was shown"


def test_a_choice_takes_a_text_variable_that_holds_one_of_its_values(bench: Made) -> None:
    dialog = conv(bench)
    assert "mode  =  same" in entries(dialog.row("padding").menu())
    assert "mode  =  same" not in entries(dialog.row("activation").menu())


def test_a_new_variable_is_made_from_a_value(bench: Made) -> None:
    dialog = conv(bench, filters=9)
    row = dialog.row("filters")
    entries(row.menu())["New variable from this value …"].trigger()
    asked = dialog.panel.findChild(NewVariable) or next(w for w in QApplication.topLevelWidgets() if isinstance(w, NewVariable))
    type_into(asked.name, "width")
    assert not asked.create_button.isEnabled(), "that name is taken"
    type_into(asked.name, "channels")
    key(asked.name, Qt.Key.Key_Return)
    assert dialog.document.variables["channels"].value == 9
    assert dialog.panel.apply()
    assert dialog.settings("conv") == {"filters": {"variable": "channels"}}


def test_reset_to_default_takes_one_setting_back(bench: Made) -> None:
    dialog = conv(bench, filters=9, padding="same")
    entries(dialog.row("filters").menu())["Reset to default (1)"].trigger()
    assert dialog.panel.apply()
    assert dialog.settings("conv") == {"padding": "same"}


# ------------------------------------------------------------------------------------------------- with the real engine


def test_column_pickers_offer_what_the_real_engine_finds_in_the_file(engine: EngineClient, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("name,size,rest\na,1,0.5\nb,2,0.25\n")
    workflow = workflow_of(
        ("csv", "readers.csv", {"path": "t.csv"}),
        ("pick", "tables.column_filter", {"included": ["size", "lost"]}),
        ("rows", "tables.row_filter", {"criteria": [{"column": "gone", "operator": "equals", "value": "a"}]}),
        wires=(("csv.table", "pick.table"), ("csv.table", "rows.table")),
    )
    document = Document(workflow, CATALOG)
    engine.open("d", document, tmp_path)
    panel = ConfigPanel(engine, CATALOG)
    qtbot.addWidget(panel)
    panel.set_document_folder(tmp_path)
    panel.show()

    panel.show_node("d", document, "pick")
    panel.go_to("included")
    row = panel.row("included")
    assert row is not None
    columns = control(row, ColumnsControl)
    qtbot.waitUntil(lambda: columns.list.count() == 4, timeout=10_000)
    shown = [columns.list.item(n) for n in range(4)]
    assert [item.text() for item in shown] == ["size", "lost", "name", "rest"], "chosen ones first, in their order"
    assert [item.font().strikeOut() for item in shown] == [False, True, False, False]
    columns.list.setCurrentRow(3)
    key(columns.list, Qt.Key.Key_Space)
    columns.list.setCurrentRow(1)
    key(columns.list, Qt.Key.Key_Space)  # away with the lost one
    columns.list.setCurrentRow(1)
    key(columns.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert panel.apply()
    assert document.nodes["pick"].settings == {"included": ["rest", "size"]}

    panel.show_node("d", document, "rows")
    panel.go_to("criteria.0.column")
    found = panel.row("criteria.0.column")
    assert found is not None
    column = control(found, ColumnControl)
    qtbot.waitUntil(lambda: column.combo.findText("rest") >= 0, timeout=10_000)
    qtbot.waitUntil(lambda: "There is no column 'gone'." in found.problem, timeout=10_000)
    choose(column.combo, column.combo.findText("name"))
    qtbot.waitUntil(lambda: found.problem == "", timeout=10_000)
    qtbot.waitUntil(lambda: "3 columns" in panel.outcome_text, timeout=10_000)


def test_an_encoding_is_chosen_from_those_offered_or_typed(bench: Made) -> None:
    made = bench(workflow_of(("read", "readers.csv", {"path": "f.csv"})))
    made.show("read")
    line = control(made.row("encoding"), TextControl)
    menu = line.menu(["utf-8", "mac_roman"])
    menu.actions()[1].trigger()
    menu.deleteLater()
    assert line.value() == "mac_roman"
    assert line.offer.isVisibleTo(line)
    type_into(line.line, "cp858")
    assert line.value() == "cp858"


def test_a_text_that_is_longer_than_allowed_is_refused(bench: Made) -> None:
    dialog = bench(workflow_of(("csv", "readers.csv", {})))
    dialog.show("csv")
    row = dialog.row("delimiter")
    type_into(control(row, TextControl).line, "long")
    assert row.problem
    assert not dialog.panel.apply()


@pytest.mark.parametrize(("node", "port"), [("networks.learner", "training"), ("networks.executor", "table")])
def test_columns_for_a_networks_inputs_are_those_of_the_nodes_first_table(
    bench: Made, tmp_path: Path, node: str, port: str
) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "other.csv").write_text("c\n1\n2\n")
    wires = [("csv.table", f"node.{port}"), ("network.network", "node.network")]
    made = bench(
        workflow_of(
            ("other", "readers.csv", {"path": "other.csv"}),
            ("csv", "readers.csv", {"path": "t.csv"}),
            ("network", "keras.input", {"shape": [1]}),
            ("node", node, {"inputs": [{"columns": ["a"]}]}),
            wires=(*([("other.table", "node.validation")] if port == "training" else []), *wires),
        )
    )
    made.show("node")
    columns = made.row("inputs").control.findChild(ColumnsControl)
    assert isinstance(columns, ColumnsControl)
    assert [columns.list.item(n).text() for n in range(columns.list.count())] == ["a", "b"]


class _Windows(QObject):
    """Notes which windows come up."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[QWidget] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.shown.append(watched)
        return False


@pytest.mark.parametrize("node_type", ["keras.input", "keras.conv_2d", "readers.csv", "tables.rule_engine", "networks.learner"])
def test_no_part_of_a_dialog_is_a_window_for_a_moment(bench: Made, node_type: str) -> None:
    """It would flash on the screen, and take the keyboard away."""
    watch = _Windows()
    application = QApplication.instance()
    assert application is not None
    application.installEventFilter(watch)
    try:
        dialog = bench(workflow_of(("node", node_type, {})))
        dialog.show("node")
        assert watch.shown == [dialog.panel]
    finally:
        application.removeEventFilter(watch)
