"""What is copied can be pasted anywhere: here, in another window, from a mail; and damaged text is refused in words."""

from __future__ import annotations

import json

import pytest

from app.document.clipboard import copy, duplicate, paste
from app.document.editing import Document
from app.document.file import dump, parse
from app.document.graph import build
from app.document.model import Annotation, Connection, NodeRecord, NodeView, Variable, View, Workflow
from app.document.problems import DocumentError
from tests.app.engine.toy import CATALOG


@pytest.fixture
def document() -> Document:
    """count -> add -> both <- other; `add` refers to variables; a box around the first two."""
    return Document(
        Workflow(
            variables=[
                Variable(name="n", type="integer", value=3),
                Variable(name="dir", type="path", value="d"),
                Variable(name="unused", value="x"),
            ],
            nodes=[
                NodeRecord(id="count_1", type="toy.count", settings={"rows": 2}),
                NodeRecord(id="add_1", type="toy.add", settings={"amount": {"variable": "n"}, "deep": ["${dir}/x $${unused}"]}),
                NodeRecord(id="both_1", type="toy.both"),
                NodeRecord(id="far", type="not.installed", settings={"odd": {"a": [None]}}, type_version=7, newer="field"),
            ],
            connections=[
                Connection(source="count_1.table", target="add_1.table"),
                Connection(source="add_1.table", target="both_1.table_1"),
                Connection(source="far.out", target="both_1.table_2"),
            ],
            view=View(
                nodes={
                    "count_1": NodeView(position=(0, 0)),
                    "add_1": NodeView(position=(100, 50), name="Plus", note="n", hue="red"),
                },
                annotations=[Annotation(text="box", position=(-20, -20), size=(200, 160))],
            ),
        ),
        CATALOG,
    )


def test_pasting_into_an_empty_workflow_gives_the_same_part_with_its_variables(document: Document) -> None:
    other = Document(Workflow(), CATALOG)
    pasted = paste(other, copy(document, ["add_1", "count_1"], ["box_1"]))
    assert pasted == ["count_1", "add_1"]
    assert [other.nodes[n] for n in pasted] == [document.nodes[n] for n in pasted]
    assert list(other.connections.values()) == [Connection(source="count_1.table", target="add_1.table")]
    assert list(other.variables) == ["n", "dir"]
    assert other.view("add_1").name == "Plus"
    assert other.view("add_1").model_extra == {"hue": "red"}
    assert [b.text for b in other.annotations.values()] == ["box"]
    other.undo()
    assert dump(other.workflow()) == dump(Workflow())


def test_the_text_is_a_workflow_file_without_loose_wires(document: Document) -> None:
    text = copy(document, ["add_1", "both_1"])
    assert not [p for p in build(parse(text), CATALOG).problems if "tied to" in p.message]
    assert len(parse(text).connections) == 1
    other = Document(parse(text), CATALOG)
    assert list(other.nodes) == ["add_1", "both_1"]


def test_pasting_where_it_came_from_gives_new_ids_and_puts_it_aside(document: Document) -> None:
    text = copy(document, ["count_1", "add_1"])
    first, second = paste(document, text), paste(document, text)
    assert first == ["count_2", "add_2"]
    assert second == ["count_3", "add_3"]
    assert document.view("count_2").position == (40, 40)
    assert document.view("count_3").position == (80, 80)
    assert document.view("add_3").position == (180, 130)
    assert document.connection_into("add_3.table") == "count_3.table>add_3.table"
    assert list(document.variables) == ["n", "dir", "unused"]
    assert document.undo_label == "Paste 2 nodes"


def test_free_ids_stay_and_never_collide_with_new_ones(document: Document) -> None:
    text = dump(
        Workflow(
            nodes=[NodeRecord(id="add_1", type="toy.add"), NodeRecord(id="add_2", type="toy.add"), NodeRecord(id="z", type="q")]
        )
    )
    assert paste(document, text) == ["add_3", "add_2", "z"]


