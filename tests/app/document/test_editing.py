"""Any edits can be undone and redone to the byte, told to whoever listens, and merged where they are one."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from app.document.change import Change
from app.document.editing import Document
from app.document.file import dump, parse
from app.document.model import Annotation, Connection, NodeRecord, NodeView, Variable, View, Workflow
from tests.app.engine.toy import CATALOG

START = Workflow(
    name="start",
    variables=[Variable(name="n", type="integer", value=1)],
    nodes=[
        NodeRecord(id="c", type="toy.count", settings={"rows": {"variable": "n"}}),
        NodeRecord(
            id="far", type="not.installed", type_version=9, settings={"odd": [{"x": None}], "text": "${n} $${n}"}, newer=True
        ),
        NodeRecord(id="b", type="toy.both"),
    ],
    connections=[
        Connection(source="c.table", target="b.table_1"),
        Connection(source="far.x", target="b.table_2"),
        Connection(source="gone.x", target="b.table_2", newer=1),
    ],
    view=View(
        nodes={"c": NodeView(position=(1, 2), hue="red"), "ghost": NodeView(note="of a node that is gone")},
        annotations=[Annotation(text="one", position=(0, 0), size=(9, 9)), Annotation(text="two", position=(5, 5), size=(9, 9))],
        zoom=1.5,
    ),
    later={"what": ["this", "version", "does", "not", "know"]},
)


def text(document: Document) -> str:
    return dump(document.workflow())


def replay(start: Workflow, changes: list[Change]) -> Document:
    """A document that knows nothing but what listeners were told."""
    copy = Document(start, CATALOG)
    for change in changes:
        copy.apply(change)
    return copy


class Editing(RuleBasedStateMachine):
    """Edits in any order; the document and one that was only told of the changes never differ."""

    nodes = Bundle("nodes")
    boxes = Bundle("boxes")

    def __init__(self) -> None:
        super().__init__()
        self.document = Document(START, CATALOG)
        self.begin = text(self.document)
        self.follower = Document(START, CATALOG)
        self.told: list[Change] = []
        self.document.subscribe(self.told.append)
        self.document.subscribe(self.follower.apply)
        self.saved: str | None = self.begin

    def here(self, node: str) -> bool:
        return node in self.document.nodes

    @rule(target=nodes, kind=st.sampled_from(["toy.count", "toy.add", "toy.both", "not.installed"]), x=st.integers(0, 3))
    def add(self, kind: str, x: int) -> str:
        return self.document.add_node(kind, (x, 0), settings={"rows": x})

    @rule(target=nodes)
    def first(self) -> str:
        return "c"

    @rule(node=consumes(nodes), also=nodes, with_wire=st.booleans(), with_box=st.booleans())
    def delete(self, node: str, also: str, with_wire: bool, with_box: bool) -> None:
        self.document.delete(
            [node, also],
            list(self.document.connections)[:1] if with_wire else (),
            list(self.document.annotations)[:1] if with_box else (),
        )

    @rule(a=nodes, b=nodes, port=st.sampled_from(["table", "table_1", "table_2"]))
    def connect(self, a: str, b: str, port: str) -> None:
        if self.here(a) and self.here(b):
            self.document.connect(f"{a}.table", f"{b}.{port}")
            assert len([c for c in self.document.connections.values() if c.target == f"{b}.{port}"]) == 1

    @rule(node=nodes, number=st.integers(0, 5))
    def insert(self, node: str, number: int) -> None:
        keys = list(self.document.connections)
        if keys and self.here(node):
            self.document.insert(keys[number % len(keys)], node, "table", "table")

    @rule(node=nodes, kind=st.sampled_from(["toy.count", "toy.add", "toy.both"]))
    def replace(self, node: str, kind: str) -> None:
        if self.here(node):
            self.document.replace(node, kind)

    @rule(node=nodes, value=st.integers(0, 2), merge=st.sampled_from([None, "x", "y"]))
    def configure(self, node: str, value: int, merge: str | None) -> None:
        if self.here(node):
            self.document.set_settings(node, {"rows": value, "by": "${n}"}, merge=merge)

    @rule(node=nodes, x=st.integers(0, 3), merge=st.sampled_from([None, "x", "y"]))
    def move(self, node: str, x: int, merge: str | None) -> None:
        self.document.move({node: (x, 7)}, dict.fromkeys(list(self.document.annotations)[:1], (x, x)), merge=merge)

    @rule(node=nodes, name=st.sampled_from(["", "A"]))
    def name_it(self, node: str, name: str) -> None:
        if self.here(node):
            self.document.rename(node, name)
            self.document.set_note(node, name)

    @rule(target=boxes)
    def annotate(self) -> str:
        before = set(self.document.annotations)
        key = self.document.add_annotation(Annotation(text="new", position=(1, 1), size=(2, 2)))
        assert key not in before
        return key

    @rule(box=boxes, merge=st.sampled_from([None, "x"]), word=st.sampled_from(["a", "b"]))
    def write(self, box: str, merge: str | None, word: str) -> None:
        if box in self.document.annotations:
            self.document.set_annotation(box, merge=merge, text=word)

    @rule(old=st.sampled_from(["n", "m"]), new=st.sampled_from([None, "n", "m"]), value=st.integers(0, 2))
    def variable(self, old: str, new: str | None, value: int) -> None:
        made = Variable(name=new, type="integer", value=value) if new else None
        if new and new != old and new in self.document.variables and old in self.document.variables:
            with pytest.raises(ValueError, match="already"):
                self.document.set_variable(old, made)
        else:
            self.document.set_variable(old, made)

    @rule(name=st.sampled_from(["", "one", "two"]))
    def call(self, name: str) -> None:
        self.document.set_property("name", name)

    @rule(data=st.data())
    def become(self, data: st.DataObject) -> None:
        now = self.document.workflow()
        other = now.model_copy(
            update={
                "nodes": data.draw(st.permutations(now.nodes)),
                "connections": now.connections[:1],
                "later": 7,
                "view": View(zoom=2),
            }
        )
        self.document.become(other, "Load")
        assert text(self.document) == dump(other)

    @rule(a=nodes, fails=st.booleans())
    def several_in_one_step(self, a: str, fails: bool) -> None:
        before, done, told = text(self.document), len(self.document.history), len(self.told)
        try:
            with self.document.step("Several"):
                new = self.document.add_node("toy.add", (0, 0))
                with self.document.step("Inner"):
                    if self.here(a):
                        self.document.connect(f"{a}.table", f"{new}.table")
                self.document.undo()  # not while a step is being made
                assert self.document.modified
                if fails:
                    raise KeyError  # noqa: TRY301
                self.document.delete(["c"])
        except KeyError:
            assert text(self.document) == before
        assert len(self.document.history) == done + (not fails)
        assert len(self.told) == told + (not fails)

    @rule(times=st.integers(1, 4))
    def undo(self, times: int) -> None:
        for _ in range(times):
            self.document.undo()

    @rule(times=st.integers(1, 4))
    def redo(self, times: int) -> None:
        for _ in range(times):
            self.document.redo()

    @rule()
    def save(self) -> None:
        self.document.mark_saved()
        self.saved = text(self.document)

    @rule()
    def undo_everything_and_redo_it(self) -> None:
        end, redoable = text(self.document), self.document.redo_label
        steps = len(self.document.history)
        while self.document.undo_label:
            self.document.undo()
        assert text(self.document) == self.begin
        assert self.document.workflow() == START
        for _ in range(steps):
            self.document.redo()
        assert text(self.document) == end
        assert self.document.redo_label == redoable

    @invariant()
    def whoever_was_told_of_the_changes_has_the_same(self) -> None:
        assert text(self.follower) == text(self.document)
        assert list(self.follower.connections) == list(self.document.connections)
        assert list(self.follower.annotations) == list(self.document.annotations)

    @invariant()
    def what_is_not_modified_is_what_was_saved(self) -> None:
        if not self.document.modified:
            assert text(self.document) == self.saved

    @invariant()
    def no_empty_step_is_kept(self) -> None:
        assert not any(change.is_empty for change in self.document.history)

    @invariant()
    def files_read_back_the_same(self) -> None:
        assert text(Document(parse(text(self.document)), CATALOG)) == text(self.document)


Editing.TestCase.settings = settings(max_examples=30, stateful_step_count=25)
test_any_edits = Editing.TestCase


@pytest.fixture
def document() -> Document:
    return Document(START, CATALOG)


# ---------------------------------------------------------------------------------------------------------- undo, merging


def test_edits_with_one_merge_key_are_one_step_and_others_are_not(document: Document) -> None:
    for rows in range(5):
        document.set_settings("c", {"rows": rows}, merge="c.rows")
    assert len(document.history) == 1
    document.set_settings("c", {"rows": 1, "x": 1}, merge="c.x")
    document.set_settings("c", {"rows": 2}, merge="c.rows")
    document.set_settings("c", {"rows": 3})
    assert len(document.history) == 4
    for _ in range(4):
        document.undo()
    assert text(document) == dump(START)


def test_edits_that_take_each_other_back_leave_no_step_and_nothing_unsaved(document: Document) -> None:
    document.move({"c": (50, 50)}, merge="drag")
    assert document.modified
    document.move({"c": (1, 2)}, merge="drag")
    assert document.undo_label is None
    assert not document.modified
    with document.step("To and fro"):
        document.rename("c", "x")
        document.rename("c", "")
    assert document.undo_label is None


@pytest.mark.parametrize("between", ["save", "undo", "redo"])
def test_what_lies_between_two_edits_keeps_them_apart(document: Document, between: str) -> None:
    document.set_settings("c", {"rows": 1}, merge="c")
    document.rename("c", "x") if between == "undo" else None
    {"save": document.mark_saved, "undo": document.undo, "redo": lambda: (document.undo(), document.redo())}[between]()
    document.set_settings("c", {"rows": 2}, merge="c")
    document.undo()
    assert document.nodes["c"].settings == {"rows": 1}


def test_a_new_edit_forgets_what_could_be_redone(document: Document) -> None:
    document.rename("c", "x")
    document.undo()
    assert document.redo_label == "Rename"
    document.rename("c", "y")
    assert document.redo_label is None
    document.redo()
    assert document.title("c") == "y"


def test_modified_follows_undo_and_redo_around_saving(document: Document) -> None:
    seen: list[bool] = []
    document.subscribe(lambda _: seen.append(document.modified))
    document.rename("c", "x")
    document.mark_saved()
    document.rename("c", "y")
    document.undo()
    document.undo()
    document.redo()
    assert seen == [True, True, False, True, False]
    document.undo()
    document.rename("c", "z")  # the saved state is out of reach now
    document.undo()
    document.redo()
    document.undo()
    assert document.modified
    document.mark_saved()
    assert not document.modified
    document.mark_unsaved()
    assert document.modified
    with document.step("Nothing"):
        pass
    assert document.undo_label is None


def test_steps_are_told_as_one_change_when_they_are_done(document: Document) -> None:
    told: list[Change] = []
    document.subscribe(told.append)
    with document.step("Two"):
        new = document.add_node("toy.add", (0, 0))
        document.connect("c.table", f"{new}.table")
        assert told == []
    (change,) = told
    assert change.label == document.undo_label == "Two"
    assert set(change.keys("nodes")) == {new}
    document.undo()
    assert told[-1].backwards
    assert text(replay(START, told)) == text(document) == dump(START)


def test_listeners_are_told_in_the_order_of_the_changes_though_one_edits_and_one_fails(document: Document) -> None:
    told: list[str] = []

    def edits(change: Change) -> None:
        if change.label == "Rename":
            document.set_note("c", "renamed")

    def fails(change: Change) -> None:
        raise RuntimeError("a fault in a view")

    document.subscribe(edits)
    end = document.subscribe(fails)
    document.subscribe(lambda change: told.append(change.label))
    with pytest.raises(RuntimeError, match="a fault"):
        document.rename("c", "x")
    assert told == ["Rename", "Edit the note"] == [change.label for change in document.history]
    end()
    end()
    document.undo()
    assert len(told) == 3


# ------------------------------------------------------------------------------------------------------------ the edits


def test_a_second_wire_replaces_the_first_and_undo_brings_it_back(document: Document) -> None:
    new = document.add_node("toy.count", (0, 0))
    document.connect(f"{new}.table", "b.table_1")
    assert document.connection_into("b.table_1") == f"{new}.table>b.table_1"
    document.undo()
    assert document.connection_into("b.table_1") == "c.table>b.table_1"


def test_growing_ports_offer_the_first_free_number(document: Document) -> None:
    (port,) = CATALOG["toy.both"].input_ports
    assert document.free_input("b", port) == "table_3"
    document.disconnect(["c.table>b.table_1"])
    assert document.free_input("b", port) == "table_1"
    (plain,) = CATALOG["toy.add"].input_ports
    assert document.free_input("b", plain) == plain.name


def test_a_node_put_into_a_wire_is_fed_and_feeds(document: Document) -> None:
    new = document.add_node("toy.add", (0, 0))
    document.insert("c.table>b.table_1", new, "table", "table")
    assert document.connection_into(f"{new}.table") == f"c.table>{new}.table"
    assert document.connection_into("b.table_1") == f"{new}.table>b.table_1"
    assert "c.table>b.table_1" not in document.connections
    before = text(document)
    document.insert(f"c.table>{new}.table", new, "table", "table")  # its own wire
    assert text(document) == before


def test_replacing_keeps_the_wires_that_fit(document: Document) -> None:
    document.add_node("toy.add", (0, 0))
    document.connect("c.table", "add_1.table")
    document.connect("add_1.table", "b.table_1")
    document.set_note("add_1", "old")
    document.replace("add_1", "toy.both")
    assert document.nodes["add_1"].type == "toy.both"
    assert {(c.source, c.target) for c in document.connections_of(["add_1"]).values()} == {
        ("c.table", "add_1.table_1"),
        ("add_1.table", "b.table_1"),
    }
    document.replace("add_1", "toy.count")  # has no inputs
    assert [c.target for c in document.connections_of(["add_1"]).values()] == ["b.table_1"]
    document.undo()
    document.undo()
    assert document.view("add_1").note == "old"


def test_deleting_takes_the_wires_and_looks_along(document: Document) -> None:
    document.delete(["c", "no such node"])
    assert document.undo_label == "Delete 1 node"
    assert "c" not in document.views
    assert [c.source_node for c in document.connections.values()] == ["far", "gone"]
    document.undo()
    assert list(document.nodes) == ["c", "far", "b"]
    assert text(document) == dump(START)


def test_renaming_a_variable_renames_it_everywhere_and_leaves_it_in_its_place(document: Document) -> None:
    document.set_variable("m", Variable(name="m", value="x"))
    document.set_variable("n", Variable(name="much", type="integer", value=1))
    assert list(document.variables) == ["much", "m"]
    assert document.nodes["c"].settings == {"rows": {"variable": "much"}}
    assert document.nodes["far"].settings["text"] == "${much} $${n}"
    with pytest.raises(ValueError, match="already"):
        document.set_variable("much", Variable(name="m", value="y"))
    document.undo()
    document.undo()
    assert text(document) == dump(START)


def test_ids_that_are_taken_are_refused(document: Document) -> None:
    with pytest.raises(ValueError, match="'c' already"):
        document.add([NodeRecord(id="c", type="toy.add")])
    with pytest.raises(ValueError, match="'z' already"):
        document.add([NodeRecord(id="z", type="toy.add"), NodeRecord(id="z", type="toy.add")])
    assert not document.history


def test_placeholders_and_unknown_fields_are_saved_back_as_they_were(document: Document) -> None:
    assert text(document) == dump(START)
    document.set_settings("far", {"odd": 1})
    record = document.nodes["far"]
    assert (record.type_version, record.model_extra) == (9, {"newer": True})
    document.move({"c": (0, 0)})
    assert document.view("c").model_extra == {"hue": "red"}
    assert '"later": {"what"' in text(document)
    assert '"zoom": 1.5' in text(document)


def test_moving_what_is_gone_does_nothing_and_naming_it_is_an_error(document: Document) -> None:
    document.move({"nobody": (1, 1)})
    assert not document.history
    with pytest.raises(KeyError):
        document.rename("nobody", "x")


def test_nodes_of_one_id_can_all_be_seen_edited_and_saved() -> None:
    twins = Workflow(
        nodes=[NodeRecord(id="a", type="toy.count"), NodeRecord(id="a", type="toy.add"), NodeRecord(id="a_1", type="toy.add")],
        connections=[Connection(source="a.table", target="a_1.table")],
        variables=[Variable(name="v", value="1"), Variable(name="v", value="2")],
        view=View(nodes={"a": NodeView(position=(10, 10), name="A")}),
    )
    document = Document(twins, CATALOG)
    assert document.renumbered == {"a_2": "a"}
    assert [(n.id, n.type) for n in document.nodes.values()] == [("a", "toy.count"), ("a_2", "toy.add"), ("a_1", "toy.add")]
    assert document.view("a_2").position == (50, 50)
    assert [v.value for v in document.workflow().variables] == ["1", "2"]
    document.delete(["a_2"])
    assert [n.id for n in document.workflow().nodes] == ["a", "a_1"]


def test_taking_over_a_newer_version_s_file_takes_its_version_too(document: Document) -> None:
    newer = Workflow(format_version=99, app_version="9.9", name="n", brand={"new": 1})
    document.become(newer, "Load")
    assert document.workflow() == newer
    document.undo()
    assert document.workflow() == START


def test_annotations_keep_their_keys_apart_after_another_workflow_was_loaded(document: Document) -> None:
    document.become(
        Workflow(view=View(annotations=[Annotation(text=str(n), position=(0, 0), size=(1, 1)) for n in range(5)])), "Load"
    )
    document.add_annotation(Annotation(text="new", position=(0, 0), size=(1, 1)))
    assert [a.text for a in document.annotations.values()] == ["0", "1", "2", "3", "4", "new"]


# ----------------------------------------------------------------------------------------------------------------- size


def calls_of_undoing(count: int) -> int:
    """How many functions, Python's and C's, are called to undo the deletion of so many nodes in a chain."""
    ids = [f"n{i}" for i in range(count)]
    nodes = [NodeRecord(id=n, type="toy.add") for n in ids]
    wires = [Connection(source=f"{a}.table", target=f"{b}.table") for a, b in pairwise(ids)]
    document = Document(Workflow(nodes=nodes, connections=wires, view=View(nodes={n: NodeView() for n in ids})), CATALOG)
    told: list[Change] = []
    document.subscribe(told.append)
    document.delete(ids)
    assert not document.nodes
    number = 0

    def count_call(frame: Any, event: str, argument: Any) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    sys.setprofile(count_call)
    try:
        document.undo()
    finally:
        sys.setprofile(None)
    assert len(document.nodes) == count
    assert len(told) == 2
    return number


def test_undoing_the_deletion_of_a_thousand_nodes_costs_as_much_per_node_as_of_a_hundred() -> None:
    assert calls_of_undoing(1000) < 12 * calls_of_undoing(100)
