"""The person's folders: made on demand, elsewhere if asked, and a stand-in with a message where they cannot be made."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from app import folders


def test_folders_are_made_below_the_home_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAYERLOOM_HOME", str(tmp_path / "home"))
    assert folders.config_folder() == tmp_path / "home/config"
    assert folders.data_folder() == tmp_path / "home/data"
    assert folders.config_folder().is_dir()
    assert folders.data_folder().is_dir()
    assert not folders.problems()


def test_without_a_home_they_are_those_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAYERLOOM_HOME", raising=False)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for folder in (folders.config_folder(), folders.data_folder()):
        assert folder.is_dir()
        assert folder.is_relative_to(tmp_path)
        assert "layerloom" in folder.parts[-1].lower() + folder.parts[-2].lower()


def test_a_folder_that_cannot_be_made_is_replaced_by_a_temporary_one_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("LAYERLOOM_HOME", str(tmp_path / "file"))
    folder = folders.data_folder()
    assert folder.is_dir()
    assert folder.parent.parent == Path(tempfile.gettempdir())
    assert not folder.is_relative_to(tmp_path)
    assert folders.data_folder() == folder
    (problem,) = folders.problems()
    assert str(tmp_path / "file") in problem
    assert "start the program again" in problem
    monkeypatch.setenv("LAYERLOOM_HOME", str(tmp_path / "home"))
    assert folders.data_folder() == tmp_path / "home/data"
    (tmp_path / "file").unlink()
    monkeypatch.setenv("LAYERLOOM_HOME", str(tmp_path / "file"))
    assert folders.data_folder() == tmp_path / "file/data"
    assert not folders.problems()


def test_the_examples_are_where_it_says() -> None:
    assert list(folders.examples_folder().glob("*.workflow.json"))


def test_examples_for_beginners_are_there_and_come_first() -> None:
    names = [path.name.removesuffix(".workflow.json") for path in folders.examples()]
    first = len(folders.FOR_BEGINNERS)

    assert tuple(names[:first]) == folders.FOR_BEGINNERS
    assert names[first:] == sorted(names[first:])
    assert len(names) == len(set(names)) == len(list(folders.examples_folder().glob("*.workflow.json")))


def test_a_folder_that_is_not_there_has_no_examples(tmp_path: Path) -> None:
    assert folders.examples(tmp_path / "nowhere") == []
