"""Sorter: the rows of a table in the order of some columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Settings, Spec, Specs, Value, Values, setting

KINDS = ("number", "category", "boolean", "time")


class SortKey(Settings):
    """One column to sort by, and how."""

    column: str | None = setting(None, "Column", "The column to sort by.", columns=Columns("table", KINDS))
    order: Literal["ascending", "descending"] = setting(
        "ascending",
        "Order",
        "Which cells come first.",
        choices={"ascending": "Small ones, A before Z.", "descending": "Large ones, Z before A."},
    )
    missing: Literal["first", "last"] = setting(
        "last",
        "Missing cells",
        "Where rows with a missing cell go; NaN counts as missing.",
        choices={"first": "To the top.", "last": "To the end."},
    )
    natural: bool = setting(
        False, "Numbers in text by value", "In text, img2 comes before img10 (KNIME: alphanumeric).", advanced=True
    )
    ignore_case: bool = setting(False, "Ignore case", "In text, capital and small letters count as the same.", advanced=True)


class Sorter(Node):
    """Sort the rows of a table by one or several columns.

    Rows that agree in the first column are sorted by the second, and so on; rows that agree in all keep their order.
    Text is sorted by its letters' numbers in Unicode, capital letters first; categories in the order in which the column
    declares them. Nothing is copied but the row numbers: images stay where they are.

    Example: sort by `probability`, descending: the predictions that the network is surest of come first.
    """

    id = "tables.sorter"
    title = "Sorter"
    shelf = "Tables / Rows"
    icon = "mdi6.sort"
    keywords = ("order by", "sort", "arrange", "rank", "ascending", "descending")
    input_ports = (Port("table", "table", "Table", "The rows to sort."),)
    output_ports = (Port("table", "table", "Sorted table", "The same rows in their new order."),)

    by: list[SortKey] = setting([], "Sort by", "The columns, the most important first.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The same columns and as many rows."""
        table = specs.table()
        if not self.by:
            raise NodeError("There is no column to sort by.", "Add one.", setting="by")
        for i, key in enumerate(self.by):
            table.require(key.column, *KINDS, setting=f"by.{i}.column")
        return {"table": table}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Sorts the row numbers."""
        table = values.table()
        keys: list[pl.Expr] = []
        descending: list[bool] = []
        missing_last: list[bool] = []
        for key in self.by:
            assert key.column is not None
            parts = _sortable(pl.col(key.column), table.schema[key.column], key)
            keys += parts
            descending += [key.order == "descending"] * len(parts)
            missing_last += [key.missing == "last"] * len(parts)
        columns = list(dict.fromkeys(k.column for k in self.by if k.column is not None))
        job.progress(None, "Sorting")
        frame = table.frame(columns)
        order = frame.select(
            pl.arg_sort_by(keys, descending=descending, nulls_last=missing_last, maintain_order=True).alias("order")
        ).get_column("order")
        job.check_cancelled()
        return {"table": table.take(order.to_numpy())}


def _sortable(cell: pl.Expr, dtype: pl.DataType, key: SortKey) -> list[pl.Expr]:
    """What polars sorts by in place of the cells; NaN is missing."""
    if dtype.is_float():
        return [cell.fill_nan(None)]
    if not isinstance(dtype, pl.String | pl.Categorical):
        return [cell]
    text = cell.cast(pl.String)
    if key.ignore_case:
        text = text.str.to_lowercase()
    if key.natural:
        # Digits are filled up with zeros, so that the order of the letters is that of the numbers.
        pieces = text.str.extract_all(r"\d+|\D+")
        piece = pl.element()
        padded = pieces.list.eval(pl.when(piece.str.contains(r"^\d")).then(piece.str.zfill(40)).otherwise(piece))
        return [padded.list.join(""), text]
    return [text]
