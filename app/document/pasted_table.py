"""A table on the clipboard, as spreadsheets put it there: rows of cells with tabs between, as settings of a Table Creator.

What is guessed is what loses nothing: numbers, days and truth values that are written as Layerloom writes them; all else is text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from nodes.wording import counted

NODE_TYPE = "tables.table_creator"
MOST_CELLS = 10_000
"""A workflow file is no place for more."""

_WHOLE = re.compile(r"-?(0|[1-9]\d*)")
_DECIMAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]\d+)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_EXACT_DIGITS = 15
"""A decimal number keeps as many digits as these, whatever they are."""


class TooLarge(Exception):
    """A table of more cells than a workflow file should hold; the message says so."""


@dataclass(frozen=True)
class PastedTable:
    """What was on the clipboard.

    Attributes:
        settings: Of a Table Creator.
        summary: How it was understood, as a sentence.
    """

    settings: dict[str, Any]
    summary: str


def pasted_table(text: str) -> PastedTable | None:
    """Return the table in a text of rows with tabs between cells; None where it is none.

    The first row holds the names where there are several rows and none of its cells is empty or anything but text.

    Raises:
        TooLarge: If it has more than `MOST_CELLS` cells.
    """
    if "\t" not in text:
        return None
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter="\t") if row]
    except csv.Error:
        return None
    if not rows or len({len(row) for row in rows}) > 1:
        return None
    if len(rows) * len(rows[0]) > MOST_CELLS:
        raise TooLarge(
            f"The table on the clipboard has more than {counted(MOST_CELLS, 'cell')}: save it as a file, and read that."
        )
    named = len(rows) > 1 and all(cell.strip() and _kind([cell]) == "String" for cell in rows[0])
    names = _different([cell.strip() for cell in rows[0]] if named else [f"column_{n}" for n in range(len(rows[0]))])
    columns = [_column(name, cells) for name, cells in zip(names, zip(*rows[int(named) :], strict=True), strict=True)]
    height = counted(len(rows) - int(named), "row")
    kinds = ", ".join(f"'{column['name']}' {column['dtype']}" for column in columns[:4])
    more = ", ..." if len(columns) > 4 else ""
    summary = f"Pasted a table of {height} and {counted(len(columns), 'column')}: {kinds}{more}."
    return PastedTable({"columns": columns}, summary)


def _column(name: str, cells: Sequence[str]) -> dict[str, Any]:
    dtype = _kind([cell for cell in cells if cell.strip()])
    make = _MAKE.get(dtype, str)
    return {"name": name, "dtype": dtype, "values": [make(cell) if cell.strip() else None for cell in cells]}


def _kind(cells: Sequence[str]) -> str:
    """The type that holds all of some cells, none of them empty."""
    return next((dtype for dtype, fits in _FITS.items() if cells and all(map(fits, cells))), "String")


def _is_whole(cell: str) -> bool:
    return _WHOLE.fullmatch(cell.strip()) is not None and -(2**63) <= int(cell) < 2**63


def _is_decimal(cell: str) -> bool:
    found = _DECIMAL.fullmatch(cell.strip())
    if found is None:
        return False
    digits = re.sub(r"[eE].*|\D", "", cell).lstrip("0")
    return len(digits) <= _EXACT_DIGITS and abs(float(cell)) < float("inf")


def _is_truth(cell: str) -> bool:
    return cell.strip().lower() in ("true", "false")


def _is_day(cell: str) -> bool:
    try:
        return _DAY.fullmatch(cell.strip()) is not None and bool(date.fromisoformat(cell.strip()))
    except ValueError:
        return False


_FITS: dict[str, Callable[[str], bool]] = {"Int64": _is_whole, "Float64": _is_decimal, "Boolean": _is_truth, "Date": _is_day}
_MAKE: dict[str, Callable[[str], Any]] = {
    "Int64": int, "Float64": float, "Boolean": lambda cell: cell.strip().lower() == "true", "Date": str.strip,
}  # fmt: skip


def _different(names: Sequence[str]) -> list[str]:
    """Names, each another."""
    made: list[str] = []
    for name in names:
        fresh, number = name, 0
        while fresh in made or (number and fresh in names):
            number += 1
            fresh = f"{name}_{number}"
        made.append(fresh)
    return made
