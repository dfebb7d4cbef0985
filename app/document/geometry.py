"""Measures of a drawn workflow: how large a node's tile is, how far nodes stand apart, where ports are, how a wire runs.

Whoever draws or arranges a workflow takes them from here, whatever with: the canvas, the report, the cards of the welcome page.
A node's position is the upper left corner of its tile; y grows downwards; one unit is a pixel of the canvas at 100 %.
"""

from __future__ import annotations

from functools import cache

Spot = tuple[float, float]
Piece = tuple[float, ...]
"""A piece of a curve: a line to a point (x, y), or a cubic Bézier curve by its two control points and its end (six numbers)."""

TILE, CORNER = 56.0, 11.0
"""Side of a node's tile, and the radius of its corners."""
COLUMN, ROW = 132.0, 150.0
"""Distances of nodes on a grid, for those that nobody has placed: none touches another one, whatever is written around it."""
NEAR_COLUMN, NEAR_ROW = 130.0, 120.0
"""Least distances of nodes that are laid out, or added behind each other: a tile with the usual texts around it."""

PORT_REACH = 5.0
"""How far outside the tile's edge a port's centre is."""
LOOP = 60.0
"""How far a wire that goes back swings out at its ends."""
DETOUR = TILE + 42.0
"""How far below its ends a wire that goes back among nodes of one row runs."""
MOST_REACH, LEAST_REACH = 140.0, 5.0
"""How far from the ends of a wire its control points are: half the way, within these bounds."""


CORNER_PORT = 2.0
"""How far below the tile's upper edge the input for variables is that every node has."""


@cache
def port_offsets(count: int) -> tuple[float, ...]:
    """Return how far below the tile's upper edge the ports on one side are."""
    gap = max(6.5, min(14.0, 52.0 / count)) if count else 0.0
    return tuple(TILE / 2 + (i - (count - 1) / 2) * gap for i in range(count))


def goes_back(start: Spot, end: Spot) -> bool:
    """Return whether a wire runs against the direction of reading."""
    return end[0] < start[0] + 10


def level(start: Spot, end: Spot) -> float:
    """Return the y at which a wire that goes back runs level."""
    (_, y1), (_, y2) = start, end
    return max(y1, y2) + DETOUR if abs(y2 - y1) < DETOUR else (y1 + y2) / 2


def wire_curve(start: Spot, end: Spot) -> tuple[Piece, ...]:
    """Return the curve from an output to an input, as what follows on its start."""
    (x1, y1), (x2, y2) = start, end
    if goes_back(start, end):
        y = level(start, end)
        return (x1 + LOOP, y1, x1 + LOOP, y, x1, y), (x2, y), (x2 - LOOP, y, x2 - LOOP, y2, x2, y2)
    reach = max(min(MOST_REACH, (x2 - x1) / 2), LEAST_REACH)
    return ((x1 + reach, y1, x2 - reach, y2, x2, y2),)


def wire_middle(start: Spot, end: Spot) -> Spot:
    """Return where a wire's label is centred; a wire that goes back has a level stretch there."""
    y = level(start, end) if goes_back(start, end) else (start[1] + end[1]) / 2
    return (start[0] + end[0]) / 2, y
