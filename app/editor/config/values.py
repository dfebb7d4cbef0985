"""Values of settings, without a dialog: one to begin with, what a variable may stand for, how a number is written and read.

Nothing here knows of Qt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodes.declaration.declared import settings_of
from nodes.declaration.shapes import Choice, Fixed, Flag, Group, Mapped, Maybe, Number, OneOf, Scalar, Series, Shape, Text


def blank(shape: Shape, tag: tuple[str, str] | None = None) -> Any:
    """Return a value to begin with where there is no default: valid where that can be, else empty.

    Args:
        shape: What it is for.
        tag: For a group that is told apart by a field: that field and its value.
    """
    made: Any = None
    match shape:
        case Number():
            made = _blank_number(shape)
        case Flag():
            made = False
        case Fixed(items):
            made = [blank(item) for item in items]
        case Series():
            made = []
        case Mapped():
            made = {}
        case Group(model):
            needed = {d.name: blank(d.shape) for d in settings_of(model) if d.required and not (tag and d.name == tag[0])}
            made = ({tag[0]: tag[1]} if tag else {}) | {name: value for name, value in needed.items() if value is not None}
        case OneOf(alternatives):
            made = blank(alternatives[0].shape, alternatives[0].tag)
    return made


def _blank_number(shape: Number) -> Any:
    for value in (1, 0, shape.least, shape.most, shape.above, shape.below):
        if value is not None and shape.within(value):
            return int(value) if shape.whole else float(value)
    middle = ((shape.above or 0.0) + (shape.below or 1.0)) / 2
    return int(middle) if shape.whole else middle


def fits_variable(shape: Shape, kind: str, value: Any) -> bool:
    """Return whether a workflow variable of a type (`integer`) and value may stand for a setting of this shape."""
    if isinstance(shape, Maybe):
        return fits_variable(shape.inner, kind, value)
    if isinstance(shape, OneOf):
        return any(fits_variable(a.shape, kind, value) for a in shape.alternatives if not isinstance(a.shape, Group))
    if isinstance(shape, Number):
        return kind == "integer" or (kind == "number" and not shape.whole)
    if isinstance(shape, Choice):
        return value in shape.options
    if isinstance(shape, Text):
        return kind in ("text", "path")
    wanted: Mapping[type, tuple[str, ...]] = {Flag: ("boolean",), Scalar: ("integer", "number", "text")}
    return kind in wanted.get(type(shape), ())


def variable_type(shape: Shape, path: bool = False) -> str | None:
    """Return the type of a workflow variable made for a setting of this shape; None where no variable can hold it."""
    if isinstance(shape, Maybe):
        return variable_type(shape.inner, path)
    if isinstance(shape, OneOf):
        return next((found for a in shape.alternatives if (found := variable_type(a.shape)) is not None), None)
    if isinstance(shape, Number):
        return "integer" if shape.whole else "number"
    if isinstance(shape, Flag):
        return "boolean"
    if isinstance(shape, Text | Scalar | Choice):
        return "path" if path else "text"
    return None
