"""Which ports a node shows: those of its type, one more than is wired of a growing one; of an unknown type, what wires tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal

from app.document.component_ports import VARIABLES
from app.document.geometry import CORNER_PORT, port_offsets
from app.document.node_type import PortLike

if TYPE_CHECKING:
    from app.document.editing import Document
    from app.document.model import Connection

Side = Literal["input", "output"]


@dataclass(frozen=True)
class ShownPort:
    """A port as the canvas shows it.

    Attributes:
        name: As wires name it: `table`, or `network_3` of a growing port.
        kind: What travels through it; empty where that is not known.
        title: What the person reads.
        side: Whether wires end or begin at it.
        optional: Whether it may stay unconnected.
        in_corner: Whether it stands at the tile's corner, seen only where it is wired or may be: the input that every node has.
    """

    name: str
    kind: str
    title: str
    side: Side
    optional: bool = False
    in_corner: bool = False


@dataclass(frozen=True)
class ShownPorts:
    """The ports of a node, from top to bottom."""

    inputs: tuple[ShownPort, ...] = ()
    outputs: tuple[ShownPort, ...] = ()

    @cached_property
    def by_name(self) -> dict[tuple[Side, str], tuple[int, ShownPort]]:
        """Every port, and at which place of its side it is."""
        sides: tuple[Side, Side] = ("input", "output")
        return {(side, port.name): (number, port) for side in sides for number, port in enumerate(self.on(side))}

    def on(self, side: Side) -> tuple[ShownPort, ...]:
        """Return the ports of one side."""
        return self.inputs if side == "input" else self.outputs

    def places(self, side: Side) -> Iterator[tuple[ShownPort, float]]:
        """Yield the ports of one side, and how far below the tile's upper edge they are."""
        ports = self.on(side)
        offsets = iter(port_offsets(sum(not port.in_corner for port in ports)))
        for port in ports:
            yield port, CORNER_PORT if port.in_corner else next(offsets)


def shown_ports(document: Document, node_id: str, wires: Iterable[Connection]) -> ShownPorts:
    """Return the ports of a node.

    Args:
        document: The workflow.
        node_id: The node.
        wires: The connections that begin or end at it.
    """
    known = list(wires)
    entering = tuple(sorted({c.target_port for c in known if c.target_node == node_id}))
    leaving = tuple(sorted({c.source_port for c in known if c.source_node == node_id}))
    node_type = document.node_type(node_id)
    if node_type is None:
        return ShownPorts(
            tuple(ShownPort(n, _kind_at_other_end(document, node_id, n, "input", known), n, "input") for n in entering),
            tuple(ShownPort(n, _kind_at_other_end(document, node_id, n, "output", known), n, "output") for n in leaving),
        )
    return _of_type(node_type, entering, leaving)


@lru_cache(2000)
def _of_type(node_type: Any, entering: tuple[str, ...], leaving: tuple[str, ...]) -> ShownPorts:
    """Return the ports of a known type with wires at these; nodes that are wired alike share them."""
    inputs: list[ShownPort] = []
    for port in node_type.input_ports:
        inputs += _grown(port, entering) if port.grows else [_shown(port, port.name, "input")]
    outputs = [_shown(port, port.name, "output") for port in node_type.output_ports]
    # a wire may be tied to a port that the type no longer has: it is shown, so that it can be taken away
    inputs += [ShownPort(n, "", n, "input") for n in entering if all(n != p.name for p in inputs)]
    outputs += [ShownPort(n, "", n, "output") for n in leaving if all(n != p.name for p in outputs)]
    if all(port.name != VARIABLES for port in node_type.input_ports) and node_type.input_port(VARIABLES) is not None:
        inputs = [port for port in inputs if port.name != VARIABLES]
        inputs.append(ShownPort(VARIABLES, "variables", "Variables", "input", optional=True, in_corner=True))
    return ShownPorts(tuple(inputs), tuple(outputs))


def _shown(port: PortLike, name: str, side: Side, title: str = "") -> ShownPort:
    return ShownPort(name, port.kind, title or port.title, side, port.optional)


def _grown(port: PortLike, entering: Iterable[str]) -> list[ShownPort]:
    """Return the wired inputs of a growing port in the order of their numbers, and the first free one."""
    numbers = sorted(_number(name) for name in entering if port.matches(name))
    free = next(n for n in range(1, len(numbers) + 2) if n not in numbers)
    every = sorted([*numbers, free])
    return [_shown(port, f"{port.name}_{n}", "input", f"{port.title} {n}") for n in every]


def _number(name: str) -> int:
    found = re.search(r"\d+$", name)
    return int(found.group()) if found else 0


def _kind_at_other_end(document: Document, node_id: str, name: str, side: Side, wires: Iterable[Connection]) -> str:
    """Return what travels through a port of an unknown type, as far as the nodes at its wires know."""
    for wire in wires:
        if side == "input" and wire.target == f"{node_id}.{name}":
            other, port, way = wire.source_node, wire.source_port, "output_port"
        elif side == "output" and wire.source == f"{node_id}.{name}":
            other, port, way = wire.target_node, wire.target_port, "input_port"
        else:
            continue
        record = document.nodes.get(other)
        node_type: Any = document.node_type(other) if record else None
        found = getattr(node_type, way)(port) if node_type is not None else None
        if found is not None:
            return str(found.kind)
    return ""
