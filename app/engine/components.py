"""Components in the engine: the class of their settings, the values that settings inside refer to, and files that hold some."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from app.document import variables
from app.document.component_ports import ComponentPort, ports_of
from app.document.file import load
from app.document.model import COMPONENT_INPUT, COMPONENT_OUTPUT, NodeRecord, Variable, Workflow, component_title
from app.document.problems import DocumentError, Problem
from app.document.relocation import relocated
from app.engine.fingerprints import glance
from nodes.base import Node, Port
from nodes.catalog import Catalog
from nodes.component import Component, ComponentSetting, can_be_setting, component_class
from nodes.values.variables import VariablesSpec


@dataclass(frozen=True)
class Scope:
    """What settings on one level can refer to.

    Attributes:
        values: Name -> value; a component's own variables hide those of the same names around it.
        missing: Variables without a value, since what was given is wrong -> the component that says so; empty: the workflow.
        late: Variables on a wire whose values only a run tells -> the node that gives them.
        wired: Variables on a wire -> the node that gives them.
    """

    values: Mapping[str, variables.Scalar] = field(default_factory=lambda: MappingProxyType({}))
    missing: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    late: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    wired: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def with_wired(self, spec: VariablesSpec | None, source: str, references: set[str]) -> Scope:
        """Return what settings can refer to if variables are wired to their node.

        Args:
            spec: What is known of these; None: not even their names.
            source: The node that gives them.
            references: The names that the settings refer to; all others do not matter.
        """
        given = references if spec is None else references & spec.types.keys()
        known = {} if spec is None else {name: spec.values[name] for name in given if name in spec.values}
        return Scope(
            {**self.values, **known},
            {n: where for n, where in self.missing.items() if n not in given},
            dict.fromkeys(sorted(given - known.keys()), source),
            dict.fromkeys(sorted(given), source),
        )


def class_of(record: NodeRecord, inside: Workflow) -> type[Component]:
    """Return the class of a component with this workflow inside: its ports, and its variables as settings."""
    inputs, outputs = (ports_of(inside, boundary) for boundary in (COMPONENT_INPUT, COMPONENT_OUTPUT))
    settings = tuple(_setting(variable) for variable in inside.variables if can_be_setting(variable.name))
    return component_class(inside.name or component_title(record), _ports(inputs), _ports(outputs), settings)


def scope_inside(
    outer: Scope, component: str, node: Node | None, inside: Workflow, *, folder: Path, start: Path
) -> tuple[Scope, list[Problem]]:
    """Return what settings inside a component can refer to, and what is wrong with paths and defaults that it is given.

    Args:
        outer: What settings beside the component can refer to.
        component: Its id.
        node: Its settings; None if they are wrong.
        inside: The workflow in it.
        folder: The workflow file's folder.
        start: The folder the program was started in.
    """
    if not inside.variables:
        return outer, []
    values, missing = dict(outer.values), dict(outer.missing)
    defaults, wrong = variables.values_of(inside.variables, {}, folder=folder, start=start)
    problems = [Problem(problem.message, f"{problem.remedy} It is declared inside.", node=component) for problem in wrong]
    for variable in inside.variables:
        name = variable.name
        values.pop(name, None)
        missing.pop(name, None)
        found: variables.Scalar | Problem | None = defaults.get(name)
        if not can_be_setting(name):
            message = f"The component's variable '{name}' cannot be a setting: every node has something of that name."
            problems.append(Problem(message, "Rename the variable inside.", node=component))
        elif node is None:
            found = None
        elif name in node.model_fields_set:
            found = getattr(node, name)
            if variable.type == "path":
                found = variables.absolute(name, str(found), folder)
        if isinstance(found, Problem):
            problems.append(Problem(found.message, found.remedy, node=component, setting=name))
            found = None
        if found is None:
            missing[name] = component
        else:
            values[name] = found
    return Scope(values, missing), problems


class ComponentFiles:
    """Reads the files that components point to, and keeps what it has read as long as they are the same.

    Args:
        catalog: The node classes, which know what of their settings are paths.
        folder: The workflow file's folder.
    """

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self._catalog = catalog
        self._folder = folder
        self._read: dict[str, tuple[str, Workflow | DocumentError]] = {}

    def read(self, file: str) -> Workflow:
        """Return the workflow in a file, its paths as seen from the workflow's folder.

        Raises:
            DocumentError: If it cannot be read, or is no workflow.
        """
        name = posixpath.normpath(file)
        path = (self._folder / name).resolve()
        seen = glance(path)
        known = self._read.get(name)
        if known is None or known[0] != seen:
            known = self._read[name] = seen, self._load(path)
        if isinstance(known[1], DocumentError):
            raise known[1]
        return known[1]

    def is_outdated(self) -> bool:
        """Return whether one of the files has changed since it was read."""
        return any(glance((self._folder / name).resolve()) != seen for name, (seen, _) in self._read.items())

    def _load(self, path: Path) -> Workflow | DocumentError:
        try:
            return relocated(load(path), self._catalog, path.parent, self._folder)
        except DocumentError as error:
            return DocumentError(f"The component cannot be read: {error.message}", error.remedy)


def _setting(variable: Variable) -> ComponentSetting:
    default = variable.value
    minimum, maximum = (
        int(bound) if variable.type == "integer" and bound is not None and bound.is_integer() else bound
        for bound in (variable.minimum, variable.maximum)
    )
    with suppress(ValueError):  # `scope_inside` says what is wrong with it
        default = variables.typed(default, variable.type)
    return ComponentSetting(
        name=variable.name,
        type=variable.type,
        default=tuple(default) if isinstance(default, list) else default,
        label=variable.label,
        help=variable.description,
        group=variable.group,
        minimum=minimum,
        maximum=maximum,
        choices=tuple(variable.choices),
        port=variable.port,
        accepts=tuple(variable.accepts),
    )


def _ports(ports: Sequence[ComponentPort]) -> tuple[Port, ...]:
    return tuple(Port(port.name, port.kind, port.title, port.help, port.optional) for port in ports)  # type: ignore[arg-type]
