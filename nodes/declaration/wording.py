"""Declarations in words: what values a setting takes, and a value as one reads it. The help and the messages say it alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from nodes.declaration.declared import Declared, kind_name
from nodes.declaration.shapes import Choice, Fixed, Flag, Group, Mapped, Maybe, Number, OneOf, Scalar, Series, Shape, Text

_LARGE = 1e6
"""Broken numbers from here on are written with a power of ten."""


def words_for(shape: Shape) -> str:
    """Return what a setting takes, in words: `whole number from 1`, `valid or same`, `2 × number above 0`."""
    match shape:
        case Maybe(inner):
            said = f"{words_for(inner)}, or empty"
        case Number():
            said = ("whole number" if shape.whole else "number") + _range(shape)
        case Flag():
            said = "yes or no"
        case Choice(options):
            said = one_of([shown(option) for option in options])
        case Text():
            said = "text" + _length(shape)
        case Scalar(kinds):
            said = " or ".join(dict.fromkeys(words_for(kind) for kind in kinds))
        case OneOf(alternatives):
            said = " or ".join(dict.fromkeys(words_for(alternative.shape) for alternative in alternatives))
        case Fixed(items):
            said = f"{len(items)} × {words_for(items[0])}"
        case Series(item):
            said = f"list of: {words_for(item)}"
        case Mapped(value):
            said = f"{words_for(value)} by name"
        case Group(model):
            said = kind_name(model)
        case _:
            said = "value"
    return said


def _range(number: Number) -> str:
    words = ""
    for word, bound in (("from", number.least), ("above", number.above), ("to", number.most), ("below", number.below)):
        words += f" {word} {shown(bound)}" if bound is not None else ""
    return words


def _length(text: Text) -> str:
    """Return how many characters a text has."""
    if text.shortest == text.longest:
        limits = [f"of {text.shortest}"]
    else:
        limits = ([f"of at least {text.shortest}"] if text.shortest else []) + (
            [f"of at most {text.longest}"] if text.longest is not None else []
        )
    return f" {' and '.join(limits)} character{'' if limits[-1].endswith(' 1') else 's'}" if limits else ""


def shown_start(declared: Declared) -> str:
    """Return what a setting is in a node that a person adds, as one reads it."""
    shape = declared.shape.inner if isinstance(declared.shape, Maybe) else declared.shape
    value = declared.initially
    if isinstance(value, dict):
        more = [f"{name.replace('_', ' ')} {shown(part)}" for name, part in value.items() if name != "kind"]
        return " ".join((str(value.get("kind", "")), f"({', '.join(more)})" if more else "")).strip()
    return shown(tuple(value) if isinstance(value, list) and isinstance(shape, Fixed) else value)


def one_of(words: Sequence[str]) -> str:
    """Return `a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def shown(value: Any) -> str:
    """Return a setting's value as one reads it: `2 × 2`, `on`, `Adam`, `empty`."""
    if value is None or value == "" or value in ([], {}, ()):
        return "empty"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, BaseModel):
        return kind_name(type(value))
    if isinstance(value, tuple | list):
        return (" × " if isinstance(value, tuple) else ", ").join(shown(v) for v in value)
    if isinstance(value, float) and abs(value) >= _LARGE:
        return f"{value:g}".replace("e+", "e")
    first, *more = str(value).splitlines()
    return f"{first} …" if more else first
