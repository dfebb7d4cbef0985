"""Where nodes go: laid out automatically from left to right, aligned, distributed, put on the grid. Positions in, positions out.

The layout is Sugiyama's: columns by the longest way to each node, few crossings by barycentres (K. Sugiyama, S. Tagawa, M. Toda:
Methods for Visual Understanding of Hierarchical System Structures, 1981), then heights that make wires as straight as can be.
Boxes (annotations) that enclose nodes are laid out by themselves first and then placed like one large node, so they go on
enclosing exactly what they enclosed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Literal

from app.document.editing import Document, Point
from app.document.geometry import NEAR_COLUMN, NEAR_ROW, TILE
from app.document.graph import Types
from app.document.model import Annotation, Workflow

ABOVE, BELOW, BESIDE = 70.0, 60.0, 40.0
"""Room between the edge of a box and the tiles in it: above there are the box's text and the nodes' titles."""
SWEEPS = 12
STRAIGHT = 8.0
"""How much more a long wire resists being bent than a short one."""
MOST_BENDS = 3
"""Long wires keep clear of the nodes on their way, unless there would be more than this many places per node to keep clear."""

Edge = Literal["left", "right", "top", "bottom", "center", "middle"]
Places = Mapping[str, Point]
Cell = Hashable


@dataclass(frozen=True)
class Arranged:
    """New positions, for `Document.move`.

    Attributes:
        nodes: Node id -> top left corner of its tile.
        annotations: Key -> top left corner, for boxes that enclose arranged nodes.
        sizes: Key -> new width and height of these boxes.
    """

    nodes: dict[str, Point] = field(default_factory=dict)
    annotations: dict[str, Point] = field(default_factory=dict)
    sizes: dict[str, Point] = field(default_factory=dict)


def arranged(document: Document, nodes: Iterable[str] | None = None) -> Arranged:
    """Lay nodes out from left to right, each behind what it depends on, connected parts below each other.

    Args:
        document: The workflow.
        nodes: Which nodes; None means all. The others stay, and so do boxes that enclose any of the others.
    """
    wanted = None if nodes is None else set(nodes)
    chosen = [n for n in document.nodes if wanted is None or n in wanted]
    if not chosen:
        return Arranged()
    places = {n: document.view(n).position for n in document.nodes}
    wires = [(c.source_node, c.target_node) for c in document.connections.values()]
    boxes = _boxes(document.annotations, places, set(chosen))
    layout = _Layout(places, wires, boxes)
    result = layout.of(chosen)
    left, top = min(places[n][0] for n in chosen), min(places[n][1] for n in chosen)
    x, y = min(p[0] for p in result.nodes.values()), min(p[1] for p in result.nodes.values())
    across, down = left - x, top - y
    return Arranged(
        {n: (round(a + across), round(b + down)) for n, (a, b) in result.nodes.items()},
        {k: (round(a + across), round(b + down)) for k, (a, b) in result.annotations.items()},
        result.sizes,
    )


def with_places(workflow: Workflow, types: Types) -> Workflow:
    """The workflow, laid out if it says of no node where it stands, as one written by hand or by a program."""
    if len(workflow.nodes) < 2 or any(view.position != (0.0, 0.0) for view in workflow.view.nodes.values()):
        return workflow
    document = Document(workflow, types)
    places = arranged(document)
    document.move(places.nodes, places.annotations, sizes=places.sizes)
    return document.workflow()


def align(places: Places, edge: Edge) -> dict[str, Point]:
    """Bring all to one edge of what they cover, or (`center`: one above the other, `middle`: side by side) to its middle."""
    if not places:
        return {}
    axis = 0 if edge in ("left", "right", "center") else 1
    values = [p[axis] for p in places.values()]
    line = {"left": min, "top": min, "right": max, "bottom": max}.get(edge, _middle)(values)
    return {n: (line, p[1]) if axis == 0 else (p[0], line) for n, p in places.items()}


def distribute(places: Places, axis: Literal["horizontal", "vertical"]) -> dict[str, Point]:
    """Give equal distances between the first and the last, which stay."""
    number = 0 if axis == "horizontal" else 1
    order = sorted(places, key=lambda n: (places[n][number], places[n][1 - number]))
    if len(order) < 3:
        return dict(places)
    first, last = places[order[0]][number], places[order[-1]][number]
    moved = dict(places)
    for index, node in enumerate(order):
        value = first + (last - first) * index / (len(order) - 1)
        moved[node] = (value, places[node][1]) if number == 0 else (places[node][0], value)
    return moved


def _middle(values: Sequence[float]) -> float:
    return (min(values) + max(values)) / 2


# ----------------------------------------------------------------------------------------------------------------- boxes


@dataclass
class _Box:
    """An annotation, and what lies directly in it: not what lies in a box that is in it."""

    key: str
    size: Point
    nodes: list[str] = field(default_factory=list)
    boxes: list[_Box] = field(default_factory=list)


def _boxes(annotations: Mapping[str, Annotation], places: Places, chosen: Collection[str]) -> list[_Box]:
    """The outermost boxes that enclose chosen nodes only, with what is in them. A node in several belongs to the smallest."""

    def encloses(box: Annotation, corner: Point, size: Point) -> bool:
        (x, y), (w, h) = box.position, box.size
        return x <= corner[0] and y <= corner[1] and corner[0] + size[0] <= x + w and corner[1] + size[1] <= y + h

    inside = {k: [n for n, p in places.items() if encloses(box, p, (TILE, TILE))] for k, box in annotations.items()}
    keys = [k for k, found in inside.items() if found and all(n in chosen for n in found)]
    keys.sort(key=lambda k: annotations[k].size[0] * annotations[k].size[1])
    made = {k: _Box(k, annotations[k].size) for k in keys}
    homeless = dict.fromkeys(chosen)
    for key in keys:
        made[key].nodes = [n for n in inside[key] if n in homeless]
        for node in made[key].nodes:
            del homeless[node]
    outermost = []
    for number, key in enumerate(keys):
        if not made[key].nodes and not made[key].boxes:
            continue  # smaller ones that overlap it have them all
        inner = annotations[key]
        parent = next((k for k in keys[number + 1 :] if encloses(annotations[k], inner.position, inner.size)), None)
        if parent:
            made[parent].boxes.append(made[key])
        else:
            outermost.append(made[key])
    return outermost


class _Layout:
    """Lays out a workflow's nodes, boxes within boxes."""

    def __init__(self, places: Places, wires: Sequence[tuple[str, str]], boxes: Sequence[_Box]) -> None:
        self._places = places
        self._wires = wires
        self._outermost = boxes

    def of(self, nodes: Sequence[str]) -> Arranged:
        """Positions for these nodes, and for the boxes."""
        return self._level(nodes, self._outermost)

    def _level(self, nodes: Sequence[str], boxes: Sequence[_Box]) -> Arranged:
        """Positions for nodes of which some are in boxes; the top left corner is anywhere."""
        inner = {box.key: self._level([*box.nodes, *_all_nodes(box.boxes)], box.boxes) for box in boxes}
        cell_of: dict[str, Cell] = {n: n for n in nodes}
        for box in boxes:
            cell_of |= dict.fromkeys(_all_nodes([box]), ("box", box.key))
        frames = {("box", key): _frame(content) for key, content in inner.items()}
        cells = dict.fromkeys(cell_of.values(), (NEAR_COLUMN, NEAR_ROW))
        cells |= {cell: (w + BESIDE, h + BESIDE) for cell, (_, (w, h)) in frames.items()}
        near: dict[Cell, list[Point]] = defaultdict(list)
        for node, cell in cell_of.items():
            near[cell].append(self._places[node])
        start = {cell: (min(x for x, _ in at), sum(y for _, y in at) / len(at)) for cell, at in near.items()}
        tied = [(cell_of[a], cell_of[b]) for a, b in self._wires if a in cell_of and b in cell_of]
        middles = _parts(cells, list(dict.fromkeys((a, b) for a, b in tied if a != b)), start)
        result = Arranged()
        for cell, (x, y) in middles.items():
            if cell not in frames:
                result.nodes[str(cell)] = (x - TILE / 2, y - TILE / 2)
                continue
            corner, (width, height) = frames[cell]
            across, down = x - width / 2 - corner[0], y - height / 2 - corner[1]
            key = str(cell[1]) if isinstance(cell, tuple) else ""
            content = inner[key]
            result.nodes.update({n: (a + across, b + down) for n, (a, b) in content.nodes.items()})
            result.annotations.update({k: (a + across, b + down) for k, (a, b) in content.annotations.items()})
            result.sizes.update(content.sizes)
            result.annotations[key], result.sizes[key] = (x - width / 2, y - height / 2), (width, height)
        return result


