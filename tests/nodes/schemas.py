"""What the JSON schema of a node's settings allows: the tests that run over every node try it out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from nodes.declaration.declared import settings_of


@cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


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


def choices_of(leaf: dict[str, Any]) -> Sequence[Any]:
    """The values that are offered; none where any will do."""
    return leaf.get("enum", [leaf["const"]] if "const" in leaf else [])


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
    for declared in settings_of(cls):
        if declared.required:
            leaf, wrap = leaves_of(cls, declared.name)[0]
            settings[declared.name] = wrap(leaf["enum"][0] if "enum" in leaf else values[leaf["type"]])
    return settings
