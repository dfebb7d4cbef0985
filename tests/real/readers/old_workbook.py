"""A workbook of Excel 97, written record by record: a container of one stream, a sheet, and a chart in it."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

SECTOR = 512
CODES = {"#NULL!": 0x00, "#DIV/0!": 0x07, "#VALUE!": 0x0F, "#REF!": 0x17, "#NAME?": 0x1D, "#NUM!": 0x24, "#N/A": 0x2A}
Cell = float | str


def record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def begin(what: int) -> bytes:
    return record(0x0809, struct.pack("<HHHHII", 0x0600, what, 0, 1997, 0, 0x0600))


def cell(row: int, column: int, value: Cell, *, formula: bool = False) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(value, str) and value.startswith("#"):
        if formula:
            result = bytes([2, 0, CODES[value], 0, 0, 0, 0xFF, 0xFF])
            return record(0x0006, place + result + struct.pack("<HIH", 0, 0, 0))
        return record(0x0205, place + bytes([CODES[value], 1]))
    if isinstance(value, str):
        return record(0x0204, place + struct.pack("<HB", len(value), 0) + value.encode("latin-1"))
    return record(0x0203, place + struct.pack("<d", value))


def write(path: Path, rows: Mapping[int, list[Cell]], chart: list[list[float]] | None = None, size: int = 4096) -> None:
    """Write a workbook with the sheet S; `chart` are the numbers that a chart keeps, series by series."""
    sheet = begin(0x0010) + record(0x0200, struct.pack("<IIHHH", 0, 10, 0, 10, 0))
    for row, cells in rows.items():
        sheet += b"".join(cell(row, column, value, formula=row % 2 == 0) for column, value in enumerate(cells))
    if chart is not None:
        numbers = [cell(point, number, y) for number, series in enumerate(chart) for point, y in enumerate(series)]
        sheet += begin(0x0020) + record(0x1065, struct.pack("<H", 1)) + b"".join(numbers) + record(0x000A)
    sheet += record(0x000A)
    head = begin(0x0005) + record(0x0042, struct.pack("<H", 1200)) + record(0x00E0, bytes(20))
    bound = len(head) + 4 + 9 + 4
    stream = head + record(0x0085, struct.pack("<IBBBB", bound, 0, 0, 1, 0) + b"S") + record(0x000A) + sheet
    _write_container(path, stream, size)


def _entry(name: str, kind: int, first: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    return (
        text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child) + bytes(36)
        + struct.pack("<III", first, size, 0)
    )  # fmt: skip


def _write_container(path: Path, stream: bytes, size: int) -> None:
    """Sector 0 is the table of sectors, 1 the directory; a stream of less than 4096 bytes lies in small sectors."""
    small = size < 4096
    stream = stream if small else stream.ljust(size, b"\0")
    padded = stream.ljust(-(-len(stream) // SECTOR) * SECTOR, b"\0")
    count = len(padded) // SECTOR
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + count), 0xFFFFFFFE]
    first_small = 0xFFFFFFFE
    tail = b""
    if small:
        first_small = len(chain)
        chain.append(0xFFFFFFFE)
        used = -(-len(stream) // 64)
        tail = struct.pack("<128I", *[*range(1, used), 0xFFFFFFFE, *[0xFFFFFFFF] * (128 - used)])
        root = _entry("Root Entry", 5, 2, len(padded), child=1)
        book = _entry("Workbook", 2, 0, len(stream))
    else:
        root = _entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1)
        book = _entry("Workbook", 2, 2, len(stream))
    table = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIIII", 0, 1, 1, 0, 4096, first_small, int(small), 0xFFFFFFFE, 0, 0)
    header += struct.pack("<108I", *[0xFFFFFFFF] * 108)
    path.write_bytes(header + table + (root + book).ljust(SECTOR, b"\0") + padded + tail)
