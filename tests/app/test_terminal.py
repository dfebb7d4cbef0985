"""What a run looks like on a terminal and in a log file, and how problems are told."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from app.document.problems import Problem
from app.engine.events import NodeCancelled, NodeProgress, NodeStarted, RunFinished
from app.terminal import TerminalListener, print_problems, print_summary
from tests.app.show import run, workflow


def log_file(encoding: str = "utf-8", width: int = 100) -> tuple[Console, io.BytesIO]:
    """A console that writes to a file."""
    raw = io.BytesIO()
    return Console(file=io.TextIOWrapper(raw, encoding=encoding, write_through=True), width=width, highlight=False), raw


def terminal(width: int = 100) -> tuple[Console, io.StringIO]:
    """A console that believes it is a terminal."""
    out = io.StringIO()
    return Console(file=out, force_terminal=True, width=width, highlight=False, legacy_windows=False), out


def run_in(console: Console, folder: Path, *, broken: bool = False, times: int = 1) -> None:
    made = workflow(broken=broken)
    for _ in range(times):
        shown = run(folder, made)
        listener = TerminalListener(shown.plan, console)
        for event in shown.events:
            listener(event)
        listener.close()
        print_summary(console, shown.plan, shown.result, shown.store, stored=listener.stored, stopped=listener.stopped)


def test_a_log_file_gets_plain_lines(tmp_path: Path) -> None:
    console, raw = log_file()
    run_in(console, tmp_path, broken=True)
    text = raw.getvalue().decode()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)
    assert "✓ Train (train)" in text and "History: 3 rows" not in text and "3 rows · 2 columns" in text
    assert "! Train (train): The loss is stuck <script>" in text
    assert "✗ Break (broken)" in text and "Mend it." in text
    assert "– Train (behind)" in text and "skipped: a node above it did not finish" in text


def test_names_are_not_taken_for_markup(tmp_path: Path) -> None:
    console, raw = log_file()
    run_in(console, tmp_path)
    assert "[bold red]\ufffd[31m" in raw.getvalue().decode()


def test_results_from_the_store_are_said_to_be_stored(tmp_path: Path) -> None:
    console, raw = log_file()
    run_in(console, tmp_path, times=2)
    first, second = raw.getvalue().decode().split("Done in ")[:2]
    assert "stored" not in first
    assert re.search(r"✓ Scorer \(scorer\) +stored", second)
    assert raw.getvalue().decode().rstrip().endswith(": 3 stored.")


def test_the_summary_has_every_node_and_the_scorer_s_figures(tmp_path: Path) -> None:
    console, raw = log_file()
    run_in(console, tmp_path, broken=True)
    summary = raw.getvalue().decode().split("Node ", 1)[1]
    for line in (r"✓ .* train +done +[<\d]", r"✗ .* broken +failed", r"– .* behind +skipped"):
        assert re.search(line, summary), line
    assert "accuracy 90.00\u202f%   Cohen's kappa 0.8000   18 of 20 rows are right" in summary
    assert re.search(r"Ankle boot +0\.833 +1\.000 +0\.909", summary)
    assert re.search(r"Bag +1\.000 +0\.800 +0\.889", summary)
    assert "✗ Break (broken): It broke" in summary
    assert re.search(r"Failed in .*: 3 done, 1 failed, 1 skipped\.", summary)


def test_only_what_was_asked_for_is_in_the_summary(tmp_path: Path) -> None:
    console, raw = log_file()
    shown = run(tmp_path, workflow(), targets=["pictures"])
    print_summary(console, shown.plan, shown.result, shown.store)
    assert "train" not in raw.getvalue().decode()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_output_that_lacks_the_signs_gets_others(tmp_path: Path, encoding: str) -> None:
    console, raw = log_file(encoding)
    run_in(console, tmp_path, broken=True)
    print_problems(console, [Problem("Größe ✓ 语言", "Ändern …")])
    text = raw.getvalue().decode(encoding)
    assert "+ Train (train)" in text and "x Break (broken)" in text


def test_a_terminal_shows_a_bar_while_a_node_works(tmp_path: Path) -> None:
    shown = run(tmp_path, workflow())
    console, out = terminal()
    listener = TerminalListener(shown.plan, console)
    listener(NodeStarted(run="r", node="train", key="k", why="test"))
    listener(NodeProgress(run="r", node="train", fraction=0.5, message="epoch 6 of 12 · loss 0.31 · accuracy 0.89 · 0:41 left"))
    listener._progress.refresh()
    text = out.getvalue()
    assert "Train" in text and "━" in text and "epoch 6 of 12 · loss 0.31 · accuracy 0.89" in text
    listener(NodeProgress(run="r", node="train", fraction=None, message="saving"))
    assert listener._progress.tasks[0].total is None
    listener(NodeCancelled(run="r", node="train"))
    assert not listener._progress.tasks
    listener(RunFinished(run="r", status="cancelled", seconds=1.0))
    assert not listener._progress.live.is_started
    assert listener.stopped == {"train"}


def test_the_bar_keeps_to_one_line_of_a_narrow_terminal(tmp_path: Path) -> None:
    shown = run(tmp_path, workflow())
    console, out = terminal(width=60)
    listener = TerminalListener(shown.plan, console)
    listener(NodeStarted(run="r", node="train", key="k", why="test"))
    listener(NodeProgress(run="r", node="train", fraction=0.5, message="a long message " * 10))
    listener._progress.refresh()
    assert "\n" not in out.getvalue() and "━" in out.getvalue() and "…" in out.getvalue()
    listener.close()


def test_problems_are_told_node_by_node_with_their_remedies() -> None:
    console, raw = log_file()
    print_problems(
        console,
        [
            Problem("There is no column 'a'.", "Did you mean 'b'?", node="scorer", setting="actual_column"),
            Problem("Nodes feed each other.", "Remove a wire."),
            Problem("Few rows.", node="scorer", severity="warning"),
        ],
    )
    assert raw.getvalue().decode().splitlines() == [
        "scorer",
        "  ✗ actual_column: There is no column 'a'.",
        "    Did you mean 'b'?",
        "  ! Few rows.",
        "The workflow",
        "  ✗ Nodes feed each other.",
        "    Remove a wire.",
        "2 errors, 1 warning",
    ]


def test_no_problems_print_nothing() -> None:
    console, raw = log_file()
    print_problems(console, [])
    assert raw.getvalue() == b""
