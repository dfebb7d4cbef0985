"""What several kinds of drawing need: plain axes, readable numbers and names, mixed colours."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from app.contrast import type_on
from app.drawing.theme import CHARACTER_WIDTH, LABEL_SIZE, POINTS, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from numpy.typing import NDArray


def bare(axes: Axes, colors: Theme, grid: Literal["x", "y", "both"] | None = None) -> None:
    """No frame and no tick marks; thin grid lines behind the data where asked for."""
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(which="both", length=0, pad=5)
    if grid:
        axes.grid(axis=grid, color=colors.line, linewidth=0.8)
        axes.set_axisbelow(True)


def say_empty(axes: Axes, colors: Theme) -> None:
    """Say in place of a drawing that it has no data."""
    axes.set(xticks=[], yticks=[])
    axes.text(
        0.5, 0.5, "nothing to draw", transform=axes.transAxes, ha="center", va="center", color=colors.muted, size=LABEL_SIZE
    )


def endless(palette: Sequence[str]) -> Iterator[str]:
    """Return a palette, from the beginning again when it is used up."""
    while True:
        yield from palette


FEW_DECADES = 3.0
"""Over so many powers of ten, a logarithmic axis has numbers between them too."""


def name_powers(axis: Axis) -> None:
    """Plain numbers on a logarithmic axis (0.05, not 5 x 10^-2)."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    class Powers(LogLocator):
        """matplotlib's puts no ticks at all between powers that it leaves out, so those between are asked for over few only."""

        def tick_values(self, vmin: float, vmax: float) -> Any:
            few = vmin > 0 and abs(math.log10(vmax / vmin)) <= FEW_DECADES
            self.set_params(subs=(1.0, 2.0, 5.0) if few else (1.0,))
            return super().tick_values(vmin, vmax)

    axis.set_major_locator(Powers(numticks=6))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def count_whole(axis: Axis, values: Iterable[float]) -> None:
    """Whole numbers only beside what is counted: half a row says nothing."""
    from matplotlib.ticker import MaxNLocator

    if all(not math.isfinite(value) or float(value).is_integer() for value in values):
        axis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))


LEGEND_ROW = LABEL_SIZE * 1.75 / POINTS
"""Height of a line of a legend, in inches."""
MOST_NAMES = 20
"""So many names at most stand in a legend; colours have come again long before."""


def name_series(axes: Axes, *, most: int = MOST_NAMES, handle_length: float = 2.0) -> float:
    """Draw a legend beside the drawing, of more names than `most` the first ones; return its height in inches."""
    handles, names = axes.get_legend_handles_labels()
    if len(names) > max(most, 1):
        from matplotlib.lines import Line2D

        shown = max(most, 2) - 1
        handles = [*handles[:shown], Line2D([], [], linestyle="none")]
        names = [*names[:shown], f"and {len(names) - shown} more"]
    axes.legend(handles, names, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0, handlelength=handle_length)
    return len(names) * LEGEND_ROW


def short(value: float) -> str:
    """Return a number as a person reads it in a drawing: whole ones whole, others with three to four digits."""
    if float(value).is_integer() and abs(value) < 1e6:
        text = f"{value:.0f}"
    elif 0.0995 <= abs(value) < 1:
        text = f"{value:.3f}"
    else:
        text = f"{value:.3g}" if abs(value) < 1000 else f"{value:.4g}"
    return text.replace("-", "\u2212", 1) if value < 0 else text


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    """Return text without characters that XML does not allow."""
    return _CONTROL.sub("\ufffd", text)


def clipped(text: str, length: int = 24) -> str:
    """Return text in one line of at most so many characters."""
    one_line = plain(" ".join(text.split()))
    return one_line if len(one_line) <= length else one_line[: max(1, length - 1)] + "…"


def fitting(text: str, inches: float, size: float) -> str:
    """Return text in one line, without its end where it is longer than so many inches."""
    return clipped(text, max(4, int(inches * POINTS / (size * CHARACTER_WIDTH))))


def text_width(texts: Sequence[str], size: float) -> float:
    """Return about how many inches the longest of these texts takes."""
    return max((len(clipped(t)) for t in texts), default=0) * size * CHARACTER_WIDTH / POINTS


def rgb(color: str) -> tuple[float, ...]:
    """`#rrggbb` as three numbers from 0 to 1."""
    return tuple(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))


def mixed(low: str, high: str, share: NDArray[Any]) -> NDArray[Any]:
    """Return colours between two, by a share from 0 to 1 per cell: (rows, columns, 3)."""
    import numpy as np

    part = np.clip(share, 0, 1)[..., None]
    mixed: NDArray[Any] = np.asarray(rgb(low)) * (1 - part) + np.asarray(rgb(high)) * part
    return mixed


def readable_on(shade: NDArray[Any]) -> str:
    """Return white type where it can be read, else dark type."""
    return type_on("#" + "".join(f"{round(255 * float(part)):02x}" for part in shade[:3]))
