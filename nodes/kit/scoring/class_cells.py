"""Cells of a column of classes by their names, and why the names of two columns may not agree."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable

import polars as pl

from nodes.base import NodeError
from nodes.values.table import TableSpec

CLASS_KINDS = ("category", "integer", "boolean")
"""Kinds of column that can hold classes."""
TRUTHS = ("false", "true")
"""The classes of a column of true and false."""


def classes_of(table: TableSpec, column: str) -> tuple[str, ...] | None:
    """Return the classes that a column can hold, in their order, where the schema tells them; whether they occur or not."""
    return TRUTHS if isinstance(table.schema.get(column), pl.Boolean) else table.class_names(column)


def named_cells(cells: pl.Series, names: tuple[str, ...] | None) -> pl.Series:
    """Return the cells of a column as class names (String), null where one is missing.

    Args:
        cells: Categories, text, true and false, or class numbers.
        names: What class numbers stand for; None: they are called by themselves.

    Raises:
        NodeError: If a class number has no name.
    """
    if names is None or not cells.dtype.is_integer():
        return cells.cast(pl.String)
    strange = cells.filter(~cells.is_between(0, len(names) - 1))
    if len(strange):
        raise NodeError(
            f"Column '{cells.name}' holds the class number {strange[0]}, but its classes are 0 to {len(names) - 1}.",
            "Check where the column comes from.",
        )
    return pl.Series(cells.name, names, dtype=pl.String).gather(cells.cast(pl.UInt32))


def occurring(cells: pl.Series) -> list[str]:
    """Return the names of the classes that occur in a column, in the order of its own values: 2 before 10."""
    plain = cells.cast(pl.String) if isinstance(cells.dtype, pl.Categorical) else cells
    return plain.drop_nulls().unique().sort().cast(pl.String).to_list()


def look_alikes(names: Iterable[str], others: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the names that are none of the others but look like one: name -> (the other, what they differ in)."""
    known = list(dict.fromkeys(others))
    there = set(known)
    found = {}
    for name in dict.fromkeys(names):
        if name in there:
            continue
        for same, difference in _LOOKS:
            look = same(name)
            other = next((k for k in known if same(k) == look), None) if look is not None else None
            if other is not None:
                found[name] = (other, difference)
                break
    return found


def disagreement(actual: Iterable[str], predicted: Iterable[str]) -> str | None:
    """Return the warning that classes which occur in two columns may be meant to be the same, with the likely cause.

    None if there is nothing to warn of: a class that was never predicted, or never occurs, is no mistake by itself.
    """
    first, second = set(actual), set(predicted)
    alike = look_alikes(sorted(second), sorted(first))
    cause = ""
    if alike:
        name, (other, difference) = next(iter(alike.items()))
        cause = f"'{other}' and '{name}' differ in {difference} only: make them equal before (String Manipulation)."
    if first and second and not first & second:
        shown = " and ".join(", ".join(f"'{n}'" for n in sorted(names)[:3]) for names in (first, second))
        return f"No class occurs in both columns, so that every row is wrong: {shown}. {cause}".rstrip()
    return f"Some classes may be meant to be the same: {cause}" if alike else None


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).replace("\ufeff", "").split())


def _bare(name: str) -> str:
    return _plain(name).casefold().strip(" .,;:!?'\"`´’‘“”()[]")


def _number(name: str) -> str | None:
    try:
        number = float(_bare(name).replace(",", "."))
    except ValueError:
        return None
    return repr(number) if math.isfinite(number) else None


def _truth(name: str) -> str | None:
    word = _number(name) or _bare(name)
    return {"true": "yes", "yes": "yes", "1.0": "yes", "false": "no", "no": "no", "0.0": "no"}.get(word)


_LOOKS = (
    (_plain, "blanks"),
    (lambda name: _plain(name).casefold(), "capital letters"),
    (_bare, "punctuation"),
    (_number, "how the number is written"),
    (_truth, "how yes and no are written"),
)
"""What two names may have in common, and what they differ in if it is only that: the smallest difference first."""
