"""Which wires of a node fit the node of another type that takes its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.document.model import Connection
from app.document.node_type import PortLike


def rewired(wires: Mapping[str, Connection], node_id: str, old: Any, new: Any) -> dict[str, Connection | None]:
    """Return the connections as they are afterwards, by key; None for those that are gone.

    A connection keeps its port if the new type has one of that name and kind, else it takes the first free one of its kind.

    Args:
        wires: All that begin or end at the node, by key.
        node_id: The node.
        old: Its type until now; None if that is not known.
        new: The type that takes its place.
    """
    changes: dict[str, Connection | None] = dict.fromkeys(wires)
    used: set[str] = set()
    for connection in sorted(wires.values(), key=lambda c: new.input_port(c.target_port) is None):  # same names come first
        moved = connection
        if connection.target_node == node_id:
            before = old.input_port(connection.target_port) if old else None
            port = _fitting_input(new, before, connection.target_port, used)
            if port is None:
                continue
            used.add(port)
            moved = moved.model_copy(update={"target": f"{node_id}.{port}"})
        if connection.source_node == node_id:
            output = _fitting_output(new, old.output_port(connection.source_port) if old else None)
            if output is None:
                continue
            moved = moved.model_copy(update={"source": f"{node_id}.{output}"})
        changes[moved.key] = moved
    return changes


def _fitting_input(new: Any, before: PortLike | None, name: str, used: set[str]) -> str | None:
    """Return the input of a new type that takes a wire which ended at the port `before`, called `name`, of the old one."""
    same = new.input_port(name)
    if same is not None and name not in used and (before is None or same.kind == before.kind):
        return name
    for port in new.input_ports:
        if before is None or port.kind != before.kind:
            continue
        candidates = (f"{port.name}_{n}" for n in range(1, len(used) + 2)) if port.grows else (port.name,)
        for candidate in candidates:
            if candidate not in used:
                return str(candidate)
    return None


def _fitting_output(new: Any, before: PortLike | None) -> str | None:
    """Return the output of a new type in the place of the output `before` of the old one."""
    if before is None:
        return None
    same = new.output_port(before.name)
    if same is not None and same.kind == before.kind:
        return str(before.name)
    return next((str(port.name) for port in new.output_ports if port.kind == before.kind), None)
