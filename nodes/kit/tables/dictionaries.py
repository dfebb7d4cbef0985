"""Categorical columns of frames that are written one after the other into one Arrow file.

polars gives every frame a dictionary of its own, and such a file has only one for each column: it may grow, but not be another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa


class GrowingDictionaries:
    """The dictionaries of one file; to be written with `emit_dictionary_deltas`."""

    def __init__(self) -> None:
        self._codes: dict[str, dict[str, int]] = {}

    def applied(self, frame: pl.DataFrame, arrow: pa.Table) -> pa.Table:
        """Return a frame's Arrow data with its categories counted as in the frames before.

        Args:
            frame: The frame.
            arrow: The same as polars gives it to Arrow.
        """
        import pyarrow as pa

        for place, (column, dtype) in enumerate(frame.schema.items()):
            if not isinstance(dtype, pl.Categorical):
                continue
            codes = self._codes.setdefault(column, {})
            cells = frame[column].cast(pl.String)
            for category in cells.drop_nulls().unique(maintain_order=True):
                codes.setdefault(category, len(codes))
            numbers = (
                cells.replace_strict(codes, return_dtype=pl.UInt32) if codes else pl.Series([None] * cells.len(), dtype=pl.UInt32)
            )
            made = pa.DictionaryArray.from_arrays(numbers.to_arrow().cast(pa.uint32()), pa.array(list(codes), pa.large_string()))
            arrow = arrow.set_column(place, column, made)
        return arrow
