"""Groups of rows: one row for each, of aggregations of its cells. GroupBy, Pivot and Column to Variables share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from nodes.kit.tables.aggregation import Aggregation, narrow_schema, narrowed
from nodes.values.table import TableSpec


def grouped_rows(
    frame: pl.LazyFrame, keys: Sequence[str], aggregations: Mapping[str, Aggregation], table: TableSpec, maintain_order: bool
) -> pl.DataFrame:
    """Return one row per group; without keys one row of all.

    Raises:
        NodeError: If a result does not fit into 64 bits.
    """
    keys = list(dict.fromkeys(keys))
    height = frame.select(pl.len()).collect().item() if any(a.method == "percent" for a in aggregations.values()) else 0
    wide = _wide(frame, [str(a.column) for a in aggregations.values() if a.may_be_wide(table.schema[str(a.column)])])
    figures = {name: a.expression(table, pl.lit(height), wide=a.column in wide) for name, a in aggregations.items()}
    return narrowed(_query(frame, keys, figures, maintain_order).collect(), aggregations, keys)


def grouped_schema(keys: Sequence[str], aggregations: Mapping[str, Aggregation], table: TableSpec) -> pl.Schema:
    """Return the columns of `grouped_rows`."""
    frame = pl.LazyFrame(schema=table.schema)
    figures = {name: a.expression(table, pl.lit(0)) for name, a in aggregations.items()}
    schema = _query(frame, list(dict.fromkeys(keys)), figures, maintain_order=False).collect_schema()
    return narrow_schema(schema, aggregations)


def _query(
    frame: pl.LazyFrame,
    keys: list[str],
    made: Mapping[str, pl.Expr],
    maintain_order: bool,
) -> pl.LazyFrame:
    return frame.group_by(keys, maintain_order=maintain_order).agg(**made) if keys else frame.select(**made)


def _wide(frame: pl.LazyFrame, columns: Iterable[str]) -> set[str]:
    """Of columns of whole numbers those whose sums may not fit into 64 bits: most can never, and are added as fast as polars
    does."""
    asked = list(dict.fromkeys(columns))
    if not asked:
        return set()
    sizes = [pl.max_horizontal(pl.col(c).min().cast(pl.Float64).abs(), pl.col(c).max().cast(pl.Float64)).alias(c) for c in asked]
    largest = frame.select(*sizes, pl.len().alias("\0rows")).collect().row(0, named=True)
    # The range of two rows may be twice the largest.
    return {c for c in asked if (largest[c] or 0.0) * max(largest["\0rows"], 2) >= 2.0**63}
