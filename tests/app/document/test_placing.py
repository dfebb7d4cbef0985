"""New nodes: what they begin with, where they go, and what makes room for them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from app.document.editing import Document
from app.document.geometry import NEAR_COLUMN, NEAR_ROW
from app.document.model import Connection, NodeRecord, NodeView, View, Workflow
from app.document.placing import free_spot, place_new, put_between, spot_behind
from nodes.catalog import Catalog

CATALOG = Catalog.load(plugins=False)


def chain(*places: tuple[float, float]) -> Document:
    """Dropout layers one behind the other: d1, d2, ..."""
    names = [f"d{n}" for n in range(1, len(places) + 1)]
    return Document(
        Workflow(
            nodes=[NodeRecord(id=name, type="keras.dropout") for name in names],
            connections=[Connection(source=f"{a}.network", target=f"{b}.network") for a, b in pairwise(names)],
            view=View(nodes={name: NodeView(position=at) for name, at in zip(names, places, strict=True)}),
        ),
        CATALOG,
    )


def test_a_node_that_a_person_adds_begins_with_the_starting_values_of_its_type() -> None:
    document = Document(Workflow(), CATALOG)
    assert document.nodes[place_new(document, "keras.conv_2d", (0, 0))].settings == {
        "filters": 32,
        "kernel_size": [3, 3],
        "activation": "relu",
    }
    learner = document.nodes[place_new(document, "networks.learner", (0, 0))].settings
    assert learner == {"epochs": 10, "batch_size": 32}


def test_what_is_known_of_its_settings_counts_more_than_the_starting_values() -> None:
    document = Document(Workflow(), CATALOG)
    record = document.nodes[place_new(document, "readers.csv", (0, 0), {"path": "a.csv", "detect": False})]
    assert record.settings == {"path": "a.csv", "detect": False}


def test_what_is_added_behind_a_node_stays_in_its_row_however_often() -> None:
    document = chain((10.0, 20.0))
    last = "d1"
    for _ in range(8):
        last = place_new(document, "keras.dense", spot_behind(document, last))
    assert document.view(last).position == (10 + 8 * NEAR_COLUMN, 20)


def test_the_second_node_behind_another_goes_below_the_first() -> None:
    document = chain((0.0, 0.0), (NEAR_COLUMN, 0.0))
    assert spot_behind(document, "d1") == (NEAR_COLUMN, NEAR_ROW)
    assert free_spot(document, (500, 0)) == (500, 0)


def test_a_node_in_a_wire_pushes_what_is_behind_and_nothing_else() -> None:
    document = chain((0, 0), (130, 0), (260, 0))
    beside = place_new(document, "keras.dense", (130, 400))
    new = place_new(document, "keras.flatten", (60, 4))
    before = document.workflow()
    put_between(document, "d1.network>d2.network", new, "network", "network")
    places = {n: document.view(n).position for n in document.nodes}
    assert places == {"d1": (0, 0), new: (130, 0), "d2": (260, 0), "d3": (390, 0), beside: (130, 400)}
    assert {c.key for c in document.connections.values()} == {
        f"d1.network>{new}.network",
        f"{new}.network>d2.network",
        "d2.network>d3.network",
    }
    document.undo()
    assert document.workflow() == before, "it is one step"


@pytest.mark.parametrize("gap", [260, 400])
def test_where_there_is_room_nothing_is_pushed(gap: int) -> None:
    document = chain((0, 0), (gap, 0))
    new = place_new(document, "keras.flatten", (130, 5))
    put_between(document, "d1.network>d2.network", new, "network", "network")
    assert (document.view(new).position, document.view("d2").position) == ((130, 0), (gap, 0))


def test_what_stands_in_the_way_of_what_is_pushed_is_pushed_too() -> None:
    document = chain((0, 0), (130, 0))
    other = place_new(document, "keras.dense", (260, 0))
    new = place_new(document, "keras.flatten", (60, 0))
    put_between(document, "d1.network>d2.network", new, "network", "network")
    assert (document.view("d2").position, document.view(other).position) == ((260, 0), (390, 0))
