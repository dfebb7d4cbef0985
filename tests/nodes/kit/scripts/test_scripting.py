"""Running a script: its variables, what it prints, its mistakes in words, and stopping it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from nodes.errors import Cancelled, NodeError
from nodes.kit.scripts import scripting
from tests.support import RecordingJob


@pytest.fixture
def job(tmp_path: Path) -> RecordingJob:
    return RecordingJob(tmp_path)


def said(source: str, job: RecordingJob, **more: object) -> NodeError:
    with pytest.raises(NodeError) as caught:
        scripting.run(source, "script", job, {}, **more)  # type: ignore[arg-type]
    assert caught.value.setting == "script"
    assert caught.value.remedy
    return caught.value


def test_a_script_finds_its_variables_and_gives_back_what_it_assigned(job: RecordingJob) -> None:
    found = scripting.run(
        "import math\ny = [math.floor(v) for v in x]\ndef f():\n    return y\nz = f()", "script", job, {"x": [1.5]}
    )
    assert found["y"] == found["z"] == [1]
    assert "__builtins__" not in found
    assert "job" not in found


def test_what_is_printed_is_logged_and_nothing_else_is(job: RecordingJob, capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    source = "import sys, warnings\nprint('one', 2)\nprint('a\\nb', end='')\nprint('wrong', file=sys.stderr)\nsys.stdout.flush()"
    scripting.run(source, "script", job, {})
    assert job.logs == ["one 2", "a", "wrong", "b"]
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr().out == ""


def test_two_scripts_at_the_same_time_keep_their_lines_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = [RecordingJob(tmp_path) for _ in range(2)]
    source = "for i in range(30):\n    print(name, i)\n    meet.wait()"
    meet = threading.Barrier(3, timeout=20)
    threads = [
        threading.Thread(target=scripting.run, args=(source, "script", job, {"name": name, "meet": meet}))
        for name, job in zip("ab", jobs, strict=True)
    ]
    for thread in threads:
        thread.start()
    for _ in range(30):
        meet.wait()
    print("mine")
    for thread in threads:
        thread.join()
    for name, job in zip("ab", jobs, strict=True):
        assert job.logs == [f"{name} {i}" for i in range(30)]
    assert capsys.readouterr().out == "mine\n"


def test_a_listener_may_print_what_is_logged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Loud(RecordingJob):
        def log(self, message: str) -> None:
            print("log:", message)

    scripting.run("import sys; print(1); print(2, file=sys.stderr)", "script", Loud(tmp_path), {})
    assert capsys.readouterr().out == "log: 1\nlog: 2\n"


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("", ["no script"]),
        ("x = 1\ny = (2,\n", ["Line 2", "“y = (2,”", "never closed"]),
        ("for i in x:\npass", ["Line 2", "indented block"]),
        ("x = '\0'", ["not valid Python"]),
        ("return 1", ["Line 1", "outside function"]),
    ],
)
def test_what_is_no_python_is_found_without_running(source: str, parts: list[str]) -> None:
    with pytest.raises(NodeError) as caught:
        scripting.check(source, "script")
    assert all(part in caught.value.message for part in parts), caught.value


def test_checking_runs_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    scripting.check(f"open({str(marker)!r}, 'w')\nx = '\\d'", "script")
    assert not marker.exists()


@pytest.mark.parametrize("source", ["y = 1", "print(x)", "x.y = 1", "x == 2"])
def test_a_script_that_never_assigns_its_result_is_found_early(source: str) -> None:
    with pytest.raises(NodeError, match="never assigns x"):
        scripting.check(source, "script", needs="x")


@pytest.mark.parametrize(
    "source",
    ["x = 1", "for x in y: pass", "def x(): pass", "import numpy as x", "from math import *", "globals()['x'] = 1",
     "with open('f') as x: pass", "(x := 1)", "x, y = 1, 2"],
)  # fmt: skip
def test_every_way_to_assign_counts(source: str) -> None:
    scripting.check(source, "script", needs="x")


def test_a_result_that_was_not_assigned_in_the_end(job: RecordingJob) -> None:
    assert "did not assign x" in said("if False:\n    x = 1", job, needs="x").message
    assert "did not assign b" in said("a = 1\nif False:\n    b = 1", job, needs=("a", "b")).message


@pytest.mark.parametrize(
    ("source", "message", "remedy"),
    [
        ("a = 1\nb = a / 0  # here", "line 2, “b = a / 0  # here”: ZeroDivisionError: division by zero.", "console"),
        ("def f(x):\n    return x.nope\n\nf(1)", "line 2, “return x.nope”: AttributeError", "console"),
        ("import no_such_package.part", "line 1", "Install the package no_such_package"),
        ("y = x + 1", "NameError", "Assign x"),
        ("raise ValueError", "ValueError.", "console"),
        ("input('name?')", "cannot ask at the keyboard", "console"),
    ],
)
def test_errors_name_the_line_and_the_log_has_the_traceback(source: str, message: str, remedy: str, job: RecordingJob) -> None:
    error = said(source, job)
    assert message in error.message
    assert remedy in error.remedy
    (text,) = job.logs
    assert text.startswith("Traceback")
    assert "scripting.py" not in text.splitlines()[1], "the traceback begins in the script"


def test_exit_does_not_end_the_program(job: RecordingJob) -> None:
    assert "ends the whole program" in said("exit(3)", job).message


def test_an_error_of_a_function_that_is_called_later_is_explained(job: RecordingJob) -> None:
    source = "def loss(a):\n    return a['x']"
    loss = scripting.run(source, "loss.script", job, {})["loss"]
    with pytest.raises(NodeError, match="line 2, “return a") as caught, scripting.errors_explained(source, "loss.script", job):
        loss({})
    assert caught.value.setting == "loss.script"
    with pytest.raises(KeyError, match="mine"), scripting.errors_explained(source, "loss.script", job):
        raise KeyError("mine")


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "while True:\n    try:\n        while True: pass\n    except BaseException:\n        break",
        "try:\n    while True: pass\nexcept Exception:\n    pass",
    ],
)
def test_an_endless_script_is_cancelled_and_what_it_did_does_not_count(source: str, job: RecordingJob) -> None:
    timer = threading.Timer(0.1, lambda: setattr(job, "cancelled", True))
    timer.start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        scripting.run(source, "script", job, {})
    assert time.monotonic() - began < 5
    timer.join()
    assert not [t for t in threading.enumerate() if t.name == "script-watcher"]


def test_functions_of_a_script_can_be_traced_by_tensorflow(job: RecordingJob) -> None:
    import inspect

    f = scripting.run("def f(x):\n    return x + 1", "script", job, {})["f"]
    assert inspect.getsource(f) == "def f(x):\n    return x + 1"


PROFILED = """
import sys
from contextlib import suppress
from pathlib import Path
from nodes.errors import Cancelled
from nodes.kit.scripts.scripting import run
from tests.support import RecordingJob

cancelled = bool(int(sys.argv[1]))
script = f"import time\\nfor _ in range({200 if cancelled else 1}): time.sleep(0.01)"
with suppress(Cancelled):
    run(script, "script", RecordingJob(Path(), cancelled=cancelled), {})
sys.setprofile(lambda *_: None)
sum(len(str(n)) for n in range(1000))
sys.setprofile(None)
print("went on")
"""


@pytest.mark.parametrize("cancelled", ["0", "1"])
def test_after_a_script_a_profiler_still_works(cancelled: str) -> None:
    """An interrupt that was taken back made Python 3.11 hang under the next profiler: hence a process with a limit."""
    command = [sys.executable, "-c", PROFILED, cancelled]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "went on" in done.stdout
