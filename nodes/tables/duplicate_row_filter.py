"""Duplicate Row Filter: of rows that are the same, one goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.values.table import Table
from nodes.wording import counted

KINDS = ("number", "category", "boolean", "time", "binary", "collection")


class DuplicateRowFilter(Node):
    """Find rows that agree in some columns, and keep one of each.

    Missing cells agree with each other, and so do NaN. Instead of leaving the other rows out, two columns can tell what
    each row is: unique, chosen, or a duplicate, and of which row. The rows keep their order, and nothing is copied.

    Example: choose `file` and keep the first: every picture stays once, however often it was listed.
    """

    id = "tables.duplicate_row_filter"
    title = "Duplicate Row Filter"
    shelf = "Tables / Rows"
    icon = "mdi6.content-duplicate"
    keywords = ("distinct", "unique", "drop duplicates", "deduplicate", "remove duplicates", "first of each")
    input_ports = (Port("table", "table", "Table", "The rows to look through."),)
    output_ports = (Port("table", "table", "Table", "One row of each kind, or all rows with their status."),)

    subset: list[str] = setting(
        [],
        "Columns",
        "Rows that agree in all of these are duplicates; empty compares all columns.",
        columns=Columns("table", KINDS),
    )
    keep: Literal["first", "last", "min", "max", "none"] = setting(
        "first",
        "Row to keep",
        "Which one of several duplicates is chosen.",
        choices={
            "first": "The first one.",
            "last": "The last one.",
            "min": "The one with the smallest value in a column.",
            "max": "The one with the largest value in a column.",
            "none": "None: only rows without a duplicate stay.",
        },
    )
    by: str | None = setting(
        None,
        "Column of the value",
        "Where to look for the smallest or largest value.",
        columns=Columns("table", ("number", "category", "boolean", "time")),
        shown_if={"keep": ["min", "max"]},
    )
    output: Literal["remove", "mark"] = setting(
        "remove",
        "Duplicates are",
        "What happens to the rows that are not chosen.",
        choices={
            "remove": "Left out.",
            "mark": "Kept; a column 'duplicate' says what each row is, a column 'duplicate of' the chosen row's number, from 1.",
        },
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The same columns, and two more where duplicates are marked."""
        table = specs.table()
        for column in self.subset:
            table.require(column, *KINDS, setting="subset")
        if self.keep in ("min", "max"):
            table.require(self.by, "number", "category", "boolean", "time", setting="by")
        if self.output == "remove":
            return {"table": table.with_rows(None)}
        for name in ("duplicate", "duplicate of"):
            if name in table.schema:
                raise NodeError(f"There is already a column '{name}'.", "Rename it first (Column Renamer).", setting="output")
        return {"table": table.with_columns(_marks())}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Chooses the rows; only the compared columns are read."""
        table = values.table()
        columns = list(dict.fromkeys(self.subset or table.columns))
        if not columns:
            return {"table": table if self.output == "remove" else table.with_columns(pl.DataFrame(schema=_marks()))}
        job.progress(None, "Looking for duplicates")
        found = self._groups(table, columns)
        job.check_cancelled()
        gone = found.filter((pl.col("row") != pl.col("chosen")).fill_null(True)).height
        if gone:
            job.log(f"{counted(gone, 'row is a duplicate', 'rows are duplicates')} of others.")
        if self.output == "remove":
            return {"table": table.take(found.filter(pl.col("row") == pl.col("chosen")).get_column("row").to_numpy())}
        status = (
            pl.when(pl.col("size") == 1).then(pl.lit("unique"))
            .when(pl.col("row") == pl.col("chosen")).then(pl.lit("chosen"))
            .otherwise(pl.lit("duplicate"))
        )  # fmt: skip
        of = pl.when((pl.col("size") > 1) & (pl.col("row") != pl.col("chosen"))).then(pl.col("chosen") + 1)
        marks = _marks()
        marked = found.select(status.cast(marks["duplicate"]).alias("duplicate"), of.cast(pl.Int64).alias("duplicate of"))
        return {"table": table.with_columns(marked)}

    def _groups(self, table: Table, columns: list[str]) -> pl.DataFrame:
        """For each row: its number, the number of the row chosen of its group (missing: none), the group's size."""
        read = columns if self.keep not in ("min", "max") or self.by is None else list(dict.fromkeys([*columns, self.by]))
        frame = table.frame(read)
        keys = frame.select(pl.struct(columns).alias("key") if len(columns) > 1 else pl.col(columns[0]).alias("key"))
        keys = keys.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
        row = pl.col("row")
        match self.keep:
            case "first" | "last":
                choice = row.first() if self.keep == "first" else row.last()
            case "none":
                choice = pl.when(pl.len() == 1).then(row.first())
            case "min" | "max":
                assert self.by is not None
                value = frame[self.by]
                value = value.fill_nan(None) if value.dtype.is_float() else value
                keys = keys.with_columns(value.rank("dense").cast(pl.Int64).alias("value"))
                ordered = row.sort_by("value", descending=self.keep == "max", nulls_last=True, maintain_order=True)
                choice = ordered.first()
        grouped = keys.group_by("key", maintain_order=True).agg(choice.alias("chosen"), row.alias("row"), pl.len().alias("size"))
        return grouped.select("row", "chosen", "size").explode("row").sort("row")


def _marks() -> dict[str, pl.DataType]:
    return {"duplicate": pl.Enum(["unique", "chosen", "duplicate"]), "duplicate of": pl.Int64()}
