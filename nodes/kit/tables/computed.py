"""What nodes share that compute columns by expressions: piece by piece where rows stand alone, else on whole columns."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import polars as pl

from nodes.base import Job, NodeError, Value, Values
from nodes.kit.tables.elementwise import Elementwise
from nodes.kit.tables.expressions import in_words
from nodes.values.table import Table, TableSpec


class Computed(Elementwise):
    """A node that computes columns by expressions that a person wrote."""

    @abstractmethod
    def columns_of(self, table: TableSpec) -> tuple[dict[str, pl.Expr], bool]:
        """Return an expression per new (or replaced) column, and whether all of them look at their own row only.

        Raises:
            NodeError: If a setting is wrong.
        """

    def new_columns(self, table: TableSpec) -> Mapping[str, pl.Expr]:
        """Return the expressions."""
        return self.columns_of(table)[0]

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Compute; what polars refuses on the way (text that is no number, ...) is an error."""
        table = values.table()
        computed, by_row = self.columns_of(table.spec)
        try:
            if by_row:
                return super().execute(values, job)
            needed = {root for expression in computed.values() for root in expression.meta.root_names()}
            frame = table.frame([c for c in table.columns if c in needed])
            made = frame.with_columns(**computed).select(list(computed))
        except pl.exceptions.PolarsError as error:
            message = f"The expression cannot be computed: {in_words(error)}."
            remedy = "TRY_CAST makes such cells missing." if "conversion" in str(error) else "Look at the cells of its columns."
            raise NodeError(message, remedy) from error
        job.check_cancelled()
        return {"table": table.with_columns(Table.of(made))}
