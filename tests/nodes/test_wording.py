"""How numbers are said to a person, at the edges where one way of saying it ends and the next begins."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from nodes.wording import ago, clock, counted, done_of, duration, file_size, gibibytes, grouped, left_out, number_text, percent


def plain(text: str) -> str:
    """The text with spaces as a keyboard has them."""
    assert " %" not in text, "a percent sign must not be broken off its number"
    return text.replace("\u202f", " ")


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (1000, "1 000"), (60_000, "60 000"), (1234567, "1 234 567"), (-1500, "-1 500")]
)
def test_digits_are_grouped(number: int, text: str) -> None:
    assert plain(grouped(number)) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1001, "1 001 rows")])
def test_only_one_is_singular(number: int, text: str) -> None:
    assert plain(counted(number, "row")) == text


def test_plurals_may_be_others_and_bring_their_verb() -> None:
    assert counted(1, "class", "classes") == "1 class"
    assert counted(2, "probability", "probabilities") == "2 probabilities"
    assert [counted(n, "row has", "rows have") for n in (1, 2)] == ["1 row has", "2 rows have"]
    assert plain(done_of(3000, 60_000)) == "3 000 of 60 000 rows"
    assert done_of(1, 1, "image") == "1 of 1 image"
    assert left_out(1, "with missing cells") == "1 row with missing cells is left out."
    assert left_out(2, "with missing cells") == "2 rows with missing cells are left out."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "< 1 ms"),
        (0.0009, "< 1 ms"),
        (0.001, "1 ms"),
        (0.034, "34 ms"),
        (0.9994, "999 ms"),
        (0.9995, "1.0 s"),
        (2.14, "2.1 s"),
        (59.94, "59.9 s"),
        (59.95, "1:00 min"),
        (59.97, "1:00 min"),
        (83, "1:23 min"),
        (3599.4, "59:59 min"),
        (3599.6, "1:00:00 h"),
        (7509, "2:05:09 h"),
        (100_000, "27:46:40 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (0.4, "0:00"), (41, "0:41"), (59.6, "1:00"), (3599.7, "1:00:00"), (3723, "1:02:03")]
)
def test_what_is_left_is_said_like_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "just now"),
        (29, "just now"),
        (31, "1 minute ago"),
        (150, "2 minutes ago"),
        (59 * 60, "59 minutes ago"),
        (59.6 * 60, "1 hour ago"),
        (23.4 * 3600, "23 hours ago"),
        (23.6 * 3600, "1 day ago"),
        (49 * 3600, "2 days ago"),
    ],
)
def test_how_long_ago(seconds: float, text: str) -> None:
    assert ago(seconds) == text


@pytest.mark.parametrize(
    ("share", "decimals", "text"),
    [
        (None, 1, "–"),
        (math.nan, 2, "–"),
        (0, 1, "0.0 %"),
        (0.0009, 1, "<0.1 %"),
        (0.001, 1, "0.1 %"),
        (0.5, 1, "50.0 %"),
        (0.9241, 2, "92.41 %"),
        (0.00004, 2, "<0.01 %"),
        (0.00004, 1, "<0.1 %"),
        (1, 1, "100 %"),
        (1, 2, "100 %"),
        (0.99996, 2, "100.00 %"),
        (0.5, 0, "50 %"),
        (0.004, 0, "<1 %"),
        (1.5, 1, "150.0 %"),
    ],
)
def test_shares(share: float | None, decimals: int, text: str) -> None:
    assert plain(percent(share, decimals)) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (12_345, "12.3 kB"),
        (99_949, "99.9 kB"),
        (99_951, "100 kB"),
        (999_400, "999 kB"),
        (999_600, "1.0 MB"),
        (3_200_000_000, "3.2 GB"),
        (999_600_000_000, "1.0 TB"),
        (2_500_000_000_000, "2.5 TB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert file_size(size) == text


def test_sizes_in_the_unit_of_settings() -> None:
    assert gibibytes(1.5 * 2**30) == "1.5 GiB"
    assert gibibytes(2**20) == "0.000977 GiB"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("a", "a"),
        (3, "3"),
        (3.0, "3"),
        (1 / 3, "0.333333"),
        (1234567.0, "1234567"),
        (1234567.125, "1234567.12"),
        (1e15, "1e+15"),
        (1e-7, "1e-07"),
        (0.1 + 0.2, "0.3"),
        (-0.12345678, "-0.123457"),
        (1e20, "1e+20"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
    ],
)
def test_numbers(value: float | str | None, text: str) -> None:
    assert number_text(value) == text


def test_words_cost_nothing_to_import() -> None:
    """So that the document, which knows no node, may use them too."""
    code = "import sys, nodes.wording; print([m for m in sys.modules if m.partition('.')[0] in ('nodes', 'app', 'pydantic')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['nodes', 'nodes.wording']"
