"""Pivot: the values of a column become columns."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.aggregation import PLAIN_KINDS, Aggregation
from nodes.kit.tables.cells import as_text
from nodes.kit.tables.grouping import grouped_rows, grouped_schema
from nodes.tables.group_by import NAMINGS, Naming, named_by
from nodes.values.table import Table, TableSpec
from nodes.wording import left_out

SEVERAL = 2


class Pivot(Node):
    """Make a cross table: a row for each group, a column for each value of a column, and in the cells what is there.

    With one aggregation a column is named after its value; with several, after value and aggregation: `red+mean(x)`. Where
    a group has no row of a value, the cell is missing. For a column of a category type, there is a column for each of its
    categories, in their order, whether they occur or not, so that later nodes know the columns before anything runs. For
    others there is one for each value that occurs, sorted.

    Example: group column `month`, pivot column `product` and the sum of `sold` give a row for each month; the group totals have
    all products together.
    """

    id = "tables.pivot"
    title = "Pivot"
    shelf = "Tables / Aggregate"
    icon = "mdi6.table-pivot"
    keywords = ("Pivoting", "Crosstab", "cross table", "long to wide", "spread", "pivot table", "contingency")
    input_ports = (Port("table", "table", "Table", "The rows to sum up."),)
    output_ports = (
        Port("table", "table", "Pivot table", "A row per group, columns per value."),
        Port("group_totals", "table", "Group totals", "A row per group: the same of all its rows, whatever the value."),
        Port("pivot_totals", "table", "Pivot totals", "One row: the same of all rows of a value, whatever the group."),
    )

    index: list[str] = setting(
        [], "Group columns", "Rows that agree in all of these become one row.", columns=Columns("table", PLAIN_KINDS)
    )
    on: str | None = setting(
        None,
        "Pivot column",
        "The column whose values become columns.",
        columns=Columns("table", ("category", "integer", "boolean", "time")),
    )
    aggregations: list[Aggregation] = setting([], "Aggregations", "What stands in the cells; none counts the rows.")
    naming: Naming = setting("method(column)", "Column naming", "How aggregations are named in columns.", choices=NAMINGS)
    missing_column: bool = setting(
        False,
        "Column for missing",
        "Whether rows with a missing pivot cell get a column, named ?, or are left out, with a warning.",
    )
    max_columns: int = setting(1000, "Maximum number of columns", "More different values are an error.", ge=1, advanced=True)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The columns, where the values are known before running."""
        table = specs.table()
        for column in self.index:
            table.require(column, *PLAIN_KINDS, setting="index")
        dtype = table.require(self.on, "category", "integer", "boolean", "time", setting="on")
        if self.on in self.index:
            raise NodeError(f"Column '{self.on}' is a group column too.", "Choose another one.", setting="on")
        for i, aggregation in enumerate(self.aggregations):
            aggregation.check(table, f"aggregations.{i}")
        results = self._results(table)
        if isinstance(dtype, pl.Enum):
            values = list(dtype.categories)
        elif isinstance(dtype, pl.Boolean):
            values = ["false", "true"]
        else:
            return {"table": None, "group_totals": self._group_totals_spec(table), "pivot_totals": None}
        frame = grouped_schema([*self._index, str(self.on)], self._hidden(results), table)
        schema = {c: frame[c] for c in self._index}
        columns = self._columns(values, results)
        schema |= {name: frame[result] for name, (_, result) in columns.items()}
        rows = None if self.index else 1
        classes = {c: n for c, n in table.classes.items() if c in self._index}
        totals = pl.Schema({name: frame[result] for name, (_, result) in columns.items()})
        return {
            "table": TableSpec(pl.Schema(schema), rows, classes),
            "group_totals": self._group_totals_spec(table),
            "pivot_totals": TableSpec(totals, 1),
        }

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Groups by row and value first; the rest is done on the small table of groups."""
        table = values.table()
        assert self.on is not None
        results = self._results(table.spec)
        used = {*self.index, self.on, *(a.column for a in results.values())}
        job.progress(None, "Grouping")
        groups = self._grouped(table.lazy([c for c in table.columns if c in used]), table.spec)
        job.check_cancelled()
        missing = 0 if self.missing_column else table.frame([self.on])[self.on].null_count()
        if missing:
            job.warn(left_out(missing, f"without a value in '{self.on}'") + " The group totals count them.")
        columns = self._columns(self._values(groups[self.on]), results)
        cells = self._cells(columns, table.schema[self.on])
        made = groups.group_by(self._index, maintain_order=True).agg(cells) if self.index else groups.select(cells)
        classes = {c: n for c, n in table.classes.items() if c in self._index}
        read = table.lazy([c for c in table.columns if c in used])
        self._check_names(results)
        by_group = grouped_rows(read, self._index, results, table.spec, maintain_order=True)
        job.check_cancelled()
        by_value = grouped_rows(read, [self.on], self._hidden(results), table.spec, maintain_order=True)
        return {
            "table": Table.of(made, classes),
            "group_totals": Table.of(by_group, classes),
            "pivot_totals": Table.of(by_value.select(cells) if cells else pl.DataFrame(height=1)),
        }

    def _cells(self, columns: Mapping[str, tuple[str | None, str]], dtype: pl.DataType) -> list[pl.Expr]:
        """The new columns, of rows of groups and values."""
        of = as_text(pl.col(str(self.on)), dtype)
        return [
            pl.col(result).filter(of.is_null() if value is None else of == value).first().alias(name)
            for name, (value, result) in columns.items()
        ]

    def _check_names(self, results: Mapping[str, Aggregation]) -> None:
        """Raises:
        NodeError: If a total has the name of a group column.
        """
        for i, name in enumerate(results):
            if name in self._index:
                message = f"An aggregation has the name of the group column '{name}'."
                raise NodeError(message, "Give it another name.", setting=f"aggregations.{i}.new_name")

    def _group_totals_spec(self, table: TableSpec) -> TableSpec:
        results = self._results(table)
        self._check_names(results)
        schema = grouped_schema(self._index, results, table)
        classes = {c: n for c, n in table.classes.items() if c in self._index}
        return TableSpec(schema, None if self.index else 1, classes)

    @staticmethod
    def _hidden(results: Mapping[str, Aggregation]) -> dict[str, Aggregation]:
        """The results under names that no column has."""
        return {f"\0{name}": a for name, a in results.items()}

    @property
    def _index(self) -> list[str]:
        return list(dict.fromkeys(self.index))

    def _results(self, table: TableSpec) -> dict[str, Aggregation]:
        """What stands in the cells, by a name for each."""
        if not self.aggregations:
            return {"len": Aggregation(column=self.on, method="len")}
        result: dict[str, Aggregation] = {}
        for i, aggregation in enumerate(self.aggregations):
            name = aggregation.new_name or named_by(self.naming, aggregation)
            if name in result:
                message = f"Two aggregations are named '{name}'."
                raise NodeError(message, "Give one of them another name.", setting=f"aggregations.{i}.new_name")
            result[name] = aggregation
        return result

    def _grouped(self, frame: pl.LazyFrame, table: TableSpec) -> pl.DataFrame:
        """One row per group and value. The results have names of their own here, which no column has."""
        assert self.on is not None
        return grouped_rows(frame, [*self._index, self.on], self._hidden(self._results(table)), table, maintain_order=True)

    def _values(self, found: pl.Series) -> list[str]:
        if isinstance(found.dtype, pl.Enum):
            return list(found.dtype.categories)
        if isinstance(found.dtype, pl.Boolean):
            return ["false", "true"]
        cells = found.cast(pl.String) if isinstance(found.dtype, pl.Categorical) else found
        ordered = cells.drop_nulls().unique().sort()
        return ordered.to_frame("cell").select(as_text(pl.col("cell"), ordered.dtype)).to_series().to_list()

    def _columns(self, values: list[str], results: Mapping[str, Aggregation]) -> dict[str, tuple[str | None, str]]:
        """New column -> the value and the result that stand in it.

        Raises:
            NodeError: If there are too many, or one has the name of a group column.
        """
        every: list[str | None] = [*values, *([None] if self.missing_column else [])]
        if len(every) * len(results) > self.max_columns:
            message = f"There would be {len(every) * len(results)} columns."
            raise NodeError(message, "Choose another pivot column, or allow more columns.", setting="max_columns")
        columns: dict[str, tuple[str | None, str]] = {}
        for value in every:
            for result in results:
                shown = "?" if value is None else value
                name = f"{shown}+{result}" if len(results) >= SEVERAL else shown
                if name in self.index or name in columns:
                    raise NodeError(
                        f"Two columns would be named '{name}'.", "Rename the group column first (Column Renamer).", setting="on"
                    )
                columns[name] = (value, f"\0{result}")
        return columns
