"""Lines over a common axis, in panels: learning curves, ROC curves, time series."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from app.drawing.theme import BOLD, CHARACTER_WIDTH, LABEL_SIZE, POINTS, TICK_SIZE, TITLE_SIZE, Theme
from app.drawing.tools import (
    LEGEND_ROW,
    MOST_NAMES,
    bare,
    clipped,
    endless,
    fitting,
    name_powers,
    name_series,
    plain,
    say_empty,
    short,
    text_width,
)
from nodes.values.figure import Line, LinesFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

LABELLED_LINES = 6
"""Up to so many lines are labelled at their ends; more get a legend."""
MARKED_POINTS = 60
"""Up to so many values a line has a mark at each."""
LEGEND_CHARACTERS = 36
"""Of longer names the beginning stands in the legend."""
PANEL_ASPECT = 1.9
"""Width of a panel of lines that looks best, as a multiple of its height."""


def by_group(figure: LinesFigure) -> dict[str, list[Line]]:
    """Return the lines of each panel."""
    groups: dict[str, list[Line]] = {}
    for line in figure.lines:
        groups.setdefault(line.group, []).append(line)
    return groups


def draw_lines(drawing: Drawing, figure: LinesFigure, colors: Theme) -> float:
    """Draw the panels beneath each other, as wide as the drawing; return the height in inches."""
    groups = by_group(figure)
    panels = drawing.subplots(max(1, len(groups)), 1, sharex=True, squeeze=False)[:, 0]
    named = max((_named_in_legend(lines, figure) for lines in groups.values()), default=0)
    panel_height = max(2.5 if len(groups) <= 1 else 1.9, min(named, MOST_NAMES) * LEGEND_ROW + 0.3)
    for axes, (group, lines) in zip(panels, groups.items(), strict=False):
        _draw_panel(axes, group, lines, colors, figure)
    if not groups:
        say_empty(panels[0], colors)
    _place_positions(panels[-1], figure)
    for axes, lines in zip(panels, groups.values(), strict=False):
        _label_panel(axes, lines, colors, figure, height=panel_height * 0.78)
    panels[-1].set_xlabel(plain(figure.x_label))
    return panel_height * len(panels) + (0.3 if figure.x_label else 0.1)


def draw_fitted_lines(drawing: Drawing, figure: LinesFigure, colors: Theme, *, titled: bool) -> Drawing:
    """Draw the panels in a space that is given, side by side where it is wide.

    Margins are worked out from the texts rather than by matplotlib's layout engine, which takes longer than all the rest:
    this is what is drawn several times a second while a network learns.
    """
    groups = by_group(figure)
    width, height = drawing.get_figwidth(), drawing.get_figheight()
    head = 0.08
    if titled and figure.title:
        title = fitting(figure.title, width - 0.2, TITLE_SIZE * BOLD)
        drawing.text(0.1 / width, 1 - 0.1 / height, title, va="top", size=TITLE_SIZE, weight="bold")
        head = 0.38
    count = max(1, len(groups))
    columns = max(range(1, count + 1), key=lambda n: min(width / n, PANEL_ASPECT * (height - head) / math.ceil(count / n)))
    rows = math.ceil(count / columns)
    wide, tall = width / columns, (height - head) / rows
    foot = TICK_SIZE * 2.1 / POINTS
    for number, (group, lines) in enumerate(groups.items() or [("", [])]):
        labels = [text for *_, text in _ends(lines, figure.end_values)]
        left, top = 0.5, LABEL_SIZE * 2.0 / POINTS if group else 0.06
        right = max(text_width(labels, LABEL_SIZE) + 0.1 if len(labels) <= LABELLED_LINES else 1.4, 0.5)
        right = min(right, wide * 0.42)
        inner, across = max(0.2, tall - top - foot), max(0.2, wide - left - right)
        x, y = (number % columns) * wide, height - head - (number // columns) * tall
        axes = drawing.add_axes(((x + left) / width, (y - top - inner) / height, across / width, inner / height))
        if lines:
            _draw_panel(axes, group, lines, colors, figure)
        else:
            bare(axes, colors)
            say_empty(axes, colors)
        _place_positions(axes, figure, int(across / 0.36))
        _label_panel(
            axes, lines, colors, figure, height=inner, most_characters=int(right * POINTS / (LABEL_SIZE * CHARACTER_WIDTH))
        )
        axes.text(
            1.0 + 0.12 / across,
            -5 / POINTS / inner,
            plain(figure.x_label),
            transform=axes.transAxes,
            va="top",
            size=TICK_SIZE,
            color=colors.muted,
        )
        # Places of their own: matplotlib else measures everything around to find them.
        axes.xaxis.set_label_coords(0.5, 0.0)
        axes.yaxis.set_label_coords(0.0, 0.5)
    return drawing


def _place_positions(axes: Axes, figure: LinesFigure, most_ticks: int = 8) -> None:
    """Whole numbers on the axis of epochs, from the first to the last that there is or will be."""
    positions = [x for line in figure.lines if line.style != "faint" for x in line.x]
    if figure.x_range is not None:
        axes.set_xlim(*figure.x_range)
    elif positions and min(positions) == max(positions):
        # A single epoch stands beside its label.
        axes.set_xlim(positions[0] - 1, positions[0] + (0.05 if figure.end_values else 1))
    if figure.log_x and any(x > 0 for x in positions):
        axes.set_xscale("log", nonpositive="mask")
        name_powers(axes.xaxis)
    elif positions and all(float(x).is_integer() for x in positions):
        from matplotlib.ticker import MaxNLocator

        axes.xaxis.set_major_locator(MaxNLocator(nbins=max(1, min(8, most_ticks)), integer=True, min_n_ticks=1))


def _draw_panel(axes: Axes, group: str, lines: Sequence[Line], colors: Theme, figure: LinesFigure) -> None:
    """Draw one group of lines over an axis of their own."""
    bare(axes, colors, grid="y")
    axes.margins(x=0.02, y=0.08)
    if figure.log:
        axes.set_yscale("log", nonpositive="mask")
        name_powers(axes.yaxis)
    if group:
        # A place of its own: matplotlib else measures everything around to find one.
        axes.set_title(plain(group), loc="left", y=1.0, size=LABEL_SIZE, weight="bold", color=colors.muted, pad=5)
    for line, color in _colored(lines, colors):
        if line.style == "faint":
            axes.plot(line.x, line.y, color=color, linewidth=0.9, alpha=0.32)
            continue
        marker = "o" if line.style == "points" and len(line.x) <= MARKED_POINTS else ""
        axes.plot(
            line.x,
            line.y,
            color=color,
            linewidth=1.9,
            dashes=(4, 2) if line.dashed else (),
            marker=marker,
            markersize=3,
            label=clipped(line.name, LEGEND_CHARACTERS),
        )
        if not marker:
            _mark_lonely(axes, line, color)
    if not any(math.isfinite(x) and math.isfinite(y) for line in lines for x, y in zip(line.x, line.y, strict=False)):
        say_empty(axes, colors)


def _mark_lonely(axes: Axes, line: Line, color: str) -> None:
    """Mark each value without a neighbour, of which a line has nothing to show."""
    import numpy as np

    x, y = np.asarray(line.x, dtype=float), np.asarray(line.y, dtype=float)
    known = np.concatenate([[False], np.isfinite(x) & np.isfinite(y), [False]])
    lonely = known[1:-1] & ~known[:-2] & ~known[2:]
    if lonely.any():
        axes.plot(x[lonely], y[lonely], "o", color=color, markersize=3)


def _named_in_legend(lines: Sequence[Line], figure: LinesFigure) -> int:
    """Return how many names the legend of a panel has; none where the names stand at the lines' ends, or above the only line."""
    named = [line for line in lines if line.style != "faint" and any(map(math.isfinite, line.y))]
    if figure.end_values and len(named) <= LABELLED_LINES:
        return 0
    if len(named) == 1 and named[0].name in (named[0].group, figure.title, figure.y_label):
        return 0
    return len(named)


