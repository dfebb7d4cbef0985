"""Reading what node classes and groups of settings declare: once per class, for all who show, check or store settings.

The dialog, the help of a node, the reference, the report, the search and the tests read declarations here, and nowhere
else is pydantic asked for them. Nothing here knows of Qt.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python

from nodes.declaration.setting import MISSING, Missing, SettingInfo, info_of
from nodes.declaration.shapes import Choice, Maybe, Number, Shape, groups_in, shape_of

__all__ = [
    "MISSING", "Declared", "Missing", "constants_of", "groups_of", "has_advanced", "kind_name", "same", "settings_by_name",
    "settings_of", "sparse",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Declared(SettingInfo):
    """One setting of a node or of a group: what `setting()` was told of it, and what its field says.

    Attributes:
        name: As files store it.
        shape: What it holds.
        default: Its value where a file says nothing, as JSON, itself without what is default in it; MISSING where it must be set.
        initial: The same as Python has it, as an attribute of a node.
    """

    name: str
    shape: Shape
    default: Any
    initial: Any

    @property
    def required(self) -> bool:
        """Whether there is no default."""
        return self.default is MISSING

    @property
    def initially(self) -> Any:
        """What it is in a node that a person adds: the starting value, else the default."""
        return self.default if self.start is MISSING else self.start

    @property
    def is_settled(self) -> bool:
        """Whether there is only one value that it can have, so that there is nothing to choose."""
        return isinstance(self.shape, Choice) and len(self.shape.options) == 1

    @property
    def is_seed(self) -> bool:
        """Whether it starts random numbers, so that a new one can be drawn."""
        inner = self.shape.inner if isinstance(self.shape, Maybe) else self.shape
        return isinstance(inner, Number) and inner.whole and (self.name == "seed" or self.name.endswith("_seed"))


@cache
def settings_of(model: type[BaseModel]) -> tuple[Declared, ...]:
    """Return the settings of a node class or group, in their order; constants that only tell groups apart are none."""
    model.model_rebuild()
    return tuple(_declared(name, info) for name, info in model.model_fields.items() if not _is_constant(info))


@cache
def settings_by_name(model: type[BaseModel]) -> Mapping[str, Declared]:
    """Return the settings of a node class or group by their names."""
    return {declared.name: declared for declared in settings_of(model)}


@cache
def constants_of(model: type[BaseModel]) -> Mapping[str, Any]:
    """Return the fields that can have one value only, as the `kind` of an optimizer, and that value."""
    return {name: get_args(info.annotation)[0] for name, info in model.model_fields.items() if _is_constant(info)}


def kind_name(model: type[BaseModel]) -> str:
    """Return what tells a group apart from others in its place, such as `Adam`; for one that stands alone, its class's name."""
    return str(constants_of(model).get("kind", model.__name__))


def groups_of(*models: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield node classes or groups and all groups of settings that they use, at any depth, each once."""
    waiting, seen = [*models], set[type[BaseModel]]()
    while waiting:
        model = waiting.pop(0)
        if model not in seen:
            seen.add(model)
            yield model
            for declared in settings_of(model):
                waiting += groups_in(declared.shape)


def _declared(name: str, field: FieldInfo) -> Declared:
    info = info_of(field)
    initial = field.get_default(call_default_factory=True, validated_data={})
    missing = initial is PydanticUndefined
    told = {**vars(info), "label": info.label or name.replace("_", " ").capitalize()}
    return Declared(
        **told,
        name=name,
        shape=shape_of(field.annotation, field.metadata),
        default=MISSING if missing else sparse(initial),
        initial=MISSING if missing else initial,
    )


def _is_constant(field: FieldInfo) -> bool:
    """Return whether a field only tells a group apart: it can have one value, and nobody called it a setting."""
    return get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1 and not info_of(field).label


def sparse(value: Any) -> Any:
    """Return a value of a setting as JSON, with nothing in it that is a default; groups keep what tells them apart."""
    if isinstance(value, BaseModel):
        content = {}
        for name, field in type(value).model_fields.items():
            held = getattr(value, name)
            default = field.get_default(call_default_factory=True, validated_data={})
            if _is_constant(field) or field.is_required() or held != default:
                content[name] = sparse(held)
        return content
    if isinstance(value, list | tuple):
        return [sparse(item) for item in value]
    if isinstance(value, dict):
        return {str(k): sparse(v) for k, v in value.items()}
    return to_jsonable_python(value, fallback=str)


def same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are the same; 1, 1.0 and true are three."""
    if one is MISSING or other is MISSING:
        return one is other
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)


@cache
def has_advanced(model: type[BaseModel]) -> bool:
    """Return whether a class, or a group that it uses, has advanced settings."""
    return any(declared.advanced for group in groups_of(model) for declared in settings_of(group))
