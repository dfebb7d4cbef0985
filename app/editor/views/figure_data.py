"""The numbers of a figure as CSV, for those who go on with them elsewhere. No Qt, no matplotlib."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence

from nodes.values.figure import (
    BarsFigure,
    Box,
    BoxesFigure,
    DiagramFigure,
    Figure,
    HeatMapFigure,
    HistogramFigure,
    ImagesFigure,
    Line,
    LinesFigure,
    PointsFigure,
    TextFigure,
)

Data = tuple[Sequence[str], Iterable[Sequence[str]]]
"""Names of columns, and rows."""


def figure_csv(figure: Figure) -> str:
    """Return a figure's data as a table: a column per line or series, a row per name or position."""
    if isinstance(figure, TextFigure):
        return figure.text + "\n"
    return csv_text(*_table(figure))


def _table(figure: Figure) -> Data:
    data: Data
    match figure:
        case LinesFigure():
            data = _of_lines(figure)
        case PointsFigure():
            data = _of_points(figure)
        case HeatMapFigure():
            rows = zip(figure.row_names, figure.values, strict=True)
            data = [figure.row_label, *figure.column_names], ([name, *map(_cell, values)] for name, values in rows)
        case BarsFigure():
            data = ["", *figure.series], zip(figure.names, *_cells(figure.series), strict=True)
        case HistogramFigure():
            edges = [*map(_cell, figure.edges)]
            data = ["from", "to", *figure.series], zip(edges, edges[1:], *_cells(figure.series), strict=False)
        case BoxesFigure():
            head = ["", "low", "first quartile", "median", "third quartile", "high", "outliers"]
            data = head, map(_of_box, figure.boxes)
        case DiagramFigure():
            data = ["box", "lines", "to"], _of_diagram(figure)
        case ImagesFigure():
            captions = [*figure.captions, *[""] * (len(figure.images) - len(figure.captions))]
            data = ["image", "caption"], ([str(i), text] for i, text in enumerate(captions, 1))
        case TextFigure():
            data = ["text"], ([line] for line in figure.text.splitlines())
    return data


def _cells(series: Mapping[str, Sequence[float]]) -> list[list[str]]:
    return [[*map(_cell, values)] for values in series.values()]


def _of_box(box: Box) -> list[str]:
    five = (box.whiskers[0], *box.quartiles, box.whiskers[1])
    return [box.name, *map(_cell, five), " ".join(map(_cell, box.outliers))]


def _of_diagram(figure: DiagramFigure) -> Iterable[list[str]]:
    """Return a row per box; arrows by the numbers of the boxes they lead to, as a spreadsheet counts the rows below the head."""
    for number, box in enumerate(figure.boxes):
        behind = [str(edge.target + 1) for edge in figure.edges if edge.source == number and edge.target is not None]
        yield [box.title, "; ".join(box.lines), " ".join(behind)]


def csv_text(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows of text as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def _of_lines(figure: LinesFigure) -> tuple[list[str], list[list[str]]]:
    """Return a row per position, a column per line."""
    positions = sorted({float(x) for line in figure.lines for x in line.x})
    values = [{float(x): _cell(y) for x, y in zip(line.x, line.y, strict=True)} for line in figure.lines]
    head = [figure.x_label or "x", *map(_column, figure.lines)]
    return head, [[_cell(x), *(found.get(x, "") for found in values)] for x in positions]


def _of_points(figure: PointsFigure) -> tuple[list[str], list[list[str]]]:
    """Return a row per point, with its series and, where it has one, the number behind its shade."""
    shaded = any(len(series.shades) for series in figure.points)
    head = ["series", figure.x_label or "x", figure.y_label or "y", *([figure.shade_label or "shade"] if shaded else [])]
    rows = []
    for series in figure.points:
        shades = series.shades if len(series.shades) else [math.nan] * len(series.x)
        for x, y, shade in zip(series.x, series.y, shades, strict=True):
            rows.append([series.name, _cell(x), _cell(y), *([_cell(shade)] if shaded else [])])
    return head, rows


def _column(line: Line) -> str:
    name = line.name if not line.group or line.group in line.name else f"{line.group}, {line.name}".rstrip(", ")
    return f"{name}, per batch" if line.style == "faint" else name


def _cell(value: float) -> str:
    """Return a number with all its digits; nothing where there is none."""
    number = float(value)
    if not math.isfinite(number):
        return ""
    return f"{number:.0f}" if number.is_integer() and abs(number) < 1e15 else repr(number)
