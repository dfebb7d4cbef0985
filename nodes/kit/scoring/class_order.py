"""Which probability belongs to which class: the one place that decides it, for all nodes that look at probabilities.

Several probabilities (an array, or several columns) belong to the classes in the order that was entered; else as the columns are
called or know; else in the order of the classes. A single one belongs to the class that its column's name tells
(`P (survived=yes)`), else to the positive class if one is chosen, else to the second one. Where the column knows the classes, as
the output of a network with one unit does, it belongs to the second of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nodes.base import NodeError
from nodes.kit.lookalikes import look_alikes
from nodes.kit.scoring.column_names import in_brackets, parts_at_words, told_by_one, told_by_several, words_of
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

    By the columns' names, if these speak of the classes: the class itself, `P (y=class)`, or what is left without what all
    columns begin and end with (`p_cat`, `p_dog`); a name that only looks like a class (`>50K` for `>50K.`) means it. Else the
    classes in their order.

    Raises:
        NodeError: If the names speak of classes in another order, but not so that it is clear.
    """
    told = told_by_several(columns, classes)
    if told is not None:
        return tuple(told)
    brackets = [in_brackets(c) for c in columns]
    parts: list[Sequence[str | None]] = [list(columns), brackets, *parts_at_words(columns)]
    for part in parts:
        names = [name for name in part if name]
        if len(set(names)) < len(columns):
            continue
        meant = any(c in names for c in classes) or bool(look_alikes(classes, names))
        of_others = part is brackets and all("=" in c for c in columns)
        if meant or of_others or (not classes and names != list(columns)):
            return tuple(names)  # of other classes: what has no probability is told
    if len(classes) != len(columns):
        return tuple(columns)
    for column, name in zip(columns, classes, strict=True):
        words = words_of(column)
        others = [c for c in classes if c != name and not c.isdecimal() and words_of(c) and words_of(c) <= words]
        if others and not words_of(name) <= words:
            raise NodeError(
                f"Column '{column}' would be the probability of '{name}', but its name speaks of '{others[0]}'.",
                "Enter the class names in the order of the columns, or rename the columns: P (class).",
                setting="class_names",
            )
    return tuple(classes)


def order_of_one(column: str | None, classes: Sequence[str], positive: str | None) -> ClassOrder | None:
    """Return what a single probability tells apart; None if that cannot be known of these classes.

    Args:
        column: The column's name, where it may say whose probability it is; None: it is that of the second of two classes.
        classes: Those that can be, or that occur.
        positive: The class that is to be found, if one was chosen.
    """
    names = tuple(classes)
    named = None if column is None else told_by_one(column, names)
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
