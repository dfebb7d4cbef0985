"""GroupBy: rows with the same key become one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Settings, Spec, Specs, Value, Values, setting
from nodes.kit.tables.aggregation import KEEPS_CLASSES, METHODS, PLAIN_KINDS, Aggregation, Method
from nodes.kit.tables.grouping import grouped_rows, grouped_schema
from nodes.kit.tables.patterns import full_match
from nodes.values.table import Table, TableSpec

Naming = Literal["method(column)", "column (method)", "column"]
NAMINGS = {"method(column)": "mean(x)", "column (method)": "x (mean)", "column": "x: only where a column is used once."}


class TypeAggregation(Settings):
    """What becomes of all other columns of a kind."""

    kind: Literal["number", "integer", "text", "category", "boolean", "time"] = setting(
        "number", "Columns of kind", "Every column of this kind that is no key and has no method of its own."
    )
    method: Method = setting("mean", "Method", "How their cells are summed up.", choices=METHODS)


class PatternAggregation(Settings):
    """What becomes of all other columns whose names fit a pattern."""

    pattern: str = setting("*", "Pattern", "What their names look like from end to end: no key, and without a method of its own.")
    kind: Literal["wildcard", "regex"] = setting(
        "wildcard",
        "Pattern is",
        "How the pattern is meant.",
        choices={"wildcard": "A text with * (any text) and ? (one character).", "regex": "A regular expression."},
    )
    method: Method = setting("mean", "Method", "How their cells are summed up.", choices=METHODS)


class GroupBy(Node):
    """Make one row of all rows that agree in some columns, and sum up the other columns.

    Without a group column, all rows become one. Missing cells do not count, unless an aggregation says so; NaN counts as
    missing, but for a key: a missing key is a group of its own, and so is NaN. Groups come in the order of their first row.
    Sums, products and ranges of whole numbers are whole numbers of 64 bits, and what does not fit is an error; all other
    figures are numbers with decimals (Float64).
    A column's own aggregations come first; else the first pattern that it fits decides, then the first kind. (KNIME's limit
    of different values and its choice of memory or disk are not needed here.)

    Example: group by `species` with the mean of `petal_length`: three rows, one per species.
    """

    id = "tables.group_by"
    title = "GroupBy"
    shelf = "Tables / Aggregate"
    icon = "mdi6.sigma"
    keywords = (
        "group by", "aggregate", "summarize", "Row Aggregator", "Value Counter", "Ungroup", "count", "sum", "mean per class",
    )  # fmt: skip
    input_ports = (Port("table", "table", "Table", "The rows to group."),)
    output_ports = (Port("table", "table", "Group table", "One row per group."),)

    keys: list[str] = setting(
        [], "Group columns", "Rows that agree in all of these are one group.", columns=Columns("table", PLAIN_KINDS)
    )
    aggregations: list[Aggregation] = setting([], "Aggregations", "What becomes of the other columns.")
    by_type: list[TypeAggregation] = setting(
        [], "Aggregations by type", "What becomes of all columns of a kind.", group="By type"
    )
    by_pattern: list[PatternAggregation] = setting(
        [], "Aggregations by pattern", "What becomes of all columns whose names fit.", group="By pattern"
    )
    naming: Naming = setting(
        "method(column)", "Column naming", "How new columns are named that have no name of their own.", choices=NAMINGS
    )
    maintain_order: bool = setting(
        True, "Keep the order", "Groups come in the order of their first row; without it in any, a little faster.", advanced=True
    )

    @property
    def reproducible(self) -> bool:
        """Without an order, groups come in another one in every run."""
        return self.maintain_order

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The keys and the results; how many groups there are is not known."""
        table = specs.table()
        for key in self.keys:
            table.require(key, *PLAIN_KINDS, setting="keys")
        if not self.keys and not self._all(table):
            raise NodeError("There is nothing to group by and nothing to aggregate.", "Choose group columns.", setting="keys")
        for i, aggregation in enumerate(self.aggregations):
            aggregation.check(table, f"aggregations.{i}")
        schema = grouped_schema(self.keys, self._all(table), table)
        return {"table": TableSpec(schema, None if self.keys else 1, self._classes(table))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Groups the rows; only the columns named are read."""
        table = values.table()
        used = {*self.keys, *(a.column for a in self._all(table.spec).values())}
        job.progress(None, "Grouping")
        frame = table.lazy([c for c in table.columns if c in used])
        made = grouped_rows(frame, self.keys, self._all(table.spec), table.spec, self.maintain_order)
        job.check_cancelled()
        return {"table": Table.of(made, self._classes(table.spec))}

    def _all(self, table: TableSpec) -> dict[str, Aggregation]:
        """The results' names, and what they are.

        Raises:
            NodeError: If two have one name.
        """
        named = {a.column for a in self.aggregations} | set(self.keys)
        wanted = list(self.aggregations)
        rules = [(f"by_pattern.{i}", rule.method, _fitting(rule, table, i)) for i, rule in enumerate(self.by_pattern)]
        rules += [(f"by_type.{i}", rule.method, table.columns_of(rule.kind)) for i, rule in enumerate(self.by_type)]
        for path, method, columns in rules:
            for column in columns:
                if column not in named:
                    named.add(column)
                    wanted.append(Aggregation(column=column, method=method))
                    wanted[-1].check(table, path)
        result: dict[str, Aggregation] = {}
        for i, aggregation in enumerate(wanted):
            name = aggregation.new_name or named_by(self.naming, aggregation)
            if name in result or name in self.keys:
                where = f"aggregations.{i}.new_name" if i < len(self.aggregations) else "naming"
                raise NodeError(f"Two columns would be named '{name}'.", "Give one of them another name.", setting=where)
            result[name] = aggregation
        return result

    def _classes(self, table: TableSpec) -> dict[str, tuple[str, ...]]:
        """Class names of keys, and of results that are one of the cells."""
        kept = {n: str(a.column) for n, a in self._all(table).items() if a.method in KEEPS_CLASSES} | {k: k for k in self.keys}
        return {name: table.classes[c] for name, c in kept.items() if c in table.classes}


def _fitting(rule: PatternAggregation, table: TableSpec, place: int) -> list[str]:
    """The columns whose names fit a rule's pattern."""
    names = pl.Series(list(table.schema), dtype=pl.String)
    return names.filter(names.str.contains(full_match(rule.pattern, rule.kind, setting=f"by_pattern.{place}.pattern"))).to_list()


def named_by(naming: Naming, aggregation: Aggregation) -> str:
    """The name of a result."""
    match naming:
        case "method(column)":
            return f"{aggregation.method}({aggregation.column})"
        case "column (method)":
            return f"{aggregation.column} ({aggregation.method})"
        case "column":
            return str(aggregation.column)
