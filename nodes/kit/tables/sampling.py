"""The ways to choose some rows of a table, for the nodes that sample: their settings, and the choice itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import polars as pl

from nodes.base import Columns, Node, NodeError, setting
from nodes.kit.settings import seed_setting

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes.values.table import Table, TableSpec

Sampling = Literal["random", "stratified", "linear", "first rows"]
SAMPLINGS = {
    "random": "Every row has the same chance.",
    "stratified": "By chance, with every class's share kept.",
    "linear": "At even distances, the first and the last row included.",
    "first rows": "From the top.",
}
"""A sentence of help for each."""
GROUP_KINDS = ("category", "integer", "boolean")
"""Kinds of column that can hold classes."""


SAME_ROWS = "The same seed chooses the same rows; empty chooses others in every run."
"""The help of a seed that chooses rows."""


class SampleSize(Node):
    """Base of nodes that are told how many rows to choose, as a share of all or as a number."""

    size: Literal["relative", "absolute"] = setting(
        "relative",
        "Size of the sample",
        "How the number of rows is given.",
        choices={"relative": "As a percentage of all rows.", "absolute": "As a number of rows."},
    )
    percent: float = setting(10.0, "Percentage", "The share of rows to choose.", ge=0, le=100, shown_if={"size": "relative"})
    rows: int = setting(100, "Rows", "How many rows to choose.", ge=0, shown_if={"size": "absolute"})

    def asked_rows(self, height: int) -> int:
        """Return how many rows of `height` are asked for, which may be more; a relative size is rounded half up."""
        return self.rows if self.size == "absolute" else int(height * self.percent / 100 + 0.5)


class RowChoice(SampleSize):
    """Base of nodes that choose different rows of a table, in one of the `SAMPLINGS`."""

    refusal: ClassVar[str]
    """What is wrong with an empty table."""
    refusal_remedy: ClassVar[str]
    """What to do about it."""

    sampling: Sampling = setting("random", "Sampling", "Which rows are chosen.", choices=SAMPLINGS)
    group_column: str | None = setting(
        None,
        "Group column",
        "The column whose classes keep their share; a missing value counts as a class of its own.",
        columns=Columns("table", GROUP_KINDS),
        shown_if={"sampling": "stratified"},
    )
    seed: int | None = seed_setting(SAME_ROWS, shown_if={"sampling": ["random", "stratified"]})
    if_empty: Literal["fail", "empty table", "empty tables"]
    """Each node says in its own words what an empty table gives."""

    @property
    def reproducible(self) -> bool:
        """Whether no chance is in it, or a seed decides it."""
        return self.seed is not None or self.sampling in ("linear", "first rows")

    def chosen_rows(self, height: int) -> int:
        """Return how many of `height` rows are chosen.

        Raises:
            NodeError: If there are none, and that is not allowed.
        """
        if height == 0 and self.if_empty == "fail":
            raise NodeError(self.refusal, self.refusal_remedy, setting="if_empty")
        return min(self.asked_rows(height), height)

    def check_groups(self, table: TableSpec) -> None:
        """Check the column of classes, where there must be one.

        Raises:
            NodeError: If it is missing, or cannot hold classes.
        """
        if self.sampling == "stratified":
            table.require(self.group_column, *GROUP_KINDS, setting="group_column")

    def choose(self, table: Table) -> NDArray[Any]:
        """Return the numbers of the chosen rows, in any order."""
        return sampled(table, self.chosen_rows(table.height), self.sampling, self.group_column, self.seed)


def sampled(table: Table, count: int, sampling: Sampling, group_column: str | None, seed: int | None) -> NDArray[Any]:
    """Return the numbers of `count` different rows, in any order.

    Args:
        table: The rows to choose from.
        count: How many, at most the table's height.
        sampling: How.
        group_column: The classes, where sampling is stratified.
        seed: What decides chance; None: nothing does.
    """
    import numpy as np

    if sampling == "first rows":
        return np.arange(count)
    if sampling == "linear":
        # In whole numbers: steps of at least one row never fall on the same row twice.
        return np.arange(count) * (table.height - 1) // max(count - 1, 1)
    generator = np.random.default_rng(seed)
    if sampling == "random":
        return generator.choice(table.height, count, replace=False)
    assert group_column is not None
    return stratified(groups_of(table, group_column), count, generator)


def groups_of(table: Table, column: str) -> list[NDArray[Any]]:
    """Return the row numbers of every class, classes in the order of their first appearance."""
    keys = table.frame([column]).select(pl.col(column).alias("key")).with_row_index("row")
    rows = keys.group_by("key", maintain_order=True).agg("row").get_column("row")
    return [group.to_numpy() for group in rows]


def stratified(groups: list[NDArray[Any]], count: int, generator: np.random.Generator) -> NDArray[Any]:
    """Return `count` rows in which every group has its share, by the largest remainder method (Hamilton's).

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
