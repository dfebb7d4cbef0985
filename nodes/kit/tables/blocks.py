"""Columns that are looked at together, so that a table of thousands of short columns takes no longer than a long one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

BLOCK_CELLS = 2**20
"""So many cells are looked at together: polars takes a millisecond for a question, whether about ten cells or ten thousand."""


def column_blocks(columns: Sequence[str], height: int) -> Iterator[list[str]]:
    """Yield the columns in blocks of about `BLOCK_CELLS` cells, of one column at least; columns without rows one by one."""
    width = max(1, BLOCK_CELLS // height) if height else 1
    for start in range(0, len(columns), width):
        yield list(columns[start : start + width])
