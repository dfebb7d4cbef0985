"""What readers share whose files are rows of texts: types are found from the first rows, or given."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

import polars as pl

from nodes.base import Job, NodeError, setting
from nodes.kit.files.encodings import AUTOMATIC, ENCODINGS
from nodes.kit.files.many_files import FilesReader
from nodes.kit.tables.reading.dates import DateOrder, DateRules
from nodes.kit.tables.reading.guessing import Codes
from nodes.kit.tables.reading.misfits import ON_MISFIT, Misfits, OnMisfit
from nodes.kit.tables.reading.row_pieces import pieces_of_rows
from nodes.kit.tables.reading.text_columns import TextColumns, TextRules

PlainType = Literal["Boolean", "Int64", "Float64", "String", "Date", "Time", "Datetime"]


@dataclass
class TextRows:
    """The rows of one file.

    Attributes:
        names: Of the columns, each another.
        rows: The cells of each row, as texts.
        remarks: What is worth saying: (sentence, setting at fault).
    """

    names: list[str]
    rows: Iterable[Sequence[str | None]]
    remarks: list[tuple[str, str]] = field(default_factory=list)


class GuessingReader(FilesReader):
    """A node that reads rows of texts, and finds the types of their columns."""

    untyped = True

    null_values: list[str] = setting([], "Missing values", "Texts that stand for a missing cell, such as NA.", group="Cells")
    decimal_comma: bool = setting(False, "Decimal comma", "Numbers are written 1,5 instead of 1.5.", group="Cells")
    column_types: dict[str, PlainType] = setting(
        {}, "Column types", "The type of a column, where the one that is found is not meant.", group="Types"
    )
    codes: Codes = setting(
        "text",
        "Numbers with leading zeros",
        "What becomes of columns whose numbers would lose something, such as the zeros of 00501.",
        choices={"text": "They stay text, and it is said which and why.", "numbers": "They become numbers; it is said which."},
        group="Types",
    )
    parse_dates: bool = setting(False, "Find dates and times", "Whether dates and times are recognised as such.", group="Types")
    date_order: DateOrder = setting(
        "automatic",
        "Order of day and month",
        "Which comes first in dates such as 3/4/2021.",
        choices={
            "automatic": "As the numbers above 12 tell; where none does, the day, and it is said.",
            "day first": "3/4/2021 is in April.",
            "month first": "3/4/2021 is in March.",
        },
        group="Types",
    )
    century_pivot: int | None = setting(
        None,
        "Two-digit years from",
        "Years of two digits from this one on are those of 1900, below it of 2000. Empty: dates with such years stay text.",
        ge=0,
        le=100,
        group="Types",
    )
    on_misfit: OnMisfit = setting(
        "fail",
        "If a cell does not fit",
        "What becomes of a cell that is not of its column's type.",
        choices=ON_MISFIT,
        group="Types",
    )
    scanned_rows: int = setting(
        10_000, "Rows to find types from", "How many rows are looked at to find the types.", ge=1, group="Types", advanced=True
    )
    encoding: str = setting(
        AUTOMATIC,
        "File encoding",
        "automatic finds it, and says so where there is doubt; or such as utf-8, windows-1252 or latin-1.",
        min_length=1,
        offers=ENCODINGS,
    )

    @abstractmethod
    def _rows_in(self, path: Path) -> TextRows:
        """The names and rows of a file.

        Raises:
            NodeError: If it has none.
        """

    def _found(self, path: Path) -> tuple[TextRows, TextColumns]:
        text = self._rows_in(path)
        frames = list(pieces_of_rows(islice(text.rows, self.scanned_rows), text.names))
        sample = pl.concat(frames) if frames else pl.DataFrame(schema=dict.fromkeys(text.names, pl.String))
        asked = {column: getattr(pl, dtype)() for column, dtype in self.column_types.items()}
        if self.source == "file":
            for column in asked:
                if column not in text.names:
                    listed = ", ".join(f"'{c}'" for c in text.names[:8])
                    raise NodeError(f"There is no column '{column}'.", f"The file has: {listed}.", setting="column_types")
        rules = TextRules(
            missing=self.null_values,
            codes=self.codes,
            dates=DateRules(self.date_order, self.century_pivot),
            find_dates=self.parse_dates,
            decimal_comma=self.decimal_comma,
            asked=asked,
        )
        return text, TextColumns(sample, rules)

    def _schema_of(self, path: Path) -> pl.Schema | None:
        text, columns = self._found(path)
        for message, concerned in [*text.remarks, *([columns.remark] if columns.remark else [])]:
            self._remark(path, message, concerned)
        return pl.Schema(columns.types)

    def _wider(self, column: str, first: pl.DataType, second: pl.DataType) -> pl.DataType:
        """As of all readers, but text holds whatever stands in a text file."""
        try:
            return super()._wider(column, first, second)
        except NodeError:
            return pl.String()

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        _, found = self._found(path)
        # Among several files a column may hold more than in this one.
        found.types = {column: schema[column] for column in found.types}
        misfits, done = Misfits(f"'{path}'", self.on_misfit), 0
        text = self._rows_in(path)
        for piece in pieces_of_rows(islice(text.rows, limit), text.names):
            yield found.cells(piece, columns, misfits, done + 1)
            done += piece.height
        misfits.tell(job)


def unique_names(given: Sequence[str]) -> list[str]:
    """Return names of columns: those that are given, others by their place, and each another."""
    made: list[str] = []
    for place, name in enumerate(given):
        fresh, number = name or f"column_{place}", 0
        while fresh in made or (number and fresh in given):
            fresh, number = f"{name or f'column_{place}'}_duplicated_{number}", number + 1
        made.append(fresh)
    return made
