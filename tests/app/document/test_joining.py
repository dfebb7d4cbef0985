"""Deleting nodes: what fed them feeds what they fed, where the kinds fit; one step, and never a second source."""

from __future__ import annotations

from app.document.bypass import without_bypassed
from app.document.editing import Document
from app.document.file import dump, parse
from app.document.joining import delete_and_join
from app.document.model import Connection, NodeRecord, Workflow
from nodes.catalog import Catalog

CATALOG = Catalog.load(plugins=False)
NODES = {
    "read": "readers.csv",
    "sort": "tables.sorter",
    "filter": "tables.row_filter",
    "join": "tables.joiner",
    "input": "keras.input",
    "dense": "keras.dense",
    "learn": "networks.learner",
    "run": "networks.executor",
}
WIRES = (
    "read.table>sort.table",
    "sort.table>filter.table",
    "filter.table>join.left",
    "read.table>join.right",
    "input.network>dense.network",
    "dense.network>learn.network",
    "join.table>learn.training",
    "learn.network>run.network",
    "filter.table>run.table",
)


def document() -> Document:
    return Document(
        Workflow(
            nodes=[NodeRecord(id=name, type=node_type) for name, node_type in NODES.items()],
            connections=[Connection(source=s, target=t) for s, t in (wire.split(">") for wire in WIRES)],
        ),
        CATALOG,
    )


def test_the_neighbours_of_a_node_are_joined_in_one_step() -> None:
    made = document()
    before = made.workflow()
    delete_and_join(made, ["sort"])
    assert "read.table>filter.table" in made.connections
    made.undo()
    assert made.workflow() == before


def test_several_nodes_in_a_row_are_joined_over() -> None:
    made = document()
    delete_and_join(made, ["sort", "filter"])
    assert {"read.table>join.left", "read.table>run.table"} <= set(made.connections)


def test_only_an_input_of_the_kind_passes_on() -> None:
    made = document()
    delete_and_join(made, ["learn"])
    assert made.connection_into("run.network") == "dense.network>run.network", "the network, not the table"
    delete_and_join(made, ["dense", "input"])
    assert made.connection_into("run.network") is None, "nothing fed the input layer"


def test_of_two_inputs_of_the_kind_the_first_passes_on() -> None:
    made = document()
    delete_and_join(made, ["join"])
    assert made.connection_into("learn.training") == "filter.table>learn.training"


def test_a_wire_that_is_deleted_too_is_not_joined_over() -> None:
    made = document()
    delete_and_join(made, ["sort"], ["read.table>sort.table"])
    assert made.connection_into("filter.table") is None


def test_a_node_of_a_missing_type_leaves_a_gap() -> None:
    made = Document(
        Workflow(
            nodes=[NodeRecord(id="a", type="tables.sorter"), NodeRecord(id="b", type="not.there")],
            connections=[Connection(source="b.x", target="a.table")],
        ),
        CATALOG,
    )
    delete_and_join(made, ["b"])
    assert list(made.nodes) == ["a"] and not made.connections


def bypassing(*names: str) -> Document:
    made = document()
    made.bypass(names, True)
    return made


def test_what_runs_of_a_workflow_goes_around_what_is_bypassed() -> None:
    made = bypassing("sort", "learn")
    runs, problems = without_bypassed(made.workflow(), lambda record: CATALOG.get(record.type))
    assert not problems
    assert [record.id for record in runs.nodes] == [n for n in NODES if n not in ("sort", "learn")]
    wires = {wire.key for wire in runs.connections}
    assert {"read.table>filter.table", "dense.network>run.network"} <= wires
    assert not any("sort" in wire or "learn" in wire for wire in wires)


def test_what_cannot_be_passed_on_is_said_where_it_is_missing() -> None:
    _, problems = without_bypassed(bypassing("read").workflow(), lambda record: CATALOG.get(record.type))
    assert {(p.node, p.port) for p in problems} == {("sort", "table"), ("join", "right")}
    assert problems[0].message == "'CSV Reader' is bypassed, and gets no table that it could pass on."


def test_a_bypass_is_stored_copied_and_undone() -> None:
    made = bypassing("sort")
    again = parse(dump(made.workflow()))
    assert again.node("sort").bypassed and not again.node("filter").bypassed
    made.undo()
    assert "bypassed" not in dump(made.workflow())
