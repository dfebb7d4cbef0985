"""Components in a plan: their nodes are planned as if they were not in one, with paths, settings and problems of their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app.document import composition
from app.document.file import save
from app.document.model import (
    COMPONENT,
    COMPONENT_INPUT,
    COMPONENT_OUTPUT,
    Connection,
    NodeRecord,
    NodeView,
    Variable,
    View,
    Workflow,
)
from app.engine.executor import run
from app.engine.fingerprints import Fingerprints
from app.engine.overrides import parse_override
from app.engine.permissions import Permissions
from app.engine.plan import Plan
from app.engine.planner import Planner, make_plan
from app.engine.store import Store
from app.engine.trust import Trust
from tests.app.engine.toy import CATALOG, RUNS
from tests.catalog import CATALOG as EVERY


def node(node_id: str, node_type: str = "toy.add", **settings: Any) -> NodeRecord:
    return NodeRecord(id=node_id, type=node_type, type_version=2 if node_type == "toy.add" else 1, settings=settings)


def flow(nodes: Sequence[NodeRecord], wires: Sequence[str] = (), variables: Sequence[Variable] = (), **more: Any) -> Workflow:
    """A workflow; wires as `a.table>b.table`."""
    ends = [wire.split(">") for wire in wires]
    connections = [Connection(source=source, target=target) for source, target in ends]
    return Workflow(nodes=list(nodes), connections=connections, variables=list(variables), **more)


def port(node_id: str, **settings: Any) -> NodeRecord:
    return NodeRecord(id=node_id, type=COMPONENT_INPUT if node_id.startswith("in") else COMPONENT_OUTPUT, settings=settings)


def component(node_id: str, inside: Workflow | None = None, *, file: str = "", **settings: Any) -> NodeRecord:
    return NodeRecord(id=node_id, type=COMPONENT, workflow=inside, file=file, settings=settings)


def cleaning(**more: Any) -> Workflow:
    """What is in a component: in_a -> first -> second -> out_a."""
    nodes = [port("in_a", name="Raw"), node("first", number={"variable": "n"}), node("second"), port("out_a", name="Clean")]
    wires = ["in_a.value>first.table", "first.table>second.table", "second.table>out_a.value"]
    return flow(nodes, wires, [Variable(name="n", type="integer", value=5, minimum=0, label="Number")], **more)


OUTER_WIRES = ("count.table>clean.in_a", "clean.out_a>last.table")


def nested(**settings: Any) -> Workflow:
    return flow([node("count", "toy.count"), component("clean", cleaning(), **settings), node("last")], OUTER_WIRES)


def planned(made: Workflow, folder: Path = Path("/flows"), **more: Any) -> Plan:
    return make_plan(made, CATALOG, folder=folder, **more)


def told(plan: Plan) -> list[str]:
    return [str(problem) for problem in plan.problems]


# ------------------------------------------------------------------------------------------------------------ taken apart


def test_nodes_in_a_component_are_nodes_of_the_plan_under_their_paths() -> None:
    plan = planned(nested())

    assert told(plan) == []
    assert [planned.path for planned in plan.nodes.values()] == ["count", "clean/first", "clean/second", "last"]
    assert plan.nodes["first"].inputs == {"table": ("count", "table")}
    assert plan.nodes["last"].inputs == {"table": ("second", "table")}
    assert plan.components["clean"].nodes == ["first", "second"]
    assert plan.components["clean"].inputs == {"in_a": ("count", "table")}
    assert plan.components["clean"].outputs == {"out_a": ("second", "table")}


def test_shapes_pass_live_through_the_boundary_and_results_are_right(tmp_path: Path) -> None:
    plan = planned(nested())
    spec = plan.nodes["last"].specs["table"]
    assert spec is not None
    assert spec.describe() == "3 rows · 1 column"

    store = Store(tmp_path)
    result = run(plan, store, lambda _: None)

    assert result.status == "done"
    assert store.load(result.keys["last"])["table"].frame()["n"].to_list() == [7, 8, 9]  # type: ignore[union-attr]


def test_keys_are_those_of_the_same_nodes_without_a_component() -> None:
    flat = flow(
        [node("count", "toy.count"), node("first", number=5), node("second"), node("last")],
        ["count.table>first.table", "first.table>second.table", "second.table>last.table"],
    )
    prints = Fingerprints()

    assert planned(nested()).keys(prints, "run") == planned(flat).keys(prints, "run")


def test_components_are_nested_at_any_depth() -> None:
    inside, depth = cleaning(), 25
    for level in range(depth):
        ports = [port(f"in_{level}"), port(f"out_{level}")]
        inner_in, inner_out = ("in_a", "out_a") if level == 0 else (f"in_{level - 1}", f"out_{level - 1}")
        inside = flow(
            [*ports, component(f"c{level}", inside)],
            [f"in_{level}.value>c{level}.{inner_in}", f"c{level}.{inner_out}>out_{level}.value"],
        )
    made = flow(
        [node("count", "toy.count"), component("top", inside), node("last")],
        [f"count.table>top.in_{depth - 1}", f"top.out_{depth - 1}>last.table"],
    )
    plan = planned(made)

    assert told(plan) == []
    assert plan.nodes["first"].path == "/".join(["top", *(f"c{level}" for level in reversed(range(depth))), "first"])
    assert plan.nodes["last"].inputs == {"table": ("second", "table")}


def test_a_component_that_only_passes_on_is_not_there_for_the_nodes_around() -> None:
    through = flow([port("in_a"), port("out_a")], ["in_a.value>out_a.value"])
    made = flow([node("count", "toy.count"), component("c", through), node("last")], ["count.table>c.in_a", "c.out_a>last.table"])

    assert planned(made).nodes["last"].inputs == {"table": ("count", "table")}


def test_ids_are_people_s_paths_for_targets() -> None:
    plan = planned(nested())

    assert plan.named("clean/second") == plan.named("second") == ["second"]
    assert plan.named("clean") == ["first", "second"]
    assert plan.named("clean/none") == []
    assert plan.nodes_of(["out_a", "in_a"]) == ["second", "count"]


# --------------------------------------------------------------------------------------------------------------- settings


def test_a_component_s_variables_are_its_settings_and_inner_ones_come_first() -> None:
    assert planned(nested()).nodes["first"].node.number == 5  # type: ignore[union-attr]
    assert planned(nested(n=8)).nodes["first"].node.number == 8  # type: ignore[union-attr]

    outer = nested(n={"variable": "n"})
    outer.variables = [Variable(name="n", type="integer", value=40)]
    assert planned(outer).nodes["first"].node.number == 40  # type: ignore[union-attr]


def test_what_a_component_does_not_declare_is_taken_from_the_workflow() -> None:
    made = flow(
        [node("count", "toy.count", rows={"variable": "rows"}), component("c", flow([node("in_c", "toy.count")]))],
        variables=[Variable(name="rows", type="integer", value=2)],
    )
    made.nodes[1].workflow.nodes[0].settings["rows"] = {"variable": "rows"}  # type: ignore[union-attr]

    assert planned(made).nodes["in_c"].node.rows == 2  # type: ignore[union-attr]
    assert planned(made, variable_values={"rows": "7"}).nodes["in_c"].node.rows == 7  # type: ignore[union-attr]


def test_settings_of_components_are_checked_in_the_words_of_nodes() -> None:
    assert told(planned(nested(n=-1))) == ["clean.n: -1 does not do for 'Number'. Enter a whole number from 0."]
    assert told(planned(nested(m=1))) == ["clean.m: 'Component' has no setting 'm'. Its settings: n."]
    blocked = planned(nested(n=-1))
    assert blocked.nodes["first"].blocked_by == "clean"
    assert blocked.nodes["last"].blocked_by == "clean"


@pytest.mark.parametrize(
    ("kind", "more", "good", "bad"),
    [
        ("text", {}, "a", 3),
        ("integer", {"maximum": 9}, 9, 10),
        ("number", {"minimum": 0.5}, 0.5, 0.4),
        ("boolean", {}, True, "perhaps"),
        ("choice", {"choices": ["a", "b"]}, "b", "c"),
        ("column", {}, "size", ["size"]),
        ("columns", {}, ["a", "b"], "a"),
        ("path", {}, "data.csv", 4),
    ],
)
def test_every_type_of_setting_takes_what_it_can_be(kind: Any, more: dict[str, Any], good: Any, bad: Any) -> None:
    default = {"integer": 1, "number": 1.0, "boolean": False, "columns": [], "choice": "a"}.get(kind, "")
    inside = flow([node("x", "toy.count")], variables=[Variable(name="v", type=kind, value=default, **more)])
    assert told(planned(flow([component("c", inside, v=good)]))) == []
    assert planned(flow([component("c", inside, v=bad)])).problems[0].setting == "v"


def test_a_path_is_meant_from_the_workflow_s_folder(tmp_path: Path) -> None:
    inside = flow(
        [node("x", "toy.count", file={"variable": "data"})], variables=[Variable(name="data", type="path", value="a.csv")]
    )
    for settings, name in (({}, "a.csv"), ({"data": "b.csv"}, "b.csv")):
        plan = planned(flow([component("c", inside, **settings)]), tmp_path)
        assert plan.nodes["x"].node.file == str((tmp_path / name).resolve())  # type: ignore[union-attr]


def test_variables_that_cannot_be_settings_and_defaults_that_do_not_fit_are_said() -> None:
    inside = flow([], variables=[Variable(name="title", value="x"), Variable(name="n", type="integer", value="many")])
    found = told(planned(flow([component("c", inside)])))

    assert "c: The component's variable 'title' cannot be a setting: every node has something of that name. Rename" in found[1]
    assert "Variable 'n' is integer, and 'many' is not." in found[0]


def test_a_run_replaces_settings_at_any_depth() -> None:
    overrides = [parse_override(text) for text in ("clean.n=9", "clean/second.number=4", "last.number=2")]
    plan = planned(nested(), overrides=overrides)
    assert [plan.nodes[n].node.number for n in ("first", "second", "last")] == [9, 4, 2]  # type: ignore[union-attr]

    wrong = [parse_override("clean.n=-2"), parse_override("clean/secnd.number=1")]
    assert told(planned(nested(), overrides=wrong)) == [
        "workflow: The workflow has no node 'clean/secnd'. Did you mean 'clean/second'?",
        "clean.n: -2 does not do for 'Number'. Enter a whole number from 0.",
    ]


# --------------------------------------------------------------------------------------------------------------- bad input


def test_an_input_without_wire_is_a_problem_of_the_component() -> None:
    made = nested()
    del made.connections[0]
    plan = planned(made)

    assert told(plan) == ["clean (port in_a): Input 'Raw' is not connected. Connect a table to it."]
    assert plan.nodes["first"].blocked_by == plan.nodes["last"].blocked_by == "clean"
    assert [str(p) for p in plan.concerning(plan.needed_for(["last"]))] == told(plan)


def test_an_optional_input_without_wire_is_none_for_what_does_without() -> None:
    inside = flow(
        [port("in_a", optional=True), node("s", "toy.sum"), node("a"), port("out_a")],
        ["in_a.value>s.table_1", "in_a.value>a.table", "s.table>out_a.value"],
    )
    plan = planned(flow([component("c", inside), node("last")], ["c.out_a>last.table"]))

    assert told(plan) == ["c/a (port table): Input 'Table' is not connected. Connect a table to it."]
    assert plan.nodes["s"].ready
    assert plan.nodes["last"].ready


def test_an_output_without_wire_is_a_problem_inside() -> None:
    made = nested()
    assert made.nodes[1].workflow is not None
    del made.nodes[1].workflow.connections[-1]
    plan = planned(made)

    assert told(plan) == ["clean/out_a (port value): Input 'Clean' is not connected. Connect a table to it."]
    assert plan.nodes["last"].blocked_by == "out_a"
    assert plan.nodes["second"].ready


def test_a_wire_to_a_port_that_is_gone_is_kept_and_told() -> None:
    made = nested()
    made.connections.append(Connection(source="count.table", target="clean.in_b"))
    assert told(planned(made)) == ["clean (port in_b): The node has no input port 'in_b'. Its input ports: in_a."]


def test_kinds_of_ports_are_checked_on_both_sides() -> None:
    made = nested()
    assert made.nodes[1].workflow is not None
    made.nodes[1].workflow.nodes[0].settings["kind"] = "network"
    found = told(planned(made))

    assert any("A table (count.table) is wired to an input for a network" in text for text in found)
    assert any("A network (in_a.value) is wired to an input for a table" in text for text in found)


def test_two_ports_of_one_name_are_told_at_the_second() -> None:
    inside = flow([port("in_a", name="Raw"), port("in_b", name="Raw")])
    made = flow([node("count", "toy.count"), component("c", inside)], ["count.table>c.in_a", "count.table>c.in_b"])
    plan = planned(made)

    assert told(plan) == ["c/in_b.name: Another port of the component is called 'Raw', too. Give it another name."]
    assert plan.errors == []


def test_a_wire_does_not_reach_into_a_component() -> None:
    made = nested()
    made.connections.append(Connection(source="first.table", target="last.table"))
    assert "tied to node 'first', which does not exist" in told(planned(made))[0]


def test_one_id_in_two_components_is_told() -> None:
    made = flow([component("c", flow([node("x", "toy.count")])), component("d", flow([node("x", "toy.count")]))])
    assert any("2 nodes have the id 'x'" in text for text in told(planned(made)))


def test_circles_through_components_are_found() -> None:
    inside = flow([port("in_a"), port("in_b"), node("x"), node("y"), port("out_a"), port("out_b")])
    inside.connections = [
        Connection(source=s, target=t)
        for s, t in (("in_a.value", "x.table"), ("in_b.value", "y.table"), ("x.table", "out_a.value"), ("y.table", "out_b.value"))
    ]
    made = flow(
        [node("count", "toy.count"), component("c", inside), node("z")],
        ["count.table>c.in_a", "c.out_a>z.table", "z.table>c.in_b"],
    )
    assert any("in a circle: c -> z -> c" in text for text in told(planned(made)))

    loop = flow([component("c", flow([port("in_a"), port("out_a")], ["in_a.value>out_a.value"]))], ["c.out_a>c.in_a"])
    assert any("circle" in text for text in told(planned(loop)))


def test_an_empty_component_and_one_of_a_missing_package_do_no_harm() -> None:
    odd = flow([NodeRecord(id="odd", type="away.node")])
    plan = planned(flow([component("empty"), component("c", odd), node("count", "toy.count")]))

    assert told(plan) == ["c/odd: There is no node type 'away.node'. Install the package that brings it, or replace the node."]
    assert plan.nodes["count"].ready


# ------------------------------------------------------------------------------------------------------------------- files


def shared(folder: Path, name: str = "parts/clean.workflow.json", **settings: Any) -> Workflow:
    """A workflow whose component is in a file, used twice."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    save(cleaning(name="Cleaning"), path)
    uses = [component("one", file=name, **settings), component("two", file=name)]
    return flow([node("count", "toy.count"), *uses], ["count.table>one.in_a", "one.out_a>two.in_a"])


