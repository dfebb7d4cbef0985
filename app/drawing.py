"""Draws every `nodes.values.figure.Figure` with matplotlib, for the window, for reports and for export alike.

Only matplotlib's object interface is used, never pyplot, so that nothing is kept alive and no window system is touched.
Colours and type are those of the program's window.
"""

from __future__ import annotations

import io
import math
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from nodes.values.figure import BarsFigure, Figure, HeatMapFigure, ImagesFigure, Line, LinesFigure, TextFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing
    from numpy.typing import NDArray

ThemeName = Literal["light", "dark"]

POINTS = 72
"""Points per inch."""
TITLE_SIZE, LABEL_SIZE, TICK_SIZE = 11.0, 9.0, 8.5
CHARACTER_WIDTH = 0.6
"""Width of an average character, as a part of the size of its type."""
LABELLED_LINES = 6
"""Up to so many lines are labelled at their ends; more get a legend."""
NUMBERED_CELLS = 30
"""Up to so many columns the cells of a heat map show their numbers, and are drawn as vectors."""
MARKED_POINTS = 60
"""Up to so many values a line has a mark at each."""
PANEL_ASPECT = 1.9
"""Width of a panel of lines that looks best, as a multiple of its height."""
IMAGE_INCHES = 0.92
"""Width of an image in a grid, with its margin."""


@dataclass(frozen=True)
class Theme:
    """The colours of a drawing.

    Attributes:
        panel: What it is drawn on.
        line: Grid lines.
        text: Numbers and titles.
        muted: Axis labels, captions.
        solid: Colours of solid lines and bars, in their order; distinguishable for colour-blind people.
        dashed: Colours of dashed lines: validation is orange.
        full: The strongest shade of a heat map; dark enough for white type.
    """

    panel: str
    line: str
    text: str
    muted: str
    solid: tuple[str, ...]
    dashed: tuple[str, ...]
    full: str = "#2F6FDE"


THEMES: dict[ThemeName, Theme] = {
    "light": Theme(
        panel="#FFFFFF",
        line="#DDE2E9",
        text="#1F2733",
        muted="#6B7685",
        solid=("#2F6FDE", "#1AA179", "#8A63D2", "#D9603B", "#3E9BD1", "#C2619A", "#7B8794"),
        dashed=("#E69F00", "#1AA179", "#8A63D2", "#D9603B", "#3E9BD1", "#C2619A", "#7B8794"),
    ),
    "dark": Theme(
        panel="#1E232B",
        line="#2F3641",
        text="#DFE4EC",
        muted="#8C96A6",
        solid=("#5B9DFF", "#2FC297", "#A98BE8", "#EE8260", "#6BBBEA", "#DE86B9", "#A3ADB9"),
        dashed=("#F0AE1C", "#2FC297", "#A98BE8", "#EE8260", "#6BBBEA", "#DE86B9", "#A3ADB9"),
    ),
}


# --------------------------------------------------------------------------------------------------------------- drawing


def draw(
    figure: Figure,
    *,
    theme: ThemeName = "light",
    width_inches: float = 7.0,
    height_inches: float | None = None,
    titled: bool = True,
    transparent: bool = False,
    font: str = "",
) -> Drawing:
    """Draw a figure; its height follows from what it shows.

    Args:
        figure: The data of the drawing.
        theme: Which colours.
        width_inches: Its width; type has the same size whatever the width.
        height_inches: For lines, which fit into any: its height, title included.
        titled: Whether the title is drawn, or stands in the text around it.
        transparent: Whether what lies beneath shines through.
        font: A font of this machine, for a screen; by default the one that matplotlib brings, so that files are alike everywhere.
    """
    from matplotlib.figure import Figure as Drawing
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    colors = THEMES[theme]
    with _style(colors, font):
        facecolor = "none" if transparent else colors.panel
        if isinstance(figure, LinesFigure) and height_inches is not None:
            return _draw_fitted_lines(Drawing((width_inches, height_inches), facecolor=facecolor), figure, colors, titled=titled)
        layout = ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.06, hspace=0.06)
        drawing = Drawing((width_inches, 1.0), layout=layout, facecolor=facecolor)
        if titled and figure.title:
            drawing.suptitle(_plain(figure.title), x=0.012, ha="left", size=TITLE_SIZE, weight="bold", color=colors.text)
        match figure:
            case LinesFigure():
                height = _draw_lines(drawing, figure, colors)
            case HeatMapFigure():
                height = _draw_heat_map(drawing, figure, colors)
            case ImagesFigure():
                height = _draw_images(drawing, figure, colors)
            case BarsFigure():
                height = _draw_bars(drawing, figure, colors)
            case TextFigure():
                height = _draw_text(drawing, figure, colors)
        drawing.set_figheight(height + (0.35 if titled and figure.title else 0.0))
    return drawing


