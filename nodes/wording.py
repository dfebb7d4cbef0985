"""How numbers are said to a person: counts, durations, shares, sizes. The one place for it, in nodes, engine, editor and reports.

They are said in neutral numerals: a point, thin spaces between groups. Only the editor's process uses those of the person's
locale (`use_numerals`), so results, files, reports and what a run without a window says are the same everywhere.

Knows nothing of the rest of the program, so everything may import it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

NARROW = "\u202f"
"""A no-break thin space: between groups of digits, and before a percent sign."""


@dataclass(frozen=True)
class Numerals:
    """How numbers are written.

    Attributes:
        decimal: Before the decimals.
        group: Between groups of three digits.
        zero: The first of ten digits.
    """

    decimal: str = "."
    group: str = NARROW
    zero: str = "0"

    @property
    def between(self) -> str:
        """What stands between the numbers of a list."""
        return "; " if self.decimal == "," else ", "

    def write(self, number: str) -> str:
        """Return a number that is written neutrally in these numerals."""
        return number.translate(self._table) if self != NEUTRAL else number

    @property
    def _table(self) -> dict[int, str]:
        digits = {ord("0") + n: chr(ord(self.zero) + n) for n in range(10)}
        return {**digits, ord("."): self.decimal, ord(NARROW): self.group}


NEUTRAL = Numerals()
"""In files, and wherever nobody has chosen."""
_ALONE = re.compile(rf"(?<![\w.])\d+(?:{NARROW}\d{{3}})*(?:\.\d+)?(?![\w.]|\.\w)")
_GROUPED = re.compile(rf"(?<![\w.])\d+(?:{NARROW}\d{{3}})+(?:\.\d+)?(?![\w])")
_in_use = NEUTRAL


def use_numerals(chosen: Numerals) -> None:
    """Say numbers so from now on, in this process: for one that shows them and writes none of these words to files."""
    global _in_use  # noqa: PLW0603 - like the locale of the process, which it stands for
    _in_use = chosen


def numerals() -> Numerals:
    """Return how numbers are said in this process."""
    return _in_use


@contextmanager
def neutral_numerals() -> Iterator[None]:
    """Say numbers neutrally meanwhile: for what goes to a file or the clipboard."""
    before = numerals()
    use_numerals(NEUTRAL)
    try:
        yield
    finally:
        use_numerals(before)


def written(number: str) -> str:
    """Return a number that is written neutrally (`60 000.5`) in the numerals of this process."""
    return _in_use.write(number)


def written_in(text: str, *, all_numbers: bool = False) -> str:
    """Return a sentence that another process said neutrally with its numbers in the numerals of this one.

    Args:
        text: What was said.
        all_numbers: Whether all numbers that stand alone are meant; else only those with groups, as a sentence may quote others.
    """
    if _in_use == NEUTRAL:
        return text
    return (_ALONE if all_numbers else _GROUPED).sub(lambda found: written(found[0]), text)


def grouped(number: int) -> str:
    """Return a whole number with its digits in groups of three: `60 000`."""
    return written(f"{number:,}".replace(",", NARROW))


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
        return "" if value is None else value if isinstance(value, str) else written(str(value))
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "-∞"
    if 1e6 <= abs(value) < 1e15:
        return written(f"{value:.2f}".rstrip("0").rstrip("."))
    return written(f"{value:.6g}")


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
        return f"<{written(f'{least:.{decimals}f}')}{NARROW}%"
    return f"{written('100' if share == 1 else f'{share * 100:.{decimals}f}')}{NARROW}%"


def clock(seconds: float) -> str:
    """Return a time that runs or is left: `0:41`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return written(f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}")


def duration(seconds: float) -> str:
    """Return how long something took: `< 1 ms`, `34 ms`, `2.1 s`, `1:23 min`, `2:05:09 h`."""
    if seconds < 0.001:
        return f"< {written('1')} ms"
    if seconds < 0.9995:
        return f"{written(f'{seconds * 1000:.0f}')} ms"
    if seconds < 59.95:
        return f"{written(f'{seconds:.1f}')} s"
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
            return f"{written(f'{number:.0f}' if number >= 99.95 else f'{number:.1f}')} {unit}"
        number /= 1000
    return f"{written(f'{number:.1f}')} TB"


def gibibytes(size: float) -> str:
    """Return a number of bytes in the unit of settings that bound it: `1.5 GiB`."""
    return f"{written(f'{size / 2**30:.3g}')} GiB"
