"""Points in a plane: scatter plots, embeddings, predicted against actual numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from app.drawing.theme import Theme
from app.drawing.tools import LEGEND_ROW, bare, clipped, name_powers, plain, say_empty
from nodes.values.figure import PointsFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

LEGEND_COLUMN = 20
"""So many series at most are named in one column."""
VECTOR_POINTS = 2000
"""More points than this are one picture inside an SVG, which else becomes too heavy to open."""


def draw_points(drawing: Drawing, figure: PointsFigure, colors: Theme) -> float:
    """Draw the points, smaller and clearer the more there are; return the height in inches."""
    from matplotlib.colors import LinearSegmentedColormap

    axes = drawing.subplots()
    bare(axes, colors, grid="both")
    count = sum(len(series.x) for series in figure.points)
    if not count:
        say_empty(axes, colors)
        return 1.5
    axes.margins(0.05)
    size, opacity = max(3.0, 34.0 - 8.0 * math.log10(count)), max(0.35, 0.95 - 0.15 * math.log10(count))
    shaded = [value for series in figure.points for value in series.shades if math.isfinite(value)]
    shades = LinearSegmentedColormap.from_list("shades", [colors.dashed[0], colors.solid[2], colors.full])
    drawn = None
    for place, series in enumerate(figure.points):
        hue = place if series.hue is None else series.hue
        look = (
            {"c": series.shades, "cmap": shades, "vmin": min(shaded, default=0.0), "vmax": max(shaded, default=1.0)}
            if len(series.shades)
            else {"color": colors.solid[hue % len(colors.solid)], "marker": MARKS[hue // len(colors.solid) % len(MARKS)]}
        )
        made = axes.scatter(
            series.x,
            series.y,
            s=size,
            alpha=opacity,
            linewidths=0,
            label=plain(clipped(series.name)),
            rasterized=count > VECTOR_POINTS,
            **look,
        )
        drawn = made if len(series.shades) else drawn
    _scale(axes, figure)
    if figure.diagonal:
        _draw_diagonal(axes, figure, colors)
    if drawn is not None:
        drawn.set_alpha(None if count < 100 else 0.8)
        bar = drawing.colorbar(drawn, ax=axes, fraction=0.035, pad=0.02, label=plain(figure.shade_label))
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0)
    elif len(figure.points) > 1:
        legend = axes.legend(
            loc="upper left",
            bbox_to_anchor=(1.01, 1.0),
            borderaxespad=0,
            ncols=math.ceil(len(figure.points) / LEGEND_COLUMN),
            handletextpad=0.3,
        )
        for handle in legend.legend_handles:
            if handle is not None:
                handle.set(alpha=1.0, sizes=[26.0])
    axes.set_xlabel(plain(figure.x_label))
    axes.set_ylabel(plain(figure.y_label))
    names = min(len(figure.points), LEGEND_COLUMN) if drawn is None and len(figure.points) > 1 else 0
    return max(min(drawing.get_figwidth() * (0.72 if figure.square else 0.55), 5.5), names * LEGEND_ROW + 0.4)


MARKS = ("o", "^", "s", "D", "P", "X")
"""When the colours are used up, they come again with another mark."""


def _draw_diagonal(axes: Axes, figure: PointsFigure, colors: Theme) -> None:
    """Draw where both numbers are equal. An artist and no plot, so that the axes stay as the points have them."""
    import numpy as np
    from matplotlib.lines import Line2D

    limits = [*axes.get_xlim(), *axes.get_ylim()]
    low, high = min(limits), max(limits)
    spare = 0.0 if figure.log_x or figure.log_y else high - low  # axes of one scale may become longer yet
    places = np.linspace(low - spare, high + spare, 2)
    if (figure.log_x or figure.log_y) and high > 0:  # on one logarithmic axis it is a curve
        places = np.geomspace(max(low, high * 1e-12), high, 200)
    axes.add_artist(Line2D(places, places, color=colors.muted, linewidth=1.0, dashes=(4, 3), zorder=0.9))


def _scale(axes: Axes, figure: PointsFigure) -> None:
    if figure.log_x and any(value > 0 for series in figure.points for value in series.x):
        axes.set_xscale("log", nonpositive="mask")
        name_powers(axes.xaxis)
    if figure.log_y and any(value > 0 for series in figure.points for value in series.y):
        axes.set_yscale("log", nonpositive="mask")
        name_powers(axes.yaxis)
    if figure.square and not (figure.log_x or figure.log_y):
        axes.set_aspect("equal", adjustable="datalim")
