"""`make check` says which files import each other in a circle, wherever in the file the import stands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(".ci/import_circles.py").resolve()


def checked(folder: Path, **modules: str) -> tuple[int, list[str]]:
    """Exit code and lines for a package `house` of these modules."""
    package = folder / "house"
    package.mkdir()
    for name, code in {"__init__": "", **modules}.items():
        (package / f"{name}.py").write_text(code)
    environment = os.environ | {"PYTHONPATH": str(folder)}
    command = [sys.executable, str(SCRIPT), "house"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=folder, timeout=60)
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


def test_a_circle_is_shown_with_its_arrows_and_those_inside_functions_count(tmp_path: Path) -> None:
    code, lines = checked(
        tmp_path,
        roof="from house import wall\n",
        wall="def built():\n    from house.floor import stone\n",
        floor="import house.roof\nstone = 1\n",
        door="from house import roof\n",
    )
    assert code == 1
    assert lines == [
        "A circle of 3 files:",
        "  house.floor -> house.roof (line 1)",
        "  house.roof -> house.wall (line 1)",
        "  house.wall -> house.floor (line 2)",
    ]


def test_imports_downwards_and_those_for_type_checkers_make_no_circle(tmp_path: Path) -> None:
    code, lines = checked(
        tmp_path,
        roof="from house import wall\n",
        wall="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house import roof\n",
    )
    assert (code, lines) == (0, [])