def _label_panel(
    axes: Axes, lines: Sequence[Line], colors: Theme, figure: LinesFigure, *, height: float, most_characters: int = 60
) -> None:
    """Mark the ends of the lines of a panel, so many inches high, and name them there, or in a legend if they are many."""
    axes.autoscale_view()
    if figure.y_range is not None:
        axes.set_ylim(*figure.y_range)
    if figure.y_label:
        axes.set_ylabel(plain(figure.y_label))
    ends = [(x, y, text, color) for line, color in _colored(lines, colors) for x, y, text in _ends([line], figure.end_values)]
    if figure.end_values:
        for x, y, _, color in ends:
            axes.plot(x, y, "o", color=color, markersize=4.5, scalex=False, scaley=False)
    if figure.end_values and len(ends) <= LABELLED_LINES:
        _label_ends(axes, [(x, y, _shortened(text, most_characters), color) for x, y, text, color in ends], colors, height)
    elif _named_in_legend(lines, figure):
        name_series(axes, most=min(MOST_NAMES, max(2, int(height * 1.3 / LEGEND_ROW))))


def _colored(lines: Sequence[Line], colors: Theme) -> Iterator[tuple[Line, str]]:
    """Return the lines and their colours: their own hue, or the next one of the palette of solid or dashed lines."""
    palettes = {True: iter(endless(colors.dashed)), False: iter(endless(colors.solid))}
    for line in lines:
        if line.hue is None:
            yield line, next(palettes[line.dashed])
        else:
            palette = colors.dashed if line.dashed else colors.solid
            yield line, palette[line.hue % len(palette)]


