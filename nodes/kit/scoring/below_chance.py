"""Probabilities that are lower where the class is there: a sign that they are those of another class."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DEVIATIONS = 3


def below_chance(name: str, hit: NDArray[Any], given: NDArray[Any]) -> str | None:
    """Return the warning that a probability ranks the rows worse than chance would, None if it does not.

    The area under the ROC curve must be three standard deviations below 0.5, where they are those of the rank sum of Mann and
    Whitney (1947) for a probability that knows nothing.

    Args:
        name: Of the class, or of the column that is its probability.
        hit: Whether a row is of the class (rows), Bool.
        given: Its probability of being that (rows), finite.
    """
    from scipy.stats import rankdata

    positive, negative = int(hit.sum()), int((~hit).sum())
    if not positive or not negative:
        return None
    ranks = float(rankdata(given)[hit].sum())
    area = (ranks - positive * (positive + 1) / 2) / (positive * negative)
    deviation = math.sqrt((positive + negative + 1) / (12 * positive * negative))
    if area >= 0.5 - _DEVIATIONS * deviation:
        return None
    return (
        f"The probability of '{name}' is lower in rows of that class than in others (area under the ROC curve {area:.3f}). "
        "Check of which class it is the probability: class names can be entered in their order."
    )
