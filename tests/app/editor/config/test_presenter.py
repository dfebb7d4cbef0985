"""What the config dialog does, without a widget: drafts, checking, applying, and what the engine says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.document.editing import Document
from app.document.model import NodeRecord, Variable, Workflow
from app.document.problems import Problem
from app.editor.asking import OnReply, Ticket
from app.editor.config.draft import SettingsDraft
from app.editor.config.presenter import ConfigPresenter
from app.engine.messages.base import Question
from app.engine.messages.questions import PreviewAnswer, PreviewQuestion, SpecOutline
from app.engine.planner import make_plan
from app.engine.trust import Trust
from nodes.base import Node
from nodes.declaration.declared import MISSING
from tests.catalog import CATALOG
from tests.nodes.declaration.wrong_values import wrong_values
from tests.sampling import mostly_exhaustive


class Shown:
    """A dialog that shows nothing, and remembers what it was to show."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def show_form(self) -> None:
        self.said.append("form")

    def show_message(self, text: str, more: str) -> None:
        self.said.append(text)

    def fill(self) -> None:
        self.said.append("fill")

    def mark(self) -> None:
        pass

    def show_title(self) -> None:
        self.said.append("title")

    def show_waiting(self) -> None:
        pass

    def context_changed(self) -> None:
        self.said.append("context")

    def ask_later(self, typing: bool) -> None:
        self.said.append("ask after a pause" if typing else "ask")

    def tell_applied(self, node_id: str) -> None:
        self.said.append(("applied", node_id))

    def tell_scripts_typed(self, node_class: type[Node], before: Mapping[str, Any], scripts: Mapping[str, str]) -> None:
        self.said.append(("scripts", dict(scripts)))


class Engine:
    """Is asked, and answers when the test says so."""

    def __init__(self) -> None:
        self.asked: list[Question[Any]] = []
        self.ticket = Ticket(lambda _: None)

    def ask(self, question: Question[Any], on_reply: OnReply[Any]) -> Ticket:
        self.asked.append(question)
        self.ticket = Ticket(on_reply)
        return self.ticket


class Dialog:
    """A presenter before a document, and the values that a person enters."""

    def __init__(self, *nodes: tuple[str, str, dict[str, Any]], variables: tuple[Variable, ...] = ()) -> None:
        records = [NodeRecord(id=i, type=t, type_version=CATALOG[t].version, settings=s) for i, t, s in nodes]
        self.document = Document(Workflow(nodes=records, variables=list(variables)), CATALOG)
        self.view, self.engine = Shown(), Engine()
        self.presenter = ConfigPresenter(self.engine, CATALOG, self.view)
        self.show(nodes[0][0])

    def show(self, node_id: str) -> None:
        self.presenter.show_node("d", self.document, node_id)

    @property
    def draft(self) -> SettingsDraft:
        assert self.presenter.draft is not None
        return self.presenter.draft

    def enter(self, **values: Any) -> None:
        for name, value in values.items():
            self.draft.settings[name].enter(value)
            self.presenter.edited()

    def stored(self, node_id: str) -> dict[str, Any]:
        return dict(self.document.nodes[node_id].settings)

    def lines(self) -> list[str]:
        return [f"{p.setting}: {p.message} {p.remedy}" for p in self.presenter.problems]


CONV = ("conv", "keras.conv_2d", {"filters": 8, "padding": "same"})
DENSE = ("dense", "keras.dense", {})


def test_entering_is_no_edit_of_the_document_before_it_is_applied_as_one_step() -> None:
    dialog = Dialog(CONV)
    assert not dialog.presenter.has_edits
    assert dialog.presenter.apply(), "nothing to apply is no fault"
    assert dialog.document.history == ()

    for filters in (1, 12, 16):
        dialog.enter(filters=filters)
    dialog.enter(padding="valid")
    assert dialog.presenter.has_edits
    assert dialog.stored("conv") == CONV[2]
    assert dialog.presenter.apply()
    assert dialog.stored("conv") == {"filters": 16}, "what is default is not stored"
    assert len(dialog.document.history) == 1
    assert not dialog.presenter.has_edits

    dialog.document.undo()
    assert dialog.draft.values() == CONV[2]


