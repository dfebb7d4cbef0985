"""Nodes begin when what they need is done, and only then; what is behind one that fails never begins."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.document.graph import build
from app.document.model import Workflow
from app.engine.scheduler import Scheduler
from tests.app.document.graphs import acyclic_workflows, closure, wired
from tests.app.engine.toy import CATALOG


@given(acyclic_workflows(), st.data())
def test_a_node_begins_exactly_when_all_it_waits_for_is_done(made: Workflow, data: st.DataObject) -> None:
    wiring = build(made, CATALOG)
    stored = data.draw(st.sets(st.sampled_from(wiring.order)))
    failing = data.draw(st.sets(st.sampled_from(wiring.order)))
    todo = [node for node in wiring.order if node not in stored]
    sources = {n: {c.source_node for c in made.connections if c.target_node == n} - stored for n in todo}
    behind = closure(
        Workflow(nodes=made.nodes, connections=[c for c in made.connections if c.target_node in todo]), forwards=True
    )
    scheduler = Scheduler(wiring.graph, todo)
    running: list[str] = []
    begun: set[str] = set()
    done: set[str] = set()
    lost: set[str] = set()
    while True:
        ready = scheduler.take_ready()
        assert len(ready) == len(set(ready))
        assert set(ready) == {n for n in todo if n not in begun | lost and sources[n] <= done}
        begun.update(ready)
        running += ready
        if not running:
            break
        node = running.pop(data.draw(st.integers(0, len(running) - 1)))
        if node in failing:
            given_up = scheduler.give_up(node)
            assert given_up == [n for n in todo if n in behind[node] - {node} - lost]
            lost.update(given_up)
        else:
            scheduler.done(node)
            done.add(node)
    assert begun | lost == set(todo)
    assert not begun & lost


def test_a_node_that_is_given_up_before_it_began_does_not_begin() -> None:
    scheduler = Scheduler(build(wired(range(4), [(0, 2), (1, 2), (2, 3)]), CATALOG).graph, ["n0", "n1", "n2", "n3"])
    assert scheduler.give_up("n1") == ["n2", "n3"]
    assert scheduler.take_ready() == ["n0"]
    scheduler.done("n0")
    assert scheduler.take_ready() == []


def test_a_chain_of_ten_thousand_and_ten_thousand_beside_each_other() -> None:
    count = 10_000
    wide = build(wired(range(count + 1), [(0, n) for n in range(1, count + 1)]), CATALOG)
    scheduler = Scheduler(wide.graph, wide.order)
    assert scheduler.take_ready() == ["n0"]
    scheduler.done("n0")
    assert scheduler.take_ready() == wide.order[1:]
    deep = build(wired(range(count), pairwise(range(count))), CATALOG)
    scheduler = Scheduler(deep.graph, deep.order)
    for node in deep.order[:5000]:
        assert scheduler.take_ready() == [node]
        scheduler.done(node)
    assert scheduler.give_up("n5000") == deep.order[5001:]
