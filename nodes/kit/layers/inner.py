"""Layers inside wrapper layers: the settings of a layer node as a group of settings of another node."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal, TypeVar

from pydantic import ValidationError, create_model

from nodes.base import NodeError, Settings
from nodes.declaration.mistakes import in_one_line
from nodes.kit.layers.base import Layer
from nodes.kit.layers.kinds import stored_class

L = TypeVar("L", bound=Layer)


def settings_of(cls: type[Layer], wrapper: str, without: Collection[str] = ()) -> type[Settings]:
    """Return a group of settings with those of a layer node that it has inside of another one.

    Args:
        cls: The layer node.
        wrapper: What the group's name begins with.
        without: Settings that the wrapper has itself; its number type is always among them.
    """
    cls.model_rebuild()
    left_out = {"dtype", *without}
    fields: dict[str, Any] = {
        name: (info.annotation, info)
        for name, info in cls.model_fields.items()
        if name in cls.settings_inside() and name not in left_out
    }
    kind: Any = Literal[cls.kind]
    made: type[Settings] = create_model(
        f"{wrapper}{cls.kind}", __base__=Settings, __module__=__name__, __doc__=cls.description(), kind=(kind, cls.kind), **fields
    )
    return made


def node_of(group: Settings, kinds: Mapping[str, type[L]], more: Mapping[str, Any]) -> L:
    """Return the layer node that a group of `settings_of` means, with what the wrapper says. ValidationError if they clash."""
    values = dict(group)
    return kinds[values.pop("kind")].model_validate({**values, **more})


def check_node(group: Settings | None, kinds: Mapping[str, type[Layer]], setting: str) -> None:
    """Raise ValueError if the settings of a group do not go together; for a node's validator."""
    if group is not None:
        try:
            node_of(group, kinds, {})
        except ValidationError as error:
            wrong = in_one_line(kinds[str(dict(group)["kind"])], dict(group), error)
            raise ValueError(f"{setting}: {wrong}") from error


def read_inner(entry: Any, kinds: Mapping[str, type[L]], wrapper: str) -> L:
    """Return the node of the layer inside a wrapper, as Keras serializes it.

    Raises:
        NodeError: If the wrapper does not go around such layers.
    """
    if not isinstance(entry, Mapping) or not isinstance(entry.get("config"), Mapping):
        raise NodeError(f"The layer inside {wrapper} is not as Keras writes it.", "Save the network again.")
    config = entry["config"]
    name = str(config.get("name") or f"inside {wrapper}")
    cls = stored_class(entry, name)
    if kinds.get(cls.kind) is not cls:
        raise NodeError(
            f"{wrapper} is around a layer of the class '{cls.kind}', which its node does not offer.",
            f"It offers {', '.join(kinds)}.",
        )
    return kinds[cls.kind].from_config(config, name)


def as_group(node: Layer, groups: Mapping[str, type[Settings]]) -> dict[str, Any]:
    """Return the group of settings that means a node, as plain settings."""
    fields = groups[node.kind].model_fields
    return {"kind": node.kind, **{name: getattr(node, name) for name in fields if name != "kind"}}


def as_entry(node: Layer, channels_first: bool, **more: Any) -> dict[str, Any]:
    """Return a layer as Keras serializes it inside a wrapper."""
    config = {**node.to_config(channels_first), **more}
    return {"module": "keras.layers", "class_name": node.kind, "config": config, "registered_name": None}
