"""What the names of columns of probabilities tell of the classes: `P (y=yes)`, `yes_prob`, `predYes`, `p1`, `p_not_spam`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from nodes.kit.lookalikes import look_alikes

_MOST_TRIES = 20_000
_MARK = r"[\s_\-.:/|%]+"
_WORD = r"(?:p|pr|probs?|probabilit(?:y|ies)|proba|scores?|pred(?:icted|iction)?|confidence|likelihood|class|of)"
_NEGATED = re.compile(r"(?:.*[\s_\-.:/|])?(?:not|non|no)[\s_\-.:/|]", re.IGNORECASE | re.DOTALL)
_BRACKETS = re.compile(rf"(?:.*?[\s_\-.])?{_WORD}\s*(?:\((?P<round>.*)\)|\[(?P<square>.*)\]).*", re.IGNORECASE | re.DOTALL)
_ADDED = re.compile(r"(?:\.\d+|\s*\(#\d+\)|[\s_%]+)$")
"""What makes names unique after a join, and marks."""


def told_by_several(columns: Sequence[str], classes: Sequence[str]) -> list[str] | None:
    """Return the class of each column, where their names tell of all classes; None where they do not.

    The names tell it by what is left of them without what all begin and end with. A column may be of a class that is none of
    `classes`, and so may a class be without a column, but not both.

    Args:
        columns: At least two.
        classes: Those that are known.
    """
    known = set(classes)
    if not known:
        return None
    for told in _parts(columns):
        if len(set(told)) == len(told) and (known <= set(told) or set(told) <= known):
            return told
    for told in parts_at_words(columns, letters=True):
        if len(set(told)) < len(told):
            continue
        alike = {other: name for name, (other, _) in look_alikes(classes, told).items()}
        meant = [name if name in known else alike.get(name, name) for name in told]
        if len(set(meant)) == len(meant) and (known <= set(meant) or set(meant) <= known):
            return meant
    return None


def told_by_one(column: str, classes: Sequence[str]) -> str | None:
    """Return the class whose probability a column holds by its name, None where the name tells none.

    It may be a class that is none of `classes` (`P (y=cat)`), or `not` and a class of more than two. A number at the end of a
    name may be anything's.
    """
    exact = next((name for name in _all_in_brackets(column) if name in classes), None)
    if exact is not None:
        return exact
    inside = in_brackets(column)
    bare = column if inside is None else inside
    words = (bare, _without_words(bare), _without_words(_spaced(bare)))
    meant = next((name for name in (_meant(word, classes) for word in words) if name is not None), None)
    if meant is not None:
        return meant
    if inside is not None and "=" in column:
        return inside
    for name in classes:
        if any(word.endswith(name) and _NEGATED.fullmatch(word.removesuffix(name)) for word in words):
            return next(c for c in classes if c != name) if len(classes) == 2 else f"not {name}"
    ends = [c for c in classes if not c.isdecimal() and re.search(rf"[\s_\-.:/|]{re.escape(c)}$", words[1])]
    return ends[0] if len(ends) == 1 else None


def in_brackets(column: str) -> str | None:
    """Return the class in a name such as our Predictor and KNIME give: `P (species=setosa)`, also `prob(setosa)`."""
    found = list(_all_in_brackets(column))
    balanced = (name for name in reversed(found) if name.count("(") == name.count(")"))
    return next(balanced, found[0]) if found else None


def _all_in_brackets(column: str) -> Iterator[str]:
    """What stands in brackets after a word for a probability, and after `=`: up to the last bracket, the last but one, ..."""
    found = _BRACKETS.fullmatch(column)
    while found is not None:
        kind = "round" if found["round"] is not None else "square"
        inside = found[kind]
        yield inside.split("=", 1)[1] if "=" in inside.lstrip("=<>!") else inside
        found = _BRACKETS.fullmatch(column[: found.end(kind)])


def words_of(column: str) -> set[str]:
    """Return the words of a name, in small letters: `predYes`, `pred_yes` and `Pred yes` have the same."""
    return set(re.findall(r"[^\W_]+", _spaced(column).casefold()))


def _spaced(name: str) -> str:
    """A name with a blank between the words that capital letters begin."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _meant(word: str, classes: Sequence[str]) -> str | None:
    """The class that a word is, or looks like."""
    if word in classes:
        return word
    alike = [name for name, (other, _) in look_alikes(classes, [word]).items() if other == word]
    return alike[0] if len(alike) == 1 else None


def _without_words(name: str) -> str:
    """A name without the words for a probability around the class, and without brackets about such words."""
    name = _ADDED.sub("", name) or name
    bare = re.sub(rf"[\s_]*[(\[]\s*{_WORD}\s*[)\]]$", "", name, flags=re.IGNORECASE)
    before = rf"^(?:{_MARK})?(?:{_WORD}(?:{_MARK}|(?=\d+$)))+"
    after = rf"(?:{_MARK}{_WORD})+(?:{_MARK})?$"
    for pattern in (before, after):
        shorter = re.sub(pattern, "", bare, flags=re.IGNORECASE)
        bare = shorter or bare
    return bare


def _affixes(columns: Sequence[str]) -> tuple[str, str]:
    """What all names begin with, and what they end with."""
    prefix = os.path.commonprefix(list(columns))  # noqa: RUF071 - letter by letter is meant
    suffix = os.path.commonprefix([c[::-1] for c in columns])[::-1]  # noqa: RUF071
    return prefix, suffix


def _parts(columns: Sequence[str]) -> Iterator[list[str]]:
    """What is left of all names without a part of what they begin and end with; the names themselves first."""
    prefix, suffix = _affixes(columns)
    if len(prefix) * len(suffix) * len(columns) > _MOST_TRIES:
        yield from parts_at_words(columns, letters=True)
        return
    yield from _cut(columns, range(len(prefix) + 1), range(len(suffix) + 1))


def parts_at_words(columns: Sequence[str], *, letters: bool = False) -> Iterator[list[str]]:
    """Yield what is left of all names without words that they begin and end with; the names themselves first.

    Args:
        columns: At least two.
        letters: Whether all that they begin and end with is cut off, too, wherever words end.
    """
    prefix, suffix = _affixes(columns)
    begins = {0, *(m.end() for m in re.finditer(r"[\W_]+", prefix))} | ({len(prefix)} if letters else set())
    ends = {0, *(len(suffix) - m.start() for m in re.finditer(r"[\W_]+", suffix))} | ({len(suffix)} if letters else set())
    yield from _cut(columns, sorted(begins)[-8:], sorted(ends)[-8:])


def _cut(columns: Sequence[str], begins: Iterable[int], ends: Iterable[int]) -> Iterator[list[str]]:
    for begin, end in sorted(product({0, *begins}, {0, *ends}), key=lambda cut: (sum(cut), -cut[0])):
        if all(len(c) > begin + end for c in columns):
            yield [c[begin : len(c) - end] for c in columns]
