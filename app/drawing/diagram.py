"""Boxes and arrows, in generations from top to bottom."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from app.drawing.theme import BOLD, CHARACTER_WIDTH, LABEL_SIZE, POINTS, TICK_SIZE, Theme
from app.drawing.tools import bare, fitting, mixed, say_empty
from nodes.values.figure import DiagramBox, DiagramEdge, DiagramFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

Name = TypeVar("Name", bound=Hashable)

SMALL_SIZE = TICK_SIZE - 1
LINE, MARGIN = 0.165, 0.08
"""Height of a line of text and the room around the text of a box, in inches."""
GAP, LABEL_GAP, BESIDE = 0.24, 0.36, 0.22
"""Room between generations without and with labels at the arrows, and between the boxes of one, in inches."""
WIDEST, NARROWEST = 2.6, 0.7
"""Of a box, in inches."""
BAND = 0.06
"""Width of the stripe that has a box's colour, in inches."""


def arranged(names: Sequence[Name], edges: Iterable[tuple[Name, Name]]) -> dict[Name, tuple[int, float]]:
    """Return a place for every box: (generation, place in it, 0 being the middle).

    Each stands behind all that lead to it; within a generation they are ordered by where those stand (barycentres, as Sugiyama's
    method has it), which crosses few arrows. Arrows backwards do not count.

    Args:
        names: In an order in which they can be computed.
        edges: From, to.
    """
    import networkx as nx

    order = {name: number for number, name in enumerate(names)}
    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from((source, target) for source, target in edges if order[source] < order[target])
    places: dict[Name, tuple[int, float]] = {}
    for depth, generation in enumerate(nx.topological_generations(graph)):
        wanted = {name: _mean([places[before][1] for before in graph.predecessors(name)]) for name in generation}
        ordered = sorted(generation, key=lambda name: (wanted[name], order[name]))
        places |= {name: (depth, number - (len(ordered) - 1) / 2) for number, name in enumerate(ordered)}
    return places


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def draw_diagram(drawing: Drawing, figure: DiagramFigure, colors: Theme) -> float:
    """Draw boxes from top to bottom, and arrows between them; return the height in inches."""
    axes = drawing.subplots()
    bare(axes, colors)
    if not figure.boxes:
        say_empty(axes, colors)
        return 1.5
    inner = [(edge.source, edge.target) for edge in figure.edges if edge.target is not None]
    places = arranged(range(len(figure.boxes)), inner)
    generations = range(1 + max(depth for depth, _ in places.values()))
    broadest = max(Counter(depth for depth, _ in places.values()).values())
    room = drawing.get_figwidth() - 0.3
    width = max(NARROWEST, min(_needed(figure.boxes), WIDEST, room / broadest - BESIDE))
    heights = [max(_height(figure.boxes[n]) for n, (depth, _) in places.items() if depth == d) for d in generations]
    gap = LABEL_GAP if any(edge.label for edge in figure.edges) else GAP
    grid = _DiagramLayout(places, width, heights, gap)
    for edge in figure.edges:
        _draw_edge(axes, colors, edge, grid)
    for number, box in enumerate(figure.boxes):
        _draw_box(axes, colors, box, grid, number)
    ends = any(edge.target is None for edge in figure.edges)
    total = sum(heights) + gap * (len(heights) - (0 if ends else 1)) + 0.02
    half = max(room, broadest * (width + BESIDE)) / 2
    axes.set(xlim=(-half, half), ylim=(total, -0.02), xticks=[], yticks=[])
    return total + 0.15


@dataclass(frozen=True)
class _DiagramLayout:
    """Where the boxes are, in inches.

    Attributes:
        places: See `arranged`.
        width: Of a box.
        heights: Of the boxes of each generation.
        gap: Between generations.
    """

    places: Mapping[int, tuple[int, float]]
    width: float
    heights: Sequence[float]
    gap: float

    def top(self, number: int) -> tuple[float, float]:
        """Return the middle of a box's upper edge."""
        depth, across = self.places[number]
        return across * (self.width + BESIDE), sum(self.heights[:depth]) + depth * self.gap

    def bottom(self, number: int) -> tuple[float, float]:
        """Return the middle of a box's lower edge."""
        x, y = self.top(number)
        return x, y + self.height(number)

    def height(self, number: int) -> float:
        """Return a box's height."""
        return self.heights[self.places[number][0]]


