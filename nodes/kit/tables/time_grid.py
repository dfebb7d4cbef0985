"""A regular grid of times: the point that a time belongs to, and all points from the first to the last.

Up to the hour, periods are time that passes: over a change of summer time the points stay equally far from each other. From the
day on, periods are the calendar's: a day begins at midnight, or when the clock first shows a later time if a change of summer
time leaves midnight out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

Unit = Literal["ms", "s", "m", "h", "d", "w", "mo", "q", "y"]
SECONDS: dict[Unit, float] = {
    "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "mo": 2_629_746, "q": 7_889_238, "y": 31_556_952,
}  # fmt: skip
"""How long a unit is, the calendar's in the mean."""
ELAPSED: tuple[Unit, ...] = ("ms", "s", "m", "h")
"""Units that are time that passes."""
PER_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}


@dataclass(frozen=True)
class TimeGrid:
    """Points `period` units apart, for times of one dtype.

    A point is known by its place, a whole number or a date: see `places`.

    Attributes:
        dtype: Of the times, Date or Datetime.
        period: How many units lie between two points.
        unit: As polars abbreviates it.
        shift: How far the zone's clock was ahead of UTC at the first time, in the dtype's ticks: the points of elapsed time stand
            where that clock showed multiples of the period.
    """

    dtype: pl.Date | pl.Datetime
    period: int
    unit: Unit
    shift: int = 0

    @classmethod
    def of(cls, times: pl.Series, period: int, unit: Unit) -> TimeGrid:
        """Return the grid for these times (Date or Datetime), of which some may be missing."""
        dtype = times.dtype
        assert isinstance(dtype, pl.Date | pl.Datetime)
        shift = 0
        if isinstance(dtype, pl.Datetime) and dtype.time_zone and times.count():
            first = pl.Series([times.min()], dtype=dtype)
            shift = int((first.dt.replace_time_zone(None).to_physical() - first.to_physical())[0])
        return cls(dtype, period, unit, shift)

    def places(self, times: pl.Expr) -> pl.Expr:
        """Return the place of the point that each time belongs to.

        Of elapsed time, it is the point itself in the dtype's ticks since 1970 (Int64); of the calendar, the point as the clock
        and calendar of the zone show it (Date, or Datetime in microseconds without a zone). No two points have one place.
        """
        if self.unit in ELAPSED:
            ticks, every = times.to_physical(), self._ticks
            return ticks - (ticks % every + self.shift % every) % every
        shown = times if isinstance(self.dtype, pl.Date) else times.dt.replace_time_zone(None).cast(pl.Datetime("us"))
        return shown.dt.truncate(f"{self.period}{self.unit}")

    def reaches(self, first: pl.Series) -> bool:
        """Return whether the dtype can hold the point that the first time (a series of one) belongs to."""
        if self.unit not in ELAPSED:
            if self.period * SECONDS[self.unit] > 9999 * SECONDS["y"]:
                return False
            year = first.to_frame("time").select(self.places(pl.col("time")).dt.year()).item()
            return bool(year > (1677 if self.dtype == pl.Datetime("ns", getattr(self.dtype, "time_zone", None)) else 0))
        return bool(first.to_frame("time").select(self.places(pl.col("time")) <= pl.col("time").to_physical()).item())

    def count(self, places: pl.Series) -> float:
        """Return about how many points there are from the first to the last of some places, which must not be none."""
        if self.unit in ELAPSED:
            low, high = int(places.min()), int(places.max())  # type: ignore[arg-type]
            return (high - low) // self._ticks + 1
        days = places.cast(pl.Date).to_physical()
        return (int(days.max()) - int(days.min())) * 86400 / (SECONDS[self.unit] * self.period) + 1  # type: ignore[arg-type]

    def between(self, places: pl.Series) -> pl.Series:
        """Return the places of all points from the first to the last of some places, which must not be none."""
        low, high = pl.lit(places.min(), places.dtype), pl.lit(places.max(), places.dtype)
        every = f"{self.period}{self.unit}"
        if self.unit in ELAPSED:
            points = pl.int_range(low, high + 1, self._ticks, dtype=pl.Int64)
        elif isinstance(self.dtype, pl.Date):
            points = pl.date_range(low, high, every)
        else:
            points = pl.datetime_range(low, high, every, time_unit="us")
        return pl.select(points).to_series()

    def times(self, places: pl.Series) -> pl.Series:
        """Return the points at places, as times of the dtype; missing for a day that the zone left out (Samoa, 30.12.2011)."""
        if self.unit in ELAPSED or isinstance(self.dtype, pl.Date) or self.dtype.time_zone is None:
            return places.cast(self.dtype)
        zone = self.dtype.time_zone
        made = places.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").cast(self.dtype)
        left_out = places.filter(made.is_null())
        if not len(left_out):
            return made
        begun = _first_after_gap(left_out.dt.epoch("s"), zone) * PER_SECOND[self.dtype.time_unit]
        known = pl.DataFrame({"place": left_out, "time": begun.cast(self.dtype)})
        later = places.to_frame("place").join(known, on="place", how="left", maintain_order="left")["time"]
        made = made.zip_with(made.is_not_null(), later)
        return made.zip_with((made != made.shift(-1)).fill_null(True), pl.Series([None], dtype=self.dtype))

    @property
    def _ticks(self) -> int:
        """Ticks of the dtype from one point of elapsed time to the next."""
        assert isinstance(self.dtype, pl.Datetime)
        return int(self.period * round(SECONDS[self.unit] * 1000)) * PER_SECOND[self.dtype.time_unit] // 1000


def _first_after_gap(shown: pl.Series, zone: str) -> pl.Series:
    """The first moments, in seconds since 1970 (Int64), at which a zone's clock showed a time or a later one.

    For times (seconds since 1970, Int64) that the clock left out. Between a day and a half before and after each of them it is
    put forward once: the moment is searched for by halving.
    """
    low, high = shown - 129_600, shown + 129_600
    for _ in range(18):  # 2^18 seconds are more than three days
        middle = (low + high) // 2
        clock = (middle * 1000).cast(pl.Datetime("ms", "UTC"))
        reached = clock.dt.convert_time_zone(zone).dt.replace_time_zone(None).dt.epoch("s") >= shown
        low, high = middle.zip_with(~reached, low), middle.zip_with(reached, high)
    return high
