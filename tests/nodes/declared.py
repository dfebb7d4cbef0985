"""What a node class declares, as the tests that run over every node look into it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from nodes.base import Settings


def types_in(annotation: Any) -> Iterator[Any]:
    """An annotation and all that it is made of."""
    yield annotation
    for inner in get_args(annotation):
        yield from types_in(inner)


def models_of(*classes: type[BaseModel]) -> list[type[BaseModel]]:
    """Node classes and the groups of settings that they use, at any depth, each once."""
    found: list[type[BaseModel]] = []
    waiting: list[type[BaseModel]] = [*classes]
    while waiting:
        model = waiting.pop()
        if model in found:
            continue
        found.append(model)
        model.model_rebuild()
        for info in model.model_fields.values():
            waiting += [t for t in types_in(info.annotation) if isinstance(t, type) and issubclass(t, Settings)]
    return found


@cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def settings_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The settings by name; the constant `kind` that tells groups apart is none."""
    return {name: info for name, info in model.model_fields.items() if "const" not in schema_of(model)["properties"][name]}


def extra(info: FieldInfo) -> dict[str, Any]:
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}


Wrap = Callable[[Any], Any]


def leaves(schema: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Wrap]]:
    """The single values that a setting is made of, and how to make a setting of one: `2` -> `[2, 2]` for a pair."""
    for option in schema.get("anyOf", ()):
        yield from leaves(option)
    if schema.get("type") == "array":
        elements = schema.get("prefixItems") or [schema.get("items", {})]
        count = max(schema.get("minItems", 1), 1)
        for leaf, wrap in leaves(elements[0]):
            yield leaf, lambda value, wrap=wrap: [wrap(value)] * count
    elif "anyOf" not in schema:
        yield schema, lambda value: value


def leaves_of(model: type[BaseModel], name: str) -> list[tuple[dict[str, Any], Wrap]]:
    return list(leaves(schema_of(model)["properties"][name]))


def errors_at(model: type[BaseModel], name: str, value: Any) -> list[str]:
    """What is wrong with one setting's value, whatever the others are."""
    try:
        model.model_validate({name: value})
    except ValidationError as error:
        return [e["msg"] for e in error.errors() if e["loc"][:1] == (name,)]
    return []


def ends(leaf: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """(the last value allowed, the first one beyond) for each bound of a number."""
    whole = leaf.get("type") == "integer"
    for inclusive, exclusive, direction in (("minimum", "exclusiveMinimum", -1), ("maximum", "exclusiveMaximum", 1)):
        if inclusive in leaf:
            end = leaf[inclusive]
            yield end, end + direction if whole else math.nextafter(end, direction * math.inf)
        if exclusive in leaf:
            beyond = leaf[exclusive]
            yield beyond - direction if whole else math.nextafter(beyond, -direction * math.inf), beyond


def required(cls: type[BaseModel]) -> dict[str, Any]:
    """A value for every setting that has no default. Where a new kind of setting makes this fail, teach it that kind."""
    values = {"string": "text", "integer": 1, "number": 1.0, "boolean": True}
    settings = {}
    for name, info in cls.model_fields.items():
        if info.is_required():
            leaf, wrap = leaves_of(cls, name)[0]
            settings[name] = wrap(leaf["enum"][0] if "enum" in leaf else values[leaf["type"]])
    return settings
