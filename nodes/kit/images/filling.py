"""What stands beyond the edges of an image where a node needs pixels there: a value, the edge, a mirror image, ..."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

Fill = Literal["constant", "edge", "reflect", "symmetric", "wrap", "minimum", "maximum"]
FILLS = {
    "constant": "The fill value.",
    "edge": "The pixel at the edge, over and over (KNIME: border).",
    "reflect": "The image mirrored at its last pixel, which is not repeated.",
    "symmetric": "The image mirrored at its edge.",
    "wrap": "The image again from its other side (KNIME: periodical).",
    "minimum": "The image's least value (KNIME: fill min).",
    "maximum": "The image's greatest value (KNIME: fill max).",
}
"""What the modes do, for the dialogs."""

Margins = tuple[int, int, int, int]


def padded(images: NDArray[Any], margins: Margins, fill: Fill = "constant", value: float = 0) -> NDArray[Any]:
    """Return images, (n, h, w, channels), with pixels added.

    Args:
        images: Of any number type.
        margins: How many pixels at the top, the bottom, the left and the right; none is negative.
        fill: What they are.
        value: For "constant".
    """
    import numpy as np

    top, bottom, left, right = margins
    widths = ((0, 0), (top, bottom), (left, right), (0, 0))
    if fill == "constant":
        return np.pad(images, widths, "constant", constant_values=value)
    if fill in ("minimum", "maximum"):
        ends = images.min((1, 2, 3)) if fill == "minimum" else images.max((1, 2, 3))
        count, height, width, channels = images.shape
        made = np.empty((count, height + top + bottom, width + left + right, channels), images.dtype)
        made[:] = ends[:, None, None, None]
        made[:, top : top + height, left : left + width] = images
        return made
    modes: dict[str, Any] = {"edge": "edge", "reflect": "reflect", "symmetric": "symmetric", "wrap": "wrap"}
    return np.pad(images, widths, modes[fill])


def placed(images: NDArray[Any], box: tuple[int, int, int, int], fill: Fill = "constant", value: float = 0) -> NDArray[Any]:
    """Return the part of the images inside a box, which may reach beyond them.

    Args:
        images: (n, h, w, channels).
        box: (top, left, height, width) in pixels; top and left may be negative.
        fill: What stands beyond the edges.
        value: For "constant".
    """
    top, left, height, width = box
    old_height, old_width = images.shape[1:3]
    margins = max(0, -top), max(0, top + height - old_height), max(0, -left), max(0, left + width - old_width)
    if any(margins):
        images = padded(images, margins, fill, value)
    top, left = top + margins[0], left + margins[2]
    return images[:, top : top + height, left : left + width]
