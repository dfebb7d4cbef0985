"""A run in the terminal: progress while it lasts, a summary at its end, and the problems of a plan.

What people have written (titles, messages, column names) is printed as it is, never as rich's markup; control characters
in it cannot reach the terminal. Where the output is no terminal, plain lines are written.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.table import Table as Grid
from rich.text import Text

from app.document.problems import Problem
from app.engine.events import (
    Event,
    NodeCancelled,
    NodeFailed,
    NodeFinished,
    NodeInactive,
    NodeLog,
    NodeProgress,
    NodeSkipped,
    NodeStarted,
    NodeStored,
    RunFinished,
)
from app.outcome import Outcome, Score, State, described, outcomes, scores
from nodes.wording import clock, counted, duration, percent

if TYPE_CHECKING:
    from app.engine.executor import RunResult
    from app.engine.plan import Plan, PlannedNode
    from app.engine.store import Store

DONE, FAILED, WARNING, DIM = "green", "red", "yellow", "bright_black"

_MARKS = {"done": "✓", "stored": "✓", "failed": "✗", "stopped": "■", "skipped": "–", "inactive": "·", "warning": "!"}
_ASCII_MARKS = {"done": "+", "stored": "+", "failed": "x", "stopped": "#", "skipped": "-", "inactive": ".", "warning": "!"}
_STYLES: Mapping[State, str] = {
    "done": DONE,
    "stored": DIM,
    "failed": FAILED,
    "stopped": WARNING,
    "skipped": DIM,
    "inactive": DIM,
}
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_SUBSTITUTES = str.maketrans({"\u202f": " ", "\u00a0": " ", "·": "-", "–": "-", "…": "~", "×": "x", "’": "'"})


class TerminalListener:
    """Shows the events of a run: one bar per node that is working, one line per node that is done.

    Args:
        plan: What is run.
        console: Where to.

    Attributes:
        stored: The nodes whose results were there already.
        stopped: The nodes that a cancel stopped.
    """

    def __init__(self, plan: Plan, console: Console) -> None:
        self.stored: set[str] = set()
        self.stopped: set[str] = set()
        self._plan = plan
        self._console = console
        self._live = console.is_terminal and not console.is_dumb_terminal
        self._tasks: dict[str, TaskID] = {}
        # A narrow terminal keeps its room for the message: loss, accuracy, time left.
        self._bar_title, bar = (24, 16) if console.width >= 100 else (14, 10)
        self._title_width = min(36, max((len(self._name(n)) for n in plan.nodes), default=0))
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(
                bar_width=bar,
                complete_style="blue",
                finished_style="blue",
                pulse_style="blue",
                table_column=Column(no_wrap=True, min_width=bar),
            ),
            _Elapsed(table_column=Column(no_wrap=True, min_width=5)),
            TextColumn(
                "{task.fields[message]}",
                markup=False,
                style=DIM,
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),  # what is too long gives way to the bar
            ),
            expand=True,
            console=console,
            transient=True,
            disable=not self._live,
            auto_refresh=False,
        )
        # rich's own refreshing thread and lines printed above the bars overwrite each other; here one lock orders both.
        self._drawing = threading.Lock()
        self._closed = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="progress", daemon=True)

    def __call__(self, event: Event) -> None:
        """Show an event."""
        with self._drawing:
            self._show(event)
            if self._live:
                self._progress.refresh()
        if isinstance(event, RunFinished):
            self.close()

    def _show(self, event: Event) -> None:
        match event:
            case NodeStarted():
                self._begin(event.node)
            case NodeProgress():
                self._advance(event)
            case NodeStored():
                self.stored.add(event.node)
                self._end(event.node, "stored", f"stored    {self._described(event.node, event.outputs)}")
            case NodeFinished():
                text = f"{duration(event.seconds):<9} {self._described(event.node, event.outputs)}"
                self._end(event.node, "done", text)
            case NodeFailed():
                self._end(event.node, "failed", event.message)
                if event.remedy:
                    self._say(f"  {event.remedy}", FAILED)
            case NodeSkipped():
                self._end(event.node, "skipped", f"skipped: {event.reason}")
            case NodeInactive():
                self._end(event.node, "inactive", f"inactive: {event.reason}")
            case NodeCancelled():
                self.stopped.add(event.node)
                self._end(event.node, "stopped", "stopped")
            case NodeLog(level="warning"):
                self._say(f"{self._mark('warning')} {self._name(event.node)}: {event.message}", WARNING)
            case NodeLog():
                self._say(f"  {self._name(event.node)}: {event.message}", DIM)

    def close(self) -> None:
        """End the live display; what was printed stays."""
        self._closed.set()
        if self._ticker.is_alive():
            self._ticker.join()
        self._progress.stop()

    def _tick(self) -> None:
        """Let the seconds run while nothing happens."""
        while not self._closed.wait(0.25):
            with self._drawing:
                self._progress.refresh()

    def _begin(self, node_id: str) -> None:
        if not self._live:
            self._say(f"  {self._name(node_id)} ...")
            return
        if self._ticker.ident is None:  # not begun yet
            self._progress.start()
            self._ticker.start()
        title = _safe(self._console, self._plan.nodes[node_id].title)
        if len(title) > self._bar_title:
            title = title[: self._bar_title - 1] + _safe(self._console, "…")
        self._tasks[node_id] = self._progress.add_task(f"  {title:<{self._bar_title}}", total=None, message="")

    def _advance(self, event: NodeProgress) -> None:
        task = self._tasks.get(event.node)
        if task is None:
            return
        # The bar's total must be unset again where a node no longer knows how far it is; `update` cannot do that.
        known = event.fraction is not None
        self._progress.tasks[self._progress.task_ids.index(task)].total = 1.0 if known else None
        self._progress.update(task, completed=event.fraction or 0.0, message=_safe(self._console, event.message))

    def _end(self, node_id: str, state: State, text: str) -> None:
        task = self._tasks.pop(node_id, None)
        if task is not None:
            self._progress.remove_task(task)
        line = Text(f"{self._mark(state)} ", style=_STYLES[state])
        name = self._name(node_id)
        line.append(_safe(self._console, name.ljust(self._title_width)), style=DIM if state == "stored" else "default")
        line.append("  " + _safe(self._console, text), style=FAILED if state == "failed" else DIM)
        self._print(line, cut=state != "failed")

    def _say(self, text: str, style: str = "") -> None:
        self._print(Text(_safe(self._console, text), style=style))

    def _print(self, line: Text, *, cut: bool = False) -> None:
        """Print above the bars. A log file gets whole lines; on a terminal a long description is cut rather than wrapped."""
        if self._live:
            self._console.print(line, no_wrap=cut, overflow="ellipsis" if cut else "fold", highlight=False)
        else:
            self._console.print(line, soft_wrap=True, highlight=False)

    def _name(self, node_id: str) -> str:
        return _name(self._plan.nodes[node_id])

    def _described(self, node_id: str, outputs: Mapping[str, str]) -> str:
        node = self._plan.nodes[node_id].node
        return described(node.output_ports if node else (), outputs)

    def _mark(self, name: str) -> str:
        return _mark(self._console, name)


class _Elapsed(ProgressColumn):
    """How long a node has been working, in whole seconds."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        """The text for one bar."""
        seconds = int(task.elapsed or 0)
        return Text(clock(seconds) if seconds >= 60 else f"{seconds} s", style=DIM)


# --------------------------------------------------------------------------------------------------------------- summary


def print_summary(
    console: Console,
    plan: Plan,
    result: RunResult,
    store: Store,
    *,
    stored: Collection[str] = (),
    stopped: Collection[str] = (),
) -> None:
    """Print what became of every node, what the Scorers found, and how the run went as a whole.

    Args:
        console: Where to.
        plan: What was run.
        result: How it went.
        store: Where the results are.
        stored: `TerminalListener.stored`.
        stopped: `TerminalListener.stopped`.
    """
    found = outcomes(plan, result, store, stored=stored, stopped=stopped)
    asked = {node_id: outcome for node_id, outcome in found.items() if outcome.state != "not asked for"}
    console.print()
    console.print(_nodes_table(console, plan, asked))
    for score in scores(plan, result, store):
        _print_score(console, score)
    for node_id, outcome in asked.items():
        if outcome.failure is not None:
            text = f"{_mark(console, 'failed')} {_name(plan.nodes[node_id])}: {outcome.failure}"
            console.print(Text(_safe(console, text), style=FAILED), highlight=False)
    console.print(_closing_line(console, result, list(asked.values())), highlight=False)


def _nodes_table(console: Console, plan: Plan, found: Mapping[str, Outcome]) -> Grid:
    grid = Grid(box=None, header_style=DIM, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column("")
    grid.add_column("Node")
    grid.add_column("Id", style=DIM)
    grid.add_column("State")
    grid.add_column("Time", justify="right")
    for node_id, outcome in found.items():
        cells = (
            _mark(console, outcome.state),
            outcome.title,
            plan.nodes[node_id].path,
            outcome.state,
            "" if outcome.seconds is None else duration(outcome.seconds),
        )
        mark, title, name, state, time = (Text(_safe(console, cell)) for cell in cells)
        mark.stylize(_STYLES[outcome.state])
        state.stylize(_STYLES[outcome.state])
        if outcome.state == "stored":
            time.stylize(DIM)
        grid.add_row(mark, title, name, state, time)
    return grid


def _print_score(console: Console, score: Score) -> None:
    """The overall figures in one line, and a row per class."""
    figures = score.figures
    kappa = "–" if figures["kappa"] != figures["kappa"] else f"{figures['kappa']:.4f}"
    counts = f"{figures['correct']:.0f} of {figures['correct'] + figures['wrong']:.0f} rows are right"
    line = Text("\n").append(_safe(console, score.title), style="bold")
    line.append(_safe(console, f"   accuracy {percent(figures['accuracy'], 2)}   Cohen's kappa {kappa}   {counts}"))
    console.print(line, highlight=False)
    frame = score.statistics.frame(["class", *PER_CLASS])
    frame = frame.filter(frame["Recall"].is_not_null() | frame["Precision"].is_not_null())
    grid = Grid(box=None, header_style=DIM, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column("Class")
    for measure in PER_CLASS:
        grid.add_column(measure, justify="right")
    for row in frame.iter_rows():
        values = [Text(_safe(console, "–" if value is None else f"{value:.3f}")) for value in row[1:]]
        grid.add_row(Text(_safe(console, str(row[0]))), *values)
    console.print(Padding(grid, (0, 0, 1, 2)))


PER_CLASS = ("Precision", "Recall", "F-measure")
"""The columns of a Scorer's statistics that the summary shows."""


