"""Mistakes: what pydantic finds wrong with settings, in words for the person who made them.

pydantic complains of a value in its own words, at a place that names the kinds of a union it tried
(`optimizer.Adam.learning_rate.constrained-float`), and once for each kind. A mistake is one line: it stands at a place of
the settings, calls it as the dialog does, and says from the declaration what would do there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from nodes.declaration.declared import settings_by_name
from nodes.declaration.shapes import (
    Alternative,
    Anything,
    Choice,
    Fixed,
    Flag,
    Group,
    Mapped,
    Maybe,
    Number,
    OneOf,
    Scalar,
    Series,
    Shape,
    Text,
    accepts,
)
from nodes.declaration.wording import one_of, shown, words_for

LONGEST = 60
"""Characters of a wrong value that a message repeats."""
MOST_OFFERED = 12
"""Choices that a remedy lists."""
_OWN = ("value_error", "assertion_error")
"""Errors that a node class raises itself, in words of its own."""

Step = str | int


@dataclass(frozen=True)
class SettingMistake:
    """One thing that is wrong with settings.

    Attributes:
        kind: Whether a value is wrong, a setting is missing that must be set, or there is no such setting.
        place: Names of settings, and numbers in lists from 0, from the outermost; empty: the settings do not fit together.
        message: What is wrong, as a sentence.
        remedy: What to do, as a sentence.
        reason: What is wrong without the place, as half a sentence.
    """

    kind: Literal["wrong", "missing", "unknown"]
    place: tuple[Step, ...]
    message: str
    remedy: str
    reason: str

    @property
    def setting(self) -> str | None:
        """The place in dotted form, as `--set` takes it."""
        return ".".join(map(str, self.place)) or None


def mistakes_in(model: type[BaseModel], settings: Mapping[str, Any], error: ValidationError) -> list[SettingMistake]:
    """Return what is wrong with settings, each place once, in pydantic's order.

    Args:
        model: The node class, or the class of the group of settings.
        settings: What was to be validated.
        error: What pydantic raised.
    """
    found: dict[tuple[Step, ...], _PlacedError] = {}
    for details in error.errors(include_url=False):
        one = _found(model, settings, details)
        before = found.get(one.place)
        if before is None or (one.own and not before.own):
            found[one.place] = one
    # Of a value that may be of several kinds pydantic complains for each; what is wrong inside the kind it is of is meant.
    # A list with a wrong element it calls too short besides.
    inner = [place for place, one in found.items() if one.sure]
    return [_mistake(model, one) for place, one in found.items() if one.own or not any(_is_inside(deep, place) for deep in inner)]


def _is_inside(deep: tuple[Step, ...], place: tuple[Step, ...]) -> bool:
    return len(deep) > len(place) and deep[: len(place)] == place


def in_one_line(model: type[BaseModel], settings: Mapping[str, Any], error: ValidationError) -> str:
    """Return all mistakes as one line, by the names of the settings: `kernel_size.0: 0 is not a whole number from 1`."""
    made = [(mistake.setting, mistake.reason) for mistake in mistakes_in(model, settings, error)]
    return "; ".join(f"{place}: {reason}" if place else reason for place, reason in made)


# ------------------------------------------------------------------------------------------------------- where it is wrong


@dataclass(frozen=True)
class _PlacedError:
    """A complaint of pydantic's at its place in the settings.

    Attributes:
        type: pydantic's word for it.
        place: In the settings.
        labels: What the dialog calls the place.
        shape: What would do there.
        value: What is there.
        help: What is said of the setting there.
        own: What the node class itself said; empty where pydantic did.
        sure: Whether the complaint is about the kind that the value is of.
    """

    type: str
    place: tuple[Step, ...]
    labels: tuple[str, ...]
    shape: Shape
    value: Any
    help: str
    own: str
    sure: bool


def _found(model: type[BaseModel], settings: Mapping[str, Any], details: ErrorDetails) -> _PlacedError:
    """Follow a complaint's place through what is declared and what is there."""
    at = _LocationWalk(Group(model), settings)
    parts = list(details["loc"])
    while parts and at.go(parts):
        pass
    own = details["msg"].partition(", ")[2] if details["type"] in _OWN else ""
    return _PlacedError(details["type"], tuple(at.place), tuple(at.labels), at.shape, at.value, at.help, own, at.sure)


