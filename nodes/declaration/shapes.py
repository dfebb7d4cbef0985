"""Shapes: what values a setting can have, read from the annotations of pydantic's fields.

A setting has a shape: a number within bounds, a choice, a list of something, a group with settings of its own, ... The
dialog has a control for every shape, the help has words for it, and so has the message for a value that does not fit.
What has no shape of its own is `Anything`, which is edited as JSON. Nothing here knows of Qt, nor of a single node.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

# ---------------------------------------------------------------------------------------------------------------- shapes


@dataclass(frozen=True)
class Number:
    """A number. `whole` ones are integers; the bounds are inclusive unless they are `above` and `below`."""

    whole: bool
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None

    def within(self, value: float) -> bool:
        """Return whether a number keeps the bounds."""
        return (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def range_text(self) -> str:
        """Return the bounds in words; empty without any."""
        if self.least is not None and self.most is not None:
            return f"{_plain(self.least)} to {_plain(self.most)}"
        low = f"{_plain(self.least)} or more" if self.least is not None else ""
        low = f"above {_plain(self.above)}" if self.above is not None else low
        high = f"at most {_plain(self.most)}" if self.most is not None else ""
        high = f"below {_plain(self.below)}" if self.below is not None else high
        return ", ".join(part for part in (low, high) if part)


@dataclass(frozen=True)
class Flag:
    """Yes or no."""


@dataclass(frozen=True)
class Choice:
    """One of a few values."""

    options: tuple[Any, ...]


@dataclass(frozen=True)
class Text:
    """A text; `shortest` and `longest` are numbers of characters, `pattern` a regular expression that it must match."""

    longest: int | None = None
    shortest: int = 0
    pattern: str = ""


@dataclass(frozen=True)
class Scalar:
    """A text or a number, whatever is typed; with a `Flag` among its `kinds`, true and false too."""

    kinds: tuple[Shape, ...] = ()

    @property
    def flags(self) -> bool:
        """Whether true and false are no texts."""
        return any(isinstance(kind, Flag) for kind in self.kinds)


@dataclass(frozen=True)
class Fixed:
    """A fixed number of values, such as height and width."""

    items: tuple[Shape, ...]


@dataclass(frozen=True)
class Series:
    """Any number of values in order, but for `shortest` and `longest`."""

    item: Shape
    shortest: int = 0
    longest: int | None = None


@dataclass(frozen=True)
class Mapped:
    """Values by name."""

    value: Shape


@dataclass(frozen=True)
class Group:
    """Settings of its own."""

    model: type[BaseModel]


@dataclass(frozen=True)
class Alternative:
    """One of several things that a setting can be.

    Attributes:
        title: What the choice calls it.
        help: What it is, as a sentence.
        shape: Its own shape.
        tag: For groups that are told apart by a field: that field and its value.
    """

    title: str
    help: str
    shape: Shape
    tag: tuple[str, str] | None = None


@dataclass(frozen=True)
class OneOf:
    """One of several shapes."""

    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True)
class Maybe:
    """A value that may be left empty (None)."""

    inner: Shape


@dataclass(frozen=True)
class Anything:
    """What is edited as JSON."""


Shape = Number | Flag | Choice | Text | Scalar | Fixed | Series | Mapped | Group | OneOf | Maybe | Anything


def _plain(number: float | None) -> str:
    if number is None:
        return ""
    return f"{int(number):,}".replace(",", " ") if float(number).is_integer() and abs(number) < 1e15 else f"{number:g}"


# ------------------------------------------------------------------------------------------------------ reading annotations


def shape_of(annotation: Any, metadata: Sequence[Any] = ()) -> Shape:
    """Return the shape of what a pydantic annotation allows.

    Args:
        annotation: The type.
        metadata: Constraints on it that pydantic keeps beside it.
    """
    while get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        metadata = [*metadata, *_flattened(more)]
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _union(get_args(annotation), metadata)
    if origin is Literal:
        return Choice(get_args(annotation))
    if origin in (list, set, frozenset, Sequence) and len(get_args(annotation)) == 1:
        return _series(get_args(annotation)[0], metadata)
    if origin is tuple:
        return _tuple(get_args(annotation), metadata)
    if origin in (dict, Mapping) and get_args(annotation)[:1] == (str,):
        return Mapped(shape_of(get_args(annotation)[1]))
    return _plain_type(annotation, metadata)


def _plain_type(annotation: Any, metadata: Sequence[Any]) -> Shape:
    if not isinstance(annotation, type):
        return Anything()
    shape: Shape = Anything()
    if issubclass(annotation, BaseModel):
        shape = Group(annotation)
    elif issubclass(annotation, Enum):
        shape = Choice(tuple(member.value for member in annotation))
    elif annotation is bool:
        shape = Flag()
    elif annotation in (int, float):
        least, most, above, below = (_constraint(metadata, name) for name in ("ge", "le", "gt", "lt"))
        shape = Number(annotation is int, least, most, above, below)
    elif annotation is str or issubclass(annotation, Path):
        shortest, pattern = _constraint(metadata, "min_length"), _constraint(metadata, "pattern")
        shape = Text(_constraint(metadata, "max_length"), shortest or 0, str(pattern or ""))
    return shape


def _union(members: Sequence[Any], metadata: Sequence[Any]) -> Shape:
    wanted = [m for m in members if m is not type(None)]
    shape = _choice_among(wanted, metadata)
    return Maybe(shape) if len(wanted) < len(members) else shape


def _choice_among(members: Sequence[Any], metadata: Sequence[Any]) -> Shape:
    if len(members) == 1:
        return shape_of(members[0], metadata)
    shapes = [shape_of(member, metadata) for member in members]
    if all(isinstance(shape, Number) for shape in shapes):
        return Number(False)
    if all(isinstance(shape, Number | Text | Flag) for shape in shapes) and any(isinstance(shape, Text) for shape in shapes):
        return Scalar(tuple(shapes))
    if all(isinstance(shape, Choice) for shape in shapes):
        return Choice(tuple(option for shape in shapes if isinstance(shape, Choice) for option in shape.options))
    groups = [shape.model for shape in shapes if isinstance(shape, Group)]
    tag = _tag_of(groups)
    if len(groups) > 1 and tag is None:
        return Anything()
    alternatives: list[Alternative] = []
    for shape in shapes:
        if isinstance(shape, Group) and tag is not None:
            alternatives += _tagged(shape, tag)
        elif isinstance(shape, OneOf):
            alternatives += shape.alternatives
        else:
            alternatives.append(Alternative(_KIND_TITLES.get(type(shape), "Value"), "", shape))
    return OneOf(tuple(alternatives))


def _tag_of(groups: Sequence[type[BaseModel]]) -> str | None:
    """Return the field by whose value groups are told apart."""
    if not groups:
        return None
    for name in groups[0].model_fields:
        infos = [group.model_fields.get(name) for group in groups]
        if all(info is not None and get_origin(info.annotation) is Literal for info in infos):
            return name
    return None


def _tagged(group: Group, tag: str) -> Iterator[Alternative]:
    """Yield an alternative per value of a group's tag: a group may stand for several."""
    help = (group.model.__doc__ or "").strip().partition("\n")[0]
    for value in get_args(group.model.model_fields[tag].annotation):
        yield Alternative(str(value), help, group, (tag, str(value)))


