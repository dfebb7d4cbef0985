"""From a figure to SVG, PNG or pixels.

Only matplotlib's object interface is used, never pyplot, so that nothing is kept alive and no window system is touched.
"""

from __future__ import annotations

import io
import re
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from app.drawing.bars import draw_bars
from app.drawing.diagram import draw_diagram
from app.drawing.distributions import draw_boxes, draw_histogram
from app.drawing.heat_map import draw_heat_map
from app.drawing.images import draw_images
from app.drawing.lines import by_group, draw_fitted_lines, draw_lines
from app.drawing.points import draw_points
from app.drawing.text import draw_text
from app.drawing.theme import BOLD, CHARACTER_WIDTH, LABEL_SIZE, POINTS, THEMES, TICK_SIZE, TITLE_SIZE, Theme, ThemeName
from app.drawing.tools import fitting, plain
from nodes.heard_warnings import heard_warnings
from nodes.values.figure import (
    BarsFigure,
    BoxesFigure,
    DiagramFigure,
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

_FONTS = re.compile(r"'DejaVu Sans'(?:, '[^']*')*")
"""The fonts of this machine, of which a file that is shown on another one must not speak."""


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
        title = _title_lines(figure.title, width_inches) if titled else []
        if title:
            drawing.suptitle("\n".join(title), x=0.012, ha="left", size=TITLE_SIZE, weight="bold", color=colors.text)
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
            case DiagramFigure():
                height = draw_diagram(drawing, figure, colors)
            case TextFigure():
                height = draw_text(drawing, figure, colors)
        drawing.set_figheight(height + (0.35 + 0.18 * (len(title) - 1) if title else 0.0))
        _fit_labels(drawing, height)
    return drawing


TITLE_LINES = 2


def _title_lines(title: str, width: float) -> list[str]:
    """Return a title in as many lines as it needs, but not more than two."""
    fitting = max(8, int((width - 0.2) * POINTS / (TITLE_SIZE * BOLD * CHARACTER_WIDTH)))
    text = plain(title)
    return [text] if 0 < len(text) <= fitting else textwrap.wrap(text, fitting, max_lines=TITLE_LINES, placeholder="…")


def _fit_labels(drawing: Drawing, height: float) -> None:
    """Shorten what stands beside axes that are not as long."""
    panels = max(1, len({axes.get_subplotspec() for axes in drawing.axes if axes.get_subplotspec() is not None}))
    for axes in drawing.axes:
        # Beside long names or a legend the middle of the axes is not that of the drawing.
        for label, inches in ((axes.xaxis.label, drawing.get_figwidth() * 0.62), (axes.yaxis.label, height / panels - 0.2)):
            label.set_text(fitting(label.get_text(), inches, LABEL_SIZE))


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
    """Return the figure as an `<svg>` element, the same text for the same figure.

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
    svg = _FONTS.sub("Inter, system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif", svg)
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
    """Return the figure as a PNG file of `width_inches * dpi` pixels width; see `draw`."""
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
class Raster:
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


def to_raster(
    figure: Figure,
    *,
    theme: ThemeName = "light",
    width_inches: float = 7.0,
    height_inches: float | None = None,
    titled: bool = True,
    transparent: bool = False,
    font: str = "",
    dpi: float = 144,
) -> Raster:
    """Return the figure as pixels for a screen; see `draw`."""
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
    return Raster(width, height, bytes(canvas.buffer_rgba()), _panels(drawing, figure))


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
    """Return whether matplotlib finds a font of this family."""
    from matplotlib.font_manager import fontManager

    return any(font.name == family for font in fontManager.ttflist)


FURTHER_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Noto Sans JP", "Noto Sans KR", "Microsoft YaHei",
    "Source Han Sans SC", "PingFang SC", "Hiragino Sans", "Yu Gothic", "Malgun Gothic", "Apple SD Gothic Neo",
    "Arial Unicode MS", "WenQuanYi Micro Hei", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Thai", "Nirmala UI",
)  # fmt: skip
"""Where there is one of these, it draws what the font of drawings does not have, such as Chinese names."""


@contextmanager
def _style(colors: Theme, font: str = "") -> Iterator[None]:
    """matplotlib's settings while something is drawn. They are global: one thread at a time."""
    import matplotlib as mpl

    families = ([font] if font and _has_font(font) else []) + ["DejaVu Sans"]
    settings = {
        "font.family": families + [name for name in FURTHER_FONTS if _has_font(name)],
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
    with _ONE_AT_A_TIME, mpl.rc_context(settings), heard_warnings(r"Glyph \d+ .* missing from font"):
        # Writing that no font of this machine has: a box is drawn in a picture, and a browser finds a font for the SVG.
        yield
