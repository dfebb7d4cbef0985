"""No module is taken from the folder that one happens to be in: it may hold a stranger's files."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from app.document.file import save
from app.document.model import NodeRecord, Workflow

TRAPS = (
    "argparse", "contextlib", "json", "keras", "logging", "matplotlib", "nodes", "numpy", "pathlib", "polars", "pyarrow",
    "pydantic", "PySide6", "rich", "sqlite3", "tensorflow", "tempfile", "typing",
)  # fmt: skip
CODE = Path(__file__).resolve().parents[2]
EDITOR = """
import sys
from app.editor import application

def shown(window):
    engine = window.desk.services.engine
    engine.ready.connect(lambda about: window.close())

sys.exit(application.run([], None, shown))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A stranger's folder: a workflow, and modules that leave a mark when they are imported."""
    made = tmp_path / "theirs"
    made.mkdir()
    for name in TRAPS:
        (made / f"{name}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'a').write('{name} ')\nraise SystemExit(77)\n")
    with closing(sqlite3.connect(made / "theirs.db")) as database, database:
        database.execute("CREATE TABLE t AS SELECT 1 AS a")
    pl.DataFrame({"a": [1]}).write_parquet(made / "theirs.parquet")
    nodes = [  # what files say is found out in processes of their own
        NodeRecord(id="make", type="tables.table_creator"),
        NodeRecord(id="ask", type="readers.database", settings={"kind": "sqlite", "path": "theirs.db", "table": "t"}),
        NodeRecord(id="read", type="readers.parquet", settings={"path": "theirs.parquet"}),
    ]
    save(Workflow(nodes=nodes), made / "theirs.workflow.json")
    return made


def call(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(CODE)}
    done = subprocess.run(
        [sys.executable, *command], check=False, cwd=folder, capture_output=True, text=True, timeout=120, env=environment
    )
    assert not (folder.parent / "imported").exists(), (folder.parent / "imported").read_text()
    return done


def test_a_run_takes_no_module_from_the_current_folder(folder: Path) -> None:
    done = call(folder, "-m", "app.run", "theirs.workflow.json", "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 nodes are ready to run" in done.stdout
    assert call(folder, "-m", "app.run", "theirs.workflow.json", "--report", "out.html").returncode in (0, 3)


@pytest.mark.parametrize("module", ["app", "app.engine", "app.reference"])
def test_nor_does_any_other_entry(folder: Path, module: str) -> None:
    done = call(folder, "-m", module, "--help")
    assert done.returncode == 0, done.stderr


def test_the_editor_and_its_engine_take_none_either(folder: Path) -> None:
    """The window is opened by `python -m`, through a package that stands for the program's own entry."""
    start = folder.parent / "start" / "opened"
    start.mkdir(parents=True)
    (start / "__init__.py").write_text("import sys\nsys.path.remove(sys.path[0])\n")
    (start / "__main__.py").write_text(EDITOR)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(CODE), str(start.parent)])}
    done = subprocess.run(
        [sys.executable, "-m", "opened"], check=False, cwd=folder, capture_output=True, text=True, timeout=120, env=environment
    )
    assert not (folder.parent / "imported").exists(), (folder.parent / "imported").read_text()
    assert done.returncode == 0, done.stderr


def test_in_a_clone_its_modules_are_found_where_they_lie(tmp_path: Path) -> None:
    program = "import sys; sys.argv = ['-m']; import app; print(sys.path[0] == '')"
    environment = os.environ | {"PYTHONPATH": str(CODE)}
    for folder, kept in ((CODE, "True"), (tmp_path, "False")):
        done = subprocess.run(
            [sys.executable, "-c", program], check=True, cwd=folder, env=environment, capture_output=True, timeout=60
        )
        assert done.stdout.decode().strip() == kept
