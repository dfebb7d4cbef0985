"""Settings of the editor survive: other windows, newer versions, damaged files and disks that refuse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.editor.preferences import MOST_FILES, Preferences, PreferenceStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "editor.json"


def test_at_first_they_are_the_defaults_and_in_the_config_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAYERLOOM_HOME", str(tmp_path))
    store = PreferenceStore.load()
    assert store.values == Preferences()
    assert not store.problems
    store.change(minimap=False)
    assert json.loads((tmp_path / "config/editor.json").read_text()) == {"minimap": False}


def test_a_change_is_there_at_the_next_start(path: Path) -> None:
    store = PreferenceStore.load(path)
    store.change(appearance="dark", window_geometry="AAEC", smoothing=0.25)
    assert PreferenceStore.load(path).values == store.values
    assert store.values.appearance == "dark"
    store.change(appearance="system")
    assert PreferenceStore.load(path).values.appearance == "system"


def test_a_value_that_is_none_is_refused(path: Path) -> None:
    store = PreferenceStore.load(path)
    with pytest.raises(ValidationError):
        store.change(appearance="purple")
    assert store.values == Preferences()
    assert not store.problems
    store.change(minimap=False)  # the lock was let go


def test_recent_files_have_the_last_first_once_each_and_not_too_many(path: Path, tmp_path: Path) -> None:
    store = PreferenceStore.load(path)
    for n in range(MOST_FILES + 3):
        store.remember_file(tmp_path / f"{n}.workflow.json")
    store.remember_file(tmp_path / "5.workflow.json")
    recent = PreferenceStore.load(path).values.recent_files
    assert recent == store.values.recent_files
    assert [Path(f).name.partition(".")[0] for f in recent] == ["5", "14", "13", "12", "11", "10", "9", "8", "7", "6", "4", "3"]
    assert store.values.last_folder == str(tmp_path)
    assert recent[0] not in store.forget_file(recent[0])
    assert len(PreferenceStore.load(path).values.recent_files) == MOST_FILES - 1


def test_the_last_folder_is_home_before_there_is_one_and_when_it_is_gone(path: Path, tmp_path: Path) -> None:
    store = PreferenceStore.load(path)
    assert store.last_folder() == Path.home()
    folder = tmp_path / "work"
    folder.mkdir()
    store.remember_file(folder / "a.workflow.json")
    assert store.last_folder() == folder
    folder.rmdir()
    assert store.last_folder() == Path.home()


def test_recent_nodes(path: Path) -> None:
    store = PreferenceStore.load(path)
    store.remember_node("a")
    store.remember_node("b")
    assert store.remember_node("a") == ["a", "b"] == PreferenceStore.load(path).values.recent_nodes


def test_two_windows_do_not_undo_each_other_s_changes(path: Path, tmp_path: Path) -> None:
    one, two = PreferenceStore.load(path), PreferenceStore.load(path)
    one.remember_file(tmp_path / "one")
    two.remember_file(tmp_path / "two")
    one.change(appearance="dark")
    two.change(minimap=False)
    assert one.values.minimap
    one.reload()
    assert one.values == two.values == PreferenceStore.load(path).values
    assert [Path(f).name for f in one.values.recent_files] == ["two", "one"]
    assert one.values.appearance == "dark"
    assert not one.values.minimap


def test_many_processes_at_once_lose_no_file(path: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from app.editor.preferences import PreferenceStore\n"
        "store = PreferenceStore.load(Path(sys.argv[1]))\n"
        "for n in range(3): store.remember_file(Path(sys.argv[2]) / f'{sys.argv[3]}-{n}')"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, path, tmp_path, str(n)], env=os.environ | {"PYTHONPATH": str(Path.cwd())})
        for n in range(4)
    ]
    assert [p.wait(60) for p in running] == [0] * 4
    assert {Path(f).name for f in PreferenceStore.load(path).values.recent_files} == {
        f"{p}-{n}" for p in range(4) for n in range(3)
    }


def test_listeners_are_told_of_what_changed_and_only_then(path: Path) -> None:
    store, other = PreferenceStore.load(path), PreferenceStore.load(path)
    told: list[bool] = []
    end = store.subscribe(lambda values: told.append(values.minimap))
    store.change(minimap=True)
    assert told == []
    other.change(minimap=False)
    store.reload()
    assert told == [False]
    end()
    end()
    store.change(minimap=True)
    assert told == [False]


def test_fields_of_a_newer_version_are_kept(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"colour_of_the_sky": {"deep": ["blue"]}, "minimap": false}')
    store = PreferenceStore.load(path)
    store.change(appearance="light")
    assert json.loads(path.read_text()) == {"colour_of_the_sky": {"deep": ["blue"]}, "minimap": False, "appearance": "light"}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe\x00", b"[" * 100_000])
def test_a_damaged_file_is_set_aside_and_the_person_is_told(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    for number in (1, 2):
        path.write_bytes(content)
        store = PreferenceStore.load(path)
        assert store.values == Preferences()
        (problem,) = store.problems
        aside = path.with_name(f"editor.json.damaged-{number}")
        assert str(aside) in problem
        assert aside.read_bytes() == content
    assert not PreferenceStore.load(path).problems


def test_one_damaged_value_costs_only_that_value(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"smoothing": "much", "recent_files": ["/a"], "unknown": 1}')
    store = PreferenceStore.load(path)
    assert store.values.smoothing == Preferences().smoothing
    assert store.values.recent_files == ["/a"]
    assert "smoothing" in store.problems[0]
    store.change(minimap=False)
    assert len(store.problems) == 1
    assert json.loads(path.read_text()) == {"recent_files": ["/a"], "unknown": 1, "minimap": False}


def test_what_cannot_be_written_holds_for_this_session_and_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = PreferenceStore.load(tmp_path / "file" / "editor.json")
    store.change(minimap=False)
    store.remember_node("a")
    store.remember_node("b")
    assert not store.values.minimap
    assert store.values.recent_nodes == ["b", "a"]
    assert len([p for p in store.problems if "cannot be written" in p]) == 1
