"""A matrix of numbers as shades: confusion matrices, correlations, feature maps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.drawing.theme import CHARACTER_WIDTH, LABEL_SIZE, POINTS, TICK_SIZE, Theme
from app.drawing.tools import bare, clipped, fitting, readable_on, rgb, say_empty, short, text_width
from nodes.values.figure import HeatMapFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing
    from numpy.typing import NDArray

NUMBERED_CELLS = 30
"""Up to so many columns the cells of a heat map show their numbers, and are drawn as vectors."""
MOST_SHADES = 700
"""So many cells in a row of 7 inches can be told apart; of more, neighbours are drawn as one, in their mean colour."""


def draw_heat_map(drawing: Drawing, figure: HeatMapFigure, colors: Theme) -> float:
    """Draw a matrix; return the height in inches."""
    import numpy as np

    axes = drawing.subplots()
    values = np.array(figure.values, dtype=float).reshape(len(figure.row_names), len(figure.column_names))
    values[~np.isfinite(values)] = np.nan
    rows, columns = values.shape
    width = drawing.get_figwidth()
    if not values.size:
        bare(axes, colors)
        say_empty(axes, colors)
        return 1.5
    names_width = min(text_width(figure.row_names, TICK_SIZE), width * 0.35) + 0.45
    cell_width = (width - names_width - 0.3) / columns
    numbered = max(rows, columns) <= NUMBERED_CELLS
    # What stands beside the rows must have room, and a line of numbers, too.
    least = (text_width([figure.row_label], LABEL_SIZE) + 0.1) / rows
    cell_height = max(least, 0.3, min(cell_width, 0.46)) if numbered else max(least, min(cell_width, 9 / rows))
    same = list(figure.row_names) == list(figure.column_names)
    shading = figure.shading or ("confusion" if same else "sequential")
    is_confusion = shading == "confusion" and same
    if is_confusion:
        shares = _confusion_shares(values)
    elif shading == "diverging":
        shares = _diverging_shares(values)
    else:
        shares = _plain_shares(values)
    # Shades mix evenly: the mean colour of cells is that of their mean shares.
    shades = _mixed_shades(shares if numbered else [_thinned(share) for share in shares], colors)
    if numbered:
        axes.pcolormesh(shades, edgecolors=[rgb(colors.panel)], linewidth=1.6)
        axes.invert_yaxis()
        _number_cells(axes, values, shades, cell_width, is_confusion=is_confusion)
    else:
        axes.imshow(shades, extent=(0, columns, rows, 0), aspect="auto", interpolation="none")
        if not is_confusion:
            _tell_shades(drawing, axes, values, colors, diverging=shading == "diverging")
    bare(axes, colors)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    slanted = _name_ticks(axes, figure, cell_width, cell_height)
    axes.set_xlabel(fitting(figure.column_label, columns * cell_width, LABEL_SIZE), labelpad=8, loc="left")
    axes.set_ylabel(fitting(figure.row_label, rows * cell_height, LABEL_SIZE), labelpad=8, loc="top")
    head = 0.3 + (min(text_width(figure.column_names, TICK_SIZE), 2.0) * 0.72 if slanted else 0.0)
    return rows * cell_height + head + (0.3 if figure.column_label else 0)


def _thinned(share: NDArray[Any]) -> NDArray[Any]:
    """Return the means of blocks of cells, of cells that are more than can be told apart on paper or screen."""
    import numpy as np

    for axis in (0, 1):
        step = math.ceil(share.shape[axis] / MOST_SHADES)
        if step > 1:
            starts = np.arange(0, share.shape[axis], step)
            sizes = np.diff([*starts, share.shape[axis]])
            sums: NDArray[Any] = np.add.reduceat(share, starts, axis)
            share = sums / np.expand_dims(sizes, 1 - axis)
    return share


def _mixed_shades(shares: Sequence[NDArray[Any]], colors: Theme) -> NDArray[Any]:
    """Return RGB per cell: so much of the accent colour, and of orange if there are two shares, and the panel's for the rest."""
    import numpy as np

    panel = np.array(rgb(colors.panel))
    made = np.broadcast_to(panel, (*shares[0].shape, 3))
    for share, color in zip(shares, (colors.full, colors.dashed[0]), strict=False):
        made = made + share[..., None] * (np.array(rgb(color)) - panel)
    shades: NDArray[Any] = np.clip(made, 0, 1)
    return shades


