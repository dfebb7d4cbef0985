"""What a workbook (.xlsx, .xlsm) asks for, seen in its XML: calamine makes a dense grid, however far apart the cells are."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

MOST_CELLS = 200_000_000
"""A grid of more cells takes more than 6 GB: calamine gives each 32 bytes."""
MOST_INFLATION = 200
"""How many times larger than stored a part may become; XML of equal rows gets to 100."""
HARMLESS_BYTES = 2**28
"""A part smaller than this may inflate as it likes."""
_CHUNK = 2**20
_OVERLAP = 64
_REFERENCE = re.compile(rb'<(?:\w+:)?c\s[^>]{0,40}?\br="([A-Za-z]{1,4})([0-9]{1,9})"')


def refusal(path: Path) -> str | None:
    """Why a workbook is not to be read, in words; None where nothing speaks against it, or it is of another kind."""
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            if part.file_size > max(HARMLESS_BYTES, MOST_INFLATION * part.compress_size):
                return f"its part '{part.filename}' says that it becomes {part.file_size / 2**30:.3g} GiB"
        for part in archive.infolist():
            if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                found = _far_cell(archive, part.filename)
                if found is not None:
                    return found
    return None


def _far_cell(archive: zipfile.ZipFile, name: str) -> str | None:
    """What is wrong with a sheet whose cells span too large a grid."""
    rows, columns, first_row, first_column = 0, 0, 2**40, 2**40
    far = ""
    for letters, digits in _references(archive, name):
        row, column = int(digits), _column(letters)
        first_row, first_column = min(first_row, row), min(first_column, column)
        if row > rows or column > columns:
            far = f"{letters.decode()}{row}".upper()
            rows, columns = max(rows, row), max(columns, column)
        height, width = rows - first_row + 1, columns - first_column + 1
        if height * width > MOST_CELLS:
            return f"a sheet has a cell at {far}, so that its table would have {height} rows and {width} columns"
    return None


def _references(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[bytes, bytes]]:
    """Where the sheet's cells are: the letters of the column, and the row."""
    with archive.open(name) as stream:
        rest = b""
        while chunk := stream.read(_CHUNK):
            text = rest + chunk
            yield from _REFERENCE.findall(text)
            rest = text[-_OVERLAP:]


def _column(letters: bytes) -> int:
    """A column's number: A is 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
