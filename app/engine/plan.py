"""A plan: a workflow made ready to run, or to be shown: nodes with checked settings, specs on the edges, all problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from app.document.graph import Wiring
from app.document.model import NodeRecord, Workflow
from app.document.problems import Problem
from app.document.variables import Scalar
from app.engine.configuration import NOTHING
from app.engine.fingerprints import Fingerprints, file_sets
from app.engine.keys import result_key
from app.engine.late import Late, counts_for_results
from app.engine.permissions import Wish
from app.engine.trust import Trust
from nodes.base import Failure, Node, Spec
from nodes.file_sets import FileSet

_NO_SCRIPTS: Mapping[str, str] = MappingProxyType({})
_NO_WISHES: Mapping[str, Wish] = MappingProxyType({})


@dataclass
class PlannedNode:
    """One node of a plan.

    Attributes:
        id: Its id in the workflow.
        title: What the person calls it.
        node: The node with its settings; None if its type or its settings are wrong.
        inputs: Input port -> (node, output port) that feeds it.
        specs: Output port -> what will come out; None where it is not known before running. Empty if not configured.
        problems: What is wrong with it.
        blocked_by: The first node above it that is not configured, if this one therefore is not either.
        untrusted: Its scripts that may not run before the person trusts them: setting -> source. It is not ready then.
        wishes: Where it may not write before the person allows it: place -> wish. It is not ready then.
        path: What people call it: its id, in a component with that in front (`clean/missing`).
        component: The component that it is in; empty if in none.
        record: What its file says of it; None in plans that were not made of a workflow.
        late: How it is made once others have run, where its settings are not known before; None: they are, or are wrong.
    """

    id: str
    title: str
    node: Node | None
    inputs: dict[str, tuple[str, str]] = field(default_factory=dict)
    specs: Mapping[str, Spec | None] = field(default_factory=lambda: NOTHING)
    problems: list[Problem] = field(default_factory=list)
    blocked_by: str | None = None
    untrusted: Mapping[str, str] = field(default_factory=lambda: _NO_SCRIPTS)
    wishes: Mapping[str, Wish] = field(default_factory=lambda: _NO_WISHES)
    path: str = ""
    component: str = ""
    record: NodeRecord | None = None
    late: Late | None = None

    def __post_init__(self) -> None:
        self.path = self.path or self.id

    @property
    def sources(self) -> set[str]:
        """The nodes that feed it directly."""
        return {source for source, _ in self.inputs.values()}

    @property
    def ready(self) -> bool:
        """Whether it can run, as far as can be seen before."""
        if (self.node is None and self.late is None) or self.blocked_by is not None:
            return False
        return not self.problems or all(p.severity != "error" for p in self.problems)

    @property
    def node_class(self) -> type[Node] | None:
        """Its class; None if that is not known, or its settings are wrong."""
        if self.late is not None:
            return self.late.node_class
        return None if self.node is None else type(self.node)

    def is_same(self, other: PlannedNode) -> bool:
        """Return whether it is what another one is; of equal nodes and specs only those that are shared count as the same."""
        return (
            self.node is other.node
            and self.specs is other.specs
            and self.title == other.title
            and self.inputs == other.inputs
            and self.problems == other.problems
            and self.blocked_by == other.blocked_by
            and self.untrusted == other.untrusted
            and self.wishes == other.wishes
            and self.path == other.path
            and self.component == other.component
            and self.record is other.record
            and self.late == other.late
        )


@dataclass
class PlannedComponent:
    """One component of a plan. It does not run: what is inside does.

    Attributes:
        id: Its id in the workflow.
        path: What people call it.
        title: What the person calls it.
        component: The component that it is in; empty if in none.
        record: What its file says of it.
        workflow: What is in it.
        node: Its settings; None if they are wrong.
        nodes: The nodes in it, at any depth.
        inputs: Input port -> (node, output port) outside that feeds it.
        outputs: Output port -> (node, output port) inside that it gives.
        problems: What is wrong with it, and with its ports.
        values: What settings inside can refer to.
    """

    id: str
    path: str
    title: str
    component: str
    record: NodeRecord
    workflow: Workflow
    node: Node | None = None
    nodes: list[str] = field(default_factory=list)
    inputs: dict[str, tuple[str, str]] = field(default_factory=dict)
    outputs: dict[str, tuple[str, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    values: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass
class Plan:
    """A workflow made ready.

    Attributes:
        nodes: By id, in topological order; nodes of a circle come last.
        wiring: How they are wired.
        folder: Against which nodes resolve relative paths.
        general: Problems that belong to no node.
        variables: The workflow variables' values.
        trust: Which scripts may run.
        components: By id, each before those in it. Their nodes are among `nodes`.
        bypassed: The nodes that are left out, at whatever depth; they are not among `nodes`.
    """

    nodes: dict[str, PlannedNode]
    wiring: Wiring
    folder: Path
    general: list[Problem] = field(default_factory=list)
    variables: Mapping[str, Scalar] = field(default_factory=dict)
    trust: Trust = field(default_factory=Trust)
    components: dict[str, PlannedComponent] = field(default_factory=dict)
    bypassed: Set[str] = frozenset()

    @property
    def problems(self) -> list[Problem]:
        """All problems: first the general ones, then those of components, then in topological order."""
        return [*self.general, *(p for part in self._parts() for p in part.problems)]

    def concerning(self, nodes: Iterable[str]) -> list[Problem]:
        """Return the problems that matter for nodes: the general ones, those of components they are in, and their own."""
        wanted = list(nodes)
        around = {c for node_id in wanted for c in self.around(node_id)}
        components = (p for c, component in self.components.items() if c in around for p in component.problems)
        return [*self.general, *components, *(p for node_id in wanted for p in self.nodes[node_id].problems)]

    def around(self, node_id: str) -> Iterator[str]:
        """Yield the components that a node or component is in, the innermost first."""
        part: PlannedNode | PlannedComponent = self.nodes.get(node_id) or self.components[node_id]
        while part.component:
            yield part.component
            part = self.components[part.component]

    def nodes_of(self, ids: Iterable[str]) -> list[str]:
        """Return the nodes that these ids mean: themselves, of components all nodes inside, of ports what they pass on.

        What is not there is left out.
        """
        found: dict[str, None] = {}
        for node_id in ids:
            if node_id in self.components:
                found |= dict.fromkeys(self.components[node_id].nodes)
            else:
                source = self.wiring.passes[node_id][0] if node_id in self.wiring.passes else node_id
                found |= {source: None} if source in self.nodes else {}
        return list(found)

    def showing(self, nodes: Iterable[str]) -> set[str]:
        """Return these nodes, the components they are in, and the ports that pass on what they give."""
        found = set(nodes)
        shown = set(found)
        for node_id in found:
            shown.update(self._passing.get(node_id, ()))
            if node_id in self.nodes or node_id in self.components:
                shown.update(self.around(node_id))
        return shown

    @cached_property
    def _passing(self) -> Mapping[str, Sequence[str]]:
        """Node -> the ports that pass on what it gives."""
        found: dict[str, list[str]] = {}
        for port, (source, _) in self.wiring.passes.items():
            found.setdefault(source, []).append(port)
        return found

    def source_of(self, node_id: str, port: str) -> tuple[str, str]:
        """Return the node and output port behind a component's output, or behind a port of one; else what was given."""
        component = self.components.get(node_id)
        if component is not None:
            return component.outputs.get(port, (node_id, port))
        return self.wiring.passes.get(node_id, (node_id, port))

    def named(self, name: str) -> list[str]:
        """Return the nodes that a person means by a path or an id; none if there is no such node."""
        by_path = {part.path: part.id for part in self._parts()}
        return self.nodes_of([by_path.get(name, name)])

    def paths(self) -> list[str]:
        """Return what people call the nodes and components."""
        return [part.path for part in self._parts()]

    def _parts(self) -> Iterator[PlannedNode | PlannedComponent]:
        yield from self.components.values()
        yield from self.nodes.values()

    def values_for(self, node_id: str) -> Mapping[str, Scalar]:
        """Return what the settings of a node or component can refer to."""
        part = self.nodes.get(node_id) or self.components[node_id]
        return self.components[part.component].values if part.component else self.variables

    @property
    def errors(self) -> list[Problem]:
        """The problems that keep something from running."""
        return [p for p in self.problems if p.severity == "error"]

    def needed_for(self, targets: Sequence[str]) -> list[str]:
        """Return the targets and all nodes above them, in topological order."""
        wanted = self.wiring.upstream(targets)
        return [node_id for node_id in self.nodes if node_id in wanted]

    def keys(self, fingerprints: Fingerprints, run: str, nonce_of: NonceOf | None = None) -> dict[str, str]:
        """Return the key of every ready node's result that is known before the run (`app.engine.keys`).

        Args:
            fingerprints: Of the files that nodes read.
            run: The run's id; it stands in the keys of nodes that are not reproducible.
            nonce_of: What stands there instead, where such a result is to outlive its run.
        """
        keys: dict[str, str] = {}
        for planned in self.nodes.values():
            key = key_of(planned, keys, self.folder, fingerprints.of, nonce_of or (lambda _: run))
            if key is not None:
                keys[planned.id] = key
        return keys


