"""Text files whose columns stand at the same places in every line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from nodes.base import NodeError
from nodes.kit.files.encoded_text import EncodedText

Fields = Sequence[tuple[int, int | None]]
"""First place from 0 and the place behind the last one of each column; None: to the end of the line."""

_LOOKED_AT = 1000
_RANGE = re.compile(r"(\d+)(?:-(\d*))?")


def fields_of(written: str) -> Fields:
    """Return the columns that a person writes: ranges from 1 (`1-8, 9-12, 20-`) or widths (`8 4 *`).

    Raises:
        NodeError: If it is neither.
    """
    parts = [part for part in re.split(r"[,;\s]+", re.sub(r"\s*-\s*(?=\d)", "-", written.strip())) if part]
    fields: list[tuple[int, int | None]] = []
    ranges = any("-" in part for part in parts)
    for place, part in enumerate(parts):
        found = _RANGE.fullmatch(part)
        if part == "*" and not ranges and place == len(parts) - 1:
            fields.append((_end(fields), None))
        elif found is None or int(found[1]) == 0 or (found[2] and int(found[2]) < int(found[1])):
            hint = "Write ranges such as 1-8, 9-12, 20- or widths such as 8 4 *."
            raise NodeError(f"'{part}' is neither a width nor a range of places.", hint, setting="fields")
        elif ranges:
            begin = int(found[1]) - 1
            fields.append((begin, begin + 1 if found[2] is None else int(found[2]) if found[2] else None))
        else:
            begin = _end(fields)
            fields.append((begin, begin + int(found[1])))
    return fields


def _end(fields: Sequence[tuple[int, int | None]]) -> int:
    return (fields[-1][1] or 0) if fields else 0


class FixedWidthFile:
    """One text file of columns at fixed places.

    Args:
        path: Of the file.
        encoding: Its name, or `automatic`.
        written: The columns, as `fields_of` reads them; empty: they are found from the blanks of the first lines.
        skip_lines: So many stand before the header.
        comment: At the beginning of lines that are left out; empty: none.
        header: Whether the first line has the names.

    Raises:
        NodeError: If there are no lines, or no columns are found.
    """

    def __init__(self, path: Path, encoding: str, written: str, skip_lines: int, comment: str, *, header: bool) -> None:
        self.path = path
        self._text = EncodedText(path, encoding)
        self.remarks = list(self._text.remarks)
        self._skip_lines, self._comment, self._header = skip_lines, comment, header
        head = [line for _, line in islice(self._lines(), _LOOKED_AT)]
        if not head:
            raise NodeError(f"'{path}' has no rows.", "Choose another file, or skip fewer lines.", setting="path")
        self._found = not written.strip()
        self.fields = found_fields(head) if self._found else fields_of(written)
        self._bounds = [begin for begin, _ in self.fields[1:]] if self._found else []
        self.names = [name or "" for name in self._cut(head[0])] if header else [""] * len(self.fields)
        self._ends = None if self._found or any(end is None for _, end in self.fields) else max(e or 0 for _, e in self.fields)

    def rows(self) -> Iterator[list[str | None]]:
        """Yield the cells of each line.

        Raises:
            NodeError: Naming a line that does not keep to the columns.
        """
        for number, line in islice(self._lines(), int(self._header), None):
            if self._ends is not None and line[self._ends :].strip():
                message = f"Line {number} of '{self.path}' has '{line[self._ends :].strip()[:30]}' behind the last column."
                raise NodeError(message, "Let the last column go to the end (such as 20- or *).", setting="fields")
            for bound in self._bounds:
                if bound < len(line) and line[bound - 1] != " " and line[bound] != " ":
                    around = line[max(0, bound - 10) : bound + 10].strip()
                    message = f"Line {number} of '{self.path}' has '{around}' where two columns were found to meet."
                    raise NodeError(message, "Write the places of the columns.", setting="fields")
            yield self._cut(line)

    def _cut(self, line: str) -> list[str | None]:
        return [line[begin:end].strip() or None for begin, end in self.fields]

    def _lines(self) -> Iterator[tuple[int, str]]:
        """The lines that are not left out, with their numbers; tabs as the blanks that they stand for."""
        with self._text.text() as stream:
            for number, line in enumerate(stream, 1):
                bare = line.rstrip("\r\n").expandtabs()
                if number > self._skip_lines and bare.strip() and not (self._comment and bare.startswith(self._comment)):
                    yield number, bare.lstrip("\ufeff")


def found_fields(lines: Sequence[str]) -> Fields:
    """Return the columns between places that are blank in all lines; each goes up to where the next one begins."""
    width = max(map(len, lines))
    filled = bytearray(width + 1)
    for line in lines:
        for run in re.finditer(r"\S+", line):
            filled[run.start() : run.end()] = b"\1" * (run.end() - run.start())
    begins = [place for place in range(width) if filled[place] and (place == 0 or not filled[place - 1])]
    return list(zip([0, *begins[1:]], [*begins[1:], None], strict=True))
