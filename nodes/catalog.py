"""Finds every node class: the folders of this package, and entry points (group `layerloom.nodes`) of other packages.

A node class needs no registration: being in a module below `nodes` is enough. What there is to know of the classes can be kept
in a file, the index; then a class is imported when it is asked for, and starting takes milliseconds, however many there are.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import pkgutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Protocol

import nodes
from nodes.about import NodeAbout, NodeType
from nodes.base import Node

__all__ = ["Catalog", "NodeAbout", "NodeType"]

log = logging.getLogger("layerloom.nodes")

ENTRY_POINT_GROUP = "layerloom.nodes"

Stamps = dict[str, list[int]]
"""Path of a source file -> its size and when it was written: another one means that it must be imported again."""


class Catalog(Mapping[str, type[Node]]):
    """Node classes by id. A class may be imported only when it is asked for: whoever lists all uses `about`.

    Args:
        classes: id -> class.
        failures: What could not be imported -> why; the rest works all the same.

    Attributes:
        about: id -> what there is to know of the class without importing it.
    """

    def __init__(self, classes: Mapping[str, type[Node]], failures: Mapping[str, str] | None = None) -> None:
        self.classes = classes
        self.failures: Mapping[str, str] = failures or {}

    def __getitem__(self, node_id: str) -> type[Node]:
        return self.classes[node_id]

    def __contains__(self, node_id: object) -> bool:
        return node_id in self.classes

    def __iter__(self) -> Iterator[str]:
        return iter(self.classes)

    def __len__(self) -> int:
        return len(self.classes)

    @cached_property
    def about(self) -> Mapping[str, NodeAbout]:
        """What there is to know of each class without importing it."""
        if isinstance(self.classes, _Imported):
            return self.classes.about
        return {node_id: NodeAbout.of(node_class) for node_id, node_class in self.classes.items()}

    @classmethod
    def load(cls, plugins: bool = True, index: Path | None = None) -> Catalog:
        """Find all node classes. A plug-in that fails to import is noted and left out, and so is one whose node has an id that
        another one has already: the first keeps it, and this package comes first.

        Args:
            plugins: Whether to look at other packages' entry points too.
            index: The file in which what is known of the classes is kept from one start to the next. Only what is not in it,
                or has changed since, is imported. It is made anew, without a word, if it is missing or damaged.

        Raises:
            ValueError: If two classes of this package have one id.
        """
        kept = _read(index)
        now: dict[str, Any] = {}
        failures: dict[str, str] = {}
        found: dict[str, NodeAbout] = {}
        sources: list[_Source] = [_Own()]
        if plugins:
            sources += [_PlugIn(point) for point in entry_points(group=ENTRY_POINT_GROUP)]
        for source in sources:
            about = _recalled(source, kept)
            if about is None:
                try:
                    with _interruptible() as interrupted:
                        about = [NodeAbout.of(c) for module in source.modules() for c in _classes_of(module)]
                        kept_of_it = {"files": source.stamps(), "nodes": [a.as_dict() for a in about]}
                except BaseException as error:  # a plug-in may call sys.exit, or raise what it likes
                    if isinstance(source, _Own) or interrupted.is_set():
                        raise
                    failures[source.name] = f"{type(error).__name__}: {error}"
                    continue
            else:
                kept_of_it = kept[source.key]
            try:
                found |= _by_id(about, found)
            except ValueError as error:
                if isinstance(source, _Own):
                    raise
                failures[source.name] = f"{error}; the plug-in is left out."
                continue
            now[source.key] = kept_of_it
        if index is not None and now != kept:
            _write(index, now)
        return cls(_Imported(found), failures)


class _Imported(Mapping[str, type[Node]]):
    """Classes that are imported when they are asked for; one of a plug-in that cannot be imported then is not there any more."""

    def __init__(self, about: dict[str, NodeAbout]) -> None:
        self.about = about

    def __getitem__(self, node_id: str) -> type[Node]:
        about = self.about[node_id]
        try:
            found: type[Node] = getattr(importlib.import_module(about.module), about.name)
        except (Exception, SystemExit) as error:
            if about.module.startswith("nodes."):
                raise
            log.warning("the node %s of a plug-in could not be loaded: %s: %s", node_id, type(error).__name__, error)
            del self.about[node_id]
            raise KeyError(node_id) from error
        return found

    def __contains__(self, node_id: object) -> bool:
        return node_id in self.about

    def __iter__(self) -> Iterator[str]:
        return iter(self.about)

    def __len__(self) -> int:
        return len(self.about)


def _by_id(found: Iterable[NodeAbout], before: Mapping[str, NodeAbout]) -> dict[str, NodeAbout]:
    """Return id -> what there is to know of a class.

    Raises:
        ValueError: If an id stands for two classes, among these or those from `before`.
    """
    known: dict[str, NodeAbout] = {}
    for about in found:
        other = before.get(about.id) or known.setdefault(about.id, about)
        if (other.module, other.name) != (about.module, about.name):
            first, second = f"{other.module}.{other.name}", f"{about.module}.{about.name}"
            raise ValueError(f"node id '{about.id}' is declared by {first} and by {second}")
    return known


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Yield what is set if the person presses Ctrl+C meanwhile: a KeyboardInterrupt may also come from what is imported."""
    pressed = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield pressed
        return

    def note(number: int, frame: FrameType | None) -> None:
        pressed.set()
        before(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


# ------------------------------------------------------------------------------------------------------ where classes are


class _Source(Protocol):
    """Modules with node classes.

    Attributes:
        name: What the person calls it.
        key: Under which the index has it; another one for another Python or another place.
    """

    name: str
    key: str

    def modules(self) -> list[ModuleType]:
        """Import them."""

    def stamps(self, known: Iterable[str] = ()) -> Stamps:
        """The source files, found without importing anything if those `known` of an earlier start are given."""


class _Own:
    """This package's folders."""

    name = "nodes"

    def __init__(self) -> None:
        self.key = f"{sys.version} {nodes.__path__[0]}"

    def modules(self) -> list[ModuleType]:
        """All modules in the folders; those beside this file are tools, not nodes."""
        names = []
        for package in pkgutil.iter_modules(nodes.__path__, "nodes."):
            if package.ispkg and package.name not in ("nodes.values", "nodes.kit"):
                path = importlib.import_module(package.name).__path__
                names += [info.name for info in pkgutil.iter_modules(path, f"{package.name}.")]
        return [importlib.import_module(name) for name in names]

    def stamps(self, known: Iterable[str] = ()) -> Stamps:
        """All source files: a base's port is a node's port, too."""
        return _stamps(Path(nodes.__path__[0]).rglob("*.py"))


class _PlugIn:
    """The module that another package's entry point names."""

    def __init__(self, point: EntryPoint) -> None:
        self._point = point
        self.name = f"{point.name} ({point.value})"
        package = f"{point.dist.name} {point.dist.version} {point.dist.locate_file('')}" if point.dist else ""
        self.key = f"{sys.version} {nodes.__path__[0]} {self.name} {package}"

    def modules(self) -> list[ModuleType]:
        """The module itself, or the one in which the named class is."""
        loaded = self._point.load()
        return [loaded if isinstance(loaded, ModuleType) else importlib.import_module(loaded.__module__)]

    def stamps(self, known: Iterable[str] = ()) -> Stamps:
        """The source files in the module's folder; without having imported it, those of the folders of the `known` ones."""
        if not known:
            known = [file for module in self.modules() if (file := module.__file__)]
        return _stamps(path for folder in {Path(file).parent for file in known} for path in folder.glob("*.py"))


def _stamps(files: Iterable[Path]) -> Stamps:
    found: Stamps = {}
    for path in files:
        with suppress(OSError):
            about = path.stat()
            found[str(path)] = [about.st_size, about.st_mtime_ns]
    return dict(sorted(found.items()))


def _classes_of(module: ModuleType) -> Iterator[type[Node]]:
    """Node classes defined in a module that have an id (bases have none)."""
    for found in vars(module).values():
        if isinstance(found, type) and issubclass(found, Node) and found.__module__ == module.__name__ and hasattr(found, "id"):
            yield found


# -------------------------------------------------------------------------------------------------------------- the index


def _recalled(source: _Source, kept: Mapping[str, Any]) -> list[NodeAbout] | None:
    """What is known of a source's classes from an earlier start; None if nothing is, or a file is another one now."""
    try:
        entry = kept[source.key]
        if not entry["files"] or source.stamps(entry["files"]) != entry["files"]:
            return None
        return [NodeAbout.from_dict(node) for node in entry["nodes"]]
    except (LookupError, TypeError, AttributeError):
        return None


def _read(index: Path | None) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        kept = json.loads(index.read_bytes()) if index else {}
        return kept if isinstance(kept, dict) else {}
    return {}


def _write(index: Path, content: Mapping[str, Any]) -> None:
    """Keep what is known; where that is not possible, the next start takes a moment longer."""
    with suppress(OSError):
        index.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{index.name}-", dir=index.parent)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(json.dumps(content))  # `dump` is ten times as slow
            Path(name).replace(index)
        except OSError:
            Path(name).unlink()
