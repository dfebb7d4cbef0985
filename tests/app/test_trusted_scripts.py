"""What the person trusts outlives the program, in a file that anybody can read, and only this program can write."""

from __future__ import annotations

import os
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
    TrustedScripts(path).add({"a": "A"})
    path.write_bytes(b"\xff\xfe\n\n" + path.read_bytes() + b"half a li")
    found = TrustedScripts(path)
    assert found.trusts("a")
    assert not found.trusts("half a li")
    found.add({"b": "B"})
    assert TrustedScripts(path).digests == {digest("a"), digest("b")}


def test_what_somebody_else_has_added_is_not_trusted(tmp_path: Path) -> None:
    """As a CSV Writer in append mode could."""
    path = tmp_path / "t"
    TrustedScripts(path).add({"a": "A"})
    signature = path.read_text().split()[-1]
    with path.open("a") as file:
        file.write(f"{digest('evil')} 2026-01-01 A\n{digest('evil')} 2026-01-01 A {signature}\n")
    assert TrustedScripts(path).digests == {digest("a")}
    (tmp_path / "u").write_bytes(path.read_bytes())
    assert TrustedScripts(tmp_path / "u").digests == set(), "a line holds in its own file only"


def test_the_key_is_of_this_machine_and_nobody_else_can_read_it(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    TrustedScripts(tmp_path / "t").add({"a": "A"})
    key = own_home / "config" / "machine.key"
    assert key.stat().st_mode & 0o077 == 0 or os.name == "nt"
    assert TrustedScripts(tmp_path / "t").trusts("a")
    monkeypatch.setenv("LAYERLOOM_HOME", str(tmp_path / "other"))
    assert not TrustedScripts(tmp_path / "t").trusts("a")


def test_a_file_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    found = TrustedScripts(tmp_path)
    assert "cannot be kept" in found.problem
    found.add({"a": "A"})
    assert found.trusts("a")


def test_it_lies_in_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAYERLOOM_HOME", str(tmp_path))
    assert TrustedScripts.load().path.parent == tmp_path / "data"
