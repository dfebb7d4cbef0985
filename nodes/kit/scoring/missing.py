"""What all scorers do about rows in which the actual or the predicted value is missing."""

from __future__ import annotations

from typing import Literal

import polars as pl

from nodes.base import Job, NodeError
from nodes.wording import counted


def without_missing(pairs: pl.DataFrame, what: str, missing: Literal["ignore", "fail"], job: Job) -> pl.DataFrame:
    """Return the rows in which both values are there; the others are left out with a warning.

    Args:
        pairs: Actual and predicted values.
        what: What a value is, for messages: `class`, `number`.
        missing: Whether a missing value is an error instead.
        job: Told of what is left out.

    Raises:
        NodeError: If a value is missing and that is an error.
    """
    complete = pairs.drop_nulls()
    left_out = pairs.height - complete.height
    rows = counted(left_out, "row")
    if left_out and missing == "fail":
        raise NodeError(
            f"In {rows} the actual or the predicted {what} is missing.",
            "Remove them (Row Filter), or ignore missing values.",
            setting="missing",
        )
    if left_out:
        job.warn(f"{rows} without an actual or a predicted {what} {'are' if left_out != 1 else 'is'} not counted.")
    if not complete.height:
        job.warn("There are no rows to score.")
    return complete
