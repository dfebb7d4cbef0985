"""Document: a workflow while a person edits it. Every edit is a Change that can be undone, redone, merged and journaled.

A document is a set of tables of immutable records: nodes, connections, views, annotations, variables, properties. A Change
says which records were replaced by which, so undo is the same Change applied backwards, listeners learn exactly
what to redraw, and the journal is a list of Changes. Nothing here knows of Qt, of the engine, or of single node types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from app.document.graph import PortLike, Types
from app.document.model import Annotation, Connection, NodeRecord, NodeView, Variable, View, Workflow

TableName = Literal["nodes", "connections", "views", "annotations", "variables", "properties"]
TABLES: tuple[TableName, ...] = ("nodes", "connections", "views", "annotations", "variables", "properties")
Point = tuple[float, float]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Change:
    """One step of editing.

    Attributes:
        label: What was done, for the menu: "Move 3 nodes".
        records: Table -> key -> (record before, record after); None where there is or was none.
        orders: Table -> (keys before, keys after) for tables that gained or lost records.
        merge: Changes with the same merge key that follow each other are one step; None never merges.
        backwards: Whether this is an undo.
    """

    label: str
    records: Mapping[TableName, Mapping[str, tuple[Any, Any]]]
    orders: Mapping[TableName, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    merge: str | None = None
    backwards: bool = False

    def reversed(self) -> Change:
        """The change that takes this one back."""
        records = {t: {k: (after, before) for k, (before, after) in e.items()} for t, e in self.records.items()}
        orders = {table: (after, before) for table, (before, after) in self.orders.items()}
        return Change(self.label, records, orders, self.merge, not self.backwards)

    def then(self, later: Change, label: str | None = None) -> Change:
        """This change and the next as one."""
        records: dict[TableName, dict[str, tuple[Any, Any]]] = {t: dict(e) for t, e in self.records.items()}
        for table, entries in later.records.items():
            mine = records.setdefault(table, {})
            for key, (before, after) in entries.items():
                mine[key] = (mine[key][0] if key in mine else before, after)
        orders = dict(self.orders)
        for table, (before, after) in later.orders.items():
            orders[table] = (orders[table][0] if table in orders else before, after)
        return Change(label or self.label, records, orders, later.merge, self.backwards)

    def keys(self, table: TableName) -> Iterable[str]:
        """The keys of a table's records that this change replaces."""
        return self.records.get(table, {}).keys()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is different afterwards."""
        return all(before == after for entries in self.records.values() for before, after in entries.values())

    @property
    def cosmetic(self) -> bool:
        """Whether it concerns only how the workflow is drawn and called, not what it computes."""
        return not any(self.records.get(table) for table in ("nodes", "connections", "variables"))


Listener = Callable[[Change], None]


class Document:
    """A workflow with undo.

    Args:
        workflow: What it is at first.
        types: The catalog of node classes: what ports a type has, and its title.

    Attributes:
        nodes: id -> record, in the order of the file.
        connections: key (`connection_key`) -> connection.
        views: Node id -> how it is drawn; nodes without an entry are drawn with the defaults.
        annotations: key -> coloured box; keys are of this session only.
        variables: name -> variable.
        properties: `name` and `description` of the workflow.
    """

    def __init__(self, workflow: Workflow, types: Types) -> None:
        self.types = types
        self._rest = workflow.model_copy(update={"nodes": [], "connections": [], "variables": [], "view": View()})
        self._view_rest = workflow.view.model_copy(update={"nodes": {}, "annotations": []})
        self._tables: dict[TableName, dict[str, Any]] = {
            "nodes": {record.id: record for record in workflow.nodes},
            "connections": {},
            "views": dict(workflow.view.nodes),
            "annotations": {f"box_{n}": a for n, a in enumerate(workflow.view.annotations, 1)},
            "variables": {v.name: v for v in workflow.variables},
            "properties": {"name": workflow.name, "description": workflow.description},
        }
        for connection in workflow.connections:
            self._tables["connections"][self._free_key(connection_key(connection), "connections")] = connection
        self._twins = [r for r in workflow.nodes if self._tables["nodes"][r.id] is not r]
        self._done: list[Change] = []
        self._undone: list[Change] = []
        self._clean: int | None = 0
        self._listeners: list[Listener] = []
        self._open: list[Change] | None = None
        self._boxes = len(workflow.view.annotations)

    # -- looking

    @property
    def nodes(self) -> Mapping[str, NodeRecord]:
        """Node records by id."""
        return MappingProxyType(self._tables["nodes"])

    @property
    def connections(self) -> Mapping[str, Connection]:
        """Connections by key."""
        return MappingProxyType(self._tables["connections"])

    @property
    def views(self) -> Mapping[str, NodeView]:
        """How nodes are drawn, by node id; use `view` for one node."""
        return MappingProxyType(self._tables["views"])

    @property
    def annotations(self) -> Mapping[str, Annotation]:
        """Coloured boxes by key."""
        return MappingProxyType(self._tables["annotations"])

    @property
    def variables(self) -> Mapping[str, Variable]:
        """Workflow variables by name."""
        return MappingProxyType(self._tables["variables"])

    @property
    def properties(self) -> Mapping[str, str]:
        """The workflow's `name` and `description`."""
        return MappingProxyType(self._tables["properties"])

    def view(self, node_id: str) -> NodeView:
        """How a node is drawn."""
        return self._tables["views"].get(node_id) or NodeView()

    def title(self, node_id: str) -> str:
        """What the person calls a node: its own name, else its type's title, else its type."""
        record = self._tables["nodes"][node_id]
        node_type = self.types.get(record.type)
        return self.view(node_id).name or (node_type.title if node_type else record.type)

    def connections_of(self, node_ids: Iterable[str]) -> dict[str, Connection]:
        """All connections that begin or end at one of these nodes, by key."""
        wanted = set(node_ids)
        return {k: c for k, c in self.connections.items() if c.source_node in wanted or c.target_node in wanted}

    def connection_into(self, target: str) -> str | None:
        """The key of the connection that ends at `node.port`, if there is one."""
        return next((k for k, c in self.connections.items() if c.target == target), None)

    def workflow(self) -> Workflow:
        """The workflow as it is now, to save, copy or run. The records are shared, and must not be changed."""
        view = self._view_rest.model_copy(
            update={"nodes": dict(self._tables["views"]), "annotations": list(self._tables["annotations"].values())}
        )
        content = {
            "nodes": [*self._tables["nodes"].values(), *self._twins],
            "connections": list(self._tables["connections"].values()),
            "variables": list(self._tables["variables"].values()),
            "view": view,
            **self._tables["properties"],
        }
        return self._rest.model_copy(update=content)

    # -- listening, undo

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` called with every change, undo and redo; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    @property
    def undo_label(self) -> str | None:
        """What undo would take back; None if there is nothing."""
        return self._done[-1].label if self._done else None

    @property
    def redo_label(self) -> str | None:
        """What redo would do again; None if there is nothing."""
        return self._undone[-1].label if self._undone else None

    @property
    def modified(self) -> bool:
        """Whether there are changes since `mark_saved`."""
        return self._clean != len(self._done)

    @property
    def history(self) -> Sequence[Change]:
        """The changes that undo would take back, oldest first."""
        return tuple(self._done)

    def mark_saved(self) -> None:
        """Call the present state saved; the next edit will be a step of its own."""
        self._clean = len(self._done)

    def undo(self) -> None:
        """Take the last step back; nothing if there is none."""
        if self._done:
            change = self._done.pop()
            self._undone.append(change)
            self._apply(change.reversed())

    def redo(self) -> None:
        """Do the step again that was taken back last; nothing if there is none."""
        if self._undone:
            change = self._undone.pop()
            self._done.append(change)
            self._apply(change)

    @contextmanager
    def step(self, label: str) -> Iterator[None]:
        """Make all edits inside one step. If the block raises, they are taken back. Steps may be nested."""
        if self._open is not None:
            yield
            return
        self._open = []
        try:
            yield
        except BaseException:
            made, self._open = self._open, None
            for change in reversed(made):
                self._apply(change.reversed())
            raise
        made, self._open = self._open, None
        if made:
            whole = made[0]
            for change in made[1:]:
                whole = whole.then(change)
            self._record(Change(label, whole.records, whole.orders))

    def apply(self, change: Change) -> None:
        """Do a change that was made elsewhere, such as one of a journal; it becomes a step."""
        self._commit(change)

    # -- nodes

    def add(
        self,
        records: Sequence[NodeRecord],
        *,
        views: Mapping[str, NodeView] | None = None,
        connections: Sequence[Connection] = (),
        annotations: Sequence[Annotation] = (),
        label: str | None = None,
    ) -> None:
        """Add nodes whose ids are free, with their looks, connections and annotations.

        Raises:
            ValueError: If an id is taken.
        """
        taken = [record.id for record in records if record.id in self.nodes]
        if taken:
            raise ValueError(f"the workflow has a node '{taken[0]}' already")
        self._change(
            label or (f"Add {self._type_title(records[0].type)}" if len(records) == 1 else f"Add {len(records)} nodes"),
            nodes={record.id: record for record in records},
            views=dict(views or {}),
            connections=self._replacing(connections),
            annotations={self._new_box(): a for a in annotations},
        )

    def add_node(self, node_type: str, position: Point, *, settings: Mapping[str, Any] | None = None) -> str:
        """Add a node of a type at a position; returns its new id."""
        node_id = self.free_id(node_type)
        version = getattr(self.types.get(node_type), "version", 1)
        record = NodeRecord(id=node_id, type=node_type, type_version=version, settings=dict(settings or {}))
        self.add([record], views={node_id: NodeView(position=position)})
        return node_id

    def free_id(self, node_type: str, taken: Iterable[str] = ()) -> str:
        """A new node's id: the last part of its type and the first free number."""
        stem = re.sub(r"[^A-Za-z0-9_]", "_", node_type.rpartition(".")[2]) or "node"
        used = set(taken)
        number = 1
        while f"{stem}_{number}" in self._tables["nodes"] or f"{stem}_{number}" in used:
            number += 1
        return f"{stem}_{number}"

    def delete(
        self, node_ids: Iterable[str] = (), connections: Iterable[str] = (), annotations: Iterable[str] = (), label: str = ""
    ) -> None:
        """Delete nodes with all their connections, and connections and annotations by key."""
        nodes = [n for n in node_ids if n in self.nodes]
        wires = {*self.connections_of(nodes), *connections}
        boxes = list(annotations)
        self._change(
            label or _deletion(len(nodes), len(wires), len(boxes)),
            nodes=dict.fromkeys(nodes),
            views={n: None for n in nodes if n in self.views},
            connections=dict.fromkeys(wires),
            annotations=dict.fromkeys(boxes),
        )

    def set_settings(self, node_id: str, settings: Mapping[str, Any], *, merge: str | None = None) -> None:
        """Replace a node's settings. The node is stored with its type's version from then on."""
        record = self._tables["nodes"][node_id]
        version = getattr(self.types.get(record.type), "version", record.type_version)
        changed = record.model_copy(update={"settings": dict(settings), "type_version": version})
        self._change(f"Configure {self.title(node_id)}", merge=merge, nodes={node_id: changed})

    def replace(self, node_id: str, node_type: str) -> None:
        """Put a node of another type in a node's place; the connections that fit its ports stay.

        A connection keeps its port if the new type has one of that name and kind, else it takes the first free one of its kind.
        """
        old, new = self.types.get(self.nodes[node_id].type), self.types[node_type]
        record = NodeRecord(id=node_id, type=node_type, type_version=new.version)
        view = self.view(node_id).model_copy(update={"name": "", "note": ""})
        wires = self.connections_of([node_id])
        changes: dict[str, Connection | None] = dict.fromkeys(wires)
        used: set[str] = set()
        for connection in wires.values():
            at_input = connection.target_node == node_id
            name = connection.target_port if at_input else connection.source_port
            before = (old.input_port(name) if at_input else old.output_port(name)) if old else None
            port = _fitting(new, before, name, used) if at_input else _fitting_output(new, before)
            if port is None:
                continue
            if at_input:
                used.add(port)
            end = {"target": f"{node_id}.{port}"} if at_input else {"source": f"{node_id}.{port}"}
            moved = connection.model_copy(update=end)
            changes[connection_key(moved)] = moved
        title = self.title(node_id)
        self._change(f"Replace {title} by {new.title}", nodes={node_id: record}, views={node_id: view}, connections=changes)

    # -- connections

    def connect(self, source: str, target: str) -> None:
        """Wire `node.port` to `node.port`; a wire that ends there already is replaced."""
        connection = Connection(source=source, target=target)
        self._change("Connect", connections=self._replacing([connection]))

    def disconnect(self, keys: Iterable[str]) -> None:
        """Remove connections by key."""
        self.delete(connections=keys)

    def free_input(self, node_id: str, port: PortLike) -> str:
        """The name a new wire into a declared input gets: the next number of a growing port, else the port's own."""
        if not port.grows:
            return port.name
        used = {c.target_port for c in self.connections.values() if c.target_node == node_id}
        number = 1
        while f"{port.name}_{number}" in used:
            number += 1
        return f"{port.name}_{number}"

    def insert(self, key: str, node_id: str, input_port: str, output_port: str) -> None:
        """Put a node into a connection: what came from its source goes through the node."""
        connection = self._tables["connections"][key]
        first = Connection(source=connection.source, target=f"{node_id}.{input_port}")
        second = Connection(source=f"{node_id}.{output_port}", target=connection.target)
        added = self._replacing([first])
        self._change("Put in between", connections={key: None, **added, connection_key(second): second})

    # -- looks

    def move(
        self,
        positions: Mapping[str, Point],
        boxes: Mapping[str, Point] | None = None,
        *,
        merge: str | None = None,
        label: str | None = None,
    ) -> None:
        """Move nodes (by id) and annotations (by key) to new positions."""
        count = len(positions) + len(boxes or {})
        self._change(
            label or (f"Move {count} items" if count > 1 else "Move"),
            merge=merge,
            views={n: self.view(n).model_copy(update={"position": p}) for n, p in positions.items()},
            annotations={k: self.annotations[k].model_copy(update={"position": p}) for k, p in (boxes or {}).items()},
        )

    def rename(self, node_id: str, name: str) -> None:
        """Give a node a name of its own; empty means its type's title."""
        self._change("Rename", views={node_id: self.view(node_id).model_copy(update={"name": name})})

    def set_note(self, node_id: str, note: str) -> None:
        """Set the note below a node."""
        self._change("Edit the note", views={node_id: self.view(node_id).model_copy(update={"note": note})})

    def add_annotation(self, annotation: Annotation) -> str:
        """Add a coloured box; returns its key."""
        key = self._new_box()
        self._change("Add an annotation", annotations={key: annotation})
        return key

    def set_annotation(self, key: str, *, merge: str | None = None, **changes: Any) -> None:
        """Change a coloured box's `text`, `color`, `position` or `size`."""
        self._change("Edit the annotation", merge=merge, annotations={key: self.annotations[key].model_copy(update=changes)})

    # -- the workflow as a whole

    def set_variable(self, name: str, variable: Variable | None) -> None:
        """Add, replace (perhaps under a new name; settings that refer to it follow) or, with None, delete a variable."""
        with self.step("Edit the variables"):
            entries: dict[str, Variable | None] = {name: variable}
            if variable is not None and variable.name != name:
                entries = {name: None, variable.name: variable}
                renamed = {n: _renamed(r.settings, name, variable.name) for n, r in self.nodes.items()}
                self._change(
                    "Rename a variable",
                    nodes={
                        n: self.nodes[n].model_copy(update={"settings": s})
                        for n, s in renamed.items()
                        if s != self.nodes[n].settings
                    },
                )
            self._change("Edit the variables", variables=entries)

    def set_property(self, name: Literal["name", "description"], value: str) -> None:
        """Set the workflow's name or description."""
        self._change("Edit the workflow's description", merge=f"property {name}", properties={name: value})

    # -- the mechanism

    def _change(self, label: str, merge: str | None = None, **tables: Mapping[str, Any]) -> None:
        """Replace records: table -> key -> new record, None to remove it."""
        records: dict[TableName, dict[str, tuple[Any, Any]]] = {}
        orders: dict[TableName, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        for name in TABLES:
            table = self._tables[name]
            entries = {k: (table.get(k), after) for k, after in tables.get(name, {}).items()}
            entries = {k: (before, after) for k, (before, after) in entries.items() if before != after}
            if not entries:
                continue
            records[name] = entries
            if any((before is None) != (after is None) for before, after in entries.values()):
                gone = {k for k, (_, after) in entries.items() if after is None}
                new = [k for k, (before, after) in entries.items() if before is None and after is not None]
                orders[name] = (tuple(table), (*(k for k in table if k not in gone), *new))
        if records:
            self._commit(Change(label, records, orders, merge))

    def _commit(self, change: Change) -> None:
        self._apply(change)
        if self._open is not None:
            self._open.append(change)
        else:
            self._record(change)

    def _record(self, change: Change) -> None:
        """Put a change that was applied on the undo stack, merged with the last one where they belong together."""
        if self._clean is not None and self._clean > len(self._done):
            self._clean = None  # what was saved can no longer be reached by redo
        self._undone.clear()
        last = self._done[-1] if self._done else None
        if last and change.merge and last.merge == change.merge and self._clean != len(self._done):
            merged = last.then(change)
            self._done[-1:] = [] if merged.is_empty else [merged]
        else:
            self._done.append(change)

    def _apply(self, change: Change) -> None:
        for name, entries in change.records.items():
            table = self._tables[name]
            for key, (_, after) in entries.items():
                if after is None:
                    table.pop(key, None)
                else:
                    table[key] = after
            if name in change.orders:
                order = change.orders[name][1]
                if tuple(table) != order:
                    self._tables[name] = {k: table[k] for k in order}
        for listener in tuple(self._listeners):
            listener(change)

    def _replacing(self, connections: Iterable[Connection]) -> dict[str, Connection | None]:
        """Connections to add, and None for those that end at the same inputs."""
        added = list(connections)
        targets = {connection.target for connection in added}
        entries: dict[str, Connection | None] = {k: None for k, c in self.connections.items() if c.target in targets}
        return entries | {connection_key(connection): connection for connection in added}

    def _free_key(self, key: str, table: TableName) -> str:
        number = 2
        found = key
        while found in self._tables[table]:
            found, number = f"{key}#{number}", number + 1
        return found

    def _new_box(self) -> str:
        self._boxes += 1
        return f"box_{self._boxes}"

    def _type_title(self, node_type: str) -> str:
        known = self.types.get(node_type)
        return str(known.title) if known else node_type


def connection_key(connection: Connection) -> str:
    """What a document calls a connection: `node.port>node.port`."""
    return f"{connection.source}>{connection.target}"


def _fitting(new: Any, before: PortLike | None, name: str, used: set[str]) -> str | None:
    """The input of a new type that takes a wire which ended at the port `before`, called `name`, of the old one."""
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
    """The output of a new type in the place of the output `before` of the old one."""
    if before is None:
        return None
    same = new.output_port(before.name)
    if same is not None and same.kind == before.kind:
        return str(before.name)
    return next((str(port.name) for port in new.output_ports if port.kind == before.kind), None)


def _renamed(settings: Any, old: str, new: str) -> Any:
    """Settings in which every reference to one variable names another one."""
    if isinstance(settings, dict):
        if settings == {"variable": old}:
            return {"variable": new}
        return {k: _renamed(v, old, new) for k, v in settings.items()}
    if isinstance(settings, list):
        return [_renamed(v, old, new) for v in settings]
    if isinstance(settings, str):
        return re.sub(r"(?<!\$)\$\{" + re.escape(old) + r"\}", "${" + new + "}", settings)
    return settings


def _deletion(nodes: int, wires: int, boxes: int) -> str:
    if nodes:
        return f"Delete {nodes} node{'s' if nodes > 1 else ''}"
    if boxes:
        return f"Delete {boxes} annotation{'s' if boxes > 1 else ''}"
    return f"Delete {wires} connection{'s' if wires > 1 else ''}"
