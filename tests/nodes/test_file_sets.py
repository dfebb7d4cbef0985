"""File sets: which files of a folder are read, with links of every kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from nodes.file_sets import LITTER, OneFile, WholePath, walk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "b" / "deep").mkdir(parents=True)
    (root / "a").mkdir()
    (root / ".hidden").mkdir()
    for name in ("z.txt", "b/2", "b/1", "b/deep/x", ".hidden/x", ".dot", *LITTER):
        (root / name).write_text(name)
    return root


def names(path: Path) -> list[str]:
    return [name for name, _, _ in WholePath(path).members()]


def test_a_whole_folder_is_everything_but_litter(folder: Path) -> None:
    assert names(folder) == ["", ".dot", ".hidden/", ".hidden/x", "a/", "b/", "b/1", "b/2", "b/deep/", "b/deep/x", "z.txt"]
    assert {aspect for name, _, aspect in WholePath(folder).members() if name.endswith("/")} == {"name"}
    assert names(folder / "z.txt") == [""]
    assert names(folder / "gone") == [""]


def test_links_are_followed_and_circles_end(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_text("outside")
    (folder / "a" / "out").symlink_to(tmp_path / "outside")
    (folder / "a" / "again").symlink_to(folder / "b")
    (folder / "a" / "circle").symlink_to(folder)
    (folder / "a" / "dangling").symlink_to(folder / "nowhere")
    (folder / "a" / "file").symlink_to(tmp_path / "outside" / "file")
    (folder / "a" / "itself").symlink_to("itself")
    found = names(folder)
    assert {"a/again/1", "a/again/deep/x", "a/circle/=", "a/dangling", "a/file", "a/itself", "a/out/file"} <= set(found)
    assert "b/=a/again/" in found  # what can be reached twice is listed once
    assert len(found) == len(set(found))


def test_files_beside_count_where_they_hold_something(folder: Path) -> None:
    files = OneFile(folder / "z.txt", endings=("-wal", "-journal"))
    (folder / "z.txt-wal").write_text("")
    assert [name for name, _, _ in files.members()] == [""]
    (folder / "z.txt-wal").write_text("x")
    assert [name for name, _, _ in files.members()] == ["", "-wal"]
    assert len(files.watched) == 3


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("b/1", "b/1"),
        ("a/../b/1", "b/1"),
        ("./z.txt", "z.txt"),
        ("../root/z.txt", "z.txt"),
        ("gone", "gone"),
        ("../other", None),
        ("b/../../other", None),
        (".DS_Store", None),
        ("/etc/hostname", None),
    ],
)
def test_which_file_a_path_means(folder: Path, path: str, found: str | None) -> None:
    assert WholePath(folder).file_at(path) == (None if found is None else folder / found)


def test_an_absolute_path_may_be_written_with_the_name_of_a_link_to_the_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert WholePath(folder).file_at(str(folder / "b" / "1")) == folder / "b" / "1"
    assert WholePath(folder).file_at(str(tmp_path / "link" / "b" / "1")) == folder / "b" / "1"


def test_a_walk_is_in_order_and_says_what_is_hidden_only_if_asked(folder: Path) -> None:
    for name in LITTER:
        (folder / name).unlink()
    (folder / "a" / "to_b").symlink_to(folder / "b")
    assert list(walk(folder, deep=True)) == [
        ("", ["a", "b"], ["z.txt"]),
        ("a/", ["to_b"], []),
        ("b/", ["deep"], ["1", "2"]),
        ("b/deep/", [], ["x"]),
    ]
    assert list(walk(folder, "b", deep=False)) == [("b/", ["deep"], ["1", "2"])]
    assert next(walk(folder, deep=False, hidden=True)) == ("", [".hidden", "a", "b"], [".dot", "z.txt"])
