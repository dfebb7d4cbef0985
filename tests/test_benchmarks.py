"""`make bench`: every benchmark runs in its smallest size, and the report says what is met and what is not."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from rich.console import Console

from tests.benchmarks.__main__ import BENCHMARKS
from tests.benchmarks.main_job import imported_by
from tests.benchmarks.measuring import Setup, in_fresh_process, run_process
from tests.benchmarks.report import Broken, Goal, Row, as_table
from tests.sampling import sampled

SAMPLED = sampled(["plan", "chain", "csv_file", "images", "table_view", "tables", "catalog"], 1, "benchmarks")
"""Short ones, of which `make test` runs one."""


def printed(*rows: Row, broken: tuple[Broken, ...] = ()) -> str:
    console = Console(width=200, no_color=True)
    with console.capture() as captured:
        console.print(as_table(rows, broken))
    return captured.get()


def allocate(size: int) -> int:
    return len(bytearray(size))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in SAMPLED else pytest.mark.benchmark) for name in BENCHMARKS]
)
def test_every_benchmark_runs_in_its_smallest_size_and_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--only", name]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=240, env=os.environ | {"TMPDIR": str(scratch)}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "did not run" not in done.stdout
    assert "met" in done.stdout
    assert not list(scratch.iterdir())


def test_a_row_shows_medians_and_judges_the_median_of_the_ratios() -> None:
    row = Row("reading", "s", [1.0, 9.0, 2.0], [2.0, 10.0, 1.0], Goal(0.95))
    assert row.ratios == [0.5, 0.9, 2.0]
    assert row.met
    text = printed(row)
    assert "2.00" in text
    assert "0.90 (0.50 to 2.00)" in text
    assert "not met" not in text


def test_a_goal_can_be_a_least_value_and_a_figure_of_our_own() -> None:
    assert Row("speed", "images/s", [116.0], [100.0], Goal(1.15, at_least=True)).met
    assert not Row("speed", "images/s", [114.0], [100.0], Goal(1.15, at_least=True)).met
    assert not Row("plan", "ms", [51.0], goal=Goal(50, of="ours")).met
    assert not Row("again", "s", [0.5], goal=Goal(1, of="ours"), holds=False).met
    assert Row("for information", "s", [0.5]).met is None


def test_a_benchmark_that_breaks_is_a_line_of_the_report() -> None:
    text = printed(broken=(Broken("plan", "Traceback\nValueError: no"),))
    assert "did not run" in text
    assert "ValueError: no" in text


def test_a_process_is_measured_from_outside() -> None:
    megabytes = 200
    program = f"import time; x = bytearray({megabytes} * 2**20); time.sleep(0.3); print('done')"
    run = run_process([sys.executable, "-c", program])
    assert run.output == "done\n"
    assert 0.3 <= run.seconds < 10
    # `ru_maxrss` begins at what the parent has, which here is a test process with TensorFlow in it.
    assert megabytes * 2**20 <= run.peak
    assert run.anonymous is None or megabytes * 2**20 <= run.anonymous < (megabytes + 100) * 2**20


def test_a_process_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match="ended with 3:\nbecause"):
        run_process([sys.executable, "-c", "import sys; print('because', file=sys.stderr); sys.exit(3)"])


def test_an_import_of_a_heavy_library_is_seen(tmp_path: Path) -> None:
    (tmp_path / "keras.py").touch()
    command = [sys.executable, "-X", "importtime", "-c"]
    assert imported_by([*command, f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import keras"]) == ["keras"]
    assert imported_by([*command, "import json"]) == []


def test_measures_alternate() -> None:
    calls: list[str] = []
    setup = Setup(Path(tempfile.gettempdir()), rounds=2, quick=True, say=lambda text: None)
    setup.alternate("x", lambda: calls.append("a"), lambda: calls.append("b"))
    assert calls == ["a", "b", "a", "b"]


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts mappings on Linux only")
def test_a_memory_limit_holds() -> None:
    program = "from tests.benchmarks.measuring import limit_memory as l; l(2**28); bytearray(2**{}); print('done')"
    assert run_process([sys.executable, "-c", program.format(26)]).output == "done\n"
    with pytest.raises(RuntimeError, match="MemoryError"):
        run_process([sys.executable, "-c", program.format(29)])


def test_a_function_runs_in_a_process_of_its_own() -> None:
    assert in_fresh_process(allocate, size=1000) == 1000
