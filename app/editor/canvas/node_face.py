"""What there is to see of a node: plain values, from which painting makes a picture. Knows nothing of documents and items."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

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
        source: What the person calls the node that has to run before its settings are known.
    """

    title: str
    note: str
    color: str
    icon: str
    type_name: str | None = None
    ports: ShownPorts = field(default_factory=ShownPorts)
    wired: frozenset[tuple[str, str]] = frozenset()
    status: NodeStatus | None = None
    source: str = ""

    @property
    def is_bypassed(self) -> bool:
        """Whether it is left out of what runs."""
        return self.status is not None and self.status.state == "bypassed"

    @property
    def is_inactive(self) -> bool:
        """Whether it is on a branch that is not taken."""
        return self.status is not None and self.status.state == "inactive"

    @property
    def waits_for(self) -> str:
        """What the person calls the node that has to run before its settings are known; empty if nothing is unknown."""
        known = self.status is None or self.status.waits_for is None or self.status.state not in ("ready", "queued")
        return "" if known else self.source

    def with_status(self, status: NodeStatus | None, source: str = "") -> NodeFace:
        """Return the same face with another status."""
        return replace(self, status=status, source=source)
