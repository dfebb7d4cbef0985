"""Row Sampling: some rows of a table, chosen by chance, evenly, or from the top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from nodes.base import Job, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.sampling import RowChoice
from nodes.wording import counted


class RowSampling(RowChoice):
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

    refusal = "The table has no rows to choose from."
    refusal_remedy = "Look at the node before, or allow an empty table."

    if_empty: Literal["fail", "empty table"] = setting(
        "fail",
        "If the table is empty",
        "What to do with a table without rows.",
        advanced=True,
        choices={"fail": "Stop with an error.", "empty table": "Put out an empty table."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The input's columns, and the exact number of rows where the input's is known."""
        table = specs.table()
        self.check_groups(table)
        return {"table": table if table.rows is None else table.with_rows(self.chosen_rows(table.rows))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """A choice of the input's rows."""
        import numpy as np

        table = values.table()
        chosen = self.choose(table)
        job.check_cancelled()
        if self.asked_rows(table.height) > table.height:
            job.warn(f"The table has only {counted(table.height, 'row')}: all are chosen.")
        return {"table": table.take(np.sort(chosen))}
