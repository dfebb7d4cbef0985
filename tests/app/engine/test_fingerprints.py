"""Fingerprints: of contents, whatever is seen of the files; remembered only where what is seen can be believed."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import pytest

from app.engine import fingerprints
from app.engine.background_fingerprints import BackgroundFingerprints
from app.engine.fingerprints import Fingerprints, glance
from nodes.file_sets import FileSet, OneFile, WholePath

MANY = 200
"""More files than are looked up one by one."""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "inner").mkdir(parents=True)
    for number in range(3):
        (folder / "inner" / f"{number}.txt").write_text(str(number))
    return folder


@pytest.fixture
def all_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every file had been written a while ago."""
    monkeypatch.setattr(fingerprints, "SETTLED_NS", -(10**18))


def no_reading(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Has what is read noted."""
    read: list[str] = []
    really = fingerprints._content
    monkeypatch.setattr(fingerprints, "_content", lambda path: [read.append(path), really(path)][1])
    return read


def restored(path: Path, content: bytes) -> None:
    """Write a file anew and give it the times it had."""
    before = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.usefixtures("all_settled")
def test_what_is_unchanged_is_read_once(data: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = no_reading(monkeypatch)
    first = Fingerprints(database).of(WholePath(data))
    assert len(read) == 3
    assert Fingerprints(database).of(WholePath(data)) == first
    assert Fingerprints(database).of(WholePath(data / "inner" / "1.txt"))
    assert len(read) == 3
    assert Fingerprints(None).of(WholePath(data)) == first


@pytest.mark.usefixtures("all_settled")
def test_a_touch_changes_nothing_and_has_one_file_read(data: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(MANY):
        (data / f"{number:03}").write_text(str(number))
    prints = Fingerprints(database)
    before = prints.of(WholePath(data))
    read = no_reading(monkeypatch)
    (data / "inner" / "1.txt").touch()
    assert prints.of(WholePath(data)) == before
    assert read == [str(data / "inner" / "1.txt")]
    assert prints.of(WholePath(data)) == before
    assert len(read) == 1


@pytest.mark.usefixtures("all_settled")
@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no time that cannot be set")
def test_a_file_of_the_same_size_and_date_is_read_again(data: Path, database: Path) -> None:
    path = data / "inner" / "1.txt"
    prints = Fingerprints(database)
    for files in (WholePath(data), OneFile(path)):
        before = prints.of(files)
        restored(path, b"x")
        assert prints.of(files) != before
        restored(path, b"1")
        assert prints.of(files) == before


def test_what_was_only_just_written_is_not_believed_to_be_the_same(
    data: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within one tick of the file system's clock a file can be written twice, and look the same."""
    prints = Fingerprints(database)
    prints.of(WholePath(data))
    read = no_reading(monkeypatch)
    prints.of(WholePath(data))
    assert len(read) == 3
    later = time.time_ns() + 10**10
    monkeypatch.setattr(fingerprints.time, "time_ns", lambda: later)
    prints.of(WholePath(data))
    prints.of(WholePath(data))
    assert len(read) == 6


@pytest.mark.usefixtures("all_settled")
def test_the_place_does_not_count_but_names_and_folders_do(data: Path, tmp_path: Path) -> None:
    prints = Fingerprints()
    before = prints.of(WholePath(data))
    moved = data.rename(tmp_path / "moved")
    assert prints.of(WholePath(moved)) == before
    assert prints.of(WholePath(moved, "as it is written")) != before
    (moved / "empty").mkdir()
    with_folder = prints.of(WholePath(moved))
    (moved / "inner" / "2.txt").rename(moved / "inner" / "3.txt")
    assert len({before, with_folder, prints.of(WholePath(moved))}) == 3


@pytest.mark.parametrize("what", ["gone", "no file"])
def test_what_cannot_be_read_counts_as_that(data: Path, database: Path, what: str) -> None:
    prints = Fingerprints(database)
    path = data / "x"
    if what == "no file":
        path.mkdir()
    without = prints.of(OneFile(path))
    path.rmdir() if what == "no file" else None
    path.write_text("there")
    assert prints.of(OneFile(path)) != without


@pytest.mark.usefixtures("all_settled")
def test_what_could_not_be_read_is_tried_again(data: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = Fingerprints().of(WholePath(data))
    prints = Fingerprints(database)
    with monkeypatch.context() as patch:
        patch.setattr(fingerprints, "_content", lambda _: None)
        assert prints.of(WholePath(data)) != good
    assert prints.of(WholePath(data)) == good


@pytest.mark.usefixtures("all_settled")
def test_a_name_that_is_no_text_is_a_name(data: Path, database: Path) -> None:
    path = data / os.fsdecode(b"\xff\xfe.txt")
    try:
        path.write_bytes(b"one")
    except OSError:
        pytest.skip("this file system takes names of UTF-8 only")
    prints = Fingerprints(database)
    before = prints.of(WholePath(data))
    assert Fingerprints(database).of(WholePath(data)) == before
    path.write_bytes(b"another")
    assert prints.of(WholePath(data)) != before


@pytest.mark.usefixtures("all_settled")
def test_only_the_last_states_of_a_path_are_remembered(data: Path, database: Path) -> None:
    prints = Fingerprints(database)
    for number in range(fingerprints.KEPT_PER_PATH + 5):
        (data / "file").write_text("x" * number)
        prints.of(WholePath(data))
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM file_sets").fetchone() == (fingerprints.KEPT_PER_PATH,)
    connection.close()


@pytest.mark.usefixtures("all_settled")
def test_a_database_that_cannot_be_used_only_costs_time(data: Path, database: Path) -> None:
    prints = Fingerprints(database)
    before = prints.of(WholePath(data))
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TABLE file_sets")
        connection.execute("DROP TABLE file_contents")
    connection.close()
    assert prints.of(WholePath(data)) == before


def test_whether_it_is_as_it_was(data: Path) -> None:
    prints = Fingerprints()
    files: FileSet = WholePath(data)
    prints.of(files)
    assert prints.is_as_it_was(files)
    (data / "inner" / "new").touch()
    assert not prints.is_as_it_was(files)


def test_small_files_are_at_hand_and_folders_are_not(data: Path) -> None:
    prints = Fingerprints()
    path = data / "inner" / "1.txt"
    assert prints.at_hand(OneFile(path), 1) == prints.of(OneFile(path))
    assert prints.at_hand(OneFile(path), 0) is None
    assert prints.at_hand(OneFile(data / "gone"), 0) == prints.of(OneFile(data / "gone"))
    assert prints.at_hand(WholePath(data), 10**6) is None


def test_a_file_beside_shows_at_a_glance(data: Path) -> None:
    background = BackgroundFingerprints(Fingerprints(), lambda _: None, lambda: None)
    files = OneFile(data / "inner" / "1.txt", endings=("-wal",))
    before = background.of(files)
    assert not background.is_outdated(files)
    (data / "inner" / "1.txt-wal").write_text("more")
    assert background.is_outdated(files)
    assert background.of(files) != before
    background.close()


def test_a_glance_at_a_folder_sees_names_come_and_go(data: Path) -> None:
    before = glance(data)
    (data / "inner" / "new").touch()
    assert glance(data) != before
    assert glance(data / "gone") == "missing"