def to_svg(
    figure: Figure,
    *,
    theme: ThemeName = "light",
    width_inches: float = 7.0,
    height_inches: float | None = None,
    titled: bool = True,
    transparent: bool = False,
    prefix: str = "",
) -> str:
    """The figure as an `<svg>` element, the same text for the same figure.

    Text stays text: it can be selected and found, and takes the reader's interface font.

    Args:
        figure: See `draw`.
        theme: See `draw`.
        width_inches: See `draw`.
        height_inches: See `draw`.
        titled: See `draw`.
        transparent: See `draw`.
        prefix: Put before every id, so that several drawings can stand in one page.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    drawing = draw(
        figure, theme=theme, width_inches=width_inches, height_inches=height_inches, titled=titled, transparent=transparent
    )
    out = io.StringIO()
    with _style(THEMES[theme]):
        FigureCanvasSVG(drawing).print_svg(out, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :].strip()
    svg = _STYLE_ELEMENT.sub("", svg).replace("<svg ", '<svg style="stroke-linejoin: round; stroke-linecap: butt" ', 1)
    svg = svg.replace("'DejaVu Sans'", "Inter, system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif")
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}", svg) if prefix else svg


def to_png(
    figure: Figure,
    *,
    theme: ThemeName = "light",
    width_inches: float = 7.0,
    height_inches: float | None = None,
    titled: bool = True,
    transparent: bool = False,
    dpi: int = 144,
) -> bytes:
    """The figure as a PNG file of `width_inches * dpi` pixels width; see `draw`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawing = draw(
        figure, theme=theme, width_inches=width_inches, height_inches=height_inches, titled=titled, transparent=transparent
    )
    drawing.set_dpi(dpi)
    out = io.BytesIO()
    with _style(THEMES[theme]):
        FigureCanvasAgg(drawing).print_png(out, metadata={"Software": None})
    return out.getvalue()


@dataclass(frozen=True)
class Panel:
    """Where a panel of a `LinesFigure` was drawn, to find the values beneath the mouse.

    Attributes:
        group: Whose lines are in it.
        box: Left, top, right, bottom, as parts of the picture's width and height.
        x: The positions at its left and right edge.
        y: The values at its bottom and top.
        log: Whether the values are drawn on a logarithmic scale.
    """

    group: str
    box: tuple[float, float, float, float]
    x: tuple[float, float]
    y: tuple[float, float]
    log: bool


@dataclass(frozen=True)
class Picture:
    """A drawing as pixels.

    Attributes:
        width: In pixels.
        height: In pixels.
        rgba: Four bytes per pixel, row by row.
        panels: For lines: where they are.
    """

    width: int
    height: int
    rgba: bytes
    panels: tuple[Panel, ...] = ()


