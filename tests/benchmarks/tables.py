"""Joiner and GroupBy on ten million rows, beside polars by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from nodes.wording import grouped
from tests.benchmarks.measuring import Setup, in_fresh_process
from tests.benchmarks.report import Goal, Row

if TYPE_CHECKING:
    import polars as pl

LIMIT = 1.1


def measure(setup: Setup) -> Iterator[Row]:
    """From tables in memory to the groups in memory, in processes of their own; imports and data do not count."""
    rows = 10_000 if setup.quick else 10_000_000
    measures = [partial(in_fresh_process, by, rows=rows) for by in (ours, polars_in_order, polars_in_any_order)]
    nodes, ordered, unordered = setup.alternate("joining and grouping", *measures)
    for step, what in enumerate(("join", "group", "join and group")):
        mine, same, free = ([found[step] for found in side] for side in (nodes, ordered, unordered))
        name = f"{what}, {grouped(rows)} rows"
        yield Row(f"{name} / polars, rows in the same order", "s", mine, same, Goal(LIMIT))
        yield Row(f"{name} / polars, rows in any order", "s", mine, free, note="the nodes keep the order of the rows")


# ---------------------------------------------------------------------------------------------- in processes of their own


def tables(rows: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sales, each of one of a hundredth as many customers, in no order; and the customers, of a thousand regions."""
    import numpy as np
    import polars as pl

    generator = np.random.default_rng(0)
    customers = max(rows // 100, 1)
    sales = pl.DataFrame(
        {
            "customer": generator.integers(0, customers, rows),
            "amount": generator.normal(size=rows),
            "pieces": generator.integers(1, 9, rows),
        }
    )
    regions = generator.integers(0, 1000, customers)
    people = pl.DataFrame({"customer": generator.permutation(customers), "region": regions, "age": regions % 90})
    return sales, people


def ours(rows: int) -> list[float]:
    """Seconds of the join, of the grouping, and of both."""
    from nodes.base import Values
    from nodes.kit.tables.aggregation import Aggregation
    from nodes.tables.group_by import GroupBy
    from nodes.tables.joiner import Joiner
    from nodes.values.table import Table
    from tests.support import RecordingJob

    sales, people = tables(rows)
    job: Any = RecordingJob(folder=None)  # type: ignore[arg-type]
    joiner = Joiner.model_validate({"on": [{"left": "customer", "right": "customer"}]})
    group = GroupBy(
        keys=["region"],
        aggregations=[Aggregation(column="amount", method="mean"), Aggregation(column="pieces", method="sum")],
    )
    left, right = Table.of(sales), Table.of(people)
    began = time.perf_counter()
    joined = joiner.execute(Values({"left": left, "right": right}), job)["table"]
    middle = time.perf_counter()
    made = group.execute(Values({"table": joined}), job)["table"]
    ended = time.perf_counter()
    check(made.frame()["sum(pieces)"].sum(), sales)
    return [middle - began, ended - middle, ended - began]


def polars_in_order(rows: int) -> list[float]:
    """The same by hand, with the rows in the order in which the nodes give them."""
    return by_hand(rows, ordered=True)


def polars_in_any_order(rows: int) -> list[float]:
    """The same by hand, in whatever order is fastest."""
    return by_hand(rows, ordered=False)


def by_hand(rows: int, *, ordered: bool) -> list[float]:
    """Seconds of the join, of the grouping, and of both."""
    import polars as pl

    sales, people = tables(rows)
    began = time.perf_counter()
    joined = sales.join(people, on="customer", maintain_order="left" if ordered else "none")
    middle = time.perf_counter()
    made = joined.group_by("region", maintain_order=ordered).agg(pl.col("amount").mean(), pl.col("pieces").sum())
    ended = time.perf_counter()
    check(made["pieces"].sum(), sales)
    return [middle - began, ended - middle, ended - began]


def check(pieces: Any, sales: pl.DataFrame) -> None:
    """RuntimeError unless no row was lost."""
    if pieces != sales["pieces"].sum():
        raise RuntimeError("rows were lost")