def test_what_is_entered_and_taken_back_is_no_edit() -> None:
    dialog = Dialog(CONV)
    dialog.enter(filters=9)
    dialog.enter(filters=8)
    dialog.draft.settings["filters"].shown_as(8)
    assert not dialog.presenter.has_edits
    dialog.enter(filters=9)
    dialog.presenter.discard()
    assert dialog.draft.values() == CONV[2]


def test_a_wrong_value_is_told_in_one_line_and_not_applied() -> None:
    dialog = Dialog(("learner", "networks.learner", {}))
    dialog.enter(optimizer={"kind": "Adam", "learning_rate": -1})
    line = "optimizer.learning_rate: -1 does not do for 'Optimizer: Learning rate'. Enter a number above 0."
    assert dialog.lines() == [line]
    assert not dialog.presenter.apply()
    assert dialog.document.history == ()
    dialog.enter(optimizer={"kind": "Adam", "learning_rate": 0.01})
    assert dialog.lines() == []
    assert dialog.presenter.apply()


def test_what_can_be_mended_later_can_be_applied() -> None:
    dialog = Dialog(("csv", "readers.csv", {"path": {"variable": "nowhere"}, "of_a_newer_version": 1}))
    assert [p.setting for p in dialog.presenter.problems] == ["path", "of_a_newer_version"]
    dialog.enter(delimiter=";")
    assert dialog.presenter.apply()
    assert dialog.stored("csv")["delimiter"] == ";"
    dialog.presenter.forget_unknown()
    assert dialog.presenter.apply()
    assert "of_a_newer_version" not in dialog.stored("csv")


def test_leaving_applies_what_is_valid_and_keeps_what_is_not() -> None:
    dialog = Dialog(CONV, DENSE)
    dialog.enter(filters=9)
    dialog.show("dense")
    assert dialog.stored("conv")["filters"] == 9
    assert dialog.presenter.waiting is None

    dialog.enter(units=0)
    dialog.show("conv")
    assert dialog.stored("dense") == {}
    assert dialog.presenter.waiting == ("d", dialog.document, "dense")
    dialog.show("dense")
    assert dialog.draft.values() == {"units": 0}
    assert dialog.presenter.waiting is None
    dialog.show("conv")
    dialog.presenter.forget("d")
    assert dialog.presenter.waiting is None
    assert dialog.presenter.node is None


def test_an_edit_elsewhere_keeps_what_was_entered_here() -> None:
    dialog = Dialog(CONV)
    dialog.enter(filters=9)
    dialog.document.set_settings("conv", {"filters": 8, "padding": "valid", "use_bias": False})
    assert dialog.draft.values() == {"filters": 9, "padding": "valid", "use_bias": False}
    dialog.document.delete(["conv"])
    assert dialog.presenter.node is None
    assert dialog.view.said[-1] == "No node is selected."


def test_a_setting_takes_its_value_from_a_variable_and_keeps_it_when_it_is_unbound() -> None:
    dialog = Dialog(("conv", "keras.conv_2d", {}), variables=(Variable(name="width", type="integer", value=5),))
    filters = dialog.draft.settings["filters"]
    filters.bind("width")
    dialog.presenter.edited()
    assert dialog.draft.values() == {"filters": {"variable": "width"}}
    assert filters.effective(dialog.presenter.context.values) == 5
    assert dialog.presenter.apply()
    filters.unbind(filters.loaded(dialog.presenter.context.values))
    assert dialog.draft.values() == {"filters": 5}


def test_what_is_shown_depends_on_other_settings_and_on_what_was_changed() -> None:
    dialog = Dialog(("row", "tables.row_sampling", {}))
    assert dialog.draft.pages()[0] == "Settings"
    learner = Dialog(("learner", "networks.learner", {}))
    advanced = [name for name, s in learner.draft.settings.items() if s.declared.advanced and not s.declared.shown_if]
    assert advanced
    assert not learner.presenter.is_shown(advanced[0], advanced=False)
    assert learner.presenter.is_shown(advanced[0], advanced=True)
    learner.draft.settings[advanced[0]].problem = "wrong"
    assert learner.presenter.is_shown(advanced[0], advanced=False)
    for setting in learner.draft.settings.values():
        for other, wanted in setting.declared.shown_if.items():
            if other in learner.draft.settings:
                learner.draft.settings[other].enter(wanted[0])
                shown = learner.presenter.is_shown(setting.declared.name, advanced=True)
                learner.draft.settings[other].enter("none of them")
                assert not learner.presenter.is_shown(setting.declared.name, advanced=True)
                assert shown or len(setting.declared.shown_if) > 1


