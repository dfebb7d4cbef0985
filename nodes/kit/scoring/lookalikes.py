"""Classes that are counted as different though they probably mean the same: found before somebody trusts the score."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nodes.base import Job

_SHOWN = 3


def _number(text: str) -> str:
    try:
        return f"{float(text):g}"
    except ValueError:
        return text


_TRUTHS = {"true": "1", "false": "0", "yes": "1", "no": "0"}
_DIFFERENCES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("blanks", lambda text: " ".join(text.split())),
    ("a mark at the end", lambda text: text.strip().rstrip(".,;:")),
    ("capital letters", lambda text: text.strip().casefold()),
    ("how a number is written", lambda text: _number(text.strip())),
    ("quotes", lambda text: text.strip().strip("'\"")),
    ("truth values written in another way", lambda text: _TRUTHS.get(text.strip().casefold(), _number(text.strip()))),
)
"""What the difference is -> what texts are the same without it."""


def warn_of_lookalikes(actual: Iterable[str], predicted: Iterable[str], job: Job) -> None:
    """Warn of classes of the one column that look like classes of the other, and of columns without a class in common.

    Args:
        actual: The classes that occur in the actual column.
        predicted: Those that occur in the predicted one.
        job: Told of it.
    """
    real, said = set(actual), set(predicted)
    strange = sorted(said - real)
    if not real or not strange:
        return
    remedy = "Make them alike (String Manipulation, Rule Engine), or read them with blanks taken off."
    for difference, same in _DIFFERENCES:
        known = {same(name): name for name in sorted(real - said)}
        pairs = [(name, known[same(name)]) for name in strange if same(name) in known]
        if pairs:
            named = ", ".join(f"'{name}' and '{other}'" for name, other in pairs[:_SHOWN])
            job.warn(f"Predicted and actual classes that differ only in {difference} count as different: {named}. {remedy}")
            return
    if real.isdisjoint(said):
        job.warn(
            f"No predicted class occurs among the actual ones. Actual are {_listed(real)}; predicted are {_listed(said)}. "
            "Check that the right columns are compared."
        )


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join(f"'{name}'" for name in ordered[:_SHOWN]) + (", ..." if len(ordered) > _SHOWN else "")
