"""Bars with a name each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from app.drawing.theme import LABEL_SIZE, TICK_SIZE, Theme
from app.drawing.tools import LEGEND_ROW, bare, clipped, count_whole, plain, say_empty, short, text_width
from nodes.values.figure import BarsFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing
    from numpy.typing import NDArray


def draw_bars(drawing: Drawing, figure: BarsFigure, colors: Theme) -> float:
    """Draw bars, lying ones where the names would not fit beneath standing ones; return the height in inches."""
    import numpy as np

    axes = drawing.subplots()
    count, series = len(figure.names), len(figure.series)
    given = [np.asarray(values, dtype=float) for values in figure.series.values()]
    given = [np.where(np.isfinite(sizes), sizes, np.nan) for sizes in given]
    if not (count and series and any(np.isfinite(sizes).any() for sizes in given)):
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
    for number, (name, sizes) in enumerate(zip(figure.series, given, strict=True)):
        offset = places - 0.38 + thickness * (number % beside + 0.5)
        start = np.where(sizes < 0, below, above) if figure.stacked else np.zeros(count)
        below, above = below + np.nan_to_num(np.minimum(sizes, 0)), above + np.nan_to_num(np.maximum(sizes, 0))
        color = colors.solid[number % len(colors.solid)]
        bar = axes.barh if lying else axes.bar
        bars = bar(offset, sizes, thickness * 0.9, start, color=color, label=plain(clipped(name)))
        if series == 1 and count <= 40:
            texts = [short(v) if math.isfinite(v) else "" for v in sizes]
            axes.bar_label(bars, texts, padding=3, size=TICK_SIZE, color=colors.text)
            _say_missing(axes, offset[np.isnan(sizes)], colors, lying=lying)
    heights = np.concatenate(given)
    if np.nanmax(np.abs(heights)) > 1:  # else they are shares as well as counts
        count_whole(axes.xaxis if lying else axes.yaxis, heights)
    if lying:
        axes.set_yticks(places, names)
        axes.set(ylim=(count - 0.4, -0.6), xlabel=plain(figure.y_label))
    else:
        axes.set_xticks(places, names)
        spare = max(0.0, drawing.get_figwidth() / WIDEST - count) / 2  # few bars are no walls
        axes.set(xlim=(-0.6 - spare, count - 0.4 + spare), ylabel=plain(figure.y_label))
    head = _name_series(axes, figure, drawing.get_figwidth()) if series > 1 else 0.0
    return head + (count * max(0.24, 0.13 * beside) + 0.5 if lying else 2.8)


WIDEST = 1.6
"""Inches that a bar and the gap beside it take at most."""


def _say_missing(axes: Axes, places: NDArray[Any], colors: Theme, *, lying: bool) -> None:
    """Draw a dash where a bar's height is not known: a bar of no height would say that it is 0."""
    for place in places:
        axes.annotate(
            "–",
            (0, place) if lying else (place, 0),
            xytext=(3, 0) if lying else (0, 3),
            textcoords="offset points",
            ha="left" if lying else "center",
            va="center" if lying else "bottom",
            size=TICK_SIZE,
            color=colors.muted,
        )


def _name_series(axes: Axes, figure: BarsFigure, width: float) -> float:
    """Draw a legend above the bars, as many names in a row as fit; return how much height it takes beyond that of one row."""
    wide = text_width(list(figure.series), LABEL_SIZE) + 0.45
    columns = max(1, min(len(figure.series), int((width - 0.6) / wide)))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, borderaxespad=0.2, handlelength=1.0, columnspacing=1.4)
    return 0.15 + (math.ceil(len(figure.series) / columns) - 1) * LEGEND_ROW
