"""Row Sampling: some rows of a table, chosen by chance, evenly, or from the top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.tables.sampling import GROUP_KINDS, SAMPLINGS, Sampling, sampled
from nodes.wording import counted


class RowSampling(Node):
    """Choose some rows of a table, such as a tenth of them to try a workflow with.

    Random and stratified sampling choose by chance, from a seed; stratified sampling gives every class of a column the
    share that it has in the table, to within one row. Linear sampling takes rows at even distances. The rows keep their
    order, and nothing is copied. (To have the other rows too, use Partitioning.)

    Example: 1 000 rows stratified by `label`: a small table with all classes, to try a network on before the long
    training.
    """

    id = "tables.row_sampling"
    title = "Row Sampling"
    shelf = "Tables / Rows"
    icon = "mdi6.selection-multiple"
    keywords = (
        "limit rows",
        "first rows",
        "Row Sampler",
        "sample",
        "subset",
        "downsample",
        "stratified",
        "head",
        "take some rows",
    )
    input_ports = (Port("table", "table", "Table", "The rows to choose from."),)
    output_ports = (Port("table", "table", "Sampled table", "The chosen rows."),)

    size: Literal["relative", "absolute"] = setting(
        "relative",
        "Size of the sample",
        "How the number of rows is given.",
        choices={"relative": "As a percentage of all rows.", "absolute": "As a number of rows."},
    )
    percent: float = setting(10.0, "Percentage", "The share of rows to choose.", ge=0, le=100, shown_if={"size": "relative"})
    rows: int = setting(100, "Rows", "How many rows to choose.", ge=0, shown_if={"size": "absolute"})
    sampling: Sampling = setting("random", "Sampling", "Which rows are chosen.", choices=SAMPLINGS)
    group_column: str | None = setting(
        None,
        "Group column",
        "The column whose classes keep their share; a missing value counts as a class of its own.",
        columns=Columns("table", GROUP_KINDS),
        shown_if={"sampling": "stratified"},
    )
    seed: int | None = setting(
        0,
        "Random seed",
        "The same seed chooses the same rows; empty chooses others in every run.",
        ge=0,
        le=2**63 - 1,
        shown_if={"sampling": ["random", "stratified"]},
    )
    if_empty: Literal["fail", "empty table"] = setting(
        "fail",
        "If the table is empty",
        "What to do with a table without rows.",
        advanced=True,
        choices={"fail": "Stop with an error.", "empty table": "Put out an empty table."},
    )

    @property
    def reproducible(self) -> bool:
        """Only a choice by chance without a seed differs from run to run."""
        return self.seed is not None or self.sampling in ("linear", "first rows")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The input's columns, and the exact number of rows where the input's is known."""
        table = specs.table()
        if self.sampling == "stratified":
            table.require(self.group_column, *GROUP_KINDS, setting="group_column")
        return {"table": table if table.rows is None else table.with_rows(self._size(table.rows))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """A choice of the input's rows."""
        import numpy as np

        table = values.table()
        chosen = sampled(table, self._size(table.height), self.sampling, self.group_column, self.seed)
        job.check_cancelled()
        if self.size == "absolute" and self.rows > table.height:
            job.warn(f"The table has only {counted(table.height, 'row')}: all are chosen.")
        return {"table": table.take(np.sort(chosen))}

    def _size(self, height: int) -> int:
        """How many rows are chosen of `height`; a relative size is rounded half up."""
        if height == 0 and self.if_empty == "fail":
            message = "The table has no rows to choose from."
            raise NodeError(message, "Look at the node before, or allow an empty table.", setting="if_empty")
        return min(self.rows, height) if self.size == "absolute" else int(height * self.percent / 100 + 0.5)
