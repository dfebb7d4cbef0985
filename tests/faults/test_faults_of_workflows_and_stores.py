"""Random damage to workflows and disks, each in a process of its own: a sample with `make test`, many with `make test-all`.

The seed is printed with what fails; `python -m tests.faults.workflow_attack SEED TIMES FOLDER` tries the same again.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.document.test_atomic_writing import kill_while_saving
from tests.app.test_run import flow
from tests.sampling import seed

ROOT = Path(__file__).parents[2]


def attack(module: str, name: str, times: int, folder: Path) -> None:
    """Have an attack run, and fail with what it prints if it finds a fault, or dies."""
    (folder / "attack").mkdir()
    flow(folder / "attack")
    number = random.Random(f"{seed()} {name}").randrange(10**6)
    command = [sys.executable, "-m", f"tests.faults.{module}", str(number), str(times), str(folder / "attack")]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "LAYERLOOM_HOME": str(folder / "home")}
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=900, env=environment)
    assert done.returncode == 0, f"seed {number}: ended with {done.returncode}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"


def test_a_few_changed_workflows_are_opened_saved_and_run_or_refused_in_words(tmp_path: Path) -> None:
    attack("workflow_attack", "a few", 40, tmp_path)


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", range(4))
def test_many_changed_workflows_are_opened_saved_and_run_or_refused_in_words(tmp_path: Path, part: int) -> None:
    attack("workflow_attack", f"part {part}", 600, tmp_path)


def test_a_failing_disk_loses_no_result_and_is_told_in_words(tmp_path: Path) -> None:
    attack("store_attack", "a few", 2, tmp_path)


@pytest.mark.kills
@pytest.mark.parametrize("part", range(4))
def test_a_disk_failing_in_many_ways_loses_no_result_and_is_told_in_words(tmp_path: Path, part: int) -> None:
    attack("store_attack", f"part {part}", 28, tmp_path)


@pytest.mark.kills
def test_many_programs_that_are_killed_while_they_save_leave_the_old_or_the_new_file(tmp_path: Path) -> None:
    kill_while_saving(tmp_path, times=60, seed=random.randrange(10**6))
