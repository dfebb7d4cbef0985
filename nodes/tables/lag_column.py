"""Lag Column: cells of earlier rows stand beside each row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.elementwise import refuse_existing
from nodes.values.table import Table
from nodes.wording import left_out


class LagColumn(Node):
    """Put the cells of earlier rows of a column beside each row: what a forecast learns from.

    With 3 copies and an interval of 1 a row gets the cells of the three rows before it; with an interval of 7, those of 7,
    14 and 21 rows before. A negative interval looks ahead. The first rows have nothing before them: their cells are missing,
    or the rows are left out. The order of the rows counts: put a Sorter before.

    Example: choose `temperature` with lag 7: beside each day's temperature stand those of the seven days before.
    """

    id = "tables.lag_column"
    title = "Lag Column"
    shelf = "Tables / Columns"
    icon = "mdi6.history"
    keywords = ("shift", "previous row", "time series", "lead", "delay", "sliding window", "autoregression")
    input_ports = (Port("table", "table", "Table", "The table with the series."),)
    output_ports = (Port("table", "table", "Table", "The table with the lagged columns."),)

    column: str | None = setting(None, "Column to lag", "The column whose earlier cells are wanted.", columns=Columns())
    lag: int = setting(1, "Lag", "How many copies there are.", ge=1, le=10000)
    lag_interval: int = setting(
        1, "Lag interval", "Rows between one copy and the next; negative looks ahead.", ge=-(2**31), le=2**31
    )
    skip_initial: bool = setting(
        False, "Skip incomplete rows", "Whether rows are left out for which a copy would have to look beyond the table."
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The table with a column for each copy."""
        table = specs.table()
        dtype = table.require(self.column, setting="column")
        if self.lag_interval == 0:
            raise NodeError("With an interval of 0 every copy is the column itself.", "Choose another.", setting="lag_interval")
        for name in self._names:
            refuse_existing(table, name, "column")
        rows = None if table.rows is None else self._range(table.rows)[1]
        classes = {name: table.classes[str(self.column)] for name in self._names if self.column in table.classes}
        return {"table": table.with_columns(dict.fromkeys(self._names, dtype), classes).with_rows(rows)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Writes the copies piece by piece."""
        table = values.table()
        start, length = self._range(table.height)
        if length < table.height:
            job.log(left_out(table.height - length, "for which a copy would look beyond the table"))
        made = job.stream(self._pieces(table, start, length, job))
        names = table.classes.get(str(self.column))
        return {"table": table.slice(start, length).with_columns(made, dict.fromkeys(self._names, names) if names else None)}

    @property
    def _names(self) -> dict[str, int]:
        """New column -> how many rows before."""
        offsets = [(number + 1) * self.lag_interval for number in range(self.lag)]
        return {f"{self.column}({-offset:+d})": offset for offset in offsets}

    def _range(self, height: int) -> tuple[int, int]:
        """The first row that is put out, and how many are."""
        if not self.skip_initial:
            return 0, height
        reach = self.lag * self.lag_interval
        return max(0, min(reach, height)), max(0, height - abs(reach))

    def _pieces(self, table: Table, start: int, length: int, job: Job) -> Iterator[pl.DataFrame]:
        column = str(self.column)
        step = max(1, table.rows_per_batch([column]) // self.lag)
        for first in range(start, start + max(length, 1), step):
            job.check_cancelled()
            count = min(step, start + length - first)
            yield _lagged(table.select([column]), self._names, first, count)
            job.progress((first - start) / max(length, 1))


def _lagged(table: Table, names: Mapping[str, int], first: int, count: int) -> pl.DataFrame:
    """For `count` rows from `first` on: the cells so many rows before, missing beyond the table's ends."""
    made: dict[str, pl.Series] = {}
    for name, offset in names.items():
        low, high = first - offset, first - offset + count
        inside = table.slice(min(max(low, 0), table.height), max(0, min(high, table.height) - max(low, 0))).frame().to_series()
        before = min(count, max(0, -low))
        pieces = [inside.clear(before), inside, inside.clear(count - before - len(inside))]
        made[name] = pl.concat([p for p in pieces if len(p)] or [inside]).alias(name)
    return pl.DataFrame(made)
