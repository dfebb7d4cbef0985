"""ARFF, Weka's text format: its header, and the cells of a row.

The grammar is that of Weka's ArffLoader, read as widely as files in the wild ask for: cells may stand between commas with blanks
in them (which Weka would split), and a value that is left empty between two commas is a missing one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Literal, NoReturn

import polars as pl

from nodes.base import NodeError
from nodes.kit.files.encoded_text import EncodedText
from nodes.kit.files.java_dates import ParsedForm, java_date_format

WEKAS_DATES = "yyyy-MM-dd'T'HH:mm:ss"
_SCANNED_FOR_WEIGHTS = 1000
_LONGEST_HEADER_LINE = 2**24
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_TOKEN = re.compile(rf"""{_QUOTED.pattern}|[^\s,'"{{}}]+""")
_NAME = re.compile(rf"""\s*({_QUOTED.pattern}|[^\s{{]+)\s*(.*)$""", re.DOTALL)
_CELL = re.compile(rf"""\s*(?:({_QUOTED.pattern})|((?!['"])[^,\t{{}}]*?))\s*([,\t]|$)""")
_ENTRY = re.compile(rf"""\s*(\d+)\s+(?:({_QUOTED.pattern})|([^\s,'"]+(?:[ ]+[^\s,'"]+)*))\s*(?:,|$)""")
_VALUE = re.compile(rf"""\s*(?:({_QUOTED.pattern})|([^,]*?))\s*(?:,|$)""")
_WEIGHT = re.compile(r"[\s,]*\{\s*([0-9.eE+-]+)\s*\}\s*$")
_COMMENT = re.compile(r"(?:^|(?<=[\s,}]))%.*$")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_MEANT = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True)
class Attribute:
    """A column, as the header declares it.

    Attributes:
        name: Of the column.
        kind: What its cells are.
        values: Of a nominal one: its categories, in their declared order.
        form: Of a date: how it is written.
    """

    name: str
    kind: Literal["number", "integer", "text", "nominal", "date"]
    values: tuple[str, ...] = ()
    form: ParsedForm | None = None

    def dtype(self, *, categories: bool) -> pl.DataType:
        """Return the type of the column; nominal ones are texts where no categories are wanted."""
        if self.kind == "nominal":
            return pl.Enum(self.values) if categories else pl.String()
        if self.form is not None:
            return self.form.dtype
        return {"number": pl.Float64(), "integer": pl.Int64()}.get(self.kind, pl.String())

    @property
    def left_out(self) -> str | None:
        """What stands where a sparse row does not name the column: zero, which for a nominal one is its first value."""
        if self.kind == "nominal":
            return self.values[0] if self.values else None
        if self.form is not None:
            return self.form.written(datetime(1970, 1, 1))
        return None if self.kind == "text" else "0"


