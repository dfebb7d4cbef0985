"""Rows of texts, as a format's own reader yields them, as pieces of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import polars as pl

from nodes.kit.tables.naming import frame_of

_CELLS_AT_ONCE = 500_000


def pieces_of_rows(rows: Iterable[Sequence[str | None]], names: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Yield rows as frames of texts, in pieces of bounded size; none where there are no rows.

    Args:
        rows: Each with a cell for every name, None where it is missing.
        names: Of the columns.
    """
    step = max(1, _CELLS_AT_ONCE // max(1, len(names)))
    left = iter(rows)
    while piece := list(islice(left, step)):
        cells = zip(*piece, strict=True)
        yield frame_of(pl.Series(name, column, dtype=pl.String) for name, column in zip(names, cells, strict=True))
