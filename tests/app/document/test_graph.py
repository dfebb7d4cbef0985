"""All mistakes of the wiring are found at once, and each names node, port and remedy."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.document.graph import build
from app.document.model import Connection, NodeRecord, Workflow
from nodes.base import Node, Port, Specs, Values
from nodes.catalog import Catalog
from tests.app.document.graphs import acyclic_workflows, any_workflows, closure, wired
from tests.app.engine.toy import CATALOG, workflow


class NetworkEater(Node):
    """Takes a network."""

    id = "toy.eater"
    title = "Eater"
    shelf = "Networks"
    input_ports = (Port("network", "network", "Network"), Port("more", "table", "More", optional=True))

    def configure(self, specs: Specs) -> dict[str, None]:
        return {}

    def execute(self, values: Values, job: object) -> dict[str, object]:  # type: ignore[override]
        return {}


TYPES = Catalog({**CATALOG.classes, NetworkEater.id: NetworkEater})


def messages(made: Workflow) -> list[str]:
    return [str(p) for p in build(made, TYPES).problems]


def test_a_sound_workflow_becomes_a_graph_with_ports_on_its_edges() -> None:
    made = workflow(
        {"a": ("toy.count", {}), "b": ("toy.add", {}), "c": ("toy.both", {})},
        [("a", "b"), ("a", "c.table_1"), ("b", "c.table_2")],
    )
    wiring = build(made, TYPES)
    assert wiring.problems == []
    assert wiring.order == ["a", "b", "c"]
    assert {(s, t, d["source_port"], d["target_port"]) for s, t, d in wiring.graph.edges(data=True)} == {
        ("a", "b", "table", "table"),
        ("a", "c", "table", "table_1"),
        ("b", "c", "table", "table_2"),
    }


def test_nodes_are_put_in_topological_order_that_keeps_to_the_file_where_it_can() -> None:
    made = workflow(
        {"c": ("toy.add", {}), "x": ("toy.count", {}), "b": ("toy.add", {}), "a": ("toy.count", {})}, [("a", "b"), ("b", "c")]
    )
    assert build(made, TYPES).order == ["x", "a", "b", "c"]


def test_a_circle_is_named_wire_by_wire() -> None:
    made = workflow({"a": ("toy.add", {}), "b": ("toy.add", {}), "c": ("toy.add", {})}, [("a", "b"), ("b", "c"), ("c", "a")])
    (message,) = messages(made)
    assert "in a circle: a -> b -> c -> a" in message
    assert "Remove one" in message


def test_a_node_that_feeds_itself_is_a_circle() -> None:
    assert any("a -> a" in m for m in messages(workflow({"a": ("toy.add", {})}, [("a", "a")])))


def test_two_wires_into_one_input_are_refused_with_both_sources() -> None:
    made = workflow({"a": ("toy.count", {}), "b": ("toy.count", {}), "c": ("toy.add", {})}, [("a", "c"), ("b", "c")])
    (message,) = messages(made)
    assert "c (port table)" in message
    assert "a.table, b.table" in message


def test_ports_of_different_kinds_cannot_be_wired() -> None:
    found = messages(workflow({"a": ("toy.count", {}), "e": ("toy.eater", {})}, [("a", "e.network")]))
    assert any("A table (a.table) is wired to an input for a network" in m for m in found)


def test_unknown_types_ports_and_nodes_are_named_with_what_there_is() -> None:
    made = Workflow(
        nodes=[NodeRecord(id="a", type="toy.cuont"), NodeRecord(id="b", type="toy.add"), NodeRecord(id="c", type="toy.both")],
        connections=[
            Connection(source="a.anything", target="b.table"),
            Connection(source="b.tabel", target="c.table_1"),
            Connection(source="b.table", target="c.table_0"),
            Connection(source="ghost.table", target="c.table_2"),
        ],
    )
    found = "\n".join(messages(made))
    assert "no node type 'toy.cuont'. Did you mean 'toy.count'?" in found
    assert "no output port 'tabel'. Its output ports: table." in found
    assert "no input port 'table_0'. Its input ports: table_1, table_2, ...." in found
    assert "node 'ghost', which does not exist" in found
    assert "Input 'Table' needs 2 wires and has 0" in found


def test_required_inputs_must_be_connected_and_optional_ones_need_not() -> None:
    (message,) = messages(workflow({"e": ("toy.eater", {})}, []))
    assert "Input 'Network' is not connected" in message


def test_two_nodes_of_one_id_are_refused() -> None:
    made = Workflow(nodes=[NodeRecord(id="a", type="toy.count"), NodeRecord(id="a", type="toy.count")])
    assert any("2 nodes have the id 'a'" in m for m in messages(made))


# -------------------------------------------------------------------------------------------------------- workflows of any shape


@given(acyclic_workflows())
def test_the_order_respects_every_wire_and_holds_every_node_once(made: Workflow) -> None:
    wiring = build(made, TYPES)
    place = {node: number for number, node in enumerate(wiring.order)}
    assert sorted(wiring.order) == sorted(record.id for record in made.nodes)
    assert all(place[wire.source_node] < place[wire.target_node] for wire in made.connections)


@given(acyclic_workflows())
def test_of_nodes_that_could_come_next_the_first_in_the_file_comes(made: Workflow) -> None:
    left = [record.id for record in made.nodes]
    for node in build(made, TYPES).order:
        free = [n for n in left if not any(c.target_node == n and c.source_node in left for c in made.connections)]
        assert node == free[0]
        left.remove(node)


@given(any_workflows(), st.data())
def test_what_is_upstream_and_downstream_is_what_can_be_reached_wire_by_wire(made: Workflow, data: st.DataObject) -> None:
    ids = [record.id for record in made.nodes]
    chosen = data.draw(st.lists(st.sampled_from(ids), unique=True))
    wiring = build(made, TYPES)
    before, behind = closure(made, forwards=False), closure(made, forwards=True)
    assert wiring.upstream([*chosen, "gone"]) == set().union(*(before[n] for n in chosen))
    assert wiring.downstream([*chosen, "gone"]) == set().union(*(behind[n] for n in chosen))


@given(any_workflows())
def test_a_circle_is_complained_of_once_for_every_group_of_nodes_that_feed_each_other(made: Workflow) -> None:
    behind = closure(made, forwards=True)
    loops = {c.source_node for c in made.connections if c.source_node == c.target_node}
    groups = {frozenset(m for m in behind if n in behind[m] and m in behind[n]) for n in behind}
    circular = [group for group in groups if len(group) > 1 or group & loops]
    wiring = build(made, TYPES)
    complaints = [p for p in wiring.problems if "in a circle" in p.message]
    assert len(complaints) == len(circular)
    wires = {(c.source_node, c.target_node) for c in made.connections}
    for complaint in complaints:
        nodes = complaint.message.removesuffix(".").rpartition(": ")[2].split(" -> ")
        assert nodes[0] == nodes[-1] == complaint.node
        assert set(pairwise(nodes)) <= wires
    assert sorted(wiring.order) == sorted(behind)


def test_ten_thousand_nodes_one_behind_the_other_are_no_matter() -> None:
    count = 10_000
    wiring = build(wired(reversed(range(count)), pairwise(range(count))), TYPES)
    assert wiring.problems == []
    assert wiring.order[0] == "n0"
    assert wiring.order[-1] == f"n{count - 1}"
    assert len(wiring.upstream(["n5000"])) == 5001
    assert len(wiring.downstream(["n5000"])) == 5000


def test_a_circle_of_ten_thousand_nodes_is_found() -> None:
    count = 10_000
    made = wired(range(count), [*pairwise(range(count)), (count - 1, 0)])
    assert any("in a circle" in p.message for p in build(made, TYPES).problems)


def test_what_lies_between_two_ports_twice_is_one_way_but_two_edges() -> None:
    wiring = build(wired(range(2), [(0, 1), (0, 1)]), TYPES)
    assert wiring.graph.number_of_edges("n0", "n1") == 2
    assert wiring.upstream(["n1"]) == {"n0", "n1"}


def test_a_workflow_in_order_is_wired_without_networkx() -> None:
    program = (
        "import sys; from tests.app.document.graphs import wired; from tests.app.engine.toy import CATALOG;"
        "from app.document.graph import build; wiring = build(wired(range(3), [(0, 1), (1, 2)]), CATALOG);"
        "assert wiring.upstream(wiring.order) == set(wiring.order); assert 'networkx' not in sys.modules;"
        "wiring.upstream(['n1']); assert 'networkx' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
