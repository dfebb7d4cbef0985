"""Bootstrap Sampling: rows drawn by chance with replacement, and those that were never drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl

from nodes.base import Job, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.settings import seed_setting
from nodes.kit.tables.sampling import SampleSize


class BootstrapSampling(SampleSize):
    """Draw rows by chance, so that a row may come several times; and tell which ones never came.

    With as many draws as the table has rows, about 37 % of the rows are never drawn: the second output holds them, out of
    the bag, to test on. The rows keep their order, and nothing is copied.

    Example: 100 % of the rows with replacement, seed 1: train on them, and score on the rows at the second output, which
    were never drawn (about 37 %).
    """

    id = "tables.bootstrap_sampling"
    title = "Bootstrap Sampling"
    shelf = "Tables / Rows"
    icon = "mdi6.dice-multiple"
    keywords = ("bagging", "sample with replacement", "resample", "out of bag", "random")
    input_ports = (Port("table", "table", "Table", "The rows to draw from."),)
    output_ports = (
        Port("sample", "table", "Bootstrap sample", "The drawn rows, some of them several times."),
        Port("rest", "table", "Rows not drawn", "The rows that were never drawn (out of bag)."),
    )

    size: Literal["relative", "absolute"] = setting(
        "relative",
        "Size of the sample",
        "How the number of draws is given.",
        choices={"relative": "As a percentage of the rows.", "absolute": "As a number of rows."},
    )
    percent: float = setting(
        100.0, "Percentage", "How many rows are drawn, of as many as there are.", ge=0, le=10000, shown_if={"size": "relative"}
    )
    rows: int = setting(100, "Rows", "How many rows are drawn.", ge=0, le=2**31, shown_if={"size": "absolute"})
    seed: int | None = seed_setting("The same seed draws the same rows; empty draws others in every run.")
    count_column: str | None = setting(
        None,
        "Column of counts",
        "Instead of repeating a row, tell in a new column of this name how often it was drawn; empty repeats.",
        min_length=1,
        advanced=True,
    )

    @property
    def reproducible(self) -> bool:
        """Without a seed, every run draws other rows."""
        return self.seed is not None

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The input's columns; how many rows are never drawn is not known."""
        table = specs.table()
        if self.count_column is not None:
            if self.count_column in table.schema:
                message = f"There is already a column '{self.count_column}'."
                raise NodeError(message, "Choose another name.", setting="count_column")
            counted = table.with_columns({self.count_column: pl.Int64()}).with_rows(None)
            return {"sample": counted, "rest": table.with_rows(None)}
        size = None if table.rows is None else self._drawn_rows(table.rows)
        return {"sample": table.with_rows(size), "rest": table.with_rows(None)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Draws row numbers."""
        import numpy as np

        table = values.table()
        size = self._drawn_rows(table.height)
        drawn = np.random.default_rng(self.seed).integers(0, max(table.height, 1), size)
        job.check_cancelled()
        counts = np.bincount(drawn, minlength=table.height)
        rest = table.take(np.flatnonzero(counts == 0))
        if self.count_column is None:
            return {"sample": table.take(np.repeat(np.arange(len(counts)), counts)), "rest": rest}
        once = np.flatnonzero(counts)
        told = pl.DataFrame({self.count_column: pl.Series(counts[once], dtype=pl.Int64)})
        return {"sample": table.take(once).with_columns(told), "rest": rest}

    def _drawn_rows(self, height: int) -> int:
        """Return how many rows are drawn; from an empty table none."""
        return self.asked_rows(height) if height else 0