def test_the_engine_is_asked_with_the_draft_and_its_last_answer_counts() -> None:
    dialog = Dialog(CONV)
    dialog.enter(filters=9)
    assert dialog.view.said[-1] == "ask after a pause"
    dialog.presenter.ask_preview()
    first = dialog.engine.ticket
    dialog.presenter.ask_preview()
    assert not first.waiting
    assert dialog.presenter.is_asking
    wanted = PreviewQuestion(document="d", node="conv", settings={"filters": 9, "padding": "same"})
    assert dialog.engine.asked[-1] == wanted
    warning = Problem("Many filters.", severity="warning", node="conv", setting="filters")
    inputs = {"network": SpecOutline(kind="network", text="28 x 28 x 1 · 0 parameters")}
    outputs = {"network": "28 x 28 x 9 · 10 parameters"}
    dialog.engine.ticket.deliver(PreviewAnswer(outputs=outputs, problems=(warning,), inputs=inputs))
    assert not dialog.presenter.is_asking
    assert dialog.presenter.outputs == {"network": "28 × 28 × 9 · 10 parameters"}
    assert dialog.lines() == ["filters: Many filters. "]
    assert dialog.presenter.context.inputs == inputs
    assert dialog.view.said[-1] == "context"


@pytest.mark.parametrize("node_class", mostly_exhaustive(CATALOG.values(), 120, "wrong values"), ids=list(CATALOG))
def test_dialog_engine_and_command_line_say_the_same_of_every_wrong_value(node_class: type[Node], tmp_path: Path) -> None:
    dialog = Dialog(("n", node_class.id, {}))
    wrongs = list({wrong.place: wrong for wrong in wrong_values(node_class)}.values())[:40]
    for wrong in wrongs:
        record = NodeRecord(id="n", type=node_class.id, type_version=node_class.version, settings=wrong.settings)
        planned = make_plan(Workflow(nodes=[record]), CATALOG, folder=tmp_path, trust=Trust(everything=True))
        name = str(wrong.place[0])
        override = [("n", name, wrong.settings[name])]
        empty = Workflow(nodes=[record.model_copy(update={"settings": {}})])
        set_here = make_plan(empty, CATALOG, folder=tmp_path, overrides=override, trust=Trust(everything=True))
        if planned.nodes["n"].node is not None:
            continue  # it is taken after all, as one number for both of a pair
        dialog.draft.load(wrong.settings)
        dialog.presenter.check()
        of_settings = [p for p in planned.nodes["n"].problems if p.port is None]
        assert list(dialog.presenter.checked.problems) == of_settings
        assert [p for p in set_here.nodes["n"].problems if p.port is None] == of_settings


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "filters": st.one_of(st.integers(-2, 40), st.just({"variable": "width"}), st.text(max_size=3)),
    "padding": st.sampled_from(["valid", "same", "other"]),
    "use_bias": st.booleans(),
    "unknown": st.integers(0, 3),
}


@settings(max_examples=60, deadline=None)
@given(
    stored=st.fixed_dictionaries({}, optional=VALUES),
    entered=st.fixed_dictionaries({}, optional={k: v for k, v in VALUES.items() if k != "unknown"}),
    elsewhere=st.fixed_dictionaries({}, optional=VALUES),
)
def test_nothing_that_was_entered_is_lost_whatever_happens_elsewhere(
    stored: dict[str, Any], entered: dict[str, Any], elsewhere: dict[str, Any]
) -> None:
    draft = SettingsDraft(CATALOG["keras.conv_2d"])
    draft.load(stored)
    assert draft.values() == stored
    for name, value in entered.items():
        draft.settings[name].restore(value)
    typed = draft.values()
    draft.load(elsewhere)
    draft.restore(typed, stored)
    for name, setting in draft.settings.items():
        changed = (name in typed) != (name in stored) or typed.get(name) != stored.get(name)
        wanted = typed if changed else elsewhere
        assert setting.raw() == wanted.get(name, MISSING)
    assert draft.unknown() == [name for name in elsewhere if name == "unknown"]


def test_it_needs_no_qt() -> None:
    code = "import sys, app.editor.config.presenter; sys.exit('PySide6' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
