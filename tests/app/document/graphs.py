"""Workflows of any shape, for property tests of whatever walks the wiring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from hypothesis import strategies as st

from app.document.model import Workflow
from tests.app.engine.toy import workflow


@st.composite
def acyclic_workflows(draw: st.DrawFn, most: int = 12) -> Workflow:
    """Nodes `n0`, `n1`, ... in any order in the file, wired without a circle; a node may feed another one several times."""
    count = draw(st.integers(1, most))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] < pair[1])
    edges = draw(st.lists(pairs, max_size=3 * count)) if count > 1 else []
    return wired(draw(st.permutations(range(count))), edges)


@st.composite
def any_workflows(draw: st.DrawFn, most: int = 10) -> Workflow:
    """The same with whatever circles come."""
    count = draw(st.integers(1, most))
    nodes = st.integers(0, count - 1)
    return wired(draw(st.permutations(range(count))), draw(st.lists(st.tuples(nodes, nodes), max_size=3 * count)))


def wired(numbers: Iterable[int], edges: Iterable[tuple[int, int]]) -> Workflow:
    """A workflow of the nodes `n<number>`, in this order in the file, each of which adds up what these wires bring it."""
    nodes: Mapping[str, tuple[str, dict[str, object]]] = {f"n{n}": ("toy.sum", {"number": n + 1}) for n in numbers}
    wires: Counter[int] = Counter()
    connections = []
    for source, target in edges:
        wires[target] += 1
        connections.append((f"n{source}", f"n{target}.table_{wires[target]}"))
    return workflow(nodes, connections)


def closure(made: Workflow, *, forwards: bool) -> dict[str, set[str]]:
    """Node -> itself and all that it reaches, found by going on until nothing is new (Warshall, without any library)."""
    found = {record.id: {record.id} for record in made.nodes}
    for _ in made.nodes:
        for wire in made.connections:
            start, end = (wire.source_node, wire.target_node) if forwards else (wire.target_node, wire.source_node)
            for reached in found.values():
                if start in reached:
                    reached.add(end)
    return found
