"""Names of columns: for new ones some that no other column has, and frames in which all keep theirs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from itertools import count

import polars as pl


def fresh_name(name: str, taken: Collection[str], suffix: str = " (#1)") -> str:
    """Return `name` with the suffix appended; its number grows until the name is not taken.

    A suffix without a number gets one from the second try on.
    """
    if name + suffix not in taken:
        return name + suffix
    number = re.search(r"\d+", suffix)
    for n in count(int(number[0]) + 1 if number else 2):
        grown = f"{suffix[: number.start()]}{n}{suffix[number.end() :]}" if number else f"{suffix}{n}"
        if name + grown not in taken:
            return name + grown
    raise AssertionError


def frame_of(columns: Iterable[pl.Series]) -> pl.DataFrame:
    """Return a frame of columns with names of their own, be one of them the empty text, which polars would name anew."""
    given = list(columns)
    named = {column.name: column for column in given}
    assert len(named) == len(given)
    return pl.DataFrame(named)
