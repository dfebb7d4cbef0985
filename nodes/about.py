"""What lists, searches and pictures need to know of a node class: enough to show it without importing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from nodes.base import VARIABLES, VARIABLES_PORT, Node, Port


@dataclass(frozen=True)
class NodeAbout:
    """A node class as told without it; attributes and methods mean what they mean in `Node`.

    Attributes:
        summary: The first line of the class's docstring.
        module: Where the class is.
        name: What it is called there.
        starts: Setting -> the value that a node which a person adds begins with, where that is not the default.
        opens: Endings of the files that become such a node when they are dropped on the canvas.
        path_to_read: The setting that takes such a file.
        reads_folders: Whether it also takes the files of a folder that a pattern fits, by `source`, `folder` and `pattern`.
    """

    id: str
    title: str
    shelf: str
    icon: str
    keywords: tuple[str, ...]
    summary: str
    version: int
    input_ports: tuple[Port, ...]
    output_ports: tuple[Port, ...]
    module: str
    name: str
    starts: Mapping[str, Any] = field(default_factory=dict, hash=False)
    opens: tuple[str, ...] = ()
    path_to_read: str = ""
    reads_folders: bool = False

    @classmethod
    def of(cls, node_class: type[Node]) -> NodeAbout:
        """What there is to know of a class."""
        return cls(
            node_class.id,
            node_class.title,
            node_class.shelf,
            node_class.icon,
            tuple(node_class.keywords),
            node_class.description(),
            node_class.version,
            tuple(node_class.input_ports),
            tuple(node_class.output_ports),
            node_class.__module__,
            node_class.__qualname__,
            dict(node_class.starting_settings()),
            tuple(node_class.opens),
            next(iter(node_class.read_paths()), ""),
            {"source", "folder", "pattern"} <= set(node_class.model_fields),
        )

    def as_dict(self) -> dict[str, Any]:
        """What JSON can say; `from_dict` reads it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> NodeAbout:
        """From what `as_dict` gave.

        Raises:
            TypeError, LookupError: If it is something else.
        """
        ports = {name: tuple(Port(**port) for port in data[name]) for name in ("input_ports", "output_ports")}
        return cls(**{**data, "keywords": tuple(data["keywords"]), "opens": tuple(data["opens"]), **ports})

    def description(self) -> str:
        """The first line of the class's docstring."""
        return self.summary

    def starting_settings(self) -> Mapping[str, Any]:
        """What a node that a person adds has set, as files store it."""
        return self.starts

    def input_port(self, name: str) -> Port | None:
        """The declared input that `name`, as a workflow file gives it, means."""
        found = next((port for port in self.input_ports if port.matches(name)), None)
        return VARIABLES_PORT if found is None and name == VARIABLES else found

    def output_port(self, name: str) -> Port | None:
        """The declared output called `name`."""
        return next((port for port in self.output_ports if port.name == name), None)


NodeType = NodeAbout | type[Node]
"""A node class, or what is known of it: whoever only shows node types takes either."""