def test_two_uses_of_one_file_have_nodes_of_their_own(tmp_path: Path) -> None:
    plan = planned(shared(tmp_path, n=1), tmp_path)

    assert told(plan) == []
    assert {n: p.path for n, p in plan.nodes.items()} == {
        "count": "count",
        "one__first": "one/first",
        "one__second": "one/second",
        "two__first": "two/first",
        "two__second": "two/second",
    }
    assert plan.nodes["one__first"].node.number == 1  # type: ignore[union-attr]
    assert plan.nodes["two__first"].node.number == 5  # type: ignore[union-attr]
    assert plan.nodes["two__first"].inputs == {"table": ("one__second", "table")}
    assert plan.components["one"].title == "Cleaning"


def test_paths_in_a_file_are_meant_from_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "parts" / "deep").mkdir(parents=True)
    save(flow([node("x", "toy.count", file="data.csv")]), tmp_path / "parts" / "deep" / "inner.workflow.json")
    save(flow([component("in_c", file="deep/inner.workflow.json")]), tmp_path / "parts" / "outer.workflow.json")
    plan = planned(flow([component("c", file="parts/outer.workflow.json")]), tmp_path)

    assert told(plan) == []
    assert plan.nodes["c__in_c__x"].path == "c/in_c/x"
    assert plan.nodes["c__in_c__x"].node.file == "parts/deep/data.csv"  # type: ignore[union-attr]


