"""The class of a component's record: made for each component, so that its settings are declared, checked and shown like others'.

What is inside a component runs by itself; its record only has settings, which are the variables of what is inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting

SettingType = Literal["text", "integer", "number", "boolean", "path", "choice", "column", "columns"]
_PYTHON: Mapping[str, Any] = {"integer": int, "number": float, "boolean": bool, "columns": list[str]}


class Component(Node):
    """Several nodes that are one node for those who use it."""

    id = "flow.component"
    title = "Component"
    shelf = "Flow"
    icon = "mdi6.package-variant-closed"
    keywords = ("metanode", "subgraph", "subflow", "group", "wrapped")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Nothing: the nodes inside say what comes out."""
        return {}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Refuse: the nodes inside do the work."""
        raise NodeError("A component does not run by itself.", "Run what is inside.")


@dataclass(frozen=True)
class ComponentSetting:
    """A setting of a component, as its variable declares it.

    Attributes:
        name: The variable's.
        type: What it can be.
        default: Its value unless the component says otherwise.
        label: What the person reads.
        help: What it does.
        group: The page of the dialog.
        minimum: The smallest number.
        maximum: The largest number.
        choices: What a choice can be.
        port: For columns: the input whose table offers them; empty: the first one of a table.
        accepts: For columns: of which kinds.
    """

    name: str
    type: SettingType
    default: Any
    label: str = ""
    help: str = ""
    group: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    port: str = ""
    accepts: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def component_class(
    title: str, inputs: tuple[Port, ...] = (), outputs: tuple[Port, ...] = (), settings: tuple[ComponentSetting, ...] = ()
) -> type[Component]:
    """Return the class of components that are called so, and have these ports and settings; the same for the same.

    Raises:
        NameError: If a setting cannot be called so (`can_be_setting`).
    """
    content: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": Component.__doc__,
        "title": title,
        "input_ports": inputs,
        "output_ports": outputs,
        "__annotations__": {},
    }
    for declared in settings:
        content["__annotations__"][declared.name] = _annotation(declared)
        content[declared.name] = _field(declared)
    metaclass = cast(Any, type(Component))
    return cast(type[Component], metaclass("Component", (Component,), content))


def can_be_setting(name: str) -> bool:
    """Return whether a setting can be called so; names that mean something in every node cannot."""
    return not name.startswith("_") and not name.startswith("model_") and not hasattr(Component, name)


def _annotation(declared: ComponentSetting) -> Any:
    if declared.type == "choice" and declared.choices:
        return Literal[declared.choices]
    return _PYTHON.get(declared.type, str)


def _field(declared: ComponentSetting) -> Any:
    bounds: dict[str, Any] = {}
    if declared.type in ("integer", "number"):
        bounds = {"ge": declared.minimum, "le": declared.maximum}
    columns = Columns(declared.port, declared.accepts) if declared.type in ("column", "columns") else None
    default = list(declared.default) if isinstance(declared.default, tuple) else declared.default
    label = declared.label or declared.name.replace("_", " ").capitalize()
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    return setting(default, label, declared.help, group=declared.group or "Settings", columns=columns, **given)