def to_picture(
    figure: Figure,
    *,
    theme: ThemeName = "light",
    width_inches: float = 7.0,
    height_inches: float | None = None,
    titled: bool = True,
    transparent: bool = False,
    font: str = "",
    dpi: float = 144,
) -> Picture:
    """The figure as pixels for a screen; see `draw`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawing = draw(
        figure,
        theme=theme,
        width_inches=width_inches,
        height_inches=height_inches,
        titled=titled,
        transparent=transparent,
        font=font,
    )
    drawing.set_dpi(dpi)
    canvas = FigureCanvasAgg(drawing)
    with _style(THEMES[theme], font):
        canvas.draw()
    width, height = canvas.get_width_height()
    return Picture(width, height, bytes(canvas.buffer_rgba()), _panels(drawing, figure))


def _panels(drawing: Drawing, figure: Figure) -> tuple[Panel, ...]:
    if not isinstance(figure, LinesFigure):
        return ()
    found = []
    for group, axes in zip(_by_group(figure), drawing.axes, strict=False):
        box = axes.get_position()
        x, y = axes.get_xlim(), axes.get_ylim()
        found.append(Panel(group, (box.x0, 1 - box.y1, box.x1, 1 - box.y0), (x[0], x[1]), (y[0], y[1]), figure.log))
    return tuple(found)


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


_ONE_AT_A_TIME = threading.RLock()


@cache
def _has_font(family: str) -> bool:
    """Whether matplotlib finds a font of this family."""
    from matplotlib.font_manager import fontManager

    return any(font.name == family for font in fontManager.ttflist)


@contextmanager
def _style(colors: Theme, font: str = "") -> Iterator[None]:
    """matplotlib's settings while something is drawn. They are global: one thread at a time."""
    import matplotlib as mpl

    settings = {
        "font.family": [font, "DejaVu Sans"] if font and _has_font(font) else ["DejaVu Sans"],
        "svg.fonttype": "none",
        "svg.hashsalt": "layerloom",
        "text.color": colors.text,
        "text.parse_math": False,  # names with dollar signs are names
        "axes.facecolor": "none",
        "axes.edgecolor": colors.line,
        "axes.labelcolor": colors.muted,
        "axes.labelsize": LABEL_SIZE,
        "axes.unicode_minus": True,
        "axes.formatter.use_mathtext": False,
        "axes.formatter.useoffset": False,
        "xtick.color": colors.muted,
        "ytick.color": colors.muted,
        "xtick.labelsize": TICK_SIZE,
        "ytick.labelsize": TICK_SIZE,
        "legend.fontsize": LABEL_SIZE,
        "legend.frameon": False,
    }
    with _ONE_AT_A_TIME, mpl.rc_context(settings):
        yield


# ----------------------------------------------------------------------------------------------------------------- lines


def _by_group(figure: LinesFigure) -> dict[str, list[Line]]:
    groups: dict[str, list[Line]] = {}
    for line in figure.lines:
        groups.setdefault(line.group, []).append(line)
    return groups


def _draw_lines(drawing: Drawing, figure: LinesFigure, colors: Theme) -> float:
    """The panels beneath each other, as wide as the drawing."""
    groups = _by_group(figure)
    panels = drawing.subplots(max(1, len(groups)), 1, sharex=True, squeeze=False)[:, 0]
    panel_height = 2.5 if len(groups) <= 1 else 1.9
    for axes, (group, lines) in zip(panels, groups.items(), strict=False):
        _draw_panel(axes, group, lines, colors, log=figure.log)
    if not groups:
        _say_empty(panels[0], colors)
    _place_positions(panels[-1], figure)
    for axes, lines in zip(panels, groups.values(), strict=False):
        _label_panel(axes, lines, colors, panel_height * 0.78)
    panels[-1].set_xlabel(_plain(figure.x_label))
    return panel_height * len(panels) + (0.3 if figure.x_label else 0.1)