def _confusion_shares(values: NDArray[Any]) -> list[NDArray[Any]]:
    """Return how strong each cell is by its share of the row: what is right in the one colour, what is wrong in the other.

    Mistakes are drawn by the square root of their share: of a good classifier's, few are more than some percent.
    """
    import numpy as np

    totals = np.nansum(np.abs(values), axis=1, keepdims=True)
    share = np.nan_to_num(np.divide(np.abs(values), totals, out=np.zeros_like(values), where=totals > 0))
    right = np.eye(len(values), dtype=bool)
    return [np.where(right, 0.08 + 0.82 * share, 0.0), np.where(right | (share == 0), 0.0, 0.04 + 0.8 * np.sqrt(share))]


def _plain_shares(values: NDArray[Any]) -> list[NDArray[Any]]:
    """Return how strong each cell is, between the smallest and the largest value."""
    import numpy as np

    there = np.isfinite(values)
    low, high = (float(values[there].min()), float(values[there].max())) if there.any() else (0.0, 1.0)
    share = np.divide(values - low, (high - low) or 1, out=np.zeros_like(values), where=there)
    return [np.where(there, 0.04 + 0.86 * share, 0.0)]


def _diverging_shares(values: NDArray[Any]) -> list[NDArray[Any]]:
    """Return how strong each cell is: nothing at 0, the one colour for the greatest distance above it, the other below."""
    import numpy as np

    share = np.nan_to_num(values / (_farthest(values) or 1.0))
    return [0.92 * np.clip(share, 0, 1), 0.92 * np.clip(-share, 0, 1)]


def _farthest(values: NDArray[Any]) -> float:
    import numpy as np

    finite = values[np.isfinite(values)]
    return float(max(finite.max(), -finite.min())) if finite.size else 0.0


def _tell_shades(drawing: Drawing, axes: Axes, values: NDArray[Any], colors: Theme, *, diverging: bool) -> None:
    """Tell what the shades stand for, where no numbers stand in the cells."""
    import numpy as np
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    finite = values[np.isfinite(values)]
    if not finite.size or finite.min() == finite.max():
        return
    low, high = (-np.abs(finite).max(), np.abs(finite).max()) if diverging else (finite.min(), finite.max())
    places = np.linspace(low, high, 65)[None]
    shades = _mixed_shades((_diverging_shares if diverging else _plain_shares)(places), colors)[0]
    bar = drawing.colorbar(
        ScalarMappable(Normalize(low, high), LinearSegmentedColormap.from_list("shades", [tuple(shade) for shade in shades])),
        ax=axes,
        fraction=0.03,
        pad=0.015,
        aspect=30,
        anchor=(0.0, 1.0),
    )
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0)


def _number_cells(axes: Axes, values: NDArray[Any], shades: NDArray[Any], cell_width: float, *, is_confusion: bool) -> None:
    """Write every cell's number, in the colour that is readable on it; nothing is written where nothing was counted."""
    import numpy as np

    texts = [[short(v) if math.isfinite(v) else "–" for v in row] for row in values]
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
            color=readable_on(shades[row, column]),
            in_layout=False,  # it lies inside its cell; measuring a thousand of them would take most of the time
        )


def _name_ticks(axes: Axes, figure: HeatMapFigure, cell_width: float, cell_height: float) -> bool:
    """Name rows and columns, of very many only every n-th; return whether the columns' names had to be slanted to fit."""
    slanted = text_width(figure.column_names, TICK_SIZE) > cell_width * 0.95
    needed = TICK_SIZE * 1.25 / POINTS
    every_column = max(1, math.ceil(needed * 1.3 / cell_width)) if slanted else 1
    every_row = max(1, math.ceil(needed / cell_height))
    columns, rows = range(0, len(figure.column_names), every_column), range(0, len(figure.row_names), every_row)
    axes.set_xticks([i + 0.5 for i in columns], [clipped(figure.column_names[i]) for i in columns])
    axes.set_yticks([i + 0.5 for i in rows], [clipped(figure.row_names[i]) for i in rows])
    if slanted:
        for label in axes.get_xticklabels():
            label.set(rotation=45, ha="left", va="bottom", rotation_mode="anchor")
    return slanted