@dataclass(frozen=True)
class Arrived:
    """What is at a node's inputs in a run.

    Attributes:
        inputs: Input port -> (node, output port), of those that have something, and that the node will look at.
        failures: Input port -> what failed there, of those that the node takes failures at.
    """

    inputs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    failures: Mapping[str, Failure] = field(default_factory=dict)


def key_of(
    planned: PlannedNode,
    keys: Mapping[str, str],
    folder: Path,
    fingerprint: Callable[[FileSet], str | None],
    nonce_of: NonceOf,
    *,
    arrived: Arrived | None = None,
) -> str | None:
    """Return the key of one node's result; None where it cannot be known (yet).

    Args:
        planned: The node.
        keys: Those of the nodes above it.
        folder: Against which paths are resolved.
        fingerprint: Of what the node reads; None where it is not known yet.
        nonce_of: See `NonceOf`.
        arrived: What is at its inputs, where that is not just what is wired to them; a node that goes on although something is
            lacking has no key before that is known.
    """
    node = planned.node
    if not planned.ready or node is None or (arrived is None and any(port.lacking for port in node.input_ports)):
        return None
    arrived = arrived or Arrived(planned.inputs)
    counted = {port: source for port, source in arrived.inputs.items() if counts_for_results(type(node), port)}
    if any(source not in keys for source, _ in counted.values()):
        return None
    inputs = {port: (keys[source], out) for port, (source, out) in counted.items()}
    inputs |= {port: (repr(failure), "failed") for port, failure in arrived.failures.items()}
    files: dict[str, str] = {}
    for name, files_read in file_sets(node, folder).items() if node.read_paths() else ():
        found = fingerprint(files_read)
        if found is None:
            return None
        files[name] = found
    if node.reproducible:
        return result_key(node, planned.id, inputs, files, "")
    return result_key(node, planned.id, inputs, files, nonce_of(result_key(node, planned.id, inputs, files, f"of {planned.id}")))


NonceOf = Callable[[str], str]
"""Gives what stands for chance in the key of a node that is not reproducible: of a hash of the node, its inputs and its files."""