class _LocationWalk:
    """A way through settings, along the place that pydantic gives.

    Args:
        shape: What is declared at its beginning.
        value: What is there.
    """

    def __init__(self, shape: Shape, value: Any) -> None:
        self.shape, self.value = shape, value
        self.place: list[Step] = []
        self.labels: list[str] = []
        self.help = ""
        self.sure = True

    def go(self, parts: list[Step]) -> bool:
        """Take one step, and what it used from the parts; False at the end of the way."""
        if isinstance(self.shape, Maybe):
            self.shape = self.shape.inner
        match self.shape:
            case Group(model):
                gone = self._into_group(model, parts)
            case OneOf(alternatives):
                gone = self._into_alternative(alternatives, parts)
            case Series(item):
                gone = self._into_element(parts, item)
            case Fixed(items):
                gone = self._into_element(parts, *items)
            case Mapped(item):
                gone = self._into_entry(parts, item)
            case _:
                gone = False
        return gone

    def _into_group(self, model: type[BaseModel], parts: list[Step]) -> bool:
        name = str(parts.pop(0))
        declared = settings_by_name(model).get(name)
        value = self.value.get(name) if isinstance(self.value, Mapping) else None
        self._step(name, declared.shape if declared else Anything(), value)
        self.labels.append(declared.label if declared else name)
        self.help = declared.help if declared else ""
        return declared is not None

    def _into_alternative(self, alternatives: Sequence[Alternative], parts: list[Step]) -> bool:
        """Go on in the alternative that the value is of, if the complaint is about that one."""
        chosen = next((a for a in alternatives if self.value is not None and accepts(a, self.value)), None)
        branch = _branch(parts, chosen) if chosen is not None else None
        if chosen is None or branch is None:
            self.sure = chosen is None
            return False
        del parts[:branch]
        self.shape = chosen.shape
        return True

    def _into_element(self, parts: list[Step], *items: Shape) -> bool:
        """Go on in an element of a list; of several shapes each is for one element."""
        at = parts[0]
        if not isinstance(at, int):
            return False
        parts.pop(0)
        there = self.value if isinstance(self.value, list | tuple) else ()
        item = items[min(at, len(items) - 1)]
        self._step(at, item, there[at] if at < len(there) else None)
        label = self.labels.pop() if self.labels else "Entry"
        counted = f", {at + 1} of {max(len(there), at + 1)}"
        self.labels.append(label + (f" {at + 1}" if isinstance(item, Group | OneOf) else counted))
        return True

    def _into_entry(self, parts: list[Step], item: Shape) -> bool:
        """Go on in a value that has a name."""
        name = parts[0]
        if not isinstance(self.value, Mapping) or name not in self.value:
            return False
        self._step(parts.pop(0), item, self.value[name])
        self.labels.append(str(name))
        return True

    def _step(self, part: Step, shape: Shape, value: Any) -> None:
        self.place.append(part)
        self.shape, self.value = shape, value


def _branch(parts: Sequence[Step], chosen: Alternative) -> int | None:
    """Return how many parts say that the alternative was tried; None where another one was."""
    shape = chosen.shape
    if isinstance(shape, Group):
        names = {chosen.tag[1] if chosen.tag else "", shape.model.__name__}
        for number, part in enumerate(parts):
            if part in names or str(part).endswith(f", {shape.model.__name__}]"):
                return number + 1
        return None
    first = str(parts[0])
    words = {Number: ("int", "float"), Flag: ("bool",), Text: ("str",), Series: ("list", "tuple"), Fixed: ("tuple", "list")}
    named = any(word in re.split(r"\W+", first) for word in words.get(type(shape), (first,)))
    return 1 if named else None


# -------------------------------------------------------------------------------------------------------- what is wrong


def _mistake(model: type[BaseModel], found: _PlacedError) -> SettingMistake:
    dotted = ".".join(map(str, found.place))
    if found.type == "extra_forbidden":
        return _unknown(model, found.place, dotted)
    name = ": ".join(found.labels)
    if found.type == "missing" or (found.value in (None, "") and not found.own):
        missing = found.type == "missing"
        what = "not set" if missing else "empty"
        remedy = "Set it." if missing else _remedy(found)
        return SettingMistake("missing" if missing else "wrong", found.place, f"'{name}' is {what}.", remedy, f"it is {what}")
    if found.own and not found.labels:
        return SettingMistake("wrong", found.place, f"{found.own[:1].upper()}{found.own[1:]}.", "Change it.", found.own)
    if found.own:
        given = f"{_given(found.value)} does not do for '{name}'" if not isinstance(found.value, Mapping) else f"'{name}'"
        return SettingMistake("wrong", found.place, f"{given}: {found.own}.", "Change it.", found.own)
    given = _given(_tag_in(found.value, found.shape))
    chosen = isinstance(found.shape, Choice | OneOf)
    reason = f"{given} is " + ("none of its choices" if chosen else f"not {_wanted(found.shape)}")
    return SettingMistake("wrong", found.place, f"{given} does not do for '{name}'.", _remedy(found), reason)


