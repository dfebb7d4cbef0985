"""Cells of errors (#N/A, #NAME?, #SPILL!) in workbooks of XML: where they are, and a copy without those unknown to calamine.

calamine gives an empty cell for an error, and does not read a sheet with one of the newer errors at all.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.sax.saxutils import unescape

from nodes.kit.files.reading import damaged

_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*\bt=\"e\"[^>]*)>(.*?)</(?:\w+:)?c>", re.DOTALL)
_REFERENCE = re.compile(rb"\br=\"([A-Z]{1,3})(\d{1,7})\"")
_VALUE = re.compile(rb"(<(?:\w+:)?v>)([^<]*)(</(?:\w+:)?v>)")
_KNOWN = (b"#DIV/0!", b"#N/A", b"#NAME?", b"#NULL!", b"#NUM!", b"#REF!", b"#VALUE!", b"#DATA!")
_SHEET = re.compile(r"<(?:\w+:)?sheet\b[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b[^>]*>")
_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"


def error_cells(path: Path, sheet: str) -> Iterator[tuple[int, int, str]]:
    """Yield (row from 0, column from 0, code) of the cells of errors in a sheet; nothing where the format is another.

    Args:
        path: Of the workbook.
        sheet: The sheet's name.

    Raises:
        NodeError: If the file's archive is damaged.
    """
    if not zipfile.is_zipfile(path):
        return
    with _opened(path) as parts:
        name = _part_of(parts, sheet)
        content = parts.read(name) if name else b""
    if b't="e"' not in content:
        return
    for cell in _CELL.finditer(content):
        place, value = _REFERENCE.search(cell[1]), _VALUE.search(cell[2])
        if place and value:
            yield int(place[2]) - 1, column_number(place[1].decode()), value[2].decode(errors="replace")


def without_unknown_errors(path: Path) -> io.BytesIO:
    """Return a copy of a workbook in which errors that calamine does not know are #N/A.

    Raises:
        NodeError: If the file's archive is damaged.
    """
    copy = io.BytesIO()
    with _opened(path) as parts, zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as made:
        for part in parts.namelist():
            content = parts.read(part)
            if part.startswith("xl/worksheets/") and b't="e"' in content:
                content = _CELL.sub(_known, content)
            made.writestr(part, content)
    copy.seek(0)
    return copy


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Give the parts of a workbook; calamine reads some damaged archives in which errors could not be told from empty cells."""
    try:
        with zipfile.ZipFile(path) as parts:
            yield parts
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, NotImplementedError, RuntimeError) as error:
        raise damaged(path, error) from error


def column_number(letters: str) -> int:
    """Return the number of a column from 0: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _known(cell: re.Match[bytes]) -> bytes:
    value = _VALUE.search(cell[2])
    if value is None or value[2].strip().upper() in _KNOWN:
        return cell[0]
    return cell[0].replace(value[0], value[1] + b"#N/A" + value[3])


def _part_of(parts: zipfile.ZipFile, sheet: str) -> str:
    """The part of the archive that holds a sheet; empty where that cannot be told."""
    names = set(parts.namelist())
    if not {_WORKBOOK, _RELATIONS} <= names:
        return ""
    identity = next(
        (_attribute(tag, "r:id") for tag in _SHEET.findall(parts.read(_WORKBOOK).decode("utf-8", "replace"))
         if _attribute(tag, "name") == sheet), ""
    )  # fmt: skip
    for tag in _RELATION.findall(parts.read(_RELATIONS).decode("utf-8", "replace")):
        if identity and _attribute(tag, "Id") == identity:
            target = _attribute(tag, "Target")
            found = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            return found if found in names else ""
    return ""


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf"\s{re.escape(name)}=\"([^\"]*)\"", tag)
    return unescape(found[1], {"&quot;": '"', "&apos;": "'"}) if found else ""
