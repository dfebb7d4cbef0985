"""Rule-based Row Filter: the rows for which an expression is true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.expressions import EXAMPLES, HELP, by_row, in_words, parsed
from nodes.kit.tables.formulas import Formula
from nodes.values.table import TableSpec, describe_dtype
from nodes.wording import done_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


class RuleBasedRowFilter(Node):
    """Keep the rows for which a condition is true; the others come out at a second port.

    The condition is written as in SQL: `x > 0.5 AND (label = 'cat' OR name LIKE '%.png')`, `x > AVG(x)`. Where it is
    missing, since a cell is, it is not true. (For simple conditions the Row Filter needs no language.) Nothing is copied.

    Example: the rule `label = 'Shirt' and probability < 0.5` keeps the shirts that the network was not sure of.
    """

    id = "tables.rule_based_row_filter"
    title = "Rule-based Row Filter"
    shelf = "Tables / Rows"
    icon = "mdi6.filter-cog-outline"
    keywords = ("Rule-based Row Splitter", "Row Splitter", "where", "query", "condition", "split rows", "sql")
    input_ports = (Port("table", "table", "Table", "The rows to choose from."),)
    output_ports = (
        Port("true", "table", "Matching rows", "The rows for which the condition is true."),
        Port("false", "table", "Other rows", "All other rows."),
    )

    condition: str = setting("TRUE", "Condition", f"What must be true, such as {EXAMPLES['rule']}. {HELP}", lines=True)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The input's columns, twice; how many rows go where is not known."""
        table = specs.table()
        self._parsed(table)
        return {"true": table.with_rows(None), "false": table.with_rows(None)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Chooses the rows; only the columns of the condition are read."""
        import numpy as np

        table = values.table()
        condition = self._parsed(table.spec)
        columns = [c for c in table.columns if c in set(condition.columns)]
        pieces = table.batches(columns) if by_row(self.condition) else iter([table.frame(columns)])
        masks: list[NDArray[Any]] = []
        done = 0
        try:
            for piece in pieces:
                job.check_cancelled()
                masks.append(condition.computed(piece, done).fill_null(False).to_numpy())
                done += piece.height
                job.progress(done / max(table.height, 1), done_of(done, table.height))
        except pl.exceptions.PolarsError as error:
            message = f"The condition cannot be computed: {in_words(error)}."
            raise NodeError(message, "Look at the cells of the columns it names.", setting="condition") from error
        mask = np.concatenate(masks)
        return {"true": table.take(np.flatnonzero(mask)), "false": table.take(np.flatnonzero(~mask))}

    def _parsed(self, table: TableSpec) -> Formula:
        condition = parsed(self.condition, table, "condition")
        dtype = condition.dtype(table.schema)
        if not isinstance(dtype, pl.Boolean):
            raise NodeError(
                f"The condition is {describe_dtype(dtype)}, not true or false.", "Compare it with something.", setting="condition"
            )
        return condition
