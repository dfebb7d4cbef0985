"""The layered layout of a directed graph: columns from left to right, few crossings, wires as straight as can be.

The method is Sugiyama's: columns by the longest way to each cell, few crossings by barycentres (K. Sugiyama, S. Tagawa, M. Toda:
Methods for Visual Understanding of Hierarchical System Structures, 1981), then heights by least squares. Knows cells of any
size and the edges between them; nothing of workflows.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx as nx

SWEEPS = 12
STRAIGHT = 8.0
"""How much more a long wire resists being bent than a short one."""
MOST_BENDS = 3
"""Long wires keep clear of the cells on their way, unless there would be more than this many places per cell to keep clear."""

Point = tuple[float, float]
Cell = Hashable
Neighbours = Mapping[Cell, Sequence[Cell]]


def laid_out(
    sizes: Mapping[Cell, Point], edges: Sequence[tuple[Cell, Cell]], start: Mapping[Cell, Point], space: Point
) -> dict[Cell, Point]:
    """Return the middles of all cells: connected parts below each other, what is not connected in rows at the end.

    Args:
        sizes: Cell -> width and height.
        edges: From, to. Those that close a circle count only for which cells are connected.
        start: Cell -> where it was; parts, and cells that could change places, keep their order.
        space: Width and height of an ordinary cell.
    """
    import networkx as nx

    graph: nx.DiGraph = nx.DiGraph()
    graph.add_nodes_from(sizes)
    graph.add_edges_from((*edge, {"number": number}) for number, edge in enumerate(dict.fromkeys(edges)))
    order = {cell: number for number, cell in enumerate(sizes)}
    parts = [sorted(part, key=order.__getitem__) for part in nx.weakly_connected_components(graph)]
    wired = [part for part in parts if len(part) > 1]
    wired.sort(key=lambda part: min((start[cell][1], start[cell][0]) for cell in part))
    placed: dict[Cell, Point] = {}
    below = 0.0
    widest = 6 * space[0]
    for cells in wired:
        part = _layered(_without_circles(graph, cells), sizes, start, space)
        top = min(y - sizes[c][1] / 2 for c, (_, y) in part.items())
        placed.update({c: (x, y - top + below) for c, (x, y) in part.items()})
        below = max(placed[c][1] + sizes[c][1] / 2 for c in cells)
        widest = max(widest, *(x + sizes[c][0] / 2 for c, (x, _) in part.items()))
    alone = sorted((part[0] for part in parts if len(part) == 1), key=lambda c: (start[c][1], start[c][0]))
    x = height = 0.0
    for cell in alone:
        width, tall = sizes[cell]
        if x and x + width > widest:
            x, below, height = 0.0, below + height, 0.0
        placed[cell] = (x + width / 2, below + tall / 2)
        x, height = x + width, max(height, tall)
    return placed


def _without_circles(graph: nx.DiGraph, cells: Sequence[Cell]) -> nx.DiGraph:
    """Return the graph of some cells without the edges that close a circle (as in a damaged workflow, or among boxes)."""
    import networkx as nx

    part: nx.DiGraph = nx.DiGraph()
    part.add_nodes_from(cells)
    part.add_edges_from(sorted(graph.out_edges(cells, data=True), key=lambda edge: edge[2]["number"]))
    while not nx.is_directed_acyclic_graph(part):
        part.remove_edge(*max(nx.find_cycle(part), key=lambda edge: part.edges[edge]["number"]))
    return part


def _layered(graph: nx.DiGraph, sizes: Mapping[Cell, Point], start: Mapping[Cell, Point], space: Point) -> dict[Cell, Point]:
    """Return middles of the cells of one connected part."""
    rows, links, heights = _with_bends(graph, _layers(graph), sizes, space[1] / 3)
    before = {c: list(links.predecessors(c)) for c in links}  # asked often, and networkx's own views take their time
    behind = {c: list(links.successors(c)) for c in links}
    rank = {c: start[c][1] for c in graph}
    for row in rows:
        for cell in row:
            if cell not in rank:
                rank[cell] = sum(rank[c] for c in before[cell]) / len(before[cell])
        row.sort(key=rank.__getitem__)
    rows = _uncrossed(rows, before, behind)
    y = _heights(rows, before, behind, heights)
    place: dict[Cell, Point] = {}
    left = 0.0
    for row in rows:
        real = [c for c in row if c in sizes]
        width = max((sizes[c][0] for c in real), default=0.0)
        place.update({c: (left + width / 2, y[c]) for c in real})
        left += width
    return place


def _layers(graph: nx.DiGraph) -> dict[Cell, int]:
    """Return the column of each cell: behind all before it, and close to what it feeds where that makes no wire longer."""
    import networkx as nx

    layer = {cell: column for column, generation in enumerate(nx.topological_generations(graph)) for cell in generation}
    for cell in sorted(graph, key=layer.__getitem__, reverse=True):
        if graph.succ[cell] and len(graph.pred[cell]) <= len(graph.succ[cell]):
            layer[cell] = min(layer[c] for c in graph.succ[cell]) - 1
    first = min(layer.values())
    return {c: n - first for c, n in layer.items()}


def _with_bends(
    graph: nx.DiGraph, layer: Mapping[Cell, int], sizes: Mapping[Cell, Point], clear: float
) -> tuple[list[list[Cell]], nx.DiGraph, dict[Cell, float]]:
    """Return the columns, with a place kept clear wherever a wire passes one; links between neighbouring columns; heights."""
    import networkx as nx

    rows: list[list[Cell]] = [[] for _ in range(1 + max(layer.values()))]
    heights = {c: sizes[c][1] for c in graph}
    for cell in graph:
        rows[layer[cell]].append(cell)
    links: nx.DiGraph = nx.DiGraph()
    links.add_nodes_from(graph)
    room = MOST_BENDS * len(graph)
    edges = sorted(graph.edges(data="number"), key=lambda edge: (layer[edge[1]] - layer[edge[0]], edge[2]))
    for a, b, number in edges:
        room -= layer[b] - layer[a] - 1
        if room < 0:  # the longest wires of a tangle
            continue
        bends: list[Cell] = [("bend", number, column) for column in range(layer[a] + 1, layer[b])]
        for column, bend in enumerate(bends, layer[a] + 1):
            rows[column].append(bend)
            heights[bend] = clear
        nx.add_path(links, [a, *bends, b])
    return rows, links, heights


def _is_bend(cell: Cell) -> bool:
    return isinstance(cell, tuple) and cell[0] == "bend"


def _uncrossed(rows: list[list[Cell]], before: Neighbours, behind: Neighbours) -> list[list[Cell]]:
    """Return the columns in an order with few crossings: sweeps to and fro by barycentres, the best of all seen."""
    best, fewest = [list(row) for row in rows], _crossings(rows, behind)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        forth = sweep % 2 == 0
        near = before if forth else behind
        place = {c: float(i) for row in rows for i, c in enumerate(row)}
        for row in rows if forth else reversed(rows):
            wanted = {c: sum(place[n] for n in near[c]) / len(near[c]) if near[c] else place[c] for c in row}
            row.sort(key=wanted.__getitem__)
            place.update({c: float(i) for i, c in enumerate(row)})
        count = _crossings(rows, behind)
        if count < fewest:
            best, fewest = [list(row) for row in rows], count
    return best


def _crossings(rows: Sequence[Sequence[Cell]], behind: Neighbours) -> int:
    """Return how many pairs of links cross, counted with a Fenwick tree (W. Barth, M. Jünger, P. Mutzel, 2002)."""
    total = 0
    for row, following in pairwise(rows):
        place = {c: i for i, c in enumerate(following)}
        tree = [0] * (len(following) + 1)
        seen = 0
        for cell in row:
            ends = sorted(place[c] for c in behind[cell])
            for end in ends:
                at, below = end + 1, 0
                while at:
                    below += tree[at]
                    at &= at - 1
                total += seen - below
            for end in ends:
                at, seen = end + 1, seen + 1
                while at < len(tree):
                    tree[at] += 1
                    at += at & -at
    return total


def _heights(
    rows: Sequence[Sequence[Cell]], before: Neighbours, behind: Neighbours, heights: Mapping[Cell, float]
) -> dict[Cell, float]:
    """Return the height of each cell's middle: columns keep their order and distances, and come near their neighbours."""
    y: dict[Cell, float] = {}
    for row in rows:
        at = 0.0
        for cell in row:
            y[cell] = at + heights[cell] / 2
            at += heights[cell]
    for sweep in range(SWEEPS):
        forth = sweep % 2 == 0
        for row in rows if forth else reversed(rows):
            wanted, weights = [], []
            for cell in row:
                near = (before if forth else behind)[cell]
                if sweep >= SWEEPS // 2:
                    near = [*before[cell], *behind[cell]]
                pull = [(STRAIGHT if _is_bend(n) else 1.0, y[n]) for n in near]
                total = sum(weight for weight, _ in pull)
                wanted.append(sum(weight * value for weight, value in pull) / total if total else y[cell])
                weights.append(STRAIGHT if _is_bend(cell) else max(total, 0.1))
            y.update(zip(row, _spread(wanted, weights, [heights[c] for c in row]), strict=True))
    return y


def _spread(wanted: Sequence[float], weights: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Return the values nearest to those wanted (least squares) that leave room for the heights, in this order.

    Taking off the room needed above makes it isotonic regression, which pooling adjacent violators solves.
    """
    offsets = [0.0]
    for above, below in pairwise(heights):
        offsets.append(offsets[-1] + (above + below) / 2)
    blocks: list[tuple[float, float, int]] = []  # mean, weight, how many
    for value, weight, offset in zip(wanted, weights, offsets, strict=True):
        block = (value - offset, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            mean, heavy, count = blocks.pop()
            both = heavy + block[1]
            block = ((mean * heavy + block[0] * block[1]) / both, both, count + block[2])
        blocks.append(block)
    flat = [mean for mean, _, count in blocks for _ in range(count)]
    return [value + offset for value, offset in zip(flat, offsets, strict=True)]