def test_a_missing_or_damaged_file_leaves_a_placeholder_that_keeps_its_wires(tmp_path: Path) -> None:
    made = shared(tmp_path)
    made.nodes[2] = component("two", file="gone.workflow.json")
    made.nodes.append(node("last"))
    made.connections.append(Connection(source="two.out_a", target="last.table"))
    plan = planned(made, tmp_path)

    assert [str(p).partition(" ")[0] for p in plan.problems] == ["two:"]
    assert "The component cannot be read: There is no file" in told(plan)[0]
    assert plan.nodes["two"].inputs == {"in_a": ("one__second", "table")}
    assert plan.nodes["last"].blocked_by == "two"
    assert plan.nodes["one__second"].ready

    (tmp_path / "gone.workflow.json").write_text("{")
    assert "is not JSON" in told(planned(made, tmp_path))[0]


def test_a_component_that_contains_itself_is_refused_in_words(tmp_path: Path) -> None:
    save(flow([component("b", file="b.workflow.json")]), tmp_path / "a.workflow.json")
    save(flow([component("a", file="a.workflow.json")]), tmp_path / "b.workflow.json")
    plan = planned(flow([component("c", file="a.workflow.json"), node("count", "toy.count")]), tmp_path)

    assert told(plan) == [
        "c/b/a: The component contains itself: a.workflow.json -> b.workflow.json -> a.workflow.json. "
        "Take it out of its own file, or unlink it."
    ]
    assert plan.nodes["count"].ready


