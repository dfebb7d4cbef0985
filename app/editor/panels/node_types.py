"""Node types as lists show them: in which groups, in which order, with which marks, and found by what is typed.

Knows the catalog and the look; knows nothing of widgets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.document.search import Candidate, Index
from app.editor.look import SHELF_COLORS, shelf_color
from app.editor.panels.rows import Row
from nodes.about import NodeType

MIME_TYPE = "application/x-layerloom-node"
"""What is dragged from the repository to the canvas: the node type's id, in UTF-8."""
_LAYERS = ("Core", "Convolution", "Pooling", "Merge", "Recurrent", "Normalization", "Activations")
"""The usual order of kinds of layers; others follow by name."""

Types = Mapping[str, NodeType]


@dataclass
class Shelf:
    """A group of node types in the repository: with types of its own, and smaller groups."""

    title: str
    path: str
    types: list[NodeType] = field(default_factory=list)
    parts: dict[str, Shelf] = field(default_factory=dict)


def shelves(types: Types) -> list[Shelf]:
    """All node types by shelf, in the order in which one reads the list: data first, then networks, then results.

    `Network / Layers / Pooling` is the part `Pooling` of the shelf `Network · Layers`.
    """
    found: dict[str, Shelf] = {}
    for node_class in types.values():
        names = [name.strip() for name in node_class.shelf.split("/")]
        depth = max(len(names) - 1, 1)
        path = " / ".join(names[:depth])
        shelf = found.setdefault(path, Shelf(" · ".join(names[:depth]), path))
        for name in names[depth:]:
            path = f"{path} / {name}"
            shelf = shelf.parts.setdefault(name, Shelf(name, path))
        shelf.types.append(node_class)
    order = {name: number for number, name in enumerate(SHELF_COLORS)}
    for shelf in found.values():
        _sort(shelf)
    return sorted(found.values(), key=lambda shelf: (order.get(shelf.path, len(order)), shelf.title))


def _sort(shelf: Shelf) -> None:
    shelf.types.sort(key=lambda node_class: node_class.title)
    order = {name: number for number, name in enumerate(_LAYERS)}
    shelf.parts = dict(sorted(shelf.parts.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))
    for part in shelf.parts.values():
        _sort(part)


def short_title(node_class: NodeType) -> str:
    """A node type's title where its shelf is seen beside it: `Convolution 2D` for `Keras Convolution 2D Layer`."""
    title = node_class.title
    return title[6:-6] if title.startswith("Keras ") and title.endswith(" Layer") else title


def type_row(node_class: NodeType, spans: tuple[tuple[int, int], ...] = ()) -> Row:
    """A node type in a flat list: its tile, its title, its shelf."""
    return Row(
        short_title(node_class),
        node_class.id,
        "tile",
        shelf_color(node_class.shelf),
        icon=node_class.icon,
        spans=spans,
        below=" · ".join(name.strip() for name in node_class.shelf.split("/")),
        tip=f"{node_class.title}: {node_class.description()}",
    )


class TypeSearch:
    """Finds node types by title, keywords and description."""

    def __init__(self, types: Types) -> None:
        self._index = Index(candidate(node_class) for node_class in types.values())

    def rows(self, query: str, among: Iterable[str] | None = None) -> list[Row]:
        """The rows of the node types that fit, best first; `among` leaves only these ids."""
        allowed = None if among is None else set(among)
        hits = self._index.find(query)
        return [type_row(hit.item, hit.spans) for hit in hits if allowed is None or hit.item.id in allowed]


def candidate(node_class: NodeType) -> Candidate[NodeType]:
    """What a node type is found by."""
    text = f"{node_class.description()} {node_class.shelf} {node_class.id}"
    return Candidate(node_class, short_title(node_class), (node_class.title, *node_class.keywords), text)
