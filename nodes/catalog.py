"""Finds every node class: the folders of this package, and entry points (group `layerloom.nodes`) of other packages.

A node class needs no registration: being in a module below `nodes` is enough.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from types import ModuleType

import nodes
from nodes.base import Node

ENTRY_POINT_GROUP = "layerloom.nodes"


@dataclass(frozen=True)
class Catalog(Mapping[str, type[Node]]):
    """Node classes by id.

    Attributes:
        classes: id -> class.
        failures: What could not be imported -> why; the rest works all the same.
    """

    classes: Mapping[str, type[Node]]
    failures: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, node_id: str) -> type[Node]:
        return self.classes[node_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.classes)

    def __len__(self) -> int:
        return len(self.classes)

    @classmethod
    def load(cls, plugins: bool = True) -> Catalog:
        """Import all node modules. A plug-in that fails to import is noted and left out.

        Args:
            plugins: Whether to look at other packages' entry points too.

        Raises:
            ValueError: If two classes have one id.
        """
        modules = [importlib.import_module(name) for name in _own_modules()]
        failures: dict[str, str] = {}
        for point in entry_points(group=ENTRY_POINT_GROUP) if plugins else ():
            try:
                loaded = point.load()
                modules.append(loaded if isinstance(loaded, ModuleType) else importlib.import_module(loaded.__module__))
            except Exception as error:  # noqa: BLE001 - whatever a foreign module raises must not stop the program
                failures[f"{point.name} ({point.value})"] = f"{type(error).__name__}: {error}"
        classes: dict[str, type[Node]] = {}
        for module in modules:
            for found in _classes_of(module):
                if classes.setdefault(found.id, found) is not found:
                    raise ValueError(f"node id '{found.id}' is declared by {classes[found.id]} and by {found}")
        return cls(classes, failures)


def _own_modules() -> Iterator[str]:
    """Modules in this package's folders; those beside this file are tools, not nodes."""
    for package in pkgutil.iter_modules(nodes.__path__, "nodes."):
        if package.ispkg and package.name != "nodes.values":
            path = importlib.import_module(package.name).__path__
            for info in pkgutil.iter_modules(path, f"{package.name}."):
                yield info.name


def _classes_of(module: ModuleType) -> Iterator[type[Node]]:
    """Node classes defined in a module that have an id (bases have none)."""
    for found in vars(module).values():
        if isinstance(found, type) and issubclass(found, Node) and found.__module__ == module.__name__ and hasattr(found, "id"):
            yield found