def test_files_that_use_files_twice_are_not_looked_at_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "MOST_NODES", 300)
    save(flow([node(f"n{i}", "toy.count") for i in range(50)]), tmp_path / "0.workflow.json")
    for level in range(1, 9):
        twice = [component(name, file=f"{level - 1}.workflow.json") for name in ("a", "b")]
        save(flow(twice), tmp_path / f"{level}.workflow.json")
    plan = planned(flow([component("c", file="8.workflow.json")]), tmp_path)

    assert "has more than 300 nodes" in told(plan)[0]
    assert len(plan.nodes) < 600


def test_a_file_that_changes_is_seen(tmp_path: Path) -> None:
    made = shared(tmp_path)
    planner = Planner(CATALOG, tmp_path)
    before = planner.plan(made)
    assert not planner.is_outdated()
    again = planner.plan(made)
    assert all(again.nodes[n] is before.nodes[n] for n in before.nodes), "nothing is done again"

    changed = cleaning()
    changed.nodes[2].settings["number"] = 70
    save(changed, tmp_path / "parts/clean.workflow.json")

    assert planner.is_outdated()
    after = planner.plan(made)
    assert after.nodes["one__second"].node.number == 70  # type: ignore[union-attr]
    assert (
        after.nodes["one__first"] is before.nodes["one__first"]
        or after.nodes["one__first"].node == before.nodes["one__first"].node
    )


