"""RowID: a column that names each row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

import polars as pl

from nodes.base import Job, Node, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.elementwise import refuse_existing

if TYPE_CHECKING:
    from nodes.values.table import Table


class RowID(Node):
    """Add a column that names each row: by its number, or by text such as Row0, Row1.

    KNIME keeps such names beside every table. Here they are a column like any other: made where they are needed, to join
    by, or to find a row again after it was sorted. (Any column can be such a key; to check that it has no value twice, use
    the Duplicate Row Filter.)

    Example: append `id` with the prefix `Row`, from 0: `Row0`, `Row1`, … which stay with their rows through sorting and
    filters.
    """

    id = "tables.row_id"
    title = "RowID"
    shelf = "Tables / Rows"
    icon = "mdi6.identifier"
    keywords = ("row id to column", "row number", "index", "with_row_index", "counter", "Counter Generation", "key")
    input_ports = (Port("table", "table", "Table", "The table whose rows are named."),)
    output_ports = (Port("table", "table", "Table", "The table with the new column."),)

    name: str = setting("RowID", "Column", "What to call the new column.", min_length=1)
    style: Literal["text", "number"] = setting(
        "number",
        "Rows are named",
        "What stands in the column.",
        choices={"number": "By their number.", "text": "By text with their number, such as Row0."},
    )
    prefix: str = setting("Row", "Prefix", "The text before the number.", shown_if={"style": "text"})
    offset: int = setting(0, "First number", "The number of the first row.", ge=-(2**53), le=2**53)
    step: int = setting(1, "Step", "From one row's number to the next.", ge=-(2**31), le=2**31)
    position: Literal["first", "last"] = setting(
        "first",
        "Position",
        "Where the column stands.",
        choices={"first": "Before all others.", "last": "After all others."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The table with one more column."""
        table = specs.table()
        refuse_existing(table, self.name, "name")
        made = table.with_columns({self.name: pl.Int64() if self.style == "number" else pl.String()})
        order = [self.name, *table.schema] if self.position == "first" else [*table.schema, self.name]
        return {"table": made.with_schema({c: made.schema[c] for c in order})}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Writes the new column."""
        table = values.table()
        made = table.with_columns(job.stream(self._pieces(table, job)))
        return {"table": made.select([self.name, *table.columns]) if self.position == "first" else made}

    def _pieces(self, table: Table, job: Job) -> Iterator[pl.DataFrame]:
        size = 2**20
        for start in range(0, max(table.height, 1), size):
            job.check_cancelled()
            stop = min(start + size, table.height)
            number = pl.int_range(start, stop, dtype=pl.Int64, eager=True) * self.step + self.offset
            if self.style == "text":
                number = pl.Series([self.prefix]).new_from_index(0, len(number)) + number.cast(pl.String)
            yield number.alias(self.name).to_frame()
            job.progress(stop / max(table.height, 1))
