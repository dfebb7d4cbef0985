"""Declaration: what a node class says about its settings, as the dialog needs it. Read from pydantic's fields, once per class.

A setting has a shape (a number within bounds, a choice, a list of something, a group with settings of its own, ...), and
every shape has a control. What has no shape of its own is `Anything`, which is edited as JSON. Nothing here knows of Qt.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python


class Missing(Enum):
    """What a setting is that was not set."""

    MISSING = "missing"


MISSING = Missing.MISSING
"""No value: the setting has its default."""

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
        """Whether a number keeps the bounds."""
        return (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def range_text(self) -> str:
        """The bounds in words; empty without any."""
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
    """A text; `path` where it names a file or folder."""

    longest: int | None = None


@dataclass(frozen=True)
class Scalar:
    """A text or a number, whatever is typed; with `flags`, true and false too."""

    flags: bool = False


@dataclass(frozen=True)
class Fixed:
    """A fixed number of values, such as height and width."""

    items: tuple[Shape, ...]


@dataclass(frozen=True)
class Series:
    """Any number of values in order."""

    item: Shape


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


# -------------------------------------------------------------------------------------------------------------- settings


@dataclass(frozen=True)
class Declared:
    """One setting of a node or of a group.

    Attributes:
        name: As files store it.
        label: As the dialog calls it.
        help: What it does.
        shape: What it holds.
        default: Its value in a new node, as JSON, itself without what is default in it; MISSING where it must be set.
        group: The dialog's tab.
        advanced: Shown only when asked for.
        shown_if: Other settings -> the values they need for this one to matter.
        columns: (port, kinds of column) where it names columns.
        layers: (port, what of its network is offered) where it names layers or tensors.
        path: What a path is for; empty where it is none.
        choices: Value -> a sentence of help.
        lines: Whether a text may have several lines.
        code: The language that a text is written in; empty where it is none.
    """

    name: str
    label: str
    help: str
    shape: Shape
    default: Any
    group: str = "Settings"
    advanced: bool = False
    shown_if: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    columns: tuple[str, tuple[str, ...]] | None = None
    layers: tuple[str, str] | None = None
    path: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    lines: bool = False
    code: str = ""

    @property
    def required(self) -> bool:
        """Whether there is no default."""
        return self.default is MISSING

    @property
    def is_seed(self) -> bool:
        """Whether it starts random numbers, so that a new one can be drawn."""
        inner = self.shape.inner if isinstance(self.shape, Maybe) else self.shape
        return isinstance(inner, Number) and inner.whole and (self.name == "seed" or self.name.endswith("_seed"))


@cache
def settings_of(model: type[BaseModel]) -> tuple[Declared, ...]:
    """The settings of a node class or group, in their order; constants that only tell groups apart are none."""
    model.model_rebuild()
    return tuple(_declared(name, info) for name, info in model.model_fields.items() if not is_constant(info))


def _declared(name: str, info: FieldInfo) -> Declared:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    columns: Any = extra.get("columns")
    layers: Any = extra.get("layers")
    shown_if: Any = extra.get("shown_if") or {}
    choices: Any = extra.get("choices") or {}
    default = info.get_default(call_default_factory=True, validated_data={})
    return Declared(
        name=name,
        label=info.title or name.replace("_", " ").capitalize(),
        help=info.description or "",
        shape=shape_of(info.annotation, info.metadata),
        default=MISSING if default is PydanticUndefined else sparse(default),
        group=str(extra.get("group", "Settings")),
        advanced=bool(extra.get("advanced")),
        shown_if={k: tuple(v) if isinstance(v, list | tuple) else (v,) for k, v in shown_if.items()},
        columns=(str(columns["port"]), tuple(columns["accepts"])) if columns else None,
        layers=(str(layers["port"]), str(layers["offers"])) if layers else None,
        path=str(extra.get("path", "")),
        choices={str(k): str(v) for k, v in choices.items()},
        lines=bool(extra.get("lines")),
        code=str(extra.get("code", "")),
    )


def is_constant(info: FieldInfo) -> bool:
    """Whether a field can have one value only."""
    return get_origin(info.annotation) is Literal and len(get_args(info.annotation)) == 1


def sparse(value: Any) -> Any:
    """A value of a setting as JSON, with nothing in it that is a default; groups keep what tells them apart."""
    if isinstance(value, BaseModel):
        content = {}
        for name, info in type(value).model_fields.items():
            held = getattr(value, name)
            if is_constant(info) or info.is_required() or held != info.get_default(call_default_factory=True, validated_data={}):
                content[name] = sparse(held)
        return content
    if isinstance(value, list | tuple):
        return [sparse(item) for item in value]
    if isinstance(value, dict):
        return {str(k): sparse(v) for k, v in value.items()}
    return to_jsonable_python(value, fallback=str)


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; 1, 1.0 and true are three."""
    if one is MISSING or other is MISSING:
        return one is other
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)


@cache
def has_advanced(model: type[BaseModel]) -> bool:
    """Whether a class, or a group that it uses, has advanced settings."""
    return any(declared.advanced or _holds_advanced(declared.shape) for declared in settings_of(model))


def _holds_advanced(shape: Shape) -> bool:
    match shape:
        case Group(model):
            return has_advanced(model)
        case OneOf(alternatives):
            return any(_holds_advanced(alternative.shape) for alternative in alternatives)
        case Maybe(inner) | Series(inner) | Mapped(inner):
            return _holds_advanced(inner)
        case _:
            return False


# ------------------------------------------------------------------------------------------------------ reading annotations


def shape_of(annotation: Any, metadata: Sequence[Any] = ()) -> Shape:
    """The shape of what a pydantic annotation allows.

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
        return Series(shape_of(get_args(annotation)[0]))
    if origin is tuple:
        return _tuple(get_args(annotation))
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
        shape = Text(_constraint(metadata, "max_length"))
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
        return Scalar(any(isinstance(shape, Flag) for shape in shapes))
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
    """The field by whose value groups are told apart."""
    if not groups:
        return None
    for name in groups[0].model_fields:
        infos = [group.model_fields.get(name) for group in groups]
        if all(info is not None and get_origin(info.annotation) is Literal for info in infos):
            return name
    return None


def _tagged(group: Group, tag: str) -> Iterator[Alternative]:
    """An alternative per value of a group's tag: a group may stand for several."""
    help = (group.model.__doc__ or "").strip().partition("\n")[0]
    for value in get_args(group.model.model_fields[tag].annotation):
        yield Alternative(str(value), help, group, (tag, str(value)))


def _tuple(items: tuple[Any, ...]) -> Shape:
    if len(items) == 2 and items[1] is Ellipsis:
        return Series(shape_of(items[0]))
    return Fixed(tuple(shape_of(item) for item in items)) if items else Anything()


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
    """Whether a JSON value is of this alternative, as far as can be told from its form."""
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


# ------------------------------------------------------------------------------------------------------------- variables


def fits_variable(shape: Shape, kind: str, value: Any) -> bool:
    """Whether a workflow variable of a type (`integer`) and value may stand for a setting of this shape."""
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
    """The type of a workflow variable made for a setting of this shape; None where no variable can hold it."""
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
