"""How numbers are said to a person: counts, durations, shares, sizes. The one place for it, in nodes, engine, editor and reports.

Knows nothing of the rest of the program, so everything may import it.
"""

from __future__ import annotations

import math

NARROW = "\u202f"
"""A no-break thin space: between groups of digits, and before a percent sign."""


def grouped(number: int) -> str:
    """Return a whole number with its digits in groups of three: `60 000`."""
    return f"{number:,}".replace(",", NARROW)


def counted(number: int, singular: str, plural: str = "") -> str:
    """Return a number with what it counts: `1 row`, `60 000 rows`.

    Args:
        number: How many.
        singular: What one of them is called; with a verb, if that changes too (`row has`).
        plural: What others are called; by default the singular with an s.
    """
    return f"{grouped(number)} {singular if number == 1 else plural or singular + 's'}"


def done_of(done: int, total: int, singular: str = "row") -> str:
    """Return how far a loop has come: `3 000 of 60 000 rows`."""
    return f"{grouped(done)} of {counted(total, singular)}"


def left_out(rows: int, which: str) -> str:
    """Return the warning that rows do not count: `1 row with missing cells is left out.`"""
    return f"{counted(rows, f'row {which} is', f'rows {which} are')} left out."


def number_text(value: float | str | None) -> str:
    """Return a number with the digits that matter: six of them, all of those before the point, no zeros at the end."""
    if not isinstance(value, float):
        return "" if value is None else str(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "-∞"
    if 1e6 <= abs(value) < 1e15:
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{value:.6g}"


def percent(share: float | None, decimals: int = 1) -> str:
    """Return a share as a percentage: `92.4 %`; a dash where it is not defined.

    What is not nothing does not look like nothing (`<0.1 %`), and only all is `100 %`.

    Args:
        share: From 0 to 1; None or NaN where it is not defined.
        decimals: Digits behind the point.
    """
    if share is None or math.isnan(share):
        return "–"
    least = 10.0**-decimals
    if 0 < share * 100 < least:
        return f"<{least:.{decimals}f}{NARROW}%"
    return f"100{NARROW}%" if share == 1 else f"{share * 100:.{decimals}f}{NARROW}%"


def clock(seconds: float) -> str:
    """Return a time that runs or is left: `0:41`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    """Return how long something took: `< 1 ms`, `34 ms`, `2.1 s`, `1:23 min`, `2:05:09 h`."""
    if seconds < 0.001:
        return "< 1 ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    return f"{clock(seconds)} {'h' if round(seconds) >= 3600 else 'min'}"


def ago(seconds: float) -> str:
    """Return how long ago something was: `just now`, `1 minute ago`, `3 days ago`."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{counted(minutes, 'minute')} ago"
    hours = round(minutes / 60)
    return f"{counted(hours, 'hour')} ago" if hours < 24 else f"{counted(round(hours / 24), 'day')} ago"


def file_size(size: int) -> str:
    """Return a number of bytes as people say it, in decimal units: `512 bytes`, `12.3 kB`, `3.2 GB`."""
    if size < 1000:
        return counted(size, "byte")
    number = size / 1000
    for unit in ("kB", "MB", "GB"):
        if number < 999.5:
            return f"{number:.0f} {unit}" if number >= 99.95 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def gibibytes(size: float) -> str:
    """Return a number of bytes in the unit of settings that bound it: `1.5 GiB`."""
    return f"{size / 2**30:.3g} GiB"
