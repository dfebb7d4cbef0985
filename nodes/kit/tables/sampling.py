"""The ways to choose some rows of a table, for the nodes that sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes.values.table import Table

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


def sampled(table: Table, count: int, sampling: Sampling, group_column: str | None, seed: int | None) -> NDArray[Any]:
    """The numbers of `count` different rows, in any order.

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
    """The row numbers of every class, classes in the order of their first appearance."""
    keys = table.frame([column]).select(pl.col(column).alias("key")).with_row_index("row")
    rows = keys.group_by("key", maintain_order=True).agg("row").get_column("row")
    return [group.to_numpy() for group in rows]


def stratified(groups: list[NDArray[Any]], count: int, generator: np.random.Generator) -> NDArray[Any]:
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