def _all_nodes(boxes: Iterable[_Box]) -> list[str]:
    return [n for box in boxes for n in (*box.nodes, *_all_nodes(box.boxes))]


def _frame(content: Arranged) -> tuple[Point, Point]:
    """The corner and size of a box around nodes and boxes."""
    corners = [(x, y, x + TILE, y + TILE, ABOVE) for x, y in content.nodes.values()]
    for key, (x, y) in content.annotations.items():
        width, height = content.sizes[key]
        corners.append((x, y, x + width, y + height, BESIDE))
    left, top = min(c[0] for c in corners) - BESIDE, min(c[1] - c[4] for c in corners)
    return (left, top), (max(c[2] for c in corners) + BESIDE - left, max(c[3] for c in corners) + BELOW - top)


# ------------------------------------------------------------------------------------------------------------ the layout


def _parts(sizes: Mapping[Cell, Point], edges: Sequence[tuple[Cell, Cell]], start: Mapping[Cell, Point]) -> dict[Cell, Point]:
    """Middles of all cells: connected parts below each other in the order they had, what is not connected in rows at the end."""
    group: dict[Cell, Cell] = {cell: cell for cell in sizes}

    def root(cell: Cell) -> Cell:
        while group[cell] != cell:
            group[cell] = group[group[cell]]
            cell = group[cell]
        return cell

    for a, b in edges:
        group[root(a)] = root(b)
    members: dict[Cell, list[Cell]] = defaultdict(list)
    for cell in sizes:
        members[root(cell)].append(cell)
    within: dict[Cell, list[tuple[Cell, Cell]]] = defaultdict(list)
    for edge in edges:
        within[root(edge[0])].append(edge)
    wired = [(cells, within[key]) for key, cells in members.items() if within[key]]
    wired.sort(key=lambda part: min((start[c][1], start[c][0]) for c in part[0]))
    placed: dict[Cell, Point] = {}
    below = 0.0
    widest = 6 * NEAR_COLUMN
    for cells, wires in wired:
        part = _layered(cells, wires, sizes, start)
        top = min(y - sizes[c][1] / 2 for c, (_, y) in part.items())
        placed.update({c: (x, y - top + below) for c, (x, y) in part.items()})
        below = max(placed[c][1] + sizes[c][1] / 2 for c in cells)
        widest = max(widest, *(x + sizes[c][0] / 2 for c, (x, _) in part.items()))
    alone = sorted((cells[0] for key, cells in members.items() if not within[key]), key=lambda c: (start[c][1], start[c][0]))
    x = height = 0.0
    for cell in alone:
        width, tall = sizes[cell]
        if x and x + width > widest:
            x, below, height = 0.0, below + height, 0.0
        placed[cell] = (x + width / 2, below + tall / 2)
        x, height = x + width, max(height, tall)
    return placed