def _draw_fitted_lines(drawing: Drawing, figure: LinesFigure, colors: Theme, *, titled: bool) -> Drawing:
    """The panels in a space that is given, side by side where it is wide.

    Margins are worked out from the texts rather than by matplotlib's layout engine, which takes longer than all the rest:
    this is what is drawn several times a second while a network learns.
    """
    groups = _by_group(figure)
    width, height = drawing.get_figwidth(), drawing.get_figheight()
    head = 0.08
    if titled and figure.title:
        drawing.text(0.1 / width, 1 - 0.1 / height, _plain(figure.title), va="top", size=TITLE_SIZE, weight="bold")
        head = 0.38
    count = max(1, len(groups))
    columns = max(range(1, count + 1), key=lambda n: min(width / n, PANEL_ASPECT * (height - head) / math.ceil(count / n)))
    rows = math.ceil(count / columns)
    wide, tall = width / columns, (height - head) / rows
    foot = TICK_SIZE * 2.1 / POINTS
    for number, (group, lines) in enumerate(groups.items() or [("", [])]):
        labels = [text for *_, text in _ends(lines)]
        left, top = 0.5, LABEL_SIZE * 2.0 / POINTS if group else 0.06
        right = max(_text_width(labels, LABEL_SIZE) + 0.1 if len(labels) <= LABELLED_LINES else 1.4, 0.5)
        right = min(right, wide * 0.42)
        inner, across = max(0.2, tall - top - foot), max(0.2, wide - left - right)
        x, y = (number % columns) * wide, height - head - (number // columns) * tall
        axes = drawing.add_axes(((x + left) / width, (y - top - inner) / height, across / width, inner / height))
        if lines:
            _draw_panel(axes, group, lines, colors, log=figure.log)
        else:
            _bare(axes, colors)
            _say_empty(axes, colors)
        _place_positions(axes, figure, int(across / 0.36))
        _label_panel(axes, lines, colors, inner, int(right * POINTS / (LABEL_SIZE * CHARACTER_WIDTH)))
        axes.text(
            1.0 + 0.12 / across,
            -5 / POINTS / inner,
            _plain(figure.x_label),
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
        axes.set_xlim(positions[0] - 1, positions[0] + 0.05)  # a single epoch: beside its label
    if positions and all(float(x).is_integer() for x in positions):
        from matplotlib.ticker import MaxNLocator

        axes.xaxis.set_major_locator(MaxNLocator(nbins=max(1, min(8, most_ticks)), integer=True, min_n_ticks=1))


def _draw_panel(axes: Axes, group: str, lines: Sequence[Line], colors: Theme, *, log: bool) -> None:
    """One group of lines over an axis of their own."""
    _bare(axes, colors, grid="y")
    axes.margins(x=0.02, y=0.08)
    if log:
        axes.set_yscale("log", nonpositive="mask")
        _name_powers(axes)
    if group:
        # A place of its own: matplotlib else measures everything around to find one.
        axes.set_title(_plain(group), loc="left", y=1.0, size=LABEL_SIZE, weight="bold", color=colors.muted, pad=5)
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
            label=_plain(line.name),
        )
    if not any(len(line.x) for line in lines):
        _say_empty(axes, colors)


def _label_panel(axes: Axes, lines: Sequence[Line], colors: Theme, height: float, most_characters: int = 60) -> None:
    """Mark the ends of the lines of a panel, so many inches high, and name them there, or in a legend if they are many."""
    ends = [(x, y, text, color) for line, color in _colored(lines, colors) for x, y, text in _ends([line])]
    axes.autoscale_view()
    for x, y, _, color in ends:
        axes.plot(x, y, "o", color=color, markersize=4.5, scalex=False, scaley=False)
    if len(ends) <= LABELLED_LINES:
        _label_ends(axes, [(x, y, _shortened(text, most_characters), color) for x, y, text, color in ends], colors, height)
    else:
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0)


def _colored(lines: Sequence[Line], colors: Theme) -> Iterator[tuple[Line, str]]:
    """The lines and their colours: their own hue, or the next one of the palette of solid or dashed lines."""
    palettes = {True: iter(_endless(colors.dashed)), False: iter(_endless(colors.solid))}
    for line in lines:
        if line.hue is None:
            yield line, next(palettes[line.dashed])
        else:
            palette = colors.dashed if line.dashed else colors.solid
            yield line, palette[line.hue % len(palette)]


