"""Whether another program changed a file is seen by its content, not only by its time."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from app.document.atomic_writing import write_atomically
from app.document.file_state import FileState


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "a.workflow.json"
    file.write_text("first")
    return file


def test_a_file_nobody_touched_is_unchanged(path: Path) -> None:
    assert not FileState.of(path).changed()


@pytest.mark.parametrize("content", ["other", "another length"])
def test_another_content_is_a_change(path: Path, content: str) -> None:
    state = FileState.of(path)
    times = path.stat()
    path.write_text(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # as some tools do, which copy the time as well
    assert state.changed()
    assert state.current_signature() != state.signature
    assert not FileState.of(path).changed()


def test_a_file_replaced_by_renaming_is_a_change(path: Path) -> None:
    state = FileState.of(path)
    write_atomically(path, b"FIRST")
    assert state.changed()


def test_the_same_content_written_again_is_no_change(path: Path) -> None:
    state = FileState.of(path)
    write_atomically(path, b"first")
    os.utime(path, (1, 1))
    assert not state.changed()


def test_vanishing_and_appearing_are_changes(path: Path) -> None:
    state = FileState.of(path)
    path.unlink()
    assert state.changed()
    gone = FileState.of(path)
    assert not gone.changed()
    path.write_text("again")
    assert gone.changed()


def test_it_survives_json(path: Path) -> None:
    state = FileState.of(path)
    assert FileState.from_dict(json.loads(json.dumps(state.as_dict()))) == state
