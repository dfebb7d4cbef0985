"""Document: a workflow while a person edits it. Every edit is a Change that can be undone, redone, merged and journaled.

A document is a set of tables of immutable records: nodes, connections, views, annotations, variables, properties. What is in
a component is a document, too (`inside`), with the same history. Here is what the edits are; how they are undone is in
`app.document.undo`, and how nodes become a component in `app.document.packing`. Nothing here knows of Qt or of the engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

from app.document.change import TABLES, Change, TableName
from app.document.component_ports import ANY, is_of_any_kind, of_kind, type_of
from app.document.ids import free_id, ids_in, retied, with_own_insides
from app.document.model import Annotation, Connection, NodeRecord, NodeView, Variable, View, Workflow, component_title
from app.document.node_type import PortLike, Types
from app.document.replacement import rewired
from app.document.undo import UndoableTables
from app.document.variables import renamed, with_references
from nodes.wording import counted

Point = tuple[float, float]
TWIN_OFFSET = 40.0
"""How far from the first a node is drawn whose id was taken, so that it does not hide behind it."""


class Document(UndoableTables):
    """A workflow with undo.

    Args:
        workflow: What it is at first.
        types: The catalog of node classes: what ports a type has, and its title.
        outer: The document that holds this one in a component; None if none does.
        component: The id of that component.

    Attributes:
        nodes: id -> record, in the order of the file.
        connections: key (`Connection.key`) -> connection.
        views: Node id -> how it is drawn; nodes without an entry are drawn with the defaults.
        annotations: key -> coloured box; keys are of this session only.
        variables: name -> variable.
        properties: `name` and `description` of the workflow, the versions its file was written by, and whatever else the file
            says at the top, which this version does not know (`view`: the same for its view).
        renumbered: New id -> the id in the file, for nodes whose id another one had before them (a merge by hand does that).
            Each can be seen and edited; the wires stay with the first.
    """

    def __init__(self, workflow: Workflow, types: Types, *, outer: Document | None = None, component: str = "") -> None:
        tables: dict[TableName, dict[str, Any]] = {
            "nodes": {},
            "connections": {},
            "views": dict(workflow.view.nodes),
            "annotations": {f"box_{n}": a for n, a in enumerate(workflow.view.annotations, 1)},
            "variables": {},
            "properties": _properties(workflow),
        }
        super().__init__(tables, outer, component)
        self.types = types
        self.renumbered: dict[str, str] = {}
        self._boxes = 0
        self._ids: tuple[int, frozenset[str]] | None = None
        self._take_nodes(workflow.nodes)
        ports = self._part_insides() if outer is None else {}
        for connection in workflow.connections:
            tied = retied(connection, {}, ports) if ports else connection
            self._tables["connections"][self._free_key(tied.key, "connections")] = tied
        for variable in workflow.variables:
            self._tables["variables"][self._free_key(variable.name, "variables")] = variable

    def _take_nodes(self, records: Sequence[NodeRecord]) -> None:
        nodes, views = self._tables["nodes"], self._tables["views"]
        ids = {record.id for record in records}
        for record in records:
            if record.id not in nodes:
                nodes[record.id] = record
                continue
            fresh = free_id(record.id, {*ids, *nodes})
            self.renumbered[fresh] = record.id
            nodes[fresh] = record.model_copy(update={"id": fresh})
            x, y = self.view(record.id).position
            views[fresh] = self.view(record.id).model_copy(update={"position": (x + TWIN_OFFSET, y + TWIN_OFFSET)})

    def _part_insides(self) -> dict[str, dict[str, str]]:
        """Give nodes in components ids of their own where others have theirs, as a merge by hand leaves them."""
        nodes = self._tables["nodes"]
        changed, ports = with_own_insides(list(nodes.values()), set(nodes))
        nodes.update(zip(nodes, changed, strict=True))
        return ports

    # -- components

    def inside(self, component: str) -> Document:
        """Return what is in a component, to be looked at and edited as this document; always the same object.

        Raises:
            KeyError: If there is no such node.
            ValueError: If it is no component, or one whose content is in a file of its own.
        """
        record = self._tables["nodes"][component]
        if not self._holds_inside(record):
            raise ValueError(f"'{component}' holds no workflow that could be edited here")
        found = self._insides.get(component)
        if found is None:
            content = record.workflow if record.workflow is not None else Workflow()
            found = self._insides[component] = Document(content, self.types, outer=self, component=component)
        assert isinstance(found, Document)
        return found

    def at(self, path: Iterable[str]) -> Document:
        """Return the document at a place in the file: what the components of a path, the outermost first, hold."""
        found = self._at(tuple(path))
        assert isinstance(found, Document)
        return found

    @property
    def outer(self) -> Document | None:
        """The document around the component that this one is in; None if it is in none."""
        assert self._outer is None or isinstance(self._outer, Document)
        return self._outer

    @property
    def component(self) -> str:
        """The component that this document is in; empty if it is in none."""
        return self._component

    @property
    def file_ids(self) -> frozenset[str]:
        """The ids of all nodes in the file, at any depth."""
        root = self.root
        assert isinstance(root, Document)
        if root._ids is None or root._ids[0] != self._history.revision:
            root._ids = self._history.revision, frozenset(ids_in(root._tables["nodes"].values()))
        return root._ids[1]

    def find(self, node_id: str) -> Document | None:
        """Return the document, this one or one inside it, that a node is in; None if it is in none."""
        if node_id in self.nodes:
            return self
        for key, record in self.nodes.items():
            if record.workflow is not None and node_id in ids_in(record.workflow.nodes):
                return self.inside(key).find(node_id)
        return None

    def node_type(self, node_id: str) -> Any:
        """Return what there is to know of a node's ports (a `NodeType`); None if nothing is, or the node is not there."""
        record = self.nodes.get(node_id)
        return None if record is None else type_of(record, self.types)

    def _holds_inside(self, record: Any) -> bool:
        return isinstance(record, NodeRecord) and record.is_component and not record.file

    def _holding(self, record: Any) -> Any:
        return record.model_copy(update={"workflow": self.workflow()})

    def _difference_to(self, record: Any) -> Change | None:
        content = record.workflow if record.workflow is not None else Workflow()
        if content == self.workflow():
            return None
        other = Document(content, self.types)
        records: dict[TableName, dict[str, tuple[Any, Any]]] = {}
        orders: dict[TableName, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        for name in TABLES:
            mine, theirs = self._tables[name], other._tables[name]
            records[name] = {
                k: (mine.get(k), theirs.get(k)) for k in dict.fromkeys((*mine, *theirs)) if mine.get(k) != theirs.get(k)
            }
            orders[name] = tuple(mine), tuple(theirs)
        return Change("", records, orders, path=self.path)

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
        """Return how a node is drawn."""
        return self._tables["views"].get(node_id) or NodeView()

    def title(self, node_id: str) -> str:
        """Return what the person calls a node: its own name, else its type's title, else its type."""
        record = self._tables["nodes"][node_id]
        return self.view(node_id).name or component_title(record) or self._type_title(record.type)

    def connections_of(self, node_ids: Iterable[str]) -> dict[str, Connection]:
        """Return all connections that begin or end at one of these nodes, by key."""
        wanted = set(node_ids)
        return {k: c for k, c in self.connections.items() if c.source_node in wanted or c.target_node in wanted}

    def connection_into(self, target: str) -> str | None:
        """Return the key of the connection that ends at `node.port`, if there is one."""
        return next((k for k, c in self.connections.items() if c.target == target), None)

    def workflow(self) -> Workflow:
        """Return the workflow as it is now, to save, copy or run. The records are shared, and must not be changed."""
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
        taken = [i for i, count in Counter(ids_in(records)).items() if count > 1 or i in self.file_ids]
        if taken:
            raise ValueError(f"the workflow has a node '{taken[0]}' already")
        self.edit(
            label or f"Add {self._type_title(records[0].type) if len(records) == 1 else counted(len(records), 'node')}",
            nodes={record.id: record for record in records},
            views=dict(views or {}),
            connections=self._replacing(connections),
            annotations={self.new_box(): a for a in annotations},
        )

    def add_node(self, node_type: str, position: Point, *, settings: Mapping[str, Any] | None = None) -> str:
        """Add a node of a type at a position; returns its new id."""
        node_id = self.free_id(node_type)
        version = getattr(self.types.get(node_type), "version", 1)
        record = NodeRecord(id=node_id, type=node_type, type_version=version, settings=dict(settings or {}))
        self.add([record], views={node_id: NodeView(position=position)})
        return node_id

    def free_id(self, node_type: str, taken: Iterable[str] = ()) -> str:
        """Return a new node's id, free in the whole file: the last part of its type and the first free number."""
        return free_id(node_type, self.file_ids, frozenset(taken))

    def delete(
        self, node_ids: Iterable[str] = (), connections: Iterable[str] = (), annotations: Iterable[str] = (), label: str = ""
    ) -> None:
        """Delete nodes with all their connections, and connections and annotations by key."""
        nodes = [n for n in node_ids if n in self.nodes]
        wires = {*self.connections_of(nodes), *connections}
        boxes = list(annotations)
        self.edit(
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
        self.edit(f"Configure {self.title(node_id)}", merge=merge, nodes={node_id: changed})

    def bypass(self, node_ids: Iterable[str], bypassed: bool) -> None:
        """Leave nodes out of what runs, with what comes in passed on, or take them in again."""
        changed = [n for n in node_ids if n in self.nodes and self.nodes[n].bypassed != bypassed]
        what = self.title(changed[0]) if len(changed) == 1 else counted(len(changed), "node")
        records = {n: self.nodes[n].model_copy(update={"bypassed": bypassed}) for n in changed}
        self.edit(f"Bypass {what}" if bypassed else f"Use {what} again", nodes=records)

    def replace(self, node_id: str, node_type: str) -> None:
        """Put a node of another type in a node's place; the connections that fit its ports stay (`rewired`)."""
        old, new = self.node_type(node_id), self.types[node_type]
        record = NodeRecord(id=node_id, type=node_type, type_version=new.version)
        view = self.view(node_id).model_copy(update={"name": "", "note": ""})
        wires = rewired(self.connections_of([node_id]), node_id, old, new)
        label = f"Replace {self.title(node_id)} by {new.title}"
        self.edit(label, nodes={node_id: record}, views={node_id: view}, connections=wires)

    # -- connections

    def connect(self, source: str, target: str) -> None:
        """Wire `node.port` to `node.port`; a wire that ends there already is replaced."""
        connection = Connection(source=source, target=target)
        self.edit("Connect", nodes=self._given_kinds(connection), connections=self._replacing([connection]))

    def takes_kind(self, node_id: str, port: str, kind: str) -> bool:
        """Return whether a port is of no kind yet, so that a wire may say what goes through its node."""
        node_class = self.types.get(self.nodes[node_id].type)
        if node_class is None or not is_of_any_kind(node_class) or not kind:
            return False
        wired = [c.target_port for c in self.connections.values() if c.target_node == node_id]
        wired_out = [c.source_port for c in self.connections.values() if c.source_node == node_id]
        open_ports = [p for p in (*node_class.input_ports, *node_class.output_ports) if p.kind == ANY]
        return any(p.matches(port) for p in open_ports) and not any(
            p.matches(w) for p in open_ports for w in (*wired, *wired_out)
        )

    def _given_kinds(self, wire: Connection) -> dict[str, NodeRecord | None]:
        """Return the records of nodes that are of no kind yet, of the kind that a wire says."""
        ends = (wire.source_node, wire.source_port), (wire.target_node, wire.target_port)
        if any(node not in self.nodes for node, _ in ends):
            return {}
        output, entry = self.node_type(wire.source_node), self.node_type(wire.target_node)
        ports = output and output.output_port(wire.source_port), entry and entry.input_port(wire.target_port)
        if not all(ports) or ports[0].kind == ports[1].kind:
            return {}
        for (node_id, port), kind in ((ends[1], ports[0].kind), (ends[0], ports[1].kind)):
            if self.takes_kind(node_id, port, kind):
                return {node_id: of_kind(self.nodes[node_id], kind)}
        return {}

    def disconnect(self, keys: Iterable[str]) -> None:
        """Remove connections by key."""
        self.delete(connections=keys)

    def free_input(self, node_id: str, port: PortLike) -> str:
        """Return the name a new wire into a declared input gets: the next number of a growing port, else the port's own."""
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
        self.edit("Put in between", connections={key: None, **added, second.key: second})

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
        self.edit(
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
        key = self.new_box()
        self.edit("Add an annotation", annotations={key: annotation})
        return key

    def set_annotation(self, key: str, *, merge: str | None = None, **changes: Any) -> None:
        """Change a coloured box's `text`, `color`, `position` or `size`."""
        self.edit("Edit the annotation", merge=merge, annotations={key: self.annotations[key].model_copy(update=changes)})

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
                changed = with_references(record, name, lambda settings: renamed(settings, name, variable.name))
                if changed is not record:
                    nodes[node_id] = changed
        label = f"Delete variable {name}" if variable is None else f"Edit variable {variable.name}"
        with self.step(label):
            self.edit(label, nodes=nodes, variables=entries, orders={"variables": keys})
            if variable is not None and variable.name != name and self.outer is not None:
                self.outer.rename_setting(self.component, name, variable.name)

    def rename_setting(self, node_id: str, old: str, new: str) -> None:
        """Give the value of a setting to another one, which the person calls so now."""
        record = self.nodes[node_id]
        if old in record.settings:
            settings = {new if name == old else name: value for name, value in record.settings.items()}
            self.edit("Rename a setting", nodes={node_id: record.model_copy(update={"settings": settings})})

    def set_property(self, name: Literal["name", "description"], value: str) -> None:
        """Set the workflow's name or description."""
        self.edit("Edit the workflow's description", merge=f"property {name}", properties={name: value})

    def become(self, workflow: Workflow, label: str) -> None:
        """Take over the content of another workflow, as one step; what is the same in both is not touched."""
        other = Document(workflow, self.types)
        tables: dict[str, Any] = {name: dict.fromkeys(self._tables[name]) | other._tables[name] for name in TABLES}
        self.edit(label, **tables, orders={name: list(other._tables[name]) for name in TABLES})

    # -- parts of edits

    def _look(self, label: str, node_id: str, **changes: Any) -> None:
        known = self.nodes[node_id].id
        self.edit(label, views={known: self.view(known).model_copy(update=changes)})

    def _replacing(self, connections: Iterable[Connection]) -> dict[str, Connection | None]:
        """Return connections to add, and None for those that end at the same inputs."""
        added = list(connections)
        targets = {connection.target for connection in added}
        entries: dict[str, Connection | None] = {k: None for k, c in self.connections.items() if c.target in targets}
        return entries | {connection.key: connection for connection in added}

    def _free_key(self, key: str, table: TableName) -> str:
        number = 2
        found = key
        while found in self._tables[table]:
            found, number = f"{key}#{number}", number + 1
        return found

    def new_box(self) -> str:
        """Return a key no annotation has, nor had before in this session."""
        while True:
            self._boxes += 1
            if f"box_{self._boxes}" not in self._tables["annotations"]:
                return f"box_{self._boxes}"

    def _type_title(self, node_type: str) -> str:
        known = self.types.get(node_type)
        return str(known.title) if known else node_type


def _properties(workflow: Workflow) -> dict[str, Any]:
    """Return what a file says beside its tables: name, description, versions, and fields this version does not know."""
    unknown = workflow.view.model_extra or {}
    known = {name: getattr(workflow, name) for name in ("format_version", "app_version", "name", "description")}
    return known | dict(workflow.model_extra or {}) | ({"view": dict(unknown)} if unknown else {})


def _point(point: Point) -> Point:
    """As a file that is read back has it, so that equal positions are equal."""
    return float(point[0]), float(point[1])


def _deletion(nodes: int, wires: int, boxes: int) -> str:
    if nodes:
        return f"Delete {counted(nodes, 'node')}"
    return f"Delete {counted(boxes, 'annotation')}" if boxes else f"Delete {counted(wires, 'connection')}"