def _ends(lines: Sequence[Line]) -> list[tuple[float, float, str]]:
    """The last value of every line that is labelled: position, value, label."""
    found = []
    for line in lines:
        if line.style != "faint":
            last = next((i for i in reversed(range(len(line.y))) if math.isfinite(line.y[i])), None)
            if last is not None:
                x, y = float(line.x[last]), float(line.y[last])
                found.append((x, y, f"{_short(y)}  {_plain(line.name)}".rstrip()))
    return found


def _shortened(text: str, most: int) -> str:
    """A label without its end where there is no room for it; its number is always whole."""
    return text if len(text) <= most else text[: max(5, most - 1)].rstrip() + "…"


def _name_powers(axes: Axes) -> None:
    """Plain numbers on a logarithmic axis (0.05, not 5 x 10^-2)."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


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
    """Positions as near to the wanted ones as may be, in the same order, at least `gap` apart.

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


# -------------------------------------------------------------------------------------------------------------- heat map


def _draw_heat_map(drawing: Drawing, figure: HeatMapFigure, colors: Theme) -> float:
    """A matrix; where rows and columns have the same names it is drawn as a confusion matrix."""
    import numpy as np

    axes = drawing.subplots()
    values = np.asarray(figure.values, dtype=float).reshape(len(figure.row_names), len(figure.column_names))
    rows, columns = values.shape
    width = drawing.get_figwidth()
    if not values.size:
        _bare(axes, colors)
        _say_empty(axes, colors)
        return 1.5
    names_width = min(_text_width(figure.row_names, TICK_SIZE), width * 0.35) + 0.45
    cell_width = (width - names_width - 0.3) / columns
    numbered = max(rows, columns) <= NUMBERED_CELLS
    cell_height = max(0.3, min(cell_width, 0.46)) if numbered else min(cell_width, 9 / rows)
    is_confusion = list(figure.row_names) == list(figure.column_names)
    shades = _confusion_shades(values, colors) if is_confusion else _plain_shades(values, colors)
    if numbered:
        axes.pcolormesh(shades, edgecolors=[_rgb(colors.panel)], linewidth=1.6)
        axes.invert_yaxis()
        _number_cells(axes, values, shades, cell_width, is_confusion=is_confusion)
    else:
        axes.imshow(shades, extent=(0, columns, rows, 0), aspect="auto", interpolation="none")
    _bare(axes, colors)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    slanted = _name_ticks(axes, figure, cell_width, cell_height)
    axes.set_xlabel(_plain(figure.column_label), labelpad=8, loc="left")
    axes.set_ylabel(_plain(figure.row_label), labelpad=8, loc="top")
    head = 0.3 + (min(_text_width(figure.column_names, TICK_SIZE), 2.0) * 0.72 if slanted else 0.0)
    return rows * cell_height + head + (0.3 if figure.column_label else 0)


def _confusion_shades(values: NDArray[Any], colors: Theme) -> NDArray[Any]:
    """RGB per cell by its share of the row: what is right in the accent colour, what is wrong in orange.

    Mistakes are drawn by the square root of their share: of a good classifier's, few are more than some percent.
    """
    import numpy as np

    totals = np.nansum(np.abs(values), axis=1, keepdims=True)
    share = np.nan_to_num(np.divide(np.abs(values), totals, out=np.zeros_like(values), where=totals > 0))
    right = np.eye(len(values), dtype=bool)[..., None]
    return np.where(
        right,
        _mixed(colors.panel, colors.full, 0.08 + 0.82 * share),
        _mixed(colors.panel, colors.dashed[0], np.where(share > 0, 0.04 + 0.8 * np.sqrt(share), 0.0)),
    )


def _plain_shades(values: NDArray[Any], colors: Theme) -> NDArray[Any]:
    """RGB per cell between the smallest and the largest value."""
    import numpy as np

    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return _mixed(colors.panel, colors.full, 0.04 + 0.86 * np.nan_to_num((values - low) / ((high - low) or 1)))


