"""What is selected on the canvas, and what the pointer hits: plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF

from app.editor.canvas.annotations import Edge
from app.editor.canvas.shown_ports import Side


@dataclass(frozen=True)
class Selection:
    """What is selected: ids of nodes, keys of connections and annotations."""

    nodes: frozenset[str] = frozenset()
    connections: frozenset[str] = frozenset()
    annotations: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.nodes or self.connections or self.annotations)


@dataclass(frozen=True)
class Hit:
    """What is at a point of the canvas.

    Attributes:
        position: The point, in the scene.
        node: The node there.
        port: Its side and name, if the point is at a port.
        part: Which part of the node: `tile`, `title` or `note`.
        connection: The wire there, by key.
        annotation: The annotation there, by key.
        edge: Which edges of the annotation; empty for its title.
    """

    position: QPointF = field(default_factory=QPointF)
    node: str | None = None
    port: tuple[Side, str] | None = None
    part: str = ""
    connection: str | None = None
    annotation: str | None = None
    edge: Edge = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing."""
        return self.node is None and self.connection is None and self.annotation is None