# ----------------------------------------------------------------------------------------------------------- plans again


def test_what_an_edit_inside_does_not_concern_is_not_planned_again() -> None:
    made = nested()
    planner = Planner(CATALOG, Path("/flows"))
    before = planner.plan(made)
    inside = made.nodes[1].workflow
    assert inside is not None
    second = inside.nodes[2].model_copy(update={"settings": {"number": 3}})
    nodes = [*inside.nodes[:2], second, *inside.nodes[3:]]
    edited = made.nodes[1].model_copy(update={"workflow": inside.model_copy(update={"nodes": nodes})})
    after = planner.plan(made.model_copy(update={"nodes": [made.nodes[0], edited, made.nodes[2]]}))

    assert after.nodes["count"] is before.nodes["count"]
    assert after.nodes["first"] is before.nodes["first"]
    assert after.nodes["second"].node.number == 3  # type: ignore[union-attr]
    assert after.wiring is before.wiring

    setting = edited.model_copy(update={"settings": {"n": 6}})
    last = planner.plan(made.model_copy(update={"nodes": [made.nodes[0], setting, made.nodes[2]]}))
    assert last.nodes["first"].node.number == 6  # type: ignore[union-attr]
    assert last.nodes["count"] is before.nodes["count"]


def test_names_given_inside_are_titles() -> None:
    inside = cleaning(view=View(nodes={"first": NodeView(name="Add five"), "in_a": NodeView()}))
    made = flow([node("count", "toy.count"), component("clean", inside), node("last")], OUTER_WIRES)
    made.view = View(nodes={"clean": NodeView(name="My cleaning")})
    plan = planned(made)

    assert plan.nodes["first"].title == "Add five"
    assert plan.components["clean"].title == "My cleaning"


