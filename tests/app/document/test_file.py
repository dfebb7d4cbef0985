"""A workflow file is read whole or refused in words, keeps what it does not understand, and is never half written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.document.file import dump, is_newer, load, parse, save
from app.document.model import FORMAT_VERSION, Annotation, Connection, NodeRecord, NodeView, Variable, View, Workflow
from app.document.problems import DocumentError
from app.document.schema import workflow_schema

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def workflows(draw: st.DrawFn) -> Workflow:
    ids = draw(st.lists(NAMES, unique=True, max_size=5))
    ends = st.sampled_from(ids or ["a"]).map(lambda i: f"{i}.table")
    return Workflow(
        name=draw(st.text(max_size=20)),
        description=draw(st.text(max_size=40)),
        variables=[
            Variable(name=n, type="integer", value=draw(st.integers(-9, 9)))
            for n in draw(st.lists(NAMES, unique=True, max_size=2))
        ],
        nodes=[NodeRecord(id=i, type="any.type", settings=draw(st.dictionaries(NAMES, JSON, max_size=3))) for i in ids],
        connections=[Connection(source=draw(ends), target=draw(ends)) for _ in range(draw(st.integers(0, 3)))],
        view=View(
            nodes={i: NodeView(position=(draw(st.integers(-999, 999)), 5.5), note=draw(st.text(max_size=9))) for i in ids},
            annotations=[Annotation(text=draw(st.text(max_size=9)), position=(0, 0), size=(10, 10))],
        ),
    )


@given(workflows())
def test_what_is_saved_is_read_again(workflow: Workflow) -> None:
    again = parse(dump(workflow))
    assert again.model_copy(update={"app_version": ""}) == workflow
    assert dump(again) == dump(workflow)


def test_fields_of_a_newer_program_survive_at_every_level() -> None:
    text = json.dumps(
        {
            "format": "layerloom-workflow",
            "format_version": FORMAT_VERSION,
            "licence": "of the future",
            "nodes": [{"id": "a", "type": "not.installed", "settings": {"x": [1, {"y": None}]}, "pinned": True}],
            "connections": [{"from": "a.out", "to": "a.in", "colour": "red"}],
            "view": {"nodes": {"a": {"position": [1, 2], "collapsed": True}}, "zoom": 2},
        }
    )
    kept = json.loads(dump(parse(text)))
    assert kept["licence"] == "of the future"
    assert kept["nodes"] == [{"id": "a", "type": "not.installed", "settings": {"x": [1, {"y": None}]}, "pinned": True}]
    assert kept["connections"] == [{"from": "a.out", "to": "a.in", "colour": "red"}]
    assert kept["view"]["zoom"] == 2
    assert kept["view"]["nodes"]["a"]["collapsed"] is True


@pytest.mark.parametrize(
    ("text", "what", "remedy"),
    [
        ("", "is not JSON", "line 1"),
        ("<<<<<<< HEAD\n{}", "is not JSON", "merged by hand"),
        ("[1, 2]", "not a Layerloom workflow", '"format"'),
        ('{"nodes": []}', "not a Layerloom workflow", '"format"'),
        ('{"format": "layerloom-workflow"}', "does not say its format version", "format_version"),
        ('{"format": "layerloom-workflow", "format_version": 999, "app_version": "7.0"}', "written by Layerloom 7.0", "Update"),
        ('{"format": "layerloom-workflow", "format_version": 1, "nodes": [{"id": "a b", "type": "x"}]}', "nodes.0.id", "Mend"),
        ('{"format": "layerloom-workflow", "format_version": 1, "nodes": 3}', "nodes", "Mend"),
        ("[" * 100_000, "nested too deeply", "workflow.json"),
    ],
)
def test_what_is_no_workflow_is_refused_in_words(tmp_path: Path, text: str, what: str, remedy: str) -> None:
    path = tmp_path / "x.workflow.json"
    path.write_text(text)
    with pytest.raises(DocumentError) as caught:
        load(path)
    assert what in str(caught.value)
    assert remedy in str(caught.value)


def test_missing_files_folders_and_pictures_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    for path, what in ((tmp_path / "none.json", "no file"), (tmp_path, "folder"), (tmp_path / "picture.png", "not a text")):
        with pytest.raises(DocumentError, match=what):
            load(path)


def test_the_schema_in_resources_is_that_of_the_models() -> None:
    stored = json.loads(Path("resources/workflow.schema.json").read_text())
    assert stored == workflow_schema(), "run `make schema`"


@pytest.mark.parametrize("path", sorted(Path("workflows").glob("*.workflow.json")), ids=lambda p: p.name)
def test_every_example_is_stored_as_the_program_would_store_it(path: Path) -> None:
    assert path.read_text() == dump(load(path))


def test_a_newer_format_is_opened_where_asked_for_and_saved_back_as_it_was(tmp_path):
    text = """{
  "format": "layerloom-workflow",
  "format_version": 7,
  "app_version": "9.1",
  "nodes": [{"id": "a", "type": "future.node", "settings": {"x": 1}, "lanes": [1, 2]}],
  "sweeps": [{"over": "a"}]
}
"""
    path = tmp_path / "new.workflow.json"
    path.write_text(text)
    with pytest.raises(DocumentError, match="format version 7"):
        load(path)
    workflow = load(path, newer=True)
    assert is_newer(workflow)
    assert dump(workflow) == text


AWKWARD = st.recursive(
    st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(st.characters(codec=None) | st.characters(categories=["Cs"]), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(NAMES, AWKWARD, max_size=3))
def test_numbers_that_are_none_and_halves_of_characters_are_saved_as_what_they_are(settings: dict[str, Any]) -> None:
    text = dump(Workflow(nodes=[NodeRecord(id="a", type="any.type", settings=settings)]))
    again = parse(text.encode().decode())
    assert repr(again.nodes[0].settings) == repr(settings)
    assert dump(again) == text


@pytest.mark.parametrize("level", ["[", '{"a": '])
def test_whatever_is_not_refused_as_too_deep_can_be_saved(level: str) -> None:
    refused = []
    for depth in (50, 90, 100, 110, 254, 260, 400, 900, 5000):
        inner = level * depth + "1" + ("]" if level == "[" else "}") * depth
        node = f'{{"id": "a", "type": "x", "settings": {{"s": {inner}}}}}'
        text = f'{{"format": "layerloom-workflow", "format_version": 1, "nodes": [{node}]}}'
        try:
            assert parse(dump(parse(text))).nodes == parse(text).nodes
        except DocumentError as error:
            assert "nested too deeply" in error.message
            refused.append(depth)
    assert refused == [100, 110, 254, 260, 400, 900, 5000]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (f'"more": {"9" * 5000}', "thousands of digits"),
        ('"view": {"nodes": {"a": {"position": [NaN, 0]}}}', "finite number"),
        ('"view": {"nodes": {"a": {"position": [1e999, 0]}}}', "finite number"),
        ('"\\ud800": 1', "is damaged"),
    ],
)
def test_what_no_workflow_can_hold_is_refused_in_words(part: str, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        parse(f'{{"format": "layerloom-workflow", "format_version": 1, {part}}}')


def test_what_is_no_ordinary_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(DocumentError, match="no ordinary file"):
            load(path)
        with pytest.raises(DocumentError, match="no ordinary file"):
            save(Workflow(), path)
    with pytest.raises(DocumentError, match="no name of a file"):
        load(tmp_path / "a\0b")
    for path in (tmp_path / "a\0b", tmp_path / "\ud800"):
        with pytest.raises(DocumentError, match="no name that a file can have"):
            save(Workflow(), path)
    with pytest.raises(DocumentError, match="cannot be read"):
        load(tmp_path / ("x" * 300))


def test_a_file_of_version_1_opens_and_is_saved_as_the_present_one() -> None:
    old = parse('{"format": "layerloom-workflow", "format_version": 1, "nodes": [{"id": "a", "type": "x.y", "odd": 3}]}')

    assert json.loads(dump(old)) == {
        "format": "layerloom-workflow",
        "format_version": FORMAT_VERSION,
        "app_version": json.loads(dump(old))["app_version"],
        "nodes": [{"id": "a", "type": "x.y", "odd": 3}],
    }


def test_what_is_in_components_is_kept_word_for_word_at_every_depth() -> None:
    def component(node_id: str, content: dict[str, Any]) -> dict[str, Any]:
        return {"id": node_id, "type": "flow.component", "workflow": content, "glow": [node_id]}

    odd = {"nodes": [{"id": "x", "type": "away.node", "lanes": 2}], "moods": {"deep": True}, "view": {"zoom": 2}}
    middle = {"variables": [{"name": "n", "value": 1, "unit": "cm"}], "nodes": [component("c", odd)]}
    by_file = {"id": "f", "type": "flow.component", "settings": {"n": 2}, "file": "parts/f.workflow.json"}
    data = {"format": "layerloom-workflow", "format_version": FORMAT_VERSION, "nodes": [component("b", middle), by_file]}
    text = dump(parse(json.dumps(data)))

    assert json.loads(text)["nodes"] == data["nodes"]
    assert dump(parse(text)) == text
