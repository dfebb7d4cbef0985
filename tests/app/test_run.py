"""The command line, as a person or a script meets it: real files, real processes, exit codes and words."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from app.document.editing import Document
from app.document.file import load, save
from app.document.model import Connection, NodeRecord, Variable, Workflow
from app.document.packing import pack
from tests import homes
from tests.catalog import CATALOG

CSV = "name,size\nbag,3\ncoat,5\nbag,8\n"


def flow(folder: Path, **changes: Any) -> Path:
    """Read a CSV file, keep the rows with a size of at least `least`, write them; saved in a folder of its own."""
    (folder / "in.csv").write_text(CSV)
    criterion = {"column": "size", "operator": ">=", "value": {"variable": "least"}}
    workflow = Workflow(
        variables=[
            Variable(name="least", type="text", value="5"),
            Variable(name="out", type="path", value="out", relative_to="start"),
        ],
        nodes=[
            NodeRecord(id="read", type="readers.csv", settings={"path": "in.csv"}),
            NodeRecord(id="keep", type="tables.row_filter", settings={"criteria": [criterion]}),
            NodeRecord(id="write", type="writers.csv", settings={"path": "${out}/big.csv", "if_exists": "overwrite"}),
        ],
        connections=[Connection(source="read.table", target="keep.table"), Connection(source="keep.table", target="write.table")],
    )
    path = folder / "small.workflow.json"
    save(workflow.model_copy(update=changes), path)
    return path


def call(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.run", *map(str, arguments)]
    environment = {"PYTHONPATH": str(Path.cwd()), "PATH": "/usr/bin:/bin"}
    environment |= {"LAYERLOOM_RESULTS": str(folder / "results"), "LAYERLOOM_HOME": str(homes.lived_in(folder / "home"))}
    return subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=120, env=environment)


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_run_does_what_the_workflow_says(tmp_path: Path) -> None:
    done = call(flow(tmp_path), folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out" / "big.csv").read_text() == "name,size\ncoat,5\nbag,8\n"
    assert "Traceback" not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout  # not a terminal: no control characters


def test_json_gives_one_event_per_line_and_ends_with_the_status(tmp_path: Path) -> None:
    path = flow(tmp_path)
    first, second = (events(call(path, "--json", folder=tmp_path)) for _ in range(2))
    assert first[0]["event"] == "run.started"
    assert first[0]["nodes"] == ["read", "keep", "write"]
    assert [e["node"] for e in first if e["event"] == "node.finished"] == ["read", "keep", "write"]
    assert [e["node"] for e in second if e["event"] == "node.stored"] == ["read", "keep", "write"]
    assert second[-1] | {"event": "run.finished", "status": "done"} == second[-1]
    assert not [e for e in events(call(path, "--json", "--fresh", folder=tmp_path)) if e["event"] == "node.stored"]


def test_variables_and_settings_are_replaced_for_a_run(tmp_path: Path) -> None:
    path = flow(tmp_path)
    done = call(path, "--var", "least=8", "--var", "out=elsewhere", "--set", "write.delimiter=;", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "elsewhere" / "big.csv").read_text() == "name;size\nbag;8\n"
    assert not (tmp_path / "out").exists()


def test_to_runs_what_a_node_needs_and_no_more(tmp_path: Path) -> None:
    done = call(flow(tmp_path), "--to", "keep", "--json", folder=tmp_path)
    assert [e["node"] for e in events(done) if e["event"] == "node.finished"] == ["read", "keep"]


def test_check_prints_all_problems_and_runs_nothing(tmp_path: Path) -> None:
    path = flow(tmp_path)
    assert call(path, "--check", folder=tmp_path).returncode == 0
    done = call(path, "--check", "--set", "read.path=gone.csv", "--set", "keep.creteria=[]", folder=tmp_path)
    assert done.returncode == 3
    assert "gone.csv" in done.stdout
    assert "Did you mean 'criteria'?" in done.stdout
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "results").exists()


def test_a_workflow_with_problems_is_not_run(tmp_path: Path) -> None:
    done = call(flow(tmp_path), "--set", "read.path=gone.csv", "--json", folder=tmp_path)
    assert done.returncode == 3
    assert events(done)[-1] == {"event": "run.finished", "status": "problems"}
    assert not (tmp_path / "out").exists()


def test_a_renamed_column_is_found_before_anything_runs(tmp_path: Path) -> None:
    path = flow(tmp_path)
    (tmp_path / "in.csv").write_text(CSV.replace("size", "length"))
    done = call(path, folder=tmp_path)
    assert done.returncode == 3
    assert "no column 'size'" in done.stdout


def test_a_node_that_fails_gives_1_and_its_message(tmp_path: Path) -> None:
    path = flow(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "big.csv").mkdir()
    done = call(path, folder=tmp_path)
    assert done.returncode in (1, 3)
    assert "big.csv" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.workflow.json"], "There is no file"),
        (["text.json"], "is not JSON"),
        (["list.json"], "not a Layerloom workflow"),
        (["small.workflow.json", "--to", "nowhere"], "no node 'nowhere'"),
        (["small.workflow.json", "--set", "nonsense"], "NODE.SETTING=VALUE"),
        (["small.workflow.json", "--var", "nonsense"], "NAME=VALUE"),
        (["small.workflow.json", "--jobs", "0"], "number from 1 on"),
        (["small.workflow.json", "--results", "in.csv/x"], "cannot be stored"),
        ([], "usage"),
    ],
)
def test_a_wrong_call_gives_2_and_says_why(tmp_path: Path, arguments: list[str], words: str) -> None:
    flow(tmp_path)
    (tmp_path / "text.json").write_text("hello")
    (tmp_path / "list.json").write_text("[]")
    done = call(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def packed_flow(folder: Path) -> Path:
    """The same with reader and filter in a component `c`, the least size a setting of it."""
    document = Document(load(flow(folder)), CATALOG)
    component = pack(document, ["read", "keep"], name="Big things")
    inside = document.inside(component)
    inside.set_variable("at_least", Variable(name="at_least", type="integer", value=5, minimum=1, label="At least"))
    criterion = {"column": "size", "operator": ">=", "value": {"variable": "at_least"}}
    inside.set_settings("keep", {"criteria": [criterion]})
    path = folder / "packed.workflow.json"
    save(document.workflow(), path)
    return path


def test_nodes_in_components_are_named_by_their_paths(tmp_path: Path) -> None:
    path = packed_flow(tmp_path)
    done = call(path, "--json", "--set", "component_1.at_least=8", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out" / "big.csv").read_text() == "name,size\nbag,8\n"
    paths = {event["node"]: event.get("path") for event in events(done) if "node" in event}
    assert paths == {"read": "component_1/read", "keep": "component_1/keep", "write": None}

    again = call(path, "--json", "--to", "component_1/keep", folder=tmp_path)
    assert [(e["event"], e["path"]) for e in events(again) if "path" in e][:2] == [
        ("node.stored", "component_1/read"),
        ("node.started", "component_1/keep"),
    ]
    whole = call(path, "--to", "component_1", folder=tmp_path)
    assert whole.returncode == 0
    assert "component_1/keep" in whole.stdout
    assert "write" not in whole.stdout


def test_what_is_wrong_in_or_with_a_component_is_told_at_the_right_depth(tmp_path: Path) -> None:
    path = packed_flow(tmp_path)
    done = call(path, "--check", "--set", "component_1.at_least=0", "--set", "component_1/read.path=none.csv", folder=tmp_path)
    assert done.returncode == 3
    assert "component_1\n" in done.stdout and "0 does not do for 'At least'" in done.stdout
    assert "component_1/read\n" in done.stdout
    wrong = call(path, "--to", "component_1/kep", folder=tmp_path)
    assert wrong.returncode == 2
    assert "There is no" not in wrong.stderr and "Did you mean 'component_1/keep'?" in wrong.stderr


def test_the_report_is_one_page_by_itself(tmp_path: Path) -> None:
    done = call(flow(tmp_path), "--report", "report.html", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "report.html").read_text()
    assert page.lower().startswith("<!doctype html>")
    assert "Row Filter" in page
    assert 'src="http' not in page
    assert 'href="http' not in page


def test_ctrl_c_stops_keeps_what_is_finished_and_says_how_to_go_on(tmp_path: Path) -> None:
    # A pipe without a writer keeps the reader busy for as long as the test needs.
    (tmp_path / "in.csv").write_text(CSV)
    program = (
        "import sys, time\n"
        "from nodes.readers import csv_table as module\n"
        "slow = next(c for c in vars(module).values() if getattr(c, 'id', '') == 'readers.csv')\n"
        "read = slow.execute\n"
        "def wait(self, values, job):\n"
        "    while not job.cancelled: time.sleep(0.01)\n"
        "    job.check_cancelled()\n"
        "slow.execute = wait\n"
        "from app.run import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    path = flow(tmp_path)
    command = [sys.executable, "-c", program, str(path), "--json", "--results", str(tmp_path / "results")]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
    assert running.stdout is not None
    for line in running.stdout:
        if json.loads(line)["event"] == "node.started":
            break
    running.send_signal(signal.SIGINT)
    rest = [json.loads(line) for line in running.stdout]
    running.stdout.close()
    assert running.wait(timeout=30) == 130
    assert rest[-1]["status"] == "cancelled"
    assert {e["node"] for e in rest if e["event"] == "node.skipped"} == {"keep", "write"}


def test_ctrl_c_ends_a_learner_in_native_code_that_hears_nothing(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    rows = 40_000  # a support vector machine is at this for minutes, in one call
    columns = {f"x{n}": chance.normal(size=rows) for n in range(20)} | {"y": chance.integers(0, 2, rows)}
    pl.DataFrame(columns).write_parquet(tmp_path / "in.parquet")
    learner = NodeRecord(id="learn", type="learning.svm", settings={"target": "y", "C": 1000.0})
    workflow = Workflow(
        nodes=[NodeRecord(id="read", type="readers.parquet", settings={"path": "in.parquet"}), learner],
        connections=[Connection(source="read.table", target="learn.table")],
    )
    save(workflow, tmp_path / "long.workflow.json")
    command = [sys.executable, "-m", "app.run", str(tmp_path / "long.workflow.json"), "--json", "--results", str(tmp_path / "r")]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path.cwd())
    assert running.stdout is not None
    assert running.stderr is not None
    for line in running.stdout:
        if json.loads(line)["event"] == "node.progress" and "learning from" in line:
            break
    time.sleep(1.0)
    running.send_signal(signal.SIGINT)
    rest = [json.loads(line) for line in running.stdout]
    said = running.stderr.read()
    assert running.wait(timeout=30) == 130
    assert {e["node"] for e in rest if e["event"] == "node.cancelled"} == {"learn"}
    assert rest[-1]["status"] == "cancelled"
    assert "Traceback" not in said
    running.stdout.close()
    running.stderr.close()
