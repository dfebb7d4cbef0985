"""Which nodes of a run may begin: the wiring's networkx graph, taken apart from its sources on as nodes are done.

Knows nothing of threads, results and events.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx as nx


class Scheduler:
    """The nodes that a run still has to compute, in a graph that they leave when they are done or given up.

    A node may begin as soon as no edge leads to it, so nodes begin in topological order, and those of independent branches
    at the same time.

    Args:
        graph: How the workflow's nodes are wired; it is not changed.
        todo: The nodes to compute, in topological order. What else they need must be there already.
        tolerated: Edges whose target can go on although the source failed.
        after: Pairs of nodes of which the second waits for the first, without needing it.
    """

    def __init__(
        self,
        graph: nx.MultiDiGraph,
        todo: Sequence[str],
        *,
        tolerated: Collection[tuple[str, str]] = (),
        after: Iterable[tuple[str, str]] = (),
    ) -> None:
        import networkx as nx

        self._place = {node: number for number, node in enumerate(todo)}
        self._left: nx.DiGraph = nx.DiGraph()
        self._left.add_nodes_from(todo)
        self._left.add_edges_from((source, target) for source, target in graph.out_edges(todo) if target in self._place)
        waits = [(first, then) for first, then in after if first in self._place and then in self._place]
        self._left.add_edges_from(waits)
        self._tolerated = {*tolerated, *waits}
        self._ready = [node for node, edges in self._left.in_degree if not edges]

    def take_ready(self) -> list[str]:
        """Return the nodes that may begin now, each of them once."""
        ready, self._ready = self._ready, []
        return ready

    def done(self, node: str) -> None:
        """Note that a node is done: those that waited for nothing else may begin."""
        followers = list(self._left.successors(node))
        self._left.remove_node(node)
        self._ready += [follower for follower in followers if not self._left.in_degree(follower)]

    def give_up(self, node: str) -> list[str]:
        """Note that a node will not be done; return those that therefore cannot be either, in topological order."""
        lost, reached = {node}, [node]
        while reached:
            source = reached.pop()
            for target in self._left.successors(source):
                if target not in lost and (source, target) not in self._tolerated:
                    lost.add(target)
                    reached.append(target)
        freed = {target for source in lost for target in self._left.successors(source)} - lost
        self._left.remove_nodes_from(lost)
        self._ready += [target for target in freed if not self._left.in_degree(target)]
        lost.discard(node)
        self._ready = [ready for ready in self._ready if ready != node and ready not in lost]
        return sorted(lost, key=self._place.__getitem__)
