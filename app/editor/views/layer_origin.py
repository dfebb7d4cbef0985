"""LayerOrigin: which node of a workflow made a layer of a network: the first one above whose network has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QObject

from app.document.editing import Document
from app.document.problems import Problem
from app.editor.asking import Asks
from app.editor.views.pages import PendingRequests
from app.engine.messages.figures import NetworkAnswer, NetworkQuestion
from nodes.base import Node


class LayerOrigin:
    """Walks up the wires that networks come along, from the node whose network is seen.

    Args:
        asks: Who is asked for the networks above.
        catalog: The node classes.
        owner: What the search ends with.
    """

    def __init__(self, asks: Asks, catalog: Mapping[str, type[Node]], owner: QObject) -> None:
        self._asks, self._catalog = asks, catalog
        self._pending = PendingRequests(owner)

    def find(self, document_id: str, document: Document, place: tuple[str, str], found: Callable[[str], None]) -> None:
        """Find the node that made a layer.

        Args:
            document_id: The workflow, as the engine calls it.
            document: The workflow.
            place: The node whose network has the layer, and the layer's name.
            found: Told of the node; where results above are not there any more, of the nearest that is known to have it.
        """
        node, layer = place
        above = [
            (wire.source_node, wire.source_port)
            for wire in document.connections.values()
            if wire.target_node == node and self._gives_network(document, wire.source_node, wire.source_port)
        ]
        self._pending.drop_all()
        self._look(document_id, document, (node, layer), above, found)

    def _gives_network(self, document: Document, node: str, port: str) -> bool:
        record = document.nodes.get(node)
        node_class = self._catalog.get(record.type) if record else None
        return any(p.name == port and p.kind == "network" for p in node_class.output_ports) if node_class else False

    def _look(
        self,
        document_id: str,
        document: Document,
        place: tuple[str, str],
        above: list[tuple[str, str]],
        found: Callable[[str], None],
    ) -> None:
        if not above:
            found(place[0])
            return
        (node, port), *others = above

        def take(answer: NetworkAnswer | Problem) -> None:
            if not isinstance(answer, Problem) and any(layer.name == place[1] for layer in answer.layers):
                self.find(document_id, document, (node, place[1]), found)
            else:
                self._look(document_id, document, place, others, found)

        question = NetworkQuestion(document=document_id, node=node, port=port)
        self._pending.put("look", self._asks.ask(question, partial(take)))