@dataclass
class ArffFile:
    """One file: its header is read at once, its rows when they are asked for.

    Args:
        path: Of the file.
        encoding: Its name, or `automatic`.

    Attributes:
        attributes: The columns.
        weighted: Whether one of the first rows has a weight in braces behind its values.
        remarks: What is worth saying: (sentence, setting at fault).

    Raises:
        NodeError: If it has no header of ARFF.
    """

    path: Path
    encoding: str
    attributes: list[Attribute] = field(default_factory=list)
    weighted: bool = False

    def __post_init__(self) -> None:
        self._text = EncodedText(self.path, self.encoding)
        self.remarks = list(self._text.remarks)
        with self._text.text() as stream:
            self._read_header(stream)
            head = islice(self._logical_lines(stream), _SCANNED_FOR_WEIGHTS)
            self.weighted = any(_weight_in(line) for _, line in head)

    def rows(self, limit: int | None = None) -> Iterator[list[str | None]]:
        """Yield the cells of each row as texts, None where one is missing; the last one is the weight where there are weights.

        Raises:
            NodeError: Naming the line that is no row.
        """
        with self._text.text() as stream:
            line_number = self._skip_header(stream)
            for number, line in islice(self._logical_lines(stream, line_number + 1), limit):
                yield self._row(number, line)

    # -- header

    def _read_header(self, stream: IO[str]) -> None:
        number, held = 0, ""
        while line := stream.readline(_LONGEST_HEADER_LINE):
            number += 1
            bare = line.lstrip("\ufeff").strip() if not held else f"{held} {_COMMENT.sub('', line).strip()}"
            word = bare[:10].lower()
            if word.startswith("@data"):
                break
            if word.startswith("@attribute") and bare[10:11].isspace():
                if "{" in bare and "}" not in _QUOTED.sub("", bare):
                    held = _COMMENT.sub("", bare)  # a list of values that goes on in the next line
                    continue
                held = ""
                self._declare(number, bare[10:])
            elif bare and not word.startswith(("%", "@relation")):
                self._refuse(number, f"begins '{bare[:30]}', which is no line of a header")
        else:
            message = f"'{self.path}' is no ARFF file: it has no line @data."
            raise NodeError(message, "Choose another file, or read it with the CSV Reader.", setting="path")
        if not self.attributes:
            raise NodeError(f"'{self.path}' declares no attributes.", "Choose another file.", setting="path")
        names = [attribute.name for attribute in self.attributes]
        twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
        if twice is not None:
            raise NodeError(
                f"'{self.path}' declares '{twice}' twice.", "Rename one of the attributes in the file.", setting="path"
            )

    def _skip_header(self, stream: IO[str]) -> int:
        number = 0
        while line := stream.readline(_LONGEST_HEADER_LINE):
            number += 1
            if line.strip()[:5].lower() == "@data":
                break
        return number

    def _declare(self, number: int, declared: str) -> None:
        found = _NAME.match(declared)
        if found is None or not found[2].strip():
            self._refuse(number, "declares an attribute without a type")
        name, kind = unquoted(found[1]), found[2].strip()
        word = kind.split()[0].lower()
        if kind.startswith("{"):
            inner = kind[1 : kind.rindex("}")]
            values = [unquoted(value) for value in _values_of(inner)]
            once = tuple(dict.fromkeys(values))
            if len(once) < len(values):
                self.remarks.append((f"Attribute '{name}' declares a value twice; it is one category.", "path"))
            self.attributes.append(Attribute(name, "nominal", once))
        elif word in ("numeric", "real"):
            self.attributes.append(Attribute(name, "number"))
        elif word == "integer":
            self.attributes.append(Attribute(name, "integer"))
        elif word == "string":
            self.attributes.append(Attribute(name, "text"))
        elif word == "date":
            given = unquoted(kind[4:].strip()) or WEKAS_DATES
            form = java_date_format(given)
            if form is None:
                message = f"The dates of '{name}' stay text, as their form '{given}' says no day with a year of four digits."
                self.remarks.append((message, "path"))
            self.attributes.append(Attribute(name, "date", form=form) if form is not None else Attribute(name, "text"))
        else:
            what = "tables within cells" if word == "relational" else f"the type '{word}'"
            self._refuse(number, f"declares '{name}' with {what}, which cannot be read")

    def _refuse(self, number: int, what: str) -> NoReturn:
        raise NodeError(f"Line {number} of '{self.path}' {what}.", "Mend the file, or choose another.", setting="path")

    # -- rows

    def _logical_lines(self, stream: IO[str], first: int = 1) -> Iterator[tuple[int, str]]:
        """The lines that hold rows, with their numbers in the file; comments off."""
        for number, line in enumerate(stream, first):
            bare = (_without_comment(line) if "%" in line else line).strip()
            if bare:
                yield number, bare

    def _row(self, number: int, line: str) -> list[str | None]:
        width = len(self.attributes)
        plain = "'" not in line and '"' not in line and "{" not in line
        if plain:
            cells = [_plain(cell) for cell in line.split(",")]
            if len(cells) == width:
                return [*cells, None] if self.weighted else cells
        weight = None
        if not plain and (found := _weight_in(line)) is not None:
            weight, line = found[1], line[: found.start()]
            if not self.weighted:
                self._refuse(number, f"has a weight, {{{weight}}}, which none of the first rows has")
        cells = self._sparse(number, line) if line.startswith("{") else self._dense(number, line)
        return [*cells, weight] if self.weighted else cells

    def _dense(self, number: int, line: str) -> list[str | None]:
        width, cells, place = len(self.attributes), [], 0
        while True:
            found = _CELL.match(line, place)
            if found is None:
                self._refuse(number, f"has quotes or braces that do not fit together: '{line[place : place + 30]}'")
            cells.append(unquoted(found[1]) if found[1] else _plain(found[2]))
            place = found.end()
            if not found[3]:
                break
        if len(cells) != width:
            # Weka takes blanks between two cells as it takes commas.
            tokens = _TOKEN.findall(line)
            if len(tokens) != width:
                self._refuse(number, f"has {len(cells)} values, not {width}")
            cells = [unquoted(token) if token[0] in "'\"" else _plain(token) for token in tokens]
        return cells

    def _sparse(self, number: int, line: str) -> list[str | None]:
        cells = [attribute.left_out for attribute in self.attributes]
        if not line.endswith("}"):
            self._refuse(number, "begins a sparse row that has no end")
        inner, place = line[1:-1].strip(), 0
        while place < len(inner):
            found = _ENTRY.match(inner, place)
            if found is None or int(found[1]) >= len(cells):
                self._refuse(number, f"has '{inner[place : place + 30]}', which is no place and value of a sparse row")
            cells[int(found[1])] = unquoted(found[2]) if found[2] else _plain(found[3])
            place = found.end()
        return cells


# ------------------------------------------------------------------------------------------------------------------ cells


def unquoted(text: str) -> str:
    """Return a value without the quotes around it, and with what its backslashes mean."""
    if len(text) < 2 or text[0] not in "'\"" or text[-1] != text[0]:
        return text
    if "\\" not in text:
        return text[1:-1]
    return _ESCAPE.sub(_meant, text[1:-1])


def _meant(escape: re.Match[str]) -> str:
    sign = escape[1]
    return chr(int(sign[1:], 16)) if len(sign) == 5 else _MEANT.get(sign, sign)


def _plain(cell: str) -> str | None:
    """A cell without quotes: a question mark, or nothing, is a missing one."""
    bare = cell.strip()
    return None if bare in ("?", "") else bare


def _values_of(listed: str) -> list[str]:
    """The values in the braces of a nominal attribute: between commas, or blanks where there are none."""
    if "," not in _QUOTED.sub("", listed):
        return _TOKEN.findall(listed)
    return [found[1] or found[2] for found in _VALUE.finditer(listed) if found[1] or found[2]]


def _weight_in(line: str) -> re.Match[str] | None:
    """The weight in braces behind the values of a row."""
    found = _WEIGHT.search(line) if line.endswith("}") else None
    return found if found is not None and found.start() else None


def _without_comment(line: str) -> str:
    """A line up to a percent sign that begins a comment: outside of quotes, and not behind something else."""
    bare = _QUOTED.sub(lambda quoted: "_" * len(quoted[0]), line)
    found = _COMMENT.search(bare)
    return line if found is None else line[: found.start()]
