"""Neighbourhoods of a pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

Shape = Literal["square", "disk", "diamond", "cross"]
SHAPES = {
    "square": "All within a square.",
    "disk": "All within a circle.",
    "diamond": "All that can be reached in so many steps to the side, up or down.",
    "cross": "Those straight above, below, left and right.",
}
"""What they are, for the dialogs."""


def footprint(shape: Shape, radius: int) -> NDArray[Any]:
    """Return truth values, (2 radius + 1, 2 radius + 1), True for the neighbours and for the pixel itself."""
    import numpy as np

    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    if shape == "disk":
        return np.asarray(y**2 + x**2 <= radius**2)
    if shape == "diamond":
        return np.asarray(abs(y) + abs(x) <= radius)
    if shape == "cross":
        return np.asarray((y == 0) | (x == 0))
    return np.ones(y.shape, bool)
