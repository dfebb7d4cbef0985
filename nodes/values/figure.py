"""Figure: the data of a drawing, without drawing code, so that one renderer serves window, report and export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

FigureKind = Literal["lines", "points", "heat map", "images", "bars", "histogram", "boxes", "diagram", "text"]
Shading = Literal["confusion", "sequential", "diverging"]
LineStyle = Literal["line", "faint", "points"]


@dataclass(frozen=True)
class FigureSpec:
    """What is known of a figure before it exists: its kind."""

    kind: FigureKind

    def describe(self) -> str:
        """Return it in few words, as an edge shows it."""
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
        y_range: Lowest and highest value of every panel's axis; None: as far as the lines go.
        log: Whether values are drawn on a logarithmic scale.
        log_x: Whether positions are.
        end_values: Whether the last value of a line stands before its name.
        y_label: Of the values' axis.
    """

    title: str
    lines: Sequence[Line]
    x_label: str = ""
    x_range: Sequence[float] | None = None
    log: bool = False
    y_range: Sequence[float] | None = None
    log_x: bool = False
    end_values: bool = True
    y_label: str = ""
    kind: Literal["lines"] = "lines"


@dataclass(frozen=True)
class Points:
    """Points of one colour, or coloured one by one.

    Attributes:
        name: For the legend.
        x: Positions across.
        y: Positions upwards, as many as `x`.
        shades: A number per point that its colour stands for; empty: all have the colour of their series.
        hue: Which colour of the palette; None takes the next one.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    shades: Sequence[float] = ()
    hue: int | None = None


@dataclass(frozen=True)
class PointsFigure:
    """Points in a plane: a scatter plot, an embedding.

    Attributes:
        square: Whether both axes have one scale, as distances need it.
        diagonal: Whether the line on which both are equal is drawn, as for predicted against actual numbers.
        shade_label: What the points' shades stand for.
        log_x, log_y: Whether an axis is logarithmic.
    """

    title: str
    points: Sequence[Points]
    x_label: str = ""
    y_label: str = ""
    square: bool = False
    diagonal: bool = False
    shade_label: str = ""
    log_x: bool = False
    log_y: bool = False
    kind: Literal["points"] = "points"


@dataclass(frozen=True)
class HeatMapFigure:
    """A matrix of numbers with named rows and columns, such as a confusion matrix (shape: rows x columns).

    Attributes:
        shading: `confusion` marks what is right and what is wrong by its share of the row, `sequential` goes from the smallest to
            the largest value, `diverging` from the negative over 0 to the positive; None: confusion where rows and columns have
            the same names, else sequential.
    """

    title: str
    values: Sequence[Sequence[float]]
    row_names: Sequence[str]
    column_names: Sequence[str]
    row_label: str = ""
    column_label: str = ""
    shading: Shading | None = None
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
    """Bars with a name each (series name -> values).

    Attributes:
        stacked: Whether several series stand on each other instead of side by side.
    """

    title: str
    names: Sequence[str]
    series: Mapping[str, Sequence[float]]
    y_label: str = ""
    stacked: bool = False
    kind: Literal["bars"] = "bars"


@dataclass(frozen=True)
class HistogramFigure:
    """How many values lie between edges; several series lie behind each other.

    Attributes:
        edges: Ascending, one more than there are bins.
        series: Name -> a count, or density, per bin.
        log: Whether counts are drawn on a logarithmic scale.
    """

    title: str
    edges: Sequence[float]
    series: Mapping[str, Sequence[float]]
    x_label: str = ""
    y_label: str = ""
    log: bool = False
    kind: Literal["histogram"] = "histogram"


@dataclass(frozen=True)
class Box:
    """How the values of a group are spread (Tukey, 1977).

    Attributes:
        name: Of the group.
        whiskers: The least and the greatest value that is no outlier.
        quartiles: A quarter of the values is below the first, half below the second, three quarters below the third.
        outliers: Values beyond the whiskers.
    """

    name: str
    whiskers: Sequence[float]
    quartiles: Sequence[float]
    outliers: Sequence[float] = ()


@dataclass(frozen=True)
class BoxesFigure:
    """Box plots over a common axis."""

    title: str
    boxes: Sequence[Box]
    y_label: str = ""
    log: bool = False
    kind: Literal["boxes"] = "boxes"


@dataclass(frozen=True)
class DiagramBox:
    """A box of a diagram.

    Attributes:
        title: What it is.
        lines: What is said of it beneath.
        hue: Which colour of the palette marks it; None: none.
    """

    title: str
    lines: Sequence[str] = ()
    hue: int | None = None


@dataclass(frozen=True)
class DiagramEdge:
    """An arrow between two boxes of a diagram, each by its place in the list; from an earlier to a later one.

    Attributes:
        source: Where it begins.
        target: Where it ends; None: outside.
        label: What stands beside it.
    """

    source: int
    target: int | None
    label: str = ""


@dataclass(frozen=True)
class DiagramFigure:
    """Boxes and arrows, such as the layers of a network: each box below all that lead to it."""

    title: str
    boxes: Sequence[DiagramBox]
    edges: Sequence[DiagramEdge]
    kind: Literal["diagram"] = "diagram"


@dataclass(frozen=True)
class TextFigure:
    """Text in a fixed-width face, such as the table of a network's layers."""

    title: str
    text: str
    kind: Literal["text"] = "text"


Figure = (
    LinesFigure
    | PointsFigure
    | HeatMapFigure
    | ImagesFigure
    | BarsFigure
    | HistogramFigure
    | BoxesFigure
    | DiagramFigure
    | TextFigure
)
