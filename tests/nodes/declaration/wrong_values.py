"""Values that do not do for a setting, for every setting of a class and inside of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from nodes.declaration.declared import settings_of
from nodes.declaration.shapes import Choice, Fixed, Flag, Group, Mapped, Maybe, Number, OneOf, Scalar, Series, Shape, Text

DEEPEST = 4
"""Settings that are inside more groups than this are left out: wrappers of layers hold layers."""


@dataclass(frozen=True)
class WrongValue:
    """Settings with one wrong value.

    Attributes:
        settings: As a file would hold them.
        place: Where the wrong value is.
        labels: What the dialog calls the settings on the way there.
        value: The wrong value.
    """

    settings: dict[str, Any]
    place: tuple[str | int, ...]
    labels: tuple[str, ...]
    value: Any


def wrong_values(model: type[BaseModel], depth: int = 0) -> Iterator[WrongValue]:
    """Yield settings of a class with one wrong value each."""
    if depth <= DEEPEST:
        for declared in settings_of(model):
            for value, place, labels in _wrong(declared.shape, depth):
                yield WrongValue({declared.name: value[0]}, (declared.name, *place), (declared.label, *labels), value[1])


Found = tuple[tuple[Any, Any], tuple[str | int, ...], tuple[str, ...]]
"""((what the setting holds, the wrong value in it), its place in there, the labels on the way)."""


def _wrong(shape: Shape, depth: int) -> Iterator[Found]:
    for value in _alone(shape):
        yield (value, value), (), ()
    match shape:
        case Maybe(inner):
            yield from _wrong(inner, depth)
        case Group(model):
            for wrong in wrong_values(model, depth + 1):
                yield (wrong.settings, wrong.value), wrong.place, wrong.labels
        case OneOf(alternatives):
            for alternative in alternatives:
                tag = dict([alternative.tag]) if alternative.tag else {}
                for (held, value), place, labels in _wrong(alternative.shape, depth):
                    if place and place[0] not in tag:  # a value alone, or with another tag, might be of another alternative
                        yield ({**tag, **held} if isinstance(held, dict) else held, value), place, labels
        case Series(item):
            for (held, value), place, labels in _wrong(item, depth):
                yield ([held], value), (0, *place), labels
        case Fixed(items):
            for (held, value), place, labels in _wrong(items[0], depth):
                yield ([held] * len(items), value), (0, *place), labels
        case Mapped(item):
            for (held, value), place, labels in _wrong(item, depth):
                yield ({"one": held}, value), ("one", *place), ("one", *labels)


def _alone(shape: Shape) -> Iterator[Any]:
    """Values that are wrong by themselves."""
    match shape:
        case Number():
            yield from ("many", [[]], *_beyond(shape), *([2.5] if shape.whole else []))
        case Flag():
            yield from ("perhaps", [2])
        case Choice():
            yield from ("no such choice", [["x"]])
        case Text(longest):
            yield from (5, ["x"], *(["x" * (longest + 1)] if longest is not None else []), *([""] if shape.shortest else []))
        case Scalar():
            yield from ([[]], {"a": []})
        case Fixed() | Series() | Mapped() | Group():
            yield "no such value"
        case OneOf(alternatives) if all(a.tag for a in alternatives):
            yield from ("no such value", 5, {"kind": "no such kind"}, {})
        case OneOf():
            yield {"kind": "no such kind"}


def _beyond(shape: Number) -> Iterator[Any]:
    """Numbers just outside of the bounds."""
    if shape.least is not None:
        yield shape.least - 1 if shape.whole else math.nextafter(shape.least, -math.inf)
    if shape.most is not None:
        yield shape.most + 1 if shape.whole else math.nextafter(shape.most, math.inf)
    yield from (bound for bound in (shape.above, shape.below) if bound is not None)
