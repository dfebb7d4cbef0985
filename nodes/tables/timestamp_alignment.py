"""Timestamp Alignment: a series with a row for each point of a regular grid of times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.sampling import GROUP_KINDS
from nodes.values.table import COLUMN_KINDS, Table, TableSpec
from nodes.wording import counted

UNITS = {
    "millisecond": "ms", "second": "s", "minute": "m", "hour": "h", "day": "d", "week": "w", "month": "mo", "quarter": "q",
    "year": "y",
}  # fmt: skip
CALENDAR = ("d", "w", "mo", "q", "y")
SECONDS = {"millisecond": 0.001, "second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0, "week": 604_800.0}
MAX_ROWS = 50_000_000
_TIME = "\0time"
_LATE = ("30m", "1h", "2h", "24h")
"""How much later than midnight a day may begin: where clocks are put forward, or a whole day is left out (Samoa, 2011)."""


class TimestampAlignment(Node):
    """Bring a series onto a regular grid of times: a row for each hour, day, ... from the first to the last.

    Every time is put down to the grid's point before it. Where several rows have one point, they become one; where none has,
    there is a new row, whose cells are filled. Rows without a time are left out, with a warning that counts them, and the rows
    come out in the order of time.

    Of times with a zone, periods up to hours are elapsed time, counted from midnight as the clock stood at the first row: on the
    day when summer time begins a grid of 2 hours goes from 01:00 to 04:00 on the clock, which is two hours later. Days and more
    begin by the calendar of the zone, and last 23 or 25 hours then; a day whose midnight does not exist begins with its first
    moment.

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
        """The input's columns; means and straight lines are Float64."""
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
        schema = self._schema(table)
        classes = {c: n for c, n in table.classes.items() if schema[c] == table.schema[c]}
        return {"table": TableSpec(pl.Schema(schema), None, classes)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Puts rows down to the grid, completes it, and fills."""
        table = values.table()
        column = str(self.column)
        every = f"{self.period}{UNITS[self.unit]}"
        keys = [*([self.group_column] if self.group_column else []), column]
        frame = table.frame().filter(pl.col(column).is_not_null()).sort(column, maintain_order=True)
        if frame.height < table.height:
            job.warn(f"{counted(table.height - frame.height, 'row')} without a time left out.")
        line = _TimeLine.of(frame[column], by_calendar=UNITS[self.unit] in CALENDAR)
        frame = frame.with_columns(line.unrolled(frame[column]).dt.truncate(every).alias(column))
        schema = self._schema(table.spec)
        others = [c for c in table.columns if c not in keys]
        at_once = frame.group_by(keys, maintain_order=True).agg(self._one(c, frame.schema[c]) for c in others)
        job.check_cancelled()
        parts = at_once.partition_by(self.group_column, maintain_order=True) if self.group_column else [at_once]
        made: list[pl.DataFrame] = []
        for number, part in enumerate(parts):
            job.check_cancelled()
            job.progress(number / max(len(parts), 1))
            if part.height:
                made.append(self._on_grid(part, line, every, others, sum(m.height for m in made)))
        aligned = pl.concat(made) if made else table.frame().clear()
        aligned = aligned.select(pl.col(c).cast(d) for c, d in schema.items())
        return {"table": Table.of(aligned, {c: n for c, n in table.classes.items() if schema[c] == table.schema[c]})}

    def _on_grid(self, part: pl.DataFrame, line: _TimeLine, every: str, others: Sequence[str], rows: int) -> pl.DataFrame:
        """The rows of one series, one at each point at most, with those that are missing between them.

        Raises:
            NodeError: If there would be too many, together with the `rows` of the series before.
        """
        column = str(self.column)
        first, last = part[column].min(), part[column].max()
        assert isinstance(first, date) and isinstance(last, date)
        seconds = SECONDS.get(self.unit)
        too_many = NodeError(f"The grid would have more than {MAX_ROWS} points.", "Choose a longer period.", setting="period")
        if seconds and (last - first).total_seconds() / (seconds * self.period) > MAX_ROWS - rows:
            raise too_many
        ranged = pl.date_range if isinstance(part.schema[column], pl.Date) else pl.datetime_range
        grid = pl.select(ranged(first, last, every).cast(part.schema[column]).alias(column))
        grid = grid.with_columns(line.rolled_up(grid[column]).alias(_TIME)).filter(pl.col(_TIME).is_not_null())
        # Of two points at the same moment the former is of a day that the zone has left out.
        grid = grid.unique(_TIME, keep="last", maintain_order=True)
        if grid.height > MAX_ROWS - rows:
            raise too_many
        lost = part.join(grid, on=column, how="anti").height
        if lost:
            raise NodeError(f"{counted(lost, 'row')} do not fall on the grid.", "Choose another period.", setting="period")
        joined = grid.join(part, on=column, how="left", maintain_order="left")
        if self.group_column and part[self.group_column].null_count() == 0:
            joined = joined.with_columns(pl.col(self.group_column).fill_null(part[self.group_column][0]))
        joined = joined.with_columns(self._filled(c, joined.schema[c]) for c in others)
        return joined.with_columns(pl.col(_TIME).alias(column)).drop(_TIME)

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
                return cell.cast(pl.Float64).interpolate()
            case _:
                return cell.forward_fill()

    def _schema(self, table: TableSpec) -> dict[str, pl.DataType]:
        """The columns: Float64 where numbers are reckoned."""
        reckoned = self.several in ("mean", "sum") or self.fill == "linear"

        def made(column: str, dtype: pl.DataType) -> pl.DataType:
            plain = column in (self.column, self.group_column) or not COLUMN_KINDS["number"](dtype)
            return dtype if plain or not reckoned else pl.Float64()

        return {c: made(c, d) for c, d in table.schema.items()}


@dataclass(frozen=True)
class _TimeLine:
    """Times of a zone laid on a line without jumps, on which a grid is regular, and back.

    Attributes:
        zone: The zone; None where times have none, and are on such a line already.
        by_calendar: Whether the line is the clock on the wall; else it is elapsed time.
        offset: What the clock shows beyond UTC at the first time, in the unit of the times: where elapsed time is counted from.
    """

    zone: str | None
    by_calendar: bool
    offset: int

    @classmethod
    def of(cls, times: pl.Series, *, by_calendar: bool) -> _TimeLine:
        """Return the line for these times, in their order."""
        zone = times.dtype.time_zone if isinstance(times.dtype, pl.Datetime) else None
        if zone is None or not len(times):
            return cls(None if not len(times) else zone, by_calendar, 0)
        first = times.head(1)
        wall = first.dt.replace_time_zone(None).to_physical()
        return cls(zone, by_calendar, int((wall - first.to_physical()).item()))

    def unrolled(self, times: pl.Series) -> pl.Series:
        """Return times without a zone, as they lie on the line."""
        if self.zone is None:
            return times
        if self.by_calendar:
            return times.dt.replace_time_zone(None)
        assert isinstance(times.dtype, pl.Datetime)
        return (times.to_physical() + self.offset).cast(pl.Datetime(times.dtype.time_unit))

    def rolled_up(self, points: pl.Series) -> pl.Series:
        """Return the moments of points on the line; missing where there is none."""
        if self.zone is None:
            return points
        assert isinstance(points.dtype, pl.Datetime)
        unit = points.dtype.time_unit
        if not self.by_calendar:
            return (points.to_physical() - self.offset).cast(pl.Datetime(unit, "UTC")).dt.convert_time_zone(self.zone)
        point = pl.col("point")
        tries = [point, *(point.dt.offset_by(late) for late in _LATE)]
        moments = [t.dt.replace_time_zone(self.zone, ambiguous="earliest", non_existent="null") for t in tries]
        return points.to_frame("point").select(pl.coalesce(moments)).to_series()
