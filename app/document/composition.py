"""A workflow with all components in it: every node at every depth, where it is, and what it is called there.

A node's id is its own in the whole file. Its path (`clean/missing`) is for people: the components it is in, then itself. What is
in a file that several components may point to is put in front of by the component's id, so that each has nodes of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from app.document.bypass import is_bypassed, without_bypassed
from app.document.component_ports import is_boundary, type_of
from app.document.model import NodeRecord, Workflow
from app.document.node_type import Types
from app.document.problems import DocumentError, Problem

MOST_NODES = 100_000
"""A workflow of more nodes, with all that is in its components, is not looked at: files that use files twice grow quickly."""

ReadComponent = Callable[[str], Workflow]
"""Reads the file that a component points to, with its paths as seen from the workflow's folder; raises DocumentError."""


@dataclass(frozen=True)
class Level:
    """One workflow of the tree.

    Attributes:
        component: The component that it is in; empty for the outermost.
        above: The level of that component; None for the outermost.
        workflow: Its content.
        prefix: What its nodes' ids begin with in the whole, if it came from a file of its own.
        path: The path of the component; empty for the outermost.
    """

    component: str
    above: Level | None
    workflow: Workflow
    prefix: str = ""
    path: str = ""

    def id_of(self, node_id: str) -> str:
        """Return what a node of this level is called in the whole."""
        return self.prefix + node_id

    def path_of(self, node_id: str) -> str:
        """Return what people call a node of this level."""
        return f"{self.path}/{node_id}" if self.path else node_id


@dataclass(frozen=True)
class Placed:
    """A node, component or port of one at its place.

    Attributes:
        id: What it is called in the whole.
        path: What people call it.
        record: With that id.
        level: Where it is.
        inside: Of a component: the level in it; None if there is none, as `Composition.problems` says.
    """

    id: str
    path: str
    record: NodeRecord
    level: Level
    inside: Level | None = None

    @property
    def is_port(self) -> bool:
        """Whether it is a port of the component that it is in; those of the outermost workflow are plain nodes."""
        return self.level.above is not None and is_boundary(self.record)

    @property
    def name(self) -> str:
        """The name that the person gave it; empty if none."""
        view = self.level.workflow.view.nodes.get(self.record.id.removeprefix(self.level.prefix))
        return view.name if view else ""


@dataclass
class Composition:
    """A workflow with all that is in its components.

    Attributes:
        levels: The workflows, each before those in its components.
        placed: All their nodes, in the order of the file; what is in a component follows it.
        problems: Components whose inside cannot be had.
        bypassed: The nodes that are left out; they are not among `placed`.
        unfed: What one of those has no input for to pass on.
    """

    levels: list[Level] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    bypassed: set[str] = field(default_factory=set)
    unfed: list[Problem] = field(default_factory=list)
    _types: Types = field(default_factory=dict)
    _renamed: dict[str, tuple[NodeRecord, NodeRecord]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, workflow: Workflow, types: Types, read: ReadComponent | None = None, last: Composition | None = None
    ) -> Composition:
        """Look into all components.

        Args:
            workflow: The outermost one.
            types: The catalog of node classes, whose ports tell the ways around nodes that are bypassed.
            read: Reads the files that components point to; None if none can be read.
            last: What was found last time: records from files that are the same are the same objects in both.
        """
        made = cls(_types=types, _renamed=last._renamed if last is not None else {})
        made._enter(Level("", None, made._without_bypassed(workflow, "", read)), read, ())
        return made

    @property
    def components(self) -> Iterator[Placed]:
        """The components that have an inside, each before those in it."""
        return (placed for placed in self.placed if placed.inside is not None)

    def is_wired_as(self, other: Composition) -> bool:
        """Return whether two compositions can differ in settings only, those of ports left out."""
        if len(self.placed) != len(other.placed) or len(self.levels) != len(other.levels):
            return False
        if (self.problems, self.bypassed, self.unfed) != (other.problems, other.bypassed, other.unfed):
            return False
        for one, two in zip(self.placed, other.placed, strict=True):
            a, b = one.record, two.record
            if one.path != two.path or (a is not b and (a.id != b.id or a.type != b.type)):
                return False
            if a is not b and is_boundary(a) and a.settings != b.settings:
                return False
        pairs = [(one.workflow.connections, two.workflow.connections) for one, two in zip(self.levels, other.levels, strict=True)]
        if any(len(a) != len(b) for a, b in pairs):
            return False
        return all(a is b or a == b for ours, theirs in pairs for a, b in zip(ours, theirs, strict=True))

    def _enter(self, level: Level, read: ReadComponent | None, files: tuple[str, ...]) -> None:
        self.levels.append(level)
        for record in level.workflow.nodes:
            if record.is_component:
                self._enter_component(record, level, read, files)
            else:
                called = self._called(record, level)
                self.placed.append(Placed(called.id, level.path_of(record.id), called, level))

    def _called(self, record: NodeRecord, level: Level) -> NodeRecord:
        """Return a record with the id that it has in the whole."""
        if not level.prefix:
            return record
        node_id = level.id_of(record.id)
        known = self._renamed.get(node_id)
        if known is None or known[0] is not record:
            known = self._renamed[node_id] = record, record.model_copy(update={"id": node_id})
        return known[1]

    def _enter_component(self, record: NodeRecord, level: Level, read: ReadComponent | None, files: tuple[str, ...]) -> None:
        node_id, path = level.id_of(record.id), level.path_of(record.id)
        inner: Level | None = None
        try:
            content = self._content(record, read, files)
        except DocumentError as error:
            self.problems.append(Problem(error.message, error.remedy, node=node_id))
        else:
            # what a file brings along is called after the component; the next file in it after that
            prefix = f"{node_id}__" if record.file else level.prefix
            inner = Level(node_id, level, self._without_bypassed(content, prefix, read), prefix, path)
        self.placed.append(Placed(node_id, path, self._called(record, level), level, inner))
        if inner is not None:
            self._enter(inner, read, (*files, record.file) if record.file else files)

    def _without_bypassed(self, workflow: Workflow, prefix: str, read: ReadComponent | None) -> Workflow:
        """What runs of a workflow; notes what is left out."""

        def known(record: NodeRecord) -> Any:
            inside = None
            if record.is_component and record.file and read is not None:
                with suppress(DocumentError):
                    inside = read(record.file)
            return type_of(record, self._types, inside)

        kept, unfed = without_bypassed(workflow, known)
        if kept is not workflow:
            self.bypassed |= {prefix + record.id for record in workflow.nodes if is_bypassed(record)}
            self.unfed += [replace(problem, node=f"{prefix}{problem.node}") for problem in unfed]
        return kept

    def _content(self, record: NodeRecord, read: ReadComponent | None, files: tuple[str, ...]) -> Workflow:
        if not record.file:
            return record.workflow if record.workflow is not None else Workflow()
        if record.file in files:
            chain = " -> ".join([*files[files.index(record.file) :], record.file])
            raise DocumentError(f"The component contains itself: {chain}.", "Take it out of its own file, or unlink it.")
        if read is None:
            raise DocumentError(f"The component's file {record.file} cannot be read here.", "Save the workflow first.")
        content = read(record.file)
        if len(self.placed) + len(content.nodes) > MOST_NODES:
            raise DocumentError(f"With all components the workflow has more than {MOST_NODES} nodes.", "Use fewer of them.")
        return content
