"""The last step of reading: cells that do not fit the type of their column are an error, or counted and listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from nodes.base import Job, NodeError
from nodes.wording import counted, grouped

OnMisfit = Literal["fail", "missing"]
ON_MISFIT = {
    "fail": "It is an error that names its row and column.",
    "missing": "It is missing; how many there are is said, and where the first of them stand.",
}
_LISTED = 5


@dataclass
class Misfits:
    """Cells that did not fit, of one file or sheet.

    Attributes:
        place: What is read, for messages: `'/data/table.csv'`.
        on_misfit: What becomes of them.
        setting: The setting that gives columns their types.
        count: How many were found.
        listed: The first of them, in words.
    """

    place: str
    on_misfit: OnMisfit = "fail"
    setting: str = "column_types"
    count: int = 0
    listed: list[str] = field(default_factory=list)

    def check(self, before: pl.Series, after: pl.Series, first_row: int, remedy: str = "") -> None:
        """Look at a column before and after it got its type: what is missing only afterwards does not fit.

        Args:
            before: The cells as they were read.
            after: The same cells, of the column's type.
            first_row: The number of the first one's row, from 1.
            remedy: What to do, besides giving the column another type.

        Raises:
            NodeError: Naming row and column, where misfits are an error.
        """
        if after.null_count() == before.null_count():
            return
        wrong = (after.is_null() & before.is_not_null()).arg_true()
        self.add(
            before.name, [(first_row + n, str(before[n])) for n in wrong[:_LISTED].to_list()], wrong.len(), after.dtype, remedy
        )

    def add(self, column: str, cells: list[tuple[int, str]], count: int, dtype: pl.DataType | None, remedy: str = "") -> None:
        """Note misfits of one column.

        Args:
            column: Its name.
            cells: (row from 1, text) of the first ones.
            count: How many there are.
            dtype: What they are not; None where there is no such column.
            remedy: What to do, besides giving the column another type.

        Raises:
            NodeError: Naming row and column, where misfits are an error.
        """
        if self.on_misfit == "fail":
            row, text = cells[0]
            hint = remedy or f"Set the type of column '{column}' to String, or have cells that do not fit be missing."
            what = f"which is no {dtype}" if dtype is not None else "which the first rows do not have"
            raise NodeError(f"Row {row} of {self.place} has '{text}' in column '{column}', {what}.", hint, setting=self.setting)
        self.count += count
        room = max(0, _LISTED - len(self.listed))
        self.listed += [f"'{text}' (column '{column}', row {grouped(row)})" for row, text in cells[:room]]

    def tell(self, job: Job) -> None:
        """Warn of what became missing, if anything did."""
        if self.count:
            more = " and others" if self.count > len(self.listed) else ""
            message = (
                f"{counted(self.count, 'cell does', 'cells do')} not fit the type of {'its' if self.count == 1 else 'their'} "
            )
            job.warn(f"{message}column in {self.place} and became missing: {', '.join(self.listed)}{more}.")


def typed(frame: pl.DataFrame, types: Mapping[str, pl.DataType], misfits: Misfits, first_row: int = 1) -> pl.DataFrame:
    """Return columns of any plain types as others; what does not fit is an error, or counted.

    Numbers become whole ones only where nothing follows their point; text is read as numbers are written.

    Args:
        frame: Cells.
        types: Column -> its type; others keep theirs.
        misfits: Where it is told what does not fit.
        first_row: The number of the first row, from 1.
    """
    made = []
    for column, dtype in types.items():
        cells = frame[column]
        if cells.dtype == dtype:
            continue
        after = cells.cast(dtype, strict=False)
        if cells.dtype.is_float() and dtype.is_integer():
            # polars would cut off what follows the point.
            after = after.set(after.cast(cells.dtype) != cells, None)
        misfits.check(cells, after, first_row)
        made.append(after)
    return frame.with_columns(made)
