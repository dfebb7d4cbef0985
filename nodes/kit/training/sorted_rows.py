"""Whether the rows are sorted by what is to be learned: the last ones, kept for validation, are then of another kind."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from nodes.kit.training.targets import BoundTarget
from nodes.values.table import Table

REMEDY = "Put a Shuffle before, or divide the table with Partitioning and connect both parts."


def sorted_target(table: Table, targets: Sequence[BoundTarget]) -> str | None:
    """Return a hint where the rows are in the order of a column that the network is to put out; None where they are not."""
    for target in targets:
        for column in target.binding.columns:
            dtype = table.schema[column]
            if not (dtype.is_numeric() or isinstance(dtype, pl.Enum | pl.Boolean)):
                continue
            series = table.frame([column]).to_series()
            values = series.to_physical() if isinstance(dtype, pl.Enum) else series
            if values.n_unique() > 1 and (values.is_sorted() or values.is_sorted(descending=True)):
                return f"The rows are sorted by '{column}': the last ones, which validate, differ from those before. {REMEDY}"
    return None
