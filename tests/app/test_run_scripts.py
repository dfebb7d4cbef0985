"""Scripts on the command line: nothing of them runs without --allow-scripts."""

from __future__ import annotations

from pathlib import Path

from app.document.file import save
from app.document.model import NodeRecord, Workflow
from tests.app.test_run import call, events


def flow(folder: Path, source: str | None = None) -> Path:
    """A workflow whose script leaves the file `ran`."""
    script = source or "print('hello')\nopen('ran', 'w').close()\nimport polars as pl\noutput_table = pl.DataFrame({'x': [1]})\n"
    nodes = [NodeRecord(id="mine", type="scripts.python_script", settings={"script": script})]
    path = folder / "scripts.workflow.json"
    save(Workflow(nodes=nodes), path)
    return path


def test_a_run_refuses_scripts_unless_they_are_allowed(tmp_path: Path) -> None:
    path = flow(tmp_path)
    refused = call(path, folder=tmp_path)
    assert refused.returncode == 2
    assert "'mine'" in refused.stderr
    assert "--allow-scripts" in refused.stderr
    assert not (tmp_path / "ran").exists()
    allowed = call(path, "--allow-scripts", "--json", folder=tmp_path)
    assert allowed.returncode == 0, allowed.stderr
    assert (tmp_path / "ran").exists()
    assert [e["message"] for e in events(allowed) if e["event"] == "node.log"] == ["hello"]


def test_check_says_that_there_are_scripts_and_runs_none(tmp_path: Path) -> None:
    done = call(flow(tmp_path), "--check", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mine\n  ! script: There is a script here." in done.stdout
    assert "--allow-scripts" in done.stdout
    assert not (tmp_path / "ran").exists()


def test_a_failing_script_names_its_line(tmp_path: Path) -> None:
    done = call(flow(tmp_path, "import json\noutput_table = json.loads('{')"), "--allow-scripts", folder=tmp_path)
    assert done.returncode == 1
    assert "line 2" in " ".join((done.stdout + done.stderr).split())


def test_a_refusal_is_an_event_too(tmp_path: Path) -> None:
    first, last = events(call(flow(tmp_path), "--json", folder=tmp_path))
    assert first["event"] == "problem"
    assert last == {"event": "run.finished", "status": "refused"}
