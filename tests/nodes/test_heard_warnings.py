"""Warnings are heard in the thread that they come up in, and nowhere else."""

from __future__ import annotations

import re
import threading
import warnings
from pathlib import Path

import pytest

from nodes.heard_warnings import heard_warnings

ROOT = Path(__file__).parents[2]


def test_threads_at_the_same_time_hear_their_own_only():
    together = threading.Barrier(8)
    told: dict[int, list[str]] = {}

    def listen(number: int) -> None:
        for _ in range(50):
            together.wait()
            with heard_warnings() as heard:
                together.wait()
                for _ in range(number):
                    warnings.warn(f"from {number}", RuntimeWarning, stacklevel=1)
                together.wait()
            told.setdefault(number, []).extend(str(each.message) for each in heard)

    threads = [threading.Thread(target=listen, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: len(heard) for number, heard in told.items()} == {number: 50 * number for number in range(8)}
    assert all(text == f"from {number}" for number, heard in told.items() for text in heard)


def test_what_nobody_listens_to_goes_its_way():
    with heard_warnings("Glyph") as heard:
        warnings.warn("Glyph 7 is missing", UserWarning, stacklevel=1)
        with pytest.raises(UserWarning, match="another"):  # the tests make errors of warnings
            warnings.warn("another", UserWarning, stacklevel=1)
    assert [str(each.message) for each in heard] == ["Glyph 7 is missing"]
    with pytest.warns(UserWarning, match="Glyph"):
        warnings.warn("Glyph 8 is missing", UserWarning, stacklevel=1)


def test_the_innermost_hears_and_every_time():
    with heard_warnings() as outer:
        for _ in range(3):
            with heard_warnings() as inner:
                warnings.warn("said at one place", UserWarning, stacklevel=1)
            assert len(inner) == 1
    assert not outer


def test_a_library_that_catches_warnings_itself_leaves_the_ears_open():
    with heard_warnings() as heard:
        with warnings.catch_warnings(record=True) as theirs:
            warnings.simplefilter("always")
            warnings.warn("theirs", UserWarning, stacklevel=1)
        warnings.warn("ours", UserWarning, stacklevel=1)
    assert [str(each.message) for each in theirs] == ["theirs"]
    assert [str(each.message) for each in heard] == ["ours"]


def test_nothing_changes_the_warnings_of_the_whole_process():
    used = re.compile(r"catch_warnings\(|simplefilter\(|filterwarnings\(")
    files = [file for folder in ("app", "nodes") for file in (ROOT / folder).rglob("*.py")]
    files.remove(ROOT / "nodes" / "kit" / "probing" / "looks.py")  # a process that does nothing else
    assert [str(file) for file in files if used.search(file.read_text(encoding="utf-8"))] == []
