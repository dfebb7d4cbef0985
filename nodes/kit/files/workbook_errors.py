"""Cells of errors (#N/A, #NAME?, #SPILL!) in workbooks that are archives: where they are, and a copy without those unknown to
calamine.

calamine gives an empty cell for an error, or 0 where an OpenDocument has one for it, and does not read a sheet with one of
Excel's newer errors at all. Sources: ECMA-376, OpenDocument 1.3, and [MS-XLSB] for the records of binary sheets.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import unescape

from nodes.kit.files.reading import damaged

_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*\bt=\"e\"[^>]*)>(.*?)</(?:\w+:)?c>", re.DOTALL)
_REFERENCE = re.compile(rb"\br=\"([A-Z]{1,3})(\d{1,7})\"")
_VALUE = re.compile(rb"(<(?:\w+:)?v>)([^<]*)(</(?:\w+:)?v>)")
_KNOWN = (b"#DIV/0!", b"#N/A", b"#NAME?", b"#NULL!", b"#NUM!", b"#REF!", b"#VALUE!", b"#DATA!")
_SHEET = re.compile(r"<(?:\w+:)?sheet\b[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b[^>]*>")
_OPEN_DOCUMENT = "content.xml"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_BINARY_WORKBOOK = "xl/workbook.bin"
_BINARY_RELATIONS = "xl/_rels/workbook.bin.rels"
_ROW_HEADER, _BUNDLE_SHEET, _ERROR_CELLS = 0, 156, (3, 11)
"""The records of a binary workbook: a row begins, a sheet is named, a cell holds an error, by itself or by a formula."""
ERROR_CODES = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}  # fmt: skip
"""How Excel's binary formats, old and new, write errors."""
_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"


def error_cells(path: Path, sheet: str) -> Iterator[tuple[int, int, str]]:
    """Yield (row from 0, column from 0, code) of the cells of errors in a sheet; nothing where the file is no archive.

    Args:
        path: Of the workbook.
        sheet: The sheet's name.

    Raises:
        NodeError: If the file's archive is damaged.
    """
    if not zipfile.is_zipfile(path):
        return
    with _opened(path) as parts:
        names = set(parts.namelist())
        if _OPEN_DOCUMENT in names:
            yield from _of_open_document(parts.read(_OPEN_DOCUMENT), sheet)
            return
        if _BINARY_WORKBOOK in names:
            name = _binary_part_of(parts, sheet)
            yield from _of_binary_sheet(parts.read(name) if name else b"")
            return
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
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        KeyError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        SyntaxError,
    ) as error:
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


def _of_open_document(content: bytes, sheet: str) -> Iterator[tuple[int, int, str]]:
    """The cells of errors as LibreOffice writes them: with its own type, formerly as 0 with the error as text."""
    if not any(word in content for word in (b'"error"', b">#", b">Err:")):
        return
    row = column = 0
    inside = False
    # Entities that grow without end are refused by expat; calamine has read the file in another process.
    for event, element in ElementTree.iterparse(io.BytesIO(content), ("start", "end")):  # noqa: S314
        name = element.tag.rpartition("}")[2]
        if event == "start":
            if name == "table":
                inside, row = element.get(f"{_TABLE}name") == sheet, 0
            elif name == "table-row":
                column = 0
        elif name in ("table-cell", "covered-table-cell"):
            times = _times(element, "columns")
            code = _open_document_error(element) if inside else ""
            if code:
                yield from ((row, column + n, code) for n in range(times))
            column += times
        elif name == "table-row":
            times = _times(element, "rows")
            if inside and times > 1:
                yield from _repeated(element, row, times)
            row += times
            element.clear()


def _repeated(element: ElementTree.Element, row: int, times: int) -> Iterator[tuple[int, int, str]]:
    """The cells of errors in the copies of a row that stands for several."""
    column = 0
    for cell in element:
        code, wide = _open_document_error(cell), _times(cell, "columns")
        if code:
            yield from ((row + down, column + n, code) for down in range(1, times) for n in range(wide))
        column += wide


def _times(element: ElementTree.Element, what: str) -> int:
    said = element.get(f"{_TABLE}number-{what}-repeated", "1")
    return int(said) if said.isdecimal() else 1


def _open_document_error(cell: ElementTree.Element) -> str:
    """The error in a cell, empty if there is none. A text that somebody typed is none: that has no formula."""
    is_typed = cell.get(f"{_CALC}value-type") == "error"
    if not is_typed and (cell.get(f"{_TABLE}formula") is None or cell.get(f"{_CALC}value-type") is not None):
        return ""
    said = "".join(cell.itertext()).strip()
    if is_typed:
        return said or "error"
    return said if cell.get(f"{_OFFICE}value") == "0" and said.startswith(("#", "Err:")) else ""


def _binary_part_of(parts: zipfile.ZipFile, sheet: str) -> str:
    """The part of the archive of a binary workbook that holds a sheet; empty where that cannot be told."""
    relations = _BINARY_RELATIONS
    if relations not in parts.namelist():
        return ""
    targets = {
        _attribute(tag, "Id"): _attribute(tag, "Target")
        for tag in _RELATION.findall(parts.read(relations).decode("utf-8", "replace"))
    }
    for kind, content in _records(parts.read(_BINARY_WORKBOOK)):
        if kind == _BUNDLE_SHEET and len(content) > 12:
            identity, rest = _wide_text(content[8:])
            name, _ = _wide_text(rest)
            if name == sheet and identity in targets:
                target = targets[identity]
                return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return ""


def _of_binary_sheet(content: bytes) -> Iterator[tuple[int, int, str]]:
    row = 0
    for kind, record in _records(content):
        if kind == _ROW_HEADER and len(record) >= 4:
            row = int.from_bytes(record[:4], "little")
        elif kind in _ERROR_CELLS and len(record) >= 9:
            yield row, int.from_bytes(record[:4], "little"), ERROR_CODES.get(record[8], "error")


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The records of a binary part: number and length, with seven bits in each of up to two and four bytes, and the content."""
    place = 0
    while place < len(content):
        kind, place = _seven_bits(content, place, 2)
        length, place = _seven_bits(content, place, 4)
        yield kind, content[place : place + length]
        place += length


def _seven_bits(content: bytes, place: int, most: int) -> tuple[int, int]:
    number = 0
    for byte in range(most):
        if place >= len(content):
            break
        value = content[place]
        place += 1
        number |= (value & 0x7F) << (7 * byte)
        if not value & 0x80:
            break
    return number, place


def _wide_text(content: bytes) -> tuple[str, bytes]:
    """A text with its length in characters of two bytes before it, and what follows."""
    end = 4 + 2 * int.from_bytes(content[:4], "little")
    return content[4:end].decode("utf-16-le", "replace"), content[end:]


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf"\s{re.escape(name)}=\"([^\"]*)\"", tag)
    return unescape(found[1], {"&quot;": '"', "&apos;": "'"}) if found else ""
