"""Number Range: numbers from, to and by, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl
from pydantic import FiniteFloat

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.values.table import TableSpec

_PIECE = 2**20
MOST = 10**9


class NumberRange(Node):
    """Make a table of evenly spaced numbers, a row for each.

    The last number is the largest that does not go beyond the end; of a negative step the smallest. If start, end and step are
    whole, so are the numbers (Int64); else they are Float64, each computed by itself, so that rounding does not add up.

    Example: from 0.1 to 0.5 by 0.1 as `dropout`: a row for each of five values that are to be tried.
    """

    id = "flow.number_range"
    title = "Number Range"
    shelf = "Flow"
    icon = "mdi6.counter"
    keywords = ("Counting Loop Start", "Interval Loop Start", "counter", "sequence", "arange", "linspace", "series", "for i in")
    output_ports = (Port("table", "table", "Numbers", "A row for each number."),)

    start: FiniteFloat = setting(1.0, "From", "The first number.")
    stop: FiniteFloat = setting(10.0, "To", "The number that is not gone beyond.")
    step: FiniteFloat = setting(1.0, "By", "What lies between two numbers; negative to count down.")
    name: str = setting("number", "Column name", "What the column is called.", min_length=1)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """One column; how many rows there are is known."""
        dtype = pl.Int64() if self._is_whole else pl.Float64()
        return {"table": TableSpec(pl.Schema({self.name: dtype}), self._count())}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Count, piece by piece."""
        return {"table": job.stream(self._pieces(job))}

    def _pieces(self, job: Job) -> Iterator[pl.DataFrame]:
        count = self._count()
        for begin in range(0, max(count, 1), _PIECE):
            job.check_cancelled()
            job.progress(begin / max(count, 1))
            places = pl.int_range(begin, min(begin + _PIECE, count), eager=True)
            if self._is_whole:
                numbers = places * int(self.step) + int(self.start)
            else:
                numbers = places.cast(pl.Float64) * self.step + self.start
            yield numbers.alias(self.name).to_frame()

    @property
    def _is_whole(self) -> bool:
        return all(number.is_integer() and abs(number) < 2**53 for number in (self.start, self.stop, self.step))

    def _count(self) -> int:
        if self.step == 0:
            raise NodeError("A step of 0 never arrives.", "Take another step.", setting="step")
        steps = (self.stop - self.start) / self.step
        # 0.1 to 0.5 by 0.1 are five numbers, though a hair's breadth is missing to the last one
        count = int(steps + 1e-9) + 1 if steps > -1e-9 and steps < MOST else (0 if steps <= 0 else MOST + 1)
        if count > MOST:
            raise NodeError("These are more than a thousand million numbers.", "Take a larger step.", setting="step")
        return count
