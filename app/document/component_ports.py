"""Ports that a record has by itself: those of a component, and those through which anything can go.

A component's are made of the Component Input and Component Output nodes inside, in their order. A port is called as its node,
so that it keeps its wires whatever name the person gives it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.document.model import COMPONENT_INPUT, COMPONENT_OUTPUT, NodeRecord, Workflow, component_title
from app.document.node_type import Types

ANY = "any"
"""The kind of a class's port where the record's setting `kind` says it."""
VARIABLES = "variables"
"""The input for variables that every node has, whether its class declares it or not."""
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
        if not self.grows:
            return name == self.name
        stem, _, digits = name.rpartition("_")
        return stem == self.name and digits.isdecimal() and int(digits) > 0


@dataclass(frozen=True)
class RecordType:
    """What the document knows of one record whose ports are not those of a class (a `NodeType`).

    Attributes:
        takes_variables: Whether variables can be wired to it as to any node.
    """

    title: str
    input_ports: tuple[ComponentPort, ...] = ()
    output_ports: tuple[ComponentPort, ...] = ()
    version: int = 1
    takes_variables: bool = False

    def input_port(self, name: str) -> ComponentPort | None:
        """Return the input that a name in a file means."""
        found = next((port for port in self.input_ports if port.matches(name)), None)
        return VARIABLES_PORT if found is None and name == VARIABLES and self.takes_variables else found

    def output_port(self, name: str) -> ComponentPort | None:
        """Return the output that a name in a file means."""
        return next((port for port in self.output_ports if port.name == name), None)


VARIABLES_PORT = ComponentPort(VARIABLES, "variables", "Variables", optional=True)


def is_of_any_kind(node_class: Any) -> bool:
    """Return whether a class has ports whose kind its records say."""
    return any(port.kind == ANY for port in (*node_class.input_ports, *node_class.output_ports))


def of_kind(record: NodeRecord, kind: str) -> NodeRecord:
    """Return the record of a node through which anything can go, set to this kind."""
    settings = {name: value for name, value in record.settings.items() if name != "kind"}
    return record.model_copy(update={"settings": settings if kind == "table" else {**settings, "kind": kind}})


def _of_kind(node_class: Any, record: NodeRecord) -> RecordType:
    kind = record.settings.get("kind", "table")
    return _with_kind(node_class, kind if isinstance(kind, str) else "table")


@cache
def _with_kind(node_class: Any, kind: str) -> RecordType:
    """Return the ports of a class with this kind in the place of any."""

    def of(ports: Iterable[Any]) -> tuple[ComponentPort, ...]:
        return tuple(
            ComponentPort(p.name, kind if p.kind == ANY else p.kind, p.title, p.help, p.optional, p.grows, p.least) for p in ports
        )

    return RecordType(
        node_class.title, of(node_class.input_ports), of(node_class.output_ports), node_class.version, takes_variables=True
    )


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
        node_class = types.get(record.type)
        return _of_kind(node_class, record) if node_class is not None and is_of_any_kind(node_class) else node_class
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