def _unknown(model: type[BaseModel], place: tuple[Step, ...], dotted: str) -> SettingMistake:
    """Return a setting that there is not: perhaps another one is meant."""
    reason = "there is no such setting"
    if len(place) > 1:
        return SettingMistake("unknown", place, f"There is no setting '{dotted}'.", "Remove it.", reason)
    known = list(settings_by_name(model))
    near = difflib.get_close_matches(dotted, known, n=1)
    remedy = f"Did you mean '{near[0]}'?" if near else f"Its settings: {', '.join(known) or 'none'}."
    title = getattr(model, "title", model.__name__)
    return SettingMistake("unknown", place, f"'{title}' has no setting '{dotted}'.", remedy, reason)


def _tag_in(value: Any, shape: Shape) -> Any:
    """Return the `kind` of a group of settings, where that is what is wrong with it; any other value as it is."""
    alternatives = shape.alternatives if isinstance(shape, OneOf) else ()
    tags = {alternative.tag[0] for alternative in alternatives if alternative.tag is not None}
    return next((value[tag] for tag in tags if tag in value), value) if isinstance(value, Mapping) else value


def _given(value: Any) -> str:
    """Return a wrong value as the message repeats it."""
    said = repr(int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value)
    return said if len(said) <= LONGEST else said[: LONGEST - 3] + "..."


def _remedy(found: _PlacedError) -> str:
    """Return what would do instead."""
    shape = found.shape.inner if isinstance(found.shape, Maybe) else found.shape
    match shape:
        case Choice(options):
            return _choose([shown(option) for option in options], found.value)
        case OneOf():
            return _choose_alternative(shape, found.value)
        case Text() if shape.pattern and isinstance(found.value, str) and found.help:
            return found.help
        case _:
            return f"Enter {_wanted(shape)}."


def _choose(names: Sequence[str], value: Any) -> str:
    near = difflib.get_close_matches(str(value), names, n=1)
    if near:
        return f"Did you mean '{near[0]}'?"
    offered = [*names[:MOST_OFFERED], *(["another one that is offered"] if len(names) > MOST_OFFERED else [])]
    return f"Choose {one_of(offered)}."


def _choose_alternative(shape: OneOf, value: Any) -> str:
    plain = [alternative for alternative in shape.alternatives if alternative.tag is None]
    tags = [alternative.tag[1] for alternative in shape.alternatives if alternative.tag is not None]
    if tags and (isinstance(value, Mapping) or not plain):
        return _choose(tags, _tag_in(value, shape))
    more = ", or choose another kind" if tags else ""
    return f"Enter {one_of([_wanted(a.shape) for a in plain])}{more}."


def _wanted(shape: Shape) -> str:
    """Return what is to be entered, with its article: `a number above 0`."""
    match shape:
        case Maybe(inner):
            said = f"{_wanted(inner)}, or nothing"
        case Number() | Text():
            said = f"a {words_for(shape)}"
        case Scalar(kinds):
            said = one_of(list(dict.fromkeys(_wanted(kind) for kind in kinds)))
        case Choice(options):
            said = f"one of {', '.join(shown(option) for option in options)}"
        case OneOf(alternatives):
            said = one_of(list(dict.fromkeys(_title(alternative) for alternative in alternatives)))
        case Fixed(items):
            said = f"{len(items)} values, {_each(items[0])}"
        case Series():
            said = _several(shape)
        case Mapped(value):
            said = f"values by name, {_each(value)}"
        case Group():
            said = "settings by name"
        case Flag():
            said = "yes or no"
        case _:
            said = "another value"
    return said


def _title(alternative: Alternative) -> str:
    return alternative.title if alternative.tag else _wanted(alternative.shape)


def _several(shape: Series) -> str:
    """`a list of 1 or more values, each a whole number from 1`."""
    if shape.shortest and shape.longest is not None:
        count = f"{shape.shortest} to {shape.longest} values"
    elif shape.shortest:
        count = f"{shape.shortest} or more values"
    else:
        count = "values" if shape.longest is None else f"at most {shape.longest} values"
    return f"a list of {count}, {_each(shape.item)}"


def _each(item: Shape) -> str:
    return f"each {_wanted(item)}"
