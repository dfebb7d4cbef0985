"""Nodes whose settings are known only once others have run: bound to variables on a wire whose values a run gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from app.document import variables
from app.document.model import NodeRecord
from app.engine.instantiation import instantiate
from nodes.base import VARIABLES, Node, NodeError, Spec
from nodes.values.variables import Variables, VariablesSpec


@dataclass(frozen=True)
class Late:
    """A node that cannot be made before it is its turn.

    Attributes:
        record: What the file says of it.
        node_class: Its class.
        values: What its settings can refer to besides the variables that are wired to it.
        names: The variables that they refer to and that are not known yet.
        source: The node that gives them.
    """

    record: NodeRecord
    node_class: type[Node]
    values: Mapping[str, variables.Scalar]
    names: tuple[str, ...]
    source: str

    def node(self, wired: Variables) -> Node:
        """Return the node as it is with these variables.

        Raises:
            NodeError: If its settings are wrong with them.
        """
        made, problems = instantiate(self.record, self.node_class, {**self.values, **wired.values})
        first = next((problem for problem in problems if problem.severity == "error"), None)
        if made is None or first is not None:
            text = first.message if first else "Its settings are wrong."
            told = ", ".join(f"{name} = {wired.values[name]!r}" for name in self.names if name in wired.values)
            raise NodeError(
                f"{text} ({told})" if told else text, first.remedy if first else "", setting=first.setting if first else None
            )
        return made


KnownVariables = Callable[[str, str], Variables | None]
"""Gives what a node's output port gives, if a run has told it; None if that is not known."""


def nothing_known(node: str, port: str) -> Variables | None:
    """Return None: before a run nothing is known that only a run tells."""
    return None


def references_of(record: NodeRecord) -> set[str]:
    """Return the names that a node's settings refer to."""
    return variables.references(record.settings)


def known_spec(spec: Spec | None, told: Variables | None) -> VariablesSpec | None:
    """Return what is known of variables on a wire, from what was promised and what a run has told; None: not even their names."""
    if told is not None:
        return told.spec
    return spec if isinstance(spec, VariablesSpec) else None


@cache
def unknown_specs(node_class: type[Node]) -> Mapping[str, Spec | None]:
    """Return the specs of a node of which nothing is known yet: the same object for all of a class."""
    return MappingProxyType({port.name: None for port in node_class.output_ports})


def counts_for_results(node_class: type[Node], port: str) -> bool:
    """Return whether what is wired to a port is part of the result.

    Variables that only give values to settings are not: the settings with their values are.
    """
    return port != VARIABLES or any(declared.matches(port) for declared in node_class.input_ports)
