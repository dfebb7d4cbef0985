"""The workflow itself as an SVG drawing: tiles in the colours of their shelves, typed ports, wires that say what they carry.

Colours are CSS classes, so that the page decides between light and dark.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import networkx as nx

from app.document.geometry import (
    COLUMN,
    CORNER,
    LOOP,
    PORT_REACH,
    ROW,
    TILE,
    goes_back,
    port_offsets,
    wire_curve,
    wire_middle,
)
from app.icon_font import outline
from app.report.markup import Markup, tag
from app.shelves import shelf_color
from nodes.base import VARIABLES
from nodes.wording import counted

if TYPE_CHECKING:
    from app.document.model import Workflow
    from app.engine.plan import Plan, PlannedNode
    from app.outcome import Outcome, State
    from nodes.base import Node, PortKind

TITLE_LINE, TITLE_LETTERS, NOTE_LETTERS = 15.0, 15, 20
MARGIN = 34.0
PILL_HEIGHT, PILL_LETTER = 16.0, 5.9
UNKNOWN_ICON = "mdi6.help"


def node_tile(node: Node | None, size: float, corner: float) -> Markup:
    """Return the square that stands for a node: its shelf's colour and its icon; grey for a node that is not known."""
    scale = size * 0.6 / 24
    return tag(
        "g",
        tag("rect", width=size, height=size, rx=corner, fill=shelf_color(node.shelf if node else "")),
        tag(
            "path",
            d=outline(node.icon if node else UNKNOWN_ICON),
            fill="#fff",
            transform=f"translate({size * 0.2:g} {size * 0.2:g}) scale({scale:g})",
        ),
    )


def workflow_picture(workflow: Workflow, plan: Plan, found: Mapping[str, Outcome]) -> Markup | None:
    """Return the drawing, or None of a workflow without nodes.

    Args:
        workflow: For positions, notes and annotations.
        plan: For titles, ports and wires.
        found: For the state lights and what the wires carry.
    """
    if not plan.nodes:
        return None
    places = _places(workflow, plan)
    notes = {node_id: view.note for node_id, view in workflow.view.nodes.items() if view.note}
    wires = _wires(plan, places, found)
    boxes = [Rect(*a.position, *a.size) for a in workflow.view.annotations]
    tiles = [Rect(x - TILE * 0.4, y - 2 * TITLE_LINE - 8, TILE * 1.8, TILE + 2 * TITLE_LINE + 44) for x, y in places.values()]
    everything = Rect.around([*boxes, *tiles, *(w.box for w in wires)]).grown(MARGIN / 2)
    free = _FreeSpace([Rect(x - 12, y - 2 * TITLE_LINE - 6, TILE + 24, TILE + 2 * TITLE_LINE + 40) for x, y in places.values()])
    return tag(
        "svg",
        tag("title", "The workflow"),
        [_annotation(a.text, box, a.color) for a, box in zip(workflow.view.annotations, boxes, strict=True)],
        [wire.drawn() for wire in wires],
        [
            _tile(planned, plan, places[planned.id], found[planned.id], notes.get(planned.id, ""))
            for planned in plan.nodes.values()
        ],
        [pill for wire in wires if (pill := wire.pill(free))],
        class_="workflow",
        viewBox=f"{everything.x:g} {everything.y:g} {everything.width:g} {everything.height:g}",
        width=everything.width,
        role="img",
        aria_label=f"The workflow, drawn: {counted(len(plan.nodes), 'node')}",
        xmlns="http://www.w3.org/2000/svg",
    )


