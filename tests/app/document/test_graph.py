"""All mistakes of the wiring are found at once, and each names node, port and remedy."""

from __future__ import annotations

from app.document.graph import build
from app.document.model import Connection, NodeRecord, Workflow
from nodes.base import Node, Port, Specs, Values
from nodes.catalog import Catalog
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
