"""Workbooks of Excel 97 to 2003 (.xls), record by record: cells of errors, for which calamine gives empty ones.

The container is described in [MS-CFB], the records in [MS-XLS].
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nodes.kit.files.reading import damaged
from nodes.kit.files.workbook_errors import ERROR_CODES

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFFA
"""Numbers of sectors from here on mean something else."""
_SHEET, _BEGIN, _FINISH, _TRUTH_OR_ERROR, _FORMULA = 0x0085, 0x0809, 0x000A, 0x0205, 0x0006


@dataclass(frozen=True)
class OldWorkbook:
    """The content of a file.

    Attributes:
        content: All of its bytes.
    """

    content: bytes

    @classmethod
    def of(cls, path: Path) -> OldWorkbook | None:
        """Return that of a file; None if it has another format.

        Raises:
            NodeError: If the file is damaged.
        """
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                return None
            file.seek(0)
            book = cls(file.read())
        try:
            _ = book._pieces, book._sheets
        except (struct.error, LookupError, ValueError) as error:
            raise damaged(path, error) from error
        return book

    def error_cells(self, sheet: str) -> Iterator[tuple[int, int, str]]:
        """Yield (row from 0, column from 0, code) of the cells of errors in a sheet."""
        if sheet not in self._sheets:
            return
        for depth, kind, at, size in self._records(self._sheets[sheet]):
            if depth != 1 or size < 8:  # deeper ones are those of a chart
                continue
            row, column = struct.unpack_from("<HH", self._stream, at + 4)
            value = self._stream[at + 10 : at + 18]
            if kind == _TRUTH_OR_ERROR and value[1] == 1:
                yield row, column, ERROR_CODES.get(value[0], "#N/A")
            elif kind == _FORMULA and size >= 14 and value[0] == 2 and value[6:8] == b"\xff\xff":
                yield row, column, ERROR_CODES.get(value[2], "#N/A")

    @cached_property
    def _stream(self) -> bytes:
        return b"".join(self.content[position : position + length] for position, length in self._pieces)

    @cached_property
    def _sheets(self) -> dict[str, int]:
        """Name of a sheet -> where in the stream it begins."""
        sheets = {}
        is_of_1995 = self._stream[4:6] == b"\x00\x05"
        for _, kind, at, size in self._records(0):
            if kind == _SHEET and size > 8:
                place, _, length, wide = struct.unpack_from("<IHBB", self._stream, at + 4)
                start, wide = (at + 11, 0) if is_of_1995 else (at + 12, wide & 1)
                name = self._stream[start : start + length * (1 + wide)]
                sheets[name.decode("utf-16-le" if wide else "latin-1", "replace")] = place
        return sheets

    def _records(self, start: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield (depth of its substream from 1, kind, place, size) of the records from a substream's beginning to its end."""
        at, depth = start, 0
        while at + 4 <= len(self._stream):
            kind, size = struct.unpack_from("<HH", self._stream, at)
            depth += kind == _BEGIN
            if not depth:
                return
            yield depth, kind, at, size
            depth -= kind == _FINISH
            if not depth:
                return
            at += 4 + size

    @cached_property
    def _pieces(self) -> list[tuple[int, int]]:
        """(place in the file, length) of the pieces of the stream of the workbook, in its order."""
        content = self.content
        size, small_size = (1 << shift for shift in struct.unpack_from("<HH", content, 30))
        if not (size in (512, 4096) and small_size == 64):
            raise ValueError("its sectors have no size that Excel writes")
        first_directory, _, least, first_small = struct.unpack_from("<IIII", content, 48)
        tables = [*struct.unpack_from("<109I", content, 76)]
        more, many = struct.unpack_from("<II", content, 68)
        for _ in range(min(many, len(content) // size)):
            if more >= _END:
                break
            *listed, more = struct.unpack_from(f"<{size // 4}I", content, (more + 1) * size)
            tables += listed
            if len(tables) * size > len(content) + 109 * size:
                break
        chain: list[int] = []
        for table in tables:
            if table < _END and len(chain) * size < len(content):  # a table that comes again would go on for ever
                chain += struct.unpack_from(f"<{size // 4}I", content, (table + 1) * size)

        def sectors(first: int, links: list[int]) -> list[int]:
            found: list[int] = []
            while first < _END:
                if len(found) > len(links):
                    raise ValueError("its sectors go in a circle")
                found.append(first)
                first = links[first]
            return found

        def joined(first: int) -> bytes:
            return b"".join(content[(n + 1) * size : (n + 2) * size] for n in sectors(first, chain))

        directory = joined(first_directory)
        streams: dict[str, tuple[int, int, int]] = {}
        for at in range(0, len(directory) - 127, 128):
            length, kind = struct.unpack_from("<HB", directory, at + 64)
            name = directory[at : at + max(length - 2, 0)].decode("utf-16-le", "replace")
            streams[name if kind == 2 else f"\0{kind}"] = (kind, *struct.unpack_from("<II", directory, at + 116))
        _, first, length = streams.get("Workbook") or streams["Book"] if {"Workbook", "Book"} & set(streams) else (0, _END, 0)
        if length >= least:
            return [((n + 1) * size, size) for n in sectors(first, chain)]
        if not length:
            return []
        links = list(struct.unpack(f"<{len(joined(first_small)) // 4}I", joined(first_small)))
        container = sectors(streams["\x005"][1], chain)
        return [
            ((container[n * small_size // size] + 1) * size + n * small_size % size, small_size) for n in sectors(first, links)
        ]
