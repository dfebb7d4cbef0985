"""The numbers of a figure as CSV, for those who go on with them elsewhere. No Qt, no matplotlib."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence

from nodes.values.figure import BarsFigure, Figure, HeatMapFigure, ImagesFigure, Line, LinesFigure, TextFigure


def figure_csv(figure: Figure) -> str:
    """A figure's data as a table: a column per line or series, a row per name or position."""
    match figure:
        case LinesFigure():
            return csv_text(*_of_lines(figure))
        case HeatMapFigure():
            rows = ([name, *map(_cell, values)] for name, values in zip(figure.row_names, figure.values, strict=True))
            return csv_text([figure.row_label, *figure.column_names], rows)
        case BarsFigure():
            series = list(figure.series.values())
            rows = ([name, *(_cell(values[i]) for values in series)] for i, name in enumerate(figure.names))
            return csv_text(["", *figure.series], rows)
        case ImagesFigure():
            captions = [*figure.captions, *[""] * (len(figure.images) - len(figure.captions))]
            return csv_text(["image", "caption"], ([str(i), text] for i, text in enumerate(captions, 1)))
        case TextFigure():
            return figure.text + "\n"


def csv_text(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows of text as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def _of_lines(figure: LinesFigure) -> tuple[list[str], list[list[str]]]:
    """A row per position, a column per line."""
    positions = sorted({float(x) for line in figure.lines for x in line.x})
    values = [{float(x): _cell(y) for x, y in zip(line.x, line.y, strict=True)} for line in figure.lines]
    head = [figure.x_label or "x", *map(_column, figure.lines)]
    return head, [[_cell(x), *(found.get(x, "") for found in values)] for x in positions]


def _column(line: Line) -> str:
    name = line.name if not line.group or line.group in line.name else f"{line.group}, {line.name}".rstrip(", ")
    return f"{name}, per batch" if line.style == "faint" else name


def _cell(value: float) -> str:
    """A number with all its digits; nothing where there is none."""
    number = float(value)
    if not math.isfinite(number):
        return ""
    return f"{number:.0f}" if number.is_integer() and abs(number) < 1e15 else repr(number)
