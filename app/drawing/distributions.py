"""How values are spread: histograms and box plots."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from app.drawing.theme import POINTS, TICK_SIZE, Theme
from app.drawing.tools import bare, clipped, count_whole, name_powers, name_series, plain, say_empty, text_width
from nodes.values.figure import BoxesFigure, HistogramFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def draw_histogram(drawing: Drawing, figure: HistogramFigure, colors: Theme) -> float:
    """Draw steps over the bins, filled; return the height in inches."""
    axes = drawing.subplots()
    bare(axes, colors, grid="y")
    if not figure.series or len(figure.edges) < 2:
        say_empty(axes, colors)
        return 1.5
    several = len(figure.series) > 1
    for place, (name, counts) in enumerate(figure.series.items()):
        color = colors.solid[place % len(colors.solid)]
        axes.stairs(counts, figure.edges, fill=True, color=color, alpha=0.32 if several else 0.85, label=plain(clipped(name)))
        if several:
            axes.stairs(counts, figure.edges, color=color, linewidth=1.4)
    if figure.log and any(count > 0 for counts in figure.series.values() for count in counts):
        axes.set_yscale("log", nonpositive="clip")
        name_powers(axes.yaxis)
    else:
        count_whole(axes.yaxis, [count for counts in figure.series.values() for count in counts])
    axes.margins(x=0.01)
    axes.set_xlabel(plain(figure.x_label))
    axes.set_ylabel(plain(figure.y_label))
    return max(2.9, name_series(axes, handle_length=1.0) + 0.4) if several else 2.9


def draw_boxes(drawing: Drawing, figure: BoxesFigure, colors: Theme) -> float:
    """Draw boxes from quartile to quartile, lying ones where the names would not fit beneath; return the height in inches."""
    axes = drawing.subplots()
    count = len(figure.boxes)
    if not count:
        bare(axes, colors)
        say_empty(axes, colors)
        return 1.5
    names = [clipped(box.name) for box in figure.boxes]
    lying = text_width(names, TICK_SIZE) > (drawing.get_figwidth() - 0.8) / count * 0.95
    bare(axes, colors, grid="x" if lying else "y")
    edge, fill = colors.solid[0], f"{colors.solid[0]}44"
    axes.bxp(
        [
            {
                "label": name,
                "whislo": box.whiskers[0],
                "q1": box.quartiles[0],
                "med": box.quartiles[1],
                "q3": box.quartiles[2],
                "whishi": box.whiskers[1],
                "fliers": [value for value in box.outliers if math.isfinite(value)],
            }
            for name, box in zip(names, figure.boxes, strict=True)
        ],
        orientation="horizontal" if lying else "vertical",
        widths=0.5,
        patch_artist=True,
        boxprops={"facecolor": fill, "edgecolor": edge, "linewidth": 1.2},
        whiskerprops={"color": edge, "linewidth": 1.2},
        capprops={"color": edge, "linewidth": 1.2},
        medianprops={"color": edge, "linewidth": 2.2},
        flierprops={"marker": "o", "markersize": 3, "markerfacecolor": edge, "markeredgewidth": 0, "alpha": 0.45},
    )
    axis = axes.xaxis if lying else axes.yaxis
    if figure.log and any(box.whiskers[1] > 0 for box in figure.boxes):
        (axes.set_xscale if lying else axes.set_yscale)("log", nonpositive="mask")
        name_powers(axis)
    axis.set_label_text(plain(figure.y_label))
    if lying:
        axes.invert_yaxis()
        return count * TICK_SIZE * 2.6 / POINTS + 0.6
    return 3.0
