"""What the document knows of a node class: its title and its ports, by the catalog that it is handed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class PortLike(Protocol):
    """What the document knows of a port (`nodes.base.Port`)."""

    @property
    def name(self) -> str:
        """As workflow files have it."""

    @property
    def kind(self) -> str:
        """What travels through it."""

    @property
    def title(self) -> str:
        """What the person reads."""

    @property
    def optional(self) -> bool:
        """Whether it may stay unconnected."""

    @property
    def grows(self) -> bool:
        """Whether it becomes as many inputs as are connected."""

    @property
    def least(self) -> int:
        """How many wires a growing input needs."""

    def matches(self, name: str) -> bool:
        """Return whether a name in a file means this port."""


class NodeType(Protocol):
    """What the document knows of a node class (`nodes.base.Node`)."""

    @property
    def title(self) -> str:
        """What the person reads."""

    @property
    def input_ports(self) -> Sequence[PortLike]:
        """The declared inputs."""

    @property
    def output_ports(self) -> Sequence[PortLike]:
        """The declared outputs."""

    @property
    def opens(self) -> Sequence[str]:
        """Endings of the files that become such a node when they are dropped on the canvas."""

    @property
    def path_to_read(self) -> str:
        """The setting that takes such a file."""

    @property
    def reads_folders(self) -> bool:
        """Whether it also takes the files of a folder that a pattern fits, by `source`, `folder` and `pattern`."""

    def starting_settings(self) -> Mapping[str, Any]:
        """Return what a node that a person adds has set, as files store it."""

    def input_port(self, name: str) -> PortLike | None:
        """Return the input that a name in a file means."""

    def output_port(self, name: str) -> PortLike | None:
        """Return the output that a name in a file means."""


Types = Mapping[str, Any]
"""Node classes by id; each is a `NodeType` (a class object, which typing cannot say of its class attributes)."""
