"""What there is to see of a node: plain values, from which painting makes a picture. Knows nothing of documents and items."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.editor.canvas.shown_ports import ShownPorts
from app.engine.status import NodeStatus


@dataclass(frozen=True)
class NodeFace:
    """What there is to see of a node.

    Attributes:
        title: Its name.
        note: What the person wrote below it.
        color: Of its tile.
        icon: A Material Design icon.
        type_name: The missing type of a placeholder; None for a node whose type is known.
        ports: What is drawn left and right of the tile.
        wired: Names of inputs and of outputs with a wire.
        status: Its state, progress and messages.
    """

    title: str
    note: str
    color: str
    icon: str
    type_name: str | None = None
    ports: ShownPorts = field(default_factory=ShownPorts)
    wired: frozenset[tuple[str, str]] = frozenset()
    status: NodeStatus | None = None

    @property
    def is_bypassed(self) -> bool:
        """Whether it is left out of what runs."""
        return self.status is not None and self.status.state == "bypassed"

    def with_status(self, status: NodeStatus | None) -> NodeFace:
        """Return the same face with another status."""
        return NodeFace(self.title, self.note, self.color, self.icon, self.type_name, self.ports, self.wired, status)
