r"""Text files whose quotes or line ends are not the standard's, made into ones that polars reads.

A quote in the midst of a cell (5" pipes), quotes with a backslash (\"), quotes behind a blank, and lines that end in more than
one way: rows are read leniently, and written anew with quotes as RFC 4180 has them. Lines without a quote pass as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TextIO

from nodes.base import NodeError
from nodes.kit.files.csv_dialect import Dialect

_PIECE = 2**18
_MOST_LINES = 10_000
_MOST_CHARACTERS = 4 * 2**20
"""A cell in quotes of more lines or characters is rather a quote that was never closed."""


def mended(text: TextIO, dialect: Dialect, name: str) -> Iterator[str]:
    """Yield the rows of a text as the standard has them, each with a line break behind it.

    Args:
        text: The file's text, with its line ends as they are.
        dialect: How it is written.
        name: The file's, for messages.

    Raises:
        NodeError: If a quote is never closed.
    """
    lines = _lines(text, dialect.line_end)
    for _ in range(dialect.skip_lines):
        line = next(lines, None)
        if line is None:
            return
        yield f"{line}{dialect.line_end}"
    for row, line in enumerate(lines, start=0 if dialect.header else 1):
        whole = line.removeprefix("\ufeff") if row == 0 else line
        if dialect.quote not in whole or (dialect.comment and whole.startswith(dialect.comment)):
            yield f"{whole}{dialect.line_end}"
            continue
        parts = [whole]
        while (cells := _cells(dialect.line_end.join(parts), dialect)) is None:
            more = next(lines, None)
            if more is None or len(parts) > _MOST_LINES or sum(map(len, parts)) > _MOST_CHARACTERS:
                message = f"'{name}' cannot be read: a quote ({dialect.quote}) in row {row} is never closed."
                raise NodeError(message, "Mend the row, or set another quote character, or none.", setting="quote")
            parts.append(more)
        yield dialect.separator.join(cells) + dialect.line_end


def _lines(text: TextIO, line_end: str) -> Iterator[str]:
    """The lines of a text without their ends."""
    ends = re.compile(r"\r\n|\r|\n" if line_end == "\n" else re.escape(line_end))
    rest = ""
    while piece := text.read(_PIECE):
        rest += piece
        while rest.endswith("\r") and (more := text.read(1)):
            rest += more
        *whole, rest = ends.split(rest)
        yield from whole
    if rest:
        yield rest


def _cells(row: str, dialect: Dialect) -> list[str] | None:
    """The cells of a row as the standard writes them; None where a quote is open at its end."""
    quote, separator = dialect.quote, dialect.separator
    made: list[str] = []
    at = 0
    while True:
        start = at
        if dialect.trim:
            while start < len(row) and row[start] in " \t" and row[start] != separator:
                start += 1
        if row.startswith(quote, start):
            closed = _closing(row, start + 1, dialect)
            if closed is None:
                return None
            end, at = closed
            text = row[start + 1 : end].replace(quote * 2, quote)
            if dialect.backslash:
                text = re.sub(rf"\\([\\{quote}])", r"\1", text)
            made.append(f"{quote}{text.replace(quote, quote * 2)}{quote}")
        else:
            end = row.find(separator, at)
            text, at = row[at : end if end >= 0 else None], end if end >= 0 else len(row)
            made.append(f"{quote}{text.replace(quote, quote * 2)}{quote}" if quote in text else text)
        if at >= len(row):
            return made
        at += 1  # behind the separator


def _closing(row: str, start: int, dialect: Dialect) -> tuple[int, int] | None:
    """(place of the quote that closes a cell, place behind the cell); None where there is none."""
    quote, at = dialect.quote, start
    while (found := row.find(quote, at)) >= 0:
        if dialect.backslash and (len(row[start:found]) - len(row[start:found].rstrip("\\"))) % 2:
            at = found + 1
            continue
        if row.startswith(quote, found + 1):
            at = found + 2
            continue
        behind = found + 1
        while dialect.trim and behind < len(row) and row[behind] in " \t" and row[behind] != dialect.separator:
            behind += 1
        if behind == len(row) or row[behind] == dialect.separator:
            return found, behind
        at = found + 1
    return None
