"""A grid of images."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from app.drawing.theme import CHARACTER_WIDTH, POINTS, TICK_SIZE, Theme
from app.drawing.tools import clipped, say_empty
from nodes.values.figure import ImagesFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing
    from numpy.typing import NDArray

IMAGE_INCHES = 0.92
"""Width of an image in a grid, with its margin."""


def draw_images(drawing: Drawing, figure: ImagesFigure, colors: Theme) -> float:
    """As many images in a row as fit; returns the height in inches."""
    from matplotlib.patches import FancyBboxPatch

    axes = drawing.subplots()
    axes.set_axis_off()
    if not len(figure.images):
        say_empty(axes, colors)
        return 1.2
    width = drawing.get_figwidth() - 0.12
    height, breadth = map(int, figure.images.shape[1:3])
    columns = max(1, int(width / IMAGE_INCHES))
    cell = width / columns
    shown = cell * 0.84
    tall = min(shown * height / breadth, 3 * shown)
    wide = tall * breadth / height
    step = tall + (0.3 if any(figure.captions) else 0.14)
    rows = math.ceil(len(figure.images) / columns)
    for number, image in enumerate(figure.images):
        left, top = (number % columns) * cell, (number // columns) * step
        pixels = image[..., 0] if image.shape[-1] == 1 else image
        drawn = axes.imshow(
            pixels,
            extent=(left, left + wide, top + tall, top),
            cmap="gray",
            vmin=0,
            vmax=255,
            interpolation="none",  # the pixels themselves, however much they are enlarged
        )
        corner = f"round,pad=0,rounding_size={0.05 * min(wide, tall):.4f}"
        drawn.set_clip_path(FancyBboxPatch((left, top), wide, tall, boxstyle=corner, transform=axes.transData))
        if number < len(figure.captions):
            fitting = int(cell * POINTS / (TICK_SIZE * CHARACTER_WIDTH))
            axes.text(
                left + wide / 2,
                top + tall + 0.05,
                clipped(figure.captions[number], fitting),
                ha="center",
                va="top",
                size=TICK_SIZE,
                color=colors.muted,
            )
    axes.set(xlim=(0, width), ylim=(rows * step, 0), aspect="equal")
    return rows * step + 0.15


def as_pixels(images: NDArray[Any]) -> NDArray[Any]:
    """Images of any numbers as bytes that can be shown.

    Args:
        images: (n, height, width, channels). Integers of 16 bits count as 0..65535, floats within 0..1 as 0..1; other
            numbers are stretched from their smallest to their largest value.

    Returns:
        UInt8, of the same shape, but where there are neither 1, 3 nor 4 channels only the first is kept.
    """
    import numpy as np

    if images.shape[-1] not in (1, 3, 4):
        images = images[..., :1]
    if images.dtype == np.uint8:
        return images
    if images.dtype == np.uint16:
        return (images >> 8).astype(np.uint8)
    values = np.nan_to_num(images.astype(np.float64), posinf=np.nan, neginf=np.nan)
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    return np.rint((values - low) * (255 / ((high - low) or 1))).astype(np.uint8)
