"""Cell Splitter: text becomes several cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import polars as pl

from nodes.base import Columns, Job, NodeError, Spec, Specs, Value, Values, setting
from nodes.kit.tables.elementwise import Elementwise, refuse_existing
from nodes.kit.tables.naming import fresh_name
from nodes.values.table import Table, TableSpec


class CellSplitter(Elementwise):
    """Split text at a separator into several cells: new columns, or a list.

    A path such as `train/cat/001.png` gives its class so. With a fixed number of columns, later nodes know them before
    anything runs; what is left over stands, unsplit, in the last one. Otherwise there are as many columns as the row with
    the most cells needs. Rows with fewer cells have missing ones at the end. All cells are text (see String to Number).

    Example: split `images/rose/0017.jpg` at `/` into columns: the second one is the class.
    """

    id = "tables.cell_splitter"
    title = "Cell Splitter"
    icon = "mdi6.table-split-cell"
    keywords = ("String Splitter", "split text", "delimiter", "tokenize", "split column", "text to columns", "path parts")

    column: str | None = setting(None, "Column", "The text to split.", columns=Columns("table", ("category",)))
    separator: str = setting(",", "Separator", "What stands between two cells.", min_length=1)
    regex: bool = setting(False, "Separator is a regular expression", "Whether any text that fits it separates.", advanced=True)
    quote: str | None = setting(
        None, "Quote", "Between two of these, a separator does not count; empty: there are none.", min_length=1, max_length=1
    )
    output: Literal["columns", "list"] = setting(
        "columns",
        "Output",
        "What becomes of the cells.",
        choices={"columns": "A column for each.", "list": "One column with lists."},
    )
    count: int | None = setting(
        None, "Number of columns", "How many columns there are; empty: as many as needed.", ge=1, le=10000,
        shown_if={"output": "columns"},
    )  # fmt: skip
    strip: bool = setting(True, "Trim", "Whether spaces at both ends of a cell are left out.")
    empty_missing: bool = setting(True, "Empty is missing", "Whether a cell without text is missing.")
    remove_input: bool = setting(False, "Remove the split column", "Whether the split column does not go on.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The new columns; not known before running where their number is not given."""
        table = specs.table()
        self._check(table)
        if self.output == "columns" and self.count is None:
            return {"table": None}
        return super().configure(specs)

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Splits piece by piece; where the number of columns is not given, the cells are counted first."""
        table = values.table()
        if self.output == "columns" and self.count is None:
            return self.model_copy(update={"count": self._most(table, job)}).execute(values, job)
        return super().execute(values, job)

    def removed(self, table: TableSpec) -> Sequence[str]:
        """The split column, if it is not wanted."""
        return [str(self.column)] if self.remove_input else ()

    def new_columns(self, table: TableSpec) -> Mapping[str, pl.Expr]:
        """A column per cell, or one of lists."""
        gone = self.removed(table)
        if self.output == "list":
            name = f"{self.column} (list)"
            refuse_existing(table, name, "output", gone)
            return {name: self._cells(self._split(None))}
        taken = set(table.schema)
        names: list[str] = []
        for number in range(1, (self.count or 0) + 1):
            names.append(fresh_name(f"{self.column}[{number}]", taken, "") if f"{self.column}[{number}]" in taken else
                         f"{self.column}[{number}]")  # fmt: skip
            taken.add(names[-1])
        if self.quote is None and not self.regex:
            fields: Any = pl.col(str(self.column)).cast(pl.String).str.splitn(self.separator, len(names))
            return {name: self._cell(fields.struct.field(f"field_{i}")) for i, name in enumerate(names)}
        split = self._cells(self._split(self.count))
        return {name: split.list.get(i, null_on_oob=True).cast(pl.String) for i, name in enumerate(names)}

    def _check(self, table: TableSpec) -> None:
        table.require(self.column, "category", setting="column")
        if self.quote is not None and (len(self.separator) > 1 or self.regex or self.separator == self.quote):
            message = "With quotes, the separator must be a single character other than the quote."
            raise NodeError(message, "Choose one, or leave the quote empty.", setting="separator")
        if self.regex:
            try:
                empty = pl.Series([""]).str.contains(f"^(?:{self.separator})$")[0]
                pl.Series([""]).str.replace(self._before_last, "")
            except pl.exceptions.ComputeError as error:
                message = f"'{self.separator}' is not a regular expression, or too large a one for so many columns."
                raise NodeError(message, "Correct it, or take fewer columns.", setting="separator") from error
            if empty:
                message = f"'{self.separator}' fits the empty text: it would separate everywhere."
                raise NodeError(message, "Use + in place of *.", setting="separator")

    @property
    def _before_last(self) -> str:
        """With a given number of columns: what stands before the last one, as a regular expression."""
        return rf"(?s)^(?:.*?(?:{self.separator})){{{(self.count or 1) - 1}}}"

    def _split(self, most: int | None) -> pl.Expr:
        """The list of cells, at most so many."""
        text = pl.col(str(self.column)).cast(pl.String)
        if self.quote is not None:
            separator, quote = self.separator, self.quote

            def parsed(texts: pl.Series) -> pl.Series:
                split = [None if t is None else _parsed(t, separator, quote, most) for t in texts]
                return pl.Series(texts.name, split, dtype=pl.List(pl.String))

            return text.map_batches(parsed, return_dtype=pl.List(pl.String))
        if self.regex and most is None:
            return text.str.split(self.separator, literal=False)
        if self.regex and most is not None:
            # What follows the last separator that counts is one cell: all before it, with their separators, are cut off.
            cells = text.str.split(self.separator, literal=False).list.head(most)
            rest = pl.when(cells.list.len() == most).then(text.str.replace(self._before_last, "")).fill_null("")
            return pl.when(cells.list.len() < most).then(cells).otherwise(pl.concat_list(cells.list.head((most or 1) - 1), rest))
        return text.str.split(self.separator)

    def _cells(self, split: pl.Expr) -> pl.Expr:
        return split.list.eval(self._cell(pl.element())) if self.strip or self.empty_missing else split

    def _cell(self, text: pl.Expr) -> pl.Expr:
        """A cell without the spaces around it, and missing where nothing is left, as the settings say."""
        cell = text.str.strip_chars() if self.strip else text
        return pl.when(cell != "").then(cell) if self.empty_missing else cell

    def _most(self, table: Table, job: Job) -> int:
        """The number of cells in the row with the most."""
        most = 1
        for batch in table.batches([str(self.column)]):
            job.check_cancelled()
            counted = batch.select(self._split(None).list.len().max().alias("most")).item()
            most = max(most, counted or 0)
        return most


def _parsed(text: str, separator: str, quote: str, most: int | None) -> list[str]:
    """The cells of a line of a CSV file, at most so many; what is left over stands in the last one."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quotechar=quote, skipinitialspace=True)
    cells = [""]
    for number, row in enumerate(rows):
        # A line break outside quotes does not end the text: it stands between two halves of a cell.
        first, *others = row or [""]
        cells[-1] += f"\n{first}" if number else first
        cells += others
    return cells if most is None else [*cells[: most - 1], separator.join(cells[most - 1 :])] if len(cells) > most else cells