def _height(box: DiagramBox) -> float:
    return 2 * MARGIN + LINE * (1 + len(box.lines))


def _needed(boxes: Sequence[DiagramBox]) -> float:
    """Return the width in which all texts stand whole."""
    titles = max(len(box.title) for box in boxes) * LABEL_SIZE * BOLD
    lines = max((len(line) for box in boxes for line in box.lines), default=0) * SMALL_SIZE
    return (max(titles, lines) + SMALL_SIZE) * CHARACTER_WIDTH / POINTS + BAND + 2 * MARGIN


def _draw_box(axes: Axes, colors: Theme, box: DiagramBox, grid: _DiagramLayout, number: int) -> None:
    import numpy as np
    from matplotlib.patches import FancyBboxPatch, Rectangle

    middle, top = grid.top(number)
    left, height = middle - grid.width / 2, grid.height(number)
    color = colors.muted if box.hue is None else colors.solid[box.hue % len(colors.solid)]
    face = mixed(colors.panel, color, np.array(0.08))
    rounded = "round,pad=0,rounding_size=0.06"
    shape = FancyBboxPatch(
        (left, top), grid.width, height, boxstyle=rounded, facecolor=face, edgecolor=colors.line, linewidth=0.9
    )
    axes.add_patch(shape)
    band = axes.add_patch(Rectangle((left, top), BAND, height, facecolor=color, edgecolor="none"))
    band.set_clip_path(shape)
    room = grid.width - BAND - 2 * MARGIN
    x, y = left + BAND + MARGIN, top + MARGIN + LINE / 2
    title = fitting(box.title, room / BOLD, LABEL_SIZE)
    axes.text(x, y, title, size=LABEL_SIZE, weight="bold", color=colors.text, va="center")
    for below, line in enumerate(box.lines, 1):
        text = fitting(line, room, SMALL_SIZE)
        axes.text(x, y + below * LINE, text, size=SMALL_SIZE, color=colors.muted, va="center")


def _draw_edge(axes: Axes, colors: Theme, edge: DiagramEdge, grid: _DiagramLayout) -> None:
    """Draw an arrow; one that passes generations swings aside, so that it does not run through their boxes."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    start = grid.bottom(edge.source)
    if edge.target is None:
        end, passed = (start[0], start[1] + grid.gap), 0
    else:
        end = grid.top(edge.target)
        passed = grid.places[edge.target][0] - grid.places[edge.source][0] - 1
    middle = label_x = (start[0] + end[0]) / 2
    points, codes = [start], [Path.MOVETO]
    if passed > 0:
        clear = max(abs(start[0]), abs(end[0]), grid.width / 2 + 0.12 + 0.1 * min(passed, 3))
        label_x = math.copysign(clear, middle or -1.0)
        out, back = (label_x, start[1] + grid.gap), (label_x, end[1] - grid.gap)
        points += [*_bend(start, out), back, *_bend(back, end)]
        codes += [*[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3]
    else:
        points += _bend(start, end)
        codes += [Path.CURVE4] * 3
    path = Path(points, codes)
    axes.add_patch(FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=7, color=colors.muted, linewidth=0.9, zorder=0.9))
    if edge.label:
        axes.text(
            label_x + 0.07,
            (start[1] + end[1]) / 2,
            fitting(edge.label, max(grid.width * 0.6, 0.9), SMALL_SIZE),
            size=SMALL_SIZE,
            color=colors.muted,
            va="center",
            bbox={"facecolor": colors.panel, "edgecolor": "none", "pad": 0.6},
            zorder=0.95,
        )


def _bend(start: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
    """Return a cubic curve that leaves and arrives upright: its control points and its end."""
    middle = (start[1] + end[1]) / 2
    return [(start[0], middle), (end[0], middle), end]
