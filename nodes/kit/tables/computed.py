"""What nodes share that compute columns by expressions: piece by piece where rows stand alone, else on whole columns."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Protocol

import polars as pl

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values
from nodes.kit.tables.elementwise import piece_rows
from nodes.kit.tables.expressions import in_words
from nodes.kit.tables.naming import frame_of
from nodes.values.table import Table, TableSpec
from nodes.wording import done_of


class Computation(Protocol):
    """What computes a column: a `Formula`, or several."""

    @property
    def columns(self) -> list[str]:
        """The columns that it needs."""

    def dtype(self, schema: pl.Schema) -> pl.DataType:
        """Return the type of the results."""

    def computed(self, frame: pl.DataFrame, start: int = 0) -> pl.Series:
        """Return the results for the rows of a frame, the first of which has the number `start`."""


class Computed(Node):
    """A node that computes columns by expressions that a person wrote.

    Where rows stand alone, the table is walked through piece by piece: memory stays at one piece. All other columns are passed
    on as they lie.
    """

    shelf = "Tables / Columns"
    input_ports = (Port("table", "table", "Table", "The table to work on."),)
    output_ports = (Port("table", "table", "Table", "The table with the computed columns."),)

    @abstractmethod
    def columns_of(self, table: TableSpec) -> tuple[Mapping[str, Computation], bool]:
        """Return what computes each new (or replaced) column, and whether all of them look at their own row only.

        Raises:
            NodeError: If a setting is wrong.
        """

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the table with the new columns."""
        table = specs.table()
        computed, _ = self.columns_of(table)
        return {"table": table.with_columns({name: made.dtype(table.schema) for name, made in computed.items()})}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Compute; what cannot be computed (beyond 64 bits, text that is no number, ...) is an error."""
        table = values.table()
        computed, by_row = self.columns_of(table.spec)
        needed = {column for made in computed.values() for column in made.columns}
        read = [c for c in table.columns if c in needed]
        try:
            if by_row:
                made = job.stream(self._pieces(table, read, computed, job))
            else:
                frame = table.frame(read)
                made = Table.of(frame_of(each.computed(frame).alias(name) for name, each in computed.items()))
        except pl.exceptions.PolarsError as error:
            message = f"The expression cannot be computed: {in_words(error)}."
            remedy = "TRY_CAST makes such cells missing." if "conversion" in str(error) else "Look at the cells of its columns."
            raise NodeError(message, remedy) from error
        job.check_cancelled()
        return {"table": table.with_columns(made)}

    def _pieces(self, table: Table, read: list[str], computed: Mapping[str, Computation], job: Job) -> Iterator[pl.DataFrame]:
        made = [each.dtype(table.schema) for each in computed.values()]
        start = 0
        for batch in table.batches(read, rows=piece_rows((table.schema[c] for c in read), made)):
            job.check_cancelled()
            yield frame_of(each.computed(batch, start).alias(name) for name, each in computed.items())
            start += batch.height
            job.progress(start / max(table.height, 1), done_of(start, table.height))
