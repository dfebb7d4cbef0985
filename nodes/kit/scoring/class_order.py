"""Which probability belongs to which class: the one place that decides it, for all nodes that look at probabilities.

Several probabilities (an array, or several columns) belong to the classes in the order that was entered; else as the columns are
called or know; else in the order of the classes. A single one belongs to the class that its column's name tells
(`P (survived=yes)`), else to the positive class if one is chosen, else to the second one. Where the column knows the classes, as
the output of a network with one unit does, it belongs to the second of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from nodes.base import NodeError
from nodes.kit.scoring.lookalikes import look_alikes
from nodes.wording import counted


@dataclass(frozen=True)
class ClassOrder:
    """The classes in their order, and what a single probability is the probability of.

    Attributes:
        names: Of the classes; where a single probability tells one class from all others, these are one, called `not` and the
            positive class.
        single: The place of the class whose probability a single one is; None: there is a probability for each class.
        rest: The place of the class that all classes without a name of their own belong to.
    """

    names: tuple[str, ...]
    single: int | None = None
    rest: int | None = None


def order_of_several(columns: Sequence[str], classes: Sequence[str]) -> tuple[str, ...]:
    """Return the class of each of several columns, where some classes are known and others may not occur.

    By the columns' names, if these speak of the classes: the class itself, `P (y=class)`, or what is left without the words that
    all columns begin with (`p_cat`, `p_dog`); a name that only looks like a class (`>50K` for `>50K.`) means it. Else the classes
    in their order.
    """
    brackets = [_in_brackets(c) for c in columns]
    for told in (list(columns), brackets, _without_prefix(columns), _ends(columns, classes)):
        if None in told or "" in told or len(set(told)) < len(columns):
            continue
        names = [str(name) for name in told]
        meant = {c: c for c in classes if c in names} | {c: other for c, (other, _) in look_alikes(classes, names).items()}
        if meant and len(set(meant.values())) == len(classes):
            by_name = {other: c for c, other in meant.items()}
            return tuple(by_name.get(name, name) for name in names)
        if meant or (not classes and told != list(columns)) or (told is brackets and all("=" in c for c in columns)):
            return tuple(names)  # of other classes: what has no probability is told
    return tuple(classes) if len(classes) == len(columns) else tuple(columns)


def order_of_one(column: str | None, classes: Sequence[str], positive: str | None) -> ClassOrder | None:
    """Return what a single probability tells apart; None if that cannot be known of these classes.

    Args:
        column: The column's name, where it may say whose probability it is; None: it is that of the second of two classes.
        classes: Those that can be, or that occur.
        positive: The class that is to be found, if one was chosen.
    """
    names = tuple(classes)
    named = None if column is None else _named_by(column, names)
    sought = positive or named
    if len(names) < 2 and sought is not None and sought not in names:  # the other class does not occur
        names = tuple(sorted((*names, sought)))
    rest = None
    if len(names) != 2:
        if sought is None or sought not in names:
            return None
        names, rest = (f"not {sought}", sought), 0
    if named is not None and named in names:
        return ClassOrder(names, names.index(named), rest)
    if named is not None and named in classes:  # of another class than the one that is looked for
        return None
    return ClassOrder(names, names.index(positive) if column is not None and positive in names else 1, rest)


def checked_names(names: Sequence[str], width: int) -> None:
    """Refuse names that do not fit the probabilities of a row.

    Raises:
        NodeError: If there are too few or too many, or two are the same.
    """
    if len(names) != max(width, 2):
        raise NodeError(
            f"There are {counted(len(names), 'class', 'classes')} for {counted(width, 'probability', 'probabilities')}.",
            "Choose the columns of all classes, or enter the class names in the order of the probabilities.",
            setting="class_names",
        )
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise NodeError(f"Two classes are called '{twice}'.", "Give every class a name of its own.", setting="class_names")


def _in_brackets(column: str) -> str | None:
    """The class in a name such as our Predictor and KNIME give: `P (species=setosa)`, also `P(setosa)`."""
    found = re.fullmatch(r"P ?\((?:.*?=)?(.*)\)(?:.*)", column)
    return found[1] if found else None


def _without_prefix(columns: Sequence[str]) -> list[str]:
    """What is left of the names without the words that all begin with, which end in a blank, a hyphen, a dot or an underscore."""
    prefix = os.path.commonprefix(list(columns))  # noqa: RUF071 - letter by letter is meant
    cut = max((prefix.rfind(mark) for mark in " _-."), default=-1) + 1
    return [column[cut:] for column in columns] if cut else []


def _ends(columns: Sequence[str], classes: Sequence[str]) -> list[str | None]:
    """The one class that each name ends with, after a mark."""
    told: list[str | None] = []
    for column in columns:
        fitting = [c for c in classes if column == c or column.endswith((f"={c})", f"_{c}", f" {c}", f"-{c}", f".{c}"))]
        told.append(fitting[0] if len(fitting) == 1 else None)
    return told


def _named_by(column: str, classes: Sequence[str]) -> str | None:
    """The class that the name of a single column tells; a number at its end may be anything's."""
    told = _in_brackets(column)
    if told is not None and (told in classes or "=" in column):
        return told
    if column in classes:
        return column
    (end,) = _ends([column], [c for c in classes if not c.isdecimal()])
    return end
