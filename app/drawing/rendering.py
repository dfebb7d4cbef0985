"""From a figure to SVG, PNG or pixels.

Only matplotlib's object interface is used, never pyplot, so that nothing is kept alive and no window system is touched.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from app.drawing.bars import draw_bars
from app.drawing.distributions import draw_boxes, draw_histogram
from app.drawing.heat_map import draw_heat_map
from app.drawing.images import draw_images
from app.drawing.lines import by_group, draw_fitted_lines, draw_lines
from app.drawing.points import draw_points
from app.drawing.text import draw_text
from app.drawing.theme import LABEL_SIZE, THEMES, TICK_SIZE, TITLE_SIZE, Theme, ThemeName
from app.drawing.tools import plain
from nodes.values.figure import (
    BarsFigure,
    BoxesFigure,
    Figure,
    HeatMapFigure,
    HistogramFigure,
    ImagesFigure,
    LinesFigure,
    PointsFigure,
    TextFigure,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_STYLE_ELEMENT = re.compile(r"\s*<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)
"""matplotlib's style for every element; inside a page it would reach the elements of all other drawings too."""


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
            return draw_fitted_lines(Drawing((width_inches, height_inches), facecolor=facecolor), figure, colors, titled=titled)
        layout = ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.06, hspace=0.06)
        drawing = Drawing((width_inches, 1.0), layout=layout, facecolor=facecolor)
        if titled and figure.title:
            drawing.suptitle(plain(figure.title), x=0.012, ha="left", size=TITLE_SIZE, weight="bold", color=colors.text)
        match figure:
            case LinesFigure():
                height = draw_lines(drawing, figure, colors)
            case PointsFigure():
                height = draw_points(drawing, figure, colors)
            case HistogramFigure():
                height = draw_histogram(drawing, figure, colors)
            case BoxesFigure():
                height = draw_boxes(drawing, figure, colors)
            case HeatMapFigure():
                height = draw_heat_map(drawing, figure, colors)
            case ImagesFigure():
                height = draw_images(drawing, figure, colors)
            case BarsFigure():
                height = draw_bars(drawing, figure, colors)
            case TextFigure():
                height = draw_text(drawing, figure, colors)
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
    for group, axes in zip(by_group(figure), drawing.axes, strict=False):
        box = axes.get_position()
        x, y = axes.get_xlim(), axes.get_ylim()
        found.append(Panel(group, (box.x0, 1 - box.y1, box.x1, 1 - box.y0), (x[0], x[1]), (y[0], y[1]), figure.log))
    return tuple(found)


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
