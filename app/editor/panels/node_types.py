"""Node types as lists show them: in which groups, in which order, with which marks, and found by what is typed.

Knows the catalog and the look; knows nothing of widgets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.document.search import Candidate, Index
from app.editor.panels.rows import ListRow
from app.shelves import shelf_color
from nodes.catalog import NodeType

MIME_TYPE = "application/x-layerloom-node"
"""What is dragged from the repository to the canvas: the node type's id, in UTF-8."""
HALF_AS_LIKELY = 10
"""What comes at this place is taken for half as likely as the first."""
Types = Mapping[str, NodeType]


def short_title(node_class: NodeType) -> str:
    """Return a node type's title where its shelf is seen beside it: `Convolution 2D` for `Keras Convolution 2D Layer`."""
    title = node_class.title
    return title[6:-6] if title.startswith("Keras ") and title.endswith(" Layer") else title


def type_row(node_class: NodeType, spans: tuple[tuple[int, int], ...] = ()) -> ListRow:
    """Return a node type in a flat list: its tile, its title, its shelf."""
    return ListRow(
        short_title(node_class),
        node_class.id,
        "tile",
        shelf_color(node_class.shelf),
        icon=node_class.icon,
        spans=spans,
        below=" · ".join(name.strip() for name in node_class.shelf.split("/")),
        tip=f"{node_class.title}: {node_class.description()}",
    )


class NodeTypeSearch:
    """Finds node types by title, keywords and description."""

    def __init__(self, types: Types) -> None:
        self._index = Index(candidate(node_class) for node_class in types.values())

    def rows(self, query: str, among: Iterable[str] | None = None) -> list[ListRow]:
        """Return the rows of the node types that fit, best first; `among` leaves only these ids, given the likeliest first."""
        if among is None:
            return [type_row(hit.item, hit.spans) for hit in self._index.find(query)]
        shares = likelihoods(among)
        hits = self._index.find(query, lambda node_class: shares.get(node_class.id, 0.0))
        return [type_row(hit.item, hit.spans) for hit in hits if hit.item.id in shares]


def likelihoods(order: Iterable[str]) -> dict[str, float]:
    """Return how likely node types are, from 1 on downwards, of their ids with the likeliest first."""
    return {node_type: 1 / (1 + place / HALF_AS_LIKELY) for place, node_type in enumerate(order)}


def candidate(node_class: NodeType) -> Candidate[NodeType]:
    """Return what a node type is found by."""
    text = f"{node_class.description()} {node_class.shelf} {node_class.id}"
    return Candidate(node_class, short_title(node_class), (node_class.title, *node_class.keywords), text)