def _ends(lines: Sequence[Line], values: bool) -> list[tuple[float, float, str]]:
    """Return the last value of every line that is labelled: position, value, label; with the value in it where asked for."""
    found = []
    for line in lines:
        if line.style != "faint":
            last = next((i for i in reversed(range(len(line.y))) if math.isfinite(line.y[i])), None)
            if last is not None:
                x, y = float(line.x[last]), float(line.y[last])
                name = "" if line.name == line.group else plain(line.name)
                found.append((x, y, f"{short(y)}  {name}".rstrip() if values else name))
    return found


def _shortened(text: str, most: int) -> str:
    """Return a label without its end where there is no room for it; its number is always whole."""
    return text if len(text) <= most else text[: max(5, most - 1)].rstrip() + "…"


def _label_ends(axes: Axes, ends: Sequence[tuple[float, float, str, str]], colors: Theme, height: float) -> None:
    """Write value and name beside the end of every line, moved apart where they would lie on each other."""
    from matplotlib.collections import LineCollection

    scale = axes.transData + axes.transAxes.inverted()
    wanted = [float(scale.transform((x, y))[1]) for x, y, _, _ in ends]
    heights = spread(wanted, LABEL_SIZE * 1.35 / (height * POINTS))
    connectors: list[list[tuple[float, float]]] = []
    for (x, y, text, _), at in zip(ends, heights, strict=True):
        end = scale.transform((x, y))
        connectors.append([(float(end[0]) + 0.008, float(end[1])), (1.018, at)])
        axes.text(1.028, at, text, transform=axes.transAxes, va="center", size=LABEL_SIZE, color=colors.text)
    shades = [color for *_, color in ends]
    axes.add_artist(
        LineCollection(
            connectors, colors=shades, linewidths=0.9, alpha=0.7, transform=axes.transAxes, clip_on=False, in_layout=False
        )
    )


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Return positions as near to the wanted ones as may be, in the same order, at least `gap` apart.

    Neighbours that are too close become a block around their mean (pool adjacent violators).
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    blocks: list[list[float]] = []  # each: sum of the wanted first positions, number of members
    for i in order:
        blocks.append([wanted[i], 1])
        while len(blocks) > 1 and blocks[-1][0] / blocks[-1][1] < blocks[-2][0] / blocks[-2][1] + gap * blocks[-2][1]:
            total, count = blocks.pop()
            before = blocks[-1][1]
            blocks[-1][0] += total - count * gap * before
            blocks[-1][1] += count
    placed = [total / count + gap * k for total, count in blocks for k in range(int(count))]
    result = [0.0] * len(wanted)
    for i, position in zip(order, placed, strict=True):
        result[i] = position
    return result
