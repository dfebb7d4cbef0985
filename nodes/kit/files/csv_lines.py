"""The rows of a text file counted by Python's own reader, to find what polars fills up or leaves out without a word."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from itertools import dropwhile, islice
from pathlib import Path
from typing import Any

import polars as pl

from nodes.base import Job, NodeError
from nodes.kit.files.csv_dialect import Dialect

_FAST_BLOCK = 16 * 2**20
"""Bytes that pyarrow looks at together where rows are counted; a row must be shorter."""


class CsvLines:
    """The rows of what polars reads.

    Args:
        source: A file in UTF-8.
        dialect: How it is written.
        limit: So many rows at the most.
        name: The file's, for messages.
    """

    def __init__(self, source: Path, dialect: Dialect, limit: int | None, name: str) -> None:
        self.source, self.dialect, self.limit, self.name = source, dialect, limit, name

    def surely_even(self, width: int) -> bool:
        """Return whether pyarrow, which counts cells many times as fast as Python's own reader, sees that all rows are complete.

        It knows neither comments nor other line ends, and reads to the end: then the slower look decides.
        """
        dialect = self.dialect
        if dialect.comment or dialect.line_end != "\n" or self.limit is not None or dialect.skip_rows:
            return False
        import pyarrow as pa
        from pyarrow import csv as arrow

        names = [str(number) for number in range(width)]
        try:
            reader = arrow.open_csv(
                self.source,
                read_options=arrow.ReadOptions(
                    column_names=names, skip_rows=dialect.skip_lines + int(dialect.header), block_size=_FAST_BLOCK
                ),
                parse_options=arrow.ParseOptions(
                    delimiter=dialect.separator, quote_char=dialect.quote or False, newlines_in_values=bool(dialect.quote)
                ),
                convert_options=arrow.ConvertOptions(include_columns=names[-1:], column_types={names[-1]: pa.binary()}),
            )
            while True:
                reader.read_next_batch()
        except StopIteration:
            return True
        except pa.ArrowException:
            return False

    def refuse_ragged(self, width: int, job: Job | None) -> None:
        """Raise for the first row with too few or too many cells, if there is one.

        Python's own reader looks again at what polars filled up without a word.
        """
        dialect = self.dialect
        try:
            for number, count in self.lengths():
                if job is not None and number % 10_000 == 0:
                    job.check_cancelled()
                if 0 < count < width and dialect.short_fail:
                    raise self._ragged(number, f"{count} of {width} columns", "short_rows", "insert missing")
                if count > width and dialect.long_fail:
                    raise self._ragged(number, f"{count} instead of {width} columns", "long_rows", "cut")
        except csv.Error as error:
            message = f"Whether all rows of '{self.name}' are complete cannot be seen: {error}."
            raise NodeError(message, "Let short rows through ('insert missing').", setting="short_rows") from error

    def lengths(self) -> Iterator[tuple[int, int]]:
        """Yield (number from 1, number of cells) of the rows that are read."""
        dialect = self.dialect
        with self.source.open("rb") as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as text:
            lines: Iterator[str] = text if dialect.line_end == "\n" else _split(text, dialect.line_end)
            lines = (
                line
                for line in islice(lines, dialect.skip_lines, None)
                if not (dialect.comment and line.startswith(dialect.comment))
            )
            quoting: dict[str, Any] = {"quotechar": dialect.quote} if dialect.quote else {"quoting": csv.QUOTE_NONE}
            rows: Iterator[list[str]] = csv.reader(lines, delimiter=dialect.separator, **quoting)
            if dialect.header:
                rows = dropwhile(lambda row: not row, rows)  # as polars looks for the header
            first = dialect.skip_rows + (1 if dialect.header else 0)
            last = None if self.limit is None else first + self.limit
            for number, row in enumerate(islice(rows, first, last), start=1):
                yield number, len(row)

    def empty(self) -> EmptyRows:
        """Return the rows, from 0, that are lines without anything in them."""
        return EmptyRows(self._empty())

    def _empty(self) -> Iterator[int]:
        with suppress(csv.Error):
            yield from (number - 1 for number, count in self.lengths() if not count)

    def _ragged(self, number: int, length: str, setting: str, way: str) -> NodeError:
        hint = f"Mend the row, check the delimiter (or have the format detected), or let such rows through ('{way}')."
        return NodeError(f"Row {number} of '{self.name}' has {length}.", hint, setting=setting)


class EmptyRows:
    """Numbers of rows in rising order that are asked for range by range, and read only as far as that."""

    def __init__(self, numbers: Iterator[int]) -> None:
        self.numbers = numbers
        self.next: int | None = -1

    def until(self, last: int) -> Iterator[int]:
        """Yield those up to `last` that were not given yet; what is beyond is not looked at."""
        while self.next is not None and self.next <= last:
            if self.next >= 0:
                yield self.next
            self.next = next(self.numbers, None)

    def without(self, piece: pl.DataFrame, done: int, *, nulls: bool) -> pl.DataFrame:
        """Return a piece of the rows, from row `done` on, without those that are empty lines.

        Args:
            piece: Rows; only where all cells are missing is it looked for empty lines.
            done: How many rows came before.
            nulls: Whether empty cells of texts are missing.
        """
        import numpy as np

        if any(not cells.has_nulls() and (nulls or cells.dtype != pl.String) for cells in piece):
            return piece
        blank = [
            pl.col(c).is_null() | (pl.col(c) == "") if d == pl.String else pl.col(c).is_null() for c, d in piece.schema.items()
        ]
        if not blank:
            return piece
        suspects = piece.select(pl.all_horizontal(blank).alias("blank"))["blank"].arg_true()
        if not len(suspects):
            return piece
        kept = np.ones(piece.height, bool)
        for number in self.until(done + suspects[-1]):
            kept[number - done] = False
        return piece if kept.all() else piece.filter(kept)


def _split(text: io.TextIOWrapper, line_end: str) -> Iterator[str]:
    """Lines that end with another character, as lines that end with a line break."""
    rest = ""
    while piece := text.read(2**16):
        *whole, rest = (rest + piece).split(line_end)
        yield from (f"{line}\n" for line in whole)
    if rest:
        yield rest
