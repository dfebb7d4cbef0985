"""What several kinds of drawing need: plain axes, readable numbers and names, mixed colours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from app.drawing.theme import CHARACTER_WIDTH, LABEL_SIZE, POINTS, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from numpy.typing import NDArray


def bare(axes: Axes, colors: Theme, grid: Literal["x", "y", "both"] | None = None) -> None:
    """No frame and no tick marks; thin grid lines behind the data where asked for."""
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, pad=5)
    if grid:
        axes.grid(axis=grid, color=colors.line, linewidth=0.8)
        axes.set_axisbelow(True)


def say_empty(axes: Axes, colors: Theme) -> None:
    """In place of a drawing that has no data."""
    axes.set(xticks=[], yticks=[])
    axes.text(
        0.5, 0.5, "nothing to draw", transform=axes.transAxes, ha="center", va="center", color=colors.muted, size=LABEL_SIZE
    )


def endless(palette: Sequence[str]) -> Iterator[str]:
    """A palette, from the beginning again when it is used up."""
    while True:
        yield from palette


def name_powers(axis: Axis) -> None:
    """Plain numbers on a logarithmic axis (0.05, not 5 x 10^-2)."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=6))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def short(value: float) -> str:
    """A number as a person reads it in a drawing: whole ones whole, others with three to four digits."""
    if float(value).is_integer() and abs(value) < 1e6:
        text = f"{value:.0f}"
    elif 0.0995 <= abs(value) < 1:
        text = f"{value:.3f}"
    else:
        text = f"{value:.3g}" if abs(value) < 1000 else f"{value:.4g}"
    return text.replace("-", "\u2212", 1) if value < 0 else text


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    """Text without characters that XML does not allow."""
    return _CONTROL.sub("\ufffd", text)


def clipped(text: str, length: int = 24) -> str:
    """Text in one line of at most so many characters."""
    one_line = plain(" ".join(text.split()))
    return one_line if len(one_line) <= length else one_line[: max(1, length - 1)] + "…"


def text_width(texts: Sequence[str], size: float) -> float:
    """About how many inches the longest of these texts takes."""
    return max((len(clipped(t)) for t in texts), default=0) * size * CHARACTER_WIDTH / POINTS


def rgb(color: str) -> tuple[float, ...]:
    """`#rrggbb` as three numbers from 0 to 1."""
    return tuple(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))


def mixed(low: str, high: str, share: NDArray[Any]) -> NDArray[Any]:
    """Colours between two, by a share from 0 to 1 per cell: (rows, columns, 3)."""
    import numpy as np

    part = np.clip(share, 0, 1)[..., None]
    mixed: NDArray[Any] = np.asarray(rgb(low)) * (1 - part) + np.asarray(rgb(high)) * part
    return mixed


def readable_on(shade: NDArray[Any]) -> str:
    """White type where its contrast is at least 3 : 1, else black type (relative luminance as WCAG 2 defines it)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in map(float, shade)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#FFFFFF" if 1.05 / (luminance + 0.05) >= 3 else "#1F2733"
