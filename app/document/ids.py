"""The ids of nodes: each is a node's own in the whole file, at any depth."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.document.model import Connection, NodeRecord


def ids_in(records: Iterable[NodeRecord]) -> Iterator[str]:
    """Yield the ids of nodes and of all nodes in them."""
    for record in records:
        yield record.id
        if record.workflow is not None:
            yield from ids_in(record.workflow.nodes)


def free_id(node_type: str, *taken: Collection[str]) -> str:
    """Return a new node's id: the last part of its type and the first number that is free."""
    stem = re.sub(r"[^A-Za-z0-9_]", "_", node_type.rpartition(".")[2]) or "node"
    number = 1
    while any(f"{stem}_{number}" in ids for ids in taken):
        number += 1
    return f"{stem}_{number}"


def with_own_ids(record: NodeRecord, taken: set[str]) -> tuple[NodeRecord, dict[str, str]]:
    """Return a component in which no node has an id that is taken, and old -> new id of the nodes that are its ports.

    The new ids are taken then, too. A component's ports are called as nodes in it, so that its wires follow (`retied`).
    """
    if record.workflow is None:
        return record, {}
    ids = renewed_ids(record.workflow.nodes, taken)
    nodes, ports = with_own_insides(record.workflow.nodes, taken)
    if all(old == new for old, new in ids.items()) and all(a is b for a, b in zip(nodes, record.workflow.nodes, strict=True)):
        return record, {}
    views = {ids.get(node_id, node_id): view for node_id, view in record.workflow.view.nodes.items()}
    changes: dict[str, Any] = {
        "nodes": [inner.model_copy(update={"id": ids[inner.id]}) for inner in nodes],
        "connections": [retied(connection, ids, ports) for connection in record.workflow.connections],
        "view": record.workflow.view.model_copy(update={"nodes": views}),
    }
    return record.model_copy(update={"workflow": record.workflow.model_copy(update=changes)}), ids


def renewed_ids(records: Iterable[NodeRecord], taken: set[str]) -> dict[str, str]:
    """Return old -> new id of nodes: the same where it is free. The new ids are taken then, too."""
    ids: dict[str, str] = {}
    known = list(records)
    kept = {record.id for record in known} - taken
    taken |= kept
    for record in known:
        ids[record.id] = record.id if record.id in kept else free_id(record.type, taken)
        taken.add(ids[record.id])
    return ids


def with_own_insides(records: Sequence[NodeRecord], taken: set[str]) -> tuple[list[NodeRecord], dict[str, dict[str, str]]]:
    """Return nodes in which no other node has an id that is taken, and by component what became of its ports."""
    nodes: list[NodeRecord] = []
    ports: dict[str, dict[str, str]] = {}
    for record in records:
        changed, renamed = with_own_ids(record, taken)
        nodes.append(changed)
        if renamed:
            ports[record.id] = renamed
    return nodes, ports


def retied(connection: Connection, ids: Mapping[str, str], ports: Mapping[str, Mapping[str, str]]) -> Connection:
    """Return a wire between nodes that are called otherwise now.

    Args:
        connection: As it was.
        ids: Old -> new id; others stay.
        ports: Component, by its old id -> old -> new name of its ports; others stay.
    """

    def end(node: str, port: str) -> str:
        return f"{ids.get(node, node)}.{ports.get(node, {}).get(port, port)}"

    ends = {
        "source": end(connection.source_node, connection.source_port),
        "target": end(connection.target_node, connection.target_port),
    }
    return connection.model_copy(update=ends)
