"""What the person trusts outlives the program, in a file that anybody can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.engine.trust import digest
from app.trusted_scripts import TrustedScripts


def test_what_was_trusted_is_trusted_next_time(tmp_path: Path) -> None:
    path = tmp_path / "trusted.txt"
    first = TrustedScripts(path)
    assert not first.trusts("x = 1")
    assert first.add({"x = 1": "Python Script\nof flow"}) == {digest("x = 1")}
    first.add({"x = 1": "again"})
    second = TrustedScripts(path)
    assert second.trusts("x = 1")
    assert not second.trusts("x = 2")
    assert path.read_text().count("\n") == 1
    assert "Python Script of flow" in path.read_text()


def test_two_windows_do_not_lose_what_the_other_one_wrote(tmp_path: Path) -> None:
    one, other = TrustedScripts(tmp_path / "t"), TrustedScripts(tmp_path / "t")
    one.add({"a": "A"})
    other.add({"b": "B"})
    assert TrustedScripts(tmp_path / "t").digests == {digest("a"), digest("b")}


def test_a_damaged_file_trusts_nothing_that_was_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_bytes(b"\xff\xfe\n\n" + digest("a").encode() + b" 2026-01-01 A\nhalf a li")
    found = TrustedScripts(path)
    assert found.trusts("a")
    assert not found.trusts("half a li")


def test_a_file_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    found = TrustedScripts(tmp_path)
    assert "cannot be kept" in found.problem
    found.add({"a": "A"})
    assert found.trusts("a")


def test_it_lies_in_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAYERLOOM_HOME", str(tmp_path))
    assert TrustedScripts.load().path.parent == tmp_path / "data"
