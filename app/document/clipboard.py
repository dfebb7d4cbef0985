"""Parts of a workflow as text: copied, pasted here, in another window or into a mail, and duplicated. Knows no clipboard of Qt.

The text is that of a small `.workflow.json`, so it can also be saved as a file and opened.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from pydantic import ValidationError

from app.document.editing import Document, Point
from app.document.file import dump, parse
from app.document.geometry import TILE
from app.document.ids import renewed_ids, retied, with_own_insides
from app.document.model import Connection, View, Workflow, as_data
from app.document.problems import DocumentError
from app.document.variables import references_in
from nodes.wording import counted

OFFSET = 40.0
"""How far beside the original a copy is put, to the right and down."""
FIELD = "clipboard"
"""The field of the text that says where it comes from, and which wires from outside ended in it."""

_names: WeakKeyDictionary[Document, str] = WeakKeyDictionary()


def copy(document: Document, nodes: Iterable[str], annotations: Iterable[str] = ()) -> str:
    """Nodes (by id) and annotations (by key) as text: with the wires among them and the variables they refer to.

    Ids and keys that the document does not have are left out.
    """
    return dump(_fragment(document, nodes, annotations))


def paste(document: Document, text: str, at: Point | None = None, *, keep_incoming: bool = False) -> list[str]:
    """Add what `copy` gave, or a whole workflow file, as one step; returns the new nodes' ids.

    Ids that are taken are replaced by new ones. Variables that the document does not have are brought along.

    Args:
        document: Where to.
        text: The text; what stands before and after its outer braces (a mail) does not matter.
        at: Where the middle of it goes; None puts it beside where it was. It never covers other nodes exactly.
        keep_incoming: Whether wires from nodes outside are kept, where it comes from this document and they are still there.

    Raises:
        DocumentError: If the text is no part of a workflow, or is damaged.
    """
    fragment = _parsed(text)
    about = (fragment.model_extra or {}).get(FIELD)
    incoming: list[Connection] = []
    if keep_incoming and isinstance(about, dict) and about.get("document") == _name(document):
        incoming = _connections(about.get("incoming"))
    nodes, boxes = len(fragment.nodes), len(fragment.view.annotations)
    return _add(document, fragment, incoming, at, f"Paste {_amount(nodes, boxes)}")


def duplicate(document: Document, nodes: Iterable[str], annotations: Iterable[str] = ()) -> list[str]:
    """Add copies of nodes and annotations beside them, fed by the same wires, as one step; returns the new nodes' ids."""
    fragment = _fragment(document, nodes, annotations)
    incoming = _connections((fragment.model_extra or {})[FIELD]["incoming"])
    amount = _amount(len(fragment.nodes), len(fragment.view.annotations))
    return _add(document, fragment, incoming, None, f"Duplicate {amount}")


def _fragment(document: Document, nodes: Iterable[str], annotations: Iterable[str]) -> Workflow:
    wanted, boxes = set(nodes), set(annotations)
    records = [record for node_id, record in document.nodes.items() if node_id in wanted]
    names = {name for record in records for name in references_in(record)}
    inside: list[Connection] = []
    incoming: list[Connection] = []
    for connection in document.connections.values():
        if connection.target_node in wanted:
            (inside if connection.source_node in wanted else incoming).append(connection)
    about = {"document": _name(document), "incoming": [as_data(c) for c in incoming]}
    return Workflow(
        variables=[v for v in document.variables.values() if v.name in names],
        nodes=records,
        connections=inside,
        view=View(
            nodes={r.id: document.view(r.id) for r in records},
            annotations=[box for key, box in document.annotations.items() if key in boxes],
        ),
    ).model_copy(update={FIELD: about})


def _parsed(text: str) -> Workflow:
    begin, end = text.find("{"), text.rfind("}")
    if begin < 0 or end < begin:
        raise DocumentError("The text holds no nodes.", "Copy nodes on the canvas first.")
    fragment = parse(text[begin : end + 1], "The text")
    if not fragment.nodes and not fragment.view.annotations:
        raise DocumentError("The text is a workflow without nodes.", "Copy nodes on the canvas first.")
    return fragment


def _connections(data: Any) -> list[Connection]:
    """Return connections from JSON; what is none is left out."""
    found = []
    for item in data if isinstance(data, list) else ():
        try:
            found.append(Connection.model_validate(item))
        except ValidationError:
            continue
    return found


def _add(document: Document, fragment: Workflow, incoming: list[Connection], at: Point | None, label: str) -> list[str]:
    source = Document(fragment, document.types)  # gives nodes of one id (a merge by hand) ids of their own
    taken = set(document.file_ids)
    ids = renewed_ids(source.nodes.values(), taken)
    records, ports = with_own_insides(list(source.nodes.values()), taken)
    views = {old: source.view(old) for old in ids}
    across, down = _shift(document, source, at)

    def moved(position: Point) -> Point:
        return position[0] + across, position[1] + down

    wires = [retied(c, ids, ports) for c in source.connections.values() if c.source_node in ids and c.target_node in ids]
    wires += [
        retied(c, {c.target_node: ids[c.target_node]}, {c.target_node: ports.get(c.target_node, {})})
        for c in incoming
        if c.source_node in document.nodes and c.target_node in ids
    ]
    with document.step(label):
        for variable in source.variables.values():
            if variable.name not in document.variables:
                document.set_variable(variable.name, variable)
        document.add(
            [record.model_copy(update={"id": ids[record.id]}) for record in records],
            views={ids[old]: view.model_copy(update={"position": moved(view.position)}) for old, view in views.items()},
            connections=wires,
            annotations=[b.model_copy(update={"position": moved(b.position)}) for b in source.annotations.values()],
            label=label,
        )
    return list(ids.values())


def _shift(document: Document, source: Document, at: Point | None) -> Point:
    """Return how far everything is moved: its middle to `at`, or a bit aside; on until no node covers another one exactly."""
    places = [source.view(n).position for n in source.nodes]
    boxes = source.annotations.values()
    across = down = OFFSET
    if at is not None:
        left = min([x for x, _ in places] + [b.position[0] for b in boxes])
        top = min([y for _, y in places] + [b.position[1] for b in boxes])
        right = max([x + TILE for x, _ in places] + [b.position[0] + b.size[0] for b in boxes])
        bottom = max([y + TILE for _, y in places] + [b.position[1] + b.size[1] for b in boxes])
        across, down = round(at[0] - (left + right) / 2), round(at[1] - (top + bottom) / 2)
    moving = places or [b.position for b in boxes]
    taken = {document.view(n).position for n in document.nodes} if places else {b.position for b in document.annotations.values()}
    while any((x + across, y + down) in taken for x, y in moving):
        across, down = across + OFFSET, down + OFFSET
    return across, down


def _name(document: Document) -> str:
    """Return what tells a document from others, in this session and in other windows."""
    return _names.setdefault(document, uuid.uuid4().hex)


def _amount(nodes: int, boxes: int) -> str:
    """`3 nodes`."""
    return counted(nodes, "node") if nodes else counted(boxes, "annotation")