def test_the_middle_goes_where_it_is_wanted(document: Document) -> None:
    text = copy(document, ["count_1", "add_1"])
    a, b = paste(document, text, (1000, 500))
    assert document.view(a).position == (922, 447)
    assert document.view(b).position == (1022, 497)
    c, _ = paste(document, text, (1000, 500))
    assert document.view(c).position == (962, 487)


def test_wires_from_outside_are_kept_only_if_wanted_and_only_in_the_same_document(document: Document) -> None:
    text = copy(document, ["both_1"])
    (plain,) = paste(document, text)
    assert not document.connections_of([plain])
    (wired,) = paste(document, text, keep_incoming=True)
    assert {c.source for c in document.connections_of([wired]).values()} == {"add_1.table", "far.out"}
    document.delete(["far"])
    (less,) = paste(document, text, keep_incoming=True)
    assert {c.source for c in document.connections_of([less]).values()} == {"add_1.table"}
    twin = Document(document.workflow(), CATALOG)
    (foreign,) = paste(twin, text, keep_incoming=True)
    assert not twin.connections_of([foreign])


def test_duplicates_are_fed_by_the_same_wires(document: Document) -> None:
    before = dump(document.workflow())
    new = duplicate(document, ["add_1", "both_1"], ["box_1"])
    assert [(c.source, c.target) for c in document.connections_of(new).values()] == [
        ("add_2.table", "both_2.table_1"),
        ("count_1.table", "add_2.table"),
        ("far.out", "both_2.table_2"),
    ]
    assert len(document.annotations) == 2
    assert document.undo_label == "Duplicate 2 nodes"
    document.undo()
    assert dump(document.workflow()) == before


def test_placeholders_are_copied_as_they_are(document: Document) -> None:
    other = Document(Workflow(), CATALOG)
    paste(other, copy(document, ["far"]))
    assert other.nodes["far"] == document.nodes["far"]


def test_only_annotations_can_be_pasted_too(document: Document) -> None:
    text = copy(document, [], ["box_1", "no such box"])
    assert paste(document, text) == []
    assert paste(document, text, (0, 0)) == []
    assert [b.position for b in document.annotations.values()] == [(-20, -20), (20, 20), (-100, -80)]
    assert document.undo_label == "Paste 1 annotation"


def test_an_own_variable_of_the_same_name_stays(document: Document) -> None:
    other = Document(Workflow(variables=[Variable(name="n", type="integer", value=99)]), CATALOG)
    paste(other, copy(document, ["add_1"]))
    assert other.variables["n"].value == 99
    assert list(other.variables) == ["n", "dir"]


def test_text_out_of_a_mail_is_understood(document: Document) -> None:
    text = "Look, this is it:\r\n\r\n" + copy(document, ["add_1"]).replace("\n", "\r\n") + "\r\nRegards"
    assert paste(document, text) == ["add_2"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "}{",
        "{",
        '{"format": "other"}',
        "{'a': 1}",
        '{"format": "layerloom-workflow", "format_version": 1}',
        '{"format": "layerloom-workflow", "format_version": 1, "nodes": [{"id": "a b", "type": "x"}]}',
        '{"format": "layerloom-workflow", "format_version": 99, "nodes": []}',
        "{" * 100_000 + "}",
    ],
)
def test_foreign_and_damaged_text_is_refused_in_words_and_changes_nothing(document: Document, text: str) -> None:
    before = dump(document.workflow())
    with pytest.raises(DocumentError) as error:
        paste(document, text)
    assert error.value.message.endswith(".")
    assert error.value.remedy
    assert dump(document.workflow()) == before
    assert document.undo_label is None


def test_nonsense_about_where_it_comes_from_does_no_harm(document: Document) -> None:
    data = json.loads(copy(document, ["both_1"]))
    for nonsense in (
        None,
        3,
        {"document": data["clipboard"]["document"], "incoming": [1, {"from": "x"}, {"from": "a.b", "to": "c.d"}]},
    ):
        data["clipboard"] = nonsense
        (pasted,) = paste(document, json.dumps(data), keep_incoming=True)
        assert not document.connections_of([pasted])
