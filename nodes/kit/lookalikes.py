"""Names and keys that count as different though they probably mean the same: found before somebody trusts the result."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterable

import polars as pl

_SHOWN = 3
MOST_KEYS = 10_000
"""So many cells are looked at at most: more would take longer than a join."""


def look_alikes(names: Iterable[str], others: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the names that are none of the others but look like one: name -> (the other, what they differ in)."""
    known = list(dict.fromkeys(others))
    strange = [name for name in dict.fromkeys(names) if name not in set(known)]
    found: dict[str, tuple[str, str]] = {}
    for difference, same in _DIFFERENCES:
        by_look = {same(name): name for name in reversed(known)}
        for name in strange:
            other = by_look.get(same(name)) if same(name) is not None else None
            if other is not None and name not in found:
                found[name] = (other, difference)
    return found


def lookalike_warning(actual: Iterable[str], predicted: Iterable[str]) -> str | None:
    """Return the warning that classes of the one column look like classes of the other, or that they have none in common.

    None if there is nothing to warn of: a class that was never predicted, or never occurs, is no mistake by itself.
    """
    real, said = set(actual), set(predicted)
    alike = look_alikes(sorted(said), sorted(real))
    if alike:
        return f"Predicted and actual classes that differ only in {_told(alike)}"
    if real and said and real.isdisjoint(said):
        return (
            f"No predicted class occurs among the actual ones. Actual are {_listed(real)}; predicted are {_listed(said)}. "
            "Check that the right columns are compared."
        )
    return None


def lookalike_keys(lone: pl.Series, others: pl.Series) -> str | None:
    """Return the warning that keys without a partner look like some of the other table; None where they do not.

    Args:
        lone: Cells that found no partner.
        others: The keys among which it was looked for.
    """
    if any(not _is_text(cells.dtype) for cells in (lone, others)):
        return None
    names, known = (cells.drop_nulls().unique(maintain_order=True).cast(pl.String) for cells in (lone, others))
    if max(len(names), len(known)) > MOST_KEYS:
        return None
    looks = [pl.DataFrame({"key": cells}).with_columns(_LETTERS, _NUMBER) for cells in (names, known)]
    names, known = (
        mine.filter(_shared("letters", other) | _shared("number", other))["key"] for mine, other in (looks, looks[::-1])
    )
    alike = look_alikes(names, known)
    return f"Keys that differ only in {_told(alike)}" if alike else None


def _shared(look: str, others: pl.DataFrame) -> pl.Expr:
    return pl.col(look).is_in(others[look].drop_nulls().unique().implode()).fill_null(False)


def _told(alike: dict[str, tuple[str, str]]) -> str:
    """What the first of them differ in, its examples, and what to do."""
    difference = next(iter(alike.values()))[1]
    pairs = [(name, other) for name, (other, why) in alike.items() if why == difference]
    named = ", ".join(f"'{name}' and '{other}'" for name, other in pairs[:_SHOWN])
    remedy = "Make them alike (String Manipulation, Rule Engine), or read them with blanks taken off."
    return f"{difference} count as different: {named}. {remedy}"


def _is_text(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.String | pl.Enum | pl.Categorical)


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


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join(f"'{name}'" for name in ordered[:_SHOWN]) + (", ..." if len(ordered) > _SHOWN else "")


_DIFFERENCES: tuple[tuple[str, Callable[[str], str | None]], ...] = (
    ("blanks", _plain),
    ("a mark at the end", lambda name: _plain(name).rstrip(" .,;:")),
    ("capital letters", lambda name: _plain(name).casefold()),
    ("how a number is written", _number),
    ("quotes", lambda name: _plain(name).strip(" '\"`´’‘“”")),
    ("blanks, capital letters and punctuation", _bare),
    ("truth values written in another way", _truth),
)
"""What the difference is -> what of a name is the same without it; the smallest difference first."""

_LETTERS = pl.col("key").str.normalize("NFKC").str.to_lowercase().str.replace_all(r"[^\pL\pN]+", "").alias("letters")
_NUMBER = pl.col("key").str.strip_chars().str.replace(",", ".", literal=True).cast(pl.Float64, strict=False).alias("number")
"""Coarse looks of many keys at once: what does not agree in one of them does not look alike."""
