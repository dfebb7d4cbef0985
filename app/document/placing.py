"""Where a new node goes, and what it begins with: the same for every way in which a person adds one.

Nodes stand in rows, read from left to right. What is added behind a node stands in its row, or below what is there already;
what is put into a wire pushes what is behind it to the right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.document.editing import Document, Point
from app.document.geometry import NEAR_COLUMN, NEAR_ROW

_BESIDE, _BELOW = NEAR_COLUMN * 0.7, NEAR_ROW * 0.95
"""Nodes that are nearer to each other than both of these cover each other's texts."""


def place_new(document: Document, node_type: str, spot: Point, settings: Mapping[str, Any] | None = None) -> str:
    """Add a node with the starting values of its type.

    Args:
        document: The workflow.
        node_type: Its type, which must be known.
        spot: The upper left corner of its tile.
        settings: What is known of its settings already; the starting values of these do not count.

    Returns:
        Its id.
    """
    starts = document.types[node_type].starting_settings()
    return document.add_node(node_type, (round(spot[0]), round(spot[1])), settings={**starts, **(settings or {})})


def spot_behind(document: Document, node_id: str) -> Point:
    """Return where a node goes that is added behind another one: in its row, or else below what stands there."""
    x, y = document.view(node_id).position
    return free_spot(document, (x + NEAR_COLUMN, y))


def free_spot(document: Document, spot: Point) -> Point:
    """Return the place nearest below a spot where no node is; the spot itself, where there is room."""
    x, y = spot
    taken = [document.view(n).position for n in document.nodes]
    while any(_cover((x, y), other) for other in taken):
        y += NEAR_ROW
    return round(x), round(y)


def put_between(document: Document, key: str, node_id: str, input_port: str, output_port: str) -> None:
    """Put a node into a connection, and push what is behind it out of the way; one step of undo.

    Args:
        document: The workflow.
        key: The connection.
        node_id: The node, where it was dropped.
        input_port: Its input by which what came from the connection's source goes in.
        output_port: Its output that goes on to the connection's target.
    """
    wire = document.connections[key]
    if node_id in (wire.source_node, wire.target_node):
        return
    (x1, y1), (x2, y2) = document.view(wire.source_node).position, document.view(wire.target_node).position
    x, y = document.view(node_id).position
    with document.step("Put in between"):
        document.insert(key, node_id, input_port, output_port)
        if x2 <= x1:
            return  # the wire goes back: there is no room between its ends to make larger
        x = max(x, x1 + NEAR_COLUMN)
        places = {node_id: (x, y1 if abs(y2 - y1) < 1 else y)}
        by = x + NEAR_COLUMN - x2
        if by > 0:
            places |= _pushed(document, wire.target_node, by, node_id)
        document.move(places, label="Make room")


def _pushed(document: Document, first: str, by: float, new: str) -> dict[str, Point]:
    """Return the places of a node and of all that it feeds, moved to the right, and with them those that are in the way."""
    follows: dict[str, list[str]] = {}
    for wire in document.connections.values():
        follows.setdefault(wire.source_node, []).append(wire.target_node)
    at = {n: document.view(n).position for n in document.nodes}
    moved: dict[str, Point] = {}
    waiting = [first]
    while waiting:
        node = waiting.pop()
        if node in moved or node == new:
            continue
        x, y = at[node]
        moved[node] = (x + by, y)
        waiting += follows.get(node, ())
        waiting += [n for n, place in at.items() if n not in moved and place[0] > x and _cover(moved[node], place)]
    return moved


def _cover(one: Point, other: Point) -> bool:
    return abs(one[0] - other[0]) < _BESIDE and abs(one[1] - other[1]) < _BELOW