def _layered(
    cells: Sequence[Cell], edges: Sequence[tuple[Cell, Cell]], sizes: Mapping[Cell, Point], start: Mapping[Cell, Point]
) -> dict[Cell, Point]:
    """Middles of the cells of one connected part."""
    edges = _acyclic(cells, edges)
    layer = _layers(cells, edges)
    rows, links, heights = _with_bends(cells, edges, layer, sizes)
    before: dict[Cell, list[Cell]] = defaultdict(list)
    behind: dict[Cell, list[Cell]] = defaultdict(list)
    for a, b in links:
        behind[a].append(b)
        before[b].append(a)
    rank = {c: start[c][1] for c in cells}
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


def _acyclic(cells: Sequence[Cell], edges: Sequence[tuple[Cell, Cell]]) -> list[tuple[Cell, Cell]]:
    """The edges without those that close a circle (a damaged workflow, or boxes that feed each other)."""
    kept = list(dict.fromkeys(edges))
    while True:
        sorter: TopologicalSorter[Cell] = TopologicalSorter({cell: [] for cell in cells})
        for a, b in kept:
            sorter.add(b, a)
        try:
            sorter.prepare()
        except CycleError as error:
            circle = set(pairwise(error.args[1]))
            kept.remove(max((e for e in kept if e in circle), key=kept.index))
        else:
            return kept