def _closing_line(console: Console, result: RunResult, found: Sequence[Outcome]) -> Text:
    words = {"done": "Done", "failed": "Failed", "cancelled": "Stopped"}
    styles = {"done": DONE, "failed": FAILED, "cancelled": WARNING}
    states = [outcome.state for outcome in found]
    counts = [f"{states.count(s)} {s}" for s in _STYLES if s in states]
    line = Text(words[result.status], style=f"bold {styles[result.status]}")
    return line.append(
        _safe(console, f" in {duration(result.seconds)}: {', '.join(counts) or 'nothing to do'}."), style="not bold default"
    )


# -------------------------------------------------------------------------------------------------------------- problems


def print_problems(console: Console, problems: Iterable[Problem]) -> None:
    """Print the problems of a plan, node by node, each with its remedy, and how many there are."""
    groups: dict[str, list[Problem]] = {}
    for problem in problems:
        groups.setdefault(problem.node or "", []).append(problem)
    for node_id, group in groups.items():
        console.print(Text(_safe(console, group[0].path or node_id or "The workflow"), style="bold"), highlight=False)
        for problem in group:
            is_error = problem.severity == "error"
            place = problem.setting or (f"port {problem.port}" if problem.port else "")
            line = Text(f"  {_mark(console, 'failed' if is_error else 'warning')} ", style=FAILED if is_error else WARNING)
            line.append(_safe(console, f"{place}: " if place else ""), style=DIM)
            line.append(_safe(console, problem.message), style="default")
            _print_whole(console, line)
            if problem.remedy:
                _print_whole(console, Text(_safe(console, f"    {problem.remedy}"), style=DIM))
    counts = [p.severity for group in groups.values() for p in group]
    if counts:
        numbers = [f"{counted(n, word)}" for word in ("error", "warning") if (n := counts.count(word))]
        console.print(Text(", ".join(numbers), style=FAILED if "error" in counts else WARNING), highlight=False)


def _print_whole(console: Console, line: Text) -> None:
    """Wrapped on a terminal; in a file one line stays one line, for those who search it."""
    console.print(line, soft_wrap=not console.is_terminal, highlight=False)


# ----------------------------------------------------------------------------------------------------------------- tools


def _name(planned: PlannedNode) -> str:
    return f"{planned.title} ({planned.path})"


def _mark(console: Console, name: str) -> str:
    return (_MARKS if console.encoding.lower().startswith("utf") else _ASCII_MARKS)[name]


def _safe(console: Console, text: str) -> str:
    """Text that this console can print: no control characters, and nothing its encoding lacks."""
    text = _CONTROL.sub("\ufffd", text).replace("\n", " ")
    try:
        text.encode(console.encoding)
    except UnicodeEncodeError:
        return text.translate(_SUBSTITUTES).encode(console.encoding, "replace").decode(console.encoding)
    return text
