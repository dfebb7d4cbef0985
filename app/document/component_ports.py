"""What a component's ports are: made of the Component Input and Component Output nodes inside, in their order.

A port is called as its node, so that it keeps its wires whatever name the person gives it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.document.model import COMPONENT_INPUT, COMPONENT_OUTPUT, NodeRecord, Workflow, component_title
from app.document.node_type import Types

VALUE = "value"
"""The one port of a Component Input or Component Output node, seen from inside."""


@dataclass(frozen=True)
class ComponentPort:
    """A port of a component (a `PortLike`)."""

    name: str
    kind: str
    title: str
    help: str = ""
    optional: bool = False
    grows: bool = False
    least: int = 1

    def matches(self, name: str) -> bool:
        """Return whether a name in a file means this port."""
        return name == self.name


@dataclass(frozen=True)
class RecordType:
    """What the document knows of one record whose ports are not those of a class (a `NodeType`): a component, and its ports."""

    title: str
    input_ports: tuple[ComponentPort, ...] = ()
    output_ports: tuple[ComponentPort, ...] = ()
    version: int = 1

    def input_port(self, name: str) -> ComponentPort | None:
        """Return the input that a name in a file means."""
        return next((port for port in self.input_ports if port.name == name), None)

    def output_port(self, name: str) -> ComponentPort | None:
        """Return the output that a name in a file means."""
        return next((port for port in self.output_ports if port.name == name), None)


def is_boundary(record: NodeRecord) -> bool:
    """Return whether a node is a port of the component that it is in."""
    return record.type in (COMPONENT_INPUT, COMPONENT_OUTPUT)


def type_of(record: NodeRecord, types: Types, inside: Workflow | None = None) -> Any:
    """Return what there is to know of a record's ports, a `NodeType`: that of its class, unless they are its own.

    Args:
        record: The node.
        types: The catalog of node classes.
        inside: What is in a component that points to a file; None if that cannot be read, and then its ports are not known.

    Returns:
        None if nothing is known.
    """
    if record.is_component:
        content = inside if inside is not None else record.workflow
        if content is None:
            return None if record.file else RecordType(component_title(record))
        return RecordType(component_title(record), ports_of(content, COMPONENT_INPUT), ports_of(content, COMPONENT_OUTPUT))
    if not is_boundary(record):
        return types.get(record.type)
    port = _port(record, VALUE)
    if record.type == COMPONENT_INPUT:
        return RecordType(port.title, output_ports=(port,))
    return RecordType(port.title, input_ports=(port,))


def ports_of(workflow: Workflow, boundary: str) -> tuple[ComponentPort, ...]:
    """Return the inputs (`COMPONENT_INPUT`) or outputs (`COMPONENT_OUTPUT`) of a component with this workflow inside."""
    return tuple(_port(record, record.id) for record in boundary_records(workflow.nodes, boundary))


def boundary_records(records: Iterable[NodeRecord], boundary: str) -> Sequence[NodeRecord]:
    """Return the nodes that are ports, in the order of the ports."""
    found = [record for record in records if record.type == boundary]
    return sorted(found, key=lambda record: _order(record.settings.get("order")))


def port_name(record: NodeRecord) -> str:
    """Return what the person calls a port."""
    name = record.settings.get("name")
    if isinstance(name, str) and name.strip():
        return name
    return "Input" if record.type == COMPONENT_INPUT else "Output"


def _port(record: NodeRecord, name: str) -> ComponentPort:
    settings = record.settings
    kind, text = settings.get("kind", "table"), settings.get("help", "")
    optional = record.type == COMPONENT_INPUT and name != VALUE and settings.get("optional") is True
    return ComponentPort(name, kind if isinstance(kind, str) else "table", port_name(record), str(text), optional)


def _order(value: Any) -> float:
    """A number that a file gives, whatever it gives."""
    return value if isinstance(value, int | float) and not math.isnan(value) else 0.0
