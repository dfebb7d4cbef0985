"""Where nodes go: laid out automatically from left to right, aligned, distributed. Positions in, positions out.

Boxes (annotations) that enclose nodes are laid out by themselves first and then placed like one large node
(`app.document.layered_layout`), so they go on enclosing exactly what they enclosed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from app.document.editing import Document, Point
from app.document.geometry import NEAR_COLUMN, NEAR_ROW, TILE
from app.document.layered_layout import Cell, laid_out
from app.document.model import Annotation, Workflow
from app.document.node_type import Types

ABOVE, BELOW, BESIDE = 70.0, 60.0, 40.0
"""Room between the edge of a box and the tiles in it: above there are the box's text and the nodes' titles."""

Edge = Literal["left", "right", "top", "bottom", "center", "middle"]
Places = Mapping[str, Point]


@dataclass(frozen=True)
class Placement:
    """New positions, for `Document.move`.

    Attributes:
        nodes: Node id -> top left corner of its tile.
        annotations: Key -> top left corner, for boxes that enclose arranged nodes.
        sizes: Key -> new width and height of these boxes.
    """

    nodes: dict[str, Point] = field(default_factory=dict)
    annotations: dict[str, Point] = field(default_factory=dict)
    sizes: dict[str, Point] = field(default_factory=dict)


def arranged(document: Document, nodes: Iterable[str] | None = None) -> Placement:
    """Lay nodes out from left to right, each behind what it depends on, connected parts below each other.

    Args:
        document: The workflow.
        nodes: Which nodes; None means all. The others stay, and so do boxes that enclose any of the others.
    """
    wanted = None if nodes is None else set(nodes)
    chosen = [n for n in document.nodes if wanted is None or n in wanted]
    if not chosen:
        return Placement()
    places = {n: document.view(n).position for n in document.nodes}
    wires = [(c.source_node, c.target_node) for c in document.connections.values()]
    boxes = _boxes(document.annotations, places, set(chosen))
    layout = _NestedLayout(places, wires, boxes)
    result = layout.of(chosen)
    left, top = min(places[n][0] for n in chosen), min(places[n][1] for n in chosen)
    x, y = min(p[0] for p in result.nodes.values()), min(p[1] for p in result.nodes.values())
    across, down = left - x, top - y
    return Placement(
        {n: (round(a + across), round(b + down)) for n, (a, b) in result.nodes.items()},
        {k: (round(a + across), round(b + down)) for k, (a, b) in result.annotations.items()},
        result.sizes,
    )


def with_places(workflow: Workflow, types: Types) -> Workflow:
    """Return the workflow, laid out if it says of no node where it stands, as one written by hand or by a program."""
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
class _Enclosure:
    """An annotation, and what lies directly in it: not what lies in a box that is in it."""

    key: str
    size: Point
    nodes: list[str] = field(default_factory=list)
    boxes: list[_Enclosure] = field(default_factory=list)


def _boxes(annotations: Mapping[str, Annotation], places: Places, chosen: Collection[str]) -> list[_Enclosure]:
    """Return the outermost boxes that enclose chosen nodes only, with what is in them; of several, the smallest has a node."""

    def encloses(box: Annotation, corner: Point, size: Point) -> bool:
        (x, y), (w, h) = box.position, box.size
        return x <= corner[0] and y <= corner[1] and corner[0] + size[0] <= x + w and corner[1] + size[1] <= y + h

    inside = {k: [n for n, p in places.items() if encloses(box, p, (TILE, TILE))] for k, box in annotations.items()}
    keys = [k for k, found in inside.items() if found and all(n in chosen for n in found)]
    keys.sort(key=lambda k: annotations[k].size[0] * annotations[k].size[1])
    made = {k: _Enclosure(k, annotations[k].size) for k in keys}
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


class _NestedLayout:
    """Lays out a workflow's nodes, boxes within boxes."""

    def __init__(self, places: Places, wires: Sequence[tuple[str, str]], boxes: Sequence[_Enclosure]) -> None:
        self._places = places
        self._wires = wires
        self._outermost = boxes

    def of(self, nodes: Sequence[str]) -> Placement:
        """Return positions for these nodes, and for the boxes."""
        return self._level(nodes, self._outermost)

    def _level(self, nodes: Sequence[str], boxes: Sequence[_Enclosure]) -> Placement:
        """Return positions for nodes of which some are in boxes; the top left corner is anywhere."""
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
        middles = laid_out(cells, [(a, b) for a, b in tied if a != b], start, (NEAR_COLUMN, NEAR_ROW))
        result = Placement()
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


def _all_nodes(boxes: Iterable[_Enclosure]) -> list[str]:
    return [n for box in boxes for n in (*box.nodes, *_all_nodes(box.boxes))]


def _frame(content: Placement) -> tuple[Point, Point]:
    """Return the corner and size of a box around nodes and boxes."""
    corners = [(x, y, x + TILE, y + TILE, ABOVE) for x, y in content.nodes.values()]
    for key, (x, y) in content.annotations.items():
        width, height = content.sizes[key]
        corners.append((x, y, x + width, y + height, BESIDE))
    left, top = min(c[0] for c in corners) - BESIDE, min(c[1] - c[4] for c in corners)
    return (left, top), (max(c[2] for c in corners) + BESIDE - left, max(c[3] for c in corners) + BELOW - top)
