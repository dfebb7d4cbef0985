"""Orange's tab-separated format: names, types and roles of its columns, in three lines or in one with prefixes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from nodes.base import NodeError
from nodes.kit.files.encoded_text import EncodedText

Kind = Literal["number", "category", "text", "time", ""]
Role = Literal["", "class", "meta", "weight", "ignore"]

_KINDS: dict[str, Kind] = {
    "c": "number", "continuous": "number", "numeric": "number", "n": "number", "d": "category", "discrete": "category",
    "categorical": "category", "s": "text", "string": "text", "text": "text", "t": "time", "time": "time", "": "",
    "basket": "text",
}  # fmt: skip
_ROLES: dict[str, Role] = {
    "class": "class", "c": "class", "meta": "meta", "m": "meta", "i": "ignore", "ignore": "ignore", "w": "weight",
    "weight": "weight",
}  # fmt: skip
_PREFIXED = re.compile(r"([cmiw][CDSTN]?|[CDSTN][cmiw]?)#(.+)", re.DOTALL)
_LONGEST_CELL = 2**24


@dataclass(frozen=True)
class OrangeColumn:
    """A column, as the header declares it.

    Attributes:
        name: Of the column.
        kind: What its cells are; empty: that is to be found.
        role: What Orange uses it for; empty: as a feature.
        values: Of a category: those that are declared, in order; empty: all that are there.
    """

    name: str
    kind: Kind = ""
    role: Role = ""
    values: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """The name with the role before it, as Orange itself writes it."""
        return f"{self.role[:1]}#{self.name}" if self.role else self.name


class OrangeFile:
    """One file: its header is read at once, its rows when they are asked for.

    Args:
        path: Of the file.
        encoding: Its name, or `automatic`.

    Attributes:
        columns: As the header declares them.
        remarks: What is worth saying: (sentence, setting at fault).

    Raises:
        NodeError: If the file is empty, or its header does not say what it should.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        self.path = path
        self._text = EncodedText(path, encoding)
        self.remarks = list(self._text.remarks)
        head = [cells for _, cells in islice(self._lines(), 3)]
        if not head or not any(head[0]):
            raise NodeError(f"'{path}' has no names of columns.", "Choose another file.", setting="path")
        self.columns, self._header = _declared(head)

    def rows(self) -> Iterator[list[str | None]]:
        """Yield the cells of each row; those that a short row lacks are missing.

        Raises:
            NodeError: Naming a line of too many cells.
        """
        width = len(self.columns)
        for number, cells in islice(self._lines(), self._header, None):
            if len(cells) > width and any(cells[width:]):
                message = f"Line {number} of '{self.path}' has {len(cells)} cells, more than the {width} of the header."
                raise NodeError(message, "Mend the line, or read the file with the CSV Reader.", setting="path")
            yield [*cells[:width], *[None] * (width - len(cells))]

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        csv.field_size_limit(_LONGEST_CELL)
        with self._text.text() as stream:
            lines = csv.reader(stream, delimiter="\t")
            try:
                for number, cells in enumerate(lines):
                    if number == 0 and cells:
                        cells[0] = cells[0].lstrip("\ufeff")
                    if cells or number < 3:
                        yield lines.line_num, cells
            except csv.Error as error:
                message = f"Line {lines.line_num} of '{self.path}' cannot be read: {error}."
                raise NodeError(message, "Mend the line, or choose another file.", setting="path") from error


def _declared(head: list[list[str]]) -> tuple[list[OrangeColumn], int]:
    """The columns, and how many lines declare them."""
    names = [name.strip() for name in head[0]]
    if len(head) == 3 and _are_types(head[1]) and _are_roles(head[2]):
        width = len(names)
        types, roles = ([*line, *[""] * width][:width] for line in head[1:])
        return [_of_lines(*described) for described in zip(names, types, roles, strict=True)], 3
    return [_of_prefix(name) for name in names], 1


def _are_types(cells: list[str]) -> bool:
    """Whether a line says types: words, or lists of values."""
    words = [cell.strip() for cell in cells]
    return all(word.lower() in _KINDS or len(_values(word)) > 1 for word in words) and any(
        w.lower() in _KINDS and w for w in words
    )


def _are_roles(cells: list[str]) -> bool:
    """Whether a line says roles, or attributes such as `color=red`."""
    return all(word in _ROLES or "=" in word for cell in cells for word in cell.split())


def _of_lines(name: str, kind: str, flags: str) -> OrangeColumn:
    role: Role = next((_ROLES[word] for word in flags.split() if word in _ROLES), "")
    kind = kind.strip()
    if kind.lower() in _KINDS:
        return OrangeColumn(name, _KINDS[kind.lower()], role)
    return OrangeColumn(name, "category", role, tuple(dict.fromkeys(_values(kind))))


def _of_prefix(name: str) -> OrangeColumn:
    found = _PREFIXED.fullmatch(name)
    if found is None:
        return OrangeColumn(name)
    kinds: dict[str, Kind] = {"C": "number", "N": "number", "D": "category", "S": "text", "T": "time"}
    kind: Kind = next((kinds[sign] for sign in found[1] if sign in kinds), "")
    role: Role = next((_ROLES[sign] for sign in found[1] if sign in _ROLES), "")
    return OrangeColumn(found[2].strip(), kind, role)


def _values(listed: str) -> list[str]:
    r"""The values in a list with blanks between; a blank within a value is written `\ `."""
    return [part.replace("\\ ", " ") for part in re.split(r"(?<!\\)\s+", listed.strip()) if part]
