"""The peak of memory is measured where nobody else works, and never guessed; it is kept with the result."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.engine.peak_memory import PeakMemory
from app.engine.record import Record
from app.engine.store import Store
from nodes.values.table import Table

LARGE = 64 * 2**20
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells it")


@linux
def test_what_was_taken_and_given_back_counts() -> None:
    with PeakMemory() as memory:
        bytearray(b"x") * LARGE
    assert memory.peak is not None
    assert memory.peak > LARGE / 2
    with PeakMemory() as later:
        pass
    assert later.peak is not None
    assert later.peak < LARGE / 2, "the highest point of before is forgotten"


def test_of_two_at_once_neither_is_told_the_other_ones() -> None:
    with PeakMemory() as first, PeakMemory() as second:
        pass
    assert (first.peak, second.peak) == (None, None)


def test_time_size_and_peak_are_there_when_the_store_is_opened_again(tmp_path: Path) -> None:
    import polars as pl

    with Store(tmp_path).writing("ab12") as writer:
        writer.commit({"table": Table.of(pl.DataFrame({"n": range(100)}))}, written={}, warnings=(), seconds=2.5, peak=77)
    record = Store(tmp_path).record("ab12")
    assert record is not None
    assert (record.seconds, record.peak) == (2.5, 77)
    assert record.size == sum(size for size, _ in record.files.values()) > 0


def test_a_record_of_before_has_no_peak() -> None:
    import json

    from app.engine.record import _CHECKSUM, _digest

    old = {"outputs": {}, "described": {}, "files": {}, "written": {}, "warnings": [], "seconds": 1.0, "boot": "b"}
    text = json.dumps(old)[:-1]
    record = Record.parse(f'{text}{_CHECKSUM}{_digest("key", text)}"}}', "key")
    assert (record.peak, record.size) == (None, 0)
