"""Partitioning: the rows of a table go to two tables, such as training and validation data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes.values.table import Table


class Partitioning(Node):
    """Split the rows of a table in two, such as training and validation data.

    Random and stratified sampling choose by chance, from a seed; stratified sampling gives every class of a column the
    same share in both tables, to within one row, with the total exact. Linear sampling takes rows at even distances, the
    first and the last one included. Whatever the sampling, the rows keep their order. Nothing is copied: both outputs
    share the input's data.
    """

    id = "tables.partitioning"
    title = "Partitioning"
    shelf = "Tables"
    icon = "mdi6.call-split"
    keywords = (
        "Table Partitioner", "Row Sampling", "train test split", "validation split", "stratified", "sample", "hold out",
    )  # fmt: skip
    input_ports = (Port("table", "table", "Table", "The rows to split."),)
    output_ports = (
        Port("first", "table", "First partition", "The chosen rows."),
        Port("second", "table", "Second partition", "All other rows."),
    )

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
    sampling: Literal["random", "stratified", "linear", "first rows"] = setting(
        "random",
        "Sampling",
        "Which rows go to the first partition.",
        choices={
            "random": "Every row has the same chance.",
            "stratified": "By chance, with every class's share kept.",
            "linear": "At even distances, the first and the last row included.",
            "first rows": "From the top.",
        },
    )
    group_column: str | None = setting(
        None,
        "Group column",
        "The column whose classes keep their share; a missing value counts as a class of its own.",
        columns=Columns("table", ("category", "integer", "boolean")),
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
    if_empty: Literal["fail", "empty tables"] = setting(
        "fail",
        "If the table is empty",
        "What to do with a table without rows.",
        advanced=True,
        choices={"fail": "Stop with an error.", "empty tables": "Put out two empty tables."},
    )

    @property
    def reproducible(self) -> bool:
        """Only a choice by chance without a seed differs from run to run."""
        return self.seed is not None or self.sampling in ("linear", "first rows")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The input's columns, and the exact numbers of rows where the input's is known."""
        table = specs.table()
        if self.sampling == "stratified":
            table.require(self.group_column, "category", "integer", "boolean", setting="group_column")
        if table.rows is None:
            return {"first": table, "second": table}
        self._refuse_empty(table.rows)
        first = self._first_size(table.rows)
        return {"first": table.with_rows(first), "second": table.with_rows(table.rows - first)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Two choices of the input's rows."""
        import numpy as np

        table = values.table()
        self._refuse_empty(table.height)
        chosen = np.zeros(table.height, dtype=bool)
        chosen[self._choose(table, self._first_size(table.height))] = True
        job.check_cancelled()
        if self.size == "absolute" and self.rows > table.height:
            job.warn(f"The table has only {table.height} rows: all are in the first partition.")
        return {"first": table.take(np.flatnonzero(chosen)), "second": table.take(np.flatnonzero(~chosen))}

    def _refuse_empty(self, height: int) -> None:
        if height == 0 and self.if_empty == "fail":
            raise NodeError(
                "The table has no rows to split.", "Look at the node before, or allow empty tables.", setting="if_empty"
            )

    def _first_size(self, height: int) -> int:
        """Rows of the first partition out of `height`; a relative size is rounded half up."""
        return min(self.rows, height) if self.size == "absolute" else int(height * self.percent / 100 + 0.5)

    def _choose(self, table: Table, count: int) -> NDArray[Any]:
        """The numbers of `count` different rows, in any order."""
        import numpy as np

        if self.sampling == "first rows":
            return np.arange(count)
        if self.sampling == "linear":
            # In whole numbers: steps of at least one row never fall on the same row twice.
            return np.arange(count) * (table.height - 1) // max(count - 1, 1)
        generator = np.random.default_rng(self.seed)
        if self.sampling == "random":
            return generator.choice(table.height, count, replace=False)
        assert self.group_column is not None
        return _stratified(_groups(table, self.group_column), count, generator)


def _groups(table: Table, column: str) -> list[NDArray[Any]]:
    """The row numbers of every class, classes in the order of their first appearance."""
    import polars as pl

    keys = table.frame([column]).select(pl.col(column).alias("key")).with_row_index("row")
    rows = keys.group_by("key", maintain_order=True).agg("row").get_column("row")
    return [group.to_numpy() for group in rows]


def _stratified(groups: list[NDArray[Any]], count: int, generator: np.random.Generator) -> NDArray[Any]:
    """`count` rows in which every group has its share, by the largest remainder method (Hamilton's).

    Whole shares first; the rows still to give go to the largest remainders, by lot where these are equal.
    """
    import numpy as np

    height = sum(len(group) for group in groups)
    if not height:
        return np.arange(0)
    shares = [divmod(count * len(group), height) for group in groups]
    takes = [whole for whole, _ in shares]
    lots = generator.permutation(len(groups))
    by_remainder = sorted(range(len(groups)), key=lambda g: (-shares[g][1], lots[g]))
    for group in by_remainder[: count - sum(takes)]:
        takes[group] += 1
    picked = [generator.choice(group, take, replace=False) for group, take in zip(groups, takes, strict=True)]
    return np.concatenate(picked)
