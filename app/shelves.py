"""The shelves of the node repository: their colours, their order, and which node types are on them. Knows nothing of Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from nodes.catalog import NodeType

SHELF_COLORS: Mapping[str, str] = {
    "Readers": "#E69F00",
    "Images": "#1AA179",
    "Tables": "#3E9BD1",
    "Network / Layers": "#3F6FD8",
    "Network": "#8A63D2",
    "Learning": "#0E8C9A",
    "Scripting": "#A0702F",
    "Scoring": "#D9603B",
    "Views": "#C4476A",
    "Writers": "#C2619A",
    "Flow": "#7B8794",
}
"""Shelf -> its colour, in the order in which one reads the list: data first, then networks, then results.

The same in light and dark, distinguishable for colour-blind people; the longest name that fits counts.
"""
OTHER_SHELF = "#7B8794"

_PARTS = (
    "Core", "Convolution", "Pooling", "Normalization", "Activations", "Merge", "Operations", "Noise", "Recurrent", "Embedding",
    "Attention", "Augmentation", "Preprocessing", "Locally Connected", "Columns", "Rows", "Combine", "Aggregate", "Statistics",
    "Time Series", "Learners", "Predictors", "Clustering", "Reduction", "Validation",
)  # fmt: skip
"""The order of the parts of a shelf; others follow by their names."""


def shelf_color(shelf: str) -> str:
    """The colour of a node's shelf (`Network / Layers / Pooling`)."""
    fitting = [name for name in SHELF_COLORS if shelf == name or shelf.startswith(f"{name} /")]
    return SHELF_COLORS[max(fitting, key=len)] if fitting else OTHER_SHELF


@dataclass
class Shelf:
    """A group of node types in the repository: with types of its own, and smaller groups."""

    title: str
    path: str
    types: list[NodeType] = field(default_factory=list)
    parts: dict[str, Shelf] = field(default_factory=dict)


def shelves(types: Iterable[NodeType]) -> list[Shelf]:
    """All node types by shelf.

    `Network / Layers / Pooling` is the part `Pooling` of the shelf `Network · Layers`.
    """
    found: dict[str, Shelf] = {}
    for node_class in types:
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
    order = {name: number for number, name in enumerate(_PARTS)}
    shelf.parts = dict(sorted(shelf.parts.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))
    for part in shelf.parts.values():
        _sort(part)
