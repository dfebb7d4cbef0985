"""Draws every `nodes.values.figure.Figure` with matplotlib, for the window, for reports and for export alike.

Only matplotlib's object interface is used, never pyplot, so that nothing is kept alive and no window system is touched.
Colours and type are those of the program's window.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
    figure: Figure, *, theme: ThemeName = "light", width_inches: float = 7.0, titled: bool = True, transparent: bool = False
) -> Drawing:
    """Draw a figure; its height follows from what it shows.

    Args:
        figure: The data of the drawing.
        theme: Which colours.
        width_inches: Its width; type has the same size whatever the width.
        titled: Whether the title is drawn, or stands in the text around it.
        transparent: Whether what lies beneath shines through.
    """
    from matplotlib.figure import Figure as Drawing
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    colors = THEMES[theme]
    with _style(colors):
        layout = ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.06, hspace=0.06)
        drawing = Drawing((width_inches, 1.0), layout=layout, facecolor="none" if transparent else colors.panel)
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
        titled: See `draw`.
        transparent: See `draw`.
        prefix: Put before every id, so that several drawings can stand in one page.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    drawing = draw(figure, theme=theme, width_inches=width_inches, titled=titled, transparent=transparent)
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
    titled: bool = True,
    transparent: bool = False,
    dpi: int = 144,
) -> bytes:
    """The figure as a PNG file of `width_inches * dpi` pixels width; see `draw`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawing = draw(figure, theme=theme, width_inches=width_inches, titled=titled, transparent=transparent)
    drawing.set_dpi(dpi)
    out = io.BytesIO()
    with _style(THEMES[theme]):
        FigureCanvasAgg(drawing).print_png(out, metadata={"Software": None})
    return out.getvalue()


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


@contextmanager
def _style(colors: Theme) -> Iterator[None]:
    """matplotlib's settings while something is drawn. They are global: draw in one thread at a time."""
    import matplotlib as mpl

    settings = {
        "font.family": ["DejaVu Sans"],  # matplotlib brings it, so that texts are measured alike everywhere
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
    with mpl.rc_context(settings):
        yield


# ----------------------------------------------------------------------------------------------------------------- lines


def _draw_lines(drawing: Drawing, figure: LinesFigure, colors: Theme) -> float:
    groups: dict[str, list[Line]] = {}
    for line in figure.lines:
        groups.setdefault(line.group, []).append(line)
    panels = drawing.subplots(max(1, len(groups)), 1, sharex=True, squeeze=False)[:, 0]
    panel_height = 2.5 if len(groups) <= 1 else 1.9
    for axes, (group, lines) in zip(panels, groups.items(), strict=False):
        _draw_panel(axes, group, lines, colors, panel_height)
    if not groups:
        _say_empty(panels[0], colors)
    positions = [x for line in figure.lines for x in line.x]
    if positions and all(float(x).is_integer() for x in positions):
        from matplotlib.ticker import MaxNLocator

        panels[-1].xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    if positions and min(positions) == max(positions):
        panels[-1].set_xlim(positions[0] - 1, positions[0] + 0.05)  # a single epoch: beside its label
    panels[-1].set_xlabel(_plain(figure.x_label))
    return panel_height * len(panels) + (0.3 if figure.x_label else 0.1)


def _draw_panel(axes: Axes, group: str, lines: Sequence[Line], colors: Theme, height: float) -> None:
    """One group of lines over an axis of their own."""
    _bare(axes, colors, grid="y")
    axes.margins(x=0.02, y=0.08)
    if group:
        axes.set_title(_plain(group), loc="left", size=LABEL_SIZE, weight="bold", color=colors.muted, pad=5)
    ends: list[tuple[float, float, str, str]] = []
    palettes = {True: iter(_endless(colors.dashed)), False: iter(_endless(colors.solid))}
    for line in lines:
        color = next(palettes[line.dashed])
        axes.plot(line.x, line.y, color=color, linewidth=1.9, dashes=(4, 2) if line.dashed else (), label=_plain(line.name))
        points = [(float(x), float(y)) for x, y in zip(line.x, line.y, strict=True) if math.isfinite(y)]
        if points:
            axes.plot(*points[-1], "o", color=color, markersize=4.5)
            ends.append((*points[-1], f"{_short(points[-1][1])}  {_plain(line.name)}".rstrip(), color))
    if not ends:
        _say_empty(axes, colors)
    elif len(ends) <= LABELLED_LINES:
        _label_ends(axes, ends, colors, height)
    else:
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0)


def _label_ends(axes: Axes, ends: Sequence[tuple[float, float, str, str]], colors: Theme, height: float) -> None:
    """Write value and name beside the end of every line, moved apart where they would lie on each other."""
    low, high = axes.get_ylim()
    wanted = [(y - low) / (high - low) for _, y, _, _ in ends]
    heights = spread(wanted, LABEL_SIZE * 1.35 / (height * 0.78 * POINTS))
    for (x, y, text, color), at in zip(ends, heights, strict=True):
        axes.annotate(
            text,
            xy=(x, y),
            xytext=(1.025, at),
            textcoords="axes fraction",
            va="center",
            size=LABEL_SIZE,
            color=colors.text,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.9, "alpha": 0.7, "shrinkA": 1, "shrinkB": 3},
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
