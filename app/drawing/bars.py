"""Bars with a name each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from app.drawing.theme import TICK_SIZE, Theme
from app.drawing.tools import bare, clipped, plain, say_empty, short, text_width
from nodes.values.figure import BarsFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def draw_bars(drawing: Drawing, figure: BarsFigure, colors: Theme) -> float:
    """Bars; lying ones where the names would not fit beneath standing ones. Returns the height in inches."""
    import numpy as np

    axes = drawing.subplots()
    count, series = len(figure.names), len(figure.series)
    if not (count and series):
        bare(axes, colors)
        say_empty(axes, colors)
        return 1.5
    lying = text_width(figure.names, TICK_SIZE) > (drawing.get_figwidth() - 0.8) / count * 0.95
    bare(axes, colors, grid="x" if lying else "y")
    places = np.arange(count, dtype=float)
    beside = 1 if figure.stacked else series
    thickness = 0.76 / beside
    below, above = np.zeros(count), np.zeros(count)  # stacked: where negative and positive values have got to
    names = [clipped(n) for n in figure.names]
    for number, (name, values) in enumerate(figure.series.items()):
        offset = places - 0.38 + thickness * (number % beside + 0.5)
        sizes = np.asarray(values, dtype=float)
        start = np.where(sizes < 0, below, above) if figure.stacked else np.zeros(count)
        below, above = below + np.nan_to_num(np.minimum(sizes, 0)), above + np.nan_to_num(np.maximum(sizes, 0))
        color = colors.solid[number % len(colors.solid)]
        bar = axes.barh if lying else axes.bar
        bars = bar(offset, sizes, thickness * 0.9, start, color=color, label=plain(clipped(name)))
        if series == 1 and count <= 40:
            texts = [short(v) if math.isfinite(v) else "–" for v in values]
            axes.bar_label(bars, texts, padding=3, size=TICK_SIZE, color=colors.text)
    if lying:
        axes.set_yticks(places, names)
        axes.set(ylim=(count - 0.4, -0.6), xlabel=plain(figure.y_label))
    else:
        axes.set_xticks(places, names)
        axes.set(xlim=(-0.6, count - 0.4), ylabel=plain(figure.y_label))
    if series > 1:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=min(series, 4), borderaxespad=0.2, handlelength=1.0)
    if not lying:
        return 2.8
    return count * max(0.24, 0.13 * beside) + (0.9 if series > 1 else 0.5)
