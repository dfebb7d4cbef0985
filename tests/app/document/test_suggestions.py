"""What is suggested next fits, is what examples and this person do, and outlives sessions, other windows and damaged files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.document.model import Connection, NodeRecord, Workflow
from app.document.suggestions import SAVE_AFTER, Suggestions
from nodes.catalog import Catalog

EXAMPLES = Path("workflows").glob("*.workflow.json")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load(plugins=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "suggestions.json"


def test_examples_teach_what_comes_next_and_before(catalog: Catalog) -> None:
    suggestions = Suggestions.load(catalog, EXAMPLES, None)
    after = suggestions.after("keras.conv_2d", "network")
    assert set(after[:2]) == {"keras.conv_2d", "keras.max_pooling_2d"}
    assert suggestions.after("keras.flatten", "network")[0] == "keras.dense"
    assert "keras.max_pooling_2d" in suggestions.before("keras.flatten", "network")[:2]
    assert suggestions.popular()[0] == "keras.conv_2d"


def test_only_types_that_fit_are_suggested_each_once(catalog: Catalog) -> None:
    suggestions = Suggestions(catalog)
    for node_type in catalog.values():
        for port in node_type.output_ports:
            found = suggestions.after(node_type.id, port.name)
            assert sorted(found) == sorted(t for t, c in catalog.items() if any(p.kind == port.kind for p in c.input_ports))
        for port in node_type.input_ports:
            found = suggestions.before(node_type.id, port.name)
            assert sorted(found) == sorted(t for t, c in catalog.items() if any(p.kind == port.kind for p in c.output_ports))


def test_ports_nobody_knows_suggest_everything(catalog: Catalog) -> None:
    suggestions = Suggestions(catalog)
    assert set(suggestions.after("not.installed", "x")) == set(catalog)
    assert set(suggestions.before("keras.dense", "no such port")) == set(catalog)
    assert set(suggestions.popular()) == set(catalog)


def test_what_the_person_wires_comes_first_and_half_as_much_in_the_other_direction(catalog: Catalog) -> None:
    suggestions = Suggestions(catalog)
    suggestions.count("keras.dense", "network", "keras.dropout", "network")
    assert suggestions.after("keras.dense", "network")[0] == "keras.dropout"
    assert suggestions.before("keras.dropout", "network")[0] == "keras.dense"
    suggestions.count("keras.flatten", "network", "keras.dropout", "network", pulled_back=True)
    assert suggestions.before("keras.dropout", "network")[:2] == ["keras.flatten", "keras.dense"]
    suggestions.count("keras.dense", "network", "keras.flatten", "network", pulled_back=True)
    assert suggestions.after("keras.dense", "network")[:2] == ["keras.dropout", "keras.flatten"]


def test_a_wire_says_a_little_about_other_ports_of_the_kind(catalog: Catalog) -> None:
    suggestions = Suggestions(catalog)
    suggestions.count("keras.conv_2d", "network", "keras.dropout", "network")
    assert suggestions.after("keras.flatten", "network")[0] == "keras.dropout"


def test_grown_inputs_count_as_the_one_that_grows(catalog: Catalog) -> None:
    grower = next(c for c in catalog.values() if any(p.grows and p.kind == "network" for p in c.input_ports))
    port = next(p for p in grower.input_ports if p.grows)
    suggestions = Suggestions(catalog)
    suggestions.count("keras.dense", "network", grower.id, f"{port.name}_2")
    assert suggestions.before(grower.id, f"{port.name}_1")[0] == "keras.dense"
    assert suggestions.before(grower.id, port.name)[0] == "keras.dense"


def test_the_next_start_knows_it_and_it_fades(catalog: Catalog, path: Path) -> None:
    first = Suggestions(catalog, path=path)
    for _ in range(2):
        first.count("keras.dense", "network", "keras.dropout", "network")
    first.save()
    for _ in range(4):  # 2 fades to below 1 (2 * 0.8 ** 4)
        later = Suggestions(catalog, path=path)
        assert later.after("keras.dense", "network")[0] == "keras.dropout"
        later.count("keras.input", "network", "keras.conv_2d", "network")
        later.save()
        later.save()
    later.count("keras.dense", "network", "keras.flatten", "network")
    assert later.after("keras.dense", "network")[:2] == ["keras.flatten", "keras.dropout"]


def test_two_windows_add_up(catalog: Catalog, path: Path) -> None:
    one, two = Suggestions(catalog, path=path), Suggestions(catalog, path=path)
    one.count("keras.dense", "network", "keras.dropout", "network")
    two.count("keras.flatten", "network", "keras.dropout", "network")
    one.save()
    two.save()
    rows = {tuple(row[:4]) for row in json.loads(path.read_text())["wires"]}
    assert {("after", "keras.dense", "network", "keras.dropout"), ("after", "keras.flatten", "network", "keras.dropout")} <= rows
    assert not Suggestions(catalog, path=path).problems


def test_what_is_never_used_again_is_forgotten(catalog: Catalog, path: Path) -> None:
    Suggestions(catalog, path=path).count("a", "b", "c", "d")
    path.parent.mkdir()
    path.write_text('{"wires": [["after", "old", "x", "gone", 0.05]]}')
    session = Suggestions(catalog, path=path)
    for _ in range(SAVE_AFTER):
        session.count("keras.dense", "network", "keras.dropout", "network")
    assert "gone" not in path.read_text()
    assert "keras.dropout" in path.read_text()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"wires": [[1]]}', b'{"wires": 3}', b"\xff", b'{"wires": [["a","b","c","d","e"]]}']
)
def test_a_damaged_file_is_set_aside_and_counting_starts_anew(catalog: Catalog, path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    suggestions = Suggestions(catalog, path=path)
    (problem,) = suggestions.problems
    aside = path.with_name("suggestions.json.damaged-1")
    assert str(aside) in problem
    assert aside.read_bytes() == content
    suggestions.count("keras.dense", "network", "keras.dropout", "network")
    suggestions.save()
    assert Suggestions(catalog, path=path).after("keras.dense", "network")[0] == "keras.dropout"


def test_a_disk_that_refuses_is_told_once_and_counting_goes_on(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    suggestions = Suggestions(catalog, path=tmp_path / "file" / "suggestions.json")
    for _ in range(3):
        suggestions.count("keras.dense", "network", "keras.dropout", "network")
        suggestions.save()
    assert len([p for p in suggestions.problems if "remembered" in p]) == 1
    assert suggestions.after("keras.dense", "network")[0] == "keras.dropout"


def test_wires_of_foreign_nodes_and_loose_ones_do_no_harm(catalog: Catalog) -> None:
    odd = Workflow(
        nodes=[NodeRecord(id="a", type="not.installed"), NodeRecord(id="b", type="keras.dense")],
        connections=[Connection(source="a.x", target="b.network"), Connection(source="gone.x", target="b.network")],
    )
    suggestions = Suggestions(catalog, [odd])
    assert "not.installed" not in suggestions.before("keras.dense", "network")
    assert suggestions.after("keras.dense", "network")
