"""Workflows of somebody else's on the command line: they write nowhere else without --allow-writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.document.file import save
from app.document.model import Connection, NodeRecord, Workflow
from app.own_workflows import OwnWorkflows
from tests.app.test_run import call, events


def theirs(folder: Path, path: str = "../out.csv", **settings: str) -> Path:
    """A workflow in a folder of its own that writes a table."""
    inside = folder / "theirs"
    inside.mkdir(exist_ok=True)
    nodes = [
        NodeRecord(id="make", type="tables.table_creator", settings={"columns": [{"name": "x", "values": ["1"]}]}),
        NodeRecord(id="write", type="writers.csv", settings={"path": path, **settings}),
    ]
    file = inside / "theirs.workflow.json"
    save(Workflow(nodes=nodes, connections=[Connection(source="make.table", target="write.table")]), file)
    return file


def test_a_run_refuses_to_write_elsewhere_and_says_what_it_wants(tmp_path: Path) -> None:
    file, start = theirs(tmp_path), tmp_path / "theirs"
    refused = call(file, folder=start)
    assert refused.returncode == 2
    assert f"'{tmp_path / 'out.csv'}' (it lies outside of the workflow's folder)" in " ".join(refused.stderr.split())
    assert f"--allow-writes {tmp_path}" in " ".join(refused.stderr.split())
    assert not (tmp_path / "out.csv").exists()
    elsewhere = call(file, "--allow-writes", tmp_path / "other", folder=start)
    assert elsewhere.returncode == 2
    allowed = call(file, "--allow-writes", tmp_path, folder=start)
    assert allowed.returncode == 0, allowed.stdout + allowed.stderr
    assert (tmp_path / "out.csv").read_text() == "x\n1\n"


def test_a_file_of_ones_own_is_not_replaced_and_one_that_it_wrote_is(tmp_path: Path) -> None:
    file, start = theirs(tmp_path, "out.csv", if_exists="overwrite"), tmp_path / "theirs"
    for _ in range(2):
        assert call(file, "--fresh", folder=start).returncode == 0
    (start / "out.csv").write_text("mine\n")
    refused = call(file, "--json", "--fresh", folder=start)
    assert refused.returncode == 2
    first, last = events(refused)
    assert "did not write" in first["message"]
    assert last == {"event": "run.finished", "status": "refused"}
    assert (start / "out.csv").read_text() == "mine\n"


def test_check_tells_it_and_a_run_up_to_another_node_is_not_bothered(tmp_path: Path) -> None:
    file, start = theirs(tmp_path), tmp_path / "theirs"
    told = call(file, "--check", folder=start)
    assert told.returncode == 3
    assert "nobody has allowed it to use" in " ".join(told.stdout.split())
    assert call(file, "--to", "make", folder=start).returncode == 0
    assert call(file, "--set", f"write.path={tmp_path / 'chosen.csv'}", folder=start).returncode == 0, "typed in"


def test_what_the_person_saved_in_the_editor_is_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, start = theirs(tmp_path), tmp_path / "theirs"
    monkeypatch.setenv("LAYERLOOM_HOME", str(start / "home"))
    OwnWorkflows.load().add(file)
    assert call(file, folder=start).returncode == 0
    theirs(tmp_path, "../other.csv")
    assert call(file, folder=start).returncode == 2, "its content is another one now"
    (tmp_path / "theirs" / "copy.workflow.json").write_bytes(file.read_bytes())
    OwnWorkflows.load().add(file)
    assert call(tmp_path / "theirs" / "copy.workflow.json", folder=start).returncode == 2


def test_the_programs_own_folders_are_closed_whatever_is_allowed(tmp_path: Path) -> None:
    start = tmp_path / "theirs"
    file = theirs(tmp_path, "home/data/trusted_scripts.txt", if_exists="append")
    refused = call(file, "--allow-writes", "/", "--json", folder=start)
    assert refused.returncode == 3
    assert "belongs to Layerloom itself" in refused.stdout
    assert not (start / "home" / "data" / "trusted_scripts.txt").exists()
