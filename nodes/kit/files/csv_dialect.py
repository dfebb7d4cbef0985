"""How a text file of rows and columns is written: as a person says it, and what its first lines tell."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Literal

from nodes.kit.files.encodings import AUTOMATIC, codec_of
from nodes.kit.tables.reading.dates import DateRules
from nodes.kit.tables.reading.guessing import Codes
from nodes.kit.tables.reading.misfits import OnMisfit

Escape = Literal["automatic", "none", "backslash"]

_ROWS = 200
_DELIMITERS = (",", ";", "\t", "|")
_EVEN_SHARE = 0.9
"""So many of the first rows must have equally many cells for a delimiter to be believed."""
_MOST_ABOVE = 50
"""So many lines may stand above the header where it is found."""
_SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?\r?", re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """How a text file is to be read; the names are those of the node's settings.

    Attributes:
        separator: Between two cells, one ASCII character.
        quote: Around cells; empty means none.
        escape: Whether a backslash before a quote within quotes makes it a part of the text.
        comment: At the beginning of lines that are left out; empty means none.
        line_end: Between two rows, one ASCII character; a line break means those of any system.
        header: Whether the first row holds the names.
        skip_lines: So many before the header.
        skip_rows: So many behind the header.
        short_fail: Whether rows with too few cells are an error.
        long_fail: Whether rows with too many cells are an error.
        null_values: Texts that stand for a missing cell.
        empty_is_missing: Whether an empty cell of a text column is missing.
        decimal_comma: Whether 1,5 is a number.
        thousands: Between groups of three digits; empty means none.
        trim: Whether blanks around cells are taken off.
        codes: Whether numbers that would lose something (leading zeros) stay text.
        dates: How dates are understood; None: they stay text.
        typed_dates: How dates are understood in columns that were given a type.
        asked: Columns that were given a type.
        on_misfit: What becomes of a cell that does not fit its column's type.
        scanned_rows: Types are found from so many.
        encoding: As given; `automatic`: it is found.
        largest_size: In GiB, of what has to be unpacked or decoded.
        skip_empty: Whether lines without anything in them are left out, where a row has several cells.
        detect: Whether separator, decimal sign, header and comments are found from the first lines.
        quoted_empty_is_missing: Whether "" is missing, too.
        mend: Whether a copy is read in which all rows end alike and all quotes are those of the standard (RFC 4180).
    """

    separator: str = ","
    quote: str = '"'
    escape: Escape = "automatic"
    comment: str = ""
    line_end: str = "\n"
    header: bool = True
    skip_lines: int = 0
    skip_rows: int = 0
    short_fail: bool = True
    long_fail: bool = True
    null_values: Sequence[str] = ()
    empty_is_missing: bool = True
    decimal_comma: bool = False
    thousands: str = ""
    trim: bool = False
    codes: Codes = "text"
    dates: DateRules | None = None
    typed_dates: DateRules = field(default_factory=DateRules)
    asked: tuple[str, ...] = ()
    on_misfit: OnMisfit = "fail"
    scanned_rows: int = 10_000
    encoding: str = AUTOMATIC
    largest_size: float = 4.0
    skip_empty: bool = True
    detect: bool = False
    quoted_empty_is_missing: bool = False
    mend: bool = False

    @property
    def codec(self) -> str:
        """Python's name of the encoding; where it is found, that of the usual one.

        Raises:
            NodeError: If there is no such encoding.
        """
        return codec_of(self.encoding)

    def options(self) -> dict[str, Any]:
        """Return what polars is told besides the types."""
        # Words for missing cells are looked for once blanks are off: by polars where none are taken off.
        words = [] if self.trim else [*self.null_values, *([""] if self.quoted_empty_is_missing else [])]
        return {
            "has_header": self.header,
            "separator": self.separator,
            "quote_char": self.quote or None,
            "comment_prefix": self.comment or None,
            "eol_char": self.line_end,
            "skip_lines": self.skip_lines,
            "skip_rows_after_header": self.skip_rows,
            "null_values": words or None,
            "empty_string_is_null": self.empty_is_missing,
            "decimal_comma": self.decimal_comma,
            "extra_columns": "raise" if self.long_fail else "ignore",
            "glob": False,
        }

    @property
    def backslash(self) -> bool:
        """Whether backslashes take their meaning from quotes; where that is open, not."""
        return self.escape == "backslash"


def found_in(head: str, dialect: Dialect, *, whole: bool) -> tuple[Dialect, list[tuple[str, str]]]:
    """Return the dialect with what the first lines of a file tell.

    Args:
        head: The first lines.
        dialect: What is known.
        whole: Whether these are all lines.

    Returns:
        The dialect, and what is worth saying of it: (sentence, setting at fault).
    """
    remarks: list[tuple[str, str]] = []
    head = head if whole else head.rstrip("\r\n")
    first = _SEPARATOR_LINE.fullmatch(re.split(r"\r?\n|\r", head, maxsplit=1)[0])
    if first and not dialect.skip_lines and first[1].isascii() and first[1] != dialect.quote:
        # Excel's own way to say what stands between two cells.
        detected = replace(dialect, separator=first[1], skip_lines=1, detect=False)
        dialect = replace(detected, decimal_comma=detected.decimal_comma and first[1] != ",")
    if dialect.line_end == "\n":
        dialect = _line_ends(head, dialect)
    if dialect.detect:
        dialect = _detected(head, dialect, whole=whole, remarks=remarks)
    if dialect.quote:
        quoting = _quoting(head, dialect, whole=whole)
        if quoting.escape != dialect.escape:
            remarks.append((r"A backslash before a quote is taken for an escape (\").", "escape"))
        dialect = quoting
    if not dialect.detect and dialect.quote:
        remarks += _other_delimiter(head, dialect)
    return dialect, remarks


def without_quoted(text: str, dialect: Dialect, *, whole: bool = True) -> str:
    """Return text without the cells that stand in quotes as the standard has it; any quote left is another one."""
    if not dialect.quote or dialect.quote not in text:
        return text
    quote, ends = re.escape(dialect.quote), re.escape(dialect.separator) + r"\r\n" + re.escape(dialect.line_end)
    text = text.removeprefix("\ufeff")
    bare = re.sub(rf"(?:^|(?<=[{ends}])){quote}(?:[^{quote}]|{quote}{quote})*+{quote}(?=[{ends}]|\Z)", "", text)
    return bare if whole else re.sub(rf"(?:^|(?<=[{ends}])){quote}(?:[^{quote}]|{quote}{quote})*+\Z", "", bare)


def _line_ends(head: str, dialect: Dialect) -> Dialect:
    bare = without_quoted(head, dialect, whole=False)
    if "\r" not in bare or not re.search(r"\r(?!\n|\Z)", bare):
        return dialect
    if "\n" not in bare:
        return replace(dialect, line_end="\r")  # as old Macintosh programs wrote it, and Excel's format of that name
    return replace(dialect, mend=True)


def _quoting(head: str, dialect: Dialect, *, whole: bool) -> Dialect:
    """Whether quotes stand where the standard does not have them: inch marks, quotes with a backslash or behind a blank."""
    lines = re.split(r"(?<=\n)", head) if dialect.line_end == "\n" else [head]
    lines = [line for line in lines[dialect.skip_lines :] if not (dialect.comment and line.startswith(dialect.comment))]
    bare = without_quoted("".join(lines), dialect, whole=whole)
    if dialect.quote not in bare:
        return dialect
    behind_blank = re.search(rf"{re.escape(dialect.separator)}[ \t]+{re.escape(dialect.quote)}", bare)
    if behind_blank and not dialect.trim and not re.search(rf"[^\s{re.escape(dialect.separator)}]{dialect.quote}", bare):
        return dialect
    escaped = dialect.escape == "automatic" and f"\\{dialect.quote}" in bare
    return replace(dialect, mend=True, escape="backslash" if escaped else dialect.escape)


def _other_delimiter(head: str, dialect: Dialect) -> list[tuple[str, str]]:
    """Say of a file of one column that it may be one of several."""
    lines = _lines(head, dialect)[:20]
    if any(dialect.separator in line for line in lines) or len(lines) < 2:
        return []
    other = _believed(lines, dialect)[0]
    if other == dialect.separator or not _believed(lines, dialect)[1]:
        return []
    shown = "a tab" if other == "\t" else f"'{other}'"
    return [(f"There is one column only; {shown} seems to stand between the cells.", "detect")]


def _lines(head: str, dialect: Dialect) -> list[str]:
    lines = re.split(r"\r\n|\r|\n", head) if dialect.line_end in "\r\n" else head.split(dialect.line_end)
    return [f"{line}\n" for line in lines if line or dialect.line_end not in "\r\n"]


def _believed(lines: Sequence[str], dialect: Dialect) -> tuple[str, int, int]:
    """(separator, columns, lines above the header) by which most of the lines have equally many cells."""
    best = dialect.separator, (0, False, -1), 0
    for place, candidate in enumerate(_DELIMITERS):
        if candidate == dialect.quote:
            continue
        rows = [(length, line) for length, line in _lengths(lines, candidate, dialect) if length]
        lengths = [length for length, _ in rows]
        usual = max(lengths, key=lengths.count, default=1)
        above = next((n for n, length in enumerate(lengths) if length == usual), 0)
        if above > _MOST_ABOVE or (above and len(lengths) - above < 2):
            above = 0
        rest = lengths[above:]
        even = usual > 1 and rest.count(usual) >= _EVEN_SHARE * len(rest)
        skipped = rows[above - 1][1] if above else 0
        found = (candidate, (usual if even else 0, even, -place), skipped if even else 0)
        best = max(best, found, key=lambda one: one[1])
    return best[0], best[1][0], best[2]


def _lengths(lines: Sequence[str], delimiter: str, dialect: Dialect) -> list[tuple[int, int]]:
    """(number of cells, lines read so far) of the first rows."""
    quoting: dict[str, Any] = {"quotechar": dialect.quote} if dialect.quote else {"quoting": csv.QUOTE_NONE}
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=dialect.trim, **quoting)
    try:
        return [(len(row), reader.line_num) for row in islice(reader, _ROWS)]
    except csv.Error:
        return []


def _detected(head: str, dialect: Dialect, *, whole: bool, remarks: list[tuple[str, str]]) -> Dialect:
    physical = re.split(r"\r\n|\r|\n", head) if dialect.line_end in "\r\n" else head.split(dialect.line_end)
    if not whole:
        physical = physical[:-1]
    physical = physical[dialect.skip_lines :]
    lines = [f"{line}\n" for line in physical if not (dialect.comment and line.startswith(dialect.comment))]
    marked = [line for line in lines if line.startswith("#")] if not dialect.comment and dialect.header else []
    unmarked = [line for line in lines if not line.startswith("#")] if marked else lines
    separator, width, above = _believed(unmarked, dialect)
    if marked and width and all(length != width for length, _ in _lengths(marked, separator, dialect)):
        dialect, lines = replace(dialect, comment="#"), unmarked
        remarks.append(("Lines that begin with # are left out.", "comment"))
    elif marked:
        separator, width, above = _believed(lines, dialect)
    if above and dialect.header:
        place = [n for n, line in enumerate(physical) if not (dialect.comment and line.startswith(dialect.comment))]
        skipped = place[above] if above < len(place) else above
        what = "line" if skipped == 1 else f"{skipped} lines"
        remarks.append((f"The first {what} above the header {'is' if skipped == 1 else 'are'} left out.", "skip_lines"))
        dialect = replace(dialect, skip_lines=dialect.skip_lines + skipped)
        lines = lines[above:]
    quoting: dict[str, Any] = {"quotechar": dialect.quote} if dialect.quote else {"quoting": csv.QUOTE_NONE}
    try:
        rows = list(islice(csv.reader(lines, delimiter=separator, **quoting), _ROWS))[int(dialect.header) :]
    except csv.Error:
        rows = []
    cells = [cell.strip() for row in rows for cell in row]
    commas = any(re.fullmatch(r"[+-]?\d+,\d+", cell) for cell in cells)
    points = any(re.fullmatch(r"[+-]?\d+\.\d+", cell) for cell in cells)
    return replace(dialect, separator=separator, decimal_comma=separator != "," and commas and not points)
