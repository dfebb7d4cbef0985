"""Figure: the data of a drawing, without drawing code, so that one renderer serves window, report and export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

FigureKind = Literal["lines", "heat map", "images", "bars", "text"]
LineStyle = Literal["line", "faint", "points"]


@dataclass(frozen=True)
class FigureSpec:
    """What is known of a figure before it exists: its kind."""

    kind: FigureKind

    def describe(self) -> str:
        """As an edge shows it."""
        return self.kind


@dataclass(frozen=True)
class Line:
    """One line of a plot.

    Attributes:
        name: For the legend.
        x: Positions.
        y: Values, as many as `x`.
        group: Lines of one group share an axis of their own beneath the others (loss, accuracy).
        dashed: Drawn dashed, as validation is beside training.
        style: `faint` is thin and pale, without a label (what another line smooths); `points` has a mark at every value.
        hue: Which colour of the palette; None takes the next one. Lines that belong together have the same.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    group: str = ""
    dashed: bool = False
    style: LineStyle = "line"
    hue: int | None = None


@dataclass(frozen=True)
class LinesFigure:
    """Lines over a common x axis, one panel per group.

    Attributes:
        x_range: First and last position of the axis; None: as far as the lines go.
        log: Whether values are drawn on a logarithmic scale.
    """

    title: str
    lines: Sequence[Line]
    x_label: str = ""
    x_range: Sequence[float] | None = None
    log: bool = False
    kind: Literal["lines"] = "lines"


@dataclass(frozen=True)
class HeatMapFigure:
    """A matrix of numbers with named rows and columns, such as a confusion matrix (shape: rows x columns)."""

    title: str
    values: Sequence[Sequence[float]]
    row_names: Sequence[str]
    column_names: Sequence[str]
    row_label: str = ""
    column_label: str = ""
    kind: Literal["heat map"] = "heat map"


@dataclass(frozen=True)
class ImagesFigure:
    """A grid of images of equal size.

    Attributes:
        images: (n, height, width, channels), UInt8 0..255, 1, 3 or 4 channels.
        captions: One line per image; may be empty.
    """

    title: str
    images: NDArray[Any]
    captions: Sequence[str] = field(default_factory=tuple)
    kind: Literal["images"] = "images"


@dataclass(frozen=True)
class BarsFigure:
    """Bars with a name each; several series stand side by side (series name -> values)."""

    title: str
    names: Sequence[str]
    series: dict[str, Sequence[float]]
    y_label: str = ""
    kind: Literal["bars"] = "bars"


@dataclass(frozen=True)
class TextFigure:
    """Text in a fixed-width face, such as the table of a network's layers."""

    title: str
    text: str
    kind: Literal["text"] = "text"


Figure = LinesFigure | HeatMapFigure | ImagesFigure | BarsFigure | TextFigure