def test_what_is_stored_is_found_inside_a_component(tmp_path: Path) -> None:
    store = Store(tmp_path)
    flat = flow(
        [node("count", "toy.count"), node("first", number=5), node("second"), node("last")],
        ["count.table>first.table", "first.table>second.table", "second.table>last.table"],
    )
    run(planned(flat), store, lambda _: None)
    RUNS.clear()
    assert run(planned(nested()), store, lambda _: None).status == "done"
    assert not RUNS, "packing computes nothing again"
    assert json.dumps(sorted(planned(nested()).nodes)) == json.dumps(sorted(planned(flat).nodes))


# ------------------------------------------------------------------------------------------------------------------- trust


def test_scripts_in_components_and_in_their_files_do_not_run_untrusted(tmp_path: Path) -> None:
    script = NodeRecord(id="s", type="scripts.python_script", settings={"script": "evil()"})
    save(flow([script]), tmp_path / "part.workflow.json")
    made = flow([component("c", flow([component("d", flow([script]))])), component("f", file="part.workflow.json")])
    plan = make_plan(made, EVERY, folder=tmp_path)

    assert {planned.path for planned in plan.nodes.values() if planned.untrusted} == {"c/d/s", "f/s"}
    assert {problem.path for problem in plan.problems if "nobody has trusted it" in problem.message} == {"c/d/s", "f/s"}


def test_a_component_s_file_may_not_write_what_the_person_s_own_workflow_may(tmp_path: Path) -> None:
    writer = NodeRecord(id="w", type="writers.csv", settings={"path": "/elsewhere/out.csv"})
    save(flow([writer]), tmp_path / "part.workflow.json")
    made = flow([component("c", flow([writer])), component("f", file="part.workflow.json")])
    own = make_plan(made, EVERY, folder=tmp_path, trust=Trust(writes=Permissions(own=True)))
    foreign = make_plan(made, EVERY, folder=tmp_path, trust=Trust())
    chosen = Permissions(chosen=frozenset({("c/w", "path"), ("f/w", "path")}))

    assert {p.path for p in own.nodes.values() if p.wishes} == {"f/w"}
    assert {p.path for p in foreign.nodes.values() if p.wishes} == {"c/w", "f/w"}
    assert not any(p.wishes for p in make_plan(made, EVERY, folder=tmp_path, trust=Trust(writes=chosen)).nodes.values())
