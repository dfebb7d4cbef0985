"""Column Splitter and Column Merger: some columns to one table, others to another; two columns in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.dtypes import cast_exactly, common_dtype
from nodes.kit.tables.elementwise import Elementwise, chosen, refuse_existing
from nodes.values.table import TableSpec, describe_dtype


class ColumnSplitter(Node):
    """Send some columns to one output, and all others to a second one.

    Nothing is copied. The Column Appender puts them together again.

    Example: the columns `image` and `label` to the first output for a learner, all that is noted beside them to the second.
    """

    id = "tables.column_splitter"
    title = "Column Splitter"
    shelf = "Tables / Columns"
    icon = "mdi6.format-columns"
    keywords = ("split columns", "two outputs", "select columns", "Column Filter")
    input_ports = (Port("table", "table", "Table", "The table to split."),)
    output_ports = (
        Port("first", "table", "Other columns", "The columns that were not chosen."),
        Port("second", "table", "Chosen columns", "The columns that were chosen, in their order."),
    )

    columns: list[str] = setting([], "Columns", "Those that go to the second output.", columns=Columns())

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The columns of each part."""
        table = specs.table()
        second = set(chosen(table, self.columns))
        parts = ({c: d for c, d in table.schema.items() if (c in second) == wanted} for wanted in (False, True))
        first_part, second_part = parts
        return {"first": table.with_schema(first_part), "second": table.with_schema(second_part)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Both parts, as they lie."""
        table = values.table()
        second = set(self.columns)
        return {"first": table.drop(list(second)), "second": table.select([c for c in table.columns if c in second])}


class ColumnMerger(Elementwise):
    """Fill the missing cells of a column from another one.

    Both must have a type in common: numbers become the wider one, categories the union of both.

    Example: primary column `corrected label`, secondary column `label`, and replace both: labels, corrected where someone did.
    """

    id = "tables.column_merger"
    title = "Column Merger"
    icon = "mdi6.set-merge"
    keywords = ("coalesce", "fill_null", "fill missing from other column", "combine", "ifnull")

    primary: str | None = setting(None, "Primary column", "Whose cells count where they are there.", columns=Columns())
    secondary: str | None = setting(None, "Secondary column", "What counts where they are missing.", columns=Columns())
    output: Literal["replace both", "replace primary", "replace secondary", "append"] = setting(
        "replace both",
        "Output",
        "Where the result stands.",
        choices={
            "replace both": "In place of the primary column; the secondary one is gone.",
            "replace primary": "In place of the primary column.",
            "replace secondary": "In place of the secondary column.",
            "append": "In a new column.",
        },
    )
    column: str = setting("Merged", "New column", "What to call it.", min_length=1, shown_if={"output": "append"})

    def removed(self, table: TableSpec) -> Sequence[str]:
        """The secondary column, if it is not wanted."""
        return [str(self.secondary)] if self.output == "replace both" else ()

    def new_columns(self, table: TableSpec) -> Mapping[str, pl.Expr]:
        """The one column."""
        first = table.require(self.primary, setting="primary")
        second = table.require(self.secondary, setting="secondary")
        if self.primary == self.secondary:
            raise NodeError("Both columns are the same.", "Choose another one.", setting="secondary")
        dtype = common_dtype(first, second)
        if dtype is None:
            raise NodeError(
                f"'{self.primary}' is {describe_dtype(first)}, '{self.secondary}' {describe_dtype(second)}: they do not mix.",
                "Convert one of them.",
                setting="secondary",
            )
        if self._name not in (self.primary, self.secondary):
            refuse_existing(table, self._name, "column")
        merged = pl.coalesce(*(pl.col(str(c)).cast(dtype, strict=False) for c in (self.primary, self.secondary)))
        return {self._name: merged}

    def check(self, before: pl.DataFrame, after: pl.DataFrame, start: int) -> None:
        """Every number must fit into the type that both columns have in common."""
        for column in (str(self.primary), str(self.secondary)):
            cast_exactly(before[column], after[self._name].dtype)

    def new_classes(self, table: TableSpec) -> dict[str, tuple[str, ...]]:
        """Class names, where both columns have the same."""
        names = [table.classes.get(str(c)) for c in (self.primary, self.secondary)]
        return {self._name: names[0]} if names[0] and names[0] == names[1] else {}

    @property
    def _name(self) -> str:
        named = {"append": self.column, "replace secondary": str(self.secondary)}
        return named.get(self.output, str(self.primary))