def _tuple(items: tuple[Any, ...], metadata: Sequence[Any]) -> Shape:
    if len(items) == 2 and items[1] is Ellipsis:
        return _series(items[0], metadata)
    return Fixed(tuple(shape_of(item) for item in items)) if items else Anything()


def _series(item: Any, metadata: Sequence[Any]) -> Series:
    return Series(shape_of(item), _constraint(metadata, "min_length") or 0, _constraint(metadata, "max_length"))


def _flattened(metadata: Sequence[Any]) -> Iterator[Any]:
    for entry in metadata:
        if isinstance(entry, FieldInfo):
            yield from entry.metadata
        else:
            yield entry


def _constraint(metadata: Sequence[Any], name: str) -> Any:
    for entry in metadata:
        found = getattr(entry, name, None)
        if found is not None:
            return found
    return None


_KIND_TITLES: Mapping[type, str] = {
    Number: "Number",
    Flag: "Yes or no",
    Choice: "Choice",
    Text: "Text",
    Scalar: "Value",
    Fixed: "Values",
    Series: "List",
    Mapped: "By name",
    Group: "Own settings",
    Anything: "JSON",
}


def accepts(alternative: Alternative, value: Any) -> bool:
    """Return whether a JSON value is of this alternative, as far as can be told from its form."""
    shape = alternative.shape
    if isinstance(shape, Group):
        if not isinstance(value, dict):
            return False
        return alternative.tag is None or value.get(alternative.tag[0]) == alternative.tag[1]
    forms: Mapping[type, tuple[type, ...]] = {
        Number: (int, float),
        Flag: (bool,),
        Text: (str,),
        Scalar: (int, float, str),
        Fixed: (list,),
        Series: (list,),
        Mapped: (dict,),
    }
    if isinstance(shape, Choice):
        return value in shape.options
    if isinstance(shape, Number) and isinstance(value, bool):
        return False
    return isinstance(value, forms.get(type(shape), (object,)))


def groups_in(shape: Shape) -> Iterator[type[BaseModel]]:
    """Yield the classes of the groups of settings that a shape holds, each once, but not those inside of these."""
    found: dict[type[BaseModel], None] = {}
    for part in _parts(shape):
        if isinstance(part, Group):
            found.setdefault(part.model)
    yield from found


def _parts(shape: Shape) -> Iterator[Shape]:
    """Yield a shape and all that it is made of."""
    yield shape
    inner: tuple[Shape, ...] = ()
    match shape:
        case Maybe(value) | Series(value) | Mapped(value):
            inner = (value,)
        case Fixed(items):
            inner = items
        case OneOf(alternatives):
            inner = tuple(alternative.shape for alternative in alternatives)
    for part in inner:
        yield from _parts(part)
