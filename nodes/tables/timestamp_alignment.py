"""Timestamp Alignment: a series with a row for each point of a regular grid of times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.sampling import GROUP_KINDS
from nodes.kit.tables.time_grid import TimeGrid, Unit
from nodes.values.table import COLUMN_KINDS, Table, TableSpec
from nodes.wording import counted, grouped, left_out

UNITS: dict[str, Unit] = {
    "millisecond": "ms", "second": "s", "minute": "m", "hour": "h", "day": "d", "week": "w", "month": "mo", "quarter": "q",
    "year": "y",
}  # fmt: skip
MAX_ROWS = 50_000_000
PLACE, LANDED = "\0place", "\0landed"
"""Columns of our own, under names that no table has."""


class TimestampAlignment(Node):
    """Bring a series onto a regular grid of times: a row for each hour, day, ... from the first to the last.

    Every time is put down to the grid's point before it. Where several rows have one point, they become one; where none has,
    there is a new row, whose cells are filled. Rows without a time are left out, with a warning, and no others; the rows come
    out in the order of time, group by group.

    Up to the hour, a period is time that passes: over a change of summer time the points stay equally far from each other, so
    points every 2 hours stand at 0, 2, 4 o'clock before it and at 1, 3, 5 o'clock after it. From the day on, a period is the
    calendar's in the column's time zone: a day may have 23 or 25 hours, and begins at midnight, or at the first time after it
    where summer time leaves midnight out.

    Example: measurements every 5 minutes or so, period 1 hour, the mean of each hour, and gaps filled by a straight line.
    """

    id = "tables.timestamp_alignment"
    title = "Timestamp Alignment"
    shelf = "Tables / Time Series"
    icon = "mdi6.clock-check-outline"
    keywords = (
        "resample",
        "upsample",
        "regular grid",
        "fill gaps",
        "Date&Time Alignment",
        "asfreq",
        "Aggregation Granularity",
        "time series",
    )  # fmt: skip
    input_ports = (Port("table", "table", "Table", "The series."),)
    output_ports = (Port("table", "table", "Aligned table", "A row for each point of the grid."),)

    column: str | None = setting(None, "Timestamp column", "Dates, or dates with times.", columns=Columns("table", ("time",)))
    period: int = setting(1, "Period", "How many units lie between two points.", ge=1, le=1_000_000)
    unit: Literal["millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year"] = setting(
        "hour", "Unit", "Of the period; weeks begin on Monday."
    )
    several: Literal["first", "last", "mean", "sum", "min", "max"] = setting(
        "first",
        "Several rows at a point",
        "What becomes of them.",
        choices={
            "first": "The first of them counts.",
            "last": "The last counts.",
            "mean": "The mean of numbers; of other cells the first.",
            "sum": "The sum of numbers; of other cells the first.",
            "min": "The smallest number; of other cells the first.",
            "max": "The largest number; of other cells the first.",
        },
    )
    fill: Literal["missing", "previous", "next", "linear"] = setting(
        "missing",
        "Fill gaps",
        "What the cells of new rows are. Missing cells of other rows are filled too.",
        choices={
            "missing": "Missing.",
            "previous": "Those of the row before.",
            "next": "Those of the row after.",
            "linear": "Numbers on a straight line between; others as the row before.",
        },
    )
    group_column: str | None = setting(
        None, "Group column", "Rows of different groups are series of their own.", columns=Columns("table", GROUP_KINDS)
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the input's columns; means and straight lines are Float64."""
        table = specs.table()
        dtype = table.require(self.column, "time", setting="column")
        if not isinstance(dtype, pl.Date | pl.Datetime):
            raise NodeError(f"'{self.column}' holds no dates.", "Choose another column.", setting="column")
        if isinstance(dtype, pl.Date) and UNITS[self.unit] in ("ms", "s", "m", "h"):
            raise NodeError("Dates without times have no such unit.", "Choose days or more.", setting="unit")
        if self.group_column is not None:
            table.require(self.group_column, *GROUP_KINDS, setting="group_column")
            if self.group_column == self.column:
                raise NodeError("The times cannot be the groups.", "Choose another column.", setting="group_column")
        return {"table": TableSpec(pl.Schema(self._schema(table)), None, self._classes(table))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Put rows down to the grid, complete it, and fill."""
        table = values.table()
        column, groups = str(self.column), [self.group_column] if self.group_column else []
        frame = table.frame()
        timed = frame.filter(pl.col(column).is_not_null()).sort(column, maintain_order=True)
        if timed.height < frame.height:
            job.warn(left_out(frame.height - timed.height, "without a time"))
        grid = TimeGrid.of(timed[column], self.period, UNITS[self.unit])
        if timed.height and not grid.reaches(timed[column].head(1)):
            message = "The grid's first point would lie before all times that the column can hold."
            raise NodeError(message, "Choose a shorter period.", setting="period")
        others = [c for c in table.columns if c not in (column, *groups)]
        placed = timed.with_columns(grid.places(pl.col(column)).alias(PLACE))
        at_once = placed.group_by([*groups, PLACE], maintain_order=True).agg(self._one(c, frame.schema[c]) for c in others)
        job.check_cancelled()
        parts = at_once.partition_by(groups, maintain_order=True) if groups else [at_once] if at_once.height else []
        points = sum(grid.count(part[PLACE]) for part in parts)
        if points > MAX_ROWS:
            message = f"The grid would have more than {counted(MAX_ROWS, 'point')}."
            raise NodeError(message, "Choose a longer period.", setting="period")
        made = []
        for number, part in enumerate(parts):
            job.check_cancelled()
            job.progress(number / len(parts))
            made.append(self._completed(part, grid, others))
        aligned = pl.concat(made) if made else at_once.clear().with_columns(pl.lit(None, grid.dtype).alias(column))
        job.log(
            f"{counted(timed.height, 'row')} {'are' if timed.height != 1 else 'is'} on {counted(at_once.height, 'point')} of "
            f"{grouped(aligned.height)}; the others are new."
        )
        aligned = aligned.select(pl.col(c).cast(d) for c, d in self._schema(table.spec).items())
        return {"table": Table.of(aligned, self._classes(table.spec))}

    def _completed(self, part: pl.DataFrame, grid: TimeGrid, others: list[str]) -> pl.DataFrame:
        """One series, a row for each of its places, with a row for each point from its first to its last."""
        points = grid.between(part[PLACE]).alias(PLACE).cast(part.schema[PLACE])
        joined = points.to_frame().with_columns(grid.times(points).alias(str(self.column)))
        joined = joined.join(part.with_columns(pl.lit(True).alias(LANDED)), on=PLACE, how="left", maintain_order="left")
        landed = joined[LANDED].count()
        if landed != part.height:  # a fault of ours or of polars: better no series than one with holes
            missed = counted(part.height - landed, "row")
            raise NodeError(f"{missed} of the series found no point of the grid.", "Choose another period.", setting="period")
        if self.group_column and part[self.group_column].null_count() == 0:
            joined = joined.with_columns(pl.col(self.group_column).fill_null(part[self.group_column][0]))
        return joined.with_columns(self._filled(c, joined.schema[c]) for c in others).filter(
            pl.col(str(self.column)).is_not_null()
        )

    def _one(self, column: str, dtype: pl.DataType) -> pl.Expr:
        """What several cells at a point become."""
        cell = pl.col(column)
        if self.several == "last":
            return cell.last()
        if self.several == "first" or not dtype.is_numeric():
            return cell.first()
        number = cell.fill_nan(None) if dtype.is_float() else cell
        if self.several == "sum":
            return pl.when(number.count() > 0).then(number.cast(pl.Float64).sum())
        return number.mean() if self.several == "mean" else number.min() if self.several == "min" else number.max()

    def _filled(self, column: str, dtype: pl.DataType) -> pl.Expr:
        cell = pl.col(column)
        match self.fill:
            case "missing":
                return cell
            case "next":
                return cell.backward_fill()
            case "linear" if dtype.is_numeric():
                return cell.cast(pl.Float64).fill_nan(None).interpolate()
            case _:
                return cell.forward_fill()

    def _schema(self, table: TableSpec) -> dict[str, pl.DataType]:
        """The columns: Float64 where numbers are reckoned."""
        reckoned = self.several in ("mean", "sum") or self.fill == "linear"

        def made(column: str, dtype: pl.DataType) -> pl.DataType:
            plain = column in (self.column, self.group_column) or not COLUMN_KINDS["number"](dtype)
            return dtype if plain or not reckoned else pl.Float64()

        return {c: made(c, d) for c, d in table.schema.items()}

    def _classes(self, table: TableSpec) -> dict[str, tuple[str, ...]]:
        """The class names of columns that stay as they are."""
        schema = self._schema(table)
        return {c: n for c, n in table.classes.items() if schema[c] == table.schema[c]}
