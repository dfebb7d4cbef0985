"""Text in a fixed-width face."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.drawing.theme import POINTS, Theme
from app.drawing.tools import plain
from nodes.values.figure import TextFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def draw_text(drawing: Drawing, figure: TextFigure, colors: Theme) -> float:
    """Draw the lines of text, smaller where they are long; return the height in inches."""
    axes = drawing.subplots()
    axes.set_axis_off()
    lines = figure.text.expandtabs().splitlines() or [""]
    longest = max(len(line) for line in lines) or 1
    size = max(4.0, min(9.0, (drawing.get_figwidth() - 0.2) * POINTS / (longest * 0.603)))
    text = "\n".join(plain(line) for line in lines)
    axes.text(0, 1, text, family="DejaVu Sans Mono", size=size, va="top", color=colors.text, linespacing=1.35)
    return len(lines) * size * 1.32 / POINTS + 0.2