def _number_cells(axes: Axes, values: NDArray[Any], shades: NDArray[Any], cell_width: float, *, is_confusion: bool) -> None:
    """Write every cell's number, in the colour that is readable on it; nothing is written where nothing was counted."""
    import numpy as np

    texts = [[_short(v) if math.isfinite(v) else "–" for v in row] for row in values]
    longest = max(len(t) for row in texts for t in row)
    size = max(5.0, min(9.5, cell_width * POINTS * 0.86 / (longest * CHARACTER_WIDTH)))
    for (row, column), value in np.ndenumerate(values):
        if is_confusion and value == 0 and row != column:
            continue
        axes.text(
            column + 0.5,
            row + 0.5,
            texts[row][column],
            ha="center",
            va="center",
            size=size,
            weight="bold" if is_confusion and row == column else "normal",
            color=_readable_on(shades[row, column]),
            in_layout=False,  # it lies inside its cell; measuring a thousand of them would take most of the time
        )


def _name_ticks(axes: Axes, figure: HeatMapFigure, cell_width: float, cell_height: float) -> bool:
    """Name rows and columns; True if the columns' names had to be slanted to fit. Of very many, only every n-th is named."""
    slanted = _text_width(figure.column_names, TICK_SIZE) > cell_width * 0.95
    needed = TICK_SIZE * 1.25 / POINTS
    every_column = max(1, math.ceil(needed * 1.3 / cell_width)) if slanted else 1
    every_row = max(1, math.ceil(needed / cell_height))
    columns, rows = range(0, len(figure.column_names), every_column), range(0, len(figure.row_names), every_row)
    axes.set_xticks([i + 0.5 for i in columns], [_clipped(figure.column_names[i]) for i in columns])
    axes.set_yticks([i + 0.5 for i in rows], [_clipped(figure.row_names[i]) for i in rows])
    if slanted:
        for label in axes.get_xticklabels():
            label.set(rotation=45, ha="left", va="bottom", rotation_mode="anchor")
    return slanted


# ---------------------------------------------------------------------------------------------------------------- images


def _draw_images(drawing: Drawing, figure: ImagesFigure, colors: Theme) -> float:
    from matplotlib.patches import FancyBboxPatch

    axes = drawing.subplots()
    axes.set_axis_off()
    if not len(figure.images):
        _say_empty(axes, colors)
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
                _clipped(figure.captions[number], fitting),
                ha="center",
                va="top",
                size=TICK_SIZE,
                color=colors.muted,
            )
    axes.set(xlim=(0, width), ylim=(rows * step, 0), aspect="equal")
    return rows * step + 0.15


# ------------------------------------------------------------------------------------------------------------------ bars


def _draw_bars(drawing: Drawing, figure: BarsFigure, colors: Theme) -> float:
    """Bars side by side; lying ones where the names would not fit beneath standing ones."""
    import numpy as np

    axes = drawing.subplots()
    count, series = len(figure.names), len(figure.series)
    if not (count and series):
        _bare(axes, colors)
        _say_empty(axes, colors)
        return 1.5
    lying = _text_width(figure.names, TICK_SIZE) > (drawing.get_figwidth() - 0.8) / count * 0.95
    _bare(axes, colors, grid="x" if lying else "y")
    places = np.arange(count, dtype=float)
    thickness = 0.76 / series
    names = [_clipped(n) for n in figure.names]
    for number, (name, values) in enumerate(figure.series.items()):
        offset = places - 0.38 + thickness * (number + 0.5)
        color = colors.solid[number % len(colors.solid)]
        draw_bars = axes.barh if lying else axes.bar
        bars = draw_bars(offset, values, thickness * 0.9, color=color, label=_plain(name))
        if series == 1 and count <= 40:
            texts = [_short(v) if math.isfinite(v) else "–" for v in values]
            axes.bar_label(bars, texts, padding=3, size=TICK_SIZE, color=colors.text)
    if lying:
        axes.set_yticks(places, names)
        axes.set(ylim=(count - 0.4, -0.6), xlabel=_plain(figure.y_label))
    else:
        axes.set_xticks(places, names)
        axes.set(xlim=(-0.6, count - 0.4), ylabel=_plain(figure.y_label))
    if series > 1:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=min(series, 4), borderaxespad=0.2, handlelength=1.0)
    if not lying:
        return 2.8
    return count * max(0.24, 0.13 * series) + (0.9 if series > 1 else 0.5)


