"""A grid of images."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from app.drawing.theme import CHARACTER_WIDTH, POINTS, TICK_SIZE, Theme
from app.drawing.tools import plain, say_empty
from nodes.kit.images.preview import as_pixels
from nodes.values.figure import ImagesFigure

__all__ = ["as_pixels", "draw_images"]

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

IMAGE_INCHES = 0.92
"""Width of an image in a grid, with its margin."""
CAPTION_LINES = 3
LARGE = 400
"""An image of more pixels across is a picture of its own, such as what a script has drawn: it gets the room that it needs."""
LARGE_PIXELS_PER_INCH = 150


def draw_images(drawing: Drawing, figure: ImagesFigure, colors: Theme) -> float:
    """Draw as many images in a row as fit; return the height in inches."""
    from matplotlib.patches import FancyBboxPatch

    axes = drawing.subplots()
    axes.set_axis_off()
    if not len(figure.images):
        say_empty(axes, colors)
        return 1.2
    width = drawing.get_figwidth() - 0.12
    height, breadth = map(int, figure.images.shape[1:3])
    room = min(width, breadth / LARGE_PIXELS_PER_INCH) if breadth > LARGE else IMAGE_INCHES
    columns = max(1, int(width / room))
    cell = width / columns
    shown = room if breadth > LARGE else cell * 0.84
    tall = min(shown * height / breadth, 3 * shown)
    wide = tall * breadth / height
    fitting = max(4, int(cell * POINTS / (TICK_SIZE * CHARACTER_WIDTH)))
    captions = [textwrap.wrap(plain(text), fitting, max_lines=CAPTION_LINES, placeholder="…") for text in figure.captions]
    step = tall + 0.14 + 0.16 * max((len(lines) for lines in captions), default=0)
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
            # The pixels themselves, however much they are enlarged; of a picture that is made smaller, all of them count.
            interpolation="antialiased" if breadth > LARGE else "none",
        )
        corner = f"round,pad=0,rounding_size={min(0.06, 0.05 * min(wide, tall)):.4f}"
        drawn.set_clip_path(FancyBboxPatch((left, top), wide, tall, boxstyle=corner, transform=axes.transData))
        if number < len(captions):
            axes.text(
                left + wide / 2,
                top + tall + 0.05,
                "\n".join(captions[number]),
                ha="center",
                va="top",
                size=TICK_SIZE,
                color=colors.muted,
            )
    axes.set(xlim=(0, width), ylim=(rows * step, 0), aspect="equal")
    return rows * step + 0.15
