"""Several nodes become one component, and a component becomes its nodes again; one step of editing each.

Nodes keep their ids, so that their results are found again. Wires that are cut become ports: an input for each port outside
that something inside comes from, an output for each port inside that something outside comes from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.document.component_ports import VALUE, is_boundary
from app.document.editing import Document, Point
from app.document.geometry import NEAR_COLUMN
from app.document.ids import renewed_ids, retied, with_own_insides
from app.document.model import (
    COMPONENT,
    COMPONENT_INPUT,
    COMPONENT_OUTPUT,
    Connection,
    NodeRecord,
    NodeView,
    View,
    Workflow,
)
from app.document.problems import DocumentError
from app.document.variables import references, substituted, with_references
from nodes.wording import counted

MOST_DEEP = 25
"""Components are nested at most so deep: a file of more levels would not be read (`app.document.file.MOST_LEVELS`)."""


def pack(document: Document, nodes: Iterable[str], annotations: Iterable[str] = (), *, name: str = "") -> str:
    """Make a component of nodes and annotations, with the ports that the cut wires need; returns its id.

    Args:
        document: The workflow that they are in.
        nodes: Their ids; those that are not there are left out.
        annotations: Keys of coloured boxes that go with them.
        name: What the component is called.

    Raises:
        DocumentError: If there are none, or they cannot be one node: in words for the person.
    """
    chosen = {node_id: None for node_id in document.nodes if node_id in set(nodes)}
    _refuse_what_cannot_be_packed(document, chosen)
    boxes = {key: document.annotations[key] for key in annotations if key in document.annotations}
    component = document.free_id(COMPONENT)
    cut = _Cut(document, chosen, component)
    content = Workflow(name=name).model_copy(
        update={
            "nodes": [*cut.inputs, *(document.nodes[n] for n in chosen), *cut.outputs],
            "connections": cut.inside,
            "view": View().model_copy(
                update={
                    "nodes": {n: document.views[n] for n in chosen if n in document.views} | cut.views,
                    "annotations": list(boxes.values()),
                }
            ),
        }
    )
    keys = list(document.nodes)
    keys.insert(keys.index(next(iter(chosen))), component)
    document.edit(
        f"Make a component of {counted(len(chosen), 'node')}",
        orders={"nodes": keys},
        nodes=dict.fromkeys(chosen) | {component: NodeRecord(id=component, type=COMPONENT, workflow=content)},
        views={n: None for n in chosen if n in document.views} | {component: NodeView(position=_corner(document, chosen))},
        connections=dict.fromkeys(document.connections_of(chosen)) | {wire.key: wire for wire in cut.outside},
        annotations=dict.fromkeys(boxes),
    )
    return component


def unpack(document: Document, component: str) -> list[str]:
    """Put what is in a component in its place, wired as it was through its ports; returns the nodes' ids.

    Settings inside that take their value from one of the component have that value then.

    Raises:
        DocumentError: If it is no component, or its content is in a file of its own.
    """
    record = document.nodes[component]
    if not record.is_component or record.file:
        raise DocumentError(
            f"'{document.title(component)}' holds no nodes of its own.",
            "Unlink it from its file first." if record.file else "Choose a component.",
        )
    inside = document.inside(component)
    kept = {n: r for n, r in inside.nodes.items() if not is_boundary(r)}
    for variable in inside.variables.values():
        value = record.settings.get(variable.name, variable.value)
        kept = {n: with_references(r, variable.name, _substitution(variable.name, value)) for n, r in kept.items()}
    left, top = _corner(inside, kept) if kept else document.view(component).position
    across, down = (new - old for new, old in zip(document.view(component).position, (left, top), strict=True))

    def moved(position: Point) -> Point:
        return position[0] + across, position[1] + down

    views = {n: inside.view(n) for n in kept if n in inside.views or (across, down) != (0.0, 0.0)}
    keys = list(document.nodes)
    at = keys.index(component)
    document.edit(
        f"Unpack {document.title(component)}",
        orders={"nodes": [*keys[:at], *kept, *keys[at:]]},
        nodes={component: None, **kept},
        views={component: None} | {n: v.model_copy(update={"position": moved(v.position)}) for n, v in views.items()},
        connections=dict.fromkeys(document.connections_of([component])) | _joined_wires(document, component, inside),
        annotations={
            document.new_box(): box.model_copy(update={"position": moved(box.position)}) for box in inside.annotations.values()
        },
    )
    return list(kept)


def unlink(document: Document, component: str, content: Workflow) -> None:
    """Have a component hold a copy of what was in its file.

    Its nodes are called as they were in a run (the component in front), so that their results are found again.

    Args:
        document: The workflow that it is in.
        component: Its id.
        content: The workflow in the file, its paths as seen from this document's folder.
    """
    record = document.nodes[component]
    named = _with_prefix(content, f"{component}__")
    nodes, ports = with_own_insides(named.nodes, set(document.file_ids))
    ids = renewed_ids(nodes, set(document.file_ids))
    view = named.view.model_copy(update={"nodes": {ids.get(n, n): v for n, v in named.view.nodes.items()}})
    held = named.model_copy(
        update={
            "nodes": [inner.model_copy(update={"id": ids[inner.id]}) for inner in nodes],
            "connections": [retied(wire, ids, ports) for wire in named.connections],
            "view": view,
            "app_version": "",
        }
    )
    outer_ports = {old.id: ids[new.id] for old, new in zip(content.nodes, named.nodes, strict=True)}
    wires = document.connections_of([component])
    tied = [retied(wire, {}, {component: outer_ports}) for wire in wires.values()]
    document.edit(
        f"Unlink {document.title(component)}",
        nodes={component: record.model_copy(update={"workflow": held, "file": ""})},
        connections=dict.fromkeys(wires) | {wire.key: wire for wire in tied},
    )


def _refuse_what_cannot_be_packed(document: Document, chosen: Mapping[str, None]) -> None:
    if not chosen:
        raise DocumentError("There is nothing to make a component of.", "Choose some nodes first.")
    ports = [n for n in chosen if is_boundary(document.nodes[n])]
    if ports:
        raise DocumentError(
            f"'{document.title(ports[0])}' is a port of this workflow, and would be lost in a component.",
            "Choose the nodes without it.",
        )
    depth = max((_depth(document.nodes[n]) for n in chosen), default=0)
    if len(document.path) + depth >= MOST_DEEP:
        raise DocumentError(f"Components can be nested {MOST_DEEP} deep.", "Unpack one around these nodes first.")
    between = _between(document, chosen)
    if between:
        raise DocumentError(
            f"'{document.title(between)}' lies between the chosen nodes: it takes from one of them and gives to another.",
            "Choose it, too; else the component would feed itself.",
        )


def _depth(record: NodeRecord) -> int:
    """Return how deep components are nested in a node."""
    if record.workflow is None:
        return 0
    return 1 + max((_depth(inner) for inner in record.workflow.nodes), default=0)


def _between(document: Document, chosen: Mapping[str, None]) -> str | None:
    """Return a node outside that needs one of the chosen, and that another one needs."""
    after: defaultdict[str, list[str]] = defaultdict(list)
    before: defaultdict[str, list[str]] = defaultdict(list)
    for wire in document.connections.values():
        after[wire.source_node].append(wire.target_node)
        before[wire.target_node].append(wire.source_node)
    behind, above = _reached(chosen, after), _reached(chosen, before)
    return next((n for n in document.nodes if n in behind and n in above and n not in chosen), None)


def _reached(start: Iterable[str], steps: Mapping[str, list[str]]) -> set[str]:
    """Return what can be reached from outside of these nodes: paths leave them first."""
    inside = set(start)
    waiting = [n for node in inside for n in steps.get(node, ()) if n not in inside]
    found = set(waiting)
    while waiting:
        for n in steps.get(waiting.pop(), ()):
            if n not in found and n not in inside:
                found.add(n)
                waiting.append(n)
    return found


class _Cut:
    """The wires of nodes that become a component: those inside, and what becomes of those that are cut.

    Attributes:
        inputs: The Component Input nodes, in the order of what they come from on the canvas.
        outputs: The Component Output nodes, in the order of what they come from.
        views: Where these are drawn.
        inside: The wires in the component.
        outside: The wires that end or begin at it.
    """

    def __init__(self, document: Document, chosen: Mapping[str, None], component: str) -> None:
        self._document = document
        self.inputs: list[NodeRecord] = []
        self.outputs: list[NodeRecord] = []
        self.views: dict[str, NodeView] = {}
        self.inside: list[Connection] = []
        self.outside: list[Connection] = []
        self._taken: set[str] = set()
        entering: defaultdict[str, list[Connection]] = defaultdict(list)
        leaving: defaultdict[str, list[Connection]] = defaultdict(list)
        for wire in document.connections.values():
            if wire.target_node in chosen and wire.source_node in chosen:
                self.inside.append(wire)
            elif wire.target_node in chosen:
                entering[wire.source].append(wire)
            elif wire.source_node in chosen:
                leaving[wire.source].append(wire)
        self._places = [document.view(n).position for n in chosen]
        for wires in sorted(entering.values(), key=self._place):
            port = self._new_port(COMPONENT_INPUT, wires[0], self._input_title(wires))
            self.outside.append(Connection(source=wires[0].source, target=f"{component}.{port}"))
            self.inside += [Connection(source=f"{port}.{VALUE}", target=wire.target) for wire in wires]
        for wires in sorted(leaving.values(), key=self._place):
            port = self._new_port(COMPONENT_OUTPUT, wires[0], self._output_title(wires[0]))
            self.inside.append(Connection(source=wires[0].source, target=f"{port}.{VALUE}"))
            self.outside += [Connection(source=f"{component}.{port}", target=wire.target) for wire in wires]

    def _place(self, wires: list[Connection]) -> tuple[float, float, int]:
        """Where on the canvas wires begin: from top to bottom, then from left to right, then by their ports."""
        x, y = self._document.view(wires[0].source_node).position
        source_type = self._document.node_type(wires[0].source_node)
        names = [port.name for port in source_type.output_ports] if source_type else []
        port = wires[0].source_port
        return y, x, names.index(port) if port in names else 0

    def _new_port(self, boundary: str, wire: Connection, title: str) -> str:
        """Add a port of the component; returns its id."""
        ports, word = (self.inputs, "in") if boundary == COMPONENT_INPUT else (self.outputs, "out")
        name, number = title, 2
        while any(port.settings["name"] == name for port in ports):
            name, number = f"{title} {number}", number + 1
        stem = wire.target_port if boundary == COMPONENT_INPUT else wire.source_port
        node_id = self._document.free_id(f"{stem.rstrip('0123456789').rstrip('_') or 'port'}_{word}", self._taken)
        self._taken.add(node_id)
        settings = {"name": name, "kind": self._kind(wire)}
        ports.append(NodeRecord(id=node_id, type=boundary, settings=settings))
        xs, ys = [x for x, _ in self._places], [y for _, y in self._places]
        x = min(xs) - NEAR_COLUMN if boundary == COMPONENT_INPUT else max(xs) + NEAR_COLUMN
        self.views[node_id] = NodeView(position=(x, min(ys) + (len(ports) - 1) * NEAR_COLUMN))
        return node_id

    def _kind(self, wire: Connection) -> str:
        source_type, target_type = self._document.node_type(wire.source_node), self._document.node_type(wire.target_node)
        port = source_type.output_port(wire.source_port) if source_type else None
        port = port or (target_type.input_port(wire.target_port) if target_type else None)
        return str(port.kind) if port else "table"

    def _input_title(self, wires: list[Connection]) -> str:
        target_type = self._document.node_type(wires[0].target_node)
        port = target_type.input_port(wires[0].target_port) if target_type else None
        return str(port.title) if port and len(wires) == 1 else self._output_title(wires[0])

    def _output_title(self, wire: Connection) -> str:
        source_type = self._document.node_type(wire.source_node)
        port = source_type.output_port(wire.source_port) if source_type else None
        return str(port.title) if port else wire.source_port


def _joined_wires(document: Document, component: str, inside: Document) -> dict[str, Connection]:
    """Return the wires inside a component, and those outside that ran through its ports, tied to each other."""
    ports = {n for n, record in inside.nodes.items() if is_boundary(record)}
    entering = {w.target_port: w.source for w in document.connections.values() if w.target_node == component}
    leaving: defaultdict[str, list[str]] = defaultdict(list)
    for wire in document.connections.values():
        if wire.source_node == component:
            leaving[wire.source_port].append(wire.target)
    made = []
    for wire in inside.connections.values():
        source = entering.get(wire.source_node) if wire.source_node in ports else wire.source
        targets = leaving[wire.target_node] if wire.target_node in ports else [wire.target]
        made += [wire.model_copy(update={"source": source, "target": target}) for target in targets if source is not None]
    return {wire.key: wire for wire in made}


def _substitution(name: str, value: Any) -> Callable[[Any], Any]:
    return lambda settings: substituted(settings, name, value) if name in references(settings) else settings


def _corner(document: Document, nodes: Iterable[str]) -> Point:
    places = [document.view(n).position for n in nodes]
    return min(x for x, _ in places), min(y for _, y in places)


def _with_prefix(content: Workflow, prefix: str) -> Workflow:
    ids = {record.id: prefix + record.id for record in content.nodes}
    ports: dict[str, dict[str, str]] = {}
    nodes = []
    for record in content.nodes:
        changed: dict[str, Any] = {"id": ids[record.id]}
        if record.workflow is not None:
            named = changed["workflow"] = _with_prefix(record.workflow, prefix)
            ports[record.id] = {old.id: new.id for old, new in zip(record.workflow.nodes, named.nodes, strict=True)}
        nodes.append(record.model_copy(update=changed))
    views = {ids.get(node_id, node_id): view for node_id, view in content.view.nodes.items()}
    changes: dict[str, Any] = {
        "nodes": nodes,
        "connections": [retied(wire, ids, ports) for wire in content.connections],
        "view": content.view.model_copy(update={"nodes": views}),
    }
    return content.model_copy(update=changes)