def _layers(cells: Sequence[Cell], edges: Sequence[tuple[Cell, Cell]]) -> dict[Cell, int]:
    """The column of each cell: behind all before it, and close to what it feeds where that makes no wire longer."""
    before: dict[Cell, list[Cell]] = {c: [] for c in cells}
    behind: dict[Cell, list[Cell]] = {c: [] for c in cells}
    for a, b in edges:
        before[b].append(a)
        behind[a].append(b)
    order = list(TopologicalSorter(before).static_order())
    layer: dict[Cell, int] = {}
    for cell in order:
        layer[cell] = 1 + max((layer[c] for c in before[cell]), default=-1)
    for cell in reversed(order):
        if behind[cell] and len(before[cell]) <= len(behind[cell]):
            layer[cell] = min(layer[c] for c in behind[cell]) - 1
    first = min(layer.values())
    return {c: n - first for c, n in layer.items()}


def _with_bends(
    cells: Sequence[Cell], edges: Sequence[tuple[Cell, Cell]], layer: Mapping[Cell, int], sizes: Mapping[Cell, Point]
) -> tuple[list[list[Cell]], list[tuple[Cell, Cell]], dict[Cell, float]]:
    """The columns, with a place kept clear wherever a wire passes one; links between neighbouring columns; heights."""
    rows: list[list[Cell]] = [[] for _ in range(1 + max(layer.values()))]
    heights = {c: sizes[c][1] for c in cells}
    for cell in cells:
        rows[layer[cell]].append(cell)
    links: list[tuple[Cell, Cell]] = []
    room = MOST_BENDS * len(cells)
    for number, (a, b) in enumerate(sorted(edges, key=lambda e: layer[e[1]] - layer[e[0]])):
        last, span = a, layer[b] - layer[a]
        room -= span - 1
        if room < 0:  # the longest wires of a tangle
            continue
        for column in range(layer[a] + 1, layer[b]):
            bend: Cell = ("bend", number, column)
            rows[column].append(bend)
            heights[bend] = NEAR_ROW / 3
            links.append((last, bend))
            last = bend
        links.append((last, b))
    return rows, links, heights


def _is_bend(cell: Cell) -> bool:
    return isinstance(cell, tuple) and cell[0] == "bend"


def _uncrossed(
    rows: list[list[Cell]], before: Mapping[Cell, Sequence[Cell]], behind: Mapping[Cell, Sequence[Cell]]
) -> list[list[Cell]]:
    """The columns in an order with few crossings: sweeps to and fro by barycentres, the best of all seen."""
    best, fewest = [list(row) for row in rows], _crossings(rows, behind)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        forth = sweep % 2 == 0
        near = before if forth else behind
        place = {c: float(i) for row in rows for i, c in enumerate(row)}
        for row in rows if forth else reversed(rows):
            wanted = {c: sum(place[n] for n in near[c]) / len(near[c]) if near.get(c) else place[c] for c in row}
            row.sort(key=wanted.__getitem__)
            place.update({c: float(i) for i, c in enumerate(row)})
        count = _crossings(rows, behind)
        if count < fewest:
            best, fewest = [list(row) for row in rows], count
    return best


def _crossings(rows: Sequence[Sequence[Cell]], behind: Mapping[Cell, Sequence[Cell]]) -> int:
    """How many pairs of links cross, counted with a Fenwick tree (W. Barth, M. Jünger, P. Mutzel, 2002)."""
    total = 0
    for row, following in pairwise(rows):
        place = {c: i for i, c in enumerate(following)}
        tree = [0] * (len(following) + 1)
        seen = 0
        for cell in row:
            ends = sorted(place[c] for c in behind.get(cell, ()))
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
    rows: Sequence[Sequence[Cell]],
    before: Mapping[Cell, Sequence[Cell]],
    behind: Mapping[Cell, Sequence[Cell]],
    heights: Mapping[Cell, float],
) -> dict[Cell, float]:
    """The height of each cell's middle: columns keep their order and distances, and come near their neighbours."""
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
                near = (before if forth else behind).get(cell, ())
                if sweep >= SWEEPS // 2:
                    near = [*before.get(cell, ()), *behind.get(cell, ())]
                pull = [(STRAIGHT if _is_bend(n) else 1.0, y[n]) for n in near]
                total = sum(weight for weight, _ in pull)
                wanted.append(sum(weight * value for weight, value in pull) / total if total else y[cell])
                weights.append(STRAIGHT if _is_bend(cell) else max(total, 0.1))
            y.update(zip(row, _spread(wanted, weights, [heights[c] for c in row]), strict=True))
    return y


def _spread(wanted: Sequence[float], weights: Sequence[float], heights: Sequence[float]) -> list[float]:
    """The values nearest to those wanted (least squares) that leave room for the heights, in this order.

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
