"""Partitioning: the rows of a table go to two tables, such as training and validation data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from nodes.base import Job, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.sampling import SAMPLINGS, RowChoice, Sampling
from nodes.wording import counted


class Partitioning(RowChoice):
    """Split the rows of a table in two, such as training and validation data.

    Random and stratified sampling choose by chance, from a seed; stratified sampling gives every class of a column the
    same share in both tables, to within one row, with the total exact. Linear sampling takes rows at even distances, the
    first and the last one included. Whatever the sampling, the rows keep their order. Nothing is copied: both outputs
    share the input's data.

    Example: 80 % stratified by `label` with seed 1: the first output for training, the second for testing, both with
    equal shares of every class.
    """

    id = "tables.partitioning"
    title = "Partitioning"
    shelf = "Tables / Rows"
    icon = "mdi6.directions-fork"
    keywords = (
        "Table Partitioner", "train test split", "validation split", "stratified", "sample", "hold out",
        "test set", "training set", "split data",
    )  # fmt: skip
    input_ports = (Port("table", "table", "Table", "The rows to split."),)
    output_ports = (
        Port("first", "table", "First partition", "The chosen rows."),
        Port("second", "table", "Second partition", "All other rows."),
    )

    refusal = "The table has no rows to split."
    refusal_remedy = "Look at the node before, or allow empty tables."

    size: Literal["relative", "absolute"] = setting(
        "relative",
        "Size of the first partition",
        "How the number of rows of the first partition is given.",
        choices={"relative": "As a percentage of all rows.", "absolute": "As a number of rows."},
    )
    percent: float = setting(
        70.0, "Percentage", "The share of rows that go to the first partition.", ge=0, le=100, shown_if={"size": "relative"}
    )
    rows: int = setting(100, "Rows", "How many rows go to the first partition.", ge=0, shown_if={"size": "absolute"})
    sampling: Sampling = setting("random", "Sampling", "Which rows go to the first partition.", choices=SAMPLINGS)
    if_empty: Literal["fail", "empty tables"] = setting(
        "fail",
        "If the table is empty",
        "What to do with a table without rows.",
        advanced=True,
        choices={"fail": "Stop with an error.", "empty tables": "Put out two empty tables."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The input's columns, and the exact numbers of rows where the input's is known."""
        table = specs.table()
        self.check_groups(table)
        if table.rows is None:
            return {"first": table, "second": table}
        first = self.chosen_rows(table.rows)
        return {"first": table.with_rows(first), "second": table.with_rows(table.rows - first)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Two choices of the input's rows."""
        import numpy as np

        table = values.table()
        chosen = np.zeros(table.height, dtype=bool)
        chosen[self.choose(table)] = True
        job.check_cancelled()
        if self.asked_rows(table.height) > table.height:
            job.warn(f"The table has only {counted(table.height, 'row')}: all are in the first partition.")
        return {"first": table.take(np.flatnonzero(chosen)), "second": table.take(np.flatnonzero(~chosen))}
