"""Document: a workflow while a person edits it. Every edit is a Change that can be undone, redone, merged and journaled.

A document is a set of tables of immutable records: nodes, connections, views, annotations, variables, properties. A Change
says which records were replaced by which, so undo is the same Change applied backwards, listeners learn exactly
what to redraw, and the journal is a list of Changes. Nothing here knows of Qt, of the engine, or of single node types.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from app.document.graph import PortLike, Types
from app.document.model import Annotation, Connection, NodeRecord, NodeView, Variable, View, Workflow
from nodes.wording import counted

TableName = Literal["nodes", "connections", "views", "annotations", "variables", "properties"]
TABLES: tuple[TableName, ...] = ("nodes", "connections", "views", "annotations", "variables", "properties")
Point = tuple[float, float]
TWIN_OFFSET = 40.0
"""How far from the first a node is drawn whose id was taken, so that it does not hide behind it."""


@dataclass(frozen=True)
class Change:
    """One step of editing.

    Attributes:
        label: What was done, for the menu: "Move 3 nodes".
        records: Table -> key -> (record before, record after); None where there is or was none.
        orders: Table -> (keys before, keys after) for tables that gained or lost records, or whose order is another one.
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
        return Change.joined([self, later], label or self.label, later.merge)

    @staticmethod
    def joined(changes: Sequence[Change], label: str, merge: str | None = None) -> Change:
        """Changes that follow each other as one."""
        records: dict[TableName, dict[str, tuple[Any, Any]]] = {}
        orders: dict[TableName, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        for change in changes:
            for table, entries in change.records.items():
                mine = records.setdefault(table, {})
                for key, (before, after) in entries.items():
                    mine[key] = (mine[key][0] if key in mine else before, after)
            for table, (first, last) in change.orders.items():
                orders[table] = (orders[table][0] if table in orders else first, last)
        return Change(label, records, orders, merge)

    def keys(self, table: TableName) -> Iterable[str]:
        """The keys of a table's records that this change replaces."""
        return self.records.get(table, {}).keys()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is different afterwards."""
        replaced = (pair for entries in self.records.values() for pair in entries.values())
        return all(before == after for before, after in (*replaced, *self.orders.values()))


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
        properties: `name` and `description` of the workflow, the versions its file was written by, and whatever else the file
            says at the top, which this version does not know (`view`: the same for its view).
        renumbered: New id -> the id in the file, for nodes whose id another one had before them (a merge by hand does that).
            Each can be seen and edited; the wires stay with the first.
    """

    def __init__(self, workflow: Workflow, types: Types) -> None:
        self.types = types
        self.renumbered: dict[str, str] = {}
        self._tables: dict[TableName, dict[str, Any]] = {
            "nodes": {},
            "connections": {},
            "views": dict(workflow.view.nodes),
            "annotations": {f"box_{n}": a for n, a in enumerate(workflow.view.annotations, 1)},
            "variables": {},
            "properties": _properties(workflow),
        }
        self._take_nodes(workflow.nodes)
        for connection in workflow.connections:
            self._tables["connections"][self._free_key(connection_key(connection), "connections")] = connection
        for variable in workflow.variables:
            self._tables["variables"][self._free_key(variable.name, "variables")] = variable
        self._done: list[Change] = []
        self._undone: list[Change] = []
        self._clean: int | None = 0
        self._mergeable = False
        self._open: list[Change] | None = None
        self._listeners: list[Listener] = []
        self._untold: deque[Change] = deque()
        self._boxes = 0

    def _take_nodes(self, records: Sequence[NodeRecord]) -> None:
        nodes, views = self._tables["nodes"], self._tables["views"]
        ids = {record.id for record in records}
        for record in records:
            if record.id not in nodes:
                nodes[record.id] = record
                continue
            fresh = self.free_id(record.id, ids)
            self.renumbered[fresh] = record.id
            nodes[fresh] = record.model_copy(update={"id": fresh})
            x, y = self.view(record.id).position
            views[fresh] = self.view(record.id).model_copy(update={"position": (x + TWIN_OFFSET, y + TWIN_OFFSET)})

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
    def properties(self) -> Mapping[str, Any]:
        """The workflow's `name` and `description`, and what else its file says."""
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
        properties = self._tables["properties"]
        view = {
            "nodes": dict(self._tables["views"]),
            "annotations": list(self._tables["annotations"].values()),
            **properties.get("view", {}),
        }
        content = {
            "nodes": list(self._tables["nodes"].values()),
            "connections": list(self._tables["connections"].values()),
            "variables": list(self._tables["variables"].values()),
            **properties,
            "view": View().model_copy(update=view),
        }
        return Workflow().model_copy(update=content)

    # -- listening, undo

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` called with every change, undo and redo, in their order; returns what ends that.

        The document is in its new state by then. All edits of a `step` are told as one change. A listener may edit; all listeners
        are told of that edit after the one they are being told of.
        """
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
        return bool(self._open) or self._clean != len(self._done)

    @property
    def history(self) -> Sequence[Change]:
        """The changes that undo would take back, oldest first."""
        return tuple(self._done)

    def mark_saved(self) -> None:
        """Call the present state saved; the next edit will be a step of its own."""
        self._clean = len(self._done)
        self._mergeable = False

    def mark_unsaved(self) -> None:
        """Say that no state of this session is in a file, as after a recovery."""
        self._clean = None

    def undo(self) -> None:
        """Take the last step back; nothing if there is none, or while a step is being made."""
        if self._done and self._open is None:
            change = self._done.pop()
            self._undone.append(change)
            self._mergeable = False
            self._apply(change.reversed())
            self._tell(change.reversed())

    def redo(self) -> None:
        """Do the step again that was taken back last; nothing if there is none, or while a step is being made."""
        if self._undone and self._open is None:
            change = self._undone.pop()
            self._done.append(change)
            self._mergeable = False
            self._apply(change)
            self._tell(change)

    @contextmanager
    def step(self, label: str) -> Iterator[None]:
        """Make all edits inside one step, told to the listeners as one change at its end. Steps may be nested.

        If the block raises, its edits are taken back, and nobody is told anything.
        """
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
        whole = Change.joined(made, label)
        if not whole.is_empty:
            self._record(whole)
            self._tell(whole)

    def apply(self, change: Change) -> None:
        """Do a change that was made elsewhere, such as one of another document with the same content; it becomes a step."""
        self._apply(change)
        if self._open is not None:
            self._open.append(change)
        else:
            self._record(change)
            self._tell(change)

    def follow(self, change: Change) -> None:
        """Do a change without it becoming a step: for a copy of a document that is edited elsewhere."""
        self._apply(change)

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
        taken = [i for i, count in Counter(r.id for r in records).items() if count > 1 or i in self.nodes]
        if taken:
            raise ValueError(f"the workflow has a node '{taken[0]}' already")
        self._change(
            label or f"Add {self._type_title(records[0].type) if len(records) == 1 else counted(len(records), 'node')}",
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
        for connection in sorted(wires.values(), key=lambda c: new.input_port(c.target_port) is None):  # same names come first
            moved = connection
            if connection.target_node == node_id:
                before = old.input_port(connection.target_port) if old else None
                port = _fitting(new, before, connection.target_port, used)
                if port is None:
                    continue
                used.add(port)
                moved = moved.model_copy(update={"target": f"{node_id}.{port}"})
            if connection.source_node == node_id:
                output = _fitting_output(new, old.output_port(connection.source_port) if old else None)
                if output is None:
                    continue
                moved = moved.model_copy(update={"source": f"{node_id}.{output}"})
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
        """Put a node into a connection: what came from its source goes through the node. Not into a wire of its own."""
        connection = self._tables["connections"][key]
        if node_id in (connection.source_node, connection.target_node):
            return
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
        sizes: Mapping[str, Point] | None = None,
        merge: str | None = None,
        label: str | None = None,
    ) -> None:
        """Move nodes (by id) and annotations (by key) to new positions; annotations may get new sizes with that."""
        moved = {n: p for n, p in positions.items() if n in self.nodes}  # a late gesture may know of nodes that are gone
        count = len(moved) + len(boxes or {})
        changed = {k: {"position": _point(p)} for k, p in (boxes or {}).items()}
        for key, size in (sizes or {}).items():
            changed.setdefault(key, {})["size"] = _point(size)
        self._change(
            label or (f"Move {count} items" if count > 1 else "Move"),
            merge=merge,
            views={n: self.view(n).model_copy(update={"position": _point(p)}) for n, p in moved.items()},
            annotations={k: self.annotations[k].model_copy(update=update) for k, update in changed.items()},
        )

    def rename(self, node_id: str, name: str) -> None:
        """Give a node a name of its own; empty means its type's title."""
        self._look("Rename", node_id, name=name)

    def set_note(self, node_id: str, note: str) -> None:
        """Set the note below a node."""
        self._look("Edit the note", node_id, note=note)

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
        """Add, replace (perhaps under a new name; settings that refer to it follow) or, with None, delete a variable.

        Raises:
            ValueError: If another variable has the new name already.
        """
        entries: dict[str, Variable | None] = {name: variable}
        keys = list(self.variables)
        nodes: dict[str, NodeRecord] = {}
        if variable is not None and variable.name != name and name in self.variables:
            if variable.name in self.variables:
                raise ValueError(f"the workflow has a variable '{variable.name}' already")
            entries = {name: None, variable.name: variable}
            keys[keys.index(name)] = variable.name
            for node_id, record in self.nodes.items():
                settings = _renamed(record.settings, name, variable.name)
                if settings != record.settings:
                    nodes[node_id] = record.model_copy(update={"settings": settings})
        label = f"Delete variable {name}" if variable is None else f"Edit variable {variable.name}"
        self._change(label, nodes=nodes, variables=entries, orders={"variables": keys})

    def set_property(self, name: Literal["name", "description"], value: str) -> None:
        """Set the workflow's name or description."""
        self._change("Edit the workflow's description", merge=f"property {name}", properties={name: value})

    def become(self, workflow: Workflow, label: str) -> None:
        """Take over the content of another workflow, as one step; what is the same in both is not touched."""
        other = Document(workflow, self.types)
        tables: dict[str, Any] = {name: dict.fromkeys(self._tables[name]) | other._tables[name] for name in TABLES}
        self._change(label, **tables, orders={name: list(other._tables[name]) for name in TABLES})

    # -- the mechanism

    def _look(self, label: str, node_id: str, **changes: Any) -> None:
        known = self.nodes[node_id].id
        self._change(label, views={known: self.view(known).model_copy(update=changes)})

    def _change(
        self,
        label: str,
        merge: str | None = None,
        orders: Mapping[TableName, Sequence[str]] | None = None,
        **tables: Mapping[str, Any],
    ) -> None:
        """Replace records: table -> key -> new record, None to remove it. New ones come last, unless `orders` says otherwise."""
        records: dict[TableName, dict[str, tuple[Any, Any]]] = {}
        changed: dict[TableName, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        for name in TABLES:
            table = self._tables[name]
            entries = {k: (table.get(k), after) for k, after in tables.get(name, {}).items()}
            entries = {k: (before, after) for k, (before, after) in entries.items() if before != after}
            if entries:
                records[name] = entries
            wanted = (orders or {}).get(name, ())
            if wanted or any((before is None) != (after is None) for before, after in entries.values()):
                gone = {k for k, (_, after) in entries.items() if after is None}
                there = dict.fromkeys(k for k in (*table, *entries) if k not in gone)
                keys = tuple(dict.fromkeys(k for k in wanted if k in there) | there)
                if keys != tuple(table):
                    changed[name] = (tuple(table), keys)
        if records or changed:
            self.apply(Change(label, records, changed, merge))

    def _record(self, change: Change) -> None:
        """Put a change that was applied on the undo stack, merged with the last one where they belong together."""
        if self._clean is not None and self._clean > len(self._done):
            self._clean = None  # what was saved can no longer be reached by redo
        self._undone.clear()
        if self._mergeable and change.merge and self._done[-1].merge == change.merge:
            merged = self._done.pop().then(change)
            if merged.is_empty:
                self._mergeable = False
            else:
                self._done.append(merged)
        else:
            self._done.append(change)
            self._mergeable = True

    def _apply(self, change: Change) -> None:
        for name, entries in change.records.items():
            table = self._tables[name]
            for key, (_, after) in entries.items():
                if after is None:
                    table.pop(key, None)
                else:
                    table[key] = after
        for name, (_, order) in change.orders.items():
            table = self._tables[name]
            if tuple(table) != order:
                self._tables[name] = {k: table[k] for k in order}

    def _tell(self, change: Change) -> None:
        """Tell all listeners, even if one fails; an edit that one of them makes is told when all know of this one."""
        self._untold.append(change)
        if len(self._untold) > 1:
            return
        errors: list[Exception] = []
        while self._untold:
            for listener in tuple(self._listeners):
                try:
                    listener(self._untold[0])
                except Exception as error:  # noqa: BLE001 - a fault in one view must not keep the journal from being told
                    errors.append(error)
            self._untold.popleft()
        if errors:
            raise errors[0]

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
        """A key no annotation has, nor had before in this session."""
        while True:
            self._boxes += 1
            if f"box_{self._boxes}" not in self._tables["annotations"]:
                return f"box_{self._boxes}"

    def _type_title(self, node_type: str) -> str:
        known = self.types.get(node_type)
        return str(known.title) if known else node_type


def connection_key(connection: Connection) -> str:
    """What a document calls a connection: `node.port>node.port`."""
    return f"{connection.source}>{connection.target}"


def _properties(workflow: Workflow) -> dict[str, Any]:
    """What a file says beside its tables: name, description, versions, and fields this version does not know."""
    unknown = workflow.view.model_extra or {}
    known = {name: getattr(workflow, name) for name in ("format_version", "app_version", "name", "description")}
    return known | dict(workflow.model_extra or {}) | ({"view": dict(unknown)} if unknown else {})


def _point(point: Point) -> Point:
    """As a file that is read back has it, so that equal positions are equal."""
    return float(point[0]), float(point[1])


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
        return f"Delete {counted(nodes, 'node')}"
    return f"Delete {counted(boxes, 'annotation')}" if boxes else f"Delete {counted(wires, 'connection')}"
