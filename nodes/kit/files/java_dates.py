"""Forms of dates as Java's SimpleDateFormat has them, which ARFF files declare, as polars parses them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import polars as pl

_PARTS = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|.", re.DOTALL)
_MEANT = {
    "yyyy": "%Y", "uuuu": "%Y", "M": "%m", "MM": "%m", "MMM": "%b", "MMMM": "%B", "d": "%d", "dd": "%d", "DDD": "%j",
    "H": "%H", "HH": "%H", "h": "%I", "hh": "%I", "m": "%M", "mm": "%M", "s": "%S", "ss": "%S", "SSS": "%3f", "a": "%p",
    "E": "%a", "EEE": "%a", "EEEE": "%A", "Z": "%z", "X": "%#z", "XX": "%z", "XXX": "%:z",
}  # fmt: skip
"""Runs of letters -> what they are for polars. Others, such as years of two digits and names of zones, are not exact."""


@dataclass(frozen=True)
class ParsedForm:
    """How dates are written, and what they become.

    Attributes:
        pattern: As polars has it.
        dtype: Date where no time is written; Datetime, in UTC where a zone is written.
    """

    pattern: str
    dtype: pl.Date | pl.Datetime

    def parsed(self, cells: pl.Expr) -> pl.Expr:
        """Return texts as dates; missing where one is none."""
        bare = cells.str.strip_chars()
        if isinstance(self.dtype, pl.Datetime):
            return bare.str.to_datetime(self.pattern, time_unit="ms", time_zone=self.dtype.time_zone, strict=False)
        return bare.str.to_date(self.pattern, strict=False)

    def written(self, moment: datetime) -> str:
        """Return how a moment in UTC is written."""
        zone = "UTC" if "z" in self.pattern else None
        return str(pl.Series([moment], dtype=pl.Datetime("ms", zone)).dt.strftime(self.pattern)[0])


def java_date_format(form: str) -> ParsedForm | None:
    """Return a form of dates as polars parses it; None where it does not say year (of four digits), month and day, or says
    something that is not exact.

    Args:
        form: Such as `yyyy-MM-dd'T'HH:mm:ss`.
    """
    pattern, used = "", set()
    for found in _PARTS.finditer(form):
        text = found[0]
        if text == "''":
            pattern += "'"
        elif found[1] is not None:
            pattern += found[1].replace("''", "'").replace("%", "%%")
        elif found[2] is None:
            pattern += text.replace("%", "%%")
        elif text in _MEANT:
            pattern += _MEANT[text]
            used.add(_MEANT[text])
        else:
            return None
    day = "%j" in used or ("%d" in used and used & {"%m", "%b", "%B"})
    if "%Y" not in used or not day:
        return None
    clock = used & {"%H", "%I", "%M", "%S", "%3f", "%p"}
    zoned = used & {"%z", "%:z", "%#z"}
    whole_clock = "%H" in used or {"%I", "%p"} <= used
    if (clock or zoned) and not (whole_clock and "%M" in used):
        return None
    return ParsedForm(pattern, pl.Datetime("ms", "UTC" if zoned else None) if clock else pl.Date())
