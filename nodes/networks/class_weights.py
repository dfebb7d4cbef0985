"""Class Weights: how much the rows of rare classes must count so that all classes count the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.values.table import Table, TableSpec

KINDS = ("category", "text", "integer", "boolean")


class ClassWeights(Node):
    """Work out weights that make rare classes count as much as frequent ones.

    Balanced weights are rows / (classes x rows of the class), as in scikit-learn; their mean over all rows is 1. The first
    output has a row per class; the second is the table with each row's weight, to be chosen as the Learner's sample weight.
    Rows without a class get no weight (a missing one) and are not counted.

    The Learner's own 'balanced' class weights do the same without this node; it is for looking at the weights, for softening
    them (power) and for weights that other nodes use.

    Example: of 900 rows of class a and 100 of class b, each a gets 0.56 and each b 5; with a power of 0.5 they are nearer.
    """

    id = "networks.class_weights"
    title = "Class Weights"
    shelf = "Network"
    icon = "mdi6.scale-unbalanced"
    keywords = ("imbalanced", "balance", "sample weight", "compute_class_weight", "rare classes")
    input_ports = (Port("table", "table", "Table", "Rows with their classes."),)
    output_ports = (
        Port("weights", "table", "Weights", "A row per class: its name, its rows, its weight."),
        Port("table", "table", "Table", "The table with a weight for each row."),
    )

    column: str | None = setting(None, "Class column", "What is to be balanced.", columns=Columns("table", KINDS))
    weighting: Literal["balanced", "inverse", "largest is 1"] = setting(
        "balanced",
        "Weighting",
        "What the weights are measured by.",
        choices={
            "balanced": "Rows / (classes x rows of the class): their mean over all rows is 1.",
            "inverse": "1 / rows of the class.",
            "largest is 1": "Rows of the largest class / rows of the class: that class has 1.",
        },
    )
    power: float = setting(
        1.0, "Power", "1 balances entirely, 0 not at all; in between the weights are nearer to each other.", ge=0, le=1
    )
    name: str = setting("weight", "Column name", "What the column of weights is called.", min_length=1)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the classes' table, and the table with one column more."""
        table = specs.table()
        dtype = table.require(self.column, *KINDS, setting="column")
        self._check_name(table)
        weights = {"class": dtype, "rows": pl.UInt32(), self.name: pl.Float64()}
        if self.name in ("class", "rows"):
            raise NodeError(f"The table of weights has a column '{self.name}' already.", "Choose another name.", setting="name")
        rows = 0 if table.rows == 0 else None
        return {"weights": TableSpec(pl.Schema(weights), rows), "table": table.with_columns({self.name: pl.Float64()})}

    def _check_name(self, table: TableSpec) -> None:
        if self.name in table.schema:
            raise NodeError(f"There is a column '{self.name}' already.", "Choose another name.", setting="name")

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Count, then give each row its weight batch by batch."""
        table, column = values.table(), self.column or ""
        counted = [b[column].drop_nulls().value_counts(name="rows").rename({column: "class"}) for b in table.batches([column])]
        counts = pl.concat(counted).group_by("class").agg(pl.col("rows").sum().cast(pl.UInt32)).sort("class")
        weights = counts.with_columns(self._weights(counts["rows"]).alias(self.name))
        old, new = weights["class"], weights[self.name]

        def frames() -> Iterator[pl.DataFrame]:
            for batch in table.batches([column]):
                job.check_cancelled()
                found = batch.select(
                    pl.col(column).replace_strict(old, new, default=None, return_dtype=pl.Float64).alias(self.name)
                )
                yield found

        return {"weights": Table.of(weights), "table": table.with_columns(job.stream(frames()))}

    def _weights(self, rows: pl.Series) -> pl.Series:
        """A weight per class by its number of rows."""
        import numpy as np

        counts = rows.to_numpy().astype(np.float64)
        inverse = (1 / counts) ** self.power
        if self.weighting == "largest is 1":
            inverse = inverse / inverse.min(initial=np.inf)
        elif self.weighting == "balanced":
            inverse = inverse * counts.sum() / max((inverse * counts).sum(), 1e-300)
        return pl.Series(inverse, dtype=pl.Float64)