@dataclass(frozen=True)
class Rect:
    """A rectangle; y grows downwards."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Rect) -> bool:
        """Return whether the two overlap."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    def grown(self, by: float) -> Rect:
        """Return the same with a margin."""
        return Rect(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    @classmethod
    def around(cls, boxes: Sequence[Rect]) -> Rect:
        """Return the smallest one that holds all."""
        x, y = min(b.x for b in boxes), min(b.y for b in boxes)
        return cls(x, y, max(b.x + b.width for b in boxes) - x, max(b.y + b.height for b in boxes) - y)


class _FreeSpace:
    """Where there is still room for a pill."""

    def __init__(self, taken: list[Rect]) -> None:
        self._taken = taken

    def take(self, box: Rect) -> bool:
        """Take the room and return whether there was any."""
        if any(box.meets(other) for other in self._taken):
            return False
        self._taken.append(box)
        return True


# ---------------------------------------------------------------------------------------------------------------- places


def _places(workflow: Workflow, plan: Plan) -> dict[str, tuple[float, float]]:
    """Return the tiles' upper left corners: as the person placed them; the others in rows by topological generation, beneath."""
    places = {n: workflow.view.nodes[n].position for n in plan.nodes if n in workflow.view.nodes}
    if len(set(places.values())) < len(places):
        places = {}  # nodes on top of each other: nobody has placed them
    top = max((y for _, y in places.values()), default=-ROW) + ROW
    left = min((x for x, _ in places.values()), default=0.0)
    rest = plan.wiring.graph.subgraph(n for n in plan.nodes if n not in places)
    generations = nx.topological_generations(rest) if nx.is_directed_acyclic_graph(rest) else [list(rest)]
    for column, generation in enumerate(generations):
        for row, node_id in enumerate(generation):
            places[node_id] = (left + column * COLUMN, top + row * ROW)
    return places


def _ports(planned: PlannedNode, plan: Plan) -> tuple[list[tuple[str, PortKind]], list[tuple[str, PortKind]]]:
    """(name, kind) of a node's input and output ports; a growing one counts as often as it is connected."""
    node = planned.node
    if node is None:
        sources = [d["source_port"] for _, _, d in plan.wiring.graph.out_edges(planned.id, data=True)]
        return [(p, "table") for p in planned.inputs], [(p, "table") for p in dict.fromkeys(sources)]
    inputs: list[tuple[str, PortKind]] = []
    for port in node.input_ports:
        names = sorted((n for n in planned.inputs if port.matches(n)), key=lambda n: (len(n), n)) if port.grows else [port.name]
        inputs += [(name, node.kind_at(port)) for name in names]
    if VARIABLES in planned.inputs and all(name != VARIABLES for name, _ in inputs):
        inputs.append((VARIABLES, "variables"))
    return inputs, [(port.name, node.kind_at(port)) for port in node.output_ports]


# ----------------------------------------------------------------------------------------------------------------- wires


@dataclass(frozen=True)
class _WireDrawing:
    kind: PortKind
    start: tuple[float, float]
    end: tuple[float, float]
    says: str
    labelled: bool

    @property
    def box(self) -> Rect:
        """What the curve may touch."""
        (x1, y1), (x2, y2), (_, y) = self.start, self.end, wire_middle(self.start, self.end)
        corners = [Rect(x, v, 0, 0) for x in (x1, x2) for v in (y1, y2, y)]
        return Rect.around(corners).grown(LOOP if goes_back(self.start, self.end) else 1)

    def drawn(self) -> Markup:
        """Return the curve; what it carries shows where the pointer rests on it."""
        x, y = self.start
        pieces = wire_curve(self.start, self.end)
        path = f"M{x:g} {y:g}" + "".join("LC"[len(p) > 2] + " ".join(f"{v:g}" for v in p) for p in pieces)
        return tag("path", tag("title", self.says) if self.says else None, class_=f"wire {self.kind}", d=path)

    def pill(self, free: _FreeSpace) -> Markup | None:
        """Return what the wire carries, in its middle, if there is room."""
        if not (self.says and self.labelled):
            return None
        width = len(self.says) * PILL_LETTER + 16
        x, y = wire_middle(self.start, self.end)
        if not free.take(Rect(x - width / 2, y - PILL_HEIGHT / 2, width, PILL_HEIGHT)):
            return None
        return tag(
            "g",
            tag("rect", x=x - width / 2, y=y - PILL_HEIGHT / 2, width=width, height=PILL_HEIGHT, rx=PILL_HEIGHT / 2),
            tag("text", self.says, x=x, y=y + 3.5),
            class_="pill",
        )


def _wires(plan: Plan, places: Mapping[str, tuple[float, float]], found: Mapping[str, Outcome]) -> list[_WireDrawing]:
    ports = {planned.id: _ports(planned, plan) for planned in plan.nodes.values()}
    wires = []
    labelled: set[tuple[str, str]] = set()
    for planned in plan.nodes.values():
        inputs = [name for name, _ in ports[planned.id][0]]
        for port, (source, out) in planned.inputs.items():
            outputs = [name for name, _ in ports[source][1]]
            y1 = places[source][1] + port_offsets(len(outputs))[outputs.index(out)]
            y2 = places[planned.id][1] + port_offsets(len(inputs))[inputs.index(port)]
            wires.append(
                _WireDrawing(
                    dict(ports[source][1])[out],
                    (places[source][0] + TILE + PORT_REACH, y1),
                    (places[planned.id][0] - PORT_REACH, y2),
                    _carried(plan.nodes[source], out, found[source]),
                    (source, out) not in labelled,
                )
            )
            labelled.add((source, out))
    return wires


def _carried(source: PlannedNode, port: str, outcome: Outcome) -> str:
    """Return what came out of a port, or what is expected to."""
    if port in outcome.outputs:
        return outcome.outputs[port]
    spec = source.specs.get(port)
    return spec.describe() if spec is not None else ""


# ----------------------------------------------------------------------------------------------------------------- tiles


def _tile(planned: PlannedNode, plan: Plan, place: tuple[float, float], outcome: Outcome, note: str) -> Markup:
    """Return a node; a click leads to what the report says of it."""
    title = wrapped(planned.title, TITLE_LETTERS, 2)
    inputs, outputs = _ports(planned, plan)
    tile = tag(
        "g",
        tag("title", f"{planned.title} ({planned.path}): {outcome.state}"),
        node_tile(planned.node, TILE, CORNER),
        [_port(kind, -4, y) for (_, kind), y in zip(inputs, port_offsets(len(inputs)), strict=True)],
        [_port(kind, TILE + 4, y) for (_, kind), y in zip(outputs, port_offsets(len(outputs)), strict=True)],
        [
            tag("text", line, class_="title", x=TILE / 2, y=-10 - TITLE_LINE * (len(title) - 1 - i))
            for i, line in enumerate(title)
        ],
        _light(outcome.state),
        [
            tag("text", line, class_="note", x=TILE / 2, y=TILE + 34 + 13 * i)
            for i, line in enumerate(wrapped(note, NOTE_LETTERS, 2))
        ],
        transform=f"translate({place[0]:g} {place[1]:g})",
        class_="node",
    )
    return tile if outcome.state in ("not asked for", "inactive") else tag("a", tile, href=f"#node-{planned.id}")


def _port(kind: PortKind, x: float, y: float) -> Markup:
    """Return a triangle for tables, a square for networks, a hexagon for models, a circle for others; small: variables."""
    if kind == "table":
        return tag("path", d=f"M{x - 4:g} {y - 5.5:g}l9 5.5l-9 5.5z", class_="port table")
    if kind == "network":
        return tag("rect", x=x - 4.5, y=y - 4.5, width=9, height=9, class_="port network")
    if kind == "model":
        return tag("path", d=f"M{x - 5.5:g} {y:g}l2.75-4.8h5.5l2.75 4.8-2.75 4.8h-5.5z", class_="port model")
    if kind == "variables":
        return tag("circle", cx=x, cy=y, r=3.2, class_="port variables")
    return tag("circle", cx=x, cy=y, r=4.5, class_="port figure")


def _light(state: State) -> Markup:
    """Return the state: a check, a cross, a bar for what was stopped; an empty light for what was not run."""
    x, y = TILE / 2, TILE + 14
    signs = {"done": "m-2.5 .2 1.8 1.9 3.3-3.9", "stored": "m-2.5 .2 1.8 1.9 3.3-3.9"}
    signs |= {"failed": "m-2-2 4 4m0-4-4 4", "stopped": "m-2 0h4"}
    circle = tag("circle", cx=x, cy=y, r=5.5)
    sign = tag("path", d=f"M{x:g} {y:g}{signs[state]}") if state in signs else None
    return tag("g", circle, sign, class_=f"light {state.replace(' ', '-')}")


def _annotation(text: str, box: Rect, color: str) -> Markup:
    lines = text.splitlines()
    return tag(
        "g",
        tag("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=CORNER, class_="area"),
        [tag("text", line, x=box.x + 16, y=box.y + 25 + 17 * i) for i, line in enumerate(lines)],
        class_="annotation",
        fill=color,
    )


def wrapped(text: str, letters: int, lines: int) -> list[str]:
    """Return text in at most so many lines of at most so many letters, cut where it is too long."""
    return textwrap.wrap(text, letters, max_lines=lines, placeholder="…")
