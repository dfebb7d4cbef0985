"""An arranged workflow reads from left to right, nothing covers anything, boxes hold what they held; also 1 000 nodes."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from app.document.arrange import Placement, align, arranged, distribute, with_places
from app.document.editing import Document
from app.document.file import load
from app.document.model import Annotation, Connection, NodeRecord, NodeView, View, Workflow

TILE = 56


def document(nodes, wires, boxes=()) -> Document:
    """Nodes id -> position, wires (a, b), boxes (left, top, width, height)."""
    return Document(
        Workflow(
            nodes=[NodeRecord(id=n, type="x") for n in nodes],
            connections=[Connection(source=f"{a}.o", target=f"{b}.i{k}") for k, (a, b) in enumerate(wires)],
            view=View(
                nodes={n: NodeView(position=p) for n, p in nodes.items()},
                annotations=[Annotation(text="", position=(x, y), size=(w, h)) for x, y, w, h in boxes],
            ),
        ),
        {},
    )


def inside(result: Placement, key: str) -> set[str]:
    (x, y), (w, h) = result.annotations[key], result.sizes[key]
    return {n for n, (a, b) in result.nodes.items() if x < a < x + w - TILE and y < b < y + h - TILE}


def crossings(result: Placement, wires) -> int:
    def y_at(wire, x):
        (x1, y1), (x2, y2) = (result.nodes[n] for n in wire)
        return y1 + (y2 - y1) * (x - x1) / (x2 - x1)

    count = 0
    for one, two in combinations(wires, 2):
        left = max(result.nodes[one[0]][0], result.nodes[two[0]][0])
        right = min(result.nodes[one[1]][0], result.nodes[two[1]][0])
        if left < right and (y_at(one, left) - y_at(two, left)) * (y_at(one, right) - y_at(two, right)) < 0:
            count += 1
    return count


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 14))
    nodes = {f"n{i}": (draw(st.integers(0, 9)) * 50.0, draw(st.integers(0, 9)) * 50.0) for i in range(count)}
    numbers = st.integers(0, count - 1)
    pairs = draw(st.lists(st.tuples(numbers, numbers), max_size=20))
    wires = [(f"n{min(p)}", f"n{max(p)}") for p in pairs if p[0] != p[1]]
    boxes = draw(
        st.lists(
            st.tuples(*[st.integers(0, 8).map(lambda v: v * 50.0 - 20)] * 2, *[st.integers(2, 8).map(lambda v: v * 60.0)] * 2),
            max_size=3,
        )
    )
    return nodes, wires, boxes


@given(graphs())
@settings(max_examples=80)
def test_wires_run_to_the_right_and_nothing_covers_anything(graph) -> None:
    nodes, wires, _ = graph
    result = arranged(document(nodes, wires))
    assert set(result.nodes) == set(nodes)
    for a, b in wires:
        assert result.nodes[b][0] - result.nodes[a][0] >= 120
    for (ax, ay), (bx, by) in combinations(result.nodes.values(), 2):
        assert abs(ax - bx) >= 120 or abs(ay - by) >= 110
    assert min(x for x, _ in result.nodes.values()) == min(x for x, _ in nodes.values())
    assert min(y for _, y in result.nodes.values()) == min(y for _, y in nodes.values())


@given(graphs())
@settings(max_examples=80)
def test_boxes_go_on_enclosing_what_they_enclosed(graph) -> None:
    nodes, wires, boxes = graph
    made = document(nodes, wires, boxes)
    result = arranged(made)
    for (ax, ay), (bx, by) in combinations(result.nodes.values(), 2):
        assert abs(ax - bx) >= 100 or abs(ay - by) >= 100
    for key in result.annotations:
        (x, y), (w, h) = made.annotations[key].position, made.annotations[key].size
        held = {n for n, (a, b) in nodes.items() if x <= a <= x + w - TILE and y <= b <= y + h - TILE}
        assert inside(result, key) <= held
        assert inside(result, key)
        if len(boxes) == 1:
            assert inside(result, key) == held


def test_a_chain_becomes_a_straight_line_however_it_lay() -> None:
    nodes = {f"n{i}": (i * 37 % 11 * 40.0, i * 53 % 7 * 60.0) for i in range(8)}
    result = arranged(document(nodes, [(f"n{i}", f"n{i + 1}") for i in range(7)]))
    assert len({y for _, y in result.nodes.values()}) == 1
    assert [x for x, _ in sorted(result.nodes.values())] == [x for x, _ in result.nodes.values()]


def test_what_feeds_a_late_node_stands_close_to_it() -> None:
    wires = [(f"n{i}", f"n{i + 1}") for i in range(6)] + [("reader", "split"), ("split", "n6")]
    names = {n for w in wires for n in w}
    places = arranged(document(dict.fromkeys(sorted(names), (0, 0)), wires)).nodes
    assert places["split"][0] == places["n5"][0]
    assert places["reader"][0] == places["n4"][0]


def test_wires_that_need_not_cross_do_not() -> None:
    wires = [("a", "z"), ("b", "y"), ("c", "x"), ("z", "e"), ("y", "e"), ("x", "e")]
    nodes = {n: (0.0, float(i)) for i, n in enumerate("abcxyze")}
    result = arranged(document(nodes, wires))
    assert crossings(result, wires) == 0


def test_a_long_wire_does_not_run_through_the_nodes_it_passes() -> None:
    wires = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")]
    places = arranged(document(dict.fromkeys("abcd", (0, 0)), wires)).nodes
    assert not any(places[n][1] == places["a"][1] == places["d"][1] for n in "bc")


def test_parts_stay_apart_and_in_their_order() -> None:
    result = arranged(
        document({"a": (0, 900), "b": (300, 900), "c": (0, 0), "d": (99, 0), "e": (5, 5)}, [("a", "b"), ("c", "d")])
    )
    assert result.nodes["c"][1] == result.nodes["d"][1] < result.nodes["a"][1] == result.nodes["b"][1] < result.nodes["e"][1]


def test_only_what_is_selected_moves_and_boxes_with_others_in_them_stay() -> None:
    nodes = {"a": (500.0, 100.0), "b": (100.0, 300.0), "c": (120.0, 600.0), "d": (1000.0, 1000.0)}
    made = document(nodes, [("a", "b"), ("b", "d")], [(90, 90, 500, 300), (100, 500, 2000, 2000)])
    result = arranged(made, ["b", "a", "gone"])
    assert set(result.nodes) == {"a", "b"}
    assert result.nodes["a"] == (100, 100)
    assert set(result.annotations) == {"box_1"}
    assert inside(result, "box_1") == {"a", "b"}
    assert arranged(made, []) == Placement()
    made.move(result.nodes, result.annotations, sizes=result.sizes, label="Arrange")
    assert made.annotations["box_1"].size == result.sizes["box_1"]
    assert made.annotations["box_2"].size == (2000, 2000)
    made.undo()
    assert made.view("a").position == (500, 100)
    assert made.annotations["box_1"].size == (500, 300)


def test_a_box_in_a_box_stays_in_it() -> None:
    nodes = {"a": (100.0, 100.0), "b": (300.0, 100.0), "c": (500.0, 100.0)}
    made = document(nodes, [("a", "b"), ("b", "c")], [(0, 0, 400, 300), (50, 50, 150, 150)])
    result = arranged(made)
    assert inside(result, "box_1") == {"a", "b"}
    assert inside(result, "box_2") == {"a"}
    (x, y), (w, h) = result.annotations["box_2"], result.sizes["box_2"]
    (ox, oy), (ow, oh) = result.annotations["box_1"], result.sizes["box_1"]
    assert ox < x
    assert oy < y
    assert x + w < ox + ow
    assert y + h < oy + oh


def test_circles_and_wires_to_nowhere_do_not_stop_it() -> None:
    made = document({"a": (0, 0), "b": (0, 0), "c": (0, 0)}, [("a", "b"), ("b", "a"), ("c", "c"), ("a", "gone"), ("b", "c")])
    assert len(set(arranged(made).nodes.values())) == 3


def test_the_example_stays_in_its_boxes() -> None:
    made = Document(load(Path("workflows/fashion_mnist_cnn.workflow.json")), {})
    result = arranged(made)
    boxes = [inside(result, key) for key in made.annotations]
    assert {"input", "dense_2"} <= boxes[0]
    assert {"learner", "scorer"} <= boxes[2]
    assert sum(map(len, boxes)) == len(made.nodes)


def test_a_thousand_nodes_in_a_tangle() -> None:
    wires = [(f"n{i}", f"n{min(999, i + 1 + i * 7919 % 40)}") for i in range(999)] + [
        (f"n{i}", f"n{i + 1}") for i in range(0, 900, 2)
    ]
    result = arranged(document({f"n{i}": (i % 31 * 20, i % 17 * 20) for i in range(1000)}, wires))
    assert all(result.nodes[a][0] < result.nodes[b][0] for a, b in wires)


PLACES = {"a": (10.0, 5.0), "b": (50.0, 100.0), "c": (20.0, 35.0)}


def test_aligning_moves_along_one_axis_only() -> None:
    assert align(PLACES, "left") == {"a": (10, 5), "b": (10, 100), "c": (10, 35)}
    assert align(PLACES, "right") == {"a": (50, 5), "b": (50, 100), "c": (50, 35)}
    assert align(PLACES, "center") == {"a": (30, 5), "b": (30, 100), "c": (30, 35)}
    assert align(PLACES, "top") == {"a": (10, 5), "b": (50, 5), "c": (20, 5)}
    assert align(PLACES, "bottom") == {"a": (10, 100), "b": (50, 100), "c": (20, 100)}
    assert align(PLACES, "middle") == {"a": (10, 52.5), "b": (50, 52.5), "c": (20, 52.5)}
    assert align({}, "left") == {}


def test_distributing_keeps_the_ends_and_the_order() -> None:
    assert distribute(PLACES, "horizontal") == {"a": (10, 5), "c": (30, 35), "b": (50, 100)}
    assert distribute(PLACES, "vertical") == {"a": (10, 5), "c": (20, 52.5), "b": (50, 100)}
    two = {"a": (0.0, 0.0), "b": (7.0, 3.0)}
    assert distribute(two, "horizontal") == two


def test_a_workflow_that_says_nothing_of_places_is_laid_out_and_any_other_stays() -> None:
    records = [NodeRecord(id=name, type="toy") for name in "abc"]
    wires = [Connection(source="a.out", target="b.in"), Connection(source="b.out", target="c.in")]
    bare = Workflow(nodes=records, connections=wires)
    placed = with_places(bare, {})
    across = [placed.view.nodes[name].position[0] for name in "abc"]
    assert across[0] < across[1] < across[2]
    assert placed.nodes == bare.nodes
    assert with_places(placed, {}) is placed