# ------------------------------------------------------------------------------------------------------------------ text


def _draw_text(drawing: Drawing, figure: TextFigure, colors: Theme) -> float:
    axes = drawing.subplots()
    axes.set_axis_off()
    lines = figure.text.expandtabs().splitlines() or [""]
    longest = max(len(line) for line in lines) or 1
    size = max(4.0, min(9.0, (drawing.get_figwidth() - 0.2) * POINTS / (longest * 0.603)))
    text = "\n".join(_plain(line) for line in lines)
    axes.text(0, 1, text, family="DejaVu Sans Mono", size=size, va="top", color=colors.text, linespacing=1.35)
    return len(lines) * size * 1.32 / POINTS + 0.2


# ----------------------------------------------------------------------------------------------------------------- tools


def _bare(axes: Axes, colors: Theme, grid: Literal["x", "y"] | None = None) -> None:
    """No frame and no tick marks; thin grid lines behind the data where asked for."""
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, pad=5)
    if grid:
        axes.grid(axis=grid, color=colors.line, linewidth=0.8)
        axes.set_axisbelow(True)


def _say_empty(axes: Axes, colors: Theme) -> None:
    axes.set(xticks=[], yticks=[])
    axes.text(
        0.5, 0.5, "nothing to draw", transform=axes.transAxes, ha="center", va="center", color=colors.muted, size=LABEL_SIZE
    )


def _endless(palette: Sequence[str]) -> Iterator[str]:
    while True:
        yield from palette


def _short(value: float) -> str:
    """A number as a person reads it in a drawing: whole ones whole, others with three to four digits."""
    if float(value).is_integer() and abs(value) < 1e6:
        text = f"{value:.0f}"
    elif 0.0995 <= abs(value) < 1:
        text = f"{value:.3f}"
    else:
        text = f"{value:.3g}" if abs(value) < 1000 else f"{value:.4g}"
    return text.replace("-", "\u2212", 1) if value < 0 else text


_STYLE_ELEMENT = re.compile(r"\s*<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)
"""matplotlib's style for every element; inside a page it would reach the elements of all other drawings too."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def _plain(text: str) -> str:
    """Text without characters that XML does not allow."""
    return _CONTROL.sub("\ufffd", text)


def _clipped(text: str, length: int = 24) -> str:
    one_line = _plain(" ".join(text.split()))
    return one_line if len(one_line) <= length else one_line[: max(1, length - 1)] + "…"


def _text_width(texts: Sequence[str], size: float) -> float:
    """About how many inches the longest of these texts takes."""
    return max((len(_clipped(t)) for t in texts), default=0) * size * CHARACTER_WIDTH / POINTS


def _rgb(color: str) -> tuple[float, ...]:
    return tuple(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))


def _mixed(low: str, high: str, share: NDArray[Any]) -> NDArray[Any]:
    """Colours between two, by a share from 0 to 1 per cell: (rows, columns, 3)."""
    import numpy as np

    part = np.clip(share, 0, 1)[..., None]
    mixed: NDArray[Any] = np.asarray(_rgb(low)) * (1 - part) + np.asarray(_rgb(high)) * part
    return mixed


def _readable_on(shade: NDArray[Any]) -> str:
    """White type where its contrast is at least 3 : 1, else black type (relative luminance as WCAG 2 defines it)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in map(float, shade)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#FFFFFF" if 1.05 / (luminance + 0.05) >= 3 else "#1F2733"
