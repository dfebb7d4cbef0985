"""The types of JSON values: one for each column, found from all values that stand in the same place, at any depth.

Where objects, lists, texts, numbers or true and false stand side by side in one place, all of them become text, written as JSON;
so do whole numbers that do not fit beside decimal ones, and whatever is nested deeper than polars takes it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import polars as pl

DEEPEST = 32
"""What is nested deeper becomes text."""
_EXACT = 2**53
_INT64 = 2**63
_INT128 = 2**127
_KINDS: dict[type, str] = {dict: "object", list: "list", str: "text", bool: "truth", int: "whole", float: "decimal"}


class NoFit(ValueError):
    """A value is not of the type that its column has."""


class JsonConstant(float):
    """NaN or an infinity that stands in the file as such; an infinite float that is none was too large a number."""


@dataclass
class JsonShape:
    """What stands in one place of all records.

    Attributes:
        kinds: Kinds of values -> how many.
        largest: The largest absolute value of whole numbers.
        fields: Of objects: name -> what stands there.
        item: Of lists: what stands in them.
    """

    kinds: dict[str, int] = field(default_factory=dict)
    largest: int = 0
    fields: dict[str, JsonShape] = field(default_factory=dict)
    item: JsonShape | None = None

    def add(self, value: Any, depth: int = 0) -> None:
        """Take a value into account."""
        if value is None:
            return
        kind = _KINDS.get(type(value), "decimal")
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if kind == "whole":
            self.largest = max(self.largest, abs(value))
        elif depth > DEEPEST:
            return
        elif kind == "object":
            for name, inner in value.items():
                self.fields.setdefault(name, JsonShape()).add(inner, depth + 1)
        elif kind == "list":
            self.item = self.item or JsonShape()
            for inner in value:
                self.item.add(inner, depth + 1)

    def dtype(self, depth: int = 0) -> pl.DataType:
        """Return the type that holds all of the values."""
        kinds = set(self.kinds)
        if not kinds:
            return pl.Null()
        if kinds == {"object"} and depth <= DEEPEST:
            return pl.Struct({name: shape.dtype(depth + 1) for name, shape in self.fields.items()})
        if kinds == {"list"} and depth <= DEEPEST:
            return pl.List(self.item.dtype(depth + 1) if self.item else pl.Null())
        return self._plain_dtype(kinds)

    def _plain_dtype(self, kinds: set[str]) -> pl.DataType:
        if kinds == {"truth"}:
            return pl.Boolean()
        if kinds == {"whole"} and self.largest < _INT128:
            return pl.Int64() if self.largest < _INT64 else pl.Int128()
        decimal = kinds <= {"whole", "decimal"} and "decimal" in kinds
        return pl.Float64() if decimal and self.largest <= _EXACT else pl.String()

    def remarks(self, name: str, depth: int = 0) -> list[str]:
        """Return where different kinds of values became text, and why."""
        dtype = self.dtype(depth)
        if isinstance(dtype, pl.Struct):
            return [told for inner, shape in self.fields.items() for told in shape.remarks(f"{name}.{inner}", depth + 1)]
        if isinstance(dtype, pl.List):
            return self.item.remarks(name, depth + 1) if self.item else []
        if dtype != pl.String or set(self.kinds) == {"text"}:
            return []
        words = {"object": "objects", "list": "lists", "text": "texts", "truth": "true or false", "whole": "whole numbers"}
        there = [words.get(kind, "decimal numbers") for kind in self.kinds]
        why = (
            f"because of {' and '.join(there)}"
            if len(there) > 1
            else "because of its depth"
            if depth > DEEPEST
            else "for its digits"
        )
        return [f"'{name}' as text {why}"]


def shape_of(records: Iterable[dict[str, Any]]) -> JsonShape:
    """Return the shape of records; its fields are the columns."""
    shape = JsonShape()
    for record in records:
        shape.add(record)
    return shape


def converted(value: Any, dtype: pl.DataType) -> Any:
    """Return a value as one of a type.

    Raises:
        NoFit: If it is none.
    """
    if value is None:
        return None
    made: Any = None
    kind = _KINDS.get(type(value), "decimal")
    if isinstance(dtype, pl.String):
        made = without_halves(value) if isinstance(value, str) else as_json(value)
    elif isinstance(dtype, pl.Float64):
        infinite = math.isinf(value) and not isinstance(value, JsonConstant) if kind == "decimal" else False
        fits = (kind == "whole" and abs(value) <= _EXACT) or (kind == "decimal" and not infinite)
        made = float(value) if fits else None
    elif isinstance(dtype, pl.Struct) and kind == "object":
        types: dict[str, Any] = {f.name: f.dtype for f in dtype.fields}
        made = (
            {name: converted(value.get(name), inner) for name, inner in types.items()} if value.keys() <= types.keys() else None
        )
    elif isinstance(dtype, pl.List) and kind == "list":
        inner: Any = dtype.inner
        made = [converted(each, inner) for each in value]
    elif isinstance(dtype, pl.Boolean):
        made = value if kind == "truth" else None
    elif dtype.is_integer() and kind == "whole":
        made = value if abs(value) < (_INT128 if isinstance(dtype, pl.Int128) else _INT64) else None
    if made is None:
        raise NoFit(as_json(value))
    return made


def as_json(value: Any) -> str:
    """Return a value as JSON."""
    return without_halves(json.dumps(value, ensure_ascii=False))


def without_halves(text: str) -> str:
    r"""Return text with a replacement character for halves of surrogate pairs, such as \ud800, which are no characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
