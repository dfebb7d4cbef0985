"""Heat maps as pictures: in colours, over the image they explain, and beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOT = ((0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164))
"""From nothing to much: black, violet, red, orange, pale yellow (after matplotlib's inferno)."""
COLD_HOT = ((33, 102, 172), (146, 197, 222), (247, 247, 247), (244, 165, 130), (178, 24, 43))
"""From against over neither to for: blue, white, red (ColorBrewer's RdBu)."""
GAP = 2
WIDE = 400
"""A picture of more pixels across than this gets much room in a grid of images."""


def leveled(maps: NDArray[Any]) -> NDArray[Any]:
    """Return maps (n, height, width), each brought to 0..1 for itself.

    Where there are negative values, 0 becomes one half and the largest absolute value 0 or 1; else 0 stays 0 and the largest
    value becomes 1. What is not finite counts as 0.
    """
    import numpy as np

    values = np.where(np.isfinite(maps), maps, 0).astype(np.float64)
    flat = values.reshape(len(values), -1)
    most = np.abs(flat).max(axis=1, initial=0).reshape(-1, 1, 1)
    shares = np.divide(values, most, out=np.zeros_like(values), where=most > 0)
    signed = (flat < 0).any(axis=1).reshape(-1, 1, 1)
    made: NDArray[Any] = np.where(signed, (shares + 1) / 2, shares)
    return made


def colored(maps: NDArray[Any]) -> NDArray[Any]:
    """Return maps (n, height, width) in colours, (n, height, width, 3) UInt8; those with negative values from blue to red."""
    import numpy as np

    levels = leveled(maps)
    signed = (maps < 0).reshape(len(maps), -1).any(axis=1)
    made = np.empty((*maps.shape, 3), np.uint8)
    for chosen, colors in ((~signed, HOT), (signed, COLD_HOT)):
        stops = np.linspace(0, 1, len(colors))
        for channel in range(3):
            heights = [color[channel] for color in colors]
            made[chosen, ..., channel] = np.rint(np.interp(levels[chosen], stops, heights)).astype(np.uint8)
    return made


def in_color(images: NDArray[Any]) -> NDArray[Any]:
    """Return images of any numbers (n, height, width, channels) as (n, height, width, 3) UInt8; opacity is left out."""
    import numpy as np

    from nodes.kit.images.preview import as_pixels

    pixels = as_pixels(images)
    return np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels[..., :3]


def overlaid(images: NDArray[Any], maps: NDArray[Any], opacity: float) -> NDArray[Any]:
    """Return maps (n, height, width) in colours over images (n, height, width, channels): (n, height, width, 3) UInt8."""
    import numpy as np

    gray = in_color(images).astype(np.float64).mean(axis=-1, keepdims=True)
    made: NDArray[Any] = np.rint((1 - opacity) * gray + opacity * colored(maps)).astype(np.uint8)
    return made


def side_by_side(pictures: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return pictures (n, height, width, 3) beside each other, with a gap, and enlarged so that there is something to see."""
    import numpy as np

    shape = pictures[0].shape
    gap = np.full((shape[0], shape[1], GAP, 3), 255, np.uint8)
    row = [part for picture in pictures for part in (picture, gap)][:-1]
    joined = np.concatenate(row, axis=2)
    factor = WIDE // joined.shape[2] + 1
    return joined.repeat(factor, axis=1).repeat(factor, axis=2)
