"""A document is a tree of workflows: nodes become a component and nodes again, each level is a document, undo is one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.document import clipboard
from app.document.change import Change
from app.document.editing import Document
from app.document.file import dump, load, parse
from app.document.model import (
    COMPONENT,
    COMPONENT_INPUT,
    COMPONENT_OUTPUT,
    Annotation,
    Connection,
    NodeRecord,
    NodeView,
    Variable,
    View,
    Workflow,
)
from app.document.packing import pack, unlink, unpack
from app.document.problems import DocumentError
from app.engine.fingerprints import Fingerprints
from app.engine.planner import make_plan
from tests.app.engine.toy import CATALOG
from tests.app.engine.toy import workflow as toy_workflow
from tests.catalog import CATALOG as EVERY

EXAMPLES = sorted(Path("workflows").glob("*.workflow.json"))


def workflow(nodes: dict[str, tuple[str, dict[str, Any]]], wires: Sequence[tuple[str, str]] = ()) -> Workflow:
    return toy_workflow(nodes, list(wires))


def chain() -> Workflow:
    """count -> a -> b -> c, from left to right."""
    ids = ["count", "a", "b", "c"]
    made = workflow(
        {"count": ("toy.count", {})} | {n: ("toy.add", {"number": 1}) for n in ids[1:]},
        [("count", "a"), ("a", "b"), ("b", "c")],
    )
    made.nodes = [r.model_copy(update={"type_version": 2 if r.type == "toy.add" else 1}) for r in made.nodes]
    made.view = View(nodes={n: NodeView(position=(100.0 * x, 7.0 * x)) for x, n in enumerate(ids)})
    return made


def document(made: Workflow | None = None) -> Document:
    return Document(made or chain(), CATALOG)


def content(made: Workflow) -> dict[str, Any]:
    """What a workflow says, without the order of nodes and wires."""
    return {
        "nodes": {record.id: record for record in made.nodes},
        "wires": {wire.key for wire in made.connections},
        "views": dict(made.view.nodes),
        "boxes": made.view.annotations,
        "variables": made.variables,
    }


# ----------------------------------------------------------------------------------------------------------------- packing


def test_nodes_become_one_with_the_ports_that_the_cut_wires_need() -> None:
    edited = document()
    component = pack(edited, ["a", "b"], name="Twice")

    assert list(edited.nodes) == ["count", component, "c"]
    assert set(edited.connections) == {f"count.table>{component}.table_in_1", f"{component}.table_out_1>c.table"}
    assert edited.title(component) == "Twice"
    assert edited.view(component).position == (100.0, 7.0)
    inside = edited.inside(component)
    assert list(inside.nodes) == ["table_in_1", "a", "b", "table_out_1"]
    assert set(inside.connections) == {"table_in_1.value>a.table", "a.table>b.table", "b.table>table_out_1.value"}
    node_type = edited.node_type(component)
    assert [(p.name, p.kind, p.title) for p in node_type.input_ports] == [("table_in_1", "table", "Table")]
    assert [(p.name, p.kind, p.title) for p in node_type.output_ports] == [("table_out_1", "table", "Table")]


def test_one_input_for_each_source_outside_and_one_output_for_each_inside_in_the_order_on_the_canvas() -> None:
    made = workflow(
        {"low": ("toy.count", {}), "high": ("toy.count", {}), "s": ("toy.both", {}), "x": ("toy.add", {}), "y": ("toy.add", {})}
    )
    wires = ("low.table>s.table_1", "high.table>s.table_2", "low.table>x.table", "s.table>y.table")
    made.connections = [Connection(source=w.split(">")[0], target=w.split(">")[1]) for w in wires]
    made.view = View(nodes={"low": NodeView(position=(0, 50)), "high": NodeView(position=(0, 10))})
    edited = document(made)
    component = pack(edited, ["s", "x"])
    inputs = edited.node_type(component).input_ports

    assert [p.title for p in inputs] == ["Table", "Table 2"]
    assert edited.connection_into(f"{component}.{inputs[0].name}") == f"high.table>{component}.{inputs[0].name}"
    assert len(edited.node_type(component).output_ports) == 1
    low = inputs[1].name
    assert {f"{low}.value>s.table_1", f"{low}.value>x.table"} <= set(edited.inside(component).connections)


def test_a_node_between_is_refused_in_words_and_nothing_is_changed() -> None:
    edited = document()
    with pytest.raises(DocumentError, match=r"'Add' lies between the chosen nodes.*feed itself"):
        pack(edited, ["a", "c"])
    with pytest.raises(DocumentError, match="nothing to make a component of"):
        pack(edited, ["gone"])
    component = pack(edited, ["a", "b"])
    with pytest.raises(DocumentError, match="is a port of this workflow"):
        pack(edited.inside(component), ["table_in_1", "a"])

    assert [change.label for change in edited.history] == ["Make a component of 2 nodes"]


def test_packing_and_unpacking_are_one_step_each() -> None:
    edited = document()
    before = edited.workflow()
    component = pack(edited, ["a", "b"])
    packed = edited.workflow()
    assert unpack(edited, component) == ["a", "b"]
    assert content(edited.workflow()) == content(before)

    edited.undo()
    assert edited.workflow() == packed
    edited.undo()
    assert edited.workflow() == before
    assert not edited.modified
    edited.redo()
    edited.redo()
    assert content(edited.workflow()) == content(before)


def test_what_was_moved_as_a_component_is_unpacked_where_it_is() -> None:
    edited = document()
    component = pack(edited, ["a", "b"])
    edited.move({component: (300.0, 107.0)})
    unpack(edited, component)

    assert edited.view("a").position == (300.0, 107.0)
    assert edited.view("b").position == (400.0, 114.0)


def test_annotations_go_in_and_come_out() -> None:
    made = chain()
    made.view = made.view.model_copy(update={"annotations": [Annotation(text="x", position=(1, 2), size=(3, 4))]})
    edited = document(made)
    component = pack(edited, ["a"], ["box_1"])
    assert not edited.annotations
    assert [box.text for box in edited.inside(component).annotations.values()] == ["x"]
    unpack(edited, component)
    assert [box.position for box in edited.annotations.values()] == [(1.0, 2.0)]


def test_settings_taken_from_the_component_have_its_values_when_it_is_unpacked() -> None:
    inside = workflow({"x": ("toy.add", {"number": {"variable": "n"}}), "y": ("toy.add", {"number": {"variable": "m"}})})
    inside.variables = [Variable(name="n", type="integer", value=3), Variable(name="m", type="integer", value=4)]
    inside.nodes.append(NodeRecord(id="z", type="toy.count", settings={"file": "${n}/$${n}/${m}"}))
    made = Workflow(nodes=[NodeRecord(id="c", type=COMPONENT, workflow=inside, settings={"m": {"variable": "outer"}})])
    edited = document(made)
    unpack(edited, "c")

    assert {n: dict(r.settings) for n, r in edited.nodes.items()} == {
        "x": {"number": 3},
        "y": {"number": {"variable": "outer"}},
        "z": {"file": "3/$${n}/${outer}"},
    }


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.name.partition(".")[0])
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.data())
def test_any_subset_of_any_example_is_packed_and_unpacked_without_a_difference(path: Path, drawn: st.DataObject) -> None:
    made = load(path)
    chosen = drawn.draw(st.sets(st.sampled_from([record.id for record in made.nodes]), min_size=1))
    boxes = drawn.draw(st.sets(st.sampled_from(range(1, len(made.view.annotations) + 1)))) if made.view.annotations else set()
    edited = Document(made, EVERY)
    try:
        component = pack(edited, chosen, sorted(f"box_{n}" for n in boxes))
    except DocumentError as error:
        assert "lies between" in str(error)
        return
    packed = edited.workflow()
    assert parse(dump(packed)).nodes == packed.nodes
    unpack(edited, component)
    again = edited.workflow()

    def found(one: Workflow) -> dict[str, str]:
        return make_plan(one, EVERY, folder=path.parent.resolve()).keys(Fingerprints(), "run")

    after, before = content(again), content(made)
    assert sorted(map(repr, after.pop("boxes"))) == sorted(map(repr, before.pop("boxes")))
    assert after == before
    assert found(packed) == found(made) == found(again)
    edited.undo()
    edited.undo()
    assert edited.workflow() == Document(made, EVERY).workflow()


# --------------------------------------------------------------------------------------------------------- editing inside


def test_what_is_inside_is_edited_as_a_document_with_one_undo_for_the_file() -> None:
    edited = document()
    component = pack(edited, ["a", "b"])
    inside = edited.inside(component)
    assert inside is edited.inside(component)
    assert inside.path == (component,)
    inside.set_settings("a", {"number": 9})
    edited.rename("c", "Last")
    inside.rename("b", "Second")

    record = edited.nodes[component].workflow
    assert record is not None
    assert record.node("a").settings == {"number": 9}
    undone = [inside.undo(), edited.undo(), inside.undo()]
    assert [change.path for change in undone if change] == [(component,), (), (component,)]
    assert inside.nodes["a"].settings == {"number": 1}
    assert edited.undo_label == "Make a component of 2 nodes"


def test_listeners_are_told_of_their_own_level_and_of_components_as_records() -> None:
    edited = document()
    component = pack(edited, ["a", "b"])
    inside = edited.inside(component)
    told: dict[str, list[Change]] = {"outer": [], "inner": [], "all": []}
    edited.subscribe(told["outer"].append)
    inside.subscribe(told["inner"].append)
    edited.subscribe_to_all(told["all"].append)
    inside.set_settings("a", {"number": 9})

    assert [c.path for c in told["all"]] == [c.path for c in told["inner"]] == [(component,)]
    assert list(told["outer"][0].keys("nodes")) == [component]
    assert told["outer"][0].records["nodes"][component][1] == edited.nodes[component]

    edited.undo()
    edited.set_settings(component, {"n": 1})
    assert [len(changes) for changes in told.values()] == [3, 2, 3]


def test_a_copy_follows_every_change_at_every_depth() -> None:
    edited, copy = document(), document()
    edited.subscribe_to_all(copy.follow)
    component = pack(edited, ["a", "b"])
    inner = pack(edited.inside(component), ["b"], name="Deep")
    deep = edited.inside(component).inside(inner)
    assert deep.path == (component, inner)
    deep.set_settings("b", {"number": 5})
    deep.add_annotation(Annotation(text="x", position=(0, 0), size=(1, 1)))
    unpack(edited.inside(component), inner)
    edited.undo()
    edited.delete([component])
    edited.undo()
    while edited.undo_label:
        edited.undo()
        assert copy.workflow() == edited.workflow()
    while edited.redo_label:
        edited.redo()
        assert copy.workflow() == edited.workflow()
    assert edited.workflow() != document().workflow()


def test_edits_inside_survive_a_component_that_goes_and_comes_back() -> None:
    edited = document()
    component = pack(edited, ["a", "b"])
    inside = edited.inside(component)
    first, second = (inside.add_annotation(Annotation(text=t, position=(0, 0), size=(1, 1))) for t in "xy")
    inside.delete(annotations=[first])
    edited.delete([component])
    assert not inside.is_there
    inside.rename("a", "too late")
    edited.undo()
    assert inside.is_there
    assert list(inside.annotations) == [second]
    edited.undo()
    assert set(inside.annotations) == {first, second}
    edited.undo()
    edited.undo()
    assert not inside.annotations
    assert edited.undo_label == "Make a component of 2 nodes"


def test_a_step_over_several_levels_is_one_change_around_them_and_is_taken_back_whole() -> None:
    edited = document()
    component = pack(edited, ["a", "b"])
    inside = edited.inside(component)
    packed = edited.workflow()
    told: list[Change] = []
    edited.subscribe_to_all(told.append)
    with edited.step("Both"):
        inside.set_settings("a", {"number": 7})
        edited.rename("c", "Last")
        inside.set_settings("b", {"number": 8})
    assert [(c.label, c.path) for c in told] == [("Both", ())]
    both = edited.workflow()
    edited.undo()
    assert edited.workflow() == packed
    assert inside.nodes["a"].settings == {"number": 1}
    edited.redo()
    assert edited.workflow() == both
    edited.undo()
    with pytest.raises(RuntimeError), edited.step("Never"):
        inside.set_settings("a", {"number": 7})
        edited.rename("c", "Last")
        raise RuntimeError
    assert edited.workflow() == packed


def test_a_variable_renamed_inside_takes_the_component_s_setting_with_it() -> None:
    inside = workflow({"x": ("toy.add", {"number": {"variable": "n"}})})
    inside.variables = [Variable(name="n", type="integer", value=3)]
    edited = document(Workflow(nodes=[NodeRecord(id="c", type=COMPONENT, workflow=inside, settings={"n": 4})]))
    before = edited.workflow()
    edited.inside("c").set_variable("n", Variable(name="number", type="integer", value=3))

    assert edited.nodes["c"].settings == {"number": 4}
    assert edited.inside("c").nodes["x"].settings == {"number": {"variable": "number"}}
    edited.undo()
    assert edited.workflow() == before


def test_a_variable_renamed_outside_is_renamed_inside_but_where_a_component_has_its_own() -> None:
    use = {"number": {"variable": "n"}}
    own = workflow({"y": ("toy.add", use)})
    own.variables = [Variable(name="n", type="integer", value=3)]
    made = Workflow(
        variables=[Variable(name="n", type="integer", value=1)],
        nodes=[
            NodeRecord(id="c", type=COMPONENT, workflow=workflow({"x": ("toy.add", use)})),
            NodeRecord(id="d", type=COMPONENT, workflow=own, settings={"n": {"variable": "n"}}),
        ],
    )
    edited = document(made)
    edited.set_variable("n", Variable(name="m", type="integer", value=1))

    assert edited.inside("c").nodes["x"].settings == {"number": {"variable": "m"}}
    assert edited.inside("d").nodes["y"].settings == use
    assert edited.nodes["d"].settings == {"n": {"variable": "m"}}


# -------------------------------------------------------------------------------------------------------- ids in the file


def test_ids_are_free_in_the_whole_file() -> None:
    edited = document()
    component = pack(edited, ["a", "b"])
    inside = edited.inside(component)
    one = inside.add_node("toy.add", (0, 0))
    two = edited.add_node("toy.add", (0, 0))
    assert one != two
    assert {one, two, "a", "count", component} <= edited.file_ids
    with pytest.raises(ValueError, match="'a' already"):
        edited.add([NodeRecord(id="a", type="toy.add")])
    assert edited.find(one) is inside
    assert edited.find("c") is edited
    assert edited.find("gone") is None


def test_a_merge_by_hand_with_one_id_in_two_components_is_parted_with_its_wires() -> None:
    def part() -> Workflow:
        made = workflow({"x": ("toy.count", {}), "y": ("toy.add", {})}, [("x", "y")])
        made.nodes.append(NodeRecord(id="out", type=COMPONENT_OUTPUT))
        made.connections.append(Connection(source="y.table", target="out.value"))
        made.view = View(nodes={"x": NodeView(name="X")})
        return made

    made = Workflow(
        nodes=[*(NodeRecord(id=n, type=COMPONENT, workflow=part()) for n in ("c", "d")), NodeRecord(id="last", type="toy.add")],
        connections=[Connection(source="d.out", target="last.table")],
    )
    plan = make_plan(document(made).workflow(), CATALOG, folder=Path())

    assert plan.problems == []
    assert len(plan.nodes) == 5
    assert {p.title for p in plan.nodes.values() if p.node and p.node.id == "toy.count"} == {"X"}


def test_a_copied_component_has_nodes_of_its_own_wired_as_before() -> None:
    edited = document()
    component = pack(edited, ["a", "b"])
    text = clipboard.copy(edited, [component, "count"])
    first, second = clipboard.paste(edited, text)

    assert len(edited.file_ids) == len(list(edited.file_ids)) == 2 + 1 + 4 + 2 + 4
    plan = make_plan(edited.workflow(), CATALOG, folder=Path())
    assert plan.problems == []
    copied = next(c for c in plan.components.values() if c.id != component)
    assert {first, second} == {copied.id, copied.inputs[next(iter(copied.inputs))][0]}
    (twin,) = clipboard.duplicate(edited, [component])
    assert make_plan(edited.workflow(), CATALOG, folder=Path()).problems == []
    assert any(wire.target_node == twin for wire in edited.connections.values())

    inside = edited.inside(component)
    clipboard.paste(inside, clipboard.copy(edited, [twin]))
    assert make_plan(edited.workflow(), CATALOG, folder=Path()).nodes.keys() > plan.nodes.keys()


def test_variables_that_a_component_s_inside_needs_are_copied_and_its_own_are_not() -> None:
    inside = workflow({"x": ("toy.add", {"number": {"variable": "own"}}), "y": ("toy.add", {"number": {"variable": "outer"}})})
    inside.variables = [Variable(name="own", type="integer", value=1)]
    made = Workflow(
        variables=[Variable(name=n, type="integer", value=2) for n in ("outer", "own", "other")],
        nodes=[NodeRecord(id="c", type=COMPONENT, workflow=inside)],
    )
    other = document(Workflow())
    clipboard.paste(other, clipboard.copy(document(made), ["c"]))

    assert list(other.variables) == ["outer"]


# ------------------------------------------------------------------------------------------------------------------- files


def test_an_unlinked_component_holds_a_copy_and_finds_its_results(tmp_path: Path) -> None:
    part = chain()
    part.nodes[0] = NodeRecord(id="count", type=COMPONENT_INPUT)
    part.connections[0] = Connection(source="count.value", target="a.table")
    (tmp_path / "part.workflow.json").write_text(dump(part))
    made = Workflow(
        nodes=[NodeRecord(id="s", type="toy.count"), NodeRecord(id="p", type=COMPONENT, file="part.workflow.json")],
        connections=[Connection(source="s.table", target="p.count")],
    )
    edited = document(made)

    def keys() -> dict[str, str]:
        return make_plan(edited.workflow(), CATALOG, folder=tmp_path).keys(Fingerprints(), "run")

    with pytest.raises(ValueError, match="holds no workflow"):
        edited.inside("p")
    with pytest.raises(DocumentError, match="Unlink it"):
        unpack(edited, "p")
    before = keys()
    unlink(edited, "p", part)
    assert keys() == before
    assert not edited.nodes["p"].file
    assert sorted(unpack(edited, "p")) == ["p__a", "p__b", "p__c"]
    assert keys() == before


def test_random_edits_at_random_levels_are_taken_back_to_the_beginning() -> None:
    for seed in range(12):
        draw = random.Random(seed)
        edited, copy = document(), document()
        edited.subscribe_to_all(copy.follow)
        start = edited.workflow()
        for _ in range(25):
            levels = [edited]
            for level in levels:
                levels += [level.inside(n) for n, r in level.nodes.items() if r.is_component and not r.file]
            level = draw.choice(levels)
            nodes = [n for n, r in level.nodes.items() if r.type not in (COMPONENT_INPUT, COMPONENT_OUTPUT)]
            components = [n for n in nodes if level.nodes[n].is_component]
            match draw.randrange(6):
                case 0 | 1 if nodes:
                    try:
                        pack(level, draw.sample(nodes, draw.randint(1, len(nodes))))
                    except DocumentError:
                        continue
                case 2 if components:
                    unpack(level, draw.choice(components))
                case 3:
                    level.add_node("toy.add", (draw.random(), 0))
                case 4 if nodes:
                    level.rename(draw.choice(nodes), f"{draw.random()}")
                case 5:
                    edited.undo()
            assert copy.workflow() == edited.workflow()
            assert len(list(edited.file_ids)) == len(set(edited.file_ids))
        end = edited.workflow()
        steps = len(edited.history)
        for _ in range(steps):
            edited.undo()
        assert edited.workflow() == start
        for _ in range(steps):
            edited.redo()
        assert edited.workflow() == end == copy.workflow()
