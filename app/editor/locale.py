"""The person's locale: how numbers, dates and lists of numbers are written on the screen. Never so in files.

`start` is called once, before there is a window; from then on `nodes.wording` says numbers in its numerals. What the engine
tells is neutral, and is turned here where it comes in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import msgspec
from PySide6.QtCore import QDate, QLocale

from app.engine.status import NodeStatus
from nodes.wording import NARROW, NEUTRAL, Numerals, numerals, use_numerals, written, written_in

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?![\d-])")
_SPACED = re.compile(r"[+-]?\d{1,3}([ \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]\d{3})+(?!\d)\S*")
_DOTTED = re.compile(r"[+-]?[^\D0]\d{0,2}(\.\d{3})+")


def start(name: str) -> None:
    """Use a locale from now on.

    Args:
        name: As Qt has it (`de_DE`); empty for the system's.
    """
    chosen = QLocale(name) if name else QLocale.system()
    QLocale.setDefault(chosen)
    use_numerals(numerals_of(chosen))
    _date_pattern.cache_clear()


def numerals_of(locale: QLocale) -> Numerals:
    """Return how a locale writes numbers; where there is none in particular (`C`), neutrally."""
    if locale.language() == QLocale.Language.C:
        return NEUTRAL
    group, zero = locale.groupSeparator(), locale.zeroDigit()
    return Numerals(locale.decimalPoint(), group, zero if len(zero) == 1 else "0")


def choices() -> list[tuple[str, str]]:
    """Return the locales to choose from: the name, and what a person is shown; in the order of what is shown."""
    every = QLocale.matchingLocales(QLocale.Language.AnyLanguage, QLocale.Script.AnyScript, QLocale.Country.AnyTerritory)
    names = {locale.name() for locale in every if locale.language() != QLocale.Language.C}
    return sorted(((name, _title(QLocale(name))) for name in names), key=lambda choice: choice[1].casefold())


def sample(locale: QLocale) -> str:
    """Return a number and a date as a locale writes them; where it is none in particular, neutrally."""
    numbers = numerals_of(locale)
    pattern = "yyyy-MM-dd" if numbers == NEUTRAL else _pattern_of(locale)
    return f"{numbers.write(f'1{NARROW}234.5')} · {locale.toString(QDate(2026, 3, 31), pattern)}"


def cell_writer(kind: str, dtype: str) -> Callable[[str], str] | None:
    """Return what turns the cells of a column into what is shown; None where they stay as they are.

    Args:
        kind: As `ShownColumn` has it.
        dtype: The column's type, as text.
    """
    if numerals() == NEUTRAL:
        return None
    if kind in ("integer", "float"):
        return written
    if kind == "time":
        return date_text
    if kind in ("list", "array") and re.search(r"int|float|decimal|number", dtype, re.IGNORECASE):
        return _numbers
    return None


def date_text(text: str) -> str:
    """Return a date, or a date with a time, in the order and the digits of the locale; what is none stays as it is."""
    if numerals() == NEUTRAL:
        return text
    found = _DATE.match(text)
    date = QDate(*(int(part) for part in found.groups())) if found else QDate()
    if found is None or not date.isValid():
        return written(text) if re.fullmatch(r"[\d:.]+", text) else text
    return QLocale().toString(date, _date_pattern()) + written(text[found.end() :])


def status_words(status: NodeStatus) -> NodeStatus:
    """Return a status with the numbers in its words as the person writes them."""
    if numerals() == NEUTRAL:
        return status
    return msgspec.structs.replace(
        status,
        outputs={port: written_in(text, all_numbers=True) for port, text in status.outputs.items()},
        message=written_in(status.message, all_numbers=status.state == "running"),
        problems=tuple(replace(p, message=written_in(p.message), remedy=written_in(p.remedy)) for p in status.problems),
    )


def typed(text: str) -> str:
    """Return a number that somebody typed as Python writes it; where it is none, or may be another, something that is none.

    The decimal sign of the locale is understood, and the point; spaces are between groups of three digits only. What could
    mean two numbers (`1.500` where a point stands between groups) is said with both, for the person to choose.
    """
    plain = text.strip().replace("\N{MINUS SIGN}", "-")
    if _SPACED.fullmatch(plain):
        plain = re.sub(r"\s", "", plain)
    ours = numerals()
    if ours.decimal == ".":
        return plain
    if ours.group == "." and _DOTTED.fullmatch(plain):
        return f"{plain} ({plain.replace('.', '')} or {plain.replace('.', ours.decimal)}?)"
    return plain.replace(ours.decimal, ".") if "." not in plain else plain


def _numbers(text: str) -> str:
    """Return a list of numbers, with what this locale has between them."""
    return written(text.replace(", ", "\0")).replace("\0", numerals().between)


@cache
def _date_pattern() -> str:
    return _pattern_of(QLocale())


def _pattern_of(locale: QLocale) -> str:
    """Return the short form of dates with the whole year: two digits of it are not enough for data."""
    short = locale.dateFormat(QLocale.FormatType.ShortFormat)
    return short if "yyyy" in short else re.sub("y+", "yyyy", short)


def _title(locale: QLocale) -> str:
    language, territory = locale.nativeLanguageName(), locale.nativeTerritoryName()
    return f"{language[:1].upper()}{language[1:]}{f' ({territory})' if territory else ''} · {sample(locale)}"
